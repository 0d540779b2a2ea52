"""Writing many people at once, inside an action: told apart, matched, created or changed where they differ.

The statements work on temporary tables that go with the transaction:
`incoming` (one row per person), `incoming_key` (their keys), and `written` (row → contact and what became of it).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import pyarrow as pa
from django.db import connection, transaction

from marops.domains.contacts.fields import CONTACT, FOLLOWS
from marops.domains.contacts.models import COMPANY_NUMBERS, CONTACT_NUMBERS, CompanyMerge
from marops.domains.contacts.wording import standardise
from marops.kernel.actions import Act
from marops.kernel.facts import fact_kind, touch_from
from marops.store.bulk import copy_in, sql_type

CREATED = fact_kind("lead.created", "Came in")
UPDATED = fact_kind("lead.updated", "Got new values")

_FIELDS = frozenset(one.name for one in CONTACT)
_MOMENTS = frozenset(one.name for one in CONTACT if one.clean == "datetime")
_COMPANY_FIELDS = ("website", "industry", "employees", "country", "city")
_LOCK = "marops.contacts.write"
_UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


@dataclass(frozen=True, slots=True)
class People:
    """Persons to be written. `rows`: row, id, fact_id, spare_id, seen_hash, fields, custom, originals (JSON texts).

    `keys`: row, kind, system, value, rank: 1 an id elsewhere, 2 an address, 3 a shared mailbox with a name, 4 a phone
    with a name, 9 only to be kept. Times without a zone are of `zone`.
    """

    rows: pa.Table
    keys: pa.Table
    import_number: int
    zone: str = "UTC"
    whole_names: bool = False
    """The rows give whole names themselves; otherwise these are made of given and family name."""
    keep_numbers: bool = False
    """A trial: the numbers of references are not used up, and nothing is meant to stay."""
    via: str = ""
    """How they came, where it was no import: `intake`."""


@dataclass(slots=True)
class Written:
    """How many rows became what, and what is to be told about some."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    conflicts: list[tuple[int, str]] = field(default_factory=list)
    repeats: list[tuple[int, int]] = field(default_factory=list)


def write_people(act: Act, people: People) -> None:
    """Write them; call it inside an action. What else depends on them follows, and then `settle_people`."""
    with connection.cursor() as cursor:
        work = _Work(act, people, cursor)
        work.prepare()
        work.match()
        work.companies()
        work.identities("matched")
        work.change()
        work.create()
        work.identities("created")


def also_changed(what: str, contacts: str) -> None:
    """Count known people as changed for another reason: `contacts` is a query of the ids of those in `written`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE written SET outcome = CASE outcome WHEN 'matched' THEN 'updated' ELSE outcome END,"
            f" changed = changed || %s::text WHERE outcome IN ('matched', 'updated') AND contact_id IN ({contacts})",
            [what],
        )


def settle_people(act: Act, people: People) -> Written:
    """Facts for the created and the changed, and a note to the engine to look at them. Answers what became of all."""
    with connection.cursor() as cursor:
        result = _outcome(cursor)
    _announce(act, people)
    return result


def settle_companies(act: Act, *, import_number: int, keep_numbers: bool = False) -> None:
    """Find or make the companies of rows that are not about people; call it inside an action.

    The temporary table `firm` holds row, spare_id (for a new company), key, name, domain, mail_domain, and company_id,
    which is filled in. With `keep_numbers` it is a trial: numbers of references are not used up.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [_LOCK])
        nobody = pa.table({})
        _Work(act, People(nobody, nobody, import_number, keep_numbers=keep_numbers), cursor).settle_companies()


