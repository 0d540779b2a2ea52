"""Validation of what pages and REST send about the team."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.domains.accounts.public import Account
from marops.domains.team.fields import calendars, people_choices, role_choices
from marops.domains.team.models import Person
from marops.domains.team.rules.calendars import WorkingCalendar
from marops.kernel.forms import DayField
from marops.kernel.ids import as_uuid
from marops.methods.worktime import WEEKDAYS

DAY_NAMES = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}


def _zones() -> list[tuple[str, Any]]:
    return [("", _("The calendar's")), *((zone, zone) for zone in sorted(available_timezones()))]


def _calendars() -> list[tuple[str, str]]:
    return [(slug, one.title) for slug, one in calendars().items()]


def _roles() -> list[tuple[str, Any]]:
    return role_choices(_("None"))


def _managers() -> list[tuple[str, Any]]:
    return people_choices(_("Nobody"))


def _accounts() -> list[tuple[str, Any]]:
    taken = Person.objects.exclude(account_id=None).values("account_id")
    rows = Account.objects.filter(active=True).exclude(id__in=taken).order_by("name")
    return [("", _("No account")), *((str(one.id), one.name) for one in rows)]


class PersonForm(forms.Form):
    """How somebody works here."""

    name = forms.CharField(label=_("Name"), max_length=120)
    role = forms.ChoiceField(
        label=_("Role"), choices=_roles, required=False, help_text=_("The one they have most of. Empty: as it is.")
    )
    manager_id = forms.ChoiceField(
        label=_("Reports to"), choices=_managers, required=False, help_text=_("Hears of deadlines that were missed.")
    )
    calendar = forms.ChoiceField(label=_("Working calendar"), choices=_calendars, initial="standard")
    zone = forms.ChoiceField(
        label=_("Time zone"), choices=_zones, required=False, help_text=_("Working hours are meant in this zone.")
    )
    active = forms.BooleanField(label=_("Works here"), required=False, initial=True)

    def clean_manager_id(self) -> Any:
        """The id, or None."""
        return as_uuid(self.cleaned_data["manager_id"] or "")


class NewPersonForm(PersonForm):
    """Who joins the team."""

    account_id = forms.ChoiceField(
        label=_("Account"), choices=_accounts, required=False, help_text=_("Only people with an account can own leads.")
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False, help_text=_("Empty: the account's."))
    active = None  # type: ignore[assignment]  # Django's way to leave a field of the parent out
    field_order = ("account_id", "name", "role", "manager_id", "calendar", "zone")

    def clean_account_id(self) -> Any:
        """The id, or None."""
        return as_uuid(self.cleaned_data["account_id"] or "")


class AbsenceForm(forms.Form):
    """When somebody is away. Days are whole days in their own zone; the last day is included."""

    first = DayField(label=_("First day"), required=True)
    last = DayField(label=_("Last day"), required=True)
    reason = forms.CharField(label=_("Why"), required=False, max_length=200, help_text=_("Shown to the whole team."))

    def clean(self) -> dict[str, Any]:
        """The last day is not before the first."""
        data = super().clean() or {}
        if data.get("first") and data.get("last") and data["last"] < data["first"]:
            self.add_error("last", _("The last day is before the first."))
        return data


def days_as_span(first: date, last: date, zone: Any) -> tuple[datetime, datetime]:
    """The half-open span of whole days in a zone."""
    midnight = datetime.min.time()
    return (
        datetime.combine(first, midnight, tzinfo=zone),
        datetime.combine(last + timedelta(days=1), midnight, tzinfo=zone),
    )


class CalendarForm(forms.Form):
    """The hours of a week and the free days of a calendar."""

    title = forms.CharField(label=_("Title"), max_length=200)
    zone = forms.ChoiceField(
        label=_("Time zone"), choices=_zones, required=False, help_text=_("For people who have none of their own.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day in WEEKDAYS:
            self.fields[day] = forms.CharField(label=DAY_NAMES[day], required=False, max_length=100)
        self.fields["mon"].help_text = _("Such as 09:00-12:30, 13:00-17:00. Empty: free.")
        self.fields["holidays"] = forms.CharField(
            label=_("Free days"),
            required=False,
            widget=forms.Textarea(attrs={"rows": 4}),
            help_text=_("One date in each line, such as 2026-12-25."),
        )

    def document(self) -> dict[str, Any]:
        """The checked form as a calendar's document."""
        data = self.cleaned_data
        hours = {day: _windows(data[day]) for day in WEEKDAYS if data[day].strip()}
        document = {"title": data["title"], "hours": hours, "holidays": data["holidays"].split()}
        return document | ({"zone": data["zone"]} if data["zone"] else {})


def _windows(text: str) -> list[list[str]]:
    parts = [part.strip().replace("–", "-") for part in text.split(",") if part.strip()]
    return [[side.strip() for side in part.split("-", 1)] for part in parts]


def calendar_values(calendar: WorkingCalendar) -> dict[str, Any]:
    """A calendar as its form shows it."""
    days = {
        day: ", ".join(f"{start}-{end}" for start, end in calendar.hours.get(day, ()))  # type: ignore[call-overload]  # a Weekday
        for day in WEEKDAYS
    }
    holidays = "\n".join(day.isoformat() for day in sorted(calendar.holidays))
    return {"title": calendar.title, "zone": calendar.zone, "holidays": holidays, **days}
