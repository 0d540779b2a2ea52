"""Forms of the outline, made from the entries of a sheet. What a value must be, the models of the documents say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.dates import MONTHS_3
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.workflows.rules.amounts import NEEDS
from marops.domains.workflows.rules.document import ELAPSED
from marops.domains.workflows.sheets.entries import KINDS, PARTS, Entry, Group, entries, get, put
from marops.kernel.errors import FieldError, MaropsError

WAYS_MORE = 2
"""Empty rows for ways and people that a form offers beside those that are there."""

Pairs = Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Known:
    """What a form offers to choose from: steps, kinds of work and crews by name, skills, calendars, people."""

    steps: Pairs = ()
    classes: Pairs = ()
    crews: Pairs = ()
    skills: Sequence[str] = ()
    platforms: Sequence[str] = ()
    calendars: Pairs = ()
    people: Pairs = ()
    suggestions: Mapping[str, Sequence[str]] = field(default_factory=dict)


def _decimal(label: Any, **options: Any) -> forms.FloatField:
    widget = forms.TextInput(attrs={"inputmode": "decimal"})
    return forms.FloatField(label=label, required=False, widget=widget, **options)


class SheetForm(forms.Form):
    """The entries of a sheet as fields; what is filled in becomes a document by `written`."""

    def __init__(self, groups: Sequence[Group], known: Known, data: Any, document: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.groups, self.known = groups, known
        self.document = document
        for group in groups:
            if group.key:
                there = get(document, group.key) is not None
                self._add(f"{group.key}-on", forms.BooleanField(label=group.tick, required=False), there)
            for entry in group.entries:
                self._make(entry, get(document, entry.path))
                if group.key and data is not None and f"{group.key}-on" not in data:
                    self.fields[entry.name].required = False

    def _add(self, name: str, made: forms.Field, initial: Any) -> None:
        made.initial = initial
        self.fields[name] = made

    def _make(self, entry: Entry, value: Any) -> None:
        maker = getattr(self, f"_make_{entry.what}", None)
        if maker:
            maker(entry, value)
            return
        made, initial = _plain(entry, value, self.known)
        self._add(entry.name, made, initial)

    def _make_amount(self, entry: Entry, value: Any) -> None:
        said = value if isinstance(value, Mapping) else {"kind": "fixed", "mean": value} if value is not None else {}
        kinds: list[tuple[str, Any]] = [
            (kind, words) for kind, words in KINDS.items() if kind != "quantiles" or said.get("kind") == kind
        ]
        if not entry.needed:
            kinds.insert(0, ("", gettext_lazy("not at all")))
        chosen = forms.ChoiceField(label=entry.label, choices=kinds, required=False, help_text=entry.help)
        self._add(f"{entry.name}-kind", chosen, said.get("kind", "fixed" if entry.needed else ""))
        for part in ("mean", "sd", "low", "mode", "high"):
            self._add(f"{entry.name}-{part}", _decimal(PARTS[part]), _shown(said.get(part)))

    def _make_people(self, entry: Entry, value: Any) -> None:
        rows = [*(value or {}).items(), *[("", None)] * WAYS_MORE]
        names = dict(self.known.people)
        offered = [("", "–"), *self.known.people, *((one, one) for one in (value or {}) if one not in names)]
        for number, (who, speed) in enumerate(rows):
            person = forms.ChoiceField(label=_("Person %(n)s") % {"n": number + 1}, choices=offered, required=False)
            self._add(f"{entry.name}-{number}-who", person, who)
            self._add(f"{entry.name}-{number}-speed", _decimal(gettext_lazy("Speed")), _shown(speed))

    def _make_months(self, entry: Entry, value: Any) -> None:
        for number in range(12):
            made = _decimal(MONTHS_3[number + 1].title())
            self._add(f"{entry.name}-{number}", made, _shown((value or [None] * 12)[number]))

    def parts(self) -> list[dict[str, Any]]:
        """Groups with their bound fields, for the template."""
        return [
            {
                "label": group.label,
                "closed": group.closed and not any(self[one].errors for one in self._names_of(group)),
                "tick": self[f"{group.key}-on"] if group.key else None,
                "rows": [self._row(entry) for entry in group.entries],
            }
            for group in self.groups
        ]

    def _names_of(self, group: Group) -> list[str]:
        return [name for entry in group.entries for name in self.names(entry)]

    def names(self, entry: Entry) -> list[str]:
        """The fields of the form that hold an entry's value."""
        return [name for name in self.fields if name == entry.name or name.startswith(f"{entry.name}-")]

    def _row(self, entry: Entry) -> dict[str, Any]:
        said = str((get(self.document, "origin") or {}).get(entry.path.split("/")[0], ""))
        if entry.path.startswith("arrivals/"):
            said = str(get(self.document, "arrivals/origin") or "")
        return {
            "entry": entry,
            "what": entry.what,
            "fields": [self[name] for name in self.names(entry)],
            "from_log": said == "log",
        }

    def written(self) -> dict[str, Any]:
        """The document with what was filled in."""
        made = dict(self.document)
        for group in self.groups:
            if group.key and not self.cleaned_data[f"{group.key}-on"]:
                made = put(made, group.key, None)
                continue
            for entry in group.entries:
                made = put(made, entry.path, self._value(entry))
        return made

    def _value(self, entry: Entry) -> Any:
        reader = getattr(self, f"_read_{entry.what}", None)
        if reader:
            return reader(entry)
        value = self.cleaned_data.get(entry.name)
        if entry.what == "share" and value is not None:
            return round(value / 100, 9)
        if entry.what == "list":
            return [one.strip() for one in str(value).split(",") if one.strip()]
        if entry.what == "lines":
            return [one.strip() for one in str(value).splitlines() if one.strip()]
        if entry.what == "step" and not value:
            return None
        return value

    def _read_amount(self, entry: Entry) -> Any:
        kind = self.cleaned_data[f"{entry.name}-kind"]
        if not kind:
            return None
        said = {part: self.cleaned_data.get(f"{entry.name}-{part}") for part in ("mean", "sd", "low", "mode", "high")}
        if kind == "fixed":
            return said["mean"]
        if kind == "quantiles":
            return get(self.document, entry.path)
        names = {*NEEDS[kind], "low", "high"}
        return {"kind": kind, **{name: value for name, value in said.items() if name in names and value is not None}}

    def _read_people(self, entry: Entry) -> dict[str, float]:
        found = {}
        for number in range(len(self.names(entry)) // 2):
            if who := self.cleaned_data[f"{entry.name}-{number}-who"]:
                found[who] = self.cleaned_data[f"{entry.name}-{number}-speed"] or 1.0
        return found

    def _read_months(self, entry: Entry) -> list[float] | None:
        said = [self.cleaned_data[f"{entry.name}-{number}"] for number in range(12)]
        return [1.0 if one is None else one for one in said] if any(one is not None for one in said) else None

    def complain(self, error: MaropsError, below: str) -> None:
        """Show what the document's model refused at the field concerned; `below` is where this sheet's values stand."""
        for fault in error.errors:
            self.add_error(self._place(fault, below), " ".join(one for one in (fault.message, fault.remedy) if one))

    def _place(self, fault: FieldError, below: str) -> str | None:
        path = fault.pointer.removeprefix(below).strip("/")
        for entry in entries(self.groups):
            if path == entry.path or path.startswith(f"{entry.path}/"):
                inner = path.removeprefix(entry.path).strip("/")
                names = self.names(entry)
                wanted = f"{entry.name}-{inner}" if inner else entry.name
                return wanted if wanted in names else names[0]
        return None


def _shown(value: Any) -> Any:
    """A number without a needless fraction."""
    return f"{value:.10g}" if isinstance(value, float) else value


def _plain(entry: Entry, value: Any, known: Known) -> tuple[forms.Field, Any]:
    """The field of an entry that is one value, and what stands in it."""
    told: dict[str, Any] = {"label": entry.label, "help_text": entry.help, "required": entry.needed}
    if entry.what in ("int", "number", "share"):
        widget = forms.TextInput(attrs={"inputmode": "numeric" if entry.what == "int" else "decimal"})
        shown = value * 100 if entry.what == "share" and value is not None else value
        made: forms.Field = (forms.IntegerField if entry.what == "int" else forms.FloatField)(widget=widget, **told)
        return made, _shown(shown)
    if entry.what == "flag":
        return forms.BooleanField(**{**told, "required": False}), bool(value)
    if entry.what in ("choice", "step", "calendar", "crew"):
        offered = _offered(entry, value, known)
        # What has no empty choice is always chosen.
        told["required"] = entry.needed or all(key for key, _words in offered)
        return forms.ChoiceField(choices=offered, **told), value or ""
    if entry.what == "classes":
        ticks = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(choices=known.classes, widget=ticks, **told), list(value or ())
    return _text(entry, value, known, told)


def _text(entry: Entry, value: Any, known: Known, told: dict[str, Any]) -> tuple[forms.Field, Any]:
    if entry.what in ("long", "lines"):
        shown = "\n".join(value or ()) if entry.what == "lines" else value or ""
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=8000, **told), shown
    listed = {"skill": "known-skills", "list": "known-platforms"}.get(entry.what)
    widget = forms.TextInput(attrs={"list": listed, "autocomplete": "off"} if listed else {})
    shown = ", ".join(value or ()) if entry.what == "list" else value or ""
    return forms.CharField(widget=widget, max_length=1000, **told), shown


