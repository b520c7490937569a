"""What firms bill and accounts book: trades with their line items, merchants with their prices. Data only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """One line that a trade bills."""

    description: str
    """May hold slots, see :mod:`.slots`."""
    quantities: tuple[int, int]
    """Fewest and most units billed at once."""
    prices: tuple[float, float]
    """Lowest and highest unit price."""


TRADES = (
    (
        Work("Backend development, senior engineer (hours)", (6, 80), (95, 165)),
        Work("Code review and architecture workshop (days)", (1, 4), (780, 1450)),
        Work("Managed PostgreSQL hosting, {month}", (1, 1), (89, 480)),
        Work("Penetration test with report", (1, 1), (2400, 7800)),
        Work("Support retainer, business hours (months)", (1, 6), (350, 1200)),
        Work("Single sign-on integration", (1, 1), (900, 3600)),
    ),
    (
        Work("Brochure printing, 8 pages, 135 g silk", (100, 2500), (0.42, 1.85)),
        Work("Business cards, double-sided (box of 250)", (1, 12), (28, 64)),
        Work("Roll-up banner 85 x 200 cm", (1, 6), (72, 145)),
        Work("Logo redraw and file preparation (hours)", (1, 9), (55, 95)),
        Work("Sticker sheets A6, weatherproof", (50, 900), (0.35, 1.2)),
        Work("Express delivery", (1, 1), (18, 65)),
    ),
    (
        Work("Lunch buffet, vegetarian, per guest", (12, 90), (16.5, 32)),
        Work("Coffee and pastries, per guest", (12, 90), (6.5, 12)),
        Work("Service staff (hours)", (4, 24), (24, 38)),
        Work("Rental of glassware and linen", (1, 1), (85, 320)),
        Work("Wine pairing, per bottle", (4, 30), (14, 29)),
    ),
    (
        Work("Pallet freight {city} to {city}", (1, 8), (140, 620)),
        Work("Customs clearance, import", (1, 3), (75, 190)),
        Work("Cold storage, pallet places (weeks)", (2, 24), (11, 26)),
        Work("Fuel surcharge", (1, 1), (22, 140)),
        Work("Return of empty crates", (10, 120), (0.9, 2.4)),
        Work("Waiting time at dock (quarter hours)", (1, 10), (14, 21)),
    ),
    (
        Work("Boiler inspection and flue test", (1, 3), (95, 180)),
        Work("Replacement of circulation pump", (1, 2), (310, 690)),
        Work("Copper pipe 22 mm (meters)", (3, 40), (7.2, 13.9)),
        Work("Labor, certified plumber (hours)", (2, 18), (58, 96)),
        Work("Call-out fee, weekend", (1, 1), (75, 140)),
    ),
    (
        Work("Translation English to German (words)", (400, 9000), (0.11, 0.19)),
        Work("Proofreading by second translator (hours)", (1, 12), (42, 70)),
        Work("Certified translation of diploma", (1, 4), (48, 95)),
        Work("Subtitling, per video minute", (5, 60), (7.5, 14)),
        Work("Simultaneous interpreting (half days)", (1, 4), (390, 720)),
    ),
    (
        Work("Office cleaning, {month} (visits)", (4, 22), (48, 120)),
        Work("Window cleaning, inside and outside", (1, 2), (140, 460)),
        Work("Carpet deep cleaning (square meters)", (20, 240), (2.9, 6.4)),
        Work("Consumables: soap, towels, liners", (1, 1), (24, 130)),
    ),
    (
        Work("Team license, annual plan (seats)", (3, 60), (72, 240)),
        Work("Additional storage 100 GB (months)", (1, 12), (4.5, 15)),
        Work("Onboarding session, remote (hours)", (1, 6), (90, 160)),
        Work("Priority support add-on", (1, 1), (190, 990)),
        Work("API usage above quota (1000 requests)", (4, 300), (0.4, 1.6)),
    ),
    (
        Work("Product photography, half day", (1, 3), (420, 780)),
        Work("Retouching per image", (5, 60), (9, 28)),
        Work("Studio rental (hours)", (2, 10), (38, 85)),
        Work("Model release and usage fee, 2 years", (1, 3), (150, 600)),
        Work("Travel to {city} (kilometers)", (30, 480), (0.42, 0.7)),
    ),
    (
        Work("Lawn care and edging (visits)", (1, 8), (38, 90)),
        Work("Hornbeam hedge plants, 80-100 cm", (10, 120), (4.9, 11.5)),
        Work("Soil delivery (cubic meters)", (1, 12), (32, 58)),
        Work("Tree felling incl. stump grinding", (1, 3), (280, 950)),
        Work("Gardener (hours)", (2, 24), (34, 56)),
    ),
    (
        Work("First aid course, per participant", (6, 24), (39, 75)),
        Work("Fire safety training on site", (1, 2), (360, 690)),
        Work("Training handbook, printed", (6, 40), (8.5, 19)),
        Work("Room rental with projector (days)", (1, 3), (120, 340)),
    ),
)
"""Each tuple is one firm's trade: an invoice takes its lines from a single one."""

INVOICE_NUMBERS = ("INV-{year}-####", "{year}-0####", "RE{year}/0###", "#######", "F-{year}-###", "INV######")
TAX_RATES = (500, 600, 625, 700, 725, 800, 825, 1000, 1900, 2000, 2100)
"""Hundredths of a percent."""

