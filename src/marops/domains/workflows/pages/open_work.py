"""Open work of a workflow: when each piece will be done, what it waits for, and what to do first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from marops.domains.accounts.public import actor_of, needs
from marops.domains.workflows.asking import latest
from marops.domains.workflows.charts.marks import number
from marops.domains.workflows.charts.plans import Finish, finishes
from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.pages import answering
from marops.domains.workflows.permissions import VIEW
from marops.domains.workflows.promised import FIRST, in_progress, start
from marops.domains.workflows.queries import source_of
from marops.domains.workflows.rules.answers import plural
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.situations import known
from marops.kernel.clock import now
from marops.kernel.definitions import find, load
from marops.kernel.errors import MaropsError
from marops.kernel.models import Definition
from marops.store.duckdb import QueryError

if TYPE_CHECKING:
    from marops.domains.workflows.answering.promising import OpenItem

JOB = "workflow.promises"
KIND = WorkflowAnswer.Kind.PROMISES
SHOWN = 3
"""So many pieces stand on the workflow's own page."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of open work. `mark`: late (its date is over), danger (as likely late as not), safe, or nothing."""

    case: str
    waits_for: str
    done: str
    half: datetime | None
    most: datetime | None
    due: datetime | None
    on_time: str
    between: str
    mark: str
    first: int
    new: bool = False

    @property
    def words(self) -> tuple[str, str]:
        """The mark in words, and the kind of pill it is."""
        told = {
            "late": (_("late"), "bad"),
            "danger": (_("likely late"), "warn"),
            "safe": (_("likely on time"), "good"),
            "": (_("no date"), ""),
        }
        return (_("not reckoned yet"), "draft") if self.new else told[self.mark]


@dataclass(frozen=True, slots=True)
class Open:
    """What is open of a workflow, as it was reckoned last: those late first. `moved`: pieces that something was done
    of since; None where nobody can tell.
    """

    pieces: tuple[Piece, ...] = ()
    at: datetime | None = None
    answer: Mapping[str, str] = field(default_factory=dict)
    stale: bool = False
    moved: int | None = None
    gone: int = 0


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def open_work(request: HttpRequest, slug: str) -> HttpResponse:
    """Every open piece with its dates; asked by POST, they are reckoned again."""
    row = find(f"workflow/{slug}")
    if request.method == "POST":
        return redirect(answering.with_job(_url(row.slug), start(row.slug, actor=actor_of(request))))
    flow: Workflow = load(row)
    source, kept = source_of(flow), latest(row.slug, KIND)
    told = told_of(kept, row) if source else Open()
    if source and source.format == "facts":  # a log says what it said
        told = with_now(told, row, kept)
    job = answering.waiting(request.GET.get("job", ""), JOB, row.slug)
    context = {
        "slug": row.slug,
        "title": flow.title,
        "unit": plural(flow.unit),
        "source": source,
        "kept": kept,
        "told": told,
        "first": sorted((one for one in told.pieces if one.first), key=lambda one: one.first),
        "picture": _picture(told, kept, narrow=False),
        "picture_narrow": _picture(told, kept, narrow=True),
        "job": job,
        "progress_url": reverse("workflows:open-progress", args=[row.slug, job.ref]) if job else "",
        "import_url": reverse("workflows:import"),
    }
    return render(request, "workflows/open_work.html", context)


@require_GET
@needs(VIEW)
def progress(request: HttpRequest, slug: str, ref: str) -> HttpResponse:
    """How far the reckoning is; once it has ended, the page is loaded with its answer."""
    here = find(f"workflow/{slug}").slug
    return answering.how_far(request, answering.job_named(ref, JOB, here), _url(here))


def _url(slug: str) -> str:
    return reverse("workflows:open", args=[slug])


def told_of(kept: WorkflowAnswer | None, row: Definition) -> Open:
    """What was kept, as the page tells it; the workflow and its crew may have been changed since."""
    if kept is None:
        return Open()
    at = datetime.fromisoformat(kept.answer["at"])
    first = {case: place for place, case in enumerate(kept.answer["first"], 1)}
    pieces = [_piece(one, first, at) for one in kept.answer["open"]]
    order = {"late": 0, "danger": 1, "safe": 2, "": 3}
    pieces.sort(key=lambda one: (order[one.mark], one.first or FIRST + 1, one.due or at))
    flow: Workflow = load(row)
    stale = row.pinned not in kept.asked["versions"] or find(f"crew/{flow.crew}").pinned not in kept.asked["versions"]
    return Open(tuple(pieces), at, _answer(pieces, flow), stale)


