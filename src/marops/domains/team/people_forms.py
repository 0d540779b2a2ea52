"""Validation of what pages and REST send about people: roles, levels, evidence, pay, what is shown, leaving."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from marops.domains.team.catalogue import assumptions, catalogue
from marops.domains.team.fields import role_choices
from marops.domains.team.forms import NewPersonForm, PersonForm
from marops.domains.team.models import Evidence, Shown
from marops.domains.team.rules.document import LEVEL_WORDS
from marops.domains.team.rules.roles import Skill
from marops.kernel.forms import DayField
from marops.kernel.money import currencies


def _spans() -> list[tuple[str, Any]]:
    return [("", _("Does not lead, or not said")), *((one.id, one.name) for one in assumptions().spans)]


def _hours() -> forms.DecimalField:
    return forms.DecimalField(
        label=_("Hours a week"), required=False, min_value=1, max_value=80, max_digits=5, decimal_places=2,
        help_text=_("Empty: those of the calendar."),
    )  # fmt: skip


def _address() -> forms.EmailField:
    return forms.EmailField(
        label=_("E-mail address"), required=False, max_length=254,
        help_text=_("Of somebody without an account, so that lists find them again. Who keeps people sees it."),
    )  # fmt: skip


class DetailsForm(PersonForm):
    """What is kept about how and where somebody works; roles are kept by themselves."""

    role = None  # type: ignore[assignment]  # Django's way to leave a field of the parent out
    email = _address()
    location = forms.CharField(
        label=_("Place"), required=False, max_length=120, help_text=_("Colleagues see it where the person agreed.")
    )
    weekly_hours = _hours()
    joined = DayField(label=_("Here since"))
    leads_as = forms.ChoiceField(
        label=_("Leads as"), choices=_spans, required=False, help_text=_("By this it is told how many people fit.")
    )
    field_order = (
        "name",
        "email",
        "manager_id",
        "location",
        "zone",
        "calendar",
        "weekly_hours",
        "joined",
        "leads_as",
        "active",
    )

    def __init__(self, *args: Any, has_account: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_account:
            del self.fields["email"]


class AddressForm(forms.Form):
    """The address of somebody without an account."""

    email = _address()


class NewcomerForm(NewPersonForm):
    """Who joins, with the first role and its share."""

    email = _address()
    share = forms.IntegerField(
        label=_("Share of a week"), required=False, min_value=1, max_value=100, initial=100, help_text=_("Per cent.")
    )
    location = forms.CharField(label=_("Place"), required=False, max_length=120)
    joined = DayField(label=_("Here since"), help_text=_("The role begins on this day; empty: today."))
    weekly_hours = _hours()
    field_order: Any = (
        "account_id", "name", "email", "role", "share", "manager_id", "location", "joined", "weekly_hours", "calendar",
        "zone",
    )  # fmt: skip

    def clean_share(self) -> Decimal:
        """As a part of one."""
        return Decimal(self.cleaned_data["share"] or 100) / 100


def _roles() -> list[tuple[str, Any]]:
    return role_choices(_("Choose a role"))


class RoleForm(forms.Form):
    """A role that somebody holds: for which share of a week, from when, until when."""

    role = forms.ChoiceField(label=_("Role"), choices=_roles)
    share = forms.IntegerField(
        label=_("Share of a full week"), min_value=1, max_value=100, initial=100,
        help_text=_("Per cent; all roles of one time together make at most 100."),
    )  # fmt: skip
    starts = DayField(label=_("From"), help_text=_("Empty: since always."))
    last = DayField(label=_("Last day"), help_text=_("Empty: until further notice."))

    def __init__(self, *args: Any, fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if fixed:
            del self.fields["role"]

    def clean(self) -> dict[str, Any]:
        """The share as a part of one, the end as the first day without the role."""
        data = super().clean() or {}
        if data.get("starts") and data.get("last") and data["last"] < data["starts"]:
            self.add_error("last", _("The last day is before the first."))
        if "share" in data:
            data["share"] = Decimal(data["share"]) / 100
        last = data.pop("last", None)
        data["ends"] = last + timedelta(days=1) if last else None
        return data


class PathForm(forms.Form):
    """A role that somebody had before they came here."""

    role = forms.ChoiceField(label=_("Role"), choices=_roles)
    starts = DayField(label=_("From"), required=True)
    last = DayField(label=_("Last day"), required=True)

    def clean(self) -> dict[str, Any]:
        """The end as the first day without the role."""
        data = super().clean() or {}
        if data.get("starts") and data.get("last") and data["last"] < data["starts"]:
            self.add_error("last", _("The last day is before the first."))
        last: date | None = data.pop("last", None)
        data["ends"] = last + timedelta(days=1) if last else None
        return data


class LevelsForm(forms.Form):
    """A level for each skill, chosen by the behaviour that fits best. What is left open stays open."""

    def __init__(
        self, *args: Any, skills: Sequence[Skill], needs: Mapping[str, int] | None = None,
        notes: Mapping[str, str] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self._skills, self._notes, needs = skills, notes or {}, needs or {}
        for one in skills:
            choices: list[tuple[str, Any]] = [("", _("Not said"))]
            choices += [
                (str(level), f"{level} · {says}" + (f" ({_now('asked for')})" if needs.get(one.id) == level else ""))
                for level, says in enumerate(one.levels)
            ]
            self.fields[one.id] = forms.ChoiceField(
                label=one.name, choices=choices, required=False, widget=forms.RadioSelect, help_text=one.summary
            )
            self.fields[f"note-{one.id}"] = _note(
                _("%(skill)s, in words") % {"skill": one.name}, self._notes.get(one.id)
            )
        self.fields["more"] = forms.ChoiceField(
            label=_("A skill beside these"), choices=[("", _("None")), *_others(skills)], required=False
        )
        self.fields["more_level"] = forms.ChoiceField(
            label=_("At which level"), required=False,
            choices=[("", _("Not said")), *((str(level), f"{level} · {said}") for level, said in LEVEL_WORDS.items())],
        )  # fmt: skip

        self.fields["note-more"] = _note(_("On that one, in words"))

    def clean(self) -> dict[str, Any]:
        """Words alone say nothing: they belong to a level."""
        data = super().clean() or {}
        for name in [f"note-{one.id}" for one in self._skills] + ["note-more"]:
            level = "more_level" if name == "note-more" else name.removeprefix("note-")
            if data.get(name) and not data.get(level) and level not in self.errors:
                self.add_error(name, _("Choose the level that these words are about."))
        return data

    def notes(self) -> dict[str, str]:
        """Skill → what was said in words; skills with nothing said before or now are left out."""
        data = self.cleaned_data
        told = {one.id: str(data.get(f"note-{one.id}", "")) for one in self._skills if data.get(one.id)}
        if data.get("more") and data.get("note-more"):
            told[data["more"]] = data["note-more"]
        return {skill: words for skill, words in told.items() if words or self._notes.get(skill)}

    def levels(self) -> dict[str, int]:
        """Skill → level, of those that were said."""
        data = self.cleaned_data
        found = {one.id: int(data[one.id]) for one in self._skills if data.get(one.id)}
        if data.get("more") and data.get("more_level"):
            found[data["more"]] = int(data["more_level"])
        return found


def _note(label: Any, initial: str | None = None) -> forms.CharField:
    rows = forms.Textarea(attrs={"rows": 1})
    return forms.CharField(label=label, required=False, max_length=1000, widget=rows, initial=initial)


def _others(skills: Sequence[Skill]) -> list[tuple[str, str]]:
    shown = {one.id for one in skills}
    return sorted(((ident, one.name) for ident, one in catalogue().skills.items() if ident not in shown),
                  key=lambda pair: pair[1])  # fmt: skip


def _skills() -> list[tuple[str, str]]:
    return sorted(((ident, one.name) for ident, one in catalogue().skills.items()), key=lambda pair: pair[1])


class EvidenceForm(forms.Form):
    """What speaks for a level: work done in Marops, a certificate, or a link."""

    skill = forms.ChoiceField(label=_("For the skill"), choices=_skills)
    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=[
            (Evidence.Kind.CERTIFICATE, _("A certificate")),
            (Evidence.Kind.LINK, _("A link")),
            (Evidence.Kind.WORK, _("Work done in Marops")),
        ],
    )
    key = forms.ChoiceField(label=_("Which work"), required=False, help_text=_("What Marops holds of this person."))
    says = forms.CharField(label=_("In words"), max_length=300, required=False)
    url = forms.URLField(
        assume_scheme="https",
        label=_("Address"),
        required=False,
        max_length=600,
        help_text=_("Of a link. It is shown, never opened by Marops."),
    )
    on = DayField(label=_("On"))
    valid_until = DayField(label=_("Valid until"), help_text=_("Of a certificate that runs out."))

    def __init__(self, *args: Any, traces: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._traces = dict(traces)
        chosen: Any = self.fields["key"]
        chosen.choices = [("", _("None")), *traces]
        if not traces:
            kinds: Any = self.fields["kind"]
            kinds.choices = [pair for pair in kinds.choices if pair[0] != Evidence.Kind.WORK]
            del self.fields["key"]

    def clean(self) -> dict[str, Any]:
        """Each kind needs what makes it one."""
        data = super().clean() or {}
        kind = data.get("kind")
        if kind == Evidence.Kind.WORK and not data.get("key"):
            self.add_error("key", _("Choose which work."))
        if kind == Evidence.Kind.LINK and not data.get("url") and "url" not in self.errors:
            self.add_error("url", _("A link needs an address."))
        if kind != Evidence.Kind.WORK:
            data["key"] = ""
            if not data.get("says"):
                self.add_error("says", _("Say in a few words what it is."))
        elif not data.get("says"):
            data["says"] = self._traces.get(data.get("key", ""), "")
        if data.get("on") and data.get("valid_until") and data["valid_until"] < data["on"]:
            self.add_error("valid_until", _("It would run out before it was earned."))
        return data


def _currencies() -> list[tuple[str, str]]:
    return [(code, code) for code in sorted(currencies())]


class PayForm(forms.Form):
    """What somebody is paid a year, from a day on."""

    amount = forms.DecimalField(
        label=_("Paid a year"), min_value=Decimal(1), max_digits=11, decimal_places=2,
        help_text=_("For the share of a week they really work, before tax."),
    )  # fmt: skip
    currency = forms.ChoiceField(label=_("Currency"), choices=_currencies)
    starts = DayField(label=_("From"), help_text=_("Empty: from today on."))


class LeaveForm(forms.Form):
    """Somebody's last day."""

    left = DayField(label=_("Last day"), required=True, help_text=_("All roles end with it."))


SHOWN_WORDS = {
    Shown.What.SKILLS: _("My skills, at the levels I gave myself"),
    Shown.What.EVIDENCE: _("What speaks for them"),
    Shown.What.PATH: _("The roles I had, with their years"),
    Shown.What.PLACE: _("Where I work"),
}


class ShownForm(forms.Form):
    """What somebody shows to colleagues."""

    what = forms.MultipleChoiceField(
        label=_("Colleagues may see"), required=False, choices=list(SHOWN_WORDS.items()),
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip


class ForgetForm(forms.Form):
    """That somebody means it."""

    name = forms.CharField(label=_("Write the name of the person"), max_length=200)
    sure = forms.BooleanField(label=_("I have read what goes, and that it does not come back"))
