"""Who reports to whom: today, a planned structure beside it, on a page and on paper."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from marops import __version__
from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.charts.organigram import ROOM, Link, for_paper, marks, organigram
from marops.domains.team.pages.frame import tabs
from marops.domains.team.pages.pictures import link as page_of
from marops.domains.team.permissions import PLAN, VIEW
from marops.domains.team.queries.structures import Compared, Kept, compared, find_structure, structures, today_chart
from marops.domains.team.rules.chart import Chart, Differences, Node, Shown, shown
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.drawing import number
from marops.kernel.permissions import may
from marops.kernel.workspace import today, workspace

PAPER = Path(__file__).parents[1] / "data" / "chart.typ"
BESIDE = 572.0
"""So wide is each of two pictures beside each other."""
PRINTED = 90
"""So many boxes at most on a page of paper before branches are folded."""
PAPER_SIZE = 770.0, 440.0
SHAPES = (500.0, 700.0, 900.0, 1176.0, 1500.0, 1900.0, 2400.0, 3000.0)
"""What there is of a page in points, and the widths tried for the picture that is largest on it."""


@require_GET
@needs(VIEW)
def chart(request: HttpRequest) -> HttpResponse:
    """Today's reporting lines; with `?plan=` those of a structure beside them; with `?at=` from one box on."""
    actor, at = actor_of(request), request.GET.get("at", "")
    kept = find_structure(actor, request.GET["plan"]) if request.GET.get("plan") else None
    found = compared(actor, kept.structure) if kept else None
    whole = found.today if found else today_chart()
    sides = _sides(whole, at, kept, found)
    context = {
        "answer": plan_answer(kept, found) if kept and found else _answer(whole),
        "sides": sides,
        "two": len(sides) > 1,
        "plans": _plans(actor, kept),
        "above": [{"name": whole.nodes[key].name, "url": address(kept, key)} for key in whole.path(at)],
        "at": whole.nodes[at].name if at in whole.nodes else "",
        "top_url": address(kept, ""),
        "pdf_url": f"{reverse('team:chart-pdf')}?{urlencode(_query(kept, at))}",
        "structure": kept,
        "may_plan": may(actor, PLAN),
        "tabs": tabs(request, "chart"),
    }
    return render(request, "team/chart.html", context)


def _query(kept: Kept | None, at: str) -> dict[str, str]:
    return ({"plan": kept.slug} if kept else {}) | ({"at": at} if at else {})


def address(kept: Kept | None, at: str) -> str:
    """The chart with this plan from this box on."""
    query = urlencode(_query(kept, at))
    return reverse("team:chart") + (f"?{query}" if query else "")


def _plans(actor: Actor, chosen: Kept | None) -> list[dict[str, Any]]:
    found = [{"slug": one.slug, "title": one.structure.title} for one in structures(actor)]
    return [one | {"chosen": bool(chosen and chosen.slug == one["slug"])} for one in found]


def linked(kept: Kept | None) -> Link:
    """Where boxes of today or of a plan lead: to the person, the place or the seat; below folded ones, further down."""

    def link(kind: str, node: Node) -> str:
        if kind == "box":
            if node.kind == "seat" and kept:
                return reverse("team:structure-seat", args=[kept.slug, node.key.removeprefix("seat:")])
            return page_of("person" if node.kind == "person" else "place", node.key)
        return address(kept, node.above if kind == "rest" else node.key)

    return link


def _sides(whole: Chart, at: str, kept: Kept | None, found: Compared | None) -> list[dict[str, Any]]:
    """Today, and a plan beside it on the same scale."""
    if kept is None or found is None:
        return [_side(whole, at, "today", _("Today"), kept, None, ROOM)]
    return [
        _side(found.today, at, "today", _("Today"), kept, found.differences, BESIDE),
        _side(found.plan, at, "plan", kept.structure.title, kept, found.differences, BESIDE),
    ]


def _side(
    chart_: Chart, at: str, ident: str, title: str, kept: Kept | None, differ: Differences | None, room: float
) -> dict[str, Any]:
    part = shown(chart_, at)
    link = linked(kept)
    picture = organigram(chart_, part, link, ident=f"chart-{ident}", title=title, differences=differ, room=room)
    return {"title": title, "ident": ident, "picture": picture.svg, "tree": outline(chart_, part, link, differ)}


