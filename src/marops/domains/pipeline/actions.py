"""Writes of deals: open one, change it, move it, bring many in, and note every day where each open one stands."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from marops.domains.contacts.public import Company, Contact, fold
from marops.domains.pipeline.models import (
    OPPORTUNITY_NUMBERS,
    Opportunity,
    OpportunityKey,
    OpportunityMove,
    OpportunityPerson,
    OpportunitySnapshot,
    PipelineStage,
)
from marops.domains.pipeline.permissions import CHANGE, IMPORT, visible
from marops.domains.pipeline.rules import Part
from marops.domains.pipeline.writing import (
    CHANGED,
    CREATED,
    LOST,
    STAGE_CHANGED,
    WON,
    pipeline,
    write_opportunities,
)
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.clock import local_date
from marops.kernel.errors import CONFLICT, INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.facts import touch
from marops.kernel.ids import next_number
from marops.kernel.importers import Batch, Kept
from marops.kernel.workspace import forbid_sample_mix, workspace

LONGEST_GAP = 400
"""So many missed days are filled at most; who was away longer has no use for each of them."""
EDITABLE = frozenset(
    {
        "name",
        "company",
        "company_name",
        "owner_id",
        "amount",
        "currency",
        "opened_at",
        "expected_close",
        "source",
        "product",
        "custom",
    }
)


@action("opportunity.create", effect="create", right=CHANGE, reversible=True)
def create_opportunity(
    act: Act,
    *,
    actor: Actor,
    name: str,
    stage: str = "",
    people: Sequence[Part] = (),
    keys: Sequence[tuple[str, str]] = (),
    values: Mapping[str, Any] | None = None,
) -> Opportunity:
    """Open a deal. Whoever may change only their own deals becomes its owner.

    Raises MaropsError `invalid` for a stage that there is not, `conflict` for an id that another deal has.
    """
    given = _checked(values or {})
    found = _stage(stage) if stage else _first()
    deal = Opportunity(
        number=next_number(OPPORTUNITY_NUMBERS), name=name, stage=found.name, state=found.outcome, stage_since=act.at,
        created_at=act.at, updated_at=act.at, **given,
    )  # fmt: skip
    deal.opened_at = deal.opened_at or act.at
    if found.outcome != Opportunity.State.OPEN:
        deal.closed_at = act.at
    if actor.kind == "human" and not _reaches_all(actor):
        deal.owner_id = deal.owner_id or UUID(actor.id)
    _label(deal)
    deal.save(force_insert=True)
    _note_move(act, deal, None, deal.opened_at)
    _take_keys(deal, keys)
    primary = _set_people(deal, people)
    act.fact(
        CREATED, contact_id=primary, subject=("opportunity", deal.id), properties={"stage": deal.stage, **money(deal)}
    )
    _say_end(act, deal, primary, None)
    act.changed("opportunity", deal.id, after=_record(deal))
    _touch_people(deal, act)
    return deal


@action("opportunity.change", effect="change", right=CHANGE, reversible=True)
def change_opportunity(
    act: Act,
    *,
    actor: Actor,
    opportunity_id: UUID,
    values: Mapping[str, Any] | None = None,
    people: Sequence[Part] | None = None,
) -> Opportunity:
    """Change what is known of a deal and, where `people` is given, who takes part; the stage has an act of its own."""
    deal = _mine(actor, opportunity_id)
    before, parts = _record(deal), _parts(deal)
    for name, value in _checked(values or {}).items():
        setattr(deal, name, value)
    _label(deal)
    changed = [name for name, value in _record(deal).items() if before[name] != value]
    gone: list[UUID] = []
    if people is not None and sorted(people, key=str) != sorted(parts, key=str):
        gone = [one.contact_id for one in parts]
        OpportunityPerson.objects.filter(opportunity=deal).delete()
        _set_people(deal, people)
        changed.append("people")
    if not changed:
        return deal
    deal.updated_at = act.at
    deal.save()
    act.fact(CHANGED, contact_id=_primary(deal), subject=("opportunity", deal.id), properties={"fields": changed})
    act.changed("opportunity", deal.id, before=before, after=_record(deal))
    touch(gone, act.at)
    _touch_people(deal, act)
    return deal


@action("opportunity.move", effect="stage", right=CHANGE, reversible=True)
def move_opportunity(
    act: Act, *, actor: Actor, opportunity_id: UUID, stage: str, reason: str = "", at: datetime | None = None
) -> Opportunity:
    """Move a deal to another stage; a stage that means won or lost closes it, another one opens it again.

    `at` is when it happened, where that was not now. Raises MaropsError `invalid` for a stage that there is not, for a
    moment to come, and for a loss without a reason.
    """
    deal = _mine(actor, opportunity_id)
    found = _stage(stage)
    moment = at or act.at
    if moment > act.at:
        raise _fault("at", "in-future", "This lies in the future.", "Say when it happened.")
    if found.outcome == Opportunity.State.LOST and not reason:
        raise _fault("reason", "required", "A lost deal needs a reason.", "Say in a few words why it was lost.")
    if found.name == deal.stage:
        return deal
    before, old_stage, old_state = _record(deal), deal.stage, deal.state
    deal.stage, deal.state, deal.stage_since, deal.updated_at = found.name, found.outcome, moment, act.at
    closed = found.outcome != Opportunity.State.OPEN
    deal.closed_at, deal.reason = (moment, reason or None) if closed else (None, None)
    deal.save()
    primary = _primary(deal)
    _note_move(act, deal, old_stage, moment)
    act.fact(
        STAGE_CHANGED, contact_id=primary, subject=("opportunity", deal.id), occurred_at=moment,
        properties={"from": old_stage, "to": deal.stage, **money(deal)},
    )  # fmt: skip
    _say_end(act, deal, primary, old_state)
    act.changed("opportunity", deal.id, before=before, after=_record(deal))
    _touch_people(deal, act)
    return deal


@action("opportunity.keep_many", effect="import", right=IMPORT)
def keep_opportunities(act: Act, *, actor: Actor, batch: Batch) -> Kept:
    """Bring a set of deals in at once; the columns of `batch.rows` are those of the importer `opportunities`."""
    kept = write_opportunities(act, batch)
    act.count(created=kept.created, updated=kept.updated)
    return kept


def keep_from_file(act: Act, batch: Batch) -> Kept:
    """The same inside the act that takes in a batch of a file: real data, so never beside the sample company."""
    forbid_sample_mix()
    return write_opportunities(act, batch)


@action("opportunity.snapshot", effect="note")
def take_snapshots(act: Act, *, actor: Actor, as_of: datetime) -> int:
    """Note where every open deal stands today, once; answers how many lines are new.

    Days that were missed since the last line are filled with what was known then of deals that did not close meanwhile,
    and marked.
    """
    zone = workspace().zone
    today = local_date(as_of, zone)
    last = OpportunitySnapshot.objects.order_by("-day").values_list("day", flat=True).first()
    first = _first_missing(last, today)
    with connection.cursor() as cursor:
        cursor.execute(_SNAPSHOT, {"first": first, "today": today, "zone": zone})
        taken = int(cursor.rowcount)
    if taken:
        act.count(snapshots=taken)
    return taken


def _first_missing(last: date | None, today: date) -> date:
    if last is None or last >= today:
        return today
    return max(last + timedelta(days=1), today - timedelta(days=LONGEST_GAP))


_SNAPSHOT = """
INSERT INTO opportunity_snapshot
  (day, opportunity_id, stage, amount, currency, owner_id, owner_name, expected_close, filled)
