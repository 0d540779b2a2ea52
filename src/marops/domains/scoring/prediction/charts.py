"""Pictures of a predictive model, drawn by the server: what each field adds, and foretold beside seen."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from marops.domains.scoring.prediction.queries import level_in_words
from marops.domains.scoring.prediction.rules import Prediction
from marops.kernel.drawing import cut, drawing, num, path, tag, text
from marops.methods.prediction.fields import between
from marops.methods.prediction.model import FILLED, Term

_SIZE, _LEFT, _TOP, _BOTTOM = 340.0, 44.0, 12.0, 40.0
_WIDE, _ROW, _LABEL, _MIDDLE = 420.0, 22.0, 190.0, 290.0
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
    body.append(text(_("said to be likely, %"), x(0.5), _SIZE + 22, "t-quiet t-mid"))
    says = _("Dots on the dashed line came true as foretold; a line shows 95 per cent.")
    return drawing(
        body,
        width=_SIZE,
        height=_SIZE + _BOTTOM - 10,
        ident=ident,
        title=_("Foretold and seen"),
        says=says,
        css="chart foretold",
    )


def rows_of(document: Prediction, term: Term) -> list[tuple[str, float]]:
    """What a field adds: bins of a number in order, or the levels that matter most."""
    if term.kind == "number":
        bins = [(between(term.edges, at), points) for at, points in enumerate(term.points)]
        found = _thinned(bins)
        return found + ([(_("empty"), term.empty)] if abs(term.empty) > 0.005 else [])
    if term.kind == "filled":
        return [(_("filled"), term.levels[FILLED]), (_("empty"), term.empty)]
    levels = [(level_in_words(document, term, level), points) for level, points in term.levels.items()]
    if abs(term.empty) > 0.005:
        levels.append((_("empty"), term.empty))
    levels = sorted(levels, key=lambda one: -abs(one[1]))[:_SHOWN]
    return sorted(levels, key=lambda one: -one[1])


def _thinned(bins: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """At most so many bins, evenly drawn from all, the first and the last among them."""
    if len(bins) <= _SHOWN:
        return bins
    places = sorted({round(at * (len(bins) - 1) / (_SHOWN - 1)) for at in range(_SHOWN)})
    return [bins[at] for at in places]


def shape(document: Prediction, term: Term, ident: str, most: float) -> SafeString:
    """What one field adds, in log-odds, as bars around zero; `most` is the longest bar of all fields."""
    rows = rows_of(document, term)
    scale = (_WIDE - _MIDDLE - 46) / max(most, 0.1)
    body = [path(f"M{num(_MIDDLE)} 0V{num(len(rows) * _ROW)}", "axis")]
    for at, (words, points) in enumerate(rows):
        y, long = at * _ROW, abs(points) * scale
        body.append(text(cut(words, _LABEL - 8), 0, y + 15, "", words))
        left = _MIDDLE if points >= 0 else _MIDDLE - long
        body.append(
            tag(
                "rect", class_="pos" if points >= 0 else "neg", x=left, y=y + 5, width=max(long, 0.5), height=11, rx=1.5
            )
        )
        end = _MIDDLE + long + 6 if points >= 0 else _MIDDLE - long - 6
        body.append(
            text(f"{points:+.2f}".replace("-", "−"), end, y + 15, "t-quiet" + ("" if points >= 0 else " t-end"))
        )
    label = document.label(term.field)
    says = "; ".join(f"{words}: {points:+.2f}" for words, points in rows)
    return drawing(
        body, width=_WIDE, height=max(1, len(rows)) * _ROW + 4, ident=ident, title=label, says=says, css="chart"
    )
