"""Rows of the tables in which a replication happens: numbers side by side in memory, read and written by compiled code.

A class here is both the type that a checker sees and the layout in memory (`compiled.layout_of`). Times are hours; for
every number of a row, -1 is none. Fields after "of the running replication" are made anew at its start.
"""

import numpy as np


class NodeRow:
    """A node. `local`: its counter of visits in a case; `batch`: pieces to collect; `joins`: edges to wait for."""

    effort_key: np.uint64
    outside_key: np.uint64
    delay_key: np.uint64
    split_key: np.uint64
    workflow: int
    by_due: int
    local: int
    effort: int
    repeat: float
    alone: int
    alone_clock: int
    outside: int
    outside_clock: int
    delay: int
    delay_clock: int
    batch: int
    batch_wait: float
    together: int
    each: float
    opens: int
    limit: int
    first_join: int
    joins: int
    once: int
    first_reopen: int
    reopens: int
    split_all: int
    first_edge: int
    edges: int
    first_able: int
    ables: int
    cost: float
    everybody: int
    # of the running replication
    head: int
    in_hand: int
    changed: int
    batch_head: int
    batch_tail: int
    collected: int


class EdgeRow:
    """A way to another node. `counter`, `join`: which counters of a case it moves."""

    to: int
    probability: float
    at_most: int
    counter: int
    join: int


class AmountRow:
    """A distribution: its kind, the numbers it is drawn with, its limits, and where its values stand."""

    kind: int
    a: float
    b: float
    c: float
    d: float
    low: float
    high: float
    first: int
    count: int


class ValueRow:
    """One number."""

    value: float


class PersonRow:
    """Somebody who works. `settled`: from then on no ability of theirs begins. `attention`: the time each piece in hand
    has had; `seen`: hours of the calendar then; `mark`: its hours when they last had nothing in hand.
    """

    calendar: int
    settled: float
    share: float
    at_once: int
    first_skill: int
    skills: int
    first_ramp: int
    ramps: int
    first_hand: int
    # of the running replication
    hand: int
    idle_since: float
    attention: float
    seen: float
    mark: float
    mark_month: int
    changed: int


class SkillRow:
    """What a person can do, how fast, and when."""

    node: int
    speed: float
    since: float
    until: float


class AbleRow:
    """Who can do a node, and the row of the skill."""

    person: int
    skill: int


class RampRow:
    """A point of a ramp."""

    hour: float
    factor: float


class ClassRow:
    """A class. `timed`: its points are the very moments. `reached`: how many are expected up to the next case; `at`:
    the point before it.
    """

    case_key: np.uint64
    gap_key: np.uint64
    due_key: np.uint64
    workflow: int
    rank: int
    due: int
    due_clock: int
    gap: int
    first_entry: int
    entries: int
    first_point: int
    points: int
    timed: int
    # of the running replication
    number: int
    at: int
    reached: float


class EntryRow:
    """Where cases start from an hour on."""

    since: float
    node: int


class PointRow:
    """How many cases are expected up to an hour."""

    hour: float
    expected: float


class FlowRow:
    """A workflow: its first limit, and the points at which another one holds (`expected` of them). `head`: the best of
    the cases that wait for a place; `at`: the next of those points.
    """

    first_limit: int
    refuse: int
    by_due: int
    first_point: int
    points: int
    # of the running replication
    limit: int
    at: int
    in_work: int
    head: int


class CalendarRow:
    """Where the spans of a calendar begin, and the one that ends next."""

    first: int
    # of the running replication
    at: int


class SpanRow:
    """When a calendar is open, and its hours before."""

    start: float
    end: float
    worked: float


class NumberRow:
    """One whole number."""

    n: int


class BegunRow:
    """A piece of work that is there at the beginning. `same`: the row of the first of the same case; `taken`: ways into
    joins by which the case has come already; `case`: of the running replication.
    """

    number: int
    work_class: int
    node: int
    stage: int
    arrived: float
    due: float
    since: float
    left: float
    person: int
    visit: int
    same: int
    first_taken: int
    taken: int
    case: int


class CaseRow:
    """A case in work. `luck`: from which all its draws are hashed; `alive`: tokens it has; `next`: free rows."""

    number: int
    work_class: int
    arrived: float
    due: float
    luck: np.uint64
    alive: int
    month: int
    next: int


class TokenRow:
    """Where a case is. `via`: the edge it came by; `since`: when its clock started; `rank`, `key`, `ready`, `order`:
    what decides about its place in a queue, whose links are `child` and `sibling`; `finish`: the attention of its
    person at which it is done; `next`: those done together with it, or free rows.
    """

    case: int
    node: int
    via: int
    visit: int
    stage: int
    person: int
    since: float
    enabled: float
    outside: float
    delay: float
    collected: float
    ready: float
    started: float
    effort: float
    finish: float
    rank: int
    key: float
    order: int
    child: int
    sibling: int
    next: int
    batch: int


class AgendaRow:
    """What will happen when; of two at one moment, the smaller order first."""

    time: float
    order: int
    what: int


class CellRow:
    """Figures of a class and a month."""

    arrived: int
    refused: int
    finished: int
    late: int
    lead_hours: float
    in_work: float
    cost: float


class TotalRow:
    """Figures of a node."""

    visits: int
    effort: float
    outside: float
    delayed: float
    batched: float
    waited: float


class FinishedRow:
    """A case that was finished."""

    replication: int
    work_class: int
    case: int
    arrived: float
    finished: float
    late: int


class TaskRow:
    """A piece of work that was finished."""

    replication: int
    work_class: int
    case: int
    node: int
    visit: int
    person: int
    enabled: float
    outside: float
    delay: float
    ready: float
    started: float
    ended: float
    worked: float
    batch: int


class World:
    """Where every table lies in memory, how much room it has, and how far the replication is."""

    node_at: int
    edge_at: int
    amount_at: int
    value_at: int
    person_at: int
    skill_at: int
    able_at: int
    ramp_at: int
    work_class_at: int
    entry_at: int
    point_at: int
    flow_at: int
    calendar_at: int
    span_at: int
    allowed_at: int
    begun_at: int
    month_edge_at: int
    passed_at: int
    reopen_at: int
    taken_at: int
    case_at: int
    counter_at: int
    token_at: int
    agenda_at: int
    place_at: int
    hand_at: int
    way_at: int
    changed_person_at: int
    changed_node_at: int
    waiting_at: int
    cell_at: int
    total_at: int
    staffed_at: int
    finished_at: int
    task_at: int
    nodes: int
    people: int
    classes: int
    flows: int
    months: int
    calendars: int
    beginnings: int
    width: int
    recording: int
    replication: int
    seed: np.uint64
    begin: float
    end: float
    case_room: int
    token_room: int
    finished_room: int
    task_room: int
    wake_base: int
    opening_base: int
    batch_base: int
    arrival_base: int
    flow_base: int
    token_base: int
    # of the running replication
    luck: np.uint64
    now: float
    month: int
    edge: float
    sequence: int
    coming: int
    batches: int
    events: int
    moves: int
    agenda_size: int
    way_first: int
    way_size: int
    free_case: int
    free_token: int
    used_cases: int
    used_tokens: int
    queued: int
    best_dated: int
    best_plain: int
    changed_people: int
    changed_nodes: int
    finished_size: int
    task_size: int
    fault: int
    fault_node: int
