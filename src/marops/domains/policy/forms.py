"""What is asked of the policy: a sentence of eight words, a rule as sentence and as text, and the page's own words."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.policy.rules.cedar import complaints
from marops.domains.policy.rules.document import Asked, Check, PolicyRule
from marops.domains.policy.rules.domain import BY_NAME, DIMENSIONS, Dimension, Value
from marops.domains.policy.rules.parts import Parts, parts_of, written
from marops.domains.policy.rules.wording import spoken
from marops.kernel.forms import DayField

DEFAULT: Mapping[str, Value] = {
    "action": "send", "content": "words", "audience": "customers", "data": "contact", "autonomy": 2, "review": 1,
    "disclosed": True, "hosting": "vendor",
}  # fmt: skip
"""The sentence that What if begins with."""
ACTING: Mapping[Value, Any] = {
    0: gettext_lazy("not at all, switched off"),
    1: gettext_lazy("as a proposal"),
    2: gettext_lazy("with a person approving each"),
    3: gettext_lazy("with a person looking at samples"),
    4: gettext_lazy("within limits"),
    5: gettext_lazy("freely"),
}


def spelt(value: Value) -> str:
    """An answer as an address says it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def read(of: Dimension, text: str) -> Value | None:
    """The answer of a question that is spelt so, or None."""
    return next((one for one in of.values if spelt(one) == text), None)


def options(of: Dimension) -> list[tuple[str, Any]]:
    """The answers of a question to choose from."""
    words = ACTING if of.name == "autonomy" else of.answers
    return [(spelt(value), words[value]) for value in of.values]


class WhatIfForm(forms.Form):
    """A sentence of eight words. An answer that is none is taken for the one it begins with."""

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        given = {one.name: (data or {}).get(one.name, "") for one in DIMENSIONS}
        known = {one.name: read(one, given[one.name]) for one in DIMENSIONS}
        self.answers: dict[str, Value] = {
            name: DEFAULT[name] if value is None else value for name, value in known.items()
        }
        super().__init__({name: spelt(value) for name, value in self.answers.items()}, auto_id="wi-%s")
        for one in DIMENSIONS:
            self.fields[one.name] = forms.ChoiceField(label=one.asks, choices=options(one))

    @property
    def asked(self) -> Asked:
        """The combination."""
        return Asked.model_validate(self.answers)

    def said(self, **other: Value) -> dict[str, str]:
        """The sentence for an address, with some words exchanged."""
        return {name: spelt(value) for name, value in {**self.answers, **other}.items()}


BLANK = Parts("permit", {
    "action": ("draft",), "content": ("words",), "audience": ("colleagues",), "data": ("none", "internal"),
    "autonomy": (1, 2),
})  # fmt: skip
"""What a new rule begins with: little."""
_EFFECTS = [("permit", gettext_lazy("May")), ("forbid", gettext_lazy("Never"))]
_ID = r"^[A-Za-z][A-Za-z0-9_-]{0,39}$"
_TAKEN_BY_PAGES = frozenset({"new", "written"})


_LIMIT = re.compile(r"(when \{ context\.[a-z_]+(?: \+ context\.[a-z_]+)? > )([0-9]{1,13})( \})")
MOST = 10**12
"""The highest limit that a form takes; what a rule says in Cedar may be more."""


