"""People, facts and a registry of their fields, for the tests of rules; the same in DuckDB, PostgreSQL and Spark."""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import duckdb

from marops.kernel.fields import (
    Choice,
    FactKind,
    Field,
    FieldClass,
    FieldType,
    Gone,
    Membership,
    Registry,
    Relation,
)
from marops.kernel.rules import parse
from marops.kernel.rules_meaning import Context, understand
from marops.store.predicate import Predicate
from marops.store.rulequery import Bindings, members_sql, truths_sql

AS_OF = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Amsterdam")

COLUMNS = {
    "id": "UUID",
    "name": "TEXT",
    "country": "TEXT",
    "employees": "INTEGER",
    "weight": "DOUBLE PRECISION",
    "revenue": "DECIMAL(18,4)",
    "revenue_currency": "TEXT",
    "vip": "BOOLEAN",
    "birthday": "DATE",
    "created_at": "TIMESTAMPTZ",
    "tags": "TEXT[]",
    "owner_id": "UUID",
    "custom": "JSON",
}
FACT_COLUMNS = {
    "contact_id": "UUID",
    "kind": "TEXT",
    "occurred_at": "TIMESTAMPTZ",
    "source": "TEXT",
    "campaign_id": "UUID",
    "cost": "DECIMAL(18,4)",
    "attempt": "INTEGER",
    "started_at": "TIMESTAMPTZ",
    "properties": "JSON",
}
KINDS = ("form.submitted", "email.clicked", "page.viewed")
SEGMENTS = ("customers", "partners")


def person_id(number: int) -> UUID:
    return UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + number)


def registry() -> Registry:
    found = Registry()
    found.relation(Relation("contact", "contact"))
    found.relation(Relation("score", "score", key="contact_id", of="contact"))
    found.relation(Relation("company", "company"))
    plain = {
        "name": ("Name", FieldType.TEXT),
        "employees": ("Employees", FieldType.INTEGER),
        "weight": ("Weight", FieldType.NUMBER),
        "vip": ("VIP", FieldType.BOOLEAN),
        "birthday": ("Birthday", FieldType.DATE),
        "created_at": ("Created", FieldType.DATETIME),
        "tags": ("Tags", FieldType.LIST),
    }
    for name, (label, kind) in plain.items():
        found.add(Field(f"contact.{name}", label, kind, "contact", name))
    countries = (Choice("NL", "Netherlands"), Choice("DE", "Germany"), Choice("NO", "Norway"), Choice("US"))
    found.add(
        Field("contact.country", "Country", FieldType.CHOICE, "contact", "country", choices=countries),
        Field("contact.owner", "Owner", FieldType.REFERENCE, "contact", "owner_id", empty_is="nobody"),
        Field(
            "contact.revenue",
            "Revenue",
            FieldType.MONEY,
            "contact",
            "revenue",
            currency_column="revenue_currency",
            field_class=FieldClass.PAY,
        ),
        Field("contact.old", "Old", FieldType.TEXT, "contact", "name", retired=True),
        Field("score.total", "Score", FieldType.NUMBER, "score", "total"),
        Field("company.name", "Company name", FieldType.TEXT, "company", "name"),
    )
    custom = {
        "text": FieldType.TEXT,
        "number": FieldType.NUMBER,
        "flag": FieldType.BOOLEAN,
        "day": FieldType.DATE,
        "moment": FieldType.DATETIME,
        "list": FieldType.LIST,
        "code": FieldType.CHOICE,
    }
    found.provider(
        lambda: [
            Field(f"contact.custom.{name}", name.title(), kind, "contact", "custom", (f"c_{name}",))
            for name, kind in custom.items()
        ]
    )
    found.fact_kinds_from(lambda: {"page.viewed": "viewed a page"})
    found.fact_kind(FactKind("form.submitted", "form submitted", {"value": FieldType.NUMBER, "new": FieldType.BOOLEAN}))
    found.fact_kind(FactKind("email.clicked", "e-mail clicked", {"at": FieldType.DATETIME}, {"link": "the link"}))
    found.membership("segment", _segment)
    return found


