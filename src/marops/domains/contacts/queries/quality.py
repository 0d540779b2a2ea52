"""How good the records are: in all, by rule, by source, by import and by owner; and who is at fault by one rule."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from marops.domains.accounts.public import names, roles_in_force, sees
from marops.domains.contacts.models import QualityDay
from marops.domains.contacts.permissions import VIEW, visible_sql
from marops.domains.contacts.rules import sources
from marops.domains.contacts.rules.quality import WEIGHTS, QualityRule, as_json
from marops.engine.asking import query_engine
from marops.engine.judge import asks_facts
from marops.kernel import memo
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.definitions import active, load, versions
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.fields import REGISTRY
from marops.kernel.models import Definition
from marops.kernel.permissions import Scope, grants, require
from marops.kernel.rules import Rule
from marops.kernel.rules_meaning import Context, understand
from marops.kernel.rules_sentence import sentence
from marops.kernel.workspace import today, zone
from marops.store.rulequery import condition_sql, members_sql, percent_escaped

MANY = 50_000
KEPT_SECONDS = 60
TREND_DAYS = 90
WEEK = timedelta(days=7)
_COURSES = ("source", "queue", "owner")
_NONE = {"source": _l("not known"), "import": _l("no import"), "queue": _l("no queue"), "owner": _l("nobody")}


# --- the whole database ----------------------------------------------------------------------------------------------

_IMPORT = "(c.provenance #>> '{*,0}')"


def _groups() -> tuple[str, str, dict[str, str]]:
    """Joins, FROM, and the expressions by which people are grouped; owners where somebody registers them."""
    parts = {"source": "c.source", "import": _IMPORT}
    owner = REGISTRY.find_field("owner.account")
    queue = REGISTRY.find_field("owner.queue")
    joins = ""
    if owner and queue:
        relation = REGISTRY.find_relation(owner.relation)
        joins = f'LEFT JOIN "{relation.postgres}" ow ON ow."{relation.key}" = c.id'
        parts |= {"queue": f'ow."{queue.column}"', "owner": f'ow."{owner.column}"::text'}
    return joins, "FROM contact c", parts


def grouped_sql(where: str, faulty: str = "q.faults <> '[]'") -> str:
    """People, people at fault and mean score: of all, and by source, import, queue and owner, in one pass."""
    joins, source, parts = _groups()
    named = ", ".join(f"{expression} AS {_column(part)}" for part, expression in parts.items())
    columns = [_column(part) for part in parts]
    cases = " ".join(f"WHEN grouping({_column(part)}) = 0 THEN '{part}'" for part in parts)
    return (
        f"SELECT CASE {cases} ELSE 'all' END AS part, coalesce({', '.join(columns)}, '') AS key,"
        " count(*) AS contacts, count(*) FILTER (WHERE bad) AS faulty, avg(score) AS score"
        f" FROM (SELECT {named}, q.score, coalesce({faulty}, false) AS bad {source}"
        f" LEFT JOIN contact_quality q ON q.contact_id = c.id {joins} WHERE {where}) each_one"
        f" GROUP BY GROUPING SETS ((), {', '.join(f'({name})' for name in columns)})"
    )


def _column(part: str) -> str:
    return f"by_{part}"


def by_rule_sql(where: str = "") -> str:
    """People at fault by the short name of each rule."""
    narrowed = f" JOIN contact c ON c.id = q.contact_id WHERE {where}" if where else ""
    return (
        "SELECT split_part(split_part(f, '@', 1), '/', 2) AS key, count(*) AS contacts FROM (SELECT q.faults FROM"
        f" contact_quality q{narrowed}) q, jsonb_array_elements_text(q.faults) f GROUP BY 1"
    )


def day_sql() -> str:
    """What is kept of a day: part, key, contacts, faulty, score."""
    return (
        f"{grouped_sql('true')} UNION ALL SELECT 'rule', r.key, n.contacts, r.contacts, NULL"
        f" FROM ({by_rule_sql()}) r, (SELECT count(*) AS contacts FROM contact) n"
    )


def ageing_sql(as_of: datetime) -> str:
    """Contacts for whom a rule answers otherwise than when they were checked, only because time went by.

    Empty when no rule in force looks at the calendar.
    """
    tests, everybody = [], False
    for row in active("quality"):
        rule = load(row).when
        later = understand(rule, Context(as_of, zone()))
        if understand(rule, Context(as_of + timedelta(days=1), zone())) == later:
            continue
        everybody = everybody or asks_facts(rule)
        if not everybody:
            condition = condition_sql(later, REGISTRY.bindings("postgres", schema=""), alias="c")
            tests.append(f"({condition}) <> (q.faults ? '{row.pinned}')")
    if everybody:  # what happened lies in the lake, which only the engine's own pass reads
        return "SELECT id FROM contact"
    joined = "SELECT c.id FROM contact c JOIN contact_quality q ON q.contact_id = c.id"
    return percent_escaped(f"{joined} WHERE {' OR '.join(tests)}") if tests else ""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which records: of one source (`-` for none), of one import (I-7 or its number, or `-`)."""

    source: str = ""
    import_number: str = ""

    @property
    def brought(self) -> str:
        """The number of the import alone."""
        return self.import_number.strip().upper().removeprefix("I-")

    def chosen(self) -> dict[str, str]:
        """What is narrowed to, by the names that pages and REST use."""
        return {key: value for key, value in (("source", self.source), ("import", self.brought)) if value}

    def sql(self) -> tuple[str, dict[str, Any]]:
        """As a condition over `contact c`."""
        parts: list[str] = ["true"]
        params: dict[str, Any] = {}
        for name, value in self.chosen().items():
            expression = {"source": "c.source", "import": _IMPORT}[name]
            parts.append(f"{expression} IS NULL" if value == "-" else f"{expression} = %({name})s")
            params |= {} if value == "-" else {name: value}
        return " AND ".join(parts), params

    def words(self) -> str:
        """For people: import I-7, source Webinar."""
        said = {"source": _("source %(name)s"), "import": _("import %(name)s")}
        found = {name: labels_of(name, [value])[value] if value != "-" else str(_NONE[name])
                 for name, value in self.chosen().items()}  # fmt: skip
        return ", ".join(said[name] % {"name": label} for name, label in found.items())


