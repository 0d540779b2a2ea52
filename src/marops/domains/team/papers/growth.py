"""One's own growth plan on paper, as PDF: the same parts and words as on the page, and who sees it."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marops.domains.team.models import GrowthPlan
from marops.domains.team.queries.growth import seen_words, told_plan
from marops.kernel.clock import local_date
from marops.kernel.printing import pdf
from marops.kernel.workspace import workspace

_PAPER = Path(__file__).parent / "description.typ"


def growth_pdf(plan: GrowthPlan, at: datetime) -> bytes:
    """The plan as its owner takes it along."""
    told = told_plan(plan)
    parts = [
        (_("Aim"), [_text(told["aim"])] if told["aim"] else []),
        (_("Goals"), [_items([_goal(one) for one in told["goals"]])] if told["goals"] else []),
        (_("Moves"), [_items([_move(one) for one in told["moves"]])] if told["moves"] else []),
        (_("Reviews"), [_text(_review(one)) for one in told["reviews"]]),
        (_("Who helps, and who sees it"), [_text(f"{_mentor(told)} {seen_words(plan)}".strip())]),
    ]
    paper: dict[str, Any] = {
        "title": _("Growth plan of %(name)s") % {"name": told["person"]}, "company": workspace().name, "words": {},
        "under": _("As it stood on %(day)s.") % {"day": _day(local_date(at, workspace().zone))},
        "sections": [{"heading": heading, "parts": some} for heading, some in parts if some],
    }  # fmt: skip
    return pdf(_PAPER, paper, at)


def _text(words: str) -> dict[str, Any]:
    return {"text": words, "items": []}


def _items(items: list[str]) -> dict[str, Any]:
    return {"text": "", "items": items}


def _goal(one: dict[str, Any]) -> str:
    state = {"reached": _("reached"), "dropped": _("given up")}.get(one["state"], "")
    return _noted(one["words"], state, _by(one["by"]))


def _move(one: dict[str, Any]) -> str:
    done = _("done %(day)s") % {"day": _day(one["done_on"])} if one["done_on"] else _by(one["by"])
    return _noted(one["says"], one["skill_name"], done)


def _review(one: dict[str, Any]) -> str:
    beside = _(", with %(name)s") % {"name": one["beside"]} if one["beside"] else ""
    return f"{_day(one['on'])}{beside}: {one['says']}"


def _day(day: date) -> str:
    return date_format(day, "j M Y")


def _by(day: Any) -> str:
    return _("by %(day)s") % {"day": _day(day)} if day else ""


def _noted(words: str, *notes: str) -> str:
    told = ", ".join(one for one in notes if one)
    return f"{words} ({told})" if told else words


def _mentor(told: dict[str, Any]) -> str:
    if not told["mentor"]:
        return ""
    words = _("%(name)s is the mentor.") if told["mentor_agreed"] else _("%(name)s was asked to be the mentor.")
    return words % {"name": told["mentor"]}
