"""The register: every use of AI, one use with what the policy says to it, its form, and its kill switch."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, names, needs, roles_in_force
from marops.domains.policy.actions import switches
from marops.domains.policy.actions.uses import ask_approval, keep_use
from marops.domains.policy.pages.frame import Row, tabs
from marops.domains.policy.permissions import CHANGE, STOP, TRAIL, VIEW
from marops.domains.policy.queries import shown, uses_shown
from marops.domains.policy.queries.policies import in_force
from marops.domains.policy.queries.uses_shown import Entry, Told
from marops.domains.policy.rules.domain import ACTION, AUDIENCE, AUTONOMY, CONTENT, DATA, HOSTING
from marops.domains.policy.rules.uses import AiUse, tier_of
from marops.domains.policy.rules.wording import answers, listed
from marops.domains.policy.rules.wording import needs as gates_said
from marops.domains.policy.use_forms import READERS, REVERSIBLE, WHEN, StopForm, UseForm
from marops.kernel.definitions import ACTIVATE, UNDECIDED, activate, load
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.permissions import may
from marops.kernel.workspace import today

TIERS = {
    "high": (gettext_lazy("High"), "bad"), "medium": (gettext_lazy("Medium"), "warn"),
    "low": (gettext_lazy("Low"), "good"),
}  # fmt: skip
_STATES = {
    "active": (gettext_lazy("In force"), "good"), "stopped": (gettext_lazy("Stopped"), "bad"),
    "overdue": (gettext_lazy("Review is overdue"), "warn"), "draft": (gettext_lazy("Draft"), "draft"),
    "in_review": (gettext_lazy("In review"), "draft"), "retired": (gettext_lazy("Retired"), "idle"),
}  # fmt: skip
_WHY = {
    "minors": gettext_lazy("It addresses minors."),
    "outside": gettext_lazy("It reaches readers outside."),
    "special": gettext_lazy("It reads special data such as health or belief."),
    "confidential": gettext_lazy("It reads what was told in confidence."),
    "reversibility": gettext_lazy("It acts outside without a person before each step, and it cannot be taken back."),
    "content": gettext_lazy("It shows people to readers outside."),
    "autonomy": gettext_lazy("It handles records of people with little supervision."),
    "model": gettext_lazy("The vendor trains its model on what it reads of ours."),
}


@require_GET
@needs(VIEW)
def uses(request: HttpRequest) -> HttpResponse:
    """Every use: what it does, how risky it is, who answers, and whether it runs."""
    kept, day, counts = uses_shown.entries(), today(), uses_shown.lately()
    context = {
        "tabs": tabs(request, "uses"), "entries": [_row(one, counts, day) for one in kept], "days": shown.DAYS,
        "answer": _answer(kept, day), "may_change": may(actor_of(request), CHANGE), "policy": in_force(),
        "stopped": shown.everything_stopped(), "reminder": [one for one in kept if one.overdue(day)],
        "trail": reverse("policy:trail") if may(actor_of(request), TRAIL) else "",
    }  # fmt: skip
    return render(request, "policy/uses.html", context)


def _row(one: Entry, counts: Any, day: Any) -> Row:
    tier, _because = tier_of(one.document)
    state, kind = _STATES[one.state(day)]
    return {
        "slug": one.slug, "document": one.document, "does": answers("action", one.document.actions),
        "whom": answers("audience", one.document.audience), "tier": TIERS[tier][0], "tier_kind": TIERS[tier][1],
        "state": state, "kind": kind, "counts": counts.get(one.slug), "draft": one.draft,
        "freely": AUTONOMY.answers[one.document.autonomy], "overdue": one.overdue(day),
    }  # fmt: skip


def _answer(kept: Sequence[Entry], day: Any) -> str:
    running = [one for one in kept if one.in_force]
    if not running:
        return _("No use of AI is in force: AI may do nothing.")
    said = ngettext("One use of AI is in force", "%(n)s uses of AI are in force", len(running)) % {"n": len(running)}
    late, still = sum(one.overdue(day) for one in running), sum(one.switch is not None for one in running)
    more = []
    if still:
        more.append(ngettext("one is stopped", "%(n)s are stopped", still) % {"n": still})
    if late:
        more.append(ngettext("one is past its review date", "%(n)s are past their review date", late) % {"n": late})
    return f"{listed([said, *more])}."


def _entry(slug: str) -> Entry:
    found = next((one for one in uses_shown.entries() if one.slug == slug), None)
    if found is None:
        raise MaropsError(NOT_FOUND, _("There is no use %(name)s in the register.") % {"name": slug})
    return found


@require_GET
@needs(VIEW)
def use(request: HttpRequest, use: str) -> HttpResponse:
    """One use: whether it runs, what the policy says to it, how risky it is and why, and what it did lately."""
    return render(request, "policy/use.html", _told(request, _entry(use)))


def _told(request: HttpRequest, one: Entry, form: StopForm | None = None) -> Row:
    actor, day, policy = actor_of(request), today(), in_force()
    tier, because = tier_of(one.document)
    state, kind = _STATES[one.state(day)]
    person = one.switch.thrown_by if one.switch else ""
    lines = [_line(said) for said in uses_shown.told(policy, one.document)] if policy and policy.decided else []
    return {
        "tabs": tabs(request, "uses"), "entry": one, "row": one.row, "document": one.document, "state": state,
        "kind": kind, "overdue": one.overdue(day), "tier": TIERS[tier][0], "tier_kind": TIERS[tier][1],
        "tier_because": [_WHY[name] for name in _reasons(one.document, because)], "policy": policy, "lines": lines,
        "answer": _use_answer(one, policy is not None, day), "pairs": _pairs(one.document),
        "evidence": [{"text": text, "url": text if text.startswith(("https://", "http://")) else ""}
                     for text in one.document.evidence],
        "stopped_by": names([person]).get(person, person) if person else "", "undecided": one.row.state in UNDECIDED,
        "may_change": may(actor, CHANGE), "may_stop": may(actor, STOP), "may_enter": may(actor, ACTIVATE),
        "counts": uses_shown.lately(one.slug).get(one.slug), "days": shown.DAYS, "form": form or StopForm(),
        "acts": uses_shown.acts(one.slug) if may(actor, TRAIL) else None,
    }  # fmt: skip


def _reasons(document: AiUse, because: Sequence[str]) -> list[str]:
    """Why the tier is what it is, question by question."""
    found = []
    for name in because:
        if name == "audience":
            found.append("minors" if "minors" in document.audience else "outside")
        elif name == "data":
            found += [one for one in ("special", "confidential") if one in document.data]
        else:
            found.append(name)
    return found


def _use_answer(one: Entry, policy: bool, day: Any) -> str:
    if one.row.state in UNDECIDED:
        return _("This use is a draft: it does nothing before it is in force.")
    if not one.in_force:
        return _("This use is retired: it does nothing any more.")
    if one.switch:
        return _("This use is stopped.") if one.switch.use else _("Everything is stopped, and so is this use.")
    if one.overdue(day):
        return _("This use does nothing until somebody has looked at it again.")
    if not policy:
        return _("No policy is in force, so this use may do nothing.")
    return _("This use runs, as far as the policy allows.")


def _line(said: Told) -> Row:
    """What the policy says to one action, in words."""
    words = {
        "yes": _("on its own"), "no": _("never, as the register has it"),
        "gate": _("with %(gates)s"), "part": _("in part: some of what the register names is never allowed"),
    }  # fmt: skip
    gates = _(" or ").join(gates_said(one) for one in said.needs)
    text = words[said.verdict] % {"gates": gates} if said.verdict == "gate" else words[said.verdict]
    sign = {"yes": "check", "gate": "gate", "part": "gate", "no": "never"}[said.verdict]
    css = {"yes": "yes", "gate": "gate", "part": "gate", "no": "no"}[said.verdict]
    more = _("with %(gates)s where it is allowed") % {"gates": gates} if said.verdict == "part" and gates else ""
    return {"does": str(ACTION.answers[said.action]), "text": text, "sign": sign, "css": css, "more": more}


def _pairs(of: AiUse) -> list[tuple[str, str]]:
    """Everything the register keeps of a use, in plain words."""
    titles = {one.slug: one.title for one in roles_in_force().roles}
    model = " ".join(dict.fromkeys(one for one in (of.model.vendor, of.model.name, of.model.version) if one))
    reads = str(dict(READERS)[str(of.review.needed)])
    if of.review.needed:
        reads = f"{reads}, {str(dict(WHEN)[of.review.when]).lower()}"
    found = [
        (_("What for"), of.purpose), (_("Does"), answers("action", of.actions)),
        (CONTENT.asks, answers("content", of.content)), (AUDIENCE.asks, answers("audience", of.audience)),
        (DATA.asks, answers("data", of.data)), (AUTONOMY.asks, AUTONOMY.answers[of.autonomy]),
        (_("Can it be taken back?"), dict(REVERSIBLE)[of.reversibility]), (_("A day, at most"), _reach(of)),
        (_("Who reads it"), reads), (_("Readers"), listed([str(titles.get(one, one)) for one in of.review.roles])),
        (_("Model"), f"{model}, {HOSTING.answers[of.model.hosting]}"), (_("Region"), of.model.region),
        (_("The vendor keeps it"), _kept(of)),
        (_("The vendor learns from it"), _("yes") if of.model.trains_on_ours else _("no")),
        (_("Says that AI took part"), _("yes") if of.discloses else _("no")), (_("In these words"), of.disclosure),
        (_("People agreed to"), of.consent_purpose), (_("Countries"), ", ".join(of.jurisdictions)),
        (_("Tools"), ", ".join(of.tools)), (_("Rights, at most"), ", ".join(of.rights)),
    ]  # fmt: skip
    return [(str(label), str(value)) for label, value in found if str(value)]


def _kept(of: AiUse) -> str:
    days = of.model.keeps_days
    return "" if days is None else ngettext("one day", "%(n)s days", days) % {"n": days}


def _reach(of: AiUse) -> str:
    reach = of.reach
    parts = [
        _("%(n)s people") % {"n": f"{reach.recipients:,}"} if reach.recipients else _("nobody outside"),
        _("%(n)s records") % {"n": f"{reach.records:,}"} if reach.records is not None else _("one record at a time"),
        _("%(n)s of money") % {"n": f"{reach.money:,}"} if reach.money else _("no money"),
    ]
    return listed(parts)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def new(request: HttpRequest) -> HttpResponse:
    """A use that is not in the register yet."""
    taken = frozenset(one.slug for one in uses_shown.entries())
    return _form(request, UseForm(posted(request), taken=taken), None)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def edit(request: HttpRequest, use: str) -> HttpResponse:
    """Another version of a use."""
    entry = _entry(use)
    base = entry.draft or entry.row
    return _form(request, UseForm(posted(request), use=load(base)), entry)


def _form(request: HttpRequest, form: UseForm, entry: Entry | None) -> HttpResponse:
    if form.is_bound and form.is_valid():
        with problems_on(form):
            slug = entry.slug if entry else form.cleaned_data["slug"]
            reason = form.cleaned_data["reason"]
            row = keep_use(actor=actor_of(request), slug=slug, document=form.document(), reason=reason)
            messages.success(request, _("Kept as version %(n)s; it counts once it is in force.") % {"n": row.version})
            return redirect("policy:use", use=slug)
    context = {"form": form, "entry": entry, "tabs": tabs(request, "uses")}
    return render(request, "policy/use_form.html", context, status=422 if form.is_bound else 200)


@require_POST
@needs(CHANGE)
def ask(request: HttpRequest) -> HttpResponse:
    """Ask those who may to put a draft in force: for who writes the policy and may not write definitions at large."""
    row = ask_approval(actor=actor_of(request), ref=request.POST.get("ref", ""))
    messages.success(request, _("%(ref)s waits on the desks of those who may approve it.") % {"ref": row.pinned})
    back = request.POST.get("back", "")
    return redirect(back if back.startswith("/policy") else "policy:page")


@require_POST
@needs(ACTIVATE)
def put_in_force(request: HttpRequest, use: str) -> HttpResponse:
    """Put the newest version of a use in force; who wrote it alone cannot, where somebody else could."""
    entry = _entry(use)
    row = entry.draft or entry.row
    try:
        activate(actor=actor_of(request), ref=row.pinned)
    except MaropsError as error:
        said = " ".join(one.message for one in error.errors) or f"{error} {error.remedy}".strip()
        messages.error(request, said)
    else:
        messages.success(request, _("“%(title)s” is in force.") % {"title": row.document["title"]})
    return redirect("policy:use", use=use)


@require_POST
@needs(STOP)
def stop(request: HttpRequest, use: str) -> HttpResponse:
    """Throw the kill switch of a use, with the reason that every refusal will name."""
    entry, form = _entry(use), StopForm(request.POST)
    if not form.is_valid():
        return render(request, "policy/use.html", _told(request, entry, form), status=422)
    switches.stop(actor=actor_of(request), use=use, why=form.cleaned_data["why"])
    messages.success(request, _("“%(title)s” is stopped: it does nothing more.") % {"title": entry.document.title})
    return redirect("policy:use", use=use)


@require_POST
@needs(STOP)
def go_on(request: HttpRequest, use: str) -> HttpResponse:
    """Release the kill switch of a use."""
    entry = _entry(use)
    switches.go_on(actor=actor_of(request), use=use)
    messages.success(request, _("“%(title)s” goes on.") % {"title": entry.document.title})
    return redirect("policy:use", use=use)
