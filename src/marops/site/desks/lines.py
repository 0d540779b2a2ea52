"""What the kernel and the engine put on desks: problems, jobs, reviews, backups, the engine, and figures themselves."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import Account, names
from marops.engine.backups import kept_backups
from marops.engine.measuring import kept
from marops.engine.tick import stages as engine_stages
from marops.kernel.actors import Actor
from marops.kernel.metrics import METRICS
from marops.kernel.models import Definition, FactInbox, Job, Problem, StageRun, Touched
from marops.kernel.permissions import grants, may
from marops.kernel.shell import Change, Desk, Figure, Need, Section, SectionRow
from marops.site import figures, queries, review_pages
from marops.site.permissions import SEE_METRICS, SEE_PROBLEMS
from marops.site.targets import in_force

_FAILED_SINCE = timedelta(days=7)
_BACKUP_AGE = timedelta(days=2)
WEEK = timedelta(days=7)
_ACCEPTANCE, _SOURCE = "sales.acceptance", "contact.source"


def problems(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """What failed and needs somebody."""
    if SEE_PROBLEMS not in grants(actor):
        return
    for one in queries.problems(actor)[:5]:
        yield Need(
            title=one.title,
            url=one.url or reverse("problems"),
            button=_("Put it right"),
            detail=one.remedy or one.detail,
            due_words=_since(one, as_of),
            due_note=ngettext("seen once", "seen %(count)s times", one.times) % {"count": one.times},
            urgency="late" if one.severity == "bad" else "soon",
            icon="problem",
        )


def _since(one: Problem, as_of: datetime) -> str:
    return _("for %(time)s") % {"time": timesince(one.first_at, as_of, depth=1)}


def jobs(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """One's own work that broke off."""
    failed = Job.objects.filter(actor_id=actor.id, state="failed", ended_at__gt=as_of - _FAILED_SINCE)
    for one in failed.order_by("-ended_at")[:3]:
        yield Need(
            title=_("%(job)s broke off") % {"job": one.title or one.ref},
            url=reverse("job", args=[one.ref]),
            button=_("See why"),
            detail=(one.problem or {}).get("remedy", ""),
            urgency="soon",
            icon="jobs",
        )


