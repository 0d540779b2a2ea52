"""What is asked for by growth plans, over pages and REST alike."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import GrowthGoal, GrowthPlan, Person
from marops.kernel.ids import as_uuid
from marops.kernel.workspace import today

_WORDS = forms.Textarea(attrs={"rows": 3})
SEEN_BY = (
    (GrowthPlan.SeenBy.NOBODY, _("Nobody but me")),
    (GrowthPlan.SeenBy.MENTOR, _("My mentor, once they said yes")),
    (GrowthPlan.SeenBy.MANAGER, _("My manager")),
    (GrowthPlan.SeenBy.BOTH, _("My mentor and my manager")),
)


def _people(*, sign_in: bool = False) -> list[tuple[str, Any]]:
    rows = Person.objects.filter(active=True).order_by("name", "number")
    if sign_in:
        rows = rows.exclude(account_id=None)
    return [("", _("Nobody")), *((str(pk), name) for pk, name in rows.values_list("id", "name"))]


def _mentors() -> list[tuple[str, Any]]:
    return _people(sign_in=True)


def _roles() -> list[tuple[str, Any]]:
    rows = sorted(catalogue().roles.items(), key=lambda pair: pair[1].title)
    return [("", _("In words")), *((slug, role.title) for slug, role in rows)]


def _skills() -> list[tuple[str, Any]]:
    rows = sorted(catalogue().skills.values(), key=lambda one: one.name)
    return [("", _("None in particular")), *((one.id, one.name) for one in rows)]


def _day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


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


class GoalForm(forms.Form):
    """Where one wants to get."""

    role = forms.ChoiceField(label=_("Role"), choices=_roles, required=False)
    says = forms.CharField(label=_("In words"), max_length=500, required=False)
    by = forms.DateField(label=_("By"), required=False, widget=_day())


class GoalStateForm(forms.Form):
    """How far a goal is."""

    state = forms.ChoiceField(choices=GrowthGoal.State.choices)


class MoveForm(forms.Form):
    """A small thing to do next."""

    says = forms.CharField(label=_("What I will do"), max_length=500)
    skill = forms.ChoiceField(label=_("For the skill"), choices=_skills, required=False)
    by = forms.DateField(label=_("By"), required=False, widget=_day())


class AdoptForm(MoveForm):
    """A proposed move that goes into the plan, with the role it leads towards."""

    role = forms.ChoiceField(choices=_roles, required=False, widget=forms.HiddenInput)


class ReviewForm(forms.Form):
    """A look back."""

    on = forms.DateField(label=_("On"), initial=today, widget=_day())
    beside_id = _Person(label=_("With"), choices=_people, required=False)
    says = forms.CharField(label=_("What we saw"), max_length=4000, widget=_WORDS)


class MentorForm(forms.Form):
    """Yes or no of somebody who was asked."""

    agrees = forms.BooleanField(required=False)
