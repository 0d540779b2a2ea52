"""The blueprint: what a team should look like and why, three ways side by side; and the assumptions it rests on."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions.blueprint import keep_assumptions
from marops.domains.team.actions.structures import keep_structure
from marops.domains.team.blueprint_forms import AMOUNT, INSTEAD, AskForm, RangeForm
from marops.domains.team.catalogue import assumptions
from marops.domains.team.pages.frame import tabs
from marops.domains.team.pages.pictures import link
from marops.domains.team.papers.blueprint import blueprint_pdf
from marops.domains.team.permissions import PLAN
from marops.domains.team.queries import blueprint as queries
from marops.domains.team.queries.blueprint import Asked
from marops.domains.team.queries.blueprint_pay import offered
from marops.domains.team.queries.blueprint_told import Told
from marops.domains.team.queries.blueprint_words import part_said
from marops.domains.team.queries.structures import names, structures
from marops.domains.team.rules.blueprint import seats_of
from marops.kernel.clock import now
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.jobs import start_job
from marops.kernel.models import Job
from marops.kernel.workspace import today


@require_GET
@needs(PLAN)
def blueprint(request: HttpRequest) -> HttpResponse:
    """The question, and its answer as far as it is there; the whole question stands in the address."""
    form = AskForm(request.GET if "limit" in request.GET else None, actor=actor_of(request))
    asked = form.asked if form.is_bound and form.is_valid() else None
    context = _context(request, form, asked)
    return render(request, "team/blueprint.html", context, status=422 if form.is_bound and asked is None else 200)


def _context(request: HttpRequest, form: AskForm, asked: Asked | None) -> dict[str, Any]:
    context: dict[str, Any] = {
        "form": form, "tabs": tabs(request, "blueprint"), "drivers": list(form.rows(AMOUNT)),
        "settings": list(form.rows(INSTEAD)), "query": request.GET.urlencode(),
        "set_here": any(request.GET.get(INSTEAD + one["name"]) for one in form.settings),
    }  # fmt: skip
    if asked is None:
        return context
    actor = actor_of(request)
    job = queries.open_question(queries.key_of(asked, actor))
    found = queries.kept_answer(job, actor) if job else None
    if found:
        rest = request.GET.copy()
        rest.pop("pay", None)
        told = Told(found, names(), link, offered=offered(actor), others=queries.others_of(actor))
        return context | {"told": told, "question": list(request.GET.items()), "without_pay": rest.urlencode()}
    context |= {"job": job, "poll_url": f"{reverse('team:blueprint-job', args=[job.ref])}?{request.GET.urlencode()}"} \
        if job and job.state in (Job.State.WAITING, Job.State.RUNNING) else {}  # fmt: skip
    if job and job.state == Job.State.FAILED:
        context["refused"] = job.problem or {}
    return context | {"asked": True}


@require_POST
@needs(PLAN)
def ask(request: HttpRequest) -> HttpResponse:
    """Work a blueprint out, unless the same question was answered: the page shows how far it is, then the answer."""
    actor = actor_of(request)
    form = AskForm(posted(request), actor=actor)
    if not form.is_valid() or form.asked is None:
        return render(request, "team/blueprint.html", _context(request, form, None), status=422)
    key = queries.key_of(form.asked, actor)
    job = queries.open_question(key)
    if job is None or job.state in (Job.State.FAILED, Job.State.STOPPED):
        start_job(queries.KIND, {"key": key, "asked": queries.counted(form.asked, actor).as_json()}, actor=actor)
    return redirect(f"{reverse('team:blueprint')}?{urlencode(_said(form))}")


def _said(form: AskForm) -> dict[str, Any]:
    """What the form says, without what was left empty."""
    data = {name: value for name, value in form.data.items() if value != "" and name in form.fields}
    limit = data.get("limit")
    unused = {"size": (), "budget": ("size",), "load": ("size", "budget")}.get(str(limit), ())
    return {name: value for name, value in data.items() if name not in unused}


@require_GET
@needs(PLAN)
def how_far(request: HttpRequest, ref: str) -> HttpResponse:
    """How far an answer is; once it is there, its page is loaded."""
    number = ref.removeprefix("J-")
    known = number.isdecimal() and len(number) < 18
    job = Job.objects.filter(kind=queries.KIND, number=int(number)).first() if known else None
    if job is None:
        raise MaropsError(NOT_FOUND, _("There is no such question."))
    if job.state in (Job.State.WAITING, Job.State.RUNNING):
        return render(request, "team/parts/blueprint_job.html", {"job": job, "poll_url": request.get_full_path()})
    url = f"{reverse('team:blueprint')}?{request.GET.urlencode()}"
    return HttpResponse(headers={"HX-Redirect": url}) if request.headers.get("HX-Request") else redirect(url)


def _found(request: HttpRequest, data: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to what an address or a form asks. Raises MaropsError `not-found`, `invalid`, `no-such-team`."""
    form = AskForm(data, actor=actor_of(request))
    if not form.is_valid() or form.asked is None:
        raise MaropsError(NOT_FOUND, _("This is no question that was answered."))
    return queries.answer(form.asked, actor_of(request))


