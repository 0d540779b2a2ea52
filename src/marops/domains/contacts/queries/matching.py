"""Records of the same person or company: how they are searched for, and which pairs wait for somebody's word."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
from django.db import connection

from marops.domains.contacts.rules.grounds import SURE, bounded, ground, mailbox
from marops.domains.contacts.rules.identity import (
    COMPANIES,
    PEOPLE,
    SLUGS,
    SURVIVORSHIP,
    IdentityModel,
    Kind,
    Lesson,
    Survivorship,
)  # fmt: skip
from marops.domains.contacts.rules.likeness import BLOCKS, MOST
from marops.engine.asking import query_engine
from marops.kernel.definitions import active, load
from marops.kernel.ids import new_id
from marops.methods.matching.learnt import Learnt
from marops.methods.matching.roles import Guess
from marops.store.duckdb import quoted

_DEFAULTS: Final[dict[Kind, IdentityModel]] = {"person": PEOPLE, "company": COMPANIES}
_LOOKED_AT: Final = 0.05
"""What is less likely is not even held against the grounds that make it sure."""


def survivorship() -> tuple[Survivorship, str]:
    """The rule in force by which values stay, and its pinned name; what Marops brings along where there is none."""
    for row in active("survivorship"):
        if row.slug == "people":
            return load(row), row.pinned
    return SURVIVORSHIP, ""


def identity(of: Kind) -> tuple[IdentityModel, str]:
    """The identity model in force, and its pinned name; what Marops brings along where there is none."""
    for row in active("identity"):
        if row.slug == SLUGS[of]:
            return load(row), row.pinned
    return _DEFAULTS[of], ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: pairs with their weights, what it looked at, and what it learnt, if it learnt."""

    records: int
    seconds: float
    pairs: pa.Table
    report: Mapping[str, Any] = field(default_factory=dict)
    learnt: Learnt | None = None


PAIRS: Final = pa.schema([
    ("id", pa.string()), ("left_id", pa.string()), ("right_id", pa.string()), ("chance", pa.float64()),
    ("weights", pa.string()), ("ground", pa.string()),
])  # fmt: skip


def search(model: IdentityModel, *, again: bool = False) -> Found:
    """Search all records for pairs. What the model learnt before is used, unless it is to be learnt `again`.

    Raises marops.store.matching.NothingToCompare where no record says anything that could be compared.
    """
    from marops.store.matching import match

    started = time.monotonic()
    records = _records(model)
    known = None if again or model.learnt is None else model.learnt.learnt()
    guesses = _guesses(model, records)
    found = match(_compared(model, records), guesses, merge=model.merge_at, review=model.review_at, learnt=known)
    worth = (found.chance >= min(_LOOKED_AT, model.review_at)).nonzero()[0]
    left, right = found.left[worth].tolist(), found.right[worth].tolist()
    pairs = _weighed(model, records, left, right, known or found.learnt)
    report = {
        "blocking": [{"equal": list(rule), "pairs": made} for rule, made in found.blocking],
        "compared": [one.field.removeprefix("f_") for one in found.plan.comparisons],
        "left": found.bands[-1].pairs,
    }
    fresh = None if known else found.learnt
    return Found(records.num_rows, time.monotonic() - started, pairs, report, fresh)


def weigh_pairs(model: IdentityModel, lesson: Lesson, pairs: Sequence[tuple[str, str]]) -> Found:
    """Weigh these pairs of ids alone, by what was learnt; for records that are new among many."""
    started = time.monotonic()
    ids = sorted({one for pair in pairs for one in pair})
    records = _records(model, ids)
    place = {one: at for at, one in enumerate(records["id"].to_pylist())}
    there = [(one, other) for one, other in pairs if one in place and other in place]
    left, right = [place[one] for one, _other in there], [place[other] for _one, other in there]
    found = _weighed(model, records, left, right, lesson.learnt())
    return Found(records.num_rows, time.monotonic() - started, found)


