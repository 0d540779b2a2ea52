"""Questions about a workflow, asked once: simulated, kept with everything the answer depends on, and found again.

The same question (same versions, scenarios, time, seed and number of runs) is answered from what was kept.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, QuerySet, When

from marops.domains.workflows.actions import keep_answer, recall_answer
from marops.domains.workflows.evidence import evidence_of
from marops.domains.workflows.models import EventLog, LogDiscovery, WorkflowAnswer
from marops.domains.workflows.pay import paid_people, seen
from marops.domains.workflows.permissions import VIEW
from marops.domains.workflows.queries import log_of, source_of
from marops.domains.workflows.rules.answers import BASELINE, BottleneckAnswer, Comparison, Measured, as_plain, read
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import CANNOT_RUN, MONTHS, WARM_UP, Known, check_there, fitting, known
from marops.domains.workflows.telling import Results
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.definitions import checked, digest, find, load
from marops.kernel.errors import INVALID, NOT_FOUND, MaropsError, problem
from marops.kernel.workspace import sample_present, today
from marops.methods.mining.log import Log

NO_SOURCE = problem(
    "workflow-without-log",
    "This workflow was not read off a log",
    remedy="Fit compares a model with the log it was read off: import a log first.",
)
RUNS = 100
SEED = 1
MOST_RUNS = 10_000
LEVEL = 0.9
"""Of intervals."""
FIRST_YEAR, LAST_YEAR = 1990, 2200
"""Calendars, time zones and holidays are known for these years, more or less."""
WAY = 3
"""Changed whenever the same question would be answered otherwise: what was kept before is asked anew."""
_FIRST = (Case(When(asked__usual=True, then=1), default=0).desc(), "-at")
"""The order of answers: those asked as pages ask before others, the last one first."""
Tell = Callable[[str], None]


def _silent(_: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Ask:
    """How a question is asked. `first`: the day from which is looked ahead; None is today."""

    months: int = MONTHS
    runs: int = RUNS
    seed: int = SEED
    first: date | None = None
    warm_up: int = WARM_UP

    def __post_init__(self) -> None:
        if self.first and not FIRST_YEAR <= self.first.year <= LAST_YEAR:
            said = f"From {self.first.isoformat()} on nobody can look ahead."
            raise MaropsError(INVALID, said, remedy=f"Name a day of the years {FIRST_YEAR} to {LAST_YEAR}.")

    def as_plain(self) -> dict[str, Any]:
        """For the record of what was asked."""
        first = self.first or today()
        return {
            "months": self.months, "runs": self.runs, "seed": self.seed, "first": first.isoformat(),
            "warm_up": self.warm_up,
        }  # fmt: skip


def bottleneck(slug: str, ask: Ask, *, actor: Actor, tell: Tell = _silent) -> dict[str, Any]:
    """The bottleneck of a workflow and how it goes, as JSON: `answer`, `measured`, `asked`, `seconds`."""
    here = known(slug)
    evidence = evidence_of(here.slug, _version(here))
    going = _going(here, ask)
    asked = {**_asked(here, ask, going), **({"measured_in": evidence.log} if evidence else {})}

    def make() -> dict[str, Any]:
        from marops.domains.workflows.answering.bottleneck import bottleneck as find_it
        from marops.domains.workflows.answering.measuring import measured

        tell("Simulating the workflow and each of its steps with less work")
        began = time.monotonic()
        setting = _setting(here, ask, going)
        answer, outcome = find_it(here.situation, setting, target=here.slug, unit=here.workflow.unit, evidence=evidence)
        seconds = round(time.monotonic() - began, 3)
        how = measured(outcome, version=_version(here), at=now(), seconds=seconds, seed=ask.seed, evidence=evidence)
        return {"answer": as_plain(answer), "measured": as_plain(how), "paid": paid_people(here.situation.crew)}

    return _answered(here, WorkflowAnswer.Kind.BOTTLENECK, asked, make, actor, usual=_is_usual(here, ask))


def comparison(
    slug: str, scenarios: Mapping[str, Scenario], ask: Ask, *, actor: Actor, deep: bool = True, tell: Tell = _silent,
    stop: Callable[[], bool] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Scenarios against doing nothing, as JSON: `answer` for pages, `months` by option, `asked`, `seconds`.

    `deep`: also the throughput unlocked, the next constraint and the assumption that turns the ranking round.
    """
    check_names(list(scenarios))
    here = known(slug)
    going = _going(here, ask)
    asked = {
        **_asked(here, ask, going),
        "deep": deep,
        "scenarios": {
            key: one.model_dump(mode="json", by_alias=True, exclude_none=True) for key, one in scenarios.items()
        },
    }

    def make() -> dict[str, Any]:
        from marops.domains.workflows.answering.report import report

        with fitting():
            found = report(here, scenarios, _setting(here, ask, going, stop), deep=deep, tell=tell)
        return {**found, "paid": paid_people(here.situation.crew)}

    return _answered(here, WorkflowAnswer.Kind.COMPARISON, asked, make, actor, usual=_is_usual(here, ask))


