"""Blueprints as they are asked for: what counts where nothing was said, and answers that were kept."""

import csv
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from math import isfinite
from typing import Any, Final, Literal, get_args

from marops.domains.team.catalogue import assumptions, catalogue
from marops.domains.team.permissions import PAY, PLAN
from marops.domains.team.queries.blueprint_pay import currency, kept_pay, told
from marops.domains.team.queries.blueprint_words import doing, in_words, label
from marops.domains.team.queries.coverage import team_of
from marops.domains.team.queries.volumes import Volume, volumes
from marops.domains.team.rules import blueprint as rules
from marops.domains.team.rules.blueprint_plan import Holder
from marops.domains.team.rules.document import Range
from marops.domains.team.rules.pay_bands import Bands
from marops.domains.team.rules.staffing import MOST_PEOPLE, Ground
from marops.kernel.actors import Actor
from marops.kernel.definitions import digest
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError, problem
from marops.kernel.models import Job
from marops.kernel.permissions import may, require
from marops.kernel.secrets import opened, sealed

KIND: Final = "team.blueprint"
"""Of the jobs that answer."""
WAY: Final = 6
"""Changed whenever the same question would be answered otherwise: what was kept before is asked anew."""
LARGEST: Final = 1e9
NO_TEAM = problem(
    "no-such-team",
    "No team keeps these limits",
    remedy="Change one of the limits.",
)


Rests = Literal["", "own", "bands"]
"""What costs rest on: pay kept here, the assumed bands; empty: pay where the reader may see it and enough is kept."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as somebody asked it: amounts and assumptions as far as they are not what counts anyway."""

    mode: rules.Mode
    size: int | None = None
    budget: float | None = None
    amounts: Mapping[str, float] = field(default_factory=dict)
    instead: Mapping[str, float] = field(default_factory=dict)
    keep: bool = False
    pay: Rests = ""

    def as_json(self) -> dict[str, Any]:
        """As it is stored and shown."""
        return {
            "mode": self.mode, "size": self.size, "budget": self.budget, "amounts": dict(self.amounts),
            "instead": dict(self.instead), "keep": self.keep, "pay": self.pay,
        }  # fmt: skip


def asked_of(
    *, size: int | None = None, budget: float | None = None, load: bool = False,
    amounts: Mapping[str, Any] | None = None, instead: Mapping[str, Any] | None = None, keep: bool = False,
    pay: str = "",
) -> Asked:  # fmt: skip
    """A question, checked. Raises MaropsError `invalid` that names every fault."""
    faults = []
    if size is None and budget is None and not load:
        faults.append(_fault("size", "Nothing limits the team.", "Say how many people, a budget, or a load."))
    if size is not None and not 1 <= size <= MOST_PEOPLE:
        faults.append(_fault("size", f"A team of {size:,} cannot be planned.", f"Say 1 to {MOST_PEOPLE}."))
    if budget is not None and not (isfinite(budget) and 0 < budget <= LARGEST):
        faults.append(_fault("budget", "A budget is more than nothing.", f"Say an amount up to {LARGEST:,.0f} a year."))
    known = {one.id for one in assumptions().drivers} - {"constant", "people"}
    given = _numbers(amounts or {}, known, "amounts", "Nothing is counted as", faults)
    other = _numbers(
        instead or {}, set(_ground({}, {}).names), "instead", "No assumption is called", faults, least=-1.0
    )
    faults += _faults_of_shares(other)
    rests: Rests | None = next((one for one in get_args(Rests) if one == pay), None)
    if rests is None:
        faults.append(_fault("pay", f"Costs cannot rest on {pay!r}.", "Say own or bands."))
    if faults:
        raise MaropsError(INVALID, errors=faults)
    mode: rules.Mode = "load" if load else "size" if size is not None else "budget"
    return Asked(mode, size, budget, given, other, keep, rests or "")


def counted(asked: Asked, actor: Actor) -> Asked:
    """The question with what its costs rest on for this reader. Raises MaropsError `not-allowed`."""
    if asked.pay == "own":
        require(actor, PAY)
    if asked.pay:
        return asked
    kept = kept_pay(actor)
    return replace(asked, pay="own" if kept and kept.enough else "bands")


