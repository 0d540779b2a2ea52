"""How a token passes a node: join, outside, delay, batch, then into the queue; and how it goes on afterwards."""

from typing import Final

import numpy as np

from marops.methods.simulation.agenda import BATCH, TIMER, forget, plan
from marops.methods.simulation.cases import drop_token, end_token, new_token, send
from marops.methods.simulation.clocks import after, is_open
from marops.methods.simulation.compiled import compiled
from marops.methods.simulation.draws import drawn, luck, share
from marops.methods.simulation.layout import (
    ENDLESS,
    MOST_MOVES,
    NONE,
    allowed,
    case_of,
    changed_node_of,
    class_of,
    counter_of,
    edge_of,
    node_of,
    reopen_of,
    token_of,
    total_of,
    waiting_of,
    way_of,
)
from marops.methods.simulation.model import FOREVER
from marops.methods.simulation.queues import joined
from marops.methods.simulation.rows import World

OUTSIDE: Final = 0
DELAY: Final = 1
QUEUE: Final = 2
WORKING: Final = 3
LEAVING: Final = 4


@compiled
def node_changed(w: World, number: int) -> None:
    """Something new waits at a node, or it may take more."""
    node = node_of(w, number)
    if node.changed == 0:
        node.changed = 1
        changed_node_of(w, w.changed_nodes).n = number
        w.changed_nodes += 1


@compiled
def _all_joined(w: World, token: int) -> bool:
    row = token_of(w, token)
    node = node_of(w, row.node)
    passed = counter_of(w, row.case, node.first_join + node.joins)
    if node.once and passed.n > 0:
        return True
    counter_of(w, row.case, edge_of(w, row.via).join).n += 1
    for one in range(node.first_join, node.first_join + node.joins):
        if counter_of(w, row.case, one).n == 0:
            drop_token(w, token)
            return False
    for one in range(node.first_join, node.first_join + node.joins):
        counter_of(w, row.case, one).n -= 1
    case_of(w, row.case).alive -= node.joins - 1
    passed.n += 1
    return True


@compiled
def _reopen(w: World, case: int, number: int) -> None:
    """Let the joins behind a fork wait for all of its branches again; what waits there of an earlier time is gone."""
    fork = node_of(w, number)
    for at in range(fork.first_reopen, fork.first_reopen + fork.reopens):
        node = node_of(w, reopen_of(w, at).n)
        for one in range(node.first_join, node.first_join + node.joins):
            case_of(w, case).alive -= counter_of(w, case, one).n
            counter_of(w, case, one).n = 0
        counter_of(w, case, node.first_join + node.joins).n = 0


@compiled
def enter(w: World, token: int) -> None:
    """A token comes to its node."""
    row = token_of(w, token)
    node = node_of(w, row.node)
    if node.joins > 0 and row.via >= 0 and not _all_joined(w, token):
        return
    visits = counter_of(w, row.case, node.local)
    visits.n += 1
    row.visit = visits.n
    row.enabled = w.now
    row.outside = 0.0
    row.delay = 0.0
    row.collected = 0.0
    if node.everybody == 0 and not allowed(w, row.node, case_of(w, row.case).work_class):
        leave(w, token)
    elif not _timed(w, token, OUTSIDE, node.outside, node.outside_clock, node.outside_key):
        _delayed(w, token)


@compiled
def settle(w: World) -> None:
    """Let all tokens that are on their way come to their nodes, in the order in which they set out."""
    while w.way_size > 0 and w.fault == 0:
        token = way_of(w, w.way_first).n
        w.way_first = w.way_first + 1 if w.way_first + 1 < w.token_room else 0
        w.way_size -= 1
        w.moves += 1
        if w.moves > MOST_MOVES:
            w.fault = ENDLESS
            w.fault_node = token_of(w, token).node
            return
        enter(w, token)


@compiled
def _timed(w: World, token: int, stage: int, amount: int, clock: int, key: np.uint64) -> bool:
    """Whether a token has to wait on a clock; then its timer runs."""
    if amount < 0:
        return False
    row = token_of(w, token)
    hours = drawn(w, amount, luck(case_of(w, row.case).luck, key, row.visit))
    if hours <= 0.0:
        return False
    row.stage = stage
    row.since = w.now
    plan(w, after(w, clock, hours), TIMER, w.token_base + token)
    return True


@compiled
def timer_ends(w: World, token: int) -> None:
    """Outside waiting or delay is over."""
    row = token_of(w, token)
    if row.stage == OUTSIDE:
        row.outside = w.now - row.since
        _delayed(w, token)
    else:
        row.delay = w.now - row.since
        _collected(w, token)


@compiled
def _delayed(w: World, token: int) -> None:
    node = node_of(w, token_of(w, token).node)
    if not _timed(w, token, DELAY, node.delay, node.delay_clock, node.delay_key):
        _collected(w, token)