def _going(here: Known, ask: Ask) -> Any:
    """The work in progress that the time asked for begins with; None where nobody knows it, or it is not wanted."""
    from marops.domains.workflows.promised import open_before

    return open_before(here, ask.first or today()) if ask.warm_up == WARM_UP else None


def _asked(here: Known, ask: Ask, going: Any) -> dict[str, Any]:
    """All that an answer about the time ahead depends on, but for what else is asked."""
    left_out = {"left_out": list(here.situation.left_out)} if here.situation.left_out else {}
    asked = {**ask.as_plain(), "versions": list(here.refs), **left_out, "state": state_of(here)}
    if going is None:
        return asked
    day = going.at.astimezone(here.clock).date().isoformat()
    begins = {"log": going.log, "day": day, "items": len(going.items), "open": going.digest}
    return {**asked, "warm_up": 0, "begins_with": begins}


def state_of(here: Known) -> str:
    """The same while what no version says is the same: who is away when, the zone, and how answers are reckoned."""
    away = {one.id: [each.model_dump(mode="json") for each in one.absences] for one in here.situation.crew.people}
    return str(digest({"away": away, "zone": here.zone, "way": WAY}))[:16]


def _is_usual(here: Known, ask: Ask) -> bool:
    """Is it asked as pages ask: of the version that holds, from today on, with the usual months, runs and luck?"""
    return ask.as_plain() == Ask().as_plain() and find(f"workflow/{here.slug}").pinned == here.refs[0]


def as_document(scenario: Scenario) -> dict[str, Any]:
    """A scenario as it is stored."""
    return scenario.model_dump(mode="json", by_alias=True, exclude_none=True)


def _setting(here: Known, ask: Ask, going: Any, stop: Callable[[], bool] | None = None) -> Any:
    """How it is simulated: from what is open on, or run in. Raises MaropsError `workflow-cannot-run`."""
    from marops.domains.workflows.answering.outcomes import Setting
    from marops.domains.workflows.answering.promising import starting_with

    frame = here.frame(ask.months, ask.first, warm_up=ask.warm_up, runs=ask.runs)
    check_there(here, frame)
    if going is None:
        return Setting(frame, ask.seed, ask.runs, stop=stop)
    since = min(frame.first, going.at.astimezone(here.clock).date())
    frame = replace(frame, warm_up=0, since=since)
    return Setting(frame, ask.seed, ask.runs, stop=stop, tokens=starting_with(going.items), begins=going.says)


def _version(here: Known) -> int:
    return int(here.refs[0].rpartition("@")[2])


def _answered(
    here: Known, kind: str, asked: Mapping[str, Any], make: Callable[[], dict[str, Any]], actor: Actor,
    *, usual: bool = False,
) -> dict[str, Any]:  # fmt: skip
    key = digest({"kind": kind, **asked})
    row = WorkflowAnswer.objects.filter(workflow=here.slug, kind=kind, digest=key).first()
    if row is not None:
        return kept_answer(recall_answer(actor=actor, answer=row.id), actor)
    began = time.monotonic()
    answer = make()
    row = keep_answer(
        actor=actor,
        workflow=here.slug,
        kind=kind,
        digest=key,
        asked={**asked, "usual": True} if usual else asked,
        answer=answer,
        seconds=round(time.monotonic() - began, 3),
        sample=sample_present(),
    )
    return kept_answer(row, actor)


def kept_answer(row: WorkflowAnswer, actor: Actor | None = None) -> dict[str, Any]:
    """An answer that was kept, as this actor may see it (without one: as anybody may); `kept` names it."""
    found = {**row.answer, "workflow": row.workflow, "asked": dict(row.asked), "seconds": row.seconds}
    return {**seen(found, actor), "kept": str(row.id)}


def scenario_of(document: Any, name: str) -> Scenario:
    """A scenario as somebody wrote it. Raises MaropsError `invalid` that names every fault by its place."""
    if not isinstance(document, dict):
        holds = "is empty" if document is None else "holds no scenario"
        raise MaropsError(INVALID, f"{name} {holds}.", remedy="Write its title and its changes.")
    return Scenario.model_validate(checked("scenario", document))


