"""A scoring model as one SQL statement over any set of people and facts: the engine's pass, one lead, a simulation.

Points are exact decimals, since sums of floats differ from run to run and would make grades flap. A fact's points are
those at the start of the day; a fact of the day itself counts in full. Conditions on time are judged as of the end of
the day, so that all of a day sees the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from marops.domains.scoring.rules import PARTS, Activity, Engagement, Fit, PartName, ScoreModel, Signal
from marops.engine.judge import fact_kinds_of
from marops.kernel.clock import start_of_day
from marops.kernel.rules import Rule, pointers
from marops.kernel.rules_meaning import Context, understand, understand_leaves
from marops.store.duckdb import quoted
from marops.store.predicate import FactCount
from marops.store.rulequery import Bindings, facts_test_sql, truths_sql

_DAY = 86_400_000_000
_MOST = 99_999


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the workspace: scores are the same all through it."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> "Day":
        """The day that holds the moment."""
        start = start_of_day(moment, zone.key)
        # The 36th hour after midnight is on the next day, whatever the clocks do.
        return cls(start, start_of_day(start + timedelta(hours=36), zone.key), zone)

    @property
    def context(self) -> Context:
        """How rules are understood on this day: as of its last moment."""
        return Context(self.end - timedelta(microseconds=1), self.zone)


def conditions(model: ScoreModel) -> dict[str, Rule]:
    """Every condition of the model by name."""
    return {name: signal.when for name, (_, signal) in model.signals().items()}


def asked_kinds(model: ScoreModel) -> frozenset[str]:
    """The kinds of facts that the model looks at, for their age or in a condition."""
    named = {kind for one in model.engagement.activities for kind in one.kinds}
    return frozenset(named.union(*(fact_kinds_of(one.when) for _, one in model.signals().values())))


_TIMED = {"within", "since", "before", "after", "on", "between", "within_last", "within_next", "anniversary"}


def moves_with_time(model: ScoreModel) -> bool:
    """May a condition hold tomorrow that does not today, though nothing happens?"""
    leaves = (leaf for _, one in model.signals().values() for _, leaf in pointers(one.when))
    return any(_TIMED & set(leaf.model_dump(by_alias=True, exclude_none=True)) for leaf in leaves)


def scores_sql(model: ScoreModel, bindings: Bindings, day: Day) -> str:
    """id, fit, engagement, grade, level, mql, fades and contributions of every person of the bindings.

    Contributions are a JSON object: what gave points, or limited them, and how many.
    """
    meant = {name: understand(rule, day.context) for name, rule in conditions(model).items()}
    judged = truths_sql(meant, bindings)
    columns = judged.columns
    worth = _Worth(model, columns)
    ctes, joined = [f"judged AS ({judged.sql})"], ""
    if asked_kinds(model):
        ctes.append(f"active AS ({_activities_sql(model, bindings, day)})")
        joined = " LEFT JOIN active a ON a.contact_id = j.id"
    ctes.append(f"pointed AS (SELECT j.*, {', '.join(worth.points())} FROM judged j{joined})")
    ctes.append(f"grouped AS (SELECT p.*, {', '.join(worth.sums())} FROM pointed p)")
    ctes.append(f"scored AS (SELECT g.*, {', '.join(worth.parts())} FROM grouped g)")
    return (
        f"WITH {', '.join(ctes)} SELECT id, fit, engagement, {_grade(model)} AS grade, {_level(model)} AS level,"
        f" {_mql(model)} AS mql, {'coalesce(ages, FALSE)' if joined else 'FALSE'} AS fades,"
        f" {worth.contributions()} AS contributions FROM scored"
    )


def _activities_sql(model: ScoreModel, bindings: Bindings, day: Day) -> str:
    """contact_id, the points of each activity, and whether they are others tomorrow."""
    activities, end = model.engagement.activities, _micros(day.end)
    kinds = ", ".join(quoted(kind) for kind in sorted(asked_kinds(model)))
    tests = {one.name: _facts_of(one, day) for one in activities}
    # What is asked beyond the kind is asked where the facts are read, for those columns are wide.
    marks = "".join(f', ({test}) AS "is:{name}"' for name, test in tests.items() if test)
    sums = "".join(f', {_decayed(one, bool(tests[one.name]), end)} AS "{one.name}"' for one in activities)
    ages = "".join(f' OR "{one.name}" <> 0' for one in activities)
    # A fact dated ahead counts from its day on, and until then makes its person's score one that will change.
    return (
        f"SELECT *, ahead{ages} AS ages FROM (SELECT contact_id, bool_or(happened >= {end}) AS ahead{sums} FROM ("
        "SELECT e.contact_id, e.kind, epoch_us(e.occurred_at) AS happened,"
        f" greatest(0, {_micros(day.start)} - epoch_us(e.occurred_at)) / {_DAY}e0 AS age{marks}"
        f" FROM {bindings.facts} AS e WHERE e.kind IN ({kinds}) AND e.contact_id IS NOT NULL) GROUP BY contact_id)"
    )


def _facts_of(one: Activity, day: Day) -> str:
    rule = one.asked()
    seen = understand_leaves(rule, day.context)[0].seen if rule else None
    return facts_test_sql(seen.facts, "duckdb") if isinstance(seen, FactCount) else ""


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _decayed(one: Activity, marked: bool, end: int) -> str:
    """Σ points · ½^(age / half-life) of the facts of the days so far, within the cap."""
    kinds = ", ".join(quoted(kind) for kind in one.kinds)
    which = f'"is:{one.name}"' if marked else f"kind IN ({kinds})"
    term = f"({float(one.points)!r}e0 * pow(0.5e0, age / {one.half_life}e0))::DECIMAL(18,8)"
    total = f"coalesce(sum({term}) FILTER ({which} AND happened < {end}), 0)"
    most = one.cap if one.cap is not None else _MOST
    return f"round(greatest(-{most}, least({total}, {most})), 4)::DECIMAL(9,4)"


@dataclass(frozen=True, slots=True)
class _Worth:
    """What gives points: first each by itself, then groups within their caps, then the two parts within theirs."""

    model: ScoreModel
    columns: Mapping[str, str]

    def points(self) -> list[str]:
        signals = [
            f'CASE WHEN j."{self.columns[name]}" THEN {one.points}::DECIMAL(9,4) ELSE 0 END AS "p:{name}"'
            for name, (_, one) in self.model.signals().items()
        ]
        decayed = [f'coalesce(a."{one.name}", 0) AS "p:{one.name}"' for one in self.model.engagement.activities]
        return [*signals, *decayed, *(["a.ages"] if asked_kinds(self.model) else []), "0::DECIMAL(9,4) AS nothing"]

    def sums(self) -> list[str]:
        found = ["NULL AS no_group"]
        for part in PARTS:
            for group in self.model.part(part).groups:
                total = _added([one.name for one in _givers(self.model.part(part)) if one.group == group.name])
                limited = f"greatest(-{group.cap}, least({group.cap}, {total}))"
                found.append(f'({limited} - ({total}))::DECIMAL(18,4) AS "p:cap:{group.name}"')
        return found

    def parts(self) -> list[str]:
        found = []
        for part in PARTS:
            held = self.model.part(part)
            total = _added(self._names(part))
            limited = f"greatest(0, least({held.cap}, {total}))::DECIMAL(9,4)"
            found += [f"{limited} AS {part}", f'({limited} - ({total}))::DECIMAL(18,4) AS "p:cap:{part}"']
        return found

    def contributions(self) -> str:
        names = [name for part in PARTS for name in [*self._names(part), f"cap:{part}"]]
        said = [f"""CASE WHEN "p:{name}" <> 0 THEN '"{name}":' || "p:{name}"::DOUBLE END""" for name in names]
        return f"'{{' || concat_ws(',', {', '.join(said)}) || '}}'"

    def _names(self, part: PartName) -> list[str]:
        held = self.model.part(part)
        return [*(one.name for one in _givers(held)), *(f"cap:{one.name}" for one in held.groups)]


def _givers(part: Fit | Engagement) -> tuple[Signal | Activity, ...]:
    return (*part.signals, *(part.activities if isinstance(part, Engagement) else ()))


def _added(names: list[str]) -> str:
    return " + ".join(f'"p:{name}"' for name in names) or "nothing"


def _grade(model: ScoreModel) -> str:
    cases = " ".join(f"WHEN fit >= {one.from_fit} THEN {quoted(one.grade)}" for one in model.grades[:-1])
    last = quoted(model.grades[-1].grade)
    return f"CASE {cases} ELSE {last} END" if cases else last


def _level(model: ScoreModel) -> str:
    cases = " ".join(f"WHEN engagement >= {one.from_engagement} THEN {one.level}" for one in model.levels[:-1])
    last = str(model.levels[-1].level)
    return f"(CASE {cases} ELSE {last} END)::SMALLINT" if cases else f"{last}::SMALLINT"


def _mql(model: ScoreModel) -> str:
    cells = ", ".join(quoted(cell) for cell in model.mql.cells)
    if not cells:
        return "FALSE"
    return f"(fit + engagement >= {model.mql.at_least} AND {_grade(model)} || {_level(model)} IN ({cells}))"
