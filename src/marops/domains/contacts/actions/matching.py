"""What a search for the same person or company found is kept, and what somebody says of a pair."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from marops.domains.contacts.models import MatchPair, MatchRun
from marops.domains.contacts.permissions import MERGE
from marops.domains.contacts.queries.matching import Found, with_lesson
from marops.domains.contacts.queries.pairs import find_pair
from marops.domains.contacts.rules.identity import SLUGS, IdentityModel
from marops.kernel import gates
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.definitions import keep
from marops.kernel.errors import CONFLICT, MaropsError
from marops.store.bulk import stage

_TABLES: Final = {"person": "contact", "company": "company"}
_TYPES: Final = {"id": "uuid", "left_id": "uuid", "right_id": "uuid", "weights": "jsonb"}


@action("contact.match", effect="check", right=MERGE)
def keep_matches(
    act: Act, *, actor: Actor, model: IdentityModel, pinned: str, found: Found, job_id: UUID | None = None
) -> MatchRun:
    """Keep what a search of all records found: its pairs instead of the former ones, but for those that somebody said
    are two; and what it learnt, as a draft of the model's next version.
    """
    if found.learnt:
        document = with_lesson(model, found.learnt, act.at).model_dump(mode="json", exclude_none=True)
        reason = _("Learnt from %(n)s records.") % {"n": f"{found.records:,}"}
        pinned = keep(act, actor, "identity", SLUGS[model.of], document, reason).pinned
    with connection.cursor() as cursor:
        stage(cursor, "staged", found.pairs, types=_TYPES)
        cursor.execute(
            "DELETE FROM match_pair p WHERE of = %s AND NOT apart AND NOT EXISTS (SELECT FROM staged s"
            " WHERE s.left_id = p.left_id AND s.right_id = p.right_id)",
            [model.of],
        )
        kept = _keep_staged(cursor, act, model.of, pinned)
    run = MatchRun.objects.create(
        of=model.of, model=pinned, records=found.records, seconds=round(found.seconds, 1),
        report=dict(found.report) | {"merge_at": model.merge_at, "review_at": model.review_at}, job_id=job_id,
        actor_kind=actor.kind, actor_id=actor.id, at=act.at,
    )  # fmt: skip
    act.count(records=found.records, pairs=kept)
    return run


@action("contact.match_new", effect="check")
def keep_new_matches(
    act: Act, *, actor: Actor, of: str, pinned: str, fresh: list[UUID], found: Found, as_of: datetime
) -> int:
    """Keep the pairs of records that are new or changed, instead of those that they had. Answers how many."""
    with connection.cursor() as cursor:
        stage(cursor, "staged", found.pairs, types=_TYPES)
        cursor.execute(
            "DELETE FROM match_pair p WHERE of = %s AND NOT apart AND (left_id = ANY(%s) OR right_id = ANY(%s))"
            " AND NOT EXISTS (SELECT FROM staged s WHERE s.left_id = p.left_id AND s.right_id = p.right_id)",
            [of, fresh, fresh],
        )
        kept = _keep_staged(cursor, act, of, pinned)
        cursor.execute("UPDATE contact_likeness SET matched_at = %s WHERE contact_id = ANY(%s)", [as_of, fresh])
    act.count(records=len(fresh), pairs=kept)
    return kept


def _keep_staged(cursor: Any, act: Act, of: str, pinned: str) -> int:
    """Pairs whose records are both still there; what somebody said of one stands."""
    table = _TABLES[of]
    cursor.execute(
        "INSERT INTO match_pair (id, of, left_id, right_id, chance, weights, ground, model, apart, actor_kind,"
        " actor_id, found_at) SELECT s.id, %s, s.left_id, s.right_id, s.chance, s.weights, s.ground, %s, false, '', '',"
        f" %s FROM staged s JOIN {table} a ON a.id = s.left_id JOIN {table} b ON b.id = s.right_id"
        " ON CONFLICT (left_id, right_id) DO UPDATE SET chance = excluded.chance, weights = excluded.weights,"
        " ground = excluded.ground, model = excluded.model, found_at = excluded.found_at",
        [of, pinned, act.at],
    )
    return int(cursor.rowcount)


@action("contact.tell_apart", effect="merge", right=MERGE, reversible=True)
def tell_apart(act: Act, *, actor: Actor, pair_id: UUID, undo: bool = False) -> MatchPair:
    """Say that the two records of a pair are two, which stands until it is taken back (`undo`).

    Raises MaropsError `not-found`, or `conflict` where that is said already (or was not).
    """
    pair = find_pair(actor, pair_id, lock=True)
    if pair.apart is not undo:
        said = _("Nobody said that they are two.") if undo else _("That they are two was said already.")
        raise MaropsError(CONFLICT, said)
    pair.apart = not undo
    pair.decided_at, pair.actor_kind, pair.actor_id = (None, "", "") if undo else (act.at, actor.kind, actor.id)
    pair.save(update_fields=["apart", "decided_at", "actor_kind", "actor_id"])
    act.changed("match_pair", pair.id, before={"apart": undo}, after={"apart": not undo})
    return pair


def _about(given: Mapping[str, Any]) -> gates.About:
    return gates.About(subject=f"match_pair:{given.get('pair_id')}", records=2)


gates.describe("contact.tell_apart", _about)
