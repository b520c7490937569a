"""Sales reports of one shop over one period, built bottom-up from its products.

What adds up, to the cent and unit, wherever the fields involved are present:
``revenue_by_channel`` = ``total_revenue``; ``average_order_value`` = ``total_revenue`` / ``total_orders``;
new + returning = ``total_customers``; all five ``age_groups`` = ``total_customers``; ``category_breakdown``
revenue and units = the totals, its percentages = revenue / ``total_revenue``; ``traffic_sources`` =
``total_orders`` / ``conversion_rate``; campaign ``cost`` = ``ad_spend``, campaign revenue / ``ad_spend`` = ``roas``.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from edgejson_bench.generation.complex_parts import split_whole, thin
from edgejson_bench.generation.complex_shop_catalogue import CAMPAIGNS, CATALOGUES, REGIONS
from edgejson_bench.generation.values import TOP_LEVEL_OPTIONAL, Values, cents
from edgejson_bench.records import JsonObject

CHANNELS = ("website", "mobile_app", "marketplace", "physical_store")
DAYS = {"daily": 1, "weekly": 7, "monthly": 30, "quarterly": 91, "yearly": 365}


@dataclass(frozen=True, slots=True)
class _Category:
    name: str
    units: int
    cents: int
    products: tuple[tuple[str, int, int], ...]
    """(name, units, cents), a part of the category's sales."""


@dataclass(frozen=True, slots=True)
class _Totals:
    orders: int
    units: int
    cents: int
    customers: int
    visits: int


def ecommerce_analytics(v: Values) -> JsonObject:
    """One report: sales always, the other sections as they come."""
    period_type = v.pick(tuple(DAYS))
    start, end = _period(period_type, v.day())
    orders = int(v.integer(60, 240) * DAYS[period_type] * v.number(0.8, 1.2, 3))
    categories = _categories(v, int(orders * v.number(1.3, 2.2, 3)))
    revenue = sum(c.cents for c in categories)
    conversion = v.number(1.4, 4.6, 2)
    totals = _Totals(
        orders=orders,
        units=sum(c.units for c in categories),
        cents=revenue,
        customers=int(orders * v.number(0.62, 0.94, 3)),
        visits=round(orders / conversion * 100),
    )
    report = {
        "report_id": f"ECR-{end.year}-{v.code('?####')}",
        "report_period": thin(
            v,
            {"start_date": start.isoformat(), "end_date": end.isoformat(), "period_type": period_type},
            keep=("start_date", "end_date"),
        ),
        "sales_metrics": _sales(v, totals, conversion),
        "customer_metrics": _customers(v, totals),
        "product_performance": _products(v, totals, categories),
        "marketing_metrics": _marketing(v, totals, period_type),
        "trends": _trends(v, totals),
    }
    return thin(v, report, ("report_id", "report_period", "sales_metrics"), TOP_LEVEL_OPTIONAL)


def _period(period_type: str, day: date) -> tuple[date, date]:
    """First and last day of the calendar period that holds ``day``; weeks run from Monday to Sunday."""
    if period_type == "daily":
        return day, day
    if period_type == "weekly":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    months = {"monthly": 1, "quarterly": 3, "yearly": 12}[period_type]
    first = (day.month - 1) // months * months + 1
    last = first + months - 1
    return date(day.year, first, 1), date(day.year, last, monthrange(day.year, last)[1])


