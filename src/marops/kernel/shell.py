"""What domains contribute to the shell around every page, by filling the kernel's ports in their `apps.py`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.functional import Promise

from marops.kernel import ports
from marops.kernel.actors import Actor

Words = str | Promise
"""A text of the interface, translated when it is shown."""

Group = Literal["people", "programs", "measure", "operate", "decide", "set_up"]
Tone = Literal["", "good", "warn", "bad", "info", "draft"]


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A page in the side navigation and in the palette. Shown to those who hold `right` (None: everybody)."""

    group: Group
    label: Words
    url_name: str
    right: str | None = None
    icon: str = ""
    count: Callable[[Actor], int | None] | None = None  # costs a query on every page; None where there is nothing
    words: str = ""  # other words by which the palette finds it


@dataclass(frozen=True, slots=True)
class Command:
    """Something the palette offers to do: a page with a form, or a list that is already filtered."""

    label: Words
    url_name: str
    right: str | None = None
    icon: str = ""
    query: str = ""
    words: str = ""
    first_step: bool = False  # what an empty workspace is offered on the desk
    heading: Words = ""  # there, in a few words
    says: Words = ""  # there, why one should do it


@dataclass(frozen=True, slots=True)
class Hit:
    """One object found by a few typed letters."""

    kind: Words
    title: str
    url: str
    hint: str = ""
    icon: str = ""


Search = Callable[[Actor, str, int], Iterable[Hit]]
"""`(actor, words, limit)`: what that actor may see and the words mean, best first."""


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that a button does at once, by posting one value to an address: accepting a lead."""

    label: Words
    url: str
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A line of the desk's first band: something that waits for this person."""

    title: Words
    url: str
    button: Words
    detail: Words = ""
    due: datetime | None = None
    due_words: Words = ""  # instead of the time left until `due`
    due_note: Words = ""
    urgency: Literal["", "soon", "late"] = ""
    icon: str = ""
    at_once: Doing | None = None  # stands for the link where it can be done without looking


@dataclass(frozen=True, slots=True)
class Figure:
    """A number this person answers for, in words ready to be shown."""

    title: Words
    value: str
    note: Words = ""
    state: Words = ""
    tone: Tone = ""
    url: str = ""
    owner: str = ""
    moved: Words = ""
    trend: Sequence[float] = ()
    lows: Sequence[float] = ()
    highs: Sequence[float] = ()
    target: float | None = None
    target_text: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened lately and matters to this person."""

    at: datetime
    what: Words
    by: str = ""
    by_kind: Literal["human", "ai", "auto"] = "auto"
    moved: Words = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class SectionRow:
    """A row of a section: its cells as words, the first of them linked to `url`."""

    cells: tuple[Words, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What a higher domain puts on the page of an object below it: a heading, a sentence, and the rows behind it.

    `numbers` names the columns, counted from 0, whose cells are numbers. `wide` asks for the whole width of a desk.
    """

    heading: Words
    says: Words = ""
    columns: tuple[Words, ...] = ()
    rows: Sequence[SectionRow] = ()
    numbers: frozenset[int] = frozenset()
    url: str = ""
    link: Words = ""
    wide: bool = False


Desk = Callable[[Actor, datetime], Iterable[Need | Figure | Change | Section]]
"""`(actor, as_of)`: what the domain puts on that person's desk. A section is a small table of what they look after."""


@dataclass(frozen=True, slots=True)
class MoveState:
    """How far one move of the quarter is: a word, what there is already, and where it begins."""

    state: Words
    tone: Tone
    says: Words
    url: str
    button: Words


Move = Callable[[Actor, datetime], MoveState | None]
"""`(actor, as_of)`: how far a move is, as the domain that keeps its document knows; None where nothing was begun."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object as the shell needs it: how it is called, where it stands."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """A kind of object that can be commented on, looked up in history and, unless `personal`, shared.

    `find` answers None for what does not exist and for what the actor may not see, so that nobody learns which.
    `remarks`: people may comment on it; not where that would make a file about somebody.
    `frozen` draws the copy that an outsider gets, as HTML without scripts; without it the kind cannot be shared.
    """

    label: Words
    find: Callable[[Actor, str], Found | None]
    personal: bool = True
    remarks: bool = True
    frozen: Callable[[Actor, str], str] | None = None


objects: ports.Port[ObjectKind] = ports.Port("objects", "Kinds of object that comments, history and sharing work on.")
acts: ports.Port[Mapping[str, Words]] = ports.Port("acts", "What acts are called in a history: name → words.")
commands: ports.Port[Command] = ports.Port("commands", "What the palette offers to do.")
moves: ports.Port[Move] = ports.Port(
    "moves", "How far the three moves of a quarter are: policy, workflow, recommendation."
)
ports.PORTS |= {"objects": objects, "acts": acts, "commands": commands, "moves": moves}
