"""A file's rows in the staging database: read, told apart, joined where they are one person, cleaned batch by batch."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar, cast

import pyarrow as pa

from marops.domains.capture.cleaning import (
    MAX_ID,
    MAX_TEXT,
    PLAIN_MAIL,
    PLAIN_NAME,
    Judge,
    consent_sql,
    define_macros,
    listed,
    literal,
)
from marops.domains.capture.persons import Told, tell_apart
from marops.domains.capture.plan import Plan
from marops.domains.capture.reading import Source
from marops.domains.capture.targets import CLEANING, COMPANY_CLEANING, Target
from marops.domains.contacts.public import emails
from marops.store.staging import Staging

T = TypeVar("T")

READ = 20_000
BATCH = 50_000


_NOTHING = pa.table({"row": pa.array([], pa.int64())})


@dataclass(frozen=True, slots=True)
class Prepared:
    """One batch, ready to be written. `rows` holds what is new or changed; the rest are counts and findings."""

    number: int
    rows: pa.Table
    keys: pa.Table
    consents: pa.Table
    findings: pa.Table
    read: int
    rejected: int
    repeats: int
    unchanged: int


@dataclass
class _Columns:
    """The plan's columns by what they are for; each is the number of a raw column."""

    person: dict[str, int] = field(default_factory=dict)
    company: dict[str, int] = field(default_factory=dict)
    external: list[tuple[str, int]] = field(default_factory=list)
    custom: list[tuple[str, str, int]] = field(default_factory=list)
    consent: list[tuple[str, str, bool, int]] = field(default_factory=list)


