"""Reads of planned structures and of who reports to whom: documents, today as a chart, and both in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from marops.domains.team.catalogue import STRUCTURE, assumptions, catalogue
from marops.domains.team.models import Person, StructureSketch, Vacancy
from marops.domains.team.permissions import PAY, PLAN, VIEW
from marops.domains.team.queries.coverage import Team, team_of
from marops.domains.team.queries.people import held_on, vacancies
from marops.domains.team.rules import chart as charts
from marops.domains.team.rules import seats as rules
from marops.domains.team.rules.chart import Chart, Differences, Node, roles_in_words
from marops.domains.team.rules.coverage import Hours, Worker
from marops.domains.team.rules.seats import Figures, Known
from marops.domains.team.rules.structure import Seat, Structure
from marops.kernel import memo
from marops.kernel.actors import Actor
from marops.kernel.definitions import load
from marops.kernel.errors import NOT_FOUND, FieldError, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import may, require
from marops.kernel.workspace import workspace


def known() -> Known:
    """What a structure may name now."""
    people = {f"P-{number}": (active, name) for number, active, name in _people()}
    places = Vacancy.objects.filter(state__in=(Vacancy.State.OPEN, Vacancy.State.PLANNED)).values_list(
        "number", flat=True
    )
    return Known(
        catalogue().roles, {ref: active for ref, (active, _name) in people.items()},
        {ref: name for ref, (_active, name) in people.items()}, {f"V-{number}" for number in places},
        {one.id for one in assumptions().spans},
    )  # fmt: skip


def _people() -> list[tuple[int, bool, str]]:
    rows = Person.objects.order_by("name", "number").values_list("number", "active", "name")
    return memo.once(("team", "everybody"), lambda: list(rows))


def check(structure: Structure) -> Sequence[FieldError]:
    """What is wrong with a structure here and now."""
    return rules.faults(structure, known())


@dataclass(frozen=True, slots=True)
class Kept:
    """A structure: the newest version whatever its state, or how the reader has changed it without keeping it yet."""

    row: Definition
    structure: Structure
    sketch: StructureSketch | None = None

    @property
    def slug(self) -> str:
        """Its short name."""
        return self.row.slug

    @property
    def empty(self) -> list[Seat]:
        """Seats that nobody has and no place was opened for."""
        return [one for one in self.structure.seats if not one.person and not one.vacancy]


def seen(document: Mapping[str, Any], actor: Actor) -> Mapping[str, Any]:
    """A version's document where any version may be asked for: whole for those who plan, else its title."""
    return document if may(actor, PLAN) else {"title": document.get("title", "")}


def _readable(actor: Actor) -> QuerySet[Definition]:
    """Who plans sees every version; others what is in force: who is to go is nobody else's before it is decided."""
    require(actor, VIEW)
    rows = Definition.objects.filter(kind=STRUCTURE).order_by("slug", "-version")
    return rows if may(actor, PLAN) else rows.filter(state=Definition.State.ACTIVE)


def structures(actor: Actor) -> list[Kept]:
    """Every structure the reader may see, by its newest version. Raises MaropsError `not-allowed`."""
    rows = _readable(actor).exclude(state=Definition.State.RETIRED)
    return [Kept(row, load(row)) for row in rows.distinct("slug")]


def find_structure(actor: Actor, slug: str, *, sketched: bool = True) -> Kept:
    """The newest version of one that the reader may see; `sketched`: with their own changes that are not kept yet.

    Raises MaropsError `not-found`.
    """
    row = _readable(actor).filter(slug=slug).first()
    if row is None:
        raise MaropsError(NOT_FOUND, f"There is no structure {slug!r}.")
    sketch = StructureSketch.objects.filter(slug=slug, by=actor.id).first() if sketched and may(actor, PLAN) else None
    return Kept(row, Structure.model_validate(sketch.document) if sketch else load(row), sketch)


# -- charts ------------------------------------------------------------------------------------------------------------


def titles() -> dict[str, str]:
    """Short name → what a role is called."""
    return {slug: role.title for slug, role in catalogue().roles.items()}


def names() -> dict[str, str]:
    """Reference → name of a person or title of a place."""
    places = {f"V-{number}": title for number, title in Vacancy.objects.values_list("number", "title")}
    return {f"P-{number}": name for number, _active, name in _people()} | places


def today_chart() -> Chart:
    """Everybody who is here with those they report to, and the places that nobody has yet."""
    called = titles()
    held = {
        who: tuple((one.role, float(one.share)) for one in rows) for who, rows in held_on().items()
    }  # fmt: skip
    people = Person.objects.filter(active=True).order_by("name", "number")
    rows = people.values_list("id", "number", "name", "manager__number")
    nodes = [
        Node(
            f"P-{number}", name, roles_in_words(held.get(who, ()), called) or "", "person",
            f"P-{above}" if above else "", held.get(who, ()),
        )
        for who, number, name, above in rows
    ]  # fmt: skip
    return charts.chart_of([*nodes, *(_place(one, called) for one in vacancies())])


