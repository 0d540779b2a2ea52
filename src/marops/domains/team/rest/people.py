"""People over REST: roles, levels, evidence, what they show, pay, leaving, and lists as files."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Status

from marops.domains.accounts.public import Account, actor_of
from marops.domains.team.actions import records as actions
from marops.domains.team.actions.addresses import link_account
from marops.domains.team.actions.people import change_person
from marops.domains.team.actions.roster import load_people, preview_people
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Evidence, Person, RoleHeld
from marops.domains.team.models import Shown as Consent
from marops.domains.team.people_forms import AddressForm
from marops.domains.team.permissions import MANAGE, VIEW, Policy
from marops.domains.team.queries.addresses import proposals
from marops.domains.team.queries.everything import everything
from marops.domains.team.queries.hours import find_person
from marops.domains.team.queries.pay import pay_for
from marops.domains.team.queries.people import find_held, path_for
from marops.domains.team.queries.people_list import Narrowing
from marops.domains.team.queries.roster_out import table_out
from marops.domains.team.queries.roster_plan import plan_json
from marops.domains.team.queries.skills import evidence_for, levels_for
from marops.domains.team.queries.traces import traces
from marops.domains.team.rest.base import router
from marops.kernel.errors import NOT_ALLOWED, MaropsError
from marops.kernel.forms import validated
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Shown, Strict, answered_once


class GivenRole(Strict):
    """A role with its share of a full week (0 to 1), in [starts, ends). `elsewhere`: before they came here."""

    role: str
    share: Decimal = Decimal(1)
    starts: date | None = None
    ends: date | None = None
    elsewhere: bool = False


class ChangedRole(Strict):
    """Another share or other days of a role, whole."""

    share: Decimal
    starts: date | None = None
    ends: date | None = None


class HeldRoleOut(Shown):
    """A role that somebody holds or held."""

    id: UUID
    role: str
    title: str
    share: float
    starts: date | None
    ends: date | None
    elsewhere: bool


class GivenLevels(Strict):
    """Skill → level from 0 to 4. `by`: `self` for one's own, `manager` for somebody one leads."""

    by: Literal["self", "manager"]
    levels: dict[str, int]
    notes: dict[str, str] | None = None


class LevelOut(Shown):
    """One skill: the level by themselves; the manager's and what counts only for those who may see assessments."""

    skill: str
    name: str
    own: int | None
    manager: int | None = None
    counts: int | None = None
    note: str = ""
    manager_note: str = ""


class GivenEvidence(Strict):
    """Something that speaks for a level. `key`: of work, which kind of trace."""

    skill: str
    kind: Literal["work", "certificate", "link"]
    says: str
    key: str = ""
    url: str = ""
    on: date | None = None
    valid_until: date | None = None


class EvidenceOut(Shown):
    """Something that speaks for a level. Added by themselves, or by who assesses them: that colleagues never see."""

    id: UUID
    skill: str
    kind: str
    says: str
    key: str
    url: str
    on: date | None
    valid_until: date | None
    by_themselves: bool


class TraceOut(Shown):
    """What Marops holds of somebody's work of one kind."""

    key: str
    count: int
    last: date | None


class EvidenceAndTraces(Shown):
    """What was added, and what Marops holds by itself."""

    items: list[EvidenceOut]
    traces: list[TraceOut]


class What(Strict):
    """What colleagues may see: any of skills, evidence, path, place."""

    what: list[Literal["skills", "evidence", "path", "place"]]


class GivenPay(Strict):
    """What is paid a year from a day on; without a day from today."""

    amount: Decimal
    currency: str
    starts: date | None = None


class PayOut(Shown):
    """What is paid a year from a day on."""

    id: UUID
    starts: date
    amount: str
    currency: str


class Leaving(Strict):
    """The last day."""

    left: date


class GivenTable(Strict):
    """A list of people as delimited text. `dry_run`: only say what it would come to. `role_column`: the heading of the
    column that holds roles, where the file does not call it so; `-`: none does.
    """

    text: str
    dry_run: bool = False
    role_column: str = ""


class FindingOut(Shown):
    """What is wrong with a cell, or worth knowing; a refusal costs the row."""

    row: int
    field: str
    message: str
    remedy: str
    refused: bool


class LoadedOut(Shown):
    """What loading came to, or would. `role_unknown`: nothing is written, one of these columns may hold the roles."""

    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    role_unknown: list[str]
    findings: list[FindingOut]


class TableOut(Shown):
    """The list of people as a table; columns of pay and assessments only for those who may see them."""

    columns: list[str]
    rows: list[list[str | float | None]]


class Gone(Shown):
    """How many entries were deleted."""

    deleted: int


def _person(request: HttpRequest, ref: str) -> tuple[Policy, Person]:
    actor = actor_of(request)
    require(actor, VIEW)
    return Policy.of(actor), find_person(ref)


def _role(one: RoleHeld) -> dict[str, Any]:
    return {
        "id": one.id, "role": one.role, "title": catalogue().title(one.role), "share": float(one.share),
        "starts": one.starts, "ends": one.ends, "elsewhere": one.elsewhere,
    }  # fmt: skip


