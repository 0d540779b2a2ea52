"""The house of roles as a picture: rooms with those who hold them, and numbered ways for what passes between them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, log10

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.rules.hand_offs import Passing
from marops.domains.team.rules.house import Holder, Order, Room
from marops.kernel.drawing import broken, cut, num, number, path, tag, text, wide
from marops.methods import rooms as layout
from marops.methods.rooms import Box, Drawn, Point, Row

LINE, HEAD, FOOT = 18.0, 26.0, 26.0
ROOF, DOOR = 114.0, 48.0
EMBLEM = 44.0
PEOPLE = 3
"""So many people are named in a room; the others are counted."""
_PAD, _ROUND = 12.0, 8.0
_NARROW = layout.LEAST - 82.0
"""What words beside an emblem have in the narrowest room."""
_COLUMN = 408.0
"""Where the second column of a wide room begins."""

Link = Callable[[str, str], str]
"""(`role` or `person` or `place`, short name or reference) → address, empty where there is none."""


@dataclass(frozen=True, slots=True)
class RoomDrawn:
    """A room's marks, and where its emblem stands."""

    marks: SafeString
    emblem: str = ""
    x: str = ""
    y: str = ""


@dataclass(frozen=True, slots=True)
class HouseDrawn:
    """The picture: what the template puts together."""

    width: str
    height: str
    rooms: tuple[RoomDrawn, ...]
    ways: SafeString
    says: str


def house(
    rooms: dict[str, Room], order: Order, outside: Sequence[str], drawn: Sequence[Passing], link: Link, *, emblems: bool
) -> HouseDrawn:
    """The picture of these rooms, with a numbered way for each of the hand-offs `drawn`."""
    many = len(order.grid) + len(outside)
    columns = 2 if many in (2, 4) else min(3, max(1, many))
    ordered = _ordered(order, outside, drawn, columns)
    rows = list(_rows(rooms, order, ordered, columns))
    plan = layout.house(rows, [(one.passed.source, one.passed.target) for one in drawn], columns=columns)
    pen = _Pen(link, emblems)
    found = tuple(pen.room(rooms[slug], box, roof=slug == order.roof) for slug, box in plan.rooms.items())
    most = max((one.a_month for one in drawn), default=1.0)
    marks = [_way(one, way, most) for one, way in zip(drawn, plan.ways, strict=True)]
    marks += [_pin(one, way.pin) for one, way in zip(drawn, plan.ways, strict=True)]
    return HouseDrawn(
        num(plan.width), num(plan.height + 2), found, _safe("".join(marks)), _says(rooms, drawn)
    )  # fmt: skip


def _safe(marks: str) -> SafeString:
    return mark_safe(marks)  # noqa: S308  # made by `tag` and `text`, which escape


def _says(rooms: dict[str, Room], drawn: Sequence[Passing]) -> str:
    inside = sum(not one.outside for one in rooms.values())
    said = [ngettext("%(n)s role", "%(n)s roles", inside) % {"n": inside}]
    for one in drawn:
        words = {"n": one.number, "what": one.passed.what, "a": _name(rooms, one.passed.source)}
        said.append(_("%(n)s: %(what)s, from %(a)s to %(b)s") % {**words, "b": _name(rooms, one.passed.target)})
    return "; ".join(said) + "."


def _name(rooms: dict[str, Room], slug: str) -> str:
    return rooms[slug].title if slug in rooms else slug


# -- how the rooms stand -----------------------------------------------------------------------------------------------


def _ordered(order: Order, outside: Sequence[str], drawn: Sequence[Passing], columns: int) -> list[str]:
    """The grid's rooms, so that what passes much stands close together."""
    ties: dict[tuple[str, str], float] = {}
    for one in drawn:
        pair = (one.passed.source, one.passed.target)
        ties[pair] = ties.get(pair, 0.0) + log10(2 + one.a_month)
    grid = [*order.grid, *outside]
    places = dict.fromkeys(order.upper, -1.0) | dict.fromkeys(order.ground, float(ceil(len(grid) / columns)))
    places |= {order.roof: -2.0} if order.roof else {}
    return layout.arranged(grid, columns, ties, places)


def _rows(rooms: dict[str, Room], order: Order, grid: Sequence[str], columns: int) -> list[Row]:
    rows = [Row((order.roof,), ROOF, wide=True)] if order.roof else []
    rows += [Row((slug,), _height(rooms[slug], broad=True), wide=True) for slug in order.upper]
    for start in range(0, len(grid), columns):
        names = tuple(grid[start : start + columns])
        rows.append(Row(names, max(_height(rooms[slug], broad=columns == 1) for slug in names)))
    rows += [Row((slug,), _height(rooms[slug], broad=True), wide=True) for slug in order.ground]
    return rows


