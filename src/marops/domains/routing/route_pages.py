"""Pages of routes: the rules as sentences, how evenly pools deal, what a draft would do, and putting it in force."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.register.public import queue_names
from marops.domains.routing import boards, trials
from marops.domains.routing.forms import PoolsForm, TrialForm
from marops.domains.routing.permissions import CHANGE, VIEW
from marops.domains.routing.rules import Route
from marops.domains.team.public import people_of
from marops.kernel.clock import now
from marops.kernel.definitions import ACTIVATE, UNDECIDED, activate, draft, find, load, versions
from marops.kernel.definitions import CHANGE as DRAFT
from marops.kernel.errors import MaropsError
from marops.kernel.forms import DocumentForm, add_places, posted
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.rules import write_yaml
from marops.kernel.workspace import midnight, today

EXAMPLE = """\
rules:
- name: nordics
  label: Nordic countries
  when: {field: contact.country, in: [NO, SE, DK, FI]}
  pool:
    members:
    - {person: P-1, weight: 2, open: 60}
    - {person: ines@example.com, weight: 1, per_day: 8}
  sla: {first_touch: 240, remind: 60, escalate: {to: manager}, reassign: {after: 240}}
"""
_CAUSES = {
    "route": gettext_lazy("by the rules"),
    "company": gettext_lazy("followed their company"),
    "duplicate": gettext_lazy("followed a duplicate"),
    "fallback": gettext_lazy("to the fallback, for no rule claims them"),
    "full": gettext_lazy("to the fallback, for nobody of the pool could take them"),
    "sla": gettext_lazy("went on after a missed promise"),
}


@require_GET
@needs(VIEW)
def routes(request: HttpRequest) -> HttpResponse:
    """Every route, and what came of it lately."""
    rows = boards.routes(now())
    routed, fallback = sum(one.routed for one in rows), sum(one.fallback for one in rows)
    if not routed:
        answer = _("No lead was routed in the last 30 days.")
    else:
        answer = _("%(share)s of the last 30 days' leads found a seller or a queue by rule.") % {
            "share": f"{1 - fallback / routed:.0%}"
        }
    return render(request, "routing/routes.html", {"rows": rows, "answer": answer})


@require_GET
@needs(VIEW)
def route(request: HttpRequest, slug: str) -> HttpResponse:
    """One route: its rules in order, the people of its pools, and the decisions of the last 30 days."""
    actor, at = actor_of(request), now()
    row = boards.in_force(slug)
    document: Route = load(row)
    counts = boards.decisions(slug, at)
    causes = _by_cause(counts)
    total = sum(causes.values())
    context = {
        "slug": slug,
        "row": row,
        "route": document,
        "rules": boards.rule_boards(slug, document, at),
        "fallback": queue_names().get(document.fallback, document.fallback),
        "fallback_slug": document.fallback if document.fallback in queue_names() else "",
        "answer": _answer(total, causes.get("fallback", 0) + causes.get("full", 0)),
        "unclaimed": causes.get("fallback", 0),
        "pooled": bool(document.pools()),
        "causes": [
            {"label": _CAUSES.get(name, name), "value": number, "share": number / total}
            for name, number in sorted(causes.items(), key=lambda one: -one[1])
        ],
        "total": total,
        "same_owner": [{"duplicate": _("duplicates"), "company": _("companies")}[one] for one in document.same_owner],
        "promise": boards.promise_in_words(document.sla),
        "versions": _versions(slug),
        "may_change": may(actor, CHANGE) and may(actor, DRAFT),
        "may_activate": may(actor, CHANGE) and may(actor, ACTIVATE),
    }
    return render(request, "routing/route.html", context)


def _by_cause(counts: dict[tuple[str, str], int]) -> dict[str, int]:
    """Cause → leads. A lead of a rule that lies in the fallback is one that nobody of its pool could take."""
    causes: dict[str, int] = {}
    for (rule, cause), number in counts.items():
        name = "full" if cause == "fallback" and rule else cause
        causes[name] = causes.get(name, 0) + number
    return causes


def _answer(total: int, fallback: int) -> str:
    if not total:
        return _("No lead was routed in the last 30 days.")
    told = {"total": f"{total:,}", "share": f"{fallback / total:.0%}"}
    return _("%(total)s leads in 30 days, %(share)s of them to the fallback.") % told


def _versions(slug: str) -> list[dict[str, Any]]:
    found = versions("route", slug)
    who = names([one.author for one in found])
    return [
        {
            "version": one.version,
            "pinned": one.pinned,
            "at": one.created_at,
            "who": who.get(one.author, one.author),
            "reason": one.reason,
            "state": one.state,
            "draft": one.state in UNDECIDED,
        }
        for one in found
    ]


def _newest(slug: str) -> Definition:
    boards.in_force(slug)
    return versions("route", slug)[0]


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the order of rules, and shares and limits of people; what is saved is a draft."""
    row = _newest(slug)
    document: Route = load(row)
    form = PoolsForm(posted(request), route=document)
    if form.is_bound and form.is_valid() and (made := _keep(request, slug, form, form.document())):
        return redirect("routing:route-simulate", slug=made.slug)
    rules = [
        {
            "rule": rule,
            "order": form[f"order-{place}"],
            "people": _people(form, place, rule.pool) if rule.pool else [],
            "add": form[f"add-{place}"] if rule.pool else None,
            "other": form[f"other-{place}"] if rule.pool else None,
        }
        for place, rule in enumerate(document.rules)
    ]
    context = {"slug": slug, "row": row, "route": document, "form": form, "rules": rules}
    return render(request, "routing/route_edit.html", context, status=422 if form.is_bound else 200)


