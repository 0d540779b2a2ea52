"""The engine's page: what each stage did last, and how far behind it is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import needs
from marops.engine.inlets import inlets
from marops.engine.tick import stages
from marops.kernel.clock import now
from marops.kernel.models import FactInbox, StageRun, Touched
from marops.site.permissions import SEE_PROBLEMS

_HOUSE = {
    "move": gettext_lazy("Facts to the lake"),
    "seal": gettext_lazy("Audit sealed"),
    "maintain": gettext_lazy("Lake tidied"),
}


@require_GET
@needs(SEE_PROBLEMS)
def engine(request: HttpRequest) -> HttpResponse:
    """Stages in their order, then the housekeeping; one page answers whether the engine keeps up."""
    runs = {run.stage: run for run in StageRun.objects.all()}
    waiting = Touched.objects.filter(due_at__lte=now()).count()
    inbox = FactInbox.objects.filter(batch__isnull=True).count()
    shown = {
        "answer": _answer(waiting, failed=[run for run in runs.values() if run.failed_at]),
        "rows": [(says, runs.get(name)) for name, says in _steps()],
        "house": [(label, runs.get(name)) for name, label in _HOUSE.items()],
        "waiting": waiting,
        "inbox": inbox,
    }
    return render(request, "site/engine.html", shown)


def _steps() -> list[tuple[str, str]]:
    """What the engine runs, in order: name and words."""
    return [(one.name, one.says) for one in inlets()] + [(one.name, one.says) for one in stages()]


def _answer(waiting: int, *, failed: list[StageRun]) -> str:
    if failed:
        return _("A stage has failed; the leads concerned wait.")
    if not waiting:
        return _("Everything is done: no change waits.")
    return ngettext("One change waits for its turn.", "%(count)s changes wait for their turn.", waiting) % {
        "count": f"{waiting:,}"
    }