def _height(room: Room, *, broad: bool) -> float:
    if room.outside:
        return DOOR
    title = 1 if broad else len(broken(room.title, _NARROW))
    lines = 1 + title + len(_people(room)) + (0 if broad else len(_notes(room, _NARROW)))
    return HEAD + LINE * (lines - 1) + FOOT


def _people(room: Room) -> list[tuple[str, str, str, Holder | None]]:
    """Lines of those who hold the role and of places: kind, reference, words, holder."""
    found: list[tuple[str, str, str, Holder | None]] = [("person", one.ref, one.name, one) for one in room.holders]
    if len(found) > PEOPLE:
        rest = len(found) - PEOPLE + 1
        more = ngettext("and %(n)s more", "and %(n)s more", rest) % {"n": rest}
        found = [*found[: PEOPLE - 1], ("role", room.slug, more, None)]
    if len(room.places) > 1:
        said = ngettext("%(n)s open place", "%(n)s open places", len(room.places)) % {"n": len(room.places)}
        found.append(("role", room.slug, said, None))
    elif room.places:
        found.append(("place", room.places[0].ref, _("open: %(title)s") % {"title": room.places[0].title}, None))
    return found or [("role", room.slug, _("nobody yet"), None)]


def _notes(room: Room, width: float) -> list[str]:
    """Who stands in, and where one grows to, in lines of this width."""
    found = []
    if room.cover:
        words = {"name": room.cover.name}
        found.append((_("partly: %(name)s") if room.cover.lacks else _("stand-in: %(name)s")) % words)
    elif len(room.holders) == 1:
        found.append(_("nobody seen to stand in") if room.unsure else _("nobody stands in"))
    if room.grows:
        found.append(_("next: %(role)s") % {"role": room.grows[0][1]})
    return [line for words in found for line in broken(words, width)]


# -- marks -------------------------------------------------------------------------------------------------------------


class _Pen:
    def __init__(self, link: Link, emblems: bool):
        self.link, self.emblems = link, emblems

    def room(self, room: Room, box: Box, *, roof: bool) -> RoomDrawn:
        if roof:
            return self._roof(room, box)
        if room.outside:
            return RoomDrawn(_safe("".join(self._door(room, box))))
        emblem = room.emblem if self.emblems else ""
        left = box.x + (72 if emblem else 14)
        frame = "room" if room.holders else "room nobody"
        marks = [tag("rect", class_=frame, x=box.x + 0.5, y=box.y + 0.5, width=box.w - 1, height=box.h - 1, rx=6.0)]
        marks += self._words(room, box, left)
        marks += _bar(room, box)
        return RoomDrawn(_safe("".join(marks)), emblem, num(box.x + 14), num(box.y + 16))

    def _linked(self, marks: str, kind: str, ref: str) -> str:
        url = self.link(kind, ref) if ref else ""
        return f'<a href="{escape(url)}">{marks}</a>' if url else marks

    def _said(self, words: str, x: float, y: float, room: float, css: str = "") -> str:
        strong = "t-strong" in css
        shown = cut(words, room, strong=strong)
        return text(shown, x, y, css, words if shown != words else "")

    def _words(self, room: Room, box: Box, left: float) -> list[str]:
        broad = box.w > 500
        end = (box.x + _COLUMN - 12) if broad else box.right - 10
        y = box.y + HEAD
        title = [room.title] if broad else broken(room.title, _NARROW)
        first, *others = title
        marks = [self._linked(self._said(first, left, y, end - left, "t-strong"), "role", room.slug)]
        for line in others:
            y += LINE
            marks.append(self._said(line, left, y, end - left, "t-strong"))
        if room.persona and self.emblems:
            y += LINE
            marks.append(self._said(room.persona, left, y, end - left, "t-quiet"))
        for kind, ref, words, holder in _people(room):
            y += LINE
            marks += self._person(kind, ref, words, holder, left, y, box.right - 12, end)
        x, top = (box.x + _COLUMN, box.y + HEAD) if broad else (left, y + LINE)
        right = box.right - (64 if broad else 10)
        for number_, words in enumerate(_notes(room, right - x if broad else _NARROW)):
            marks.append(self._said(words, x, top + LINE * number_, right - x, "t-quiet"))
        return marks

    def _person(
        self, kind: str, ref: str, words: str, holder: Holder | None, x: float, y: float, right: float, end: float
    ) -> list[str]:
        """A name with its load at the right; an open place has a dashed mark before it."""
        marks, room = [], min(end, right) - x
        if holder is None and kind == "place":
            marks.append(tag("circle", class_="open", cx=x + 4, cy=y - 4.5, r=4.0))
            x, room = x + 14, room - 14
        if holder is not None and holder.load is not None:
            said = _("%(n)s %%") % {"n": number(holder.load * 100)}
            marks.append(text(said, right, y, "t-end t-warn" if holder.over else "t-end t-quiet"))
            room = min(room, right - wide(said) - 8 - x)
        if holder is not None and holder.share < 0.995:
            part = _("%(n)s %% of a week") % {"n": number(holder.share * 100)}
            full = f"{words}, {part}"
            shown = full if wide(full) <= room else words
            return [*marks, self._linked(self._said(shown, x, y, room, "t-quiet"), kind, ref)]
        return [*marks, self._linked(self._said(words, x, y, room, "t-quiet"), kind, ref)]

    def _roof(self, room: Room, box: Box) -> RoomDrawn:
        middle = box.x + box.w / 2
        d = f"M{num(middle)} {num(box.y + 2)}L{num(box.right - 6)} {num(box.bottom)}H{num(box.x + 6)}Z"
        emblem = room.emblem if self.emblems else ""
        title = self._linked(text(room.title, middle, box.y + 82, "t-strong t-mid"), "role", room.slug)
        marks = [path(d, "roof"), title]
        people = _people(room)
        names = ", ".join(words for _kind, _ref, words, _holder in people)
        said = f"{room.persona} · {names}" if emblem and room.persona else names
        marks.append(self._linked(text(cut(said, 470), middle, box.y + 101, "t-mid", said), people[0][0], people[0][1]))
        return RoomDrawn(_safe("".join(marks)), emblem, num(middle - EMBLEM / 2), num(box.y + 22))

    def _door(self, room: Room, box: Box) -> list[str]:
        count = len(room.holders)
        people = ngettext("%(n)s person", "%(n)s people", count) % {"n": count} if count else _("nobody yet")
        said = _("outside the team, %(people)s") % {"people": people}
        y = box.y + HEAD
        return [
            tag("rect", class_="room outside", x=box.x + 0.5, y=box.y + 0.5, width=box.w - 1, height=box.h - 1, rx=6.0),
            self._linked(self._said(room.title, box.x + 14, y, box.w - 24, "t-strong"), "role", room.slug),
            self._said(said, box.x + 14, y + LINE, box.w - 24, "t-quiet"),
        ]