def check_names(names: Sequence[str]) -> None:
    """Can scenarios stand beside each other under these names? Raises MaropsError `invalid`."""
    twice = sorted(one for one, many in Counter(names).items() if many > 1)
    if twice:
        said = f"Two scenarios would be called {', '.join(map(repr, twice))} in the answer."
        raise MaropsError(INVALID, said, remedy="Name each once, files by different names.")
    if BASELINE in names:
        said = f"{BASELINE!r} is what doing nothing is called in the answer."
        raise MaropsError(INVALID, said, remedy="Give the scenario another name.")


def scenarios_named(slugs: Sequence[str]) -> dict[str, Scenario]:
    """Kept scenarios by their short names. Raises MaropsError `not-found`."""
    return {slug: load(find(f"scenario/{slug}")) for slug in slugs}


def results_of(slug: str, actor: Actor | None = None) -> Results:
    """What was found out about a workflow so far: the answers that are shown of it, as this actor may see them."""
    kinds = (WorkflowAnswer.Kind.BOTTLENECK, WorkflowAnswer.Kind.COMPARISON)
    found = {row.kind: row for row in _shown(WorkflowAnswer.objects.filter(workflow=slug, kind__in=kinds))}
    return told_by(found.get(kinds[0]), found.get(kinds[1]), actor)


def bottlenecks_of(slugs: Sequence[str], actor: Actor | None = None) -> dict[str, Results]:
    """The same for many workflows at once, without what was compared."""
    rows = WorkflowAnswer.objects.filter(workflow__in=slugs, kind=WorkflowAnswer.Kind.BOTTLENECK)
    found = {row.workflow: told_by(row, None, actor) for row in _shown(rows)}
    return {slug: found.get(slug, Results()) for slug in slugs}


def told_by(
    bottleneck: WorkflowAnswer | None, compared: WorkflowAnswer | None = None, actor: Actor | None = None
) -> Results:
    """What kept answers say, as this actor may see it."""
    found = kept_answer(bottleneck, actor) if bottleneck else None
    measured = read(Measured, found["measured"]) if found else None
    return Results(
        measured=measured,
        bottleneck=read(BottleneckAnswer, found["answer"]) if found else None,
        comparison=comparison_in(compared, actor) if compared else None,
        version=measured.version if measured else 0,
        at=bottleneck.at if bottleneck else None,
    )


def comparison_in(row: WorkflowAnswer, actor: Actor | None = None) -> Comparison:
    """A kept comparison for pages, as this actor may see it."""
    return read(Comparison, kept_answer(row, actor)["answer"])


def latest(slug: str, kind: str) -> WorkflowAnswer | None:
    """The answer of a kind that is shown, None where nobody asked."""
    return _shown(WorkflowAnswer.objects.filter(workflow=slug, kind=kind)).first()


def _shown(rows: QuerySet[WorkflowAnswer]) -> QuerySet[WorkflowAnswer]:
    """Of each workflow and kind the one that is shown: what was last asked as pages ask, else what was last asked."""
    return rows.order_by("workflow", "kind", *_FIRST).distinct("workflow", "kind")


def compared_last(slug: str, scenarios: Sequence[str]) -> WorkflowAnswer | None:
    """The comparison of just these scenarios that is shown, None where nobody asked."""
    if not scenarios:
        return None
    rows = WorkflowAnswer.objects.filter(
        workflow=slug, kind=WorkflowAnswer.Kind.COMPARISON, asked__scenarios__has_keys=list(scenarios)
    ).order_by(*_FIRST)
    same = (ident for ident, keys in rows.values_list("id", "asked__scenarios") if set(keys) == set(scenarios))
    found = next(same, None)
    return WorkflowAnswer.objects.get(id=found) if found else None


def found_before(slug: str, kind: str, kept: UUID | None = None, *, actor: Actor | None = None) -> dict[str, Any]:
    """The last answer of a kind about a workflow, or the one that is named, as this actor may see it.

    Raises MaropsError `not-found`.
    """
    here = find(f"workflow/{slug}").slug
    rows = WorkflowAnswer.objects.filter(workflow=here, kind=kind)
    row = rows.filter(id=kept).first() if kept else rows.order_by("-at").first()
    if row is None:
        said = f"Of {here!r} there is no such answer." if kept else f"Nobody has asked this of {here!r} yet."
        raise MaropsError(NOT_FOUND, said, remedy="Ask by POST to the same address; the answer comes from a job.")
    return kept_answer(row, actor)


