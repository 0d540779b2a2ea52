"""Work, the week, first weeks and openings over REST. One-to-ones have no door here: they are for two people."""

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Status
from pydantic import Field

from marops.domains.accounts.public import actor_of
from marops.domains.team.actions import newcomers as first_weeks
from marops.domains.team.actions import openings as places
from marops.domains.team.actions import work as actions
from marops.domains.team.models import Assignment, Onboarding, Vacancy
from marops.domains.team.permissions import PLAN, VIEW, Policy
from marops.domains.team.queries import newcomers, openings, week
from marops.domains.team.queries import work as queries
from marops.domains.team.queries.hours import find_person
from marops.domains.team.rest.base import router
from marops.domains.team.work_forms import ChangedWorkForm, FillForm, OnboardingForm, OpeningForm, WorkForm
from marops.kernel.errors import NOT_ALLOWED, MaropsError
from marops.kernel.forms import validated
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Paging, Shown, Strict, checked_limit, page, place_of
from marops.kernel.workspace import today

State = Literal["open", "doing", "done", "dropped"]


class WorkChange(Strict):
    """A piece of work, whole. `about`: an address, or kind:id of something in Marops."""

    title: str
    due: date | None = None
    hours: float | None = None
    responsibility: str = ""
    about: str = ""
    says: str = ""


class NewWork(WorkChange):
    """A piece of work. `person` is a reference P-3; empty: it waits for somebody."""

    person: str = ""


class About(Shown):
    """What a piece of work is about."""

    type: str
    id: str


class WorkOut(Shown):
    """A piece of work. `says` and `about` only for those who may read details; `onboarding`: whose first weeks."""

    ref: str
    id: str
    title: str
    state: State
    person: str | None
    due: date | None
    hours: float | None
    responsibility: str
    says: str
    about: About | None
    onboarding: str | None
    ended_at: datetime | None


class WorkAsked(Paging):
    """Which work: `person` a reference (`me` for one's own, `nobody` for what waits), `state` open by itself."""

    person: str = ""
    state: Literal["open", "over", "all"] = "open"


class WorkAct(Strict):
    """What becomes of it. `why` is asked of a newcomer who leaves a task out."""

    to: Literal["take", "start", "done", "drop", "open"]
    why: str = ""


class GivenTo(Strict):
    """Whose it is from now on; None: it waits for somebody."""

    person: str | None


class MovedTo(Strict):
    """All open work of `source` goes to `target`; None: it waits for somebody."""

    source: str
    target: str | None = None


class Moved(Shown):
    """A move of all work, by whose id it can be undone."""

    id: str
    pieces: int


class WeekOut(Shown):
    """One week of somebody, in hours: what calendar and absences give, what can be planned, what is spoken for."""

    starts: date
    calendar: float
    away: float
    open: float
    regular: float
    due: float
    beside: float
    load: float
    over: float


class PlateOut(Shown):
    """Somebody's weeks; `undated` and `unsized` pieces weigh in none of them."""

    person: str
    name: str
    late: int
    undated: int
    unsized: int
    weeks: list[WeekOut]


class PlatesOut(Shown):
    """Everybody's weeks, and the share of hours that can be planned, by the assumptions."""

    items: list[PlateOut]
    plannable_share: float


class OnboardingIn(Strict):
    """Whose first weeks, by which playbook, from when, with which mentor."""

    person: str
    starts: date
    playbook: str = "newcomer"
    mentor: str | None = None


class OnboardingOut(Shown):
    """Somebody's first weeks and their tasks."""

    person: str
    playbook: str
    mentor: str | None
    starts: date
    ended_at: datetime | None
    tasks: list[WorkOut]


class OpeningIn(Strict):
    """A place nobody has yet: roles with shares of a full week, skills with other levels than the roles ask for."""

    title: str
    roles: dict[str, float]
    skills: dict[str, int] = Field(default_factory=dict)
    manager: str | None = None
    location: str = ""
    starts: date | None = None
    because: str = ""
    state: Literal["open", "planned"] = "open"


