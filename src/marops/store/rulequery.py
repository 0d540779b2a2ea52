"""Rules as whole statements, over everything, a changed set or one person. Three doors:

- `members_sql`: the ids that one rule picks. Conditions on the base relation narrow first; each fact condition then
  counts only the facts of who is left.
- `truths_sql`: many rules over the same rows, one Boolean column each; every distinct fact condition is counted once,
  all in one scan.
- `condition_sql`: one Boolean expression for a WHERE clause over a table that somebody else selects from.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from marops.store.predicate import (
    CONTACT,
    FACT,
    And,
    Column,
    End,
    FactCount,
    FactFilter,
    Kind,
    Member,
    Moment,
    Operand,
    Predicate,
    Table,
    asks_facts,
    conjuncts,
    tables,
)
from marops.store.rulesql import (
    Dialect,
    RowWriter,
    RuleSqlError,
    Sql,
    Writer,
    any_at_all,
    as_text,
    column_of,
    identifier,
    or_zero,
    parsed,
    same,
    written_out,
)

_BASE: Final = "c"


@dataclass(frozen=True, slots=True)
class Bindings:
    """Which SQL table expression stands for each relation: everything, a changed set, or one person.

    `base` is the relation whose rows are judged and its key. `relations` maps relation names to table expressions in
    the dialect (`pg.public.contacts_contact`, `(SELECT …)`); `facts` is that of the facts, with a column `contact_id`.
    """

    dialect: Dialect
    relations: Mapping[str, str]
    facts: str = "facts"
    base: Table = CONTACT
    facts_of: str = ""
    """A table function that answers the facts of a list of ids, where it is quicker than a filter on `facts`."""

    def table(self, name: str) -> str:
        """The expression for relation `name`. Raises RuleSqlError when it is not bound."""
        if name == FACT:
            return self.facts
        if name not in self.relations:
            raise RuleSqlError(f"relation {name!r} is not bound to a table")
        return self.relations[name]

    def only(self, ids: str) -> "Bindings":
        """The same, judging only the rows and reading only the facts whose id stands in the query `ids`."""
        return self._where(f"IN ({ids})", f"(SELECT * FROM {self.facts} WHERE contact_id IN ({ids}))")

    def one(self, key: UUID) -> "Bindings":
        """The same for one row and its facts."""
        value = f"'{key}'" if self.dialect == "spark" else f"CAST('{key}' AS UUID)"
        facts = f"(SELECT * FROM {self.facts} WHERE contact_id = {value})"
        return self._where(f"= {value}", f"{self.facts_of}([{value}])" if self.facts_of else facts)

    def _where(self, which: str, facts: str) -> "Bindings":
        name, key = self.base.name, identifier(self.base.key, self.dialect)
        rows = f"(SELECT * FROM {self.table(name)} WHERE {key} {which})"
        return replace(self, relations={**self.relations, name: rows}, facts=facts)


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT with the column `id`; `columns` says which of its columns answers for which rule or leaf."""

    sql: str
    columns: Mapping[str, str]


def members_sql(rule: Predicate, bindings: Bindings) -> str:
    """One statement with the column `id`: the rows of the base relation for which `rule` is true."""
    plain = And(tuple(leaf for leaf in conjuncts(rule) if not asks_facts(leaf)))
    asking = And(tuple(leaf for leaf in conjuncts(rule) if asks_facts(leaf)))
    if not asking.items:
        return _rows(plain, bindings)
    tallies = _Tallies(bindings, shared=False, among="narrowed" if plain.items else None)
    test = _Set(bindings, tallies).sql(asking)
    ctes = [f"narrowed AS {_materialized(bindings.dialect)}({_rows(plain, bindings)})"] if plain.items else []
    ctes += tallies.ctes()
    source = _from(bindings, tables(asking), among="narrowed" if plain.items else None)
    start = f"WITH {', '.join(ctes)} " if ctes else ""
    return f"{start}SELECT {_BASE}.{_key(bindings)} AS id {source}{tallies.joins()} WHERE {test}"


def truths_sql(
    rules: Mapping[str, Predicate], bindings: Bindings, *, seen: Mapping[str, Operand | FactCount] | None = None
) -> Statement:
    """One statement judging every row by every rule; `seen` adds the values that leaves looked at.

    Dates, instants and ids among the seen values come as text (ISO, instants in UTC without offset).
    """
    tallies = _Tallies(bindings, shared=True)
    writer = _Set(bindings, tallies)
    columns: dict[str, str] = {}
    selected = [f"{_BASE}.{_key(bindings)} AS id"]
    for number, (name, rule) in enumerate(rules.items()):
        columns[name] = f"r{number}"
        selected.append(f"{writer.sql(rule)} AS r{number}")
    for number, (name, operand) in enumerate((seen or {}).items()):
        columns[name] = f"v{number}"
        selected.append(f"{writer.seen_sql(operand)} AS v{number}")
    used = frozenset[Table]().union(*(tables(rule) for rule in rules.values()))
    ctes = tallies.ctes()
    start = f"WITH {', '.join(ctes)} " if ctes else ""
    return Statement(f"{start}SELECT {', '.join(selected)} {_from(bindings, used)}{tallies.joins()}", columns)


