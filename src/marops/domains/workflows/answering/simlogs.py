"""Simulated work as an event log: the same columns as a real one, so that anyone can measure how far they are apart."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.outcomes import Setting, run
from marops.domains.workflows.reading.meanings import folded
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.compiling import Compiled, compiled
from marops.kernel.cells import harmless
from marops.methods.mining.distances import Distance, fit
from marops.methods.mining.log import Log
from marops.methods.simulation.model import NOBODY
from marops.methods.simulation.runs import Runs

MOST_MONTHS = 240
USUAL = {
    "case": "case_id", "activity": "activity", "resource": "resource", "enabled": "enabled_time",
    "start": "start_time", "end": "end_time", "class": "class",
}  # fmt: skip
"""The headings of a log whose workflow was drawn by hand, or whose work was done here."""
DURATION = "duration"
_OF_ITS_OWN = "@@"
"""So begin the columns that process mining libraries add; no spreadsheet program takes them for formulas."""
_AT_ITS_START = "@@startevent_"
_TWICE = {
    "case": ("case id", "case concept name"),
    "activity": ("activity", "activity name", "concept name"),
    "resource": ("resource", "org resource"),
}
"""Headings that are so often beside another one of the same meaning that they say the same."""


class TooFew(ValueError):
    """So many cases do not come in within twenty years."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is simulated: so many cases of a workflow, from a day on, starting empty."""

    target: str
    cases: int
    first: date
    zone: str


def simulated_logs(situation: Situation, wanted: Wanted, *, seed: int, runs: int) -> list[Log]:
    """One log for each run: the first cases that come in, each to its end. Raises TooFew."""
    months = 2
    while months <= MOST_MONTHS:
        setting = _setting(wanted, months, seed, runs)
        made = compiled(situation, setting.frame)
        found = run(made, setting, record=True)
        chosen = [_first(made, found, wanted, number) for number in range(runs)]
        if all(one is not None for one in chosen):
            return [_log(made, found, wanted, number, one) for number, one in enumerate(chosen) if one is not None]
        months *= 2
    raise TooFew(f"{wanted.cases:,} cases do not come in within {MOST_MONTHS // 12} years.")


def _setting(wanted: Wanted, months: int, seed: int, runs: int) -> Setting:
    from marops.domains.workflows.rules.frames import Frame

    return Setting(Frame(wanted.first, months, wanted.zone), seed, runs)


