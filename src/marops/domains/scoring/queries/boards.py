"""What the pages of models and of the lifecycle show: who stands where, counted by the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from marops.domains.accounts.public import sees
from marops.domains.scoring.models import ContactStage
from marops.domains.scoring.queries.leads import within
from marops.domains.scoring.rules import Lifecycle, ScoreModel
from marops.kernel.actors import Actor
from marops.kernel.definitions import active, find, load, versions
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import grants

LEADS = "leads.view"
SAMPLED = 200_000
"""With more scores than this, how often signals count is told from a part of them."""
SHOWN = 50
LATELY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Cell:
    """How many leads have so many whole points in one cell of the matrix, and whether they are MQLs."""

    grade: str
    level: int
    points: int
    mql: bool
    leads: int

    @property
    def name(self) -> str:
        """The cell's name, such as A1."""
        return f"{self.grade}{self.level}"


def model_in_force(slug: str) -> Definition:
    """The model of this name: the version in force, else the newest. Raises MaropsError `not-found`."""
    found = versions("score", slug)
    if not found:
        raise MaropsError(NOT_FOUND, f"There is no scoring model called {slug!r}.")
    return next((one for one in found if one.state == Definition.State.ACTIVE), found[0])


def models() -> list[tuple[Definition, ScoreModel, dict[str, int]]]:
    """Every model: the version in force or the newest, its document, how many leads it scored and who are MQLs."""
    slugs = Definition.objects.filter(kind="score").values_list("slug", flat=True).distinct().order_by("slug")
    with connection.cursor() as cursor:
        cursor.execute("SELECT model, count(*), count(*) FILTER (WHERE mql) FROM contact_score GROUP BY model")
        counts = {model: {"leads": leads, "mql": mql} for model, leads, mql in cursor.fetchall()}
    rows = [model_in_force(slug) for slug in slugs]
    return [(row, load(row), counts.get(row.slug, {"leads": 0, "mql": 0})) for row in rows]


def cells(slug: str) -> list[Cell]:
    """The whole distribution of a model's scores, in one pass: what its page draws, counts and supposes comes of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT grade, level, floor(value)::int, mql, count(*) FROM contact_score WHERE model = %s"
            " GROUP BY 1, 2, 3, 4",
            [slug],
        )
        return [Cell(*row) for row in cursor.fetchall()]


def at_threshold(model: ScoreModel, found: Iterable[Cell], threshold: int) -> int:
    """How many would be MQLs from this many points on."""
    return sum(one.leads for one in found if one.points >= threshold and one.name in model.mql.cells)


def signals(slug: str, model: ScoreModel, leads: int) -> tuple[list[dict[str, Any]], bool]:
    """Every signal with its points, to how many leads it gives some and how many on average; and whether these are
    estimates from a part of the scores.
    """
    part = min(1.0, SAMPLED / max(leads, 1))
    sample = f" TABLESAMPLE SYSTEM ({part * 100:.4f}) REPEATABLE (7)" if part < 1 else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT one.key, count(*), sum(one.value::numeric) FROM contact_score s{sample},"
            " jsonb_each_text(s.contributions) one WHERE s.model = %s GROUP BY 1",
            [slug],
        )
        told = {name: (number, float(total)) for name, number, total in cursor.fetchall()}
    labels, parts = model.labels(), model.parts()
    points = {one.name: float(one.points) for one in model.all_signals()}
    groups = {one.name: one.group for one in model.all_signals()}
    lines = []
    for name in [*points, *(name for name in labels if name not in points and name in told)]:
        number, total = told.get(name, (0, 0.0))
        lines.append(
            {
                "name": name,
                "label": labels[name],
                "part": parts[name],
                "group": groups.get(name),
                "points": points.get(name),
                "leads": round(number / part),
                "average": total / number if number else None,
            }
        )
    return lines, part < 1


def between(actor: Actor, slug: str, cells_: Sequence[str], low: float, high: float) -> list[dict[str, Any]]:
    """Leads of these cells with at least `low` and fewer than `high` points, the strongest first; only those whom the
    actor may see, without names for who may not see those.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.number, coalesce(c.full_name, c.email), c.company_name, s.value, s.grade || s.level, st.stage"
            " FROM contact_score s JOIN contact c ON c.id = s.contact_id"
            " LEFT JOIN contact_stage st ON st.contact_id = c.id"
            " WHERE s.model = %s AND s.value >= %s AND s.value < %s AND s.grade || s.level = ANY(%s)"
            f" AND {within(actor, LEADS)} ORDER BY s.value DESC, c.number LIMIT {SHOWN}",
            [slug, low, high, list(cells_)],
        )
        rows = cursor.fetchall()
    named = sees("personal", grants(actor))
    return [
        {
            "ref": f"L-{number}",
            "name": (name if named else None) or f"L-{number}",
            "company": company,
            "value": float(value),
            "cell": cell,
            "stage": stage,
        }
        for number, name, company, value, cell, stage in rows
    ]