def _offered(entry: Entry, value: Any, known: Known) -> list[tuple[str, Any]]:
    if entry.what == "choice":
        return list(entry.options)
    if entry.what == "calendar":
        anyway = (ELAPSED, gettext_lazy("day and night")) if entry.elapsed else ("", gettext_lazy("at any time"))
        offered: list[tuple[str, Any]] = [anyway, *known.calendars]
    elif entry.what == "crew":
        offered = [*known.crews]
    else:
        offered = [("", "–"), *known.steps]
    if value and value not in {one for one, _words in offered}:
        offered.append((value, value))  # what the document says stays to be seen, and is named among the faults
    return offered


class WaysForm(forms.Form):
    """The ways away from a step: to which, and how often where one of them is taken."""

    def __init__(self, data: Any, ways: Sequence[Mapping[str, Any]], known: Known, step: str) -> None:
        super().__init__(data)
        self.ways = ways
        offered = [("", "–"), *((ident, name) for ident, name in known.steps if ident != step)]
        self.count = len(ways) + WAYS_MORE
        for number in range(self.count):
            way = ways[number] if number < len(ways) else {}
            label = _("Then") if not number else _("And then")
            chance, most = way.get("probability"), way.get("at_most") or None
            self._add(
                f"way-{number}-to", forms.ChoiceField(label=label, choices=offered, required=False), way.get("to")
            )
            self._add(
                f"way-{number}-share", _decimal(gettext_lazy("How often")),
                None if chance is None else _shown(chance * 100),
            )  # fmt: skip
            self._add(
                f"way-{number}-most",
                forms.IntegerField(label=gettext_lazy("At most"), required=False, min_value=0),
                most,
            )

    def _add(self, name: str, made: forms.Field, initial: Any) -> None:
        made.initial = initial
        if not isinstance(made.widget, forms.Select):
            made.widget = forms.TextInput(attrs={"inputmode": "decimal"})
        self.fields[name] = made

    def rows(self) -> list[dict[str, Any]]:
        """The bound fields of each way, for the template."""
        return [
            {"to": self[f"way-{n}-to"], "share": self[f"way-{n}-share"], "most": self[f"way-{n}-most"]}
            for n in range(self.count)
        ]

    def written(self) -> list[dict[str, Any]]:
        """The ways that were filled in, without where they come from."""
        made = []
        for number in range(self.count):
            if target := self.cleaned_data[f"way-{number}-to"]:
                chance, most = self.cleaned_data[f"way-{number}-share"], self.cleaned_data[f"way-{number}-most"]
                way: dict[str, Any] = {"to": target}
                if chance is not None:
                    way["probability"] = round(chance / 100, 9)
                made.append({**way, "at_most": most} if most else way)
        return made


