"""The ten medium tasks: nested records with one to four array items. Each lives with its kind."""

from __future__ import annotations

from collections.abc import Callable

from edgejson_bench.generation.medium_commerce import invoice, order_details, shopping_cart, transaction_record
from edgejson_bench.generation.medium_messages import api_response, email_metadata
from edgejson_bench.generation.medium_records import event_registration, medical_record, meeting_notes, support_ticket
from edgejson_bench.generation.values import Values
from edgejson_bench.records import JsonObject

GENERATORS: dict[str, Callable[[Values], JsonObject]] = {
    "api_response": api_response,
    "email_metadata": email_metadata,
    "event_registration": event_registration,
    "invoice": invoice,
    "medical_record": medical_record,
    "meeting_notes": meeting_notes,
    "order_details": order_details,
    "shopping_cart": shopping_cart,
    "support_ticket": support_ticket,
    "transaction_record": transaction_record,
}
"""One generator per task."""
