"""What each column holds, guessed from its name and from its values."""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from marops.domains.capture.shapes import Shape, key
from marops.domains.capture.targets import SKIP, Target, parse, slug
from marops.domains.contacts.public import clean, countries, emails

_ID_WORDS = frozenset({"id", "uuid", "guid", "key", "nr", "no", "number", "nummer", "num", "ref", "reference", "code"})
_ID_HEADERS = frozenset({
    "id", "uuid", "guid", "record id", "rec id", "unique id", "uniqueid", "contact id", "lead id", "person id",
    "prospect id", "customer id", "user id", "member id", "external id", "lead number", "contact number",
    "customer number", "prospect number", "subscriber id", "crm id", "kundennummer", "kunden nr", "kundennr",
    "client id", "numero de client", "id client", "id cliente",
})  # fmt: skip
_TRUTHS = frozenset({
    "yes", "no", "y", "n", "true", "false", "t", "f", "ja", "nein", "oui", "non", "si", "sim", "nao", "1", "0", "x",
})  # fmt: skip
_NUMBER = re.compile(r"-?\d{1,15}(?:[.,]\d{1,9})?|-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d\d)(?:,? \d{1,2}:\d\d(?::\d\d)?(?: ?[AaPp][Mm])?)?"
)
_PHONE = re.compile(r"\+?[\d\s()./-]{7,24}")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_REFUSES = re.compile(
    r"\b(?:not|no|opt ?out|opted out|unsubscrib\w*|dnc|blocked|suppress\w*|kein\w*|abgemeldet|refus\w*)\b"
)


@dataclass
class Column:
    """A column of the sample: what its cells look like."""

    name: str
    cells: list[str]
    null_words: frozenset[str]
    filled: list[str] = field(init=False)
    nulls: int = field(init=False)

    def __post_init__(self) -> None:
        cleaned = [clean(cell) for cell in self.cells if cell]
        self.filled = [cell for cell in cleaned if cell and cell.lower() not in self.null_words]
        self.nulls = sum(1 for cell in cleaned if cell and cell.lower() in self.null_words)

    @property
    def distinct(self) -> int:
        """How many different values."""
        return len(set(self.filled))

    def share(self, test: "re.Pattern[str]") -> float:
        """The share of filled cells that the pattern matches whole."""
        return sum(1 for cell in self.filled if test.fullmatch(cell)) / len(self.filled) if self.filled else 0.0

    @property
    def unique(self) -> bool:
        """Does no value come twice, in more than a handful?"""
        return len(self.filled) >= 1 and self.distinct == len(self.filled) and len(self.filled) >= 0.9 * len(self.cells)


@dataclass(frozen=True, slots=True)
class Guess:
    """A proposed target, how sure it is (0 to 1) and why."""

    target: Target
    confidence: float
    why: str


@cache
def _headers() -> dict[str, str]:
    text = resources.files("marops.domains.capture").joinpath("data", "headers.csv").read_text(encoding="utf-8")
    return {header: target for target, header in csv.reader(text.splitlines()[1:])}


def guess(columns: Sequence[Column], shape: Shape | None, *, refused: bool = False) -> list[Guess]:
    """A target for each column; no field is given to two columns.

    Among `refused` rows nobody wonders that a column of addresses holds none: its name decides.
    """
    guesses = [_one(column, shape, refused=refused) for column in columns]
    taken: dict[str, int] = {}
    for number in sorted(range(len(guesses)), key=lambda n: (-guesses[n].confidence, n)):
        target = guesses[number].target
        if target.kind not in ("consent", "skip") and target.slot in taken:
            first = columns[taken[target.slot]].name
            guesses[number] = _own(columns[number], f"“{first}” already gives {target.label}.")
            target = guesses[number].target
        taken.setdefault(target.slot, number)
    return _distinct_slugs(guesses)


def _distinct_slugs(guesses: list[Guess]) -> list[Guess]:
    seen: dict[str, int] = {}
    for number, one in enumerate(guesses):
        if one.target.kind not in ("custom", "external"):
            continue
        seen[one.target.slot] = times = seen.get(one.target.slot, 0) + 1
        if times > 1:
            renamed = Target(one.target.kind, f"{one.target.name[:56]}_{times}", one.target.detail)
            guesses[number] = Guess(renamed, one.confidence, one.why)
    return guesses


def _one(column: Column, shape: Shape | None, *, refused: bool) -> Guess:
    if shape:
        standard = {name.lower(): target for name, target in shape.columns.items()}
        if found := standard.get(column.name.strip().lower()):
            return Guess(_settled(parse(found), column), 1.0, f"Standard column of {shape.title}.")
    header = key(re.sub(r" \(\d+\)$", "", column.name))
    named = _headers().get(header)
    if not column.filled and not named:
        return Guess(SKIP, 0.9, "The column is empty in the rows looked at.")
    if named and refused and named in ("email", "phone", "mobile"):
        return Guess(parse(named), 0.95, "By its name.")
    if named and (fits := _by_name(parse(named), column)):
        return fits
    return _by_value(column, header) or _own(column)


def _settled(target: Target, column: Column) -> Target:
    if target.kind == "custom" and not target.detail:
        return Target("custom", target.name, custom_type(column))
    return target


