"""What the pages of the catalogue ask for: a role with its rows, a skill. Rows left empty are taken out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from marops.domains.team.catalogue import assumptions, catalogue
from marops.domains.team.rules.document import LEVEL_WORDS
from marops.domains.team.rules.roles import EMBLEMS, STANDING
from marops.kernel.errors import FieldError, MaropsError

Document = dict[str, Any]
SPARE = 2
"""So many empty rows stand below those that are filled."""
SOURCES = {"card": _("as stated on the card of the source"), "text": _("as stated in the text of the source")}
"""The two places where the source of the shipped catalogue speaks of experience."""
_LINES = {"core", "aliases", "kpis", "tools", "regulations", "backgrounds", "previous"}
_KINDS = ("leadership", "domain", "finance", "technology", "process", "analytics", "data", "compliance",
          "communication", "collaboration")  # fmt: skip


def _lines(label: Any, help_text: Any = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, required=False, max_length=8000, widget=widget, help_text=help_text)


def _skills(blank: str = "") -> list[tuple[str, str]]:
    known = sorted(((one.id, one.name) for one in catalogue().skills.values()), key=lambda pair: pair[1])
    return [("", blank), *known] if blank else known


def _roles(blank: Any) -> list[tuple[str, Any]]:
    known = sorted(((slug, role.title) for slug, role in catalogue().roles.items()), key=lambda pair: pair[1])
    return [("", blank), *known]


class AboutRole(forms.Form):
    """What a role is, in words."""

    title = forms.CharField(label=_("Title"), max_length=300)
    summary = forms.CharField(
        label=_("What it is there for"), max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )
    level = forms.ChoiceField(label=_("Standing"), choices=[(one, one.replace("_", " ")) for one in STANDING])
    inside = forms.BooleanField(
        label=_("A role of the team"), required=False,
        help_text=_("Else it is one where people come from or go to, and counts in no coverage."),
    )  # fmt: skip
    core = _lines(_("At its core"), _("A line each."))
    aliases = _lines(_("Also called"), _("A line each."))
    previous = _lines(_("Previous roles"), _("A line each: the title of a role."))
    backgrounds = _lines(_("Backgrounds"), _("A line each."))
    manages = forms.MultipleChoiceField(
        label=_("Leads"), required=False, widget=forms.SelectMultiple(attrs={"size": 6})
    )
    tools = _lines(_("Tools"), _("A line each."))
    kpis = _lines(_("Figures"), _("A line each."))
    regulations = _lines(_("Rules of law"), _("A line each."))
    persona = forms.CharField(label=_("Persona"), required=False, max_length=300)
    gist = forms.CharField(label=_("What the persona is like"), required=False, max_length=4000)
    emblem = forms.ChoiceField(label=_("Emblem"), required=False)
    reason = forms.CharField(label=_("What changes, and why"), required=False, max_length=500)

    def __init__(self, data: QueryDict | None, initial: Mapping[str, Any]):
        super().__init__(data, initial=dict(initial))
        manages, emblem = self.fields["manages"], self.fields["emblem"]
        if isinstance(manages, forms.ChoiceField) and isinstance(emblem, forms.ChoiceField):
            manages.choices = _roles("")[1:]
            emblem.choices = [("", _("none")), *((one, one) for one in sorted(EMBLEMS))]


class DutyRow(forms.Form):
    """A responsibility: the skills it takes and the work it makes."""

    id = forms.CharField(required=False, widget=forms.HiddenInput, max_length=80)
    text = forms.CharField(label=_("Responsibility"), required=False, max_length=300)
    skills = forms.MultipleChoiceField(
        label=_("Skills it takes"), required=False, widget=forms.SelectMultiple(attrs={"size": 6}),
        help_text=_("Several with Ctrl or Cmd."),
    )  # fmt: skip
    driver = forms.ChoiceField(label=_("Grows with"), required=False)
    low = forms.FloatField(label=_("Hours for each: low"), required=False, min_value=0)
    usual = forms.FloatField(label=_("usual"), required=False, min_value=0)
    high = forms.FloatField(label=_("high"), required=False, min_value=0)

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        skills, driver = self.fields["skills"], self.fields["driver"]
        if isinstance(skills, forms.ChoiceField) and isinstance(driver, forms.ChoiceField):
            skills.choices = _skills()
            driver.choices = [("", _("not said")), *((one.id, one.name) for one in assumptions().drivers)]

    def clean(self) -> dict[str, Any]:
        """Hours are given whole, and with what they grow with."""
        data = super().clean() or {}
        hours = [data.get(name) for name in ("low", "usual", "high")]
        given = [one for one in hours if one is not None]
        if data.get("driver") and len(given) < 3:
            self.add_error("usual", _("Say all three: low, usual and high."))
        elif given and not data.get("driver"):
            self.add_error("driver", _("Say with what these hours grow."))
        elif given and sorted(given) != given:
            self.add_error("usual", _("The usual number lies between the low and the high one."))
        return data

    @property
    def says(self) -> str:
        """What it holds, in few words: the skills that are chosen, and with what its hours grow."""
        chosen, driver = self["skills"].value() or (), self["driver"].value()
        skills = [words for ident, words in _skills() if ident in chosen]
        grows = [_("grows with %(what)s") % {"what": one.name} for one in assumptions().drivers if one.id == driver]
        return "; ".join([*([", ".join(skills)] if skills else []), *grows])

    def row(self, before: Document) -> Document | None:
        """The part of the document; None where it is left empty."""
        data = self.cleaned_data
        if not data["text"]:
            return None
        made = {**before, "id": data["id"] or slugify(data["text"])[:60].strip("-"), "text": data["text"],
                "skills": data["skills"]}  # fmt: skip
        made.pop("load", None)
        if data["driver"]:
            made["load"] = {"driver": data["driver"], "hours_per_unit": [data["low"], data["usual"], data["high"]]}
        return made


class SkillRow(forms.Form):
    """A skill that the role asks for."""

    skill = forms.ChoiceField(label=_("Skill"), required=False)
    level = forms.TypedChoiceField(
        label=_("From level"), required=False, coerce=int,
        choices=[(n, f"{n} {LEVEL_WORDS[n]}") for n in range(1, 5)],
    )  # fmt: skip
    core = forms.BooleanField(label=_("core"), required=False)

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        skill = self.fields["skill"]
        if isinstance(skill, forms.ChoiceField):
            skill.choices = _skills("–")

    def row(self, before: Document) -> Document | None:
        """The part of the document."""
        data = self.cleaned_data
        if not data["skill"]:
            return None
        return {**before, "skill": data["skill"], "level": data["level"] or 2, "core": data["core"]}


class StepRow(forms.Form):
    """A step to a next role."""

    role = forms.ChoiceField(label=_("Next role"), required=False)
    words = forms.CharField(label=_("or in words"), required=False, max_length=300)
    low = forms.FloatField(label=_("Months from"), required=False, min_value=0)
    high = forms.FloatField(label=_("to"), required=False, min_value=0)
    condition = forms.CharField(label=_("When"), required=False, max_length=4000)

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        role = self.fields["role"]
        if isinstance(role, forms.ChoiceField):
            role.choices = _roles("–")

    def clean(self) -> dict[str, Any]:
        """A step takes time."""
        data = super().clean() or {}
        if (data.get("role") or data.get("words")) and (data.get("low") is None or data.get("high") is None):
            self.add_error("low", _("Say how many months it usually takes, from and to."))
        return data

    def row(self, before: Document) -> Document | None:
        """The part of the document."""
        data = self.cleaned_data
        to = data["role"] or data["words"]
        if not to:
            return None
        made = {**before, "role": to, "months": [data["low"], data["high"]], "condition": data["condition"]}
        made.pop("as", None)
        return {**made, "as": data["words"]} if data["role"] and data["words"] else made


class YearsRow(forms.Form):
    """What one source says of experience."""

    source = forms.CharField(label=_("Who says so"), required=False, max_length=300)
    years_min = forms.FloatField(label=_("Years from"), required=False, min_value=0)
    years_max = forms.FloatField(label=_("to"), required=False, min_value=0)
    where = forms.CharField(label=_("In"), required=False, max_length=300)

    def row(self, before: Document) -> Document | None:
        """The part of the document; what the form does not ask for stays."""
        data = self.cleaned_data
        if not data["source"]:
            return None
        source = next((key for key, words in SOURCES.items() if words == data["source"]), data["source"])
        given = {"source": source, "years_min": data["years_min"], "years_max": data["years_max"],
                 "in": data["where"] or None}  # fmt: skip
        return {key: value for key, value in {**before, **given}.items() if value is not None}


def _short(value: float | None) -> float | int | None:
    """Without decimals that say nothing."""
    return int(value) if value is not None and value == int(value) else value


def _duty(row: Document) -> Document:
    low, usual, high = (_short(one) for one in (row.get("load") or {}).get("hours_per_unit", (None, None, None)))
    driver = (row.get("load") or {}).get("driver", "")
    return {**row, "driver": driver, "low": low, "usual": usual, "high": high}


def _step(row: Document) -> Document:
    known = row["role"] in catalogue().roles
    words = row.get("as", "") if known else row["role"]
    low, high = (_short(one) for one in row["months"])
    return {"role": row["role"] if known else "", "words": words, "low": low, "high": high,
            "condition": row.get("condition", "")}  # fmt: skip


def _year(row: Document) -> Document:
    years = {name: _short(row.get(name)) for name in ("years_min", "years_max")}
    return {**row, **years, "where": row.get("in", ""), "source": str(SOURCES.get(row["source"], row["source"]))}


_SETS: Mapping[str, tuple[type[forms.Form], Any, Any]] = {
    "responsibilities": (DutyRow, _duty, _("Responsibilities")),
    "skills": (SkillRow, dict, _("Skills")),
    "next": (StepRow, _step, _("Next roles")),
    "experience": (YearsRow, _year, _("Typical experience")),
}
_PLACES = {"id": "text", "load": "driver", "months": "low", "in": "where", "as": "words"}


@dataclass(frozen=True)
class Section:
    """A part of the form that folds: fields of the role, or the rows of a list."""

    name: str
    label: Any
    fields: Sequence[Any] = ()
    rows: Any = None

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        """Label, words and anchor of everything to put right in it."""
        found = [(bound, "") for bound in self.fields]
        found += [(bound, f"{n}. ") for n, form in enumerate(self.rows or (), 1) for bound in form.visible_fields()]
        return [(f"{n}{bound.label}", str(error), bound.auto_id) for bound, n in found for error in bound.errors]

    @property
    def open(self) -> bool:
        """Is it unfolded? What a role is, and whatever has a fault."""
        return self.name == "about" or bool(self.faults)

    @property
    def says(self) -> str:
        """What it holds, while it is folded."""
        if self.rows is not None:
            filled = [form for form in self.rows if form.initial]
            heads = [_head(form) for form in filled[:3]]
            more = [_("%(n)s more") % {"n": len(filled) - 3}] if len(filled) > 3 else []
            return ", ".join([*heads, *more]) or str(_("none"))
        held = [str(bound.label) for bound in self.fields if bound.value()]
        return ", ".join(held) or str(_("nothing yet"))


def _head(form: Any) -> str:
    """A row by its first field, in words."""
    bound = next(iter(form.visible_fields()))
    value = bound.value() or form.initial.get("words", "")
    said = str(dict(getattr(bound.field, "choices", ())).get(value, value)).rstrip(".")
    years = [form.initial.get(name) for name in ("years_min", "years_max")]
    spans = "–".join(f"{one:g}" for one in years if one is not None)
    return f"{spans} {said}" if spans else said


_PARTS = (
    ("about", _("What it is"), ("title", "summary", "core", "level", "inside")),
    ("around", _("Who is around it"), ("manages", "previous", "backgrounds", "aliases")),
    ("named", _("Tools, figures and rules of law"), ("tools", "kpis", "regulations")),
    ("sign", _("Persona and emblem"), ("persona", "gist", "emblem")),
)


class RoleSheet:
    """All of a role as forms. What they do not ask for stays as it is in `base`."""

    def __init__(self, data: QueryDict | None, base: Document):
        persona = base.get("persona") or {}
        initial = {
            **{name: "\n".join(base.get(name, ())) for name in _LINES - {"previous"}},
            "previous": "\n".join(catalogue().title(one) if one in catalogue().roles else one
                                  for one in base.get("previous", ())),
            **{name: base.get(name, "") for name in ("title", "summary", "level")},
            "inside": base.get("inside") or base.get("custom"), "manages": list(base.get("manages", ())),
            "persona": persona.get("name", ""), "gist": persona.get("gist", ""), "emblem": persona.get("emblem", ""),
        }  # fmt: skip
        self.base, self.about = base, AboutRole(data, initial)
        self.sets = {name: self._set(name, data) for name in _SETS}
        self.used: dict[str, list[forms.Form]] = {}

    def _set(self, name: str, data: QueryDict | None) -> Any:
        form, read, _label = _SETS[name]
        made = forms.formset_factory(form, extra=SPARE, max_num=60, absolute_max=60)
        return made(data, prefix=name, initial=[read(dict(row)) for row in self.base.get(name, ())])

    @property
    def sections(self) -> list[Section]:
        """The parts of the form in the order of what is changed most."""
        parts = [Section(name, label, [self.about[one] for one in fields]) for name, label, fields in _PARTS]
        lists = [Section(name, _SETS[name][2], rows=rows) for name, rows in self.sets.items()]
        return [parts[0], *lists, *parts[1:]]

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        """Everything to put right, with where it stands; what stands at no field first, without an anchor."""
        if not self.about.is_bound:
            return []
        general = [*self.about.non_field_errors()]
        general += [error for rows in self.sets.values() for form in rows for error in form.non_field_errors()]
        return [*(("", str(one), "") for one in general), *(one for part in self.sections for one in part.faults)]

    def is_valid(self) -> bool:
        """Do all of them hold, each by itself?"""
        return all([self.about.is_valid(), *(rows.is_valid() for rows in self.sets.values())])

    def document(self) -> Document:
        """The role as a document."""
        data = self.about.cleaned_data
        made: Document = {**self.base, **{name: data[name] for name in ("title", "summary", "level")}}
        made |= {name: [one.strip() for one in data[name].splitlines() if one.strip()] for name in _LINES}
        slugs = {role.title.casefold(): slug for slug, role in catalogue().roles.items()}
        made["previous"] = [slugs.get(one.casefold(), one) for one in made["previous"]]
        made["manages"] = data["manages"]
        made["manages_by_us"] = [one for one in self.base.get("manages_by_us", ()) if one in data["manages"]]
        if not made.get("custom") or not data["inside"]:
            made |= {"inside": data["inside"], "custom": False}
        made.pop("persona", None)
        if data["persona"]:
            made["persona"] = {"name": data["persona"], "gist": data["gist"], "emblem": data["emblem"]}
        for name, rows in self.sets.items():
            made[name] = self._rows(name, rows)
        return made

    def _rows(self, name: str, rows: Sequence[Any]) -> list[Document]:
        before, found, used = list(self.base.get(name, ())), [], []
        for place, form in enumerate(rows):
            row = form.row(before[place] if place < len(before) else {}) if form.cleaned_data else None
            if row is not None:
                found.append(row)
                used.append(form)
        self.used[name] = used
        return found

    def complain(self, error: MaropsError) -> None:
        """Show each fault at the field it is about."""
        faults = list(error.errors)
        for fault in faults:
            form, field = self._at(fault)
            form.add_error(field, " ".join(part for part in (fault.message, fault.remedy) if part))
        if not faults:
            self.about.add_error(None, str(error))

    def _at(self, fault: FieldError) -> tuple[forms.Form, str | None]:
        steps = [part for part in fault.pointer.split("/") if part]
        if len(steps) >= 2 and steps[0] in self.used and steps[1].isdecimal():
            rows = self.used[steps[0]]
            if int(steps[1]) < len(rows):
                form, name = rows[int(steps[1])], steps[2] if len(steps) > 2 else ""
                name = _PLACES.get(name, name)
                return form, name if name in form.fields else None
        name = {"persona": "emblem"}.get(steps[0], steps[0]) if steps else fault.field
        return self.about, name if name in self.about.fields else None


class SkillForm(forms.Form):
    """A skill with the behaviour by which each level is recognised."""

    name = forms.CharField(label=_("Name"), max_length=300)
    kind = forms.ChoiceField(label=_("Kind"), choices=[(one, one) for one in _KINDS])
    summary = forms.CharField(label=_("What it is"), max_length=4000, required=False)
    level_0 = forms.CharField(label=_("Level 0, not yet: recognised by"), max_length=300)
    level_1 = forms.CharField(label=_("Level 1, with help"), max_length=300)
    level_2 = forms.CharField(label=_("Level 2, alone in usual cases"), max_length=300)
    level_3 = forms.CharField(label=_("Level 3, hard cases, asked by others"), max_length=300)
    level_4 = forms.CharField(label=_("Level 4, sets how it is done here"), max_length=300)
    reason = forms.CharField(label=_("What changes, and why"), required=False, max_length=500)

    def row(self, before: Mapping[str, Any], ident: str) -> Document:
        """The part of the document."""
        data = self.cleaned_data
        levels = [data[f"level_{n}"] for n in range(5)]
        return {**before, "id": ident or slugify(data["name"])[:80], "name": data["name"], "kind": data["kind"],
                "summary": data["summary"], "levels": levels}  # fmt: skip