def outline(chart_: Chart, part: Shown, link: Link, differ: Differences | None) -> list[dict[str, Any]]:
    """What is shown as a list in a list, for who reads it or walks it with the keyboard."""

    def row(key: str) -> dict[str, Any]:
        node = chart_.nodes[key]
        mark = differ.of(key) if differ else ""
        return {
            "name": node.name, "says": node.says, "url": link("box", node), "mark": marks().get(mark, ""),
            "kind": {"place": _("open"), "seat": _("planned")}.get(node.kind, ""),
            "folded": part.folded.get(key, 0), "folded_url": link("below", node),
            "left_out": part.left_out.get(key, 0),
            "below": [row(one) for one in part.below.get(key, ())],
        }  # fmt: skip

    return [row(key) for key in part.roots]


def _answer(whole: Chart) -> str:
    """How many people in how many levels, how many report to nobody, what is open."""
    people = [one for one in whole.nodes.values() if one.kind == "person"]
    if not people:
        return _("Nobody is in the team yet.")
    words = {"n": number(len(people)), "levels": whole.levels}
    said = ngettext("%(n)s person on %(levels)s level", "%(n)s people on %(levels)s levels", len(people)) % words
    roots = [key for key in whole.below[""] if whole.nodes[key].kind == "person"]
    heads = ngettext("%(n)s reports to nobody", "%(n)s report to nobody", len(roots)) % {"n": number(len(roots))}
    places = sum(one.kind == "place" for one in whole.nodes.values())
    if not places:
        return _("%(people)s; %(heads)s.") % {"people": said, "heads": heads}
    open_ = ngettext("%(n)s place is open", "%(n)s places are open", places) % {"n": places}
    return _("%(people)s; %(heads)s; %(open)s.") % {"people": said, "heads": heads, "open": open_}


def plan_answer(kept: Kept, found: Compared) -> str:
    """What a plan changes, in one sentence."""
    differ, parts = found.differences, []
    if differ.new:
        parts.append(ngettext("%(n)s new seat", "%(n)s new seats", len(differ.new)) % {"n": len(differ.new)})
    people = sum(found.plan.nodes[key].kind == "person" for key in differ.moved)
    if people:
        said = ngettext("%(n)s person reports to somebody else", "%(n)s people report to somebody else", people)
        parts.append(said % {"n": people})
    if places := len(differ.moved) - people:
        parts.append(ngettext("%(n)s open place moves", "%(n)s open places move", places) % {"n": places})
    if differ.changed:
        n = len(differ.changed)
        parts.append(ngettext("%(n)s gets other roles", "%(n)s get other roles", n) % {"n": n})
    if differ.gone:
        n = len(differ.gone)
        parts.append(ngettext("%(n)s is no longer in it", "%(n)s are no longer in it", n) % {"n": n})
    if not parts:
        return _("“%(title)s” is the team as it is today.") % {"title": kept.structure.title}
    return _("Against today, “%(title)s”: %(parts)s.") % {"title": kept.structure.title, "parts": ", ".join(parts)}


# -- paper -------------------------------------------------------------------------------------------------------------


@require_GET
@needs(VIEW)
def chart_pdf(request: HttpRequest) -> HttpResponse:
    """The same on one page of paper, lying: today, or today beside a plan."""
    from marops.kernel.printing import pdf

    actor, at = actor_of(request), request.GET.get("at", "")
    kept = find_structure(actor, request.GET["plan"]) if request.GET.get("plan") else None
    found = compared(actor, kept.structure) if kept else None
    whole = found.today if found else today_chart()
    sides: list[tuple[str, Chart]] = [(_("Today"), whole)]
    if kept and found:
        sides.append((kept.structure.title, found.plan))
    differ = found.differences if found else None
    told: Mapping[str, Any] = {
        "answer": plan_answer(kept, found) if kept and found else _answer(whole),
        "head": {"left": ", ".join(one for one in (workspace().name, _("who reports to whom")) if one),
                 "right": date_format(today(), "j F Y")},
        "sides": [_on_paper(title, chart_, at, differ) for title, chart_ in sides],
        "sources": [_("Dashed: nobody is there yet.")],
        "program": f"Marops {__version__}",
    }  # fmt: skip
    answer = HttpResponse(pdf(PAPER, dict(told), now()), content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="who-reports-to-whom.pdf"'
    return answer


def _on_paper(title: str, chart_: Chart, at: str, differ: Differences | None) -> dict[str, Any]:
    part = shown(chart_, at, PRINTED)
    wide, high = PAPER_SIZE[0] / (2 if differ else 1), PAPER_SIZE[1]
    tried = [
        organigram(chart_, part, lambda _kind, _node: "", ident="p", title=title, differences=differ, room=room)
        for room in SHAPES
    ]
    picture = max(tried, key=lambda one: min(wide / one.width, high / one.height))
    return {
        "title": title, "map": for_paper(picture.svg), "alt": f"{title}: {len(part.keys)}",
        "width": picture.width, "ratio": picture.height / picture.width,
    }  # fmt: skip
