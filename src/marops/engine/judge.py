"""Rules over the contacts of a tick: the one evaluator, bound to the changed set.

The tick's contacts, and the facts about them, are read once into temporary tables; every rule of every stage is then
judged on those. The same statements serve one contact and everyone.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
from django.db import connection

from marops.engine.asking import query_engine
from marops.engine.tick import Run
from marops.kernel.fields import REGISTRY
from marops.kernel.rules import Did, DidNot, First, Last, Rule, field_names, pointers, references
from marops.kernel.rules_explain import Explanation, explain
from marops.kernel.rules_meaning import Context, understand
from marops.kernel.workspace import zone
from marops.store.duckdb import Cursor, quoted
from marops.store.rulequery import Bindings, truths_sql

FEW = 1_000
TICK = "tick_contact"
FACTS = "tick_fact"


@dataclass
class Court:
    """One moment of the tick's contacts, and what has been read of them so far."""

    run: Run
    cursor: Cursor
    zone: ZoneInfo
    _read: set[str] = field(default_factory=set)

    @property
    def ids_sql(self) -> str:
        """The tick's contacts as a query inside PostgreSQL."""
        return f"SELECT DISTINCT contact_id FROM touched WHERE tick = {quoted(str(self.run.tick))}"

    def judge(self, rules: Mapping[str, Rule]) -> pa.Table:
        """`id`, and a Boolean column per rule under its name, for every contact of the tick.

        Raises MaropsError `rule-invalid` for a rule that cannot be used; nothing is judged then.
        """
        context = Context(self.run.as_of, self.zone)
        meant = {name: understand(rule, context) for name, rule in rules.items()}
        statement = truths_sql(meant, self._bindings(rules.values()))
        answer = self.cursor.arrow(statement.sql)
        names = {column: name for name, column in statement.columns.items()}
        return answer.rename_columns([names.get(column, column) for column in answer.column_names])

    def table(self, relation: str) -> str:
        """The rows of a relation that belong to the tick's contacts, as a temporary table."""
        name = f"tick_{relation}"
        if name not in self._read:
            known = REGISTRY.find_relation(relation)
            inside = f'SELECT r.* FROM "{known.postgres}" r WHERE r."{known.key}" IN ({self.ids_sql})'
            self.cursor.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM postgres_query('pg', {quoted(inside)})")
            self._read.add(name)
        return name

    def facts(self) -> str:
        """The facts about the tick's contacts, as a temporary table."""
        if FACTS not in self._read:
            self.cursor.execute(f"CREATE TEMP TABLE {FACTS} AS {self._facts_sql()}")
            self._read.add(FACTS)
        return FACTS

    def _facts_sql(self) -> str:
        contacts = self.table("contact")
        if self.run.contacts > FEW:
            return f"SELECT * FROM facts WHERE contact_id IN (SELECT id FROM {contacts})"
        ids = self.cursor.rows(f"SELECT id FROM {contacts}")
        few = ", ".join(f"'{row['id']}'::UUID" for row in ids)
        return f"SELECT * FROM facts_of([{few}]::UUID[])"

    def _bindings(self, rules: Iterable[Rule]) -> Bindings:
        used = {"contact"}
        facts = False
        for rule in rules:
            used |= {found.relation for name in field_names(rule) if (found := REGISTRY.find_field(name))}
            facts = facts or asks_facts(rule)
            used |= {kept.relation for name in references(rule) if (kept := _membership(name))}
        tables = {name: self.table(name) for name in sorted(used)}
        return Bindings("duckdb", tables, self.facts() if facts else "facts", REGISTRY.find_relation("contact").table)


@dataclass(frozen=True, slots=True)
class _Kept:
    relation: str


def _membership(reference: str) -> _Kept | None:
    found = REGISTRY.find_membership(reference)
    relation = getattr(found, "relation", None)
    return _Kept(relation) if relation else None


@contextmanager
def court(run: Run) -> Iterator[Court]:
    """A court over the tick's contacts; its temporary tables end with the block."""
    with run.engine.cursor() as cursor:
        yield Court(run, cursor, zone())


def explain_rule(rule: Rule, contact_id: UUID, *, as_of: datetime) -> Explanation:
    """Why a rule holds or does not hold for one contact now: every leaf with the value it saw.

    Asked of PostgreSQL, where one contact is found by its key; a rule about facts is asked of the query engine, which
    finds that person's facts first.
    """
    context = Context(as_of, zone())
    if not asks_facts(rule):
        return explain(rule, context, REGISTRY.bindings("postgres", schema=""), contact_id, _ask_postgres)
    return explain(rule, context, REGISTRY.bindings("duckdb"), contact_id, query_engine().rows)


def _ask_postgres(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def asks_facts(rule: Rule) -> bool:
    """Does the rule look at what happened, and not only at what is?"""
    return any(isinstance(leaf, Did | DidNot | First | Last) for _, leaf in pointers(rule))
