"""What the columns of an event log mean, guessed from their names and from their values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from marops.domains.workflows.reading.moments import moments

SKIP: Final = "skip"
UNREAD: Final = "By its name it is a time, but none of its values can be read as one."
TIMES: Final = ("enabled", "start", "end")
NAMED: Final = ("case", "activity", "resource", "role", "class", "platform", "touch", "skill")
MEANINGS: Final = (*NAMED, *TIMES, "lifecycle", "instance", "cost", "attempt")
"""What a column can mean; each meaning is given to one column at most."""

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "case": (
        "case concept name", "case id", "caseid", "case", "case number", "case key", "trace", "trace id",
        "process instance", "process instance id", "processinstanceid", "ticket", "ticket id", "order id", "request id",
        "issue key", "issue id", "job id", "campaign", "campaign id", "project id", "project", "vorgang",
        "vorgangsnummer", "fall id",
    ),
    "activity": (
        "activity", "concept name", "activity name", "task", "task name", "event name", "event", "step", "step name",
        "activity id", "activityid", "operation", "action", "status", "state", "schritt", "aktivitat", "tatigkeit",
    ),
    "resource": (
        "org resource", "resource", "user", "user name", "username", "agent", "employee", "person", "performer",
        "actor", "assignee", "worker", "handled by", "done by", "assigned to", "owner", "originator", "resource id",
        "mitarbeiter", "bearbeiter", "who",
    ),
    "role": ("org role", "role", "org group", "group", "team", "department", "org unit", "unit", "abteilung", "rolle"),
    "class": (
        "work class", "class", "case type", "type", "case class", "category", "case category", "request type",
        "campaign type", "kind", "art", "case case type", "issue type",
    ),
    "start": (
        "start time", "start timestamp", "start", "started", "started at", "starttime", "start date", "begin",
        "begin time", "time start", "beginn", "start datetime", "actual start",
    ),
    "end": (
        "end time", "end timestamp", "time timestamp", "timestamp", "end", "ended", "ended at", "endtime", "end date",
        "complete timestamp", "completed", "completed at", "completion time", "complete time", "finish", "finish time",
        "finished at", "date", "datetime", "time", "event time", "eventtime", "ende", "zeitstempel", "zeit",
    ),
    "enabled": (
        "enabled time", "enable time", "enabled timestamp", "enabled at", "enabled", "ready at", "ready time",
        "time enabled", "queued at", "available since",
    ),
    "lifecycle": ("lifecycle transition", "lifecycle", "transition", "event type", "eventtype", "event state"),
    "instance": ("concept instance", "activity instance", "activity instance id", "instance", "task id",
                 "work item id"),
    "platform": ("platform", "platform id", "system", "tool", "application", "app"),
    "touch": ("touch", "actor type", "human or machine", "automation"),
    "skill": ("skill", "skill name", "competence", "capability"),
    "cost": ("cost", "costs", "cost total", "resource cost", "amount", "price", "kosten"),
    "attempt": ("attempt", "attempt number", "visit", "try"),
}  # fmt: skip
_STARTS: Final = frozenset({"start", "started", "begin", "begun", "running", "in progress"})
_ENDS: Final = frozenset({"complete", "completed", "end", "ended", "finish", "finished", "done", "closed"})
_ENABLES: Final = frozenset({"schedule", "scheduled", "enable", "enabled", "create", "created", "offer"})
_NOBODY: Final = frozenset({"", "null", "none", "nan", "na", "n/a", "-", "unknown", "nil", "undefined", "<null>"})
MARKS: Final = {**dict.fromkeys(_STARTS, "s"), **dict.fromkeys(_ENDS, "c"), **dict.fromkeys(_ENABLES, "e")}
"""What a lifecycle's words come down to: a start, an end, or that the work could have begun."""
_TOUCHES: Final = frozenset({"human", "ai", "ai_assisted", "ai-assisted", "automatic", "system", "person", "machine"})


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column means and why."""

    meaning: str
    why: str


def folded(name: str) -> str:
    """A heading as headings are compared: small letters, words parted by one space."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return " ".join(re.findall(r"[^\W_]+", spaced.lower().replace("ä", "a").replace("ö", "o").replace("ü", "u")))


def nothing(texts: pa.Array) -> pa.Array:
    """Texts without the words that say nobody; nulls instead."""
    trimmed = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.is_in(pc.utf8_lower(trimmed), pa.array(sorted(_NOBODY))), None, trimmed)


def guess(columns: Sequence[str], rows: pa.Table) -> list[Guess]:
    """A meaning for each column of a sample (`c0`, `c1`, …); none is given to two columns."""
    found = [Guess(SKIP, "Nothing in it that a log needs.") for _ in columns]
    names = [folded(one) for one in columns]
    for meaning in ("start", "enabled", "end", "lifecycle", *NAMED, "instance", "cost", "attempt"):
        number = _by_name(meaning, names, found, rows)
        if number is not None:
            found[number] = Guess(meaning, "By its name.")
    _by_value(names, found, rows)
    _called_a_time(names, found, rows)
    return found


