"""The map: which column goes where, as a person wrote it down (MAP.yaml), and what to know about the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import available_timezones

from marops.domains.capture.guessing import consent_meaning
from marops.domains.capture.reading import Options
from marops.domains.capture.targets import Target, nearest, parse
from marops.kernel.errors import FieldError, MaropsError, problem
from marops.kernel.money import currencies

BAD_MAP = problem(
    "import-map-unreadable",
    "The map cannot be used",
    status=400,
    remedy="Nothing was imported. Write it as the guide shows: `columns:` with one line `column: target` each.",
)
UNKNOWN_COLUMN = problem(
    "import-unknown-column",
    "The map names a column that the file does not have",
    status=400,
    remedy="Nothing was imported. Use the names in the file's first line.",
)
TWICE = problem(
    "import-target-twice",
    "The map sends two columns to one field",
    status=400,
    remedy="Nothing was imported. Keep one of them, and send the other to a custom field or skip it.",
)

_SETTINGS = (
    "columns", "others", "null_words", "encoding", "delimiter", "sheet", "country", "zone", "dates", "currency"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Map:
    """What a person says about a file. Everything may be left out; what is, is guessed."""

    columns: Mapping[str, str] = field(default_factory=dict)
    others: str = ""
    """`skip`: leave out the columns that are not named. Otherwise they are guessed."""
    null_words: Sequence[str] | None = None
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    country: str = ""
    zone: str = ""
    dates: str = ""
    currency: str = ""

    @property
    def options(self) -> Options:
        """The part that concerns reading."""
        return Options(self.encoding, self.delimiter, self.sheet)

    def as_json(self) -> dict[str, Any]:
        """The map as a document."""
        values = {name: getattr(self, name) for name in _SETTINGS}
        return {name: value for name, value in values.items() if value not in ("", None, {})}


def read_map(path: Path) -> Map:
    """The map in a YAML file. Raises MaropsError `import-map-unreadable`."""
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise MaropsError(BAD_MAP, f"{path.name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MaropsError(BAD_MAP, f"{path.name} is not UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise MaropsError(BAD_MAP, f"{path.name} is not YAML{where}.") from None
    return as_map(found)


def as_map(document: Any) -> Map:
    """The map in a document: either with its settings, or nothing but `column: target`."""
    if not isinstance(document, dict):
        raise MaropsError(BAD_MAP, "It holds no `column: target` lines.")
    if "columns" not in document and not set(document) <= set(_SETTINGS):
        document = {"columns": document}
    if unknown := [str(name) for name in document if name not in _SETTINGS]:
        raise MaropsError(BAD_MAP, f"It has no setting {unknown[0]!r}." + nearest(unknown[0], _SETTINGS))
    columns = document.get("columns") or {}
    if not isinstance(columns, dict):
        raise MaropsError(BAD_MAP, "`columns` holds no `column: target` lines.")
    texts = {name: _text(name, document[name]) for name in (*_SETTINGS[3:], "others") if name in document}
    words = document.get("null_words")
    if words is not None and not isinstance(words, list):
        raise MaropsError(BAD_MAP, "`null_words` is a list.")
    found = Map(
        columns={str(name): "skip" if target is None else str(target) for name, target in columns.items()},
        null_words=None if words is None else [str(word) for word in words],
        **texts,
    )
    _check(found)
    return found


def _text(name: str, value: Any) -> str:
    # YAML reads an unquoted NO as false; the country Norway is meant.
    if value is False and name == "country":
        return "NO"
    if not isinstance(value, str):
        raise MaropsError(BAD_MAP, f"`{name}` is a text.")
    return value


def _check(found: Map) -> None:
    if found.others not in ("", "skip"):
        raise MaropsError(BAD_MAP, "`others` can only be skip.")
    if found.dates not in ("", "day_first", "month_first"):
        raise MaropsError(BAD_MAP, "`dates` is day_first or month_first.")
    if found.country and (len(found.country) != 2 or not found.country.isalpha()):
        raise MaropsError(BAD_MAP, "`country` is a code of two letters, such as DE.")
    if found.currency and found.currency not in currencies():
        raise MaropsError(BAD_MAP, "`currency` is the code of a currency in three capital letters, such as EUR.")
    if found.zone and found.zone not in available_timezones():
        raise MaropsError(
            BAD_MAP, f"There is no time zone {found.zone!r}." + nearest(found.zone, available_timezones())
        )


class _Parse(Protocol):
    def __call__(self, text: str, *, column: str = "") -> Target: ...


def resolve(columns: Mapping[str, str], headers: Sequence[str], read: _Parse = parse) -> dict[str, Target]:
    """The map's columns as the file spells them, with their targets. Raises MaropsError naming every fault at once."""
    by_folded = {header.strip().lower(): header for header in headers}
    found: dict[str, Target] = {}
    faults: list[FieldError] = []
    for name, text in columns.items():
        header = name if name in headers else by_folded.get(" ".join(name.split()).lower())
        if header is None:
            faults.append(
                FieldError("unknown-column", f"The file has no column {name!r}.", nearest(name, headers), field=name)
            )
            continue
        target = read(text, column=name)
        if target.kind == "consent" and not target.detail:
            target = Target("consent", target.name, consent_meaning(header))
        found[header] = target
    if faults:
        first = f"{faults[0].message}{faults[0].remedy}"
        raise MaropsError(UNKNOWN_COLUMN, first, errors=faults)
    _check_slots(found)
    return found


def _check_slots(found: Mapping[str, Target]) -> None:
    slots: dict[str, str] = {}
    for header, target in found.items():
        if target.kind in ("skip", "consent"):
            continue
        if target.slot in slots:
            raise MaropsError(TWICE, f"{slots[target.slot]!r} and {header!r} both go to {target}.")
        slots[target.slot] = header
