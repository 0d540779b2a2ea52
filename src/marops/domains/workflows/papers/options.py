"""The comparison of scenarios on one page: which option, by how much, what would turn it round, what each assumes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.workflows.charts import plots
from marops.domains.workflows.charts.marks import month_words, number, span
from marops.domains.workflows.papers.changes import assumed, doubts_about, tells_pay
from marops.domains.workflows.papers.pieces import (
    Asked,
    Piece,
    Said,
    Setting,
    around,
    clipped,
    day_words,
    exact,
    fine,
    listed,
)
from marops.domains.workflows.pay import OWN_PRICE, paid_people
from marops.domains.workflows.rules.answers import BASELINE, Comparison, Estimate, Line, Option, Series, plural
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.telling import lead
from marops.domains.workflows.telling.words import hidden

DRAWN = 4
"""More bands than these cannot be told apart in one picture."""
WIDTH = 880.0
MOST_OPTIONS = 6
MOST_ASSUMED = 5
FEW = 3
"""With fewer people than these, costs tell what each of them is paid."""
MONEY = ("cost_each", "extra_cost", "own_price", "cost_of_one_more")
NOTHING = 0.05
NARROW = 3.0
"""Percentage points: a narrower interval needs a decimal."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of an option: its value, and under it the difference to doing nothing or its interval."""

    value: str
    under: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A figure for doing nothing and every option."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: title and the number of its colour in the picture, 0 where it is not drawn."""

    title: str
    colour: int
    best: bool = False