def _numbers(
    given: Mapping[str, Any], known: set[str], field: str, said: str, faults: list[FieldError], least: float = 0.0
) -> dict[str, float]:
    found = {}
    for name, value in given.items():
        if name not in known:
            there = ", ".join(sorted(known)[:12])
            faults.append(_fault(f"{field}.{name}", f"{said} {name!r}.", f"There are {there}."))
            continue
        number = _number(value)
        if number is None or not least <= number <= LARGEST:
            faults.append(
                _fault(f"{field}.{name}", f"{value!r} is no amount.", f"Say a number from {least:g} to {LARGEST:,.0f}.")
            )
            continue
        found[name] = number
    return found


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(str(value).replace(",", "") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None


def _faults_of_shares(given: Mapping[str, float]) -> list[FieldError]:
    shares = [one for one in given if one.endswith("_share")]
    return [
        _fault(f"instead.{one}", "A share lies between 0 and 0.9.", "Say 0.2 for a fifth.")
        for one in shares if not 0 <= given[one] <= 0.9
    ]  # fmt: skip


def _fault(name: str, message: str, remedy: str) -> FieldError:
    return FieldError("invalid", message, remedy, field=name)


def load_of(text: str, name: str) -> dict[str, Any]:
    """The amounts of a file: YAML `driver: amount`, or CSV with the columns driver and amount.

    Raises MaropsError `invalid`.
    """
    from yaml import YAMLError

    from marops.kernel.rules import read_yaml

    if name.lower().endswith(".csv"):
        rows = list(csv.DictReader(StringIO(text)))
        if not rows or not {"driver", "amount"} <= set(rows[0]):
            raise MaropsError(INVALID, f"{name} has no rows with driver and amount.", remedy="Head it driver,amount.")
        return {str(one["driver"]).strip(): one["amount"] for one in rows}
    try:
        found = read_yaml(text)
    except YAMLError as fault:
        raise MaropsError(INVALID, f"{name} is no YAML: {' '.join(str(fault).split())}") from fault
    if not isinstance(found, dict) or not found:
        raise MaropsError(INVALID, f"{name} names no amount.", remedy="Write lines such as leads_per_month: 2000.")
    return {str(key): value for key, value in found.items()}


# -- the ground --------------------------------------------------------------------------------------------------------


def _ground(
    amounts: Mapping[str, float], instead: Mapping[str, float], keep: Mapping[str, int] | None = None,
    bands: Bands | None = None,
) -> Ground:  # fmt: skip
    found = {name: one.amount for name, one in volumes().items()}
    given = {
        name: Range(low=value, usual=value, high=value, origin="assumption", why="Given for this plan.")
        for name, value in amounts.items()
    }
    paid = bands.bands if bands else {}
    return Ground(catalogue(), assumptions(), {**found, **given}, currency(), instead, keep or {}, paid)


def today_of(actor: Actor) -> list[Holder]:
    """Today's team: references and shares of roles, which every reader of the team may see."""
    return [Holder(one.ref, one.shares) for one in team_of(actor).workers]


def others_of(actor: Actor) -> list[str]:
    """Names of those who work here and are not of the team: nobody plans for them."""
    return [one.name for one in team_of(actor).others]


def _kept_roles(today: Sequence[Holder]) -> dict[str, int]:
    found: dict[str, int] = {}
    inside = catalogue().inside
    for one in today:
        main = max(one.shares, key=lambda role: (one.shares[role], role), default="")
        if main in inside and inside[main].inside:
            found[main] = found.get(main, 0) + 1
    return found


def origins(asked: Asked | None = None) -> list[dict[str, Any]]:
    """What makes work, how much of it there is a month, and whence that number comes."""
    given = dict(asked.amounts) if asked else {}
    return [_origin(one, given.get(name)) for name, one in volumes().items() if name not in ("constant", "people")]


def _origin(one: Volume, given: float | None) -> dict[str, Any]:
    amount = one.amount
    told = {"id": one.driver.id, "name": one.driver.name, "unit": one.driver.unit, "meaning": one.driver.meaning}
    if given is not None:
        return told | {"usual": given, "low": given, "high": given, "origin": "given", "why": ""}
    return told | {
        "usual": amount.usual, "low": amount.low, "high": amount.high, "origin": amount.origin, "why": amount.why,
    }  # fmt: skip


def heads() -> int:
    """How many people the team has today."""
    amount = volumes()["people"].amount
    return round(amount.usual) if amount.origin == "facts" else 0


def settings() -> list[dict[str, Any]]:
    """Every other assumption of a plan: name, what it is called, its range."""
    assumed = assumptions()
    return [
        {"name": name, "label": label(name, assumed), "low": of.low, "usual": of.usual, "high": of.high,
         "origin": of.origin, "why": of.why, "scale": (of.low, of.usual, of.high) == (-1, 0, 1)}
        for name, of in _ground({}, {}).names.items() if not name.startswith("driver.")
    ]  # fmt: skip


# -- asking ------------------------------------------------------------------------------------------------------------


def key_of(asked: Asked, actor: Actor) -> str:
    """The same for the same question on the same ground. Raises MaropsError `not-allowed`."""
    asked = counted(asked, actor)
    kept = kept_pay(actor) if asked.pay == "own" else None
    ground = _ground(asked.amounts, asked.instead)
    return str(
        digest({
            "way": WAY, "asked": asked.as_json(), "currency": ground.currency,
            "amounts": {name: [of.low, of.usual, of.high] for name, of in ground.amounts.items()},
            "assumed": ground.assumed.model_dump(mode="json"),
            "roles": [
                [slug, role.model_dump(mode="json", by_alias=True)] for slug, role in ground.catalogue.inside.items()
            ],
            "today": [[one.ref, dict(one.shares)] for one in today_of(actor)],
            "pay": kept.mark if kept else "",
        })
    )  # fmt: skip


def going(asked: Asked, actor: Actor) -> Generator[str, None, dict[str, Any]]:
    """The answer step by step. Raises MaropsError `not-allowed`, `no-such-team`."""
    require(actor, PLAN)
    asked, today = counted(asked, actor), today_of(actor)
    kept = kept_pay(actor) if asked.pay == "own" else None
    bands = kept.bands if kept else None
    ground = _ground(asked.amounts, asked.instead, _kept_roles(today) if asked.keep else None, bands)
    question = rules.Question(asked.mode, asked.size, asked.budget)
    try:
        found = yield from _said(rules.steps(ground, question, today))
    except rules.NoPlanError as error:
        raise _no_team(error, secret=bands is not None) from None
    assumed = ground.assumed
    return in_words(found, assumed) | {
        "asked": asked.as_json(), "drivers": origins(asked), "people_today": len(today),
        "anchors": [
            {"name": one.name, "low": one.people.low, "usual": one.people.usual, "high": one.people.high,
             "why": one.people.why, "doubt": one.doubt, "origin": one.people.origin}
            for one in assumed.anchors
        ],
        "anchors_doubt": assumed.anchors_doubt,
        "pay": told(bands, kept), "pay_says": "" if bands else assumed.pay.replace,
        "apart": [{"says": one.says, "why": one.why} for one in assumed.keep_apart_always],
    }  # fmt: skip


def _said(steps: Generator[rules.Stage, None, dict[str, Any]]) -> Generator[str, None, dict[str, Any]]:
    """The steps with what they are at in words."""
    while True:
        try:
            stage = next(steps)
        except StopIteration as end:
            found: dict[str, Any] = end.value
            return found
        yield doing(stage)


def _no_team(error: rules.NoPlanError, *, secret: bool) -> MaropsError:
    """Why there is no team. What was refused stays with the job, for all to see: no amount made of pay stands in it."""
    if secret:
        said = "No team keeps these limits by the pay that is kept here."
        return MaropsError(NO_TEAM, said, remedy="Ask for fewer people or more money, or let costs rest on the bands.")
    return MaropsError(NO_TEAM, str(error), remedy=error.remedy)


def answer(asked: Asked, actor: Actor) -> dict[str, Any]:
    """The answer at once: as it was kept, else worked out."""
    job = open_question(key_of(asked, actor))
    kept = kept_answer(job, actor) if job else None
    if kept:
        return kept
    steps = going(asked, actor)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: dict[str, Any] = end.value
            return found


def to_keep(found: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as a job keeps it: sealed where it rests on pay, for jobs are seen by many."""
    return {"sealed": sealed(json.dumps(found))} if found["pay"]["rests_on"] == "own" else {"answer": dict(found)}


def kept_answer(job: Job, actor: Actor) -> dict[str, Any] | None:
    """What a job found, for whoever may read it; None where it has no answer for them."""
    if job.state != Job.State.DONE or not job.result:
        return None
    if "sealed" in job.result:
        return dict(json.loads(opened(job.result["sealed"]))) if may(actor, PAY) else None
    return dict(job.result["answer"])


def open_question(key: str) -> Job | None:
    """The job that is to answer this question, or failed to."""
    return Job.objects.filter(kind=KIND, arguments__key=key).order_by("-created_at").first()


def alternative(found: Mapping[str, Any], ident: str) -> dict[str, Any]:
    """One of the alternatives. Raises MaropsError `not-found`."""
    for one in found["alternatives"]:
        if one["id"] == ident:
            return dict(one)
    raise MaropsError(NOT_FOUND, f"There is no alternative {ident!r}.")