class NewForm(forms.Form):
    """A new workflow: its title, its crew, and what it begins with."""

    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=200, widget=forms.TextInput(attrs={"autofocus": True})
    )
    unit = forms.CharField(
        label=gettext_lazy("One piece of work is a"), max_length=60, initial="campaign",
        help_text=gettext_lazy("Such as campaign, webinar or newsletter."),
    )  # fmt: skip
    start = forms.ChoiceField(label=gettext_lazy("Begin with"), required=False)
    crew = forms.ChoiceField(
        label=gettext_lazy("Crew"), required=False, help_text=gettext_lazy("The people who do the work.")
    )

    def __init__(self, *args: Any, starts: Pairs, crews: Pairs, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start"].choices = starts  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["crew"].initial = crews[0][0] if crews else ""
        self.fields["crew"].choices = [*crews, ("", gettext_lazy("A new crew"))]  # type: ignore[attr-defined]


class AddForm(forms.Form):
    """A new step: what it is called, who does it, and where it stands."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    skill = forms.CharField(
        label=gettext_lazy("Skill it needs"), required=False, max_length=100,
        widget=forms.TextInput(attrs={"list": "known-skills", "autocomplete": "off"}),
    )  # fmt: skip
    effort = forms.FloatField(
        label=gettext_lazy("Work, hours"),
        initial=1,
        min_value=0,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    after = forms.ChoiceField(label=gettext_lazy("Comes after"), required=False)
    beside = forms.ChoiceField(
        label=gettext_lazy("As"), required=False,
        choices=[("", gettext_lazy("the next step")), ("yes", gettext_lazy("one more way, beside what follows"))],
    )  # fmt: skip

    def __init__(self, *args: Any, known: Known, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["after"].choices = [("", gettext_lazy("nothing: it is the first")), *known.steps]  # type: ignore[attr-defined]
        if not known.steps:  # the first step is what one came for
            self.fields["name"].widget.attrs["autofocus"] = True
