"""Pictures of one person: a skill's levels on one line, and the roles they had along the years."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from marops.kernel.drawing import cut, drawing, num, path, tag, text, wide

_STEP, _LEFT, _MID = 38.0, 9.0, 11.0
_WIDTH, _ROW = 880.0, 34.0


def levels(ident: str, name: str, needed: int | None, own: int | None, manager: int | None) -> SafeString:
    """One skill from 0 to 4: the needed level as a bar, one's own as a ring, the manager's as a dot."""
    parts = [path(f"M{num(_LEFT)} {num(_MID)}H{num(_LEFT + _STEP * 4)}", "axis")]
    parts += [path(f"M{num(_x(level))} {num(_MID - 3)}v6", "axis") for level in range(5)]
    if needed is not None:
        parts.append(tag("rect", x=_LEFT, y=_MID - 4, width=_STEP * needed, height=8, class_="rest"))
        parts.append(path(f"M{num(_x(needed))} {num(_MID - 8)}v16", "due-tick"))
    if own is not None:
        parts.append(tag("circle", cx=_x(own), cy=_MID, r=7 if own == manager else 5, class_="dot-o"))
    if manager is not None:
        parts.append(tag("circle", cx=_x(manager), cy=_MID, r=4, class_="d1"))
    return drawing(
        parts, width=_LEFT * 2 + _STEP * 4, height=22, ident=ident, title=name, says=_said(needed, own, manager)
    )


def _x(level: int) -> float:
    return _LEFT + _STEP * level


def _said(needed: int | None, own: int | None, manager: int | None) -> str:
    said = []
    if needed is not None:
        said.append(_("needed: %(n)s") % {"n": needed})
    if own is not None:
        said.append(_("seen by themselves: %(n)s") % {"n": own})
    if manager is not None:
        said.append(_("seen by the manager: %(n)s") % {"n": manager})
    return ", ".join(said) or _("nothing said yet")


@dataclass(frozen=True, slots=True)
class Stay:
    """A role with its days; None: since always, or still."""

    title: str
    starts: date | None
    ends: date | None
    share: float
    elsewhere: bool


def path_of_roles(stays: Sequence[Stay], today: date) -> SafeString:
    """Roles along the years, the newest above: a bar's height is the share of a week; dashed where it was elsewhere."""
    days = [one.starts for one in stays if one.starts]
    first = min([*days, today - timedelta(days=365)])
    last = max([today, *(one.ends for one in stays if one.ends)]) + timedelta(days=90)
    scale = (_WIDTH - 20) / max((last - first).days, 1)

    def x(day: date) -> float:
        return 10 + (day - first).days * scale

    height = _ROW * len(stays) + 24
    parts = _years(first, last, x, height)
    for place, one in enumerate(stays):
        start, end = x(one.starts or first), x(one.ends or last)
        top, tall = _ROW * place + 18, 4 + 8 * one.share
        css = "stay-else" if one.elsewhere else "stay"
        parts.append(tag("rect", x=start, y=top, width=max(end - start, 3), height=tall, rx=2, class_=css))
        parts.append(_name(one, start, top - 5))
    parts.append(path(f"M{num(x(today))} 4V{num(height - 18)}", "target-line"))
    said = "; ".join(one.title for one in stays)
    return drawing(parts, width=_WIDTH, height=height, ident="path", title=_("Roles along the years"), says=said)


def _name(one: Stay, start: float, y: float) -> str:
    """What the role is called, above its bar; where that would leave the picture, it ends at its edge."""
    words = one.title if one.share == 1 else f"{one.title} · {one.share:.0%}"
    room = _WIDTH - 10
    at = min(start, max(room - wide(words), 10))
    return text(cut(words, room - at), at, y, "t-quiet" if one.elsewhere else "t-strong")


def _years(first: date, last: date, x: Callable[[date], float], height: float) -> list[str]:
    marks = [date(year, 1, 1) for year in range(first.year + 1, last.year + 1)]
    every = max(1, len(marks) // 8)
    parts = [path(f"M{num(x(day))} 4V{num(height - 18)}", "grid") for day in marks]
    return parts + [
        text(str(day.year), x(day) + 3, height - 6, "t-quiet") for day in marks[::every] if x(day) < _WIDTH - 40
    ]
