"""What a workflow, a kind of work and a step are asked for, said once for the canvas, the outline and their labels.

An entry names its place in the document by a path (`rework/probability`). The canvas takes the entries as JSON, the
outline makes a Django form of them; what a value must be is checked by the documents' own models alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from marops.domains.workflows.rules.amounts import NEEDS

What = Literal[
    "text", "long", "lines", "list", "int", "number", "share", "flag", "choice", "amount", "skill", "calendar", "step",
    "crew", "classes", "people", "months",
]  # fmt: skip
Words = Any
"""A string that is translated when it is shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One value: where it stands, what kind it is, how it is asked for. `needed`: it cannot be left out."""

    path: str
    what: What
    label: Words
    help: Words = ""
    options: Sequence[tuple[str, Words]] = ()
    needed: bool = False
    unit: Words = ""
    elapsed: bool = False

    @property
    def name(self) -> str:
        """Its name in a form."""
        return self.path.replace("/", "-")


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that belong together. With `key` the whole object can be left out; a closed one is unfolded on demand."""

    label: Words
    entries: tuple[Entry, ...]
    key: str = ""
    closed: bool = False
    tick: Words = ""


KINDS: Mapping[str, Words] = {
    "fixed": _("always the same"),
    "lognormal": _("lognormal, with a long tail"),
    "exponential": _("exponential"),
    "gamma": _("gamma"),
    "normal": _("normal"),
    "triangular": _("triangular: least, usual, most"),
    "uniform": _("anything between two"),
    "quantiles": _("quantiles of a log"),
}
PARTS: Mapping[str, Words] = {
    "mean": _("Mean"),
    "sd": _("Deviation"),
    "low": _("Least"),
    "mode": _("Usual"),
    "high": _("Most"),
    "values": _("Quantiles"),
}
HOURS = _("hours")

STEP = (
    Group(
        _("Step"),
        (
            Entry("name", "text", _("Name"), needed=True),
            Entry(
                "touch",
                "choice",
                _("Who touches it"),
                options=(("human", _("a person")), ("ai_assisted", _("a person with AI")), ("automatic", _("nobody"))),
                needed=True,
            ),
            Entry("skill", "skill", _("Skill it needs"), _("Whoever of the crew has it can do this step.")),
            Entry("platforms", "list", _("Platforms"), _("Separated by commas; the first one names the lane.")),
            Entry("note", "long", _("Note"), _("For whoever reads the map.")),
        ),
    ),
    Group(
        _("Time"),
        (
            Entry("effort", "amount", _("Work"), needed=True, unit=HOURS),
            Entry("outside", "amount", _("Waits outside"), _("Hours nobody of ours shortens."), unit=HOURS),
            Entry("outside_in", "calendar", _("… counted"), elapsed=True),
            Entry("delay", "amount", _("Lies before it is begun"), unit=HOURS),
            Entry("delay_in", "calendar", _("… counted"), elapsed=True),
            Entry("opens", "calendar", _("Opens"), _("Work begins only within this calendar, such as Tuesdays.")),
        ),
    ),
    Group(
        _("Review and rework"),
        (Entry("review", "flag", _("This is a review")),),
    ),
    Group(
        _("Rework"),
        (
            Entry("rework/probability", "share", _("How often it comes back"), needed=True, unit="%"),
            Entry("rework/back_to", "step", _("To"), needed=True),
            Entry("rework/at_most", "int", _("At most so often for one item"), needed=True),
        ),
        key="rework",
        tick=_("Work can come back from here"),
    ),
    Group(
        _("Batch"),
        (
            Entry("batch/size", "int", _("Begins when so many wait"), needed=True),
            Entry("batch/wait_at_most", "number", _("… or the first has waited"), unit=HOURS),
            Entry("batch/together", "flag", _("One person does them as one job")),
            Entry(
                "batch/each",
                "share",
                _("Each further piece costs"),
                _("Of its own effort, when done as one job."),
                needed=True,
                unit="%",
            ),
        ),
        key="batch",
        tick=_("Pieces are collected first"),
    ),
    Group(
        _("Ways in and out"),
        (
            Entry(
                "split",
                "choice",
                _("After it"),
                needed=True,
                options=(("all", _("every way is taken, side by side")), ("one", _("one of the ways is taken"))),
            ),
            Entry(
                "join",
                "choice",
                _("Before it"),
                needed=True,
                options=(("any", _("begins as soon as one way arrives")), ("all", _("waits for all ways to arrive"))),
            ),
            Entry("gate", "flag", _("Takes no time: only forks, joins or chooses")),
        ),
    ),
    Group(
        _("More"),
        (
            Entry("cost", "number", _("Cost each time"), needed=True),
            Entry("at_once", "int", _("In work at a time, at most"), _("0: as many as there are people."), needed=True),
            Entry("repeat", "share", _("Work of a second time"), _("Of the first."), needed=True, unit="%"),
            Entry("people", "people", _("Only these people"), _("Instead of the skill; 1.2 is a fifth faster.")),
            Entry("classes", "classes", _("Only for these kinds of work"), _("None ticked: for all.")),
            Entry("lane", "text", _("Lane"), _("Where the map shows it; else by its skill.")),
            Entry("ai_use", "text", _("AI use"), _("The short name of the use in the AI policy.")),
        ),
        closed=True,
    ),
)