def fresh_pairs(tick: UUID) -> tuple[list[UUID], list[tuple[str, str]]]:
    """The tick's people who changed since they were last matched, and the pairs that share a key with one of them."""
    shared = " UNION ALL ".join(
        f"SELECT f.contact_id AS one, o.contact_id AS other FROM fresh f CROSS JOIN LATERAL (SELECT contact_id"
        f" FROM contact_likeness l WHERE l.{key} = f.{key} AND l.contact_id <> f.contact_id LIMIT {MOST}) o"
        for key in BLOCKS
    )
    with connection.cursor() as cursor:
        cursor.execute(_FRESH, [tick])
        fresh = [one for (one,) in cursor.fetchall()]
        if not fresh:
            return [], []
        cursor.execute(
            "WITH fresh AS MATERIALIZED (SELECT * FROM contact_likeness WHERE contact_id = ANY(%s))"
            f" SELECT DISTINCT least(one, other)::text, greatest(one, other)::text FROM ({shared}) s",
            [fresh],
        )
        return fresh, list(cursor.fetchall())


_FRESH = """
SELECT l.contact_id FROM touched t JOIN contact_likeness l USING (contact_id) JOIN contact c ON c.id = l.contact_id
WHERE t.tick = %s AND c.updated_at > coalesce(greatest(l.matched_at, (SELECT max(at) FROM match_run
    WHERE of = 'person')), '-infinity')
"""


def _compared(model: IdentityModel, records: pa.Table) -> pa.Table:
    return records.select(list(model.roles))


def _guesses(model: IdentityModel, records: pa.Table) -> list[Guess]:
    """The roles of what is compared, without what no record says: there would be nothing to learn."""
    said = {name for name in model.roles if records[name].null_count < records.num_rows}
    learnt = set(model.learnt.fields) if model.learnt else None
    roles = {name: role if name in said or learnt else "skip" for name, role in model.roles.items()}
    return [Guess(name, role, "as the model says") for name, role in roles.items()]


def _weighed(
    model: IdentityModel, records: pa.Table, left: Sequence[int], right: Sequence[int], learnt: Learnt
) -> pa.Table:
    """The pairs that are worth somebody's word, as rows of PAIRS."""
    from marops.store.weighing import weigh

    grounds = _grounds(model, records, left, right)
    weighed = weigh(
        _compared(model, records), _guesses(model, records), left, right, learnt, least=model.review_at, always=grounds
    )
    ids = records["id"].to_pylist()
    rows = []
    # Pairs that are worth a thought, which are few beside the records; their weights are written as JSON.
    for at, (one, other, chance, fields) in enumerate(zip(left, right, weighed.chance, weighed.weights, strict=True)):
        if not fields:
            continue
        ground_ = grounds.get(at, "")
        sure, why = (max(float(chance), SURE) if ground_ else float(chance)), ground_
        if not ground_ and model.of == "person":
            sure, why = bounded(sure, {name: each.bits for name, each in fields.items()}, model.merge_at)
        if sure >= model.review_at:
            told = {name: [round(each.bits, 2), each.says] for name, each in fields.items()}
            first, second = sorted((ids[one], ids[other]))
            rows.append(
                (str(new_id()), first, second, sure, json.dumps(told | {"start": [round(weighed.start, 2), ""]}), why)
            )
    columns: list[Any] = list(zip(*rows, strict=True)) or [[] for _ in PAIRS]
    return pa.table([pa.array(column, one.type) for column, one in zip(columns, PAIRS, strict=True)], schema=PAIRS)


def _grounds(model: IdentityModel, records: pa.Table, left: Sequence[int], right: Sequence[int]) -> dict[int, str]:
    """The pairs that are one on a ground of their own: place → ground. Only those who share a key are looked at."""
    if model.of == "company":
        return {}
    mailboxes = [mailbox(one) for one in records["email"].to_pylist()]
    phones = records["phone"].to_pylist()
    shared = [
        at for at, (one, other) in enumerate(zip(left, right, strict=True))
        if (mailboxes[one] and mailboxes[one] == mailboxes[other]) or (phones[one] and phones[one] == phones[other])
    ]  # fmt: skip
    who = records.select(["given_name", "family_name", "email", "phone"])
    sides = [who.take(pa.array([side[at] for at in shared], pa.int64())).to_pylist() for side in (left, right)]
    return {at: why for at, one, other in zip(shared, *sides, strict=True) if (why := ground(one, other))}


