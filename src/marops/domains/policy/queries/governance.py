"""What the governance desk shows: what waits, what was refused and overridden, overdue uses, cost, and who decided."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import TruncWeek
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from marops.domains.accounts.public import names
from marops.domains.policy.models import AiAct, AiDraft, AiSwitch
from marops.domains.policy.queries.drafts import barred, visible
from marops.domains.policy.queries.policies import KIND
from marops.domains.policy.queries.shown import BY_VERDICT, recent
from marops.domains.policy.queries.uses import KIND as USE
from marops.domains.policy.queries.uses import Use, uses
from marops.domains.policy.rules.samples import SAMPLE
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.models import Definition, ReviewDecision
from marops.kernel.workspace import today, zone

WEEKS, LISTED = 13, 8
"""So far back the picture looks; so many rows stand in each list."""


@dataclass(frozen=True, slots=True)
class Week:
    """What AI did, held and was refused, and what people changed of it, in the week that begins on this Monday."""

    day: date
    yes: int = 0
    waits: int = 0
    no: int = 0
    overridden: int = 0

    @property
    def span(self) -> str:
        """Its days, as the trail's address says them."""
        return urlencode({"since": self.day.isoformat(), "until": (self.day + timedelta(days=6)).isoformat()})


def weeks() -> list[Week]:
    """The last weeks, the running one among them; those without an act too."""
    first = _monday() - timedelta(weeks=WEEKS - 1)
    rows = AiAct.objects.filter(at__date__gte=first).annotate(week=TruncWeek("at", tzinfo=zone()))
    acts: dict[date, Any] = {row["week"].date(): row for row in rows.values("week").annotate(**BY_VERDICT).order_by()}
    turned = Counter(_monday(at) for at in _overridden_at(first))
    found = []
    for at in range(WEEKS):
        day = first + timedelta(weeks=at)
        told = acts.get(day, {"yes": 0, "waits": 0, "no": 0})
        found.append(Week(day, told["yes"], told["waits"], told["no"], turned[day]))
    return found


def _monday(at: datetime | None = None) -> date:
    day = at.astimezone(zone()).date() if at else today()
    return day - timedelta(days=day.weekday())


def _overridden_at(first: date) -> list[datetime]:
    """When people declined or rewrote what an AI made."""
    rows = AiDraft.objects.filter(at__date__gte=first)
    changed = rows.filter(edited_from__isnull=False).values_list("at", flat=True)
    declined = AiDraft.objects.filter(decided_at__date__gte=first, state=AiDraft.State.DECLINED)
    return [*changed, *(at for at in declined.values_list("decided_at", flat=True) if at)]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits to be read: how many, the oldest of those that this reader may see, and since when."""

    count: int
    rows: Sequence[AiDraft]
    oldest: datetime | None


def waiting(actor: Actor) -> Waiting:
    """Drafts of AI that nobody has decided upon."""
    kept = visible(actor).filter(state=AiDraft.State.WAITING).order_by("at", "id")
    rows = list(kept[:LISTED])
    return Waiting(kept.count(), rows, rows[0].at if rows else None)


@dataclass(frozen=True, slots=True)
class Glance:
    """Whether there is anything to say on a desk at all."""

    stopped: bool
    waiting: bool
    overdue: bool
    samples: bool


_GLANCE = """
SELECT EXISTS (SELECT FROM ai_switch WHERE use = '' AND released_at IS NULL),
    EXISTS (SELECT FROM ai_draft WHERE state = 'waiting'),
    EXISTS (SELECT FROM definition WHERE kind IN (%s, %s) AND state = 'active' AND document ->> 'review_by' < %s),
    EXISTS (SELECT FROM review WHERE subject_type = %s AND state = 'open')
