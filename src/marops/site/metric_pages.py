"""Metrics: all of them by who answers for them, and each with its picture, its pieces and its definition."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from marops.domains.accounts.public import actor_of, needs
from marops.engine.measuring import Reading, kept, span_of, spans_of, stale
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.metrics import METRICS, Metric, MetricType
from marops.kernel.rules import parse
from marops.kernel.rules_sentence import sentence
from marops.kernel.workspace import today
from marops.site import figures
from marops.site.figures import Shown, said, show
from marops.site.permissions import SEE_METRICS
from marops.site.templatetags._plots import NARROW, WIDE, Plot, Point, plot
from marops.site.templatetags.ui import duration, number
from marops.store.duckdb import QueryError

LEAST = 8
"""So many periods are drawn of a count at least, those without a row among them."""

log = logging.getLogger("marops.site")
_ROLES = (
    "vp_mops", "mops_manager", "marketing_automation_manager", "lead_db_admin", "email_marketing_specialist",
)  # fmt: skip


@require_safe
@needs(SEE_METRICS)
def metrics(request: HttpRequest) -> HttpResponse:
    """Every figure, grouped by the role that answers for it; `?fresh` measures those that may have changed."""
    actor, at = actor_of(request), now()
    part = bool(request.headers.get("HX-Request"))
    known = figures.all_metrics()
    old = stale(kept(known).values(), at, daily=True)
    if part and old:
        measured([(one, "") for one in old], at)
        old = []
    shown = show(known, reader=actor.id)
    context = {
        "groups": _groups(shown),
        "answer": _answer_of_all(shown),
        "measured": _measured_words(shown, at),
        "fresh_url": reverse("metrics") if old and not part else "",
    }
    return render(request, "site/metrics_part.html" if part else "site/metrics.html", context)


def measured(wanted: Sequence[tuple[Metric, str]], at: datetime) -> None:
    """Measure these anew, each with what it is split by.

    A page shows what was kept before rather than nothing when that does not go.
    """
    try:
        for by in dict.fromkeys(by for _metric, by in wanted):
            figures.bring_up_to_date([metric for metric, one in wanted if one == by], at, by=by)
    except QueryError as error:
        log.warning("metrics could not be measured: %s", type(error).__name__)


def _groups(shown: Sequence[Shown]) -> list[dict[str, Any]]:
    order = {role: place for place, role in enumerate(_ROLES)}
    roles = sorted({one.metric.owner for one in shown}, key=lambda role: (order.get(role, 99), role))
    return [
        {
            "slug": f"of-{role.replace('_', '-')}",
            "title": figures.role_title(role),
            "person": next(
                (one.owner for one in shown if one.metric.owner == role and one.held), _("nobody holds this role yet")
            ),
            "rows": sorted(
                (one for one in shown if one.metric.owner == role),
                key=lambda one: (one.target is None, one.metric.unit == "count", one.metric.name),
            ),
        }
        for role in roles
    ]


def _answer_of_all(shown: Sequence[Shown]) -> str:
    aimed = [one for one in shown if one.target is not None]
    missed = [one for one in aimed if one.state[1] == "warn"]
    untold = sum(one.state[1] == "info" for one in aimed)
    if len(aimed) == untold:
        said = ngettext("%(n)s figure, none of them with a target that can be judged yet.",
                        "%(n)s figures, none of them with a target that can be judged yet.", len(shown))  # fmt: skip
        return said % {"n": len(shown)}
    told: dict[str, Any] = {
        "all": len(aimed),
        "n": len(missed),
        "worst": _(" and ").join(one.metric.label for one in missed[:2]),
    }
    told["worst"] += _(" among them") if len(missed) > 2 else ""
    if missed:
        said = ngettext(
            "Of %(all)s figures with a target, one misses it: %(worst)s.",
            "Of %(all)s figures with a target, %(n)s miss it: %(worst)s.",
            len(missed),
        )
    else:
        said = _("Of %(all)s figures with a target, none misses it.")
    if len(aimed) == 1:
        said = _("The one figure with a target misses it: %(worst)s.") if missed else _("The one target is met.")
    rest = ngettext("One cannot be told yet.", "%(n)s cannot be told yet.", untold) % {"n": untold} if untold else ""
    return f"{said % told} {rest}".strip()


def _measured_words(shown: Sequence[Shown], at: datetime) -> str:
    times = [one.kept.computed_at for one in shown if one.kept.computed_at]
    if not times:
        return ""
    passed = at - min(times)
    return _("%(time)s ago") % {"time": duration(passed)} if passed.total_seconds() >= 60 else _("just now")


# --- One of them ------------------------------------------------------------------------------------------------------


@require_safe
@needs(SEE_METRICS)
def metric(request: HttpRequest, name: str) -> HttpResponse:
    """One figure: how it stands, how it went, what it is made of, and what it means."""
    actor, at = actor_of(request), now()
    wanted = known(name)
    measured([(wanted, "")], at)
    one = show([wanted], reader=actor.id)[0]
    grain = _grain(wanted, request.GET.get("grain", ""))
    day = today(at)
    rows = figures.rows_links(wanted, spans_of(wanted, day)[0], day, one.piece)
    parts = [] if rows else figures.parts_links(wanted)
    context = {
        "one": one,
        "answer": _answer(one),
        "interval": figures.interval(wanted, one.reading) if one.reading and one.reading.value is not None else "",
        "against": _against_target(one),
        "under": _under(one, at),
        "rows": rows[:1] or parts[:1],
        "more_rows": rows[1:] or parts[1:],
        "version": _("version %(number)s") % {"number": wanted.version},
        "definition": list(_definition(one)),
        **_picture(one, grain),
        **_pieces(request, actor, one, at),
    }
    return render(request, "site/metric.html", context)


def known(name: str) -> Metric:
    """The metric of this name. Raises MaropsError `not-found` with the one that was probably meant."""
    try:
        return METRICS.find(name)
    except MaropsError as error:
        raise MaropsError(NOT_FOUND, " ".join(f"{one.message}. {one.remedy}" for one in error.errors)) from error


def _answer(one: Shown) -> str:
    label = one.metric.label
    if one.reading is None or one.reading.value is None:
        return _("%(label)s: nothing can be said yet.") % {"label": label}
    return f"{label}: {one.value}"


def _against_target(one: Shown) -> str:
    """The second half of the answer: how the figure stands to its target."""
    if one.target is None or one.reading is None or one.reading.value is None:
        return ""
    words: dict[str, Any] = {
        "good": _("It meets its target of %(target)s."),
        "warn": _("It misses its target of %(target)s."),
        "info": _("Whether it meets its target of %(target)s cannot be told: the interval holds it."),
    }
    return str(words[one.state[1]]) % {"target": one.target_text} if one.state[1] in words else ""


def _under(one: Shown, at: datetime) -> str:
    if one.reading is None:
        return _("It has not been measured yet.")
    if one.reading.value is None:
        return one.reading.why
    parts = [
        figures.span_words(one.metric).capitalize(),
        one.rows,
        figures.moved(one.metric, one.reading, one.kept.before(one.piece)),
    ]
    measured = _measured_words([one], at)
    return (
        ". ".join(
            part
            for part in (", ".join(part for part in parts if part), _("Measured %(when)s") % {"when": measured})
            if part
        )
        + "."
    )


def _grain(wanted: Metric, asked: str) -> str:
    if wanted.level:
        return "day"
    return asked if asked in ("week", "month") else "month" if span_of(wanted) > 60 else "week"


def _picture(one: Shown, grain: str) -> dict[str, Any]:
    metric_, readings = one.metric, [row for row in one.kept.of(grain) if row.piece == one.piece]
    whole = _whole(readings, grain, metric_)
    bars = metric_.unit in ("count", "money") and not metric_.level

    def draw(width: float) -> Plot | None:
        return plot(
            [_point(metric_, row, grain) for row in whole], bars=bars, words=lambda value: _on_scale(metric_, value),
            target=float(one.target.value) if one.target else None, times=metric_.unit == "minutes",
            most=1.0 if metric_.unit == "share" and metric_.sample else None, width=width,
        )  # fmt: skip

    charts = [chart for width in (WIDE, NARROW) if (chart := draw(width))]
    words = {"week": _("Weeks"), "month": _("Months")}
    return {
        "charts": charts,
        "picture_note": _("the band is the 95 % interval; the period that still runs is hollow")
        if any(row.low is not None for row in whole) and not bars
        else _("the period that still runs is hollow"),
        "picture_label": _("%(label)s over %(count)s periods, now %(value)s")
        % {"label": metric_.label, "count": len(whole), "value": one.value},
        "tabs": [
            {"label": words[key], "url": f"?grain={key}", "current": key == grain} for key in words if not metric_.level
        ],
        "periods": [
            {
                "words": _period_words(row.period, grain), "value": said(metric_, row.value, money=row.piece),
                "interval": figures.interval(metric_, row), "n": row.n, "closed": row.closed, "why": row.why,
                "url": _rows_of_period(metric_, row, grain) if row.n else "",
            }
            for row in reversed(whole)
        ],
    }  # fmt: skip


def _rows_of_period(metric_: Metric, row: Reading, grain: str) -> str:
    """The list of whom a period's figure rests on: of a share, everybody of whom it is one."""
    if metric_.level:
        return ""
    last = _following(row.period, grain) - timedelta(days=1)
    links = figures.rows_links(metric_, row.period, last, row.piece)
    return links[-1][1] if links else ""


