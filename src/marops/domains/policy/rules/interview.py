"""Twenty plain questions, and the first draft of policy and register that their answers make.

For a team that has neither. The draft is a beginning: each rule can be read, changed and refused like any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ConfigDict, Field, model_validator

from marops.domains.policy.rules.document import AiPolicy, PolicyRule
from marops.domains.policy.rules.parts import Parts, written
from marops.domains.policy.rules.uses import AiModel, AiUse, Reach, Reviewing
from marops.domains.policy.rules.wording import sentence

Does = Literal["draft", "translate", "summarise", "classify", "score", "segment", "route", "publish", "send", "spend"]
Reads = Literal["colleagues", "customers", "prospects", "public"]
_INSIDE = ("summarise", "classify", "draft", "translate")
_PROPOSES = ("score", "segment", "route")
_LEAVES = ("publish", "send")
_OUTSIDE = ("customers", "prospects", "public")
_DATA = ("none", "internal", "contact", "behaviour")


class Answers(BaseModel):
    """The twenty answers. What is not answered is the careful answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    does: list[Does] = ["draft", "summarise"]
    readers: list[Reads] = ["colleagues"]
    public_interest: bool = False
    pictures: bool = False
    people_shown: bool = False
    records: bool = True
    internal: bool = True
    names: bool = False
    behaviour: bool = False
    confidential: bool = False
    hosting: Literal["own", "vendor", "both"] = "vendor"
    vendor_reads_names: bool = False
    vendor_trains: bool = False
    read_before: Annotated[int, Field(ge=0, le=2)] = 1
    customers_twice: bool = True
    discloses: bool = True
    freedom: Literal["never", "inside", "outside"] = "never"
    people_a_day: Annotated[int, Field(ge=0, le=100_000_000)] = 1000
    money_a_day: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    owner: Annotated[str, Field(min_length=1, max_length=300)] = "Marketing Operations Manager"
    months: Annotated[int, Field(ge=1, le=36)] = 6

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.does:
            raise ValueError("name at least one thing that AI does")
        return self


LIKE: Mapping[str, Answers] = {
    "cautious": Answers(does=["draft", "translate", "summarise", "classify"], readers=["colleagues", "prospects"],
                        read_before=2, people_a_day=500),
    "balanced": Answers(
        does=["draft", "translate", "summarise", "classify", "score", "segment", "route", "publish", "send"],
        readers=["colleagues", "customers", "prospects", "public"], pictures=True, names=True, behaviour=True,
        vendor_reads_names=True, read_before=1, freedom="inside", people_a_day=5000,
    ),
    "bold": Answers(
        does=["draft", "translate", "summarise", "classify", "score", "segment", "route", "publish", "send", "spend"],
        readers=["colleagues", "customers", "prospects", "public"], pictures=True, names=True, behaviour=True,
        vendor_reads_names=True, read_before=1, customers_twice=False, freedom="outside", people_a_day=20_000,
        money_a_day=2000,
    ),
}  # fmt: skip
"""What companies of three tempers answer: the interview can begin with any of them."""

QUESTIONS: Mapping[str, Any] = {
    "does": gettext_lazy("What does AI do for you, today or soon?"),
    "readers": gettext_lazy("Who reads or sees what it makes?"),
    "public_interest": gettext_lazy(
        "Do you write about matters of public interest, such as health, politics or safety?"
    ),
    "pictures": gettext_lazy("Does it make pictures of things and places?"),
    "people_shown": gettext_lazy("Does it make pictures or voices of people?"),
    "records": gettext_lazy("Does it work on leads and figures?"),
    "internal": gettext_lazy("May it read what is internal: plans, briefs, results?"),
    "names": gettext_lazy("May it read names and work data of leads?"),
    "behaviour": gettext_lazy("May it read what people did: visits, clicks, replies?"),
    "confidential": gettext_lazy("May it read what partners or customers told you in confidence?"),
    "hosting": gettext_lazy("Where does the model run?"),
    "vendor_reads_names": gettext_lazy("May a vendor's model read names?"),
    "vendor_trains": gettext_lazy("Does the vendor train its model on what it reads of yours?"),
    "read_before": gettext_lazy("How many people read something before it leaves the house?"),
    "customers_twice": gettext_lazy("Should customers' texts be read by one more person?"),
    "discloses": gettext_lazy("Do you say that AI took part?"),
    "freedom": gettext_lazy("May it act without a person before each step?"),
    "people_a_day": gettext_lazy("How many people may it reach in a day?"),
    "money_a_day": gettext_lazy("How much money may it move in a day?"),
    "owner": gettext_lazy("Who answers for all this, and in how many months is it looked at again?"),
}
"""The twenty, in the order of asking; the last two fields of an answer belong to the last question."""


