"""The pairs of records that may be one: those that wait for somebody's word, and what speaks for and against each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Avg, Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.contacts.models import Company, Contact, MatchPair, MatchRun
from marops.domains.contacts.permissions import MERGE, visible
from marops.domains.contacts.queries.matching import identity, survivorship
from marops.domains.contacts.rules.grounds import GROUNDS
from marops.domains.contacts.rules.identity import COMPARED, Kind
from marops.domains.contacts.rules.survival import stays
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.permissions import Scope, grants, require

SHOWN: Final = 50
LABELS: Final = {
    "given": gettext_lazy("Given name"), "family": gettext_lazy("Family name"), "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"), "phone2": gettext_lazy("Second phone"), "company": gettext_lazy("Company"),
    "street": gettext_lazy("Street"), "postcode": gettext_lazy("Postcode"), "city": gettext_lazy("City"),
    "country": gettext_lazy("Country"), "site": gettext_lazy("Website"),
    "start": gettext_lazy("How rare it is at all"),
}  # fmt: skip
"""What is compared, in words."""


@dataclass(frozen=True, slots=True)
class Band:
    """The pairs of one band: from which probability, how many, and which share of them the model expects to be one."""

    name: str
    least: float
    pairs: int
    precision: float | None


def open_pairs(actor: Actor, of: Kind) -> QuerySet[MatchPair]:
    """The pairs without a word on them that this actor may see, the surest first."""
    require(actor, MERGE)
    found = MatchPair.objects.filter(of=of, apart=False)
    if of == "person" and grants(actor).scope(MERGE) is not Scope.ALL:
        seen = visible(actor, MERGE).values("id")
        found = found.filter(left_id__in=seen, right_id__in=seen)
    return found.order_by("-chance", "id")


def bands(actor: Actor, of: Kind) -> list[Band]:
    """How many pairs are surely one, and how many somebody should look at."""
    model, _pinned = identity(of)
    sure = Q(chance__gte=model.merge_at)
    told = open_pairs(actor, of).order_by().aggregate(
        m=Count("id", filter=sure), mp=Avg("chance", filter=sure), r=Count("id", filter=~sure),
        rp=Avg("chance", filter=~sure),
    )  # fmt: skip
    return [
        Band("merge", model.merge_at, told["m"], told["mp"]),
        Band("review", model.review_at, told["r"], told["rp"]),
    ]


def in_band(actor: Actor, of: Kind, band: str) -> QuerySet[MatchPair]:
    """The open pairs of a band; of both for ''."""
    model, _pinned = identity(of)
    found = open_pairs(actor, of)
    if band == "merge":
        return found.filter(chance__gte=model.merge_at)
    return found.filter(chance__lt=model.merge_at) if band == "review" else found


def next_pair(actor: Actor, of: Kind, after: UUID | None, *, both: Sequence[UUID] = ()) -> MatchPair | None:
    """The pair to look at next: of the review band, the surest first; after one that is put off, the one below it.

    When all of the band are decided, those that are surely one. `both` names the pair of these two records.
    """
    if both:
        return MatchPair.objects.filter(left_id=both[0], right_id=both[1]).first()
    found = in_band(actor, of, "review")
    last = MatchPair.objects.filter(id=after).first() if after else None
    if last:
        below = Q(chance__lt=last.chance) | Q(chance=last.chance, id__gt=last.id)
        return found.filter(below).first()
    return found.first() or in_band(actor, of, "merge").first()


def came_since(of: Kind) -> int:
    """How many records came or changed since all were searched, and are not held against the others as they come."""
    run, (model, _pinned) = last_run(of), identity(of)
    if run is None or (of == "person" and model.learnt is not None):
        return 0
    table = Contact if of == "person" else Company
    return table.objects.filter(created_at__gt=run.at).count()


def find_pair(actor: Actor, pair_id: UUID, *, lock: bool = False) -> MatchPair:
    """One pair, if the actor may see both its records. Raises MaropsError `not-found`."""
    require(actor, MERGE)
    rows = MatchPair.objects.select_for_update() if lock else MatchPair.objects.all()
    pair = rows.filter(id=pair_id).first()
    both = [pair.left_id, pair.right_id] if pair else []
    if pair and pair.of == "person" and visible(actor, MERGE).filter(id__in=both).count() == len(both):
        return pair
    if pair and pair.of == "company" and Company.objects.filter(id__in=both).count() == len(both):
        return pair
    raise MaropsError(NOT_FOUND, _("There is no such pair; one of its records may have become part of another."))


def last_run(of: Kind) -> MatchRun | None:
    """The newest search of all records."""
    return MatchRun.objects.filter(of=of).order_by("-at").first()


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair with its records, the one that would stay first."""

    row: MatchPair
    keep: Contact | Company
    gone: Contact | Company

    @property
    def why(self) -> list[tuple[str, float, str]]:
        """What each field says, strongest first: its name, bits for (or against), and the degree of agreement."""
        told = [(str(LABELS.get(name, name)), bits, says) for name, (bits, says) in self.row.weights.items()]
        return sorted(told, key=lambda one: -abs(one[1]))


