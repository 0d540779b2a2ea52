"""Changing the catalogue: a role by forms or as text, a new one, retiring one, and the list of skills."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions.catalogue import keep_role, keep_skills
from marops.domains.team.catalogue import ROLE, SKILLS
from marops.domains.team.catalogue_forms import RoleSheet, SkillForm
from marops.domains.team.pages.frame import tabs
from marops.domains.team.queries.roles_told import find_role, rows_of
from marops.domains.team.rules.roles import Role, Skills
from marops.domains.team.starter import shipped
from marops.kernel.definitions import ACTIVATE, CHANGE, UNDECIDED, load, retire, submit
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError
from marops.kernel.forms import DocumentForm, add_places, add_problem, posted
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.rules import write_yaml

Document = dict[str, Any]
BLANK: Mapping[str, Any] = {"level": "specialist", "custom": True, "basis": "assumption"}


def _plain(document: Role | Skills) -> Document:
    return document.model_dump(mode="json", by_alias=True, exclude_none=True)


def _base(request: HttpRequest, slug: str) -> Document:
    """What is edited: the shipped role, an older version, a waiting draft, or what is in force."""
    if request.GET.get("shipped") and (ROLE, slug) in shipped():
        return _plain(Role.model_validate(shipped()[ROLE, slug]))
    rows = rows_of(ROLE, slug)
    asked = request.GET.get("version", "")
    for row in rows:
        if str(row.version) == asked:
            return _plain(load(row))
    if rows and rows[0].state in UNDECIDED:
        return _plain(load(rows[0]))
    return _plain(find_role(slug))


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a role; what is kept is a draft, goes to review, or is in force at once."""
    sheet = RoleSheet(posted(request), _base(request, slug))
    return _sheet(request, sheet, slug, sheet.base.get("title", slug), reverse("team:role", args=[slug]))


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def make(request: HttpRequest) -> HttpResponse:
    """A new role, from nothing or like another one."""
    like = request.GET.get("from", "")
    base = dict(BLANK)
    if like:
        base = {**_plain(find_role(like)), "custom": True, "inside": False, "title": "", "aliases": []}
        base["basis"] = "assumption"
    return _sheet(request, RoleSheet(posted(request), base), "", _("New role"), reverse("team:roles"))


def _sheet(request: HttpRequest, sheet: RoleSheet, slug: str, heading: str, cancel: str) -> HttpResponse:
    actor = actor_of(request)
    if request.method == "POST" and sheet.is_valid():
        try:
            document = sheet.document()
            name = slug or _fresh(document["title"])
            hold = request.POST.get("do") == "hold"
            reason = sheet.about.cleaned_data["reason"]
            row = keep_role(actor=actor, slug=name, document=document, reason=reason, hold=hold)
            return _kept(request, row, reverse("team:role", args=[name]))
        except MaropsError as error:
            sheet.complain(error)
    context = {
        "sheet": sheet, "heading": heading, "tabs": tabs(request, "roles"), "cancel_url": cancel,
        "may_hold": may(actor, ACTIVATE), "new": not slug,
    }  # fmt: skip
    return render(request, "team/role_form.html", context, status=422 if request.method == "POST" else 200)


def _fresh(title: str) -> str:
    slug = slugify(title)[:80].strip("-")
    if not slug or rows_of(ROLE, slug) or (ROLE, slug) in shipped():
        raise MaropsError(CONFLICT, _("There is a role of this name already; give it another title."))
    return slug


def _kept(request: HttpRequest, row: Definition, url: str) -> HttpResponse:
    """Where to go once a version is kept: to what it is about if it holds, else to where it is decided."""
    if row.state == Definition.State.ACTIVE:
        messages.success(request, _("%(ref)s is in force.") % {"ref": row.pinned})
        return redirect(url)
    if request.POST.get("do") == "ask" and row.state == Definition.State.DRAFT:
        submit(actor=actor_of(request), ref=row.pinned)
        messages.success(request, _("%(ref)s waits on the desks of those who may approve it.") % {"ref": row.pinned})
    else:
        messages.success(request, _("%(ref)s is kept as a draft; nothing changed yet.") % {"ref": row.pinned})
    return redirect("definition", kind=row.kind, slug=row.slug, version=row.version)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def text(request: HttpRequest, slug: str) -> HttpResponse:
    """A role as text: everything there is, the paths and signs too."""

    def keep(document: Mapping[str, Any], reason: str, hold: bool) -> Definition:
        return keep_role(actor=actor_of(request), slug=slug, document=document, reason=reason, hold=hold)

    base = _base(request, slug)
    return _text(request, base, base["title"], reverse("team:role", args=[slug]), keep)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def skills_text(request: HttpRequest) -> HttpResponse:
    """The list of skills as text."""

    def keep(document: Mapping[str, Any], reason: str, hold: bool) -> Definition:
        return keep_skills(actor=actor_of(request), document=document, reason=reason, hold=hold)

    asked = [row for row in rows_of(SKILLS, "main") if str(row.version) == request.GET.get("version")]
    base = _plain(load(asked[0])) if asked else _skills()
    return _text(request, base, _("Skills"), reverse("team:skills"), keep)


