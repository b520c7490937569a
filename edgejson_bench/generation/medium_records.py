"""Medium tasks about people and appointments: lab report, support ticket, meeting minutes, event sign-up."""

from __future__ import annotations

from datetime import timedelta

from edgejson_bench.generation import people
from edgejson_bench.generation.slots import fill, month_name
from edgejson_bench.generation.values import NESTED_OPTIONAL, Values, present, timestamp
from edgejson_bench.generation.vocabulary_laboratory import DERIVED, LABORATORIES, PANELS, PATIENT_IDS, Analyte
from edgejson_bench.generation.vocabulary_meetings import DIETS, EVENTS, MEETINGS
from edgejson_bench.generation.vocabulary_tickets import TICKET_IDS, TICKETS
from edgejson_bench.records import JsonObject

ABNORMAL_SHARE = 0.18
"""How often one analyte lies outside its reference range; about a third of the reports then hold one."""


def medical_record(v: Values) -> JsonObject:
    """One panel. ``status`` is abnormal exactly where a printed value is out of its range, or else not."""
    panel, analytes = v.deal("panels", PANELS)
    values = _measure(v, analytes)
    shown = v.sample(analytes, 1, 4)
    shown.sort(key=analytes.index)
    if any(not analyte.is_normal(values[analyte.name]) for analyte in shown):
        status = "abnormal"
    else:
        status = v.pick(("complete", "complete", "pending"))
    results = [
        present(
            {
                "parameter": analyte.name,
                "value": values[analyte.name],
                "unit": analyte.unit,
                "reference_range": analyte.reference_range if v.maybe(NESTED_OPTIONAL) else None,
            }
        )
        for analyte in shown
    ]
    return present(
        {
            "patient_id": v.code(v.pick(PATIENT_IDS)),
            "test_type": panel,
            "test_date": v.day(2022, 2025).isoformat(),
            "results": results,
            "ordering_physician": f"Dr. {people.person(v).name}" if v.maybe() else None,
            "lab_name": v.pick(LABORATORIES) if v.maybe() else None,
            "status": status if v.maybe() else None,
        }
    )


def _measure(v: Values, analytes: tuple[Analyte, ...]) -> dict[str, float]:
    """A value for every analyte of a panel; those that follow from others are computed."""
    values: dict[str, float] = {}
    for analyte in analytes:
        low = analyte.least if analyte.low is None else analyte.low
        high = analyte.most if analyte.high is None else analyte.high
        outside = [(analyte.least, low)] if analyte.low is not None and analyte.least < low else []
        outside += [(high, analyte.most)] if analyte.high is not None else []
        if v.maybe(ABNORMAL_SHARE):
            low, high = v.pick(outside)
        values[analyte.name] = _rounded(v.random.uniform(low, high), analyte)
    for analyte in analytes:
        if analyte.name in DERIVED:
            values[analyte.name] = _rounded(DERIVED[analyte.name](values), analyte)
    return values


def _rounded(value: float, analyte: Analyte) -> float:
    return round(value, analyte.digits) if analyte.digits else round(value)


def support_ticket(v: Values) -> JsonObject:
    """A customer's problem with the category and priority that suit it."""
    customer = people.person(v)
    category, subject, description, priorities = v.deal("tickets", TICKETS)
    status = v.pick(("open", "in_progress", "waiting_customer", "resolved", "closed"))
    created = v.moment(2022)
    updated = created + timedelta(minutes=v.integer(4, 9 * 24 * 60), seconds=v.integer(0, 59))
    # Customers write about the month before: its dates lie in the past whatever the day.
    last_month = month_name(created.replace(day=1) - timedelta(days=1))
    known = {**_shared(v), "month": last_month}
    return present(
        {
            "ticket_id": v.code(v.pick(TICKET_IDS)),
            "customer_name": customer.name,
            "customer_email": people.email(v, customer),
            "subject": fill(v, subject, **known),
            "description": fill(v, description, **known) if v.maybe() else None,
            "category": category,
            "priority": v.pick(priorities),
            "status": status,
            "assigned_to": people.person(v).name if v.maybe() else None,
            "created_at": timestamp(created) if v.maybe() else None,
            "updated_at": timestamp(updated) if v.maybe() else None,
        }
    )


def _shared(v: Values) -> dict[str, str]:
    """Slots that the sentences of one record must agree on: the device is the same in subject and description."""
    names = ("amount", "browser", "city", "company", "device", "file", "hours", "minutes", "month", "pct", "service")
    return {name: fill(v, f"{{{name}}}") for name in names}


def meeting_notes(v: Values) -> JsonObject:
    """A meeting whose notes, roles and tasks fit its title; tasks go to people who were there."""
    meeting = v.deal("meetings", MEETINGS)
    start = v.working_time(step_minutes=15)
    known = {**_shared(v), "month": month_name(start + timedelta(days=v.integer(25, 90)))}
    domain = None if meeting.private else people.work_domain(people.company(v))
    crew = people.people(v, v.pick((2, 2, 3, 3, 4)))
    roles = v.random.sample(meeting.roles, min(len(crew), len(meeting.roles)))
    roles += [v.pick(meeting.roles) for _ in crew[len(roles) :]]
    attendees = [
        present(
            {
                "name": somebody.name,
                "email": people.email(v, somebody, domain),
                "role": role if v.maybe(NESTED_OPTIONAL) else None,
            }
        )
        for somebody, role in zip(crew, roles, strict=True)
    ]
    remarks = [remark for remark in meeting.remarks if v.maybe(0.8)] or list(meeting.remarks[:1])
    tasks = [
        present(
            {
                "task": fill(v, task, **known),
                "assigned_to": v.pick(crew).name if v.maybe(NESTED_OPTIONAL) else None,
                "due_date": (start + timedelta(days=v.integer(2, 28))).date().isoformat()
                if v.maybe(NESTED_OPTIONAL)
                else None,
            }
        )
        for task in v.sample(meeting.tasks, 1, 3)
    ]
    return present(
        {
            "meeting_title": fill(v, meeting.title, **known),
            "date": timestamp(start),
            "duration_minutes": v.pick(meeting.minutes) if v.maybe() else None,
            "attendees": attendees,
            "notes": " ".join(fill(v, remark, **known) for remark in remarks) if v.maybe() else None,
            "action_items": tasks if v.maybe() else None,
            "location": fill(v, v.pick(meeting.places), **known) if v.maybe() else None,
        }
    )


def event_registration(v: Values) -> JsonObject:
    """A booking made before its event; whoever is to be called in an emergency is somebody else."""
    attendee, relative = people.people(v, 2)
    start = v.working_time(2022, 2025, step_minutes=30)
    booked = start - timedelta(days=v.integer(3, 120))
    event, has_talks = v.deal("events", EVENTS)
    tickets = (
        ("general", "general", "vip", "student", "speaker") if has_talks else ("general", "general", "vip", "student")
    )
    contact = {"name": relative.name, "phone": people.phone(v)}
    return present(
        {
            "event_name": fill(v, event, year=start.year),
            "event_date": timestamp(start) if v.maybe() else None,
            "attendee_name": attendee.name,
            "attendee_email": people.email(v, attendee),
            "ticket_type": v.pick(tickets),
            "dietary_requirements": v.sample(DIETS, 1, 2) if v.maybe() else None,
            "emergency_contact": contact if v.maybe() else None,
            "registration_date": booked.date().isoformat() if v.maybe() else None,
        }
    )