def _people(form: PoolsForm, place: int, pool: Any) -> list[dict[str, Any]]:
    found = people_of(one.person for one in pool.members)
    return [
        {
            "name": found[one.person].name if one.person in found else one.person,
            "fields": [form[f"{name}-{place}-{number}"] for name in ("weight", "open", "per_day")],
        }
        for number, one in enumerate(pool.members)
    ]


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def edit_text(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole route as text; what is saved is a draft."""
    row = _newest(slug)
    form = DocumentForm(posted(request), initial={"text": write_yaml(row.document)})
    if form.is_bound and form.is_valid() and (made := _keep(request, slug, form, form.cleaned_data["text"])):
        return redirect("routing:route-simulate", slug=made.slug)
    context = {"slug": slug, "row": row, "form": form, "example": EXAMPLE}
    return render(request, "routing/route_text.html", context, status=422 if form.is_bound else 200)


def _keep(request: HttpRequest, slug: str, form: Any, document: dict[str, Any]) -> Definition | None:
    """Save a draft; None where it cannot be, which the form then says."""
    try:
        reason = form.cleaned_data["reason"]
        row = draft(actor=actor_of(request), kind="route", slug=slug, document=document, reason=reason)
    except MaropsError as error:
        add_places(form, error)
        return None
    messages.success(
        request, _("%(ref)s is a draft. See what it would do, then put it in force.") % {"ref": row.pinned}
    )
    return row


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def simulate(request: HttpRequest, slug: str) -> HttpResponse:
    """What a version would do with the leads of the last while, beside the version in force."""
    actor, at = actor_of(request), now()
    found = versions("route", slug) or [boards.in_force(slug)]
    given = request.GET if "since" in request.GET else None
    first = today() - timedelta(days=30)
    chosen = str(found[0].version)
    form = TrialForm(
        given,
        versions=[(str(one.version), f"{one.pinned} · {one.get_state_display()}") for one in found],
        initial={"version": chosen, "since": first},
    )
    day, as_now = first, False
    if form.is_bound and form.is_valid():
        chosen, day, as_now = form.cleaned_data["version"], form.cleaned_data["since"], form.cleaned_data["as_now"]
    row = find(f"route/{slug}@{chosen}")
    trial = None
    if not (form.is_bound and form.errors):
        trial = trials.simulate(load(row), slug, midnight(day), at, actor=actor, as_now=as_now, shown=50)
    context = {
        "slug": slug,
        "row": row,
        "form": form,
        "trial": trial,
        "answer": _trial_answer(trial) if trial else "",
        "most": max((max(one.today, one.before, one.after) for one in trial.owners), default=0) if trial else 0,
        "is_draft": row.state in UNDECIDED,
        "may_activate": may(actor, CHANGE) and may(actor, ACTIVATE),
    }
    return render(request, "routing/route_simulate.html", context)


def _trial_answer(trial: trials.Trial) -> str:
    if not trial.leads:
        said = _("No leads came in that time.")
    elif trial.in_force:
        told = {"elsewhere": f"{trial.elsewhere_today:,}", "leads": f"{trial.leads:,}"}
        said = _(
            "This is what is in force. %(elsewhere)s of %(leads)s leads are with somebody else today than it would"
            " give them to if they came now."
        )
        return said % told
    else:
        told = {"moved": f"{trial.moved:,}", "leads": f"{trial.leads:,}", "unmatched": f"{trial.unmatched:,}"}
        than = _("by the version in force") if trial.baseline else _("today")
        said = _("%(moved)s of %(leads)s leads would be with somebody else than %(than)s; %(unmatched)s with nobody.")
        said %= told | {"than": than}
    if trial.moves and not trial.moves.leads:
        said += " " + _("Put in force, it moves no lead that has an owner.")
    elif trial.moves:
        said += " " + ngettext(
            "Put in force, it moves %(n)s lead at once.", "Put in force, it moves %(n)s leads at once.",
            trial.moves.leads,
        ) % {"n": f"{trial.moves.leads:,}"}  # fmt: skip
    return said


@require_POST
@needs(CHANGE)
def put_in_force(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Put a version in force; somebody other than its author has to, where there is somebody."""
    row = activate(actor=actor_of(request), ref=f"route/{slug}@{version}")
    messages.success(request, _("%(ref)s is in force; new leads follow it from now on.") % {"ref": row.pinned})
    return redirect("routing:route", slug=slug)
