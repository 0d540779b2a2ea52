"""The career map as a picture: a column for each standing, a card for each role, a line for each step."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from marops.domains.team.rules.career import CareerMap, Path, Way, columns
from marops.domains.team.rules.roles import STANDING, Role
from marops.kernel.drawing import cut, num, wide

CARD_W, CARD_H, GAP_X, GAP_Y, HEAD = 146.0, 42.0, 24.0, 9.0, 26.0
_LINE, _PAD, _EMBLEM = 15.0, 9.0, 24.0
_EMBLEMS = frozenset({
    "wizard", "captain", "archer", "sorceress", "seer", "ranger", "messenger", "keeper", "squire", "herald",
    "falconer", "warden",
})  # fmt: skip


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
    places = {slug: (_x(at), _y(row)) for at, column in enumerate(placed) for slug, row in column}
    on = set(zip(walk.path.roles, walk.path.roles[1:], strict=False)) if walk.path else set()
    lines = [_line(one, places, walk, (one.source, one.target) in on) for one in known.all_ways]
    cards = [_card(slug, known.roles[slug], at, walk, link) for slug, at in places.items()]
    heads = [(_x(at), words(STANDING[known.roles[column[0][0]].level])) for at, column in enumerate(placed)]
    height = max((y for _x_, y in places.values()), default=HEAD) + CARD_H + 4
    width = _x(len(placed) - 1) + CARD_W + 18
    return Picture(width, height, tuple(heads), tuple(sorted(lines, key=lambda one: _RANK[one.css.split()[1]])),
                   tuple(cards))  # fmt: skip


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


def _line(one: Way, places: Mapping[str, tuple[float, float]], walk: Walk, on: bool) -> Line:
    (x, y), (to_x, to_y) = places[one.source], places[one.target]
    start, end = (x + CARD_W, y + CARD_H / 2), (to_x, to_y + CARD_H / 2)
    if to_x <= x:  # beside or back: round the right-hand side
        end = (to_x + CARD_W, to_y + CARD_H / 2)
        out = max(start[0], end[0]) + 14
        bend = f"{num(out)} {num(start[1])} {num(out)} {num(end[1])}"
    else:
        half = max(12.0, min((end[0] - start[0]) / 2, 90.0))
        bend = f"{num(start[0] + half)} {num(start[1])} {num(end[0] - half)} {num(end[1])}"
    d = f"M{num(start[0])} {num(start[1])}C{bend} {num(end[0])} {num(end[1])}"
    return Line(d, f"step {_strength(one, walk, on)} {one.basis}")


def _strength(one: Way, walk: Walk, on: bool) -> str:
    if on:
        return "on"
    if walk.target:
        return "faint"
    if walk.source:
        return "out" if one.source == walk.source else "faint"
    return "plain"


def _card(slug: str, role: Role, at: tuple[float, float], walk: Walk, link: Callable[[str], str]) -> Card:
    emblem = role.persona.emblem if role.persona and role.persona.emblem in _EMBLEMS else ""
    left = _PAD + (_EMBLEM + 4 if emblem else 0)
    lines = _broken(role.title, CARD_W - left - 6)
    top = at[1] + CARD_H / 2 + 4.5 - (_LINE / 2 if len(lines) > 1 else 0)
    told = tuple((words, at[0] + left, top + _LINE * row) for row, words in enumerate(lines))
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


def _broken(words: str, room: float) -> list[str]:
    """A title on at most two lines of letters of 12."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and wide(longer) * 12 / 13 > room and len(lines) < 2:
            lines.append(word)
        else:
            lines[-1] = longer
    return [cut(one, room * 13 / 12) for one in lines]