def draft_policy(answers: Answers, today: date | None = None) -> AiPolicy:
    """The policy that the answers make. It breaks no law: what it allows, it allows with more care too."""
    rules = [rule for made in (_inside, _proposing, _outside, _leaving, _spending, _nevers) for rule in made(answers)]
    numbered = [one.model_copy(update={"id": f"{one.id}-{at:02}"}) for at, one in enumerate(rules, 1)]
    preamble = _("People decide what leaves the house; what stands on no line is not allowed.")
    review_by = today + timedelta(days=30 * answers.months) if today else None
    title = _("What AI may do in our marketing")
    return AiPolicy(title=title, preamble=preamble, rules=numbered, review_by=review_by)


def _data(answers: Answers) -> tuple[str, ...]:
    """What it may read, always with all that is less sensitive."""
    known = {"internal": answers.internal, "contact": answers.names, "behaviour": answers.behaviour}
    most = max((at for at, name in enumerate(_DATA) if known.get(name)), default=0)
    return _DATA[: most + 1]


def _things(answers: Answers, *, inside: bool) -> tuple[str, ...]:
    told = {"words": True, "public_interest": answers.public_interest and inside, "pictures": answers.pictures,
            "records": answers.records and inside}  # fmt: skip
    return tuple(name for name, yes in told.items() if yes)


def _chosen(answers: Answers, among: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in among if name in answers.does)


def _upto(most: int) -> tuple[int, ...]:
    return tuple(range(most + 1))


def _rule(
    answers: Answers, effect: Literal["permit", "forbid"], because: str, *, says: str = "", **given: Any
) -> PolicyRule:
    parts = Parts(effect, {name: value for name, value in given.items() if value})
    return PolicyRule(id="N" if effect == "forbid" else "R", owner=answers.owner, says=says or _said(parts.answers),
                      because=because, cedar=written(parts))  # fmt: skip


def _said(given: Mapping[str, Sequence[Any]]) -> str:
    """What is allowed, with what has to happen first: “Send words for customers, once two people have read it.”"""
    readers, said = min(given.get("review", (0,))), given.get("disclosed") == (True,)
    # Who reads it first says more than that a person approves it.
    told = sentence({name: value for name, value in given.items() if name != "autonomy" or not readers})
    more = ["", _("once one person has read it"), _("once two people have read it")][readers]
    parts = [told.removesuffix("."), more, _("saying that AI took part") if said else ""]
    return ", ".join(one for one in parts if one) + "."


def _late(answers: Answers, says: str, because: str, condition: str, actions: tuple[str, ...]) -> PolicyRule:
    text = written(Parts("forbid", {"action": actions} if actions else {}, (f"when {{ {condition} }}",)))
    return PolicyRule(id="L", owner=answers.owner, says=says, because=because, cedar=text)


def _inside(answers: Answers) -> Iterator[PolicyRule]:
    if doing := _chosen(answers, _INSIDE):
        yield _rule(
            answers, "permit", _("It stays in the house, and a person sees the source."), action=doing,
            content=_things(answers, inside=True), audience=("colleagues",), data=_data(answers),
            autonomy=_upto(2 if answers.freedom == "never" else 4),
        )  # fmt: skip


