"""Pages of those who have leads: what became of one, queues to take from, handing many over."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, names, needs, sees
from marops.domains.register import public as register
from marops.domains.register.public import make_queue
from marops.domains.routing import boards
from marops.domains.routing.actions import dispose_lead, hand_over_leads, take_next, touch_lead
from marops.domains.routing.forms import DispositionForm, ManyForm, NewQueueForm, QueueForm, TouchForm, target_of
from marops.domains.routing.permissions import ASSIGN, CHANGE, DISPOSE, VIEW
from marops.domains.routing.queries import lead_of, reaches
from marops.domains.routing.rules import STATES
from marops.domains.routing.story import disposition
from marops.domains.routing.story import sla as sla_of
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.errors import CONFLICT, MaropsError
from marops.kernel.fields import REGISTRY
from marops.kernel.forms import posted, problems_on
from marops.kernel.ids import as_uuid
from marops.kernel.permissions import grants, may

MOST = 200


@require_http_methods(["GET", "POST"])
@needs(DISPOSE)
def dispose(request: HttpRequest, ref: str) -> HttpResponse:
    """Say what became of a lead."""
    actor = actor_of(request)
    contact = lead_of(actor, ref, DISPOSE)
    stands = disposition(contact.id)
    form = DispositionForm(posted(request), state=stands["state"])
    if form.is_bound and form.is_valid():
        with problems_on(form):
            kept = dispose_lead(actor=actor, contact_id=contact.id, **form.cleaned_data)
            told = {"lead": contact.ref, "state": STATES[kept.state].lower()}
            messages.success(request, _("%(lead)s: %(state)s.") % told)
            return redirect("routing:lead", ref=contact.ref)
    context = {
        "contact": contact,
        "name": _called(actor, contact),
        "form": form,
        "touch_form": TouchForm(),
        **lead_parts(actor, contact.id),
    }
    return render(request, "routing/dispose.html", context, status=422 if form.is_bound else 200)


def _called(actor: Actor, contact: Any) -> str:
    return str(contact.full_name or contact.ref) if sees("personal", grants(actor)) else str(contact.ref)


@require_POST
@needs(DISPOSE)
def touch(request: HttpRequest, ref: str) -> HttpResponse:
    """Note that somebody called, wrote, met or noted something."""
    actor = actor_of(request)
    contact = lead_of(actor, ref, DISPOSE)
    form = TouchForm(posted(request))
    if form.is_valid():
        touch_lead(actor=actor, contact_id=contact.id, **form.cleaned_data)
        messages.success(request, _("%(lead)s: noted.") % {"lead": contact.ref})
        return redirect("routing:lead", ref=contact.ref)
    context = {
        "contact": contact,
        "name": _called(actor, contact),
        "form": DispositionForm(state=disposition(contact.id)["state"]),
        "touch_form": form,
        **lead_parts(actor, contact.id),
    }
    return render(request, "routing/dispose.html", context, status=422)


def lead_parts(actor: Actor, contact_id: UUID) -> dict[str, Any]:
    """What `_disposition.html` and `_sla.html` on a lead's page need; `contact` must be in the context too."""
    stands, promise = disposition(contact_id), sla_of(contact_id)
    return {
        "disposition": stands | {"said": parse_datetime(stands["at"] or "")},
        "sla": promise and promise | {"due": parse_datetime(promise["due_at"])},
        "may_dispose": may(actor, DISPOSE) and reaches(actor, contact_id, DISPOSE),
    }


# --- Queues -----------------------------------------------------------------------------------------------------------


