"""The switch that stops every AI at once, and lets it go on."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.policy.actions.switches import go_on, stop
from marops.domains.policy.forms import StopForm
from marops.domains.policy.permissions import STOP
from marops.domains.policy.queries import shown
from marops.kernel.forms import posted


@require_http_methods(["GET", "POST"])
@needs(STOP)
def stop_all(request: HttpRequest) -> HttpResponse:
    """Stop everything: one sentence why, one button."""
    if shown.everything_stopped():
        return redirect("policy:page")
    form = StopForm(posted(request))
    if form.is_bound and form.is_valid():
        stop(actor=actor_of(request), why=form.cleaned_data["why"])
        messages.success(request, _("Everything is stopped: from now on no AI does anything."))
        return redirect("policy:page")
    return render(request, "policy/stop.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
@needs(STOP)
def go_on_all(request: HttpRequest) -> HttpResponse:
    """Release the switch; what it stopped is asked anew."""
    go_on(actor=actor_of(request))
    messages.success(request, _("AI goes on, as far as the policy lets it."))
    return redirect("policy:page")