class OpeningOut(Shown):
    """A place; `closes`: skills in which it would end a gap (none where `closes_known` is false, for people hide
    theirs), `seconds`: skills in which it would stand beside a single person.
    """

    ref: str
    id: str
    title: str
    state: Literal["planned", "open", "filled", "dropped"]
    roles: dict[str, float]
    skills: dict[str, int]
    manager: str | None
    location: str
    starts: date | None
    filled_by: str | None
    closes: list[str]
    closes_known: bool
    seconds: list[str]
    hidden: int


class SectionOut(Shown):
    """A section of a description; lines that begin with a hyphen are items of a list."""

    key: str
    heading: str
    lines: list[str]
    by_hand: bool
    stale: bool


class DescriptionOut(Shown):
    """A job description, section by section."""

    ref: str
    title: str
    sections: list[SectionOut]


class FilledBy(Strict):
    """Who has the place from which day on."""

    person: str
    starts: date


class OpeningAct(Strict):
    """A place is opened, or given up."""

    to: Literal["open", "drop"]
    why: str = ""


def _id(ref: str | None) -> str:
    return str(find_person(ref).id) if ref else ""


def _policy(request: HttpRequest) -> Policy:
    actor = actor_of(request)
    require(actor, VIEW)
    return Policy.of(actor)


@router.get("/team/work", response=Page[WorkOut])
def work(request: HttpRequest, given: Query[WorkAsked]) -> dict[str, Any]:
    """Work, by number: the titles of the team's, details of one's own and one's people's."""
    policy = _policy(request)
    rows = queries.work().order_by("number")
    if given.state != "all":
        rows = rows.filter(state__in=queries.OPEN) if given.state == "open" else rows.exclude(state__in=queries.OPEN)
    if given.person == "me":
        if not policy.in_person:
            raise MaropsError(NOT_ALLOWED, "A key is nobody of the team. Name the person, such as P-3.")
        rows = rows.filter(person_id=policy.me) if policy.me else rows.none()
    elif given.person == "nobody":
        rows = rows.filter(person=None)
    elif given.person:
        rows = rows.filter(person=find_person(given.person))
    if given.after:
        rows = rows.filter(number__gt=place_of(given.after, int)[0])
    limit, found = checked_limit(given.limit), list[Assignment]()
    for one in rows.iterator(chunk_size=200):  # those that may not be seen make no page shorter
        if policy.sees_work(one):
            found.append(one)
        if len(found) > limit:
            break
    shown: dict[str, Any] = page(
        found, limit, at=lambda one: (one.number,), show=lambda one: queries.work_json(policy, one)
    )
    return shown


@router.post("/team/work", response={201: WorkOut})
def put_down(request: HttpRequest, body: NewWork) -> Status[dict[str, Any]]:
    """Put down a piece of work, for oneself, one's people, or whoever takes it."""
    policy = _policy(request)
    given = body.dict() | {"person_id": _id(body.person)}
    del given["person"]
    row = actions.add_work(actor=policy.actor, **validated(WorkForm, given))
    return Status(201, queries.work_json(policy, queries.find_work(policy, row.ref)))


@router.get("/team/work/{ref}", response=WorkOut)
def one_piece(request: HttpRequest, ref: str) -> dict[str, Any]:
    """One piece of work."""
    policy = _policy(request)
    return queries.work_json(policy, queries.find_work(policy, ref))


@router.put("/team/work/{ref}", response=WorkOut)
def change(request: HttpRequest, ref: str, body: WorkChange) -> dict[str, Any]:
    """Other words, another day, other hours."""
    policy = _policy(request)
    row = queries.find_work(policy, ref)
    actions.change_work(actor=policy.actor, work_id=row.id, **validated(ChangedWorkForm, body.dict()))
    return queries.work_json(policy, queries.find_work(policy, ref))


