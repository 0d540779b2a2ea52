"""What contacts puts on desks: the faults that weigh most, and all rules with what they find."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args

from django.core.cache import cache
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.contacts.models import QualityDay
from marops.domains.contacts.permissions import MERGE, VIEW
from marops.domains.contacts.queries.pairs import bands
from marops.domains.contacts.queries.quality import gravest, many, summary
from marops.domains.contacts.rules.identity import Kind
from marops.domains.team.public import Answerable, Offer, answers_for, at_hand
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.definitions import active, load
from marops.kernel.permissions import Scope, grants, may
from marops.kernel.rules_sentence import inner
from marops.kernel.shell import Need, Section, SectionRow

FIX = "quality.fix"
KEPT_SECONDS = 300
TAKING_OVER = (3.0, 8.0)
"""Hours that taking a rule over takes at first; an assumption."""


def records(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """The two worst rules: what is wrong with how many records, for those who look after all of them."""
    if grants(actor).scope(VIEW) is not Scope.ALL:
        return
    found = [one for one in _found(actor)["rules"] if one["contacts"] and one["severity"] == "high"]
    fixes = may(actor, FIX)
    for one in found[:2]:
        yield Need(
            title=ngettext("%(n)s record: %(fault)s", "%(n)s records: %(fault)s", one["contacts"])
            % {"n": f"{one['contacts']:,}", "fault": inner(str(one["title"]))},
            detail=one.get("remedy", ""),
            url=reverse("contacts:rule", args=[one["name"]]),
            button=_("Work them off") if fixes and one["fixes"] else _("See them"),
            due_words=f"{one['share']:.0%}" if one["share"] >= 0.005 else "< 1%",
            due_note=_("of all records"),
            icon="review",
        )


def twice(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """Pairs of records that may be one, for those who may join them."""
    if not may(actor, MERGE):
        return
    for of in get_args(Kind):
        sure, look = (one.pairs for one in bands(actor, of))
        if not sure and not look:
            continue
        told = ngettext("%(n)s pair", "%(n)s pairs", sure + look) % {"n": f"{sure + look:,}"}
        what = _("may be one company") if of == "company" else _("may be one person")
        yield Need(
            title=f"{told} {what}",
            detail=_("%(sure)s surely, %(look)s to look at. Nothing is joined before somebody says so.")
            % {"sure": f"{sure:,}", "look": f"{look:,}"},
            url=f"{reverse('contacts:pairs')}?of={of}",
            button=_("Look at them"),
            due_words=f"{look:,}",
            due_note=_("to look at"),
            icon="review",
        )


def words(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """Spellings that could be another word, as counted at the end of the last day, for those who may accept them."""
    if not may(actor, FIX) or grants(actor).scope(VIEW) is not Scope.ALL:
        return
    last = QualityDay.objects.filter(part="words").order_by("-day").values("day")[:1]
    found = list(QualityDay.objects.filter(part="words", day__in=last))
    spellings, records_ = sum(one.contacts for one in found), sum(one.faulty for one in found)
    if spellings:
        title = ngettext("%(n)s spelling could be another word", "%(n)s spellings could be another word", spellings)
        on = ngettext(
            "On %(n)s record. Accepted once, they are written so whenever somebody comes in.",
            "On %(n)s records. Accepted once, they are written so whenever somebody comes in.",
            records_,
        )
        yield Need(
            title=title % {"n": f"{spellings:,}"},
            detail=on % {"n": f"{records_:,}"},
            url=reverse("contacts:vocabularies"),
            button=_("Look at them"),
            icon="review",
        )


def faults(actor: Actor, as_of: datetime) -> Iterator[Section]:
    """Every rule that finds somebody, with how that moved in a week."""
    if VIEW not in grants(actor):
        return
    found = _found(actor)
    yield Section(
        _("Quality by rule"),
        _("%(faulty)s of %(all)s records have a fault")
        % {"faulty": f"{found['faulty']:,}", "all": f"{found['contacts']:,}"},
        columns=(_("Fault"), _("Severity"), _("Records"), _("Share"), _("In 7 days")),
        rows=[
            SectionRow(
                (
                    one["title"],
                    one["severity"],
                    f"{one['contacts']:,}",
                    f"{one['share']:.1%}",
                    "–" if one["change_7d"] is None else f"{one['change_7d']:+,}",
                ),
                reverse("contacts:rule", args=[one["name"]]),
            )
            for one in found["rules"][:8]
            if one["contacts"]
        ],
        numbers=frozenset({2, 3, 4}),
        url=reverse("contacts:quality"),
        link=_("All rules"),
    )


def _found(actor: Actor) -> dict[str, Any]:
    """What the rules find: counted just now where there are few records, else as it was at the end of the last day."""
    day = QualityDay.objects.filter(part="all").order_by("-day").first() if many() else None
    if grants(actor).scope(VIEW) is not Scope.ALL:
        return cache.get_or_set(f"desk_faults:{actor.id}", lambda: summary(actor), KEPT_SECONDS) or {}
    if day is None:
        return summary(actor)
    faulty = dict(QualityDay.objects.filter(day=day.day, part="rule").values_list("key", "faulty"))
    rules = [
        {
            "name": row.slug, "title": row.document["title"], "severity": row.document["severity"],
            "remedy": row.document.get("remedy", ""), "fixes": row.document.get("fixes", ()),
            "contacts": faulty.get(row.slug, 0), "share": faulty.get(row.slug, 0) / max(1, day.contacts),
            "change_7d": None,
        }
        for row in active("quality")
    ]  # fmt: skip
    order = sorted(rules, key=gravest)
    return {"contacts": day.contacts, "faulty": day.faulty, "rules": order}


def to_learn_from(actor: Actor) -> Iterator[Offer]:
    """The rule that finds most records and can be mended: for those who may, something to grow by."""
    if not may(actor, FIX) or grants(actor).scope(VIEW) is not Scope.ALL:
        return
    mendable = [one for one in _found(actor)["rules"] if one["contacts"] and one["fixes"]]
    if mendable:
        most = max(mendable, key=lambda one: (int(one["contacts"]), str(one["name"])))
        says = _(
            "Take over “%(fault)s”, which %(n)s records have: mend what can be mended, and find where it comes from."
        )
        words = says % {"fault": inner(str(most["title"])), "n": f"{most['contacts']:,}"}
        yield Offer(words, TAKING_OVER, "quality.fixed", reverse("contacts:rule", args=[most["name"]]))


ports.desk.fill("records", records)
ports.desk.fill("words", words, order=60)
ports.desk.fill("faults", faults)
at_hand.fill("quality", to_learn_from)


def quality_of_role(role: str, actor: Actor) -> list[Answerable]:
    """The rules of data quality in force that name a role as their owner."""
    if not may(actor, VIEW):
        return []
    return [
        Answerable(_("Data quality"), document.title, reverse("contacts:rule", args=[row.slug]), document.dimension)
        for row, document in ((row, load(row)) for row in active("quality"))
        if document.owner == role
    ]


answers_for.fill("quality", quality_of_role, order=30)
