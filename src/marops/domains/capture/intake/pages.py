"""The page Intake: keys, how to connect, what came in and what became of it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from marops.domains.accounts.public import TOKENS, actor_of, make_token, needs, revoke_token
from marops.domains.capture.forms import WriteKeyForm
from marops.domains.capture.intake import queries
from marops.domains.capture.intake.door import keys
from marops.domains.capture.intake.rest import KEY_DAYS
from marops.domains.capture.permissions import SEND
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.forms import posted, problems_on
from marops.kernel.permissions import may

SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@needs(SEND)
def intake(request: HttpRequest) -> HttpResponse:
    """Keys, how to connect, the last events with their fate, what was refused. A new key is shown once."""
    actor = actor_of(request)
    form, secret, status = WriteKeyForm(posted(request)), "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            with problems_on(form):
                _row, secret = make_token(
                    actor=actor, name=form.cleaned_data["name"], rights_asked=[SEND], days=KEY_DAYS
                )
                form, status = WriteKeyForm(), 200
    fate = request.GET.get("fate", "")
    rows = list(queries.events(fate)[:SHOWN])
    people, names = queries.people_of(actor, rows), queries.key_names(rows)
    state = queries.state(now())
    fates = [(key, words) for key, (words, _tone) in queries.FATES.items()]
    shown = {
        "form": form,
        "secret": secret,
        "makes": may(actor, TOKENS),
        "keys": queries.write_keys(),
        "now": now(),
        "address": config().address,
        "answer": _answer(state),
        "came": state.last is not None,
        "rows": [(one, *queries.words_of(one), people.get(one.contact_id), names.get(one.token_id)) for one in rows],
        "faults": queries.faults(now()),
        "filters": [{"key": "fate", "label": _("Fate"), "options": fates}],
    }
    return render(request, "capture/intake.html", shown, status=status)


def _answer(state: queries.State) -> str:
    if state.last is None:
        return _("No website or program has sent anything yet.")
    came = ngettext("%(n)s event came in since this time yesterday", "%(n)s events came in since this time yesterday",
                    state.day) % {"n": f"{state.day:,}"}  # fmt: skip
    waits = ngettext("%(n)s waits", "%(n)s wait", state.waiting) % {"n": f"{state.waiting:,}"}
    refused = ngettext("%(n)s was refused", "%(n)s were refused", state.refused) % {"n": f"{state.refused:,}"}
    return (
        f"{came}; {waits if state.waiting else _('none waits')}, {refused if state.refused else _('none was refused')}."
    )


@require_POST
@needs(SEND)
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Stop a write key from working."""
    row = revoke_token(actor=actor_of(request), token_id=token_id)
    keys.forget()
    messages.success(request, _("The key “%(name)s” works no more.") % {"name": row.name})
    return redirect("capture:intake")
