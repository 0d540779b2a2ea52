"""Forms of the register: a use of AI, question by question, why its switch is thrown, and what readers are told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.accounts.public import roles_in_force
from marops.domains.policy.rules.disclosing import LANGUAGES, OCCASIONS, Disclosure
from marops.domains.policy.rules.domain import ACTION, AUDIENCE, AUTONOMY, CONTENT, DATA, HOSTING, Dimension
from marops.domains.policy.rules.uses import AiUse
from marops.kernel.forms import DayField
from marops.kernel.permissions import rights

Bound = Mapping[str, Any]
_ASKED = {"actions": ACTION, "content": CONTENT, "audience": AUDIENCE, "data": DATA}
_SLUG = r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$"
REVERSIBLE = [
    ("easy", gettext_lazy("Easily")),
    ("costly", gettext_lazy("At a cost")),
    ("none", gettext_lazy("Not at all")),
]
WHEN = [
    ("before", gettext_lazy("Before anything happens")),
    ("sample", gettext_lazy("Samples of it")),
    ("after", gettext_lazy("Afterwards")),
]
READERS = [
    ("0", gettext_lazy("Nobody")), ("1", gettext_lazy("One person")), ("2", gettext_lazy("Two people")),
]  # fmt: skip
_READS = gettext_lazy("Before: it waits for them. Afterwards, or a share of it: it waits to be looked at.")
_MODEL = gettext_lazy("Kept and shown; where it runs decides, the rest is for people.")
_SECTIONS: Sequence[tuple[Any, Any, tuple[str, ...]]] = (
    (gettext_lazy("What it is"), "", ("slug", "title", "purpose", "owner")),
    (gettext_lazy("What it does"), gettext_lazy("What is not ticked is refused."), tuple(_ASKED)),
    (gettext_lazy("How freely"), "", ("autonomy", "reversibility", "recipients", "records", "money")),
    (gettext_lazy("Who reads it"), _READS, ("needed", "when", "sample", "roles")),
    (gettext_lazy("Which model"), _MODEL, ("vendor", "model", "version", "hosting", "region", "keeps_days",
                                           "trains_on_ours")),
    (gettext_lazy("What is said"), "", ("discloses", "disclosure", "consent_purpose", "jurisdictions")),
    (gettext_lazy("Looked at again"), "", ("review_by", "evidence")),
)  # fmt: skip
_MORE = ("rights", "tools")


def _lines(label: Any, help_text: Any = "") -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=label, required=False, max_length=4000, widget=area, help_text=help_text)


def _count(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=1_000_000_000, help_text=help_text)


def _options(of: Dimension) -> list[tuple[str, Any]]:
    return [(str(value), words) for value, words in of.answers.items()]


class UseForm(forms.Form):
    """Everything the register keeps of a use. What is left open is the careful answer."""

    slug = forms.RegexField(
        _SLUG, label=gettext_lazy("Short name"), max_length=60,
        help_text=gettext_lazy("Lasting, such as newsletter-drafts: keys of agents and the trail name it."),
        error_messages={"invalid": gettext_lazy("Small letters, digits and hyphens.")},
    )  # fmt: skip
    title = forms.CharField(label=gettext_lazy("What it is called"), max_length=300)
    purpose = _lines(gettext_lazy("What for"))
    owner = forms.CharField(label=gettext_lazy("Who answers for it"), max_length=300)
    autonomy = forms.ChoiceField(label=gettext_lazy("How freely it acts"), choices=_options(AUTONOMY))
    reversibility = forms.ChoiceField(label=gettext_lazy("Can it be taken back?"), choices=REVERSIBLE)
    recipients = _count(gettext_lazy("People a day, at most"), gettext_lazy("Left open: nobody outside."))
    records = _count(gettext_lazy("Records a day, at most"), gettext_lazy("Left open: one at a time."))
    money = _count(gettext_lazy("Money a day, at most"), gettext_lazy("Left open: none."))
    needed = forms.ChoiceField(label=gettext_lazy("How many people"), choices=READERS)
    when = forms.ChoiceField(label=gettext_lazy("When"), choices=WHEN)
    sample = forms.IntegerField(
        label=gettext_lazy("Share that is sampled, in percent"), required=False, min_value=0, max_value=100
    )
    vendor = forms.CharField(label=gettext_lazy("Whose model"), max_length=300)
    model = forms.CharField(label=gettext_lazy("Its name"), max_length=300)
    version = forms.CharField(label=gettext_lazy("Its version"), max_length=100, required=False)
    hosting = forms.ChoiceField(label=gettext_lazy("Where it runs"), choices=_options(HOSTING))
    region = forms.CharField(
        label=gettext_lazy("In which region"), max_length=100, required=False,
        help_text=gettext_lazy("Where what it reads goes, such as EU."),
    )  # fmt: skip
    keeps_days = forms.IntegerField(
        label=gettext_lazy("How many days the vendor keeps it"), required=False, min_value=0, max_value=36_500
    )
    trains_on_ours = forms.BooleanField(
        label=gettext_lazy("The vendor trains its model on what it reads of ours"), required=False
    )
    discloses = forms.BooleanField(label=gettext_lazy("It says that AI took part"), required=False)
    disclosure = _lines(
        gettext_lazy("In which words"), gettext_lazy("Left open: the words of the house in the reader's language.")
    )
    consent_purpose = forms.CharField(
        label=gettext_lazy("For which purpose people agreed"), max_length=100, required=False
    )
    jurisdictions = forms.CharField(
        label=gettext_lazy("Countries whose law is looked at"), max_length=300, required=False,
        help_text=gettext_lazy("Two letters each, such as DE, FR."),
    )  # fmt: skip
    review_by = DayField(label=gettext_lazy("Looked at again by"), help_text=gettext_lazy(
        "After that day it does nothing until somebody has."))  # fmt: skip
    evidence = _lines(gettext_lazy("Evidence"), gettext_lazy("One to a line: an address, or where it lies."))
    tools = _lines(
        gettext_lazy("Tools it may call"),
        gettext_lazy("Of the agents' door, one to a line. None named: all that its rights open."),
    )
    reason = forms.CharField(label=gettext_lazy("What changes, and why"), required=False, max_length=500)

    def __init__(self, data: Any = None, *, use: AiUse | None = None, taken: frozenset[str] = frozenset()) -> None:
        self.use, self.taken = use, taken
        super().__init__(data, initial=_initial(use))
        for name, of in _ASKED.items():
            self.fields[name] = _ticks(of.asks, _options(of), required=True)
        roles = [(one.slug, one.title) for one in roles_in_force().roles]
        self.fields["roles"] = _ticks(gettext_lazy("Who may read it"), roles)
        known = [(name, one.says) for name, one in rights().items()]
        self.fields["rights"] = _ticks(gettext_lazy("What it may at most"), known)
        if use:
            del self.fields["slug"]

    def sections(self) -> Iterator[Bound]:
        """The questions in groups."""
        for heading, note, names in _SECTIONS:
            shown = [self._shown(name) for name in names if name in self.fields]
            yield {"heading": heading, "note": note, "fields": shown}

    def more(self) -> list[Bound]:
        """What few need."""
        return [self._shown(name) for name in _MORE]

    def _shown(self, name: str) -> Bound:
        return {"field": self[name], "ticks": isinstance(self.fields[name], forms.MultipleChoiceField)}

    def clean_slug(self) -> str:
        """A name that no other use has."""
        slug = str(self.cleaned_data["slug"])
        if slug in self.taken:
            raise forms.ValidationError(_("There is already a use %(name)s.") % {"name": slug})
        if slug == "new":
            raise forms.ValidationError(_("Choose another name: this one is an address here."))
        return slug

    def clean_jurisdictions(self) -> list[str]:
        """Countries by their two letters."""
        found = str(self.cleaned_data["jurisdictions"]).upper().replace(",", " ").split()
        if wrong := [one for one in found if not (len(one) == 2 and one.isascii() and one.isalpha())]:
            raise forms.ValidationError(_("%(what)s is no country of two letters.") % {"what": ", ".join(wrong)})
        return found

    def document(self) -> dict[str, Any]:
        """The use as the register keeps it."""
        given = self.cleaned_data
        kept: dict[str, Any] = {
            name: given[name] for name in (
                "title", "purpose", "owner", "actions", "content", "audience", "data", "reversibility", "discloses",
                "disclosure", "consent_purpose", "jurisdictions", "rights",
            )
        }  # fmt: skip
        return kept | {
            "autonomy": int(given["autonomy"]), "tools": _split(given["tools"]), "evidence": _split(given["evidence"]),
            "review_by": given["review_by"].isoformat() if given["review_by"] else None,
            "reach": {name: given[name] for name in ("recipients", "records", "money")},
            "review": {"roles": given["roles"], "needed": int(given["needed"]), "when": given["when"],
                       "sample": (given["sample"] or 0) / 100},
            "model": {"vendor": given["vendor"], "name": given["model"]} | {
                name: given[name] for name in ("version", "hosting", "region", "keeps_days", "trains_on_ours")
            },
        }  # fmt: skip


def _ticks(label: Any, choices: Sequence[tuple[str, Any]], *, required: bool = False) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=required, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one answer.")},
    )  # fmt: skip


def _split(text: str) -> list[str]:
    return [one.strip() for one in str(text).splitlines() if one.strip()]


def _initial(use: AiUse | None) -> dict[str, Any]:
    """The form of a use; of none, the careful answers."""
    if use is None:
        return {
            "actions": ["draft"], "content": ["words"], "audience": ["colleagues"], "data": ["none", "internal"],
            "autonomy": "2", "reversibility": "easy", "needed": "1", "when": "before", "hosting": "vendor",
            "discloses": True, "rights": ["definitions.change"],
        }  # fmt: skip
    plain = use.model_dump(mode="python", exclude={"model", "reach", "review", "jurisdictions", "tools", "evidence"})
    return plain | {
        "autonomy": str(use.autonomy), "vendor": use.model.vendor, "model": use.model.name,
        **use.model.model_dump(include={"version", "hosting", "region", "keeps_days", "trains_on_ours"}),
        **use.reach.model_dump(), "roles": use.review.roles, "needed": str(use.review.needed),
        "when": use.review.when, "sample": round(use.review.sample * 100) or None,
        "jurisdictions": ", ".join(use.jurisdictions), "tools": "\n".join(use.tools),
        "evidence": "\n".join(use.evidence),
    }  # fmt: skip


class StopForm(forms.Form):
    """Why a use is stopped; the words stand in every refusal from then on."""

    why = forms.CharField(label=gettext_lazy("Why"), max_length=500)


class WordsForm(forms.Form):
    """What readers are told, by occasion and language. What is left open is said in the words of Marops."""

    reason = forms.CharField(label=gettext_lazy("What changes, and why"), required=False, max_length=500)

    def __init__(self, data: Any = None, *, kept: Disclosure) -> None:
        self.kept = kept
        super().__init__(data)
        for occasion in OCCASIONS:
            for language, called in LANGUAGES.items():
                area = forms.TextInput(attrs={"lang": language})
                self.fields[f"{occasion}-{language}"] = forms.CharField(
                    label=called, required=False, max_length=500, widget=area, initial=kept.text(occasion, language)
                )

    def groups(self) -> Iterator[Bound]:
        """The fields by occasion."""
        for occasion, said in OCCASIONS.items():
            yield {"heading": said, "fields": [self[f"{occasion}-{language}"] for language in LANGUAGES]}

    def clean(self) -> dict[str, Any]:
        """At least one text; languages that are not asked for here stay as they are."""
        found = super().clean() or self.cleaned_data
        if not any(self.document()["words"].values()):
            self.add_error(None, _("Write at least one text."))
        return found

    def document(self) -> dict[str, Any]:
        """The words as they are kept."""
        words: dict[str, dict[str, str]] = {}
        for occasion in OCCASIONS:
            others = {name: text for name, text in self.kept.words.get(occasion, {}).items() if name not in LANGUAGES}
            given = {name: str(self.cleaned_data.get(f"{occasion}-{name}", "")).strip() for name in LANGUAGES}
            words[occasion] = others | {name: text for name, text in given.items() if text}
        return {"title": self.kept.title, "words": {name: texts for name, texts in words.items() if texts}}


_MOST_BYTES = 20_000_000


class MarkForm(forms.Form):
    """A file to be marked."""

    file = forms.FileField(label=gettext_lazy("HTML, PNG or JPEG"), max_length=200, help_text=gettext_lazy(
        "Up to 20 MB. It is marked and sent back; nothing of it is kept."))  # fmt: skip
    source = forms.ChoiceField(
        label=gettext_lazy("What AI did"),
        choices=[("made", gettext_lazy("AI made it")), ("edited", gettext_lazy("People and AI made it together"))],
    )
    occasion = forms.ChoiceField(
        label=gettext_lazy("Words for readers, in HTML"), required=False,
        choices=[("", gettext_lazy("None")), *OCCASIONS.items()],
    )  # fmt: skip
    language = forms.ChoiceField(label=gettext_lazy("In which language"), choices=list(LANGUAGES.items()))

    def clean_file(self) -> Any:
        """No larger than can be held at once."""
        file = self.cleaned_data["file"]
        if file.size > _MOST_BYTES:
            raise forms.ValidationError(_("It is larger than 20 MB."))
        return file
