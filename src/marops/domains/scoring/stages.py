"""What the engine runs: score the tick's contacts, then see whether they have reached another stage."""

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from marops.domains.contacts.public import look_at_everybody
from marops.domains.scoring.actions import keep_scores, keep_stages
from marops.domains.scoring.queries.points import Day, asked_kinds, conditions, moves_with_time, scores_sql
from marops.domains.scoring.rules import Lifecycle, ScoreModel, Stage
from marops.engine.judge import Court, court
from marops.engine.tick import Run
from marops.kernel.actors import ENGINE
from marops.kernel.definitions import active, load
from marops.kernel.facts import touch_from
from marops.kernel.fields import REGISTRY
from marops.store.duckdb import quoted


def score(run: Run) -> int:
    """Score the tick's contacts by every active model. Answers how many scores changed."""
    changed = 0
    models = [(definition, load(definition)) for definition in active("score")]
    with court(run) as court_:
        # Everything that any of the models asks is read before the first writes, and once for all of them.
        tables = [scores(court_, model) for _, model in models]
    for (definition, _), rows in zip(models, tables, strict=True):
        changed += keep_scores(
            actor=ENGINE, model=definition.slug, definition=definition.pinned, as_of=run.as_of, rows=rows
        )
    return changed


def scores(court_: Court, model: ScoreModel) -> pa.Table:
    """The scores of the court's contacts on the day of its moment, as `keep_scores` takes them."""
    wide = any(one.where for one in model.engagement.activities)
    bindings = court_.bindings(conditions(model).values(), kinds=asked_kinds(model), wide=wide)
    inner = scores_sql(model, bindings, Day.of(court_.run.as_of, court_.zone))
    return court_.cursor.arrow(
        f"SELECT id::VARCHAR AS contact_id, uuidv7()::VARCHAR AS fact_id, * EXCLUDE (id) FROM ({inner})"
    )


def lifecycle(run: Run) -> int:
    """Move the tick's contacts forward to the furthest stage whose rule holds. Answers how many moved."""
    moved = 0
    for definition in active("lifecycle"):
        document: Lifecycle = load(definition)
        for _ in document.stages:
            with court(run) as court_:
                rows = moves(court_, document)
            again = rows.num_rows and pc.any(rows["again"]).as_py()
            if rows.num_rows:
                rows = rows.drop_columns("again")
                moved += keep_stages(actor=ENGINE, definition=definition.pinned, as_of=run.as_of, rows=rows)
            if not again:
                break
    return moved


def moves(court_: Court, document: Lifecycle) -> pa.Table:
    """Who is to move where, as `keep_stages` takes it; and `again`: a way out may be open from there.

    Somebody who comes in with a history takes two moves: up to where they stood, then out.
    """
    ruled = {stage.name: stage.when for stage in document.stages if stage.when is not None}
    court_.cursor.register("judged", court_.judge(ruled))
    back, joined = _returns_sql(court_, document)
    stood = (
        "SELECT j.*, s.stage AS before, coalesce(s.step, 0) AS step, coalesce(s.cycle, 1) AS cycle, s.cycle_since,"
        f" {_rank(document, 's.stage', unknown=999)} AS stands, {_rank(document, 's.held_from', unknown=-1)} AS held,"
        f" {back} AS back_at FROM judged j LEFT JOIN {court_.table('stage')} s ON s.contact_id = j.id{joined}"
    )
    told, said = _said_sql(court_, document)
    began = "CASE WHEN cycle > 1 OR back_at IS NOT NULL THEN coalesce(back_at, cycle_since) END AS began"
    judged = (
        f"SELECT b.*, greatest({_reached(document, told)}, -1) AS reached, {_leaves(document, told)} AS leaves,"
        f" {_may_leave(document, told)} AS may_leave FROM (SELECT *, {began} FROM ({stood})) b{said}"
    )
    decided = f"SELECT *, leaves IS NULL AND back_at IS NOT NULL AS back, {_target(document)} AS target FROM ({judged})"
    return court_.cursor.arrow(
        "SELECT id::VARCHAR AS contact_id, uuidv7()::VARCHAR AS fact_id, target AS stage, before, step,"
        " CASE WHEN back THEN cycle + 1 ELSE cycle END AS cycle,"
        " CASE WHEN back THEN back_at ELSE cycle_since END AS cycle_since,"
        f" {_passed(document)} AS passed, leaves IS NULL AND may_leave AS again FROM ({decided})"
        " WHERE target IS NOT NULL"
    )


def _target(document: Lifecycle) -> str:
    """The stage that the contact goes to: out, back in, or further; NULL where it stays."""
    names = f"[{', '.join(quoted(stage.name) for stage in document.path())}]"
    return (
        "CASE WHEN leaves IS NOT NULL THEN leaves"
        f" WHEN back_at IS NOT NULL THEN {names}[greatest(reached, {_rank_of_return(document)}) + 1]"
        f" WHEN reached > greatest(stands, held) THEN {names}[reached + 1] END"
    )


