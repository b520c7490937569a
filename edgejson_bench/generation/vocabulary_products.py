"""A shop's catalogue: departments with their brands, articles, variants and price ranges. Data only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Article:
    """One kind of thing that a department sells."""

    name: str
    low: int
    """Cheapest believable price in whole US dollars."""
    high: int
    """Dearest one."""
    variants: tuple[str, ...] = ()
    """Sizes, colours or flavours; an article without any is sold in one form."""


@dataclass(frozen=True, slots=True)
class Department:
    """A category of the catalogue."""

    name: str
    prefix: str
    """First letters of its article numbers."""
    brands: tuple[str, ...]
    articles: tuple[Article, ...]


DEPARTMENTS = (
    Department(
        "Kitchenware",
        "KIT",
        ("Hearthline", "Copperleaf", "Nordfjell", "Oakhouse"),
        (
            Article("Cast Iron Skillet", 24, 70, ("20 cm", "26 cm", "30 cm")),
            Article("Stainless Steel Saucepan", 28, 85, ("1.5 L", "2 L", "3 L")),
            Article("Chef's Knife", 35, 140, ("18 cm", "20 cm")),
            Article("French Press", 22, 55, ("600 ml", "1 L")),
            Article("Bamboo Cutting Board", 15, 40),
            Article("Digital Kitchen Scale", 18, 45, ("white", "black")),
            Article("Dutch Oven", 60, 220, ("cream", "forest green", "5.5 qt")),
        ),
    ),
    Department(
        "Electronics",
        "ELE",
        ("Veltron", "Auralis", "Pixelworth", "Kaito"),
        (
            Article("Wireless Earbuds", 39, 180, ("black", "pearl white")),
            Article("Bluetooth Speaker", 29, 150, ("mini", "outdoor edition")),
            Article("USB-C Hub", 25, 80, ("5-in-1", "7-in-1")),
            Article("Mechanical Keyboard", 55, 160, ("brown switches", "red switches")),
            Article("27-inch Monitor", 180, 480, ("QHD", "4K")),
            Article("Portable Charger", 20, 65, ("10000 mAh", "20000 mAh")),
            Article("Webcam", 35, 120, ("1080p", "4K")),
            Article("Noise-Cancelling Headphones", 90, 350),
        ),
    ),
    Department(
        "Outdoor Gear",
        "OUT",
        ("Ridgepath", "Tarn & Fell", "Boreal Trail"),
        (
            Article("Two-Person Tent", 120, 380, ("3-season", "4-season")),
            Article("Down Sleeping Bag", 110, 320, ("regular", "long")),
            Article("Trekking Poles", 35, 130, ("pair",)),
            Article("Insulated Water Bottle", 18, 45, ("500 ml", "750 ml", "1 L")),
            Article("Headlamp", 20, 75, ("350 lumens", "500 lumens")),
            Article("Camping Stove", 30, 110),
            Article("Daypack", 45, 130, ("22 L", "28 L")),
        ),
    ),
    Department(
        "Garden",
        "GAR",
        ("Greenhollow", "Fernwood", "Mossgate"),
        (
            Article("Pruning Shears", 14, 48),
            Article("Raised Bed Planter", 60, 190, ("cedar", "galvanized steel")),
            Article("Expandable Garden Hose", 25, 60, ("50 ft", "75 ft")),
            Article("Tomato Seeds", 3, 6, ("Roma", "Cherokee Purple")),
            Article("Solar Path Lights", 22, 60, ("set of 6", "set of 8")),
            Article("Watering Can", 15, 45, ("5 L", "9 L")),
        ),
    ),
    Department(
        "Office Supplies",
        "OFF",
        ("Paperlane", "Quillmark", "Deskwell"),
        (
            Article("Dotted Notebook", 9, 24, ("A5", "B5")),
            Article("Gel Pens", 6, 18, ("0.5 mm, pack of 10", "0.7 mm, pack of 12")),
            Article("Adjustable Laptop Stand", 28, 75, ("aluminum", "walnut")),
            Article("Desk Organizer", 16, 42),
            Article("Document Shredder", 45, 150, ("8-sheet", "12-sheet")),
            Article("Sticky Notes", 4, 12, ("pack of 6", "pack of 12")),
            Article("LED Desk Lamp", 25, 80, ("white", "matte black")),
        ),
    ),
    Department(
        "Clothing",
        "CLO",
        ("Northloom", "Marlowe", "Saltworn"),
        (
            Article("Merino Crewneck Sweater", 60, 140, ("navy, M", "oatmeal, L", "charcoal, S")),
            Article("Organic Cotton T-Shirt", 16, 38, ("white, S", "olive, M", "black, XL")),
            Article("Waterproof Rain Jacket", 75, 220, ("yellow, M", "slate, L")),
            Article("Slim Chinos", 45, 95, ("32/32", "34/32", "36/34")),
            Article("Wool Socks", 12, 28, ("3 pairs",)),
            Article("Linen Shirt", 40, 95, ("sky blue, M", "sand, L")),
        ),
    ),
    Department(
        "Footwear",
        "FTW",
        ("Stridewell", "Cobbler & Lane", "Pacera"),
        (
            Article("Trail Running Shoes", 85, 165, ("US 8", "US 9.5", "US 11")),
            Article("Leather Chelsea Boots", 120, 260, ("US 9", "US 10")),
            Article("Canvas Sneakers", 35, 80, ("white, US 7", "navy, US 10")),
            Article("Hiking Boots", 110, 240, ("US 8.5", "US 10.5")),
            Article("House Slippers", 20, 55, ("S", "M", "L")),
        ),
    ),
    Department(
        "Beauty",
        "BEA",
        ("Lumière Botanique", "Saffra", "Dewdrop Lab"),
        (
            Article("Vitamin C Serum", 16, 62, ("30 ml",)),
            Article("Mineral Sunscreen SPF 50", 14, 38, ("50 ml", "100 ml")),
            Article("Oat Hand Cream", 7, 22, ("75 ml",)),
            Article("Shampoo Bar", 9, 18, ("rosemary", "unscented")),
            Article("Clay Face Mask", 12, 34),
            Article("Lip Balm", 4, 9, ("honey", "mint")),
        ),
    ),
    Department(
        "Toys & Games",
        "TOY",
        ("Playmill", "Tinker Fox", "Hexagon House"),
        (
            Article("Wooden Train Set", 30, 90, ("45 pieces", "80 pieces")),
            Article("Jigsaw Puzzle", 12, 30, ("500 pieces", "1000 pieces")),
            Article("Strategy Board Game", 28, 75),
            Article("Plush Otter", 14, 32),
            Article("Science Kit", 24, 60, ("crystals", "circuits")),
            Article("Stacking Blocks", 15, 40),
        ),
    ),
    Department(
        "Groceries",
        "GRO",
        ("Millstone", "Casa Verde", "Harbor Roast"),
        (
            Article("Ground Coffee", 8, 19, ("medium roast, 12 oz", "dark roast, 12 oz")),
            Article("Extra Virgin Olive Oil", 11, 32, ("500 ml", "1 L")),
            Article("Rolled Oats", 4, 9, ("32 oz",)),
            Article("Dark Chocolate Bar", 3, 7, ("70% cacao", "sea salt")),
            Article("Basmati Rice", 6, 18, ("2 lb", "5 lb")),
            Article("Green Tea", 5, 16, ("20 bags", "40 bags")),
            Article("Wildflower Honey", 8, 18, ("12 oz",)),
        ),
    ),
    Department(
        "Pet Supplies",
        "PET",
        ("Wagwell", "Whisker & Co.", "Burrow"),
        (
            Article("Grain-Free Dog Food", 22, 78, ("salmon, 5 kg", "lamb, 12 kg")),
            Article("Cat Scratching Post", 25, 85),
            Article("Clumping Cat Litter", 12, 30, ("20 lb", "40 lb")),
            Article("Reflective Dog Harness", 18, 45, ("S", "M", "L")),
            Article("Aquarium Filter", 20, 70, ("10 gal", "30 gal")),
        ),
    ),
    Department(
        "Home Improvement",
        "HOM",
        ("Bracken Tools", "Steadfast", "Joist & Beam"),
        (
            Article("Cordless Drill", 60, 210, ("12 V", "18 V")),
            Article("Interior Paint", 28, 65, ("eggshell, 1 gal", "matte, 1 gal")),
            Article("LED Bulbs", 8, 24, ("60 W equivalent, 4-pack", "100 W equivalent, 2-pack")),
            Article("Socket Wrench Set", 35, 120, ("46 pieces", "94 pieces")),
            Article("Smoke Detector", 18, 50),
            Article("Cordless Screwdriver", 25, 70),
        ),
    ),
    Department(
        "Sports & Fitness",
        "SPO",
        ("Corelift", "Tempo Athletics", "Baseline"),
        (
            Article("Yoga Mat", 20, 80, ("4 mm", "6 mm")),
            Article("Adjustable Dumbbells", 120, 380, ("pair, 24 kg",)),
            Article("Resistance Bands", 12, 35, ("set of 5",)),
            Article("Foam Roller", 16, 42, ("33 cm", "60 cm")),
            Article("Swimming Goggles", 12, 38, ("clear", "mirrored")),
            Article("Tennis Balls", 5, 14, ("can of 4",)),
        ),
    ),
    Department(
        "Baby & Kids",
        "BAB",
        ("Cloudberry", "Little Wren"),
        (
            Article("Muslin Swaddles", 18, 40, ("pack of 3",)),
            Article("Silicone Bib", 8, 18, ("sage", "terracotta")),
            Article("Baby Monitor", 55, 190, ("audio", "video")),
            Article("Convertible Car Seat", 130, 340, ("graphite",)),
            Article("Kids Backpack", 22, 48, ("dinosaurs", "planets")),
        ),
    ),
)