def resolve_people(act: Act, table: str) -> None:
    """Whom the references in the column `ref` of a temporary table mean: fills `contact_id` and `hits`.

    A reference is what people write: L-number, id, address, or the id in any other system. A reference that fits
    several people (`hits` over 1) names nobody; merged people are found under what they were.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} t SET hits = f.hits, contact_id = CASE WHEN f.hits = 1 THEN f.contact_id END FROM ("
            "SELECT ref, count(DISTINCT contact_id) AS hits, (array_agg(contact_id))[1] AS contact_id FROM ("
            f"SELECT t.ref, c.id AS contact_id FROM {table} t JOIN contact c ON c.number ="
            " CASE WHEN t.ref ~* '^L-[0-9]{1,18}$' THEN substr(t.ref, 3)::bigint END"
            f" UNION ALL SELECT t.ref, i.contact_id FROM {table} t JOIN contact_identity i"
            " ON i.value IN (t.ref, lower(t.ref)) AND i.kind IN ('email', 'external')"
            f" UNION ALL SELECT t.ref, n.contact_id FROM {table} t JOIN contact_merge m ON m.undone_at IS NULL AND"
            " m.loser_number = CASE WHEN t.ref ~* '^L-[0-9]{1,18}$' THEN substr(t.ref, 3)::bigint END"
            f" CROSS JOIN LATERAL ({_NOW_IS.format(id='m.loser_id')}) n"
            f" UNION ALL SELECT u.ref, n.contact_id FROM (SELECT ref, ref::uuid AS id FROM {table}"
            f" WHERE CASE WHEN ref ~ '{_UUID}' THEN TRUE END) u CROSS JOIN LATERAL ({_NOW_IS.format(id='u.id')}) n"
            ") found GROUP BY ref) f WHERE f.ref = t.ref"
        )


_NOW_IS = (
    "WITH RECURSIVE became (id) AS (SELECT {id} UNION SELECT a.contact_id FROM contact_alias a JOIN became b"
    " ON a.alias_id = b.id) SELECT c.id AS contact_id FROM became JOIN contact c USING (id)"
)
"""SQL for the person that an id means today; none where there is none."""


_AS_ANOTHER = """
WITH RECURSIVE became (loser, id) AS (
    SELECT m.loser, m.winner_id FROM company_merge m WHERE m.undone_at IS NULL
    UNION ALL SELECT b.loser, m.winner_id FROM became b
    JOIN company_merge m ON m.loser_id = b.id AND m.undone_at IS NULL
)
UPDATE firm f SET company_id = b.id FROM became b JOIN company c USING (id)
WHERE f.company_id IS NULL AND (b.loser ->> 'domain' = f.domain OR b.loser ->> 'name_key' = f.key
    AND (f.domain IS NULL OR b.loser ->> 'domain' IS NULL))