def _piece(one: Mapping[str, Any], first: Mapping[str, int], at: datetime) -> Piece:
    half, most, due = (datetime.fromisoformat(one[name]) if one[name] else None for name in ("p50", "p85", "due"))
    share = one["on_time"]
    mark = ""
    if due is not None and share is not None:
        mark = "late" if due < at else "danger" if share["value"] < 0.5 else "safe"
    return Piece(
        case=one["case"],
        waits_for=", ".join(one["waits_for"]),
        done=one["done_name"],
        half=half,
        most=most,
        due=due,
        on_time=number(share["value"] * 100) if share else "",
        between=f"{number(share['low'] * 100)}–{number(share['high'] * 100)}" if share else "",
        mark=mark,
        first=first.get(one["case"], 0),
    )


def with_now(told: Open, row: Definition, kept: WorkflowAnswer | None) -> Open:
    """The same beside what is open now: what came since is there without dates, what was finished is not."""
    try:
        going = in_progress(known(row.slug))
    except (MaropsError, QueryError):  # it is shown as it was kept
        return told
    flow: Workflow = load(row)
    before = {one["case"]: one["done_at"] for one in kept.answer["open"]} if kept else {}
    items = {one.key: one for one in going.items if one.workflow == row.slug}
    still = [one for one in told.pieces if one.case in items]
    fresh = [one for key, one in items.items() if key not in before]
    fresh.sort(key=lambda one: one.due or going.at)
    moved = sum(key in before and one.done[-1][1] > datetime.fromisoformat(before[key]) for key, one in items.items())
    pieces = (*still, *(_new(one, flow) for one in fresh))
    return Open(pieces, told.at, _answer(pieces, flow), told.stale, moved + len(fresh), len(told.pieces) - len(still))


def _new(one: "OpenItem", flow: Workflow) -> Piece:
    done = flow.step(one.done[-1][0]).name
    return Piece(one.key, "", done, None, None, one.due, "", "", "", 0, new=True)


def _answer(pieces: Sequence[Piece], flow: Workflow) -> dict[str, str]:
    """How many are open, and how many of them are late or likely to be."""
    many = len(pieces)
    if not many:
        return {"one": _("Nothing is open"), "two": _("every %(unit)s that was begun is done") % {"unit": flow.unit}}
    unit = flow.unit if many == 1 else plural(flow.unit)
    one = ngettext("%(n)s %(unit)s is open", "%(n)s %(unit)s are open", many) % {"n": number(many), "unit": unit}
    late, danger = (sum(each.mark == mark for each in pieces) for mark in ("late", "danger"))
    said = []
    if all(each.new for each in pieces):
        return {"one": one, "two": _("their dates are not reckoned yet")}
    if late:
        said.append(ngettext("%(n)s is past its date", "%(n)s are past their date", late) % {"n": number(late)})
    if danger:
        words = ngettext("%(n)s is more likely late than not", "%(n)s are more likely late than not", danger)
        said.append(words % {"n": number(danger)})
    if not said:
        dated = any(each.due for each in pieces)
        said.append(_("all of them will likely keep their date") if dated else _("none of them has a date"))
    return {"one": one, "two": ", ".join(said)}


def _picture(told: Open, kept: WorkflowAnswer | None, *, narrow: bool) -> str:
    rows = [
        Finish(one.case, _local(one.half), _local(one.most), _local(one.due), one.mark)
        for one in told.pieces
        if not one.new
    ]
    if not rows or kept is None or told.at is None:
        return ""
    return finishes(rows, localtime(told.at), ident="finishes-narrow" if narrow else "finishes", narrow=narrow)


def _local(moment: datetime | None) -> datetime | None:
    return localtime(moment) if moment else None


def section(row: Definition, flow: Workflow) -> dict[str, Any] | None:
    """Open work as the workflow's own page has it; None where nobody says what is open."""
    if source_of(flow) is None:
        return None
    told = told_of(latest(row.slug, KIND), row)
    return {
        "told": told,
        "pieces": told.pieces[:SHOWN],
        "url": _url(row.slug),
        "old": told.at is not None and (now() - told.at).total_seconds() > 86_400,
    }
