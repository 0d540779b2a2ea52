"""Forms of scenarios: one change at a time, in the words of who asks "what if"."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Workflow

Words = Any  # a text, or one that is translated when it is shown
Pairs = list[tuple[str, Any]]
Change = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""From the workflow's short name and what was given to a change as scenarios say it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A kind of change as it is asked for: its words, its fields, and the change that they make."""

    kind: str
    label: Words
    asks: Words
    fields: tuple[str, ...]
    change: Change
    title: Words  # with the names of what was chosen
    first: bool = False  # offered on the bar itself


def _step(slug: str, given: Mapping[str, Any]) -> str:
    return f"{slug}/{given['step']}"


def _share(value: float | None) -> float:
    return round((value or 0.0) / 100, 6)


def _hire(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "change": "hire", "name": given["name"], "skills": dict.fromkeys(given["skills"], 1.0), "count": given["count"],
    }  # fmt: skip
    if given["months"]:
        made["ramp"] = {"months": given["months"], "first": max(_share(given["first"]), 0.01)}
    return made


def _assist(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"change": "assist", "step": _step(slug, given), "effort": _share(given["effort"])}
    if given["ai_use"]:
        made["ai_use"] = given["ai_use"]
    if given["cost_each"]:
        made["cost_each"] = given["cost_each"]
    if given["review_skill"]:
        made["review"] = {"skill": given["review_skill"], "hours": given["review_hours"] or 0.25}
    return made


