"""The interview as a form: twenty questions in five groups, each with the careful answer ticked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from marops.domains.policy.rules.domain import AUDIENCE
from marops.domains.policy.rules.interview import LIKE, QUESTIONS, Answers

_YES_NO = [("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]
_READERS = ("customers", "prospects", "public")
_DOING: Mapping[str, Any] = {
    "draft": gettext_lazy("draft texts"), "translate": gettext_lazy("translate"),
    "summarise": gettext_lazy("summarise pages and calls"), "classify": gettext_lazy("sort replies and records"),
    "score": gettext_lazy("score leads"), "segment": gettext_lazy("pick recipients"),
    "route": gettext_lazy("hand leads to sellers"), "publish": gettext_lazy("publish"),
    "send": gettext_lazy("send letters"), "spend": gettext_lazy("spend money on adverts"),
}  # fmt: skip
_TICKS: Mapping[str, Sequence[tuple[str, Any]]] = {
    "does": list(_DOING.items()), "readers": [(name, AUDIENCE.answers[name]) for name in _READERS],
}  # fmt: skip
_CHOICES: Mapping[str, Sequence[tuple[str, Any]]] = {
    "hosting": [
        ("own", gettext_lazy("On our own servers")), ("vendor", gettext_lazy("With a vendor")),
        ("both", gettext_lazy("Both: ours reads what the vendor’s may not")),
    ],
    "read_before": [("0", gettext_lazy("Nobody")), ("1", gettext_lazy("One")), ("2", gettext_lazy("Two"))],
    "freedom": [
        ("never", gettext_lazy("Never")), ("inside", gettext_lazy("Inside the house")),
        ("outside", gettext_lazy("Outside too")),
    ],
}  # fmt: skip
_NUMBERS = {"people_a_day": 100_000_000, "money_a_day": 1_000_000_000, "months": 36}
GROUPS: Sequence[tuple[Any, tuple[str, ...]]] = (
    (gettext_lazy("What it does"), ("does", "readers", "public_interest", "pictures", "people_shown")),
    (gettext_lazy("What it reads"), ("records", "internal", "names", "behaviour", "confidential")),
    (gettext_lazy("Where it runs"), ("hosting", "vendor_reads_names", "vendor_trains")),
    (gettext_lazy("Who looks"), ("read_before", "customers_twice", "discloses")),
    (gettext_lazy("How far it reaches"), ("freedom", "people_a_day", "money_a_day", "owner")),
)
_NOTES: Mapping[str, Any] = {
    "does": gettext_lazy("What is not ticked is not allowed."),
    "readers": gettext_lazy("Nothing ticked: it stays with colleagues."),
    "public_interest": gettext_lazy(
        "The EU AI Act asks for more there: outside only what two people have read, and it says that AI took part."
    ),
    "people_shown": gettext_lazy("Outside only what two people have read, and it says that AI took part."),
    "records": gettext_lazy("Scoring leads, picking recipients and handing leads over need it."),
    "internal": gettext_lazy("A no here holds for the next three too."),
    "names": gettext_lazy("Work e-mail, job, company. A no here holds for the next one too."),
    "confidential": gettext_lazy(
        "Contracts, prices, plans of others. Only for colleagues, and never by a vendor’s model."
    ),
    "vendor_reads_names": gettext_lazy("You need a contract on data processing for it."),
    "vendor_trains": gettext_lazy("If you do not know, say yes: then it reads only what is public."),
    "read_before": gettext_lazy("Nobody only where it may act outside without a person; else one does."),
    "customers_twice": gettext_lazy("Two read at most."),
    "discloses": gettext_lazy("The words for it stand ready in six languages."),
    "freedom": gettext_lazy("Never: a person approves each act. Outside too: people look at samples of it afterwards."),
    "people_a_day": gettext_lazy("All that it sends and publishes together, so that what goes wrong stays small."),
    "money_a_day": gettext_lazy("In your own currency, on all adverts together; 0 for none."),
    "owner": gettext_lazy("A role rather than a name: the page outlives people."),
}


class InterviewForm(forms.Form):
    """Twenty questions. A company like others begins with other ticks."""

    months = forms.IntegerField(label=gettext_lazy("Months"), min_value=1, max_value=36)

    def __init__(self, data: Any = None, *, like: str = "") -> None:
        answers = LIKE.get(like, LIKE["cautious"])
        super().__init__(data, initial=_spelt(answers), auto_id="ask-%s")
        for name, asks in QUESTIONS.items():
            self.fields[name] = _field(name, asks)
            self.fields[name].initial = _spelt(answers)[name]

    def groups(self) -> Iterator[Mapping[str, Any]]:
        """The questions by group, numbered through."""
        number = 0
        for heading, names in GROUPS:
            rows = []
            for name in names:
                number += 1
                rows.append({"number": number, "field": self[name], "note": _NOTES.get(name, ""),
                             "choices": name not in _NUMBERS and name != "owner",
                             "also": self["months"] if name == "owner" else None})  # fmt: skip
            yield {"heading": heading, "rows": rows}

    def clean(self) -> dict[str, Any]:
        """The answers together, as the interview reads them."""
        found = super().clean() or self.cleaned_data
        if self.errors:
            return found
        given = {name: _read(name, value) for name, value in found.items()}
        try:
            self.answers = Answers.model_validate(given)
        except ValidationError as error:
            for fault in error.errors():
                name = str(fault["loc"][0]) if fault["loc"] else "does"
                self.add_error(name if name in self.fields else None, fault["msg"])
        return found


def _field(name: str, asks: Any) -> forms.Field:
    if name in _TICKS:
        return forms.MultipleChoiceField(
            label=asks, choices=_TICKS[name], widget=forms.CheckboxSelectMultiple, required=name != "readers",
            error_messages={"required": gettext_lazy("Tick at least one answer.")},
        )  # fmt: skip
    if name in _NUMBERS:
        return forms.IntegerField(label=asks, min_value=0, max_value=_NUMBERS[name])
    if name == "owner":
        return forms.CharField(label=asks, max_length=300)
    return forms.ChoiceField(label=asks, choices=_CHOICES.get(name, _YES_NO), widget=forms.RadioSelect)


def _spelt(answers: Answers) -> dict[str, Any]:
    """Answers as the form shows them."""
    return {
        name: ("yes" if value else "no") if isinstance(value, bool) else str(value) if name == "read_before" else value
        for name, value in answers.model_dump().items()
    }


def _read(name: str, value: Any) -> Any:
    if name in _TICKS or name in _NUMBERS or name in ("owner", "hosting", "freedom"):
        return value
    return int(value) if name == "read_before" else value == "yes"
