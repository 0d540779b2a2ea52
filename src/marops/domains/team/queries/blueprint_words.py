"""What assumptions, levels and seats of blueprints are called."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from marops.domains.team.rules.assumptions import Assumptions
from marops.domains.team.rules.blueprint import Stage
from marops.kernel.drawing import number


def label(name: str, assumed: Assumptions) -> str:
    """What an assumption is called."""
    kind, _dot, rest = name.partition(".")
    if kind == "driver":
        return next((one.name for one in assumed.drivers if one.id == rest), rest)
    if kind == "ai_help":
        said = next((one.name for one in assumed.ai_help if one.id == rest), rest)
        return _("AI help: %(what)s") % {"what": said[:1].lower() + said[1:]}
    return _labels().get(name, name)


def _labels() -> Mapping[str, str]:
    return {
        "hours.worked_per_month": _("Hours at work a month"),
        "hours.unplanned_share": _("Share of unplanned work"),
        "hours.meeting_share": _("Share of meetings"),
        "hours.learning_share": _("Share of learning"),
        "load": _("Hours for each piece of work"),
        "ai_help_used": _("Part of AI help that is used"),
        "ai_review": _("Hours a week to review what AI made, for ten people"),
        "work_saved": _("Hours saved by a seat that shapes the work"),
        "pay": _("Pay"),
        "pay.employer_on_top": _("The employer's part of pay"),
        "pace.level_1": _("Pace of somebody who learns"),
        "pace.level_2": _("Pace of somebody able"),
        "pace.level_4": _("Pace of somebody who sets the way"),
        "pace.switch_loss_per_role": _("Time lost for each further role"),
        "weights.hour_undone": _("What an hour undone costs, in hours of a specialist"),
        "weights.duty": _("How much dearer duties are"),
        "weights.no_second": _("Hours at risk where nobody stands in"),
        "weights.other_pair": _("Hours lost by roles that do not fit"),
    }


def part_said(name: str) -> str:
    """What a part of the assumptions is called."""
    words = {
        "worked_per_month": _("hours at work a month"),
        "unplanned_share": _("share of unplanned work"),
        "meeting_share": _("share of meetings"),
        "learning_share": _("share of learning"),
        "full_at": _("booked up to"),
        "cover_per_vital_skill": _("people for each vital skill"),
        "ai_help_used": _("part of AI help that is used"),
        "senior_share": _("share of senior seats"),
        "size_share": _("share of the size asked for"),
        "work_saved": _("share of the others' hours saved"),
        "alike": _("from so many people of one role"),
        "until_people": _("until a team of so many"),
        "cost": _("hours a month"),
        "review_hours_per_week": _("hours a week to review it, for ten people"),
        "months_until_usual": _("months until it saves the usual"),
        "employer_on_top": _("the employer's part, on top"),
        "search_cost_share": _("cost of a search, of a year's pay"),
        "freelance_day_factor": _("a day from outside, against one of an employee"),
        "months_to_fill": _("months to fill"),
        "months_to_full_pace": _("months to full pace"),
        "pace_while_learning": _("pace while learning"),
        "mentor_hours_per_week": _("mentor's hours a week"),
        "searches_at_once": _("searches at once"),
        "hour_undone": _("an hour undone, in hours of a specialist"),
        "duty": _("how much dearer duties are"),
        "no_second": _("hours at risk where nobody stands in"),
        "unled": _("hours for each person nobody leads"),
        "unripe": _("hours for each senior seat missing"),
        "untaught": _("hours for each beginner without a teacher"),
        "other_pair": _("hours lost by roles that do not fit"),
        "other_pair_until": _("largest team in which such roles are combined"),
        "budgeted": _("part of pay that is weighed where a budget is given"),
        "least_share": _("least share of a week for a role"),
        "three_until": _("largest team with three roles in one"),
        "switch_loss_per_role": _("time lost for each further role"),
        "counts_as_cover_from": _("level that can stand in"),
    }
    return words.get(name, name.replace("_", " "))


def doing(stage: Stage) -> str:
    """What an answer is at."""
    what, name = stage
    if what == "choosing":
        return _("Choosing seats: %(name)s") % {"name": name}
    if what == "ranges":
        return _("Drawing assumptions: %(name)s") % {"name": name}
    return _("Looking for what would turn the order")


def level_name(ident: str, assumed: Assumptions) -> str:
    """A level of pay in words."""
    return next((one.name for one in assumed.pay.levels if one.id == ident), ident.replace("_", " "))


def seat(one: Mapping[str, Any], assumed: Assumptions) -> dict[str, str]:
    """What a seat is called, and its level. Where that is not what its roles ask for, its name says as what to hire."""
    said, at = " + ".join(one["titles"]), level_name(str(one["level_id"]), assumed).lower()
    hired = _("hired at %(level)s level") % {"level": at} if one["grade"] else ""
    title = f"{said}, {hired}" if hired else said
    return {"title": title, "hired": hired, "level": _("%(level)s level") % {"level": at}}


def in_words(found: Mapping[str, Any], assumed: Assumptions) -> dict[str, Any]:
    """An answer with what its seats, pairs and assumptions are called."""

    def named(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**one, **seat(one, assumed)} for one in rows]

    def pairs(one: Mapping[str, Any]) -> list[dict[str, Any]]:
        why = _("Nobody named the pair as fitting; neither fills a seat of its own in this team.")
        return [{**pair, "why": pair["why"] or why} for pair in one["together"]]

    plans = [
        {**one, "seats": [{**each, "together": pairs(each)} for each in named(one["seats"])],
         "order": named(one["order"])}
        for one in found["alternatives"]
    ]  # fmt: skip
    turns = [{**one, "label": label(one["name"], assumed)} for one in found["turns"]]
    return {**found, "alternatives": plans, "turns": turns}


def plain(of: float) -> str:
    """A number with as many decimals as it is worth."""
    if of == int(of):
        return number(of)
    return number(of, 1) if abs(of) >= 10 else f"{of:.2f}".rstrip("0")


def span(low: str, high: str) -> str:
    """From a low end to a high one."""
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def amount_said(one: Mapping[str, Any]) -> dict[str, str]:
    """What there is of a driver, with its range, no finer than it is known."""
    high = one["high"]
    rest = "" if one["low"] == high else span(plain(one["low"]), "…" if high is None else plain(high))
    return {"said": plain(one["usual"]), "range": rest}
