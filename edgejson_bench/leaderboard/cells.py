"""How single numbers are spelled in every table, so that Markdown and terminal say the same. No layout here."""

from __future__ import annotations

ABSENT = "–"
"""What a table shows where there is no such number."""


def percent(fraction: float) -> str:
    """``0.2468`` -> ``24.7``."""
    return f"{100 * fraction:.1f}"


def percent_interval(value: float, low: float, high: float) -> str:
    """``24.7 [18.6, 32.0]``, in percent."""
    return f"{percent(value)} [{percent(low)}, {percent(high)}]"


def points_interval(difference: float, low: float, high: float) -> str:
    """``+12.0 [+5.1, +18.9]``, in percentage points."""
    return f"{_points(difference)} [{_points(low)}, {_points(high)}]"


def p_value(p: float) -> str:
    """``0.034``; what is below 0.001 is named so."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def fraction_interval(value: float, low: float, high: float) -> str:
    """``0.520 [0.461, 0.578]``."""
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def difference_interval(difference: float, low: float, high: float) -> str:
    """``+0.120 [+0.051, +0.189]``."""
    return f"{_signed(difference)} [{_signed(low)}, {_signed(high)}]"


def parameters(number: int | None) -> str:
    """``134515008`` -> ``135M``."""
    if number is None:
        return ABSENT
    return f"{number / 1e9:.1f}B" if number >= 999.5e6 else _three_digits(number / 1e6) + "M"


def size(size_bytes: int | None) -> str:
    """``92000000`` -> ``92.0 MB`` (decimal, as disks and downloads count)."""
    if size_bytes is None:
        return ABSENT
    return f"{size_bytes / 1e9:.2f} GB" if size_bytes >= 999.5e6 else _three_digits(size_bytes / 1e6) + " MB"


def seconds(duration: float | None) -> str:
    """Seconds, to three digits; what is below a millisecond is named so."""
    if duration is None:
        return ABSENT
    return _three_digits(duration) if duration >= 0.001 else "<0.001"


def rate(per_second: float | None) -> str:
    """Tokens per second."""
    return ABSENT if per_second is None else f"{per_second:.1f}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}".replace("-0.0", "0.0").replace("+0.0", "0.0")


def _signed(difference: float) -> str:
    return f"{difference:+.3f}".replace("-0.000", "0.000").replace("+0.000", "0.000")


def _three_digits(number: float) -> str:
    decimals = next((decimals for limit, decimals in ((1, 3), (10, 2), (100, 1)) if number < limit), 0)
    return f"{number:.{decimals}f}"