def reviews(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """Definitions that somebody else wants to put in force: one by its name, several together."""
    rows = review_pages.waiting_for(actor)
    if not rows:
        return
    people = names([one.author for one in rows])
    titles = [f"{review_pages.title_of(one)}, {_('version %(n)s') % {'n': one.version}}" for one in rows]
    title = ngettext("%(titles)s waits for your review", "%(n)s definitions wait for your review", len(rows))
    yield Need(
        title=title % {"n": len(rows), "titles": titles[0]},
        detail=rows[0].reason if len(rows) == 1 else "; ".join(titles[:5]),
        url=review_pages.review_url(rows[0]) if len(rows) == 1 else reverse("definitions"),
        button=_("Review"),
        due_words=", ".join(dict.fromkeys(people.get(one.author, one.author) for one in rows[:3])),
        due_note=f"{rows[0].created_at:%-d %b}",
        icon="review",
    )


def backups(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """That the last backup is old, or that there is none."""
    if not may(actor, "backup.make"):
        return
    newest = next(iter(kept_backups()), None)
    if newest is not None and as_of - newest.made_at < _BACKUP_AGE:
        return
    yield Need(
        title=_("The last backup is old") if newest else _("There is no backup yet"),
        detail=_("One file holds everything; it is checked when it is written."),
        url=reverse("backups:backups"),
        button=_("Make one"),
        due_words=_("%(time)s old") % {"time": timesince(newest.made_at, as_of, depth=1)} if newest else "",
        urgency="soon",
        icon="shield",
    )


def engine(actor: Actor, as_of: datetime) -> Iterator[Figure]:
    """Whether the engine keeps up: changes that wait, and how old facts are when they reach the lake."""
    if SEE_PROBLEMS not in grants(actor):
        return
    waiting = Touched.objects.filter(due_at__lte=as_of).count()
    inbox = FactInbox.objects.filter(batch__isnull=True).count()
    page = reverse("engine")
    yield Figure(
        title=_("Changes that wait"),
        value=f"{waiting:,}",
        note=ngettext("one fact is on its way to the lake", "%(n)s facts are on their way to the lake", inbox)
        % {"n": f"{inbox:,}"}
        if inbox
        else _("every fact is in the lake"),
        url=page,
        state=_("keeps up") if waiting < 10_000 else _("is behind"),
        tone="good" if waiting < 10_000 else "warn",
    )
    failing = StageRun.objects.filter(failed_at__isnull=False).count()
    yield Figure(
        title=_("Stages that fail"),
        value=f"{failing}",
        note=_("of %(n)s") % {"n": len(engine_stages())},
        url=page,
        state=_("look") if failing else _("none"),
        tone="bad" if failing else "good",
    )


def stages(actor: Actor, as_of: datetime) -> Iterator[Section]:
    """What each stage of the engine did last."""
    if SEE_PROBLEMS not in grants(actor):
        return
    runs = {run.stage: run for run in StageRun.objects.all()}
    known = [(one.says, runs.get(one.name)) for one in engine_stages()]
    yield Section(
        _("Engine"),
        columns=(_("Stage"), _("Last run"), _("Rows then"), _("Seconds"), _("Rows in all")),
        rows=[
            SectionRow(
                (
                    says,
                    f"{run.last_at:%-d %b, %H:%M}" if run and run.last_at else "–",
                    f"{run.last_rows:,}" if run else "–",
                    f"{run.last_seconds:.1f}" if run else "–",
                    f"{run.rows_total:,}" if run else "–",
                )
            )
            for says, run in known
        ],
        numbers=frozenset({2, 3, 4}),
        url=reverse("engine"),
        link=_("The engine"),
    )


def accounts(actor: Actor, as_of: datetime) -> Iterator[Figure]:
    """Who may come in, and who did in the week."""
    if not may(actor, "accounts.manage"):
        return
    active = Account.objects.filter(active=True)
    here = active.filter(last_login__gte=as_of - WEEK).count()
    yield Figure(
        title=_("Accounts"),
        value=f"{active.count():,}",
        note=_("%(n)s came in this week") % {"n": f"{here:,}"},
        url=reverse("access"),
    )


def freshness(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """Figures that have a target and cannot be told."""
    if SEE_METRICS not in grants(actor):
        return
    aimed = [one for one in figures.show(figures.all_metrics()) if one.target is not None]
    for one in aimed:
        if one.reading is None or one.reading.value is None:
            yield Need(
                title=_("%(metric)s has a target and cannot be told") % {"metric": one.metric.label},
                detail=one.reading.why if one.reading else _("It was not measured yet."),
                url=one.url,
                button=_("See why"),
                due_words=one.target_text,
                due_note=_("the target"),
                icon="measure",
            )


def sources(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """Sources whose leads sales takes so seldom that chance does not explain it: the score takes them for better."""
    target = in_force().get(_ACCEPTANCE)
    if SEE_METRICS not in grants(actor) or target is None:
        return
    metric = METRICS.find(_ACCEPTANCE)
    aim = float(target.value)
    low = [row for row in kept([metric], by=_SOURCE)[_ACCEPTANCE].spans if row.high is not None and row.high < aim]
    words = figures.piece_words(_SOURCE, [row.piece for row in low])
    for row in sorted(low, key=lambda row: (row.high or 0.0, -row.n))[:2]:
        yield Need(
            title=_("%(source)s: sales takes %(share)s of its leads")
            % {"source": words[row.piece], "share": figures.said(metric, row.value)},
            detail=_("%(interval)s of %(n)s answered; the target is %(target)s. The score takes them for better leads.")
            % {"interval": figures.interval(metric, row), "n": f"{row.n:,}", "target": figures.said(metric, aim)},
            url=f"{reverse('metric', args=[_ACCEPTANCE])}?by={_SOURCE}#pieces",
            button=_("Look into it"),
            due_words=figures.span_words(metric),
            icon="measure",
        )


def untold(actor: Actor, as_of: datetime) -> Iterator[Section]:
    """Every figure with its age, the ones that cannot be told first."""
    if SEE_METRICS not in grants(actor):
        return
    shown = figures.show(figures.all_metrics())
    order = sorted(shown, key=lambda one: (one.reading is not None and one.reading.value is not None, one.metric.name))
    yield Section(
        _("Figures and how fresh they are"),
        columns=(_("Figure"), _("Now"), _("What is said of it"), _("Measured")),
        rows=[
            SectionRow(
                (
                    one.metric.label,
                    one.value,
                    one.note,
                    f"{one.kept.computed_at:%-d %b, %H:%M}" if one.kept.computed_at else "–",
                ),
                one.url,
            )
            for one in order[:12]
        ],
        numbers=frozenset({1}),
        url=reverse("metrics"),
        link=_("All metrics"),
        wide=True,
    )


def decided(actor: Actor, kinds: Iterable[str], as_of: datetime) -> Iterator[Change]:
    """New versions of definitions that came into force in the week."""
    rows = list(
        Definition.objects.filter(kind__in=list(kinds), starter=False, valid_from__gte=as_of - WEEK).order_by(
            "-valid_from"
        )[:8]
    )
    people = names([one.author for one in rows])
    for one in rows:
        yield Change(
            at=one.valid_from or one.created_at,
            what=_in_force(one),
            by=people.get(one.author, _("the command line")),
            by_kind="human" if one.author in people else "auto",
            url=review_pages.page_url(one),
        )


def _in_force(one: Definition) -> str:
    """That a version is in force, and why it was made."""
    title = one.document.get("title") or one.document.get("label") or one.pinned
    said = _("%(title)s, version %(version)s, is in force") % {"title": title, "version": one.version}
    return f"{said}: {one.reason}" if one.reason else said


def notices(actor: Actor) -> Iterator[Change]:
    """Lines to this person."""
    for one in queries.notices(actor)[:6]:
        yield Change(at=one.at, what=one.text, by=_("Notice"))


OURS: Mapping[str, Desk] = {
    "problems": problems,
    "jobs": jobs,
    "reviews": reviews,
    "backups": backups,
    "engine": engine,
    "stages": stages,
    "accounts": accounts,
    "freshness": freshness,
    "sources": sources,
    "untold": untold,
}
"""Fillers beside those of the port."""