def simulation(slug: str, ask: Ask, *, actor: Actor) -> dict[str, Any]:
    """How things go if nothing is changed, as JSON: figures by month, people, steps. Nothing is kept.

    The answer is the same for the same versions, time, runs and seed.
    """
    from marops.domains.workflows.answering.simulation import as_json
    from marops.kernel.permissions import require

    require(actor, VIEW)
    here = known(slug)
    began = time.monotonic()
    going = _going(here, ask)
    found = as_json(here, _setting(here, ask, going))
    seconds = round(time.monotonic() - began, 3)
    whole = {"workflow": here.slug, **found, "asked": _asked(here, ask, going), "seconds": seconds}
    shown = seen({**whole, "paid": paid_people(here.situation.crew)}, actor)
    shown = {name: value for name, value in shown.items() if name != "paid"}
    return with_levels({**shown, "currency": here.situation.crew.currency})


def simulated_file(slug: str, path: Path, cases: int, ask: Ask) -> int:
    """Write a simulated log of so many cases in the columns of the log the workflow was read off; answers its rows."""
    from marops.domains.workflows.answering.simlogs import Wanted, simulated_logs, write_log

    here = known(slug)
    source = source_of(here.workflow)
    first = ask.first or (source.first_at.astimezone(here.clock).date() if source and source.first_at else today())
    wanted = Wanted(here.slug, cases, first, str(here.clock))
    with enough():
        (log,) = simulated_logs(here.situation, wanted, seed=ask.seed, runs=1)
    if source is None:
        return write_log(log, path)
    kept = source.mapping
    written = kept.get("zone", "") if kept.get("naive") else ""
    return write_log(log, path, kept.get("columns"), kept.get("headings", ()), written)


def fitting_to(slug: str, against: EventLog, ask: Ask, *, actor: Actor) -> dict[str, Any]:
    """How far simulated logs are from a log the model has not seen, as JSON. Raises MaropsError without a source."""
    here = known(slug)
    source = read_off(here)
    logs = {"source": source.ref, "against": against.ref}
    asked = {"versions": list(here.refs), **logs, "runs": ask.runs, "seed": ask.seed, "state": state_of(here)}

    def make() -> dict[str, Any]:
        from dataclasses import asdict

        from marops.domains.workflows.answering.simlogs import Wanted, first_day, fit_of

        held_out, zone = _as_written(against, source), str(here.clock)
        wanted = Wanted(here.slug, len(held_out.cases), first_day(held_out, zone), zone)
        with enough("Hold it against a log with fewer cases, or let more come in."):
            found = fit_of(here.situation, wanted, held_out, log_of(source), seed=ask.seed, runs=ask.runs)
        drifted = {name: drift_in(row) for name, row in (("source", source), ("against", against))}
        return {"distances": [asdict(one) for one in found], "drift": drifted, **logs}

    return _answered(here, WorkflowAnswer.Kind.FIT, asked, make, actor)


def drift_in(log: EventLog) -> dict[str, Any]:
    """Whether a log changed in its course: as it was found when a workflow was read off it, else looked for now."""
    found = [one.found["drift"] for one in LogDiscovery.objects.filter(log=log).order_by("-at") if "drift" in one.found]
    if found and log.format != "facts":
        return dict(found[0]) | {"log": log.ref}
    from marops.domains.workflows.discovering.drifting import drift_of
    from marops.methods.mining.timing import calibrate_timing

    read_log = log_of(log)
    return drift_of(read_log, calibrate_timing(read_log)) | {"log": log.ref}


def _as_written(log: EventLog, source: EventLog) -> Log:
    """A log on the clock by which the source was written, so that anybody who reads the files gets the same hours.

    Where both say no zone, they were written by the same clock.
    """
    from marops.methods.mining.zones import rewritten

    found, written = log_of(log), ZoneInfo(source.mapping.get("zone") or source.zone)
    own = ZoneInfo(log.mapping.get("zone") or log.zone)
    if source.mapping.get("naive") and log.mapping.get("naive") and own != written:
        found = replace(found, zone=own)
        started, ended, enabled = (
            rewritten(found, one, written) for one in (found.started, found.ended, found.enabled)
        )
        found = replace(found, started=started, ended=ended, enabled=enabled)
    return replace(found, zone=written)


