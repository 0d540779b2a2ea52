"""Pages of what people ask of their data: the list by urgency, one request, proofs."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, mask, names, needs
from marops.domains.consent.actions.requests import (
    WHO,
    Asking,
    answer_request,
    check_identity,
    restrict,
    take_request,
)
from marops.domains.consent.answering import export_person
from marops.domains.consent.forms import AnswerForm, IdentityForm, RequestForm
from marops.domains.consent.jobs import start_erasing
from marops.domains.consent.models import Proof, Request
from marops.domains.consent.papers import proof_pdf
from marops.domains.consent.permissions import ANSWER, ERASE, VIEW
from marops.domains.consent.queries.requests import (
    SOON,
    counts,
    find_proof,
    find_request,
    people_of,
    proof_json,
    requests,
)
from marops.domains.consent.rules.regimes import KIND_WORDS
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.models import Job
from marops.kernel.permissions import grants, may

PER_PAGE = 50
DOES = {
    "access": lazy("Put the archive together"), "portability": lazy("Put the archive together"),
    "erasure": lazy("Erase this person"), "restriction": lazy("Restrict this person"),
}  # fmt: skip


@require_GET
@needs(VIEW)
def privacy(request: HttpRequest) -> HttpResponse:
    """What people asked, the most urgent first."""
    actor, given = actor_of(request), request.GET
    found = requests(actor, state=given.get("state", ""), kind=given.get("kind", ""))
    page = Paginator(found, PER_PAGE).get_page(given.get("page"))
    numbers = counts(actor, now())
    shown = {
        "page": page,
        "rows": [_row(one) for one in page.object_list],
        "numbers": numbers,
        "answer": _answer(numbers),
        "filters": [
            {"key": "state", "label": _("State"), "options": [("open", _("open")), ("done", _("done")),
                                                              ("refused", _("refused"))]},
            {"key": "kind", "label": _("What"), "options": list(KIND_WORDS.items())},
        ],
        "narrowed": bool(given.get("state") or given.get("kind")),
        "may_answer": may(actor, ANSWER),
        "proofs": list(Proof.objects.order_by("-number")[:5]),
    }  # fmt: skip
    return render(request, "consent/privacy.html", shown)


def _row(one: Request) -> dict[str, Any]:
    left = one.due_at - now()
    late, soon = left.total_seconds() < 0, left < SOON
    waiting = one.state == Request.State.OPEN
    words = {"open": _("open"), "done": _("done"), "refused": _("refused")}
    tone = "bad" if late else "warn" if soon else "info"
    return {
        "one": one, "what": KIND_WORDS.get(one.kind, one.kind), "waiting": waiting,
        "state": _("late") if waiting and late else words[one.state],
        "kind": tone if waiting else "good" if one.state == "done" else "draft",
    }  # fmt: skip


def _answer(numbers: dict[str, int]) -> str:
    if not numbers["open"] and not numbers["closed"]:
        return _("Nobody has asked anything of their data yet.")
    said = ngettext("One request is open", "%(n)s requests are open", numbers["open"]) % {"n": numbers["open"]}
    if numbers["late"]:
        return _("%(said)s; %(late)s past the deadline.") % {"said": said, "late": numbers["late"]}
    if numbers["soon"]:
        return _("%(said)s; %(soon)s due within a week.") % {"said": said, "soon": numbers["soon"]}
    if numbers["open"]:
        return _("%(said)s, none of them within a week of its deadline.") % {"said": said}
    return _("No request is open; %(time)s of %(all)s were answered in time.") % {
        "time": numbers["on_time"], "all": numbers["closed"],
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@needs(ANSWER)
def new(request: HttpRequest) -> HttpResponse:
    """Take in what somebody asked."""
    form = RequestForm(posted(request), initial={"lead": request.GET.get("lead", "")})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        asking = Asking(given["kind"], form.received_at(), given["how"], given["note"])
        with problems_on(form):
            row = take_request(actor=actor_of(request), contact_id=given["lead"].id, asking=asking)
            messages.success(request, _("%(ref)s is taken in.") % {"ref": row.ref})
            return redirect("consent:request", ref=row.ref)
    return render(request, "consent/request_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_GET
@needs(VIEW)
def one_request(request: HttpRequest, ref: str) -> HttpResponse:
    """One request: who, by when, who checked, what was done."""
    return _page(request, find_request(actor_of(request), ref), IdentityForm(), AnswerForm())


def _page(
    request: HttpRequest, row: Request, identity: IdentityForm, answer: AnswerForm, *, status: int = 200
) -> HttpResponse:
    actor = actor_of(request)
    person = people_of([row]).get(row.contact_id)
    hide = mask("personal", grants(actor))
    said = {"identity": row.identity_by, "done": row.done_by, "made": row.made_by}
    people = names(list(said.values()))
    by = {key: people.get(value, value) for key, value in said.items()}
    waiting = row.state == Request.State.OPEN
    does = DOES.get(row.kind) if waiting and row.identity_at and row.contact_id else None
    shown = {
        **_row(row), "row": row, "person": person, "by": by, "identity": identity, "answer_form": answer,
        "name": hide(person.full_name) if person and person.full_name else row.subject,
        "may_answer": waiting and may(actor, ANSWER),
        "does": does if row.kind != "erasure" or may(actor, ERASE) else None,
        "report": row.report, "archive": f"{row.ref}.zip",
    }  # fmt: skip
    return render(request, "consent/request.html", shown, status=status)


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


@require_POST
@needs(ANSWER)
def identity(request: HttpRequest, ref: str) -> HttpResponse:
    """Note how it was checked who asks."""
    row, form = find_request(actor_of(request), ref), IdentityForm(request.POST)
    if form.is_valid():
        with problems_on(form):
            check_identity(actor=actor_of(request), request_id=row.id, how=form.cleaned_data["how"])
            return redirect("consent:request", ref=row.ref)
    return _page(request, row, form, AnswerForm(), status=422)


@require_POST
@needs(ANSWER)
def answer(request: HttpRequest, ref: str) -> HttpResponse:
    """Close a request by hand: done, or refused with a reason."""
    row, form = find_request(actor_of(request), ref), AnswerForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        with problems_on(form):
            answer_request(actor=actor_of(request), request_id=row.id, answer=given["answer"], refused=given["refused"])
            messages.success(request, _("%(ref)s is closed.") % {"ref": row.ref})
            return redirect("consent:request", ref=row.ref)
    return _page(request, row, IdentityForm(), form, status=422)


@require_POST
@needs(ANSWER)
def do(request: HttpRequest, ref: str) -> HttpResponse:
    """Do what was asked, where Marops can: put the archive together, erase, restrict."""
    row = find_request(actor_of(request), ref)
    if (job := _done(request, row)) is not None:
        return redirect("job", ref=job.ref)
    return redirect("consent:request", ref=row.ref)


def _done(request: HttpRequest, row: Request) -> Job | None:
    actor = actor_of(request)
    if row.kind in ("access", "portability"):
        export_person(actor=actor, request=row)
        messages.success(request, _("The archive is there for 30 days."))
    elif row.kind == "restriction" and row.contact_id:
        restrict(actor=actor, contact_id=row.contact_id, why=row.note, request_id=row.id)
        messages.success(request, _("Nobody contacts them any more."))
    elif row.kind == "erasure" and row.contact_id:
        if row.identity_at is None:
            raise MaropsError(WHO)
        return start_erasing([row.contact_id], actor=actor, request_id=row.id)
    return None


@require_GET
@needs(VIEW)
def proof(request: HttpRequest, ref: str) -> HttpResponse:
    """What a search after an erasure found; as a file with `?as=json` or `?as=pdf`."""
    row = find_proof(actor_of(request), ref)
    told = proof_json(row)
    if request.GET.get("as") == "json":
        response = HttpResponse(json.dumps(told, indent=1), content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="{row.ref}.json"'
        return response
    if request.GET.get("as") == "pdf":
        response = HttpResponse(proof_pdf(told, row.at), content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="{row.ref}.pdf"'
        return response
    before, after = told["before"] or {}, told["after"]
    places = [(name, before.get(name, 0), after.get(name, 0)) for name in told["looked"]]
    places.sort(key=lambda one: (-one[2], -one[1], one[0]))
    shown = {
        "row": row, "told": told, "held": [one for one in places if one[1] or one[2]],
        "empty": [one[0] for one in places if not one[1] and not one[2]], "before": sum(before.values()),
    }  # fmt: skip
    return render(request, "consent/proof.html", shown)
