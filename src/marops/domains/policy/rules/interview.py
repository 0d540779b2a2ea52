"""Twenty plain questions, and the first draft of policy and register that their answers make.

For a team that has neither. The draft is a beginning: each rule can be read, changed and refused like any other.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self, get_args

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ConfigDict, Field, model_validator

from marops.domains.policy.rules.document import AiPolicy, PolicyRule
from marops.domains.policy.rules.parts import Parts, written
from marops.domains.policy.rules.uses import AiModel, AiUse, Reach, Reviewing
from marops.domains.policy.rules.wording import spoken

Does = Literal["draft", "translate", "summarise", "classify", "score", "segment", "route", "publish", "send", "spend"]
Reads = Literal["customers", "prospects", "public"]
_INSIDE = ("summarise", "classify", "draft", "translate")
_PROPOSES = ("score", "segment", "route")
_WRITES = ("draft", "translate")
_LEAVES = ("publish", "send")
_LADDER = ("internal", "names", "behaviour")
_DATA = ("none", "internal", "contact", "behaviour")


class Answers(BaseModel):
    """The twenty answers. What is not answered is the careful answer; where two clash, the careful one counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    does: list[Does] = ["draft", "summarise"]
    readers: list[Reads] = []
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

    @property
    def data(self) -> tuple[str, ...]:
        """What it may read: up to the first no, for who reads more has read less."""
        most = next((at for at, name in enumerate(_LADDER) if not getattr(self, name)), len(_LADDER))
        told = ("confidential",) if self.confidential and self.internal else ()
        return (*_DATA[: most + 1], *told)

    @property
    def lent(self) -> tuple[str, ...]:
        """What of it a vendor's model may read."""
        most = 1 if self.vendor_trains else len(_DATA) if self.vendor_reads_names else 2
        return tuple(one for one in self.data if one in _DATA[:most])

    @property
    def outside(self) -> tuple[str, ...]:
        """Readers outside of the house, in the fixed order."""
        return tuple(one for one in get_args(Reads) if one in self.readers)

    @property
    def read_first(self) -> int:
        """How many read what leaves the house: somebody, unless it may act there without a person."""
        return max(self.read_before, 0 if self.freedom == "outside" else 1)


LIKE: Mapping[str, Answers] = {
    "cautious": Answers(
        does=["draft", "translate", "summarise", "classify", "publish", "send"],
        readers=["customers", "prospects", "public"], pictures=True, read_before=2, customers_twice=False,
    ),
    "balanced": Answers(
        does=["draft", "translate", "summarise", "classify", "score", "segment", "route", "publish", "send", "spend"],
        readers=["customers", "prospects", "public"], public_interest=True, pictures=True, names=True,
        behaviour=True, vendor_reads_names=True, read_before=1, freedom="inside", people_a_day=5000, money_a_day=500,
    ),
    "bold": Answers(
        does=["draft", "translate", "summarise", "classify", "score", "segment", "route", "publish", "send", "spend"],
        readers=["customers", "prospects", "public"], public_interest=True, pictures=True, names=True,
        behaviour=True, vendor_reads_names=True, read_before=0, customers_twice=False, freedom="outside",
        people_a_day=20_000, money_a_day=2000,
    ),
}  # fmt: skip
"""What companies of three tempers answer: the interview can begin with any of them."""

QUESTIONS: Mapping[str, Any] = {
    "does": gettext_lazy("What does AI do for you, today or soon?"),
    "readers": gettext_lazy("Who outside the house reads or sees what it makes?"),
    "public_interest": gettext_lazy(
        "Do you write about matters of public interest, such as health, politics or safety?"
    ),
    "pictures": gettext_lazy("Does it make pictures of things and places?"),
    "people_shown": gettext_lazy("Does it make pictures or voices of people?"),
    "records": gettext_lazy("Does it work on leads and figures?"),
    "internal": gettext_lazy("May it read what is internal: plans, briefs, results?"),
    "names": gettext_lazy("May it read names and work data of leads?"),
    "behaviour": gettext_lazy("May it read what people did online: their visits, clicks and replies?"),
    "confidential": gettext_lazy("May it read what partners or customers told you in confidence?"),
    "hosting": gettext_lazy("Where does the model run?"),
    "vendor_reads_names": gettext_lazy("May the vendor’s model read names and what people did online?"),
    "vendor_trains": gettext_lazy("Does the vendor train its model on what it reads of yours?"),
    "read_before": gettext_lazy("How many people read something before it leaves the house?"),
    "customers_twice": gettext_lazy("Does one more person read what goes to customers?"),
    "discloses": gettext_lazy("Do you tell readers that AI took part?"),
    "freedom": gettext_lazy("May it act without a person before each step?"),
    "people_a_day": gettext_lazy("How many people may it reach in a day?"),
    "money_a_day": gettext_lazy("How much money may it move in a day?"),
    "owner": gettext_lazy("Who answers for all this, and in how many months is it looked at again?"),
}
"""The twenty, in the order of asking; the last two fields of an answer belong to the last question."""