def _by_name(target: Target, column: Column) -> Guess | None:
    """The header's guess, unless the values speak against it."""
    checks: dict[str, Callable[[], bool]] = {
        "email": lambda: _emails(column) >= 0.5,
        "phone": lambda: column.share(_PHONE) >= 0.3 or _digits(column) >= 0.5,
        "mobile": lambda: column.share(_PHONE) >= 0.3 or _digits(column) >= 0.5,
        "visits": lambda: column.share(_NUMBER) >= 0.8,
        "seconds_on_site": lambda: column.share(_NUMBER) >= 0.8,
        "pages_per_visit": lambda: column.share(_NUMBER) >= 0.8,
        "known_since": lambda: looks_like_dates(column) >= 0.5,
        "last_activity_at": lambda: looks_like_dates(column) >= 0.5,
        "country": lambda: _countries(column) >= 0.3,
        "full_name": lambda: column.share(_NUMBER) < 0.5 and _emails(column) < 0.5,
        "last_activity": lambda: looks_like_dates(column) < 0.5,
        "company_name": lambda: column.share(_NUMBER) < 0.5,
        "job_title": lambda: (
            not {"mr", "mrs", "ms", "mr.", "mrs.", "herr", "frau"} & {c.lower() for c in column.filled}
        ),
    }
    test = checks.get(target.name if target.kind == "field" else "", lambda: True)
    if target.name == "last_activity" and column.filled and looks_like_dates(column) >= 0.5:
        return Guess(Target("field", "last_activity_at"), 0.9, "By its name and its dates.")
    if column.filled and not test():
        return None
    if target.kind == "consent" and not _says_yes_or_no(column):
        return None
    return Guess(target, 0.95 if column.filled else 0.6, "By its name.")


def _by_value(column: Column, header: str) -> Guess | None:
    if _emails(column) >= 0.8:
        return Guess(Target("field", "email"), 0.8, "The values are e-mail addresses.")
    if is_id(column, header):
        return Guess(Target("external", slug(column.name)), 0.85, "Every row has another value: an id.")
    if column.share(_PHONE) >= 0.8 and any(cell.startswith(("+", "00", "(")) for cell in column.filled):
        return Guess(Target("field", "phone"), 0.7, "The values are phone numbers.")
    if column.share(_URL) >= 0.8:
        return Guess(Target("field", "website"), 0.6, "The values are web addresses.")
    if column.distinct > 1 and _countries(column) >= 0.9 and all(len(cell) > 3 for cell in column.filled):
        return Guess(Target("field", "country"), 0.7, "The values are countries.")
    return None


def is_id(column: Column, header: str) -> bool:
    """Are these the ids of another system?"""
    if (
        not column.filled
        or any(len(cell) > 64 or " " in cell for cell in column.filled)
        or looks_like_dates(column) >= 0.5
    ):
        return False
    if header in _ID_HEADERS:  # a person may come twice in a file
        return column.distinct >= 0.5 * len(column.filled)
    last = header.rsplit(" ", maxsplit=1)[-1]
    named = last in _ID_WORDS or re.fullmatch(r"(?:uu|gu)?id|\w+id", header) is not None
    return named and column.unique and len(column.cells) > 1


def _own(column: Column, why: str = "") -> Guess:
    kind = custom_type(column)
    return Guess(
        Target("custom", slug(column.name), kind), 0.5, why or "No standard field; kept as a field of your own."
    )


def custom_type(column: Column) -> str:
    """The type of a custom field for these values."""
    if not column.filled:
        return "text"
    values = {cell.lower() for cell in column.filled}
    if values <= _TRUTHS and len(values) <= 4 and (not values <= {"0"} or len(column.filled) > 20):
        return "boolean"
    if column.share(_NUMBER) >= 0.98 and not any(re.match(r"0\d", cell) for cell in column.filled):
        return "number"
    if looks_like_dates(column) >= 0.98:
        return "date"
    few = column.distinct <= 60 and len(column.filled) >= 20 and column.distinct <= 0.3 * len(column.filled)
    return "choice" if few and max(len(cell) for cell in values) <= 120 else "text"


def _says_yes_or_no(column: Column) -> bool:
    return all(cell.lower() in _TRUTHS or len(cell) <= 30 for cell in column.filled) and column.distinct <= 12


def consent_meaning(header: str) -> str:
    """`opt_out` where a yes under this header refuses, else `opt_in`."""
    return "opt_out" if _REFUSES.search(key(header)) else "opt_in"


def day_first(columns: Sequence[Column]) -> bool | None:
    """Do dates such as 03/04/2024 put the day first? None where nothing tells."""
    for column in columns:
        for cell in column.filled:
            found = _DATE.fullmatch(cell)
            if found and found[4]:
                if int(found[4]) > 12:
                    return True
                if int(found[5]) > 12:
                    return False
                if "." in cell:
                    return True
    return None


def _emails(column: Column) -> float:
    if not column.filled:
        return 0.0
    return sum(1 for cell in column.filled if "@" in cell and emails.normalise(cell)) / len(column.filled)


def _countries(column: Column) -> float:
    if not column.filled:
        return 0.0
    return sum(1 for cell in column.filled if countries.normalise(cell)) / len(column.filled)


def looks_like_numbers(column: Column) -> float:
    """The share of the cells that are numbers."""
    return column.share(_NUMBER)


def looks_like_dates(column: Column) -> float:
    """The share of the cells that are dates."""
    return column.share(_DATE)


def _digits(column: Column) -> float:
    if not column.filled:
        return 0.0
    return sum(1 for cell in column.filled if sum(char.isdigit() for char in cell) >= 6) / len(column.filled)