@router.post("/team/work/{ref}/state", response=WorkOut)
def act(request: HttpRequest, ref: str, body: WorkAct) -> dict[str, Any]:
    """Take it over, begin it, finish it, drop it, open it again."""
    policy = _policy(request)
    given: Any = {"actor": policy.actor, "work_id": queries.find_work(policy, ref).id}
    if body.to == "drop":
        actions.drop_work(**given, why=body.why)
    else:
        {"take": actions.take_work, "start": actions.start_work, "done": actions.finish_work,
         "open": actions.reopen_work}[body.to](**given)  # fmt: skip
    return queries.work_json(policy, queries.find_work(policy, ref))


@router.post("/team/work/{ref}/give", response=WorkOut)
def give(request: HttpRequest, ref: str, body: GivenTo) -> dict[str, Any]:
    """Put it on somebody's plate, or back where it waits for somebody."""
    policy = _policy(request)
    row = queries.find_work(policy, ref)
    target = find_person(body.person).id if body.person else None
    actions.give_work(actor=policy.actor, work_id=row.id, person_id=target)
    return queries.work_json(policy, queries.find_work(policy, ref))


@router.post("/team/work-moves", response={201: Moved})
def move(request: HttpRequest, body: MovedTo) -> Status[dict[str, Any]]:
    """Move all open work of somebody who leaves or is away."""
    policy = _policy(request)
    target = find_person(body.target).id if body.target else None
    made = actions.move_all_work(actor=policy.actor, source_id=find_person(body.source).id, target_id=target)
    return Status(201, {"id": str(made.id), "pieces": len(made.assignments)})


@router.delete("/team/work-moves/{move_id}", response=Moved)
def move_back(request: HttpRequest, move_id: str) -> dict[str, Any]:
    """Undo such a move: what was not passed on since goes back."""
    policy = _policy(request)
    row = queries.find_move(move_id, policy.actor)
    return {"id": str(row.id), "pieces": actions.undo_move(actor=policy.actor, move_id=row.id)}


@router.get("/team/week", response=PlatesOut)
def plates(request: HttpRequest) -> dict[str, Any]:
    """Who has how much on in this week and the next four."""
    require(actor_of(request), VIEW)
    day = today()
    starts = week.starts_of(day)
    names = ("calendar", "away", "open", "regular", "due", "beside", "load", "over")
    items = [
        {
            "person": one.person.ref, "name": one.person.name, "late": one.plate.late,
            "undated": one.plate.undated, "unsized": one.plate.unsized,
            "weeks": [
                {"starts": first, **{name: round(getattr(each, name), 2) for name in names}}
                for first, each in zip(starts, one.plate.weeks, strict=True)
            ],
        }
        for one in week.rows(day=day)
        if one.counts
    ]  # fmt: skip
    return {"items": items, "plannable_share": week.plannable()}


def _onboarding(policy: Policy, row: Onboarding) -> dict[str, Any]:
    return {
        "person": row.person.ref, "playbook": row.playbook, "mentor": row.mentor.ref if row.mentor else None,
        "starts": row.starts, "ended_at": row.ended_at,
        "tasks": [queries.work_json(policy, one) for one in queries.work().filter(onboarding=row)],
    }  # fmt: skip


@router.post("/team/onboardings", response={201: OnboardingOut})
def begin(request: HttpRequest, body: OnboardingIn) -> Status[dict[str, Any]]:
    """Begin somebody's first weeks by a playbook."""
    policy = _policy(request)
    given = {"person_id": _id(body.person), "mentor_id": _id(body.mentor), "playbook": body.playbook,
             "starts": body.starts}  # fmt: skip
    data = validated(OnboardingForm, given, newcomers=newcomers.newcomers_of(policy))
    row = first_weeks.start_onboarding(actor=policy.actor, **data)
    return Status(201, _onboarding(policy, row))


@router.get("/team/onboardings/{ref}", response=OnboardingOut)
def first_weeks_of(request: HttpRequest, ref: str) -> dict[str, Any]:
    """Somebody's first weeks, for those concerned."""
    policy = _policy(request)
    return _onboarding(policy, newcomers.find_onboarding(policy, ref))


