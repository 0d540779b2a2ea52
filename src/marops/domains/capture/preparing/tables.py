"""Rows of other tables than leads: told apart by their ids, and cleaned batch by batch as their columns say."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from marops.domains.capture.cleaning import MAX_ID, MAX_TEXT, literal
from marops.domains.capture.plan import Plan
from marops.domains.capture.preparing.rows import Rows
from marops.domains.capture.tables import importer
from marops.kernel.importers import Cell, Column
from marops.kernel.money import currencies
from marops.store.staging import Staging

MAX_LONG = 10_000
_CODES = {
    Cell.TEXT: "too-long", Cell.LONG: "too-long", Cell.NUMBER: "unreadable-number", Cell.MONEY: "unreadable-number",
    Cell.MOMENT: "unreadable-date", Cell.TRUTH: "unreadable-yes-no", Cell.CURRENCY: "unreadable-currency",
    Cell.COMPANY: "no-company", Cell.DOMAIN: "domain-invalid",
}  # fmt: skip
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY", "₹": "INR", "₩": "KRW", "zł": "PLN"}
_SIGN = "[€£$¥₹₩]|zł|kr\\.?|[A-Za-z]{3}"
_MACROS = rf"""
    CREATE MACRO bare(x) AS regexp_replace(regexp_replace(regexp_replace(x,
        '^(-?)\s*(?:{_SIGN})\s*', '\1'), '\s*(?:{_SIGN})$', ''), '(\d)[ ''’](\d)', '\1\2', 'g');
    CREATE MACRO as_price(x) AS CASE  -- 1.234 is a thousand and more: money has no three decimals
        WHEN regexp_full_match(x, '-?\d{{1,3}}([.]\d{{3}})+') THEN as_decimal(replace(x, '.', ''))
        ELSE as_decimal(x) END;
    CREATE MACRO as_amount(x) AS CASE WHEN abs(as_price(bare(x))) < 100000000000000
        THEN as_price(bare(x))::DECIMAL(18,4) END;
    CREATE MACRO sign_of(x) AS regexp_extract(x, '^-?\s*({_SIGN})', 1);
    CREATE MACRO money_word(x) AS
        CASE WHEN sign_of(x) <> '' THEN sign_of(x) ELSE regexp_extract(x, '({_SIGN})$', 1) END;
    CREATE MACRO as_currency(x) AS CASE
        WHEN upper(x) IN ({", ".join(f"'{one}'" for one in sorted(currencies()))}) THEN upper(x)
        {" ".join(f"WHEN x = '{sign}' THEN '{code}'" for sign, code in _SIGNS.items())} END;
