"""Cases and their tokens: how they come into being, how they end, and what is counted of them."""

from marops.methods.simulation.agenda import ARRIVAL, OPENING, plan
from marops.methods.simulation.clocks import after
from marops.methods.simulation.compiled import compiled
from marops.methods.simulation.draws import drawn, luck
from marops.methods.simulation.layout import (
    FULL,
    NONE,
    case_of,
    cell_of,
    class_of,
    counter_of,
    entry_of,
    finished_of,
    flow_of,
    month_edge,
    point_of,
    token_of,
    way_of,
)
from marops.methods.simulation.model import FOREVER
from marops.methods.simulation.queues import joined, without_best
from marops.methods.simulation.rows import World


@compiled
def new_case(w: World, work_class: int, number: int, arrived: float) -> int:
    """A case, or NONE where the table is full. Its counters are at zero."""
    case = w.free_case
    if case >= 0:
        w.free_case = case_of(w, case).next
    elif w.used_cases < w.case_room:
        case = w.used_cases
        w.used_cases += 1
    else:
        w.fault = FULL
        return NONE
    row = case_of(w, case)
    row.number = number
    row.work_class = work_class
    row.arrived = arrived
    row.due = FOREVER
    row.luck = luck(w.luck, class_of(w, work_class).case_key, number)
    row.alive = 0
    row.month = w.month if arrived >= 0.0 else NONE
    for one in range(w.width):
        counter_of(w, case, one).n = 0
    return case


@compiled
def new_token(w: World, case: int, node: int) -> int:
    """A token of a case on its way to a node, or NONE where the table is full."""
    token = w.free_token
    if token >= 0:
        w.free_token = token_of(w, token).next
    elif w.used_tokens < w.token_room:
        token = w.used_tokens
        w.used_tokens += 1
    else:
        w.fault = FULL
        return NONE
    row = token_of(w, token)
    row.case = case
    row.node = node
    row.via = NONE
    row.next = NONE
    row.batch = NONE
    case_of(w, case).alive += 1
    return token


@compiled
def drop_token(w: World, token: int) -> None:
    """Give the place of a token free; its case lives on."""
    token_of(w, token).next = w.free_token
    w.free_token = token


@compiled
def end_token(w: World, token: int) -> None:
    """A token has come to an end, and its case with it if it was the last."""
    case = token_of(w, token).case
    drop_token(w, token)
    row = case_of(w, case)
    row.alive -= 1
    if row.alive == 0:
        _finish(w, case)


@compiled
def send(w: World, token: int) -> None:
    """Put a token on its way to its node."""
    at = w.way_first + w.way_size
    way_of(w, at if at < w.token_room else at - w.token_room).n = token
    w.way_size += 1


@compiled
def dwelt(w: World, case: int, until: float) -> None:
    """Count the hours a case was in work, month by month."""
    row = case_of(w, case)
    for month in range(max(row.month, 0), w.month + 1):
        hours = min(until, month_edge(w, month + 1)) - max(row.arrived, month_edge(w, month))
        cell_of(w, row.work_class, month).in_work += hours


@compiled
def _told(w: World, case: int) -> None:
    row = case_of(w, case)
    late = 1 if w.now > row.due else 0
    cell = cell_of(w, row.work_class, w.month)
    cell.finished += 1
    cell.late += late
    cell.lead_hours += w.now - row.arrived
    if w.finished_size >= w.finished_room:
        w.fault = FULL
        return
    line = finished_of(w, w.finished_size)
    w.finished_size += 1
    line.replication = w.replication
    line.work_class = row.work_class
    line.case = row.number
    line.arrived = row.arrived
    line.finished = w.now
    line.late = late


@compiled
def _finish(w: World, case: int) -> None:
    row = case_of(w, case)
    if w.month >= 0:
        _told(w, case)
        dwelt(w, case, w.now)
    row.next = w.free_case
    w.free_case = case
    flow = flow_of(w, class_of(w, row.work_class).workflow)
    flow.in_work -= 1
    _let_in(w, class_of(w, row.work_class).workflow)


