"""What a log itself says of the workflow that is read off it: how long work took and waited, and why."""

from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.discovering.maps import FoundMap
from marops.domains.workflows.discovering.reading import Material
from marops.domains.workflows.rules.answers import Estimate, Evidence, StepEvidence, StepTimes
from marops.methods.mining.calendars import lay_out
from marops.methods.mining.log import CAUSES, Floats, Log, Timing, Waiting
from marops.methods.mining.waiting_shares import CaseWaits, overall, per_case, per_case_by_activity

_NORMAL: Final = 1.6449
"""Of the 90 % interval."""
_LEADS: Final = 21

Rows = NDArray[np.bool_]


def evidence_of(
    ref: str, material: Material, timing: Timing, waiting: Waiting, rows: Rows, lead: Floats, drawn: FoundMap
) -> Evidence:
    """All of it, for the rows of one workflow. `lead`: hours of its cases.

    What a case waits for an activity that stands in several places counts at the first of them.
    """
    log = material.log.only(rows)
    here = Waiting(waiting.hours[rows], waiting.processing[rows])
    whole, shares = per_case(log, here), overall(log, here)
    by_activity = per_case_by_activity(log, here)
    visits = _visits(material.log, timing, waiting, rows)
    first, last = _days(material.log, rows)
    return Evidence(
        log=ref,
        cases=len(lead),
        events=len(log),
        since=first,
        until=last,
        waiting=_estimate(whole.hours),
        causes={name: _estimate(one) for name, one in zip(CAUSES, whole.causes, strict=True)},
        steps={
            step: _step(by_activity[one] if step == drawn.step_of[one] else None, visits[one], len(lead))
            for step, one in drawn.activity_of.items()
            if one in by_activity
        },
        efficiency=_estimate(shares.efficiency, 4),
        without={name: _estimate(one, 4) for name, one in zip(CAUSES, shares.without, strict=True)},
        lead_p50=_quantile(lead, 0.5),
        lead_p85=_quantile(lead, 0.85),
        lead_hours=tuple(round(float(one), 3) for one in np.quantile(lead, np.linspace(0, 1, _LEADS))),
        estimated=int(timing.estimated[rows].sum()),
    )


def _visits(log: Log, timing: Timing, waiting: Waiting, rows: Rows) -> dict[int, Floats]:
    """By activity: how many pieces of work; of one of them hours worked, hours of everybody's calendar waited, and the
    hours on the wall by cause.
    """
    pool = lay_out(timing.pool, log.zero, log.zone, float(timing.enabled[rows].min()), float(log.ended[rows].max()))
    waited = pool.between(timing.enabled[rows], timing.started[rows])
    columns = np.column_stack((np.ones(int(rows.sum())), timing.worked[rows], waited, waiting.hours[rows]))
    found = {}
    for one in np.unique(log.activity[rows]):
        mine = columns[log.activity[rows] == one]
        found[int(one)] = np.concatenate(([len(mine)], mine[:, 1:].mean(axis=0)))
    return found


def _step(waits: CaseWaits | None, visit: Floats, cases: int) -> StepEvidence:
    many, worked, waited, *hours = visit.tolist()
    whole = sum(hours)
    return StepEvidence(
        times=StepTimes(
            worked=round(worked, 4),
            waited=round(waited, 4),
            causes={
                name: round(waited * part / whole, 4) for name, part in zip(CAUSES, hours, strict=True) if part > 0
            },
            visits=round(many / max(cases, 1), 4),
            origin="log",
        ),
        hours=_estimate(waits.hours) if waits else Estimate(0.0, 0.0, 0.0),
        causes={
            name: round(one[0], 3)
            for name, one in zip(CAUSES, waits.causes if waits else (), strict=False)
            if one[0] > 0
        },
    )


def _days(log: Log, rows: Rows) -> tuple[date, date]:
    """The first and the last day of these rows, where people live."""
    begun = np.fmin(np.fmin(log.enabled[rows], log.started[rows]), log.ended[rows])
    ends = (float(begun.min()), float(log.ended[rows].max()))
    first, last = ((log.zero + timedelta(hours=one)).astimezone(log.zone).date() for one in ends)
    return first, last


def _estimate(found: tuple[float, float, float], digits: int = 3) -> Estimate:
    value, low, high = (round(one, digits) for one in found)
    return Estimate(value, low, high)


def _quantile(values: Floats, share: float) -> Estimate:
    """A quantile with its 90 % interval: those of the order in which a binomial number of values are smaller."""
    ordered = np.sort(values)
    reach = _NORMAL * np.sqrt(len(ordered) * share * (1 - share))
    ranks = np.clip(np.round([len(ordered) * share - reach, len(ordered) * share + reach]), 0, len(ordered) - 1)
    low, high = ordered[ranks.astype(int)].tolist()
    return _estimate((float(np.quantile(ordered, share)), low, high))
