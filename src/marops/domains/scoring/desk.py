"""What scoring puts on desks: where all leads stand in the matrix of fit and engagement."""

from collections.abc import Iterator
from datetime import datetime

from django.core.cache import cache
from django.db import connection
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.permissions import may
from marops.kernel.shell import Section, SectionRow

SEE = "scoring.view"
KEPT_SECONDS = 300
LEVELS = (1, 2, 3, 4)


def matrix(actor: Actor, as_of: datetime) -> Iterator[Section]:
    """How many leads are in each cell of the main model, fit down and engagement across."""
    if not may(actor, SEE):
        return
    cells: dict[tuple[str, int], int] = cache.get_or_set("desk_matrix", _counted, KEPT_SECONDS) or {}
    if not cells:
        return
    grades = sorted({grade for grade, _level in cells})
    try:
        url = reverse("scoring:model", args=["main"])
    except NoReverseMatch:
        url = ""
    yield Section(
        _("Where the scores stand"),
        _("fit down, engagement across: 1 is keenest"),
        columns=(_("Fit"), *(str(level) for level in LEVELS), _("All")),
        rows=[
            SectionRow(
                (
                    grade,
                    *(f"{cells.get((grade, level), 0):,}" for level in LEVELS),
                    f"{sum(n for (one, _level), n in cells.items() if one == grade):,}",
                )
            )
            for grade in grades
        ],
        numbers=frozenset(range(1, 6)),
        url=url,
        link=_("The model") if url else "",
    )


def _counted() -> dict[tuple[str, int], int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT grade, level, count(*) FROM contact_score WHERE model = 'main' GROUP BY 1, 2")
        return {(grade, level): count for grade, level, count in cursor.fetchall()}


ports.desk.fill("matrix", matrix)
