"""Where work waits by what the log says, and where the simulation contradicts it."""

from collections.abc import Mapping
from typing import Final

from marops.domains.workflows.rules.answers import Estimate, Evidence, Method, Row

_ONE: Final = "one case", "{:,} cases"


def in_log(simulated: Method, evidence: Evidence, names: Mapping[str, str], slug: str, says: str) -> Method:
    """The method `waiting` with what was measured in place of what was simulated. `names`: of steps, by their id."""
    rows = ranked(evidence, names, slug)
    return Method(
        simulated.method, simulated.name, simulated.asks, simulated.unit, tuple(rows), says, tied(rows),
        simulated.decimals, evidence.main if rows and not rows[0].causes else _most(rows), "log", evidence.log,
        evidence.cases, apart(simulated.rows, rows, evidence),
    )  # fmt: skip


def ranked(evidence: Evidence, names: Mapping[str, str], slug: str) -> list[Row]:
    """The steps by how long a case waits there, the longest first."""
    rows = [
        Row(names[step], *_figures(one.hours), "step", f"{slug}/{step}", dict(one.causes))
        for step, one in evidence.steps.items()
        if step in names
    ]
    return sorted(rows, key=lambda one: -one.value)


def tied(rows: list[Row]) -> tuple[str, ...]:
    """Those whose interval reaches into that of the first."""
    return tuple(one.name for one in rows[1:] if rows[0].value > 0 and one.high >= rows[0].low and one.value > 0)


def _figures(one: Estimate) -> tuple[float, float, float]:
    value = one.value or 0.0
    return value, value if one.low is None else one.low, value if one.high is None else one.high


def _most(rows: list[Row]) -> str:
    causes = rows[0].causes if rows else {}
    return max(causes, key=lambda one: causes[one], default="")


def apart(simulated: tuple[Row, ...], logged: list[Row], evidence: Evidence) -> str:
    """Where the two contradict each other beyond both intervals, in a line; empty where they do not."""
    known = {one.key: one for one in simulated}
    pairs = [(known[one.key], one) for one in logged if one.key in known]
    far = [(model, log) for model, log in pairs if model.high < log.low or log.high < model.low]
    if not far:
        return ""
    far.sort(key=lambda one: -abs(one[0].value - one[1].value))
    whole = evidence.waiting.value or 0.0
    worth = [one for one in far if abs(one[0].value - one[1].value) >= 0.05 * whole]
    if not worth:
        return ""
    said = "; ".join(
        f"at {log.name} {_hours(model.value)} ({_hours(model.low)}–{_hours(model.high)}) hours, in the log"
        f" {_hours(log.value)} ({_hours(log.low)}–{_hours(log.high)})"
        for model, log in worth[:2]
    )
    return f"The simulation of the time ahead says otherwise: {said}."


def _hours(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:,.1f}"


def because(evidence: Evidence) -> tuple[str, ...]:
    """What the log says as a whole, in sentences."""
    cases = _ONE[0] if evidence.cases == 1 else _ONE[1].format(evidence.cases)
    waiting, share = evidence.waiting, evidence.efficiency
    said = [
        f"Measured in the log {evidence.log}, {cases} from {evidence.since} to {evidence.until}: one waits"
        f" {_hours(waiting.value or 0)} ({_hours(waiting.low or 0)}–{_hours(waiting.high or 0)}) hours in all;"
        f" work is {share.value or 0:.0%} of work and waiting."
    ]
    main = evidence.main
    if main and (without := evidence.without[main].value) is not None:
        said.append(f"{_CAUSES[main]} it would be {without:.0%}.")
    if evidence.estimated:
        said.append(f"The start of {evidence.estimated:,} of {evidence.events:,} pieces of work was estimated.")
    return tuple(said)


_CAUSES: Final = {
    "batching": "Were nothing collected,",
    "contention": "Were nobody busy with what came earlier,",
    "prioritisation": "Did nothing go first that came later,",
    "unavailability": "Were those who do it always there,",
    "outside": "Were work taken up as soon as those who do it are free,",
}
