"""A list of people as somebody keeps it in a spreadsheet: which column means what, and what its cells say."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Final

from marops.domains.team.rules.roles import Catalogue

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "ref": ("ref", "reference", "id"),
    "name": ("name", "full name", "person", "employee", "team member", "mitarbeiter", "mitarbeiterin"),
    "email": ("email", "e mail", "mail", "email address", "e mail address", "address", "e mail adresse"),
    "roles": (
        "role",
        "roles",
        "job",
        "job title",
        "title",
        "position",
        "function",
        "rolle",
        "rollen",
        "funktion",
        "stelle",
    ),
    "share": (
        "share",
        "shares",
        "allocation",
        "fte",
        "share of a week",
        "of a week",
        "capacity",
        "percent",
        "anteil",
        "pensum",
    ),
    "since": ("role since", "from", "role from", "in role since", "start of role", "rolle seit"),
    "manager": (
        "manager",
        "reports to",
        "line manager",
        "boss",
        "supervisor",
        "lead",
        "manager email",
        "vorgesetzte",
        "vorgesetzter",
        "berichtet an",
        "führungskraft",
    ),
    "location": ("location", "place", "city", "office", "site", "ort", "standort"),
    "zone": ("zone", "time zone", "timezone", "tz", "zeitzone"),
    "calendar": ("calendar", "working calendar"),
    "joined": (
        "joined",
        "here since",
        "start date",
        "hire date",
        "hired",
        "joined on",
        "date joined",
        "eintritt",
        "eintrittsdatum",
    ),
    "hours": ("hours", "weekly hours", "hours a week", "hours per week", "wochenstunden", "stunden"),
    "pay": (
        "pay",
        "salary",
        "paid a year",
        "annual salary",
        "base salary",
        "cost",
        "compensation",
        "gehalt",
        "jahresgehalt",
    ),
    "currency": ("currency", "pay currency", "salary currency", "währung"),
    "pay_since": ("pay from", "paid from", "pay since", "salary from"),
}
"""Column → headings that mean it, folded."""
_MARKED: Final = re.compile(r"^(?:(self|own|manager)\s*[:·-]\s*)?(.+?)(?:\s*\((self|own|manager)\))?$")
_PARTED: Final = re.compile(r"[;+\n|]")
_SHARE: Final = re.compile(r"[\s,(:–-]*\(?\s*(\d+(?:[.,]\d+)?)\s*(%?)\s*\)?$")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a column of a file means: one of `COLUMNS`, or the levels of a skill by one side; else it is not read."""

    heading: str
    column: str = ""
    skill: str = ""
    by: str = ""
    guessed: bool = False
    """Was it understood by its cells, and not by its heading?"""


_SMALL: Final = frozenset(("of", "the", "and", "for", "in", "a"))


