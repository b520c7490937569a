"""Themes of the small tasks: tagged content, members' interests, climate sensors, interface languages. Data only."""

from __future__ import annotations

from dataclasses import dataclass

TAGGED = (
    ("article-{n}", ("climate", "renewables", "wind power", "policy", "grid storage", "emissions", "long read")),
    ("article-{n}", ("housing", "city planning", "rent", "zoning", "opinion", "local politics")),
    ("post-{n}", ("python", "testing", "pytest", "tutorial", "beginner", "ci", "code review")),
    ("post-{n}", ("rust", "embedded", "no_std", "microcontrollers", "performance", "debugging")),
    ("post-{n}", ("machine learning", "small models", "edge", "quantization", "benchmark", "how-to")),
    ("issue-{n}", ("bug", "needs-triage", "windows", "regression", "p1", "installer")),
    ("issue-{n}", ("enhancement", "good first issue", "documentation", "help wanted", "api")),
    ("recipe-{n}", ("vegetarian", "weeknight", "under 30 minutes", "pasta", "one-pot", "autumn", "family favorite")),
    ("recipe-{n}", ("baking", "sourdough", "bread", "overnight", "vegan", "freezer-friendly")),
    ("recipe-{n}", ("gluten-free", "dessert", "chocolate", "no-bake", "party", "make ahead")),
    ("IMG_{n}", ("sunset", "beach", "long exposure", "portugal", "golden hour", "tripod", "2024 trip")),
    ("IMG_{n}", ("portrait", "black and white", "studio", "softbox", "film look", "model release")),
    ("IMG_{n}", ("street", "night", "neon", "rain", "tokyo", "35mm", "candid")),
    ("video-{n}", ("woodworking", "dovetail", "hand tools", "beginner", "workbench", "oak")),
    ("video-{n}", ("unboxing", "phone", "camera test", "4k", "comparison", "battery life")),
    ("track-{n}", ("lo-fi", "instrumental", "study", "piano", "rainy day", "90 bpm")),
    ("track-{n}", ("jazz", "live", "trio", "double bass", "vinyl rip", "late night")),
    ("SKU-{n}", ("clearance", "summer", "linen", "women", "size-inclusive", "new arrival")),
    ("SKU-{n}", ("gift idea", "under $25", "kitchen", "bestseller", "eco", "made in italy")),
    ("SKU-{n}", ("refurbished", "laptop", "warranty", "student deal", "16 GB RAM", "b-stock")),
    ("ticket-{n}", ("refund", "vip customer", "escalated", "shipping", "damaged", "germany")),
    ("ticket-{n}", ("login", "two-factor", "mobile app", "android", "workaround known", "follow-up")),
    ("doc-{n}", ("contract", "legal", "confidential", "2025", "supplier", "needs signature")),
    ("doc-{n}", ("onboarding", "hr", "checklist", "remote work", "template", "english")),
    ("listing-{n}", ("balcony", "pets allowed", "furnished", "city center", "elevator", "available now")),
    ("listing-{n}", ("electric", "low mileage", "one owner", "hatchback", "winter tires", "full service history")),
    ("podcast-{n}", ("history", "interview", "maritime", "season 3", "explicit-free", "bonus episode")),
    ("event-{n}", ("free entry", "outdoors", "family", "live music", "food trucks", "rain or shine")),
    ("dataset-{n}", ("tabular", "time series", "cc-by", "hourly", "air quality", "cleaned", "europe")),
    ("asset-{n}", ("logo", "svg", "brand 2025", "dark background", "approved", "print")),
)
"""How the item is named and the labels that suit it."""

TEAM_ACCOUNTS = ("editorial-bot", "auto-tagger", "content-team", "catalog-import", "moderation", "archive-intern")

INTERESTS = (
    "trail running", "indie games", "sourdough baking", "astronomy", "chess", "jazz records", "urban sketching",
    "bird watching", "vegan cooking", "mountain biking", "board games", "documentaries", "crochet", "photography",
    "home brewing", "salsa dancing", "crossword puzzles", "historical novels", "bouldering", "gardening",
    "formula 1", "stand-up comedy", "open-source software", "language learning", "vintage cameras", "wild swimming",
    "science fiction", "street food", "yoga", "woodworking", "volleyball", "k-pop", "podcasts", "3D printing",
    "stamp collecting", "theater", "fly fishing", "pottery", "true crime", "van life", "calligraphy", "rowing",
    "electronic music", "meditation", "classic cars", "travel", "amateur radio", "choir singing", "manga", "surfing",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Climate:
    """A kind of place where climate sensors hang, and what they read there."""

    label: str
    """Pattern of the sensors' names."""
    coldest: float
    warmest: float
    """Degrees Celsius."""
    driest: float
    dampest: float
    """Percent relative humidity."""
    seasonal: bool = False
    """Outdoors: the coldest readings come in January, the warmest in July."""


CLIMATES = (
    Climate("COLD-ROOM-##", 1.5, 5.5, 75, 92),
    Climate("FRZ-##-?", -24.0, -17.5, 48, 70),
    Climate("GH-NORTH-##", 17.0, 31.0, 55, 88),
    Climate("GH-SEEDLING-##", 20.0, 27.0, 65, 92),
    Climate("SRV-RACK-##-T#", 19.0, 27.5, 33, 52),
    Climate("TH-0###-?", 18.5, 24.5, 30, 58),
    Climate("office-3f-##", 19.5, 25.5, 28, 55),
    Climate("WX-ROOF-##", -9.0, 31.0, 28, 98, seasonal=True),
    Climate("METEO-?#-##", -6.0, 28.0, 34, 99, seasonal=True),
    Climate("museum-vault-##", 17.5, 20.5, 44, 53),
    Climate("ARCHIVE-?#", 15.5, 18.5, 34, 46),
    Climate("CELLAR-##", 10.5, 14.5, 62, 80),
    Climate("INCUB-###", 36.6, 37.9, 52, 66),
    Climate("WH-DOCK-##", 3.0, 28.0, 35, 80, seasonal=True),
    Climate("VACC-FRIDGE-##", 2.2, 7.8, 30, 60),
    Climate("barn-##-?", 3.0, 26.0, 50, 85, seasonal=True),
    Climate("DRY-KILN-#", 48.0, 74.0, 12, 40),
    Climate("CLEANROOM-?-##", 19.8, 22.2, 38, 48),
    Climate("nursery-0#", 19.0, 22.5, 40, 58),
    Climate("POOL-HALL-#", 27.0, 31.5, 48, 65),
    Climate("TRUCK-####-REAR", 1.0, 7.0, 60, 88),
    Climate("PHARMA-??-###", 15.5, 24.5, 30, 55),
)

LANGUAGES = (
    "en", "en-US", "en-GB", "es", "es-MX", "fr", "fr-CA", "de", "de-CH", "it", "pt-BR", "pt-PT", "nl", "sv", "da",
    "nb", "fi", "pl", "cs", "hu", "ro", "el", "tr", "uk", "ar", "he", "hi", "bn", "th", "vi", "id", "ja", "ko",
    "zh-CN", "zh-TW", "sw",
)  # fmt: skip
"""BCP 47 tags."""
