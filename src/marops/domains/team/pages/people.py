"""Pages of people: the list, joining, one person with all that the reader may see, details, leaving, forgetting."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions import people as actions
from marops.domains.team.actions import records
from marops.domains.team.actions.addresses import link_account
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Person, Vacancy
from marops.domains.team.pages.frame import tabs
from marops.domains.team.pages.person_told import address, told
from marops.domains.team.people_forms import DetailsForm, ForgetForm, LeaveForm, NewcomerForm
from marops.domains.team.permissions import MANAGE, PAY, VIEW, Policy
from marops.domains.team.queries.addresses import proposals
from marops.domains.team.queries.everything import everything
from marops.domains.team.queries.hours import find_person
from marops.domains.team.queries.people import vacancies
from marops.domains.team.queries.people_list import NONE, OUTSIDE, Listed, Narrowing, Row, listed
from marops.kernel.forms import posted, problems_on
from marops.kernel.permissions import may

PER_PAGE = 100
NAMED = 8
"""So many people are named in a sentence."""
Context = dict[str, Any]


def narrowing(request: HttpRequest) -> Narrowing:
    """The filters of an address."""
    given = {name: request.GET.get(name, "").strip() for name in ("role", "manager", "location", "shows")}
    return Narrowing(words=request.GET.get("q", "").strip(), left=request.GET.get("state") == "left", **given)


@require_GET
@needs(VIEW)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, narrowed by what the address says, and the places nobody has yet."""
    actor = actor_of(request)
    policy, by = Policy.of(actor), narrowing(request)
    found = listed(policy, by)
    page = Paginator(found.rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "tabs": tabs(request, "people"),
        "answer": _answer(found, by),
        "under": _under(found, by),
        "outside": _outside(found, by),
        "proposals": proposals(policy),
        "page": page,
        "rows": [_shown(row) for row in page],
        "filters": _filters(found),
        "said": _("%(n)s of %(all)s people") % {"n": f"{len(found.rows):,}", "all": f"{found.everybody:,}"},
        "vacancies": [_place(one) for one in vacancies()] if page.number == 1 and not by.left else [],
        "nobody": not found.everybody and not by.left,
        "manages": may(actor, MANAGE),
        "import_url": address("team:people-import") if may(actor, MANAGE) else "",
        "query": request.GET.urlencode(),
        "words": {  # said once, not once a row
            "roles": _("Roles"),
            "none": _("none"),
            "week": _("Of a week"),
            "manager": _("Reports to"),
            "place": _("Place"),
            "skills": _("Skills"),
            "shown": _("shown"),
            "hidden": _("not shown"),
        },
        "me": Person.objects.filter(id=policy.me).first() if policy.me else None,
    }
    return render(request, "team/people.html", context)


def _answer(found: Listed, by: Narrowing) -> str:
    if by.left:
        return ngettext("%(n)s person left.", "%(n)s people left.", found.everybody) % {"n": f"{found.everybody:,}"}
    if not found.everybody:
        return _("Nobody is kept here yet.")
    n, words = found.inside, [_team(found)]
    if found.outside:
        outside = ngettext(
            "%(n)s of them holds none of its roles", "%(n)s of them hold none of its roles", len(found.outside)
        )
        words.append(outside % {"n": f"{len(found.outside):,}"})
    if others := found.everybody - n:
        words.append(ngettext("%(n)s more works beside it", "%(n)s more work beside it", others) % {"n": f"{others:,}"})
    return "; ".join(words) + "."


def _team(found: Listed) -> str:
    team = ngettext("%(n)s person is of the team", "%(n)s people are of the team", found.inside)
    roles = len({one.role for row in found.rows for one in row.roles if one.role in catalogue().inside})
    if roles and len(found.rows) == found.everybody:
        team += ngettext(", in one of its roles", ", in %(roles)s of its roles", roles)
    return team % {"n": f"{found.inside:,}", "roles": roles}


