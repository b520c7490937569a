"""Sentences with slots: ``{ms}``, ``{order}``, ``{city}`` become values. The sentences live in the vocabulary files."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from edgejson_bench.generation import people
from edgejson_bench.generation.values import Values
from edgejson_bench.generation.vocabulary_places import CITIES

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
SERVICES = (
    "orders-api", "billing-worker", "auth-service", "search-indexer", "media-transcoder", "inventory-sync",
    "mail-relay", "report-builder", "session-store", "pricing-engine", "webhook-dispatcher", "edge-gateway",
)  # fmt: skip
DEVICES = (
    "iPhone 13", "Pixel 7", "Galaxy S22", "iPad Air", "MacBook Air", "ThinkPad T14", "Galaxy Tab S8", "Surface Pro",
)  # fmt: skip
BROWSERS = ("Firefox 131", "Chrome 129", "Safari 17.6", "Edge 128", "Chrome on Android", "Safari on iOS")
TABLES = ("orders", "customers", "events", "sessions", "inventory", "audit_log", "payments", "shipments")
FILES = (
    "q3-forecast.xlsx", "floor-plan.pdf", "onboarding.docx", "budget-2025.xlsx", "site-photos.zip", "brand-guide.pdf",
    "release-notes.md", "survey-results.csv", "contract-draft.docx", "roadmap.pptx",
)  # fmt: skip

SLOTS: dict[str, Callable[[Values], object]] = {
    "amount": lambda v: f"{v.integer(6, 240)}.{v.pick(('00', '25', '49', '50', '80', '95', '99'))}",
    "big": lambda v: v.integer(1200, 98000),
    "browser": lambda v: v.pick(BROWSERS),
    "city": lambda v: v.pick(CITIES).name,
    "company": people.company,
    "day": lambda v: v.integer(1, 28),
    "device": lambda v: v.pick(DEVICES),
    "file": lambda v: v.pick(FILES),
    "first": lambda v: people.person(v).first,
    "gb": lambda v: v.number(0.4, 48.0, 1),
    "hex": lambda v: f"{v.random.getrandbits(32):08x}",
    "host": lambda v: f"{v.pick(('db', 'app', 'cache', 'edge', 'mq'))}-{v.integer(1, 24):02d}",
    "hours": lambda v: v.integer(2, 48),
    "ip": lambda v: f"{v.pick(('192.0.2', '198.51.100', '203.0.113'))}.{v.integer(1, 254)}",
    "job": lambda v: v.code("job-#####"),
    "kb": lambda v: v.integer(12, 940),
    "minutes": lambda v: v.pick((5, 10, 15, 20, 30, 45)),
    "month": lambda v: v.pick(MONTHS),
    "ms": lambda v: v.integer(12, 9800),
    "n": lambda v: v.integer(2, 40),
    "name": lambda v: people.person(v).name,
    "order": lambda v: v.code("A-#####"),
    "passcode": lambda v: v.code("### ###"),
    "pct": lambda v: v.integer(71, 98),
    "salary": lambda v: f"{v.integer(1850, 7400)}.{v.integer(0, 99):02d}",
    "seconds": lambda v: v.integer(2, 90),
    "service": lambda v: v.pick(SERVICES),
    "small": lambda v: v.integer(2, 9),
    "table": lambda v: v.pick(TABLES),
    "time": lambda v: f"{v.integer(7, 21):02d}:{v.pick((0, 5, 15, 20, 30, 40, 45)):02d}",
    "user": lambda v: v.code("u-#####"),
    "version": lambda v: f"{v.integer(1, 7)}.{v.integer(0, 19)}.{v.integer(0, 9)}",
    "weekday": lambda v: v.pick(WEEKDAYS),
}
"""What each slot's name stands for."""


def fill(v: Values, template: str, **known: object) -> str:
    """``template`` with every ``{slot}`` replaced, each occurrence on its own.

    ``known`` gives slots whose value the record already fixes, such as the month of its date.
    """
    return re.sub(r"\{(\w+)\}", lambda match: str(known.get(match[1]) or SLOTS[match[1]](v)), template)


def month_name(day: date) -> str:
    """English name of the month that ``day`` lies in."""
    return MONTHS[day.month - 1]
