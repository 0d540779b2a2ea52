"""Forms about one person: roles and path, levels, evidence, what they show, pay."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions import records as actions
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Person
from marops.domains.team.pages.people import sheet
from marops.domains.team.pages.person_told import needed_by
from marops.domains.team.people_forms import EvidenceForm, LevelsForm, PathForm, PayForm, RoleForm, ShownForm
from marops.domains.team.permissions import MANAGE, VIEW, Policy
from marops.domains.team.queries.hours import find_person
from marops.domains.team.queries.pay import pay_for
from marops.domains.team.queries.people import find_held, held_on
from marops.domains.team.queries.skills import levels_for
from marops.domains.team.queries.traces import key_words, traces
from marops.domains.team.rules.roles import Skill
from marops.kernel.errors import NOT_ALLOWED, MaropsError
from marops.kernel.forms import posted, problems_on


@require_http_methods(["GET", "POST"])
@needs(MANAGE)
def role_new(request: HttpRequest, ref: str) -> HttpResponse:
    """Somebody holds one more role."""
    row, form = find_person(ref), RoleForm(posted(request))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            actions.give_role(actor=actor_of(request), person_id=row.id, **form.cleaned_data)
            messages.success(request, _("%(name)s holds one more role.") % {"name": row.name})
            return redirect("team:person", ref=row.ref)
    says = _("Which role does %(name)s take on?") % {"name": row.name}
    will = _("Coverage, the week and the org chart count it from its first day.")
    return sheet(request, row, form, _("Give a role"), _("Give the role"), will, says=says)


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def path_new(request: HttpRequest, ref: str) -> HttpResponse:
    """A role somebody had before they came here: for themselves to say, and for who keeps people."""
    row, form, policy = find_person(ref), PathForm(posted(request)), Policy.of(actor_of(request))
    if not (policy.is_self(row.id) or policy.changes(row.id)):
        raise MaropsError(NOT_ALLOWED)
    if form.is_bound and form.is_valid():
        with problems_on(form):
            actions.give_role(actor=actor_of(request), person_id=row.id, elsewhere=True, **form.cleaned_data)
            messages.success(request, _("Kept."))
            return redirect("team:person", ref=row.ref)
    says = _("Which role did %(name)s have before?") % {"name": row.name}
    will = _("It belongs to the path and counts in no coverage; colleagues see it only where the person agreed.")
    return sheet(request, row, form, _("A role elsewhere"), _("Keep"), will, says=says)


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def role(request: HttpRequest, ref: str, held_id: UUID) -> HttpResponse:
    """Another share or other days of a role, or that it was a mistake."""
    row = find_person(ref)
    held, policy = find_held(row, held_id), Policy.of(actor_of(request))
    if not (policy.changes(row.id) or (held.elsewhere and policy.is_self(row.id))):
        raise MaropsError(NOT_ALLOWED)
    if request.method == "POST" and "take" in request.POST:
        actions.take_role(actor=actor_of(request), held_id=held.id)
        messages.success(request, _("The role was taken away."))
        return redirect("team:person", ref=row.ref)
    last = held.ends.fromordinal(held.ends.toordinal() - 1) if held.ends else None
    given = {"share": int(held.share * 100), "starts": held.starts, "last": last}
    form = RoleForm(posted(request), initial=given, fixed=True)
    if form.is_bound and form.is_valid():
        with problems_on(form):
            actions.change_role(actor=actor_of(request), held_id=held.id, **form.cleaned_data)
            messages.success(request, _("Kept."))
            return redirect("team:person", ref=row.ref)
    title = catalogue().title(held.role)
    says = _("For how much of a week, and from when until when?")
    will = _("For a change from a day on, end this one there and give the role anew with the other share.")
    return sheet(request, row, form, title, _("Keep"), will, says=says, takes=True)


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def skills(request: HttpRequest, ref: str) -> HttpResponse:
    """Levels: of oneself, or as a manager of somebody; two forms that never meet."""
    row, actor = find_person(ref), actor_of(request)
    policy = Policy.of(actor)
    own = policy.is_self(row.id)
    if not own and not policy.assesses(row.id):
        raise MaropsError(NOT_ALLOWED, "Only somebody themselves and those who lead them say at which level they are.")
    needs = needed_by(held_on(person_ids=[row.id]).get(row.id, []))
    asked, initial, notes = _asked(policy, row, needs, own=own)
    form = LevelsForm(posted(request), skills=asked, needs=needs, initial=initial, notes=notes)
    if form.is_bound and form.is_valid():
        keep = actions.assess_self if own else actions.assess
        fresh = keep(actor=actor, person_id=row.id, levels=form.levels(), notes=form.notes())
        words = ngettext("%(n)s level is new.", "%(n)s levels are new.", fresh) if fresh else _("Nothing changed.")
        messages.success(request, words % {"n": fresh})
        return redirect("team:person", ref=row.ref)
    if own:
        heading, will = _("How I see my skills"), _("Those who lead you see it, and colleagues if you agreed to that.")
    else:
        heading = _("How I see their skills")
        will = _("%(name)s sees it, and those who may see assessments; colleagues do not.") % {"name": row.name}
    says = _("Choose what fits best today; what you leave open stays open.")
    return sheet(request, row, form, heading, _("Keep these levels"), will, says=says, wide=True)


def _asked(
    policy: Policy, row: Person, wanted: Mapping[str, int], *, own: bool
) -> tuple[list[Skill], dict[str, str], dict[str, str]]:
    """The skills their roles ask for and those they have a level in, and the levels and notes this side gave last; to
    who may assess and not see assessments, empty.
    """
    known = levels_for(policy, [row.id]).get(row.id, {})
    mine = {skill: one.own if own else one.manager for skill, one in known.items()}
    told = {*wanted, *(skill for skill, level in mine.items() if level is not None)}
    asked = sorted((catalogue().skills[one] for one in told if one in catalogue().skills),
                   key=lambda one: (one.id not in wanted, one.name))  # fmt: skip
    notes = {skill: one.own_note if own else one.manager_note for skill, one in known.items()}
    return asked, {skill: str(level) for skill, level in mine.items() if level is not None}, notes


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def evidence_new(request: HttpRequest, ref: str) -> HttpResponse:
    """Something that speaks for a level."""
    row, actor = find_person(ref), actor_of(request)
    policy = Policy.of(actor)
    if not (policy.is_self(row.id) or policy.assesses(row.id)):
        raise MaropsError(NOT_ALLOWED)
    held = traces([row.id]).get(row.id, {}) if policy.sees_evidence(row.id) else {}
    found = [(key, f"{key_words(key)}: {one.count}") for key, one in held.items()]
    form = EvidenceForm(posted(request), traces=sorted(found, key=lambda pair: pair[1]),
                        initial={"skill": request.GET.get("skill", "")})  # fmt: skip
    if form.is_bound and form.is_valid():
        with problems_on(form):
            actions.add_evidence(actor=actor, person_id=row.id, **form.cleaned_data)
            messages.success(request, _("Kept."))
            return redirect("team:person", ref=row.ref)
    says = _("What speaks for a level of %(name)s?") % {"name": row.name}
    will = _("It speaks for the level and changes none by itself.")
    return sheet(request, row, form, _("Add evidence"), _("Keep"), will, says=says)


@require_POST
@needs(VIEW)
def evidence_remove(request: HttpRequest, ref: str, evidence_id: UUID) -> HttpResponse:
    """It does not speak for a level after all."""
    actions.remove_evidence(actor=actor_of(request), evidence_id=evidence_id)
    messages.success(request, _("Removed."))
    return redirect("team:person", ref=find_person(ref).ref)


@require_POST
@needs(VIEW)
def shown(request: HttpRequest, ref: str) -> HttpResponse:
    """What somebody shows to colleagues."""
    row, form = find_person(ref), ShownForm(request.POST)
    what = frozenset(form.cleaned_data["what"]) if form.is_valid() else frozenset()
    actions.show(actor=actor_of(request), person_id=row.id, what=what)
    messages.success(request, _("Kept: colleagues see this from now on.") if what else _("Colleagues see none of it."))
    return redirect("team:person", ref=row.ref)


@require_http_methods(["GET", "POST"])
@needs(MANAGE)
def pay(request: HttpRequest, ref: str) -> HttpResponse:
    """What somebody is paid."""
    row, actor = find_person(ref), actor_of(request)
    actions.need_pay(actor, row.id)
    if request.method == "POST" and (gone := request.POST.get("remove")):
        actions.remove_pay(actor=actor, person_id=row.id, pay_id=UUID(gone))
        messages.success(request, _("Removed."))
        return redirect("team:person", ref=row.ref)
    known = pay_for(Policy.of(actor), [row.id]).get(row.id, [])
    form = PayForm(posted(request), initial={"currency": known[0].currency if known else "EUR"})
    if form.is_bound and form.is_valid():
        with problems_on(form):
            actions.set_pay(actor=actor, person_id=row.id, **form.cleaned_data)
            messages.success(request, _("Kept."))
            return redirect("team:person", ref=row.ref)
    says = _("What is %(name)s paid?") % {"name": row.name}
    will = _("It is kept encrypted. Only this person and those who may see pay read it; the trail says that, not what.")
    return sheet(request, row, form, _("Pay"), _("Keep"), will, pays=known, says=says)
