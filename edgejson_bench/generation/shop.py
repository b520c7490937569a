"""Goods and sums: products of the catalogue, and amounts in cents that add up. No record is put together here."""

from __future__ import annotations

from dataclasses import dataclass

from edgejson_bench.generation.values import Values
from edgejson_bench.generation.vocabulary_places import POSTAL_TOWNS, STREET_KINDS, STREET_NAMES, PostalTown
from edgejson_bench.generation.vocabulary_products import DEPARTMENTS, Article, Department

PRICE_ENDINGS = (99, 99, 95, 50, 49, 0)
"""Cents that shop prices end in, the commonest listed twice."""

ARTICLES = tuple((department, article) for department in DEPARTMENTS for article in department.articles)


@dataclass(frozen=True, slots=True)
class Product:
    """One thing on sale."""

    name: str
    """Brand, article and variant."""
    sku: str
    price: int
    """US cents."""
    category: str


def product(v: Values) -> Product:
    """Something from any department."""
    return _product(v, *v.deal("articles", ARTICLES))


def products(v: Values, count: int) -> list[Product]:
    """``count`` different articles as one customer might buy them together: from at most two departments."""
    shelves = v.random.sample(DEPARTMENTS, 2)
    choice = [(department, article) for department in shelves for article in department.articles]
    return [_product(v, department, article) for department, article in v.random.sample(choice, count)]


def _product(v: Values, department: Department, article: Article) -> Product:
    name = f"{v.pick(department.brands)} {article.name}"
    if article.variants:
        name = f"{name}, {v.pick(article.variants)}"
    letters = "".join(word[0] for word in article.name.upper().replace("-", " ").split() if word[0].isalpha())
    sku = v.code(f"{department.prefix}-{letters}-####")
    price = v.integer(article.low, article.high) * 100 - 100 + v.pick(PRICE_ENDINGS)
    return Product(name, sku, price, department.name)


def quantity(v: Values, price: int) -> int:
    """How many pieces a household buys of something at ``price`` cents: the dearer, the fewer."""
    if price < 2000:
        return v.integer(1, 6)
    if price < 10000:
        return v.integer(1, 3)
    return v.pick((1, 1, 1, 2))


def street(v: Values) -> str:
    """House number and street of a US address, now and then with a flat."""
    line = f"{v.integer(2, 2900)} {v.pick(STREET_NAMES)} {v.pick(STREET_KINDS)}"
    if v.maybe(0.25):
        line = f"{line}, {v.pick(('Apt', 'Unit', 'Suite'))} {v.integer(1, 40)}{v.pick(('', '', 'A', 'B', 'C'))}"
    return line


def town(v: Values) -> PostalTown:
    """A US town with its state and ZIP codes."""
    return v.deal("towns", POSTAL_TOWNS)