def waiting(actor: Actor, of: Kind, limit: int, band: str = "") -> list[Pair]:
    """The open pairs of a band, the surest first, with their records."""
    return with_records(list(in_band(actor, of, band)[:limit]))


def with_records(rows: Sequence[MatchPair]) -> list[Pair]:
    """The pairs with their records, in one question; whose records are gone meanwhile are left out."""
    ids = {one for row in rows for one in (row.left_id, row.right_id)}
    people = rows and rows[0].of == "person"
    found: dict[UUID, Any] = (Contact.objects.select_related("company") if people else Company.objects).in_bulk(
        list(ids)
    )
    return list(_ordered([row for row in rows if row.left_id in found and row.right_id in found], found))


def _ordered(rows: Sequence[MatchPair], found: dict[UUID, Any]) -> Iterator[Pair]:
    rule, _pinned = survivorship()
    for row in rows:
        one, other = found[row.left_id], found[row.right_id]
        lower = row.of == "company" and one.number <= other.number
        first = lower if row.of == "company" else stays(_row(one), _row(other), rule)
        yield Pair(row, one, other) if first else Pair(row, other, one)


def _row(one: Any) -> dict[str, Any]:
    return {field.attname: getattr(one, field.attname) for field in Contact._meta.concrete_fields}


def twins_of(contact_id: UUID, actor: Actor) -> list[dict[str, Any]]:
    """Whom a person may be the same as, the surest first, for those who may join them: reference, probability, pair."""
    if MERGE not in grants(actor):
        return []
    rows = open_pairs(actor, "person").filter(Q(left_id=contact_id) | Q(right_id=contact_id))[:_TWINS]
    return [
        {"ref": (one.gone if one.keep.id == contact_id else one.keep).ref, "probability": round(one.row.chance, 4),
         "percent": f"{one.row.chance:.0%}", "pair": str(one.row.id)}
        for one in with_records(list(rows))
    ]  # fmt: skip


_TWINS: Final = 3


def pair_json(one: Pair) -> dict[str, Any]:
    """One pair: who would stay, who would go, how sure, and what each field says. No values of either."""
    fields = [{"field": name, "bits": bits, "agreement": says} for name, (bits, says) in one.row.weights.items()]
    return {
        "id": str(one.row.id), "keep": one.keep.ref, "gone": one.gone.ref, "of": one.row.of,
        "probability": round(one.row.chance, 6), "ground": GROUNDS.get(one.row.ground, ""), "model": one.row.model,
        "fields": fields, "found_at": iso_utc(one.row.found_at), "apart": one.row.apart,
    }  # fmt: skip


def report(actor: Actor, of: Kind) -> dict[str, Any]:
    """How many pairs stand in each band, by which model, and what the last search looked at."""
    model, pinned = identity(of)
    run = last_run(of)
    return {
        "of": of, "model": pinned, "compared": list(model.roles) if run is None else run.report["compared"],
        "could_compare": list(COMPARED[of]),
        "bands": [
            {"band": one.name, "least": one.least, "pairs": one.pairs, "expected_precision": one.precision}
            for one in bands(actor, of)
        ],
        "apart": MatchPair.objects.filter(of=of, apart=True).count(),
        "run": None if run is None else {
            "at": iso_utc(run.at), "records": run.records, "seconds": run.seconds, "model": run.model,
            "blocking": run.report["blocking"] or "all pairs",
        },
    }  # fmt: skip
