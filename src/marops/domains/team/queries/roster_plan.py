"""What loading a list of people would come to, in words and numbers: one change for each person, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Person
from marops.domains.team.rules.roster import Line, Meaning


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a cell, or worth knowing: row, field, what, and what to do. A refusal costs the row."""

    row: int
    field: str
    message: str
    remedy: str = ""
    refused: bool = True


@dataclass(slots=True)
class Change:
    """What would become of one person: the row that says so, and what differs from what is kept."""

    line: Line
    person: Person
    new: bool
    values: dict[str, Any] = field(default_factory=dict)
    roles: dict[str, Decimal] | None = None
    """Role → share from today on, where the row says another than is held."""
    since: date | None = None
    pay: tuple[Decimal, str, date] | None = None
    levels: dict[tuple[str, str], int] = field(default_factory=dict)
    manager: str = ""
    """How the row names the manager."""

    @property
    def said(self) -> list[str]:
        """In words, what changes; never an amount or a level."""
        words = [str(_FIELDS[one]) for one in self.values if one in _FIELDS and not self.new]
        if self.roles is not None:
            words.append(
                ", ".join(f"{catalogue().title(one)} {share * 100:.0f} %" for one, share in self.roles.items())
            )
        if self.pay:
            words.append(_("pay"))
        if self.levels:
            words.append(ngettext("%(n)s level", "%(n)s levels", len(self.levels)) % {"n": len(self.levels)})
        return words

    @property
    def differs(self) -> bool:
        """Is there anything to write?"""
        return self.new or bool(self.values or self.pay or self.levels) or self.roles is not None


_FIELDS: Final[Mapping[str, str]] = {
    "name": "name", "location": "place", "zone": "time zone", "calendar": "calendar", "joined": "day of joining",
    "weekly_hours": "hours", "email": "address", "manager_id": "manager",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What loading a table would come to."""

    columns: tuple[Meaning, ...]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    rows: int

    @property
    def role_unknown(self) -> list[str]:
        """The columns of which one may hold the roles, where loading waits for that to be said."""
        if not any(one.field == "roles" and one.refused and not one.row for one in self.findings):
            return []
        return [one.heading for one in self.columns if not one.column and not one.skill and one.heading]

    @property
    def refused(self) -> int:
        """How many rows would be refused."""
        return len({one.row for one in self.findings if one.refused and one.row})

    @property
    def counts(self) -> dict[str, int]:
        """Rows, and what would become of people."""
        return {
            "rows": self.rows, "created": sum(one.new for one in self.changes),
            "updated": sum(one.differs and not one.new for one in self.changes),
            "unchanged": sum(not one.differs for one in self.changes), "refused": self.refused,
        }  # fmt: skip


def roles_from(change: Change, day: date) -> date:
    """From which day the roles of a change hold: as the row says, else from joining for a newcomer, else from today."""
    joined = change.values.get("joined") if change.new else None
    found: date = change.since or joined or day
    return found


def plan_json(plan: LoadPlan) -> dict[str, Any]:
    """What loading came to, as REST and the command print it."""
    names = ("row", "field", "message", "remedy", "refused")
    return plan.counts | {
        "role_unknown": plan.role_unknown,
        "findings": [{name: getattr(one, name) for name in names} for one in plan.findings],
    }
