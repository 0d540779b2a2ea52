"""Where people overrode AI: they changed or declined what it made, or did themselves what it was refused."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count

from marops.domains.policy.models import AiAct, AiDraft

WITHIN = timedelta(days=7)
"""So long after a refusal the same act by a person counts as done in its stead."""


def counts(since: datetime) -> Mapping[str, int]:
    """Acts since then by answer."""
    rows = AiAct.objects.filter(at__gte=since).values_list("verdict").annotate(n=Count("id")).order_by()
    return dict.fromkeys(AiAct.Verdict.values, 0) | dict(rows)


def overrides(since: datetime) -> Mapping[str, int]:
    """How often since then: drafts changed by people, drafts declined, and refused acts that people did themselves."""
    drafts = AiDraft.objects.filter(at__gte=since)
    declined = AiDraft.objects.filter(state=AiDraft.State.DECLINED, decided_at__gte=since).count()
    changed = drafts.filter(edited_from__isnull=False, actor__regex=r"^[0-9a-f]{8}-[0-9a-f-]{27}$").count()
    return {"changed": changed, "declined": declined, "done_anyway": _done_anyway(since)}


def _done_anyway(since: datetime) -> int:
    """Refused acts whose like, on the same object, a person did within the week after."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ai_act a WHERE a.at >= %s AND a.verdict <> 'yes' AND a.subject <> '' AND EXISTS"
            " (SELECT FROM audit_row r WHERE r.actor_kind = 'human' AND r.action = a.action"
            "  AND r.object_type = split_part(a.action, '.', 1) AND r.object_id = a.subject"
            "  AND r.at > a.at AND r.at < a.at + %s * interval '1 day')",
            [since, WITHIN.days],
        )
        return int(cursor.fetchone()[0])