@require_GET
@needs(PLAN)
def paper(request: HttpRequest) -> HttpResponse:
    """The alternatives side by side on one page of paper."""
    actor = actor_of(request)
    others = queries.others_of(actor)
    told = Told(_found(request, request.GET), names(), link, offered=offered(actor), others=others)
    answer = HttpResponse(blueprint_pdf(told, today(), now()), content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="team-blueprint.pdf"'
    return answer


@require_POST
@needs(PLAN)
def keep(request: HttpRequest) -> HttpResponse:
    """Keep an alternative as a planned structure, to be changed and opened there."""
    actor, found = actor_of(request), _found(request, request.POST)
    plan = queries.alternative(found, request.POST.get("alternative", ""))
    title = _("%(name)s, %(n)s people") % {"name": plan["name"], "n": plan["people"]}
    known = {one.slug for one in structures(actor)}
    slug = base = str(slugify(f"{plan['id']} {plan['people']}"))
    number = 1
    while slug in known:
        number += 1
        slug = f"{base}-{number}"
    seats = seats_of(plan, assumptions().spans)
    document = {"title": title, "because": plan["says"], "made_by": "blueprint", "seats": seats}
    keep_structure(actor=actor, slug=slug, document=document, reason=_("Made of a blueprint."))
    messages.success(request, _("Kept as a draft: change its seats, then open its places."))
    return redirect("team:structure", slug=slug)


@require_http_methods(["GET", "POST"])
@needs(PLAN)
def assumed(request: HttpRequest) -> HttpResponse:
    """What plans assume: every range with its origin, to be changed here."""
    document = assumptions().model_dump(mode="json")
    form = RangeForm(posted(request), document=document)
    if form.is_bound and form.is_valid():
        with problems_on(form):
            keep_assumptions(actor=actor_of(request), document=form.made(), reason=form.cleaned_data["reason"])
            messages.success(request, _("Plans count with these from now on."))
            return redirect("team:assumptions")
    context = {"form": form, "tabs": tabs(request, "blueprint"), "groups": _groups(form)}
    return render(request, "team/assumptions.html", context, status=422 if form.is_bound else 200)


def _groups(form: RangeForm) -> list[dict[str, Any]]:
    """The ranges under the headings of the document."""
    headings = {
        "drivers": _("What makes work, a month"), "hours": _("Hours of work"), "spans": _("Kinds of leading"),
        "spans_seen": _("Spans that were counted"), "ai_help": _("Help by AI, share of the time saved"),
        "ai_help_rules": _("What help by AI takes"), "pay": _("Pay a year"), "joining": _("Until somebody is there"),
        "pace": _("Pace"), "learning": _("Hours to learn"), "combine": _("Roles that fit in one person"),
        "keep_apart": _("Roles to keep apart"), "weights": _("What is weighed against money"),
        "hiring_order": _("Principles of hiring"), "shapes": _("Shapes of a team"), "anchors": _("Sizes people quote"),
    }  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = {}
    for path, of in form.ranges.items():
        section, _dot, rest = path.partition(".")
        row = {
            "label": _label(form.document, section, rest), "why": of.get("why", ""), "origin": _origin(of),
            "fields": [form[f"{path}.{end}"] for end in ("low", "usual", "high")],
        }  # fmt: skip
        found.setdefault(section, []).append(row)
    return [{"heading": headings.get(section, section), "rows": rows} for section, rows in found.items()]


def _origin(of: Mapping[str, Any]) -> str:
    words = {"catalogue": _("catalogue"), "facts": _("your facts"), "assumption": _("assumption")}
    return str(words.get(str(of.get("origin")), of.get("origin")))


def _label(document: Mapping[str, Any], section: str, rest: str) -> str:
    """What a range is called: the names on the way to it."""
    here: Any = document[section]
    said = []
    for part in rest.split(".") if rest else []:
        here = here[int(part)] if isinstance(here, list) else here[part]
        if isinstance(here, Mapping) and here.get("roles"):
            said.append(" + ".join(one.replace("_", " ") for one in here["roles"]))
        elif isinstance(here, Mapping) and here.get("name"):
            said.append(str(here["name"]))
        elif not part.isdecimal() and part not in ("reports", "share_saved", "start", "weight", "people", "levels"):
            said.append(part_said(part))
    words = ", ".join(said) or part_said(section)
    return words[:1].upper() + words[1:]
