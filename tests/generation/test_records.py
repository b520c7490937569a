"""The golds of the simple and medium tasks: valid, readable back, and true to themselves."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from edgejson_bench.generation import (
    checks,
    people,
    splits,
    vocabulary_laboratory,
    vocabulary_meetings,
    vocabulary_reviews,
)
from edgejson_bench.generation.form import print_form
from edgejson_bench.generation.medium import GENERATORS as MEDIUM
from edgejson_bench.generation.simple import GENERATORS as SIMPLE
from edgejson_bench.generation.values import Values
from edgejson_bench.generation.vocabulary_places import CITIES
from edgejson_bench.records import Example
from edgejson_bench.tasks import shipped_root

GENERATORS = {**SIMPLE, **MEDIUM}
DRAWS = 120


def schema_of(task: str) -> dict[str, Any]:
    return json.loads((shipped_root() / splits.tier_of(task) / task / "schema.json").read_text(encoding="utf-8"))


def draws(task: str, count: int = DRAWS) -> list[dict[str, Any]]:
    values = Values(f"tests/{task}")
    return [GENERATORS[task](values) for _ in range(count)]


def money(value: float) -> Decimal:
    return Decimal(str(value))


@pytest.mark.parametrize("task", GENERATORS)
def test_records_are_valid_and_can_be_read_back(task: str) -> None:
    schema = schema_of(task)
    for gold in draws(task):
        example = Example("x", task, "form", print_form(task, schema["title"], gold), gold)
        assert checks.problems(example, schema) == []


@pytest.mark.parametrize("task", GENERATORS)
def test_fields_keep_the_order_of_the_schema(task: str) -> None:
    def in_order(value: Any, schema: dict[str, Any]) -> bool:
        if isinstance(value, list):
            return all(in_order(item, schema.get("items", {})) for item in value)
        if not isinstance(value, dict) or "properties" not in schema:
            return True
        listed = [key for key in schema["properties"] if key in value]
        return listed == list(value) and all(in_order(v, schema["properties"][k]) for k, v in value.items())

    assert all(in_order(gold, schema_of(task)) for gold in draws(task, 40))


@pytest.mark.parametrize("task", GENERATORS)
def test_every_field_occurs_and_optional_ones_are_missing_at_times(task: str) -> None:
    schema = schema_of(task)
    golds = draws(task)
    for key in schema["properties"]:
        count = sum(key in gold for gold in golds)
        if key in schema["required"]:
            assert count == len(golds)
        else:
            assert 0 < count < len(golds), key


@pytest.mark.parametrize("task", ["log_entry", "rating", "sensor_reading", "simple_config", "user_profile"])
def test_optional_fields_are_present_seven_times_in_ten(task: str) -> None:
    schema = schema_of(task)
    golds = draws(task, 600)
    for key in set(schema["properties"]) - set(schema["required"]):
        # Four standard errors of 600 draws around 0.7
        assert sum(key in gold for gold in golds) / len(golds) == pytest.approx(0.7, abs=0.075), key


def test_addresses_spell_the_name() -> None:
    for gold in draws("contact_info"):
        local, _, domain = gold["email"].partition("@")
        last = people.slug(gold["name"].split(" ")[-1])
        assert last in local
        assert domain in people.PUBLIC_DOMAINS
    spellings = {re.sub(r"\d", "9", gold["phone"]) for gold in draws("contact_info")}
    assert len(spellings) >= 10


def test_points_lie_in_the_city_of_their_time_zone() -> None:
    for gold in draws("location", 300):
        near = [
            city
            for city in CITIES
            if abs(city.latitude - gold["latitude"]) < 0.01 and abs(city.longitude - gold["longitude"]) < 0.01
        ]
        assert len(near) == 1
        assert gold.get("timezone", near[0].timezone) == near[0].timezone
        assert near[0].name in gold.get("address", near[0].name)


def test_the_words_of_a_review_agree_with_its_stars() -> None:
    values = Values(8)
    praise = {saying for _, sayings, _ in vocabulary_reviews.REVIEWED for saying in sayings}
    complaints = {saying for _, _, sayings in vocabulary_reviews.REVIEWED for saying in sayings}
    for _ in range(300):
        gold = SIMPLE["rating"](values)
        text = gold.get("review_text")
        if text is None:
            continue
        praised, complained = any(s in text for s in praise), any(s in text for s in complaints)
        assert praised or gold["rating"] <= 2, text
        assert complained or gold["rating"] == 5, text
        assert not (praised and gold["rating"] == 1), text
        assert not (complained and gold["rating"] == 5), text


def half_up(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def test_carts_round_each_line_half_up() -> None:
    for gold in draws("shopping_cart", 300):
        lines = [
            half_up(i["quantity"] * money(i["price"]) * (100 - Decimal(i.get("discount_percentage", 0))) / 100)
            for i in gold["items"]
        ]
        extra = money(gold.get("shipping_cost", 0)) + money(gold.get("tax", 0))
        assert money(gold["total"]) == sum(lines) + extra


def test_coupons_show_in_the_cart() -> None:
    kinds = set()
    for gold in draws("shopping_cart", 300):
        percent = re.search(r"^(?:SPRING|WELCOME|BDAY-|SAVE|LOYAL|WEEKEND|FLASH)(\d+)", gold.get("coupon_code", ""))
        if percent:
            discounts = {item["discount_percentage"] for item in gold["items"] if "discount_percentage" in item}
            assert discounts == {int(percent[1])}
        elif gold.get("coupon_code"):
            assert gold.get("shipping_cost", 0) == 0
        kinds.add(bool(percent))
    assert kinds == {True, False}


def test_a_bill_is_due_after_it_is_issued_and_overdue_only_with_a_date() -> None:
    for gold in draws("invoice"):
        if "due_date" in gold:
            assert date.fromisoformat(gold["invoice_date"]) < date.fromisoformat(gold["due_date"])
        else:
            assert gold.get("payment_status") != "overdue"


def test_a_report_is_abnormal_exactly_where_a_value_is_out_of_range() -> None:
    ranges = {a.name: a for _, analytes in vocabulary_laboratory.PANELS for a in analytes}
    seen = set()
    for gold in draws("medical_record", 400):
        normal = all(ranges[r["parameter"]].is_normal(r["value"]) for r in gold["results"])
        if "status" in gold:
            assert (gold["status"] == "abnormal") is not normal
            seen.add(gold["status"])
    assert seen == {"abnormal", "complete", "pending"}


@pytest.mark.parametrize(("text", "expected"), [("<=5", (None, 5)), (">=40", (40, None)), ("3.5-5.1", (3.5, 5.1))])
def test_reference_ranges_print_as_they_are_meant(text: str, expected: tuple[float | None, float | None]) -> None:
    analyte = vocabulary_laboratory.Analyte("x", "U/L", *expected, 0, 100)
    assert analyte.reference_range == text


def test_linked_analytes_agree() -> None:
    checked = 0
    for gold in draws("medical_record", 600):
        values = {r["parameter"]: r["value"] for r in gold["results"]}
        if {"Hemoglobin", "Hematocrit"} <= set(values):
            assert values["Hematocrit"] == pytest.approx(3 * values["Hemoglobin"], abs=0.06)
            checked += 1
    assert checked > 5


def test_money_moves_in_the_direction_of_its_type() -> None:
    signs = {"debit": {-1}, "fee": {-1}, "credit": {1}, "refund": {1}, "transfer": {-1, 1}}
    for gold in draws("transaction_record", 300):
        assert (1 if gold["amount"] > 0 else -1) in signs[gold["type"]]


def test_tickets_change_after_they_are_opened() -> None:
    for gold in draws("support_ticket"):
        if {"created_at", "updated_at"} <= set(gold):
            assert gold["created_at"] < gold["updated_at"]


def test_tasks_go_to_people_who_were_there_and_fall_due_later() -> None:
    for gold in draws("meeting_notes"):
        names = {somebody["name"] for somebody in gold["attendees"]}
        assert len(names) == len(gold["attendees"])
        for task in gold.get("action_items", []):
            assert task.get("assigned_to") in names | {None}
            assert task.get("due_date", "9999") > gold["date"][:10]


def test_events_are_booked_beforehand_and_only_talks_have_speakers() -> None:
    outings = [name.split("{")[0] or name.split("}")[-1] for name, talks in vocabulary_meetings.EVENTS if not talks]
    for gold in draws("event_registration"):
        if {"event_date", "registration_date"} <= set(gold):
            assert gold["registration_date"] < gold["event_date"][:10]
        if any(outing in gold["event_name"] for outing in outings):
            assert gold["ticket_type"] != "speaker"
        assert gold["attendee_name"] != gold.get("emergency_contact", {}).get("name")


def test_replies_complain_only_when_they_refuse() -> None:
    for gold in draws("api_response", 300):
        assert "errors" not in gold or gold["status_code"] >= 400
        page = gold.get("pagination", {})
        if {"page", "per_page", "total"} <= set(page):
            assert (page["page"] - 1) * page["per_page"] < page["total"]


def test_nobody_writes_to_themselves() -> None:
    for gold in draws("email_metadata"):
        everybody = [gold["from"], *gold["to"], *gold.get("cc", [])]
        assert len(set(everybody)) == len(everybody)
        assert gold["from"].partition("@")[2] in gold["message_id"]
