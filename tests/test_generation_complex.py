"""The complex tasks' generators: valid, of moderate size, readable back, and adding up.

Each sum is checked wherever its fields are present: over ordinary seeds, and over objects with every optional field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from edgejson_bench.generation import complex as tasks
from edgejson_bench.generation.complex_parts import MAX_CHARS, MIN_CHARS, email, slug, split_whole, thin
from edgejson_bench.generation.complex_payment_kinds import BANKS
from edgejson_bench.generation.form import display_key, print_form
from edgejson_bench.generation.values import Values, cents

ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT.parent / "shared" / "edgejson_v3" / "schemas" / "complex"
NAMES = tuple(tasks.GENERATORS)
SEEDS = range(60)
FREE_FORM = ("readings", "alert_thresholds", "action_parameters", "details", "custom_fields")


class Everything(Values):
    """A stream in which every optional field is present."""

    def maybe(self, probability: float = 1.0) -> bool:
        return True


def schema_of(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "tasks" / "complex" / name / "schema.json").read_text(encoding="utf-8"))


SCHEMAS = {name: schema_of(name) for name in NAMES}
GOLDS = {name: [tasks.GENERATORS[name](Values(f"{name}/{seed}")) for seed in SEEDS] for name in NAMES}
FULL = {name: [getattr(tasks, name)(Everything(f"{name}/{seed}")) for seed in range(25)] for name in NAMES}

by_task = pytest.mark.parametrize("name", NAMES)


def walk(schema: dict[str, Any], value: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every (sub-schema, value) pair of an object, root first."""
    yield schema, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(schema.get("properties", {}).get(key, {}), item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(schema["items"], item)


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def looks_typed(text: str) -> bool:
    """Whether a reader without a schema would take the text for a number, a boolean or null."""
    if text.strip().lower() in ("", "true", "false", "none", "null"):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def total(amounts: list[float]) -> int:
    """Sum in cents."""
    return sum(round(amount * 100) for amount in amounts)


def column(items: list[dict[str, Any]], key: str) -> list[Any] | None:
    """One field over all items; None where an item lacks it, so that a sum over it says nothing."""
    values = [item[key] for item in items if key in item]
    return values if items and len(values) == len(items) else None


@by_task
def test_gold_is_valid_with_formats(name: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[name])
    validator = Draft7Validator(SCHEMAS[name], format_checker=Draft7Validator.FORMAT_CHECKER)
    for gold in GOLDS[name] + FULL[name]:
        assert [error.message for error in validator.iter_errors(gold)] == []


@by_task
def test_size_is_moderate_and_varied(name: str) -> None:
    sizes = [len(json.dumps(gold, separators=(",", ":"))) for gold in GOLDS[name]]
    assert min(sizes) >= MIN_CHARS
    assert max(sizes) <= MAX_CHARS
    assert max(sizes) > 1.4 * min(sizes)


@by_task
def test_same_stream_same_object_and_no_repeats(name: str) -> None:
    again = [tasks.GENERATORS[name](Values(f"{name}/{seed}")) for seed in range(5)]
    assert json.dumps(again) == json.dumps(GOLDS[name][:5])
    assert len({json.dumps(gold) for gold in GOLDS[name]}) == len(SEEDS)


@by_task
def test_print_can_be_read_back(name: str) -> None:
    """What the form style needs: schema key order, first keys of items, nothing empty, one-line strings."""
    for gold in GOLDS[name] + FULL[name]:
        for schema, value in walk(SCHEMAS[name], gold):
            assert value not in ({}, [], None)
            if isinstance(value, dict) and "properties" in schema:
                order = list(schema["properties"])
                assert list(value) == sorted(value, key=order.index)
            if isinstance(value, list) and "properties" in schema["items"]:
                first = next(iter(schema["items"]["properties"]))
                assert all(next(iter(item)) == first for item in value)
            if isinstance(value, str):
                assert value == " ".join(value.split())
        text = print_form(name, SCHEMAS[name]["title"], gold)
        assert all(str(leaf) in text for leaf in leaves(gold))


@by_task
def test_free_form_values_keep_their_type_in_print(name: str) -> None:
    for gold in GOLDS[name] + FULL[name]:
        for _, value in walk(SCHEMAS[name], gold):
            if not isinstance(value, dict):
                continue
            for key in FREE_FORM:
                entries = value.get(key, {"placeholder": 1})
                assert 1 <= len(entries) <= 4
                for inner, entry in entries.items():
                    assert display_key(inner).lower().replace(" ", "_") == inner
                    assert isinstance(entry, int | float | bool) or not looks_typed(entry)
            condition = value.get("condition_value", 0)
            assert isinstance(condition, int | float | bool) or not looks_typed(condition)


@by_task
def test_schema_matches_the_released_shape_in_its_own_words(name: str) -> None:
    if not RELEASED.is_dir():
        pytest.skip("the released schemas are not beside the project")
    released = json.loads((RELEASED / f"{name}.json").read_text(encoding="utf-8"))

    def shape(node: dict[str, Any]) -> dict[str, Any]:
        kept = {key: node[key] for key in ("type", "format", "enum", "required") if key in node}
        if "properties" in node:
            kept["properties"] = [(key, shape(item)) for key, item in node["properties"].items()]
        if "items" in node:
            kept["items"] = shape(node["items"])
        return kept

    assert shape(SCHEMAS[name]) == shape(released)
    assert SCHEMAS[name]["additionalProperties"] is False
    assert SCHEMAS[name]["description"] != released["description"]


def check_ecommerce(gold: dict[str, Any]) -> None:
    sales = gold["sales_metrics"]
    revenue, orders = sales["total_revenue"], sales["total_orders"]
    if "revenue_by_channel" in sales:
        assert total(list(sales["revenue_by_channel"].values())) == total([revenue])
    assert sales.get("average_order_value", round(revenue / orders, 2)) == pytest.approx(revenue / orders, abs=0.0051)
    assert sales.get("gross_profit", 0) < revenue
    assert sales.get("refunds_total", 0) < 0.1 * revenue
    period = gold["report_period"]
    days = (date.fromisoformat(period["end_date"]) - date.fromisoformat(period["start_date"])).days + 1
    expected = {"daily": (1, 1), "weekly": (7, 7), "monthly": (28, 31), "quarterly": (90, 92), "yearly": (365, 366)}
    low, high = expected[period.get("period_type", "daily")] if "period_type" in period else (1, 366)
    assert low <= days <= high

    customers = gold.get("customer_metrics", {"total_customers": 1})
    assert customers["total_customers"] <= orders
    if {"new_customers", "returning_customers"} <= customers.keys():
        assert customers["new_customers"] + customers["returning_customers"] == customers["total_customers"]
    demographics = customers.get("demographics", {})
    ages = demographics.get("age_groups", {})
    assert sum(ages.values()) <= customers["total_customers"]
    if len(ages) == 5:
        assert sum(ages.values()) == customers["total_customers"]
    regions = demographics.get("top_regions", [])
    assert sum(region.get("customer_count", 0) for region in regions) <= customers["total_customers"]
    assert sum(region.get("revenue", 0) for region in regions) <= revenue

    performance = gold.get("product_performance", {})
    breakdown = performance.get("category_breakdown", [])
    if (amounts := column(breakdown, "revenue")) is not None:
        assert total(amounts) == total([revenue])
    if (units := column(breakdown, "units_sold")) is not None and "total_units_sold" in sales:
        assert sum(units) == sales["total_units_sold"]
    if (shares := column(breakdown, "percentage_of_total")) is not None:
        assert sum(shares) == pytest.approx(100, abs=0.3)
    for category in breakdown:
        if {"revenue", "percentage_of_total"} <= category.keys():
            assert category["percentage_of_total"] == pytest.approx(100 * category["revenue"] / revenue, abs=0.051)
    top = performance.get("top_selling_products", [])
    assert [p["revenue"] for p in top] == sorted((p["revenue"] for p in top), reverse=True)
    assert sum(p["revenue"] for p in top) < revenue

    marketing = gold.get("marketing_metrics", {})
    if "traffic_sources" in marketing and "conversion_rate" in sales:
        visits = sum(marketing["traffic_sources"].values())
        assert 100 * orders / visits == pytest.approx(sales["conversion_rate"], abs=0.006)
    campaigns = marketing.get("campaign_performance", [])
    for campaign in campaigns:
        chain = [campaign[key] for key in ("impressions", "clicks", "conversions") if key in campaign]
        assert chain == sorted(chain, reverse=True)
    costs, earned = column(campaigns, "cost"), column(campaigns, "revenue_attributed")
    if costs is not None and "ad_spend" in marketing:
        assert total(costs) == total([marketing["ad_spend"]])
    if costs is not None and earned is not None and "roas" in marketing:
        assert marketing["roas"] == pytest.approx(sum(earned) / sum(costs), abs=0.0051)


def check_iot(gold: dict[str, Any]) -> None:
    devices = gold["devices"]
    ids = {device["device_id"] for device in devices}
    assert len(ids) == len(devices)
    named = [c["connected_device_id"] for d in devices for c in d.get("connections", [])]
    rules = gold.get("automation_rules", [])
    named += [trigger["device_id"] for rule in rules for trigger in rule.get("triggers", [])]
    named += [action["target_device_id"] for rule in rules for action in rule.get("actions", [])]
    telemetry = gold.get("telemetry_summary", {})
    alerts = telemetry.get("alerts_generated", [])
    named += [alert["device_id"] for alert in alerts if "device_id" in alert]
    assert set(named) <= ids
    assert len({rule["rule_id"] for rule in rules}) == len(rules)
    assert len({alert["alert_id"] for alert in alerts}) == len(alerts)
    for device in devices:
        assert all(c["connected_device_id"] != device["device_id"] for c in device.get("connections", []))
        if device["status"] != "online":
            assert "readings" not in device.get("current_state", {})
    for rule in rules:
        for trigger in rule.get("triggers", []):
            if trigger.get("condition_type") == "value_threshold" and "condition_value" in trigger:
                assert not isinstance(trigger["condition_value"], str)
    if "total_data_points" in telemetry and "average_readings_per_device" in telemetry:
        expected = telemetry["total_data_points"] / len(devices)
        assert telemetry["average_readings_per_device"] == pytest.approx(expected, abs=0.051)
    assert len(alerts) <= telemetry.get("anomalies_detected", len(alerts))
    health = gold.get("network_health", {})
    statuses = [device["status"] for device in devices]
    assert health.get("devices_online", statuses.count("online")) == statuses.count("online")
    assert health.get("devices_offline", statuses.count("offline")) == statuses.count("offline")
    if "overall_status" in health:
        assert (health["overall_status"] == "healthy") == (set(statuses) == {"online"})
    if "last_health_check" in health:
        times = [device["last_seen"] for device in devices if "last_seen" in device]
        times += [rule["last_triggered"] for rule in rules if "last_triggered" in rule]
        times += [alert["timestamp"] for alert in alerts if "timestamp" in alert]
        assert all(moment(time) <= moment(health["last_health_check"]) for time in times)


def check_medical(gold: dict[str, Any]) -> None:
    vitals = gold.get("vitals", {})
    if {"height_cm", "weight_kg", "bmi"} <= vitals.keys():
        assert vitals["bmi"] == round(vitals["weight_kg"] / (vitals["height_cm"] / 100) ** 2, 1)
    ranges = {
        "blood_pressure_systolic": (90, 180),
        "blood_pressure_diastolic": (50, 115),
        "heart_rate": (45, 140),
        "temperature": (36, 40),
        "respiratory_rate": (10, 30),
        "oxygen_saturation": (88, 100),
        "height_cm": (145, 205),
        "weight_kg": (40, 145),
        "bmi": (18, 40),
    }
    assert all(ranges[key][0] <= value <= ranges[key][1] for key, value in vitals.items())
    assert vitals.get("blood_pressure_systolic", 999) - vitals.get("blood_pressure_diastolic", 0) >= 30
    visit = moment(gold["visit_date"])
    if "history_of_present_illness" in gold:
        born = date.fromisoformat(gold["patient"]["date_of_birth"])
        birthday_to_come = (visit.month, visit.day) < (born.month, born.day)
        age = visit.year - born.year - birthday_to_come
        assert gold["history_of_present_illness"].startswith(f"{age}-year-old ")
    assert all(
        moment(order["ordered_timestamp"]) > visit
        for order in gold.get("lab_orders", [])
        if "ordered_timestamp" in order
    )
    kinds = [diagnosis.get("diagnosis_type") for diagnosis in gold["diagnoses"]]
    assert "primary" not in kinds[1:]
    pharmacies = [m["pharmacy"] for m in gold.get("medications", []) if "pharmacy" in m]
    assert all(pharmacy == pharmacies[0] for pharmacy in pharmacies)


def check_transaction(gold: dict[str, Any]) -> None:
    for party in gold["parties"]:
        fees = party.get("fees", {})
        parts = [fees[key] for key in ("processing_fee", "platform_fee") if key in fees]
        if "total_fees" in fees:
            assert total(parts) <= total([fees["total_fees"]])
            if len(parts) == 2:
                assert total(parts) == total([fees["total_fees"]])
    due = total([gold["total_amount"]])
    roles = [party["party_type"] for party in gold["parties"]]
    assert {"sender", "receiver"} <= set(roles)
    for side in ({"sender"}, {"receiver", "intermediary", "platform"}):
        amounts = column([party for party in gold["parties"] if party["party_type"] in side], "amount_involved")
        assert amounts is None or total(amounts) == due
    paid = column(gold.get("payment_methods", []), "amount")
    assert paid is None or total(paid) == due
    history = gold.get("status_history", [])
    times = [moment(item["timestamp"]) for item in history if "timestamp" in item]
    assert times == sorted(times)
    start, end = gold.get("initiation_timestamp"), gold.get("completion_timestamp")
    if start and end:
        assert moment(start) < moment(end)
    if history:
        assert history[0]["status"] == "initiated"
        assert start is None or history[0].get("timestamp", start) == start
        assert end is None or history[-1]["status"] == "completed"
        assert end is None or history[-1].get("timestamp", end) == end
    if end or (history and history[-1]["status"] == "completed"):
        compliance = gold.get("compliance", {})
        assert compliance.get("kyc_verified", True)
        assert compliance.get("aml_checked", True)


def check_organization(gold: dict[str, Any]) -> None:
    people: list[dict[str, Any]] = []
    ids = [department["department_id"] for department in gold["departments"]]
    projects: dict[str, set[str]] = {}
    for department in gold["departments"]:
        people += [department["head"]] if "head" in department else []
        for team in department.get("teams", []):
            ids.append(team["team_id"])
            people += [team["team_lead"]] if "team_lead" in team else []
            people += team.get("members", [])
    for person in people:
        allocation = 0
        for project in person.get("projects", []):
            projects.setdefault(project["project_id"], set()).update(
                [project["project_name"]] if "project_name" in project else []
            )
            allocation += project.get("allocation_percentage", 0)
        assert allocation <= 100
        if "start_date" in person and "founded_date" in gold:
            assert person["start_date"] > gold["founded_date"]
        if "email" in person and "name" in person:
            assert person["email"].split("@")[0] == person["name"].lower().replace(" ", ".").replace("'", ".")
    domains = {person["email"].split("@")[1] for person in people if "email" in person}
    assert len(domains) <= 1
    assert all(domain.startswith(slug(gold["company_name"]) + ".example.") for domain in domains)
    ids += [person["employee_id"] for person in people if "employee_id" in person]
    assert len(ids) == len(set(ids))
    assert all(len(names) <= 1 for names in projects.values())
    assert gold.get("total_employees", len(people)) >= len(people)


CHECKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "ecommerce_analytics": check_ecommerce,
    "iot_device_network": check_iot,
    "medical_encounter": check_medical,
    "multi_party_transaction": check_transaction,
    "nested_organization": check_organization,
}


