"""Reads of the register."""

from collections.abc import Sequence

from django.db.models import Model
from django.utils.translation import gettext as _

from marops.domains.register.models import (
    BusinessUnit,
    Campaign,
    Channel,
    OtherName,
    Platform,
    Queue,
    Source,
)
from marops.domains.register.rules import Kind, folded
from marops.domains.team.public import Answerable
from marops.kernel import memo
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.workspace import today

KINDS: dict[Kind, type[Model]] = {
    "channel": Channel,
    "source": Source,
    "campaign": Campaign,
    "platform": Platform,
    "unit": BusinessUnit,
}


def queue_names() -> dict[str, str]:
    """Short name → name of every queue."""
    return memo.once("queues", lambda: dict(Queue.objects.order_by("name").values_list("slug", "name")))


def find_entry(kind: Kind, name: str) -> Model | None:
    """The entry of this short name, of this name, or of this other spelling; None where there is none."""
    rows = KINDS[kind]._default_manager
    if found := rows.filter(slug=name).first():
        return found
    target = OtherName.objects.filter(kind=kind, folded=folded(name)).values_list("target_id", flat=True).first()
    return rows.filter(pk=target).first() if target else None


def entry(kind: Kind, name: str) -> Model:
    """The same; raises MaropsError `not-found`."""
    if (found := find_entry(kind, name)) is None:
        raise MaropsError(NOT_FOUND, f"The register has no {kind} {name!r}.")
    return found


def campaigns() -> list[Campaign]:
    """All campaigns, the newest first."""
    return list(Campaign.objects.select_related("channel").order_by("-starts", "slug"))


def platforms() -> list[Platform]:
    """All platforms by name."""
    return list(Platform.objects.order_by("name"))


def tools_in_use(roles: Sequence[str], actor: Actor) -> list[str]:
    """Names of the platforms in use, those that these roles answer for first; ended contracts are left out."""
    rows = [one for one in platforms() if one.contract_ends is None or one.contract_ends >= today()]
    return [one.name for one in sorted(rows, key=lambda one: one.owner_role not in roles)]


def answered_for(role: str, actor: Actor) -> list[Answerable]:
    """The platforms in use that a role answers for."""
    rows = Platform.objects.filter(owner_role=role).order_by("name")
    return [
        Answerable(_("Platforms"), one.name, "", one.category)
        for one in rows
        if one.contract_ends is None or one.contract_ends >= today()
    ]
