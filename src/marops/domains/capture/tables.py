"""Tables other than leads: which kind a file is, and where its columns go."""

import re
from collections.abc import Mapping, Sequence

from marops.domains.capture.guessing import Column, Guess, custom_type, is_id, looks_like_dates, looks_like_numbers
from marops.domains.capture.shapes import Shape, key, recognise
from marops.domains.capture.targets import SKIP, UNKNOWN_TARGET, Target, all_targets, nearest, parse, slug
from marops.kernel import ports
from marops.kernel.errors import FieldError, MaropsError
from marops.kernel.importers import Cell, Importer
from marops.kernel.importers import Column as Known

LEADS = "leads"
_NUMBERED = re.compile(r" \(\d+\)$")
_CUSTOM = re.compile(r"custom:([a-z][a-z0-9_]{0,59})(?::(text|number|boolean|date|choice))?")


def importers() -> Mapping[str, Importer]:
    """Every table that can be brought in beside leads."""
    return {filler.name: filler.value for filler in ports.importers}


def importer(name: str) -> Importer:
    """The importer of this table. Raises MaropsError `import-unknown-target`."""
    found = importers().get(name)
    if found is None:
        known = ", ".join([LEADS, *importers()])
        raise MaropsError(UNKNOWN_TARGET, f"Nothing called {name!r} can be imported; there are {known}.")
    return found


def likely_table(headers: Sequence[str]) -> str:
    """What a file with these headings holds: `leads`, unless they tell of another table."""
    names = {key(_NUMBERED.sub("", header)) for header in headers}
    best = (0, LEADS)
    for one in importers().values():
        told = len(names & set(one.telling))
        whole = all(names & _headings(column) for column in one.required())
        exported = recognise(headers, one.name) is not None
        score = 100 * exported + told if exported or (whole and told) else 0
        best = max(best, (score, one.name), key=lambda item: item[0])
    if best[0] < 100 and recognise(headers) is not None:
        return LEADS
    alone = best[0] < 2 and bool(names & {"email", "e mail", "email address", "first name", "last name"})
    return LEADS if alone else best[1]


def _headings(column: Known) -> set[str]:
    return {key(one) for one in (column.name, *column.also)}


def parse_for(table: Importer, text: str, *, column: str = "") -> Target:
    """The target of this table that `text` names. Raises MaropsError `import-unknown-target` with the nearest names."""
    wanted = text.strip()
    if wanted in ("skip", ""):
        return SKIP
    known = table.column(wanted)
    if known is not None:
        return as_target(known)
    head, _, rest = wanted.partition(":")
    if head == "external" and rest and table.keyed:
        return Target("external", slug(rest))
    if table.custom and (own := _CUSTOM.fullmatch(wanted)):
        return Target("custom", own[1], own[2] or "")
    near = nearest(wanted, [one.name for one in table.columns])
    raise MaropsError(
        UNKNOWN_TARGET,
        f"There is no field {wanted!r}." + near,
        errors=[FieldError("unknown-target", f"{wanted!r} is no field.", near, field=column)],
    )


def targets_for(table: str) -> list[str]:
    """Where columns of such a file can go, one a line, for whoever proposes it."""
    if table and table != LEADS:
        door = importer(table)
        lines = [f"{one.name} ({one.label})" for one in door.columns]
        return [*lines, *(["custom:NAME"] if door.custom else []), "skip"]
    return [*all_targets(), "custom:NAME:text", "custom:NAME:number", "custom:NAME:date", "external:SYSTEM"]


def usable(table: str, columns: int, given: Mapping[int, str]) -> dict[int, str]:
    """What of a proposal can be used: columns that the file has, targets that there are, none of them taken twice."""
    door = importer(table) if table and table != LEADS else None
    found: dict[int, Target] = {}
    for number, text in given.items():
        try:
            target = parse_for(door, text[:200]) if door else parse(text[:200])
        except MaropsError:
            continue
        taken = target.kind != "skip" and target.slot in {one.slot for one in found.values()}
        if 0 <= number < columns and not taken:
            found[number] = target
    return {number: str(target) for number, target in found.items()}


def as_target(column: Known) -> Target:
    """The column of a table as a target."""
    return Target("table", column.name, title=str(column.label))


def guess_for(table: Importer, columns: Sequence[Column], shape: Shape | None) -> list[Guess]:
    """A target for each column of the file; none is given to two."""
    guesses = [_one(table, column, shape) for column in columns]
    taken: dict[str, str] = {}
    for number in sorted(range(len(guesses)), key=lambda n: (-guesses[n].confidence, n)):
        target = guesses[number].target
        if target.kind == "skip":
            continue
        if target.slot in taken:
            guesses[number] = _own(table, columns[number], f"“{taken[target.slot]}” already gives {target.label}.")
            target = guesses[number].target
        taken.setdefault(target.slot, columns[number].name)
    return guesses


def _one(table: Importer, column: Column, shape: Shape | None) -> Guess:
    if shape:
        standard = {name.lower(): target for name, target in shape.columns.items()}
        if found := standard.get(column.name.strip().lower()):
            target = parse_for(table, found)
            if target.kind == "custom" and not target.detail:
                target = Target("custom", target.name, custom_type(column))
            return Guess(target, 1.0, f"Standard column of {shape.title}.")
    heading = key(_NUMBERED.sub("", column.name))
    named = next((one for one in table.columns if heading in _headings(one)), None)
    if named and _fits(named, column):
        return Guess(as_target(named), 0.95 if column.filled else 0.6, "By its name.")
    if table.keyed and heading in table.ids and column.filled:
        return Guess(Target("external", slug(column.name)), 0.95, "By its name.")
    if not column.filled:
        return Guess(SKIP, 0.9, "The column is empty in the rows looked at.")
    if table.keyed and is_id(column, heading):
        return Guess(Target("external", slug(column.name)), 0.85, "Every row has another value: an id.")
    return _own(table, column)


def _fits(known: Known, column: Column) -> bool:
    """Do the values speak for the heading? Where there are none, nothing speaks against it."""
    if not column.filled:
        return True
    match known.cell:
        case Cell.MOMENT:
            return looks_like_dates(column) >= 0.5
        case Cell.NUMBER:
            return looks_like_numbers(column) >= 0.5
        case Cell.MONEY:
            return sum(any(c.isdigit() for c in cell) for cell in column.filled) >= 0.5 * len(column.filled)
    return True


def _own(table: Importer, column: Column, why: str = "") -> Guess:
    if not table.custom:
        return Guess(SKIP, 0.5, why or "Nothing here takes such a column.")
    target = Target("custom", slug(column.name), custom_type(column))
    return Guess(target, 0.5, why or "No standard field; kept as a field of your own.")