def _segment(slug: str) -> Membership | Gone | None:
    if slug == "deleted":
        return Gone("was deleted")
    return Membership(slug.title(), "segment_member", "contact_id", "segment", slug) if slug in SEGMENTS else None


REGISTRY = registry()


def context(as_of: datetime = AS_OF, zone: ZoneInfo = ZONE) -> Context:
    return Context(as_of, zone, registry=REGISTRY)


def meaning(rule: Any, as_of: datetime = AS_OF, zone: ZoneInfo = ZONE) -> Predicate:
    return understand(parse(rule), context(as_of, zone))


BINDINGS = REGISTRY.bindings("duckdb", schema="")
BINDINGS = Bindings("duckdb", {**BINDINGS.relations, "segment_member": "segment_member"})


@dataclass(slots=True)
class Ground:
    """A DuckDB database with people and facts."""

    db: duckdb.DuckDBPyConnection
    bindings: Bindings = BINDINGS

    def members(self, rule: Any, as_of: datetime = AS_OF, zone: ZoneInfo = ZONE) -> set[int]:
        rows = self.db.execute(members_sql(meaning(rule, as_of, zone), self.bindings)).fetchall()
        return {_number(row[0]) for row in rows}

    def truths(self, rules: Mapping[str, Predicate], bindings: Bindings | None = None) -> dict[str, set[int]]:
        statement = truths_sql(rules, bindings or self.bindings)
        rows = self.run(statement.sql)
        assert all(row[column] is not None for row in rows for column in statement.columns.values())
        return {name: {_number(row["id"]) for row in rows if row[column]} for name, column in statement.columns.items()}

    def run(self, sql: str) -> list[dict[str, Any]]:
        found = self.db.execute(sql)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _number(key: UUID | str) -> int:
    return UUID(str(key)).int - person_id(0).int


def ground(people: Iterable[Mapping[str, Any]] = (), facts: Iterable[Mapping[str, Any]] = ()) -> Ground:
    db = duckdb.connect(config={"threads": 2})
    db.execute("SET TimeZone = 'UTC'")
    for table, columns in (("contact", COLUMNS), ("facts", FACT_COLUMNS)):
        db.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    db.execute("CREATE TABLE score (contact_id UUID, total DECIMAL(18,4))")
    db.execute("CREATE TABLE segment_member (contact_id UUID, segment TEXT)")
    fill(db, "contact", COLUMNS, [{**person, "id": person_id(number)} for number, person in enumerate(people)])
    fill(db, "facts", FACT_COLUMNS, [{**fact, "contact_id": _who(fact)} for fact in facts])
    return Ground(db)


def _who(fact: Mapping[str, Any]) -> UUID | None:
    return None if fact.get("who") is None else person_id(fact["who"])


