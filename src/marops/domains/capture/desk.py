"""What capture puts on desks: rows that were refused, and the imports of the month."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import names
from marops.domains.capture.models import Import
from marops.domains.capture.permissions import IMPORT
from marops.domains.capture.queries import counts_of
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.permissions import may
from marops.kernel.shell import Figure, Need, Section, SectionRow

MONTH = timedelta(days=30)


def _of_the_month(as_of: datetime) -> list[Import]:
    return list(Import.objects.filter(created_at__gte=as_of - MONTH).order_by("-number")[:20])


def rejects(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """Files with rows that were refused, and files that broke off."""
    if not may(actor, IMPORT):
        return
    for run in _of_the_month(as_of):
        url = reverse("capture:import", args=[run.ref])
        refused = counts_of(run).get("rejected", 0) if run.state == Import.State.DONE else 0
        if refused:
            yield Need(
                title=ngettext("One row of %(file)s was refused", "%(n)s rows of %(file)s were refused", refused)
                % {"n": f"{refused:,}", "file": run.file_name},
                detail=_("Put right what is in the file of refused rows and bring that in: nothing comes twice."),
                url=url,
                button=ngettext("See it", "See them", refused),
                due_words=run.ref,
                due_note=f"{run.created_at:%-d %b}",
                urgency="soon",
                icon="import",
            )
        elif run.state in (Import.State.FAILED, Import.State.STOPPED):
            yield Need(
                title=_("%(file)s was not brought in to its end") % {"file": run.file_name},
                detail=_("What was done is kept; it goes on from there."),
                url=url,
                button=_("Let it go on"),
                due_words=run.ref,
                urgency="soon",
                icon="import",
            )


def import_list(actor: Actor, as_of: datetime) -> Iterator[Figure | Section]:
    """The month's imports with what came of them."""
    if not may(actor, IMPORT):
        return
    runs = _of_the_month(as_of)
    if not runs:
        return
    counts = {run.id: counts_of(run) for run in runs}
    people = names([run.actor_id for run in runs])
    page = reverse("capture:imports")
    rows = sum(sum(one.get(part, 0) for part in ("created", "updated", "unchanged")) for one in counts.values())
    refused = sum(one.get("rejected", 0) for one in counts.values())
    files = ngettext("one file", "%(n)s files", len(runs)) % {"n": len(runs)}
    yield Figure(
        title=_("Rows brought in"), value=f"{rows:,}", note=_("%(files)s, last 30 days") % {"files": files}, url=page
    )
    yield Figure(
        title=_("Rows refused"),
        value=f"{refused:,}",
        note=_("last 30 days"),
        url=page,
        state=_("to repair") if refused else _("none"),
        tone="warn" if refused else "good",
    )
    yield Section(
        _("Imports"),
        _("last 30 days"),
        columns=(_("File"), _("By"), _("On"), _("New"), _("Changed"), _("Refused")),
        rows=[
            SectionRow(
                (
                    run.file_name,
                    people.get(run.actor_id, _("the command line")),
                    f"{run.created_at:%-d %b}",
                    *(f"{counts[run.id].get(part, 0):,}" for part in ("created", "updated", "rejected")),
                ),
                reverse("capture:import", args=[run.ref]),
            )
            for run in runs[:6]
        ],
        numbers=frozenset({3, 4, 5}),
        url=page,
        link=_("All imports"),
    )


ports.desk.fill("rejects", rejects)
ports.desk.fill("import-list", import_list)
