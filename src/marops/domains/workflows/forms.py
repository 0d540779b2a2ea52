"""Forms of scenarios: one change at a time, in the words of who asks "what if"."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Workflow
from marops.kernel.forms import DayField

WHOLE = 100.0
"""Per cent."""
EVERYTHING, AS_IT_IS, WHENEVER, ONE_BY_ONE, COLLECTED = "*", "=", "*", "1", "n"
Words = Any  # a text, or one that is translated when it is shown
Pairs = Sequence[tuple[str, Any]]
Change = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""From the workflow's short name and what was given, with the workflow as `flow`, to a change as scenarios say it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A kind of change as it is asked for: its words, its fields, and the change that they make."""

    kind: str
    group: str
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


def _filled(given: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Of these fields those that say something."""
    return {name: given[name] for name in names if given.get(name)}


def _hire(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "change": "hire", "name": given["name"], "skills": dict.fromkeys(given["skills"], 1.0), "count": given["count"],
        **_filled(given, "calendar"),
    }  # fmt: skip
    if given["share"] < WHOLE:
        made["share"] = _share(given["share"])
    if given["months"]:
        made["ramp"] = {"months": given["months"], "first": max(_share(given["first"]), 0.01)}
    return made


def _train(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    skills = dict.fromkeys(given["skills"], _share(given["speed"]))
    return {"change": "train", "person": given["person"], "skills": skills, "hours_away": given["hours_away"] or 0.0}


def _assist(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"change": "assist", "step": _step(slug, given), "effort": _share(given["effort"])}
    made |= _filled(given, "ai_use", "cost_each")
    if given["then_back"] is not None:
        made["rework"] = _share(given["then_back"])
    if given["review_skill"]:
        made["review"] = {
            "skill": given["review_skill"], "hours": given["review_hours"] or 0.25,
            "share": _share(given["review_share"] or WHOLE),
        }  # fmt: skip
    return made


def _demand(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    made = {"change": "demand", "factor": _share(given["factor"])}
    if given["work_class"] == EVERYTHING:
        return made
    return {**made, "workflow": slug, **({"class": given["work_class"]} if given["work_class"] else {})}


def _automate(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    more = _filled(given, "platform", "cost_each")
    return {"change": "automate", "step": _step(slug, given), "hours": given["hours"] or 0.0, **more}


def _parallelise(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"change": "parallelise", "steps": [f"{slug}/{one}" for one in given["steps"]]}


def _effort(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    what, _colon, name = given["where"].partition(":")
    named = f"{slug}/{name}" if what == "step" else name
    return {"change": "effort", what: named, "factor": _share(given["effort"]), **_filled(given, "touch")}


def _rebatch(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"change": "rebatch", "step": _step(slug, given)}
    if given["opens"] != AS_IT_IS:
        made["opens"] = "" if given["opens"] == WHENEVER else given["opens"]
    if given["collect"] == ONE_BY_ONE:
        made["batch"] = "none"
    if given["collect"] == COLLECTED:
        made["batch"] = {"size": given["size"], **_filled(given, "wait_at_most", "together")}
    return made


def _limit(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"change": "limit", "workflow": slug, "limit": given["limit"]}


def _platform(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
    more = _filled(given, "retire", "add", "saves_per_year")
    return {"change": "platform", **more, "factor": _share(given["moved_effort"])}


def _plain(kind: str, **shares: str) -> Change:
    """A change whose fields stand in it as they are; a step is the workflow's. `shares`: per cents by their key."""

    def make(slug: str, given: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {"change": kind, **_filled(given, "person", "calendar", "skill")}
        if "step" in given:
            made["step"] = _step(slug, given)
        return {**made, **{key: _share(given[name]) for key, name in shares.items()}}

    return make


ASKS: tuple[Ask, ...] = (
    Ask(
        "hire", "people", gettext_lazy("Hire"), gettext_lazy("Who comes, from when, and what do they cost?"),
        ("name", "skills", "count", "share", "calendar", "months", "first"), _hire, gettext_lazy("Hire: %(name)s"),
        first=True,
    ),
    Ask(
        "train", "people", gettext_lazy("Train"), gettext_lazy("Who learns what, and how long are they away for it?"),
        ("person", "skills", "speed", "hours_away"), _train, gettext_lazy("%(person)s learns %(skills)s"),
    ),
    Ask(
        "rehour", "people", gettext_lazy("Other hours"), gettext_lazy("Who works by another calendar?"),
        ("person", "calendar"), _plain("rehour"), gettext_lazy("%(person)s works by %(calendar)s"),
    ),
    Ask(
        "leave", "people", gettext_lazy("Somebody goes"), gettext_lazy("Who goes, and when?"),
        ("person",), _plain("leave"), gettext_lazy("%(person)s goes"),
    ),
    Ask(
        "assist", "steps", gettext_lazy("AI step"),
        gettext_lazy("Which step does AI help with, and who looks at what it made?"),
        ("step", "effort", "ai_use", "then_back", "review_skill", "review_hours", "review_share", "cost_each"), _assist,
        gettext_lazy("AI helps with %(step)s"), first=True,
    ),
    Ask(
        "automate", "steps", gettext_lazy("Automate"), gettext_lazy("Which step needs nobody any more?"),
        ("step", "hours", "platform", "cost_each"), _automate, gettext_lazy("Automate %(step)s"),
    ),
    Ask(
        "remove", "steps", gettext_lazy("Leave out"), gettext_lazy("Which step falls away?"),
        ("step",), _plain("remove"), gettext_lazy("Without %(step)s"),
    ),
    Ask(
        "parallelise", "steps", gettext_lazy("Side by side"),
        gettext_lazy("Which steps wait for each other and need not?"),
        ("steps",), _parallelise, gettext_lazy("%(steps)s side by side"),
    ),
    Ask(
        "reskill", "steps", gettext_lazy("Somebody else does it"), gettext_lazy("Which skill does the step then?"),
        ("step", "skill"), _plain("reskill"), gettext_lazy("%(step)s by %(skill)s"),
    ),
    Ask(
        "rebatch", "steps", gettext_lazy("Opening and collecting"),
        gettext_lazy("When is the step open, and is its work collected?"),
        ("step", "opens", "collect", "size", "wait_at_most", "together"), _rebatch,
        gettext_lazy("%(step)s opens or collects otherwise"),
    ),
    Ask(
        "effort", "steps", gettext_lazy("Less work"), gettext_lazy("Where does work take fewer hours, or more?"),
        ("where", "effort", "touch"), _effort, gettext_lazy("%(where)s in %(effort)s of its hours"),
    ),
    Ask(
        "rework", "steps", gettext_lazy("Less comes back"), gettext_lazy("How much of it then comes back?"),
        ("step", "probability"), _plain("rework", probability="probability"),
        gettext_lazy("%(probability)s come back from %(step)s"),
    ),
    Ask(
        "demand", "flow", gettext_lazy("Demand"), gettext_lazy("How much more, or less, comes in?"),
        ("work_class", "factor"), _demand, gettext_lazy("Demand at %(factor)s"), first=True,
    ),
    Ask(
        "limit", "flow", gettext_lazy("Limit of work in progress"),
        gettext_lazy("How many may be in work at a time?"),
        ("limit",), _limit, gettext_lazy("At most %(limit)s in work"),
    ),
    Ask(
        "platform", "platforms", gettext_lazy("Replace, retire or add"),
        gettext_lazy("Which platform goes, and what takes its place?"),
        ("retire", "add", "moved_effort", "saves_per_year"), _platform, gettext_lazy("%(retire)s → %(add)s"),
    ),
)  # fmt: skip
BY_KIND = {one.kind: one for one in ASKS}
GROUPS: tuple[tuple[str, Words], ...] = (
    ("people", gettext_lazy("People")), ("steps", gettext_lazy("Steps")), ("flow", gettext_lazy("What comes in")),
    ("platforms", gettext_lazy("Platforms")),
)  # fmt: skip
"""Kinds of change that belong together, in the order in which they are offered."""
ASKED_OF: Mapping[str, str] = {"calendar": "opens", "rework": "then_back", "workflow": "work_class"}
"""Where a fault of a change stands on the form, if its field is called otherwise there."""


class ScenarioForm(forms.Form):
    """One change, from when it holds, what it costs, and the scenario it belongs to."""

    start = DayField(label=gettext_lazy("From"), required=True)
    one_off = forms.FloatField(required=False, min_value=0, max_value=1e10)
    cost_per_year = forms.FloatField(required=False, min_value=0, max_value=1e10)
    because = forms.CharField(
        label=gettext_lazy("Why you think so"), required=False, max_length=2000,
        help_text=gettext_lazy("Stands beside the answer, for whoever asks what it rests on."),
    )  # fmt: skip
    to = forms.ChoiceField(label=gettext_lazy("Scenario"), required=False)
    title = forms.CharField(
        label=gettext_lazy("Name of the new scenario"), required=False, max_length=200,
        help_text=gettext_lazy("Left empty, it is named after the change."),
    )  # fmt: skip

    def __init__(
        self, data: Any, *, ask: Ask, workflow: Workflow, crew: Crew, scenarios: Sequence[tuple[str, str]], first: date,
        to: str = "",
    ) -> None:  # fmt: skip
        super().__init__(data, initial={"start": first, "to": to})
        self.ask = ask
        self.workflow, self.crew = workflow, crew
        made = {name: self._made(name) for name in ask.fields}
        self.fields = {**made, **self.fields}
        self.fields["to"].choices = [("", _("A new one")), *scenarios]  # type: ignore[attr-defined]  # a choice field
        self.fields["one_off"].label = _("Costs once, in %(currency)s") % {"currency": crew.currency}
        self.fields["cost_per_year"].label = _("Costs a year, in %(currency)s") % {"currency": crew.currency}
        if "count" in self.fields:
            for name in ("one_off", "cost_per_year"):
                self.fields[name].help_text = _("Each of them.")
        if ask.kind == "hire":
            self.fields["cost_per_year"].required = True

    def _made(self, name: str) -> forms.Field:
        return _FIELDS[name](self)

    @property
    def parts(self) -> list[tuple[Words, list[forms.BoundField]]]:
        """The fields as they belong together: the change itself, when and at what cost, the scenario."""
        rest = (
            (self.ask.label, self.ask.fields),
            (_("When, and at what cost"), ("start", "one_off", "cost_per_year", "because")),
            (_("Which scenario it belongs to"), ("to",) if self.initial["to"] else ("to", "title")),
        )
        return [(words, [self[name] for name in names]) for words, names in rest]

    def choices(self, name: str) -> Pairs:
        """What a field of this name offers."""
        steps = [one for one in self.workflow.steps if not one.gate]
        if name in ("step", "steps"):
            back = {way.source for way in self.workflow.ways if way.at_most}
            if self.ask.kind == "rework":
                steps = [one for one in steps if one.rework or one.id in back]
            return [(one.id, one.name) for one in steps]
        if name in ("skill", "skills", "review_skill"):
            found = {skill for one in self.crew.people for skill in one.skills} | {one.skill for one in steps}
            return [(one, one) for one in sorted(found - {""})]
        if name == "person":
            return [(one.id, one.name) for one in self.crew.people]
        if name in ("calendar", "opens"):
            return [(slug, one.title or slug) for slug, one in self.crew.calendars.items()]
        if name == "retire":
            return [(one, one) for one in dict.fromkeys(each for step in steps for each in step.platforms)]
        if name == "where":
            return list(self._places())
        return [(one.id, one.name) for one in self.workflow.classes]

    def _places(self) -> Iterator[tuple[str, Any]]:
        """Where work may become less: in a step, in all steps of a skill, in all that is done on a platform."""
        kinds = (("step", _("Step"), "step"), ("skill", _("All steps of a skill"), "skill"),
                 ("platform", _("All steps on a platform"), "retire"))  # fmt: skip
        for kind, label, name in kinds:
            if found := [(f"{kind}:{key}", words) for key, words in self.choices(name)]:
                yield label, found

    def clean(self) -> dict[str, Any]:
        """What no field can see by itself."""
        given: dict[str, Any] = super().clean() or {}
        if self.ask.kind == "platform" and not (given.get("retire") or given.get("add")):
            self.add_error("retire", _("Say which platform goes, or which one comes."))
        if self.ask.kind == "rebatch" and "size" in given:
            if given["collect"] == COLLECTED and not given["size"]:
                self.add_error("size", _("Say how many are collected."))
            if given["collect"] == AS_IT_IS and given["opens"] == AS_IT_IS:
                self.add_error("opens", _("This changes nothing: choose when it opens, or whether it is collected."))
        if self.ask.kind == "parallelise" and len(given.get("steps", ())) == 1:
            self.add_error("steps", _("Choose at least two steps."))
        return given

    def as_change(self, slug: str) -> dict[str, Any]:
        """The change as a scenario says it."""
        given = self.cleaned_data
        made = {**self.ask.change(slug, given), "start": given["start"].isoformat()}
        return made | _filled(given, "one_off", "cost_per_year", "because")

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
        if "where" in given:
            given["where"] = {key: words for _kind, found in self._places() for key, words in found}[given["where"]]
        if isinstance(given.get("skills"), list):
            given["skills"] = ", ".join(given["skills"])
        return str(given["title"] or self._own_title(given))[:200]

    def _own_title(self, given: Mapping[str, Any]) -> str:
        if self.ask.kind == "platform" and not (given["retire"] and given["add"]):
            return (_("Without %(name)s") if given["retire"] else _("With %(name)s")) % {
                "name": given["retire"] or given["add"]
            }
        if self.ask.kind == "limit" and not given["limit"]:
            return _("No limit of work in progress")
        return str(self.ask.title) % given


def _choice(
    name: str, label: Words, *, empty: Words = "", required: bool = True, more: Pairs = ()
) -> Callable[[ScenarioForm], forms.Field]:
    """`empty`: what stands for nothing; `more`: choices before those that the workflow and its crew offer."""

    def make(form: ScenarioForm) -> forms.Field:
        first = [("", empty), *more] if empty else list(more)
        return forms.ChoiceField(label=label, choices=[*first, *form.choices(name)], required=required)

    return make


def _of(label: Words, choices: Pairs, *, required: bool = True) -> Callable[[ScenarioForm], forms.Field]:
    return lambda _form: forms.ChoiceField(label=label, choices=choices, required=required)


def _several(name: str, label: Words, words: Words = "") -> Callable[[ScenarioForm], forms.Field]:
    return lambda form: forms.MultipleChoiceField(
        label=label, choices=form.choices(name), widget=forms.CheckboxSelectMultiple, help_text=words
    )


def _number(
    label: Words, initial: float | None = None, *, most: float = 1e6, least: float = 0, required: bool = True,
    words: Words = "",
) -> Callable[[ScenarioForm], forms.Field]:  # fmt: skip
    return lambda _form: forms.FloatField(
        label=label, initial=initial, min_value=least, max_value=most, required=required, help_text=words
    )


def _whole(label: Words, initial: int | None, least: int, most: int, words: Words = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, initial=initial, min_value=least, max_value=most, required=initial is not None, help_text=words
    )


def _money(label: Words) -> Callable[[ScenarioForm], forms.Field]:
    return lambda form: forms.FloatField(
        label=label % {"currency": form.crew.currency}, min_value=0, max_value=1e9, required=False
    )


def _text(label: Words, *, required: bool = True) -> Callable[[ScenarioForm], forms.Field]:
    return lambda _form: forms.CharField(label=label, max_length=200, required=required)


_FIELDS: Mapping[str, Callable[[ScenarioForm], forms.Field]] = {
    "name": _text(gettext_lazy("Role")),
    "skills": _several("skills", gettext_lazy("What they can do")),
    "count": lambda _form: _whole(gettext_lazy("How many"), 1, 1, 100),
    "share": _number(gettext_lazy("Share of a full week, in per cent"), 100, most=WHOLE, least=1),
    "months": _number(gettext_lazy("Months until they are as fast as the others"), 3, most=60, required=False),
    "first": _number(gettext_lazy("Speed on the first day, in per cent"), 40, most=WHOLE, least=1),
    "speed": _number(
        gettext_lazy("Speed in it, in per cent"), 80, most=1000, least=1,
        words=gettext_lazy("100 is as fast as the step says; 50 takes twice as long."),
    ),
    "hours_away": _number(
        gettext_lazy("Hours away for it"), 40, most=2000, required=False,
        words=gettext_lazy("In the days before it holds."),
    ),
    "step": _choice("step", gettext_lazy("Step")),
    "steps": _several(
        "steps", gettext_lazy("Steps"), gettext_lazy("Steps that follow each other; all are then begun at once.")
    ),
    "where": _choice("where", gettext_lazy("Where")),
    "skill": _choice("skill", gettext_lazy("Skill")),
    "person": _choice("person", gettext_lazy("Who")),
    "calendar": lambda form: _choice(
        "calendar", gettext_lazy("Calendar"), required=form.ask.kind != "hire",
        empty=gettext_lazy("The crew's own") if form.ask.kind == "hire" else "",
    )(form),
    "work_class": _choice(
        "work_class", gettext_lazy("Kind of work"), empty=gettext_lazy("All of this workflow"), required=False,
        more=[(EVERYTHING, gettext_lazy("All workflows of the crew"))],
    ),
    "factor": _number(
        gettext_lazy("Demand, in per cent of today's"), 120, most=10_000,
        words=gettext_lazy("120 is a fifth more, 80 a fifth less."),
    ),
    "effort": _number(
        gettext_lazy("Hours it then takes, in per cent of now"), most=10_000,
        words=gettext_lazy("50 is half the work, 100 as much as now."),
    ),
    "moved_effort": _number(
        gettext_lazy("Hours its steps then take, in per cent of now"), 100, most=10_000,
        words=gettext_lazy("100 is as much as now, 80 a fifth less."),
    ),
    "touch": _of(
        gettext_lazy("Who touches it then"),
        [("", gettext_lazy("As it is now")), ("human", gettext_lazy("A person")),
         ("ai_assisted", gettext_lazy("A person with AI"))],
        required=False,
    ),
    "probability": _number(gettext_lazy("Comes back, in per cent"), 10, most=WHOLE),
    "then_back": _number(
        gettext_lazy("Comes back then, in per cent"), most=WHOLE, required=False,
        words=gettext_lazy("Left empty, as much as today."),
    ),
    "hours": _number(gettext_lazy("Hours the machine takes"), 0.1, required=False),
    "platform": _text(gettext_lazy("Platform it is done on"), required=False),
    "cost_each": _money(gettext_lazy("Costs each time, in %(currency)s")),
    "ai_use": _text(gettext_lazy("What AI does"), required=False),
    "review_skill": _choice(
        "review_skill", gettext_lazy("Who looks at it"), empty=gettext_lazy("Nobody"), required=False
    ),
    "review_hours": _number(gettext_lazy("Hours to look at one"), 0.25, required=False),
    "review_share": _number(
        gettext_lazy("Share of all pieces that is looked at, in per cent"), 100, most=WHOLE, required=False
    ),
    "opens": _choice(
        "opens", gettext_lazy("When it is open"),
        more=[(AS_IT_IS, gettext_lazy("As it is now")), (WHENEVER, gettext_lazy("Whenever people work"))],
    ),
    "collect": _of(
        gettext_lazy("Is its work collected"),
        [(AS_IT_IS, gettext_lazy("As it is now")), (ONE_BY_ONE, gettext_lazy("No, one piece at a time")),
         (COLLECTED, gettext_lazy("Yes, so many at once"))],
    ),
    "size": lambda _form: _whole(
        gettext_lazy("How many are collected"), None, 2, 1000, gettext_lazy("Only where work is collected.")
    ),
    "wait_at_most": _number(
        gettext_lazy("Longest wait of the first, in hours"), required=False, most=8760,
        words=gettext_lazy("Then it goes on, however many there are."),
    ),
    "together": lambda _form: forms.BooleanField(
        label=gettext_lazy("One person does all of them as one job"), required=False
    ),
    "limit": lambda _form: _whole(
        gettext_lazy("Pieces in work at a time"), 5, 0, 100_000,
        gettext_lazy("What comes in beyond it waits at the door. 0 takes the limit away."),
    ),
    "retire": _choice(
        "retire", gettext_lazy("Which platform goes"), empty=gettext_lazy("None"), required=False
    ),
    "add": _text(gettext_lazy("What comes, or takes its place"), required=False),
    "saves_per_year": _money(gettext_lazy("Saves a year, in %(currency)s")),
}  # fmt: skip