@router.get("/team/people/{ref}/roles", response=Page[HeldRoleOut])
def roles(request: HttpRequest, ref: str) -> dict[str, Any]:
    """The roles somebody holds; earlier ones for those who may see the path."""
    policy, row = _person(request, ref)
    return {"items": [_role(one) for one in path_for(policy, row)], "next": None}


@router.post("/team/people/{ref}/roles", response={201: HeldRoleOut})
def give(request: HttpRequest, ref: str, body: GivenRole) -> Status[dict[str, Any]]:
    """Give a role. Refused where all roles would take more than a week."""
    _policy, row = _person(request, ref)
    return Status(201, _role(actions.give_role(actor=actor_of(request), person_id=row.id, **body.dict())))


@router.put("/team/people/{ref}/roles/{held_id}", response=HeldRoleOut)
def change(request: HttpRequest, ref: str, held_id: UUID, body: ChangedRole) -> dict[str, Any]:
    """Another share or other days."""
    _policy, row = _person(request, ref)
    held = find_held(row, held_id)
    return _role(actions.change_role(actor=actor_of(request), held_id=held.id, **body.dict()))


@router.delete("/team/people/{ref}/roles/{held_id}", response={204: None})
def take(request: HttpRequest, ref: str, held_id: UUID) -> Status[None]:
    """That somebody held this role was a mistake."""
    _policy, row = _person(request, ref)
    actions.take_role(actor=actor_of(request), held_id=find_held(row, held_id).id)
    return Status(204, None)


@router.get("/team/people/{ref}/skills", response=Page[LevelOut], exclude_unset=True)
def skills(request: HttpRequest, ref: str) -> dict[str, Any]:
    """Somebody's levels, as far as this reader may see them."""
    policy, row = _person(request, ref)
    whole = policy.sees_assessments(row.id)
    items = []
    for skill, one in sorted(levels_for(policy, [row.id]).get(row.id, {}).items()):
        said: dict[str, Any] = {"skill": skill, "name": catalogue().skill_name(skill), "own": one.own}
        if whole:
            said |= {"manager": one.manager, "counts": one.counts, "note": one.own_note}
            said["manager_note"] = one.manager_note
        items.append(said)
    return {"items": items, "next": None}


@router.post("/team/people/{ref}/skills", response=Page[LevelOut], exclude_unset=True)
@answered_once
def assess(request: HttpRequest, ref: str, body: GivenLevels) -> dict[str, Any]:
    """Say levels: one's own, or as a manager those of somebody one leads."""
    _policy, row = _person(request, ref)
    keep = actions.assess_self if body.by == "self" else actions.assess
    keep(actor=actor_of(request), person_id=row.id, levels=body.levels, notes=body.notes)
    return skills(request, ref)


def _evidence(one: Evidence) -> dict[str, Any]:
    names = ("id", "skill", "kind", "says", "key", "url", "on", "valid_until", "by_themselves")
    return {name: getattr(one, name) for name in names}


@router.get("/team/people/{ref}/evidence", response=EvidenceAndTraces)
def evidence(request: HttpRequest, ref: str) -> dict[str, Any]:
    """What speaks for somebody's levels, and what Marops holds of their work."""
    policy, row = _person(request, ref)
    if not policy.sees_evidence(row.id):
        return {"items": [], "traces": []}
    found = evidence_for(policy, [row.id]).get(row.id, [])
    held = traces([row.id]).get(row.id, {}).values()
    return {
        "items": [_evidence(one) for one in found],
        "traces": [{"key": one.key, "count": one.count, "last": one.last} for one in held],
    }


@router.post("/team/people/{ref}/evidence", response={201: EvidenceOut})
def add_evidence(request: HttpRequest, ref: str, body: GivenEvidence) -> Status[dict[str, Any]]:
    """Add something that speaks for a level."""
    _policy, row = _person(request, ref)
    return Status(201, _evidence(actions.add_evidence(actor=actor_of(request), person_id=row.id, **body.dict())))


@router.delete("/team/evidence/{evidence_id}", response={204: None})
def remove_evidence(request: HttpRequest, evidence_id: UUID) -> Status[None]:
    """It does not speak for a level after all."""
    actions.remove_evidence(actor=actor_of(request), evidence_id=evidence_id)
    return Status(204, None)


@router.get("/team/people/{ref}/shown", response=What)
def shown(request: HttpRequest, ref: str) -> dict[str, Any]:
    """What somebody shows to colleagues."""
    _policy, row = _person(request, ref)
    return {"what": sorted(Consent.objects.filter(person=row).values_list("what", flat=True))}


@router.put("/team/people/{ref}/shown", response=What)
def show(request: HttpRequest, ref: str, body: What) -> dict[str, Any]:
    """Say what one shows to colleagues; only about oneself."""
    _policy, row = _person(request, ref)
    actions.show(actor=actor_of(request), person_id=row.id, what=frozenset(body.what))
    return {"what": sorted(body.what)}


