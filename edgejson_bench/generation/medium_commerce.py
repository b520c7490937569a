"""Medium tasks about money: invoice, order, cart and bank transaction. Sums are taken in cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from edgejson_bench.generation import people, shop
from edgejson_bench.generation.slots import fill, month_name
from edgejson_bench.generation.values import NESTED_OPTIONAL, Values, cents, present, share, timestamp
from edgejson_bench.generation.vocabulary_business import (
    BANKS,
    CURRENCIES,
    FEES,
    INCOME,
    INVOICE_NUMBERS,
    MERCHANTS,
    PERCENT_COUPONS,
    REFUNDERS,
    SHIPPING_COUPONS,
    TAX_RATES,
    TRADES,
    TRANSFERS,
)
from edgejson_bench.records import JsonObject

LINES = (1, 2, 2, 3, 3, 4)
"""How many lines an invoice, order or cart has."""
CARRIER_RATES = (399, 495, 599, 690, 799, 950, 1299)
"""Shipping in cents."""
CART_TAX_RATES = (400, 600, 625, 700, 725, 825, 888)
"""US sales taxes in hundredths of a percent."""


def invoice(v: Values) -> JsonObject:
    """One firm's bill: lines of a single trade; ``total_amount`` is their sum plus tax, if tax is shown."""
    issued = v.day(2022, 2025)
    due = issued + timedelta(days=v.pick((7, 14, 14, 30, 30, 45, 60)))
    subtotal = 0
    lines = []
    trade = v.deal("trades", TRADES)
    for work in v.random.sample(trade, min(v.pick(LINES), len(trade))):
        quantity = v.integer(*work.quantities)
        price = v.integer(round(work.prices[0] * 100), round(work.prices[1] * 100))
        if price > 2000:
            price -= price % 50
        subtotal += quantity * price
        lines.append(
            present(
                {
                    "description": fill(v, work.description, month=month_name(issued)),
                    "quantity": quantity,
                    "unit_price": cents(price),
                    "total": cents(quantity * price) if v.maybe(NESTED_OPTIONAL) else None,
                }
            )
        )
    tax = share(subtotal, v.pick(TAX_RATES)) if v.maybe() else None
    has_due_date = v.maybe()
    # Only a bill that says when it was due can be seen to be overdue.
    statuses = ("unpaid", "partial", "paid", "overdue") if has_due_date else ("unpaid", "partial", "paid")
    return present(
        {
            "invoice_number": v.code(v.deal("invoice numbers", INVOICE_NUMBERS).format(year=issued.year)),
            "invoice_date": issued.isoformat(),
            "due_date": due.isoformat() if has_due_date else None,
            "customer_name": people.company(v) if v.maybe(0.85) else people.person(v).name,
            "line_items": lines,
            "subtotal": cents(subtotal) if v.maybe() else None,
            "tax": None if tax is None else cents(tax),
            "total_amount": cents(subtotal + (tax or 0)),
            "payment_status": v.pick(statuses) if v.maybe() else None,
        }
    )


def order_details(v: Values) -> JsonObject:
    """A household's order; ``total_amount`` is the sum of quantity x price."""
    customer = people.person(v)
    total = 0
    items = []
    for product in shop.products(v, v.pick(LINES)):
        quantity = shop.quantity(v, product.price)
        total += quantity * product.price
        items.append({"product_name": product.name, "quantity": quantity, "price": cents(product.price)})
    return present(
        {
            "order_id": v.code(v.pick(("ORD-######", "SO-#####", "W########", "###-#######-####", "ORD-####-??"))),
            "customer_name": customer.name,
            "customer_email": people.email(v, customer) if v.maybe() else None,
            "items": items,
            "total_amount": cents(total),
            "shipping_address": _address(v) if v.maybe() else None,
            "status": v.pick(("pending", "processing", "shipped", "delivered", "cancelled")) if v.maybe() else None,
            "order_date": v.day(2022, 2025).isoformat() if v.maybe() else None,
        }
    )


def _address(v: Values) -> JsonObject:
    town = shop.town(v)
    return present(
        {
            "street": shop.street(v) if v.maybe(NESTED_OPTIONAL) else None,
            "city": town.name,
            "state": town.state,
            "zip_code": v.pick(town.zip_codes) if v.maybe(NESTED_OPTIONAL) else None,
        }
    )