def _proposing(answers: Answers) -> Iterator[PolicyRule]:
    if (doing := _chosen(answers, _PROPOSES)) and answers.records:
        yield _rule(
            answers, "permit", _("People decide who is addressed and who calls."), action=doing, content=("records",),
            audience=("colleagues",), data=_data(answers), autonomy=_upto(2 if answers.freedom == "never" else 3),
            review=(1, 2) if answers.freedom == "never" else (),
        )  # fmt: skip


def _readers(answers: Answers) -> Iterator[tuple[tuple[str, ...], int]]:
    """Readers outside with how many people read first; customers apart where they are read once more."""
    outside = tuple(one for one in _OUTSIDE if one in answers.readers)
    more = min(2, answers.read_before + 1)
    if answers.customers_twice and more > answers.read_before and "customers" in outside:
        yield ("customers",), more
        outside = tuple(one for one in outside if one != "customers")
    if outside:
        yield outside, answers.read_before


def _atleast(readers: int) -> tuple[int, ...]:
    return tuple(range(readers, 3)) if readers else ()


def _outside(answers: Answers) -> Iterator[PolicyRule]:
    doing = _chosen(answers, ("draft", "translate"))
    for audience, readers in _readers(answers) if doing else ():
        yield _rule(
            answers, "permit", _("We answer for every word."), action=doing, content=_things(answers, inside=False),
            audience=audience, data=_data(answers), autonomy=_upto(2), review=_atleast(readers),
        )  # fmt: skip


def _leaving(answers: Answers) -> Iterator[PolicyRule]:
    doing, most = _chosen(answers, _LEAVES), 3 if answers.freedom == "outside" else 2
    for audience, readers in _readers(answers) if doing else ():
        yield _rule(
            answers, "permit", _("Somebody answers for what leaves the house."), action=doing,
            content=_things(answers, inside=False), audience=audience, data=_data(answers), autonomy=_upto(most),
            review=_atleast(readers), disclosed=(True,) if answers.discloses else (),
        )  # fmt: skip
    if answers.public_interest and doing:
        yield _rule(
            answers, "permit", _("Article 50(4) of the EU AI Act wants a person who answers for them."), action=doing,
            content=("public_interest",), audience=_OUTSIDE, data=("none", "internal"), autonomy=_upto(2), review=(2,),
            disclosed=(True,),
        )  # fmt: skip


def _spending(answers: Answers) -> Iterator[PolicyRule]:
    outside = tuple(one for one in _OUTSIDE if one in answers.readers)
    if "spend" in answers.does and answers.money_a_day and outside:
        yield _rule(
            answers, "permit", _("Money is looked at by a person."), action=("spend",),
            content=_things(answers, inside=False), audience=outside, data=("none", "internal"),
            autonomy=_upto(4 if answers.freedom == "outside" else 2), review=(1, 2),
        )  # fmt: skip
        yield _late(
            answers, _("Spend no more than %(most)s a day.") % {"most": f"{answers.money_a_day:,}"},
            _("What goes wrong stays small."), f"context.spent_today + context.spent > {answers.money_a_day}",
            ("spend",),
        )  # fmt: skip


