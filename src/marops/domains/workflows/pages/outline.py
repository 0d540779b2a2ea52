"""A workflow as an outline: all the canvas can do, as plain forms. Each act changes one's sketch; saving ends it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from marops.domains.accounts.public import actor_of, needs
from marops.domains.workflows import actions
from marops.domains.workflows.pages.editing import back_url
from marops.domains.workflows.permissions import CHANGE
from marops.domains.workflows.sheets import edits
from marops.domains.workflows.sheets.checking import Trouble
from marops.domains.workflows.sheets.entries import CLASS, STEP, WORKFLOW
from marops.domains.workflows.sheets.forms import AddForm, SheetForm, WaysForm
from marops.domains.workflows.sheets.opened import Opened, opened
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import add_problem, posted

Change = Callable[[dict[str, Any]], dict[str, Any]]


def _keep(request: HttpRequest, here: Opened, document: Mapping[str, Any], words: str) -> None:
    actions.sketch(
        actor=actor_of(request), slug=here.slug, document=document, words=words, base=here.base, before=here.document
    )


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def outline(request: HttpRequest, slug: str) -> HttpResponse:
    """The steps in order, the kinds of work, what is wrong; and each act on them."""
    here = opened(actor_of(request), slug)
    known = here.known()
    steps = here.document["steps"]
    form = AddForm(
        request.POST if "add" in request.POST else None, known=known,
        initial={"after": steps[-1]["id"] if steps else ""},
    )  # fmt: skip
    if request.method == "POST" and "add" not in request.POST:
        return _act(request, here, request.POST.get("act", ""))
    if form.is_bound and form.is_valid() and _added(request, here, form):
        return redirect(f"{reverse('workflows:outline', args=[slug])}#add")
    return _outline_page(request, here, form, known)


def _outline_page(request: HttpRequest, here: Opened, form: AddForm, known: Any) -> HttpResponse:
    found = here.troubles()
    context = {
        "here": here,
        "known": known,
        "form": form,
        "rows": [_row(here, number, found) for number in range(len(here.document["steps"]))],
        "classes": [_class_row(one, found) for one in here.document["classes"]],
        "facts": _facts(here),
        "troubles": [_linked(here, one) for one in found],
        "stops": any(one.stops for one in found),
        "back_url": back_url(here),
        "undo": here.sketch.words if here.sketch and here.sketch.past else "",
        "redo": here.sketch.ahead[0]["words"] if here.sketch and here.sketch.ahead else "",
    }
    return render(request, "workflows/outline.html", context, status=422 if form.is_bound else 200)


def _linked(here: Opened, one: Trouble) -> dict[str, Any]:
    """A fault with the address of the field at which it can be put right."""
    if one.kind == "step" and one.ident:
        url = reverse("workflows:outline-step", args=[here.slug, one.ident])
    elif one.kind == "class" and one.ident:
        url = reverse("workflows:outline-class", args=[here.slug, one.ident])
    elif one.path in ("steps", "classes"):
        url = "#add" if one.path == "steps" else reverse("workflows:outline-class-new", args=[here.slug])
    else:
        url = reverse("workflows:outline-facts", args=[here.slug])
    field = one.path.replace("/", "-")
    anchored = f"{url}#id_{field}" if field and not url.startswith("#") and field not in ("steps", "classes") else url
    return {"trouble": one, "url": anchored}


def _row(here: Opened, number: int, found: list[Trouble]) -> dict[str, Any]:
    step = here.document["steps"][number]
    return {
        "number": number + 1,
        "step": step,
        "touch": "auto" if step["gate"] else {"ai_assisted": "ai", "automatic": "auto"}.get(step["touch"], "human"),
        "who": _who(step),
        "effort": "" if step["gate"] else hours_said(step.get("effort")),
        "then": _then(here.document, step),
        "first": number == 0,
        "last": number == len(here.document["steps"]) - 1,
        "troubles": [one for one in found if (one.kind, one.ident) == ("step", step["id"])],
    }


def _who(step: Mapping[str, Any]) -> str:
    if step["gate"]:
        return _("nobody: it only forks, joins or chooses")
    if step["touch"] == "automatic":
        return _("nobody: automatic")
    named = ", ".join(step["people"]) if step["people"] else step["skill"]
    return str(named) or _("nobody yet")


def _then(document: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    names = {one["id"]: one["name"] for one in document["steps"]}
    out = edits.ways_from(document, step["id"])
    chosen = step["split"] == "one" and len(out) > 1
    said = [
        f"{_share(way.get('probability'))} {names.get(way['to'], way['to'])}"
        if chosen
        else names.get(way["to"], way["to"])
        for way in out
    ]
    rework = step.get("rework")
    back = ""
    if rework:
        told = {"share": _share(rework["probability"]), "to": names.get(rework["back_to"], rework["back_to"])}
        back = _("%(share)s back to %(to)s") % told
    return {"ways": said, "chosen": chosen, "side": len(out) > 1 and not chosen, "back": back}


def _share(value: float | None) -> str:
    return "? %" if value is None else f"{number_format(round(value * 100, 1)).removesuffix('.0')} %"


def hours_said(value: Any) -> str:
    """Hours of a document in words: "3 h", "about 3 h"; empty where there are none."""
    if value is None:
        return ""
    if not isinstance(value, Mapping):
        return _time(value)
    kind = value["kind"]
    if value.get("mean") is not None:
        return _("about %(time)s") % {"time": _time(value["mean"])}
    if value.get("low") is not None and value.get("high") is not None and kind != "quantiles":
        return _("%(low)s to %(high)s h") % {"low": _few(value["low"]), "high": _few(value["high"])}
    ends = value.get("values") or [0, 0]
    return _("about %(time)s") % {"time": _time(sum(ends) / len(ends))}


def _time(hours: float) -> str:
    """In minutes where it is less than an hour: nobody reads 0.135 h."""
    if 0 < hours < 1:
        return _("%(n)s min") % {"n": max(round(hours * 60), 1)}
    return f"{_few(hours)} h"


def _few(value: float) -> str:
    return number_format(float(f"{value:.2g}" if value < 10 else f"{value:.3g}"), force_grouping=True).removesuffix(
        ".0"
    )


def _class_row(one: Mapping[str, Any], found: list[Trouble]) -> dict[str, Any]:
    return {
        "one": one,
        "per_month": _few(one["arrivals"]["per_month"]),
        "due": hours_said(one.get("due")),
        "troubles": [bad for bad in found if (bad.kind, bad.ident) == ("class", one["id"])],
    }


def _facts(here: Opened) -> list[tuple[str, Any]]:
    document = here.document
    promise = document.get("promise")
    told = [
        (_("Crew"), here.crew.title if here.crew else document["crew"]),
        (_("One piece of work is a"), document["unit"]),
        (_("Owner"), document["owner"] or "–"),
    ]
    if promise:
        words = {"hours": _few(promise["hours"]), "share": _share(promise["share"])}
        told.append((_("Promise"), _("%(hours)s h, for %(share)s of all") % words))
    if document["limit"]:
        told.append((_("In work at a time"), _("at most %(n)s") % {"n": document["limit"]}))
    return told


def _added(request: HttpRequest, here: Opened, form: AddForm) -> bool:
    given = form.cleaned_data
    ident = edits.new_id(given["name"], [one["id"] for one in here.document["steps"]])
    step = {"id": ident, "name": given["name"], "skill": given["skill"], "effort": given["effort"]}
    try:
        document = edits.add_step(here.document, step, given["after"], beside=bool(given["beside"]))
        _keep(request, here, document, _("Added “%(name)s”") % {"name": given["name"]})
    except MaropsError as error:
        add_problem(form, error)
        return False
    return True


def _act(request: HttpRequest, here: Opened, act: str) -> HttpResponse:
    """One act of the list: `up:brief`, `undo`. Raises MaropsError `not-found` for one that is none."""
    verb, _colon, ident = act.partition(":")
    actor = actor_of(request)
    if verb in ("undo", "redo"):
        actions.turn_sketch(actor=actor, slug=here.slug, back=verb == "undo")
    elif verb == "drop":
        actions.drop_sketch(actor=actor, slug=here.slug)
        messages.success(request, _("Your sketch is gone; the workflow is as it was saved."))
        if here.newest is None:
            return redirect("workflows:workflows")
    else:
        try:
            document, words = _changed(here.document, verb, ident)
        except KeyError:
            raise MaropsError(NOT_FOUND, _("There is no step %(name)r any more.") % {"name": ident}) from None
        _keep(request, here, document, words)
    anchor = f"#step-{ident}" if verb in ("up", "down", "copy") else ""
    return redirect(f"{reverse('workflows:outline', args=[here.slug])}{anchor}")


def _changed(document: dict[str, Any], verb: str, ident: str) -> tuple[dict[str, Any], str]:
    """The document after an act, and what was done in words. Raises KeyError where there is nothing of this name."""
    if verb == "remove-class":
        name = document["classes"][edits.place_of(document, ident, "classes")]["name"]
        return edits.remove_class(document, ident), _("Removed “%(name)s”") % {"name": name}
    name = edits.step_of(document, ident)["name"]
    if verb in ("up", "down"):
        return edits.move_step(document, ident, verb == "up"), _("Moved “%(name)s”") % {"name": name}
    if verb == "remove":
        return edits.remove_step(document, ident), _("Removed “%(name)s”") % {"name": name}
    if verb == "copy":
        copied = _("%(name)s, copy") % {"name": name}
        return edits.copy_step(document, ident, copied), _("Copied “%(name)s”") % {"name": name}
    raise KeyError(verb)


def _sheet_page(
    request: HttpRequest,
    here: Opened,
    form: SheetForm,
    heading: str,
    write: Change,
    below: str,
    ways: WaysForm | None = None,
) -> HttpResponse:
    """A form of one sheet: shown, or written into the sketch where it holds."""
    if form.is_bound and form.is_valid() and (ways is None or ways.is_valid()):
        try:
            _keep(request, here, write(here.document), _("Changed “%(name)s”") % {"name": heading})
        except MaropsError as error:
            form.complain(error, below)
        else:
            return redirect("workflows:outline", slug=here.slug)
    wrong = form.is_bound and bool(form.errors)
    context = {
        "here": here,
        "form": form,
        "ways": ways,
        "heading": heading,
        "known": form.known,
        "troubles": [one for one in here.troubles() if one.fault.pointer.startswith(below)] if below else [],
    }
    return render(request, "workflows/sheet.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def step(request: HttpRequest, slug: str, ident: str) -> HttpResponse:
    """One step: who does it, how long it takes, what holds it up, and where the work goes from there."""
    here = opened(actor_of(request), slug)
    try:
        place = edits.place_of(here.document, ident)
    except KeyError:
        raise MaropsError(NOT_FOUND, _("There is no step %(name)r.") % {"name": ident}) from None
    found = here.document["steps"][place]
    known = here.known()
    form = SheetForm(STEP, known, posted(request), found)
    ways = WaysForm(posted(request), edits.ways_from(here.document, ident), known, ident)

    def write(document: dict[str, Any]) -> dict[str, Any]:
        changed = edits.change_step(document, ident, form.written())
        return edits.set_ways(changed, ident, ways.written())

    return _sheet_page(request, here, form, found["name"], write, f"/steps/{place}", ways)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def work(request: HttpRequest, slug: str, ident: str = "") -> HttpResponse:
    """One kind of work: how much of it comes, how urgent it is, when it is due."""
    here = opened(actor_of(request), slug)
    classes = here.document["classes"]
    if ident:
        try:
            place = edits.place_of(here.document, ident, "classes")
        except KeyError:
            raise MaropsError(NOT_FOUND, _("There is no kind of work %(name)r.") % {"name": ident}) from None
        found = classes[place]
    else:
        place, found = len(classes), {"arrivals": {"per_month": 4}}
    form = SheetForm(CLASS, here.known(), posted(request), found)

    def write(document: dict[str, Any]) -> dict[str, Any]:
        made = form.written()
        if made["arrivals"].get("origin") == "log" and made["arrivals"] != found["arrivals"]:
            made["arrivals"]["origin"] = "assumed"
        made.setdefault("id", edits.new_id(made["name"], [one["id"] for one in classes], "work"))
        return {**document, "classes": [*classes[:place], made, *classes[place + 1 :]]}

    return _sheet_page(request, here, form, found.get("name") or _("New kind of work"), write, f"/classes/{place}")


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def facts(request: HttpRequest, slug: str) -> HttpResponse:
    """The workflow as a whole: title, crew, what is promised, how much may be in work."""
    here = opened(actor_of(request), slug)
    form = SheetForm(WORKFLOW, here.known(), posted(request), here.document)
    return _sheet_page(request, here, form, here.title, lambda _document: form.written(), "")
