# ruff: noqa: E501 - one entry a line reads best
"""What web APIs answer: outcomes with the payload, paging and complaints that fit. Data only.

Payload leaves are patterns: a text with slots (see :mod:`.slots`), a range of numbers, or a fixed boolean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Between:
    """A number of a payload: whole, or with the given decimals."""

    low: float
    high: float
    digits: int = 0


Pattern = str | tuple[str, ...] | bool | int | Between
"""How one scalar of a payload is made: of several texts one is picked, a plain int or boolean stands for itself."""
Payload = Mapping[str, "Pattern | Mapping[str, Pattern]"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One kind of answer."""

    status: int
    message: str
    data: Payload
    """Two to five entries, at most one of them an object; keys in snake_case."""
    paged: bool = False
    """The answer is a page of a list."""
    errors: tuple[tuple[str, str], ...] = ()
    """Field and complaint, where the request itself was wrong."""


REPLIES = (
    Reply(200, "Order found", {"order_id": "{order}", "state": ("in transit", "ready for pickup", "at customs", "packed"), "items": Between(1, 9), "gift_wrap": False, "total_usd": Between(12, 480, 2)}),
    Reply(200, "Forecast for {city}", {"city": "{city}", "temperature_c": Between(-9, 34, 1), "wind_kmh": Between(0, 72), "rain_expected": True}),
    Reply(200, "Customers listed", {"sort": ("last_name", "created_at", "city"), "filter": ("active", "newsletter", "overdue"), "includes_archived": False}, paged=True),
    Reply(200, "Search completed", {"query": ("waterproof jacket", "oak table", "usb-c cable", "desk lamp"), "took_ms": Between(4, 380), "fuzzy": True}, paged=True),
    Reply(200, "Device status", {"serial": "EG-{hex}", "online": True, "battery_percent": Between(11, 100), "firmware": {"channel": ("stable", "beta", "nightly"), "build": Between(1200, 9800)}}),
    Reply(200, "Profile updated", {"user_id": "{user}", "display_name": "{name}", "newsletter": False, "locale": ("en-GB", "de-AT", "pt-BR", "fr-CA")}),
    Reply(200, "Exchange rate", {"base": "USD", "quote": ("EUR", "CHF"), "rate": Between(0.84, 0.98, 4), "provider": "central bank feed"}),
    Reply(200, "Health check passed", {"service": "{service}", "uptime_hours": Between(3, 2100), "degraded": False, "database": {"engine": ("PostgreSQL 16", "MariaDB 11", "SQLite"), "latency_ms": Between(1, 40)}}),
    Reply(200, "Invoices listed", {"currency": ("EUR", "USD", "GBP"), "open_amount": Between(90, 9800, 2), "oldest_debtor": "{company}"}, paged=True),
    Reply(200, "Model prediction", {"label": ("defect", "scratch", "no finding", "dent"), "confidence": Between(0.51, 0.99, 3), "model": "vision-edge-s", "cached": True}),
    Reply(200, "Shipment tracked", {"carrier": ("Swift Parcel", "BlueVan", "PostNorth"), "last_seen": "{city}", "stops_left": Between(1, 80), "drop_off": {"street": ("Mill Street", "Harbor Lane", "Station Road"), "floor": Between(1, 9)}}),
    Reply(201, "Booking created", {"booking_code": "BK-{hex}", "guests": Between(1, 6), "room": ("double, sea view", "single, courtyard", "family suite"), "prepaid": True}),
    Reply(201, "Webhook registered", {"hook_id": "wh_{hex}", "event": ("shipment.updated", "invoice.paid", "user.deleted"), "active": True, "retry": {"attempts": Between(3, 10), "backoff": "exponential"}}),
    Reply(201, "Comment posted", {"comment_id": "c_{hex}", "author": "{name}", "moderated": False}),
    Reply(201, "API key issued", {"label": ("ci pipeline", "warehouse scanner", "reporting"), "scope": "read only", "expires_in_days": Between(30, 365)}),
    Reply(201, "File uploaded", {"filename": "{file}", "size_kb": Between(12, 9400), "virus_free": True, "folder": ("shared documents", "inbox", "archive")}),
    Reply(202, "Export queued", {"job_id": "{job}", "position": Between(1, 60), "format": ("parquet", "csv", "xlsx"), "eta_minutes": Between(2, 45)}),
    Reply(202, "Video transcoding started", {"job_id": "{job}", "profile": ("hd-ready", "mobile", "cinema"), "duration_s": Between(20, 5400), "audio": {"codec": ("opus", "aac", "flac"), "channels": 2}}),
    Reply(206, "Partial report", {"report": ("sales by region", "churn by region", "stock by region"), "regions_ready": Between(1, 6), "regions_missing": Between(1, 4)}),
    Reply(400, "Validation failed", {"endpoint": ("/v1/customers", "/v1/members", "/v2/patients"), "dry_run": False}, errors=(("email", "is not a valid address"), ("phone", "must contain at least 7 digits"), ("birth_date", "lies in the future"))),
    Reply(400, "Malformed query string", {"endpoint": "/v2/search", "position": Between(8, 90)}, errors=(("page", "must be a positive integer"), ("sort", "unknown column"), ("from", "expected an ISO 8601 date"))),
    Reply(401, "Token expired", {"issued_to": "{user}", "renewable": True}, errors=(("authorization", "bearer token expired {minutes} minutes ago"),)),
    Reply(403, "Insufficient scope", {"required_scope": "orders:write", "granted_scope": "orders:read"}, errors=(("scope", "orders:write is missing"),)),
    Reply(404, "Article {order} not found", {"resource": "article", "searched_in": "catalog and archive"}, errors=(("article_id", "no article with this id"),)),
    Reply(409, "Username already taken", {"suggestion": "{first}_{n}", "alternatives": Between(1, 5)}, errors=(("username", "belongs to another account"),)),
    Reply(413, "Upload too large", {"limit_mb": Between(5, 50), "received_mb": Between(51, 400)}, errors=(("file", "exceeds the limit of your plan"),)),
    Reply(422, "Booking not possible", {"resource": "court {small}", "free_slots": Between(0, 4)}, errors=(("start_time", "is outside the opening hours"), ("players", "at most 4 players per court"), ("duration", "must be a multiple of 30 minutes"))),
    Reply(422, "Payment details incomplete", {"step": "checkout", "retryable": True}, errors=(("card_number", "fails the check digit"), ("expiry", "card has expired"), ("postal_code", "does not match the country"))),
    Reply(429, "Rate limit exceeded", {"limit_per_minute": Between(30, 600), "retry_after_s": Between(3, 59), "plan": ("starter", "team", "free")}, errors=(("quota", "{big} of your monthly requests are used up"),)),
    Reply(500, "Unexpected error in {service}", {"incident": "inc-{hex}", "reported": True}, errors=(("server", "the team has been notified"),)),
    Reply(503, "Maintenance until {time}", {"region": ("eu-north", "us-east", "ap-south"), "retry_after_s": Between(60, 3600), "status_page": "https://status.example.com"}, errors=(("service", "temporarily unavailable"),)),
    Reply(504, "Upstream timeout", {"upstream": "{host}", "waited_ms": Between(5000, 30000)}, errors=(("upstream", "no answer within {seconds} seconds"),)),
)  # fmt: skip

REQUEST_IDS = ("req_{hex}{hex}", "{hex}-{hex}", "trace-{hex}", "rq-{big}-{hex}")
API_VERSIONS = ("v1", "v2", "v3", "2024-06-01", "2025-01-15", "1.4.2", "2.0.0", "3.1")