def _outside(found: Listed, by: Narrowing) -> Context | None:
    """Who is of the team without a role of it: the first of them, all by a filter, and the roles they hold."""
    if by.left or not found.outside:
        return None
    roles = dict.fromkeys(one.role for row in found.outside for one in row.roles)
    return {
        "people": [(row.person, ", ".join(catalogue().title(one.role) for one in row.roles) or _("no role said"))
                   for row in found.outside[:NAMED]],
        "more": max(0, len(found.outside) - NAMED),
        "roles": [(catalogue().title(one), address("team:role", one)) for one in roles],
        "shown": by.role == OUTSIDE,
    }  # fmt: skip


def _under(found: Listed, by: Narrowing) -> str:
    if by.left or not found.everybody:
        return ""
    said = [
        ngettext("%(n)s shows their skills to colleagues.", "%(n)s show their skills to colleagues.", found.showing)
        % {"n": f"{found.showing:,}"}
    ]
    if found.without:
        said.append(
            ngettext("%(n)s holds no role.", "%(n)s hold no role.", found.without) % {"n": f"{found.without:,}"}
        )
    return " ".join(said)


def _shown(row: Row) -> Context:
    return {
        "person": row.person,
        "roles": [{"title": catalogue().title(one.role), "share": _share(one.share), "slug": one.role}
                  for one in row.roles],
        "manager": row.manager,
        "location": row.location,
        "total": _share(row.total) if row.roles else "",
        "over": row.total > 1,
        "shows": row.shows,
    }  # fmt: skip


def _share(share: Decimal) -> str:
    return f"{share * 100:.0f} %"


def _filters(found: Listed) -> list[Context]:
    managers = [(str(one), name) for one, name in found.managers.items()]
    filters: list[Context] = [
        {"key": "role", "label": _("Role"),
         "options": [(one, catalogue().title(one)) for one in found.roles]
         + [(OUTSIDE, _("of the team, with other roles")), (NONE, _("no role"))]},
        {"key": "manager", "label": _("Reports to"), "options": [*managers, (NONE, _("nobody"))]},
        {"key": "shows", "label": _("Shows skills"), "options": [("yes", _("yes")), ("no", _("no"))]},
        {"key": "state", "label": _("Is here"), "options": [("left", _("no, left"))]},
    ]  # fmt: skip
    if found.locations:
        filters.insert(2, {"key": "location", "label": _("Place"), "options": [(one, one) for one in found.locations]})
    return filters


def _place(one: Vacancy) -> Context:
    roles = [f"{catalogue().title(role)} · {float(share):.0%}" for role, share in one.roles.items()]
    return {"one": one, "roles": ", ".join(roles), "url": address("team:opening", one.ref)}


@require_http_methods(["GET", "POST"])
@needs(MANAGE)
def new(request: HttpRequest) -> HttpResponse:
    """Somebody joins."""
    form = NewcomerForm(posted(request))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            row = actions.add_person(actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("%(name)s is in the team.") % {"name": row.name})
            return redirect("team:person", ref=row.ref)
    context = {"tabs": tabs(request, "people"), "form": form}
    return render(request, "team/people_new.html", context, status=422 if form.is_bound else 200)


@require_GET
@needs(VIEW)
def person(request: HttpRequest, ref: str) -> HttpResponse:
    """One person: what they hold, their path, skills, evidence, and what else this reader may see."""
    row = find_person(ref)
    return render(request, "team/person.html", {"tabs": tabs(request, "people")} | told(actor_of(request), row))


