"""Who reports to whom as a picture: a box for each person, open place and planned seat, and how they differ."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.rules.chart import Chart, Differences, Node, Shown
from marops.kernel.drawing import as_file, cut, drawing, num, path, tag, text
from marops.methods.trees import HEIGHT, WIDTH, tidy

_PAD = 11.0
FITS = 1500.0
"""Up to so wide a picture is made smaller where there is less room; a wider one scrolls."""
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
    least: float = 0.0,
) -> Picture:  # fmt: skip
    """The picture of what is shown of a chart. Boxes are links; below a folded one stands how many it folds.

    `least`: how wide it is at least, so that two beside each other have one scale.
    """
    nodes = dict(chart.nodes)
    below = {key: list(keys) for key, keys in shown.below.items()}
    for key, count in shown.left_out.items():
        rest = Node(f"rest:{key}", ngettext("and %(n)s more", "and %(n)s more", count) % {"n": count}, above=key)
        nodes[rest.key] = rest
        below[key].append(rest.key)
    tree = tidy(shown.roots, lambda key: below.get(key, ()))
    body = [path(_corners(line), "line-of") for line in tree.lines]
    for key, (x, y) in tree.boxes.items():
        mark = differences.of(key) if differences else ""
        body.append(_box(nodes[key], x, y, link, mark, shown.folded.get(key, 0)))
    says = ngettext("%(n)s box", "%(n)s boxes", len(tree.boxes)) % {"n": len(tree.boxes)}
    css = "chart organigram fits" if tree.width < FITS else "chart organigram"
    width = max(tree.width + 2, least)
    svg = drawing(body, width=width, height=tree.height + 16, ident=ident, title=title, says=says, css=css, linked=True)
    return Picture(svg, width, tree.height + 16)


def _corners(line: tuple[tuple[float, float], ...]) -> str:
    return "M" + "L".join(f"{num(x + 1)} {num(y + 1)}" for x, y in line)


def _box(node: Node, x: float, y: float, link: Link, mark: str, folded: int) -> str:
    if node.key.startswith("rest:"):
        return _linked(text(node.name, x + _PAD, y + 33, "t-quiet"), link("rest", node))
    css = " ".join(part for part in ("seat", {"place": "place", "seat": "seatless"}.get(node.kind, ""), mark) if part)
    room = WIDTH - 2 * _PAD
    said = marks().get(mark, "")
    words = [text(cut(node.name, room, strong=True), x + 1 + _PAD, y + 21, "t-strong", node.name)]
    under = {"place": _("open"), "seat": _("planned")}.get(node.kind, "")
    second = f"{under}: {node.says}" if under and node.says else under or node.says
    words.append(text(cut(second, room), x + 1 + _PAD, y + 38, "", second if cut(second, room) != second else ""))
    if said:
        words.append(text(said, x + 1 + _PAD, y + 55, "t-quiet small-words"))
    frame = tag("rect", class_=css, x=x + 1, y=y + 1, width=WIDTH - 1, height=HEIGHT - 1, rx=6.0)
    marks_ = _linked(frame + "".join(words), link("box", node))
    if folded:
        told = ngettext("%(n)s below", "%(n)s below", folded) % {"n": folded}
        marks_ += _linked(text(told, x + WIDTH - _PAD, y + HEIGHT + 13, "t-end t-below"), link("below", node))
    return marks_


def _linked(marks_: str, url: str) -> str:
    return f'<a href="{escape(url)}">{marks_}</a>' if url else marks_


def for_paper(picture: str) -> str:
    """The picture as a file of its own, in the light colours."""
    return as_file(picture, _STYLE)