SELECT d.day::date, o.id, o.stage, o.amount, o.currency, o.owner_id, o.owner_name, o.expected_close,
  d.day::date < %(today)s::date
FROM generate_series(%(first)s::date, %(today)s::date, interval '1 day') AS d (day)
JOIN opportunity o ON CASE WHEN d.day::date = %(today)s::date THEN o.state = 'open' ELSE
  (o.created_at AT TIME ZONE %(zone)s)::date <= d.day::date
  AND (o.state = 'open' OR (o.closed_at AT TIME ZONE %(zone)s)::date > d.day::date)
  AND (o.stage_since AT TIME ZONE %(zone)s)::date <= d.day::date END
ON CONFLICT DO NOTHING
"""


# --- parts ---------------------------------------------------------------------------------------------------------


def money(deal: Opportunity) -> dict[str, str]:
    """The deal's amount as facts keep it; nothing where there is none."""
    if deal.amount is None:
        return {}
    return {"amount": f"{Decimal(deal.amount).normalize():f}", "currency": str(deal.currency)}


def _note_move(act: Act, deal: Opportunity, before: str | None, at: datetime) -> None:
    OpportunityMove.objects.create(
        opportunity=deal, at=at, from_stage=before, to_stage=deal.stage, amount=deal.amount,
        currency=deal.currency if deal.amount is not None else None, actor_kind=act.actor.kind, actor_id=act.actor.id,
    )  # fmt: skip


