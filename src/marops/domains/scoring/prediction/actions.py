"""Writes of predictive scores: whole sets at once, only what changed; and what a check of a model found."""

from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from marops.domains.contacts.public import keep_contacts
from marops.domains.scoring.models import PredictionCheck
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.definitions import find
from marops.kernel.ids import as_uuid
from marops.kernel.notices import raise_problem, settle, tell
from marops.store.bulk import stage

_KEPT = ("chance", "points", "band", "terms")


@action("lead.predict", effect="score")
def keep_predictions(act: Act, *, actor: Actor, model: str, definition: str, as_of: datetime, rows: pa.Table) -> int:
    """Keep the likelihoods in `rows` (contact_id, chance, points, band, terms); a row without a chance takes the
    contact's away, for its time is over. Unchanged ones are left alone. Answers how many changed.
    """
    old, new = (", ".join(f"{alias}.{one}" for one in _KEPT) for alias in "ps")
    with connection.cursor() as cursor:
        keep_contacts(cursor)
        stage(cursor, "staged", rows, types={"contact_id": "uuid", "terms": "jsonb"}, known=("contact_id",))
        cursor.execute(
            "DELETE FROM contact_prediction p USING staged s WHERE p.model = %s AND p.contact_id = s.contact_id"
            " AND s.chance IS NULL",
            [model],
        )
        gone: int = cursor.rowcount
        cursor.execute(
            "DELETE FROM staged s WHERE s.chance IS NULL OR NOT EXISTS (SELECT FROM contact c WHERE c.id ="
            " s.contact_id) OR EXISTS (SELECT FROM contact_prediction p WHERE p.model = %s AND p.contact_id ="
            f" s.contact_id AND ({old}, p.definition) IS NOT DISTINCT FROM ({new}, %s))",
            [model, definition],
        )
        columns = (*_KEPT, "definition", "as_of")
        cursor.execute(
            f"INSERT INTO contact_prediction (contact_id, model, {', '.join(columns)})"
            f" SELECT contact_id, %s, {', '.join(_KEPT)}, %s, %s FROM staged"
            f" ON CONFLICT (contact_id, model) DO UPDATE SET ({', '.join(columns)})"
            f" = ROW ({', '.join(f'excluded.{one}' for one in columns)})",
            [model, definition, as_of],
        )
        changed = gone + int(cursor.rowcount)
    act.count(predicted=changed)
    return changed


@action("prediction.check", effect="score")
def keep_check(
    act: Act, *, actor: Actor, model: str, definition: str, as_of: datetime, figures: dict[str, Any]
) -> PredictionCheck:
    """Keep what a check of a model found; where leads have drifted, its author and the inbox of problems hear of it."""
    alarm = bool(figures["drift"]["alarm"])
    row = PredictionCheck.objects.create(model=model, definition=definition, at=as_of, alarm=alarm, figures=figures)
    url, key = reverse("scoring:prediction", args=[model]), f"prediction.drift:{model}"
    if not alarm:
        settle(key)
        return row
    said = figures["drift"]["says"]
    raise_problem(
        key,
        _("Leads are not what the predictive score learnt from"),
        detail=said,
        remedy=_("Train it again, and put the new version in force if it is better."),
        url=url,
    )
    author = as_uuid(find(definition).author)
    if author and not PredictionCheck.objects.filter(definition=definition, alarm=True, at__lt=as_of).exists():
        tell(author, said, url=url)
    return row