def fill(db: Any, table: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    marks = ", ".join("?" for _ in columns)
    values = [[_stored(row.get(name)) for name in columns] for row in rows]
    db.executemany(f"INSERT INTO {table} VALUES ({marks})", values)


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value


def score(ground: Ground, number: int, total: Any) -> None:
    ground.db.execute("INSERT INTO score VALUES (?, ?)", [person_id(number), total])


def member(ground: Ground, number: int, segment: str) -> None:
    ground.db.execute("INSERT INTO segment_member VALUES (?, ?)", [person_id(number), segment])


PEOPLE = 60
"""How many stand in the crowd, which has all that goes wrong in real data."""

TEXTS = (None, "", " ", "\t\u00a0", "NL", "nl", "Anna", "ANNA", "anna b", "50% off", "50x off", "a_b", "aXb", "Ärger",
         "ärger", "O'Brien", "a\\b", "${x}", 'say "hi"', "naïve", "tom\nlee", "x" * 200)  # fmt: skip
LISTS = (None, [], ["a"], ["A", "b"], ["it's", "50%"], ["b", "c"])
MOMENTS = (None, "", "2026-07-15T12:00:00Z", "2026-07-15T12:00:00.50Z", "2026-06-01T00:00:00Z", "x")
NUMBERS = (None, 0, 1, -3, 10, 99, 100)


def crowd(count: int = PEOPLE, seed: int = 7) -> list[dict[str, Any]]:
    pick = random.Random(seed)
    return [_somebody(pick) for _ in range(count)]


def _somebody(pick: random.Random) -> dict[str, Any]:
    custom = {
        "c_text": pick.choice(TEXTS),
        "c_number": pick.choice([*NUMBERS, 2.5, "7", "seven", ""]),
        "c_flag": pick.choice([None, True, False, ""]),
        "c_day": pick.choice([None, "", "2026-07-15", "2024-02-29", "1990-07-14", "2026-02", "soon"]),
        "c_moment": pick.choice(
            [None, "", "2026-07-15T12:00:00Z", "2026-07-15T12:00:00.5Z", "2026-06-01T00:00:00Z", "x"]
        ),
        "c_list": pick.choice([*LISTS, "text"]),
        "c_code": pick.choice([None, "", "one", "two"]),
    }
    return {
        "name": pick.choice(TEXTS),
        "country": pick.choice([None, "", "NL", "DE", "NO"]),
        "employees": pick.choice(NUMBERS),
        "weight": pick.choice([None, 0.0, 0.1, 2.5, -1.0]),
        "revenue": pick.choice([None, Decimal(0), Decimal("12.50"), Decimal("12.5001"), Decimal(100000)]),
        "revenue_currency": pick.choice([None, "EUR", "USD"]),
        "vip": pick.choice([None, True, False]),
        "birthday": pick.choice([None, date(2000, 2, 29), date(1990, 7, 15), date(1990, 7, 16), date(2026, 7, 15)]),
        "created_at": pick.choice([None, *_moments()]),
        "tags": pick.choice(LISTS),
        "owner_id": pick.choice([None, person_id(1), person_id(2)]),
        "custom": pick.choice([None, {key: value for key, value in custom.items() if pick.random() < 0.8}]),
    }


def _moments() -> list[datetime]:
    midnight = datetime(2026, 7, 14, 22, 0, tzinfo=UTC)
    offsets = [timedelta(0), timedelta(microseconds=-1), timedelta(days=-30), timedelta(days=-31), timedelta(days=2)]
    return [AS_OF, AS_OF + timedelta(microseconds=1), *(midnight + offset for offset in offsets)]


def happenings(people: int = PEOPLE, count: int = 400, seed: int = 11) -> list[dict[str, Any]]:
    pick = random.Random(seed)
    return [_happening(pick, people) for _ in range(count)]


def _happening(pick: random.Random, people: int) -> dict[str, Any]:
    properties = {
        "form": pick.choice(["demo", "Demo", "ebook", "", "it's"]),
        "value": pick.choice([1, 2.5, 100, "x", None]),
        "new": pick.choice([True, False]),
        "at": pick.choice(["2026-07-01T00:00:00Z", "2026-07-15T12:00:00Z", ""]),
    }
    return {
        "who": pick.choice([None, *range(people)]),
        "kind": pick.choice(KINDS),
        "occurred_at": pick.choice([*_moments(), AS_OF - timedelta(hours=12), AS_OF - timedelta(days=80)]),
        "source": pick.choice([None, "", "web", "WEB", "email"]),
        "campaign_id": pick.choice([None, person_id(1)]),
        "cost": pick.choice([None, Decimal("1.25"), Decimal(9)]),
        "attempt": pick.choice([None, 1, 2]),
        "started_at": pick.choice([None, *_moments()]),
        "properties": pick.choice([None, {key: value for key, value in properties.items() if pick.random() < 0.8}]),
    }


def full_ground() -> Ground:
    found = ground(crowd(), happenings())
    pick = random.Random(3)
    for number in range(PEOPLE):
        if pick.random() < 0.7:
            score(found, number, pick.choice([None, 0, 50, Decimal("75.5")]))
        for segment in SEGMENTS:
            if pick.random() < 0.3:
                member(found, number, segment)
    return found