EVERYBODY = Narrowing()


# --- what pages, REST and the command line show ---------------------------------------------------------------------


def summary(actor: Actor, narrowed: Narrowing = EVERYBODY) -> dict[str, Any]:
    """What is wrong with the database as far as the actor may see it; docs/reference/quality.md tells the shape."""
    scope = require(actor, VIEW)
    if scope is not Scope.ALL or narrowed.chosen():
        condition, params = narrowed.sql()
        where = f"{visible_sql(actor, alias='c')} AND {condition}"
        if scope is not Scope.ALL or not many():
            return _summary(where, params, whole=False)
        key = f"quality_summary:{sha256(repr(narrowed).encode()).hexdigest()}"
        found: dict[str, Any] = cache.get_or_set(key, lambda: _summary(where, params, whole=False), KEPT_SECONDS) or {}
        return found
    kept: dict[str, Any] | None = cache.get("quality_summary")
    if kept is None:
        kept = _summary("true", {}, whole=True)
        if kept["contacts"] > MANY:
            cache.set("quality_summary", kept, KEPT_SECONDS)
    return kept


def _summary(where: str, params: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    as_of = now()
    groups = _grouped(where, params=params)
    all_of: dict[str, Any] = next(iter(groups.get("all", ())), {"contacts": 0, "faulty": 0, "score": None})
    found = dict(_rows(by_rule_sql() if whole else by_rule_sql(where), params))
    past = _week_ago(today(as_of)) if whole else {}
    rules = [_rule_line(row, found.get(row.slug, 0), all_of["contacts"], past) for row in active("quality")]
    course = _trends(groups, as_of, all_of) if whole else []
    return {
        "as_of": iso_utc(as_of),
        "whole": whole,
        "contacts": all_of["contacts"],
        "faulty": all_of["faulty"],
        "score": all_of["score"],
        "rules": sorted(rules, key=gravest),
        "sources": groups.get("source", []),
        "imports": groups.get("import", []),
        "queues": groups.get("queue", []),
        "owners": groups.get("owner", []),
        "trend": course,
    }


def _rows(sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _grouped(
    where: str, faulty: str = "q.faults <> '[]'", params: Mapping[str, Any] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Groups with their people, the largest first, each with what people call it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for part, key, contacts, bad, score in _rows(grouped_sql(where, faulty), params or ()):
        shown = None if score is None else round(float(score), 1)
        found.setdefault(part, []).append({"key": key, "contacts": contacts, "faulty": bad, "score": shown})
    for part, lines in found.items():
        labels = labels_of(part, [one["key"] for one in lines])
        lines[:] = [
            {"key": one["key"], "name": labels.get(one["key"], one["key"]), **one}
            for one in sorted(lines, key=lambda one: (-one["faulty"], -one["contacts"], one["key"]))
        ]
    return found


def labels_of(part: str, keys: Iterable[str]) -> dict[str, str]:
    """What people call the groups of a part: sources, imports, queues and owners by name."""
    given = list(keys)
    if part == "source":
        found = {key: sources.label(key) for key in given}
    elif part == "import":
        found = {key: f"I-{key}" if key != "0" else _("Website and programs") for key in given}
    elif part == "queue" and (queue := REGISTRY.find_field("owner.queue")):
        found = {choice.value: choice.label for choice in queue.known_choices()}
    else:
        found = names([key for key in given if key]) if part == "owner" else {}
    return {**found, "": str(_NONE.get(part, ""))}


def many() -> bool:
    """Are there so many leads that counting them takes longer than a page may?"""
    return bool(_rows("SELECT reltuples > 100000 FROM pg_class WHERE oid = 'contact'::regclass")[0][0])


def gravest(one: Mapping[str, Any]) -> tuple[int, int, str]:
    """The order of rules: who finds most first, of equals the graver one."""
    return -one["contacts"], -WEIGHTS[one["severity"]], one["name"]


def _rule_line(row: Definition, contacts: int, of: int, past: Mapping[str, int]) -> dict[str, Any]:
    rule: QualityRule = load(row)
    return {
        "name": row.slug,
        "title": rule.title,
        "definition": row.pinned,
        "dimension": rule.dimension,
        "severity": rule.severity,
        "owner": rule.owner,
        "owner_title": role_title(rule.owner),
        "remedy": rule.remedy,
        "fixes": [as_json(one) for one in rule.fixes],
        "contacts": contacts,
        "share": round(contacts / of, 6) if of else None,
        "change_7d": contacts - past[row.slug] if row.slug in past else (contacts if past else None),
    }


def role_title(role: str) -> str:
    """What people call a team role."""
    known = roles_in_force().role(role)
    return known.title if known else role


def _week_ago(day: date) -> dict[str, int]:
    """People at fault by rule at the end of the day a week ago, or of the first one kept after it."""
    kept = QualityDay.objects.filter(part="all", day__gte=day - WEEK).order_by("day").first()
    if kept is None:
        return {}
    return {"": 0, **dict(QualityDay.objects.filter(part="rule", day=kept.day).values_list("key", "faulty"))}


def trend(as_of: datetime, at_present: Mapping[str, Any], *, slug: str = "") -> list[dict[str, Any]]:
    """The ends of the last 90 days, and now: of all, or of one rule. Days on which nothing ran are missing."""
    part = {"part": "rule", "key": slug} if slug else {"part": "all", "key": ""}
    return _course(_days(as_of).filter(**part), as_of, at_present)


def _days(as_of: datetime) -> QuerySet[QualityDay]:
    day = today(as_of)
    return QualityDay.objects.filter(day__gte=day - timedelta(days=TREND_DAYS), day__lt=day).order_by("day")


def _course(kept: Iterable[QualityDay], as_of: datetime, at_present: Mapping[str, Any]) -> list[dict[str, Any]]:
    points = [
        {
            "day": one.day.isoformat(),
            "contacts": one.contacts,
            "faulty": one.faulty,
            "score": None if one.score is None else float(one.score),
        }
        for one in kept
    ]
    if at_present["contacts"]:
        here = {name: at_present[name] for name in ("contacts", "faulty", "score")}
        points.append({"day": today(as_of).isoformat(), **here})
    return points


def _trends(groups: Mapping[str, list[dict[str, Any]]], as_of: datetime, all_of: Mapping[str, Any]) -> list[Any]:
    """The course of all; groups by source, queue and owner get `trend`, the scores of those days, and now."""
    courses: dict[tuple[str, str], list[QualityDay]] = {}
    for one in _days(as_of).filter(part__in=("all", *_COURSES)):
        courses.setdefault((one.part, one.key), []).append(one)
    for part in _COURSES:
        for line in groups.get(part, ()):
            course = _course(courses.get((part, line["key"]), ()), as_of, line)
            line["trend"] = [one["score"] for one in course if one["score"] is not None]
    return _course(courses.get(("all", ""), ()), as_of, all_of)


# --- one rule --------------------------------------------------------------------------------------------------------


def versions_of(slug: str) -> list[Definition]:
    """All versions of a rule, the newest first; asked once for a page that needs them several times."""
    return memo.once(("quality_versions", slug), lambda: versions("quality", slug))


def find_rule(slug: str) -> Definition:
    """The version of this rule in force, else its newest. Raises MaropsError `not-found`."""
    rows = versions_of(slug)
    found = next((row for row in rows if row.state == Definition.State.ACTIVE), rows[0] if rows else None)
    if found is None:
        raise MaropsError(NOT_FOUND, f"There is no quality rule {slug!r}.")
    return found


def at_fault_sql(slug: str, *, alias: str = "q") -> str:
    """A condition over contact_quality: has this fault by any version of the rule."""
    pinned = ", ".join(f"'{row.pinned}'" for row in versions_of(slug))
    return f"{alias}.faults ?| ARRAY[{pinned}]::text[]"


def rule_summary(actor: Actor, slug: str) -> dict[str, Any]:
    """One rule: what it says, who sees to it, how many it finds and where they came from."""
    require(actor, VIEW)
    row = find_rule(slug)
    rule: QualityRule = load(row)
    whole = grants(actor).scope(VIEW) is Scope.ALL
    groups = _kept(slug) if whole else _grouped(visible_sql(actor, alias="c"), at_fault_sql(slug))
    all_of: dict[str, Any] = next(iter(groups.get("all", ())), {"contacts": 0, "faulty": 0})
    past = _week_ago(today()) if whole else {}
    present = {"contacts": all_of["contacts"], "faulty": all_of["faulty"], "score": None}
    return {
        **_rule_line(row, int(all_of["faulty"] or 0), int(all_of["contacts"] or 0), past),
        "state": row.state,
        "sentence": sentence(rule.when),
        "when": rule.when.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True),
        **{f"{part}s": [one for one in groups.get(part, []) if one["faulty"]] for part in ("source", "import")},
        "trend": trend(now(), present, slug=slug) if whole else [],
    }


def _kept(slug: str) -> dict[str, list[dict[str, Any]]]:
    """The groups of a rule over everybody; of many leads up to a minute old, since to count them takes a while."""
    key = f"quality_rule:{slug}"
    kept: dict[str, list[dict[str, Any]]] | None = cache.get(key)
    if kept is None:
        kept = _grouped("true", at_fault_sql(slug))
        if kept["all"][0]["contacts"] > MANY:
            cache.set(key, kept, KEPT_SECONDS)
    return kept


def people_at_fault(
    actor: Actor, slug: str, narrowed: Narrowing = EVERYBODY, *, limit: int, after: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """Those at fault whom the actor may see, the worst records first; one more than `limit`, if there are more."""
    require(actor, VIEW)
    condition, params = narrowed.sql()
    beyond = "AND (q.score, c.number) > (%(score)s, %(number)s)" if after else ""
    if after:
        params |= {"score": int(after[0]), "number": int(after[1])}
    rows = _rows(
        "SELECT c.number, c.id, c.full_name, c.email, c.company_name, c.country, c.source, c.phone, c.job_title,"
        f" q.score, q.faults FROM contact_quality q JOIN contact c ON c.id = q.contact_id WHERE {at_fault_sql(slug)}"
        f" AND {visible_sql(actor, alias='c')} AND {condition} {beyond} ORDER BY q.score, c.number LIMIT %(limit)s",
        params | {"limit": limit + 1},
    )
    personal = sees("personal", grants(actor))
    return [_person(row, personal=personal) for row in rows]


def _person(row: tuple[Any, ...], *, personal: bool) -> dict[str, Any]:
    number, pk, name, email, company, country, source, phone, title, score, faults = row
    ref = f"L-{number}"
    return {
        "ref": ref,
        "number": number,
        "id": str(pk),
        "name": (name or email or ref) if personal else ref,
        "email": email if personal else None,
        "phone": phone if personal else None,
        "job_title": title,
        "company": company,
        "country": country,
        "source": source,
        "score": score,
        "faults": json.loads(faults) if isinstance(faults, str) else faults,
    }


def would_find(row: Definition) -> int:
    """How many people a version of a rule finds now, whether it is in force or not. Kept for a minute."""
    key = f"quality_would_find:{row.id}"
    found: int | None = cache.get(key)
    if found is None:
        found = _count(load(row).when)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _count(rule: Rule) -> int:
    meant = understand(rule, Context(now(), zone()))
    if asks_facts(rule):
        asked = members_sql(meant, REGISTRY.bindings("duckdb"))
        return int(query_engine().rows(f"SELECT count(*) AS n FROM ({asked}) found")[0]["n"])
    asked = members_sql(meant, REGISTRY.bindings("postgres", schema=""))
    return int(_rows(f"SELECT count(*) FROM ({asked}) found")[0][0])
