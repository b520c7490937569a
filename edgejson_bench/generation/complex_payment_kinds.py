"""Who takes part in payments with several parties, through which banks and for what. Vocabulary only."""

# ruff: noqa: E501 (a row of vocabulary reads best on one line)

from __future__ import annotations

from dataclasses import dataclass

BANKS = {
    "USD": (("JPMorgan Chase", "021000021"), ("Bank of America", "026009593"), ("Wells Fargo", "121000248"),
            ("Citibank", "021000089"), ("U.S. Bank", "091000022"), ("PNC Bank", "043000096")),
    "EUR": (("Deutsche Bank", "DEUTDEFF"), ("BNP Paribas", "BNPAFRPP"), ("ING", "INGBNL2A"), ("UniCredit", "UNCRITMM")),
    "GBP": (("Barclays", "20-00-00"), ("NatWest", "60-00-01"), ("Lloyds Bank", "30-00-00")),
    "CAD": (("Royal Bank of Canada", "000300002"), ("Bank of Montreal", "000100002")),
}  # fmt: skip
"""Banks by home currency, with the code that routes to them there (ABA, BIC, sort code, Canadian EFT)."""
WIRE_BICS = {
    "USD": ("CHASUS33", "CITIUS33"),
    "EUR": ("DEUTDEFF", "BNPAFRPP"),
    "GBP": ("BARCGB22", "NWBKGB2L"),
    "CAD": ("ROYCCAT2", "BOFMCAM2"),
}
SCHEMES = {"USD": "ACH", "EUR": "SEPA", "GBP": "Faster Payments", "CAD": "EFT"}
TOKENS = (("USDC", "Ethereum"), ("USDC", "Solana"), ("USDT", "Tron"), ("ETH", "Ethereum"))
"""(asset, network that carries it)"""
JURISDICTIONS = {
    "USD": ("US-NY", "US-DE", "US-CA", "US-TX"),
    "EUR": ("Germany", "France", "Netherlands", "Ireland"),
    "GBP": ("England and Wales", "Scotland"),
    "CAD": ("Ontario", "British Columbia"),
}
BUSINESS, PERSONAL = ("business_checking", "merchant", "business_savings"), ("checking", "savings")
RATES = {"USD": 1.0, "EUR": 0.92, "GBP": 0.79, "CAD": 1.36}
"""Units of each currency for one US dollar, about."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a payment is about."""

    purpose: str
    low: int
    high: int
    """Total in cents, from ``low`` to ``high``."""
    tags: tuple[str, ...]
    receivers: tuple[str, ...]
    """Names of possible receivers; empty where a private person or a Faker company receives."""
    custom: tuple[tuple[str, tuple[object, ...]], ...]
    """Free-form metadata: key and possible values."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How the parties of one transaction type stand to each other."""

    senders: tuple[int, int]
    receivers: tuple[int, int]
    intermediary: tuple[str, ...]
    """Possible names; empty: there is none, and nobody charges a processing fee."""
    platform: tuple[str, ...]
    """Possible names; empty: there is none, and nobody charges a platform fee."""
    business: bool
    """Whether the senders are companies."""
    updaters: tuple[str, ...]
    scenarios: tuple[Scenario, ...]


