"""What the complex tasks share: thinning of optional fields, exact splits, places, phones, e-mails.

It knows no task and no schema; a generator builds a whole, consistent object and thins it here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from edgejson_bench.generation.values import NESTED_OPTIONAL, Values
from edgejson_bench.records import JsonObject

MIN_CHARS, MAX_CHARS = 700, 2000
"""Compact gold length of a complex example: long enough to be complex, short enough for a laptop's token budget."""


@dataclass(frozen=True, slots=True)
class Place:
    """A real US city, with everything that must agree with it."""

    city: str
    state: str
    postal_code: str
    timezone: str
    area_code: str
    latitude: float
    longitude: float


PLACES = tuple(
    Place(*row)
    for row in (
        ("Portland", "OR", "97205", "America/Los_Angeles", "503", 45.5202, -122.6742),
        ("Seattle", "WA", "98104", "America/Los_Angeles", "206", 47.6038, -122.3301),
        ("Sacramento", "CA", "95814", "America/Los_Angeles", "916", 38.5816, -121.4944),
        ("San Diego", "CA", "92101", "America/Los_Angeles", "619", 32.7157, -117.1611),
        ("Reno", "NV", "89501", "America/Los_Angeles", "775", 39.5296, -119.8138),
        ("Phoenix", "AZ", "85004", "America/Phoenix", "602", 33.4484, -112.0740),
        ("Tucson", "AZ", "85701", "America/Phoenix", "520", 32.2226, -110.9747),
        ("Boise", "ID", "83702", "America/Boise", "208", 43.6150, -116.2023),
        ("Denver", "CO", "80202", "America/Denver", "303", 39.7392, -104.9903),
        ("Albuquerque", "NM", "87102", "America/Denver", "505", 35.0844, -106.6504),
        ("Salt Lake City", "UT", "84101", "America/Denver", "801", 40.7608, -111.8910),
        ("Austin", "TX", "78701", "America/Chicago", "512", 30.2672, -97.7431),
        ("Houston", "TX", "77002", "America/Chicago", "713", 29.7604, -95.3698),
        ("Omaha", "NE", "68102", "America/Chicago", "402", 41.2565, -95.9345),
        ("Minneapolis", "MN", "55401", "America/Chicago", "612", 44.9778, -93.2650),
        ("Madison", "WI", "53703", "America/Chicago", "608", 43.0731, -89.4012),
        ("Chicago", "IL", "60602", "America/Chicago", "312", 41.8781, -87.6298),
        ("Nashville", "TN", "37203", "America/Chicago", "615", 36.1627, -86.7816),
        ("Columbus", "OH", "43215", "America/New_York", "614", 39.9612, -82.9988),
        ("Pittsburgh", "PA", "15222", "America/New_York", "412", 40.4406, -79.9959),
        ("Raleigh", "NC", "27601", "America/New_York", "919", 35.7796, -78.6382),
        ("Atlanta", "GA", "30303", "America/New_York", "404", 33.7490, -84.3880),
        ("Tampa", "FL", "33602", "America/New_York", "813", 27.9506, -82.4572),
        ("Boston", "MA", "02108", "America/New_York", "617", 42.3601, -71.0589),
        ("Burlington", "VT", "05401", "America/New_York", "802", 44.4759, -73.2121),
    )
)


def sized(generate: Callable[[Values], JsonObject]) -> Callable[[Values], JsonObject]:
    """``generate``, drawn again from the same stream until the compact gold has an allowed length."""

    def generate_sized(v: Values) -> JsonObject:
        while True:
            gold = generate(v)
            if MIN_CHARS <= len(json.dumps(gold, separators=(",", ":"), ensure_ascii=False)) <= MAX_CHARS:
                return gold

    return generate_sized


def thin(v: Values, fields: JsonObject, keep: Collection[str] = (), probability: float = NESTED_OPTIONAL) -> JsonObject:
    """``fields`` without some of its optional ones, in the same order.

    Fields named in ``keep`` stay; each other one stays with ``probability``; one always stays, so no
    object is empty. A field whose value is None, an empty object or an empty array has nothing to say and goes.
    """
    filled = {key: value for key, value in fields.items() if value is not None and value != {} and value != []}
    kept = {key for key in filled if key in keep or v.maybe(probability)}
    if not kept:
        kept = {v.pick(list(filled))}
    return {key: value for key, value in filled.items() if key in kept}


def split_whole(v: Values, total: int, parts: int, spread: float = 0.6) -> list[int]:
    """``total`` (units or cents) as ``parts`` whole numbers that sum to it exactly, largest first.

    ``spread`` from 0 (all alike) towards 1 (very unequal).
    """
    weights = [v.number(1 - spread, 1 + spread, 6) for _ in range(parts)]
    shares = [int(total * weight / sum(weights)) for weight in weights]
    shares[0] += total - sum(shares)
    return sorted(shares, reverse=True)


def phone(v: Values, place: Place) -> str:
    """A number in the block kept free for fiction: ``(503) 555-0147``."""
    return f"({place.area_code}) 555-01{v.code('##')}"


def street(v: Values) -> str:
    """Number and name of a street, without a flat: ``4120 Harbor Lane``."""
    return f"{v.integer(100, 9900)} {v.faker.street_name()}"


def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens: ``Bauer & Sons, Inc.`` -> ``bauer-sons-inc``."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))


def email(name: str, domain: str) -> str:
    """The address of a person: ``Ana Ruiz`` at ``example.com`` -> ``ana.ruiz@example.com``."""
    return f"{slug(name).replace('-', '.')}@{domain}"


def person(v: Values) -> str:
    """First and last name, without title or suffix."""
    return f"{v.faker.first_name()} {v.faker.last_name()}"


def unique(make: Callable[[], str], taken: set[str]) -> str:
    """A value of ``make`` that is not in ``taken`` yet; it is added there."""
    while (value := make()) in taken:
        pass
    taken.add(value)
    return value


def unique_code(v: Values, pattern: str, taken: set[str]) -> str:
    """A code of ``pattern`` (see :meth:`Values.code`) that is not in ``taken`` yet; it is added there."""
    return unique(lambda: v.code(pattern), taken)
