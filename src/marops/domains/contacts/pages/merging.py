"""Two records of one person: side by side, made one, and parted again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.contacts.actions import merge_contacts, part_contacts
from marops.domains.contacts.forms import MergeForm, PairForm
from marops.domains.contacts.models import Contact
from marops.domains.contacts.permissions import MERGE, visible
from marops.domains.contacts.queries import find_contact
from marops.domains.contacts.queries.matching import survivorship
from marops.domains.contacts.queries.merges import merge_json, merges
from marops.domains.contacts.story import label
from marops.domains.contacts.telling import side_by_side
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import problems_on
from marops.kernel.ids import as_uuid

Row = dict[str, Any]


@require_GET
@needs(MERGE)
def merge_list(request: HttpRequest) -> HttpResponse:
    """Which records became one person, the newest first, and the form for another pair."""
    return _list(request, PairForm())


def _list(request: HttpRequest, form: PairForm) -> HttpResponse:
    kept = merges(actor_of(request))
    people = names([one.actor_id for one in kept if as_uuid(one.actor_id)])
    rows = [_row(merge_json(one), people) | {"at": one.at, "undone_at": one.undone_at} for one in kept]
    stand = sum(one["undone_at"] is None for one in rows)
    said = ngettext("%(n)s record became part of another", "%(n)s records became part of others", stand)
    answer = f"{said % {'n': stand}}." if rows else _("No two records were merged yet.")
    context = {"rows": rows, "form": form, "answer": answer}
    return render(request, "contacts/merges.html", context, status=422 if form.is_bound else 200)


def _row(told: Row, people: dict[str, str]) -> Row:
    took = ", ".join(label(name, {}) for name in told["took"] if name not in ("custom", "originals", "provenance"))
    return told | {"who": people.get(told["by"], _("The command line")), "took_said": took}


@require_GET
@needs(MERGE)
def compare(request: HttpRequest) -> HttpResponse:
    """Two records side by side, what would stay, and the button."""
    form = PairForm(request.GET)
    if not form.is_valid():
        return _list(request, form)
    with problems_on(form):
        return _compared(request, *_both(actor_of(request), form.cleaned_data))
    return _list(request, form)


def _both(actor: Actor, given: Row) -> tuple[Contact, Contact]:
    """The records that are named. Raises MaropsError `not-found`, `ambiguous`."""
    keep, gone = (find_contact(given[name], actor=actor) for name in ("keep", "gone"))
    seen = set(visible(actor, MERGE).filter(id__in=[keep.id, gone.id]).values_list("id", flat=True))
    for one in (keep, gone):
        if one.id not in seen:
            raise MaropsError(NOT_FOUND, _("No lead answers to %(ref)s.") % {"ref": one.ref})
    return keep, gone


def _compared(request: HttpRequest, keep: Contact, gone: Contact, form: MergeForm | None = None) -> HttpResponse:
    lines = side_by_side(actor_of(request), keep, gone, survivorship()[0])
    differ = sum(one.differs for one in lines)
    said = ngettext("They differ in %(n)s field", "They differ in %(n)s fields", differ) % {"n": differ}
    context = {
        "keep": keep, "gone": gone, "lines": lines, "same": keep.id == gone.id,
        "answer": _("Both are the same record.") if keep.id == gone.id else f"{said}.",
        "form": form or MergeForm(initial={"keep": keep.ref, "gone": gone.ref}),
        "swapped": f"{reverse('contacts:merge-new')}?{urlencode({'keep': gone.ref, 'gone': keep.ref})}",
    }  # fmt: skip
    return render(request, "contacts/merge.html", context, status=422 if form else 200)


@require_POST
@needs(MERGE)
def make(request: HttpRequest) -> HttpResponse:
    """Make the second record part of the first."""
    actor, form = actor_of(request), MergeForm(request.POST)
    if not form.is_valid():
        return _list(request, form)
    given = form.cleaned_data
    with problems_on(form):
        keep, gone = _both(actor, given)
        merge_contacts(actor=actor, winner_id=keep.id, loser_id=gone.id, why=given["why"])
        messages.success(request, _("%(gone)s is %(kept)s from now on.") % {"gone": gone.ref, "kept": keep.ref})
        return redirect(f"/leads/{keep.ref}")
    return _list(request, form)


@require_POST
@needs(MERGE)
def part(request: HttpRequest, merge: UUID) -> HttpResponse:
    """Take a merge back."""
    try:
        done = merge_json(part_contacts(actor=actor_of(request), merge_id=merge))
    except MaropsError as error:
        messages.error(request, str(error))
    else:
        said = _("%(gone)s and %(kept)s are two records again.") % {"gone": done["gone"], "kept": done["kept"]}
        messages.success(request, said)
    return redirect("contacts:merges")