KINDS = {
    "escrow": Kind(
        (1, 1), (1, 1), ("Keystone Escrow Services", "Harbor Title & Escrow", "Meridian Escrow"), (), False,
        ("escrow_officer", "system", "compliance_desk"),
        (Scenario("Purchase of a used excavator", 1_850_000, 6_400_000, ("equipment", "escrow", "high_value"), ("Granite Equipment Sales", "Blue Ridge Machinery"), (("inspection_days", (5, 7, 10)), ("asset_year", (2016, 2018, 2019, 2021)))),
         Scenario("Domain name sale", 240_000, 3_900_000, ("domain", "escrow", "digital_asset"), (), (("registrar", ("Namecheap", "Gandi")), ("domain_age_years", (4, 9, 17)))),
         Scenario("Earnest money for a home purchase", 500_000, 2_400_000, ("real_estate", "earnest_money"), (), (("closing_in_days", (21, 30, 45)), ("financing_contingency", (True, False)))),
         Scenario("Sale of a vintage car", 1_200_000, 7_800_000, ("vehicle", "escrow"), (), (("model_year", (1964, 1967, 1971)), ("title_state", ("clean", "rebuilt"))))),
    ),
    "split_payment": Kind(
        (2, 4), (1, 1), (), ("SplitPay", "GroupTab", "FairShare Payments"), False,
        ("system", "payment_gateway", "organizer"),
        (Scenario("Group ski cabin rental", 90_000, 320_000, ("travel", "group", "lodging"), ("Summit Cabin Rentals", "Alpine Stay"), (("nights", (3, 4, 5)), ("guests", (6, 8, 10)))),
         Scenario("Shared wedding gift", 24_000, 110_000, ("gift", "group"), ("Willow Home Registry", "Linden & Co. Gifts"), (("occasion", ("wedding",)), ("gift_wrap", (True, False)))),
         Scenario("Conference dinner", 32_000, 145_000, ("dining", "group"), ("Trattoria Lucia", "The Copper Table"), (("covers", (8, 12, 16)), ("tip_included", (True, False)))),
         Scenario("Band rehearsal room, one quarter", 60_000, 180_000, ("rent", "recurring"), ("Eastside Studios", "Sound Garage"), (("room", ("Studio B", "Studio D")), ("hours_per_week", (4, 6, 8))))),
    ),
    "marketplace": Kind(
        (1, 1), (2, 3), ("Clearpath Processing", "Northline Payments"), ("Craftlane Marketplace", "Bazario", "OpenStall"), False,
        ("system", "payment_gateway", "risk_team"),
        (Scenario("Handmade furniture order", 45_000, 260_000, ("marketplace", "furniture", "multi_seller"), ("Oak & Iron Workshop", "Juniper Woodcraft", "Hollow Pine Studio"), (("items", (2, 3, 5)), ("gift_order", (True, False)))),
         Scenario("Refurbished electronics order", 30_000, 190_000, ("marketplace", "electronics"), ("ReNew Devices", "Second Circuit", "Gadget Loop"), (("items", (2, 3, 4)), ("warranty_months", (6, 12)))),
         Scenario("Restaurant supply order", 80_000, 420_000, ("marketplace", "b2b", "food_service"), ("Harvest Wholesale", "Pacific Kitchen Supply", "Valley Produce Co-op"), (("delivery_window", ("morning", "afternoon")), ("pallets", (1, 2, 3)))),
         Scenario("Camera gear order", 70_000, 380_000, ("marketplace", "photography"), ("Aperture Exchange", "Lens Locker", "Darkroom Traders"), (("items", (2, 3)), ("insured_shipping", (True, False))))),
    ),
    "multi_currency": Kind(
        (1, 1), (1, 3), ("Continental FX Services", "Atlas Currency Desk", "Northbridge Payments"), (), True,
        ("treasury_ops", "system", "compliance_desk"),
        (Scenario("Component supplier invoice", 850_000, 9_500_000, ("supplier", "cross_border", "invoice"), (), (("incoterm", ("FOB", "DAP", "EXW")), ("net_days", (30, 45, 60)))),
         Scenario("Software licence renewal", 320_000, 4_200_000, ("software", "cross_border"), (), (("seats", (25, 80, 150)), ("term_months", (12, 24)))),
         Scenario("Contractor agency invoice", 600_000, 3_800_000, ("contractors", "cross_border", "monthly"), (), (("contractors", (2, 3, 5)), ("billing_cycle", ("monthly", "biweekly")))),
         Scenario("Trade fair booth and logistics", 450_000, 2_600_000, ("events", "cross_border"), (), (("booth_size_m2", (12, 18, 36)), ("hall", ("Hall 4", "Hall 11"))))),
    ),
}  # fmt: skip

PATHS = (
    ("initiated", "pending_approval", "processing", "completed"),
    ("initiated", "processing", "completed"),
    ("initiated", "processing", "completed"),
    ("initiated", "processing"),
    ("initiated", "pending_approval", "failed"),
    ("initiated", "processing", "reversed"),
)
NOTES = {
    "initiated": ("Payment request created", "Instructions received from payer"),
    "pending_approval": ("Waiting for second approver", "Held for amount review"),
    "processing": ("Funds captured", "Sent to clearing", "Payer's bank confirmed the funds"),
    "completed": ("Funds settled to all receivers", "Payout confirmed by receiving bank"),
    "failed": ("Declined by paying bank", "Approval window expired"),
    "reversed": ("Returned to payer at the receiver's request", "Duplicate payment refunded"),
}
REGULATORY = {
    "escrow": ("Source of funds documented", "Beneficial owner confirmed"),
    "split_payment": ("Below reporting threshold", "No review needed"),
    "marketplace": ("Sellers verified at onboarding", "Sales tax collected by platform"),
    "multi_currency": ("Sanctions screening clear", "Cross-border report filed", "Purpose code on file"),
}
UNVERIFIED = ("Identity documents requested", "Verification still open")
"""Regulatory notes where the payer's identity is not verified."""
