"""Values, and the sources they are drawn from: vocabularies, people, places, products."""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime, timedelta

import pytest

from edgejson_bench.generation import (
    checks,
    people,
    shop,
    slots,
    vocabulary_api,
    vocabulary_business,
    vocabulary_laboratory,
    vocabulary_mail,
    vocabulary_meetings,
    vocabulary_messages,
    vocabulary_reviews,
    vocabulary_tickets,
)
from edgejson_bench.generation.form import display_key
from edgejson_bench.generation.medium import GENERATORS as MEDIUM
from edgejson_bench.generation.values import Values, cents, present, share, timestamp
from edgejson_bench.generation.vocabulary_places import CITIES, POSTAL_TOWNS

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


def test_cents_print_without_noise() -> None:
    assert [cents(amount) for amount in (5, 10, 1999, -3250)] == [0.05, 0.1, 19.99, -32.5]


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