def _bar(room: Room, box: Box) -> list[str]:
    """How full the week of the fullest of them is."""
    loads = [one for one in room.holders if one.load is not None]
    if not loads:
        return []
    full = max(loads, key=lambda one: one.load or 0.0)
    left, right, y = box.x + _PAD, box.right - _PAD, box.bottom - 8.5
    end = left + (right - left) * min(1.0, full.load or 0.0)
    ground = path(f"M{num(left)} {num(y)}H{num(right)}", "load-g")
    return [ground, path(f"M{num(left)} {num(y)}H{num(max(end, left + 1))}", "load over" if full.over else "load")]


_CSS = {"campaign": "c", "lead": "", "approval": "p"}


def _way(one: Passing, way: Drawn, most: float) -> str:
    """A stroke with rounded corners and a tip; the more passes, the stronger, on a scale of powers of ten."""
    weight = 1.5 + 2.0 * log10(1 + one.a_month) / max(1.0, log10(1 + most))
    css = " ".join(part for part in ("hand", _CSS[one.passed.about], "" if one.measured else "usual") if part)
    (ax, ay), (bx, by) = way.points[-2:]
    length = max(abs(ax - bx), abs(ay - by)) or 1.0
    ux, uy = (bx - ax) / length, (by - ay) / length
    tip = (
        f"M{num(bx - ux * 7 - uy * 4.5)} {num(by - uy * 7 - ux * 4.5)}L{num(bx)} {num(by)}"
        f"L{num(bx - ux * 7 + uy * 4.5)} {num(by - uy * 7 + ux * 4.5)}"
    )
    stroke = tag("path", class_=css, d=_rounded(way.points), stroke_width=weight)
    return stroke + path(tip, css.replace("hand", "tip").replace(" usual", ""))


def _rounded(points: Sequence[Point]) -> str:
    d = f"M{num(points[0][0])} {num(points[0][1])}"
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _towards(here, before), _towards(here, after)
        d += f"L{num(near[0])} {num(near[1])}Q{num(here[0])} {num(here[1])} {num(far[0])} {num(far[1])}"
    return d + f"L{num(points[-1][0])} {num(points[-1][1])}"


def _towards(here: Point, other: Point) -> Point:
    length = abs(other[0] - here[0]) + abs(other[1] - here[1])
    part = min(_ROUND, length / 2) / length if length else 0.0
    return here[0] + (other[0] - here[0]) * part, here[1] + (other[1] - here[1]) * part


def _pin(one: Passing, at: Point) -> str:
    css = f"pin {_CSS[one.passed.about]}".strip()
    dot = tag("circle", class_=css, cx=at[0], cy=at[1], r=10.0)
    told = f"<title>{escape(one.passed.what)}</title>"
    return f"<g>{told}{dot}{text(str(one.number), at[0], at[1] + 4.5, 'pin-t')}</g>"