class RuleForm(forms.Form):
    """A rule as a sentence with the Cedar text below; whichever is changed, the other follows."""

    id = forms.RegexField(
        _ID, label=gettext_lazy("Name"), help_text=gettext_lazy("Short and lasting, such as R-11: the trail names it."),
        error_messages={"invalid": gettext_lazy("Letters, digits, - and _, at most 40; it begins with a letter.")},
    )  # fmt: skip
    says = forms.CharField(
        label=gettext_lazy("In one sentence"), max_length=300, required=False,
        help_text=gettext_lazy("Left empty, it is worded by what is ticked."),
    )  # fmt: skip
    because = forms.CharField(
        label=gettext_lazy("Because"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )
    owner = forms.CharField(label=gettext_lazy("Who answers for it"), max_length=300)
    effect = forms.ChoiceField(label=gettext_lazy("AI"), choices=_EFFECTS, required=False, widget=forms.RadioSelect)
    cedar = forms.CharField(
        label=gettext_lazy("What decides, in Cedar"), max_length=4000, strip=False,
        widget=forms.Textarea(attrs={"rows": 7, "spellcheck": "false", "class": "cedar"}),
    )  # fmt: skip
    before = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    reason = forms.CharField(label=gettext_lazy("What changes, and why"), required=False, max_length=500)

    def __init__(
        self, data: Any = None, *, rule: PolicyRule | None = None, taken: frozenset[str] = frozenset(), text: str = ""
    ) -> None:
        self.rule, self.taken = rule, taken
        text = text or (rule.cedar if rule else written(BLANK))
        initial = {"cedar": text, "before": text} | (rule.model_dump(exclude={"cedar"}) if rule else {})
        super().__init__(data, initial=initial)
        for one in DIMENSIONS:
            self.fields[one.name] = forms.MultipleChoiceField(
                label=one.asks, choices=options(one), required=False, widget=forms.CheckboxSelectMultiple
            )
        if rule:
            del self.fields["id"]
        self._show(_lines(str(data.get("before", ""))) if data is not None else text)

    def _show(self, text: str) -> None:
        """The sentence of a text, to be ticked."""
        self.parts = _parts(text)
        self.fields["effect"].required = self.parts is not None
        if self.parts:
            self.initial["effect"] = self.parts.effect
            for one in DIMENSIONS:
                self.initial[one.name] = [spelt(value) for value in self.parts.answers.get(one.name, one.values)]

        if (limit := _limit(self.parts)) is not None:
            self.fields["most"] = forms.IntegerField(
                label=_("At most"), min_value=0, max_value=MOST, initial=limit[1], required=False
            )

    def ticks(self) -> Iterator[dict[str, Any]]:
        """The questions, each with its field and whether every answer is ticked."""
        for one in DIMENSIONS:
            bound = self[one.name]
            yield {"field": bound, "any": set(map(str, bound.value() or ())) == {value for value, _w in options(one)}}

    def clean_id(self) -> str:
        """A name that no other rule has."""
        name = str(self.cleaned_data["id"])
        if name in self.taken:
            raise forms.ValidationError(_("There is already a rule %(id)s.") % {"id": name})
        if name in _TAKEN_BY_PAGES:
            raise forms.ValidationError(_("Choose another name: this one is an address here."))
        return name

    def clean(self) -> dict[str, Any]:
        """Puts the sentence and the text together; what is wrong stands at its field."""
        found = super().clean() or self.cleaned_data
        text, before = (_lines(str(found.get(name) or "")) for name in ("cedar", "before"))
        sentence = self._sentence(found, before)
        if sentence is not None and text != before and sentence != text:
            self.add_error("cedar", _("The sentence and the text were both changed, and say different things. Change "
                                      "one of them."))  # fmt: skip
        else:
            text = text if sentence is None else sentence
        if text and not self.errors.get("cedar"):
            for message in complaints(text):
                self.add_error("cedar", message)
        return found | {"cedar": text, "says": self._says(str(found.get("says") or ""), text)}

    def _says(self, says: str, text: str) -> str:
        """The sentence of the rule; one that nobody worded by hand follows what is ticked."""
        earlier = _worded(self.rule.cedar) if self.rule else ""
        if says and says != earlier:
            return _renumbered(says, self.rule.cedar if self.rule else "", text)
        if not (worded := _worded(text)) and not says:
            self.add_error("says", _("Say it in one sentence."))
        return worded or says

    def _sentence(self, found: Mapping[str, Any], before: str) -> str | None:
        """The text that the ticks ask for; None where they are as they were."""
        shown = _parts(before)
        if shown is None:
            return None
        answers: dict[str, tuple[Value, ...]] = {}
        for one in DIMENSIONS:
            ticked = {read(one, text) for text in found.get(one.name) or ()}
            if not ticked:
                self.add_error(one.name, _("Tick at least one answer."))
                return None
            answers[one.name] = tuple(value for value in one.values if value in ticked)
        effect = found.get("effect") or shown.effect
        rest = _limited(shown, found.get("most"))
        same = all(answers[one.name] == tuple(shown.answers.get(one.name, one.values)) for one in DIMENSIONS)
        if same and (effect, rest) == (shown.effect, shown.rest):
            return None
        return written(Parts(_effect(effect), answers, rest), before)

    def row(self) -> dict[str, Any]:
        """The rule as the document holds it."""
        kept = {name: self.cleaned_data[name] for name in ("says", "because", "owner", "cedar")}
        return {"id": self.rule.id if self.rule else self.cleaned_data["id"], **kept}


def _effect(text: str) -> Any:
    return "permit" if text == "permit" else "forbid"


def _parts(text: str) -> Parts | None:
    try:
        return parts_of(text)
    except ValueError:
        return None


def _worded(text: str) -> str:
    """The words that ticks have, where a text is ticks alone and they are not too many for a sentence."""
    parts = _parts(text)
    said = spoken(parts.answers, never=parts.effect == "forbid") if parts and not parts.rest else ""
    return said if len(said) <= 300 else ""


def _limit(parts: Parts | None) -> tuple[str, int] | None:
    """The clause of a rule that is a limit, with its number, where there is one."""
    found = [(one, int(said[2])) for one in (parts.rest if parts else ()) if (said := _LIMIT.fullmatch(one))]
    return found[0] if len(found) == 1 else None


def _limited(parts: Parts, most: int | None) -> tuple[str, ...]:
    limit = _limit(parts)
    if limit is None or most is None or most == limit[1]:
        return parts.rest
    return tuple(_LIMIT.sub(rf"\g<1>{most}\g<3>", one) if one == limit[0] else one for one in parts.rest)


def _renumbered(says: str, before: str, after: str) -> str:
    """A sentence with the number of the limit that it tells, where the limit changed and it still tells the old one."""
    was, now = _limit(_parts(before)), _limit(_parts(after))
    if was is None or now is None or was[1] == now[1]:
        return says
    return re.sub(rf"(?<![\d,.]){was[1]:,}(?![\d,.]\d)|(?<![\d,.]){was[1]}(?![\d,.]\d)", f"{now[1]:,}", says)


def _lines(text: str) -> str:
    """A text as it was before a browser sent it."""
    return text.replace("\r\n", "\n")


class CheckForm(forms.Form):
    """A question that the policy has to answer one way, whatever is changed."""

    says = forms.CharField(label=gettext_lazy("What it is about"), max_length=300)
    expect = forms.ChoiceField(
        label=gettext_lazy("The answer has to be"), choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))],
        widget=forms.RadioSelect,
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("What changes, and why"), required=False, max_length=500)

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any]) -> None:
        super().__init__(data, initial=dict(initial))
        for one in DIMENSIONS:
            self.fields[one.name] = forms.ChoiceField(label=one.asks, choices=options(one))
        self.order_fields(["says", *(one.name for one in DIMENSIONS), "expect", "reason"])

    @staticmethod
    def begun(given: Mapping[str, Any]) -> dict[str, str]:
        """What a new check begins with: the words of a sentence, as an address says them."""
        words = WhatIfForm(given).said()
        return words | {"expect": "no" if given.get("expect") != "yes" else "yes"}

    @staticmethod
    def of(check: Check) -> dict[str, str]:
        """A check as the form shows it."""
        words = {one.name: spelt(getattr(check.ask, one.name)) for one in DIMENSIONS}
        return words | {"says": check.says, "expect": check.expect}

    def row(self) -> dict[str, Any]:
        """As the document holds it."""
        ask = {one.name: read(one, self.cleaned_data[one.name]) for one in DIMENSIONS}
        return {"says": self.cleaned_data["says"], "ask": ask, "expect": self.cleaned_data["expect"]}


