"""What scenarios assume, in sentences: every change with its values, as its document has them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.workflows.charts.marks import number
from marops.domains.workflows.papers.pieces import clipped, listed
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.scenario import AnyChange, Leave, Rehour, Scenario


def assumed(
    scenario: Scenario, currency: str, names: Mapping[str, str], *, money: bool = True, pay: bool = True
) -> Iterator[str]:
    """A sentence for each change. `names`: of steps and people by their ids; `money`: also what it costs; `pay`: also
    where somebody goes or works other hours.
    """
    for change in scenario.changes:
        said = SAYS[change.change](change, names)
        parts = [
            said,
            _since(change.start),
            *(_costs(change, currency) if money and (pay or not of_pay(change)) else ()),
        ]
        sentence = ", ".join(one for one in parts if one) + "."
        reason = clipped(change.because, 160)
        yield f"{sentence} {_('Because:')} {reason}" if reason else sentence


def names_of(situation: Situation) -> dict[str, str]:
    """Names of people, workflows, kinds of work and steps by the ids by which changes name them."""
    found = {one.id: one.name for one in situation.crew.people}
    for slug, flow in situation.workflows.items():
        found[slug] = flow.title
        found |= {one.id: one.name for one in flow.classes}
        found |= {name: one.name for one in flow.steps for name in (one.id, f"{slug}/{one.id}")}
    return found


def doubt(title: str, words: str) -> str:
    """What may be meant otherwise in an option, as a line among what an answer rests on."""
    return f"“{title}”: {words}"


def doubts_about(title: str, lines: Sequence[str]) -> list[str]:
    """The words of those lines that are doubts about this option."""
    return [one.removeprefix(doubt(title, "")) for one in lines if one.startswith(doubt(title, ""))]


def tells_pay(scenario: Scenario) -> bool:
    """Would its costs tell what one person is paid? So it is wherever somebody goes or works other hours."""
    return any(of_pay(one) for one in scenario.changes)


def of_pay(change: AnyChange) -> bool:
    """Does it change whose hours are paid?"""
    return isinstance(change, Leave | Rehour)


def _since(start: Any) -> str:
    if isinstance(start, date):
        return _("from %(day)s") % {"day": date_format(start, "j F Y")}
    if not start:
        return ""
    return ngettext("after a month", "after %(n)s months", round(start)) % {"n": _short(start)}


def _costs(change: AnyChange, currency: str) -> Iterator[str]:
    each = float(getattr(change, "cost_each", 0.0) or 0.0)
    for value, words in (
        (change.one_off, _("%(money)s once")),
        (change.cost_per_year, _("%(money)s a year")),
        (each, _("%(money)s for each")),
    ):
        if value:
            said = words % {"money": f"{currency} {number(value)}"}
            yield _("%(cost)s each") % {"cost": said} if getattr(change, "count", 1) > 1 else said
    if saves := float(getattr(change, "saves_per_year", 0.0) or 0.0):
        yield _("saves %(money)s a year") % {"money": f"{currency} {number(saves)}"}


def _named(names: Mapping[str, str], ref: str | None) -> str:
    """A step or a person by name; `workflow/step` by its step."""
    key = (ref or "").rpartition("/")[2]
    return clipped(names.get(ref or "", names.get(key, key)), 60)


def _short(value: float) -> str:
    return number(value, 0 if value == round(value) else 1 if value == round(value, 1) else 2)


def _skills(skills: Mapping[str, float]) -> str:
    words = _("%(skill)s (speed %(n)s)")
    said = [one if speed == 1 else words % {"skill": one, "n": _short(speed)} for one, speed in skills.items()]
    return listed([clipped(one, 40) for one in said], _("and"))


def _percent(value: float) -> str:
    return f"{number(value * 100)} %"


def _hire(one: Any, names: Mapping[str, str]) -> str:
    said = [_("%(name)s comes") % {"name": clipped(one.name, 60)}]
    if one.count > 1:
        said = [_("%(n)s people come as %(name)s") % {"n": one.count, "name": clipped(one.name, 60)}]
    if one.skills:
        said.append(_("skills %(skills)s") % {"skills": _skills(one.skills)})
    if one.share < 1:
        said.append(_("%(share)s of their time") % {"share": _percent(one.share)})
    if one.ramp:
        told = {"first": _percent(one.ramp.first), "months": _short(one.ramp.months)}
        said.append(_("%(first)s of full speed at first, all of it after %(months)s months") % told)
    return ", ".join(said)


def _train(one: Any, names: Mapping[str, str]) -> str:
    said = _("%(name)s learns %(skills)s") % {"name": _named(names, one.person), "skills": _skills(one.skills)}
    if one.hours_away:
        said += ", " + _("%(n)s hours away for it") % {"n": _short(one.hours_away)}
    return said


def _assist(one: Any, names: Mapping[str, str]) -> str:
    told = {"step": _named(names, one.step), "share": _percent(one.effort)}
    said = [_("AI helps with %(step)s: %(share)s of the effort remain") % told]
    if one.rework is not None:
        said.append(_("%(share)s come back") % {"share": _percent(one.rework)})
    if one.review:
        said.append(_("somebody with %(skill)s looks at %(share)s of it") % {
            "skill": one.review.skill, "share": _percent(one.review.share)})  # fmt: skip
    return ", ".join(said)


def _rebatch(one: Any, names: Mapping[str, str]) -> str:
    step = _named(names, one.step)
    said = []
    if one.batch == "none":
        said.append(_("%(step)s is done one by one") % {"step": step})
    elif one.batch:
        said.append(_("%(step)s is collected until there are %(n)s") % {"step": step, "n": one.batch.size})
    if one.opens:
        calendar = clipped(one.opens, 40)
        said.append(_("%(step)s opens by the calendar %(calendar)s") % {"step": step, "calendar": calendar})
    elif one.opens is not None:
        said.append(_("%(step)s is open whenever people work") % {"step": step})
    return ", ".join(said)


def _effort(one: Any, names: Mapping[str, str]) -> str:
    what = _named(names, one.step) if one.step else clipped(one.skill or one.platform, 60)
    return _("%(what)s takes %(share)s of today’s hours") % {"what": what, "share": _percent(one.factor)}


def _demand(one: Any, names: Mapping[str, str]) -> str:
    what = _named(names, one.work_class or one.workflow)
    told = {"share": _percent(one.factor), "what": what}
    return (_("%(share)s of today’s demand for %(what)s") if what else _("%(share)s of today’s demand")) % told


def _platform(one: Any, names: Mapping[str, str]) -> str:
    told = {"old": clipped(one.retire, 40), "new": clipped(one.add, 40), "share": _percent(one.factor)}
    if one.retire and one.add:
        return _("%(new)s takes the place of %(old)s; its steps take %(share)s of the hours") % told
    return (_("%(old)s goes") if one.retire else _("%(new)s comes")) % told


def _limit(one: Any, _names: Mapping[str, str]) -> str:
    if one.limit:
        return _("at most %(n)s in work at a time") % {"n": one.limit}
    return _("no limit of what is in work")


SAYS: Mapping[str, Callable[[Any, Mapping[str, str]], str]] = {
    "hire": _hire,
    "leave": lambda one, names: _("%(name)s goes") % {"name": _named(names, one.person)},
    "train": _train,
    "remove": lambda one, names: _("%(step)s falls away") % {"step": _named(names, one.step)},
    "automate": lambda one, names: _("%(step)s needs nobody any more") % {"step": _named(names, one.step)},
    "assist": _assist,
    "parallelise": lambda one, names: _("%(steps)s are done side by side") % {
        "steps": listed([_named(names, each) for each in one.steps], _("and"))},
    "reskill": lambda one, names: _("%(step)s is done by %(skill)s") % {
        "step": _named(names, one.step), "skill": clipped(one.skill, 40)},
    "rebatch": _rebatch,
    "rehour": lambda one, names: _("%(name)s works by the calendar %(calendar)s") % {
        "name": _named(names, one.person), "calendar": clipped(one.calendar, 40)},
    "effort": _effort,
    "rework": lambda one, names: _("%(share)s come back from %(step)s") % {
        "share": _percent(one.probability), "step": _named(names, one.step)},
    "demand": _demand,
    "limit": _limit,
    "platform": _platform,
}  # fmt: skip
