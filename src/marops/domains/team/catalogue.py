"""The catalogue in force: every role and skill, the assumptions and the playbooks, as the workspace defined them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from marops.domains.team.rules.assumptions import Assumptions
from marops.domains.team.rules.playbook import Playbook
from marops.domains.team.rules.roles import Catalogue, Role, Skills
from marops.domains.team.starter import shipped
from marops.kernel import memo
from marops.kernel.definitions import load
from marops.kernel.models import Definition

ROLE, SKILLS, STRUCTURE, ASSUMPTIONS, PLAYBOOK = "role", "skills", "structure", "assumptions", "playbook"


def catalogue() -> Catalogue:
    """Every role and skill in force; the shipped ones where this workspace never had any of its own."""
    return _catalogue(_in_force(ROLE), _in_force(SKILLS))


def assumptions() -> Assumptions:
    """What plans assume: document `assumptions/team` in force, else the shipped one."""
    found = _documents(ASSUMPTIONS, _in_force(ASSUMPTIONS)).get("team")
    return found if isinstance(found, Assumptions) else Assumptions.model_validate(shipped()[ASSUMPTIONS, "team"])


def playbooks() -> Mapping[str, Playbook]:
    """Short name → playbook in force."""
    return _documents(PLAYBOOK, _in_force(PLAYBOOK))


def _in_force(kind: str) -> tuple[UUID, ...] | None:
    """The versions in force; None where there never was a definition of the kind."""

    def ask() -> tuple[UUID, ...] | None:
        rows = Definition.objects.filter(kind=kind)
        found = tuple(rows.filter(state=Definition.State.ACTIVE).order_by("slug").values_list("id", flat=True))
        return found if found or rows.exists() else None

    return memo.once(("team", kind), ask)


@lru_cache(maxsize=8)
def _catalogue(roles: tuple[UUID, ...] | None, skills: tuple[UUID, ...] | None) -> Catalogue:
    known: Mapping[str, Role] = _documents(ROLE, roles)
    found: Mapping[str, Skills] = _documents(SKILLS, skills)
    return Catalogue(known, {one.id: one for document in found.values() for one in document.skills}, _retired(known))


def _retired(known: Mapping[str, Role]) -> Mapping[str, str]:
    """What roles were called that are no longer in force. They change only together with those that are."""
    rows = Definition.objects.filter(kind=ROLE, state=Definition.State.RETIRED).exclude(slug__in=known)
    return {row.slug: str(row.document.get("title", row.slug)) for row in rows.order_by("slug", "version")}


@lru_cache(maxsize=32)
def _documents(kind: str, ids: tuple[UUID, ...] | None) -> Mapping[str, Any]:
    """Short name → document. A version never changes, so what was read once stays true."""
    if ids is None:
        from marops.kernel.definitions import kinds

        model = kinds()[kind].model
        return {slug: model.model_validate(document) for (of, slug), document in shipped().items() if of == kind}
    return {row.slug: load(row) for row in Definition.objects.filter(id__in=ids).order_by("slug")}
