"""What somebody did in Marops, as traces that may speak for a skill; the keys are those of the document skills/main.

A trace is never proof by itself: it says that something was done, how often and when last, and leads to it. There are
no rights inside: whoever asks looks first whether the reader may see somebody's evidence (`Policy.sees_evidence`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Max, Min, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from marops.domains.team.models import Assessment, Onboarding, Person, Talk, Vacancy
from marops.engine.asking import query_engine
from marops.kernel.clock import local_date
from marops.kernel.models import AuditRow, Definition, Job, ReviewDecision
from marops.kernel.shell import Words
from marops.kernel.workspace import workspace
from marops.store.duckdb import QueryError


@dataclass(frozen=True, slots=True)
class Trace:
    """One kind of trace of one person: how many, the day of the last, and where it leads."""

    key: str
    count: int
    last: date | None
    url: str = ""


Found = tuple[str, str, int, datetime | None, str]
"""Whose (an id of an account), key, count, last moment, address."""

ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "import.end": ("import.done",),
    "contact.erase": ("erasure.done", "access.answered"),
    "absence.add": ("absence.planned",),
    "problem.resolve": ("fault.mended",),
    "webhook.make": ("connector.set_up",),
    "quality.fix": ("quality.fixed",),
    "register.merge": ("merge.done",),
    "share.make": ("brief.shared",),
}
"""Action → the keys that it is a trace of."""

JOBS: Final[Mapping[str, str]] = {
    "workflow.compare": "scenario.compared",
    "workflow.fit": "workflow.fitted",
    "workflow.bottleneck": "bottleneck.named",
}
FACTS: Final = ("task.finished", "lead.accepted", "lead.stage_changed", "sla.met", "consent.recorded", "webhook.tested")

WORDS: Final[Mapping[str, Words]] = {
    "import.done": _("Imports brought in"),
    "erasure.done": _("People erased on request"),
    "access.answered": _("Requests about kept data answered"),
    "absence.planned": _("Absences planned"),
    "fault.mended": _("Problems put right"),
    "connector.set_up": _("Connections set up"),
    "quality.fixed": _("Faults of quality put right"),
    "merge.done": _("Names put together"),
    "brief.shared": _("Papers shared"),
    "scenario.compared": _("Scenarios compared"),
    "workflow.fitted": _("Workflows held against a log"),
    "bottleneck.named": _("Bottlenecks looked for"),
    "task.finished": _("Tasks finished"),
    "lead.accepted": _("Leads accepted"),
    "lead.stage_changed": _("Leads moved a stage"),
    "sla.met": _("Promises kept"),
    "consent.recorded": _("Consents recorded"),
    "webhook.tested": _("Webhooks tested"),
    "workflow.drawn": _("Workflows drawn"),
    "route.changed": _("Routes put in force"),
    "structure.planned": _("Structures planned"),
    "playbook.written": _("Playbooks written"),
    "review.done": _("Work of others looked at"),
    "definition.reviewed": _("Definitions looked at"),
    "assessment.made": _("Colleagues assessed"),
    "one_to_one.held": _("One-to-ones held"),
    "mentor.of": _("Newcomers accompanied"),
    "playbook.finished": _("Playbooks finished"),
    "newcomer.onboarded": _("Newcomers brought on board"),
    "opening.written": _("Openings written"),
    "opening.filled": _("Openings filled"),
}


def key_words(key: str) -> str:
    """What a kind of trace is called."""
    if key in WORDS:
        return str(WORDS[key])
    noun, _sep, kind = key.partition(":")
    if noun == "definition.activated":
        return str(_("Put in force: %(kind)s") % {"kind": kind.replace("_", " ")})
    return key.replace(".", " ").replace("_", " ")


def traces(person_ids: Iterable[UUID]) -> Mapping[UUID, Mapping[str, Trace]]:
    """Person → key → trace, of those who have an account; one question for each kind of source."""
    accounts = {
        str(account): person
        for person, account in Person.objects.filter(id__in=list(person_ids)).values_list("id", "account_id")
        if account
    }
    found: dict[UUID, dict[str, Trace]] = {}
    if not accounts:
        return found
    for source in _SOURCES:
        for whose, key, count, last, url in source(accounts):
            person = accounts[whose]
            known = found.setdefault(person, {}).get(key)
            found[person][key] = _together(known, Trace(key, count, _day(last), url))
    return found


def _together(known: Trace | None, more: Trace) -> Trace:
    if known is None:
        return more
    newer = max(known, more, key=lambda one: one.last or date.min)
    return Trace(more.key, known.count + more.count, newer.last, newer.url)


def _day(moment: datetime | None) -> date | None:
    return local_date(moment, workspace().zone) if moment else None


def _definitions(accounts: Mapping[str, UUID]) -> Iterator[Found]:
    """What they wrote that came in force, by kind; a workflow's first version counts as drawn even before that."""
    rows = Definition.objects.filter(author__in=list(accounts), starter=False)
    put = rows.exclude(valid_from=None)
    newest = {
        (one.author, one.kind): reverse("definition", args=[one.kind, one.slug, one.version])
        for one in put.order_by("author", "kind", "-valid_from").distinct("author", "kind").defer("document")
    }
    counted = put.values_list("author", "kind").annotate(n=Count("id"), last=Max("valid_from"))
    for author, kind, count, last in counted.order_by():
        url = newest[author, kind]
        yield author, f"definition.activated:{kind}", count, last, url
        if kind == "route":
            yield author, "route.changed", count, last, url
    for kind, key in (
        ("workflow", "workflow.drawn"),
        ("structure", "structure.planned"),
        ("playbook", "playbook.written"),
    ):
        drawn = rows.filter(kind=kind).values("author", "slug").annotate(first=Min("version"), at=Min("created_at"))
        told: dict[str, list[datetime]] = {}
        for one in drawn.filter(first=1).order_by():
            told.setdefault(one["author"], []).append(one["at"])
        for author, moments in told.items():
            yield author, key, len(moments), max(moments), ""


