"""Validation of what pages and REST send about work, one-to-ones, first weeks and openings."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.domains.team.catalogue import catalogue, playbooks
from marops.domains.team.fields import people_choices
from marops.domains.team.models import Vacancy
from marops.kernel import shell
from marops.kernel.forms import DayField
from marops.kernel.ids import as_uuid

_OBJECT = re.compile(r"(?P<kind>[a-z_-]+):(?P<id>[\w@./-]{1,200})")
_ADDRESS = re.compile(r"(?:/(?!/)|https?://[\w.-]+(?::\d+)?(?:/|$))\S*")


def _responsibilities() -> list[tuple[str, Any]]:
    known = catalogue()
    rows = [(key, f"{known.title(role)}: {one.text}") for key, (role, one) in known.responsibilities.items()]
    return [("", _("None in particular")), *rows]


def as_id(value: str) -> Any:
    """What a choice of people means: an id, or None for nobody."""
    return as_uuid(value or "")


class WorkForm(forms.Form):
    """A piece of work: what, by when, how long, for whom."""

    title = forms.CharField(label=_("What is to be done"), max_length=200)
    person_id = forms.ChoiceField(label=_("Who"), required=False)
    due = DayField(label=_("By"))
    hours = forms.DecimalField(
        label=_("Hours"), required=False, min_value=0, max_digits=6, decimal_places=2,
        help_text=_("What it will take, roughly. Without hours it weighs nothing in anybody's week."),
    )  # fmt: skip
    responsibility = forms.ChoiceField(
        label=_("Part of"), choices=_responsibilities, required=False,
        help_text=_("Work of a responsibility counts inside its usual hours; only what goes beyond them adds."),
    )  # fmt: skip
    about = forms.CharField(
        label=_("About"), required=False, max_length=300,
        help_text=_("The address of a page in Marops or elsewhere: a campaign, a workflow, a lead."),
    )  # fmt: skip
    says = forms.CharField(
        label=_("Details"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Read by whoever has it, whoever asked, and who leads them; colleagues see the title alone."),
    )  # fmt: skip

    def __init__(self, *args: Any, choices: list[tuple[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = [("", _("Nobody yet")), *choices] if choices is not None else people_choices(_("Nobody yet"))
        self.fields["person_id"].choices = found  # type: ignore[attr-defined]  # a choice field

    def clean_person_id(self) -> Any:
        """The id, or None."""
        return as_id(self.cleaned_data["person_id"])

    def clean_about(self) -> tuple[str, str]:
        """Kind and id of what it is about."""
        text = self.cleaned_data["about"].strip()
        known = _OBJECT.fullmatch(text)
        if known and known["kind"] in shell.objects:
            return known["kind"], known["id"]
        if text and not _ADDRESS.fullmatch(text):
            raise forms.ValidationError(_("This is no address of a page."))
        return ("link", text) if text else ("", "")

    def clean(self) -> dict[str, Any]:
        """As the action takes it."""
        data = super().clean() or {}
        kind, ident = data.pop("about", ("", ""))
        return data | {"about_type": kind, "about_id": ident}


class ChangedWorkForm(WorkForm):
    """The same, of work that is there: who has it is changed apart."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["person_id"]


