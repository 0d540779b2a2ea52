"""Pages of webhooks: who is told what, how it goes, what was sent."""

import json
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marops.connectors.webhooks import actions, queries
from marops.connectors.webhooks.forms import EndpointForm, kinds_in_words
from marops.connectors.webhooks.models import Delivery, Endpoint
from marops.connectors.webhooks.permissions import MANAGE
from marops.domains.accounts.public import actor_of, needs
from marops.kernel.forms import posted, problems_on

_TONES = {"works": "good", "fails": "warn", "paused": "draft", "stopped": "bad"}
_DELIVERY_TONES = {"waiting": "draft", "delivered": "good", "failed": "bad"}


def _states() -> dict[str, str]:
    return {"works": _("works"), "fails": _("fails"), "paused": _("paused"), "stopped": _("stopped")}


def _delivery_states() -> dict[str, str]:
    return {"waiting": _("waits"), "delivered": _("delivered"), "failed": _("given up")}


@require_http_methods(["GET", "HEAD", "POST"])
@needs(MANAGE)
def webhooks(request: HttpRequest) -> HttpResponse:
    """Every endpoint; a new one's secret is shown once."""
    actor = actor_of(request)
    form, secret, status = EndpointForm(posted(request)), "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            with problems_on(form):
                _row, secret = actions.make_endpoint(actor=actor, **form.cleaned_data)
                form, status = EndpointForm(), 200
    found = list(queries.endpoints(actor))
    rows = [
        (one, _states()[one.state], _TONES[one.state], kinds_in_words(one.kinds)[:3], len(one.kinds)) for one in found
    ]
    return render(
        request,
        "webhooks/webhooks.html",
        {"rows": rows, "form": form, "secret": secret, "answer": _answer(found)},
        status=status,
    )


def _answer(found: list[Endpoint]) -> str:
    if not found:
        return _("No other system is told what happens here.")
    told = ngettext("%(n)s system is told what happens", "%(n)s systems are told what happens", len(found)) % {
        "n": len(found)
    }
    bad = sum(one.state in ("fails", "stopped") for one in found)
    trouble = ngettext("%(n)s has trouble", "%(n)s have trouble", bad) % {"n": bad}
    return f"{told}; {trouble if bad else _('all of them take it in')}."


@require_http_methods(["GET", "HEAD", "POST"])
@needs(MANAGE)
def webhook(request: HttpRequest, ref: str) -> HttpResponse:
    """One endpoint: how it fares, its log, its settings."""
    return _shown(request, ref)


def _shown(request: HttpRequest, ref: str, secret: str = "") -> HttpResponse:
    actor = actor_of(request)
    one = queries.find_endpoint(actor, ref)
    given = {"name": one.name, "url": one.url, "kinds": one.kinds}
    form, status = EndpointForm(None if secret else posted(request), initial=given), 200
    if request.method == "POST" and not secret:
        if form.is_valid():
            with problems_on(form):
                actions.change_endpoint(actor=actor, endpoint_id=one.id, values=form.cleaned_data)
                messages.success(request, _("The webhook was changed."))
                return redirect("webhooks:webhook", ref=one.ref)
        status = 422
    state = request.GET.get("state", "")
    page = Paginator(queries.deliveries(one.id, state), 50).get_page(request.GET.get("page"))
    words = _delivery_states()
    shown = {
        "one": one,
        "word": _states()[one.state],
        "tone": _TONES[one.state],
        "says": _fares(one),
        "kinds": kinds_in_words(one.kinds),
        "form": form,
        "secret": secret,
        "page": page,
        "rows": [
            (row, words[row.state], _DELIVERY_TONES[row.state], (row.tries or [{}])[-1], _next(one, row))
            for row in page
        ],
        "filters": [{"key": "state", "label": _("State"), "options": list(words.items())}],
    }
    return render(request, "webhooks/webhook.html", shown, status=status)


def _next(one: Endpoint, row: Delivery) -> datetime | None:
    """When a message is tried next: not before its endpoint is."""
    if row.state != Delivery.State.WAITING or not one.active:
        return None
    return max(row.next_at, one.not_before or row.next_at)


def _fares(one: Endpoint) -> str:
    waiting = getattr(one, "waiting", 0)
    waits = ngettext("%(n)s delivery waits", "%(n)s deliveries wait", waiting) % {"n": f"{waiting:,}"}
    match one.state:
        case "works":
            return _("It takes in what it is told; %(waits)s.") % {"waits": waits if waiting else _("none waits")}
        case "fails":
            return _("It does not take in what it is told. It is tried again; %(waits)s.") % {"waits": waits}
        case "paused":
            return _("It is paused and is told nothing; what happens meanwhile is not kept for it.")
    return _("It was stopped: %(why)s Until it is resumed, %(waits)s.") % {"why": one.stopped_because, "waits": waits}


@require_safe
@needs(MANAGE)
def delivery(request: HttpRequest, ref: str, delivery_id: UUID) -> HttpResponse:
    """What was sent, and every try."""
    one = queries.find_endpoint(actor_of(request), ref)
    row = queries.find_delivery(one.id, delivery_id)
    shown = {
        "one": one,
        "row": row,
        "word": _delivery_states()[row.state],
        "tone": _DELIVERY_TONES[row.state],
        "body": _body(row),
        "tries": [one | {"at": datetime.fromisoformat(one["at"])} for one in reversed(row.tries)],
    }
    return render(request, "webhooks/delivery.html", shown)


def _body(row: Delivery) -> str:
    return json.dumps({name: row.payload[name] for name in ("type", "timestamp", "data")}, indent=2, ensure_ascii=False)


@require_POST
@needs(MANAGE)
def replay(request: HttpRequest, ref: str, delivery_id: UUID) -> HttpResponse:
    """Send it once more."""
    one = queries.find_endpoint(actor_of(request), ref)
    row = queries.find_delivery(one.id, delivery_id)
    actions.replay(actor=actor_of(request), delivery_id=row.id)
    messages.success(request, _("It is sent once more, with the same id."))
    return redirect("webhooks:delivery", ref=one.ref, delivery_id=row.id)


@require_POST
@needs(MANAGE)
def act(request: HttpRequest, ref: str, what: str) -> HttpResponse:
    """Pause, resume, test, change the secret, or remove."""
    actor = actor_of(request)
    one = queries.find_endpoint(actor, ref)
    match what:
        case "pause" | "resume":
            actions.change_endpoint(actor=actor, endpoint_id=one.id, values={"active": what == "resume"})
        case "test":
            actions.send_test(actor=actor, endpoint_id=one.id)
            messages.success(request, _("A test is on its way; it stands in the log below."))
        case "rotate":
            _row, secret = actions.rotate_secret(actor=actor, endpoint_id=one.id)
            return _shown(request, ref, secret)
        case "remove":
            actions.remove_endpoint(actor=actor, endpoint_id=one.id)
            messages.success(request, _("“%(name)s” is told nothing any more.") % {"name": one.name})
            return redirect("webhooks:webhooks")
    return redirect("webhooks:webhook", ref=one.ref)