"""


def at_a_glance() -> Glance:
    """One statement for every desk, nearly always with nothing to say."""
    with connection.cursor() as cursor:
        cursor.execute(_GLANCE, [KIND, USE, today().isoformat(), SAMPLE])
        return Glance(*cursor.fetchone())


def to_decide(actor: Actor) -> Waiting:
    """Of what waits, what this actor may decide upon."""
    kept = visible(actor).filter(state=AiDraft.State.WAITING).order_by("at", "id")
    rows = [one for one in kept[:200] if barred(actor, one) is None]
    return Waiting(len(rows), rows[:LISTED], rows[0].at if rows else None)


def reading_hours(days: int = 90) -> float | None:
    """How long half of what was decided had waited, in hours; None where nothing was decided."""
    since = now() - timedelta(days=days)
    decided = AiDraft.objects.filter(decided_at__gt=since, state__in=["approved", "declined", "done"])
    hours = sorted((end - at).total_seconds() / 3600 for at, end in decided.values_list("at", "decided_at") if end)
    middle = len(hours) // 2
    return None if not hours else hours[middle] if len(hours) % 2 else (hours[middle - 1] + hours[middle]) / 2


def refusals() -> list[dict[str, Any]]:
    """What was refused of late, the same thing once with how often it was: the most frequent first."""
    rows = recent().filter(verdict=AiAct.Verdict.NO).values("use", "term", "reasons")
    rows = rows.annotate(n=Count("id"), last=Max("at")).order_by("-n", "use")
    return [dict(row) | {"why": " ".join(row["reasons"][:1])} for row in rows[:LISTED]]


def overdue() -> list[Use]:
    """Uses in force whose entry should have been looked at by now: they do nothing until it is."""
    day = today()
    return [one for one in uses().values() if one.document.review_by and one.document.review_by < day]


def by_use() -> list[dict[str, Any]]:
    """Acts, tokens and cost of each use of late."""
    rows = (
        recent().values("use").annotate(**BY_VERDICT, tokens=Sum("tokens"), cost=Sum("cost")).order_by("-cost", "use")
    )
    known = uses()
    return [dict(row) | {"title": known[row["use"]].document.title if row["use"] in known else ""} for row in rows]


@dataclass(frozen=True, slots=True)
class Decided:
    """Somebody's word: when, who, what, and why."""

    at: datetime
    who: str
    what: str
    why: str = ""
    url: str = ""


def decisions(actor: Actor) -> list[Decided]:
    """Who decided what of late: approvals, versions put in force, switches. For who may read the trail."""
    found = sorted([*_words(actor), *_thrown(), *_versions()], key=lambda one: one.at, reverse=True)[: LISTED + 4]
    people = names([one.who for one in found])
    return [Decided(one.at, people.get(one.who, _("Somebody")), one.what, one.why) for one in found]


def _words(actor: Actor) -> Iterator[Decided]:
    of_rules = Q(review__subject_id__startswith=f"{KIND}/") | Q(review__subject_id__startswith=f"{USE}/")
    wanted = Q(review__subject_type="ai_draft") | Q(review__subject_type="definition") & of_rules
    rows = list(ReviewDecision.objects.filter(wanted).select_related("review").order_by("-at")[:LISTED])
    drafts = [one.review.subject_id for one in rows if one.review.subject_type == "ai_draft"]
    titles = {str(one.id): one.title for one in visible(actor).filter(id__in=drafts)}
    for one in rows:
        what = _("approved “%(title)s”") if one.approved else _("declined “%(title)s”")
        of_draft, known = one.review.subject_type == "ai_draft", one.review.subject_id in titles
        title = titles.get(one.review.subject_id, _("a draft") if of_draft else one.review.subject_id)
        why = one.comment if known or not of_draft else ""
        url = reverse("policy:draft", args=[one.review.subject_id]) if known else ""
        yield Decided(one.at, one.reviewer, what % {"title": title}, why, url)


def _thrown() -> Iterator[Decided]:
    for one in AiSwitch.objects.order_by("-thrown_at")[:LISTED]:
        what = {"what": one.use or _("everything")}
        url = reverse("policy:use", args=[one.use]) if one.use else reverse("policy:page")
        yield Decided(one.thrown_at, one.thrown_by, _("stopped %(what)s") % what, one.why, url)
        if one.released_at:
            yield Decided(one.released_at, one.released_by, _("let %(what)s go on") % what)


def _versions() -> Iterator[Decided]:
    for one in Definition.objects.filter(kind=KIND).exclude(author="").order_by("-created_at")[:LISTED]:
        url = reverse("policy:version", args=[one.version])
        yield Decided(one.created_at, one.author, _("wrote version %(n)s") % {"n": one.version}, one.reason, url)
