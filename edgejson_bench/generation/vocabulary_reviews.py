"""Review sentences by what is reviewed: praise, complaints, openings and closings by stars. Data only."""

from __future__ import annotations

REVIEWED = (
    (
        "pair of headphones",
        (
            "the bass is deep without drowning the voices", "the battery lasts a whole working week",
            "noise cancelling makes my commute bearable", "they fold flat into the case",
            "pairing took ten seconds",
        ),
        (
            "the left ear cup creaks", "the app asks for an account", "calls sound muffled to the other side",
            "the headband pinches after an hour", "the charging cable is far too short",
        ),
    ),
    (
        "hotel",
        (
            "the staff remembered our names", "breakfast had fresh fruit every day",
            "the room was spotless and quiet", "it is five minutes on foot to the old town",
            "they let us leave our bags until the evening",
        ),
        (
            "the walls are paper-thin", "the shower never got warm", "check-in took forty minutes",
            "the Wi-Fi dropped every evening", "parking costs extra and nobody tells you",
        ),
    ),
    (
        "restaurant",
        (
            "the mushroom risotto was perfect", "our waiter knew every wine on the list",
            "portions are generous", "they handled my nut allergy with care", "the terrace is lovely at sunset",
        ),
        (
            "we waited an hour for the main course", "the soup arrived lukewarm",
            "the music was too loud to talk", "they added a service charge without asking",
            "half the menu was sold out",
        ),
    ),
    (
        "coffee maker",
        (
            "it brews a full pot in six minutes", "the thermal jug keeps coffee hot until noon",
            "cleaning it is a matter of one button", "it fits under our low cabinets",
            "the grinder is surprisingly quiet",
        ),
        (
            "the water tank leaks a little", "the lid broke within a month", "the beep can't be turned off",
            "coffee drips on when you take the jug away", "descaling takes an entire morning",
        ),
    ),
    (
        "budgeting app",
        (
            "linking my bank worked at the first try", "the monthly overview is a joy to read",
            "shared budgets finally ended our arguments", "it runs fine on my old phone",
            "export to CSV is included",
        ),
        (
            "it logs me out every day", "half of my card payments land in the wrong category",
            "the last update removed dark mode", "it crashes when I open the reports",
            "most features hide behind a subscription",
        ),
    ),
    (
        "pair of hiking boots",
        (
            "no blisters even on the first day", "my feet stayed dry through a stream crossing",
            "the grip on wet rock is excellent", "they look as good after two seasons as on day one",
        ),
        (
            "the sole came loose after fifty kilometers", "sizes run very small",
            "the laces won't stay tied", "they take weeks to break in",
        ),
    ),
    (
        "online course",
        (
            "the exercises build on each other", "the instructor answers questions within a day",
            "every lesson fits into a lunch break", "I built something real by week three",
        ),
        (
            "the videos are years out of date", "the quizzes have wrong answers",
            "subtitles are missing in the second half", "the forum is dead",
        ),
    ),
    (
        "dentist",
        (
            "everything was explained before it happened", "I was in the chair on time",
            "it did not hurt at all", "they fitted me in on the same day",
        ),
        (
            "I sat in the waiting room for ninety minutes", "the bill was twice the estimate",
            "nobody answers the phone", "the filling fell out after a week",
        ),
    ),
    (
        "desk chair",
        (
            "my back pain is gone", "assembly took twenty minutes with one tool",
            "the mesh keeps cool in summer", "the armrests move in every direction",
        ),
        (
            "the gas lift sinks during the day", "two screws were missing",
            "the armrests wobble", "it smelled of glue for weeks",
        ),
    ),
    (
        "moving company",
        (
            "not a single glass broke", "the crew was early and cheerful",
            "the price was exactly what they had quoted", "they even reassembled the beds",
        ),
        (
            "they came three hours late", "our sofa arrived scratched",
            "two boxes never turned up", "they charged extra for the stairs",
        ),
    ),
    (
        "robot vacuum",
        (
            "it finds its way around the cat's toys", "it maps the flat in one run",
            "it is quiet enough for the evening", "emptying the bin takes seconds",
        ),
        (
            "it gets stuck on every rug", "the side brush fell off twice",
            "it forgets the map after each update", "spare filters are hard to get",
        ),
    ),
    (
        "museum",
        (
            "the audio guide is worth every cent", "children get their own trail",
            "the new wing is full of light", "we had whole rooms to ourselves on a weekday",
        ),
        (
            "half of the galleries were closed", "the queue went around the block",
            "labels are only in one language", "the café is overpriced",
        ),
    ),
)  # fmt: skip
"""What it is, what people praise about it, what they complain about."""

BEST = (
    "Couldn't be happier: {praise}, and {praise}.",
    "Best {thing} I have come across so far: {praise}.",
    "Five stars without hesitation, because {praise}.",
    "Exceeded my expectations in every way; {praise}, {praise}.",
    "I tell everyone about this {thing}, since {praise}.",
)
GOOD = (
    "Very good {thing} overall: {praise}. Only small thing is that {complaint}.",
    "Nearly perfect, as {praise} and {praise}. One star off because {complaint}.",
    "I like it a lot: {praise}. If only I could overlook that {complaint}.",
    "Solid choice. What I like most is that {praise}, even if {complaint}.",
)
MIXED = (
    "A mixed experience. On the one hand {praise}, on the other {complaint}.",
    "It's okay: {praise}, but {complaint}.",
    "Average {thing}. True, {praise}. Still, {complaint}.",
    "Three stars, because {praise} while {complaint}.",
)
POOR = (
    "Disappointing {thing} at this price: {complaint}, and {complaint}. At least {praise}.",
    "I expected more, since {complaint}. The only good part is that {praise}.",
    "Would not choose this {thing} again, as {complaint} and {complaint}.",
    "Two stars only because {praise}. Otherwise {complaint}.",
)
WORST = (
    "Avoid at all costs. First {complaint}, then {complaint}.",
    "Worst {thing} in years: {complaint}, and {complaint}.",
    "I want my money back, because {complaint} and {complaint}.",
    "One star is too many when {complaint}.",
)
BY_STARS = {5: BEST, 4: GOOD, 3: MIXED, 2: POOR, 1: WORST}
"""Sentence patterns; ``{thing}`` is what is reviewed."""

HANDLES = (
    "coffee_before_ten", "dadof3", "TrailMix88", "nightshift_nurse", "bookworm_bea", "JustMyTwoCents", "tiny_kitchen",
    "southpaw42", "GreyhoundMum", "window_seat_only", "allotment_al", "quiet_carriage",
)  # fmt: skip