def _keys(made: Compiled, runs: Runs, target: str, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of cases of the target in one run, and one number for class and case."""
    cases = runs.cases
    classes = [place for place, (slug, _) in enumerate(made.classes) if slug == target]
    rows = np.flatnonzero((cases.replication == runs.first + number) & np.isin(cases.work_class, classes))
    return rows, cases.case[rows] * len(made.classes) + cases.work_class[rows]


def _first(made: Compiled, runs: Runs, wanted: Wanted, number: int) -> NDArray[np.int64] | None:
    """The keys of the first cases that came in, in their order; None while one of them is not done yet."""
    rows, keys = _keys(made, runs, wanted.target, number)
    arrived = runs.cases.arrived[rows]
    order = np.argsort(arrived, kind="stable")[: wanted.cases]
    if len(order) < wanted.cases:
        return None
    classes = [place for place, (slug, _) in enumerate(made.classes) if slug == wanted.target]
    # A case that came before the last of these and is still under way would be missing.
    later = [
        int(runs.cases.case[rows[order]][runs.cases.work_class[rows[order]] == one].max(initial=-1)) for one in classes
    ]
    if sum(one + 1 for one in later) > wanted.cases:
        return None
    return keys[order]


def _log(made: Compiled, runs: Runs, wanted: Wanted, number: int, chosen: NDArray[np.int64]) -> Log:
    tasks = runs.tasks
    assert tasks is not None  # noqa: S101  # they were recorded
    flow = made.last.workflows[wanted.target]
    key = tasks.case * len(made.classes) + tasks.work_class
    place = {int(one): at for at, one in enumerate(chosen)}
    is_work = np.array([slug == wanted.target and _is_work(flow, step) for slug, step in made.nodes])
    rows = np.flatnonzero((tasks.replication == runs.first + number) & np.isin(key, chosen) & is_work[tasks.node])
    case = np.array([place[int(one)] for one in key[rows]], dtype=np.int32)
    order = np.lexsort((tasks.ended[rows], tasks.started[rows], case))
    rows, case = rows[order], case[order]
    names = {step.id: step.name for step in flow.steps}
    activities = tuple(dict.fromkeys(step.name for step in flow.steps if not step.gate))
    code = np.array([activities.index(names[step]) if is_work[n] else -1 for n, (_, step) in enumerate(made.nodes)])
    return Log(
        zero=made.frame.moment(0.0),
        zone=ZoneInfo(wanted.zone),
        cases=tuple(f"{wanted.target}-{at + 1}" for at in range(len(chosen))),
        activities=activities,
        resources=tuple(_named(made)),
        classes=tuple(name for _, name in made.classes),
        case=case,
        activity=code[tasks.node[rows]].astype(np.int32),
        resource=np.where(tasks.person[rows] == NOBODY, -1, tasks.person[rows]).astype(np.int32),
        work_class=tasks.work_class[rows].astype(np.int32),
        started=tasks.started[rows],
        ended=tasks.ended[rows],
        enabled=tasks.enabled[rows],
    )


def _named(made: Compiled) -> Iterator[str]:
    """People by their names; those of a kind are numbered."""
    names = {one.id: one.name for one in made.last.crew.people}
    for member, person in zip(made.people, made.model.people, strict=True):
        number = person.key.removeprefix(member).lstrip("#")
        yield f"{names.get(member, member)} {number}".strip()


def _is_work(flow: Any, step: str) -> bool:
    return any(one.id == step and not one.gate for one in flow.steps)


def write_log(
    log: Log, path: Path, headings: Mapping[str, str] | None = None, order: Sequence[str] = (), written: str = ""
) -> int:
    """Write a log as CSV with the headings of the log it is compared with; answers how many rows.

    `headings`: meaning → heading; `order`: all headings of that file. Those that say a second time what another says
    (see `meant`) are filled too; others, which nobody simulates, stay empty. `written`: the zone of that file's times
    where they say none; these then say none either.
    """
    names = headings or USUAL
    columns = list(order) if order and headings else list(dict.fromkeys(names.values()))
    means = {heading: meaning for meaning, heading in names.items()}
    means = {one: meaning for one in columns if (meaning := means.get(one) or meant(one)) in (*USUAL, DURATION)}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([one if one.startswith(_OF_ITS_OWN) else harmless(one) for one in columns])
        writer.writerows([row[means[one]] if one in means else "" for one in columns] for row in _rows(log, written))
    return len(log)


def meant(heading: str) -> str:
    """What a heading says a second time, by its name alone: Activity beside concept:name, columns that process mining
    libraries add for the start of an event, and its duration in seconds; empty for all others.
    """
    if heading == f"{_OF_ITS_OWN}duration":
        return DURATION
    name = folded(heading.removeprefix(_AT_ITS_START))
    return next((meaning for meaning, names in _TWICE.items() if name in names), "")


def _rows(log: Log, written: str) -> Iterator[dict[str, str]]:
    """Rows by what their cells mean; a loop over rows, since a file has lines."""
    zone = ZoneInfo(written) if written else None

    def moment(hours: float) -> str:
        at = log.zero + timedelta(hours=float(hours))
        return (at.astimezone(zone).replace(tzinfo=None) if zone else at).isoformat(timespec="microseconds")

    for row in range(len(log)):
        yield {
            "case": harmless(log.cases[log.case[row]]),
            "activity": harmless(log.activities[log.activity[row]]),
            "resource": harmless(log.resources[log.resource[row]]) if log.resource[row] >= 0 else "",
            "class": harmless(log.classes[log.work_class[row]]),
            "enabled": moment(log.enabled[row]),
            "start": moment(log.started[row]),
            "end": moment(log.ended[row]),
            DURATION: f"{(log.ended[row] - log.started[row]) * 3600:.3f}",
        }


def fit_of(
    situation: Situation, wanted: Wanted, held_out: Log, source: Log, *, seed: int, runs: int
) -> tuple[Distance, ...]:
    """How far simulated logs are from one the model has not seen, in multiples of the noise floor. Raises TooFew.

    Hours of the day are those of the unseen log's zone, for all of them.
    """
    simulated = simulated_logs(situation, wanted, seed=seed, runs=runs)
    return fit([_like(one, held_out) for one in simulated], held_out, replace(source, zone=held_out.zone))


def _like(log: Log, other: Log) -> Log:
    """The same log, told as the other is: in its zone, without people where it names none."""
    nobody = np.full(len(log), -1, dtype=np.int32)
    return replace(log, zone=other.zone, resource=log.resource if other.resources else nobody)


def first_day(log: Log, zone: str) -> date:
    """The day on which a log begins."""
    first = log.zero + timedelta(hours=float(np.nanmin([np.nanmin(log.started), np.nanmin(log.ended)])))
    return first.astimezone(ZoneInfo(zone)).date()
