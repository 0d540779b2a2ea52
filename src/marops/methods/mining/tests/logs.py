"""Logs for tests: written by hand as lines of text, or read from real files."""

import csv
import gzip
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from marops.methods.mining.log import NOBODY, Log

ZERO = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


def log_of(rows: Iterable[Sequence], classes: Sequence[str] = ("item",)) -> Log:
    """Rows of (case, activity, started, ended[, resource[, enabled[, class]]]); hours, None where not said."""
    rows = [tuple(row) + (None,) * (7 - len(row)) for row in rows]
    rows.sort(key=lambda row: (row[0], row[3] if row[2] is None else row[2], row[3]))
    names = [list(dict.fromkeys(row[i] for row in rows if row[i] is not None)) for i in (0, 1, 4)]
    place = [{name: n for n, name in enumerate(some)} for some in names]
    return Log(
        zero=ZERO,
        zone=ZoneInfo("UTC"),
        cases=tuple(str(one) for one in names[0]),
        activities=tuple(names[1]),
        resources=tuple(names[2]),
        classes=tuple(classes),
        case=np.array([place[0][row[0]] for row in rows], dtype=np.int32),
        activity=np.array([place[1][row[1]] for row in rows], dtype=np.int32),
        resource=np.array([NOBODY if row[4] is None else place[2][row[4]] for row in rows], dtype=np.int32),
        work_class=np.array([row[6] or 0 for row in rows], dtype=np.int32),
        started=np.array([nan if row[2] is None else row[2] for row in rows], dtype=float),
        ended=np.array([row[3] for row in rows], dtype=float),
        enabled=np.array([nan if row[5] is None else row[5] for row in rows], dtype=float),
    )


def log_of_traces(traces: Iterable[Sequence], every: float = 1.0, length: float = 0.5) -> Log:
    """One case a trace; the steps follow each other hour by hour and never overlap."""
    return log_of(
        (f"c{number:07d}", name, at * every, at * every + length)
        for number, trace in enumerate(traces)
        for at, name in enumerate(trace)
    )


COLUMNS = {
    "LoanApp_simplified_train.csv.gz": ("case_id", "activity", "start_time", "end_time", "resource", "enabled_time"),
    "PurchasingExample.csv.gz": (
        "case:concept:name", "concept:name", "start_timestamp", "time:timestamp", "org:resource", None),
    "Production.csv.gz": (
        "case:concept:name", "concept:name", "start_timestamp", "time:timestamp", "org:resource", None),
    "BIMP_example.csv.gz": (
        "case:concept:name", "concept:name", "start_timestamp", "time:timestamp", "org:resource", None),
    "consulta_data_mining_training_csv_log.csv.gz": (
        "case_id", "activity", "start_time", "end_time", "resource", "enable_time"),
}  # fmt: skip


def read(path: Path) -> Log:
    """A real log of the shared ones."""
    case, activity, start, end, resource, enabled = COLUMNS[path.name]
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return log_of(
        (
            line[case],
            line[activity],
            _hours(line[start]),
            _hours(line[end]),
            line[resource] or None,
            _hours(line[enabled]) if enabled and line[enabled] else None,
        )
        for line in lines
    )


def _hours(text: str) -> float:
    # The wall's clock of each log, taken as if it were UTC: nothing here depends on the zone.
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return (moment - ZERO).total_seconds() / 3600