def _bag(words: str) -> frozenset[str]:
    """The words of a name in whatever order."""
    return frozenset(folded(words).split()) - _SMALL


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Names most like this one: those that share most of its words first, then those that are spelt alike."""
    names, bag = {folded(one): one for one in known}, _bag(word)
    shared = {one: len(bag & _bag(one)) / len(bag | _bag(one)) for one in names if bag & _bag(one)}
    alike = get_close_matches(folded(word), names, n=most, cutoff=0.5)
    order = sorted(shared, key=lambda one: (-shared[one], one not in alike, one))
    full = [one for one in order if shared[one] >= 1 / 3]
    return [names[one] for one in dict.fromkeys((*full, *alike))][:most]


def folded(words: str) -> str:
    """A heading or a name so that spellings of it compare as equal."""
    return " ".join(re.sub(r"[\W_]+", " ", words.casefold()).split())


def meanings(
    headers: Sequence[str], known: Catalogue, rows: Sequence[Sequence[str]] = (), role_column: str = ""
) -> list[Meaning]:
    """What each column means. A skill's column without a mark holds the manager's levels; no meaning is given twice.

    Where no heading says which column holds roles, it is the one that is named as `role_column`, else the one whose
    cells are mostly roles.
    """
    headings = {heading: column for column, all_of in COLUMNS.items() for heading in all_of}
    skills = {folded(name): ident for ident, one in known.skills.items() for name in (ident, one.name)}
    found: list[Meaning] = []
    for header in headers:
        named = bool(role_column) and header.strip() == role_column.strip()
        said = Meaning(header, "roles") if named else _one(header, headings, skills)
        taken = any((one.column, one.skill, one.by) == (said.column, said.skill, said.by) for one in found)
        found.append(Meaning(header) if taken else said)
    if not any(one.column == "roles" for one in found):
        names = _titles(known)
        for place, one in enumerate(found):
            cells = [cells[place] for cells in rows if place < len(cells) and cells[place].strip()]
            if (
                not one.column
                and not one.skill
                and cells
                and 2 * sum(_are_roles(it, names) for it in cells) > len(cells)
            ):
                found[place] = Meaning(one.heading, "roles", guessed=True)
                break
    return found


def _are_roles(cell: str, names: "_Titles") -> bool:
    return all(names.find(_SHARE.sub("", part.strip())) for part in _PARTED.split(cell) if part.strip())


def suggestions(heading: str, known: Catalogue) -> list[str]:
    """What a column that means nothing may have been meant for: fields and skills with names like it."""
    fields = {name: names[0] for names in COLUMNS.values() for name in names}
    skills = {one.name: one.name for one in known.skills.values()}
    found = nearest(heading, (*fields, *skills))
    return list(dict.fromkeys((fields | skills)[one] for one in found))


def _one(header: str, headings: Mapping[str, str], skills: Mapping[str, str]) -> Meaning:
    if column := headings.get(folded(header)):
        return Meaning(header, column)
    marked = _MARKED.match(header.strip().casefold())
    if marked and (skill := skills.get(folded(marked[2]))):
        by = "self" if (marked[1] or marked[3]) in ("self", "own") else "manager"
        return Meaning(header, skill=skill, by=by)
    return Meaning(header)


class Wrong(ValueError):
    """A cell that cannot be read: what is wrong, and what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def day_of(cell: str) -> date | None:
    """A day as 2026-01-31, 31.1.2026 or 31 Jan 2026. What could be read two ways (1/2/2026) is refused."""
    text = cell.strip()
    if not text:
        return None
    if re.fullmatch(r"\d{5}", text):  # how a workbook counts days
        return date(1899, 12, 30) + timedelta(days=int(text))
    parts = re.fullmatch(r"(\d{1,4})[-./ ](\w{1,9})[-./ ](\d{1,4})(?:[T ].*)?", text)
    found = _day(parts[1], parts[2], parts[3], slashes="/" in text) if parts else None
    if found is None:
        raise Wrong(f"“{cell}” is no day that can be read one way only.", "Write it as 2026-01-31.")
    return found


_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _day(first: str, middle: str, last: str, *, slashes: bool) -> date | None:
    named = middle[:3].casefold() in _MONTHS
    month = _MONTHS.index(middle[:3].casefold()) + 1 if named else int(middle) if middle.isdecimal() else 0
    try:
        if len(first) == 4:
            return date(int(first), month, int(last))
        if len(last) != 4 or not first.isdecimal():
            return None
        if slashes and not named and int(first) <= 12 and month <= 12 and int(first) != month:
            return None
        if slashes and month > 12:
            return date(int(last), int(first), month)
        return date(int(last), month, int(first))
    except ValueError:
        return None


def number_of(cell: str) -> Decimal:
    """A number as people write it: 64,000 · 64.000,50 · 64 000 · EUR 64k."""
    text = re.sub(r"[^\d.,kK-]", "", cell)
    thousand = text[-1:] in ("k", "K")
    text = text.rstrip("kK")
    comma, point = text.rfind(","), text.rfind(".")
    if comma > point and (point >= 0 or len(text) - comma - 1 != 3):
        text = text.replace(".", "").replace(",", ".")
    elif point > comma and comma < 0 and len(text) - point - 1 == 3 and text.count(".") >= 1 and len(text) > 4:
        text = text.replace(".", "")
    else:
        text = text.replace(",", "")
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise Wrong(f"“{cell}” is no number.", "Write digits alone, such as 64000.") from None
    return found * 1000 if thousand else found


