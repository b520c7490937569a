"""People and how to reach them: names, e-mail addresses and account names that derive from them, phones.

Addresses use only reserved domains (RFC 2606) and phones only ranges set aside for fiction.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from edgejson_bench.generation.values import Values

# Faker speaks American here; these names keep accents, particles and hyphens in the data.
INTERNATIONAL_NAMES = (
    ("Aïcha", "Benali"), ("Anneliese", "Krüger"), ("Ayumi", "Nakagawa"), ("Björn", "Lindqvist"),
    ("Chiara", "De Luca"), ("Chukwuemeka", "Obi"), ("Dmitri", "Volkov"), ("Elif", "Yıldız"),
    ("Esther", "Wanjiru"), ("Fatima", "Al-Sayed"), ("François", "Lefèvre"), ("Giulia", "Ferraro"),
    ("Hye-jin", "Park"), ("Ingrid", "Sørensen"), ("Ivana", "Horvat"), ("Jean-Luc", "Moreau"),
    ("João", "Pereira"), ("Kateřina", "Nováková"), ("Kwame", "Asante"), ("Lakshmi", "Raghavan"),
    ("Lars", "van den Berg"), ("Leila", "Haddad"), ("Lucía", "Fernández"), ("Małgorzata", "Wiśniewska"),
    ("María José", "Álvarez"), ("Mateus", "Conceição"), ("Mehmet", "Şahin"), ("Minh", "Nguyen"),
    ("Ngozi", "Adeyemi"), ("Niamh", "O'Sullivan"), ("Oskar", "Jóhannsson"), ("Oluwaseun", "Bankole"),
    ("Pilar", "Ibáñez"), ("Priya", "Chandrasekaran"), ("Rahel", "Tesfaye"), ("Sanne", "de Vries"),
    ("Sinéad", "Gallagher"), ("Søren", "Kjær"), ("Takeshi", "Morimoto"), ("Thandiwe", "Dlamini"),
    ("Tomasz", "Zieliński"), ("Wei", "Zhang"), ("Xavier", "Roussel"), ("Zoltán", "Szabó"),
)  # fmt: skip
INTERNATIONAL_SHARE = 0.25

PUBLIC_DOMAINS = ("example.com", "example.org", "example.net")

FREELY_SPELT = str.maketrans({"ø": "o", "ł": "l", "ı": "i", "æ": "ae", "ß": "ss", "Ø": "O"})

US_AREA_CODES = (
    "206", "212", "213", "214", "303", "305", "312", "313", "404", "412", "415", "503", "504", "512", "602",
    "612", "615", "617", "619", "702", "713", "718", "801", "808", "813", "901", "907", "916", "919", "971",
)  # fmt: skip
PHONE_PATTERNS = (
    "({area}) 555-01##",
    "{area}-555-01##",
    "+1 {area} 555 01##",
    "+1 ({area}) 555-01##",
    "+1-{area}-555-01##",
    "1 {area} 555-01##",
    "{area} 555 01##",
    "+44 20 7946 0###",
    "020 7946 0###",
    "+44 161 496 0###",
    "+44 7700 900###",
    "+61 2 5550 ####",
    "+61 3 7010 ####",
    "+33 1 99 00 ## ##",
    "01 99 00 ## ##",
    "+49 30 23125 ###",
    "+353 20 915 0###",
)


@dataclass(frozen=True, slots=True)
class Person:
    """A first and a last name."""

    first: str
    last: str

    @property
    def name(self) -> str:
        """Both, as people write it."""
        return f"{self.first} {self.last}"


def person(v: Values) -> Person:
    """Somebody, most often from Faker's American names."""
    if v.maybe(INTERNATIONAL_SHARE):
        return Person(*v.deal("people", INTERNATIONAL_NAMES))
    return Person(v.faker.first_name(), v.faker.last_name())


def people(v: Values, count: int) -> list[Person]:
    """``count`` persons, no two of the same name."""
    found: dict[str, Person] = {}
    while len(found) < count:
        somebody = person(v)
        found.setdefault(somebody.name, somebody)
    return list(found.values())