def _say_end(act: Act, deal: Opportunity, primary: UUID | None, old_state: str | None) -> None:
    if deal.state == Opportunity.State.OPEN or deal.state == old_state:
        return
    told = {"reason": deal.reason, **money(deal)} if deal.reason else money(deal)
    act.fact(
        WON if deal.state == Opportunity.State.WON else LOST, contact_id=primary, subject=("opportunity", deal.id),
        occurred_at=deal.closed_at, properties=told,
    )  # fmt: skip


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(values) - EDITABLE:
        raise TypeError(f"not fields of a deal: {sorted(unknown)}")
    given = dict(values)
    if given.get("amount") is not None and not given.get("currency"):
        given["currency"] = workspace().currency
    return given


def _label(deal: Opportunity) -> None:
    company: Company | None = deal.company
    deal.company_name = company.name if company else deal.company_name
    deal.search_text = fold(" ".join(part for part in (deal.name, deal.company_name) if part))


def _stage(name: str) -> PipelineStage:
    found = PipelineStage.objects.filter(name=name).first()
    meant = None if found else pipeline().meant(name)
    found = found or (PipelineStage.objects.filter(name=meant.name).first() if meant else None)
    if found is None:
        known = ", ".join(PipelineStage.objects.order_by("proposed", "place").values_list("name", flat=True))
        raise _fault("stage", "choice", f"There is no stage {name!r}.", f"Use one of {known}.")
    return found


def _first() -> PipelineStage:
    return PipelineStage.objects.get(name=pipeline().first("open").name)


def _fault(field: str, code: str, message: str, remedy: str) -> MaropsError:
    return MaropsError(INVALID, message, errors=[FieldError(code, message, remedy, pointer=f"/{field}", field=field)])


def _reaches_all(actor: Actor) -> bool:
    from marops.kernel.permissions import Scope, grants

    return grants(actor).scope(CHANGE) is Scope.ALL


def _mine(actor: Actor, opportunity_id: UUID) -> Opportunity:
    deal = visible(actor, CHANGE).select_for_update(of=("self",)).filter(id=opportunity_id).first()
    if deal is None:
        raise MaropsError(NOT_FOUND, "There is no such deal among those you may change.")
    return deal


def _take_keys(deal: Opportunity, keys: Sequence[tuple[str, str]]) -> None:
    for system, value in keys:
        other = OpportunityKey.objects.filter(system=system, value=value).select_related("opportunity").first()
        if other:
            fault = FieldError(
                "taken", f"{other.opportunity.ref} has this id.", "Change that deal.", field="external_id"
            )
            raise MaropsError(CONFLICT, f"{other.opportunity.ref} is known as {value!r} in {system}.", errors=[fault])
        OpportunityKey.objects.create(opportunity=deal, system=system, value=value)


def _set_people(deal: Opportunity, people: Sequence[Part]) -> UUID | None:
    """Write who takes part; the first is the one to talk to where nobody is named. Answers that one."""
    known = set(Contact.objects.filter(id__in=[one.contact_id for one in people]).values_list("id", flat=True))
    parts = {one.contact_id: one for one in people if one.contact_id in known}
    first = next((one.contact_id for one in parts.values() if one.primary), next(iter(parts), None))
    OpportunityPerson.objects.bulk_create(
        OpportunityPerson(opportunity=deal, contact_id=one.contact_id, role=one.role, primary=one.contact_id == first)
        for one in parts.values()
    )
    return first


def _parts(deal: Opportunity) -> list[Part]:
    return [Part(one.contact_id, one.role, one.primary) for one in OpportunityPerson.objects.filter(opportunity=deal)]


def _primary(deal: Opportunity) -> UUID | None:
    rows = OpportunityPerson.objects.filter(opportunity=deal, primary=True)
    return rows.values_list("contact_id", flat=True).first()


def _touch_people(deal: Opportunity, act: Act) -> None:
    touch([one.contact_id for one in _parts(deal)], act.at)


def _record(deal: Opportunity) -> dict[str, Any]:
    names = (
        "name", "company_id", "owner_id", "stage", "state", "amount", "currency", "opened_at", "expected_close",
        "closed_at", "reason", "source", "product", "custom",
    )  # fmt: skip
    return {name: _plain(getattr(deal, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
