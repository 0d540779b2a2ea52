"""Records of the same person or company: what a search found, one pair after the other, and how they are joined."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, mask, needs
from marops.domains.contacts.actions import part_companies, part_contacts, tell_apart
from marops.domains.contacts.forms import DecideForm, SurvivorshipForm
from marops.domains.contacts.jobs import join, start_joining, start_matching
from marops.domains.contacts.models import Contact
from marops.domains.contacts.permissions import MERGE
from marops.domains.contacts.queries.joining import in_words, previewed, proposed_rule, versions_told
from marops.domains.contacts.queries.matching import identity, survivorship
from marops.domains.contacts.queries.merges import merge_json
from marops.domains.contacts.queries.pairs import (
    SHOWN,
    Pair,
    bands,
    came_since,
    find_pair,
    in_band,
    last_run,
    next_pair,
    waiting,
    with_records,
)  # fmt: skip
from marops.domains.contacts.rules.grounds import GROUNDS
from marops.domains.contacts.rules.identity import Kind
from marops.domains.contacts.telling import lines_of
from marops.kernel.actors import Actor
from marops.kernel.definitions import CHANGE, draft
from marops.kernel.errors import MaropsError
from marops.kernel.forms import problems_on
from marops.kernel.ids import as_uuid
from marops.kernel.models import Job
from marops.kernel.permissions import grants, may

Row = dict[str, Any]
_SENSE: Final = 0.05
"""Bits below this say nothing that one would look at."""


def _share(value: float, decimals: int) -> str:
    return f"{value:.{decimals}%}"


def _of(request: HttpRequest) -> Kind:
    given = request.POST.get("of") or request.GET.get("of")
    return "company" if given == "company" else "person"


@require_GET
@needs(MERGE)
def found(request: HttpRequest) -> HttpResponse:
    """What the last search found: bands with their expected precision, and the pairs, the surest first."""
    actor, of = actor_of(request), _of(request)
    told = bands(actor, of)
    run = last_run(of)
    context = {
        "of": of, "tabs": _tabs(actor, of), "bands": [_band(one) for one in told], "run": run,
        "answer": _answer(of, told[0].pairs, told[1].pairs, run is not None), "running": _running(of),
        "sure": told[0].pairs, "look": told[1].pairs, "since": came_since(of),
        "rows": [_row(actor, one) for one in waiting(actor, of, SHOWN)],
        "more": max(0, told[0].pairs + told[1].pairs - SHOWN),
        "draft": run.model if run and run.model != identity(of)[1] else "", "model": identity(of)[1],
    }  # fmt: skip
    return render(request, "contacts/duplicates.html", context)


def _tabs(actor: Actor, of: Kind, page: str = "") -> list[Row]:
    here = reverse("contacts:duplicates")
    counts = {kind: in_band(actor, kind, "").order_by().count() for kind in ("person", "company")}
    return [
        {"label": _("People"), "url": here, "count": counts["person"], "current": not page and of == "person"},
        {"label": _("Companies"), "url": f"{here}?of=company", "count": counts["company"],
         "current": not page and of == "company"},
        {"label": _("Joined"), "url": reverse("contacts:merges"), "count": None, "current": page == "merges"},
        {"label": _("How they are joined"), "url": reverse("contacts:joining"), "count": None,
         "current": page == "joining"},
    ]  # fmt: skip


def _answer(of: Kind, sure: int, look: int, searched: bool) -> str:
    if not searched and not sure and not look:
        return _("Nobody searched for records of the same company yet.") if of == "company" else _(
            "Nobody searched for records of the same person yet."
        )  # fmt: skip
    if not sure and not look:
        return _("No two records look like one.")
    first = ngettext("%(n)s pair is surely one", "%(n)s pairs are surely one", sure) % {"n": f"{sure:,}"}
    second = ngettext("%(n)s is for somebody to look at", "%(n)s are for somebody to look at", look) % {
        "n": f"{look:,}"
    }
    return f"{first}; {second}."


def _band(one: Any) -> Row:
    right = "" if one.precision is None else _share(one.precision, 1)
    return {"name": one.name, "least": _share(one.least, 0), "pairs": one.pairs, "right": right}


def _running(of: Kind) -> Job | None:
    known = Job.objects.filter(kind__in=["contacts.match", "contacts.merge_sure"], state__in=["waiting", "running"])
    return known.filter(arguments__of=of).order_by("-number").first()


def _row(actor: Actor, one: Pair) -> Row:
    hide = mask("personal", grants(actor))
    return {
        "id": one.row.id, "chance": _share(one.row.chance, 1), "keep": one.keep, "gone": one.gone,
        "names": [_named(each, hide) for each in (one.keep, one.gone)],
        "company": [getattr(each, "company_name", "") or "" for each in (one.keep, one.gone)],
        "why": [f"{name}: {says}" for name, bits, says in one.why if bits > 1 and says][:3],
        "ground": GROUNDS.get(one.row.ground, ""),
    }  # fmt: skip


def _named(one: Any, hide: Any) -> str:
    if not isinstance(one, Contact):
        return str(one.name)
    name = one.full_name or one.email or ""
    return str(hide(name)) if name else one.ref


@require_POST
@needs(MERGE)
def search(request: HttpRequest) -> HttpResponse:
    """Search all records."""
    of = _of(request)
    job = start_matching(actor_of(request), of, again="again" in request.POST)
    messages.success(request, _("The search has begun. You may leave this page; it goes on."))
    return redirect("job", ref=job.ref)


@require_POST
@needs(MERGE)
def join_sure(request: HttpRequest) -> HttpResponse:
    """Join all pairs of the merge band."""
    job = start_joining(actor_of(request), _of(request))
    messages.success(request, _("They are being joined, each so that it can be taken back. You may leave this page."))
    return redirect("job", ref=job.ref)


@require_GET
@needs(MERGE)
def review(request: HttpRequest) -> HttpResponse:
    """One pair after the other: both records, what differs, and what each field says."""
    actor, of = actor_of(request), _of(request)
    wanted = as_uuid(request.GET.get("pair", ""))
    row = find_pair(actor, wanted) if wanted else next_pair(actor, of, as_uuid(request.GET.get("after", "")))
    pair = next(iter(with_records([row])), None) if row else None
    context: Row = {"of": of, "undo": request.GET.get("undo", ""), "undo_kind": request.GET.get("undo_kind", "")}
    if pair is None:
        return render(request, "contacts/pair_none.html", context)
    return render(request, "contacts/pair.html", context | _shown(actor, of, pair))


def _shown(actor: Actor, of: Kind, pair: Pair) -> Row:
    model, _pinned = identity(of)
    left = in_band(actor, of, "review").order_by().count()
    weights = [{"label": name, "value": bits, "says": says} for name, bits, says in pair.why if abs(bits) > _SENSE]
    return {
        "pair": pair, "lines": lines_of(actor, pair), "weights": weights, "silent": _silent(pair),
        "total": sum(one["value"] for one in weights), "chance": _share(pair.row.chance, 1), "left": left,
        "sure": pair.row.chance >= model.merge_at, "ground": GROUNDS.get(pair.row.ground, ""),
        "rule": in_words(survivorship()[0]),
    }  # fmt: skip


def _silent(pair: Pair) -> list[str]:
    return [f"{name}: {says}" for name, bits, says in pair.why if abs(bits) <= _SENSE]


@require_POST
@needs(MERGE)
def decide(request: HttpRequest) -> HttpResponse:
    """The word on a pair: one, two, or later; and taking back the last word."""
    actor, of, form = actor_of(request), _of(request), DecideForm(request.POST)
    here = reverse("contacts:pairs")
    if not form.is_valid():
        messages.error(request, _("That pair is not there any more."))
        return redirect(f"{here}?of={of}")
    given = form.cleaned_data
    try:
        query = _decided(request, actor, given["pair"], given["word"], given["kind"])
    except MaropsError as error:
        messages.error(request, str(error))
        query = ""
    return redirect(f"{here}?of={of}{query}")


def _decided(request: HttpRequest, actor: Actor, ident: UUID, word: str, kind: str) -> str:
    """Does what was said; answers what the next page needs to know of it."""
    if word == "undo":
        return f"&pair={_undone(actor, ident, kind)}"
    row = find_pair(actor, ident)
    if word == "later":
        return f"&after={row.id}"
    if word == "two":
        tell_apart(actor=actor, pair_id=row.id)
        messages.success(request, _("They are two, and will not be asked about again."))
        return f"&undo={row.id}&undo_kind=two"
    pair = with_records([row])[0]
    done = merge_json(join(actor, pair))
    messages.success(request, _("%(gone)s is %(kept)s from now on.") % {"gone": done["gone"], "kept": done["kept"]})
    return f"&undo={done['id']}&undo_kind={'merge' if isinstance(pair.keep, Contact) else 'company'}"


def _undone(actor: Actor, ident: UUID, kind: str) -> str:
    if kind == "two":
        return str(tell_apart(actor=actor, pair_id=ident, undo=True).id)
    done = (part_contacts if kind == "merge" else part_companies)(actor=actor, merge_id=ident)
    both = sorted([done.winner_id, done.loser_id])
    row = next_pair(actor, "person" if kind == "merge" else "company", None, both=both)
    return str(row.id) if row else ""


@require_http_methods(["GET", "POST"])
@needs(MERGE)
def joining(request: HttpRequest) -> HttpResponse:
    """How records are joined: what is compared and what it is worth, and whose values stay, tried on real pairs."""
    actor = actor_of(request)
    asked = request.POST if request.method == "POST" else request.GET if "keep" in request.GET else None
    form = SurvivorshipForm(asked, initial=SurvivorshipForm.of(survivorship()[0]))
    changed = form.is_bound and form.is_valid()
    if changed and request.method == "POST" and may(actor, CHANGE):
        with problems_on(form):
            row = draft(actor=actor, kind="survivorship", slug="people",
                        document=proposed_rule(form.cleaned_data), reason=form.cleaned_data["reason"])  # fmt: skip
            return redirect("definition", kind="survivorship", slug="people", version=row.version)
    rule = proposed_rule(form.cleaned_data) if changed else None
    context = {
        "tabs": _tabs(actor, "person", "joining"), "form": form, "models": versions_told(), "changed": changed,
        "pairs": previewed(actor, rule), "may_change": may(actor, CHANGE), "rule": in_words(survivorship()[0]),
    }  # fmt: skip
    return render(request, "contacts/joining.html", context, status=422 if form.is_bound and not changed else 200)