"""
"""Companies that became part of another are known by what they were."""


def _announce(act: Act, people: People) -> None:
    moment = act.at
    fact = (
        "SELECT i.fact_id AS id, %s AS kind, %s::timestamptz AS occurred_at, %s::timestamptz AS recorded_at,"
        " w.contact_id, %s AS subject_type, %s AS subject_id, %s AS actor_type, %s AS actor_id, {properties} AS"
        " properties FROM written w JOIN incoming i USING (row) WHERE w.outcome = '{outcome}'"
    )
    source, subject = _origin(people)
    common = (moment, moment, *subject, act.actor.kind, act.actor.id)
    act.facts_from(fact.format(properties="%s::jsonb", outcome="created"), (CREATED, *common, source))
    act.facts_from(
        fact.format(properties="%s::jsonb || jsonb_build_object('fields', to_jsonb(w.changed))", outcome="updated"),
        (UPDATED, *common, source),
    )
    touch_from("SELECT contact_id FROM written WHERE outcome IN ('created', 'updated')", moment)


def _origin(people: People) -> tuple[str, tuple[str | None, str | None]]:
    """What facts say of where people came from: their properties as JSON, and the subject."""
    if people.via:
        return json.dumps({"via": people.via}), (None, None)
    return json.dumps({"import": people.import_number}), ("import", str(people.import_number))


def _stage(cursor: Any, name: str, rows: pa.Table, types: Mapping[str, str]) -> None:
    # Without statistics: each statement reads all of it anyway, and gathering them costs as much as a statement.
    columns = ", ".join(f'"{one.name}" {types.get(one.name, sql_type(one.type))}' for one in rows.schema)
    cursor.execute(f'CREATE TEMPORARY TABLE "{name}" ({columns}) ON COMMIT DROP')
    copy_in(cursor, name, rows)


def folded(text: str) -> str:
    """SQL for a text without case and accents, as `rules.text.fold` makes it."""
    plain = f"replace(replace(replace(translate(lower({text}), 'øđłðı', 'odldi'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')"
    return (
        f"CASE WHEN octet_length({text}) = length({text}) THEN lower({text})"
        f" ELSE regexp_replace(normalize({plain}, NFKD), '[\\u0300-\\u036f]', '', 'g') END"
    )


def search_text(row: str = "") -> str:
    """SQL for what a contact is found by: name, address, company."""
    prefix = f"{row}." if row else ""
    return folded(f"concat_ws(' ', {prefix}full_name, {prefix}email, {prefix}company_name)")


class _Work:
    """The steps of one write; each is a statement or two."""

    def __init__(self, act: Act, people: People, cursor: Any) -> None:
        self.act, self.people, self.cursor = act, people, cursor
        self.names = [name for name in people.rows.column_names if name in _FIELDS]
        self.moment = act.at.astimezone(UTC)
        self.since = f"{self.moment:%Y-%m-%dT%H:%M:%SZ}"
        self.has_company = "company_key_" in people.rows.column_names

    def run(self, sql: str, *params: Any) -> int:
        self.cursor.execute(sql, params or None)
        return int(self.cursor.rowcount)

    def prepare(self) -> None:
        """Stage the rows. One writer of people at a time: two would create the same person twice."""
        self.run("SELECT set_config('TimeZone', %s, true), set_config('work_mem', '64MB', true)", self.people.zone)
        self.run("SELECT pg_advisory_xact_lock(hashtext(%s))", _LOCK)
        types = {"id": "uuid", "fact_id": "uuid", "spare_id": "uuid", "custom": "jsonb", "originals": "jsonb"}
        types |= {name: "timestamptz" for name in self.names if name in _MOMENTS}
        _stage(self.cursor, "incoming", self.people.rows, types)
        _stage(self.cursor, "incoming_key", self.people.keys, {})
        standardise(self.act, self.cursor, self.people.rows.column_names)

    def match(self) -> None:
        """Whom each row is about: by its id elsewhere first, then by address, then by what is shared and a name."""
        self.run(
            "CREATE TEMPORARY TABLE hit ON COMMIT DROP AS"
            " SELECT k.row, k.rank, i.contact_id FROM incoming_key k JOIN contact_identity i"
            " ON i.value = k.value AND i.kind = k.kind AND i.system = k.system"
            " WHERE k.rank < 3 AND i.kind IN ('email', 'external')"
            " UNION ALL (SELECT DISTINCT ON (k.row) k.row, k.rank, i.contact_id FROM incoming_key k"
            " JOIN contact_identity i ON i.value = k.value AND i.kind = k.kind AND i.system = k.system"
            " WHERE k.rank IN (3, 4) AND i.kind IN ('phone', 'mailbox') ORDER BY k.row, k.rank, i.contact_id)"
        )
        self.run(
            "CREATE TEMPORARY TABLE written ON COMMIT DROP AS SELECT i.row,"
            " CASE WHEN f.people > 1 THEN NULL ELSE coalesce(f.contact_id, i.id) END AS contact_id,"
            " CASE WHEN f.people > 1 THEN 'conflict' WHEN f.contact_id IS NULL THEN 'created' ELSE 'matched' END"
            " AS outcome,"
            " NULL::text[] AS changed, NULL::bigint AS keep, f.all_people FROM incoming i LEFT JOIN ("
            " SELECT row, (array_agg(contact_id ORDER BY rank, contact_id))[1] AS contact_id,"
            " count(DISTINCT contact_id) AS people, array_agg(DISTINCT contact_id) AS all_people"
            " FROM hit GROUP BY row) f USING (row)"
        )
        self.run(
            "UPDATE written w SET outcome = 'repeat', keep = l.last FROM ("
            "SELECT contact_id, max(row) AS last FROM written WHERE outcome = 'matched'"
            " GROUP BY contact_id HAVING count(*) > 1) l"
            " WHERE l.contact_id = w.contact_id AND w.row <> l.last"
        )
        self.run("ANALYZE written")

    # --- companies ---------------------------------------------------------------------------------------------------

    def companies(self) -> None:
        """The company of each row: by its domain, by its name, by the domain of a work address; made where new."""
        if not self.has_company:
            return
        self.run(
            "CREATE TEMPORARY TABLE firm ON COMMIT DROP AS SELECT i.row, i.spare_id, nullif(i.company_key_, '') AS key,"
            " i.company_name_ AS name, i.company_domain_ AS domain, i.company_mail_domain_ AS mail_domain,"
            " NULL::uuid AS company_id FROM incoming i JOIN written w USING (row)"
            " WHERE w.outcome IN ('created', 'matched')"
            " AND coalesce(nullif(i.company_key_, ''), i.company_domain_, i.company_mail_domain_) IS NOT NULL"
        )
        self.settle_companies()
        self.run(
            "UPDATE firm f SET company_id = c.id FROM company c"
            " WHERE f.company_id IS NULL AND c.domain = coalesce(f.domain, f.mail_domain)"
            " AND (f.key IS NULL OR f.key = c.name_key)"
        )
        self._fill_companies()

    def settle_companies(self) -> None:
        """Find the company of each row of `firm` by its domain or name, and make those that are new."""
        self.run("UPDATE firm f SET company_id = c.id FROM company c WHERE c.domain = f.domain")
        self._by_name()
        if CompanyMerge.objects.filter(undone_at=None).exists():
            self.run(_AS_ANOTHER)
        self._make_companies()
        self._by_name()

    def _by_name(self) -> None:
        self.run(
            "UPDATE firm f SET company_id = c.id FROM (SELECT DISTINCT ON (name_key) id, name_key, domain FROM company"
            " WHERE name_key IN (SELECT key FROM firm WHERE company_id IS NULL) ORDER BY name_key, number) c"
            " WHERE f.company_id IS NULL AND c.name_key = f.key"
            " AND (f.domain IS NULL OR c.domain IS NULL OR c.domain = f.domain)"
        )

    def _make_companies(self) -> None:
        number = "0 - row_number() OVER ()" if self.people.keep_numbers else f"nextval('{COMPANY_NUMBERS}')"
        self.run(
            "CREATE TEMPORARY TABLE new_firm ON COMMIT DROP AS SELECT (array_agg(spare_id ORDER BY row))[1] AS id,"
            " coalesce(key, '') AS name_key,"
            " coalesce((array_agg(name ORDER BY row) FILTER (WHERE name IS NOT NULL))[1], min(domain)) AS name,"
            " mode() WITHIN GROUP (ORDER BY domain) AS domain,"
            " mode() WITHIN GROUP (ORDER BY mail_domain) AS mail_domain, count(*) AS people, min(row) AS row"
            " FROM firm WHERE company_id IS NULL AND (key IS NOT NULL OR domain IS NOT NULL)"
            " GROUP BY coalesce(key, ''), CASE WHEN key IS NULL THEN domain END"
        )
        # A domain belongs to one company: to the one with most people among those that claim it.
        self.run(
            "WITH claim AS (SELECT id, coalesce(domain, mail_domain) AS domain, domain IS NOT NULL AS said, people, row"
            " FROM new_firm), best AS (SELECT DISTINCT ON (domain) id, domain FROM claim WHERE domain IS NOT NULL"
            " AND NOT EXISTS (SELECT FROM company c WHERE c.domain = claim.domain)"
            " ORDER BY domain, said DESC, people DESC, row)"
            " INSERT INTO company (id, number, name, name_key, domain, custom, provenance, search_text, created_at,"
            f" updated_at) SELECT n.id, {number}, n.name, n.name_key, b.domain, '{{}}', jsonb_build_object('name',"
            f" jsonb_build_array(%s::bigint, n.row, %s::text)), {folded('n.name')}, %s, %s"
            " FROM new_firm n LEFT JOIN best b USING (id) ORDER BY n.row",
            self.people.import_number, self.since, self.moment, self.moment,
        )  # fmt: skip

    def _fill_companies(self) -> None:
        """What a company lacks, from its people's rows; what it has stays."""
        names = [name for name in _COMPANY_FIELDS if f"company_{name}_" in self.people.rows.column_names]
        if not names:
            return
        modes = ", ".join(f"mode() WITHIN GROUP (ORDER BY i.company_{name}_) AS {name}" for name in names)
        sets = ", ".join(f"{name} = coalesce(c.{name}, m.{name})" for name in names)
        lacks = " OR ".join(f"(c.{name} IS NULL AND m.{name} IS NOT NULL)" for name in names)
        self.run(
            f"UPDATE company c SET {sets}, updated_at = %s FROM (SELECT f.company_id, {modes} FROM firm f"
            f" JOIN incoming i USING (row) WHERE f.company_id IS NOT NULL GROUP BY f.company_id) m"
            f" WHERE c.id = m.company_id AND ({lacks})",
            self.moment,
        )

    # --- people ------------------------------------------------------------------------------------------------------

    def identities(self, outcome: str) -> None:
        """Write down the keys of rows; those that are new to a known person count as a change."""
        self.run("CREATE TEMPORARY TABLE IF NOT EXISTS gained (contact_id uuid) ON COMMIT DROP")
        self.run(
            "WITH added AS (INSERT INTO contact_identity (contact_id, kind, system, value, created_at)"
            f" SELECT w.contact_id, k.kind, k.system, k.value, '{self.moment.isoformat()}' FROM incoming_key k"
            f" JOIN written w USING (row) WHERE w.outcome = '{outcome}' ON CONFLICT DO NOTHING RETURNING contact_id)"
            + (
                " INSERT INTO gained SELECT DISTINCT contact_id FROM added"
                if outcome == "matched"
                else " SELECT count(*) FROM added"
            )
        )

    def create(self) -> None:
        """Insert the people nobody knew."""
        number = "0 - i.row" if self.people.keep_numbers else f"nextval('{CONTACT_NUMBERS}')"
        names = ", ".join(f'"{name}"' for name in self.names)
        values = ", ".join(f'i."{name}"' for name in self.names)
        company = "f.company_id" if self.has_company else "NULL::uuid"
        joined = "LEFT JOIN firm f ON f.row = i.row" if self.has_company else ""
        self.run(
            f"INSERT INTO contact (id, number, {names + ', ' if names else ''}company_id, custom, originals,"
            " provenance, search_text, seen_hash, seen_at, created_at, updated_at)"
            f" SELECT i.id, {number}, {values + ', ' if values else ''}{company}, coalesce(i.custom, '{{}}'),"
            " coalesce(i.originals, '{}'), jsonb_build_object('*', jsonb_build_array(%s::bigint, i.row, %s::text)),"
            f" {self._searched()}, i.seen_hash, %s, %s, %s"
            f" FROM incoming i JOIN written w USING (row) {joined} WHERE w.outcome = 'created' ORDER BY i.row",
            self.people.import_number,
            self.since,
            self.moment,
            self.moment,
            self.moment,
        )  # fmt: skip

    def _searched(self) -> str:
        given = [name for name in ("full_name", "email", "company_name") if name in self.names]
        return folded(f"concat_ws(' ', {', '.join(f'i.{name}' for name in given)})") if given else "''"

    def change(self) -> None:
        """Update known people where the file says something else; an empty cell never erases."""
        self._find_differences()
        if not self.run("SELECT FROM difference LIMIT 1"):
            return
        self.run("ANALYZE difference")
        sets = ", ".join(f'"{name}" = {self._new_value(name)}' for name in self.names)
        company = "company_id = coalesce(f.company_id, c.company_id), " if self.has_company else ""
        joined = "LEFT JOIN firm f ON f.row = d.row" if self.has_company else ""
        self.run(
            f"UPDATE contact c SET {sets + ', ' if sets else ''}{company}"
            "custom = c.custom || coalesce(i.custom, '{}'),"
            " originals = (c.originals - d.changed) || coalesce((SELECT jsonb_object_agg(key, value)"
            " FROM jsonb_each(i.originals) WHERE key = ANY (d.changed)), '{}'),"
            " provenance = c.provenance || coalesce((SELECT jsonb_object_agg(name, jsonb_build_array(%s::bigint, d.row,"
            " %s::text)) FROM unnest(d.changed) name WHERE name <> 'identities'), '{}'),"
            " seen_hash = i.seen_hash, seen_at = %s, updated_at = %s"
            f" FROM difference d JOIN incoming i ON i.row = d.row {joined} WHERE c.id = d.contact_id",
            self.people.import_number, self.since, self.moment, self.moment,
        )  # fmt: skip
        self.run(
            f"UPDATE contact c SET search_text = {search_text('c')} FROM difference d WHERE c.id = d.contact_id"
            " AND d.changed && ARRAY['full_name', 'given_name', 'family_name', 'email', 'company_name']"
        )
        self.run("UPDATE written w SET outcome = 'updated', changed = d.changed FROM difference d WHERE d.row = w.row")

    def _find_differences(self) -> None:
        tests = [f"CASE WHEN {self._differs(name)} THEN '{name}' END" for name in self.names if name not in FOLLOWS]
        tests.append("CASE WHEN g.contact_id IS NOT NULL THEN 'identities' END")
        if self.has_company:
            tests.append(
                "CASE WHEN f.company_id IS NOT NULL AND f.company_id IS DISTINCT FROM c.company_id THEN 'company' END"
            )
        joined = "LEFT JOIN firm f ON f.row = i.row" if self.has_company else ""
        own = (
            "coalesce((SELECT array_agg('custom.' || e.key ORDER BY e.key) FROM jsonb_each(i.custom) e"
            " WHERE c.custom -> e.key IS DISTINCT FROM e.value), '{}')"
        )
        self.run(
            "CREATE TEMPORARY TABLE difference ON COMMIT DROP AS SELECT * FROM (SELECT i.row, w.contact_id,"
            f" array_remove(ARRAY[{', '.join(tests)}]::text[], NULL) || {own} AS changed"
            " FROM incoming i JOIN written w USING (row) JOIN contact c ON c.id = w.contact_id"
            f" LEFT JOIN gained g ON g.contact_id = c.id {joined} WHERE w.outcome = 'matched') d"
            " WHERE changed <> '{}'"
        )

    def _differs(self, name: str) -> str:
        if name == "full_name" and self._composed():
            return f"{self._new_value(name)} IS DISTINCT FROM c.full_name"
        return f'i."{name}" IS NOT NULL AND i."{name}" IS DISTINCT FROM c."{name}"'

    def _composed(self) -> bool:
        """Is the whole name made of its parts here?"""
        return not self.people.whole_names and bool({"given_name", "family_name"} & set(self.names))

    def _new_value(self, name: str) -> str:
        if name in FOLLOWS:
            base = FOLLOWS[name]
            return f'CASE WHEN i."{base}" IS NOT NULL THEN i."{name}" ELSE c."{name}" END'
        if name == "full_name" and self._composed():
            given, family = (
                f"coalesce(i.{one}, c.{one})" if one in self.names else f"c.{one}"
                for one in ("given_name", "family_name")
            )
            parts = f"nullif(concat_ws(' ', {given}, {family}), '')"
            # A row without any name, or a file that also gives whole names, composes nothing.
            any_part = " OR ".join(f"i.{one} IS NOT NULL" for one in ("given_name", "family_name") if one in self.names)
            return (
                f"CASE WHEN {any_part} THEN coalesce({parts}, i.full_name, c.full_name)"
                " ELSE coalesce(i.full_name, c.full_name) END"
            )
        return f'coalesce(i."{name}", c."{name}")'


