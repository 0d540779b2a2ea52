"""A file's rows in the staging database: read, told apart, joined where they are one person."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar, cast

import pyarrow as pa

from marops.domains.capture.cleaning import (
    MAX_ID,
    MAX_TEXT,
    PLAIN_MAIL,
    Judge,
    consent_sql,
    define_macros,
    listed,
    literal,
)
from marops.domains.capture.persons import Told, tell_apart
from marops.domains.capture.plan import Plan
from marops.domains.capture.reading import RowFault, Source
from marops.domains.capture.reading.source import refused_columns
from marops.domains.capture.targets import CLEANING, Target
from marops.domains.contacts.public import emails
from marops.store.staging import Staging

T = TypeVar("T")

READ = 20_000
BATCH = 50_000
BEYOND_ASCII = "strlen(person) <> length(person)"
WHO = "CASE WHEN p.person IS NULL THEN '' WHEN n.raw IS NULL THEN ascii_name_key(p.person) ELSE n.v END"


@dataclass
class Columns:
    """The plan's columns by what they are for; each is the number of a raw column."""

    person: dict[str, int] = field(default_factory=dict)
    company: dict[str, int] = field(default_factory=dict)
    external: list[tuple[str, int]] = field(default_factory=list)
    custom: list[tuple[str, str, int]] = field(default_factory=list)
    consent: list[tuple[str, str, bool, int]] = field(default_factory=list)


class Rows:
    """The rows of one file: `load` them, then `sort_out` who is who."""

    def __init__(self, staging: Staging, plan: Plan, *, file_key: str) -> None:
        self._staging, self._plan, self._judge = staging, plan, Judge()
        self._file_key = file_key
        self._columns = Columns()
        for number, column in enumerate(plan.columns):
            self._sort(number, column.name, column.target)
        self._width = len(plan.columns)
        self._refused = refused_columns([column.name for column in plan.columns])
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
        self._staging.execute("CREATE TABLE fault (row BIGINT, field VARCHAR, code VARCHAR, cells VARCHAR[])")
        cells = ", ".join(f"c{number} VARCHAR" for number in range(self._width))
        self._staging.execute(f"CREATE TABLE raw (row BIGINT{', ' if cells else ''}{cells})")
        for chunk in ahead(source.chunks(min(READ, most or READ))):
            self._staging.append("raw", chunk.rows)
            if chunk.faults:
                self._staging.append("fault", _as_table(chunk.faults))
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

    def sort_out(self) -> Iterator[None]:
        """Find each row's keys, and the rows that are the same person. Gives way between its steps."""
        self._staging.execute("CREATE TABLE fate (row BIGINT, fate VARCHAR, keep BIGINT)")
        self._find_keys()
        yield
        self._find_names()
        yield
        self._find_phones()
        self._staging.execute("UPDATE keyed SET known = has_external OR mail IS NOT NULL OR phone IS NOT NULL")
        yield
        if self._in_files:
            return
        told = self._tell_apart()
        if told.rows:
            self._staging.append("fate", pa.table({"row": told.rows, "fate": told.fates, "keep": told.keeps}))
        yield
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

    def _find_names(self) -> None:
        """Names, where only a name tells apart who shares a mailbox or a phone."""
        self._staging.execute(
            f"CREATE TABLE named AS SELECT row, {self._person_name()} AS person FROM raw WHERE row IN"
            " (SELECT row FROM keyed WHERE NOT has_external AND (mail IS NULL OR shared))"
        )
        self._judge_all("name_key", f"SELECT DISTINCT person FROM named WHERE {BEYOND_ASCII}", "odd_name")
        self._staging.execute(
            f"UPDATE keyed SET who = {WHO} FROM named p LEFT JOIN odd_name n ON n.raw = p.person"
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

    def _answer(self, number: int, prefix: str = "") -> str:
        target = self._plan.columns[number].target
        is_name = target.kind == "field" and CLEANING[target.name] == "name"
        return f"{'answered_name' if is_name else 'answered'}(tidy({prefix}c{number}))"

    # --- the end -----------------------------------------------------------------------------------------------------

    @property
    def headers(self) -> list[str]:
        """The file's column names; without those that came with rows refused before."""
        return [column.name for column in self._plan.columns][self._refused :]

    def cells_of(self, rows: Sequence[int]) -> dict[int, list[str | None]]:
        """The cells of some rows as they came; of rows that could not be read, what was read of them."""
        self._staging.execute("CREATE OR REPLACE TEMP TABLE wanted (row BIGINT)")
        self._staging.append("wanted", pa.table({"row": pa.array(rows, pa.int64())}))
        cells = "".join(f", c{number}" for number in range(self._refused, self._width))
        found = self._staging.rows(f"SELECT row{cells} FROM raw WHERE row IN (SELECT row FROM wanted)")
        faults = self._staging.rows("SELECT row, cells FROM fault WHERE row IN (SELECT row FROM wanted)")
        # A line that could not be parted is one cell.
        read = {row: line if len(line) == 1 else line[self._refused :] for row, line in faults}
        return read | {row[0]: list(row[1:]) for row in found}

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


def _as_table(faults: Sequence[RowFault]) -> pa.Table:
    return pa.table(
        {
            "row": pa.array([one.row for one in faults], pa.int64()),
            "field": pa.array([one.field for one in faults], pa.string()),
            "code": pa.array([one.code for one in faults], pa.string()),
            "cells": pa.array([list(one.cells) for one in faults], pa.list_(pa.string())),
        }
    )


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The items, the next one being made in a thread while this one is used."""
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        waiting = thread.submit(next, iterator, end)
        while (item := waiting.result()) is not end:
            waiting = thread.submit(next, iterator, end)
            yield cast(T, item)