@compiled
def _let_in(w: World, number: int) -> None:
    """As many of the cases that wait for a place in a workflow as there is room for."""
    flow = flow_of(w, number)
    while flow.head >= 0 and (flow.limit == 0 or flow.in_work < flow.limit):
        token = flow.head
        flow.head = without_best(w, token)
        flow.in_work += 1
        send(w, token)


@compiled
def limit_changes(w: World, number: int) -> None:
    """Another limit holds for a workflow, if it is its time; plans the next one."""
    flow = flow_of(w, number)
    while flow.at < flow.first_point + flow.points and point_of(w, flow.at).hour <= w.now:
        flow.limit = int(point_of(w, flow.at).expected)
        flow.at += 1
    if flow.at < flow.first_point + flow.points:
        plan(w, point_of(w, flow.at).hour, OPENING, w.flow_base + number)
    _let_in(w, number)


@compiled
def _entry(w: World, work_class: int) -> int:
    one = class_of(w, work_class)
    node = entry_of(w, one.first_entry).node
    for at in range(one.first_entry + 1, one.first_entry + one.entries):
        if entry_of(w, at).since <= w.now:
            node = entry_of(w, at).node
    return node


@compiled
def _wait_for_place(w: World, token: int, by_due: int) -> None:
    row = token_of(w, token)
    case = case_of(w, row.case)
    flow = flow_of(w, class_of(w, case.work_class).workflow)
    row.rank = class_of(w, case.work_class).rank
    row.ready = w.now
    row.key = case.due if by_due else w.now
    row.order = w.coming
    w.coming += 1
    flow.head = joined(w, flow.head, token)


@compiled
def arrive(w: World, work_class: int) -> None:
    """A case of a class comes in now; plans the next one."""
    one = class_of(w, work_class)
    number = one.number
    plan_arrival(w, work_class)
    flow = flow_of(w, one.workflow)
    full = flow.limit > 0 and flow.in_work >= flow.limit
    if w.month >= 0:
        cell = cell_of(w, work_class, w.month)
        cell.arrived += 1
        if full and flow.refuse:
            cell.refused += 1
    if full and flow.refuse:
        return
    case = new_case(w, work_class, number, w.now)
    token = new_token(w, case, _entry(w, work_class)) if case >= 0 else NONE
    if token < 0:
        return
    if one.due >= 0:
        row = case_of(w, case)
        row.due = after(w, one.due_clock, drawn(w, one.due, luck(row.luck, one.due_key, 0)))
    if full:
        _wait_for_place(w, token, flow.by_due)
        return
    flow.in_work += 1
    send(w, token)


@compiled
def _moment(w: World, work_class: int) -> float:
    """When the next case of a class comes: the moment at which so many are expected."""
    one = class_of(w, work_class)
    if one.timed:
        return point_of(w, one.first_point + one.number).hour if one.number < one.points else FOREVER
    one.reached += drawn(w, one.gap, luck(w.luck, one.gap_key, one.number))
    last = one.first_point + one.points - 1
    while one.at < last and point_of(w, one.at + 1).expected < one.reached:
        one.at += 1
    if one.at >= last:
        return FOREVER
    left, right = point_of(w, one.at), point_of(w, one.at + 1)
    rise = right.expected - left.expected
    return left.hour + (right.hour - left.hour) * (one.reached - left.expected) / rise if rise > 0.0 else left.hour


@compiled
def plan_arrival(w: World, work_class: int) -> None:
    """Plan the next case of a class. Those that would have come before the beginning are passed over."""
    one = class_of(w, work_class)
    one.number += 1
    moment = _moment(w, work_class)
    while moment < w.begin:
        one.number += 1
        moment = _moment(w, work_class)
    plan(w, moment, ARRIVAL, w.arrival_base + work_class)
