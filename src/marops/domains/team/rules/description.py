"""A job description out of the catalogue and the team's real gaps, in plain words: sections of lines.

A line that begins with "- " is an item of a list, any other a paragraph. The same sections become a page, Markdown and
a PDF. What somebody wrote by hand stands in a section's place until they take it back; what would be made stays beside.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal

Cover = Literal["nobody", "one", "others"]
"""Who covers it today: nobody, a single person, or more than one."""
SECTIONS = ("why", "do", "not", "bring", "learn", "tools", "ninety", "with", "honest", "pay")
MOST_SHARED = 6
MOST_SKILLS = 12
_ENOUGH: Mapping[int, str] = {1: "a first idea is enough", 2: "usual cases are enough"}
HARD = 3
"""The level of hard cases."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A responsibility of the place's roles: who covers it today."""

    key: str
    text: str
    cover: Cover


@dataclass(frozen=True, slots=True)
class Asked:
    """A skill the place asks for: the level and its sentence, and what the team has of it."""

    skill: str
    name: str
    level: int
    sentence: str
    core: bool = False
    cover: Cover = "others"
    weight: float = 0.0
    """Hours a month that work asks of it and nobody skilled has."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the first weeks: until which day, its aim, and tasks of this role."""

    until_day: int
    aim: str
    tasks: Sequence[str] = ()


