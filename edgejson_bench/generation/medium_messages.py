"""Medium tasks about messages between machines and people: the reply of a web API and the header of an e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgejson_bench.generation import people
from edgejson_bench.generation.slots import fill, month_name
from edgejson_bench.generation.values import NESTED_OPTIONAL, Values, present, timestamp
from edgejson_bench.generation.vocabulary_api import API_VERSIONS, REPLIES, REQUEST_IDS, Between
from edgejson_bench.generation.vocabulary_mail import FILE_SIZES, MAILS, MESSAGE_IDS
from edgejson_bench.records import JsonObject

PAGE_SIZES = (10, 20, 25, 50, 100)


def api_response(v: Values) -> JsonObject:
    """One outcome; paging only for lists, complaints only for refusals, payload keys in snake_case."""
    reply = v.deal("replies", REPLIES)
    known = {name: fill(v, f"{{{name}}}") for name in ("city", "order", "service")}
    complaints = v.sample(reply.errors, 1, 3) if reply.errors else []
    errors = [{"field": field, "message": fill(v, complaint)} for field, complaint in complaints]
    return present(
        {
            "status_code": reply.status,
            "message": fill(v, reply.message, **known),
            "data": _payload(v, reply.data, known) if v.maybe() else None,
            "metadata": _metadata(v) if v.maybe() else None,
            "pagination": _pagination(v) if reply.paged and v.maybe() else None,
            "errors": errors if errors and v.maybe() else None,
        }
    )


def _payload(v: Values, patterns: Mapping[str, Any], known: Mapping[str, str]) -> JsonObject:
    """The payload's scalars, one level deep at most. Texts never read as a number, a boolean or null."""
    payload: JsonObject = {}
    for key, pattern in patterns.items():
        if isinstance(pattern, Mapping):
            payload[key] = _payload(v, pattern, known)
        elif isinstance(pattern, Between):
            number = v.number(pattern.low, pattern.high, pattern.digits)
            payload[key] = number if pattern.digits else int(number)
        elif isinstance(pattern, bool | int):
            payload[key] = pattern
        else:
            payload[key] = fill(v, pattern if isinstance(pattern, str) else v.pick(pattern), **known)
    return payload


def _metadata(v: Values) -> JsonObject:
    fields = present(
        {
            "request_id": fill(v, v.pick(REQUEST_IDS)) if v.maybe(NESTED_OPTIONAL) else None,
            "timestamp": timestamp(v.moment(2022)) if v.maybe(NESTED_OPTIONAL) else None,
            "version": v.pick(API_VERSIONS) if v.maybe(NESTED_OPTIONAL) else None,
        }
    )
    # An empty object prints like an absent value, so the text could not be read back.
    return fields or {"request_id": fill(v, v.pick(REQUEST_IDS))}


def _pagination(v: Values) -> JsonObject:
    size = v.pick(PAGE_SIZES)
    total = v.integer(1, 40 * size)
    page = v.integer(1, -(-total // size))
    fields = present(
        {
            "page": page if v.maybe(NESTED_OPTIONAL) else None,
            "per_page": size if v.maybe(NESTED_OPTIONAL) else None,
            "total": total if v.maybe(NESTED_OPTIONAL) else None,
        }
    )
    return fields or {"page": page}


def email_metadata(v: Values) -> JsonObject:
    """Mail between colleagues or firms, with files that suit its subject."""
    moment = v.working_time()
    known: dict[str, object] = {"month": month_name(moment), "order": fill(v, "{order}"), "year": moment.year}
    subject, files = v.deal("mails", MAILS)
    crew = people.people(v, v.integer(2, 6))
    domains = [people.work_domain(people.company(v)) for _ in range(2)]
    addresses = [people.email(v, somebody, v.pick(domains)) for somebody in crew]
    copied = v.integer(1, 2) if len(addresses) > 3 else 0
    recipients, copies = addresses[1 : len(addresses) - copied], addresses[len(addresses) - copied :]
    message_id = fill(v, v.pick(MESSAGE_IDS), domain=addresses[0].partition("@")[2], **known)
    attachments = [_attachment(v, fill(v, name, **known), kind) for name, kind in v.sample(files, 1, len(files))]
    return present(
        {
            "message_id": message_id,
            "from": addresses[0],
            "to": recipients,
            "cc": copies or None,
            "subject": fill(v, subject, **known),
            "date": timestamp(moment),
            "attachments": attachments if v.maybe() else None,
            "is_read": v.maybe(0.5) if v.maybe() else None,
        }
    )


def _attachment(v: Values, filename: str, kind: str) -> JsonObject:
    return present(
        {
            "filename": filename,
            "size": v.integer(*FILE_SIZES[kind]) if v.maybe(NESTED_OPTIONAL) else None,
            "content_type": kind if v.maybe(NESTED_OPTIONAL) else None,
        }
    )
