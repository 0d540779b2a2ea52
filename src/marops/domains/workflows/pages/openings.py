"""Asking what filling an opening of the team would change on a workflow."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.public import find_opening
from marops.domains.workflows.asking import as_document
from marops.domains.workflows.openings import key_of, scenario_for
from marops.domains.workflows.permissions import VIEW
from marops.domains.workflows.questions import start_comparison
from marops.kernel.definitions import find, load
from marops.kernel.errors import CONFLICT, MaropsError


@require_POST
@needs(VIEW)
def ask(request: HttpRequest, slug: str, ref: str) -> HttpResponse:
    """Simulate the workflow with and without whoever comes, as a job; the opening's page tells what came of it."""
    row = find_opening(ref)
    known = find(f"workflow/{slug}")
    scenario = scenario_for(row, load(known))
    if scenario is None:
        raise MaropsError(CONFLICT, _("Nothing in this workflow is done by this place's roles or skills."))
    job = start_comparison(known.slug, {key_of(row): as_document(scenario)}, actor=actor_of(request))
    messages.success(request, _("%(ref)s simulates it; the answer will stand here.") % {"ref": job.ref})
    return redirect("team:opening", ref=row.ref)
