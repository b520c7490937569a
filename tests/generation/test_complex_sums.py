"""What should add up in the golds of the complex tasks does, wherever its fields are present."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from edgejson_bench.generation.complex_parts import slug
from tests.generation.complex_golds import FULL, GOLDS, by_task


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def total(amounts: list[float]) -> int:
    """Sum in cents."""
    return sum(round(amount * 100) for amount in amounts)


def column(items: list[dict[str, Any]], key: str) -> list[Any] | None:
    """One field over all items; None where an item lacks it, so that a sum over it says nothing."""
    values = [item[key] for item in items if key in item]
    return values if items and len(values) == len(items) else None


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


def test_some_payments_carry_both_kinds_of_fee() -> None:
    """Otherwise the sum of the two would never be tested."""
    fees = [party.get("fees", {}) for gold in GOLDS["multi_party_transaction"] for party in gold["parties"]]
    assert any(len(fee) == 3 for fee in fees)
