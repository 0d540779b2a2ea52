"""What passed on a campaign's way, for the house of roles: a case's next step was another role's."""

from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse

from marops.domains.team.public import HandOff, hand_off_of, role_of_actors, summed
from marops.domains.workflows.permissions import VIEW
from marops.engine.asking import query_engine
from marops.kernel.actors import Actor
from marops.kernel.permissions import may

BEFORE: Final = timedelta(days=60)
"""So long before the span the step may lie that came before."""

_PASSES: Final = """
SELECT source, target, what, wait FROM (
    SELECT lag(role) OVER steps AS source, role AS target, activity AS what, began,
        greatest(0, epoch(started_at) - epoch(coalesce(enabled_at, lag(ended_at) OVER steps))) AS wait
    FROM (
        SELECT f.case_id, f.id, f.activity, w.role, f.enabled_at, f.started_at, f.ended_at,
            coalesce(f.started_at, f.ended_at) AS began
        FROM facts f JOIN (SELECT unnest($ids::VARCHAR[]) AS id, unnest($roles::VARCHAR[]) AS role) w
            ON w.id = f.actor_id
        WHERE f.kind = 'task.finished' AND f.case_id IS NOT NULL AND f.activity IS NOT NULL
            AND f.ended_at >= $early AND f.ended_at < $until) done
    WINDOW steps AS (PARTITION BY case_id ORDER BY ended_at, id)) step
WHERE source IS NOT NULL AND source <> target AND began >= $since
"""


def passed_on(since: datetime, until: datetime, actor: Actor) -> list[HandOff]:
    """Consecutive steps of a case by people of different roles; what machines do in between is passed over.

    A step waits from when it could begin (else from the end of the one before) until somebody began it.
    """
    known = role_of_actors(until.date())
    given = {
        "ids": list(known), "roles": list(known.values()), "early": since - BEFORE, "since": since, "until": until
    }  # fmt: skip
    url = reverse("workflows:workflows") if may(actor, VIEW) else ""
    rows = query_engine().rows(summed(_PASSES), given) if known else []
    return [hand_off_of(row, "campaign", url) for row in rows]