def _categories(v: Values, units: int) -> list[_Category]:
    """Categories whose units sum to ``units``; each one's named products are part of its sales."""
    catalogue = v.pick(CATALOGUES)
    names = v.sample(tuple(catalogue), 3, 4)
    categories = []
    for name, share in zip(names, split_whole(v, units, len(names)), strict=True):
        products = v.sample(catalogue[name], 3, 3)
        # The last share is what the category's other products sold, at the middle price of the named ones.
        *named, rest = split_whole(v, share, len(products) + 1, spread=0.7)
        sold = tuple((product, n, n * price) for (product, price), n in zip(products, named, strict=True))
        middle = sorted(price for _, price in products)[len(products) // 2]
        categories.append(_Category(name, share, sum(c for _, _, c in sold) + rest * middle, sold))
    return categories


def _sales(v: Values, totals: _Totals, conversion: float) -> JsonObject:
    channels = sorted(v.sample(CHANNELS, 2, 4), key=CHANNELS.index)
    by_channel = dict(zip(channels, map(cents, split_whole(v, totals.cents, len(channels), 0.8)), strict=True))
    sales = {
        "total_revenue": cents(totals.cents),
        "total_orders": totals.orders,
        "average_order_value": round(totals.cents / totals.orders / 100, 2),
        "total_units_sold": totals.units,
        "gross_profit": cents(int(totals.cents * v.number(0.28, 0.52, 4))),
        "refunds_total": cents(int(totals.cents * v.number(0.01, 0.06, 4))),
        "revenue_by_channel": by_channel,
        "conversion_rate": conversion,
    }
    return thin(v, sales, keep=("total_revenue", "total_orders"))


def _customers(v: Values, totals: _Totals) -> JsonObject:
    new = int(totals.customers * v.number(0.18, 0.52, 3))
    groups = ("25_34", "35_44", "18_24", "45_54", "55_plus")  # in the usual order of size for a web shop
    ages = dict(zip(groups, split_whole(v, totals.customers, len(groups), 0.5), strict=True))
    age_groups = thin(v, {key: ages[key] for key in sorted(ages)})
    customers = {
        "total_customers": totals.customers,
        "new_customers": new,
        "returning_customers": totals.customers - new,
        "customer_lifetime_value": cents(int(totals.cents / totals.orders * v.number(2.2, 6.5, 3))),
        "churn_rate": v.number(1.5, 9.5, 1),
        "demographics": thin(v, {"age_groups": age_groups, "top_regions": _regions(v, totals)}),
    }
    return thin(v, customers, keep=("total_customers",))


def _regions(v: Values, totals: _Totals) -> list[JsonObject]:
    names = v.sample(v.pick(REGIONS), 2, 4)
    counts = split_whole(v, int(totals.customers * v.number(0.4, 0.7, 3)), len(names))
    return [
        thin(
            v,
            {
                "region": name,
                "customer_count": count,
                "revenue": cents(int(totals.cents * count / totals.customers * v.number(0.9, 1.1, 3))),
            },
            keep=("region",),
        )
        for name, count in zip(names, counts, strict=True)
    ]


def _products(v: Values, totals: _Totals, categories: list[_Category]) -> JsonObject:
    sold = [(category.name, *product) for category in categories for product in category.products]
    best = sorted(sold, key=lambda row: -row[3])[: v.integer(3, 5)]
    top = []
    for category, name, units, amount in best:
        reorder = 10 * v.integer(2, 20)
        stock = {
            "current_stock": v.integer(reorder // 2, reorder * 5),
            "reorder_point": reorder,
            "pending_orders": v.integer(0, max(2, units // 20)),
        }
        product = {
            "product_id": f"SKU-{v.code('?#####')}",
            "product_name": name,
            "category": category,
            "units_sold": units,
            "revenue": cents(amount),
            "profit_margin": v.number(18, 62, 1),
            "inventory_status": thin(v, stock, keep=("current_stock",)),
        }
        top.append(thin(v, product, keep=("product_id", "product_name", "units_sold", "revenue")))
    breakdown = [
        thin(
            v,
            {
                "category_name": category.name,
                "revenue": cents(category.cents),
                "units_sold": category.units,
                "percentage_of_total": round(category.cents / totals.cents * 100, 1),
            },
            keep=("category_name",),
        )
        for category in sorted(categories, key=lambda c: -c.cents)
    ]
    return thin(v, {"top_selling_products": top, "category_breakdown": breakdown})


def _marketing(v: Values, totals: _Totals, period_type: str) -> JsonObject:
    order_cents = totals.cents / totals.orders
    spend = attributed = 0
    campaigns = []
    for name in v.sample(CAMPAIGNS[period_type], 2, 4):
        conversions = max(2, int(totals.orders * v.number(0.03, 0.1, 4)))
        revenue = int(conversions * order_cents * v.number(0.85, 1.15, 3))
        cost = int(revenue / v.number(2.2, 6.0, 3))
        clicks = int(conversions / v.number(0.02, 0.05, 4))
        spend, attributed = spend + cost, attributed + revenue
        campaign = {
            "campaign_name": name,
            "impressions": int(clicks / v.number(0.008, 0.035, 4)),
            "clicks": clicks,
            "conversions": conversions,
            "cost": cents(cost),
            "revenue_attributed": cents(revenue),
        }
        campaigns.append(thin(v, campaign, keep=("campaign_name",)))
    sources = ("organic", "paid_search", "social", "email", "direct")
    chosen = sorted(v.sample(sources, 3, 5), key=sources.index)
    visits = split_whole(v, totals.visits, len(chosen), 0.5)
    marketing = {
        "ad_spend": cents(spend),
        "roas": round(attributed / spend, 2),
        "traffic_sources": dict(zip(chosen, visits, strict=True)),
        "campaign_performance": campaigns,
    }
    return thin(v, marketing)


def _trends(v: Values, totals: _Totals) -> JsonObject:
    growth = v.number(-9, 24, 1)
    predictions = {
        "next_period_revenue": cents(int(totals.cents * (1 + growth / 100) * v.number(0.97, 1.03, 3))),
        "confidence_level": v.integer(70, 95),
    }
    trends = {
        "revenue_growth_percentage": growth,
        "customer_growth_percentage": round(growth * v.number(0.3, 0.9, 2) + v.number(-1, 2, 1), 1),
        "predictions": thin(v, predictions, keep=("next_period_revenue",)),
    }
    return thin(v, trends)