@by_task
def test_what_should_add_up_does(name: str) -> None:
    for gold in GOLDS[name] + FULL[name]:
        CHECKS[name](gold)


@by_task
def test_every_property_of_the_schema_occurs(name: str) -> None:
    """Nothing in a schema is there for show: each property is filled in some object."""

    def paths(node: dict[str, Any], at: str) -> Iterator[str]:
        for key, item in node.get("properties", {}).items():
            yield f"{at}/{key}"
            yield from paths(item.get("items", item), f"{at}/{key}")

    def present(value: Any, at: str) -> Iterator[str]:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                for key, inner in item.items():
                    yield f"{at}/{key}"
                    yield from present(inner, f"{at}/{key}")

    found = {path for gold in GOLDS[name] for path in present(gold, "")}
    assert set(paths(SCHEMAS[name], "")) <= found


def test_some_payments_carry_both_kinds_of_fee() -> None:
    """Otherwise the sum of the two would never be tested."""
    fees = [party.get("fees", {}) for gold in GOLDS["multi_party_transaction"] for party in gold["parties"]]
    assert any(len(fee) == 3 for fee in fees)


def test_bank_routing_numbers_have_a_valid_check_digit() -> None:
    """ABA: 3, 7, 1 times the nine digits sum to a multiple of ten."""
    for _, routing in BANKS["USD"]:
        assert len(routing) == 9
        assert sum(w * int(d) for w, d in zip((3, 7, 1) * 3, routing, strict=True)) % 10 == 0


def test_parts() -> None:
    v = Values("parts")
    for whole in (3, 100, 987_654):
        for count in (1, 2, 5):
            shares = split_whole(v, whole, count)
            assert sum(shares) == whole
            assert shares == sorted(shares, reverse=True)
    assert cents(1999) == 19.99
    assert email("Ana O'Neil", "acme.example.com") == "ana.o.neil@acme.example.com"
    assert slug("Bauer & Sons, Inc.") == "bauer-sons-inc"
    fields = {"a": 1, "b": None, "c": [], "d": 2}
    assert thin(v, fields, keep=("a",), probability=0.0) == {"a": 1}
    assert len(thin(v, fields, probability=0.0)) == 1
    assert thin(v, fields, probability=1.0) == {"a": 1, "d": 2}
