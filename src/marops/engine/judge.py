"""Rules over the contacts of a tick: the one evaluator, bound to the changed set.

The tick's contacts, and the facts about them, are read once into temporary tables; every rule of every stage is then
judged on those. The same statements serve one contact and everyone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
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
from marops.kernel.rules import Did, DidNot, First, Last, Rule, field_names, pointers, references, tag_of
from marops.kernel.rules_explain import Explanation, explain
from marops.kernel.rules_meaning import Context, understand
from marops.kernel.workspace import zone
from marops.store.duckdb import Cursor, quoted
from marops.store.rulequery import Bindings, truths_sql

FEW = 1_000
FACTS = "tick_fact"


@dataclass
class Court:
    """One moment of the tick's contacts, and what has been read of them so far."""

    run: Run
    cursor: Cursor
    zone: ZoneInfo
    _read: dict[str, frozenset[str] | None] = field(default_factory=dict)
    _kinds: frozenset[str] = frozenset()
    _wide: bool = False

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
        statement = truths_sql(meant, self.bindings(rules.values()))
        answer = self.cursor.arrow(statement.sql)
        names = {column: name for name, column in statement.columns.items()}
        return answer.rename_columns([names.get(column, column) for column in answer.column_names])

    def bindings(self, rules: Iterable[Rule], *, kinds: Iterable[str] = (), wide: bool = False) -> Bindings:
        """What the rules look at, read for the tick's contacts; with the facts of `kinds` too, and with all columns of
        facts where `wide`.
        """
        rules = list(rules)
        used: dict[str, set[str] | None] = {"contact": set()}
        for rule in rules:
            for found in filter(None, map(REGISTRY.find_field, field_names(rule))):
                columns = used.setdefault(found.relation, set())
                if columns is not None:
                    columns |= {found.column, found.currency_column} - {""}
            used |= {kept.relation: None for name in references(rule) if (kept := _membership(name))}
        tables = {name: self.table(name, columns) for name, columns in sorted(used.items())}
        asked = frozenset(kinds).union(*(fact_kinds_of(rule) for rule in rules))
        facts = self.facts(asked, wide=wide or any(map(_asks_details, rules))) if asked else FACTS
        return Bindings("duckdb", tables, facts, REGISTRY.find_relation("contact").table)

    def table(self, relation: str, columns: Collection[str] | None = None) -> str:
        """The rows of a relation that belong to the tick's contacts, as a temporary table: its key and these columns,
        or all of them. People are wide rows, of which rules look at little.
        """
        name, before = f"tick_{relation}", self._read.get(relation, frozenset())
        wanted = None if columns is None or before is None else before | frozenset(columns)
        if relation not in self._read or wanted != before:
            known = REGISTRY.find_relation(relation)
            named = ["*"] if wanted is None else sorted({f'"{one}"' for one in (known.key, *wanted)})
            shown = ", ".join(f"r.{one}" for one in named)
            inside = f'SELECT {shown} FROM "{known.postgres}" r WHERE r."{known.key}" IN ({self.ids_sql})'
            self.cursor.execute(
                f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM postgres_query('pg', {quoted(inside)})"
            )
            self._read[relation] = wanted
        return name

    def facts(self, kinds: Iterable[str], *, wide: bool = False) -> str:
        """The facts of these kinds about the tick's contacts, as a temporary table: contact_id, kind, occurred_at, and
        everything else where `wide`. The lake is read once, unless something more is asked for later.
        """
        kinds, wide = frozenset(kinds) | self._kinds, wide or self._wide
        if kinds - self._kinds or wide != self._wide:
            self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {FACTS} AS {self._facts_sql(kinds, wide)}")
            self._kinds, self._wide = kinds, wide
        return FACTS

    def _facts_sql(self, kinds: frozenset[str], wide: bool) -> str:
        contacts = self.table("contact", ())
        columns = "*" if wide else "contact_id, kind, occurred_at"
        which = f"kind IN ({', '.join(quoted(kind) for kind in sorted(kinds))})"
        if self.run.contacts > FEW:
            return f"SELECT {columns} FROM facts WHERE {which} AND contact_id IN (SELECT id FROM {contacts})"
        ids = self.cursor.rows(f"SELECT id FROM {contacts}")
        few = ", ".join(f"'{row['id']}'::UUID" for row in ids)
        return f"SELECT {columns} FROM facts_of([{few}]::UUID[]) WHERE {which}"


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
    return bool(fact_kinds_of(rule))


def fact_kinds_of(rule: Rule) -> frozenset[str]:
    """The kinds of facts that the rule looks at."""
    return frozenset(kind for leaf in _about_facts(rule) for kind in _kinds_of(leaf))


def _about_facts(rule: Rule) -> Iterator[Did | DidNot | First | Last]:
    return (leaf for _, leaf in pointers(rule) if isinstance(leaf, Did | DidNot | First | Last))


def _kinds_of(leaf: Did | DidNot | First | Last) -> tuple[str, ...]:
    named = getattr(leaf, tag_of(leaf))
    return (named,) if isinstance(named, str) else tuple(named)


def _asks_details(rule: Rule) -> bool:
    """Does it look at more of a fact than its kind and time?"""
    return any(leaf.where for leaf in _about_facts(rule))