@require_GET
@needs(VIEW)
def queues(request: HttpRequest) -> HttpResponse:
    """Where leads wait for somebody."""
    rows = boards.queues()
    waiting = sum(one.leads for one in rows)
    context = {
        "rows": rows,
        "answer": ngettext("%(waiting)s lead waits in a queue.", "%(waiting)s leads wait in queues.", waiting)
        % {"waiting": f"{waiting:,}"},
        "away": boards.away(actor_of(request), now()),
        "may_assign": may(actor_of(request), ASSIGN),
        "may_change": may(actor_of(request), CHANGE),
    }
    return render(request, "routing/queues.html", context)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def new_queue(request: HttpRequest) -> HttpResponse:
    """Make a queue that rules can send leads to."""
    form = NewQueueForm(posted(request))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            made = make_queue(actor=actor_of(request), **form.cleaned_data)
            told = {"name": made.name, "slug": made.slug}
            messages.success(request, _("Rules can send leads to “%(name)s” as %(slug)s.") % told)
            return redirect("routing:queue", slug=made.slug)
    return render(request, "routing/queue_form.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def change_queue(request: HttpRequest, slug: str) -> HttpResponse:
    """Rename or describe a queue."""
    one = boards.queue(slug)
    form = QueueForm(posted(request), initial={"name": one.name, "purpose": one.purpose})
    if form.is_bound and form.is_valid():
        register.change_queue(actor=actor_of(request), slug=slug, **form.cleaned_data)
        messages.success(request, _("Kept."))
        return redirect("routing:queue", slug=slug)
    context = {"form": form, "queue": one}
    return render(request, "routing/queue_form.html", context, status=422 if form.is_bound else 200)


@require_GET
@needs(VIEW)
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """One queue: who waits there, the longest first."""
    actor = actor_of(request)
    one = boards.queue(slug)
    may_assign = may(actor, ASSIGN)
    context = {
        "queue": one,
        "rows": _rows(actor, boards.to_hand_over(actor, owner=None, queue_slug=slug, limit=50)) if may_assign else [],
        "answer": ngettext("%(leads)s lead waits here.", "%(leads)s leads wait here.", one.leads)
        % {"leads": f"{one.leads:,}"},
        "may_change": may(actor, CHANGE),
        "may_take": may(actor, DISPOSE) and bool(one.leads) and as_uuid(actor.id) is not None,
        "may_assign": may_assign,
    }
    return render(request, "routing/queue.html", context)


@require_POST
@needs(DISPOSE)
def take(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the lead that has waited longest."""
    actor = actor_of(request)
    boards.queue(slug)
    try:
        contact_id = take_next(actor=actor, queue=slug)
    except MaropsError as error:
        if error.code != CONFLICT:
            raise
        messages.info(request, str(error))
        return redirect("routing:queue", slug=slug)
    messages.success(request, _("This lead is yours now."))
    return redirect("routing:lead", ref=str(contact_id))


# --- Many at once -----------------------------------------------------------------------------------------------------


def _rows(actor: Actor, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    personal = sees("personal", grants(actor))
    at = now()
    field = REGISTRY.find_field("stage.name")
    stages = {one.value: one.label for one in field.known_choices()} if field else {}
    return [
        one
        | {
            "ref": f"L-{one['number']}",
            "stage": stages.get(one["stage"], one["stage"]),
            "name": (one["full_name"] if personal else None) or f"L-{one['number']}",
            "late": bool(one["due_at"] and not one["met_at"] and one["due_at"] <= at),
        }
        for one in found
    ]


@require_http_methods(["GET", "POST"])
@needs(ASSIGN)
def hand_over_many(request: HttpRequest) -> HttpResponse:
    """Hand the open leads of a person or a queue to somebody else, those that are ticked."""
    actor, at = actor_of(request), now()
    owner, slug = as_uuid(request.GET.get("owner", "")), request.GET.get("queue", "")
    found = _rows(actor, boards.to_hand_over(actor, owner=owner, queue_slug=slug, limit=MOST))
    away = {one.person.account_id: one for one in boards.away(actor, at)}
    form = ManyForm(posted(request), offered=[(str(one["contact_id"]), one["ref"]) for one in found])
    if form.is_bound and form.is_valid():
        queue_slug, owner_id = target_of(form.cleaned_data["to"])
        ids = [UUID(one) for one in form.cleaned_data["leads"]]
        moved = hand_over_leads(
            actor=actor, contact_ids=ids, queue=queue_slug, owner_id=owner_id, reason=form.cleaned_data["reason"],
            absence=owner in away,
        )  # fmt: skip
        words = ngettext("%(moved)s lead was handed over.", "%(moved)s leads were handed over.", moved)
        messages.success(request, words % {"moved": moved})
        return redirect(f"{reverse('routing:hand-over-many')}?{request.GET.urlencode()}")
    context = {
        "form": form,
        "rows": found,
        "chosen": set(request.POST.getlist("leads")) or {str(one["contact_id"]) for one in found if owner in away},
        "whose": names([owner]).get(str(owner), "") if owner else boards.queue(slug).name if slug else "",
        "away": away.get(owner) if owner else None,
        "others": [one for key, one in away.items() if key != owner],
        "most": MOST,
    }
    return render(request, "routing/hand_over_many.html", context, status=422 if form.is_bound else 200)
