"""Who sees which money in an answer: a figure out of which a person's pay can be worked out is for the right `pay.see`.

Answers are kept whole and shown by `seen`, whoever asks and wherever: a page, a paper, REST, the command line.

- What a piece of work costs is the pay of the crew over the hours of its calendars. By asking for other months, each
  person's pay follows from a few such figures, however many people there are: they all need the right.
- What an option costs more is the money that its own document names, and may be seen with the document; unless
  somebody goes or works other hours: then it tells what they are paid.
- Break-even counts what one piece is worth by the whole crew's pay: with fewer than FEW people paid that needs the
  right too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.text import capfirst

from marops.domains.workflows.papers.changes import tells_pay
from marops.domains.workflows.permissions import PAY
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.telling.words import hidden
from marops.kernel.actors import Actor
from marops.kernel.permissions import may

FEW = 3
"""With fewer people paid than these, what a month costs says by itself what one of them is paid."""
OWN_PRICE = "own_price"
"""The line of a comparison that holds what the documents of the options say that they cost: everybody may see it."""
PRICES = ("extra_cost", "cost_of_one_more")
"""Lines of a comparison that hold what options cost more, and nothing of what people are paid anyway."""
OF_PEOPLE = ("cost", "worth")
"""Names of figures that hold people's pay begin like this."""


def paid_people(crew: Crew) -> int:
    """Of how many entries of a crew it is said what their hour costs; several people alike are one."""
    return sum(one.cost_per_hour > 0 for one in crew.people)


def seen(found: Mapping[str, Any], actor: Actor | None) -> dict[str, Any]:
    """An answer as this actor may see it; without an actor as anybody may. The one that is given stays as it is."""
    if found.get("paid") == 0 or (actor is not None and may(actor, PAY)):
        return dict(found)
    shown = dict(found)
    if "measured" in shown:
        measured = dict(shown["measured"])
        shown["measured"] = measured | {"figures": _without(measured.get("figures", {}))}
    if "figures" in shown:  # how things go if nothing is changed
        shown |= {"figures": _without(shown["figures"]), "months": [_without(one) for one in shown["months"]]}
    answer = shown.get("answer", {})
    return shown | _compared(shown, answer) if "lines" in answer else shown


def _compared(found: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a comparison that hold money, without what tells pay."""
    telling = _telling(found, [one["key"] for one in answer["options"]])
    late = telling if found.get("paid", 0) >= FEW else dict.fromkeys(telling, True)
    shown: dict[str, Any] = {
        "answer": {
            **answer,
            "lines": [_line(one, list(telling.values())) for one in answer["lines"]],
            "series": [one | _hide(one, ("break_even",), late.get(one["option"], True)) for one in answer["series"]],
            "flip": f"{capfirst(hidden())}." if _in_money(found) else answer.get("flip", ""),
        }
    }
    if "options" in found:
        shown["options"] = [_option(one, telling, late) for one in found["options"]]
    if _in_money(found):
        shown["flip"] = {"money": True, "says": f"{capfirst(hidden())}."}
    return shown


def _telling(found: Mapping[str, Any], keys: Sequence[str]) -> dict[str, bool]:
    """Of each option whether its costs tell what a person is paid; so it is where nobody knows what it changes."""
    documents = found.get("asked", {}).get("scenarios", {})
    return {key: not documents.get(key) or tells_pay(Scenario.model_validate(documents[key])) for key in keys}


def _in_money(found: Mapping[str, Any]) -> bool:
    """Is the assumption that turns the ranking one of the ranking in money?"""
    flip = found.get("flip") or {}
    said = str(flip.get("says") or found["answer"].get("flip") or "")
    return bool(flip.get("money")) or said.startswith("Counted in money")


def _line(line: Mapping[str, Any], telling: Sequence[bool]) -> dict[str, Any]:
    if line["unit"] != "money" or line["figure"] == OWN_PRICE:
        return dict(line)
    closed = telling if line["figure"] in PRICES else [True] * len(telling)
    base = line["baseline"] if line["figure"] in PRICES or not line["baseline"] else nothing(line["baseline"])
    return dict(line) | {
        "baseline": base,
        **{name: [nothing(one) if shut else one for one, shut in zip(line[name], closed, strict=False)]
           for name in ("options", "differences")},
    }  # fmt: skip


def _option(option: Mapping[str, Any], telling: Mapping[str, bool], late: Mapping[str, bool]) -> dict[str, Any]:
    key = option["key"]
    shown = dict(option) | {"months": [_without(one) for one in option["months"]]}
    if "total" in option:
        names = [name for name in option["total"] if name.startswith(OF_PEOPLE)]
        shown["total"] = dict(option["total"]) | _hide(option["total"], names, telling.get(key, True))
    return shown | _hide(option, ("break_even_month",), late.get(key, True))


def _hide(given: Mapping[str, Any], names: Sequence[str], shut: bool) -> dict[str, Any]:
    return {name: nothing(given[name]) for name in names if given.get(name)} if shut else {}


def _without(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of a time without those of people's pay."""
    return {name: nothing(one) if name.startswith(OF_PEOPLE) and one else one for name, one in figures.items()}


def nothing(one: Mapping[str, Any]) -> dict[str, Any]:
    """A figure with the same names and no number, and why."""
    told = {name: nothing(value) if isinstance(value, Mapping) else None for name, value in one.items()}
    return {name: value for name, value in told.items() if name != "level"} | {"why": hidden()}
