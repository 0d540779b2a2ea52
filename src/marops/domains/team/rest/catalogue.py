"""Roles and skills over REST."""

from typing import Any

from django.http import HttpRequest

from marops.domains.accounts.public import actor_of
from marops.domains.team.actions.catalogue import keep_role, keep_skills
from marops.domains.team.catalogue import catalogue
from marops.domains.team.permissions import VIEW
from marops.domains.team.queries.catalogue import holders_by_role
from marops.domains.team.queries.roles_told import find_role, role_json, standing
from marops.domains.team.rest.base import router
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Shown, Strict


class CatalogueLineOut(Shown):
    """A role of the catalogue. `standing`: shipped, changed or own."""

    slug: str
    title: str
    level: str
    inside: bool
    standing: str
    summary: str
    holders: list[str]


class CatalogueHolderOut(Shown):
    """Somebody who has a role."""

    ref: str
    name: str


class CatalogueHoursOut(Shown):
    """Hours a month: an assumption, as a range."""

    low: float
    usual: float
    high: float


class CatalogueAnswerOut(Shown):
    """A thing of this installation that the role answers for."""

    group: str
    label: str
    url: str
    note: str


class CatalogueRoleOut(Shown):
    """A role: its document, who has it, openings with a share of it, and what it answers for here."""

    slug: str
    title: str
    inside: bool
    standing: str
    document: dict[str, Any]
    holders: list[CatalogueHolderOut]
    openings: list[str]
    hours: CatalogueHoursOut
    answers_for: list[CatalogueAnswerOut]


class CatalogueSkillOut(Shown):
    """A skill, and the behaviour by which each of its five levels is recognised."""

    id: str
    name: str
    kind: str
    summary: str
    levels: list[str]
    evidence: list[str]


class CatalogueDocumentIn(Strict):
    """A whole document. `hold`: in force at once, by those who may; else it is a draft."""

    document: dict[str, Any]
    reason: str = ""
    hold: bool = False


class CatalogueKeptOut(Shown):
    """The version that was kept, and its state."""

    ref: str
    state: str


@router.get("/team/roles", response=Page[CatalogueLineOut])
def roles(request: HttpRequest) -> Any:
    """Every role in force."""
    require(actor_of(request), VIEW)
    held = holders_by_role()
    rows = [
        {"slug": slug, "title": role.title, "level": role.level, "inside": role.inside or role.custom,
         "standing": standing(slug, role), "summary": role.summary,
         "holders": [one.ref for one in held.get(slug, ())]}
        for slug, role in catalogue().roles.items()
    ]  # fmt: skip
    return {"items": rows, "next": None}


@router.get("/team/roles/{slug}", response=CatalogueRoleOut)
def role(request: HttpRequest, slug: str) -> Any:
    """One role."""
    actor = actor_of(request)
    require(actor, VIEW)
    return role_json(slug, find_role(slug), actor)


@router.put("/team/roles/{slug}", response=CatalogueKeptOut)
def put_role(request: HttpRequest, slug: str, given: CatalogueDocumentIn) -> Any:
    """A new version of a role, or a new role."""
    row = keep_role(actor=actor_of(request), slug=slug, document=given.document, reason=given.reason, hold=given.hold)
    return {"ref": row.pinned, "state": row.state}


@router.get("/team/skills", response=Page[CatalogueSkillOut])
def skills(request: HttpRequest) -> Any:
    """Every skill in force."""
    require(actor_of(request), VIEW)
    return {"items": [one.model_dump(mode="json") for one in catalogue().skills.values()], "next": None}


@router.put("/team/skills", response=CatalogueKeptOut)
def put_skills(request: HttpRequest, given: CatalogueDocumentIn) -> Any:
    """A new version of the list of skills."""
    row = keep_skills(actor=actor_of(request), document=given.document, reason=given.reason, hold=given.hold)
    return {"ref": row.pinned, "state": row.state}