def _rank(document: Lifecycle, column: str, *, unknown: int) -> str:
    """The place of a stage on the path; -1 for none. A way out, or a stage that this version does not know, keeps its
    contacts: no rule of the path moves them.
    """
    cases = " ".join(f"WHEN {quoted(name)} THEN {rank}" for name, rank in document.ranks().items())
    return f"CASE WHEN {column} IS NULL THEN -1 ELSE CASE {column} {cases} ELSE {unknown} END END"


def _rank_of_return(document: Lifecycle) -> str:
    ranks = document.ranks()
    cases = " ".join(
        f"WHEN {quoted(one.name)} THEN {ranks[one.returns.to]}" for one in document.stages if one.returns is not None
    )
    return f"CASE before {cases} ELSE -1 END" if cases else "-1"


def _reached(document: Lifecycle, told: dict[str, str]) -> str:
    ranks = document.ranks()
    found = [f"CASE WHEN {_holds(one, told)} THEN {ranks[one.name]} END" for one in document.path() if one.when]
    return ", ".join(found or ["-1"])


def _leaves(document: Lifecycle, told: dict[str, str]) -> str:
    """The way out that the contact takes, the first whose rule holds."""
    cases = " ".join(
        f"WHEN {_holds(one, told)} AND before IN ({', '.join(map(quoted, one.after))}) THEN {quoted(one.name)}"
        for one in document.stages
        if one.out and one.when
    )
    return f"CASE {cases} END" if cases else "NULL::VARCHAR"


def _may_leave(document: Lifecycle, told: dict[str, str]) -> str:
    return " OR ".join(f"({_holds(one, told)})" for one in document.stages if one.out and one.when) or "FALSE"


def _holds(one: Stage, told: dict[str, str]) -> str:
    return f'coalesce(b."{one.name}", FALSE)' + (f" AND {told[one.said_at]}" if one.said_at else "")


def _said_sql(court_: Court, document: Lifecycle) -> tuple[dict[str, str], str]:
    """For each field that tells when something was said: the test that it was in this cycle; and the joins for it."""
    told, joins = {}, {}
    for name in dict.fromkeys(one.said_at for one in document.stages if one.said_at):
        found = REGISTRY.find_field(name)
        if found is None:  # the definition's check refuses it; a field may be retired later
            told[name] = "FALSE"
            continue
        relation, alias = REGISTRY.find_relation(found.relation), f"said_{found.relation}"
        joins[alias] = f' LEFT JOIN {court_.table(found.relation)} {alias} ON {alias}."{relation.key}" = b.id'
        told[name] = f'(b.began IS NULL OR {alias}."{found.column}" >= b.began)'
    return told, "".join(joins.values())


def _returns_sql(court_: Court, document: Lifecycle) -> tuple[str, str]:
    """When a contact on a way out showed interest again: the expression, and the join for it. The facts are read only
    if anybody of the tick is out.
    """
    ways = [one for one in document.stages if one.returns is not None]
    out = ", ".join(quoted(one.name) for one in ways)
    stage = court_.table("stage")
    if not ways or not court_.cursor.rows(f"SELECT 1 AS one FROM {stage} WHERE stage IN ({out}) LIMIT 1"):
        return "NULL::TIMESTAMPTZ", ""
    facts = court_.facts(kind for one in ways if one.returns for kind in one.returns.kinds)
    tests = " OR ".join(
        f"(o.stage = {quoted(one.name)} AND f.kind IN ({', '.join(map(quoted, one.returns.kinds))}))"
        for one in ways
        if one.returns
    )
    asked = (
        f"SELECT f.contact_id, min(f.occurred_at) AS shown FROM {facts} f JOIN {stage} o ON o.contact_id = f.contact_id"
        f" WHERE f.occurred_at > o.since AND f.occurred_at <= {quoted(court_.run.as_of.isoformat())}::TIMESTAMPTZ"
        f" AND ({tests}) GROUP BY f.contact_id"
    )
    return "r.shown", f" LEFT JOIN ({asked}) r ON r.contact_id = j.id"


def _passed(document: Lifecycle) -> str:
    """The stages passed over, as a JSON list: those of the path between where it stood, or began, and where it goes."""
    ranks = document.ranks()
    known = ", ".join(
        f"{{'place': {rank}, 'name': {quoted(name)}}}"
        for name, rank in ranks.items()
        if not next(one for one in document.path() if one.name == name).optional
    )
    goes = (
        "CASE target " + " ".join(f"WHEN {quoted(name)} THEN {rank}" for name, rank in ranks.items()) + " ELSE -1 END"
    )
    first = "CASE WHEN stands = 999 THEN -1 ELSE stands END"
    if not known:
        return "'[]'"
    between = f"list_filter([{known}], lambda x: x.place > {first} AND x.place < {goes})"
    return f"to_json(list_transform({between}, lambda x: x.name))::VARCHAR"


def day_turn(as_of: datetime) -> int:
    """A new day: whoever's score fades is scored again; everybody, where a model has conditions on time."""
    if any(moves_with_time(load(definition)) for definition in active("score")):
        return look_at_everybody(as_of)
    return touch_from("SELECT DISTINCT contact_id FROM contact_score WHERE fades", as_of)