@contextmanager
def enough(remedy: str = "Ask for fewer cases, or let more come in.") -> Iterator[None]:
    """Turns too few cases into a refusal; `remedy` is what can be done about it."""
    try:
        yield
    except ValueError as error:
        raise MaropsError(CANNOT_RUN, str(error), remedy=remedy) from None


def read_off(here: Known) -> EventLog:
    """The log a workflow was read off. Raises MaropsError `workflow-without-log`."""
    source = source_of(here.workflow)
    if source is None:
        raise MaropsError(NO_SOURCE, f"“{here.workflow.title}” was drawn, not read off a log.")
    return source


def bottleneck_json(found: Mapping[str, Any]) -> dict[str, Any]:
    """The bottleneck as REST and the command line show it; kinds, names and rankings never change their places."""
    answer = found["answer"]
    constraint = answer["constraint"]
    return with_levels({
        "workflow": found["workflow"],
        "constraint": {"kind": constraint["kind"], "name": constraint["name"], "key": constraint["key"],
                       "steps": constraint["steps"]},
        "methods": [
            {"method": one["method"], "name": one["name"], "unit": one["unit"], "says": one["says"],
             "origin": one.get("origin", "simulated"), "log": one.get("log") or None, "cases": one.get("cases") or None,
             "contradicts": one.get("apart", ""),
             "ranking": [
                 {"name": row["name"], "value": row["value"], "low": row["low"], "high": row["high"],
                  "kind": row["kind"], "key": row["key"],
                  **({"by_cause": row["causes"]} if row.get("causes") else {})}
                 for row in one["rows"]]}
            for one in answer["methods"]
        ],
        "agreement": answer["agreement"],
        "holds_back_per_month": answer["holds_back"],
        "waiting_hours": answer.get("waits"),
        "waiting_in_log": _waiting_in_log(found.get("measured", {}).get("evidence")),
        "spare": answer.get("spare"),
        "lever": answer["lever"],
        "unlocks_per_month": answer["unlocks"],
        "next_constraint": answer["next_constraint"],
        "next": answer["next_says"],
        "because": answer["because"],
        "asked": found["asked"],
        "seconds": found["seconds"],
    })  # fmt: skip


def _waiting_in_log(evidence: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """All the waiting of a case as the log has it, by cause; None where a workflow rests on no log."""
    if not evidence:
        return None
    names = ("log", "cases", "since", "until", "waiting", "causes", "efficiency", "without", "lead_p50", "lead_p85")
    return {name: evidence[name] for name in names}


def _ranked(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """By what options were ranked, and what that says; None in answers from before it was kept."""
    found = answer.get("ranked")
    if not found:
        return None
    gains = {one["key"]: gain for one, gain in zip(answer["options"], found["gains"], strict=True)}
    return {"by": found["by"], "gains": gains, "tied": found["tied"], "says": found["says"]}


def comparison_json(found: Mapping[str, Any]) -> dict[str, Any]:
    """A comparison as REST and the command line show it: each option's figures by month, with differences."""
    answer = found["answer"]
    names = ("options", "unlocked", "highest_intake", "flip")
    return with_levels({
        "workflow": found["workflow"],
        **{name: found[name] for name in names if name in found},
        "ranked": _ranked(answer),
        "best": answer["best"] or None,
        "lines": [_line(one) for one in answer["lines"]],
        "next_constraint": answer["next_constraint"],
        "assumptions": answer["assumptions"],
        "currency": answer["currency"],
        "asked": found["asked"],
        "seconds": found["seconds"],
    })  # fmt: skip


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the table; what is called hours is in hours, though pages say days."""
    if not (line["unit"] == "days" and line["figure"].endswith("_hours")):
        return dict(line)
    ends = ("value", "low", "high")

    def hours(one: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if one is None:
            return None
        return {name: each * 24 if name in ends and each is not None else each for name, each in one.items()}

    told = {name: [hours(one) for one in line[name]] for name in ("options", "differences")}
    return {**line, **told, "baseline": hours(line["baseline"]), "unit": "hours"}


def with_levels(document: Mapping[str, Any]) -> dict[str, Any]:
    """JSON whose estimates say of which level their intervals are, and `why` only where there is something to say."""
    told = {name: _leveled(one) for name, one in document.items() if name != "why" or one}
    has_interval = "low" in told and "high" in told and ("value" in told or "difference" in told)
    if has_interval and (told["low"] is not None or told["high"] is not None):
        told.setdefault("level", LEVEL)
    return told


def _leveled(one: Any) -> Any:
    if isinstance(one, Mapping):
        return with_levels(one)
    return [_leveled(each) for each in one] if isinstance(one, list | tuple) else one
