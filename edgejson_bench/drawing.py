"""matplotlib as every figure of this package needs it: there or told, the same on every machine. It draws nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from edgejson_bench.errors import MissingExtra

ALWAYS: Mapping[Any, Any] = {
    "text.parse_math": False,  # names are anybody's, and a dollar sign in one would begin a formula
    "svg.hashsalt": "edgejson-bench",  # ids from the content alone, or no two files have the same bytes
}


@contextmanager
def settings(style: Mapping[Any, Any]) -> Iterator[None]:
    """matplotlib's defaults with ``style`` while this is open; the user's own settings neither show nor change.

    Raises:
        MissingExtra: matplotlib is not installed; the message holds the install line.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        raise MissingExtra("figures need matplotlib: pip install 'edgejson-bench[figures]'") from None
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**ALWAYS, **style})
        yield
