"""The career map as a picture: a column for each standing, a card for each role, a line for each step."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from marops.domains.team.rules.career import CareerMap, Path, Way, columns
from marops.domains.team.rules.roles import EMBLEMS, STANDING, Role
from marops.kernel.drawing import cut, num, wide

CARD_W, CARD_H, GAP_X, GAP_Y, HEAD = 178.0, 42.0, 24.0, 10.0, 26.0
_LINE, _PAD, EMBLEM = 15.0, 9.0, 22.0


@dataclass(frozen=True, slots=True)
class Card:
    """A role on the map."""

    slug: str
    title: str
    lines: tuple[tuple[str, float, float], ...]
    """Words, and where they stand."""
    x: float
    y: float
    css: str
    url: str
    emblem: str = ""
    current: bool = False

    @property
    def emblem_at(self) -> tuple[float, float]:
        """The corner of the emblem: right of the words."""
        return self.x + CARD_W - EMBLEM - 3, self.y + (CARD_H - EMBLEM) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """A step on the map."""

    d: str
    css: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All of the map, ready to be written as SVG."""

    width: float
    height: float
    card: tuple[float, float]
    """How wide and high each card is."""
    heads: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """Where the reader stands on the map, where they look, the way between, and what can be reached."""

    source: str = ""
    target: str = ""
    path: Path | None = None
    reach: Collection[str] = ()


def picture(known: CareerMap, walk: Walk, words: Callable[[int], str], link: Callable[[str], str]) -> Picture:
    """The picture. `words`: what a standing is called; `link`: where a role leads."""
    placed = _placed(known)
    roads = _Roads(placed)
    places = {slug: roads.place(slug) for column in placed for slug, _row in column}
    on = set(zip(walk.path.roles, walk.path.roles[1:], strict=False)) if walk.path else set()
    lines = [_line(one, roads, walk, (one.source, one.target) in on) for one in known.all_ways]
    cards = [_card(slug, known.roles[slug], at, walk, link) for slug, at in places.items()]
    heads = [(_x(at), words(STANDING[known.roles[column[0][0]].level])) for at, column in enumerate(placed)]
    height = max((y for _x_, y in places.values()), default=HEAD) + CARD_H + 4
    width = _x(len(placed) - 1) + CARD_W + 18
    lines.sort(key=lambda one: _RANK[one.css.split()[1]])
    return Picture(width, height, (CARD_W, CARD_H), tuple(heads), tuple(lines), tuple(cards))


_RANK = {"faint": 0, "plain": 1, "out": 2, "on": 3}


def _placed(known: CareerMap) -> list[list[tuple[str, float]]]:
    """Each column with its roles and their rows; shorter columns stand in the middle."""
    order = columns(known.roles, known.all_ways)
    most = max((len(column) for column in order), default=0)
    return [[(slug, (most - len(column)) / 2 + row) for row, slug in enumerate(column)] for column in order]


def _x(column: float) -> float:
    return column * (CARD_W + GAP_X)


def _y(row: float) -> float:
    return HEAD + row * (CARD_H + GAP_Y)


Point = tuple[float, float]


class _Roads:
    """How steps run: from card to card, and between the cards of the columns that lie in between."""

    def __init__(self, placed: list[list[tuple[str, float]]]) -> None:
        self.at = {slug: (column, row) for column, found in enumerate(placed) for slug, row in found}
        self.gaps = [[_y(row) - GAP_Y / 2 for _slug, row in found] for found in placed]
        for column, found in enumerate(placed):
            if found:
                self.gaps[column].append(_y(found[-1][1]) + CARD_H + GAP_Y / 2)

    def place(self, slug: str) -> Point:
        """The corner of a card."""
        column, row = self.at[slug]
        return _x(column), _y(row)

    def road(self, source: str, target: str) -> str:
        """The stroke from the right of one card to the left of another; back or beside it, round the right side."""
        (x, y), (to_x, to_y) = self.place(source), self.place(target)
        start, middle = (x + CARD_W, y + CARD_H / 2), to_y + CARD_H / 2
        if to_x <= x:
            end = (to_x + CARD_W, middle)
            out = max(start[0], end[0]) + 14
            return f"M{_pt(start)}C{_pt((out, start[1]))} {_pt((out, end[1]))} {_pt(end)}"
        words, at = f"M{_pt(start)}", start
        first, last = self.at[source][0], self.at[target][0]
        for column in range(first + 1, last):
            straight = start[1] + (middle - start[1]) * (column - first) / (last - first)
            gap = min(self.gaps[column], key=lambda one: (abs(one - straight), one))
            words += _bend(at, (_x(column), gap)) + f"H{num(_x(column) + CARD_W)}"
            at = (_x(column) + CARD_W, gap)
        return words + _bend(at, (to_x, middle))


def _bend(start: Point, end: Point) -> str:
    half = (end[0] - start[0]) / 2
    return f"C{_pt((start[0] + half, start[1]))} {_pt((end[0] - half, end[1]))} {_pt(end)}"


def _pt(point: Point) -> str:
    return f"{num(point[0])} {num(point[1])}"


def _line(one: Way, roads: _Roads, walk: Walk, on: bool) -> Line:
    return Line(roads.road(one.source, one.target), f"step {_strength(one, walk, on)} {one.basis}")


def _strength(one: Way, walk: Walk, on: bool) -> str:
    if on:
        return "on"
    if walk.target:
        return "faint"
    if walk.source:
        return "out" if one.source == walk.source else "faint"
    return "plain"


def _card(slug: str, role: Role, at: tuple[float, float], walk: Walk, link: Callable[[str], str]) -> Card:
    emblem = role.persona.emblem if role.persona and role.persona.emblem in EMBLEMS else ""
    inside = role.inside or role.custom
    lines = _broken(role.title, CARD_W - _PAD - 6 - (EMBLEM if emblem else 0), strong=inside)
    top = at[1] + CARD_H / 2 + 4.5 - (_LINE / 2 if len(lines) > 1 else 0)
    told = tuple((words, at[0] + _PAD, top + _LINE * row) for row, words in enumerate(lines))
    return Card(slug, role.title, told, at[0], at[1], _css(slug, role, walk), link(slug), emblem,
                slug in (walk.source, walk.target))  # fmt: skip


def _css(slug: str, role: Role, walk: Walk) -> str:
    marks = ["rolecard", "inside" if role.inside or role.custom else "outside"]
    if slug == walk.source:
        marks.append("from")
    elif slug == walk.target:
        marks.append("to")
    elif walk.path and slug in walk.path.roles:
        marks.append("on")
    elif walk.source and slug not in walk.reach:
        marks.append("far")
    return " ".join(marks)


def _broken(words: str, room: float, *, strong: bool) -> list[str]:
    """A title on at most two lines of letters of 12."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and wide(longer, strong=strong) * 12 / 13 > room and len(lines) < 2:
            lines.append(word)
        else:
            lines[-1] = longer
    return [cut(one, room * 13 / 12, strong=strong) for one in lines]
