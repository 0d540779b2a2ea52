"""Pages of kept scenarios: all of them in words with what last came of them, and each as text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.workflows.actions import keep, retire_scenario
from marops.domains.workflows.asking import comparison_in
from marops.domains.workflows.forms import ASKS
from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.pages.scenarios import free
from marops.domains.workflows.papers.changes import assumed
from marops.domains.workflows.permissions import CHANGE, PAY, VIEW
from marops.domains.workflows.questions import faults_of
from marops.domains.workflows.rules.scenario import Change, Scenario
from marops.domains.workflows.telling.words import estimate_words
from marops.kernel.definitions import active, checked, find, load
from marops.kernel.errors import CONFLICT, INVALID, MaropsError
from marops.kernel.forms import DocumentForm, add_places, posted
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.rules import write_yaml

EXAMPLE = """\
title: Legal reads daily, and the designer learns to write
changes:
- {change: rebatch, step: webinar/legal, opens: office, start: 3}
- {change: train, person: designer, skills: {content: 0.8}, hours_away: 40, one_off: 2500, start: 2027-03-01}
- {change: limit, workflow: webinar, limit: 6}
- {change: platform, retire: Old system, add: New system, factor: 0.9, saves_per_year: 12000, start: 6}
"""
LOOKED_THROUGH = 200
"""Of so many kept comparisons, the newest, it is told what came of scenarios."""


@require_GET
@needs(VIEW)
def scenarios(request: HttpRequest) -> HttpResponse:
    """Every kept scenario: what it changes, in words, and what the last comparison said of it."""
    actor = actor_of(request)
    names, currency, last = _names(), _currency(), _last_results()
    pays = may(actor, PAY)
    titles = _titles({one.workflow for one in last.values()})
    known = [row.slug for row in active("workflow")]
    rows = []
    for row in active("scenario"):
        scenario: Scenario = load(row)
        rows.append(
            {
                "slug": row.slug, "title": scenario.title, "note": scenario.note, "version": row.version,
                "history_url": reverse("definition", args=["scenario", row.slug, row.version]),
                "changes": [one[:1].upper() + one[1:] for one in assumed(scenario, currency, names, pay=pays)],
                "result": _result(last.get(row.slug), row, titles),
                "add_url": _further(scenario, row.slug, last.get(row.slug), known),
            }
        )  # fmt: skip
    return render(request, "workflows/scenarios.html", {"rows": rows, "may_change": may(actor, CHANGE)})


def _further(scenario: Scenario, slug: str, compared: WorkflowAnswer | None, known: Sequence[str]) -> str:
    """Where another change is added: on the form of the workflow that was compared last, else of one that it names."""
    refs = [str(getattr(one, "step", "") or getattr(one, "workflow", "")).partition("/")[0] for one in scenario.changes]
    wanted = [compared.workflow if compared else "", *refs, *known]
    flow = next((one for one in wanted if one in known), "")
    kind = ASKS[0].kind
    return f"{reverse('workflows:scenario-new', args=[flow, kind])}?{urlencode({'to': slug})}" if flow else ""


def _names() -> dict[str, str]:
    """Names of people, steps, kinds of work and workflows by their ids, as the changes name them."""
    found: dict[str, str] = {}
    for row in active("crew"):
        found |= {one["id"]: one["name"] for one in row.document["people"]}
    for row in active("workflow"):
        found[row.slug] = row.document["title"]
        found |= {one["id"]: one["name"] for one in row.document["classes"]}
        for one in row.document["steps"]:
            found[one["id"]] = found[f"{row.slug}/{one['id']}"] = one["name"]
    return found


def _currency() -> str:
    """What all crews are paid in; nothing where that differs."""
    used = {load(row).currency for row in active("crew")}
    return str(used.pop()) if len(used) == 1 else ""


def _last_results() -> dict[str, WorkflowAnswer]:
    """For each scenario the newest comparison in which it was."""
    rows = WorkflowAnswer.objects.filter(kind=WorkflowAnswer.Kind.COMPARISON).order_by("-at")
    found: dict[str, Any] = {}
    for ident, keys in rows.values_list("id", "asked__scenarios")[:LOOKED_THROUGH]:
        for key in keys or ():
            found.setdefault(key, ident)
    by_id = WorkflowAnswer.objects.in_bulk(set(found.values()))
    return {key: by_id[ident] for key, ident in found.items() if ident in by_id}


def _titles(slugs: Iterable[str]) -> dict[str, str]:
    """What workflows are called, by their newest versions."""
    rows = Definition.objects.filter(kind="workflow", slug__in=slugs).order_by("version")
    return dict(rows.values_list("slug", "document__title"))


def _result(kept: WorkflowAnswer | None, row: Definition, titles: Mapping[str, str]) -> dict[str, Any] | None:
    """What a comparison said of a scenario, in words; None where it was never compared."""
    if kept is None:
        return None
    told = comparison_in(kept)  # its first line is no money
    keys = [one.key for one in told.options]
    if row.slug not in keys or not told.lines:
        return None
    line, place = told.lines[0], keys.index(row.slug)
    said, between = estimate_words(line.options[place], line, told.currency)
    base = estimate_words(line.baseline, line, told.currency)[0] if line.baseline else "–"
    return {
        "name": line.name, "said": said, "between": between, "base": base, "at": kept.at,
        "workflow": titles.get(kept.workflow, kept.workflow),
        "url": f"{reverse('workflows:workflow', args=[kept.workflow])}?{urlencode([('with', one) for one in keys])}",
        "stale": kept.asked["scenarios"][row.slug] not in ({}, row.document),
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def new(request: HttpRequest) -> HttpResponse:
    """A new scenario as text; it can be compared at once."""
    form = DocumentForm(posted(request), initial={"text": EXAMPLE})
    if form.is_bound and form.is_valid():
        title = form.cleaned_data["text"].get("title")
        slug = free(slugify(title) if isinstance(title, str) else "")
        if _keep(request, slug, form):
            return redirect("workflows:scenarios")
    return _page(request, form, None)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """A scenario as text, with every kind of change; what is saved counts at once."""
    row = find(f"scenario/{slug}")
    form = DocumentForm(posted(request), initial={"text": write_yaml(_written(load(row)))})
    if form.is_bound and form.is_valid() and _keep(request, row.slug, form):
        return redirect("workflows:scenarios")
    return _page(request, form, row)


def _written(scenario: Scenario) -> dict[str, Any]:
    """A scenario as somebody would write it: what is changed first, and nothing that goes without saying."""
    found = scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    own = {"title": scenario.title, **({"note": scenario.note} if scenario.note else {})}
    shared = set(Change.model_fields)
    changes = [
        {"change": one["change"], **{key: one[key] for key in sorted(one, key=lambda key: key in shared)}}
        for one in found.get("changes", ())
    ]
    return {**own, "changes": changes}


def _page(request: HttpRequest, form: DocumentForm, row: Definition | None) -> HttpResponse:
    context = {"form": form, "row": row, "example": EXAMPLE if row else "", "parts": list(_parts())}
    return render(request, "workflows/scenario_text.html", context, status=422 if form.is_bound else 200)


def _parts() -> Iterator[Mapping[str, Any]]:
    """What changes can name: the steps of each workflow, and the people, skills and calendars of each crew."""
    for row in active("workflow"):
        steps = [f"{row.slug}/{one['id']}" for one in row.document["steps"] if not one.get("gate")]
        yield {"title": row.document["title"], "label": _("Steps"), "words": steps}
    for row in active("crew"):
        people = row.document["people"]
        yield {"title": row.document["title"], "label": _("People"), "words": [one["id"] for one in people]}
        skills = sorted({skill for one in people for skill in one.get("skills", ())})
        yield {"title": row.document["title"], "label": _("Skills"), "words": skills}
        yield {"title": row.document["title"], "label": _("Calendars"), "words": list(row.document["calendars"])}


def _keep(request: HttpRequest, slug: str, form: DocumentForm) -> Definition | None:
    """Keep a version that counts at once; None where it cannot be, which the form then says, all of it."""
    given = form.cleaned_data
    try:
        scenario = Scenario.model_validate(checked("scenario", given["text"]))
        if faults := faults_of(scenario):
            raise MaropsError(INVALID, errors=faults)
        row = keep(actor=actor_of(request), kind="scenario", slug=slug, document=given["text"], reason=given["reason"])
    except MaropsError as error:
        add_places(form, error)
        return None
    changes = len(scenario.changes)
    said = ngettext("%(title)s is kept, with %(n)s change.", "%(title)s is kept, with %(n)s changes.", changes)
    messages.success(request, said % {"title": scenario.title, "n": changes})
    return row


@require_POST
@needs(CHANGE)
def retire(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a scenario out of use; what was compared with it stays."""
    row = find(f"scenario/{slug}")
    if row.state == Definition.State.RETIRED:
        raise MaropsError(CONFLICT, _("%(ref)s is out of use already.") % {"ref": row.pinned})
    retire_scenario(actor=actor_of(request), slug=row.slug)
    messages.success(request, _("%(title)s is out of use.") % {"title": load(row).title})
    return redirect("workflows:scenarios")