def _by_name(meaning: str, names: Sequence[str], found: Sequence[Guess], rows: pa.Table) -> int | None:
    called = [number for wanted in _NAMES[meaning] for number, name in enumerate(names)
              if name == wanted and found[number].meaning == SKIP]  # fmt: skip
    cells = {number: rows[f"c{number}"].combine_chunks() for number in called}
    fits = next((number for number in called if _fits(meaning, cells[number])), None)
    if fits is None and meaning in TIMES:  # the rows that cannot be read are named then, rather than all left out
        fits = next((number for number in called if share_of_moments(nothing(cells[number]).drop_null())), None)
    return fits


def _called_a_time(names: Sequence[str], found: list[Guess], rows: pa.Table) -> None:
    """Say of a column that is left out that its name is one of a time that nothing else has."""
    given = {one.meaning for one in found}
    for meaning in (one for one in TIMES if one not in given):
        for number, name in enumerate(names):
            filled = nothing(rows[f"c{number}"].combine_chunks()).drop_null()
            if name in _NAMES[meaning] and found[number].meaning == SKIP and len(filled):
                found[number] = Guess(SKIP, UNREAD)


def _fits(meaning: str, texts: pa.Array) -> bool:
    """Do the values speak against it?"""
    filled = nothing(texts).drop_null()
    if not len(filled):
        return False
    if meaning in TIMES:
        return share_of_moments(filled) > 0.5
    if meaning == "lifecycle":
        return bool(_share(pc.is_in(pc.utf8_lower(filled), pa.array(sorted(MARKS)))) > 0.3)
    if meaning in ("cost", "attempt"):
        return bool(_share(pc.match_substring_regex(filled, r"^-?[\d.,\s]+$")) > 0.9)
    if meaning == "touch":
        return bool(_share(pc.is_in(pc.utf8_lower(filled), pa.array(sorted(_TOUCHES)))) > 0.8)
    if meaning in ("class", "role", "platform", "skill"):
        return bool(pc.count_distinct(filled).as_py() <= max(50, len(filled) // 20)) and share_of_moments(filled) < 0.5
    if meaning == "activity":
        return bool(pc.count_distinct(filled).as_py() <= max(20, len(filled) // 2)) and share_of_moments(filled) < 0.5
    return share_of_moments(filled) < 0.5


def share_of_moments(filled: pa.Array) -> float:
    """The share of texts that name a moment; plain numbers are none."""
    if not len(filled):
        return 0.0
    first = filled[:200]
    written = pc.match_substring_regex(first, r"[-/.:]\d|^\d{10}(\d{3}){0,2}$")
    return _share(pc.and_(written, pc.is_valid(moments(first, "UTC"))))


def _share(which: pa.Array) -> float:
    return float(pc.mean(pc.cast(which, pa.float64())).as_py() or 0.0) if len(which) else 0.0


def _by_value(names: Sequence[str], found: list[Guess], rows: pa.Table) -> None:
    """What no name told: columns of times, and of few values or many."""
    given = {one.meaning for one in found}
    free = [number for number, one in enumerate(found) if one.meaning == SKIP]
    filled = {number: nothing(rows[f"c{number}"].combine_chunks()).drop_null() for number in free}
    if "end" not in given:
        times = [number for number in free if share_of_moments(filled[number]) > 0.8]
        for number, meaning in zip(
            reversed(times), ("end", "start") if "start" not in given else ("end",), strict=False
        ):
            found[number] = Guess(meaning, "Its values are times.")
            free.remove(number)
    distinct = {number: pc.count_distinct(filled[number]).as_py() for number in free if len(filled[number])}
    if "case" not in given and (few := _cases(distinct, rows.num_rows)):
        found[few[0]] = Guess("case", "Its values come several times each.")
        distinct.pop(few[0])
    if "activity" not in given and (steps := [n for n, many in distinct.items() if 1 < many <= 200]):
        best = max(steps, key=lambda n: (_wordy(filled[n]), distinct[n]))
        found[best] = Guess("activity", "Its values are few, and words.")


def _cases(distinct: dict[int, int], rows: int) -> list[int]:
    """Columns that may number the cases: each value some times, the one with the most values first."""
    return sorted((n for n, many in distinct.items() if rows * 0.02 <= many <= rows * 0.6), key=lambda n: -distinct[n])


def _wordy(filled: pa.Array) -> bool:
    return _share(pc.match_substring_regex(filled, r"[^\W\d_]{3}")) > 0.8
