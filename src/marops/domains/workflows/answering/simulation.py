"""How things go if nothing is changed, as JSON: figures by month, how busy people are, what steps take."""

from collections.abc import Sequence
from math import inf
from typing import Any

from marops.domains.workflows.answering.beginning import beginning
from marops.domains.workflows.answering.measuring import figures, step_times
from marops.domains.workflows.answering.outcomes import (
    FIGURES,
    Outcome,
    Setting,
    by_month,
    estimate,
    model_of,
    ratio,
    run,
)
from marops.domains.workflows.answering.report import plain
from marops.domains.workflows.situations import Known


def as_json(here: Known, setting: Setting) -> dict[str, Any]:
    """`months`, `people`, `steps`, `figures`, `events` and how many runs."""
    made = model_of(here.situation, setting)
    found = Outcome(made, run(made, setting, record=True), here.slug)
    whole = figures(found)
    return {
        "months": _months(found),
        "figures": {
            "per_month": plain(whole.per_month), "lead_p50_hours": plain(whole.lead_p50),
            "lead_p85_hours": plain(whole.lead_p85), "on_time": plain(whole.on_time), "in_work": plain(whole.in_work),
            "cost_each": plain(whole.cost_each),
        },
        "people": _people(here, found),
        "steps": _steps(here, found),
        "begins": list(beginning(found, setting, spare=None, unit=here.workflow.unit)),
        "replications": found.runs.replications,
        "events": int(found.runs.events.sum()),
    }  # fmt: skip


def _months(found: Outcome) -> list[dict[str, Any]]:
    values = {name: by_month(of(found), most=1.0 if name == "on_time" else inf) for name, of in FIGURES.items()}
    return [
        {**span, **{name: plain(each[number]) for name, each in values.items()}}
        for number, span in enumerate(found.compiled.frame.spans())
    ]


def _people(here: Known, found: Outcome) -> list[dict[str, Any]]:
    """Each member's utilisation over the whole time, the busiest first."""
    names = {one.id: one.name for one in here.situation.crew.people}
    rows = []
    for member in dict.fromkeys(found.compiled.people):
        places = [n for n, one in enumerate(found.compiled.people) if one == member]
        rows.append(
            {
                "id": member,
                "name": names.get(member, member),
                "utilisation": plain(estimate(_used(found, places))),
            }
        )
    return sorted(rows, key=lambda one: -(one["utilisation"]["value"] or 0))


def _used(found: Outcome, places: Sequence[int]) -> Any:
    worked, had = found.hours(places)
    return ratio(worked.sum(axis=1), had.sum(axis=1))


def _steps(here: Known, found: Outcome) -> list[dict[str, Any]]:
    times = step_times(found)
    visits = {step: one.visits for step, one in times.items()}
    return [
        {
            "id": step.id, "name": step.name, "visits_per_item": visits[step.id],
            "worked_hours": times[step.id].worked, "waited_hours": times[step.id].waited,
            "waited_by_cause": dict(times[step.id].causes),
        }
        for step in here.workflow.steps
        if step.id in times and not step.gate
    ]  # fmt: skip
