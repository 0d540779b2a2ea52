"""Steps that nobody can do in the time that is looked at, though somebody has the skill: they are not there, or never
while the step is open.
"""

from collections.abc import Iterator

from marops.domains.workflows.answering.bounds import shared
from marops.domains.workflows.rules.compiling import Compiled
from marops.domains.workflows.rules.faults import needs_somebody
from marops.kernel.errors import FieldError
from marops.methods.simulation import model as kernel


def never_done(made: Compiled, slug: str) -> Iterator[FieldError]:
    """What is wrong, at the step concerned. A loop over the steps of one workflow."""
    flow, edges = made.slices[0].situation.workflows[slug], made.frame.edges()
    span = f"between {edges[0]:%d %B %Y} and {edges[-1]:%d %B %Y}"
    for number, step in enumerate(flow.steps):
        node = next((at for at, name in enumerate(made.nodes) if name == (slug, step.id)), None)
        if node is None or not needs_somebody(step):
            continue
        there, within = _hours(made.model, node)
        if there <= 0:
            said = f"Nobody who could do “{step.name}” is there {span}."
            remedy = "Look at when people start, leave and are away."
            yield FieldError("no-capacity", said, remedy, _at(number, "skill"))
        elif within <= 0:
            said = f"“{step.name}” is never open while somebody who could do it is there, {span}."
            yield FieldError("no-capacity", said, "Open it in hours in which they work.", _at(number, "opens"))


def _at(number: int, name: str) -> str:
    return f"/steps/{number}/{name}"


def _hours(model: kernel.Model, node: int) -> tuple[float, float]:
    """Hours of those who can do this in the time looked at: all of them, and those in which it is open."""
    opens = model.nodes[node].opens
    there = within = 0.0
    for person in model.people:
        for one in person.abilities:
            since, until = max(one.since, 0.0), min(one.until, model.end)
            if one.node != node or since >= until:
                continue
            own = model.calendars[person.calendar]
            there += shared(own, own, since, until)
            within += shared(own, own if opens == kernel.ELAPSED else model.calendars[opens], since, until)
    return there, within
