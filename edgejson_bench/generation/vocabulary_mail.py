# ruff: noqa: E501 - one entry a line reads best
"""Office mail: subjects with the files that people attach to them, and where mail comes from. Data only."""

from __future__ import annotations

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MAILS = (
    ("Offer for the {city} branch", (("offer-{n}.pdf", PDF), ("price-list-{year}.xlsx", XLSX))),
    ("Re: Minutes of {weekday}'s call", (("minutes.docx", DOCX), ("whiteboard.jpg", "image/jpeg"))),
    ("Invoice for order {order}", (("invoice-{order}.pdf", PDF), ("delivery-note.pdf", PDF))),
    ("Photos from the {city} offsite", (("group-{n}.jpg", "image/jpeg"), ("panorama.png", "image/png"), ("clip.mp4", "video/mp4"))),
    ("Fwd: Revised contract, please sign by {weekday}", (("contract-v{small}.docx", DOCX), ("annex-a.pdf", PDF))),
    ("Application as warehouse manager", (("cv.pdf", PDF), ("cover-letter.pdf", PDF), ("certificates.zip", "application/zip"))),
    ("Sensor data of week {n}", (("week-{n}.csv", "text/csv"), ("plot.svg", "image/svg+xml"))),
    ("Your booking in {city} is confirmed", (("voucher.pdf", PDF), ("booking.ics", "text/calendar"))),
    ("Draft of the {month} newsletter", (("newsletter-{month}.html", "text/html"), ("header.png", "image/png"))),
    ("Crash report, build {version}", (("crash-{hex}.log", "text/plain"), ("core.tar.gz", "application/gzip"))),
    ("Question about the invoice from {month}", (("invoice-{big}.pdf", PDF), ("bank-statement.pdf", PDF))),
    ("Re: Re: Lunch on {weekday}?", (("menu.pdf", PDF), ("route.png", "image/png"))),
    ("Budget figures for {month}", (("budget-{month}.xlsx", XLSX), ("comments.docx", DOCX))),
    ("Key handover in {city}", (("handover-form.pdf", PDF), ("meter-reading.jpg", "image/jpeg"))),
)  # fmt: skip
"""Subject, and file name with media type for each file it may carry."""

FILE_SIZES = {
    PDF: (42_000, 3_900_000),
    DOCX: (15_000, 480_000),
    XLSX: (11_000, 920_000),
    "image/jpeg": (180_000, 6_400_000),
    "image/png": (24_000, 2_100_000),
    "image/svg+xml": (3_000, 90_000),
    "video/mp4": (2_400_000, 24_000_000),
    "application/zip": (220_000, 18_000_000),
    "application/gzip": (310_000, 21_000_000),
    "text/csv": (2_000, 640_000),
    "text/plain": (900, 210_000),
    "text/html": (6_000, 120_000),
    "text/calendar": (700, 4_000),
}
"""Fewest and most bytes of a file of that kind."""

MESSAGE_IDS = (
    "<{hex}.{hex}@{domain}>",
    "<{year}{hex}@mail.{domain}>",
    "<CA+{hex}{hex}@mx.{domain}>",
    "<{big}.{big}.{hex}@{domain}>",
)
"""RFC 5322 msg-ids; ``{domain}`` is the sender's."""
