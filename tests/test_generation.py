"""The generators of the simple and medium tasks, their sources, and the builder of the splits."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zoneinfo
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from edgejson_bench.errors import DataError
from edgejson_bench.generation import (
    checks,
    people,
    shop,
    slots,
    splits,
    vocabulary_api,
    vocabulary_business,
    vocabulary_laboratory,
    vocabulary_mail,
    vocabulary_meetings,
    vocabulary_messages,
    vocabulary_reviews,
    vocabulary_tickets,
)
from edgejson_bench.generation.form import display_key, print_form
from edgejson_bench.generation.medium import GENERATORS as MEDIUM
from edgejson_bench.generation.simple import GENERATORS as SIMPLE
from edgejson_bench.generation.values import Values, cents, present, share, timestamp
from edgejson_bench.generation.vocabulary_places import CITIES, POSTAL_TOWNS
from edgejson_bench.records import Example
from edgejson_bench.tasks import STYLES, shipped_root

ROOT = Path(__file__).resolve().parents[1]
GENERATORS = {**SIMPLE, **MEDIUM}
DRAWS = 120


def schema_of(task: str) -> dict[str, Any]:
    return json.loads((shipped_root() / splits.tier_of(task) / task / "schema.json").read_text(encoding="utf-8"))


def draws(task: str, count: int = DRAWS) -> list[dict[str, Any]]:
    values = Values(f"tests/{task}")
    return [GENERATORS[task](values) for _ in range(count)]


def money(value: float) -> Decimal:
    return Decimal(str(value))


# Values


def test_the_same_seed_gives_the_same_values() -> None:
    one, same, other = Values("a"), Values("a"), Values("b")
    assert [one.moment(), one.faker.name()] == [same.moment(), same.faker.name()]
    assert one.random.getrandbits(64) != other.random.getrandbits(64)


def test_a_deck_repeats_nothing_before_it_is_used_up() -> None:
    values = Values(1)
    dealt = [values.deal("letters", "abcdef") for _ in range(12)]
    assert sorted(dealt[:6]) == sorted(dealt[6:]) == list("abcdef")


@pytest.mark.parametrize(
    ("amount", "basis_points", "expected"),
    [(1000, 825, 83), (1000, 824, 82), (100, 50, 1), (99, 50, 0), (0, 1900, 0), (1999, 10000, 1999)],
)
def test_a_share_is_rounded_half_up_to_the_cent(amount: int, basis_points: int, expected: int) -> None:
    assert share(amount, basis_points) == expected


def test_working_time_is_on_a_weekday_in_office_hours() -> None:
    values = Values(2)
    moments = [values.working_time(step_minutes=15) for _ in range(200)]
    assert {m.weekday() for m in moments} == {0, 1, 2, 3, 4}
    assert all(8 <= m.hour < 18 and m.minute % 15 == 0 and timestamp(m).endswith(":00Z") for m in moments)


def test_present_drops_none_alone() -> None:
    assert present({"a": 0, "b": None, "c": False, "d": ""}) == {"a": 0, "c": False, "d": ""}


# Sources


def templates() -> list[str]:
    """Every sentence with slots in the vocabulary."""
    found: list[str] = []
    for _, _, message in vocabulary_messages.LOG_MESSAGES:
        found.append(message)
    for title, body, _ in vocabulary_messages.NOTIFICATIONS:
        found += [title, body]
    for _, subject, description, _ in vocabulary_tickets.TICKETS:
        found += [subject, description]
    for meeting in vocabulary_meetings.MEETINGS:
        found += [meeting.title, *meeting.remarks, *meeting.tasks, *meeting.places]
    found += [name for name, _ in vocabulary_meetings.EVENTS]
    for reply in vocabulary_api.REPLIES:
        found += [reply.message, *(complaint for _, complaint in reply.errors)]
    found += [subject for subject, _ in vocabulary_mail.MAILS]
    found += [name for _, files in vocabulary_mail.MAILS for name, _ in files]
    found += [*vocabulary_mail.MESSAGE_IDS, *vocabulary_api.REQUEST_IDS]
    found += [merchant.text for merchant in vocabulary_business.MERCHANTS]
    found += [work.description for trade in vocabulary_business.TRADES for work in trade]
    found += [text for text, _, _ in (*vocabulary_business.INCOME, *vocabulary_business.TRANSFERS)]
    return found


def test_every_slot_of_the_vocabulary_is_known_and_filled() -> None:
    values = Values(3)
    for template in templates():
        text = slots.fill(values, template, year=2024, domain="firm.example.com")
        assert "{" not in text
        assert text == text.strip()


def test_known_slots_win_over_drawn_ones() -> None:
    assert slots.fill(Values(4), "{month} and {month}", month="May") == "May and May"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("María José", "mariajose"),
        ("O'Sullivan", "osullivan"),
        ("Søren", "soren"),
        ("Yıldız", "yildiz"),
        ("Małgorzata", "malgorzata"),
    ],
)
def test_slugs_are_plain_ascii(text: str, expected: str) -> None:
    assert people.slug(text) == expected


@pytest.mark.parametrize(
    ("company", "domain"),
    [("Vaughn-Hatfield", "vaughn-hatfield.example.com"), ("Alder & Finch Labs", "alder-finch.example.com")],
)
def test_a_firm_writes_from_a_reserved_domain(company: str, domain: str) -> None:
    assert people.work_domain(company) == domain


def test_every_international_name_spells_an_address() -> None:
    for first, last in people.INTERNATIONAL_NAMES:
        address = people.email(Values(first), people.Person(first, last))
        assert re.fullmatch(r"[a-z0-9._]{3,}@example\.(com|org|net)", address)


def test_time_zones_exist_and_fit_the_longitude() -> None:
    if not zoneinfo.available_timezones():
        pytest.skip("this Python has no time zone database")
    for city in CITIES:
        offset = datetime(2024, 1, 15, tzinfo=zoneinfo.ZoneInfo(city.timezone)).utcoffset()
        assert offset is not None
        # Southern summer time and political time zones move clocks by up to two and a half hours.
        assert abs(city.longitude / 15 - offset / timedelta(hours=1)) < 2.6, city


def test_places_are_listed_once() -> None:
    assert len({city.name for city in CITIES}) == len(CITIES)
    assert len({(town.name, town.state) for town in POSTAL_TOWNS}) == len(POSTAL_TOWNS)
    assert all(re.fullmatch(r"\d{5}", code) for town in POSTAL_TOWNS for code in town.zip_codes)


def test_products_cost_what_their_kind_costs() -> None:
    values = Values(5)
    for _ in range(300):
        product = shop.product(values)
        ranges = [
            (article.low, article.high)
            for department, article in shop.ARTICLES
            if department.name == product.category and article.name in product.name
        ]
        assert any((low - 1) * 100 <= product.price <= high * 100 for low, high in ranges), product


def test_a_household_buys_different_things_of_two_departments() -> None:
    values = Values(6)
    for _ in range(50):
        basket = shop.products(values, 4)
        assert len({p.name for p in basket}) == 4
        assert len({p.category for p in basket}) <= 2


def test_every_review_pattern_has_enough_sayings() -> None:
    for _, praise, complaints in vocabulary_reviews.REVIEWED:
        for patterns in vocabulary_reviews.BY_STARS.values():
            assert all(pattern.count("{praise}") <= len(praise) for pattern in patterns)
            assert all(pattern.count("{complaint}") <= len(complaints) for pattern in patterns)


def test_reference_ranges_lie_within_what_is_believable() -> None:
    for _, analytes in vocabulary_laboratory.PANELS:
        for analyte in analytes:
            assert analyte.low is not None or analyte.high is not None
            assert analyte.least < analyte.most
            assert analyte.low is None or analyte.low < analyte.most
            assert analyte.high is None or analyte.least < analyte.high < analyte.most


def test_payload_texts_cannot_be_taken_for_other_types() -> None:
    """In the free-form part of a reply the types are to be read from the text alone."""
    values = Values(7)
    seen = 0
    for _ in range(40 * len(vocabulary_api.REPLIES)):
        data = MEDIUM["api_response"](values).get("data", {})
        for path, value in checks.nodes(data):
            key = path.rpartition(".")[2]
            assert display_key(key).lower().replace(" ", "_") == key
            assert re.fullmatch(r"[a-z][a-z0-9_]*", key)
            if isinstance(value, str):
                seen += 1
                assert value.lower() not in {"true", "false", "null", "none", "nan", "infinity"}
                with pytest.raises(ValueError):
                    float(value.replace(",", ""))
            else:
                assert isinstance(value, bool | int | float | dict)
        assert 2 <= len(data) <= 5 or not data
    assert seen > 100


# Records


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


# Checks


def bad_example(gold: dict[str, Any], prompt: str | None = None) -> Example:
    return Example("x", "t", "form", print_form("t", "T", gold) if prompt is None else prompt, gold)


BAD_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "day": {"type": "string", "format": "date"},
        "note": {"type": "string"},
        "rows": {"type": "array", "items": {"type": "object", "properties": {"a": {}, "b": {}}}},
        "box": {"type": "object"},
    },
}


@pytest.mark.parametrize(
    ("example", "complaint"),
    [
        (bad_example({"day": "2024-02-30"}), r"\$\.day: '2024-02-30' is not a 'date'"),
        (bad_example({"note": 5}), "is not of type 'string'"),
        (bad_example({"note": " padded"}), "surrounding space"),
        (bad_example({"note": "two\nlines"}), "unprintable"),
        (bad_example({"note": ""}), "is empty"),
        (bad_example({"rows": []}), r"\$\.rows: empty"),
        (bad_example({"box": {}}), r"\$\.box: empty"),
        (bad_example({"rows": [{"a": 1}, {"b": 2}]}), r"\$\.rows\[1\]: lacks the first key"),
        (bad_example({"note": "kept"}, prompt="Note: lost"), "'kept' does not occur"),
    ],
)
def test_every_fault_is_named(example: Example, complaint: str) -> None:
    found = checks.problems(example, BAD_SCHEMA)
    assert len(found) == 1
    assert re.search(complaint, found[0])


@pytest.mark.parametrize(
    ("format_name", "bad"),
    [("date", "2024-02-30"), ("date-time", "2024-05-01T10:00:00"), ("email", "nobody")],
)
def test_the_format_checker_really_knows_the_formats(format_name: str, bad: str) -> None:
    validator = Draft7Validator({"format": format_name}, format_checker=checks.FORMATS)
    assert not validator.is_valid(bad)


def test_jaccard_of_word_8_grams() -> None:
    words = [f"w{n}" for n in range(20)]
    text = checks.shingles(" ".join(words))
    assert len(text) == 13
    assert checks.jaccard(text, text) == 1
    assert checks.jaccard(text, checks.shingles("something else")) == 0
    # One more word at the end: 13 shared 8-grams of 14
    assert checks.jaccard(text, checks.shingles(" ".join([*words, "new"]))) == pytest.approx(13 / 14)


def test_near_copies_are_found_by_name() -> None:
    words = [f"w{n}" for n in range(60)]
    copies = checks.NearCopies()
    copies.add("other", "nothing to see here, please move along, thank you")
    copies.add("original", " ".join(words))
    assert copies.find(" ".join([*words, "more"])) == "original"
    # One word changed in the middle: 45 shared 8-grams of 61
    assert copies.find(" ".join([*words[:30], "changed", *words[31:]])) is None
    assert copies.find(" ".join(reversed(words))) is None


# Splits


def test_a_task_does_not_depend_on_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {task: splits.COUNTS[task] for task in ("rating", "invoice")}
    monkeypatch.setattr(splits, "COUNTS", few)
    together = splits.build()
    monkeypatch.setattr(splits, "COUNTS", {"invoice": few["invoice"]})
    assert splits.build()["invoice"] == together["invoice"]


def test_another_seed_gives_other_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "COUNTS", {"sensor_reading": (5, 2)})
    one, other = splits.build(1)["sensor_reading"], splits.build(2)["sensor_reading"]
    assert {e.prompt for e in one["train"]}.isdisjoint(e.prompt for e in other["train"])
    ids = [f"sensor_reading-test-{number}-{style}" for style in STYLES for number in ("001", "002")]
    assert [e.id for e in one["test"]] == ids


SAME = {"sensor_id": "TH-0421-B", "temperature": 20.5, "timestamp": "2024-05-01T10:00:00Z"}


@pytest.mark.parametrize(
    ("generate", "message"),
    [
        (lambda v: dict(SAME), "sensor_reading-train-002-form: 200 draws in a row were copies"),
        (lambda v: {**SAME, "timestamp": "noon"}, "sensor_reading-train-001-form: .* 'noon' is not a 'date-time'"),
    ],
)
def test_a_poor_generator_is_an_error(
    monkeypatch: pytest.MonkeyPatch, generate: Callable[[Values], dict[str, Any]], message: str
) -> None:
    monkeypatch.setattr(splits, "COUNTS", {"sensor_reading": (5, 2)})
    monkeypatch.setitem(splits.GENERATORS["simple"], "sensor_reading", generate)
    with pytest.raises(DataError, match=message):
        splits.build()


def test_a_test_example_is_no_near_copy_of_a_train_example(monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(values: Values) -> dict[str, Any]:
        words = " ".join(f"word{n}" for n in range(120))
        return {"level": "INFO", "message": f"{words} {values.integer(1, 999)}", "timestamp": "2024-05-01T10:00:00Z"}

    monkeypatch.setitem(splits.GENERATORS["simple"], "log_entry", generate)
    monkeypatch.setattr(splits, "COUNTS", {"log_entry": (3, 0)})
    assert len(splits.build()["log_entry"]["train"]) == 6
    monkeypatch.setattr(splits, "COUNTS", {"log_entry": (3, 1)})
    with pytest.raises(DataError, match="log_entry-test-001-form"):
        splits.build()


def test_a_task_without_generator_is_an_error() -> None:
    with pytest.raises(DataError, match="no generator for task poem"):
        splits.tier_of("poem")


def test_written_files_pass_the_check_until_one_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "COUNTS", {"event_registration": (3, 0), "rating": (4, 2)})
    written = splits.write(tmp_path, seed=7)
    assert len(written) == 6
    assert splits.check(tmp_path, seed=7) == []
    folder = tmp_path / "medium" / "event_registration"
    assert (folder / "test.jsonl").read_bytes() == b""
    row = json.loads((folder / "train.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert list(row) == ["id", "task", "style", "prompt", "gold"]
    (folder / "train.jsonl").write_text("{}\n", encoding="utf-8")
    (tmp_path / "simple" / "rating" / "schema.json").unlink()
    assert splits.check(tmp_path, seed=7) == [
        "medium/event_registration/train.jsonl",
        "simple/rating/schema.json",
    ]
    assert "simple/rating/train.jsonl" in splits.check(tmp_path, seed=8)


def test_at_home_the_schemas_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = shutil.copytree(shipped_root(), tmp_path / "tasks")
    monkeypatch.setattr(splits, "shipped_root", lambda: home)
    monkeypatch.setattr(splits, "COUNTS", {"rating": (4, 2)})
    assert [path.name for path in splits.write(home)] == ["train.jsonl", "test.jsonl"]


def test_files_are_compact_and_keep_their_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "COUNTS", {"contact_info": (30, 0)})
    splits.write(tmp_path)
    text = (tmp_path / "simple" / "contact_info" / "train.jsonl").read_text(encoding="utf-8")
    assert "\\u" not in text
    assert not text.isascii()
    assert text.endswith("]}}\n")
    assert ", " not in re.sub(r'"(\\.|[^"\\])*"', "", text)
    assert text.count("\n") == 60


def test_every_process_writes_the_same_bytes() -> None:
    code = (
        "import hashlib; from edgejson_bench.generation.splits import render;"
        "print(hashlib.sha256(repr(sorted((str(p), t) for p, t in render(5).items())).encode()).hexdigest())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed in ("1", "2")
    ]
    printed = [process.communicate()[0].strip() for process in processes]
    assert printed[0] == printed[1]
    assert len(printed[0]) == hashlib.sha256().digest_size * 2


def test_cents_print_without_noise() -> None:
    assert [cents(amount) for amount in (5, 10, 1999, -3250)] == [0.05, 0.1, 19.99, -32.5]
