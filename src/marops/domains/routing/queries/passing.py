"""What passed on a lead's way, for the house of roles: scored leads to who routes them, routed ones to sales."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from marops.domains.routing.permissions import VIEW
from marops.domains.team.public import HandOff, hand_off_of, summed
from marops.engine.asking import query_engine
from marops.kernel.actors import Actor
from marops.kernel.permissions import may
from marops.kernel.workspace import zone

SCORES, ROUTES, SELLS = "marketing_automation_manager", "lead_db_admin", "sales_owner"
"""The roles that answer for scoring, for routing and for calling: the short names of the catalogue."""

_PASSES = f"""
WITH scored AS (
    SELECT contact_id, occurred_at AS at FROM facts WHERE kind = 'lead.stage_changed'
        AND (properties->>'to') = 'mql' AND occurred_at >= $since AND occurred_at < $until
), routed AS (
    SELECT contact_id, occurred_at AS at FROM facts WHERE kind = 'lead.routed' AND subject_type = 'account'
        AND occurred_at >= $since AND occurred_at < $until
), touched AS (
    SELECT contact_id, occurred_at AS at FROM facts WHERE kind = 'lead.touched'
        AND occurred_at >= $since AND occurred_at < $until
)
SELECT '{SCORES}' AS source, '{ROUTES}' AS target, $scored AS what, epoch(r.at) - epoch(s.at) AS wait
FROM scored s ASOF LEFT JOIN routed r ON s.contact_id = r.contact_id AND s.at <= r.at
UNION ALL
SELECT '{ROUTES}', '{SELLS}', $routed, epoch(t.at) - epoch(r.at)
FROM routed r ASOF LEFT JOIN touched t ON r.contact_id = t.contact_id AND r.at <= t.at
"""


def passed_on(since: datetime, until: datetime, actor: Actor) -> list[HandOff]:
    """Leads that were scored as ready and waited for an owner, and those that waited for the first word of sales.

    Those that still wait at the end of the span are counted, but not timed.
    """
    urls = _rows_behind(since, until) if may(actor, VIEW) else {}
    given = {"since": since, "until": until, "scored": _("Leads scored as ready"), "routed": _("Leads, to call")}
    rows = query_engine().rows(summed(_PASSES), given)
    return [hand_off_of(row, "lead", urls.get(str(row["target"]), "")) for row in rows]


def _rows_behind(since: datetime, until: datetime) -> dict[str, str]:
    """Whoever gets leads → the list of those that came to them in these days."""
    days = {"from": since.astimezone(zone()).date(), "to": (until - timedelta(seconds=1)).astimezone(zone()).date()}
    events = {ROUTES: "mql", SELLS: "handed_over"}
    return {role: f"{reverse('routing:leads')}?{urlencode({'event': one, **days})}" for role, one in events.items()}
