"""Calendars inside compiled code: whether one is open, when it opens, and when so many of its hours have passed.

Time only goes forward, so each calendar keeps a cursor on the span that ends next; whoever asks walks on from there.
Every calendar ends with two spans beyond all time, of which the second has seen more hours than anybody works.
A negative number is the clock on the wall. Microseconds are no time: eight hours that are a rounding error longer than
the day end with it, and nobody begins anything in the last of them.
"""

from typing import Final

from marops.methods.simulation.compiled import compiled
from marops.methods.simulation.layout import calendar_of, span_of
from marops.methods.simulation.model import FOREVER
from marops.methods.simulation.rows import World

_NO_TIME: Final = 1e-9


@compiled
def cursor(w: World, calendar: int) -> int:
    """The span of a calendar that ends next."""
    one = calendar_of(w, calendar)
    at = one.at
    if span_of(w, at).end <= w.now + _NO_TIME:
        while span_of(w, at).end <= w.now + _NO_TIME:
            at += 1
        one.at = at
    return at


@compiled
def is_open(w: World, calendar: int) -> bool:
    """Whether something is open now."""
    return calendar < 0 or span_of(w, cursor(w, calendar)).start <= w.now


@compiled
def opening(w: World, calendar: int, since: float) -> float:
    """The first moment from `since` on (not before now) at which it is open."""
    if calendar < 0:
        return since
    at = cursor(w, calendar)
    while span_of(w, at).end <= since:
        at += 1
    return max(since, span_of(w, at).start)


@compiled
def after(w: World, calendar: int, hours: float) -> float:
    """When so many hours of a calendar will have passed from now on."""
    if hours <= 0.0:
        return w.now
    if calendar < 0:
        return w.now + hours
    at = cursor(w, calendar)
    span = span_of(w, at)
    begun = max(w.now, span.start)
    if begun + hours <= span.end + _NO_TIME:
        return min(begun + hours, span.end)
    wanted = span.worked + (begun - span.start) + min(hours, FOREVER)
    while span_of(w, at + 1).worked < wanted - _NO_TIME:
        at += 1
    span = span_of(w, at)
    return min(span.start + (wanted - span.worked), span.end)


@compiled
def passed(w: World, calendar: int) -> float:
    """How many hours of a calendar have passed until now."""
    span = span_of(w, cursor(w, calendar))
    return span.worked + max(0.0, w.now - span.start)
