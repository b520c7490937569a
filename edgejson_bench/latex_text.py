"""Text of others inside LaTeX: what it says is printed, and nothing it holds is a command."""

from __future__ import annotations

import re

from edgejson_bench.console import printable

_COMMANDS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": r"{-}",  # or two of them are drawn as one dash
    "–": r"\textendash{}",
}
_SPECIAL = re.compile("|".join(re.escape(character) for character in _COMMANDS))
_PRINTED = re.compile(r"[^\x20-\x7e\xa1-\xac\xae-\xff]")
"""What a T1 font of pdfLaTeX has no glyph for: everything beyond Latin-1."""


def escape(text: str) -> str:
    """``text`` as it would be read, on one line. Characters beyond Latin-1 are named by their code points."""
    line = printable(text).replace("\n", "\\n").replace("\t", "\\t")
    marked = _SPECIAL.sub(lambda match: _COMMANDS[match.group()], line)
    return _PRINTED.sub(lambda match: rf"\texttt{{U+{ord(match.group()):04X}}}", marked)