def draft_policy(answers: Answers, today: date | None = None) -> AiPolicy:
    """The policy that the answers make. It breaks no law: what it allows, it allows with more care too."""
    makers = (_inside, _proposing, _outside, _leaving, _closely_read, _spending, _nevers)
    rules = [rule for made in makers for rule in made(answers)]
    numbered = [one.model_copy(update={"id": f"{one.id}-{at:02}"}) for at, one in enumerate(rules, 1)]
    preamble = _("People decide what leaves the house; what stands on no line is not allowed.")
    if answers.outside and not answers.read_first:
        preamble = _("AI acts within limits and people look at samples; what stands on no line is not allowed.")
    review_by = _months_on(today, answers.months) if today else None
    title = _("What AI may do in our marketing")
    return AiPolicy(title=title, preamble=preamble, rules=numbered, review_by=review_by)


def _months_on(day: date, months: int) -> date:
    """The same day some months later, or the last of that month."""
    year, month = divmod(day.month - 1 + months, 12)
    return date(day.year + year, month + 1, min(day.day, monthrange(day.year + year, month + 1)[1]))


def _things(answers: Answers, *, inside: bool) -> tuple[str, ...]:
    told = {"words": True, "public_interest": answers.public_interest and inside, "pictures": answers.pictures,
            "likeness": answers.people_shown and inside, "sound": answers.people_shown and inside,
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
    return PolicyRule(id="N" if effect == "forbid" else "R", owner=answers.owner, says=says or spoken(parts.answers),
                      because=because, cedar=written(parts))  # fmt: skip


def _late(answers: Answers, says: str, because: str, condition: str, actions: tuple[str, ...]) -> PolicyRule:
    text = written(Parts("forbid", {"action": actions} if actions else {}, (f"when {{ {condition} }}",)))
    return PolicyRule(id="L", owner=answers.owner, says=says, because=because, cedar=text)


def _inside(answers: Answers) -> Iterator[PolicyRule]:
    if doing := _chosen(answers, _INSIDE):
        yield _rule(
            answers, "permit", _("It stays in the house, and a person sees the source."), action=doing,
            content=_things(answers, inside=True), audience=("colleagues",), data=answers.data,
            autonomy=_upto(2 if answers.freedom == "never" else 4),
        )  # fmt: skip


def _proposing(answers: Answers) -> Iterator[PolicyRule]:
    if (doing := _chosen(answers, _PROPOSES)) and answers.records:
        yield _rule(
            answers, "permit", _("People decide who is addressed and who calls."), action=doing, content=("records",),
            audience=("colleagues",), data=_but_secrets(answers.data),
            autonomy=_upto(2 if answers.freedom == "never" else 3),
            review=(1, 2) if answers.freedom == "never" else (),
        )  # fmt: skip


def _but_secrets(data: Sequence[str]) -> list[str]:
    """Without what was told in confidence, which stays with colleagues who read and write."""
    return [one for one in data if one != "confidential"]


def _but_people(data: Sequence[str]) -> list[str]:
    return [one for one in data if one in ("none", "internal")]


def _readers(answers: Answers) -> Iterator[tuple[tuple[str, ...], int]]:
    """Readers outside with how many people read first; customers apart where they are read once more."""
    outside, more = answers.outside, min(2, answers.read_first + 1)
    if answers.customers_twice and more > answers.read_first and "customers" in outside:
        yield ("customers",), more
        outside = tuple(one for one in outside if one != "customers")
    if outside:
        yield outside, answers.read_first


def _freely(answers: Answers) -> int:
    return 3 if answers.freedom == "outside" else 2


def _atleast(readers: int) -> tuple[int, ...]:
    return tuple(range(readers, 3)) if readers else ()


def _outside(answers: Answers) -> Iterator[PolicyRule]:
    doing = _chosen(answers, _WRITES)
    for audience, readers in _readers(answers) if doing else ():
        yield _rule(
            answers, "permit", _("We answer for every word."), action=doing, content=_things(answers, inside=False),
            audience=audience, data=_but_secrets(answers.data), autonomy=_upto(_freely(answers)),
            review=_atleast(readers),
        )  # fmt: skip


def _leaving(answers: Answers) -> Iterator[PolicyRule]:
    doing = _chosen(answers, _LEAVES)
    for audience, readers in _readers(answers) if doing else ():
        yield _rule(
            answers, "permit", _("Somebody answers for what leaves the house."), action=doing,
            content=_things(answers, inside=False), audience=audience, data=_but_secrets(answers.data),
            autonomy=_upto(_freely(answers)), review=_atleast(readers), disclosed=(True,) if answers.discloses else (),
        )  # fmt: skip


def _close(answers: Answers) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """What two people read before it goes outside, and what always says that AI took part: name, title, what, why."""
    if answers.public_interest:
        yield ("interest", _("Writing about matters of public interest"), ("public_interest",),
               _("Article 50(4) of the EU AI Act wants a person who answers for them."))  # fmt: skip
    if answers.people_shown:
        yield (
            "people", _("Pictures and voices of people"), ("likeness", "sound"),
            _("Voice and likeness belong to the person, and Article 50(4) of the EU AI Act wants it said."),
        )  # fmt: skip


def _closely_read(answers: Answers) -> Iterator[PolicyRule]:
    doing = _chosen(answers, (*_WRITES, *_LEAVES))
    for _name, _title, content, because in _close(answers) if doing and answers.outside else ():
        yield _rule(
            answers, "permit", because, action=doing, content=content, audience=answers.outside,
            data=_but_people(answers.data), autonomy=_upto(2), review=(2,),
            disclosed=(True,),
        )  # fmt: skip


def _spending(answers: Answers) -> Iterator[PolicyRule]:
    if spends(answers):
        yield _rule(
            answers, "permit", _("Money is looked at by a person."), action=("spend",),
            content=_things(answers, inside=False), audience=answers.outside,
            data=_but_people(answers.data),
            autonomy=_upto(4 if answers.freedom == "outside" else 2), review=(1, 2),
        )  # fmt: skip
        yield _late(
            answers, _("Spend no more than %(most)s a day.") % {"most": f"{answers.money_a_day:,}"},
            _("What goes wrong stays small."), f"context.spent_today + context.spent > {answers.money_a_day}",
            ("spend",),
        )  # fmt: skip


def spends(answers: Answers) -> bool:
    """Does it move money at all?"""
    return bool("spend" in answers.does and answers.money_a_day and answers.outside)


def leaves(answers: Answers) -> bool:
    """Does anything leave the house?"""
    return bool(_chosen(answers, _LEAVES) and answers.outside)


def _nevers(answers: Answers) -> Iterator[PolicyRule]:
    ground = _("Article 9 GDPR asks for a ground that marketing does not have.")
    yield _never(answers, _("Never read health, belief or other special data."), ground, data=("special",))
    yield _never(answers, _("Never delete anything."), _("What is gone cannot be looked at any more; people delete."),
                 action=("delete",))  # fmt: skip
    if not answers.people_shown:
        yield _never(answers, _("Never speak or appear as a person to readers outside."),
                     _("Voice and likeness belong to the person."), content=("likeness", "sound"),
                     audience=(*get_args(Reads), "minors"))  # fmt: skip
    yield _never(answers, _("Never address minors."), _("They are protected everywhere, in different ways."),
                 audience=("minors",))  # fmt: skip
    if "confidential" not in answers.data:
        yield _never(answers, _("Never read what others told us in confidence."), _("We promised not to pass it on."),
                     data=("confidential",))  # fmt: skip
    yield from _nothing_for_vendors(answers)
    yield _late(answers, _("Write only to people who agreed."), _("Consent is asked for each of them when it happens."),
                "!context.consented", ("send",))  # fmt: skip
    if leaves(answers):
        yield _late(
            answers, _("Reach no more than %(most)s people a day.") % {"most": f"{answers.people_a_day:,}"},
            _("What goes wrong stays small."),
            f"context.recipients_today + context.recipients > {answers.people_a_day}", _LEAVES,
        )  # fmt: skip


def _never(answers: Answers, says: str, because: str, **given: Any) -> PolicyRule:
    return _rule(answers, "forbid", because, says=says, **given)


def _nothing_for_vendors(answers: Answers) -> Iterator[PolicyRule]:
    """What no vendor's model may read, or that none is used."""
    if answers.hosting == "own":
        yield _never(answers, _("Never use a vendor’s model."), _("What we know stays in the house."),
                     hosting=("vendor",))  # fmt: skip
        return
    if "confidential" in answers.data:
        yield _never(answers, _("Never let a vendor read what others told us in confidence."),
                     _("We promised not to pass it on."), data=("confidential",), hosting=("vendor",))  # fmt: skip
    if not answers.vendor_reads_names:
        yield _never(answers, _("Never let a vendor read names or what people did online."),
                     _("Names stay in the house."), data=("contact", "behaviour"), hosting=("vendor",))  # fmt: skip
    if answers.vendor_trains:
        yield _never(answers, _("Never let a vendor that learns from it read what is ours."),
                     _("What a vendor learns from, others can read off."), hosting=("vendor",),
                     data=("internal", "contact", "behaviour", "confidential", "special"))  # fmt: skip


def draft_uses(answers: Answers, today: date) -> dict[str, AiUse]:
    """Short name → entry of the register, one for each kind of work that the answers name."""
    made = (_use_inside, _use_leads, _use_outside, _uses_close, _use_money)
    return {name: use for one in made for name, use in one(answers, _months_on(today, answers.months))}


Uses = Iterator[tuple[str, AiUse]]
_SAMPLES = Reviewing(needed=1, when="sample", sample=0.1)


def _common(answers: Answers, review_by: date, *, own: bool) -> dict[str, Any]:
    """What entries share. With models of both kinds, our own does the work of the house and the vendor's the rest."""
    unnamed = _("to be named")
    hosting = "own" if answers.hosting == "own" or (own and answers.hosting == "both") else "vendor"
    model = AiModel.model_validate({"vendor": unnamed, "name": unnamed, "hosting": hosting,
                                    "trains_on_ours": hosting == "vendor" and answers.vendor_trains})  # fmt: skip
    return {"owner": answers.owner, "model": model, "review_by": review_by, "discloses": answers.discloses,
            "data": list(answers.data if hosting == "own" else answers.lent)}  # fmt: skip


def _use_inside(answers: Answers, review_by: date) -> Uses:
    common = _common(answers, review_by, own=True)
    if doing := _chosen(answers, _INSIDE):
        yield "inside", AiUse(
            title=_("Reading and writing for colleagues"), actions=list(doing), audience=["colleagues"],
            content=list(_things(answers, inside=True)), autonomy=2 if answers.freedom == "never" else 4,
            reversibility="easy", rights=[*_reading(common["data"]), "definitions.change"], **common,
        )  # fmt: skip


def _reading(data: Sequence[str]) -> list[str]:
    return ["metrics.view", "workflows.view", *(["leads.view"] if "contact" in data else [])]


def _use_leads(answers: Answers, review_by: date) -> Uses:
    common, free = _common(answers, review_by, own=True), answers.freedom != "never"
    common["data"] = _but_secrets(common["data"])
    if (doing := _chosen(answers, _PROPOSES)) and answers.records:
        more = ["definitions.change", *(["leads.assign"] if "route" in doing else [])]
        yield "leads", AiUse(
            title=_("Working on leads"), actions=list(doing), audience=["colleagues"], content=["records"],
            autonomy=3 if free else 2, reversibility="easy", review=_SAMPLES if free else Reviewing(needed=1),
            rights=[*_reading(common["data"]), *more], **common,
        )  # fmt: skip


def _use_outside(answers: Answers, review_by: date) -> Uses:
    common = _common(answers, review_by, own=False)
    common["data"] = _but_secrets(common["data"])
    if (doing := _chosen(answers, (*_WRITES, *_LEAVES))) and answers.outside:
        yield "outside", AiUse(
            title=_("Writing for readers outside"), actions=list(doing), audience=list(answers.outside),
            content=list(_things(answers, inside=False)), autonomy=_freely(answers), reversibility="none",
            review=Reviewing(needed=answers.read_first) if answers.read_first else _SAMPLES,
            reach=Reach(recipients=answers.people_a_day if leaves(answers) else None), **common,
        )  # fmt: skip


def _uses_close(answers: Answers, review_by: date) -> Uses:
    common = _common(answers, review_by, own=False) | {"discloses": True}
    common["data"] = _but_people(common["data"])
    doing = _chosen(answers, (*_WRITES, *_LEAVES))
    for name, title, content, _because in _close(answers) if doing and answers.outside else ():
        yield name, AiUse(
            title=title, actions=list(doing), audience=list(answers.outside), content=list(content), autonomy=2,
            reversibility="none", review=Reviewing(needed=2),
            reach=Reach(recipients=answers.people_a_day if leaves(answers) else None), **common,
        )  # fmt: skip


def _use_money(answers: Answers, review_by: date) -> Uses:
    common = _common(answers, review_by, own=False)
    common["data"] = _but_people(common["data"])
    if spends(answers):
        yield "money", AiUse(
            title=_("Moving money between adverts"), actions=["spend"], audience=list(answers.outside),
            content=list(_things(answers, inside=False)), autonomy=2, reversibility="none",
            review=Reviewing(needed=1), reach=Reach(money=answers.money_a_day), **common,
        )  # fmt: skip
