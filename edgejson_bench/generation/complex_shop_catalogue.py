"""What six kinds of web shops sell, where, and how they advertise it. Vocabulary only."""

# ruff: noqa: E501 (a row of vocabulary reads best on one line)

from __future__ import annotations

CATALOGUES: tuple[dict[str, tuple[tuple[str, int], ...]], ...] = (
    {
        "Audio": (("Noise-Cancelling Headphones", 14900), ("Portable Bluetooth Speaker", 5900), ("USB Podcast Microphone", 8900)),
        "Computer Accessories": (("Mechanical Keyboard TKL", 9900), ("Ergonomic Wireless Mouse", 4500), ("USB-C Docking Station", 12900)),
        "Smart Home": (("Smart Thermostat", 12900), ("Video Doorbell", 9900), ("Wi-Fi Smart Plug 4-Pack", 2999)),
        "Wearables": (("Fitness Band 3", 4999), ("GPS Running Watch", 22900), ("Sleep Tracking Ring", 19900)),
    },
    {
        "Camping": (("2-Person Backpacking Tent", 18900), ("Down Sleeping Bag", 15900), ("Compact Gas Stove", 4995)),
        "Hiking Footwear": (("Waterproof Hiking Boots", 13900), ("Trail Running Shoes", 11900), ("Merino Hiking Socks", 1995)),
        "Climbing": (("Climbing Harness", 6495), ("Belay Device", 3295), ("9.8 mm Dynamic Rope 60 m", 17995)),
        "Hydration": (("Insulated Bottle 1 L", 3495), ("Hydration Vest 8 L", 9995), ("Water Filter Straw", 2495)),
    },
    {
        "Cookware": (("Cast Iron Skillet 12 in", 3999), ("Stainless Saucepan 3 qt", 6499), ("Enameled Dutch Oven", 11999)),
        "Small Appliances": (("Burr Coffee Grinder", 9995), ("Immersion Blender", 4995), ("Air Fryer 5 qt", 8995)),
        "Bedding": (("Linen Duvet Cover Queen", 15900), ("Down Alternative Pillow", 3900), ("Weighted Blanket 15 lb", 7900)),
        "Storage": (("Bamboo Drawer Organizer", 2450), ("Glass Container Set", 3450), ("Stackable Pantry Bins", 2850)),
    },
    {
        "Skin Care": (("Vitamin C Serum 30 ml", 2800), ("Mineral Sunscreen SPF 50", 1950), ("Ceramide Night Cream", 3400)),
        "Hair Care": (("Argan Repair Shampoo", 1650), ("Ionic Hair Dryer", 7900), ("Leave-In Conditioner", 1850)),
        "Fragrance": (("Cedar & Bergamot Eau de Parfum", 6800), ("Soy Candle Fig", 2600), ("Reed Diffuser Set", 3200)),
    },
    {
        "Dog Supplies": (("Grain-Free Dog Food 24 lb", 6499), ("Orthopedic Dog Bed L", 7999), ("No-Pull Harness", 2999)),
        "Cat Supplies": (("Clumping Cat Litter 40 lb", 2499), ("Cat Tree 60 in", 8999), ("Salmon Cat Treats", 699)),
        "Aquarium": (("Canister Filter 75 gal", 10999), ("LED Aquarium Light", 5499), ("Water Test Kit", 3199)),
    },
    {
        "Women's Apparel": (("High-Rise Straight Jeans", 7800), ("Merino Crewneck Sweater", 8800), ("Linen Shirt Dress", 9800)),
        "Men's Apparel": (("Oxford Button-Down Shirt", 5900), ("Slim Chino Trousers", 6900), ("Quilted Field Jacket", 14800)),
        "Shoes": (("Leather Chelsea Boots", 16800), ("Canvas Sneakers", 6500), ("Suede Loafers", 12800)),
        "Bags": (("Canvas Tote", 4200), ("Leather Crossbody Bag", 11800), ("Weekender Duffel", 13800)),
    },
)  # fmt: skip
"""What six kinds of shops sell: category -> (product, price in cents)."""

REGIONS = (
    ("California", "Texas", "New York", "Florida", "Illinois", "Washington"),
    ("Pacific", "Mountain", "Midwest", "Northeast", "Southeast", "Southwest"),
    ("United States", "Canada", "United Kingdom", "Germany", "Australia"),
)
"""Ways of dividing a market; one report uses one of them."""
CAMPAIGNS = {
    "daily": ("24-Hour Flash Sale", "Free Shipping Day", "Cart Recovery E-mails"),
    "weekly": ("Weekend Deals", "Loyalty Double Points Week", "Retargeting - Viewed Products", "New Arrivals Newsletter"),
    "monthly": ("Shopping Ads - Best Sellers", "Refer a Friend", "Influencer Launch", "Retargeting - Cart Abandoners",
                "Welcome Series"),
    "quarterly": ("Seasonal Clearance", "Brand Search", "Shopping Ads - Top Categories", "Video Awareness",
                  "Loyalty Relaunch"),
    "yearly": ("Black Friday", "Brand Search", "Summer Sale", "Holiday Gift Guide", "Always-On Retargeting"),
}  # fmt: skip