def shopping_cart(v: Values) -> JsonObject:
    """A cart: each line less its discount, rounded to the cent; ``total`` adds the shipping and tax shown."""
    coupon, percent = _coupon(v) if v.maybe() else (None, None)
    subtotal = 0
    items = []
    products = shop.products(v, v.pick(LINES))
    discounted = [v.maybe(NESTED_OPTIONAL) for _ in products]
    if percent and not any(discounted):
        discounted[0] = True  # a coupon shows its effect
    for product, is_discounted in zip(products, discounted, strict=True):
        quantity = shop.quantity(v, product.price)
        discount = (percent or v.pick((5, 10, 15, 20, 25, 30, 40, 50))) if is_discounted else None
        line = quantity * product.price
        subtotal += share(line, 100 * (100 - (discount or 0)))
        items.append(
            present(
                {
                    "product_id": product.sku,
                    "product_name": product.name,
                    "quantity": quantity,
                    "price": cents(product.price),
                    "discount_percentage": discount,
                }
            )
        )
    shipping = None
    if v.maybe():
        free = coupon in SHIPPING_COUPONS or subtotal > 15000
        shipping = 0 if free else v.pick(CARRIER_RATES)
    tax = share(subtotal, v.pick(CART_TAX_RATES)) if v.maybe() else None
    return present(
        {
            "cart_id": v.code(v.pick(("CART-######", "C-####-####", "BSK####??", "CRT-??-#####"))),
            "user_id": v.code(v.pick(("u-#####", "USR-####", "cust-######", "M#######"))),
            "items": items,
            "subtotal": cents(subtotal) if v.maybe() else None,
            "shipping_cost": None if shipping is None else cents(shipping),
            "tax": None if tax is None else cents(tax),
            "total": cents(subtotal + (shipping or 0) + (tax or 0)),
            "coupon_code": coupon,
            "last_updated": timestamp(v.moment(2022)) if v.maybe() else None,
        }
    )


def _coupon(v: Values) -> tuple[str, int | None]:
    """A coupon's code and, unless it is for shipping, the percentage that discounted lines lose."""
    if v.maybe(0.3):
        return v.pick(SHIPPING_COUPONS), None
    pattern, percentages = v.deal("coupons", PERCENT_COUPONS)
    percent = v.pick(percentages)
    return pattern.format(percent=percent), percent


@dataclass(frozen=True, slots=True)
class _Booking:
    """What an account statement says about one movement of money."""

    text: str
    counterparty: str
    category: str
    amount: int
    """Signed hundredths, in a currency worth about a dollar."""


def transaction_record(v: Values) -> JsonObject:
    """A booking whose sign, counterparty and category suit its type."""
    kind = v.deal("kinds", ("debit", "debit", "debit", "credit", "transfer", "fee", "refund"))
    moment = v.moment(2022)
    booking = _booking(v, kind, month_name(moment))
    currency, rate = v.pick(CURRENCIES)
    amount = booking.amount * rate
    balance = v.integer(4000, 900000) * rate + max(amount, 0)
    return present(
        {
            "transaction_id": v.code(v.pick(("TXN-########", "TX######??", "PAY-####-####", "B########"))),
            "date": timestamp(moment),
            "amount": cents(amount),
            "currency": currency,
            "type": kind,
            "description": booking.text if v.maybe() else None,
            "merchant_name": booking.counterparty if v.maybe() else None,
            "category": booking.category if v.maybe() else None,
            "balance_after": cents(balance) if v.maybe() else None,
            "status": v.pick(("completed", "completed", "pending", "failed", "reversed")) if v.maybe() else None,
        }
    )


def _booking(v: Values, kind: str, month: str) -> _Booking:
    if kind == "credit":
        text, category, prices = v.deal("income", INCOME)
        payer = {"taxes": "Department of Revenue", "investments": v.pick(BANKS)}.get(category) or people.company(v)
        return _Booking(fill(v, text, month=month), payer, category, _amount(v, prices))
    if kind == "transfer":
        text, category, sign = v.deal("transfers", TRANSFERS)
        other = v.pick(BANKS) if category == "savings" else people.person(v).name
        return _Booking(fill(v, text, month=month), other, category, sign * v.integer(2, 180) * 500)
    if kind == "fee":
        text, prices = v.deal("fees", FEES)
        return _Booking(text, v.pick(BANKS), "bank fees", -_amount(v, prices))
    if kind == "refund":
        merchant = v.deal("refunds", REFUNDERS)
        text = f"Refund, {fill(v, merchant.text, month=month)}"
        return _Booking(text, merchant.name, merchant.category, _amount(v, merchant.prices))
    merchant = v.deal("merchants", MERCHANTS)
    return _Booking(fill(v, merchant.text, month=month), merchant.name, merchant.category, -_amount(v, merchant.prices))


def _amount(v: Values, prices: tuple[float, float]) -> int:
    return v.integer(round(prices[0] * 100), round(prices[1] * 100))