PERCENT_COUPONS = (
    ("SPRING{percent}", (10, 15, 20)),
    ("WELCOME{percent}", (5, 10, 15)),
    ("BDAY-{percent}", (15, 20, 25)),
    ("SAVE{percent}NOW", (5, 10, 20)),
    ("LOYAL{percent}", (5, 10)),
    ("WEEKEND{percent}", (10, 12, 15)),
    ("FLASH{percent}", (20, 25, 30)),
)
"""The percentage is what the cart's discounted lines lose."""
SHIPPING_COUPONS = ("FREESHIP", "SHIP4FREE", "NOPOSTAGE", "FREEDELIVERY24")
"""With one of these shipping costs nothing."""


@dataclass(frozen=True, slots=True)
class Merchant:
    """The other side of card payments."""

    name: str
    category: str
    text: str
    """What the statement prints; may hold slots."""
    prices: tuple[float, float]


MERCHANTS = (
    Merchant("Greenleaf Market", "groceries", "Card payment, weekly shop", (12, 190)),
    Merchant("Corner Basket", "groceries", "Contactless payment", (3, 48)),
    Merchant("Harvest & Co.", "groceries", "Vegetable box no. {n}", (18, 42)),
    Merchant("Brightwater Utilities", "utilities", "Water bill {month}", (24, 95)),
    Merchant("Norlys Power", "utilities", "Electricity, meter {big}", (38, 260)),
    Merchant("Telora Mobile", "phone", "Mobile plan, {month}", (12, 65)),
    Merchant("Fibernet", "internet", "Broadband 500 Mbit/s", (29, 79)),
    Merchant("Streamly", "entertainment", "Monthly subscription, standard", (7.99, 18.99)),
    Merchant("Orpheum Cinema", "entertainment", "2 tickets, screen {small}", (18, 64)),
    Merchant("Tonewheel Records", "entertainment", "Vinyl order {order}", (15, 92)),
    Merchant("Metro Transit", "transport", "Monthly pass {month}", (49, 132)),
    Merchant("CityCab", "transport", "Ride to {city} airport", (19, 88)),
    Merchant("Volta Charging", "transport", "Charging session, bay {small}", (6, 38)),
    Merchant("Petrolia Station 114", "fuel", "Pump {small}, unleaded", (25, 98)),
    Merchant("Skylark Airways", "travel", "Flight to {city}, booking {hex}", (78, 940)),
    Merchant("Hotel Miramar", "travel", "2 nights, room {n}", (160, 620)),
    Merchant("Trattoria Nonna Rosa", "dining", "Table {n}, dinner", (24, 140)),
    Merchant("Third Street Coffee", "dining", "Oat flat white and bagel", (4, 16)),
    Merchant("Noodle Lane", "dining", "Delivery order {order}", (13, 58)),
    Merchant("Willow Pharmacy", "health", "Prescription co-pay", (5, 60)),
    Merchant("Dr. Amari Dental", "health", "Dental cleaning, patient {user}", (60, 210)),
    Merchant("Peak Fitness", "health", "Membership {month}", (24, 79)),
    Merchant("Hartmann Insurance", "insurance", "Household policy, quarterly premium", (38, 160)),
    Merchant("Safe Harbor Mutual", "insurance", "Car insurance, policy {big}", (45, 320)),
    Merchant("Oakridge Property Management", "housing", "Rent {month}, flat {n}", (640, 2400)),
    Merchant("Bolt & Board Hardware", "home", "Paint, brushes and masking tape", (14, 170)),
    Merchant("Nordhem Furniture", "home", "Bookcase, order {order}", (59, 680)),
    Merchant("Little Acorns Nursery", "childcare", "Childcare fee {month}", (180, 950)),
    Merchant("City Library", "education", "Late fee, {small} books", (1, 12)),
    Merchant("Lingua School", "education", "Evening course, Spanish A2", (90, 360)),
    Merchant("Paws Veterinary Clinic", "pets", "Vaccination and check-up", (48, 190)),
    Merchant("Red Kite Foundation", "donations", "Standing donation", (5, 60)),
    Merchant("Threadbare Vintage", "clothing", "Wool coat, second hand", (25, 140)),
    Merchant("Voltmart", "electronics", "Online order {order}", (19, 890)),
)
REFUNDERS = tuple(m for m in MERCHANTS if m.category in {"clothing", "electronics", "home", "travel"})
"""Merchants where goods go back now and then."""

FEES = (
    ("Account maintenance fee", (2, 9)),
    ("Foreign exchange fee", (1, 14)),
    ("Cash withdrawal fee", (2, 6)),
    ("Overdraft interest", (1, 38)),
    ("Replacement card fee", (5, 12)),
    ("Wire transfer fee", (8, 30)),
)
INCOME = (
    ("Salary {month}", "salary", (1850, 7400)),
    ("Invoice {big} paid", "freelance", (220, 4800)),
    ("Reimbursement of travel expenses", "expenses", (28, 640)),
    ("Dividend payment", "investments", (12, 420)),
    ("Tax refund", "taxes", (60, 1900)),
)
TRANSFERS = (
    ("Transfer to savings account", "savings", -1),
    ("Split of dinner bill", "friends", 1),
    ("Share of the holiday flat", "friends", -1),
    ("Rent share {month}", "housing", 1),
    ("Birthday gift from grandma", "gifts", 1),
    ("Security deposit returned", "housing", 1),
    ("Transfer from savings account", "savings", 1),
)
"""Text, category and direction: 1 brings money in, -1 takes it out."""

BANKS = ("Harborstone Bank", "First Meridian Bank", "Civic Credit Union", "Banque du Lac", "Nordkasse")
CURRENCIES = (
    ("USD", 1), ("USD", 1), ("EUR", 1), ("EUR", 1), ("GBP", 1), ("CHF", 1), ("CAD", 1), ("SEK", 10), ("DKK", 7),
)  # fmt: skip
"""ISO 4217 code and roughly how many of it a dollar buys; common ones are listed twice."""
