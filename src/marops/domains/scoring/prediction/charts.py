"""Pictures of a predictive model, drawn by the server: what each field adds, and foretold beside seen."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from marops.domains.scoring.prediction.queries import level_in_words
from marops.domains.scoring.prediction.rules import Prediction
from marops.kernel.drawing import cut, drawing, num, path, tag, text
from marops.methods.prediction.fields import between
from marops.methods.prediction.model import FILLED, Term

_SIZE, _LEFT, _TOP = 340.0, 44.0, 12.0
_WIDE, _ROW, _LABEL, _MIDDLE = 540.0, 22.0, 220.0, 380.0
_STEPS_HIGH = 132.0
_SHOWN, _SHARES = 7, (0, 25, 50, 75, 100)


def reliability(series: Sequence[tuple[str, str, Sequence[Mapping[str, Any]]]], ident: str) -> SafeString:
    """Groups of leads: how likely they were said to be, and how many it became, with 95 per cent. A series has a name,
    the style of its dots, and its groups; on the dashed line what was foretold came true.
    """
    side = _SIZE - _LEFT - _TOP

    def x(share: float) -> float:
        return _LEFT + side * share

    def y(share: float) -> float:
        return _TOP + side * (1 - share)

    body = list[str]()
    for share in _SHARES:
        body.append(path(f"M{num(x(0))} {num(y(share / 100))}H{num(x(1))}", "grid"))
        body.append(text(f"{share}", _LEFT - 8, y(share / 100) + 4, "t-quiet t-end"))
        body.append(text(f"{share}", x(share / 100), y(0) + 18, "t-quiet t-mid"))
    body.append(path(f"M{num(x(0))} {num(y(0))}L{num(x(1))} {num(y(1))}", "target-line"))
    for name, css, groups in series:
        for one in groups:
            at = x(one["predicted"])
            bar = path(f"M{num(at)} {num(y(one['low']))}V{num(y(one['high']))}", "axis")
            told = _("%(name)s: %(rows)s leads, foretold %(predicted)s, seen %(observed)s") % {
                "name": name,
                "rows": one["rows"],
                "predicted": f"{one['predicted']:.0%}",
                "observed": f"{one['observed']:.0%}",
            }
            dot = tag("circle", tag("title", told), class_=css, cx=at, cy=y(one["observed"]), r=4.5)
            body.append(bar + dot)
    body.append(text(_("said to be likely, %"), x(0.5), y(0) + 40, "t-quiet t-mid"))
    says = _("Dots on the dashed line came true as foretold; a line shows 95 per cent.")
    return drawing(
        body,
        width=_SIZE,
        height=_SIZE + 4,
        ident=ident,
        title=_("Foretold and seen"),
        says=says,
        css="chart foretold",
    )


def rows_of(document: Prediction, term: Term) -> list[tuple[str, float]]:
    """What a field adds: all bins of a number in order, or the levels that matter most; and what being empty adds."""
    empty = [(_("empty"), term.empty)] if abs(term.empty) > 0.005 else []
    if term.kind == "number":
        whole = _whole(document, term)
        return [
            (between_whole(term.edges, at) if whole else between(term.edges, at), points)
            for at, points in enumerate(term.points)
        ] + empty
    if term.kind == "filled":
        return [(_("filled"), term.levels[FILLED]), (_("empty"), term.empty)]
    levels = [(level_in_words(document, term, level), points) for level, points in term.levels.items()]
    levels = sorted([*levels, *empty], key=lambda one: -abs(one[1]))[:_SHOWN]
    return sorted(levels, key=lambda one: -one[1])


def _whole(document: Prediction, term: Term) -> bool:
    """Are the numbers of this field whole ones?"""
    one = document.by_name.get(term.field)
    return one is not None and (one.of != "field" or all((2 * edge).is_integer() for edge in term.edges))


def between_whole(edges: Sequence[float], at: int) -> str:
    """The whole numbers from one edge up to below the next, in words."""
    low = ceil(edges[at - 1]) if at else None
    high = ceil(edges[at]) - 1 if at < len(edges) else None
    if low is None:
        return _("any number") if high is None else str(high) if high <= 0 else f"0–{high:,}"
    if high is None:
        return _("%(low)s or more") % {"low": f"{low:,}"}
    return f"{low:,}" if low >= high else f"{low:,}–{high:,}"


def shape(document: Prediction, term: Term, ident: str, most: float) -> SafeString:
    """What one field adds, in log-odds: a number as a line of steps, levels as bars around zero. `most` is the
    strongest of all fields, so that pictures can be held against each other.
    """
    rows = rows_of(document, term)
    steps = rows[: len(term.points)] if term.kind == "number" else []
    body, height = _steps(steps, rows[len(steps) :], most) if len(steps) > 2 else _bars(rows, most)
    says = "; ".join(f"{words}: {points:+.2f}" for words, points in rows)
    label = document.label(term.field)
    return drawing(body, width=_WIDE, height=height, ident=ident, title=label, says=says, css="chart shape")


def _bars(rows: Sequence[tuple[str, float]], most: float) -> tuple[list[str], float]:
    scale = (_WIDE - _MIDDLE - 52) / max(most, 0.1)
    body = [path(f"M{num(_MIDDLE)} 0V{num(len(rows) * _ROW)}", "axis")]
    for at, (words, points) in enumerate(rows):
        y, long = at * _ROW, abs(points) * scale
        body.append(text(cut(words, _LABEL - 8), 0, y + 15, "", words))
        left = _MIDDLE if points >= 0 else _MIDDLE - long
        css = "pos" if points >= 0 else "neg"
        body.append(tag("rect", class_=css, x=left, y=y + 5, width=max(long, 0.5), height=11, rx=1.5))
        end, side = (_MIDDLE + long + 6, "") if points >= 0 else (_MIDDLE - long - 6, " t-end")
        body.append(text(_signed(points), end, y + 15, f"t-quiet{side}"))
    return body, max(1, len(rows)) * _ROW + 4


def _steps(
    bins: Sequence[tuple[str, float]], empty: Sequence[tuple[str, float]], most: float
) -> tuple[list[str], float]:
    """A line of steps: as wide as there are bins, with the words of the first, the middle and the last."""
    left, right, top, bottom = 44.0, _WIDE - 96, 10.0, _STEPS_HIGH - 26
    high = max(0.1, min(most, 1.25 * max(abs(points) for _words, points in bins)))

    def y(points: float) -> float:
        return top + (bottom - top) * (high - points) / (2 * high)

    step = (right - left) / len(bins)
    body = [path(f"M{num(left)} {num(y(0))}H{num(right)}", "axis")]
    for mark in (high, -high):
        body.append(path(f"M{num(left)} {num(y(mark))}H{num(right)}", "grid"))
        body.append(text(_signed(mark), left - 6, y(mark) + 4, "t-quiet t-end"))
    line = "".join(
        f"{'M' if at == 0 else 'L'}{num(left + at * step)} {num(y(points))}H{num(left + (at + 1) * step)}"
        for at, (_words, points) in enumerate(bins)
    )
    body.append(path(line, "line s1"))
    for at, css in ((0, "t-quiet"), (len(bins) // 2, "t-quiet t-mid"), (len(bins) - 1, "t-quiet t-end")):
        x = left + (at * step if at == 0 else (at + 0.5) * step if at < len(bins) - 1 else (at + 1) * step)
        body.append(text(bins[at][0], x, _STEPS_HIGH - 6, css))
    for words, points in empty:
        body.append(
            tag("circle", tag("title", f"{words}: {_signed(points)}"), class_="d2", cx=right + 36, cy=y(points), r=4.5)
        )
        body.append(text(words, right + 36, _STEPS_HIGH - 6, "t-quiet t-mid"))
    return body, _STEPS_HIGH


def _signed(points: float) -> str:
    return f"{points:+.2f}".replace("-", "\N{MINUS SIGN}")