class Preparation:
    """The work on one file, in three parts: `load`, `sort_out`, then `batch` for each number up to `batches`."""

    def __init__(self, staging: Staging, plan: Plan, *, file_key: str) -> None:
        self._staging, self._plan, self._judge = staging, plan, Judge()
        self._file_key = file_key
        self._columns = _Columns()
        for number, column in enumerate(plan.columns):
            self._sort(number, column.name, column.target)
        self._width = len(plan.columns)
        self._in_files = not plan.identifies
        self._wrote = False
        self.first, self.last, self.rows = 2, 1, 0
        define_macros(staging, null_words=plan.null_words, day_first=plan.day_first)

    def _sort(self, number: int, name: str, target: Target) -> None:
        columns = self._columns
        match target.kind:
            case "field":
                columns.person[target.name] = number
            case "company":
                columns.company[target.name] = number
            case "external":
                columns.external.append((target.name, number))
            case "custom":
                columns.custom.append((target.name, target.detail or "text", number))
            case "consent":
                unsubscribes = "unsub" in name.lower() or "abgemeldet" in name.lower()
                columns.consent.append((target.name, target.detail, unsubscribes, number))

    def close(self) -> None:
        """Let go of the processes that helped."""
        self._judge.close()

    # --- reading -----------------------------------------------------------------------------------------------------

    def load(self, source: Source, *, most: int | None = None) -> Iterator[int]:
        """Read the file, or about `most` rows of it; answers the rows read so far after each chunk."""
        self._staging.execute("CREATE TABLE fault (row BIGINT, field VARCHAR, code VARCHAR)")
        cells = ", ".join(f"c{number} VARCHAR" for number in range(self._width))
        self._staging.execute(f"CREATE TABLE raw (row BIGINT{', ' if cells else ''}{cells})")
        for chunk in ahead(source.chunks(min(READ, most or READ))):
            self._staging.append("raw", chunk.rows)
            if chunk.faults:
                faults = [(one.row, one.field, one.code) for one in chunk.faults]
                columns = zip(*faults, strict=True)
                self._staging.append("fault", pa.table(list(map(pa.array, columns)), names=["row", "field", "code"]))
            self.rows += chunk.rows.num_rows + len(chunk.faults)
            yield self.rows
            if most is not None and self.rows >= most:
                break
        bounds = self._staging.rows(
            "SELECT min(row), max(row) FROM (SELECT row FROM raw UNION ALL SELECT row FROM fault)"
        )
        self.first, self.last = bounds[0][0] or 2, bounds[0][1] or 1

    @property
    def batches(self) -> int:
        """How many batches there are."""
        return -(-(self.last - self.first + 1) // BATCH)

    def bounds(self, number: int) -> tuple[int, int]:
        """The first row of a batch, and the first of the next."""
        return self.first + number * BATCH, self.first + (number + 1) * BATCH

    # --- who is who --------------------------------------------------------------------------------------------------

    def sort_out(self) -> None:
        """Find each row's keys, and the rows that are the same person."""
        self._find_keys()
        self._staging.execute("CREATE TABLE fate (row BIGINT, fate VARCHAR, keep BIGINT)")
        if self._in_files:
            return
        told = self._tell_apart()
        if told.rows:
            self._staging.append("fate", pa.table({"row": told.rows, "fate": told.fates, "keep": told.keeps}))
        self._staging.execute("INSERT INTO fate SELECT row, 'no-identity', NULL FROM keyed WHERE NOT known")
        self._merge_repeats()

    def _find_keys(self) -> None:
        columns, staging = self._columns, self._staging
        mail = self._cell("email") if "email" in columns.person else "NULL"
        phone = self._first_filled("phone", "mobile")
        externals = "".join(
            f", substr(answered(tidy(c{n})), 1, {MAX_ID}) AS e{i}" for i, (_, n) in enumerate(columns.external)
        )
        salt = literal(self._plan.fingerprint)
        cells = ", ".join(f"c{number}" for number in range(self._width)) or "0"
        staging.execute(
            f"CREATE TABLE found AS SELECT row, (hash({salt}, {cells}) % 9223372036854775807)::BIGINT AS h,"
            f" lower({mail}) AS mail{externals}, {phone} AS phone FROM raw"
        )
        self._judge_mails()
        has_external = " OR ".join(f"e{i} IS NOT NULL" for i in range(len(columns.external))) or "FALSE"
        names = ", ".join(f"f.e{i}" for i in range(len(columns.external)))
        staging.execute(
            f"CREATE TABLE keyed AS SELECT f.row, f.h, {names + ', ' if names else ''}"
            " CASE WHEN o.raw IS NULL THEN f.mail ELSE o.v END AS mail, f.mail AS raw_mail,"
            " '' AS who,"
            f" f.phone, FALSE AS shared, ({has_external}) AS has_external, FALSE AS known"
            " FROM found f LEFT JOIN odd_mail o ON o.raw = f.mail"
        )
        staging.execute("DROP TABLE found")
        roles = listed(sorted(emails.role_names()))
        staging.execute(f"CREATE TABLE role AS SELECT unnest([{roles}]) AS name")
        # A shared mailbox without a name says who nobody is; with one it says who is meant.
        staging.execute(
            "UPDATE keyed SET shared = TRUE WHERE mail IS NOT NULL"
            " AND split_part(split_part(mail, '@', 1), '+', 1) IN (SELECT name FROM role)"
        )
        self._find_names()
        self._find_phones()
        staging.execute("UPDATE keyed SET known = has_external OR mail IS NOT NULL OR phone IS NOT NULL")

    def _find_names(self) -> None:
        """Names, where only a name tells apart who shares a mailbox or a phone."""
        self._staging.execute(
            f"CREATE TABLE named AS SELECT row, {self._person_name()} AS person FROM raw WHERE row IN"
            " (SELECT row FROM keyed WHERE NOT has_external AND (mail IS NULL OR shared))"
        )
        self._judge_all("name_key", f"SELECT DISTINCT person FROM named WHERE {_BEYOND_ASCII}", "odd_name")
        self._staging.execute(
            f"UPDATE keyed SET who = {_WHO} FROM named p LEFT JOIN odd_name n ON n.raw = p.person"
            " WHERE p.row = keyed.row"
        )

    def _find_phones(self) -> None:
        """The number itself, where it has to tell persons apart; elsewhere it can wait for its batch."""
        self._staging.execute(
            f"CREATE TABLE caller AS SELECT k.row, k.phone AS raw, {self._country_code()} AS words"
            " FROM keyed k JOIN raw r USING (row) WHERE k.phone IS NOT NULL AND NOT k.has_external AND k.mail IS NULL"
        )
        if pairs := self._staging.rows("SELECT DISTINCT raw, words FROM caller"):
            self._number(pairs, "called")
            self._staging.execute(
                "UPDATE keyed SET phone = n.v FROM caller c JOIN called n ON n.raw = c.raw"
                " AND n.words = coalesce(c.words, '') WHERE c.row = keyed.row"
            )

    def _number(self, pairs: Sequence[tuple[str, str | None]], table: str) -> None:
        """The table `table` of numbers in E.164: `raw`, the `words` for its country, and `v`.

        Where the words name no country, the workspace's country stands in.
        """
        known = self._judge.table("country", sorted({words for _, words in pairs if words}))
        codes = dict(zip(known["raw"].to_pylist(), known["v"].to_pylist(), strict=True))
        self._staging.execute(
            f"CREATE OR REPLACE TABLE {table} (raw VARCHAR, country VARCHAR, v VARCHAR, words VARCHAR)"
        )
        for start in range(0, len(pairs), 100_000):
            page = pairs[start : start + 100_000]
            numbers = self._judge.phones(
                [(raw, codes.get(words or "") or self._plan.country or None) for raw, words in page]
            )
            spoken = pa.array([words or "" for _, words in page], pa.string())
            self._staging.append(table, numbers.append_column("words", spoken))

    def _country_code(self) -> str:
        number = self._columns.person.get("country")
        return f"answered(tidy(r.c{number}))" if number is not None else "NULL::VARCHAR"

    def _person_name(self, prefix: str = "") -> str:
        columns = self._columns.person
        if "full_name" in columns:
            return f"answered_name(tidy({prefix}c{columns['full_name']}))"
        parts = [
            f"answered_name(tidy({prefix}c{columns[one]}))" for one in ("given_name", "family_name") if one in columns
        ]
        return f"nullif(concat_ws(' ', {', '.join(parts)}), '')" if parts else "NULL::VARCHAR"

    def _cell(self, name: str) -> str:
        return f"answered(tidy(c{self._columns.person[name]}))"

    def _first_filled(self, *names: str) -> str:
        cells = [self._cell(name) for name in names if name in self._columns.person]
        return f"coalesce({', '.join(cells)})" if cells else "NULL::VARCHAR"

    def _judge_mails(self) -> None:
        odd = (
            "SELECT DISTINCT mail FROM found WHERE mail IS NOT NULL AND NOT (strlen(mail) <= 254"
            f" AND position('@' IN mail) <= 65 AND regexp_full_match(mail, '{PLAIN_MAIL}'))"
        )
        self._judge_all("mail", odd, "odd_mail")

    def _judge_all(self, kind: str, query: str, table: str) -> None:
        raws = [raw for (raw,) in self._staging.rows(query)]
        self._staging.execute(f"CREATE TABLE {table} (raw VARCHAR, v VARCHAR)")
        for start in range(0, len(raws), 100_000):
            self._staging.append(table, self._judge.table(kind, raws[start : start + 100_000]))

    def _tell_apart(self) -> Told:
        """Rows that share an id, an address, or a phone and a name with another row, as numbers."""
        external = (
            "coalesce("
            + ", ".join([f"hash({i}, e{i})" for i in range(len(self._columns.external))] + ["NULL::UBIGINT"])
            + ")"
        )
        self._staging.execute(
            f"CREATE TABLE person AS SELECT row, {external} AS id,"
            " CASE WHEN mail IS NOT NULL AND NOT shared THEN hash(mail)"
            " WHEN mail IS NOT NULL THEN hash(mail, who)"
            " WHEN NOT has_external AND phone IS NOT NULL AND who <> '' THEN hash(phone, who, 'phone') END AS contact"
            " FROM keyed"
        )
        found = self._staging.arrow(
            "SELECT row, id, contact FROM person WHERE id IN (SELECT id FROM person GROUP BY id HAVING count(*) > 1)"
            " OR contact IN (SELECT contact FROM person GROUP BY contact HAVING count(*) > 1) ORDER BY row"
        )
        self._staging.execute("DROP TABLE person")
        columns = (found[name].to_pylist() for name in ("row", "id", "contact"))
        return tell_apart(list(zip(*columns, strict=True)))

    def _merge_repeats(self) -> None:
        """Where a person has several rows: the last one, filled up from those before it where it is empty."""
        refusing = {number for _, _, _, number in self._columns.consent}
        meanings = {number: (meaning, gone) for _, meaning, gone, number in self._columns.consent}
        cells = []
        for number in range(self._width):
            answer = f"answered(tidy(c{number}))"
            last = f"last(c{number} ORDER BY row) FILTER ({answer} IS NOT NULL)"
            if number in refusing:
                # Last wins, but a refusal in any row stays one.
                said = consent_sql(answer, meanings[number][0], unsubscribes=meanings[number][1])
                last = f"coalesce(last(c{number} ORDER BY row) FILTER ({said} IN ('denied', 'unsubscribed')), {last})"
            cells.append(f", {last} AS c{number}")
        self._staging.execute(
            "CREATE TABLE grouped AS SELECT row, keep FROM fate WHERE fate = 'repeat'"
            " UNION ALL SELECT DISTINCT keep, keep FROM fate WHERE fate = 'repeat'"
        )
        self._staging.execute(
            f"CREATE TABLE merged AS SELECT g.keep AS row{''.join(cells)}"
            " FROM grouped g JOIN raw USING (row) GROUP BY g.keep"
        )
        # One number for all rows of the person, so that the same rows again are known again; and every key of theirs.
        ids = [f"e{i}" for i in range(len(self._columns.external))]
        lasts = "".join(
            f", last(k.{one} ORDER BY g.row) FILTER (k.{one} IS NOT NULL) AS {one}" for one in ["mail", *ids]
        )
        takes = "".join(f", {one} = coalesce(keyed.{one}, m.{one})" for one in ["mail", *ids])
        self._staging.execute(
            "UPDATE keyed SET h = m.h, has_external = m.has_external, shared = CASE WHEN keyed.mail IS NULL"
            f" THEN coalesce(m.shared, FALSE) ELSE keyed.shared END{takes} FROM ("
            "SELECT g.keep, (hash(string_agg(k.h::VARCHAR, ',' ORDER BY g.row)) % 9223372036854775807)::BIGINT AS h,"
            " bool_or(k.has_external) AS has_external,"
            f" last(k.shared ORDER BY g.row) FILTER (k.mail IS NOT NULL) AS shared{lasts}"
            " FROM grouped g JOIN keyed k USING (row) GROUP BY g.keep) m WHERE keyed.row = m.keep"
        )

    # --- what is known already ---------------------------------------------------------------------------------------

    def probes(self, number: int, size: int) -> pa.Table:
        """One key and the content's number for each row, to ask whether it was taken in before: page `number`."""
        start, end = self.first + number * size, self.first + (number + 1) * size
        return self._staging.arrow(
            f"SELECT k.row, k.h, {self._best_key()} FROM keyed k WHERE k.row >= ? AND k.row < ?"
            " AND NOT EXISTS (SELECT 1 FROM fate f WHERE f.row = k.row)",
            [start, end],
        )

    def _best_key(self) -> str:
        if self._in_files:
            return f"'external' AS kind, {literal(self._file_key)} AS system, k.row::VARCHAR AS value"
        kinds, systems, values = [], [], []
        for i, (system, _) in enumerate(self._columns.external):
            kinds.append(f"WHEN e{i} IS NOT NULL THEN 'external'")
            systems.append(f"WHEN e{i} IS NOT NULL THEN {literal(system)}")
            values.append(f"WHEN e{i} IS NOT NULL THEN e{i}")
        kinds += ["WHEN mail IS NOT NULL AND NOT shared THEN 'email'", "WHEN mail IS NOT NULL THEN 'mailbox'"]
        kinds += ["WHEN who <> '' THEN 'phone'"]
        systems += [
            "WHEN mail IS NOT NULL AND NOT shared THEN ''",
            "WHEN mail IS NOT NULL THEN who",
            "WHEN who <> '' THEN who",
        ]
        values += ["WHEN mail IS NOT NULL THEN mail", "WHEN who <> '' THEN phone"]
        file_key = literal(self._file_key)
        return (
            f"CASE {' '.join(kinds)} ELSE 'external' END AS kind,"
            f" CASE {' '.join(systems)} ELSE {file_key} END AS system,"
            f" CASE {' '.join(values)} ELSE k.row::VARCHAR END AS value"
        )

    def mark_unchanged(self, rows: Sequence[int]) -> None:
        """These rows were taken in before, and nothing has changed since."""
        if rows:
            self._staging.append(
                "fate", pa.table({"row": pa.array(rows, pa.int64()), "fate": ["unchanged"] * len(rows)})
            )

    # --- batches -----------------------------------------------------------------------------------------------------

    def batch(self, number: int) -> Prepared:
        """The rows of one batch, cleaned."""
        start, end = self.bounds(number)
        span = f"BETWEEN {start} AND {end - 1}"
        counts = dict(self._staging.rows(f"SELECT fate, count(*) FROM fate WHERE row {span} GROUP BY fate"))
        faults = self._staging.value(f"SELECT count(*) FROM fault WHERE row {span}")
        read = self._staging.value(f"SELECT count(*) FROM raw WHERE row {span}")
        rejected = counts.get("conflict", 0) + counts.get("no-identity", 0) + faults
        told = (read + faults, rejected, counts.get("repeat", 0), counts.get("unchanged", 0))
        if read == sum(counts.values()):
            findings = self._staging.arrow(" UNION ALL ".join(self._fates(span)))
            return Prepared(number, _NOTHING, _NOTHING, _NOTHING, findings, *told)
        self._wrote = True
        self._stage_batch(span)
        rows = self._clean_batch()
        return Prepared(number, rows, self._keys(), self._consents(), self._findings(span), *told)

    def _stage_batch(self, span: str) -> None:
        cells = "".join(f", r.c{number}" for number in range(self._width))
        tidied = "".join(
            f", {self._answer(number, 'r.')} AS m{number}" for number in range(self._width) if self._wanted(number)
        )
        whole = "SELECT * FROM raw"
        if self._staging.has("merged"):
            whole = (
                f"SELECT * FROM raw WHERE row {span} AND row NOT IN (SELECT row FROM merged)"
                f" UNION ALL BY NAME SELECT * FROM merged"
            )
        keys = "".join(f", k.e{i}" for i in range(len(self._columns.external)))
        self._staging.execute(
            f"CREATE OR REPLACE TEMP TABLE b AS SELECT r.row, k.h, k.mail, k.raw_mail, k.shared, k.has_external,"
            f" {self._person_name('r.')} AS person,"
            f" k.phone AS key_phone{keys}{cells}{tidied} FROM ({whole}) r JOIN keyed k ON k.row = r.row"
            f" WHERE r.row {span} AND k.row {span} AND r.row NOT IN (SELECT row FROM fate WHERE row {span})"
        )

    def _wanted(self, number: int) -> bool:
        return self._plan.columns[number].target.kind != "skip"

    def _answer(self, number: int, prefix: str = "") -> str:
        target = self._plan.columns[number].target
        is_name = target.kind == "field" and CLEANING[target.name] == "name"
        return f"{'answered_name' if is_name else 'answered'}(tidy({prefix}c{number}))"

    def _clean_batch(self) -> pa.Table:
        """Every field of every row of the batch, into the table `w`; answers what PostgreSQL is to get."""
        picks = _Picks()
        self._ask("name_key", "t_who", f"SELECT DISTINCT person FROM b WHERE {_BEYOND_ASCII}")
        for name, number in self._columns.person.items():
            self._pick(picks, name, CLEANING[name], number, f'"{name}"')
        for name, number in self._columns.company.items():
            self._pick(picks, f"company.{name}", COMPANY_CLEANING[name], number, f'"company_{name}_"')
        self._derive(picks)
        for _, kind, number in self._columns.custom:
            picks.values.append(f"{_CUSTOM[kind].format(cell=f'b.m{number}')} AS x{number}")
        for _, meaning, gone, number in self._columns.consent:
            picks.values.append(f"{consent_sql(f'b.m{number}', meaning, unsubscribes=gone)} AS x{number}")
        self._staging.execute(
            f"CREATE OR REPLACE TEMP TABLE w AS SELECT b.*, {_WHO.replace('p.', 'b.')} AS who"
            f"{''.join(', ' + value for value in picks.values)} FROM b {' '.join(picks.joins)}"
            " LEFT JOIN t_who n ON n.raw = b.person"
        )
        self._picks = picks
        custom = [
            f"CASE WHEN w.x{n} IS NOT NULL THEN {_key(slug)} || w.x{n} END" for slug, _, n in self._columns.custom
        ]
        kept = picks.originals() + [
            f"CASE WHEN w.m{n} IS NOT NULL AND w.x{n} IS NULL THEN {_key('custom.' + slug)} || to_json(w.c{n}) END"
            for slug, _, n in self._columns.custom
        ]
        outs = ", ".join(f"w.{name}" for name in picks.outs)
        return self._staging.arrow(
            "SELECT w.row, uuidv7()::VARCHAR AS id, uuidv7()::VARCHAR AS fact_id, uuidv7()::VARCHAR AS spare_id,"
            f" w.h AS seen_hash{', ' + outs if outs else ''}, {_object(custom)} AS custom, {_object(kept)} AS originals"
            " FROM w ORDER BY w.row"
        )

    def _pick(self, picks: "_Picks", name: str, clean: str, number: int, out: str) -> None:
        cell, table = f"b.m{number}", f"t{number}"
        match clean:
            case "email":
                value = "b.mail"
            case "text":
                value = f"CASE WHEN length({cell}) <= {MAX_TEXT} THEN {cell} END"
            case "count":
                value = f"CASE WHEN as_count({cell}) < 2147483648 THEN as_count({cell}) END"
            case "decimal":
                value = f"CASE WHEN abs(as_decimal({cell})) < 99999999 THEN as_decimal({cell})::DECIMAL(10,2) END"
            case "datetime":
                value = f"as_moment({cell})"
            case "phone":
                self._call(number, table)
                picks.joins.append(f"LEFT JOIN {table} ON {table}.row = b.row")
                value = f"{table}.v"
            case "name":
                plain = f"regexp_full_match(m{number}, '{PLAIN_NAME}')"
                self._ask(clean, table, f"SELECT DISTINCT m{number} FROM b WHERE NOT {plain}")
                picks.joins.append(f"LEFT JOIN {table} ON {table}.raw = {cell}")
                value = f"CASE WHEN {table}.raw IS NULL THEN {cell} ELSE {table}.v END"
            case _:
                self._ask(clean, table, f"SELECT DISTINCT m{number} FROM b WHERE m{number} IS NOT NULL")
                picks.joins.append(f"LEFT JOIN {table} ON {table}.raw = {cell}")
                value = f"{table}.v"
        picks.add(name, number, value, out)

    def _ask(self, kind: str, table: str, query: str) -> None:
        raws = [raw for (raw,) in self._staging.rows(query)]
        self._staging.execute(f"DROP TABLE IF EXISTS {table}")
        self._staging.append(table, self._judge.table(kind, raws))

    def _call(self, number: int, table: str) -> None:
        """Numbers in E.164, each with the country of its row."""
        land = self._columns.person.get("country")
        words = f"m{land}" if land is not None else "NULL::VARCHAR"
        pairs = self._staging.rows(f"SELECT DISTINCT m{number}, {words} FROM b WHERE m{number} IS NOT NULL")
        self._number(pairs, "numbers")
        self._staging.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT b.row, n.v FROM b JOIN numbers n"
            f" ON n.raw = b.m{number} AND n.words = coalesce({words}, '')"
        )

    def _derive(self, picks: "_Picks") -> None:
        """What follows from other fields: kind of address, seniority, whole name, the company's key and domain."""
        columns = self._columns.person
        if "email" in columns:
            query = "SELECT DISTINCT split_part(mail, '@', 2) FROM b WHERE mail IS NOT NULL"
            self._ask("mail_domain", "t_domain", query)
            picks.joins.append("LEFT JOIN t_domain ON t_domain.raw = split_part(b.mail, '@', 2)")
            picks.plain("email_domain", "split_part(b.mail, '@', 2)")
            picks.plain("email_kind", "t_domain.v")
            picks.plain("email_role", "CASE WHEN b.mail IS NOT NULL THEN b.shared END")
        if "job_title" in columns:
            number = columns["job_title"]
            self._ask("title", "t_title", f"SELECT DISTINCT m{number} FROM b WHERE m{number} IS NOT NULL")
            picks.joins.append(f"LEFT JOIN t_title ON t_title.raw = b.m{number}")
            picks.plain("seniority", "t_title.seniority")
            picks.plain("job_function", "t_title.function")
        parts = [picks.value_of[one] for one in ("given_name", "family_name") if one in columns]
        if parts and "full_name" not in columns:
            picks.plain("full_name", f"nullif(concat_ws(' ', {', '.join(parts)}), '')")
        self._derive_company(picks)

    def _derive_company(self, picks: "_Picks") -> None:
        columns = self._columns
        named = columns.company.get("name", columns.person.get("company_name"))
        if named is None and not columns.company:
            return
        table = f"t{named}"
        picks.plain("company_key_", f"{table}.key" if named is not None else "NULL::VARCHAR")
        if "name" not in columns.company and named is not None:
            picks.plain("company_name_", picks.value_of["company_name"])
        elif "company_name" not in columns.person and named is not None:
            picks.plain("company_name", picks.value_of["company.name"])
        web = columns.company.get("website", columns.person.get("website"))
        domains = [picks.value_of["company.domain"]] if "domain" in columns.company else []
        domains += [f"t{web}.domain"] if web is not None else []
        picks.plain("company_domain_" if "domain" not in columns.company else "company_site_",
                    f"coalesce({', '.join(domains)})" if domains else "NULL::VARCHAR")  # fmt: skip
        work = (
            "CASE WHEN t_domain.v = 'work' THEN split_part(b.mail, '@', 2) END"
            if "email" in columns.person
            else "NULL::VARCHAR"
        )
        picks.plain("company_mail_domain_", work)
        for name in ("website", "industry", "employees", "country", "city"):
            if name not in columns.company and name in columns.person and name not in ("country", "city"):
                picks.plain(f"company_{name}_", picks.value_of[name])

    # --- fields of one's own, consent, keys, findings ----------------------------------------------------------------

    def _consents(self) -> pa.Table:
        selects = [
            f"SELECT row, {literal(channel)} AS channel, x{number} AS state,"
            f" {literal(self._plan.columns[number].name)} AS source FROM w"
            for channel, _, _, number in self._columns.consent
        ]
        if not selects:
            return _NOTHING
        ranks = "CASE state WHEN 'unsubscribed' THEN 1 WHEN 'denied' THEN 2 ELSE 3 END"
        return self._staging.arrow(
            "SELECT row, channel, state, source, uuidv7()::VARCHAR AS entry_id, uuidv7()::VARCHAR AS fact_id FROM ("
            f" SELECT * FROM ({' UNION ALL '.join(selects)}) WHERE state <> ''"
            f" QUALIFY row_number() OVER (PARTITION BY row, channel ORDER BY {ranks}, source) = 1)"
        )

    def _keys(self) -> pa.Table:
        """Every key of every row: rank below 3 names one person, rank 9 is only written down."""
        header = "SELECT 0::BIGINT AS row, '' AS kind, '' AS system, '' AS value, 0 AS rank WHERE FALSE"
        selects = [header]
        selects += [
            f"SELECT row, 'external', {literal(system)}, e{i}, 1 FROM w WHERE e{i} IS NOT NULL"
            for i, (system, _) in enumerate(self._columns.external)
        ]
        selects.append("SELECT row, 'email', '', mail, 2 FROM w WHERE mail IS NOT NULL AND NOT shared")
        selects.append(
            "SELECT row, 'mailbox', who, mail, CASE WHEN has_external THEN 9 ELSE 3 END FROM w"
            " WHERE mail IS NOT NULL AND shared"
        )
        rank = "CASE WHEN has_external OR mail IS NOT NULL OR who = '' THEN 9 ELSE 4 END"
        for name in ("phone", "mobile"):
            if name in self._columns.person:
                selects += [f"SELECT row, 'phone', who, {name}, {rank} FROM w WHERE {name} IS NOT NULL"]
        alone = "TRUE" if self._in_files else "NOT has_external AND mail IS NULL AND (who = '' OR key_phone IS NULL)"
        selects.append(f"SELECT row, 'external', {literal(self._file_key)}, row::VARCHAR, 1 FROM w WHERE {alone}")
        # Ids of the rows that this one stands for lead to the same person.
        if self._staging.has("grouped"):
            for i, (system, _) in enumerate(self._columns.external):
                selects.append(
                    f"SELECT g.keep, 'external', {literal(system)}, k.e{i}, 1 FROM grouped g"
                    " JOIN keyed k ON k.row = g.row JOIN w ON w.row = g.keep"
                    f" WHERE k.e{i} IS NOT NULL AND g.row <> g.keep"
                )
        return self._staging.arrow(
            "SELECT row, kind, system, value, min(rank)::BIGINT AS rank FROM (" + " UNION ALL ".join(selects) + ")"
            " GROUP BY ALL"
        )

    def _fates(self, span: str) -> list[str]:
        """Queries of what became of rows before anybody looked into their cells."""
        return [
            f"SELECT row, field, code, 'reject' AS level, '' AS detail FROM fault WHERE row {span}",
            (
                "SELECT row, '' AS field, CASE fate WHEN 'conflict' THEN 'rows-disagree' ELSE fate END, 'reject',"
                f" coalesce(keep::VARCHAR, '') FROM fate WHERE row {span} AND fate IN ('conflict', 'no-identity')"
            ),
            f"SELECT row, '', 'repeat', 'repeat', keep::VARCHAR FROM fate WHERE row {span} AND fate = 'repeat'",
        ]

    def _findings(self, span: str) -> pa.Table:
        selects = self._fates(span)
        selects += [
            f"SELECT row, {literal(self._plan.columns[number].name)}, {literal(self._code(name))}, 'warn', ''"
            f" FROM w WHERE m{number} IS NOT NULL AND {out} IS NULL"
            for name, number, out in self._picks.judged
        ]
        selects += [
            f"SELECT row, {literal(self._plan.columns[number].name)}, {literal('not-' + kind)}, 'warn', '' FROM w"
            f" WHERE m{number} IS NOT NULL AND x{number} IS NULL"
            for _, kind, number in self._columns.custom
        ]
        selects += [
            f"SELECT row, {literal(self._plan.columns[number].name)}, 'consent-unclear', 'warn', '' FROM w"
            f" WHERE m{number} IS NOT NULL AND x{number} IS NULL"
            for _, _, _, number in self._columns.consent
        ]
        return self._staging.arrow(" UNION ALL ".join(selects))

    def _code(self, name: str) -> str:
        head, _, rest = name.rpartition(".")
        clean = COMPANY_CLEANING[rest] if head else CLEANING[rest]
        return _CODES.get(clean, "not-kept")

    # --- the end -----------------------------------------------------------------------------------------------------

    @property
    def headers(self) -> list[str]:
        """The file's column names."""
        return [column.name for column in self._plan.columns]

    def cells_of(self, rows: Sequence[int]) -> dict[int, list[str | None]]:
        """The cells of some rows as they came; rows that could not be read are missing."""
        self._staging.execute("CREATE OR REPLACE TEMP TABLE wanted (row BIGINT)")
        self._staging.append("wanted", pa.table({"row": pa.array(rows, pa.int64())}))
        cells = "".join(f", c{number}" for number in range(self._width))
        found = self._staging.rows(f"SELECT row{cells} FROM raw WHERE row IN (SELECT row FROM wanted)")
        return {row[0]: list(row[1:]) for row in found}

    def choices(self) -> dict[str, list[str]]:
        """The values of each custom field that is a choice, the most frequent first."""
        found: dict[str, list[str]] = {}
        if not self._wrote:
            return found
        for slug, kind, number in self._columns.custom:
            if kind == "choice":
                rows = self._staging.rows(
                    f"SELECT v, count(*) AS n FROM (SELECT {self._answer(number)} AS v FROM raw) WHERE v IS NOT NULL"
                    f" AND length(v) <= {MAX_TEXT} GROUP BY v ORDER BY n DESC, v LIMIT 200"
                )
                found[slug] = [value for value, _ in rows]
        return found


