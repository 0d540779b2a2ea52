"""What loading a list of people would do, before it does: who is who, what changes, which rows are refused and why.

All in memory, for a list has at most some thousand rows; the questions to the database are the same for one as for all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final
from uuid import UUID
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import Account
from marops.domains.team.catalogue import catalogue
from marops.domains.team.fields import calendars
from marops.domains.team.models import Person, RoleHeld
from marops.domains.team.permissions import ASSESS, MANAGE, PAY, Policy
from marops.domains.team.queries.pay import Paid, pay_now
from marops.domains.team.queries.people import held_on
from marops.domains.team.queries.skills import Seen, newest
from marops.domains.team.rules.lines import chain, circles
from marops.domains.team.rules.roster import (
    Line,
    Meaning,
    Wrong,
    day_of,
    folded,
    level_of,
    meanings,
    number_of,
    roles_of,
    shares_of,
)
from marops.domains.team.rules.tables import Table
from marops.kernel.ids import new_id
from marops.kernel.money import currencies
from marops.kernel.workspace import today

_ROWS_NAMED: Final = 12
_VALUES: Final = ("name", "location", "zone", "calendar", "joined", "weekly_hours")


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
    "weekly_hours": "hours", "manager_id": "manager",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What loading a table would come to."""

    columns: tuple[Meaning, ...]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    rows: int

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


def plan_load(policy: Policy, table: Table) -> LoadPlan:
    """What loading this table would come to for this actor. Writes nothing."""
    return _Planner(policy, table).plan()


