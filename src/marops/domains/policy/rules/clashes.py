"""Answers of the interview that do not fit together, and those that change nothing beside the others.

Where two clash the careful one counts; nobody should learn that from the page afterwards.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from django.utils.translation import gettext as _

from marops.domains.policy.rules.interview import Answers, draft_policy, draft_uses, leaves, spends

_DAY = date(2000, 1, 1)
_WORK = {"score", "segment", "route"}
_READ = {"draft", "translate", "publish", "send", "spend"}
_COUNTS = ("people_a_day", "money_a_day")
_ASIDE = ("does", "readers", "owner", "months")
"""Questions whose other answers are no short list; a tick among them that does nothing is told as a clash."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Questions whose answers do not fit together, and what is made of it."""

    asks: tuple[str, ...]
    says: str


def clashes(answers: Answers) -> list[Clash]:
    """All of them, in the order of the questions."""
    return [one for found in (_work, _reading, _vendors, _reviewing, _reaching) for one in found(answers)]


def _work(answers: Answers) -> Iterator[Clash]:
    does = set(answers.does)
    if does & {"publish", "send", "spend"} and not answers.outside:
        yield Clash(("does", "readers"), _("Nobody outside reads it: so it neither publishes nor sends nor spends."))
    if answers.outside and not does & _READ:
        yield Clash(("does", "readers"), _("It makes nothing for readers outside: so they read nothing."))
    if does & _WORK and not answers.records:
        yield Clash(("does", "records"), _("It does not work on leads: so it neither scores, picks nor hands over."))


def _reading(answers: Answers) -> Iterator[Clash]:
    told = {"internal": ("names", "behaviour", "confidential"), "names": ("behaviour",)}
    first = next((name for name in told if not getattr(answers, name)), "")
    if lost := tuple(name for name in told.get(first, ()) if getattr(answers, name)):
        said = {"internal": _("It may not read what is internal: so it reads nothing that is closer still."),
                "names": _("It may not read names, and clicks belong to a name: so it reads neither.")}  # fmt: skip
        yield Clash((first, *lost), said[first])


def _vendors(answers: Answers) -> Iterator[Clash]:
    if answers.hosting == "own":
        if lost := tuple(name for name in ("vendor_reads_names", "vendor_trains") if getattr(answers, name)):
            yield Clash(("hosting", *lost), _("The model runs with you alone: so no vendor reads or learns anything."))
        return
    if answers.vendor_trains and answers.vendor_reads_names:
        said = _("A vendor that learns from it reads only what is public: so no names either.")
        yield Clash(("vendor_reads_names", "vendor_trains"), said)
    if answers.hosting == "vendor" and (lost := tuple(_kept_back(answers))):
        because = ("vendor_trains",) if answers.vendor_trains else ("vendor_reads_names",)
        asks = (*lost, "hosting", *(because if lost != ("confidential",) else ()))
        yield Clash(asks, _("The only model is a vendor’s, which may not read it: so no model does."))


def _kept_back(answers: Answers) -> Iterator[str]:
    """What may be read, and not by a vendor."""
    kinds = {"internal": "internal", "names": "contact", "behaviour": "behaviour", "confidential": "confidential"}
    return (name for name, kind in kinds.items() if kind in answers.data and kind not in answers.lent)


def _reviewing(answers: Answers) -> Iterator[Clash]:
    if not (answers.outside and set(answers.does) & _READ):
        return
    if answers.read_first > answers.read_before:
        said = _("A person decides each time: so that one reads it before it leaves the house.")
        yield Clash(("read_before", "freedom"), said)
    if answers.freedom == "outside" and answers.read_before:
        yield Clash(("read_before", "freedom"), _("It may act outside on its own, but only once those have read it."))
    if answers.customers_twice and "customers" in answers.outside and answers.read_before == 2:
        yield Clash(("read_before", "customers_twice"), _("Two people read all of it already, and two is the most."))


def _reaching(answers: Answers) -> Iterator[Clash]:
    if answers.freedom == "outside" and not (answers.outside and set(answers.does) & _READ):
        yield Clash(("freedom",), _("It does nothing outside: so it acts freely inside the house only."))
    if leaves(answers) and not answers.people_a_day:
        yield Clash(("does", "people_a_day"), _("It may reach nobody: so nothing is published or sent."))
    if "spend" in answers.does and answers.outside and not spends(answers):
        yield Clash(("does", "money_a_day"), _("It may move no money: so it spends none."))
    if answers.money_a_day and "spend" not in answers.does:
        yield Clash(("does", "money_a_day"), _("Spending is not ticked: so it moves no money."))


def idle(answers: Answers) -> list[str]:
    """Questions of which no other answer would change policy or register, as the others are answered."""
    now = _made(answers)
    told = {name for one in clashes(answers) for name in one.asks}
    return [
        name for name in Answers.model_fields
        if name not in told and name not in _ASIDE
        and all(_made(answers.model_copy(update={name: one})) == now for one in _others(name, answers))
    ]  # fmt: skip


def _others(name: str, answers: Answers) -> list[Any]:
    value = getattr(answers, name)
    if isinstance(value, bool):
        return [not value]
    if name in _COUNTS:
        return [value + 1]
    every = range(3) if name == "read_before" else get_args(Answers.model_fields[name].annotation)
    return [one for one in every if one != value]


def _made(answers: Answers) -> str:
    """What answers make, to be compared."""
    policy, uses = draft_policy(answers), draft_uses(answers, _DAY)
    return json.dumps([policy.model_dump(mode="json"), *(one.model_dump(mode="json") for one in uses.values())])