def _nevers(answers: Answers) -> Iterator[PolicyRule]:
    everyone = (*_OUTSIDE, "minors")
    ground = _("Article 9 GDPR asks for a ground that marketing does not have.")
    yield _rule(answers, "forbid", ground, says=_("Never read health, belief or other special data."),
                data=("special",))  # fmt: skip
    yield _rule(answers, "forbid", _("What is gone cannot be looked at any more; people delete."),
                says=_("Never delete."), action=("delete",))  # fmt: skip
    if not answers.people_shown or answers.freedom != "outside":
        yield _rule(answers, "forbid", _("Voice and likeness belong to the person."),
                    says=_("Never speak or appear as a person to readers outside."),
                    content=("likeness", "sound"), audience=everyone)  # fmt: skip
    yield _rule(answers, "forbid", _("They are protected everywhere, in different ways."),
                says=_("Never address minors."), audience=("minors",))  # fmt: skip
    if not answers.confidential:
        yield _rule(answers, "forbid", _("We promised not to pass it on."),
                    says=_("Never read what others told us in confidence."), data=("confidential",))  # fmt: skip
    elif answers.hosting != "own":
        yield _rule(answers, "forbid", _("We promised not to pass it on."),
                    says=_("Never let a vendor read what others told us in confidence."),
                    data=("confidential",), hosting=("vendor",))  # fmt: skip
    outside = answers.hosting != "own"
    if outside and not answers.vendor_reads_names:
        kept = ("contact", "behaviour")
        yield _rule(answers, "forbid", _("Names stay in the house."),
                    says=_("Never let a vendor read names or what people did."), data=kept,
                    hosting=("vendor",))  # fmt: skip
    if outside and answers.vendor_trains:
        yield _rule(answers, "forbid", _("What a vendor learns from, others can read off."),
                    says=_("Never let a vendor that learns from it read what is ours."), hosting=("vendor",),
                    data=("internal", "contact", "behaviour", "confidential", "special"))  # fmt: skip
    yield _late(answers, _("Write only to people who agreed."), _("Consent is asked for each of them when it happens."),
                "!context.consented", ("send",))  # fmt: skip
    yield _late(
        answers, _("Reach no more than %(most)s people a day.") % {"most": f"{answers.people_a_day:,}"},
        _("What goes wrong stays small."), f"context.recipients_today + context.recipients > {answers.people_a_day}",
        _LEAVES,
    )  # fmt: skip


def draft_uses(answers: Answers, today: date) -> dict[str, AiUse]:
    """Short name → entry of the register, one for each kind of work that the answers name."""
    review_by = today + timedelta(days=30 * answers.months)
    hosting: Literal["own", "vendor"] = "own" if answers.hosting == "own" else "vendor"
    unnamed = _("to be named")
    model = AiModel(vendor=unnamed, name=unnamed, hosting=hosting, trains_on_ours=answers.vendor_trains)
    outside = [one for one in _OUTSIDE if one in answers.readers]
    data = _data(answers)
    if hosting == "vendor":
        data = data[: 1 if answers.vendor_trains else 4 if answers.vendor_reads_names else 2]
    common: dict[str, Any] = {
        "owner": answers.owner, "model": model, "data": list(data), "review_by": review_by,
        "discloses": answers.discloses,
    }  # fmt: skip
    free = answers.freedom != "never"
    reads = ["metrics.view", "workflows.view", *(["leads.view"] if "contact" in data else [])]
    found = {}
    if doing := _chosen(answers, _INSIDE):
        found["inside"] = AiUse(
            title=_("Reading and writing for colleagues"), actions=list(doing), audience=["colleagues"],
            content=list(_things(answers, inside=True)), autonomy=4 if free else 2, reversibility="easy",
            rights=[*reads, "definitions.change"], **common,
        )  # fmt: skip
    if (doing := _chosen(answers, _PROPOSES)) and answers.records:
        found["leads"] = AiUse(
            title=_("Working on leads"), actions=list(doing), audience=["colleagues"], content=["records"],
            autonomy=3 if free else 2, reversibility="easy", review=Reviewing(needed=0 if free else 1),
            rights=[*reads, "definitions.change", *(["leads.assign"] if "route" in doing else [])], **common,
        )  # fmt: skip
    if (doing := _chosen(answers, ("draft", "translate", *_LEAVES))) and outside:
        found["outside"] = AiUse(
            title=_("Writing for readers outside"), actions=list(doing), audience=outside,
            content=list(_things(answers, inside=False)), autonomy=2, reversibility="none",
            review=Reviewing(needed=answers.read_before), reach=Reach(recipients=answers.people_a_day), **common,
        )  # fmt: skip
    if "spend" in answers.does and answers.money_a_day and outside:
        found["money"] = AiUse(
            title=_("Moving money between adverts"), actions=["spend"], audience=outside,
            content=list(_things(answers, inside=False)), autonomy=2, reversibility="none",
            review=Reviewing(needed=1), reach=Reach(money=answers.money_a_day),
            **common | {"data": [one for one in data if one in ("none", "internal")]},
        )  # fmt: skip
    return found