@router.get("/team/people/{ref}/pay", response=Page[PayOut])
def pay(request: HttpRequest, ref: str) -> dict[str, Any]:
    """What somebody is and was paid: one's own, and everybody's with the right to see pay."""
    policy, row = _person(request, ref)
    if not policy.sees_pay(row.id):
        raise MaropsError(NOT_ALLOWED, "This needs the right to see what people earn (pay.see).")
    lines = pay_for(policy, [row.id]).get(row.id, [])
    items = [{"id": one.id, "starts": one.starts, "amount": str(one.amount), "currency": one.currency} for one in lines]
    return {"items": items, "next": None}


@router.put("/team/people/{ref}/pay", response=Page[PayOut])
@answered_once
def set_pay(request: HttpRequest, ref: str, body: GivenPay) -> dict[str, Any]:
    """Set what somebody is paid from a day on."""
    _policy, row = _person(request, ref)
    actions.set_pay(actor=actor_of(request), person_id=row.id, **body.dict())
    found: dict[str, Any] = pay(request, ref)
    return found


class Address(Strict):
    """The address of somebody without an account; empty: none."""

    email: str = ""


class ProposalOut(Shown):
    """The address that is kept of somebody without an account, and the account that has it by now."""

    email: str
    account_id: UUID | None
    account_name: str | None
    proposed_account_id: UUID | None
    proposed_account_name: str | None


def _account(policy: Policy, row: Person) -> dict[str, Any]:
    own = Account.objects.filter(id=row.account_id).first() if row.account_id else None
    found = next(iter(proposals(policy, row)), None)
    return {
        "email": row.email, "account_id": own.id if own else None, "account_name": own.name if own else None,
        "proposed_account_id": found.account.id if found else None,
        "proposed_account_name": found.account.name if found else None,
    }  # fmt: skip


@router.get("/team/people/{ref}/account", response=ProposalOut)
def account(request: HttpRequest, ref: str) -> dict[str, Any]:
    """Who somebody signs in as, or the address kept of them."""
    policy, row = _person(request, ref)
    require(policy.actor, MANAGE)
    return _account(policy, row)


@router.put("/team/people/{ref}/account", response=ProposalOut)
def address(request: HttpRequest, ref: str, body: Address) -> dict[str, Any]:
    """Keep the address of somebody without an account."""
    policy, row = _person(request, ref)
    require(policy.actor, MANAGE)
    given = validated(AddressForm, body.dict())
    return _account(policy, change_person(actor=policy.actor, person_id=row.id, **given))


@router.post("/team/people/{ref}/account", response=ProposalOut)
def link(request: HttpRequest, ref: str) -> dict[str, Any]:
    """The account with the address that is kept of somebody is theirs."""
    policy, row = _person(request, ref)
    return _account(policy, link_account(actor=policy.actor, person_id=row.id))


@router.post("/team/people/{ref}/leave", response=Page[HeldRoleOut])
def leave(request: HttpRequest, ref: str, body: Leaving) -> dict[str, Any]:
    """Somebody's last day; their roles end with it."""
    _policy, row = _person(request, ref)
    actions.leave(actor=actor_of(request), person_id=row.id, left=body.left)
    found: dict[str, Any] = roles(request, ref)
    return found


@router.delete("/team/people/{ref}/kept", response=Gone)
def forget(request: HttpRequest, ref: str, name: str) -> dict[str, Any]:
    """Delete for good what is kept about somebody who left; their name, said once more, and roles here stay."""
    _policy, row = _person(request, ref)
    return {"deleted": sum(actions.forget(actor=actor_of(request), person_id=row.id, name=name).values())}


@router.get("/team/people/{ref}/kept", response=dict[str, Any])
def take_along(request: HttpRequest, ref: str) -> dict[str, Any]:
    """Everything that is kept about oneself."""
    policy, row = _person(request, ref)
    return everything(policy, row)


class TableAsked(Strict):
    """Which people."""

    q: str = ""
    role: str = ""
    location: str = ""


@router.get("/team/table", response=TableOut)
def table(request: HttpRequest, given: Query[TableAsked]) -> dict[str, Any]:
    """The list of people as one table."""
    actor = actor_of(request)
    require(actor, VIEW)
    by = Narrowing(words=given.q, role=given.role, location=given.location)
    headers, rows = table_out(Policy.of(actor), by)
    return {"columns": headers, "rows": [[_cell(cell) for cell in row] for row in rows]}


def _cell(value: Any) -> str | float | None:
    return value if isinstance(value, int | None) else float(value) if isinstance(value, Decimal) else str(value)


@router.post("/team/table", response=LoadedOut)
def load(request: HttpRequest, body: GivenTable) -> dict[str, Any]:
    """Load a list of people, or say what it would come to."""
    actor = actor_of(request)
    require(actor, MANAGE)
    run = preview_people if body.dry_run else load_people
    return plan_json(run(actor=actor, data=body.text.encode(), role_column=body.role_column))
