"""Forms of a crew: the crew itself, somebody of it, a calendar, and who comes from the team."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.accounts.public import roles_in_force
from marops.domains.team.public import people
from marops.domains.workflows.rules.crew import Crew, Member
from marops.kernel.errors import MaropsError
from marops.kernel.forms import DayField
from marops.methods.worktime import WEEKDAYS

_MORE = 2
Choices = Sequence[tuple[str, Any]]


def _number(label: Any, **options: Any) -> forms.FloatField:
    return forms.FloatField(label=label, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **options)


def _zones() -> list[tuple[str, Any]]:
    return [("", gettext_lazy("The workspace's")), *((zone, zone) for zone in sorted(available_timezones()))]


def _roles() -> list[tuple[str, Any]]:
    return [("", "–"), *((role.slug, role.title) for role in roles_in_force().roles)]


class CrewForm(forms.Form):
    """What a crew is called, where it works and in which money it is paid."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=_zones, required=False)
    currency = forms.CharField(label=gettext_lazy("Currency"), max_length=3, initial="EUR")
    calendar = forms.ChoiceField(
        label=gettext_lazy("Usual calendar"), required=False, help_text=gettext_lazy("Of people who name none.")
    )

    def __init__(self, *args: Any, calendars: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if calendars:
            self.fields["calendar"].choices = calendars  # type: ignore[attr-defined]  # a ChoiceField
        else:
            del self.fields["calendar"]

    def clean_currency(self) -> str:
        """In capitals."""
        return str(self.cleaned_data["currency"]).strip().upper()


class MemberForm(forms.Form):
    """Somebody of a crew: what they can do, when they work, how much of it is for these workflows."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    person = forms.ChoiceField(
        label=gettext_lazy("In the team"), required=False, help_text=gettext_lazy("Their absences count too.")
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=_roles, required=False)
    calendar = forms.ChoiceField(label=gettext_lazy("Calendar"), required=False)
    share = _number(gettext_lazy("Share of their time, %"), min_value=0.1, max_value=100, initial=100)
    speed = _number(gettext_lazy("Speed"), initial=1, help_text=gettext_lazy("1.2 is a fifth faster, at everything."))
    at_once = forms.IntegerField(label=gettext_lazy("Pieces in hand at a time"), min_value=1, initial=1)
    amount = forms.IntegerField(
        label=gettext_lazy("How many of them"), min_value=0, initial=1,
        help_text=gettext_lazy("More than one for an agency or a pool."),
    )  # fmt: skip
    starts = DayField(label=gettext_lazy("Works here from"))
    ends = DayField(label=gettext_lazy("Until"))
    ramp_months = _number(gettext_lazy("Months to get used to the work"), required=False)
    ramp_first = _number(gettext_lazy("Beginning at, %"), required=False)
    cost_per_hour = _number(gettext_lazy("Cost of an hour"), required=False, min_value=0)

    def __init__(self, data: Any, *, crew: Crew, member: Member | None, pay: bool, skills: Sequence[str]) -> None:
        super().__init__(data, initial=_values(member) if member else None)
        self.member, self.pay = member, pay
        calendars = [(slug, one.title or slug) for slug, one in crew.calendars.items()]
        self.fields["calendar"].choices = [("", _("The usual one")), *calendars]  # type: ignore[attr-defined]
        known = {one.person for one in crew.people if one.person and one is not member}
        team = [(one.ref, one.name) for one in people().filter(active=True) if one.ref not in known]
        self.fields["person"].choices = [("", "–"), *team]  # type: ignore[attr-defined]  # a ChoiceField
        if member and member.role not in dict(_roles()):  # what a file or a template calls a role stays
            self.fields["role"].choices = [*_roles(), (member.role, member.role)]  # type: ignore[attr-defined]
        if member and member.person and member.person not in dict(team):
            self.fields["person"].choices = [("", "–"), *team, (member.person, member.person)]  # type: ignore[attr-defined]
        if not pay:
            del self.fields["cost_per_hour"]
        self._rows(member, skills)

    def _rows(self, member: Member | None, skills: Sequence[str]) -> None:
        told = [*(member.skills if member else {}).items(), *[("", None)] * _MORE]
        self.skills = len(told)
        for number, (skill, speed) in enumerate(told):
            widget = forms.TextInput(attrs={"list": "known-skills", "autocomplete": "off"})
            label = _("Skill %(n)s") % {"n": number + 1}
            self.fields[f"skill-{number}"] = forms.CharField(
                label=label, required=False, max_length=100, widget=widget, initial=skill
            )
            self.fields[f"skill-{number}-speed"] = _number(_("Speed"), required=False, initial=_shown(speed))
        away = [*((one.since, one.until) for one in (member.absences if member else ())), *[(None, None)] * _MORE]
        self.away = len(away)
        for number, (since, until) in enumerate(away):
            for end, label, value in (("from", _("Away from"), since), ("to", _("Back on"), until)):
                made = DayField(label=label)
                made.initial = value
                self.fields[f"away-{number}-{end}"] = made

    def skill_rows(self) -> list[list[forms.BoundField]]:
        """The bound fields of each skill."""
        return [[self[f"skill-{n}"], self[f"skill-{n}-speed"]] for n in range(self.skills)]

    def absence_rows(self) -> list[list[forms.BoundField]]:
        """The bound fields of each absence."""
        return [[self[f"away-{n}-from"], self[f"away-{n}-to"]] for n in range(self.away)]

    def plain_fields(self) -> list[forms.BoundField]:
        """The other fields."""
        return [one for one in self if not one.name.startswith(("skill-", "away-"))]

    def document(self) -> dict[str, Any]:
        """The checked form as the crew's document says it; what it does not ask stays as it was."""
        given, before = self.cleaned_data, self.member
        kept = before.model_dump(mode="json", by_alias=True, exclude_none=True) if before else {}
        made = {
            **kept,
            **{name: given[name] for name in ("name", "person", "role", "calendar", "speed", "at_once", "amount")},
            "share": given["share"] / 100,
            "skills": dict(self._skills()),
            "absences": list(self._absences()),
            "starts": given["starts"] and given["starts"].isoformat(),
            "ends": given["ends"] and given["ends"].isoformat(),
            "ramp": self._ramp(),
        }
        if self.pay:
            made["cost_per_hour"] = given["cost_per_hour"] or 0.0
        made["origin"] = _origin(kept, made)
        return {name: value for name, value in made.items() if value is not None}

    def _ramp(self) -> dict[str, float] | None:
        months, first = self.cleaned_data["ramp_months"], self.cleaned_data["ramp_first"]
        return {"months": months, **({"first": first / 100} if first else {})} if months else None

    def _skills(self) -> Iterator[tuple[str, float]]:
        for number in range(self.skills):
            if skill := self.cleaned_data[f"skill-{number}"].strip():
                yield skill, self.cleaned_data[f"skill-{number}-speed"] or 1.0

    def _absences(self) -> Iterator[dict[str, Any]]:
        for number in range(self.away):
            since, until = (self.cleaned_data[f"away-{number}-{end}"] for end in ("from", "to"))
            if since or until:
                yield {"from": _iso(since or until), "to": _iso(until or since)}


def _iso(day: date) -> str:
    return day.isoformat()


def _origin(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """What was read off a log and is changed is assumed from then on."""
    said = dict(before.get("origin") or {})
    return {name: "assumed" if before.get(name) != after.get(name) else one for name, one in said.items()}


def _shown(value: Any) -> Any:
    return f"{value:.10g}" if isinstance(value, float) else value


def _values(member: Member) -> dict[str, Any]:
    names = (
        "name", "person", "role", "calendar", "speed", "at_once", "amount", "starts", "ends", "cost_per_hour",
    )  # fmt: skip
    ramp = member.ramp
    return {
        **{name: _shown(getattr(member, name)) for name in names},
        "share": f"{member.share * 100:g}",
        "ramp_months": ramp.months if ramp else None,
        "ramp_first": ramp.first * 100 if ramp else None,
    }


class CrewCalendarForm(forms.Form):
    """The hours of a week and the free days of a crew's calendar."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, day in enumerate(WEEKDAYS):
            self.fields[day] = forms.CharField(label=DAY_NAMES[number], required=False, max_length=100)
        self.fields["mon"].help_text = _("Such as 09:00-12:30, 13:00-17:00. Empty: free.")
        self.fields["holidays"] = forms.CharField(
            label=_("Free days"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("One date in each line, such as 2026-12-25."),
        )  # fmt: skip

    def document(self) -> dict[str, Any]:
        """The checked form as the crew's document says it."""
        given = self.cleaned_data
        hours = {day: _windows(given[day]) for day in WEEKDAYS if given[day].strip()}
        return {"title": given["title"], "hours": hours, "holidays": given["holidays"].split()}


def _windows(text: str) -> list[list[str]]:
    parts = [part.strip().replace("–", "-") for part in text.split(",") if part.strip()]
    return [[side.strip() for side in part.split("-", 1)] for part in parts]


def calendar_values(calendar: Any) -> dict[str, Any]:
    """A calendar as its form shows it."""
    days = {day: ", ".join(f"{a}-{b}" for a, b in calendar.hours.get(day, ())) for day in WEEKDAYS}
    return {"title": calendar.title, "holidays": "\n".join(day.isoformat() for day in calendar.holidays), **days}


def complain(form: forms.Form, error: MaropsError, fields: Mapping[str, str]) -> None:
    """Show what the document's model refused, at the field whose place in the document it is: pointer → field."""
    for fault in error.errors:
        place = next((name for start, name in fields.items() if fault.pointer.startswith(start)), "")
        said = " ".join(one for one in (fault.message, fault.remedy) if one)
        form.add_error(place if place in form.fields else None, said)


class TeamForm(forms.Form):
    """Who of the team joins the crew."""

    people = forms.MultipleChoiceField(
        label=gettext_lazy("People of the team"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one.")},
    )  # fmt: skip
    skills = forms.CharField(
        label=gettext_lazy("Skills that all of them have"), required=False, max_length=500,
        help_text=gettext_lazy("Separated by commas; each can get others afterwards."),
    )  # fmt: skip

    def __init__(self, *args: Any, offered: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].choices = offered  # type: ignore[attr-defined]  # a ChoiceField
