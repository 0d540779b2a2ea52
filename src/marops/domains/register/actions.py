"""Writes of the register."""

from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.db.models import ForeignKey, Model

from marops.domains.register.models import BusinessUnit, Campaign, Channel, OtherName, Platform, Queue, Source
from marops.domains.register.permissions import CHANGE
from marops.domains.register.queries import KINDS, entry, find_entry
from marops.domains.register.rules import Kind, folded, slug_of
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.facts import fact_kind

FALLBACK = "unassigned-leads"

BILLED = fact_kind("platform.billed", "A platform sent its bill")
USED = fact_kind("platform.used", "A platform was used")
TASK_FINISHED = fact_kind("task.finished", "A piece of work was finished")


def fallback_queue() -> Queue:
    """The queue for leads that no rule claims, made when it is first needed; called inside an action."""
    queue, _ = Queue.objects.get_or_create(
        fallback=True,
        defaults={
            "slug": FALLBACK,
            "name": "Unassigned leads",
            "purpose": "Leads that no rule claims wait here for an administrator.",
        },
    )
    return queue


@action("queue.ensure", effect="create", right="routing.change")
def ensure_queue(act: Act, *, actor: Actor, slug: str, name: str, purpose: str = "") -> Queue:
    """The queue of this short name, made if it did not exist."""
    queue, made = Queue.objects.get_or_create(slug=slug, defaults={"name": name, "purpose": purpose})
    if made:
        act.changed("queue", slug, after={"name": name, "purpose": purpose})
    return queue


@action("queue.make", effect="create", right="routing.change")
def make_queue(act: Act, *, actor: Actor, slug: str, name: str, purpose: str = "") -> Queue:
    """A new queue. Raises MaropsError `invalid` where one of this short name is there."""
    if Queue.objects.filter(slug=slug).exists():
        said = f"There is a queue {slug!r} already."
        fault = FieldError("taken", said, "Choose another short name, or change that queue.", "/slug", field="slug")
        raise MaropsError(INVALID, said, errors=[fault])
    queue = Queue.objects.create(slug=slug, name=name, purpose=purpose)
    act.changed("queue", slug, after={"name": name, "purpose": purpose})
    return queue


@action("queue.change", effect="change", right="routing.change", reversible=True)
def change_queue(act: Act, *, actor: Actor, slug: str, name: str, purpose: str) -> Queue:
    """What a queue is called and what for; its short name stays, for rules use it. Raises MaropsError `not-found`."""
    queue = Queue.objects.select_for_update().filter(slug=slug).first()
    if queue is None:
        raise MaropsError(NOT_FOUND, f"There is no queue {slug!r}.")
    before = {"name": queue.name, "purpose": queue.purpose}
    queue.name, queue.purpose = name, purpose
    queue.save(update_fields=["name", "purpose"])
    if before != (after := {"name": name, "purpose": purpose}):
        act.changed("queue", slug, before=before, after=after)
    return queue


@action("channel.ensure", effect="create", right=CHANGE)
def ensure_channel(act: Act, *, actor: Actor, name: str) -> Channel:
    """The channel known by this name, made if there is none."""
    return cast("Channel", _ensure(act, "channel", name, {}))


@action("source.ensure", effect="create", right=CHANGE)
def ensure_source(act: Act, *, actor: Actor, name: str, channel: str | None = None) -> Source:
    """The source known by this name, made if there is none. Raises `not-found` for an unknown channel."""
    return cast("Source", _ensure(act, "source", name, _channel(channel)))


@action("campaign.ensure", effect="create", right=CHANGE)
def ensure_campaign(
    act: Act,
    *,
    actor: Actor,
    name: str,
    channel: str | None = None,
    kind: str = "",
    starts: date | None = None,
    ends: date | None = None,
    budget: Decimal | None = None,
    currency: str | None = None,
    owner_id: UUID | None = None,
) -> Campaign:
    """The campaign known by this name, made if there is none. Raises `not-found` for an unknown channel."""
    given = {"kind": kind, "starts": starts, "ends": ends, "budget": budget, "currency": currency, "owner_id": owner_id}
    return cast("Campaign", _ensure(act, "campaign", name, given | _channel(channel)))


@action("platform.ensure", effect="create", right=CHANGE)
def ensure_platform(
    act: Act,
    *,
    actor: Actor,
    name: str,
    category: str = "",
    owner_role: str = "",
    cost: Decimal | None = None,
    currency: str | None = None,
    seats: int | None = None,
    contract_ends: date | None = None,
) -> Platform:
    """The platform known by this name, made if there is none. `cost` is what it costs a month."""
    given = {"category": category, "owner_role": owner_role, "cost": cost, "currency": currency, "seats": seats}
    return cast("Platform", _ensure(act, "platform", name, given | {"contract_ends": contract_ends}))


@action("unit.ensure", effect="create", right=CHANGE)
def ensure_unit(act: Act, *, actor: Actor, name: str) -> BusinessUnit:
    """The business unit known by this name, made if there is none."""
    return cast("BusinessUnit", _ensure(act, "unit", name, {}))


def _channel(name: str | None) -> dict[str, Any]:
    return {"channel": entry("channel", name) if name else None}


def _ensure(act: Act, kind: Kind, name: str, values: dict[str, Any]) -> Model:
    if found := find_entry(kind, name):
        return found
    made = KINDS[kind]._default_manager.create(slug=_free_slug(kind, name), name=name, **values)
    OtherName.objects.create(kind=kind, folded=folded(name), target_id=made.pk)
    act.changed(kind, made.pk, after={"name": name} | {key: str(one) for key, one in values.items() if one})
    return made


def _free_slug(kind: Kind, name: str) -> str:
    slug, rows = slug_of(name), KINDS[kind]._default_manager
    taken = set(rows.filter(slug__startswith=slug).values_list("slug", flat=True))
    return next(one for one in (slug, *(f"{slug}-{n}" for n in range(2, len(taken) + 3))) if one not in taken)


@action("register.merge", effect="merge", right=CHANGE)
def merge_entries(act: Act, *, actor: Actor, kind: Kind, keep: str, drop: str) -> Model:
    """Make two entries one: `drop` becomes another name of `keep`, and what pointed to it points to `keep`.

    Facts keep the id they were written with; the entry's other names tell whom they mean. Raises `not-found`, and
    `conflict` where both are the same.
    """
    kept, dropped = entry(kind, keep), entry(kind, drop)
    if kept.pk == dropped.pk:
        raise MaropsError(CONFLICT, f"{keep!r} and {drop!r} are the same {kind} already.")
    names = [folded(getattr(dropped, "slug", "")), folded(str(dropped.pk))]
    OtherName.objects.filter(kind=kind, target_id=dropped.pk).update(target_id=kept.pk)
    for name in names:
        OtherName.objects.get_or_create(kind=kind, folded=name, defaults={"target_id": kept.pk})
    for model in KINDS.values():
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.related_model is KINDS[kind]:
                model._default_manager.filter(**{field.name: dropped}).update(**{field.name: kept})
    act.changed(kind, kept.pk, before={"two": [str(kept.pk), str(dropped.pk)]}, after={"one": str(kept.pk)})
    dropped.delete()
    return kept
