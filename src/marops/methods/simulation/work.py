"""Work itself: a piece is taken up, takes its hours of somebody's calendar, and is done.

Somebody who has several pieces in hand gives each the same part of their time. So there is one clock for a person,
`attention`: the hours that each piece in hand has had; a piece is done when the clock has gone on by what it needs.
"""

from typing import Final

from marops.methods.simulation.agenda import WORK, plan
from marops.methods.simulation.clocks import after, passed
from marops.methods.simulation.compiled import compiled
from marops.methods.simulation.draws import drawn, luck
from marops.methods.simulation.layout import (
    FULL,
    NONE,
    able_of,
    case_of,
    cell_of,
    changed_person_of,
    hand_of,
    node_of,
    passed_until,
    person_of,
    ramp_of,
    skill_of,
    staffed_of,
    task_of,
    token_of,
    waiting_of,
)
from marops.methods.simulation.moves import WORKING, counted, leave, node_changed
from marops.methods.simulation.queues import without_best
from marops.methods.simulation.rows import World

SLOWEST: Final = 0.01
"""The least factor of a ramp: who begins at nothing would never end what they begin."""


@compiled
def person_changed(w: World, number: int) -> None:
    """Somebody may be able to take something up."""
    person = person_of(w, number)
    if person.changed == 0:
        person.changed = 1
        changed_person_of(w, w.changed_people).n = number
        w.changed_people += 1


@compiled
def _ramped(w: World, number: int) -> float:
    person = person_of(w, number)
    at, last = person.first_ramp, person.first_ramp + person.ramps - 1
    if w.now <= ramp_of(w, at).hour:
        return ramp_of(w, at).factor
    while at < last and ramp_of(w, at + 1).hour <= w.now:
        at += 1
    left = ramp_of(w, at)
    if at == last:
        return left.factor
    right = ramp_of(w, at + 1)
    return left.factor + (right.factor - left.factor) * (w.now - left.hour) / (right.hour - left.hour)


@compiled
def _one_effort(w: World, token: int) -> float:
    row = token_of(w, token)
    node = node_of(w, row.node)
    hours = drawn(w, node.effort, luck(case_of(w, row.case).luck, node.effort_key, row.visit))
    return hours * node.repeat if row.visit > 1 else hours


@compiled
def _effort(w: World, token: int, speed: float) -> float:
    """The hours that a job takes at a speed; its pieces share them in proportion to their own."""
    if token_of(w, token).next < 0:
        hours = _one_effort(w, token) / speed
        token_of(w, token).effort = hours
        return hours
    whole, most, one = 0.0, 0.0, token
    while one >= 0:
        row = token_of(w, one)
        row.effort = _one_effort(w, one)
        whole += row.effort
        most = max(most, row.effort)
        one = row.next
    hours = (most + node_of(w, token_of(w, token).node).each * (whole - most)) / speed
    part, one = hours / whole if whole > 0.0 else 0.0, token
    while one >= 0:
        row = token_of(w, one)
        row.effort *= part
        one = row.next
    return hours


@compiled
def _out_of_queue(w: World, number: int) -> int:
    node = node_of(w, number)
    token = node.head
    node.head = without_best(w, token)
    waiting_of(w, number).n -= 1
    node.in_hand += 1
    return token


@compiled
def _mark_begun(w: World, token: int) -> None:
    while token >= 0:
        row = token_of(w, token)
        row.started = w.now
        counted(w, token)
        token = row.next


@compiled
def begin_alone(w: World, number: int) -> None:
    """The best piece at a node that needs nobody begins."""
    token = _out_of_queue(w, number)
    hours = _effort(w, token, 1.0)
    _mark_begun(w, token)
    go_on_alone(w, token, hours)


@compiled
def go_on_alone(w: World, token: int, hours: float) -> None:
    """A piece takes so many hours, and nobody's time."""
    row = token_of(w, token)
    row.stage = WORKING
    row.person = NONE
    plan(w, after(w, node_of(w, row.node).alone_clock, hours), WORK, w.token_base + token)


@compiled
def begin(w: World, able: int, number: int) -> None:
    """Somebody takes up the best piece at a node."""
    who = able_of(w, able).person
    speed = skill_of(w, able_of(w, able).skill).speed
    if person_of(w, who).ramps > 0:
        speed *= max(_ramped(w, who), SLOWEST)
    token = _out_of_queue(w, number)
    w.queued -= 1
    hours = _effort(w, token, speed)
    _mark_begun(w, token)
    take_in_hand(w, who, token, hours)