def condition_sql(rule: Predicate, bindings: Bindings, *, alias: str, joined: Mapping[str, str] | None = None) -> str:
    """A Boolean expression over the base relation under `alias`, for somebody else's WHERE.

    `joined` names the aliases of other relations that the statement has joined already; the rest is looked up by key.
    Raises RuleSqlError for fact conditions: facts are not in the database of the caller's statement.
    """
    return _Condition(bindings, alias, joined or {}).sql(rule)


def facts_test_sql(facts: FactFilter, dialect: Dialect, *, alias: str = "e") -> str:
    """A Boolean expression over rows of facts under `alias`: those that the filter means."""
    return as_text(RowWriter(dialect, alias=alias).matching(facts), dialect)


def percent_escaped(sql: str) -> str:
    """The same text for a driver that reads `%` as the start of a placeholder."""
    return sql.replace("%", "%%")


def _materialized(dialect: Dialect) -> str:
    return "" if dialect == "spark" else "MATERIALIZED "


def _key(bindings: Bindings) -> str:
    return identifier(bindings.base.key, bindings.dialect)


def _rows(rule: Predicate, bindings: Bindings) -> str:
    """The ids for which a rule without facts is true."""
    test = _Set(bindings, _Tallies(bindings, shared=True)).sql(rule)
    return f"SELECT {_BASE}.{_key(bindings)} AS id {_from(bindings, tables(rule))} WHERE {test}"


def _from(bindings: Bindings, used: frozenset[Table], among: str | None = None) -> str:
    """FROM the base relation, with every other used relation joined one to one."""
    key = _key(bindings)
    others = sorted((table for table in used if table.name != bindings.base.name), key=lambda table: table.name)
    base = f"{bindings.table(bindings.base.name)} AS {_BASE}"
    source = f"FROM {base}"
    if among is not None and not used and bindings.base.key == "id":
        return f"FROM {among} AS {_BASE}"
    if among is not None:
        source = f"FROM {among} AS among_rows JOIN {base} ON {_BASE}.{key} = among_rows.id"
    for table in others:
        on = f"{_joined(table)}.{identifier(table.key, bindings.dialect)} = {_BASE}.{key}"
        source += f" LEFT JOIN {bindings.table(table.name)} AS {_joined(table)} ON {on}"
    return source


def _joined(table: Table) -> str:
    return "j_" + re.sub(r"[^a-z0-9_]", "_", table.name.lower())


@dataclass(slots=True)
class _Tally:
    """One aggregation per person over one source: for each of its tests, what is wanted of the rows that meet it."""

    alias: str
    source: str
    key: str
    tests: dict[str, FactFilter | Member] = field(default_factory=dict)
    wanted: dict[tuple[str, str], str] = field(default_factory=dict)

    def want(self, asked: FactFilter | Member, test: str, aggregate: str) -> Sql:
        """The column that holds `aggregate` (count, min, max) of the rows meeting `test`."""
        self.tests[test] = asked
        column = self.wanted.setdefault((test, aggregate), f"a{len(self.wanted)}")
        return column_of(self.alias, column)

    def cte(self, envelope: str, among: str | None) -> str:
        """The aggregation as a common table expression; a lone test filters the rows themselves."""
        alone = len(self.tests) == 1
        columns = [
            f"{_AGGREGATES[aggregate]}{'' if alone else f' FILTER (WHERE {test})'} AS {column}"
            for (test, aggregate), column in self.wanted.items()
        ]
        where = next(iter(self.tests)) if alone else envelope
        limit = f" AND e.{self.key} IN (SELECT id FROM {among})" if among else ""
        return (
            f"{self.alias} AS (SELECT e.{self.key} AS tally_id, {', '.join(columns)}"
            f" FROM {self.source} AS e WHERE ({where}){limit} GROUP BY e.{self.key})"
        )


_AGGREGATES: Final = {"count": "COUNT(*)", "min": "MIN(e.occurred_at)", "max": "MAX(e.occurred_at)"}


