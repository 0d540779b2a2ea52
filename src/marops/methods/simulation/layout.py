"""Which tables there are, and how compiled code gets at a row of each: `node_of(w, 3)` is the fourth node.

`w` is the one row of the world (`rows.World`), which every compiled function is given first.
"""

from typing import Final

from marops.methods.simulation.compiled import compiled, layout_of, rows_of
from marops.methods.simulation.rows import (
    AbleRow,
    AgendaRow,
    AmountRow,
    BegunRow,
    CalendarRow,
    CaseRow,
    CellRow,
    ClassRow,
    EdgeRow,
    EntryRow,
    FinishedRow,
    FlowRow,
    NodeRow,
    NumberRow,
    PersonRow,
    PointRow,
    RampRow,
    SkillRow,
    SpanRow,
    TaskRow,
    TokenRow,
    TotalRow,
    ValueRow,
    World,
)

NONE: Final = -1
FULL: Final = 1
"""A fault: a table was too small; the caller makes room and runs the replication again."""
ENDLESS: Final = 2
"""A fault: work goes round without taking time."""
MOST_MOVES: Final = 1_000_000
"""So many moves at one moment are taken for endless."""

TABLES: Final = {
    name: layout_of(row)
    for name, row in (
        ("node", NodeRow),
        ("edge", EdgeRow),
        ("amount", AmountRow),
        ("value", ValueRow),
        ("person", PersonRow),
        ("skill", SkillRow),
        ("able", AbleRow),
        ("ramp", RampRow),
        ("work_class", ClassRow),
        ("entry", EntryRow),
        ("point", PointRow),
        ("flow", FlowRow),
        ("calendar", CalendarRow),
        ("span", SpanRow),
        ("allowed", NumberRow),
        ("begun", BegunRow),
        ("month_edge", ValueRow),
        ("passed", ValueRow),
        ("reopen", NumberRow),
        ("taken", NumberRow),
        ("case", CaseRow),
        ("counter", NumberRow),
        ("token", TokenRow),
        ("agenda", AgendaRow),
        ("place", NumberRow),
        ("hand", NumberRow),
        ("way", NumberRow),
        ("changed_person", NumberRow),
        ("changed_node", NumberRow),
        ("waiting", NumberRow),
        ("cell", CellRow),
        ("total", TotalRow),
        ("staffed", ValueRow),
        ("finished", FinishedRow),
        ("task", TaskRow),
    )
}
"""Every table by its name; where it lies stands in the field `<name>_at` of the world."""
WORLD: Final = layout_of(World)

_node_at = rows_of(NodeRow)
_edge_at = rows_of(EdgeRow)
_amount_at = rows_of(AmountRow)
_value_at = rows_of(ValueRow)
_person_at = rows_of(PersonRow)
_skill_at = rows_of(SkillRow)
_able_at = rows_of(AbleRow)
_ramp_at = rows_of(RampRow)
_class_at = rows_of(ClassRow)
_entry_at = rows_of(EntryRow)
_point_at = rows_of(PointRow)
_flow_at = rows_of(FlowRow)
_calendar_at = rows_of(CalendarRow)
_span_at = rows_of(SpanRow)
_begun_at = rows_of(BegunRow)
_case_at = rows_of(CaseRow)
_token_at = rows_of(TokenRow)
_agenda_at = rows_of(AgendaRow)
_number_at = rows_of(NumberRow)
_total_at = rows_of(TotalRow)
_finished_at = rows_of(FinishedRow)
_task_at = rows_of(TaskRow)
_cell_at = rows_of(CellRow)


@compiled
def node_of(w: World, n: int) -> NodeRow:
    """A row of the nodes."""
    return _node_at(w.node_at, n)


@compiled
def edge_of(w: World, e: int) -> EdgeRow:
    """A row of the edges."""
    return _edge_at(w.edge_at, e)


@compiled
def amount_of(w: World, a: int) -> AmountRow:
    """A row of the distributions."""
    return _amount_at(w.amount_at, a)


@compiled
def value_of(w: World, v: int) -> ValueRow:
    """A row of the values between which a distribution is linear."""
    return _value_at(w.value_at, v)


@compiled
def person_of(w: World, p: int) -> PersonRow:
    """A row of the people."""
    return _person_at(w.person_at, p)


@compiled
def skill_of(w: World, s: int) -> SkillRow:
    """A row of what people can do, person by person."""
    return _skill_at(w.skill_at, s)


@compiled
def able_of(w: World, a: int) -> AbleRow:
    """A row of who can do it, node by node."""
    return _able_at(w.able_at, a)


