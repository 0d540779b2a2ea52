"""Rows cleaned batch by batch: every field, key, consent and finding of those that are new or changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from marops.domains.capture.cleaning import MAX_TEXT, PLAIN_NAME, consent_sql, literal
from marops.domains.capture.preparing.rows import BEYOND_ASCII, WHO, Rows
from marops.domains.capture.targets import CLEANING, COMPANY_CLEANING

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


class Preparation(Rows):
    """The work on one file, in three parts: `load`, `sort_out`, then `batch` for each number up to `batches`."""

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

    def _clean_batch(self) -> pa.Table:
        """Every field of every row of the batch, into the table `w`; answers what PostgreSQL is to get."""
        picks = _Picks()
        self._ask("name_key", "t_who", f"SELECT DISTINCT person FROM b WHERE {BEYOND_ASCII}")
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
            f"CREATE OR REPLACE TEMP TABLE w AS SELECT b.*, {WHO.replace('p.', 'b.')} AS who"
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
