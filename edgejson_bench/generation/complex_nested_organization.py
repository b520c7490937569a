"""Company structures: headquarters, departments, their heads, teams, members and projects.

What holds, wherever the fields involved are present: ids are unique within a company; every e-mail address is
derived from the person's name and the company's domain (all under reserved example domains); nobody starts
before the company was founded; a member's project allocations sum to at most 100; a project id has one name;
``total_employees`` is at least the number of people listed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from edgejson_bench.generation.complex_org_units import UNITS, Team, Unit
from edgejson_bench.generation.complex_parts import (
    PLACES,
    email,
    person,
    phone,
    slug,
    street,
    thin,
    unique,
    unique_code,
)
from edgejson_bench.generation.values import TOP_LEVEL_OPTIONAL, Values
from edgejson_bench.records import JsonObject

LAST_START = date(2025, 9, 30)


@dataclass
class _Company:
    """What is handed out once per company while its parts are drawn."""

    domain: str
    founded: date
    names: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)

    def code(self, v: Values, pattern: str) -> str:
        """A new id, unlike every other id of the company."""
        return unique_code(v, pattern, self.codes)

    def employee(self, v: Values) -> JsonObject:
        """Id, name and address of a new person."""
        name = unique(lambda: person(v), self.names)
        return {"employee_id": self.code(v, "E-####"), "name": name, "email": email(name, self.domain)}


def nested_organization(v: Values) -> JsonObject:
    """One company with two or three departments."""
    name = v.faker.company()
    company = _Company(
        domain=f"{slug(name)}.example.{v.pick(('com', 'org', 'net'))}",
        founded=v.day(1974, 2018),
    )
    place = v.pick(PLACES)
    address = {
        "street": street(v),
        "city": place.city,
        "state": place.state,
        "country": "United States",
        "postal_code": place.postal_code,
    }
    headquarters = {"address": thin(v, address), "phone": phone(v, place), "timezone": place.timezone}
    departments = [_department(v, company, unit) for unit in v.sample(UNITS, 2, 3)]
    organization = {
        "company_id": v.code("CO-#####"),
        "company_name": name,
        "founded_date": company.founded.isoformat(),
        "headquarters": thin(v, headquarters),
        "departments": departments,
        "total_employees": len(company.names) + v.integer(8, 900),
    }
    return thin(v, organization, ("company_id", "company_name", "departments"), TOP_LEVEL_OPTIONAL)


def _department(v: Values, company: _Company, unit: Unit) -> JsonObject:
    head = company.employee(v) | {"title": unit.head_title}
    department = {
        "department_id": company.code(v, f"{unit.code}-##"),
        "department_name": unit.name,
        "head": thin(v, head, keep=("name",)),
        "budget": 5000 * v.integer(60, 900),
        "teams": [_team(v, company, unit, team) for team in v.sample(unit.teams, 1, 2)],
    }
    return thin(v, department, keep=("department_id", "department_name"), probability=TOP_LEVEL_OPTIONAL)


def _team(v: Values, company: _Company, unit: Unit, team: Team) -> JsonObject:
    names = v.sample(team.projects, 1, len(team.projects))
    projects = [(company.code(v, "PRJ-###"), name) for name in names]
    fields = {
        "team_id": company.code(v, f"T-{unit.code}-###"),
        "team_name": team.name,
        "team_lead": thin(v, company.employee(v), keep=("name",)),
        "members": [_member(v, company, team, projects) for _ in range(v.integer(1, 2))],
        "focus_areas": v.sample(team.focus, 1, 3),
    }
    return thin(v, fields, keep=("team_id",))


def _member(v: Values, company: _Company, team: Team, projects: list[tuple[str, str]]) -> JsonObject:
    role, skills = v.pick(team.roles)
    earliest = max(company.founded, date(2009, 1, 5))
    start = earliest + timedelta(days=v.integer(30, (LAST_START - earliest).days))
    assigned = v.sample(projects, 1, 2)
    shares = {1: ((100,), (80,), (60,), (50,)), 2: ((60, 40), (50, 50), (70, 30), (50, 25))}[len(assigned)]
    work = [
        thin(
            v,
            {
                "project_id": project_id,
                "project_name": name,
                "role_in_project": v.pick(("owner", "contributor", "reviewer", "coordinator")),
                "allocation_percentage": share,
            },
            keep=("project_id",),
        )
        for (project_id, name), share in zip(assigned, v.pick(shares), strict=True)
    ]
    member = company.employee(v) | {
        "role": role,
        "start_date": start.isoformat(),
        "skills": v.sample(skills, 2, 3),
        "projects": work,
    }
    return thin(v, member, keep=("employee_id", "name", "email", "role"))