@require_http_methods(["GET", "POST"])
@needs(MANAGE)
def details(request: HttpRequest, ref: str) -> HttpResponse:
    """What is kept about how and where somebody works."""
    row = find_person(ref)
    names = (
        "name",
        "email",
        "manager_id",
        "calendar",
        "zone",
        "active",
        "location",
        "weekly_hours",
        "joined",
        "leads_as",
    )
    initial = {name: getattr(row, name) for name in names}
    form = DetailsForm(posted(request), initial=initial, has_account=row.account_id is not None)
    if form.is_bound and form.is_valid():
        with problems_on(form):
            actions.change_person(actor=actor_of(request), person_id=row.id, **form.cleaned_data)
            messages.success(request, _("Kept."))
            return redirect("team:person", ref=row.ref)
    says = _("How and where does %(name)s work?") % {"name": row.name}
    will = _("From now on everything counts by what stands here.")
    return sheet(request, row, form, _("Details"), _("Keep"), will, says=says)


@require_POST
@needs(MANAGE)
def link(request: HttpRequest, ref: str) -> HttpResponse:
    """The account with the address of somebody is theirs."""
    row = link_account(actor=actor_of(request), person_id=find_person(ref).id)
    messages.success(request, _("%(name)s and the account are one now.") % {"name": row.name})
    return redirect("team:person", ref=row.ref)


@require_http_methods(["GET", "POST"])
@needs(MANAGE)
def leave(request: HttpRequest, ref: str) -> HttpResponse:
    """Somebody's last day."""
    row = find_person(ref)
    form = LeaveForm(posted(request), initial={"left": row.left})
    if form.is_bound and form.is_valid():
        with problems_on(form):
            records.leave(actor=actor_of(request), person_id=row.id, left=form.cleaned_data["left"])
            messages.success(request, _("Kept; the roles end with that day. Their account is closed under Access."))
            return redirect("team:person", ref=row.ref)
    says = _("When is the last day of %(name)s?") % {"name": row.name}
    will = _("All roles end with the last day, and those that would begin later go. Work stays until somebody gives it"
             " away.")  # fmt: skip
    return sheet(request, row, form, _("Leaves"), _("Keep the last day"), will, says=says)


@require_http_methods(["GET", "POST"])
@needs(MANAGE)
def forget(request: HttpRequest, ref: str) -> HttpResponse:
    """Delete what is kept about somebody, after it was said what goes."""
    row, actor = find_person(ref), actor_of(request)
    records.need_forgettable(actor, row)
    form = ForgetForm(posted(request))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            gone = records.forget(actor=actor, person_id=row.id, name=form.cleaned_data["name"])
            words = ngettext("%(n)s entry was deleted.", "%(n)s entries were deleted.", sum(gone.values()))
            messages.success(request, words % {"n": sum(gone.values())})
            return redirect("team:person", ref=row.ref)
    says = _("Delete what is kept about %(name)s?") % {"name": row.name}
    will = _("Levels, notes, evidence, absences, the growth plan, talks with the manager, roles elsewhere, the day of"
             " joining, address, place and zone, reasons given in the first weeks and notices are deleted, and their"
             " values in the trail. The name, roles here with their days and the work done stay: others' work names"
             " them. Backups keep everything until they are thrown away. This cannot be taken back.")  # fmt: skip
    will += " " + (
        _("Pay is deleted too.") if may(actor, PAY) else _("Pay stays until somebody deletes it who sees pay.")
    )
    return sheet(request, row, form, _("Forget"), _("Delete for good"), will, says=says, danger=True)


def sheet(
    request: HttpRequest, row: Person, form: Any, heading: str, submit: str, will: str = "", **more: Any
) -> HttpResponse:
    """A form about one person, on a page of its own."""
    context = {"one": row, "form": form, "heading": heading, "submit": submit, "will": will, **more}
    return render(request, "team/person_sheet.html", context, status=422 if form.is_bound else 200)


@require_GET
@needs(VIEW)
def take_along(request: HttpRequest, ref: str) -> HttpResponse:
    """Everything that is kept about the reader, as a file."""
    row = find_person(ref)
    answer = JsonResponse(everything(Policy.of(actor_of(request)), row), json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="marops-{row.ref}.json"'
    return answer