def _whole(readings: Sequence[Reading], grain: str, metric_: Metric) -> list[Reading]:
    """From the first period that has rows on; of counts, a period without any row is 0."""
    first = next((place for place, row in enumerate(readings) if row.n), len(readings))
    some = list(readings[first:])
    if metric_.unit not in ("count", "money") or grain not in ("week", "month") or not some:
        return some
    by_period = {row.period: row for row in some}
    last, filled = some[-1].period, []
    period = min(some[0].period, _periods_before(last, grain, LEAST - 1))
    while period <= last:
        filled.append(by_period.get(period) or Reading(period, 0.0, 0, closed=True))
        period = _following(period, grain)
    return filled


def _periods_before(period: date, grain: str, count: int) -> date:
    if grain == "week":
        return date.fromordinal(period.toordinal() - 7 * count)
    months = period.year * 12 + period.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def _following(period: date, grain: str) -> date:
    if grain == "week":
        return date.fromordinal(period.toordinal() + 7)
    return date(period.year + period.month // 12, period.month % 12 + 1, 1)


def _point(metric_: Metric, row: Reading, grain: str) -> Point:
    words = _period_words(row.period, grain)
    interval = figures.interval(metric_, row)
    value = said(metric_, row.value, money=row.piece)
    sentence_ = f"{words}: {value}{f' ({interval})' if interval else ''}, n = {number(row.n)}"
    short = date_format(
        row.period, "M" if grain == "month" and row.period.month > 1 else "M Y" if grain == "month" else "j M"
    )
    return Point(short, row.value, row.low, row.high, row.closed or metric_.level, sentence_)


def _period_words(period: date, grain: str) -> str:
    if grain == "month":
        return date_format(period, "F Y")
    return (
        _("week of %(day)s") % {"day": date_format(period, "j M Y")}
        if grain == "week"
        else date_format(period, "j M Y")
    )


def _on_scale(metric_: Metric, value: float) -> str:
    if metric_.unit == "share":
        return f"{number(value * 100, 0 if abs(value * 100 - round(value * 100)) < 1e-6 else 1)} %"
    if metric_.unit == "points":
        return number(value, 0 if value == round(value) else 1)
    return said(metric_, value) if value else "0"


def _pieces(request: HttpRequest, actor: Actor, one: Shown, at: datetime) -> dict[str, Any]:
    """The figure by source, by owner, by currency: each with its interval on one scale."""
    metric_ = one.metric
    ways = [metric_.split] if metric_.split else list(metric_.by)
    if not ways:
        return {}
    asked = request.GET.get("by", "")
    by = next((way for way in ways if way.rpartition(".")[2] == asked or way == asked), ways[0])
    readings: Sequence[Reading] = one.kept.spans
    if by != metric_.split:
        measured([(metric_, by)], at)
        found = kept([metric_], by=by)[metric_.name]
        last = max((row.period for row in found.of("day")), default=None)
        readings = [row for row in found.of("day") if row.period == last] if metric_.level else found.spans
    words = figures.piece_words(by, [row.piece for row in readings])
    order = sorted((row for row in readings if row.n), key=lambda row: (-row.n, row.piece))[:24]
    lanes = _lanes(metric_, order, one.reading.value if one.reading and by != metric_.split else None)
    return {
        "pieces_tabs": [
            {"label": figures.by_words(way).capitalize(), "url": f"?by={way}#pieces", "current": way == by}
            for way in ways
        ],
        "pieces_interval": any(row.low is not None or row.why for row in order),
        "pieces_note": _("by today's %(what)s, %(span)s")
        % {"what": figures.by_words(by), "span": figures.span_words(metric_)},
        "by_words": figures.by_words(by).capitalize(),
        "whole_x": lanes.pop("whole"),
        "pieces": [
            {
                "words": words[row.piece],
                "value": said(metric_, row.value, money=row.piece if by == "currency" else ""),
                "interval": figures.interval(metric_, row), "n": row.n, "why": row.why, **lanes["rows"][place],
                "url": _rows_of_piece(metric_, by, row, today(at)),
            }
            for place, row in enumerate(order)
        ],
    }  # fmt: skip


def _rows_of_piece(metric_: Metric, by: str, row: Reading, day: date) -> str:
    """The list of whom a piece rests on; none for those without the value, and for properties that no list knows."""
    own = by == metric_.split
    links = figures.rows_links(metric_, spans_of(metric_, day)[0], day, row.piece if own else "")
    narrows = {"contact.source": "source", figures.OWNER: "owner"}.get(by, "")
    if not links or not row.piece or not (own or narrows):
        return ""
    return links[-1][1] + ("" if own else f"&{urlencode({narrows: row.piece})}")


def _lanes(metric_: Metric, rows: Sequence[Reading], whole: float | None) -> dict[str, Any]:
    """Where each piece stands on one scale of 240: a dot with its interval for what has one, else a bar."""
    ends = [one for row in rows for one in (row.value, row.low, row.high) if one is not None]
    adds = metric_.unit in ("count", "money")
    most = max([*ends, 0.0 if adds else whole or 0.0, 1e-9])
    if metric_.unit == "money":
        most = 0.0  # nothing compares two currencies

    def x(value: float) -> float:
        return 6 + 228 * max(0.0, value) / most

    lanes: list[dict[str, Any]] = []
    for row in rows:
        if row.value is None or not most:
            lanes.append({})
        elif row.low is not None and row.high is not None:
            lanes.append(
                {
                    "dot": f"{x(row.value):.1f}",
                    "bar": {"x": f"{x(row.low):.1f}", "width": f"{x(row.high) - x(row.low):.1f}"},
                }
            )
        else:
            lanes.append({"bar": {"x": "6.0", "width": f"{x(row.value) - 6:.1f}"}})
    return {"rows": lanes, "whole": f"{x(whole):.1f}" if whole is not None and not adds and most else ""}


# --- What it means ----------------------------------------------------------------------------------------------------


def _definition(one: Shown) -> Any:
    metric_ = one.metric
    yield _("Clock"), metric_.clock
    yield _("Made of"), _made_of(metric_)
    if metric_.once is not None:
        per = [_("person"), *(part.replace("_", " ") for part in metric_.once)]
        yield _("Counted once per"), _(" and ").join(per)
    if metric_.window:
        yield _("Window"), metric_.window.replace("d", _(" days"))
    better = {"up": _("more is better"), "down": _("less is better")}
    if metric_.good:
        yield _("Direction"), better[metric_.good]
    if metric_.min_n:
        yield _("Said from"), ngettext("%(n)s row on", "%(n)s rows on", metric_.min_n) % {"n": metric_.min_n}
    yield _("Interval"), _interval_words(metric_)
    yield _("Answered for by"), figures.role_title(metric_.owner)
    if one.target:
        yield _("Target"), f"{one.target_text}{'. ' + one.target.why if one.target.why else ''}"


def _made_of(metric_: Metric) -> str:
    names = METRICS.all()
    match metric_.type:
        case MetricType.RATIO:
            parts = [names[part].label if part in names else part for part in (metric_.numerator, metric_.denominator)]
            return " ÷ ".join(parts)
        case MetricType.DERIVED:
            return " ".join(names[part].label if part in names else part for part in metric_.formula.split())
        case MetricType.CUMULATIVE:
            return _("%(what)s, added up over all time before") % {"what": names[metric_.of].label}
        case MetricType.CONVERSION | MetricType.BETWEEN:
            return _("from: %(start)s; to: %(end)s") % {
                "start": sentence(parse(metric_.start)).rstrip("."), "end": sentence(parse(metric_.end)).rstrip("."),
            }  # fmt: skip
    return sentence(parse(metric_.rule)).rstrip(".")


def _interval_words(metric_: Metric) -> str:
    if metric_.type is MetricType.CONVERSION or metric_.sample:
        return _("95 %, of a share (Wilson)")
    if metric_.unit == "minutes":
        return _("95 %, by the order of the values around it")
    return _("none: everything is counted, nothing is estimated")
