"""Colours that page and figures share. Where a colour goes is theirs."""

from __future__ import annotations

HEAT = (
    "#f1f5fa",
    "#dde9f5",
    "#c6dbef",
    "#a9cbe6",
    "#87b8dc",
    "#63a3d0",
    "#458bc3",
    "#2d73b3",
    "#195a9e",
    "#0c4382",
    "#062c5e",
)
"""From none to all right in tenths: one hue, darker is more, so every kind of colour vision reads it alike."""
FIRST_DARK = 7
"""From here on texts are white, before they are black: every step has a contrast of 4.9 or more."""

ERROR_HEAT = (
    "#faf3ee",
    "#f6e3d6",
    "#f2d0b9",
    "#ecb996",
    "#e59f70",
    "#db844d",
    "#cb6a31",
    "#b3521d",
    "#943f12",
    "#73300c",
    "#502107",
)
"""The same in orange, for shares that had better be small."""

SERIES = ("#0072b2", "#b8480a", "#00795a", "#7b4b94")
"""Series in order, as the page has them in its light theme: kept apart in the common kinds of colour blindness."""
