"""The page of backups: is there one, is it whole, was it ever restored."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from marops.domains.accounts.public import actor_of, needs
from marops.engine import backups as made
from marops.engine.backups import MAKE, TEST, Kept
from marops.engine.permissions import BACK_UP
from marops.kernel.config import config
from marops.kernel.models import Job
from marops.site.templatetags.ui import duration

OLD = timedelta(days=7)


@require_safe
@needs(BACK_UP)
def backups(request: HttpRequest) -> HttpResponse:
    """What backups there are, how old the newest is, and which were restored and compared."""
    found = made.kept_backups()
    running = list(Job.objects.filter(kind__in=[MAKE, TEST], state__in=["waiting", "running"]).order_by("number"))
    settings = config()
    shown = {
        "rows": found,
        "running": running,
        "answer": _answer(found),
        "folder": str(settings.backups),
        "inside": settings.backups.is_relative_to(settings.home),
        "keep": settings.backup_keep,
        "newest": next((one for one in found if not one.broken), None),
    }
    return render(request, "site/backups.html", shown)


def _answer(found: list[Kept]) -> str:
    whole = [one for one in found if not one.broken]
    if not whole:
        return _("There is no backup: what is lost now is lost for good.")
    words = {"age": duration(whole[0].age)}
    tested = next((one for one in whole if one.tested == "same"), None)
    if whole[0].age > OLD:
        return _("The newest backup is %(age)s old: what came since would be lost.") % words
    if tested is None:
        return _("The newest backup is %(age)s old; none was ever restored and compared.") % words
    if tested is whole[0]:
        return _("The newest backup is %(age)s old; it was restored elsewhere, compared, and is the same.") % words
    words["tested"] = duration(tested.age)
    return _("The newest backup is %(age)s old; the one of %(tested)s ago was restored and compared.") % words


@require_POST
@needs(BACK_UP)
def make(request: HttpRequest) -> HttpResponse:
    """Begin a backup as a job."""
    job = made.start_backup(actor=actor_of(request))
    messages.success(request, _("%(ref)s makes a backup; everybody can go on working.") % {"ref": job.ref})
    return redirect("backups:backups")


@require_POST
@needs(BACK_UP)
def test(request: HttpRequest, name: str) -> HttpResponse:
    """Begin a test: restore this backup elsewhere, compare, remove the copy."""
    job = made.start_test(name, actor=actor_of(request))
    messages.success(request, _("%(ref)s restores it elsewhere and compares.") % {"ref": job.ref})
    return redirect("backups:backups")
