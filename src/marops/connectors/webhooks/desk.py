"""What webhooks put on desks: other systems that cannot be told, and how all of them fare."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from marops.connectors.webhooks.permissions import MANAGE
from marops.connectors.webhooks.queries import endpoints
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.permissions import may
from marops.kernel.shell import Figure, Need, Section, SectionRow


def connections(actor: Actor, as_of: datetime) -> Iterator[Need | Figure | Section]:
    """Each endpoint with its state, when it last took something, and what waits for it."""
    if not may(actor, MANAGE):
        return
    rows = list(endpoints(actor))
    page = reverse("webhooks:webhooks")
    for one in rows:
        if one.state in ("fails", "stopped"):
            yield Need(
                title=_("%(name)s takes nothing") % {"name": one.name},
                detail=one.stopped_because or _("Deliveries are tried again with the same id until it answers."),
                url=page,
                button=_("See why"),
                due=one.failing_since,
                due_note=_("%(n)s wait") % {"n": f"{one.waiting:,}"},
                urgency="late" if one.state == "stopped" else "soon",
                icon="sync",
            )
    if not rows:
        return
    failing = sum(one.state in ("fails", "stopped") for one in rows)
    yield Figure(
        title=_("Systems that are told"),
        value=f"{len(rows)}",
        note=_("%(n)s wait") % {"n": f"{sum(one.waiting for one in rows):,}"},
        state=_("%(n)s fail") % {"n": failing} if failing else _("all work"),
        tone="warn" if failing else "good",
        url=page,
    )
    words = {"works": _("works"), "fails": _("fails"), "paused": _("paused"), "stopped": _("stopped")}
    yield Section(
        _("Connections"),
        columns=(_("System"), _("State"), _("Last success"), _("Delivered"), _("Waiting"), _("Failed")),
        rows=[
            SectionRow(
                (
                    one.name,
                    str(words[one.state]),
                    f"{one.last_success_at:%-d %b, %H:%M}" if one.last_success_at else "–",
                    f"{one.delivered:,}",
                    f"{one.waiting:,}",
                    f"{one.failed:,}",
                ),
                page,
            )
            for one in rows[:8]
        ],
        numbers=frozenset({3, 4, 5}),
        url=page,
        link=_("All webhooks"),
    )


ports.desk.fill("connections", connections)
