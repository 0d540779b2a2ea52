"""What loading a list of people would do, before it does: who is who, what changes, which rows are refused and why.

All in memory, for a list has at most some thousand rows; the questions to the database are the same for one as for all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
from marops.domains.team.queries.pay import MOST, Paid, pay_now
from marops.domains.team.queries.people import held_on
from marops.domains.team.queries.roster_plan import Change, Finding, LoadPlan
from marops.domains.team.queries.skills import Seen, newest, said_themselves
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
    suggestions,
)
from marops.domains.team.rules.tables import Table
from marops.kernel.ids import new_id
from marops.kernel.money import currencies
from marops.kernel.workspace import today

NO_ROLES: Final = "-"
"""Said in place of a heading: no column of the file holds roles."""
_ROWS_NAMED: Final = 12
_ASKED: Final = 5
"""Of so many columns it is asked whether they are the roles."""
_FULL_WEEK: Final = 40
_VALUES: Final = ("name", "location", "zone", "calendar", "joined", "weekly_hours")


def plan_load(policy: Policy, table: Table, role_column: str = "") -> LoadPlan:
    """What loading this table would come to for this actor. Writes nothing.

    `role_column`: the heading of the column that holds roles, where the file calls it otherwise; `NO_ROLES`: none does.
    """
    return _Planner(policy, table, role_column).plan()


class _Planner:
    """The steps in order: cells → one line for each person → people → managers and circles → what differs."""

    def __init__(self, policy: Policy, table: Table, role_column: str = "") -> None:
        self.policy, self.table, self.role_column = policy, table, role_column
        self.left_out: set[str] = set()
        """Headings of columns that this actor may not set."""
        self.known = catalogue()
        self.columns = meanings(table.headers, self.known, [cells for _number, cells in table.rows], role_column)
        self.findings: list[Finding] = []
        self.refused: dict[str, int] = {}
        """Name or address of who stays out → the row."""
        self.mails_out: dict[int, str] = {}
        """Row that stays out → its address."""
        self.without_account: list[int] = []
        self.taken: dict[tuple[str, str], list[int]] = {}
        """Title in the file that is none of the catalogue's, the role it was taken for → rows."""
        self.bosses: list[tuple[int, str]] = []
        """Managers of rows that stay out for something else: all that is wrong with a row is said at once."""
        self.day = today()
        self.people = {one.id: one for one in Person.objects.all()}
        self.by_name: dict[str, list[Person]] = {}
        for one in self.people.values():
            self.by_name.setdefault(folded(one.name), []).append(one)
        self.accounts = {one.email.casefold(): one for one in Account.objects.filter(active=True)}
        self.by_account = {one.account_id: one for one in self.people.values() if one.account_id}
        self.by_email = {one.email.casefold(): one for one in self.people.values() if one.email}
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
        self._what_titles_mean()
        self._bosses_of_refused(lines)
        # Whoever loads may come in with this very file.
        account = self.policy.held.account_id
        own = [one.person.id for one in changes if one.new and account and one.person.account_id == account]
        self.behind = self.policy.behind or next(iter(own), None)
        self.me = self.behind if self.policy.in_person else None
        changes = self._lines_of_managers(changes)
        if self._roles_unsaid(changes):
            changes = []
        self._differences(changes)
        order = sorted(self.findings, key=lambda one: (one.row, not one.refused))
        return LoadPlan(tuple(self.columns), tuple(changes), tuple(order), len(self.table.rows))

    def _who_cannot_sign_in(self) -> None:
        """One remark for all rows, so that it hides none that says what is wrong."""
        rows = self.without_account
        if rows:
            told = _named(rows)
            message = ngettext(
                "No account has the address of row %(rows)s, so that person cannot sign in yet.",
                "No account has the addresses of %(n)s rows (%(rows)s), so those people cannot sign in yet.", len(rows),
            ) % {"n": len(rows), "rows": told}  # fmt: skip
            self._note(0, "email", message, _("Invite them under Access; the people are kept."))

    def _what_titles_mean(self) -> None:
        for (called, role), rows in self.taken.items():
            told = {"called": called, "role": self.known.title(role), "rows": _named(rows)}
            self._note(0, "role", _("“%(called)s” (row %(rows)s) was taken for %(role)s.") % told,
                       _("Write another title of the catalogue where it is not that."))  # fmt: skip

    def _bosses_of_refused(self, lines: Sequence[Line]) -> None:
        known = {*self.by_name, *self.accounts, *self.by_email, *self.by_ref, *self.refused}
        known |= {folded(one.name) for one in lines} | {one.email.casefold() for one in lines}
        for row, word in self.bosses:
            if not {folded(word), word.casefold()} & known:
                self._nobody_called(row, word)

    def _roles_unsaid(self, changes: Sequence[Change]) -> bool:
        """Does the file say no roles of people who are new? Where a column that is not understood may hold them,
        nothing is loaded before that is said: else a whole team would come in without roles.
        """
        if any(one.column == "roles" for one in self.columns) or not any(one.new for one in changes):
            return False
        unread = [one.heading for one in self.columns if not one.column and not one.skill and one.heading]
        unread = [one for one in unread if one not in self.left_out]
        said = _("No column says which roles people have.")
        if not unread or self.role_column == NO_ROLES:
            self._note(0, "roles", said, _("Name a column “role”, with titles or short names of roles."))
            return False
        which = _(" or ").join(f"“{one}”" for one in unread[:_ASKED])
        self._note(0, "roles", said + " " + _("Is it %(columns)s?") % {"columns": which},
                   _("Say which column is the role, or that none is."), refused=True)  # fmt: skip
        return True

    def _note(self, row: int, name: str, message: str, remedy: str = "", *, refused: bool = False) -> None:
        self.findings.append(Finding(row, name, message, remedy, refused))

    def _columns_not_read(self) -> None:
        for place, one in enumerate(self.columns):
            if one.column in ("pay", "currency", "pay_since") and not (
                PAY in self.policy.held and MANAGE in self.policy.held
            ):
                self.columns[place] = Meaning(one.heading)
                self.left_out.add(one.heading)
                self._note(
                    0, one.heading, _("This column is left out."), _("Pay takes the right to see what people earn.")
                )
            elif not one.column and not one.skill:
                self._not_understood(one.heading)
            elif one.guessed:
                self._note(0, one.heading, _("This column was taken for the roles, for its cells are roles."),
                           _("Call it “role” to be sure."))  # fmt: skip

    def _not_understood(self, heading: str) -> None:
        near = suggestions(heading, self.known)
        remedy = _("Headings are names of fields or of skills, such as Scoring leads (self).")
        if near:
            remedy = _("Did you mean %(names)s? Call it so.") % {"names": _(" or ").join(f"“{one}”" for one in near)}
        self._note(0, heading, _("This column means nothing here and is not read."), remedy)

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
        good &= self._above_themselves(line)
        if not good:
            self._fits_week(line)  # all that is wrong with a row is said at once
            self._stays_out(line)
            if line.manager:
                self.bosses.append((number, line.manager))
        self._hours_and_share(line)
        return line if good else None

    def _stays_out(self, line: Line) -> None:
        for word in {folded(line.name), folded(line.email)} - {""}:
            self.refused.setdefault(word, line.number)
            self.mails_out[line.number] = line.email.casefold()

    def _above_themselves(self, line: Line) -> bool:
        own = {folded(line.name), line.email.casefold(), line.ref.casefold()} - {""}
        if not line.manager or not {folded(line.manager), line.manager.casefold()} & own:
            return True
        said = _("%(name)s would be their own manager.") % {"name": line.name or line.email or line.ref}
        self._note(line.number, "manager", said, _("Name somebody else, or leave the cell empty."), refused=True)
        return False

    def _hours_and_share(self, line: Line) -> None:
        """20 hours a week at 50 %: most who write that mean one and the same half, and would count for a quarter."""
        hours, share = line.values.get("weekly_hours"), sum(line.roles.values(), Decimal(0))
        if isinstance(hours, Decimal) and 0 < share < 1 and abs(hours - share * _FULL_WEEK) < 4:
            told = {"share": f"{share * 100:.0f}", "hours": f"{hours:f}", "both": f"{hours * share:.1f}"}
            self._note(line.number, "share", _("%(share)s %% of %(hours)s hours is %(both)s hours a week.") % told,
                       _("Give 100 % where these hours are their whole week."))  # fmt: skip

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
            if one.called:
                self.taken.setdefault((one.called, one.role), []).append(line.number)
            line.roles[one.role] = line.roles.get(one.role, Decimal(0)) + (one.share or share or Decimal(1) / len(told))

    @staticmethod
    def _pay(line: Line, cell: str, currency: str) -> None:
        amount = number_of(cell)
        code = currency.strip().upper() or next((one for one in cell.upper().split() if one in currencies()), "")
        if code not in currencies():
            raise Wrong("The pay has no currency.", "Give it in a column “currency”, such as EUR.")
        if not 0 < amount < MOST:
            message = f"The pay of a year is more than nothing and less than {MOST:,}."
            raise Wrong(message, "Leave the cell empty where it is not known.")
        line.pay = (amount, code)

    # -- who is who --

    def _people(self, lines: Iterable[Line]) -> list[Change]:
        """One change for each person: rows about the same one say it together, and are refused together."""
        found: dict[str, Change] = {}
        out: set[str] = set()
        for line in lines:
            if first := self._refused_row(line):
                self._falls_too(line, first)
                continue
            person = self._known_person(line)
            if person is False:
                continue
            key = str(person.id) if person else folded(line.email or line.name)
            if key in found:
                if not self._join(found[key], line):
                    out.add(key)
            elif person or self._may_be_new(line):
                found[key] = Change(line, person or self._newcomer(line), new=person is None, manager=line.manager)
        for key in out:
            self._stays_out(found[key].line)
        return [one for key, one in found.items() if key not in out]

    def _refused_row(self, line: Line) -> int:
        """The row about the same person that is refused, 0 where there is none. Two addresses are two people."""
        rows = [self.refused.get(folded(word), 0) for word in (line.email, line.name) if word]
        other = next((row for row in rows if row), 0)
        mails = {line.email.casefold(), self.mails_out.get(other, "")} - {""}
        return other if len(mails) < 2 else 0

    def _falls_too(self, line: Line, first: int) -> None:
        told = {"row": first, "name": line.name or line.email}
        said = _("Row %(row)s names %(name)s too and is refused, so this one is refused with it.") % told
        self._note(line.number, "name", said, _("Correct that row; or leave one row for each person."), refused=True)

    def _named_again(self, line: Line, first: int) -> None:
        said = _("Row %(row)s names %(name)s too: both rows together count.")
        self._note(line.number, "name", said % {"row": first, "name": line.name or line.email},
                   _("Leave one row for each person where that is not meant."))  # fmt: skip

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
        if line.email and (one := self.by_email.get(line.email.casefold())):
            return one
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
        person = Person(id=new_id(), number=0, name=name, account_id=account.id if account else None)
        if line.email and account is None:
            line.values["email"] = line.email
        return person

    def _join(self, change: Change, line: Line) -> bool:
        """Take another row of the same person in. False where the two contradict: then both are refused."""
        first = change.line
        told: dict[str, tuple[Any, Any]] = {
            "manager": (folded(first.manager), folded(line.manager)),
            "pay": (first.pay, line.pay),
        }
        told |= {name: (first.values.get(name), line.values.get(name)) for name in _VALUES}
        if wrong := [name for name, (one, other) in told.items() if one and other and one != other]:
            for mine, others in ((line, first), (first, line)):
                said = _("Row %(row)s says something else of the same person.") % {"row": others.number}
                for name in wrong:
                    self._note(mine.number, name, said, _("Correct one of the two rows."), refused=True)
            return False
        self._named_again(line, first.number)
        for role, share in line.roles.items():
            first.roles[role] = first.roles.get(role, Decimal(0)) + share
        first.also.append(line.number)
        first.values = {**line.values, **first.values}
        first.levels = {**line.levels, **first.levels}
        first.pay, change.manager = first.pay or line.pay, change.manager or line.manager
        return True

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
        mails |= {mail: one.id for mail, one in self.by_email.items()}
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
            self._nobody_called(row, word)
        return None

    def _nobody_called(self, row: int, word: str) -> None:
        said = _("Nobody here or in the file is called %(name)s.") % {"name": word}
        self._note(row, "manager", said, _("Correct the name, or add a row for this person."), refused=True)

    # -- what differs --

    def _differences(self, changes: list[Change]) -> None:
        ids = [one.person.id for one in changes if not one.new]
        self.held, self.seen, self.said_own = held_on(self.day, ids), newest(ids), said_themselves(ids)
        paid = pay_now(self.policy, [one.person.id for one in changes if one.line.pay and not one.new])
        for one in changes:
            self._differs(
                one, self.held.get(one.person.id, []), self.seen.get(one.person.id, {}), paid.get(one.person.id)
            )

    def _differs(self, one: Change, held: Sequence[RoleHeld], seen: Mapping[str, Seen], paid: Paid | None) -> None:
        line, person = one.line, one.person
        told = {**line.values, **one.values}
        if line.email and not one.new:
            self._address_differs(line, person, told)
        if line.name and not one.new:
            told["name"] = line.name
            if line.name != person.name:
                message = _("This person is called %(old)s here; the row changes that to %(new)s.")
                self._note(line.number, "name", message % {"old": person.name, "new": line.name},
                           _("Leave the row out if it means somebody else."))  # fmt: skip
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

    def _address_differs(self, line: Line, person: Person, told: dict[str, Any]) -> None:
        """An address is kept of who has no account; where an account has it by now, a person links the two."""
        if person.account_id is None and line.email.casefold() in self.accounts:
            self._note(line.number, "email", _("An account has this address; it is not linked with this person yet."),
                       _("Link them on the person's page, if it is the same person."))  # fmt: skip
        if person.account_id is None and line.email.casefold() != person.email.casefold():
            told["email"] = line.email
            if person.email:
                message = _("The address kept here is %(old)s; the row changes that to %(new)s.")
                self._note(line.number, "email", message % {"old": person.email, "new": line.email},
                           _("Leave the row out if it means somebody else."))  # fmt: skip

    def _level_differs(self, one: Change, skill: str, by: str, level: int, seen: Seen) -> None:
        """What the actor may not see is not compared: whether a guess is right must show nowhere."""
        person, kept = one.person.id, seen.own if by == "self" else seen.manager
        sees = self.policy.sees_own_levels(person) if by == "self" else self.policy.sees_assessments(person)
        if sees and kept == level:
            return
        if by == "self" and not self._says_own(person, sees):
            self._left_out(
                one, "levels (self)", _("Levels by themselves are left out: this person has said their own."),
                _("They change them on their own page."),
            )  # fmt: skip
        elif by == "manager" and not self._assesses(person):
            self._left_out(
                one, "levels", _("Levels by the manager are left out: they are not yours to give."),
                _("Mark columns that people filled in themselves with (self)."),
            )  # fmt: skip
        else:
            one.levels[skill, by] = level

    def _left_out(self, one: Change, name: str, message: str, remedy: str) -> None:
        """Said once for each row."""
        if not any(note.row == one.line.number and note.field == name for note in self.findings):
            self._note(one.line.number, name, message, remedy)

    def _says_own(self, person_id: UUID, sees: bool) -> bool:
        """Levels by themselves come in for who has said none yet; over another list's only for who sees these."""
        if self.policy.is_self(person_id):
            return True
        has = any(one.own is not None for one in self.seen.get(person_id, {}).values())
        return person_id not in self.said_own and (sees or not has)

    def _assesses(self, person_id: UUID) -> bool:
        """As the reporting lines will be after the load."""
        if person_id == self.behind:
            return False
        leads = self.me is not None and self.me in chain(self.managers, person_id)[1:]
        return leads or ASSESS in self.policy.held

    def _fits_week(self, line: Line) -> bool:
        share = sum(line.roles.values(), Decimal(0))
        if share <= 1:
            return True
        titles = ", ".join(f"{self.known.title(role)} {part * 100:.0f} %" for role, part in line.roles.items())
        said = {"share": f"{share * 100:.0f}", "roles": titles}
        message = _("The roles would take %(share)s %% of a week: %(roles)s.") % said
        rows = [line.number, *line.also]
        if line.also:
            message += " " + _("Rows %(rows)s name the same person.") % {"rows": _named(rows)}
        for row in rows:
            self._note(row, "share", message, _("Make them 100 percent at most."), refused=True)
        self._stays_out(line)
        return False


def _named(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:_ROWS_NAMED])) + (" …" if len(rows) > _ROWS_NAMED else "")


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