class _Planner:
    """The steps in order: cells → one line for each person → people → managers and circles → what differs."""

    def __init__(self, policy: Policy, table: Table) -> None:
        self.policy, self.table = policy, table
        self.known = catalogue()
        self.columns = meanings(table.headers, self.known)
        self.findings: list[Finding] = []
        self.refused: set[str] = set()
        self.without_account: list[int] = []
        """Names and addresses of rows that stay out."""
        self.day = today()
        self.people = {one.id: one for one in Person.objects.all()}
        self.by_name: dict[str, list[Person]] = {}
        for one in self.people.values():
            self.by_name.setdefault(folded(one.name), []).append(one)
        self.accounts = {one.email.casefold(): one for one in Account.objects.filter(active=True)}
        self.by_account = {one.account_id: one for one in self.people.values() if one.account_id}
        self.by_ref = {one.ref.casefold(): one for one in self.people.values()}

    def plan(self) -> LoadPlan:
        """All steps."""
        if not any(one.column in ("name", "email", "ref") for one in self.columns):
            self._note(
                0,
                "",
                _("No column says who a row is about."),
                _("Name a column “name”, “email” or “ref”."),
                refused=True,
            )
            return LoadPlan(tuple(self.columns), (), tuple(self.findings), len(self.table.rows))
        self._columns_not_read()
        lines = [line for number, cells in self.table.rows if (line := self._line(number, cells))]
        changes = [one for one in self._people(lines) if self._fits_week(one.line)]
        self._who_cannot_sign_in()
        self._whether_roles_are_said(changes)
        # Whoever loads may come in with this very file.
        own = [one.person.id for one in changes if one.new and one.person.account_id == self.policy.held.account_id]
        self.me = self.policy.me or (own[0] if own and self.policy.held.account_id else None)
        changes = self._lines_of_managers(changes)
        self._differences(changes)
        order = sorted(self.findings, key=lambda one: (one.row, not one.refused))
        return LoadPlan(tuple(self.columns), tuple(changes), tuple(order), len(self.table.rows))

    def _who_cannot_sign_in(self) -> None:
        """One remark for all rows, so that it hides none that says what is wrong."""
        rows = self.without_account
        if rows:
            told = ", ".join(map(str, rows[:_ROWS_NAMED])) + (" …" if len(rows) > _ROWS_NAMED else "")
            message = ngettext(
                "No account has the address of row %(rows)s, so that person cannot sign in yet.",
                "No account has the addresses of %(n)s rows (%(rows)s), so those people cannot sign in yet.", len(rows),
            ) % {"n": len(rows), "rows": told}  # fmt: skip
            self._note(0, "email", message, _("Invite them under Access; the people are kept."))

    def _whether_roles_are_said(self, changes: Sequence[Change]) -> None:
        if any(one.new for one in changes) and not any(one.column == "roles" for one in self.columns):
            self._note(0, "roles", _("No column says which roles people have, so nobody new counts for the team."),
                       _("Name a column “role”, with titles or short names of roles."))  # fmt: skip

    def _note(self, row: int, name: str, message: str, remedy: str = "", *, refused: bool = False) -> None:
        self.findings.append(Finding(row, name, message, remedy, refused))

    def _columns_not_read(self) -> None:
        for place, one in enumerate(self.columns):
            if one.column in ("pay", "currency", "pay_since") and not (
                PAY in self.policy.held and MANAGE in self.policy.held
            ):
                self.columns[place] = Meaning(one.heading)
                self._note(
                    0, one.heading, _("This column is left out."), _("Pay takes the right to see what people earn.")
                )
            elif not one.column and not one.skill:
                self._note(0, one.heading, _("This column means nothing here and is not read."),
                           _("Headings are names of fields or of skills, such as Scoring leads (self)."))  # fmt: skip

    # -- cells --

    def _line(self, number: int, cells: Sequence[str]) -> Line | None:
        line, good, cell_of = Line(number), True, dict[str, str]()
        for meaning, cell in zip(self.columns, cells, strict=True):
            if meaning.column and cell:
                cell_of[meaning.column] = cell
            if meaning.skill:
                good &= self._take(line, meaning.heading, lambda m=meaning, c=cell: self._level(line, m, c))
        for name in ("ref", "name", "email", "manager"):
            setattr(line, name, cell_of.get(name, "").strip())
        for column, reader in self._readers(line, cell_of).items():
            if column in cell_of:
                good &= self._take(line, column, lambda r=reader, c=cell_of[column]: r(c))
        if not (line.name or line.email or line.ref):
            self._note(
                number, "name", _("The row names nobody."), _("Give a name, an address or a reference."), refused=True
            )
            return None
        if not good:
            self._fits_week(line)  # all that is wrong with a row is said at once
            self.refused |= {folded(line.name), folded(line.email)} - {""}
        return line if good else None

    def _take(self, line: Line, name: str, read: Any) -> bool:
        try:
            read()
        except Wrong as wrong:
            self._note(line.number, name, str(wrong), wrong.remedy, refused=True)
            return False
        return True

    def _readers(self, line: Line, cells: Mapping[str, str]) -> Mapping[str, Any]:
        def put(name: str, value: Any) -> None:
            line.values[name] = value

        return {
            "email": _address,
            "location": lambda cell: put("location", cell),
            "zone": lambda cell: put("zone", _one_of(cell, available_timezones(), _("time zone"), "Europe/Paris")),
            "calendar": lambda cell: put("calendar", _one_of(cell, set(calendars()), _("calendar"), "standard")),
            "joined": lambda cell: put("joined", day_of(cell)),
            "hours": lambda cell: put("weekly_hours", _hours(cell)),
            "since": lambda cell: setattr(line, "since", day_of(cell)),
            "pay_since": lambda cell: setattr(line, "pay_since", day_of(cell)),
            "roles": lambda cell: self._roles(line, cell, cells.get("share", "")),
            "pay": lambda cell: self._pay(line, cell, cells.get("currency", "")),
        }

    def _level(self, line: Line, meaning: Meaning, cell: str) -> None:
        level = level_of(cell)
        if level is not None:
            line.levels[meaning.skill, meaning.by] = level

    def _roles(self, line: Line, cell: str, shares: str) -> None:
        told = roles_of(cell, self.known)
        given = shares_of(shares, len(told))
        for one, share in zip(told, given, strict=True):
            line.roles[one.role] = line.roles.get(one.role, Decimal(0)) + (one.share or share or Decimal(1) / len(told))

    @staticmethod
    def _pay(line: Line, cell: str, currency: str) -> None:
        amount = number_of(cell)
        code = currency.strip().upper() or next((one for one in cell.upper().split() if one in currencies()), "")
        if code not in currencies():
            raise Wrong("The pay has no currency.", "Give it in a column “currency”, such as EUR.")
        if amount <= 0:
            raise Wrong("The pay of a year is more than nothing.", "Leave the cell empty where it is not known.")
        line.pay = (amount, code)

    # -- who is who --

    def _people(self, lines: Iterable[Line]) -> list[Change]:
        """One change for each person: rows about the same one say it together, or are refused where they disagree."""
        found: dict[str, Change] = {}
        for line in lines:
            person = self._known_person(line)
            if person is False:
                continue
            key = str(person.id) if person else folded(line.email or line.name)
            if key in found:
                self._join(found[key], line)
            elif person or self._may_be_new(line):
                found[key] = Change(line, person or self._newcomer(line), new=person is None, manager=line.manager)
        return list(found.values())

    def _known_person(self, line: Line) -> Any:
        """The person a row is about, None for somebody new, False where that cannot be told."""
        if line.ref:
            if one := self.by_ref.get(line.ref.casefold()):
                return one
            self._note(
                line.number,
                "ref",
                _("There is no person %(ref)s.") % {"ref": line.ref},
                _("Leave the reference empty for somebody new."),
                refused=True,
            )
            return False
        account = self.accounts.get(line.email.casefold()) if line.email else None
        if account and account.id in self.by_account:
            return self.by_account[account.id]
        named = [one for one in self.by_name.get(folded(line.name), []) if not (account and one.account_id)]
        if len(named) > 1:
            refs = ", ".join(one.ref for one in named)
            self._note(
                line.number,
                "name",
                _("Several people are called %(name)s.") % {"name": line.name},
                _("Say who by a column “ref”: %(refs)s.") % {"refs": refs},
                refused=True,
            )
            return False
        return named[0] if named else None

    def _may_be_new(self, line: Line) -> bool:
        account = self.accounts.get(line.email.casefold())
        if not line.name and account is None:
            self._note(
                line.number, "name", _("Somebody new needs a name."), _("No account has this address."), refused=True
            )
            return False
        if line.email and account is None:
            self.without_account.append(line.number)
        return True

    def _newcomer(self, line: Line) -> Person:
        account = self.accounts.get(line.email.casefold()) if line.email else None
        name = line.name or (account.name if account else "")
        return Person(id=new_id(), number=0, name=name, account_id=account.id if account else None)

    def _join(self, change: Change, line: Line) -> None:
        first = change.line
        told: dict[str, tuple[Any, Any]] = {
            "manager": (folded(first.manager), folded(line.manager)),
            "pay": (first.pay, line.pay),
        }
        told |= {name: (first.values.get(name), line.values.get(name)) for name in _VALUES}
        for name, (one, other) in told.items():
            if one and other and one != other:
                self._note(
                    line.number,
                    name,
                    _("Row %(row)s says something else of the same person.") % {"row": first.number},
                    _("Correct one of the two rows."),
                    refused=True,
                )
                return
        for role, share in line.roles.items():
            first.roles[role] = first.roles.get(role, Decimal(0)) + share
        first.values = {**line.values, **first.values}
        first.levels = {**line.levels, **first.levels}
        first.pay, change.manager = first.pay or line.pay, change.manager or line.manager

    # -- managers --

    def _lines_of_managers(self, changes: list[Change]) -> list[Change]:
        """Set managers by name, address or reference, wherever they stand; whoever is in a circle is out."""
        names, mails = self._names_of(changes)
        given: dict[UUID, Change] = {}
        kept = []
        for one in changes:
            if not one.manager:
                kept.append(one)
                continue
            if self._boss_refused(one, names):
                kept.append(one)
                continue
            boss = self._boss(one, names, mails)
            if boss is not None:
                one.values["manager_id"] = boss
                given[one.person.id] = one
                kept.append(one)
        managers = {pk: one.manager_id for pk, one in self.people.items()} | {
            one.person.id: None for one in kept if one.new
        }
        managers |= {pk: one.values["manager_id"] for pk, one in given.items()}
        called = {pk: one.name for pk, one in self.people.items()} | {one.person.id: one.person.name for one in kept}
        out = set()
        for way in circles(managers):
            line = ", ".join(f"{called.get(low, '?')} to {called.get(high, '?')}" for low, high in pairwise(way))
            for pk in way[:-1]:
                if pk in given:
                    out.add(pk)
                    self._note(
                        given[pk].line.number,
                        "manager",
                        _("The reporting line runs in a circle: %(line)s.") % {"line": line},
                        _("Correct the manager of one of them."),
                        refused=True,
                    )
        kept = [one for one in kept if one.person.id not in out]
        self._without_refused(kept, {one.person.id for one in changes if one.new} - {one.person.id for one in kept})
        self.managers = managers
        return kept

    def _without_refused(self, kept: list[Change], gone: set[UUID]) -> None:
        for one in kept:
            if one.values.get("manager_id") in gone:
                del one.values["manager_id"]
                self._manager_out(one)

    def _names_of(self, changes: Sequence[Change]) -> tuple[dict[str, set[UUID]], dict[str, UUID]]:
        names: dict[str, set[UUID]] = {}
        for one in (*self.people.values(), *(change.person for change in changes)):
            names.setdefault(folded(one.name), set()).add(one.id)
        mails = {mail: self.by_account[one.id].id for mail, one in self.accounts.items() if one.id in self.by_account}
        mails |= {one.line.email.casefold(): one.person.id for one in changes if one.line.email}
        return names, mails

    def _boss_refused(self, one: Change, names: Mapping[str, set[UUID]]) -> bool:
        """Is the manager somebody new whose own row stays out? Then nobody is set; the row itself comes in."""
        out = folded(one.manager) in self.refused and folded(one.manager) not in names
        if out:
            self._manager_out(one)
        return out

    def _manager_out(self, one: Change) -> None:
        message = _("The row of this manager was refused; nobody is set yet.")
        self._note(one.line.number, "manager", message, _("Correct that row and load the file again."))

    def _boss(self, one: Change, names: Mapping[str, set[UUID]], mails: Mapping[str, UUID]) -> UUID | None:
        word, row = one.manager.strip(), one.line.number
        found = {mails[word.casefold()]} if word.casefold() in mails else names.get(folded(word), set())
        if ref := self.by_ref.get(word.casefold()):
            found = {ref.id}
        if len(found) == 1:
            return next(iter(found))
        if found:
            self._note(
                row,
                "manager",
                _("Several people are called %(name)s.") % {"name": word},
                _("Give the manager's address or reference."),
                refused=True,
            )
        else:
            self._note(
                row,
                "manager",
                _("Nobody here or in the file is called %(name)s.") % {"name": word},
                _("Correct the name, or add a row for this person."),
                refused=True,
            )
        return None

    # -- what differs --

    def _differences(self, changes: list[Change]) -> None:
        ids = [one.person.id for one in changes if not one.new]
        self.held, self.seen = held_on(self.day, ids), newest(ids)
        paid = pay_now(self.policy, [one.person.id for one in changes if one.line.pay and not one.new])
        for one in changes:
            self._differs(
                one, self.held.get(one.person.id, []), self.seen.get(one.person.id, {}), paid.get(one.person.id)
            )

    def _differs(self, one: Change, held: Sequence[RoleHeld], seen: Mapping[str, Seen], paid: Paid | None) -> None:
        line, person = one.line, one.person
        told = {**line.values, **one.values}
        if line.name and not one.new:
            told["name"] = line.name
        one.values = {name: value for name, value in told.items() if one.new or getattr(person, name) != value}
        now_held = Counter[str]()
        for row in held:
            now_held[row.role] += row.share  # type: ignore[assignment]  # a Counter adds Decimals as well
        moved = line.since is not None and any(row.starts != line.since for row in held)
        if line.roles and (line.roles != dict(now_held) or moved):
            one.roles, one.since = line.roles, line.since
        if line.pay and (paid is None or (paid.amount, paid.currency) != line.pay):
            one.pay = (*line.pay, line.pay_since or self.day)
        for (skill, by), level in line.levels.items():
            self._level_differs(one, skill, by, level, seen.get(skill, Seen()))

    def _level_differs(self, one: Change, skill: str, by: str, level: int, seen: Seen) -> None:
        if (seen.own if by == "self" else seen.manager) == level:
            return
        if by == "manager" and not self._assesses(one.person.id):
            if not any(note.row == one.line.number and note.field == "levels" for note in self.findings):
                self._note(
                    one.line.number,
                    "levels",
                    _("Levels by the manager are left out: they are not yours to give."),
                    _("Mark columns that people filled in themselves with (self)."),
                )
            return
        one.levels[skill, by] = level

    def _assesses(self, person_id: UUID) -> bool:
        """As the reporting lines will be after the load."""
        if person_id == self.me:
            return False
        return ASSESS in self.policy.held or self.me in chain(self.managers, person_id)[1:]

    def _fits_week(self, line: Line) -> bool:
        share = sum(line.roles.values(), Decimal(0))
        if share <= 1:
            return True
        titles = ", ".join(f"{self.known.title(role)} {part * 100:.0f} %" for role, part in line.roles.items())
        said = {"share": f"{share * 100:.0f}", "roles": titles}
        message = _("The roles would take %(share)s %% of a week: %(roles)s.") % said
        self._note(line.number, "share", message, _("Make them 100 percent at most."), refused=True)
        self.refused |= {folded(line.name), folded(line.email)} - {""}
        return False


def _one_of(cell: str, known: Iterable[str], what: str, such: str) -> str:
    if cell not in set(known):
        raise Wrong(f"“{cell}” is no {what}.", f"Write one such as {such}.")
    return cell


def _address(cell: str) -> None:
    try:
        validate_email(cell.strip())
    except ValidationError:
        raise Wrong(f"{cell!r} is no address.", "Write it as name@company.com, or leave the cell empty.") from None


def _hours(cell: str) -> Decimal:
    hours = number_of(cell)
    if not 0 < hours <= 80:
        raise Wrong(f"“{cell}” are no hours of a week.", "Give 1 to 80.")
    return hours


def roles_from(change: Change, day: date) -> date:
    """From which day the roles of a change hold: as the row says, else from joining for a newcomer, else from today."""
    joined = change.values.get("joined") if change.new else None
    found: date = change.since or joined or day
    return found


def plan_json(plan: LoadPlan) -> dict[str, Any]:
    """What loading came to, as REST and the command print it."""
    names = ("row", "field", "message", "remedy", "refused")
    return plan.counts | {"findings": [{name: getattr(one, name) for name in names} for one in plan.findings]}
