"""Payments with several parties: escrow, split payments, marketplace orders, cross-border transfers.

What adds up to the cent, wherever the fields involved are present: ``processing_fee`` + ``platform_fee`` =
``total_fees``; senders' amounts = ``total_amount``; receivers' (net of their fees), intermediaries' and
platforms' amounts together = ``total_amount``; payment methods' amounts = ``total_amount``. The status history
starts at ``initiation_timestamp`` with ``initiated``, runs in time order and ends with the present status;
``completion_timestamp`` is there only for completed payments and equals the time of ``completed``, which needs
``kyc_verified`` and ``aml_checked``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from edgejson_bench.generation.complex_parts import person, split_whole, thin
from edgejson_bench.generation.complex_payment_kinds import (
    BANKS,
    BUSINESS,
    JURISDICTIONS,
    KINDS,
    NOTES,
    PATHS,
    PERSONAL,
    RATES,
    REGULATORY,
    SCHEMES,
    TOKENS,
    UNVERIFIED,
    WIRE_BICS,
    Kind,
    Scenario,
)
from edgejson_bench.generation.values import TOP_LEVEL_OPTIONAL, Values, cents, timestamp
from edgejson_bench.records import JsonObject


def multi_party_transaction(v: Values) -> JsonObject:
    """One payment with three to six parties."""
    name = v.deal("kind", tuple(KINDS))
    kind = KINDS[name]
    scenario = v.pick(kind.scenarios)
    total = v.integer(scenario.low, scenario.high)
    currency = v.pick(("USD", "USD", "EUR", "GBP", "CAD"))
    target = v.pick([code for code in BANKS if code != currency]) if name == "multi_currency" else currency
    history = _moments(v)
    status, last = history[-1]
    transaction = {
        "transaction_id": f"MPT-{v.code('??######')}",
        "transaction_type": name,
        "initiation_timestamp": timestamp(history[0][1]),
        "completion_timestamp": timestamp(last) if status == "completed" else None,
        "total_amount": cents(total),
        "currency": currency,
        "parties": _parties(v, kind, scenario, total, (currency, target)),
        "payment_methods": _methods(v, kind, scenario, total, currency),
        "status_history": _history(v, kind, history),
        "compliance": _compliance(v, name, currency, status),
        "metadata": _metadata(v, scenario, (currency, target)),
    }
    required = ("transaction_id", "transaction_type", "total_amount", "currency", "parties")
    return thin(v, transaction, required, TOP_LEVEL_OPTIONAL)


def _parties(v: Values, kind: Kind, scenario: Scenario, total: int, currencies: tuple[str, str]) -> list[JsonObject]:
    """Who pays, who is paid, and who earns the fees; money in equals money out."""
    paying, paid = currencies
    parties = []
    count = v.integer(*kind.senders)
    for share in split_whole(v, total, count, 0.4):
        sender = v.faker.company() if kind.business else person(v)
        parties.append(_party(v, "sender", sender, share, paying, kind.business))
    count = v.integer(*kind.receivers)
    names = v.sample(scenario.receivers, count, count) if scenario.receivers else []
    processing_rate, platform_rate = v.number(0.008, 0.029, 4), v.number(0.02, 0.08, 3)
    processing_sum = platform_sum = 0
    for index, share in enumerate(split_whole(v, total, count, 0.5)):
        processing = int(share * processing_rate) if kind.intermediary else None
        platform = int(share * platform_rate) if kind.platform else None
        charged = (processing or 0) + (platform or 0)
        fees = {
            "processing_fee": None if processing is None else cents(processing),
            "platform_fee": None if platform is None else cents(platform),
            "total_fees": cents(charged),
        }
        is_company = bool(names) or kind.business
        receiver = names[index] if names else v.faker.company() if kind.business else person(v)
        parties.append(_party(v, "receiver", receiver, share - charged, paid, is_company, fees))
        processing_sum, platform_sum = processing_sum + (processing or 0), platform_sum + (platform or 0)
    if kind.intermediary:
        parties.append(_party(v, "intermediary", v.pick(kind.intermediary), processing_sum, paying, True))
    if kind.platform:
        parties.append(_party(v, "platform", v.pick(kind.platform), platform_sum, paying, True))
    return parties


def _party(
    v: Values, role: str, name: str, amount: int, currency: str, company: bool, fees: JsonObject | None = None
) -> JsonObject:
    bank, routing = v.pick(BANKS[currency])
    account = {
        "account_number": f"XXXXXX{v.code('####')}",
        "routing_number": routing,
        "bank_name": bank,
        "account_type": v.pick(BUSINESS if company else PERSONAL),
    }
    party = {
        "party_id": v.code("PTY-#####"),
        "party_type": role,
        "name": name,
        "account": thin(v, account),
        "amount_involved": cents(amount),
        "fees": thin(v, fees) if fees else None,
    }
    return thin(v, party, keep=("party_id", "party_type", "name"))


def _methods(v: Values, kind: Kind, scenario: Scenario, total: int, currency: str) -> list[JsonObject]:
    """One or two ways of paying; cards only for what a card carries."""
    possible = ["bank_transfer", "wire" if kind.business or total > 500_000 else "credit_card"]
    if kind.business or "digital_asset" in scenario.tags:
        possible.append("crypto")
    count = v.integer(1, 2)
    chosen = v.sample(possible, count, count)
    return [
        thin(
            v,
            {"method_type": method, "details": thin(v, _details(v, method, currency)), "amount": cents(share)},
            keep=("method_type",),
        )
        for method, share in zip(chosen, split_whole(v, total, count, 0.5), strict=True)
    ]


def _details(v: Values, method: str, currency: str) -> JsonObject:
    if method == "credit_card":
        return {
            "card_brand": v.pick(("Visa", "Mastercard", "American Express")),
            "masked_number": f"**** {v.integer(1000, 9999)}",
            "three_d_secure": v.maybe(0.7),
        }
    if method == "crypto":
        asset, network = v.pick(TOKENS)
        return {"asset": asset, "network": network, "confirmations": v.integer(6, 64)}
    if method == "wire":
        return {
            "swift_code": v.pick(WIRE_BICS[currency]),
            "reference": v.code("WIRE-######"),
            "same_day": v.maybe(0.5),
        }
    return {"scheme": SCHEMES[currency], "trace_reference": v.code("TR-########"), "settlement_days": v.integer(1, 3)}


def _moments(v: Values) -> list[tuple[str, datetime]]:
    """A path through the statuses with the moment of each."""
    moment = v.moment()
    moments = []
    for status in v.pick(PATHS):
        moments.append((status, moment))
        moment += timedelta(seconds=v.pick((v.integer(40, 3000), v.integer(4000, 180000))))
    return moments


def _history(v: Values, kind: Kind, moments: Sequence[tuple[str, datetime]]) -> list[JsonObject]:
    return [
        thin(
            v,
            {
                "status": status,
                "timestamp": timestamp(moment),
                "updated_by": v.pick(kind.updaters),
                "notes": v.pick(NOTES[status]),
            },
            keep=("status",),
        )
        for status, moment in moments
    ]


def _compliance(v: Values, name: str, currency: str, status: str) -> JsonObject:
    """A payment completes only after both checks."""
    verified = status == "completed" or v.maybe(0.75)
    compliance = {
        "kyc_verified": verified,
        "aml_checked": status == "completed" or v.maybe(0.75),
        "regulatory_notes": v.pick(REGULATORY[name] if verified else UNVERIFIED),
        "jurisdiction": v.pick(JURISDICTIONS[currency]),
    }
    return thin(v, compliance)


def _metadata(v: Values, scenario: Scenario, currencies: tuple[str, str]) -> JsonObject:
    custom: JsonObject = {key: v.pick(values) for key, values in scenario.custom}
    paying, paid = currencies
    if paying != paid:
        custom["target_currency"] = paid
        custom["exchange_rate"] = round(RATES[paid] / RATES[paying] * v.number(0.96, 1.04, 4), 4)
    metadata = {
        "purpose": scenario.purpose,
        "reference_number": v.code("REF-####-????"),
        "tags": v.sample(scenario.tags, 1, 3),
        "custom_fields": thin(v, custom),
    }
    return thin(v, metadata)
