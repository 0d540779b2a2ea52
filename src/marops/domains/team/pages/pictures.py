"""The house of roles: what stands on the team's first page, and its own page."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.charts.house import house as drawn
from marops.domains.team.pages.frame import tabs
from marops.domains.team.permissions import VIEW
from marops.domains.team.ports import HandOff
from marops.domains.team.queries.hand_offs import SPANS
from marops.domains.team.queries.house import House, house_of
from marops.domains.team.rules.hand_offs import Passing
from marops.kernel.actors import Actor
from marops.kernel.drawing import number
from marops.kernel.workspace import workspace

_PAGES = {"role": ("team:role",), "person": ("team:person", "team:hours-of"), "place": ("team:opening",)}


def link(kind: str, ref: str) -> str:
    """The page of a role, a person or an opening; empty where there is none."""
    return next((url for name in _PAGES[kind] if (url := door(name, ref))), "")


def door(name: str, *args: str) -> str:
    """The address of a page; empty where there is no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@require_GET
@needs(VIEW)
def house_page(request: HttpRequest) -> HttpResponse:
    """The house by itself: the picture, everything that passes, and every room in words."""
    actor, asked = actor_of(request), request.GET.get("days", "90")
    days = int(asked) if asked in {str(one) for one in SPANS} else 90
    found = house_of(actor, days)
    context = {
        "house": _told(found) | {"slow": ""},
        "spans": [_span(one, days) for one in SPANS],
        "rooms": [_room(found, slug) for slug in found.rooms if not found.rooms[slug].outside],
        "tabs": tabs(request, "team"),
        "answer": _answer(found),
        "title": _("The house of roles"),
        "team_url": door("team:overview"),
    }
    return render(request, "team/house.html", context)


def house(actor: Actor, days: int = 90) -> dict[str, Any]:
    """The house as a part of another page: what `team/parts/house.html` reads."""
    return _told(house_of(actor, days)) | {"url": reverse("team:house")}


def _told(found: House) -> dict[str, Any]:
    picture = drawn(found.rooms, found.order, found.outside, found.drawn, link, emblems=workspace().emblems)
    return {
        "picture": picture,
        "rows": [_row(found, one) for one in found.drawn],
        "others": [_row(found, one) for one in found.others],
        "heading": _slow_heading(found),
        "slow": _slow(found),
        "basis": _basis(found),
    }


def _span(days: int, chosen: int) -> dict[str, Any]:
    label = _("a year") if days == 365 else ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    return {"label": label, "url": f"{reverse('team:house')}?days={days}", "current": days == chosen}


def _row(found: House, one: Passing) -> dict[str, Any]:
    passed = one.passed
    return {
        "number": one.number or "",
        "css": {"campaign": "c", "lead": "l", "approval": "p"}[passed.about],
        "what": passed.what,
        "way": f"{found.title(passed.source)} → {found.title(passed.target)}",
        "a_month": number(one.a_month, 0 if one.a_month >= 10 else 1),
        "waits": hours(passed.waits) if passed.waits is not None else "",
        "interval": _interval(passed),
        "measured": one.measured,
        "url": passed.url,
    }


def hours(value: float, *, like: float | None = None, unit: bool = True) -> str:
    """A wait in few letters: 4 s, 12 min, 3.1 h, 47 h, 6 days; in the unit that `like` would be told in."""
    by = value if like is None else like
    if by * 3600 < 90:
        said, words = number(value * 3600), _("%(n)s s")
    elif by < 1:
        said, words = number(value * 60), _("%(n)s min")
    elif by < 48:
        said, words = number(value, 1 if by < 10 else 0), _("%(n)s h")
    else:
        said, words = number(value / 24, 1 if by < 240 else 0), _("%(n)s days")
    return words % {"n": said} if unit else said


def _interval(one: HandOff) -> str:
    if one.low is None or one.high is None or one.waits is None:
        return ""
    low, high = (hours(end, like=one.waits, unit=False) for end in (one.low, one.high))
    return f"{low}–{high}"


def _slow_heading(found: House) -> str:
    if found.slowest is None:
        return _("What passes from room to room")
    return _("The slowest hand-over is number %(n)s") % {"n": found.slowest.number}


def _slow(found: House) -> str:
    """One sentence about the slowest, with the interval of its median."""
    one = found.slowest
    if one is None:
        return ""
    words = {
        "what": one.passed.what, "to": found.title(one.passed.target), "time": hours(one.passed.waits or 0.0),
        "interval": _interval(one.passed),
    }  # fmt: skip
    return _("%(what)s: the typical wait for a %(to)s is %(time)s (%(interval)s).") % words


def _basis(found: House) -> str:
    """From what the numbers come."""
    measured = [one.measured for one in found.passed.rows]
    days = {"days": found.passed.days}
    if not found.passed.asked:
        return _("What was done cannot be asked now: the engine has not run yet. Dashed: usual, not measured.")
    if not any(measured):
        return _("Dashed: usual, not measured. Nothing that passed was recorded in the last %(days)s days.") % days
    if all(measured):
        return _("From %(days)s days of work.") % days
    return _("From %(days)s days of work; dashed: usual, not measured.") % days


def _answer(found: House) -> str:
    slow = _slow(found)
    if slow:
        return slow
    empty = [room for room in found.rooms.values() if not room.outside and not room.holders]
    if empty:
        names = _listed([room.title for room in empty])
        return ngettext("Nobody holds the role %(names)s.", "Nobody holds these roles: %(names)s.", len(empty)) % {
            "names": names
        }
    return _("Every role has somebody; what waits is not known yet.")


def _listed(names: Sequence[str], most: int = 3) -> str:
    shown = list(names[:most])
    rest = len(names) - len(shown)
    return ", ".join([*shown, *([_("%(n)s more") % {"n": rest}] if rest else [])])


def _room(found: House, slug: str) -> dict[str, Any]:
    room = found.rooms[slug]
    cover = room.cover
    return {
        "title": room.title,
        "url": link("role", slug),
        "holders": [
            {
                "name": one.name,
                "url": link("person", one.ref),
                "share": number(one.share * 100) if one.share < 0.995 else "",
                "load": number(one.load * 100) if one.load is not None else "",
                "over": one.over,
            }
            for one in room.holders
        ],
        "places": [{"title": one.title, "url": link("place", one.ref)} for one in room.places],
        "cover": {"name": cover.name, "url": link("person", cover.ref), "lacks": _listed(cover.lacks)}
        if cover
        else None,
        "unsure": room.unsure,
        "grows": _listed([title for title, _short_name in room.grows]),
        "months": f"{room.months[0]:g}–{room.months[1]:g}" if room.months else "",
    }
