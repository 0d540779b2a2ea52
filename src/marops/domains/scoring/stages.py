"""What the engine runs: score the tick's contacts, then see whether they have reached another stage."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from marops.domains.scoring.actions import keep_scores, keep_stages
from marops.domains.scoring.rules import Activity, Lifecycle, ScoreModel
from marops.engine.judge import Court, court
from marops.engine.tick import Run
from marops.kernel.actors import ENGINE
from marops.kernel.definitions import active, load
from marops.kernel.facts import touch_from
from marops.kernel.rules import parse
from marops.kernel.workspace import day_start
from marops.store.duckdb import quoted

MISSING = "missing:"


def score(run: Run) -> int:
    """Score the tick's contacts by every active model. Answers how many scores changed."""
    changed = 0
    for definition in active("score"):
        model: ScoreModel = load(definition)
        with court(run) as court_:
            rows = scores(court_, model, day_start(run.as_of))
        changed += keep_scores(
            actor=ENGINE, model=definition.slug, definition=definition.pinned, as_of=run.as_of, rows=rows
        )
    return changed


def scores(court_: Court, model: ScoreModel, today: datetime) -> pa.Table:
    """The scores of the court's contacts: contact_id, fact_id, fit, engagement, grade, contributions, missing.

    Engagement is as of `today`, the start of the workspace's day, so that the same day gives the same score. Points
    are exact decimals: sums of floats differ from run to run and would make grades flap.
    """
    rules = {name: signal.when for name, (_, signal) in model.signals().items()}
    rules |= {MISSING + name: parse({"field": name, "is_empty": True}) for name in model.asks()}
    court_.cursor.register("judged", court_.judge(rules))
    if model.engagement.activities:
        _read_activities(court_, model.engagement.activities, today)
    return court_.cursor.arrow(_scores_sql(model))


def _read_activities(court_: Court, activities: tuple[Activity, ...], today: datetime) -> None:
    columns = ", ".join(f'{_decayed(one)} AS "{one.name}"' for one in activities)
    court_.cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE active_points AS SELECT contact_id AS id, {columns}"
        f" FROM (SELECT contact_id, kind, greatest(0, epoch(?::TIMESTAMPTZ - occurred_at) / 86400.0) AS age"
        f" FROM {court_.facts()} WHERE occurred_at <= ?) GROUP BY contact_id",
        [today, court_.run.as_of],
    )


def _decayed(one: Activity) -> str:
    """Σ points · ½^(age / half-life), at most `cap`."""
    kinds = ", ".join(quoted(kind) for kind in one.kinds)
    term = f"({one.points} * pow(0.5, age / {one.half_life}))::DECIMAL(18,8)"
    total = f"coalesce(sum({term}) FILTER (kind IN ({kinds})), 0)"
    capped = f"least({total}, {one.cap})" if one.cap is not None else total
    return f"round({capped}, 4)::DECIMAL(9,4)"


def _scores_sql(model: ScoreModel) -> str:
    worth: dict[str, tuple[str, str]] = {
        name: (part, f'CASE WHEN j."{name}" THEN {signal.points}::DECIMAL(9,4) ELSE 0 END')
        for name, (part, signal) in model.signals().items()
    }
    worth |= {one.name: ("engagement", f'coalesce(a."{one.name}", 0)') for one in model.engagement.activities}
    joined = " LEFT JOIN active_points a ON a.id = j.id" if model.engagement.activities else ""
    inner = (
        f"SELECT j.id, {_part(worth, 'fit', model.fit.cap)} AS fit,"
        f" {_part(worth, 'engagement', model.engagement.cap)} AS engagement,"
        f" {_contributions(worth)} AS contributions, {_missing(model)} AS missing FROM judged j{joined}"
    )
    return (
        f"SELECT id::VARCHAR AS contact_id, uuidv7()::VARCHAR AS fact_id, fit, engagement, {_grade(model)} AS grade,"
        f" contributions, missing FROM ({inner})"
    )


def _part(worth: dict[str, tuple[str, str]], part: str, cap: Decimal) -> str:
    terms = [sql for where, sql in worth.values() if where == part] or ["0"]
    return f"greatest(0, least({cap}, {' + '.join(terms)}))::DECIMAL(9,4)"


def _contributions(worth: dict[str, tuple[str, str]]) -> str:
    items = [
        f"CASE WHEN ({sql}) <> 0 THEN {{'part': {quoted(part)}, 'name': {quoted(name)}, 'points': ({sql})::DOUBLE}} END"
        for name, (part, sql) in worth.items()
    ]
    return f"to_json(list_filter([{', '.join(items)}], lambda x: x IS NOT NULL))::VARCHAR"


def _missing(model: ScoreModel) -> str:
    items = [f'CASE WHEN j."{MISSING}{name}" THEN {quoted(name)} END' for name in model.asks()]
    if not items:
        return "'[]'"
    return f"to_json(list_filter([{', '.join(items)}], lambda x: x IS NOT NULL))::VARCHAR"


def _grade(model: ScoreModel) -> str:
    cases = " ".join(f"WHEN fit >= {one.from_fit} THEN {quoted(one.grade)}" for one in model.grades)
    return f"CASE {cases} ELSE {quoted(model.grades[-1].grade)} END"


def lifecycle(run: Run) -> int:
    """Move the tick's contacts forward to the furthest stage whose rule holds. Answers how many moved."""
    moved = 0
    for definition in active("lifecycle"):
        with court(run) as court_:
            rows = _advances(court_, load(definition))
        if rows.num_rows:
            moved += keep_stages(actor=ENGINE, definition=definition.pinned, as_of=run.as_of, rows=rows)
    return moved


def _advances(court_: Court, document: Lifecycle) -> pa.Table:
    ruled = {stage.name: stage.when for stage in document.stages if stage.when is not None}
    court_.cursor.register("judged", court_.judge(ruled))
    order = {stage.name: number for number, stage in enumerate(document.stages)}
    reached = ", ".join(f'CASE WHEN j."{name}" THEN {order[name]} END' for name in ruled)
    names = ", ".join(quoted(stage.name) for stage in document.stages)
    # A stage that this version does not know keeps its contacts; nobody is moved out of it by rule.
    rank = "CASE s.stage " + " ".join(f"WHEN {quoted(n)} THEN {i}" for n, i in order.items()) + " ELSE 999 END"
    return court_.cursor.arrow(
        f"SELECT id::VARCHAR AS contact_id, uuidv7()::VARCHAR AS fact_id, [{names}][reached + 1] AS stage, before"
        " FROM ("
        f" SELECT j.id, greatest({reached}, -1) AS reached, s.stage AS before,"
        f" CASE WHEN s.stage IS NULL THEN -1 ELSE {rank} END AS stands"
        f" FROM judged j LEFT JOIN {court_.table('stage')} s ON s.contact_id = j.id) WHERE reached > stands"
    )


def day_turn(as_of: datetime) -> int:
    """A new day: everyone whose engagement is above zero is scored again, since interest fades."""
    return touch_from("SELECT DISTINCT contact_id FROM contact_score WHERE engagement > 0", as_of)


def explain_points(model: ScoreModel, contributions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Contributions with what people call them, the strongest first."""
    labels = model.labels()
    named = [{**one, "label": labels.get(one["name"], one["name"])} for one in contributions]
    return sorted(named, key=lambda one: (-abs(one["points"]), one["name"]))