_BEYOND_ASCII = "strlen(person) <> length(person)"
_WHO = "CASE WHEN p.person IS NULL THEN '' WHEN n.raw IS NULL THEN ascii_name_key(p.person) ELSE n.v END"

_CODES = {
    "email": "email-invalid", "phone": "phone-invalid", "country": "country-unknown", "count": "not-number",
    "decimal": "not-number", "datetime": "not-date", "website": "website-invalid", "domain": "domain-invalid",
    "language": "language-unknown", "zone": "zone-unknown", "text": "too-long", "name": "no-name",
    "company": "no-company", "source": "not-kept",
}  # fmt: skip

_CUSTOM = {
    "text": f"to_json(CASE WHEN length({{cell}}) <= {MAX_TEXT * 10} THEN {{cell}} END)",
    "choice": f"to_json(CASE WHEN length({{cell}}) <= {MAX_TEXT} THEN {{cell}} END)",
    "boolean": "as_truth({cell})",
    "number": "rtrim(rtrim(as_decimal({cell})::VARCHAR, '0'), '.')",
    "date": "to_json(as_moment({cell})[1:10])",
}


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The items, the next one being made in a thread while this one is used."""
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        waiting = thread.submit(next, iterator, end)
        while (item := waiting.result()) is not end:
            waiting = thread.submit(next, iterator, end)
            yield cast(T, item)


def _differs(name: str, cell: str, out: str) -> str:
    """Is what is kept another value than what came? A number in another spelling (3 and 3.00) is not."""
    if CLEANING.get(name) == "decimal":
        return f"TRY_CAST({cell} AS DOUBLE) IS DISTINCT FROM {out}::DOUBLE"
    return f"{cell} IS DISTINCT FROM {out}::VARCHAR"


def _key(name: str) -> str:
    return literal(f'"{name}":')


def _object(pieces: Sequence[str]) -> str:
    """A JSON object of those pieces that are there; NULL where none is."""
    if not pieces:
        return "NULL::VARCHAR"
    return f"'{{' || nullif(concat_ws(',', {', '.join(pieces)}), '') || '}}'"


@dataclass
class _Picks:
    """Expressions that make up a batch's rows."""

    values: list[str] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    outs: list[str] = field(default_factory=list)
    judged: list[tuple[str, int, str]] = field(default_factory=list)
    value_of: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, number: int, value: str, out: str) -> None:
        self.values.append(f"{value} AS {out}")
        self.outs.append(out)
        self.value_of[name] = value
        self.judged.append((name, number, out))

    def plain(self, name: str, value: str) -> None:
        self.values.append(f"{value} AS {name}")
        self.outs.append(name)

    def originals(self) -> list[str]:
        """Cells that differ from what is kept of them."""
        return [
            f"CASE WHEN w.m{number} IS NOT NULL AND {_differs(name, f'w.c{number}', f'w.{out}')}"
            f" THEN {_key(name)} || to_json(w.c{number}) END"
            for name, number, out in self.judged
            if not name.startswith("company.")
        ]