@compiled
def ramp_of(w: World, r: int) -> RampRow:
    """A row of the points of ramps."""
    return _ramp_at(w.ramp_at, r)


@compiled
def class_of(w: World, c: int) -> ClassRow:
    """A row of the classes."""
    return _class_at(w.work_class_at, c)


@compiled
def entry_of(w: World, e: int) -> EntryRow:
    """A row of the entries."""
    return _entry_at(w.entry_at, e)


@compiled
def point_of(w: World, p: int) -> PointRow:
    """A row of the points of arrivals."""
    return _point_at(w.point_at, p)


@compiled
def flow_of(w: World, f: int) -> FlowRow:
    """A row of the flows."""
    return _flow_at(w.flow_at, f)


@compiled
def calendar_of(w: World, c: int) -> CalendarRow:
    """A row of the calendars."""
    return _calendar_at(w.calendar_at, c)


@compiled
def span_of(w: World, s: int) -> SpanRow:
    """A row of the spans of calendars."""
    return _span_at(w.span_at, s)


@compiled
def begun_of(w: World, b: int) -> BegunRow:
    """A row of what is there at the beginning."""
    return _begun_at(w.begun_at, b)


@compiled
def case_of(w: World, c: int) -> CaseRow:
    """A row of the cases in work."""
    return _case_at(w.case_at, c)


@compiled
def token_of(w: World, t: int) -> TokenRow:
    """A row of the tokens."""
    return _token_at(w.token_at, t)


@compiled
def agenda_of(w: World, a: int) -> AgendaRow:
    """A row of the agenda."""
    return _agenda_at(w.agenda_at, a)


@compiled
def place_of(w: World, what: int) -> NumberRow:
    """Where in the agenda something stands."""
    return _number_at(w.place_at, what)


@compiled
def hand_of(w: World, h: int) -> NumberRow:
    """A row of the tokens in hands."""
    return _number_at(w.hand_at, h)


@compiled
def reopen_of(w: World, i: int) -> NumberRow:
    """A join that a node reopens."""
    return _number_at(w.reopen_at, i)


@compiled
def taken_of(w: World, i: int) -> NumberRow:
    """The counter of a way into a join by which a case has come already."""
    return _number_at(w.taken_at, i)


@compiled
def way_of(w: World, i: int) -> NumberRow:
    """A row of the tokens on their way to a node, a ring."""
    return _number_at(w.way_at, i)


@compiled
def changed_person_of(w: World, i: int) -> NumberRow:
    """A row of the people who may take something up."""
    return _number_at(w.changed_person_at, i)


@compiled
def changed_node_of(w: World, i: int) -> NumberRow:
    """A row of the nodes where something new waits."""
    return _number_at(w.changed_node_at, i)


@compiled
def total_of(w: World, n: int) -> TotalRow:
    """The figures of a node."""
    return _total_at(w.total_at, n)


@compiled
def finished_of(w: World, i: int) -> FinishedRow:
    """A row of the cases that are finished."""
    return _finished_at(w.finished_at, i)


@compiled
def task_of(w: World, i: int) -> TaskRow:
    """A row of the pieces of work that are finished."""
    return _task_at(w.task_at, i)


@compiled
def waiting_of(w: World, n: int) -> NumberRow:
    """How many wait at a node; apart from its row, because those who come free look at many."""
    return _number_at(w.waiting_at, n)


@compiled
def allowed(w: World, n: int, c: int) -> bool:
    """Whether a class has work at a node."""
    return _number_at(w.allowed_at, n * w.classes + c).n != 0


@compiled
def month_edge(w: World, m: int) -> float:
    """When a month begins; the last is the end."""
    return _value_at(w.month_edge_at, m).value


@compiled
def passed_until(w: World, c: int, m: int) -> float:
    """Hours of a calendar that have passed when a month begins."""
    return _value_at(w.passed_at, c * (w.months + 1) + m).value


@compiled
def counter_of(w: World, c: int, n: int) -> NumberRow:
    """A counter of a case: visits, edges taken, tokens that wait to be joined."""
    return _number_at(w.counter_at, c * w.width + n)


@compiled
def cell_of(w: World, c: int, m: int) -> CellRow:
    """The figures of a class and a month."""
    return _cell_at(w.cell_at, c * w.months + m)


@compiled
def staffed_of(w: World, p: int, m: int) -> ValueRow:
    """Hours worked by a person in a month."""
    return _value_at(w.staffed_at, p * w.months + m)