class StopForm(forms.Form):
    """Why everything is stopped."""

    why = forms.CharField(
        label=gettext_lazy("Why"), max_length=500, help_text=gettext_lazy("Everybody who is refused reads this.")
    )


class AboutForm(forms.Form):
    """The words around the lines: what the page is called, says first, who agreed, and when it is looked at again."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=300)
    preamble = forms.CharField(
        label=gettext_lazy("First words"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    agreed_by = forms.CharField(
        label=gettext_lazy("Agreed by"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One person to a line, with what they speak for."),
    )  # fmt: skip
    review_by = DayField(label=gettext_lazy("Next review"))
    reason = forms.CharField(label=gettext_lazy("What changes, and why"), required=False, max_length=500)

    def clean_agreed_by(self) -> list[str]:
        """The people, a line each."""
        return [one.strip() for one in str(self.cleaned_data["agreed_by"]).splitlines() if one.strip()]

    def words(self) -> dict[str, Any]:
        """As the document holds them."""
        kept = {name: self.cleaned_data[name] for name in ("title", "preamble", "agreed_by")}
        day = self.cleaned_data["review_by"]
        return kept | {"review_by": day.isoformat() if day else None}


def words_of(name: str, values: list[Value]) -> list[Any]:
    """The words of some answers, as the sentence of What if says them."""
    words = ACTING if name == "autonomy" else BY_NAME[name].answers
    return [words[value] for value in values]