def _records(model: IdentityModel, ids: Sequence[str] | None = None) -> pa.Table:
    """The records as they are compared: texts, by id; `ids` narrows them."""
    which = "true" if ids is None else f"%s = ANY({quoted('{' + ','.join(ids) + '}')}::uuid[])"
    inside = _PEOPLE if model.of == "person" else _COMPANIES
    inside = inside.replace("{shared}", _SHARED_BY_ALL if ids is None else _SHARED_BY_FEW)
    sql = inside.replace("{which}", which).replace("%s", "c.id").replace("{many}", str(model.shared_by))
    return query_engine().arrow(f"SELECT * FROM postgres_query('pg', {quoted(sql)})")


# A number that many have says nothing of anybody, nor does an address of many. Everybody's numbers are counted at once,
# those of few records looked up one by one.
_SHARED_BY_ALL = """SELECT value FROM contact_identity WHERE kind = 'phone' AND value IN (SELECT value FROM numbers)
    GROUP BY value HAVING count(*) > {many}"""
_SHARED_BY_FEW = """SELECT DISTINCT n.value FROM numbers n WHERE (SELECT count(*) FROM (SELECT FROM contact_identity i
    WHERE i.kind = 'phone' AND i.value = n.value LIMIT {many} + 1) found) > {many}"""
_PEOPLE = """
WITH numbers AS (
    SELECT c.id, v.value FROM contact c, LATERAL (SELECT DISTINCT n.value FROM (VALUES (c.phone), (c.mobile)) n (value)
    WHERE n.value IS NOT NULL) v WHERE {which}
), many AS (
    {shared}
), own AS (
    SELECT id, min(value) AS phone, nullif(max(value), min(value)) AS other_phone FROM numbers
    WHERE value NOT IN (SELECT value FROM many) GROUP BY id
)
SELECT c.id::text AS id,
    coalesce(c.given_name, CASE WHEN c.family_name IS NULL THEN split_part(c.full_name, ' ', 1) END) AS given_name,
    coalesce(c.family_name, CASE WHEN c.given_name IS NULL THEN nullif(regexp_replace(c.full_name, '^.* ', ''),
        c.full_name) END) AS family_name,
    CASE WHEN NOT coalesce(c.email_role, false) THEN c.email END AS email,
    own.phone, own.other_phone, coalesce(o.name, c.company_name) AS company,
    c.street, c.postcode, c.city, c.country::text AS country
FROM contact c LEFT JOIN own USING (id) LEFT JOIN company o ON o.id = c.company_id WHERE {which} ORDER BY c.id
"""

# A company's number and address are those that several of its people have.
_COMPANIES = """
WITH numbers AS (
    SELECT DISTINCT ON (p.company_id) p.company_id AS id, v.value AS phone
    FROM contact p, LATERAL (VALUES (p.phone), (p.mobile)) v (value)
    WHERE v.value IS NOT NULL AND p.company_id IS NOT NULL GROUP BY p.company_id, v.value HAVING count(*) > 1
    ORDER BY p.company_id, count(*) DESC, v.value
), places AS (
    SELECT DISTINCT ON (p.company_id) p.company_id AS id, p.street, p.postcode, p.city
    FROM contact p WHERE p.street IS NOT NULL AND p.company_id IS NOT NULL
    GROUP BY p.company_id, p.street, p.postcode, p.city HAVING count(*) > 1
    ORDER BY p.company_id, count(*) DESC, p.street
)
SELECT c.id::text AS id, c.name, coalesce(c.domain, c.website) AS domain, numbers.phone, places.street, places.postcode,
    coalesce(c.city, places.city) AS city, c.country::text AS country
FROM company c LEFT JOIN numbers USING (id) LEFT JOIN places USING (id) WHERE {which} ORDER BY c.id
"""


def with_lesson(model: IdentityModel, learnt: Learnt, at: datetime) -> IdentityModel:
    """The model with what was learnt, as the next version of it."""
    told = learnt.as_json() | {"at": at}
    return model.model_copy(update={"learnt": Lesson.model_validate(told)})
