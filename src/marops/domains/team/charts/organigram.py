"""Who reports to whom as a picture: a box for each person, open place and planned seat, and how they differ."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.rules.chart import Chart, Differences, Node, Shown
from marops.kernel.drawing import as_file, broken, drawing, num, path, tag, text
from marops.methods.trees import WIDTH, Line, flow

ROOM = 1176.0
"""So wide is a page's picture at most, as a rule; it grows down and not aside."""
_PAD, _TOP, _LINE, _FOOT = 11.0, 21.0, 16.0, 12.0
_BELOW = 18.0
"""What a box takes under it to say how many it folds."""
_STYLE = (
    "text{font-family:Inter,'Helvetica Neue',Arial,sans-serif;font-size:13px;fill:#534e46}"
    ".t-strong{fill:#1f1d1a;font-weight:600}.t-quiet{fill:#6b655b}.t-end{text-anchor:end}"
    ".seat{fill:#fff;stroke:#d2ccc1}.seat.place,.seat.seatless{stroke:#6b655b;stroke-dasharray:5 4;fill:none}"
    ".seat.new{stroke:#0b5d5b;stroke-width:2}.seat.moved{stroke:#0072b2;stroke-width:2}"
    ".seat.changed{stroke:#0072b2;stroke-width:2}.seat.gone{stroke:#b5420a;stroke-width:2}"
    ".line-of{fill:none;stroke:#b5ada0}"
)

Link = Callable[[str, Node], str]
"""(`box` or `below` or `rest`, node) → address, empty where there is none."""


def marks() -> dict[str, str]:
    """What is written in a box that differs."""
    return {"new": _("new"), "moved": _("moves"), "changed": _("other roles"), "gone": _("no longer planned")}


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn chart, and how large it would like to be."""

    svg: SafeString
    width: float
    height: float


def organigram(
    chart: Chart, shown: Shown, link: Link, *, ident: str, title: str, differences: Differences | None = None,
    room: float = ROOM,
) -> Picture:  # fmt: skip
    """The picture of what is shown of a chart. Boxes are links that name each other, so that arrow keys can walk them;
    below a folded one stands how many it folds.
    """
    nodes = dict(chart.nodes)
    below = {key: list(keys) for key, keys in shown.below.items()}
    for key, count in shown.left_out.items():
        rest = Node(f"rest:{key}", ngettext("and %(n)s more", "and %(n)s more", count) % {"n": count}, above=key)
        nodes[rest.key] = rest
        below[key].append(rest.key)

    def box(key: str) -> _Box:
        return _Box(nodes[key], differences.of(key) if differences else "", shown.folded.get(key, 0))

    boxes = {key: box(key) for key in [*shown.keys, *(f"rest:{key}" for key in shown.left_out)]}
    tree = flow(shown.roots, lambda key: below.get(key, ()), lambda key: boxes[key].takes, room)
    body = [path(_corners(line), "line-of") for line in tree.lines]
    body += [boxes[key].drawn(x, y, link) for key, (x, y) in tree.boxes.items()]
    says = ngettext("%(n)s box", "%(n)s boxes", len(tree.boxes)) % {"n": len(tree.boxes)}
    size = {"width": max(tree.width + 2, min(room, ROOM)), "height": tree.height + 4}
    svg = drawing(body, **size, ident=ident, title=title, says=says, css="chart organigram", linked=True)
    return Picture(svg, **size)


def _corners(line: Line) -> str:
    return "M" + "L".join(f"{num(x + 1)} {num(y + 1)}" for x, y in line)


@dataclass(frozen=True)
class _Box:
    """One box: who it is, all their roles, and how it differs."""

    node: Node
    mark: str
    folded: int

    @cached_property
    def lines(self) -> list[str]:
        under = {"place": _("open"), "seat": _("planned")}.get(self.node.kind, "")
        said = "" if under and self.node.says == self.node.name else self.node.says
        says = f"{under}: {said}" if under and said else under or said
        return [line for one in says.split(", ") for line in broken(one, WIDTH - 2 * _PAD)] if says else []

    @cached_property
    def names(self) -> list[str]:
        return broken(self.node.name, (WIDTH - 2 * _PAD) * 0.95)

    @property
    def high(self) -> float:
        return _TOP + _LINE * (len(self.names) - 1 + max(1, len(self.lines)) + bool(self.mark)) + _FOOT

    @property
    def takes(self) -> float:
        return self.high + (_BELOW if self.folded else 0)

    def drawn(self, x: float, y: float, link: Link) -> str:
        node = self.node
        if node.key.startswith("rest:"):
            return _linked(text(node.name, x + _PAD, y + 33, "t-quiet"), link("rest", node), node)
        kind = {"place": "place", "seat": "seatless"}.get(node.kind, "")
        frame = tag("rect", class_=" ".join(part for part in ("seat", kind, self.mark) if part), x=x + 1, y=y + 1,
                    width=WIDTH - 1, height=self.high - 1, rx=6.0)  # fmt: skip
        at = x + 1 + _PAD
        words = [text(line, at, y + _TOP + _LINE * n, "t-strong") for n, line in enumerate(self.names)]
        top = y + _TOP + _LINE * len(self.names) + 1
        words += [text(line, at, top + _LINE * n) for n, line in enumerate(self.lines)]
        if self.mark:
            words.append(text(marks()[self.mark], at, y + self.high - _FOOT + 2, "t-quiet small-words"))
        found = _linked(frame + "".join(words), link("box", node), node)
        if self.folded:
            told = ngettext("%(n)s below", "%(n)s below", self.folded) % {"n": self.folded}
            found += _linked(text(told, x + WIDTH - _PAD, y + self.high + 13, "t-end t-below"), link("below", node))
        return found


def _linked(marks_: str, url: str, node: Node | None = None) -> str:
    if not url:
        return marks_
    walked = {"data-box": node.key, "data-above": node.above} if node else {}
    return tag("a", marks_, href=url, **walked)


def for_paper(picture: str) -> str:
    """The picture as a file of its own, in the light colours."""
    return as_file(picture, _STYLE)