_DRAWN: Final[Mapping[str, str]] = {
    "workflow": "workflow.drawn", "structure": "structure.planned", "playbook": "playbook.written",
}  # fmt: skip
"""Kind of definition → the trace that whoever wrote its first version left."""


def _acts(accounts: Mapping[str, UUID]) -> Iterator[Found]:
    rows = AuditRow.objects.filter(actor_id__in=list(accounts), actor_kind="human", action__in=list(ACTS))
    counted = rows.values_list("actor_id", "action").annotate(n=Count("id"), last=Max("at")).order_by()
    for actor, action, count, last in counted:
        for key in ACTS[action]:
            yield actor, key, count, last, ""


def _jobs(accounts: Mapping[str, UUID]) -> Iterator[Found]:
    rows = Job.objects.filter(kind__in=list(JOBS), actor_id__in=list(accounts), state=Job.State.DONE)
    counted = rows.values_list("actor_id", "kind").annotate(n=Count("id"), last=Max("ended_at")).order_by()
    for actor, kind, count, last in counted:
        yield actor, JOBS[kind], count, last, reverse("jobs")


_ASKED: Final = """
SELECT actor_id, kind, count(*)::BIGINT AS n, max(occurred_at) AS last FROM facts
WHERE actor_type = 'human' AND list_contains($kinds, kind) AND list_contains($actors, actor_id)
GROUP BY actor_id, kind
"""


def _facts(accounts: Mapping[str, UUID]) -> Iterator[Found]:
    given = {"kinds": list(FACTS), "actors": list(accounts)}
    try:
        rows = query_engine().rows(_ASKED, given)
    except QueryError:  # no lake yet, or it does not answer: the other traces stand all the same
        return
    for one in rows:
        yield one["actor_id"], one["kind"], one["n"], one["last"], ""


def _reviews(accounts: Mapping[str, UUID]) -> Iterator[Found]:
    rows = ReviewDecision.objects.filter(reviewer__in=list(accounts), own_work=False)
    counted = rows.values_list("reviewer").annotate(
        n=Count("id"), last=Max("at"), definitions=Count("id", filter=Q(review__subject_type="definition"))
    )
    for reviewer, count, last, definitions in counted.order_by():
        yield reviewer, "review.done", count, last, ""
        if definitions:
            yield reviewer, "definition.reviewed", definitions, last, ""


def _leading(accounts: Mapping[str, UUID]) -> Iterator[Found]:
    """What speaks for leading people: assessments, talks, newcomers, openings. Kept here, so counted here."""
    people = {person: account for account, person in accounts.items()}
    made = Assessment.objects.filter(made_by__in=list(accounts), by=Assessment.By.MANAGER)
    for who, n, last in made.values_list("made_by").annotate(Count("person", distinct=True), Max("at")).order_by():
        yield who, "assessment.made", n, last, ""
    talks = Talk.objects.filter(one_to_one__manager_id__in=people).values_list("one_to_one__manager_id")
    for boss, n, last in talks.annotate(Count("id"), Max("at")).order_by():
        yield people[boss], "one_to_one.held", n, last, ""
    for mentor, key, rows in (
        ("mentor_id", "mentor.of", Onboarding.objects.filter(mentor_id__in=people)),
        ("person_id", "playbook.finished", Onboarding.objects.filter(person_id__in=people).exclude(ended_at=None)),
    ):
        for who, n, last in rows.values_list(mentor).annotate(Count("id"), Max("created_at")).order_by():
            yield people[who], key, n, last, ""
    brought = Onboarding.objects.filter(made_by__in=list(accounts)).exclude(ended_at=None)
    for whom, n, last in brought.values_list("made_by").annotate(Count("id"), Max("ended_at")).order_by():
        yield whom, "newcomer.onboarded", n, last, ""
    written = Vacancy.objects.filter(made_by__in=list(accounts)).values_list("made_by")
    for whom, n, filled, last in written.annotate(
        n=Count("id"), filled=Count("id", filter=Q(state=Vacancy.State.FILLED)), last=Max("created_at")
    ).order_by():
        yield whom, "opening.written", n, last, ""
        if filled:
            yield whom, "opening.filled", filled, last, ""


_SOURCES: Final[tuple[Callable[[Mapping[str, UUID]], Iterator[Found]], ...]] = (
    _definitions, _acts, _jobs, _facts, _reviews, _leading,
)  # fmt: skip
