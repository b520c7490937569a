"""Gates over the files in ``tasks/``: counts, validity, sums, no copies, and that the seed still gives them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from edgejson_bench.copies import NearCopies
from edgejson_bench.generation import checks, splits
from edgejson_bench.generation.form import print_form
from edgejson_bench.jsonio import canonical
from edgejson_bench.records import TIERS, Example, JsonObject
from edgejson_bench.tasks import SPLITS, STYLES, Dataset, load_shipped, shipped_root

ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT.parent / "shared" / "edgejson_v3"


@pytest.fixture(scope="module")
def shipped() -> Dataset:
    return load_shipped()


@pytest.fixture(scope="module")
def examples(shipped: Dataset) -> list[Example]:
    return [example for split in ("train", "test") for example in shipped.split(split)]


# Counts and names


def test_there_are_as_many_examples_as_in_edgejson_v3(shipped: Dataset) -> None:
    for style in STYLES:
        counts = {split: Counter(e.task for e in shipped.split(split) if e.style == style) for split in SPLITS}
        assert {task: (counts["train"][task], counts["test"][task]) for task in shipped.tasks} == splits.COUNTS
        assert (counts["train"].total(), counts["test"].total()) == (629, 158)


def test_tiers_hold_their_share(shipped: Dataset) -> None:
    assert Counter(task.tier for task in shipped.tasks.values()) == {"simple": 10, "medium": 10, "complex": 5}
    for style in STYLES:
        in_test = Counter(shipped.tier(example) for example in shipped.split("test") if example.style == style)
        assert in_test == {"simple": 76, "medium": 57, "complex": 25}


def test_ids_say_where_an_example_belongs(shipped: Dataset) -> None:
    for split in ("train", "test"):
        numbers: Counter[tuple[str, str]] = Counter()
        for example in shipped.split(split):
            numbers[example.task, example.style] += 1
            number = numbers[example.task, example.style]
            assert example.id == f"{example.task}-{split}-{number:03d}-{example.style}"


def test_the_seed_gives_these_very_files() -> None:
    differing = splits.check(shipped_root())
    assert differing == [], "run `edgejson-bench generate` and look at what changed"


# Validity


def test_every_example_is_sound(shipped: Dataset, examples: list[Example]) -> None:
    """Valid with formats, no empty containers, every item with its first key; in form, every value in the prompt."""
    check = {"form": checks.problems, "prose": checks.gold_problems}
    faults = {e.id: found for e in examples if (found := check[e.style](e, shipped.tasks[e.task].schema or {}))}
    assert faults == {}


def test_the_form_prompt_is_the_print_of_the_gold(shipped: Dataset, examples: list[Example]) -> None:
    for example in (e for e in examples if e.style == "form"):
        assert example.prompt == print_form(example.task, shipped.tasks[example.task].title, example.gold)


def test_an_array_item_whose_first_key_is_missing_would_be_noticed(shipped: Dataset) -> None:
    invoice = next(e for e in shipped.split("test") if e.task == "invoice")
    item = {key: value for key, value in invoice.gold["line_items"][0].items() if key != "description"}
    headless = list(checks.headless({"line_items": [item]}, shipped.tasks["invoice"].schema or {}))
    assert headless == ["$.line_items[0]"]


# Copies


def test_nothing_is_there_twice(examples: list[Example]) -> None:
    """But for the golds of the test split, which each style says once."""
    own = [e for e in examples if e.style == "form" or e.id.split("-")[1] == "train"]
    for texts in ([e.id for e in examples], [e.prompt for e in examples], [canonical(e.gold) for e in own]):
        repeated = [text for text, count in Counter(texts).items() if count > 1]
        assert repeated == []


def test_no_test_prompt_is_a_near_copy_of_any_train_prompt(shipped: Dataset) -> None:
    train = NearCopies()
    for example in shipped.split("train"):
        train.add(example.id, example.prompt)
    copies = {e.id: train.find(e.prompt) for e in shipped.split("test")}
    assert [pair for pair in copies.items() if pair[1] is not None] == []


# Sums, in decimal arithmetic of their own


def money(value: float) -> Decimal:
    return Decimal(str(value))


def half_up(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


Pairs = Iterator[tuple[Any, Any]]
"""What a record states, and what follows from its parts."""


def complete(rows: list[JsonObject], key: str) -> bool:
    return all(key in row for row in rows)


def invoice_sums(gold: JsonObject) -> Pairs:
    subtotal = Decimal(0)
    for line in gold["line_items"]:
        amount = line["quantity"] * money(line["unit_price"])
        subtotal += amount
        yield money(line.get("total", amount)), amount
    yield money(gold.get("subtotal", subtotal)), subtotal
    yield money(gold["total_amount"]), subtotal + money(gold.get("tax", 0))


def order_sums(gold: JsonObject) -> Pairs:
    yield money(gold["total_amount"]), sum(item["quantity"] * money(item["price"]) for item in gold["items"])


def cart_sums(gold: JsonObject) -> Pairs:
    subtotal = sum(
        half_up(i["quantity"] * money(i["price"]) * (100 - money(i.get("discount_percentage", 0))) / 100)
        for i in gold["items"]
    )
    yield money(gold.get("subtotal", subtotal)), subtotal
    yield money(gold["total"]), subtotal + money(gold.get("shipping_cost", 0)) + money(gold.get("tax", 0))


def analytics_sums(gold: JsonObject) -> Pairs:
    sales = gold["sales_metrics"]
    if channels := sales.get("revenue_by_channel"):
        yield money(sales["total_revenue"]), sum(map(money, channels.values()))
    if "average_order_value" in sales:
        mean = money(sales["total_revenue"]) / sales["total_orders"]
        yield abs(money(sales["average_order_value"]) - mean) <= Decimal("0.005"), True
    customers = gold.get("customer_metrics", {})
    if {"new_customers", "returning_customers"} <= set(customers):
        yield customers["total_customers"], customers["new_customers"] + customers["returning_customers"]
    categories = gold.get("product_performance", {}).get("category_breakdown", [])
    if categories and complete(categories, "revenue"):
        yield money(sales["total_revenue"]), sum(money(row["revenue"]) for row in categories)
    if categories and complete(categories, "units_sold") and "total_units_sold" in sales:
        yield sales["total_units_sold"], sum(row["units_sold"] for row in categories)
    marketing = gold.get("marketing_metrics", {})
    campaigns = marketing.get("campaign_performance", [])
    if campaigns and complete(campaigns, "cost") and "ad_spend" in marketing:
        yield money(marketing["ad_spend"]), sum(money(row["cost"]) for row in campaigns)


def payment_sums(gold: JsonObject) -> Pairs:
    total = money(gold["total_amount"])
    parties = gold["parties"]
    for party in parties:
        fees = party.get("fees", {})
        if set(fees) == {"processing_fee", "platform_fee", "total_fees"}:
            yield money(fees["total_fees"]), money(fees["processing_fee"]) + money(fees["platform_fee"])
    for sides in (("sender",), ("receiver", "intermediary", "platform")):
        side = [party for party in parties if party["party_type"] in sides]
        if complete(side, "amount_involved"):
            yield total, sum(money(party["amount_involved"]) for party in side)
    methods = gold.get("payment_methods", [])
    if methods and complete(methods, "amount"):
        yield total, sum(money(method["amount"]) for method in methods)


def device_sums(gold: JsonObject) -> Pairs:
    telemetry = gold.get("telemetry_summary", {})
    if {"total_data_points", "average_readings_per_device"} <= set(telemetry):
        mean = Decimal(telemetry["total_data_points"]) / len(gold["devices"])
        yield abs(money(telemetry["average_readings_per_device"]) - mean) <= Decimal("0.05"), True
    health = gold.get("network_health", {})
    statuses = [device.get("status") for device in gold["devices"]]
    if None not in statuses:
        for status in ("online", "offline"):
            yield health.get(f"devices_{status}", statuses.count(status)), statuses.count(status)


def body_mass_index(gold: JsonObject) -> Pairs:
    vitals = gold.get("vitals", {})
    if {"height_cm", "weight_kg", "bmi"} <= set(vitals):
        index = money(vitals["weight_kg"]) / (money(vitals["height_cm"]) / 100) ** 2
        yield abs(money(vitals["bmi"]) - index) <= Decimal("0.0501"), True


SUMS: dict[str, Callable[[JsonObject], Pairs]] = {
    "invoice": invoice_sums,
    "order_details": order_sums,
    "shopping_cart": cart_sums,
    "ecommerce_analytics": analytics_sums,
    "multi_party_transaction": payment_sums,
    "iot_device_network": device_sums,
    "medical_encounter": body_mass_index,
}


@pytest.mark.parametrize("task", SUMS)
def test_derived_values_follow_from_their_parts(task: str, examples: list[Example]) -> None:
    found = [(e.id, stated, sums) for e in examples if e.task == task for stated, sums in SUMS[task](e.gold)]
    assert found, "no record states a sum, so nothing was tested"
    assert [row for row in found if row[1] != row[2]] == []


# Schemas


def test_schemas_are_draft_7_closed_and_described(shipped: Dataset) -> None:
    titles = set()
    for task in shipped.tasks.values():
        schema = task.schema or {}
        Draft7Validator.check_schema(schema)
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
        assert schema["additionalProperties"] is False
        assert schema["description"]
        assert set(schema["required"]) <= set(schema["properties"])
        titles.add(schema["title"])
    assert len(titles) == 25


def test_schema_files_are_laid_out_alike() -> None:
    for path in sorted(shipped_root().glob("*/*/schema.json")):
        text = path.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n", path.name


def structure(schema: Any) -> Any:
    """What makes records interchangeable: names and order of properties, types, enums, formats, required lists."""
    kept = {key: schema[key] for key in ("type", "enum", "format") if key in schema}
    kept["required"] = sorted(schema.get("required", []))
    if "properties" in schema:
        kept["properties"] = [(name, structure(child)) for name, child in schema["properties"].items()]
    if "items" in schema:
        kept["items"] = structure(schema["items"])
    return kept


def descriptions(schema: Any) -> Iterator[str]:
    """Every description, lower case. A property may be *called* description: only text counts."""
    if isinstance(schema.get("description"), str):
        yield schema["description"].lower()
    for child in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        yield from descriptions(child)


@pytest.mark.skipif(not RELEASED.is_dir(), reason="the released schemas are not beside this checkout")
def test_schemas_have_the_released_structure_in_our_own_words(shipped: Dataset) -> None:
    released = {path.stem: path for path in RELEASED.glob("schemas/*/*.json")}
    assert sorted(released) == sorted(shipped.tasks)
    for name, path in released.items():
        task, theirs = shipped.tasks[name], json.loads(path.read_text(encoding="utf-8"))
        assert task.tier == path.parent.name
        assert task.tier in TIERS
        assert structure(task.schema) == structure(theirs), name
        assert set(descriptions(task.schema)).isdisjoint(descriptions(theirs)), name