"""
_CUSTOM = {
    "text": f"to_json(CASE WHEN length({{m}}) <= {MAX_LONG} THEN {{m}} END)",
    "choice": f"to_json(CASE WHEN length({{m}}) <= {MAX_TEXT} THEN {{m}} END)",
    "boolean": "as_truth({m})",
    "number": "rtrim(rtrim(as_decimal({m})::VARCHAR, '0'), '.')",
    "date": "to_json(as_moment({m})[1:10])",
}


@dataclass(frozen=True, slots=True)
class PreparedTable:
    """One batch, ready to be kept. `rows` and `keys` are as `kernel.importers.Batch` wants them."""

    number: int
    rows: pa.Table
    keys: pa.Table
    findings: pa.Table
    read: int
    rejected: int
    repeats: int


class TablePreparation(Rows):
    """The work on one file, in three parts: `load`, `sort_out`, then `batch` for each number up to `batches`."""

    def __init__(self, staging: Staging, plan: Plan, *, file_key: str) -> None:
        super().__init__(staging, plan, file_key=file_key)
        self._door = importer(plan.table)
        self._cells: list[tuple[Column, int]] = []
        for number, column in enumerate(plan.columns):
            found = self._door.column(column.target.name) if column.target.kind == "table" else None
            if found:
                self._cells.append((found, number))
        staging.execute(_MACROS)

    # --- who is who --------------------------------------------------------------------------------------------------

    def sort_out(self) -> Iterator[None]:
        """Find each row's ids, and the rows that are about the same thing: the last of them counts."""
        ids = "".join(
            f", substr(answered(tidy(c{n})), 1, {MAX_ID}) AS e{i}" for i, (_, n) in enumerate(self._columns.external)
        )
        said = self._identified_by()
        self._staging.execute(f"CREATE TABLE keyed AS SELECT row{ids}, {said} AS own FROM raw")
        yield
        known = [f"'{i}:' || e{i}" for i in range(len(self._columns.external))]
        self._staging.execute(
            "CREATE TABLE fate AS SELECT row, 'repeat' AS fate, keep FROM ("
            "SELECT row, max(row) OVER (PARTITION BY one) AS keep FROM"
            f" (SELECT row, coalesce({', '.join([*known, 'own'])}) AS one FROM keyed) WHERE one IS NOT NULL)"
            " WHERE row <> keep"
        )
        yield

    def _identified_by(self) -> str:
        """What stands in for an id: the columns that together name the thing, where the file has all of them."""
        places = {column.name: number for column, number in self._cells}
        if not self._door.identified_by or not set(self._door.identified_by) <= set(places):
            return "NULL::VARCHAR"
        cells = [f"lower(answered(tidy(c{places[name]})))" for name in self._door.identified_by]
        return " || '|' || ".join(cells)

    # --- a batch -----------------------------------------------------------------------------------------------------

    def batch(self, number: int) -> PreparedTable:
        """The rows of one batch, cleaned; those that cannot be used are left out and told."""
        start, end = self.bounds(number)
        span = f"row BETWEEN {start} AND {end - 1}"
        staging = self._staging
        tidied = "".join(f", answered(tidy(c{n})) AS m{n}" for n in range(self._width) if self._wanted(n))
        staging.execute(
            f"CREATE OR REPLACE TEMP TABLE b AS SELECT row{tidied} FROM raw WHERE {span}"
            f" AND row NOT IN (SELECT row FROM fate WHERE {span})"
        )
        self._clean()
        staging.execute(f"CREATE OR REPLACE TEMP TABLE told AS {self._findings(span)}")
        refused = "row IN (SELECT row FROM told WHERE level = 'reject')"
        outs = "".join(f', "{name}"' for name in self._outs)
        rows = staging.arrow(f"SELECT row{outs}, custom FROM w WHERE NOT {refused} ORDER BY row")
        counts = dict(staging.rows("SELECT level, count(DISTINCT row) FROM told GROUP BY level"))
        read = staging.value(f"SELECT count(*) FROM raw WHERE {span}") + staging.value(
            f"SELECT count(*) FROM fault WHERE {span}"
        )
        self._wrote = self._wrote or rows.num_rows > 0
        return PreparedTable(
            number, rows, self._keys(refused), staging.arrow("SELECT * FROM told"), read, counts.get("reject", 0),
            counts.get("repeat", 0),
        )  # fmt: skip

    def _wanted(self, number: int) -> bool:
        return self._plan.columns[number].target.kind not in ("skip", "external")

    def _clean(self) -> None:
        """Every cell of the batch as its column keeps it, into the table `w`."""
        self._outs: list[str] = []
        picks: list[str] = []
        joins: list[str] = []
        for column, number in self._cells:
            self._pick(column, number, picks, joins)
        own = [
            f"CASE WHEN {_CUSTOM[kind].format(m=f'm{n}')} IS NOT NULL"
            f" THEN {literal(f'{chr(34)}{slug}{chr(34)}:')} || {_CUSTOM[kind].format(m=f'm{n}')} END"
            for slug, kind, n in self._columns.custom
        ]
        custom = f"'{{' || nullif(concat_ws(',', {', '.join(own)}), '') || '}}'" if own else "NULL::VARCHAR"
        self._staging.execute(
            f"CREATE OR REPLACE TEMP TABLE w AS SELECT b.*{''.join(', ' + pick for pick in picks)}, {custom} AS custom"
            f" FROM b {' '.join(joins)}"
        )

    def _pick(self, column: Column, number: int, picks: list[str], joins: list[str]) -> None:
        cell, name = f"m{number}", column.name
        values = {name: cell}
        match column.cell:
            case Cell.TEXT:
                values = {name: f"CASE WHEN length({cell}) <= {MAX_TEXT} THEN {cell} END"}
            case Cell.LONG:
                values = {name: f"CASE WHEN length({cell}) <= {MAX_LONG} THEN {cell} END"}
            case Cell.NUMBER:
                values = {name: f"as_decimal({cell})"}
            case Cell.MONEY:
                values = {name: f"as_amount({cell})", f"{name}_currency": f"as_currency(money_word({cell}))"}
            case Cell.MOMENT:
                values = {name: f"as_moment({cell})"}
            case Cell.TRUTH:
                values = {name: f"as_truth({cell})"}
            case Cell.CURRENCY:
                values = {name: f"as_currency({cell})"}
            case Cell.COMPANY:
                self._judge_cells("company", number, joins)
                values = {name: f"t{number}.v", f"{name}_key": f"t{number}.key"}
            case Cell.DOMAIN:
                self._judge_cells("domain", number, joins)
                values = {name: f"t{number}.v"}
        self._outs += values
        picks += [f'{value} AS "{out}"' for out, value in values.items()]

    def _judge_cells(self, kind: str, number: int, joins: list[str]) -> None:
        raws = [raw for (raw,) in self._staging.rows(f"SELECT DISTINCT m{number} FROM b WHERE m{number} IS NOT NULL")]
        self._staging.execute(f"DROP TABLE IF EXISTS t{number}")
        self._staging.append(f"t{number}", self._judge.table(kind, raws))
        joins.append(f"LEFT JOIN t{number} ON t{number}.raw = b.m{number}")

    def _keys(self, refused: str) -> pa.Table:
        """The ids of every row that is kept; a row without one is known by what it says, or by its place."""
        span = f"row IN (SELECT row FROM w) AND NOT {refused}"
        selects = ["SELECT 0::BIGINT AS row, '' AS system, '' AS value WHERE FALSE"]
        for i, (system, _) in enumerate(self._columns.external):
            selects.append(f"SELECT row, {literal(system)}, e{i} FROM keyed WHERE e{i} IS NOT NULL AND {span}")
        if self._door.keyed:
            nothing = " AND ".join([f"e{i} IS NULL" for i in range(len(self._columns.external))] or ["TRUE"])
            selects.append(
                f"SELECT row, CASE WHEN own IS NULL THEN {literal(self._file_key)} ELSE 'said' END,"
                f" coalesce(substr(own, 1, {MAX_ID * 3}), row::VARCHAR) FROM keyed WHERE {nothing} AND {span}"
            )
        return self._staging.arrow(" UNION ALL ".join(selects))

    def _findings(self, span: str) -> str:
        selects = [
            f"SELECT row, field, code, 'reject' AS level, '' AS detail FROM fault WHERE {span}",
            f"SELECT row, '', 'repeat', 'repeat', keep::VARCHAR FROM fate WHERE {span}",
        ]
        for column, number in self._cells:
            name, out = literal(self._plan.columns[number].name), f'"{column.name}"'
            if column.required:
                selects.append(f"SELECT row, {name}, 'value-missing', 'reject', '' FROM w WHERE m{number} IS NULL")
            level = "reject" if column.strict else "warn"
            selects.append(
                f"SELECT row, {name}, '{_CODES[column.cell]}', '{level}', '' FROM w"
                f" WHERE m{number} IS NOT NULL AND {out} IS NULL"
            )
        filled = {column.name for column, _ in self._cells}
        selects += [
            f"SELECT row, {literal(str(column.label))}, 'value-missing', 'reject', '' FROM w"
            for column in self._door.required()
            if column.name not in filled
        ]
        selects += [
            f"SELECT row, {literal(self._plan.columns[n].name)}, 'not-{kind}', 'warn', '' FROM w"
            f" WHERE m{n} IS NOT NULL AND {_CUSTOM[kind].format(m=f'm{n}')} IS NULL"
            for _, kind, n in self._columns.custom
        ]
        return " UNION ALL ".join(selects)