def share_of(cell: str) -> Decimal:
    """A part of a week: 80 %, 80, 0.8 or 1 (the whole)."""
    found = number_of(cell.replace("%", ""))
    share = found / 100 if "%" in cell or found > Decimal("1.5") else found
    if share <= 0:
        raise Wrong(f"“{cell}” is no share of a week.", "Write 80 % or 0.8.")
    return share


@dataclass(frozen=True, slots=True)
class Told:
    """The roles of a cell, with the share where the cell names one."""

    role: str
    share: Decimal | None = None
    called: str = ""
    """The title in the cell, where it is not the catalogue's."""


def roles_of(cell: str, known: Catalogue) -> list[Told]:
    """The roles that a cell names, parted by semicolons, pluses or line breaks: “Campaign Operations Manager 70 %; …”.

    Raises `Wrong` with the nearest titles for one that the catalogue does not have.
    """
    names = _titles(known)
    return [_told(part.strip(), names, known) for part in _PARTED.split(cell) if part.strip()]


@dataclass(frozen=True, slots=True)
class _Titles:
    """Role by every name it goes by, and by the words of its names in whatever order where that is one role alone."""

    exact: Mapping[str, str]
    bags: Mapping[frozenset[str], str]

    def find(self, name: str) -> str:
        """The short name of the role, or nothing."""
        return self.exact.get(folded(name)) or self.bags.get(_bag(name), "")


def _titles(known: Catalogue) -> _Titles:
    exact: dict[str, str] = {}
    bags: dict[frozenset[str], set[str]] = {}
    for slug, role in known.roles.items():
        for name in (*role.aliases, role.title, slug):
            exact[folded(name)] = slug
            bags.setdefault(_bag(name), set()).add(slug)
    return _Titles(exact, {bag: min(slugs) for bag, slugs in bags.items() if len(slugs) == 1 and len(bag) > 1})


def _told(part: str, names: _Titles, known: Catalogue) -> Told:
    marked = None if names.find(part) else _SHARE.search(part)
    name = (part[: marked.start()] if marked else part).strip()
    if found := names.find(name):
        own = folded(name) in (folded(known.title(found)), folded(found))
        return Told(found, share_of(f"{marked[1]}{marked[2]}") if marked else None, "" if own else name)
    titles = list(dict.fromkeys(known.title(names.find(one)) for one in nearest(name, names.exact)))
    remedy = f"Did you mean {' or '.join(titles)}?" if titles else "Use a role of the catalogue, or add it there first."
    raise Wrong(f"There is no role “{name}”.", remedy)


def shares_of(cell: str, number: int) -> list[Decimal | None]:
    """The shares that stand in a column of their own: one for all, or one for each role, parted like the roles."""
    parts = [part.strip() for part in _PARTED.split(cell) if part.strip()]
    if not parts:
        return [None] * number
    shares: list[Decimal | None] = [share_of(part) for part in parts]
    if len(shares) == 1 and number > 1 and shares[0] is not None:
        return [shares[0] / number] * number
    if len(shares) != number:
        raise Wrong(f"There are {number} roles and {len(shares)} shares.", "Give one share for each role.")
    return shares


def level_of(cell: str) -> int | None:
    """A level from 0 to 4; an empty cell says none."""
    text = cell.strip()
    if not text or text in ("-", "–", "n/a"):
        return None
    if text.removesuffix(".0") not in ("0", "1", "2", "3", "4"):
        raise Wrong(f"“{cell}” is no level.", "Levels go from 0 (not yet) to 4 (sets how it is done here).")
    return int(text[0])


@dataclass(slots=True)
class Line:
    """What one row says of one person; None where it says nothing. `roles` are those of today."""

    number: int
    ref: str = ""
    name: str = ""
    email: str = ""
    manager: str = ""
    values: dict[str, object] = field(default_factory=dict)
    roles: dict[str, Decimal] = field(default_factory=dict)
    since: date | None = None
    pay: tuple[Decimal, str] | None = None
    pay_since: date | None = None
    levels: dict[tuple[str, str], int] = field(default_factory=dict)
    """(skill, side) → level."""
    also: list[int] = field(default_factory=list)
    """Other rows about the same person, taken in here."""