@dataclass(frozen=True, slots=True)
class Assumed:
    """What an option assumes; `url`: its document, to be changed."""

    title: str
    lines: tuple[str, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """All that stands on the page."""

    question: str
    workflow: str
    setting: Setting
    answer: Said
    aside: str
    measure: str
    bands: SafeString
    bands_narrow: SafeString
    not_drawn: str
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    after: str
    flip: str
    following: str
    assumed: tuple[Assumed, ...]
    both: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the page is made of besides the answer. `names`: of steps and people by id; `crew`: who is paid."""

    setting: Setting
    asked: Asked
    title: str
    names: Mapping[str, str]
    crew: Crew | None = None


def options(told: Comparison, known: Known) -> Options:
    """The page."""
    scenarios = {key: Scenario.model_validate(one) for key, one in known.asked.scenarios.items()}
    telling = {key for key, one in scenarios.items() if tells_pay(one)}
    told = _discreet(told, telling)
    ranked = ranking(told)
    drawn = [one.option for one in ranked[:DRAWN]]
    pictured = replace(told, series=tuple(one for one in ranked if one.option in drawn), unit=plural(told.unit))
    printable = may_print_money(known.crew)
    money = printable and not telling.issuperset(one.key for one in told.options)
    has_series = any(one.value is not None for each in pictured.series for one in each.months)
    return Options(
        question=question(told.options),
        workflow=clipped(known.title, 90),
        setting=known.setting,
        answer=answer(told),
        aside="" if _is_sooner_only(told) else aside(told),
        measure=_("%(measure)s, by month; bands of 90 %%; forecast") % {"measure": _capital(told.measure)},
        bands=plots.bands(pictured, ident="bands", width=WIDTH) if has_series else SafeString(""),
        bands_narrow=plots.bands(pictured, ident="bands-n", narrow=True) if has_series else SafeString(""),
        not_drawn=_not_drawn(len(told.series)),
        heads=tuple(_heads(told, drawn)),
        rows=tuple(_rows(told, money=money, own=printable)),
        after=_after(told),
        flip=told.flip,
        following=told.next_constraint,
        assumed=tuple(_assumed(told, scenarios, known, money=printable)),
        both=tuple(_both(told, money=money)),
        sources=tuple(_sources(told, known)),
    )


def may_print_money(crew: Crew | None) -> bool:
    """Costs of a whole team may be printed; not those that tell what one person is paid."""
    paid = paid_people(crew) if crew else FEW
    return paid == 0 or paid >= FEW


def _discreet(told: Comparison, telling: Collection[str]) -> Comparison:
    """Without the money of the options that tell what somebody is paid: a paper goes from hand to hand."""
    shut = [one.key in telling for one in told.options]
    unsaid = Estimate(None, why=hidden())

    def said(found: Sequence[Estimate]) -> tuple[Estimate, ...]:
        return tuple(unsaid if closed else one for one, closed in zip(found, shut, strict=False))

    lines = [replace(one, options=said(one.options), differences=said(one.differences)) for one in told.lines]
    return replace(
        told,
        lines=tuple(
            new if one.unit == "money" and one.figure != OWN_PRICE else one
            for one, new in zip(told.lines, lines, strict=True)
        ),
        series=tuple(replace(one, break_even=unsaid) if one.option in telling else one for one in told.series),
    )


# -- question and answer ---------------------------------------------------------------------------------------------


def question(found: Sequence[Option]) -> str:
    """The headline: the options as a question."""
    room = max(22, 110 // max(len(found), 1))
    titles = [clipped(one.title, room) for one in found]
    if len(titles) > FEW:
        rest = ngettext("%(n)s more", "%(n)s more", len(titles) - 2) % {"n": len(titles) - 2}
        titles = [*titles[:2], rest]
    if len(titles) == 1:
        return _("%(option)s, or leave things as they are?") % {"option": titles[0]}
    return _("%(options)s?") % {"options": listed(titles, _("or"))} if titles else _("Do nothing?")


def merit(told: Comparison, key: str) -> Estimate:
    """By what an option is judged: what the options were ranked by; of answers that do not say so, the intake it
    unlocks where that was found, else items more a month at the end.
    """
    place = next((at for at, one in enumerate(told.options) if one.key == key), None)
    if told.ranked and place is not None:
        return told.ranked.gains[place]
    for figure in ("unlocked", "throughput"):
        line = next((one for one in told.lines if one.figure == figure), None)
        if place is not None and line and len(line.differences) > place and line.differences[place].value is not None:
            return line.differences[place]
    series = next((one for one in told.series if one.option == key), None)
    return series.months[-1] if series and series.months else Estimate(None, why=_("nothing was simulated"))


def ranking(told: Comparison) -> list[Series]:
    """The series, that of the best option first."""
    return sorted(told.series, key=lambda one: -_or_least(merit(told, one.option).value))


def _or_least(value: float | None) -> float:
    return float("-inf") if value is None else value


def answer(told: Comparison) -> Said:
    """Which one, by how much; or that nobody can tell; or 0 %."""
    ranked = [(one, merit(told, one.key)) for one in told.options]
    ranked.sort(key=lambda pair: -_or_least(pair[1].value))
    if not ranked:
        return (Piece(_("Nothing was compared: things stay as they are.")),)
    first, gain = ranked[0]
    if gain.value is None:
        why = gain.why or _("nothing was simulated")
        return (Piece(_("Cannot tell: %(why)s.") % {"why": why}),)
    if _is_sooner_only(told):
        return (Piece(f"{_capital(aside(told))} "), *_of_nothing(told, ranked, first=False))
    if all(_is_nothing(one) for _option, one in ranked):
        return _of_nothing(told, ranked)
    if all(one.told and (one.value or 0.0) < 0 for _option, one in ranked):
        return _of_harm(told, ranked)
    if not gain.told or gain.value <= 0:
        return _cannot_tell(told, ranked)
    said = _gain(told, _name(first), gain)
    if len(ranked) > 1:
        said = (*said, Piece("; "), *_second(told, ranked[1], gain))
    return (*said, Piece("."))


def _name(option: Option) -> str:
    return clipped(option.title, 60)


def _gain(told: Comparison, name: str, gain: Estimate) -> Said:
    words = {"name": name, "n": number(gain.value or 0, fine(gain), signed=False), "units": plural(told.unit)}
    said = exact(_gain_words(told) % words, around(gain, fine(gain)))
    share = _share(told, gain)
    return (*said, Piece(f", {share}")) if share else said


def _gain_words(told: Comparison) -> str:
    if _by_intake(told):
        return _("%(name)s: %(n)s more %(units)s a month can come in with the promise kept")
    return _("%(name)s: %(n)s more %(units)s a month")


def _by_intake(told: Comparison) -> bool:
    if told.ranked:
        return told.ranked.by == "unlocked"
    return any(one.figure == "unlocked" and one.differences for one in told.lines)


def _share(told: Comparison, gain: Estimate) -> str:
    """The rise as a share of today's level of the same figure; of one that is small against it, that level."""
    line = next((one for one in told.lines if one.figure == ("unlocked" if _by_intake(told) else "throughput")), None)
    level = told.ranked.level if told.ranked else line.baseline if line else None
    base = (level.value if level else None) or 0.0
    if base <= 0 or gain.value is None:
        return ""
    if gain.value > base:
        return _("from %(n)s today") % {"n": number(base, fine(gain))}
    return f"{number(100 * gain.value / base, signed=True)} %"


def _second(told: Comparison, pair: tuple[Option, Estimate], first: Estimate) -> Said:
    option, gain = pair
    if gain.value is None:
        return (Piece(_("%(name)s: cannot tell") % {"name": _name(option)}),)
    said = exact(f"{_name(option)} {number(gain.value, fine(gain))}", around(gain, fine(gain)))
    tied = gain.high is not None and first.low is not None and gain.high >= first.low
    if option.key in told.ranked.tied if told.ranked else tied:
        return (*said, Piece(_(", which cannot be told apart")))
    return said


def _is_nothing(one: Estimate) -> bool:
    ends = (one.value, one.low, one.high)
    return all(value is not None and abs(value) < NOTHING for value in ends)


def _is_sooner_only(told: Comparison) -> bool:
    """Does no option bring more, and one of them brings it sooner or on time? Then that is the answer."""
    gains = [merit(told, one.key) for one in told.options]
    return bool(gains) and all(map(_is_nothing, gains)) and bool(aside(told))


def _of_nothing(told: Comparison, ranked: Sequence[tuple[Option, Estimate]], *, first: bool = True) -> Said:
    names = listed([_name(one) for one, _gain in ranked[:FEW]], _("and"))
    units = plural(told.unit)
    if not first:
        return (Piece(_("None brings more %(units)s.") % {"units": units}, "quiet"),)
    if len(ranked) == 1:
        words = _("0 %%: %(names)s brings no more %(units)s")
    else:
        words = _("0 %%: neither of these brings more %(units)s: %(names)s")
    best = ranked[0][1]
    return (*exact(words % {"names": names, "units": units}, around(best, 2)), Piece("."))


def _of_harm(told: Comparison, ranked: Sequence[tuple[Option, Estimate]]) -> Said:
    """Every option does harm as far as one can tell: the least of them first."""
    words = _("%(name)s finishes %(n)s fewer %(units)s a month")
    if _by_intake(told):
        words = _("%(name)s lets %(n)s fewer %(units)s a month come in with the promise kept")
    said: Said = (Piece(_("Do nothing: ")),)
    for at, (option, gain) in enumerate(ranked[:2]):
        n = number(-(gain.value or 0.0), fine(gain))
        whole = words % {"name": _name(option), "n": n, "units": plural(told.unit)}
        said = (*said, Piece("; " if at else ""), *exact(whole, around(gain, fine(gain))))
    return (*said, Piece("."))


def _cannot_tell(told: Comparison, ranked: Sequence[tuple[Option, Estimate]]) -> Said:
    said: Said = (Piece(_("Cannot tell: ")),)
    for at, (option, gain) in enumerate(ranked[:2]):
        words = f"{_name(option)} {number(gain.value or 0.0, fine(gain), signed=True)}"
        said = (*said, Piece(", " if at else ""), *exact(words, around(gain, fine(gain))))
    ends = (
        _(" %(units)s a month; that may be nothing.")
        if len(ranked) == 1
        else _(" %(units)s a month; both may be nothing.")
    )
    return (*said, Piece(ends % {"units": plural(told.unit)}))


def aside(told: Comparison) -> str:
    """What one can tell besides: the option that shortens lead times most, and the one that is most often on time."""
    quicker, surer = _most(told, "lead_p85_hours", -1.0), _most(told, "on_time", 100.0)
    said = []
    if quicker:
        words = _("“%(name)s” shortens the lead time of 85 %% of all by %(n)s days %(between)s")
        said.append(words % _gained(*quicker, 1))
    if surer:
        words = _("“%(name)s” raises what is on time by %(n)s percentage points %(between)s")
        if quicker and quicker[0] == surer[0]:
            words = _("it raises what is on time by %(n)s percentage points %(between)s")
        said.append(words % _gained(*surer, 0))
    return f"{'; '.join(said)}." if said else ""


def _most(told: Comparison, figure: str, factor: float) -> tuple[str, Estimate] | None:
    """The option with the largest gain in a figure of which one can tell; `factor` turns its better side up.

    None that does harm: of the little that is finished then, lead times look short and dates kept.
    """
    line = next((one for one in told.lines if one.figure == figure), None)
    best: tuple[str, Estimate] | None = None
    for option, one in zip(told.options, line.differences if line else (), strict=False):
        value, ends = (
            (one.value or 0.0) * factor,
            sorted(end * factor for end in (one.low, one.high) if end is not None),
        )
        gain = merit(told, option.key)
        harm = gain.told and (gain.value or 0.0) < 0
        if one.told and not harm and len(ends) == 2 and value > 0 and (best is None or value > (best[1].value or 0.0)):
            best = (_name(option), Estimate(value, ends[0], ends[1]))
    return best


def _gained(name: str, gain: Estimate, decimals: int) -> dict[str, str]:
    return {"name": name, "n": number(gain.value or 0.0, decimals), "between": around(gain, decimals)}


# -- picture and table -----------------------------------------------------------------------------------------------


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _not_drawn(series: int) -> str:
    if series <= DRAWN:
        return ""
    told = {"n": DRAWN, "all": series}
    return _("Drawn are the best %(n)s of %(all)s options; all stand in the table.") % told


def _heads(told: Comparison, drawn: Sequence[str]) -> Iterator[Head]:
    yield Head(_("Do nothing"), 0, told.best == BASELINE)
    room = 60 if len(told.options) <= FEW else 34
    for one in told.options[:MOST_OPTIONS]:
        colour = drawn.index(one.key) + 1 if one.key in drawn else 0
        yield Head(clipped(one.title, room), colour, one.key == told.best)


def _after(told: Comparison) -> str:
    count = len(told.months)
    tail = min(6, count)
    return _("Mean of the last %(n)s of %(all)s months; below, the difference to doing nothing on the same luck") % {
        "n": tail, "all": count}  # fmt: skip


def _rows(told: Comparison, *, money: bool, own: bool) -> Iterator[Row]:
    for line in told.lines:
        if money or line.figure not in MONEY or (own and line.figure == OWN_PRICE):
            yield Row(line.name, tuple(_cells(line, told)))
    if money and any(one.break_even for one in told.series):
        yield _break_even(told)


def _cells(line: Line, told: Comparison) -> Iterator[Cell]:
    base = line.baseline
    yield _base(base, line, told.currency) if base else Cell("–", "")
    for at, one in enumerate(line.options[:MOST_OPTIONS]):
        if one.value is None:
            yield _untold(one)
            continue
        apart = line.differences[at] if at < len(line.differences) else None
        if apart is None or apart.value is None:
            yield Cell(_value(one, line, told.currency), _between(one, line), told=one.told)
            continue
        yield Cell(_value(one, line, told.currency), _apart(apart, line), told=apart.told)


def _base(one: Estimate, line: Line, currency: str) -> Cell:
    shown = Cell(_value(one, line, currency), _between(one, line))
    return _untold(one) if one.value is None and one.why == hidden() else shown


def _untold(one: Estimate) -> Cell:
    """What stands where there is no figure; why it is not shown is said once, below."""
    if one.why == hidden():
        return Cell(_("not shown"), "")
    return Cell(_("cannot tell") if one.why else "–", clipped(one.why, 60))


def _value(one: Estimate, line: Line, currency: str) -> str:
    value = one.value
    if value is None:
        return "–"
    if line.unit == "share":
        return f"{number(value * 100)} %"
    if line.unit == "days":
        return _("%(n)s days") % {"n": number(value, 0 if value >= 10 else 1)}
    if line.unit == "hours":
        return lead(value)
    if line.unit == "money":
        return f"{currency} {number(value)}"
    return number(value, line.decimals)


def _scaled(one: Estimate, line: Line) -> tuple[float, float | None, float | None, int]:
    factor = 100.0 if line.unit == "share" else 1 / 24 if line.unit == "hours" else 1.0
    low, high = (None if end is None else end * factor for end in (one.low, one.high))
    decimals = 0 if line.unit in ("share", "money") else max(line.decimals, 1)
    if line.unit == "number":
        decimals = max(decimals, fine(one))
    elif line.unit == "share" and low is not None and high is not None and high - low < NARROW:
        decimals = 1
    return (one.value or 0.0) * factor, low, high, decimals


def _between(one: Estimate, line: Line) -> str:
    _mean, low, high, decimals = _scaled(one, line)
    if line.unit == "share" or (line.unit == "days" and (high or 0) >= 10):
        decimals = 0
    return span(low, high, decimals)


def _apart(one: Estimate, line: Line) -> str:
    """The difference to doing nothing with its interval."""
    value, low, high, decimals = _scaled(one, line)
    between = span(low, high, decimals)
    said = number(value, decimals, signed=True)
    return f"{said} ({between})" if between else said


def _break_even(told: Comparison) -> Row:
    cells = [Cell("–", "")]
    by_key = {one.option: one for one in told.series}
    for option in told.options[:MOST_OPTIONS]:
        mark = by_key[option.key].break_even if option.key in by_key else None
        if mark is not None and mark.why == hidden():
            cells.append(_untold(mark))
            continue
        if mark is None or mark.value is None:
            cells.append(Cell(_("no") if mark and mark.why else "–", clipped(mark.why, 60) if mark else ""))
            continue
        ends = [_month(told.months, len(told.months) if end is None else end) for end in (mark.low, mark.high)]
        cells.append(Cell(_month(told.months, mark.value), "–".join(dict.fromkeys(ends)), told=True))
    return Row(_("Has paid for itself"), tuple(cells))


def _month(months: Sequence[date], at: float) -> str:
    if round(at) >= len(months):
        return _("later")
    return month_words(months, max(round(at), 0))


# -- what it rests on ------------------------------------------------------------------------------------------------


def _assumed(told: Comparison, scenarios: Mapping[str, Scenario], known: Known, *, money: bool) -> Iterator[Assumed]:
    most = MOST_ASSUMED if len(told.options) <= FEW else MOST_ASSUMED - 2
    for option in told.options[:MOST_OPTIONS]:
        lines = [clipped(option.says, 160)] if option.says else []
        lines += [clipped(one, 160) for one in doubts_about(option.title, told.assumptions)]
        if option.key in scenarios:
            said = assumed(scenarios[option.key], told.currency, known.names, money=money, pay=False)
            lines += [clipped(one, 240) for one in said]
        shown = lines[:most]
        if len(lines) > most:
            rest = len(lines) - most
            more = ngettext("One more change in its document.", "%(n)s more changes in its document.", rest)
            shown.append(more % {"n": rest})
        yield Assumed(clipped(option.title, 60), tuple(shown), option.key)


def _both(told: Comparison, *, money: bool) -> Iterator[str]:
    yield _("Everything else stays as it is, for every option; differences are on the same luck.")
    yield _("Intervals are of 90 % and of chance alone: they do not know whether the assumptions hold.")
    if not money:
        yield _("Costs are not printed: they would tell what one person is paid.")
    elif any(one.why == hidden() for line in told.lines for one in line.options):
        yield _("What is not shown is for those who may see pay: what a person is paid could be worked out of it.")


def _sources(told: Comparison, known: Known) -> Iterator[str]:
    asked = known.asked
    if asked.versions:
        shown = [clipped(one, 60) for one in asked.versions[:8]]
        if len(asked.versions) > len(shown):
            shown.append(_("%(n)s more") % {"n": len(asked.versions) - len(shown)})
        yield _("From %(refs)s.") % {"refs": ", ".join(shown)}
    yield from asked.without
    if told.runs:
        words = {"runs": f"{told.runs:,}", "months": len(told.months), "seed": asked.seed}
        words["first"] = day_words(asked.first) if asked.first else ""
        yield (
            _("%(runs)s runs of %(months)s months from %(first)s, seed %(seed)s.")
            if asked.first
            else _("%(runs)s runs of %(months)s months, seed %(seed)s.")
        ) % words
    if known.setting.newest > known.setting.version > 0:
        yield _("Version %(n)s of the workflow is newer than this answer.") % {"n": known.setting.newest}
    if known.setting.sample:
        yield _("The company of this page is made up.")