def _place(one: Vacancy, called: Mapping[str, str]) -> Node:
    roles = tuple(
        sorted(((role, float(share)) for role, share in one.roles.items()), key=lambda row: (-row[1], row[0]))
    )
    above = one.manager.ref if one.manager else ""
    return Node(one.ref, one.title, roles_in_words(roles, called), "place", above, roles)


@dataclass(frozen=True)
class Compared:
    """A plan beside today: both as charts, and what differs."""

    today: Chart
    plan: Chart
    differences: Differences


def compared(actor: Actor, structure: Structure) -> Compared:
    """A structure against today. Of today those count whom a plan of the team speaks of: the team and its places."""
    whole = today_chart()
    team = team_of(actor)
    within = [*(one.ref for one in _planned(team)), *(one.ref for one in team.openings.values())]
    planned = charts.planned(structure, names(), titles())
    today = charts.only(whole, [*within, *planned.nodes])
    plan = charts.ordered_as(planned, today)
    return Compared(today, plan, charts.differences(today, plan, within))


def _planned(team: Team) -> list[Worker]:
    """Whom a plan speaks of: those with roles of the team; who reports into it without one is no seat of it."""
    return [one for one in team.workers if one.shares]


def structure_of_today(actor: Actor, title: str) -> Structure:
    """The team as it is, with its open places, as a structure to change. Raises MaropsError `not-found` for no team."""
    team, whole = team_of(actor), today_chart()
    openings = {one.ref: one for one in team.openings.values()}
    refs = [*(one.ref for one in _planned(team)), *openings]
    if not refs:
        raise MaropsError(NOT_FOUND, "Nobody holds a role of the team yet, so that there is nothing to begin with.")
    shares = {one.ref: one.shares for one in _planned(team)} | {ref: one.shares for ref, one in openings.items()}
    leads = {one.ref: one.leads_as for one in _planned(team)}
    seats = [_seat(ref, shares[ref], whole, leads.get(ref, ""), refs) for ref in refs if shares[ref]]
    return Structure(title=title, seats=tuple(seats))


def _seat(ref: str, shares: Mapping[str, float], whole: Chart, leads_as: str, refs: Sequence[str]) -> Seat:
    above = whole.nodes[ref].above if ref in whole.nodes else ""
    given: dict[str, Any] = {"person": ref} if ref.startswith("P-") else {"vacancy": ref}
    roles = {role: min(1.0, round(share, 3)) for role, share in shares.items()}
    manager = above.lower() if above in refs else ""
    return Seat(id=ref.lower(), roles=roles, manager=manager, leads_as=leads_as, **given)


# -- numbers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Weighed:
    """Structures in numbers, as one reader may know them."""

    actor: Actor
    currency: str

    @cached_property
    def team(self) -> Team:
        """The team of today."""
        return team_of(self.actor)

    @property
    def sees_pay(self) -> bool:
        """Costs of seats are bands of pay: for those who may see pay."""
        return may(self.actor, PAY)

    def today(self) -> Figures:
        """The team as it is, without its open places."""
        workers = _planned(self.team)
        shares = [one.shares for one in workers]
        refs = {one.id: one.ref for one in workers}
        led = {who: n for who, n in self.team.reports.items() if who in refs}
        wanted = self.team.wanted
        return rules.figures(self.team.workers, wanted, self.team.assumed, led, empty=0, pay=self._pay(shares))

    def with_places(self) -> Figures | None:
        """Today as if its open places were filled; None where there are none."""
        return self.of(structure_of_today(self.actor, "today")) if self.team.openings else None

    def of(self, structure: Structure) -> Figures:
        """A structure as if every empty seat had somebody with exactly the levels that its roles ask for.

        Who is of the team without a role of it stays as today, unless the structure has a seat for them.
        """
        people = {one.ref: one for one in self.team.known.values()}
        seated = {seat.person for seat in structure.seats}
        stay = [one for one in self.team.outside if one.ref not in seated]
        workers = [*rules.workers_of(structure, people, self.team.catalogue), *stay]
        empty = sum(not one.person for one in structure.seats)
        pay = self._pay([one.roles for one in structure.seats])
        led = rules.reports_of(structure)
        for one in stay:
            boss = self.team.known.get(one.manager)
            if boss and boss.ref in seated:
                led[boss.ref] = led.get(boss.ref, 0) + 1
        return rules.figures(workers, self.team.wanted, self.team.assumed, led, empty=empty, pay=pay)

    def _pay(self, seats: Sequence[Mapping[str, float]]) -> Hours:
        return rules.pay_of(seats, self.team.assumed, self.team.catalogue, self.currency) if self.sees_pay else Hours()


def weighed(actor: Actor) -> Weighed:
    """Weighing for this reader. Raises MaropsError `not-allowed`."""
    require(actor, VIEW)
    return Weighed(actor, "USD" if workspace().currency == "USD" else "EUR")
