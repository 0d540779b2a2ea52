"""Who takes up what: at the end of every moment, the best piece goes to the best person, until nothing fits.

Between moments nothing waits that somebody idle could do. So only those who have come free, woken up or got an ability,
and only nodes where something new waits or that opened, have to be looked at. Somebody idle outside their hours is
woken only when work waits for them.
"""

from marops.methods.simulation.agenda import OPENING, WAKE, plan
from marops.methods.simulation.clocks import is_open, opening
from marops.methods.simulation.compiled import compiled
from marops.methods.simulation.layout import (
    NONE,
    able_of,
    agenda_of,
    changed_node_of,
    changed_person_of,
    node_of,
    person_of,
    place_of,
    skill_of,
    token_of,
    waiting_of,
)
from marops.methods.simulation.model import FOREVER
from marops.methods.simulation.moves import pass_gate, settle
from marops.methods.simulation.queues import better, without_best
from marops.methods.simulation.rows import World
from marops.methods.simulation.work import begin, begin_alone


@compiled
def _startable(w: World, number: int) -> bool:
    """Whether work may begin at a node where some waits; if only the hour is wrong, the node's opening is planned."""
    node = node_of(w, number)
    if waiting_of(w, number).n == 0 or (node.limit > 0 and node.in_hand >= node.limit):
        return False
    if is_open(w, node.opens):
        return True
    if place_of(w, w.opening_base + number).n < 0:
        plan(w, opening(w, node.opens, w.now), OPENING, w.opening_base + number)
    return False


@compiled
def _free(w: World, who: int) -> bool:
    person = person_of(w, who)
    return person.hand < person.at_once and is_open(w, person.calendar)


@compiled
def _in_force(w: World, skill: int) -> bool:
    row = skill_of(w, skill)
    return row.since <= w.now < row.until


@compiled
def _alone(w: World) -> None:
    """Begin all that needs nobody, and let pass what waits at gates."""
    for at in range(w.changed_nodes):
        number = changed_node_of(w, at).n
        node = node_of(w, number)
        if node.effort < 0:
            while _startable(w, number):
                token = node.head
                node.head = without_best(w, token)
                waiting_of(w, number).n -= 1
                pass_gate(w, token)
        elif node.alone:
            while _startable(w, number):
                begin_alone(w, number)


@compiled
def _consider(w: World, number: int) -> None:
    """Keep a node whose head is the best yet; flows that go by due date apart from those that do not."""
    head = node_of(w, number).head
    if node_of(w, number).by_due:
        if w.best_dated < 0 or better(w, head, node_of(w, w.best_dated).head):
            w.best_dated = number
    elif w.best_plain < 0 or better(w, head, node_of(w, w.best_plain).head):
        w.best_plain = number


@compiled
def _best_node(w: World) -> int:
    """The node whose head is best. Between a flow that goes by due date and one that does not: who waits longest."""
    if w.best_dated < 0 or w.best_plain < 0:
        return max(w.best_dated, w.best_plain)
    a, b = token_of(w, node_of(w, w.best_dated).head), token_of(w, node_of(w, w.best_plain).head)
    if a.rank != b.rank:
        return w.best_dated if a.rank < b.rank else w.best_plain
    if a.ready != b.ready:
        return w.best_dated if a.ready < b.ready else w.best_plain
    return w.best_dated if a.order < b.order else w.best_plain


@compiled
def _best_able(w: World, number: int) -> int:
    """Who takes the head of a node: fewest in hand, idle longest, first by number. NONE if nobody can."""
    node = node_of(w, number)
    best = NONE
    for able in range(node.first_able, node.first_able + node.ables):
        row = able_of(w, able)
        if not (_free(w, row.person) and _in_force(w, row.skill)):
            continue
        if best < 0:
            best = able
            continue
        one, other = person_of(w, row.person), person_of(w, able_of(w, best).person)
        if one.hand < other.hand or (one.hand == other.hand and one.idle_since < other.idle_since):
            best = able
    return best


@compiled
def _candidate(w: World) -> int:
    """The node whose head is to be taken up next, or NONE."""
    w.best_dated = NONE
    w.best_plain = NONE
    for at in range(w.changed_people):
        who = changed_person_of(w, at).n
        person = person_of(w, who)
        if not _free(w, who):
            continue
        for skill in range(person.first_skill, person.first_skill + person.skills):
            number = skill_of(w, skill).node
            if waiting_of(w, number).n > 0 and _in_force(w, skill) and _startable(w, number):
                _consider(w, number)
    for at in range(w.changed_nodes):
        number = changed_node_of(w, at).n
        node = node_of(w, number)
        if node.ables > 0 and _startable(w, number) and _best_able(w, number) >= 0:
            _consider(w, number)
    return _best_node(w)


@compiled
def _wake(w: World, who: int, skill: int) -> None:
    """Wake somebody when they can first use an ability, unless they wake up before."""
    row = skill_of(w, skill)
    moment = opening(w, person_of(w, who).calendar, max(w.now, row.since))
    if moment <= w.now or moment >= row.until or moment >= FOREVER:
        return
    at = place_of(w, w.wake_base + who).n
    if at < 0 or moment < agenda_of(w, at).time:
        plan(w, moment, WAKE, w.wake_base + who)


@compiled
def _look_ahead(w: World) -> None:
    """Plan when those wake up for whom something waits."""
    for at in range(w.changed_people):
        who = changed_person_of(w, at).n
        person = person_of(w, who)
        person.changed = 0
        if w.queued == 0 or person.hand >= person.at_once or (w.now >= person.settled and is_open(w, person.calendar)):
            continue
        for skill in range(person.first_skill, person.first_skill + person.skills):
            if _startable(w, skill_of(w, skill).node):
                _wake(w, who, skill)
    for at in range(w.changed_nodes):
        number = changed_node_of(w, at).n
        node = node_of(w, number)
        node.changed = 0
        if not _startable(w, number):
            continue
        for able in range(node.first_able, node.first_able + node.ables):
            row = able_of(w, able)
            person = person_of(w, row.person)
            if person.hand < person.at_once:
                _wake(w, row.person, row.skill)


@compiled
def dispatch(w: World) -> None:
    """Let everybody who can take up what waits for them."""
    _alone(w)
    while w.way_size > 0 and w.fault == 0:
        settle(w)
        _alone(w)
    while w.queued > 0:
        number = _candidate(w)
        if number < 0:
            break
        begin(w, _best_able(w, number), number)
    _look_ahead(w)
    w.changed_people = 0
    w.changed_nodes = 0