@compiled
def _collected(w: World, token: int) -> None:
    row = token_of(w, token)
    node = node_of(w, row.node)
    if node.batch <= 1 and not (node.batch == 1 and node.together):
        queue_up(w, token)
        return
    row.next = NONE
    row.since = w.now
    if node.collected == 0:
        node.batch_head = token
        if node.batch > 1 and node.batch_wait < FOREVER:
            plan(w, w.now + node.batch_wait, BATCH, w.batch_base + row.node)
    else:
        token_of(w, node.batch_tail).next = token
    node.batch_tail = token
    node.collected += 1
    if node.collected >= node.batch:
        let_go(w, row.node)


@compiled
def let_go(w: World, number: int) -> None:
    """Let all go that were collected at a node."""
    node = node_of(w, number)
    forget(w, w.batch_base + number)
    first, node.collected = node.batch_head, 0
    if node.together:
        w.batches += 1
    token = first
    while token >= 0:
        row = token_of(w, token)
        later = row.next
        row.collected = w.now - row.since
        if node.together:
            row.batch = w.batches
            row.ready = w.now
        else:
            row.next = NONE
            queue_up(w, token)
        token = later
    if node.together:
        queue_up(w, first)


@compiled
def queue_up(w: World, token: int) -> None:
    """A token (with those it is done together with) is ready."""
    row = token_of(w, token)
    node = node_of(w, row.node)
    row.ready = w.now
    if node.effort < 0 and is_open(w, node.opens):
        pass_gate(w, token)
    else:
        stand_in(w, token)


@compiled
def stand_in(w: World, token: int) -> None:
    """Put a token into its node's queue; `ready` says since when it waits."""
    row = token_of(w, token)
    node = node_of(w, row.node)
    row.stage = QUEUE
    row.order = w.coming
    w.coming += 1
    _ranked(w, token)
    node.head = joined(w, node.head, token)
    waiting_of(w, row.node).n += 1
    if node.effort >= 0 and node.alone == 0:
        w.queued += 1
    node_changed(w, row.node)


@compiled
def _ranked(w: World, token: int) -> None:
    """What decides about its place: of a job of several pieces, the best of them."""
    first = token_of(w, token)
    case = case_of(w, first.case)
    rank, due = class_of(w, case.work_class).rank, case.due
    other = first.next
    while other >= 0:
        case = case_of(w, token_of(w, other).case)
        rank, due = min(rank, class_of(w, case.work_class).rank), min(due, case.due)
        other = token_of(w, other).next
    first.rank = rank
    first.key = due if node_of(w, first.node).by_due else first.ready


@compiled
def counted(w: World, token: int) -> None:
    """Count a piece that begins now in the figures of its node."""
    if w.now < 0.0:
        return
    row = token_of(w, token)
    total = total_of(w, row.node)
    total.visits += 1
    total.effort += row.effort
    total.outside += row.outside
    total.delayed += row.delay
    total.batched += row.collected
    total.waited += w.now - row.ready


@compiled
def pass_gate(w: World, token: int) -> None:
    """A token (with its companions) passes a node where nothing is done."""
    while token >= 0:
        row = token_of(w, token)
        later = row.next
        row.next = NONE
        row.effort = 0.0
        counted(w, token)
        leave(w, token)
        token = later


@compiled
def _may_take(w: World, case: int, edge: int) -> bool:
    row = edge_of(w, edge)
    return row.at_most == 0 or counter_of(w, case, row.counter).n < row.at_most


@compiled
def _take(w: World, token: int, edge: int) -> None:
    row, way = token_of(w, token), edge_of(w, edge)
    if way.at_most > 0:
        counter_of(w, row.case, way.counter).n += 1
    row.node = way.to
    row.via = edge
    row.next = NONE
    row.batch = NONE
    send(w, token)


@compiled
def _chosen(w: World, token: int) -> int:
    row = token_of(w, token)
    node = node_of(w, row.node)
    if node.edges == 1 and edge_of(w, node.first_edge).at_most == 0:
        return node.first_edge
    whole, last = 0.0, NONE
    for edge in range(node.first_edge, node.first_edge + node.edges):
        if edge_of(w, edge).probability > 0.0 and _may_take(w, row.case, edge):
            whole += edge_of(w, edge).probability
            last = edge
    left = whole * share(luck(case_of(w, row.case).luck, node.split_key, row.visit))
    for edge in range(node.first_edge, last):
        if edge_of(w, edge).probability > 0.0 and _may_take(w, row.case, edge):
            left -= edge_of(w, edge).probability
            if left < 0.0:
                return edge
    return last


@compiled
def leave(w: World, token: int) -> None:
    """A token goes on from its node: by one of the edges or by all of them, or it ends."""
    row = token_of(w, token)
    node = node_of(w, row.node)
    if node.split_all == 0:
        edge = _chosen(w, token) if node.edges > 0 else NONE
        if edge < 0:
            end_token(w, token)
        else:
            _take(w, token, edge)
        return
    if node.reopens > 0:
        _reopen(w, row.case, row.node)
    case, end, mine = row.case, node.first_edge + node.edges, NONE
    for edge in range(node.first_edge, end):
        if not _may_take(w, case, edge):
            continue
        one = token if mine < 0 else new_token(w, case, row.node)
        mine = edge
        if one >= 0:
            _take(w, one, edge)
    if mine < 0:
        end_token(w, token)
