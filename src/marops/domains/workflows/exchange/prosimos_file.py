"""The parameters of Prosimos as a file: JSON read with care, older shapes brought to today's, rows with their place."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from marops.domains.workflows.exchange.bpsim import number
from marops.domains.workflows.exchange.xml import LARGEST, refused

Row = Mapping[str, Any]

_KNOWN = {
    "resource_profiles", "resource_calendars", "arrival_time_distribution", "arrival_time_calendar",
    "gateway_branching_probabilities", "task_resource_distribution", "event_distribution", "batch_processing",
    "case_attributes", "event_attributes", "global_attributes", "branch_rules", "prioritisation_rules",
    "gateway_execution_limit", "model_type", "granule_size", "multitask",
}  # fmt: skip


@dataclass(slots=True)
class Parameters:
    """The sections of a file; `older`: in which of them rows were found by key, as older versions wrote them."""

    data: dict[str, Any]
    older: list[str] = field(default_factory=list)

    def rows(self, section: str, key: str, inner: str = "") -> Iterator[tuple[str, Row]]:
        """The rows of a section, each with its place for messages. Raises MaropsError where it is no list of them.

        Older files name rows by key: the key becomes the row's `key`, and what is no row its `inner`.
        """
        found = self.data.get(section) or []
        if isinstance(found, Mapping):
            found = [_row(name, value, key, inner) for name, value in found.items()]
            self.older.append(section)
        if not isinstance(found, list):
            raise refused(f"“{section}” is no list.", "Export the parameters from Prosimos 2 again.")
        for place, row in enumerate(found):
            if not isinstance(row, Mapping):
                raise refused(f"{section}[{place}] is no object with names.")
            yield f"{section}[{place}]", row

    def row(self, section: str) -> Row:
        """A section that is one object; an empty one where it is missing."""
        found = self.data.get(section) or {}
        if not isinstance(found, Mapping):
            raise refused(f"“{section}” is no object with names.")
        return found

    def periods(self, section: str) -> list[Row]:
        """A section that is a list of periods."""
        return [row for _, row in self.rows(section, "from")]

    @property
    def unknown(self) -> list[str]:
        """Sections that mean nothing here."""
        return sorted(set(self.data) - _KNOWN)


def _row(name: str, value: Any, key: str, inner: str) -> Any:
    if isinstance(value, Mapping) and (not inner or inner in value):
        return {key: name, **value}
    return {key: name, inner: value}


def read_parameters(data: bytes) -> Parameters:
    """The sections of a file. Raises MaropsError where it is no JSON object, too large or too deep."""
    if len(data) > LARGEST:
        raise refused(f"These parameters have {len(data) / 1e6:.0f} MB; at most {LARGEST / 1e6:.0f} MB are read.")
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise refused(f"These parameters are no JSON: {error.msg}.", line=error.lineno) from None
    except (ValueError, RecursionError) as error:
        raise refused(f"These parameters are no JSON that can be read: {error}.") from None
    if not isinstance(found, dict):
        raise refused("These parameters are no JSON object with sections.")
    if "task_resource_distribution" not in found:
        raise refused(
            "These parameters have no “task_resource_distribution”, so nothing says who does what.",
            "Choose the file of simulation parameters that Prosimos 2 or Simod wrote.",
        )
    return Parameters(found)


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")


def listed(row: Row, key: str, place: str, name: str = "", inner: str = "") -> list[Row]:
    """Rows inside a row; by key in older files. Raises MaropsError."""
    found = row.get(key) or []
    if isinstance(found, Mapping):
        found = [_row(one, value, name, inner) for one, value in found.items()]
    if not isinstance(found, list) or any(not isinstance(one, Mapping) for one in found):
        raise refused(f"{place}.{key} is no list of objects.")
    return found


def text(row: Row, *keys: str) -> str:
    """The first of these that is there, as text in one line."""
    for key in keys:
        if row.get(key) not in (None, ""):
            return " ".join(str(row[key]).split())[:200]
    return ""


def amount(row: Row, key: str, default: float) -> float:
    """A number, also if it is written as text."""
    found = number(row.get(key, default))
    return default if found is None else found