class _Tallies:
    """The aggregations that a statement needs, each distinct test once; in one scan per source when `shared`."""

    def __init__(self, bindings: Bindings, *, shared: bool, among: str | None = None) -> None:
        self.bindings = bindings
        self.shared = shared
        self.among = among
        self.writer = RowWriter(bindings.dialect)
        self.tallies: dict[tuple[str, str], _Tally] = {}

    def facts(self, facts: FactFilter, aggregate: str) -> Sql:
        """The aggregate over the matching facts; NULL for who has none."""
        table = Table(FACT, "contact_id")
        return self._want(table, facts, self.writer.matching(facts), aggregate)

    def member(self, member: Member) -> Sql:
        """How many rows make the person a member; NULL for none."""
        return self._want(member.table, member, self.writer.belonging((member,)), "count")

    def _want(self, table: Table, asked: FactFilter | Member, test: Sql, aggregate: str) -> Sql:
        text = as_text(test, self.bindings.dialect)
        place = (table.name, "" if self.shared else text)
        if place not in self.tallies:
            key = identifier(table.key, self.bindings.dialect)
            self.tallies[place] = _Tally(f"t{len(self.tallies)}", self.bindings.table(table.name), key)
        return self.tallies[place].want(asked, text, aggregate)

    def ctes(self) -> list[str]:
        """One common table expression per aggregation."""
        return [tally.cte(self._envelope(tally), self.among) for tally in self.tallies.values()]

    def _envelope(self, tally: _Tally) -> str:
        """What every row that meets any of the tests meets too, cheap to check."""
        asked = list(tally.tests.values())
        filters = [item for item in asked if isinstance(item, FactFilter)]
        members = tuple(item for item in asked if isinstance(item, Member))
        test = self.writer.around(filters) if filters else self.writer.belonging(members)
        return as_text(test, self.bindings.dialect)

    def joins(self) -> str:
        """The aggregations joined to the base relation."""
        key = _key(self.bindings)
        return "".join(
            f" LEFT JOIN {tally.alias} ON {tally.alias}.tally_id = {_BASE}.{key}" for tally in self.tallies.values()
        )


class _Set(Writer):
    """Over all rows of the base relation: facts and members from the tallies."""

    def __init__(self, bindings: Bindings, tallies: _Tallies) -> None:
        super().__init__(bindings.dialect)
        self.bindings = bindings
        self.tallies = tallies

    def column(self, column: Column) -> Sql:
        alias = _BASE if column.table.name == self.bindings.base.name else _joined(column.table)
        return column_of(alias, column.name)

    def count(self, facts: FactFilter) -> Sql:
        return or_zero(self.tallies.facts(facts, "count"))

    def moment(self, moment: Moment) -> Sql:
        return self.tallies.facts(moment.facts, "min" if moment.end is End.FIRST else "max")

    def member(self, member: Member) -> Sql:
        return any_at_all(self.tallies.member(member))

    def seen_sql(self, operand: Operand | FactCount) -> str:
        """The value that a leaf looked at, for people to read."""
        if isinstance(operand, FactCount):
            return as_text(self.count(operand.facts), self.dialect)
        value = self.value(operand)
        plain = isinstance(operand, Column) and operand.path
        if isinstance(operand, Moment) or (operand.kind is Kind.DATETIME and not plain):
            value = written_out(self.local(value, "UTC"))
        elif operand.kind in (Kind.DATE, Kind.UUID):
            value = written_out(value)
        return as_text(value, self.dialect)


class _Condition(Writer):
    """Inside somebody else's statement: other relations by a look-up of the key, members by EXISTS, no facts."""

    def __init__(self, bindings: Bindings, alias: str, joined: Mapping[str, str]) -> None:
        super().__init__(bindings.dialect)
        self.bindings = bindings
        self.alias = alias
        self.joined = joined

    def column(self, column: Column) -> Sql:
        name = column.table.name
        if name == self.bindings.base.name or name in self.joined:
            alias = self.joined.get(name, self.alias)
            return column_of(alias, column.name)
        wanted = as_text(column_of("o", column.name), self.dialect)
        return parsed(f"(SELECT {wanted} FROM {self._mine(column.table)})", self.dialect)

    def member(self, member: Member) -> Sql:
        writer = RowWriter(self.dialect, alias="o")
        test = as_text(writer.belonging((member,)), self.dialect)
        return parsed(f"EXISTS(SELECT 1 FROM {self._mine(member.table)} AND {test})", self.dialect)

    def _mine(self, table: Table) -> str:
        """The rows of another relation that belong to the row at hand."""
        mine = column_of(self.alias, self.bindings.base.key)
        theirs = column_of("o", table.key)
        where = as_text(same(theirs, mine), self.dialect)
        return f"{self.bindings.table(table.name)} AS o WHERE {where}"