# --- The lifecycle ----------------------------------------------------------------------------------------------------


def lifecycle_in_force() -> tuple[Definition, Lifecycle] | None:
    """The lifecycle in force, or the newest; None where none was ever made."""
    found = active("lifecycle")
    row = found[0] if found else Definition.objects.filter(kind="lifecycle").order_by("-version").first()
    return (row, load(row)) if row else None


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: who is there, how long people stayed who left it lately, and how those went on who came in lately."""

    name: str
    now: int
    days: float | None
    left: int
    came: int
    passed: int
    went_on: int
    went_out: int

    @property
    def share(self) -> float | None:
        """Of those who came in, the share that went further on the path."""
        return self.went_on / self.came if self.came else None


def steps(document: Lifecycle, as_of: datetime) -> dict[str, Step]:
    """Every stage of the lifecycle, counted; the last 90 days where time matters."""
    since = as_of - LATELY
    now_there = dict(
        ContactStage.objects.values_list("stage").order_by().annotate(number=_count()).values_list("stage", "number")
    )
    left = {row[0]: row[1:] for row in _rows(_LEFT, [since])}
    came = {row[0]: row[1:] for row in _rows(_CAME, [list(document.ranks()), since])}
    return {
        one.name: Step(
            one.name, now_there.get(one.name, 0), *left.get(one.name, (None, 0)), *came.get(one.name, (0, 0, 0, 0))
        )
        for one in document.stages
    }


def _count() -> Any:
    from django.db.models import Count

    return Count("contact_id")


_LEFT = """
SELECT before, extract(epoch FROM percentile_cont(0.5)
  WITHIN GROUP (ORDER BY entered_at - before_since))::float / 86400, count(*)
FROM stage_passage WHERE before IS NOT NULL AND entered_at >= %s GROUP BY before
"""
# The next passage of the same contact tells how it went on: further on the path, or out.
_CAME = """
SELECT p.stage, count(*) FILTER (WHERE p.how = 'reached'), count(*) FILTER (WHERE p.how = 'passed'),
  count(*) FILTER (WHERE p.how = 'reached' AND n.stage = ANY(%s)),
  count(*) FILTER (WHERE p.how = 'reached' AND n.stage IS NOT NULL AND n.stage <> ALL(%s))
FROM stage_passage p LEFT JOIN stage_passage n ON n.contact_id = p.contact_id AND n.step = p.step + 1
WHERE p.entered_at >= %s GROUP BY p.stage
"""
_LEAKS = """
SELECT before, stage, count(*) FROM stage_passage
WHERE entered_at >= %s AND how = 'reached' AND before IS NOT NULL AND stage = ANY(%s) GROUP BY 1, 2 ORDER BY 3 DESC
"""


def _rows(sql: str, params: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [params[0], *params] if sql is _CAME else params)
        return list(cursor.fetchall())


def leaks(document: Lifecycle, as_of: datetime) -> list[tuple[str, str, int]]:
    """From which stage how many left the path lately, and by which way; the most first."""
    out = [one.name for one in document.stages if one.out]
    return [(before, stage, number) for before, stage, number in _rows(_LEAKS, [as_of - LATELY, out])]


def stage_of(contact_id: UUID) -> str | None:
    """The stage that a contact is in."""
    return ContactStage.objects.filter(contact_id=contact_id).values_list("stage", flat=True).first()


def as_numbers(step: Step) -> Mapping[str, Any]:
    """A stage's numbers as REST and the command line show them."""
    return {
        "now": step.now,
        "median_days": None if step.days is None else round(step.days, 2),
        "left_in_90_days": step.left,
        "came_in_90_days": step.came,
        "passed_over_in_90_days": step.passed,
        "went_on": step.went_on,
        "went_out": step.went_out,
    }


def version_of(slug: str, number: int) -> Definition:
    """One version of a model. Raises MaropsError `not-found`."""
    return find(f"score/{slug}@{number}")


def newest(slug: str) -> Definition:
    """The newest version of a model. Raises MaropsError `not-found`."""
    return versions("score", slug)[0] if versions("score", slug) else model_in_force(slug)