@compiled
def take_in_hand(w: World, who: int, token: int, hours: float) -> None:
    """A piece with so many hours to do comes into somebody's hands."""
    person, row = person_of(w, who), token_of(w, token)
    row.person = who
    row.stage = WORKING
    hours /= person.share
    if person.hand == 0:
        person.mark = passed(w, person.calendar)
        person.mark_month = w.month
        person.seen = person.mark
        person.attention = 0.0
    else:
        _attend(w, who)
    hand_of(w, person.first_hand + person.hand).n = token
    person.hand += 1
    row.finish = person.attention + hours
    if person.hand == 1:
        plan(w, after(w, person.calendar, hours), WORK, who)
    else:
        plan(w, after(w, person.calendar, _to_next(w, who)), WORK, who)


@compiled
def _attend(w: World, who: int) -> None:
    person = person_of(w, who)
    now = passed(w, person.calendar)
    person.attention += (now - person.seen) / person.hand
    person.seen = now


@compiled
def _next_in_hand(w: World, who: int) -> int:
    """Which of the places of somebody's hands is free first."""
    person = person_of(w, who)
    best = person.first_hand
    for at in range(best + 1, person.first_hand + person.hand):
        one, other = token_of(w, hand_of(w, at).n), token_of(w, hand_of(w, best).n)
        if one.finish < other.finish or (one.finish == other.finish and one.order < other.order):
            best = at
    return best


@compiled
def _to_next(w: World, who: int) -> float:
    person = person_of(w, who)
    finish = token_of(w, hand_of(w, _next_in_hand(w, who)).n).finish
    return max(0.0, finish - person.attention) * person.hand


@compiled
def worked(w: World, who: int) -> None:
    """Count the hours that somebody has worked since they last had nothing in hand, month by month."""
    person = person_of(w, who)
    until = passed(w, person.calendar)
    if person.mark_month == w.month and w.month >= 0:
        staffed_of(w, who, w.month).value += (until - person.mark) * person.share
        return
    for month in range(max(person.mark_month, 0), w.month + 1):
        since = max(person.mark, passed_until(w, person.calendar, month))
        hours = min(until, passed_until(w, person.calendar, month + 1)) - since
        staffed_of(w, who, month).value += hours * person.share


@compiled
def person_ends(w: World, who: int) -> None:
    """The next piece in somebody's hands is done."""
    person = person_of(w, who)
    place = person.first_hand
    if person.hand > 1:
        _attend(w, who)
        place = _next_in_hand(w, who)
    token = hand_of(w, place).n
    person.attention = token_of(w, token).finish
    person.hand -= 1
    hand_of(w, place).n = hand_of(w, person.first_hand + person.hand).n
    if person.hand == 0:
        worked(w, who)
    else:
        plan(w, after(w, person.calendar, _to_next(w, who)), WORK, who)
    person.idle_since = w.now
    person_changed(w, who)
    done(w, token)


@compiled
def done(w: World, token: int) -> None:
    """A job is done; its pieces go on."""
    number = token_of(w, token).node
    node = node_of(w, number)
    node.in_hand -= 1
    if waiting_of(w, number).n > 0:
        node_changed(w, number)
    who = token_of(w, token).person
    while token >= 0:
        row = token_of(w, token)
        later = row.next
        row.next = NONE
        row.person = who
        if w.month >= 0:
            cell_of(w, case_of(w, row.case).work_class, w.month).cost += node.cost
        if w.recording:
            _record(w, token)
        leave(w, token)
        token = later


@compiled
def _record(w: World, token: int) -> None:
    if w.task_size >= w.task_room:
        w.fault = FULL
        return
    line, row = task_of(w, w.task_size), token_of(w, token)
    w.task_size += 1
    case = case_of(w, row.case)
    line.replication = w.replication
    line.work_class = case.work_class
    line.case = case.number
    line.node = row.node
    line.visit = row.visit
    line.person = row.person
    line.enabled = row.enabled
    line.outside = row.outside
    line.delay = row.delay
    line.ready = row.ready
    line.started = row.started
    line.ended = w.now
    line.worked = row.effort
    line.batch = row.batch