class MoveForm(forms.Form):
    """All open work of somebody to another."""

    source_id = forms.ChoiceField(label=_("From"))
    target_id = forms.ChoiceField(
        label=_("To"), required=False, help_text=_("Nobody: it waits in the list of work for whoever takes it.")
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source_id"].choices = choices  # type: ignore[attr-defined]  # a choice field
        self.fields["target_id"].choices = [("", _("Nobody yet")), *choices]  # type: ignore[attr-defined]  # the same

    def clean_source_id(self) -> Any:
        """The id."""
        return as_id(self.cleaned_data["source_id"])

    def clean_target_id(self) -> Any:
        """The id, or None."""
        return as_id(self.cleaned_data["target_id"])


class TalkForm(forms.Form):
    """A talk that was held: the day, and what is kept of it."""

    on = DayField(label=_("Day"), required=True)
    says = forms.CharField(
        label=_("Notes"), required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("For the two of you. Nobody else can open this page, whatever their rights."),
    )  # fmt: skip
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


class TopicForm(forms.Form):
    """Something to talk about, or something agreed."""

    says = forms.CharField(label=_("What"), max_length=500)
    kind = forms.ChoiceField(label=_("Is"), choices=[("topic", _("to talk about")), ("agreed", _("agreed"))])
    own = forms.BooleanField(label=_("For me alone"), required=False)


class OnboardingForm(forms.Form):
    """Somebody's first weeks: whose, by which playbook, from when, with whom beside them."""

    person_id = forms.ChoiceField(
        label=_("Newcomer"),
        error_messages={"invalid_choice": _("Choose somebody of yours whose first weeks were not begun before.")},
    )
    playbook = forms.ChoiceField(label=_("Playbook"))
    starts = DayField(label=_("First day"), required=True)
    mentor_id = forms.ChoiceField(
        label=_("Mentor"), required=False,
        help_text=_("Someone of the same or a neighbouring craft, not the manager, with time set aside for it."),
    )  # fmt: skip

    def __init__(self, *args: Any, newcomers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person_id"].choices = newcomers  # type: ignore[attr-defined]  # a choice field
        self.fields["mentor_id"].choices = people_choices(_("Nobody yet"))  # type: ignore[attr-defined]  # the same
        self.fields["playbook"].choices = [(slug, one.title) for slug, one in playbooks().items()]  # type: ignore[attr-defined]  # the same

    def clean_person_id(self) -> Any:
        """The id."""
        return as_id(self.cleaned_data["person_id"])

    def clean_mentor_id(self) -> Any:
        """The id, or None."""
        return as_id(self.cleaned_data["mentor_id"])


class OpeningForm(forms.Form):
    """A place nobody has yet: its roles with shares, its manager, from when, where."""

    title = forms.CharField(label=_("Title"), max_length=200)
    roles = forms.CharField(
        label=_("Roles"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One in each line, with the share of a week: Campaign Operations Manager 70 %."),
    )  # fmt: skip
    skills = forms.CharField(
        label=_("Skills asked for otherwise than by the roles"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One in each line, with the level from 0 to 4: Scoring leads 3. Level 0 leaves the skill out."),
    )  # fmt: skip
    manager_id = forms.ChoiceField(
        label=_("Reports to"), choices=lambda: people_choices(_("Nobody yet")), required=False
    )
    location = forms.CharField(label=_("Place"), required=False, max_length=200)
    starts = DayField(label=_("From"))
    state = forms.ChoiceField(
        label=_("Is"), choices=[(Vacancy.State.OPEN, _("open")), (Vacancy.State.PLANNED, _("planned"))], required=False
    )
    because = forms.CharField(
        label=_("Why"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For the team. It does not appear in the job description."),
    )  # fmt: skip

    def clean_roles(self) -> dict[str, float]:
        """Role → share."""
        named = {slug: role.title for slug, role in catalogue().roles.items()}
        found: dict[str, float] = {}
        for line in self.cleaned_data["roles"].splitlines():
            if not line.strip():
                continue
            said, share = _parted(_SHARE_OF, line)
            role = _called(said, named)
            if role is None:
                raise forms.ValidationError(_("There is no role “%(said)s”."), params={"said": said})
            found[role] = _share(share)
        if not found:
            raise forms.ValidationError(_("Name at least one role."))
        if sum(found.values()) > 1.0001:
            raise forms.ValidationError(_("The shares come to more than a whole week."))
        return found

    def clean_skills(self) -> dict[str, int]:
        """Skill → level."""
        named = {slug: skill.name for slug, skill in catalogue().skills.items()}
        found: dict[str, int] = {}
        for line in self.cleaned_data["skills"].splitlines():
            if not line.strip():
                continue
            said, level = _parted(_LEVEL_OF, line)
            skill = _called(said, named)
            if skill is None:
                raise forms.ValidationError(_("There is no skill “%(said)s”."), params={"said": said})
            if level not in ("0", "1", "2", "3", "4"):
                raise forms.ValidationError(_("A level is a number from 0 to 4."))
            found[skill] = int(level)
        return found

    def clean_manager_id(self) -> Any:
        """The id, or None."""
        return as_id(self.cleaned_data["manager_id"])

    def clean_state(self) -> str:
        """Open unless it is said."""
        return self.cleaned_data["state"] or Vacancy.State.OPEN


_SHARE_OF = re.compile(r"\s-?\d\S*\s*%?$")
_LEVEL_OF = re.compile(r"\s-?\d+$")


def _parted(end: re.Pattern[str], line: str) -> tuple[str, str]:
    """What a line names, and the number at its end."""
    found = end.search(line.strip())
    return (line.strip()[: found.start()].strip(), found[0].strip()) if found else (line.strip(), "")


def _called(said: str, named: Mapping[str, str]) -> str | None:
    """The short name of what is called so, by its short name or its title."""
    if said in named:
        return said
    return next((slug for slug, title in named.items() if title.casefold() == said.casefold()), None)


def _share(text: str) -> float:
    said = text.strip().rstrip("%").strip()
    try:
        value = float(said) if said else 100.0
    except ValueError:
        raise forms.ValidationError(_("A share is a number such as 70 %.")) from None
    share = value / 100 if "%" in text or value > 1 or not said else value
    if not 0 < share <= 1:
        raise forms.ValidationError(_("A share is more than nought and no more than 100 %."))
    return round(share, 3)


class FillForm(forms.Form):
    """By whom an opening is filled, from which day on."""

    person_id = forms.ChoiceField(label=_("Who comes"), choices=lambda: people_choices(_("Choose")))
    starts = DayField(
        label=_("From"),
        help_text=_("They hold the opening's roles from this day; others of theirs end."),
        required=True,
    )

    def clean_person_id(self) -> Any:
        """The id."""
        return as_id(self.cleaned_data["person_id"])