CLASS = (
    Group(
        _("Kind of work"),
        (
            Entry("name", "text", _("Name"), needed=True),
            Entry("arrivals/per_month", "number", _("Come in a month"), needed=True),
            Entry("priority", "int", _("Priority"), _("The higher one is taken first."), needed=True),
            Entry("due", "amount", _("Due after"), unit=HOURS),
            Entry("due_in", "calendar", _("… counted"), elapsed=True),
        ),
    ),
    Group(
        _("More"),
        (
            Entry("start", "step", _("Starts at"), _("Left open: at the steps that nothing leads to.")),
            Entry("arrivals/growth", "share", _("Grows a year by"), needed=True, unit="%"),
            Entry("arrivals/within", "calendar", _("Comes in within")),
            Entry("arrivals/gap", "amount", _("Distance of two, as a share of its mean"), _("Left open: at random.")),
            Entry("arrivals/seasons", "months", _("More or fewer by month"), _("1 is a usual month.")),
        ),
        closed=True,
    ),
)

WORKFLOW = (
    Group(
        _("Workflow"),
        (
            Entry("title", "text", _("Title"), needed=True),
            Entry("crew", "crew", _("Crew"), _("The people who do the work."), needed=True),
            Entry("unit", "text", _("One piece of work is a"), _("Such as campaign or webinar."), needed=True),
            Entry("owner", "text", _("Owner")),
            Entry("summary", "long", _("What it is for")),
        ),
    ),
    Group(
        _("Promise"),
        (
            Entry("promise/hours", "number", _("Finished within"), needed=True, unit=HOURS),
            Entry("promise/share", "share", _("For this share of all"), needed=True, unit="%"),
        ),
        key="promise",
        tick=_("A lead time is promised"),
    ),
    Group(
        _("At the door"),
        (
            Entry("limit", "int", _("In work at a time, at most"), _("0: no limit."), needed=True),
            Entry(
                "over",
                "choice",
                _("What comes beyond that"),
                needed=True,
                options=(("wait", _("waits at the door")), ("refuse", _("is refused"))),
            ),
            Entry(
                "order",
                "choice",
                _("Of equal priority, first"),
                needed=True,
                options=(("first_come", _("what came first")), ("due", _("what is due first"))),
            ),
            Entry("notes", "lines", _("Notes"), _("One a line.")),
        ),
        closed=True,
    ),
)

SHEETS: Mapping[str, tuple[Group, ...]] = {"workflow": WORKFLOW, "class": CLASS, "step": STEP}


def entries(groups: Sequence[Group]) -> Iterator[Entry]:
    """All entries of a sheet."""
    return (entry for group in groups for entry in group.entries)


def as_json() -> dict[str, Any]:
    """The sheets, the kinds of distributions and what each of them needs, for the canvas."""
    return {
        "sheets": {name: [_group(one) for one in groups] for name, groups in SHEETS.items()},
        "kinds": [{"kind": kind, "label": str(KINDS[kind]), "needs": list(NEEDS[kind])} for kind in KINDS],
        "parts": {name: str(label) for name, label in PARTS.items()},
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "label": str(group.label),
        "key": group.key,
        "tick": str(group.tick),
        "closed": group.closed,
        "entries": [
            {
                "path": one.path,
                "what": one.what,
                "label": str(one.label),
                "help": str(one.help),
                "options": [[value, str(words)] for value, words in one.options],
                "needed": one.needed,
                "unit": str(one.unit),
                "elapsed": one.elapsed,
            }
            for one in group.entries
        ],
    }


def get(document: Mapping[str, Any], path: str) -> Any:
    """The value at a path; None where it or something above it is not there."""
    here: Any = document
    for name in path.split("/"):
        if not isinstance(here, Mapping) or name not in here:
            return None
        here = here[name]
    return here


def put(document: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The document with a value at a path; None takes it out."""
    first, _slash, rest = path.partition("/")
    if rest:
        inner = document.get(first)
        value = put(inner if isinstance(inner, Mapping) else {}, rest, value)
    if value is None:
        return {name: one for name, one in document.items() if name != first}
    return {**document, first: value}