def slug(text: str, separator: str = "") -> str:
    """ASCII letters and digits alone, lower case: ``María José`` -> ``mariajose``."""
    plain = unicodedata.normalize("NFKD", text.translate(FREELY_SPELT)).encode("ascii", "ignore").decode()
    return separator.join(re.findall(r"[a-z0-9]+", plain.lower().replace("'", "")))


def email(v: Values, somebody: Person, domain: str | None = None) -> str:
    """An address that spells the person's name; at a public mailbox unless a work ``domain`` is given."""
    first, last = slug(somebody.first), slug(somebody.last)
    if domain is not None:
        return f"{first}.{last}@{domain}"
    local = v.pick(
        (
            f"{first}.{last}",
            f"{first}.{last}",
            f"{first[0]}{last}",
            f"{first}{last}{v.integer(1, 99)}",
            f"{first}_{last}",
            f"{last}.{first[0]}",
            f"{first}.{last}{v.integer(1961, 2004)}",
            f"{first[0]}.{last}",
        )
    )
    return f"{local}@{v.pick(PUBLIC_DOMAINS)}"


def work_domain(company: str) -> str:
    """A company's own domain under a reserved one: ``Vaughn-Hatfield`` -> ``vaughn-hatfield.example.com``."""
    words = [word for word in slug(company, " ").split() if word not in {"and", "inc", "llc", "ltd", "plc", "group"}]
    return f"{'-'.join(words[:2])}.example.com"


def username(v: Values, somebody: Person) -> str:
    """A login name that somebody of that name might choose."""
    first, last = slug(somebody.first), slug(somebody.last)
    return v.pick(
        (
            f"{first}{last[0]}{v.integer(2, 99)}",
            f"{first}_{last}",
            f"{first[0]}{last}",
            f"{first}.{last[:3]}",
            f"{last}{first[0]}{v.integer(70, 99)}",
            f"{v.pick(NICKNAMES)}_{first}",
            f"{first}_{v.pick(PASTIMES)}",
            f"{v.pick(NICKNAMES)}{last}",
        )
    )


NICKNAMES = ("the_real", "mr", "captain", "just", "hey", "coach", "dj", "its", "professor", "little", "lazy", "nordic")
PASTIMES = ("runs", "bakes", "codes", "reads", "hikes", "draws", "on_bikes", "outdoors", "plays", "sails", "knits")


def phone(v: Values) -> str:
    """A phone number in one of the spellings in common use."""
    return v.code(v.deal("phones", PHONE_PATTERNS).format(area=v.pick(US_AREA_CODES)))


def company(v: Values) -> str:
    """A firm's name."""
    if v.maybe(0.5):
        return f"{v.deal('firms', FIRM_NAMES)} {v.pick(FIRM_TRADES)}"
    return v.faker.company()


FIRM_NAMES = (
    "Alder & Finch", "Bluewater", "Bright Harbor", "Cedar Ridge", "Clearfield", "Corvid", "Dunmore", "Eastgate",
    "Fairbanks", "Fjordline", "Glasshouse", "Halcyon", "Heron Bay", "Ironbridge", "Juniper", "Kestrel", "Lantern",
    "Larkspur", "Meridian", "Millbrook", "Northfold", "Oakhurst", "Pennywhistle", "Pinnacle", "Quarry Hill",
    "Redwing", "Riverbend", "Saltmarsh", "Silver Birch", "Stonecrop", "Summit", "Tidewater", "Umbra", "Vantage",
    "Westerly", "Whitcombe", "Wolfsburg Road", "Yarrow",
)  # fmt: skip
FIRM_TRADES = (
    "Analytics", "Architects", "Bakery Co.", "Builders", "Capital", "Clinics", "Dental", "Design Studio", "Energy",
    "Engineering", "Farms", "Fitness", "Foods", "Freight", "Hotels", "Labs", "Logistics", "Media", "Motors",
    "Outfitters", "Partners", "Pharmacy", "Press", "Properties", "Robotics", "Schools", "Software", "Textiles",
    "Travel", "Veterinary",
)  # fmt: skip