def _outcome(cursor: Any) -> Written:
    """Counts by outcome; rows in conflict with the references they disagree about."""
    cursor.execute("UPDATE written SET outcome = 'unchanged' WHERE outcome = 'matched'")
    cursor.execute("SELECT outcome, count(*) FROM written GROUP BY outcome")
    counts = dict(cursor.fetchall())
    result = Written(counts.get("created", 0), counts.get("updated", 0), counts.get("unchanged", 0))
    if counts.get("conflict"):
        cursor.execute(
            "SELECT w.row, string_agg('L-' || c.number, ', ' ORDER BY c.number) FROM written w JOIN contact c"
            " ON c.id = ANY (w.all_people) WHERE w.outcome = 'conflict' GROUP BY w.row ORDER BY w.row"
        )
        result.conflicts = cursor.fetchall()
    if counts.get("repeat"):
        cursor.execute("SELECT row, keep FROM written WHERE outcome = 'repeat' ORDER BY row")
        result.repeats = cursor.fetchall()
    return result


def known_rows(probes: pa.Table) -> list[int]:
    """Those rows (row, h, kind, system, value) whose person was last changed by exactly this content."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM contact WHERE seen_hash IS NOT NULL)")
        if not cursor.fetchone()[0] or not probes.num_rows:
            return []
        _stage(cursor, "probe", probes, {})
        kinds = "('email', 'external')", "('phone', 'mailbox')"
        cursor.execute(
            " UNION ".join(
                "SELECT p.row FROM probe p JOIN contact_identity i ON i.value = p.value AND i.kind = p.kind"
                " AND i.system = p.system JOIN contact c ON c.id = i.contact_id"
                f" WHERE i.kind IN {kind} AND c.seen_hash = p.h AND c.seen_at = c.updated_at"
                for kind in kinds
            )
        )
        return [row for (row,) in cursor.fetchall()]