@dataclass(frozen=True)
class Place:
    """All that a description is made of."""

    title: str
    share: float
    summary: Sequence[str]
    """A sentence for each role."""
    duties: Sequence[Duty]
    skills: Sequence[Asked]
    reports_to: str = ""
    works_with: Sequence[str] = ()
    location: str = ""
    starts: str = ""
    tools: Sequence[str] = ()
    answers_for: Sequence[str] = ()
    phases: Sequence[Phase] = ()
    years: Sequence[str] = ()
    """What the sources say of experience, one line each."""
    hours: tuple[float, float, float] | None = None
    """Hours a week that the work of these roles takes here: low, usual, high."""
    week: float = 0.0
    """Hours of the place that can be planned in a week."""
    hidden: int = 0
    """How many people do not show their skills."""
    pay: str = ""
    outside: bool = False
    """Is it told to outsiders? What the team lacks is left out; the same tasks and skills stand in it."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the description: its lines as made, and as somebody wrote them by hand."""

    key: str
    heading: str
    made: tuple[str, ...]
    by_hand: tuple[str, ...] | None = None
    stale: bool = False
    """Was it written by hand over another text than would be made today?"""

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands there."""
        return self.made if self.by_hand is None else self.by_hand

    @property
    def text(self) -> str:
        """The lines as one text, to be changed by hand."""
        return "\n".join(self.lines)

    @property
    def parts(self) -> list["Part"]:
        """Paragraphs and lists in order."""
        found: list[Part] = []
        for line in self.lines:
            item = line.startswith("- ")
            if item and found and found[-1].items:
                found[-1].items.append(line[2:])
            elif item:
                found.append(Part(items=[line[2:]]))
            else:
                found.append(Part(text=line))
        return found


@dataclass(slots=True)
class Part:
    """A paragraph, or the items of a list."""

    text: str = ""
    items: list[str] = field(default_factory=list)


HEADINGS: Mapping[str, str] = {
    "why": "Why we are looking", "do": "What you will do", "not": "What you share with others",
    "bring": "What you bring", "learn": "What you can learn here", "tools": "What we work with",
    "ninety": "Your first ninety days", "with": "Whom you work with", "honest": "What you should know before",
    "pay": "Pay",
}  # fmt: skip


def description(place: Place, by_hand: Mapping[str, Mapping[str, str]] | None = None) -> list[Section]:
    """The sections that have something to say, in order; `by_hand`: section → text, and the digest of what was made."""
    kept = by_hand or {}
    makers = {
        "why": _why, "do": _do, "not": _not, "bring": _bring, "learn": _learn, "tools": _tools, "ninety": _ninety,
        "with": _with, "honest": _honest, "pay": _pay,
    }  # fmt: skip
    found = []
    for key in SECTIONS:
        made = tuple(makers[key](place))
        own = kept.get(key)
        lines = as_lines(own["text"]) if own else None
        if made or lines:
            stale = bool(own) and own["made"] != digest_of(made) if own else False
            found.append(Section(key, HEADINGS[key], made, lines, stale))
    return found


def digest_of(lines: Sequence[str]) -> str:
    """The same for the same text."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def as_lines(text: str) -> tuple[str, ...]:
    """A text as written by hand: a line each, empty ones left out."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _why(one: Place) -> list[str]:
    if one.outside:
        return [*one.summary]
    uncovered = sum(duty.cover == "nobody" for duty in one.duties)
    thin = sum(duty.cover == "one" for duty in one.duties)
    missing = sum(asked.cover == "nobody" for asked in one.skills)
    said = []
    if uncovered:
        said.append(f"{_count(uncovered, 'part', 'parts')} of this work {_be(uncovered)} done by nobody here today.")
    if missing:
        said.append(f"{_count(missing, 'skill', 'skills')} it takes {_be(missing)} missing in the team.")
    if thin:
        rests = "rests" if thin == 1 else "rest"
        said.append(f"{_count(thin, 'part', 'parts')} of it {rests} on a single person, which is one too few.")
    if not said:
        said.append("Others do this work too. The place brings hours to it, not a skill that would be missing.")
    return [*one.summary, " ".join(said)]


def _do(one: Place) -> list[str]:
    first = [duty for duty in one.duties if duty.cover == "nobody"]
    then = [duty for duty in one.duties if duty.cover == "one"]
    lines: list[str] = []
    if one.outside:
        return [f"- {duty.text}" for duty in (*first, *then)]
    if first:
        lines += ["From the beginning, because nobody does it yet:", *(f"- {duty.text}" for duty in first)]
    if then:
        lines += ["Beside the one person who does it today:", *(f"- {duty.text}" for duty in then)]
    return lines


def _not(one: Place) -> list[str]:
    shared = [duty for duty in one.duties if duty.cover == "others"]
    if not shared:
        return []
    shown = [f"- {duty.text}" for duty in shared[:MOST_SHARED]]
    more = len(shared) - len(shown)
    tail = [f"And {_lower(_count(more, 'more thing', 'more things'))} of the kind."] if more > 0 else []
    return ["Colleagues do this already; you take your part of it and need not be good at all of it:", *shown, *tail]


def _bring(one: Place) -> list[str]:
    asked = [skill for skill in one.skills if not _to_learn(skill)]
    ordered = sorted(asked, key=lambda skill: (skill.cover != "nobody", -skill.weight, not skill.core, skill.name))
    lines = [
        f"- {skill.name}: {_lower(skill.sentence)}{'' if one.outside else _missing(skill)}"
        for skill in ordered[:MOST_SKILLS]
    ]
    if not lines:
        return []
    lacking = "Nobody has all of this. The first ones matter most, since the team lacks them:"
    usual = "Nobody has all of this. We look at what you have done, not at how it was called:"
    return [lacking if _lacks(ordered) and not one.outside else usual, *lines]


def _to_learn(one: Asked) -> bool:
    """Not what makes the role, not at the level of hard cases, and somebody here can show it."""
    return not one.core and one.level < HARD and one.cover != "nobody"


def _lacks(skills: Sequence[Asked]) -> bool:
    return any(one.cover == "nobody" for one in skills)


def _missing(one: Asked) -> str:
    return " (nobody here can do this alone yet)" if one.cover == "nobody" else ""


def _learn(one: Place) -> list[str]:
    others = [skill for skill in one.skills if _to_learn(skill)]
    names = [f"{skill.name} ({_ENOUGH[skill.level]})" for skill in others[:MOST_SHARED]]
    return [f"Useful, and somebody here can teach it: {'; '.join(names)}."] if names else []


def _tools(one: Place) -> list[str]:
    lines = []
    if one.tools:
        lines.append(
            f"In use here: {', '.join(one.tools)}. You need not know them all; knowing one of a kind is enough."
        )
    if one.answers_for:
        lines.append(f"Here you would answer for: {'; '.join(one.answers_for)}.")
    return lines


def _ninety(one: Place) -> list[str]:
    lines = []
    for phase in one.phases:
        tasks = "; ".join(_lower(task.rstrip(".")) for task in phase.tasks)
        lines.append(f"- By day {phase.until_day}: {_lower(phase.aim)}{f' Among it: {tasks}.' if tasks else ''}")
    return lines


def _with(one: Place) -> list[str]:
    lines = []
    if one.reports_to:
        lines.append(f"You report to the {one.reports_to}.")
    if one.works_with:
        lines.append(f"Day by day you work with: {', '.join(one.works_with)}.")
    return lines


def _honest(one: Place) -> list[str]:
    lines = []
    if one.share < 0.995:
        lines.append(f"It is {one.share:.0%} of a full week.")
    if one.location or one.starts:
        where = f"The place is {one.location}." if one.location else ""
        lines.append(" ".join(part for part in (where, f"It begins on {one.starts}." if one.starts else "") if part))
    if one.hours and one.hours[2] > 0:
        low, usual, high = one.hours
        lines.append(
            f"By our own reckoning this work takes about {usual:.0f} hours a week here ({low:.0f} to {high:.0f}); the "
            f"place has {one.week:.0f} that can be planned. {_fits(usual, one.week)}"
        )
    if one.years:
        lines.append(f"Usual is: {'; '.join(one.years)}. We count what you can show, not years.")
    if one.hidden and not one.outside:
        lines.append(
            f"{_count(one.hidden, 'person', 'people')} of the team did not show their skills; the gaps may be fewer."
        )
    return lines


def _fits(usual: float, week: float) -> str:
    if usual > week:
        return "That is more than fits into it: what comes first is decided with you."
    if usual < week / 2:
        return "What fills the rest of the week is not counted yet: ask us."
    return "That fits, with little to spare."


def _pay(one: Place) -> list[str]:
    return [one.pay] if one.pay else []


def _count(number: int, one: str, many: str) -> str:
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
    return f"{words[number] if number < len(words) else number} {one if number == 1 else many}"


def _be(number: int) -> str:
    return "is" if number == 1 else "are"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2] in (" ", "") or text[1:2].islower() else text


def markdown(title: str, under: str, sections: Sequence[Section]) -> str:
    """The description as Markdown; what people wrote stays what they wrote."""
    lines = [f"# {_plain(title)}", "", under, ""] if under else [f"# {_plain(title)}", ""]
    for one in sections:
        lines += [f"## {one.heading}", ""]
        for part in one.parts:
            lines += [f"- {_plain(item)}" for item in part.items] or [_plain(part.text)]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def standalone(title: str, under: str, sections: Sequence[Section]) -> str:
    """The description as an HTML page of its own, without a look: to be put into whatever publishes it."""
    lines = [
        "<!doctype html>", '<html lang="en"><head><meta charset="utf-8">', f"<title>{escape(title)}</title></head>",
        f"<body><h1>{escape(title)}</h1>",
    ]  # fmt: skip
    lines += [f"<p>{escape(under)}</p>"] if under else []
    for one in sections:
        lines.append(f"<h2>{escape(one.heading)}</h2>")
        for part in one.parts:
            items = "".join(f"<li>{escape(item)}</li>" for item in part.items)
            lines.append(f"<ul>{items}</ul>" if items else f"<p>{escape(part.text)}</p>")
    return "\n".join([*lines, "</body></html>"]) + "\n"


def _plain(text: str) -> str:
    """Letters that Markdown or HTML would take for marks stand for themselves."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>#|" else char for char in text)
