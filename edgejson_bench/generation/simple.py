"""The ten simple tasks: flat records of two to five fields."""

from __future__ import annotations

import math
from collections.abc import Callable

from edgejson_bench.generation import people, shop
from edgejson_bench.generation.slots import fill
from edgejson_bench.generation.values import Values, cents, present, timestamp
from edgejson_bench.generation.vocabulary_messages import LOG_MESSAGES, NOTIFICATIONS
from edgejson_bench.generation.vocabulary_places import CITIES
from edgejson_bench.generation.vocabulary_reviews import BY_STARS, HANDLES, REVIEWED
from edgejson_bench.generation.vocabulary_topics import (
    CLIMATES,
    INTERESTS,
    LANGUAGES,
    TAGGED,
    TEAM_ACCOUNTS,
)
from edgejson_bench.records import JsonObject

STAR_CHOICES = (5, 5, 5, 4, 4, 4, 3, 3, 2, 2, 1, 1)
"""Public ratings lean upwards; every star still occurs often enough to be tested."""


def contact_info(v: Values) -> JsonObject:
    """A person with an address derived from the name."""
    somebody = people.person(v)
    return {"name": somebody.name, "email": people.email(v, somebody), "phone": people.phone(v)}


def location(v: Values) -> JsonObject:
    """A point within about a kilometre of a city's centre, with the city's time zone."""
    city = v.deal("cities", CITIES)
    digits = v.pick((4, 5, 6))
    number = str(v.integer(100, 990) if city.timezone.startswith("America/") else v.integer(3, 98))
    street = v.pick(city.streets).replace("#", number)
    address = f"{street}, {city.name}" if city.name == city.region else f"{street}, {city.name}, {city.region}"
    return present(
        {
            "latitude": round(city.latitude + v.number(-0.008, 0.008, digits), digits),
            "longitude": round(city.longitude + v.number(-0.008, 0.008, digits), digits),
            "address": address if v.maybe() else None,
            "timezone": city.timezone if v.maybe() else None,
        }
    )


def log_entry(v: Values) -> JsonObject:
    """A message with the level and the service that it comes from."""
    level, source, message = v.deal("log", LOG_MESSAGES)
    return present(
        {
            "level": level,
            "message": fill(v, message),
            "timestamp": timestamp(v.moment()),
            "source": source if v.maybe() else None,
        }
    )


def notification(v: Values) -> JsonObject:
    """What an app shows, as pressing as its content."""
    title, body, priorities = v.deal("notifications", NOTIFICATIONS)
    return present(
        {
            "title": fill(v, title),
            "body": fill(v, body),
            "timestamp": timestamp(v.moment()) if v.maybe() else None,
            "priority": v.pick(priorities) if v.maybe() else None,
        }
    )


def product_info(v: Values) -> JsonObject:
    """An article with the number and price range of its department."""
    product = shop.product(v)
    stock = v.integer(0, 40) if product.price > 10000 else v.integer(0, 600)
    return present(
        {
            "product_name": product.name,
            "sku": product.sku if v.maybe() else None,
            "price": cents(product.price),
            "quantity": stock,
            "category": product.category if v.maybe() else None,
        }
    )


def rating(v: Values) -> JsonObject:
    """A review whose words agree with its stars."""
    stars = v.deal("stars", STAR_CHOICES)
    return present(
        {
            "rating": stars,
            "review_text": _review(v, stars) if v.maybe() else None,
            "reviewer_name": _signature(v),
            "date": v.day().isoformat() if v.maybe() else None,
        }
    )


def _review(v: Values, stars: int) -> str:
    thing, praise, complaints = v.deal("reviewed", REVIEWED)
    text = v.deal(f"reviews of {stars}", BY_STARS[stars]).replace("{thing}", thing)
    for slot, sayings in (("{praise}", praise), ("{complaint}", complaints)):
        for saying in v.sample(sayings, text.count(slot), text.count(slot)):
            text = text.replace(slot, saying, 1)
    return text


def _signature(v: Values) -> str:
    somebody = people.person(v)
    return v.pick((somebody.name, somebody.name, f"{somebody.first} {somebody.last[0]}.", v.pick(HANDLES)))


def sensor_reading(v: Values) -> JsonObject:
    """A reading that suits the place where the sensor hangs."""
    climate = v.deal("climates", CLIMATES)
    moment = v.moment()
    coldest, warmest = climate.coldest, climate.warmest
    if climate.seasonal:
        summer = (1 - math.cos((moment.month - 1) / 6 * math.pi)) / 2
        middle = coldest + (warmest - coldest) * (0.15 + 0.7 * summer)
        coldest, warmest = middle - 5, middle + 5
    return present(
        {
            "sensor_id": v.code(climate.label),
            "temperature": v.number(coldest, warmest, v.pick((1, 1, 2))),
            "humidity": v.number(climate.driest, climate.dampest, 1) if v.maybe() else None,
            "timestamp": timestamp(moment),
        }
    )


def simple_config(v: Values) -> JsonObject:
    """One combination of settings."""
    return present(
        {
            "theme": v.pick(("light", "dark", "auto")),
            "language": v.deal("languages", LANGUAGES),
            "notifications_enabled": v.maybe(0.5) if v.maybe() else None,
            "font_size": v.pick(("small", "medium", "large")) if v.maybe() else None,
        }
    )


def tag_list(v: Values) -> JsonObject:
    """Labels that suit one kind of content."""
    item, tags = v.deal("tagged", TAGGED)
    account = people.username(v, people.person(v)) if v.maybe(0.75) else v.pick(TEAM_ACCOUNTS)
    return present(
        {
            "item_id": item.format(n=v.code("####")),
            "tags": v.sample(tags, 1, 5),
            "created_by": account if v.maybe() else None,
        }
    )


def user_profile(v: Values) -> JsonObject:
    """A member whose login name derives from a real one."""
    return present(
        {
            "username": people.username(v, people.person(v)),
            "age": v.integer(16, 78),
            "city": v.deal("cities", CITIES).name,
            "preferences": v.sample(INTERESTS, 1, 4) if v.maybe() else None,
        }
    )


GENERATORS: dict[str, Callable[[Values], JsonObject]] = {
    "contact_info": contact_info,
    "location": location,
    "log_entry": log_entry,
    "notification": notification,
    "product_info": product_info,
    "rating": rating,
    "sensor_reading": sensor_reading,
    "simple_config": simple_config,
    "tag_list": tag_list,
    "user_profile": user_profile,
}
"""One generator per task."""