def _demand(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    made = {"change": "demand", "workflow": slug, "factor": _share(given["factor"])}
    return {**made, "class": given["work_class"]} if given["work_class"] else made


def _automate(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    cost = {"cost_each": given["cost_each"]} if given["cost_each"] else {}
    return {"change": "automate", "step": _step(slug, given), "hours": given["hours"] or 0.0, **cost}


def _parallelise(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"change": "parallelise", "steps": [f"{slug}/{one}" for one in given["steps"]]}


def _plain(kind: str, **shares: str) -> Change:
    """A change whose fields stand in it as they are; a step is the workflow's. `shares`: per cents by their key."""

    def make(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {"change": kind}
        for name in ("person", "calendar", "skill"):
            if name in given:
                made[name] = given[name]
        if "step" in given:
            made["step"] = _step(slug, given)
        return {**made, **{key: _share(given[name]) for key, name in shares.items()}}

    return make


ASKS: tuple[Ask, ...] = (
    Ask(
        "hire", gettext_lazy("Hire"), gettext_lazy("Who comes, from when, and what do they cost?"),
        ("name", "skills", "count", "months", "first"), _hire, gettext_lazy("Hire: %(name)s"), first=True,
    ),
    Ask(
        "assist", gettext_lazy("AI step"), gettext_lazy("Which step does AI help with, and who looks at what it made?"),
        ("step", "effort", "ai_use", "review_skill", "review_hours", "cost_each"), _assist,
        gettext_lazy("AI helps with %(step)s"), first=True,
    ),
    Ask(
        "demand", gettext_lazy("Demand"), gettext_lazy("How much more, or less, comes in?"),
        ("work_class", "factor"), _demand, gettext_lazy("Demand at %(factor)s"), first=True,
    ),
    Ask(
        "rehour", gettext_lazy("Other hours"), gettext_lazy("Who works by another calendar?"),
        ("person", "calendar"), _plain("rehour"), gettext_lazy("%(person)s works by %(calendar)s"),
    ),
    Ask(
        "automate", gettext_lazy("Automate a step"), gettext_lazy("Which step needs nobody any more?"),
        ("step", "hours", "cost_each"), _automate, gettext_lazy("Automate %(step)s"),
    ),
    Ask(
        "remove", gettext_lazy("Leave a step out"), gettext_lazy("Which step falls away?"),
        ("step",), _plain("remove"), gettext_lazy("Without %(step)s"),
    ),
    Ask(
        "parallelise", gettext_lazy("Do steps side by side"),
        gettext_lazy("Which steps wait for each other and need not?"),
        ("steps",), _parallelise, gettext_lazy("%(steps)s side by side"),
    ),
    Ask(
        "reskill", gettext_lazy("Somebody else does it"), gettext_lazy("Which skill does the step then?"),
        ("step", "skill"), _plain("reskill"), gettext_lazy("%(step)s by %(skill)s"),
    ),
    Ask(
        "effort", gettext_lazy("Less work in a step"), gettext_lazy("How many of its hours does the step then take?"),
        ("step", "effort"), _plain("effort", factor="effort"), gettext_lazy("%(step)s in %(effort)s of its hours"),
    ),
    Ask(
        "rework", gettext_lazy("Less comes back"), gettext_lazy("How much of it then comes back?"),
        ("step", "probability"), _plain("rework", probability="probability"),
        gettext_lazy("%(probability)s come back from %(step)s"),
    ),
    Ask(
        "leave", gettext_lazy("Somebody goes"), gettext_lazy("Who goes, and when?"),
        ("person",), _plain("leave"), gettext_lazy("%(person)s goes"),
    ),
)  # fmt: skip
BY_KIND = {one.kind: one for one in ASKS}


class ScenarioForm(forms.Form):
    """One change, from when it holds, what it costs, and the scenario it belongs to."""

    start = forms.DateField(
        label=gettext_lazy("From"), required=True, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    one_off = forms.FloatField(label=gettext_lazy("Costs once"), required=False, min_value=0, max_value=1e10)
    cost_per_year = forms.FloatField(label=gettext_lazy("Costs a year"), required=False, min_value=0, max_value=1e10)
    to = forms.ChoiceField(label=gettext_lazy("Scenario"), required=False)
    title = forms.CharField(
        label=gettext_lazy("Its name"), required=False, max_length=200,
        help_text=gettext_lazy("Left empty, it is named after the change."),
    )  # fmt: skip

    def __init__(
        self, data: Any, *, ask: Ask, workflow: Workflow, crew: Crew, scenarios: Sequence[tuple[str, str]], first: date
    ) -> None:
        super().__init__(data)
        self.ask = ask
        self.workflow, self.crew = workflow, crew
        made = {name: self._made(name) for name in ask.fields}
        self.fields = {**made, **self.fields}
        self.fields["start"].initial = first
        self.fields["to"].choices = [("", _("A new one")), *scenarios]  # type: ignore[attr-defined]  # a choice field
        if ask.kind == "hire":
            self.fields["cost_per_year"].required = True

    def _made(self, name: str) -> forms.Field:
        return _FIELDS[name](self)

    def choices(self, name: str) -> Pairs:
        """What a field of this name offers."""
        steps = [one for one in self.workflow.steps if not one.gate]
        if name in ("step", "steps"):
            if self.ask.kind == "rework":
                steps = [one for one in steps if one.rework]
            return [(one.id, one.name) for one in steps]
        if name in ("skill", "skills", "review_skill"):
            found = {skill for one in self.crew.people for skill in one.skills} | {one.skill for one in steps}
            return [(one, one) for one in sorted(found - {""})]
        if name == "person":
            return [(one.id, one.name) for one in self.crew.people]
        if name == "calendar":
            return [(slug, one.title or slug) for slug, one in self.crew.calendars.items()]
        return [(one.id, one.name) for one in self.workflow.classes]

    def as_change(self, slug: str) -> dict[str, Any]:
        """The change as a scenario says it."""
        given = self.cleaned_data
        made = {**self.ask.change(slug, given), "start": given["start"].isoformat()}
        for name in ("one_off", "cost_per_year"):
            if given[name]:
                made[name] = given[name]
        return made

    def as_title(self) -> str:
        """The name that was given, or one made from the change."""
        given = dict(self.cleaned_data)
        for name in ("step", "person", "calendar"):
            if name in given:
                given[name] = dict(self.choices(name)).get(given[name], given[name])
        for name in ("factor", "effort", "probability"):
            if given.get(name) is not None:
                given[name] = f"{given[name]:g} %"
        if "steps" in given:
            known = dict(self.choices("steps"))
            given["steps"] = ", ".join(known[one] for one in given["steps"])
        return str(given["title"] or str(self.ask.title) % given)[:200]


def _choice(
    name: str, label: Words, *, empty: Words = "", required: bool = True
) -> Callable[[ScenarioForm], forms.Field]:
    def make(form: ScenarioForm) -> forms.Field:
        choices = form.choices(name)
        return forms.ChoiceField(label=label, choices=[("", empty), *choices] if empty else choices, required=required)

    return make


def _several(name: str, label: Words) -> Callable[[ScenarioForm], forms.Field]:
    return lambda form: forms.MultipleChoiceField(
        label=label, choices=form.choices(name), widget=forms.CheckboxSelectMultiple
    )


def _number(
    label: Words, initial: float | None = None, *, most: float = 1e6, least: float = 0, required: bool = True
) -> Callable[[ScenarioForm], forms.Field]:
    return lambda _form: forms.FloatField(
        label=label, initial=initial, min_value=least, max_value=most, required=required
    )


def _text(label: Words, *, required: bool = True) -> Callable[[ScenarioForm], forms.Field]:
    return lambda _form: forms.CharField(label=label, max_length=200, required=required)


_FIELDS: Mapping[str, Callable[[ScenarioForm], forms.Field]] = {
    "name": _text(gettext_lazy("Role")),
    "skills": _several("skills", gettext_lazy("What they can do")),
    "count": lambda _form: forms.IntegerField(label=gettext_lazy("How many"), initial=1, min_value=1, max_value=100),
    "months": _number(gettext_lazy("Months until they are as fast as the others"), 3, most=60, required=False),
    "first": _number(gettext_lazy("Speed on the first day, in per cent"), 40, most=100, least=1),
    "step": _choice("step", gettext_lazy("Step")),
    "steps": _several("steps", gettext_lazy("Steps")),
    "skill": _choice("skill", gettext_lazy("Skill")),
    "person": _choice("person", gettext_lazy("Who")),
    "calendar": _choice("calendar", gettext_lazy("Calendar")),
    "work_class": _choice("work_class", gettext_lazy("Kind of work"), empty=gettext_lazy("All"), required=False),
    "factor": _number(gettext_lazy("Of today's demand, in per cent"), 120, most=10_000),
    "effort": _number(gettext_lazy("Hours it then takes, in per cent of now"), 50, most=10_000),
    "probability": _number(gettext_lazy("Comes back, in per cent"), 10, most=100),
    "hours": _number(gettext_lazy("Hours the machine takes"), 0.1, required=False),
    "cost_each": _number(gettext_lazy("Costs each time"), required=False, most=1e9),
    "ai_use": _text(gettext_lazy("What AI does"), required=False),
    "review_skill": _choice(
        "review_skill", gettext_lazy("Who looks at it"), empty=gettext_lazy("Nobody"), required=False
    ),
    "review_hours": _number(gettext_lazy("Hours to look at it"), 0.25, required=False),
}
