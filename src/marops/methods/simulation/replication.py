"""One replication from beginning to end: what is there at the start, event after event, and the last account."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.simulation.agenda import TIMER, plan, taken
from marops.methods.simulation.cases import arrive, dwelt, limit_changes, new_case, new_token, plan_arrival
from marops.methods.simulation.clocks import after
from marops.methods.simulation.compiled import compiled, entry
from marops.methods.simulation.dispatch import dispatch
from marops.methods.simulation.draws import key, luck, mixed
from marops.methods.simulation.layout import (
    NONE,
    agenda_of,
    begun_of,
    calendar_of,
    case_of,
    class_of,
    counter_of,
    flow_of,
    month_edge,
    node_of,
    person_of,
    place_of,
    taken_of,
    token_of,
    waiting_of,
)
from marops.methods.simulation.moves import (
    DELAY,
    LEAVING,
    OUTSIDE,
    QUEUE,
    leave,
    let_go,
    node_changed,
    settle,
    stand_in,
    timer_ends,
)
from marops.methods.simulation.rows import World
from marops.methods.simulation.work import done, go_on_alone, person_changed, person_ends, take_in_hand, worked

_REPLICATION: Final = np.uint64(key("replication"))
_PARTS: Final = (
    "agenda",
    "cases",
    "clocks",
    "compiled",
    "dispatch",
    "draws",
    "layout",
    "moves",
    "queues",
    "rows",
    "work",
)
_NEVER: Final = -1e300


@compiled
def _reset_nodes(w: World) -> None:
    for number in range(w.nodes):
        node = node_of(w, number)
        node.head = NONE
        waiting_of(w, number).n = 0
        node.in_hand = 0
        node.changed = 0
        node.collected = 0


@compiled
def _reset_others(w: World) -> None:
    for number in range(w.people):
        person = person_of(w, number)
        person.hand = 0
        person.idle_since = _NEVER
        person.changed = 0
    for number in range(w.classes):
        one = class_of(w, number)
        one.number = NONE
        one.at = one.first_point
        one.reached = 0.0
    for number in range(w.flows):
        flow = flow_of(w, number)
        flow.in_work = 0
        flow.head = NONE
        flow.limit = flow.first_limit
        flow.at = flow.first_point
    for number in range(w.calendars):
        calendar_of(w, number).at = calendar_of(w, number).first
    for what in range(w.token_base + w.token_room):
        place_of(w, what).n = NONE


@compiled
def _reset(w: World) -> None:
    _reset_nodes(w)
    _reset_others(w)
    w.luck = luck(mixed(w.seed), _REPLICATION, w.replication)
    w.now = w.begin
    w.month = NONE
    w.edge = month_edge(w, 0)
    w.sequence = 0
    w.coming = 0
    w.batches = -1
    w.events = 0
    w.moves = 0
    w.agenda_size = 0
    w.way_first = 0
    w.way_size = 0
    w.free_case = NONE
    w.free_token = NONE
    w.used_cases = 0
    w.used_tokens = 0
    w.queued = 0
    w.changed_people = 0
    w.changed_nodes = 0
    w.fault = 0


@compiled
def _turn_month(w: World) -> None:
    while w.now >= w.edge:
        w.month += 1
        w.edge = month_edge(w, w.month + 1)


@compiled
def _case_there(w: World, number: int) -> int:
    row = begun_of(w, number)
    if row.same >= 0:
        return begun_of(w, row.same).case
    case = new_case(w, row.work_class, row.number, row.arrived)
    if case >= 0:
        case_of(w, case).due = row.due
        case_of(w, case).alive += row.taken
        for at in range(row.first_taken, row.first_taken + row.taken):
            counter_of(w, case, taken_of(w, at).n).n += 1
        flow_of(w, class_of(w, row.work_class).workflow).in_work += 1
    return case


@compiled
def _there(w: World, number: int) -> None:
    """Put a piece of work where it is at the beginning."""
    row = begun_of(w, number)
    case = _case_there(w, number)
    row.case = case
    token = new_token(w, case, row.node) if case >= 0 else NONE
    if token < 0:
        return
    visits = counter_of(w, case, node_of(w, row.node).local)
    visits.n = max(visits.n, row.visit)
    one = token_of(w, token)
    one.visit = row.visit
    one.since = row.since
    one.enabled = row.since
    one.ready = row.since
    one.outside = 0.0
    one.delay = 0.0
    one.collected = 0.0
    one.order = w.coming
    w.coming += 1
    _at_stage(w, number, token)


@compiled
def _at_stage(w: World, number: int, token: int) -> None:
    row, one = begun_of(w, number), token_of(w, token)
    node = node_of(w, row.node)
    if row.stage == OUTSIDE or row.stage == DELAY:
        one.stage = row.stage
        clock = node.outside_clock if row.stage == OUTSIDE else node.delay_clock
        plan(w, after(w, clock, row.left), TIMER, w.token_base + token)
    elif row.stage == QUEUE:
        stand_in(w, token)
    elif row.stage == LEAVING:
        leave(w, token)
    else:
        node.in_hand += 1
        one.started = row.since
        one.effort = row.left
        if row.person >= 0:
            take_in_hand(w, row.person, token, row.left)
        else:
            go_on_alone(w, token, row.left)


@compiled
def _happens(w: World, what: int) -> None:
    if what >= w.token_base:
        token = what - w.token_base
        if token_of(w, token).stage <= DELAY:
            timer_ends(w, token)
        else:
            done(w, token)
    elif what < w.wake_base:
        person_ends(w, what)
    elif what >= w.flow_base:
        limit_changes(w, what - w.flow_base)
    elif what >= w.arrival_base:
        arrive(w, what - w.arrival_base)
    elif what < w.opening_base:
        person_changed(w, what - w.wake_base)
    elif what < w.batch_base:
        node_changed(w, what - w.opening_base)
    else:
        let_go(w, what - w.batch_base)


@compiled
def _run(w: World) -> None:
    while w.agenda_size > 0 and w.fault == 0:
        time = agenda_of(w, 0).time
        if time > w.now:
            w.now = time
            w.moves = 0
            if time >= w.edge:
                _turn_month(w)
        _happens(w, taken(w))
        settle(w)
        if w.agenda_size == 0 or agenda_of(w, 0).time > w.now:
            dispatch(w)


@compiled
def _close(w: World) -> None:
    """Count what is still in work, and in hands, at the end."""
    w.now = w.end
    w.month = w.months - 1
    for case in range(w.used_cases):
        if case_of(w, case).alive > 0:
            dwelt(w, case, w.end)
    for who in range(w.people):
        if person_of(w, who).hand > 0:
            worked(w, who)


@entry(tuple(f"marops.methods.simulation.{part}" for part in _PARTS))
def replicate(world: NDArray[Any]) -> None:
    """Run the replication that stands in the only row of `world`."""
    w: World = world[0]
    _reset(w)
    if w.now >= w.edge:
        _turn_month(w)
    for number in range(w.flows):
        limit_changes(w, number)
    for number in range(w.beginnings):
        _there(w, number)
    for number in range(w.classes):
        plan_arrival(w, number)
    settle(w)
    dispatch(w)
    _run(w)
    if w.fault == 0:
        _close(w)
