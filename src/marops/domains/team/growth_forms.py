"""What is asked for by growth plans, over pages and REST alike."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.domains.team.catalogue import catalogue
from marops.domains.team.fields import people_choices, role_choices
from marops.domains.team.models import GrowthGoal, GrowthPlan
from marops.kernel.forms import DayField
from marops.kernel.ids import as_uuid
from marops.kernel.workspace import today

_WORDS = forms.Textarea(attrs={"rows": 3})
SEEN_BY = (
    (GrowthPlan.SeenBy.NOBODY, _("Nobody but me")),
    (GrowthPlan.SeenBy.MENTOR, _("My mentor, once they said yes")),
    (GrowthPlan.SeenBy.MANAGER, _("My manager")),
    (GrowthPlan.SeenBy.BOTH, _("My mentor and my manager")),
)


def _people() -> list[tuple[str, Any]]:
    return people_choices(_("Nobody"))


def _mentors() -> list[tuple[str, Any]]:
    return people_choices(_("Nobody"), sign_in=True)


def _roles() -> list[tuple[str, Any]]:
    return role_choices(_("In words"))


def _skills() -> list[tuple[str, Any]]:
    rows = sorted(catalogue().skills.values(), key=lambda one: one.name)
    return [("", _("None in particular")), *((one.id, one.name) for one in rows)]


def _others(field: Any, people: list[tuple[str, Any]], me: UUID | None) -> None:
    """Nobody is their own mentor, or looks back with themselves."""
    field.choices = [one for one in people if one[0] != str(me)]


class _Person(forms.ChoiceField):
    def clean(self, value: Any) -> UUID | None:
        return as_uuid(super().clean(value) or "")


class PlanForm(forms.Form):
    """What one aims at, and who sees the plan."""

    aim = forms.CharField(label=_("What I aim at"), max_length=2000, required=False, widget=_WORDS)
    mentor_id = _Person(
        label=_("Mentor"), choices=_mentors, required=False, help_text=_("Is asked first, and may say no.")
    )
    seen_by = forms.ChoiceField(label=_("Who sees this plan"), choices=SEEN_BY, initial=GrowthPlan.SeenBy.NOBODY)

    def __init__(self, *args: Any, me: UUID | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _others(self.fields["mentor_id"], _mentors(), me)


class GoalForm(forms.Form):
    """Where one wants to get."""

    role = forms.ChoiceField(label=_("Role"), choices=_roles, required=False)
    says = forms.CharField(label=_("In words"), max_length=500, required=False)
    by = DayField(label=_("By"))


class GoalStateForm(forms.Form):
    """How far a goal is."""

    state = forms.ChoiceField(choices=GrowthGoal.State.choices)


class MoveForm(forms.Form):
    """A small thing to do next."""

    says = forms.CharField(label=_("What I will do"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    skill = forms.ChoiceField(label=_("For the skill"), choices=_skills, required=False)
    by = DayField(label=_("By"))


class AdoptForm(MoveForm):
    """A proposed move that goes into the plan, with the role it leads towards."""

    role = forms.ChoiceField(choices=_roles, required=False, widget=forms.HiddenInput)


class ReviewForm(forms.Form):
    """A look back."""

    on = DayField(label=_("On"), initial=today, required=True)
    beside_id = _Person(label=_("With"), choices=_people, required=False)
    says = forms.CharField(label=_("What we saw"), max_length=4000, widget=_WORDS)

    def __init__(self, *args: Any, me: UUID | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _others(self.fields["beside_id"], _people(), me)


class MentorForm(forms.Form):
    """Yes or no of somebody who was asked."""

    agrees = forms.BooleanField(required=False)
