# ruff: noqa: E501 - one entry a line reads best
"""Meetings and events: what is said at which meeting, who comes, what there is to eat. Data only."""

from __future__ import annotations

from dataclasses import dataclass

OFFICE = (
    "Room 2.14", "Conference room Oslo", "Conference room Atlas", "Meeting pod 3", "Board room, 5th floor", "Phone conference, PIN {passcode}",
    "https://meet.example.com/{hex}", "https://video.example.org/j/{big}{big}", "https://calls.example.net/r/{hex}",
)  # fmt: skip
"""Where colleagues meet; may hold slots."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One kind of meeting with everything that fits it."""

    title: str
    """May hold slots, see :mod:`.slots`."""
    minutes: tuple[int, ...]
    """Usual lengths."""
    roles: tuple[str, ...]
    """Who sits there."""
    remarks: tuple[str, ...]
    """Sentences of the notes."""
    tasks: tuple[str, ...]
    """What people take home."""
    places: tuple[str, ...] = OFFICE
    """Rooms or video links; may hold slots."""
    private: bool = False
    """People write from mailboxes of their own, not from a firm's."""


MEETINGS = (
    Meeting(
        "Sprint planning {n}",
        (45, 60, 90),
        ("Product Owner", "Scrum Master", "Backend Developer", "Frontend Developer", "QA Engineer"),
        (
            "Velocity was {n} points, two below the last sprint.",
            "Checkout redesign goes first, the importer moves to the next sprint.",
            "{first} is away until {weekday}, so pairing on the parser is postponed.",
            "Everyone agreed to keep {pct} % of capacity for planned work.",
        ),
        ("Split the checkout epic into stories", "Book the usability lab", "Write acceptance tests for the importer"),
    ),
    Meeting(
        "Incident review: outage of {service}",
        (30, 45, 60),
        ("Incident Commander", "Site Reliability Engineer", "Support Lead", "Database Administrator"),
        (
            "{service} was down for {minutes} minutes because a certificate expired.",
            "The alert fired but went to a channel nobody reads.",
            "About {big} customers saw error pages.",
            "Rollback worked as rehearsed.",
        ),
        ("Route certificate alerts to on-call", "Publish the incident report", "Add expiry dates to the dashboard"),
    ),
    Meeting(
        "Quarterly budget review",
        (60, 90),
        ("Finance Director", "Controller", "Head of Operations", "HR Manager"),
        (
            "Travel is {small} % over plan, software licenses {small} % under.",
            "The new lease in {city} starts in {month}.",
            "Hiring stays frozen except for two positions in support.",
        ),
        ("Renegotiate the cloud contract", "Send revised forecast to the board", "Collect open travel claims"),
    ),
    Meeting(
        "Site visit {city}: kitchen renovation",
        (30, 60),
        ("Architect", "Client", "Site Manager", "Electrician"),
        (
            "The wall between kitchen and hall is not load-bearing and can go.",
            "Sockets on the north side move up by {n} centimeters.",
            "Tiles are delayed until {month} {day}.",
            "The client prefers oak fronts over lacquer.",
        ),
        ("Order the oak samples", "Send the updated floor plan", "Measure the window recess again"),
        ("On site, {city}", "Site hut, {city}", "Showroom, {city}"),
        private=True,
    ),
    Meeting(
        "Parents' council, class {small}b",
        (60, 75, 90),
        ("Class Teacher", "Parent Representative", "Headteacher", "School Nurse"),
        (
            "The class trip goes to {city} and costs ${amount} per child.",
            "Phones stay in the lockers during lessons.",
            "Volunteers are needed for the summer fair on {month} {day}.",
        ),
        ("Collect consent forms", "Find a coach company", "Draw up the fair's cake list"),
        ("School library", "Classroom 1.07", "Assembly hall"),
        private=True,
    ),
    Meeting(
        "Editorial meeting, {month} issue",
        (30, 45),
        ("Editor-in-Chief", "Photo Editor", "Staff Writer", "Layout Designer"),
        (
            "Cover story is the river restoration near {city}.",
            "The interview with {name} needs two more pages.",
            "Print deadline is {weekday} at {time}.",
        ),
        ("Clear the rights for the cover photo", "Cut the housing feature to 900 words", "Fact-check the river story"),
    ),
    Meeting(
        "Ward handover, night to day",
        (15, 20, 30),
        ("Charge Nurse", "Registrar", "Physiotherapist", "Pharmacist"),
        (
            "{small} admissions overnight, one transfer to intensive care.",
            "Bed {n} may go home after the morning round.",
            "The infusion pump in room {small} was replaced.",
        ),
        ("Call the family of bed {n}", "Reorder heparin syringes", "Report the faulty infusion pump"),
        ("Ward office 4B", "Nurses' station, 3 East", "Handover room, level 2"),
    ),
    Meeting(
        "Kick-off with {company}",
        (45, 60),
        ("Account Manager", "Project Lead", "Customer Success Manager", "Solution Architect"),
        (
            "Scope is the migration of {n} stores, pilot in {city}.",
            "{company} names {name} as single point of contact.",
            "Go-live is planned for {month}, with weekly calls until then.",
        ),
        ("Share the project plan", "Set up the shared channel", "Get VPN access for the project team"),
    ),
    Meeting(
        "Allotment association, general assembly",
        (90, 120),
        ("Chair", "Treasurer", "Secretary", "Plot Holder"),
        (
            "Dues rise to ${amount} a year from {month}.",
            "The water main will be shut off on {weekday} for repairs.",
            "{n} people are on the waiting list.",
        ),
        ("Get three quotes for the new fence", "Update the waiting list", "Repair the tool shed lock"),
        ("Community hall", "Clubhouse at the east gate", "Back room of the Plough Inn"),
        private=True,
    ),
    Meeting(
        "Model evaluation sync",
        (30, 45),
        ("Research Engineer", "Data Scientist", "Team Lead", "Annotation Lead"),
        (
            "The small model reaches {pct} % on the held-out set.",
            "{n} labels in the validation split are wrong and get fixed.",
            "Training runs move to the new cluster on {weekday}.",
        ),
        ("Relabel the disputed examples", "Rerun the baseline with three seeds", "Draft the results section"),
    ),
    Meeting(
        "Hiring round: junior bookkeeper",
        (30, 45),
        ("HR Manager", "Head of Accounting", "Senior Bookkeeper"),
        (
            "{n} applications, {small} invited for interviews.",
            "{name} made the best impression in the trial task.",
            "Start date would be {month} 1.",
        ),
        ("Call the references", "Send two rejections", "Prepare the contract draft"),
    ),
    Meeting(
        "Festival logistics call",
        (30, 60),
        ("Production Manager", "Stage Manager", "Volunteer Coordinator", "Safety Officer"),
        (
            "Gates open at {time}, soundcheck two hours before.",
            "{n} volunteers are still missing for the parking area.",
            "The fire brigade wants a second exit behind stage {small}.",
        ),
        ("Rent two more light towers", "Send the evacuation plan to the city", "Order wristbands"),
        ("https://video.example.org/j/{big}{big}", "Phone conference, PIN {passcode}", "Production office, field gate"),
    ),
)

EVENTS = (
    ("Edge AI Summit {city}", True),
    ("PyCoast {year}", True),
    ("Rust Workshop Days", True),
    ("{city} Food & Wine Fair", False),
    ("Annual Nursing Symposium {year}", True),
    ("Open Data Day {city}", True),
    ("Charity Gala for the Children's Hospital", False),
    ("Photography Masterclass with {name}", False),
    ("{city} Startup Night", True),
    ("Small Language Models Meetup", True),
    ("Women in Engineering Forum {year}", True),
    ("Sustainable Building Congress {year}", True),
    ("{city} Jazz Brunch", False),
    ("Digital Humanities Conference {year}", True),
    ("Beekeeping for Beginners", False),
)
"""Events one signs up for, and whether anybody speaks there; may hold slots and ``{year}``."""

DIETS = (
    "vegetarian", "vegan", "gluten-free", "lactose-free", "nut allergy", "shellfish allergy", "halal", "kosher",
    "no pork", "diabetic menu", "low sodium",
)  # fmt: skip