def _text(request: HttpRequest, base: Document, heading: str, url: str, keep: Any) -> HttpResponse:
    form = DocumentForm(posted(request), initial={"text": write_yaml(base)})
    if form.is_bound and form.is_valid():
        try:
            row = keep(form.cleaned_data["text"], form.cleaned_data["reason"], request.POST.get("do") == "hold")
            return _kept(request, row, url)
        except MaropsError as error:
            add_places(form, error)
    context = {
        "form": form, "heading": heading, "tabs": tabs(request, "roles"), "cancel_url": url,
        "may_hold": may(actor_of(request), ACTIVATE),
    }  # fmt: skip
    return render(request, "team/role_text.html", context, status=422 if form.is_bound else 200)


@require_POST
@needs(ACTIVATE)
def drop(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a role out of the catalogue; refused while somebody has it."""
    find_role(slug)
    try:
        retire(actor=actor_of(request), ref=f"{ROLE}/{slug}")
    except MaropsError as error:
        said = " ".join(f"{one.message} {one.remedy}" for one in error.errors) or str(error)
        messages.error(request, said)
        return redirect("team:role", slug=slug)
    messages.success(request, _("The role is retired; its versions are kept."))
    return redirect("team:roles")


def _skills() -> Document:
    rows = rows_of(SKILLS, "main")
    newest = next((row for row in rows if row.state in (Definition.State.ACTIVE, *UNDECIDED)), None)
    document = newest.document if newest else shipped()[SKILLS, "main"]
    return {**document, "skills": [dict(one) for one in document["skills"]]}


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def skill(request: HttpRequest, ident: str = "") -> HttpResponse:
    """A skill and the behaviour of its levels: a new one, or one that is changed or taken out."""
    document = _skills()
    here = next((one for one in document["skills"] if one["id"] == ident), None)
    if ident and here is None:
        raise MaropsError(NOT_FOUND, _("There is no skill %(name)r.") % {"name": ident})
    initial = {**here, **{f"level_{n}": said for n, said in enumerate(here["levels"])}} if here else {}
    out = bool(here) and request.POST.get("do") == "remove"
    form = SkillForm(None if out else posted(request), initial=initial)
    if out or (form.is_bound and form.is_valid()):
        try:
            rows = [one for one in document["skills"] if one is not here] if out else _with(document, here, form, ident)
            reason = "" if out else form.cleaned_data["reason"]
            row = keep_skills(
                actor=actor_of(request), document={**document, "skills": rows}, reason=reason,
                hold=request.POST.get("do") == "hold",
            )  # fmt: skip
            return _kept(request, row, reverse("team:skills"))
        except MaropsError as error:
            if out:
                messages.error(request, " ".join(one.message for one in error.errors) or str(error))
                return redirect("team:skill-edit", ident=ident)
            _at_skill(form, error)
    context = {
        "form": form, "heading": here["name"] if here else _("New skill"), "here": here,
        "tabs": tabs(request, "roles"), "may_hold": may(actor_of(request), ACTIVATE),
    }  # fmt: skip
    return render(request, "team/skill_form.html", context, status=422 if form.is_bound else 200)


def _at_skill(form: SkillForm, error: MaropsError) -> None:
    """Faults of the list at the fields of the skill they are about: /skills/3/levels/2 at level 2."""
    found = []
    for fault in error.errors:
        part, number, *_rest = [*fault.pointer.split("/")[3:], "", ""]
        name = f"level_{number or 0}" if part == "levels" else part
        found.append(replace(fault, field=name if name in form.fields else ""))
    add_problem(form, MaropsError(error.code, str(error), errors=found) if found else error)


def _with(document: Document, here: Document | None, form: SkillForm, ident: str) -> list[Document]:
    made = form.row(here or {}, ident)
    if here is None:
        return [*document["skills"], made]
    return [made if one is here else one for one in document["skills"]]