@router.delete("/team/onboardings/{ref}", response=OnboardingOut)
def end(request: HttpRequest, ref: str) -> dict[str, Any]:
    """The first weeks are over; tasks that are open are dropped."""
    policy = _policy(request)
    row = newcomers.find_onboarding(policy, ref)
    first_weeks.end_onboarding(actor=policy.actor, onboarding_id=row.id)
    return _onboarding(policy, newcomers.find_onboarding(policy, ref))


@router.get("/team/openings", response=Page[OpeningOut])
def all_openings(request: HttpRequest) -> dict[str, Any]:
    """Every place, those that are looked for first."""
    actor = actor_of(request)
    require(actor, VIEW)
    return {"items": [openings.opening_json(actor, one) for one in openings.openings()], "next": None}


def _given(body: OpeningIn) -> dict[str, Any]:
    """As the form takes it: roles and skills a line each."""
    given = body.dict() | {"manager_id": _id(body.manager)}
    del given["manager"]
    given["roles"] = "\n".join(f"{role} {share * 100:g} %" for role, share in body.roles.items())
    given["skills"] = "\n".join(f"{skill} {level}" for skill, level in body.skills.items())
    return given


def _opening(request: HttpRequest, row: Vacancy) -> dict[str, Any]:
    return openings.opening_json(actor_of(request), openings.find_opening(row.ref))


@router.post("/team/openings", response={201: OpeningOut})
def open_place(request: HttpRequest, body: OpeningIn) -> Status[dict[str, Any]]:
    """Another place."""
    actor = actor_of(request)
    require(actor, PLAN)
    row = places.add_opening(actor=actor, **validated(OpeningForm, _given(body)))
    return Status(201, _opening(request, row))


@router.get("/team/openings/{ref}", response=OpeningOut)
def one_opening(request: HttpRequest, ref: str) -> dict[str, Any]:
    """One place."""
    require(actor_of(request), VIEW)
    return _opening(request, openings.find_opening(ref))


@router.put("/team/openings/{ref}", response=OpeningOut)
def change_place(request: HttpRequest, ref: str, body: OpeningIn) -> dict[str, Any]:
    """What a place asks for, whole."""
    actor = actor_of(request)
    require(actor, PLAN)
    row = openings.find_opening(ref)
    row = places.change_opening(actor=actor, opening_id=row.id, **validated(OpeningForm, _given(body)))
    return _opening(request, row)


@router.post("/team/openings/{ref}/fill", response=OpeningOut)
def fill(request: HttpRequest, ref: str, body: FilledBy) -> dict[str, Any]:
    """Somebody of the team has the place from a day on."""
    actor = actor_of(request)
    require(actor, PLAN)
    row = openings.find_opening(ref)
    data = validated(FillForm, {"person_id": _id(body.person), "starts": body.starts})
    return _opening(request, places.fill_opening(actor=actor, opening_id=row.id, **data))


@router.post("/team/openings/{ref}/state", response=OpeningOut)
def place_state(request: HttpRequest, ref: str, body: OpeningAct) -> dict[str, Any]:
    """Open a place that was planned or given up, or give one up."""
    actor = actor_of(request)
    require(actor, PLAN)
    row = openings.find_opening(ref)
    if body.to == "drop":
        row = places.drop_opening(actor=actor, opening_id=row.id, why=body.why)
    else:
        row = places.reopen_opening(actor=actor, opening_id=row.id)
    return _opening(request, row)


@router.get("/team/openings/{ref}/description", response=DescriptionOut)
def description(request: HttpRequest, ref: str, *, outside: bool = False) -> dict[str, Any]:
    """The job description, made of the catalogue and of the team as this reader may know it.

    `outside` leaves out what the team lacks, as the papers do.
    """
    actor = actor_of(request)
    require(actor, VIEW)
    row = openings.find_opening(ref)
    sections = [
        {"key": one.key, "heading": one.heading, "lines": list(one.lines), "by_hand": one.by_hand is not None,
         "stale": one.stale}
        for one in openings.description_of(actor, row, outside=outside)
    ]  # fmt: skip
    return {"ref": row.ref, "title": row.title, "sections": sections}
