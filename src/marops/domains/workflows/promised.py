"""When open work will be done: what is in progress now, from the facts or from the log a workflow was read off."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from marops.domains.register.public import slug_of
from marops.domains.workflows.asking import Ask
from marops.domains.workflows.models import EventLog
from marops.domains.workflows.permissions import VIEW
from marops.domains.workflows.queries import log_of
from marops.domains.workflows.situations import CANNOT_RUN, Known, known
from marops.engine.asking import query_engine
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.errors import MaropsError
from marops.kernel.permissions import require
from marops.kernel.workspace import workspace

TOUCHED = timedelta(days=60)
"""Whatever nobody has touched for so long is not in progress any more."""
HOPELESS, SAFE = 0.02, 0.95

_OPEN = """
SELECT case_id, case_class, activity, least(enabled_at, started_at, ended_at) AS began, ended_at
FROM facts
WHERE kind = 'task.finished' AND activity IS NOT NULL AND ended_at <= $now AND case_id IN (
    SELECT case_id FROM facts WHERE kind = 'task.finished' AND ended_at BETWEEN $since AND $now)
ORDER BY case_id, ended_at
"""


def promises(slug: str, ask: Ask, *, actor: Actor) -> dict[str, Any]:
    """Open items with the dates by which half and 85 of 100 runs finish them, and which of them to do first, as JSON.

    Raises MaropsError `workflow-cannot-run` for a workflow whose work nobody records.
    """
    require(actor, VIEW)
    began = time.monotonic()
    here = known(slug)
    items, at = _in_progress(here)
    from marops.domains.workflows.answering.outcomes import Setting
    from marops.domains.workflows.answering.promising import promises as reckoned

    zone = here.frame(1).zone
    frame = here.frame(6, at.astimezone(_zone(zone)).date(), warm_up=0)
    found = reckoned(here.situation, items, Setting(frame, ask.seed, ask.runs))
    rows = [_row(one) for one in found if one.item.workflow == here.slug]
    first = [one for one in rows if one["on_time"] is not None and HOPELESS < one["on_time"] < SAFE]
    return {
        "workflow": here.slug, "at": iso_utc(at), "open": rows, "first": [one["case"] for one in first[:5]],
        "asked": {"runs": ask.runs, "seed": ask.seed, "versions": list(here.refs)},
        "seconds": round(time.monotonic() - began, 3),
    }  # fmt: skip


def _row(one: Any) -> dict[str, Any]:
    return {
        "case": one.item.key, "class": one.item.work_class, "began": iso_utc(one.item.arrived),
        "done": one.item.done[-1][0], "waits_for": list(one.waits_for), "p50": iso_utc(one.p50),
        "p85": iso_utc(one.p85), "due": iso_utc(one.item.due), "on_time": one.on_time,
    }  # fmt: skip


def _zone(name: str) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name or workspace().zone)


def _in_progress(here: Known) -> tuple[list[Any], datetime]:
    """What is open in all workflows of the crew, and the moment that is looked from."""
    source = here.workflow.source
    row = EventLog.objects.filter(number=int(source.log.removeprefix("EL-"))).first() if source and source.log else None
    if row is None:
        said = f"“{here.workflow.title}” was drawn: nothing says which work is open."
        raise MaropsError(CANNOT_RUN, said, remedy="Read it off a log, or off the work that is done here.")
    if row.format == "facts":
        at = now()
        return list(_of_facts(here, at)), at
    from marops.domains.workflows.answering.promising import open_items

    at = row.last_at or now()
    flow = here.workflow
    names = {one.name: one.id for one in flow.classes}
    items = open_items(log_of(row), flow, here.slug, class_of=names, since=at - TOUCHED)
    return [_dated(one, here) for one in items], at


def _of_facts(here: Known, at: datetime) -> Iterator[Any]:
    """Open items of all the crew's workflows; a loop over open cases, of which there are tens."""
    from marops.domains.workflows.answering.promising import OpenItem, is_last

    cases: dict[str, list[dict[str, Any]]] = {}
    for row in query_engine().rows(_OPEN, {"now": at, "since": at - TOUCHED}):
        cases.setdefault(row["case_id"], []).append(row)
    for key, rows in cases.items():
        slug = slug_of(rows[0]["case_class"] or "")
        flow = here.situation.workflows.get(slug)
        if flow is None:
            continue
        ids = {step.name: step.id for step in flow.steps}
        last = {step.id for step in flow.steps if is_last(flow, step.id)}
        steps = tuple((ids.get(one["activity"], ""), one["ended_at"]) for one in rows)
        if all(step for step, _ in steps) and not any(step in last for step, _ in steps):
            yield _dated(OpenItem(key, slug, flow.classes[0].id, rows[0]["began"], steps), here)


def _dated(item: Any, here: Known) -> Any:
    """With the date its workflow promises, where it has none."""
    from dataclasses import replace

    promise = here.situation.workflows[item.workflow].promise
    return replace(item, due=item.arrived + timedelta(hours=promise.hours)) if promise and not item.due else item
