"""The tests of a rule as SQL expressions for DuckDB, PostgreSQL and Spark. The only module that imports SQLGlot.

`Writer` turns a tree of `store.predicate` into one Boolean expression that is never NULL; its subclasses in
`store.rulequery` say where the values come from and put whole statements together.

Values stand in the text as literals. SQLGlot quotes them; what Spark would read differently (backslashes, `${…}`,
anything outside plain ASCII) goes to Spark as hexadecimal. Every timestamp is an absolute instant; no statement asks
for the present time. Spark sessions must run with `spark.sql.session.timeZone=UTC`.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

import sqlglot
from sqlglot import exp

from marops.store.predicate import (
    BLANKS,
    And,
    Anniversary,
    Column,
    Const,
    Empty,
    FactCount,
    FactFilter,
    HasItem,
    HasText,
    Kind,
    Matches,
    Member,
    Moment,
    Not,
    OneOf,
    Operand,
    Or,
    Part,
    Predicate,
    Range,
    Season,
    Value,
)

Dialect = Literal["duckdb", "postgres", "spark"]
Sql = exp.Expr
"""An expression under construction; `as_text` prints it."""

_PLAIN: Final = re.compile(r"[ -#%&(-\[\]-~]*")  # ASCII without $, ' and backslash
_PATH_STEP: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_DATE: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_INSTANT: Final = _DATE[:-1] + r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z$"
_NUMBER: Final = r"^-?[0-9]{1,29}(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?$"
_SEPARATOR: Final = "\x1f"


class RuleSqlError(ValueError):
    """The tree asks for something that this door or these bindings cannot give."""


class Writer:
    """Turns a tree into a Boolean expression; where values come from is the subclass's business."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def sql(self, tree: Predicate) -> str:
        """The expression as text."""
        return self.test(tree).sql(self.dialect)

    def column(self, column: Column) -> Sql:
        """The stored column."""
        raise NotImplementedError

    def moment(self, moment: Moment) -> Sql:
        """When the first or last matching fact occurred, or NULL."""
        raise RuleSqlError("fact conditions cannot stand in this place")

    def count(self, facts: FactFilter) -> Sql:
        """How many facts match; never NULL."""
        raise RuleSqlError("fact conditions cannot stand in this place")

    def member(self, member: Member) -> Sql:
        """Whether the row belongs; never NULL."""
        raise RuleSqlError("memberships cannot stand in this place")

    def test(self, tree: Predicate) -> Sql:
        """The tree as an expression that is never NULL."""
        match tree:
            case Const(value):
                return exp.Boolean(this=value)
            case And(items):
                return _connect(exp.And, [self.test(item) for item in items], empty=True)
            case Or(items):
                return _connect(exp.Or, [self.test(item) for item in items], empty=False)
            case Not(item):
                return exp.Not(this=exp.Paren(this=self.test(item)))
            case FactCount(facts, low, high):
                return self._counted(facts, low, high)
            case Member():
                return self.member(tree)
            case Empty(operand):
                return self._empty(operand)
        return self._compared(tree)

    def _compared(self, tree: OneOf | HasText | HasItem | Matches | Range | Anniversary) -> Sql:
        operand = tree.operand
        match tree:
            case OneOf():
                return self._present(operand, self._one_of(tree))
            case HasText():
                return self._present(operand, self._has_text(tree))
            case HasItem():
                return self._present(operand, self._has_item(tree))
            case Matches():
                matched = _connect(exp.And, [self._matches(tree), exp.Not(this=exp.Paren(this=self._blank(operand)))])
                return self._present(operand, matched)
            case Range():
                return self._present(operand, self._range(tree))
            case Anniversary():
                return self._present(operand, self._anniversary(tree))

    def _present(self, operand: Operand, test: Sql) -> Sql:
        """`test`, false instead of NULL. A stored column is compared as it stands: indexes and statistics help."""
        if isinstance(operand, Column) and not operand.path:
            present = exp.Not(this=exp.Is(this=self.value(operand), expression=exp.Null()))
            return exp.And(this=present, expression=exp.Paren(this=test))
        return exp.func("COALESCE", test, exp.false())

    # What a row holds

    def value(self, operand: Operand) -> Sql:
        """The operand as a value of its kind; NULL where what is stored is none."""
        if isinstance(operand, Moment):
            return self.moment(operand)
        if not operand.path:
            return self.column(operand)
        if operand.kind is Kind.LIST:
            return self._json_list(operand)
        return self._typed(operand)

    def _typed(self, column: Column) -> Sql:
        match column.kind:
            case Kind.NUMBER | Kind.MONEY:
                return self._json_number(column)
            case Kind.BOOLEAN:
                case = exp.Case(this=self._json_text(column))
                return case.when(exp.Literal.string("true"), exp.true()).when(exp.Literal.string("false"), exp.false())
            case Kind.DATE:
                text = self._json_text(column)
                return exp.Case().when(self._regexp(self._json_text(column), _DATE), text)
            case Kind.DATETIME:
                text = self._json_text(column)
                bare = exp.Substring(
                    this=text,
                    start=exp.Literal.number(1),
                    length=exp.Sub(this=exp.Length(this=self._json_text(column)), expression=exp.Literal.number(1)),
                )
                return exp.Case().when(self._regexp(self._json_text(column), _INSTANT), bare)
        return self._json_text(column)

    def _json_text(self, column: Column) -> Sql:
        steps = _steps(column)
        if self.dialect == "postgres":
            return _call("jsonb_extract_path_text", self.column(column), *map(exp.Literal.string, steps))
        name = "json_extract_string" if self.dialect == "duckdb" else "get_json_object"
        return _call(name, self.column(column), self._json_path(steps))

    def _json_path(self, steps: tuple[str, ...], tail: str = "") -> Sql:
        if self.dialect == "duckdb":
            return exp.Literal.string("$" + "".join(f'."{step}"' for step in steps) + tail)
        return self.text("$" + "".join(f"['{step}']" for step in steps) + tail)

    def _json_number(self, column: Column) -> Sql:
        decimal = exp.DataType.build("DECIMAL(38, 9)")
        text = self._json_text(column)
        if self.dialect == "postgres":
            return exp.Case().when(self._regexp(self._json_text(column), _NUMBER), exp.Cast(this=text, to=decimal))
        return exp.TryCast(this=text, to=decimal, safe=True)

    def _json_list(self, column: Column) -> Sql:
        steps = _steps(column)
        if self.dialect == "duckdb":
            return _call("json_extract_string", self.column(column), self._json_path(steps, "[*]"))
        if self.dialect == "spark":
            return _call("from_json", self._json_text(column), exp.Literal.string("array<string>"))
        found = _call("jsonb_extract_path", self.column(column), *map(exp.Literal.string, steps)).sql("postgres")
        items = f"jsonb_array_elements_text(CASE WHEN jsonb_typeof({found}) = 'array' THEN {found} ELSE '[]' END)"
        return sqlglot.parse_one(f"ARRAY(SELECT {items})", dialect="postgres")

    # Tests

    def _counted(self, facts: FactFilter, low: int, high: int | None) -> Sql:
        bounds: list[Sql] = []
        if low > 0:
            bounds.append(exp.GTE(this=self.count(facts), expression=exp.Literal.number(low)))
        if high is not None:
            bounds.append(exp.LTE(this=self.count(facts), expression=exp.Literal.number(high)))
        return _connect(exp.And, bounds, empty=True)

    def _empty(self, operand: Operand) -> Sql:
        missing = exp.Is(this=self.value(operand), expression=exp.Null())
        if isinstance(operand, Moment) or operand.kind not in (Kind.TEXT, Kind.CODE, Kind.LIST):
            return missing
        if operand.kind is Kind.LIST:
            size = {"duckdb": "len", "postgres": "cardinality", "spark": "size"}[self.dialect]
            nothing: Sql = exp.EQ(this=_call(size, self.value(operand)), expression=exp.Literal.number(0))
        else:
            nothing = self._blank(operand)
        return exp.Or(this=missing, expression=nothing)

    def _blank(self, operand: Operand) -> Sql:
        trimmed = exp.Trim(this=self.value(operand), expression=self.text(BLANKS), position="BOTH")
        blank = exp.EQ(this=trimmed, expression=exp.Literal.string(""))
        if self.dialect != "duckdb":
            return blank
        # DuckDB trims this many characters slowly, and compares bytes: what begins with a sign of ASCII is not blank.
        visible = exp.Between(this=self.value(operand), low=exp.Literal.string("!"), high=exp.Literal.string("~"))
        return exp.Case().when(visible, exp.false()).else_(blank)

    def _one_of(self, tree: OneOf) -> Sql:
        operand, fold = tree.operand, tree.operand.kind is Kind.TEXT and not tree.exact
        value = _lower(self.value(operand)) if fold else self.value(operand)
        wanted = [self._folded(str(item)) if fold else self.literal(item, operand) for item in tree.values]
        if len(wanted) == 1:
            return exp.EQ(this=value, expression=wanted[0])
        return exp.In(this=value, expressions=wanted)

    def _has_text(self, tree: HasText) -> Sql:
        value = self.value(tree.operand) if tree.exact else _lower(self.value(tree.operand))
        text = self.text(tree.text) if tree.exact else self._folded(tree.text)
        if self.dialect == "postgres":
            return _postgres_has_text(tree.part, value, text)
        names = {Part.ANYWHERE: "contains", Part.START: "starts_with", Part.END: "ends_with"}
        name = names[tree.part]
        return _call(name if self.dialect == "duckdb" else name.replace("_", ""), value, text)

    def _has_item(self, tree: HasItem) -> Sql:
        value = self.value(tree.operand)
        if self.dialect == "postgres":
            value = exp.cast(value, "TEXT[]")
        if not tree.exact:
            value = self._lower_list(value)
        items = [self.text(item) if tree.exact else self._folded(item) for item in tree.items]
        array = exp.Array(expressions=items)
        if self.dialect == "postgres":
            return exp.ArrayOverlaps(this=value, expression=exp.cast(array, "TEXT[]"))
        return _call("list_has_any" if self.dialect == "duckdb" else "arrays_overlap", value, array)

    def _lower_list(self, value: Sql) -> Sql:
        """Every item in lower case, by way of one text: lambdas differ between the dialects."""
        separator = self.text(_SEPARATOR)
        join = "array_join" if self.dialect == "spark" else "array_to_string"
        split = {"duckdb": "string_split", "postgres": "string_to_array", "spark": "split"}[self.dialect]
        return _call(split, _lower(_call(join, value, separator)), separator.copy())

    def _matches(self, tree: Matches) -> Sql:
        return self._regexp(self.value(tree.operand), tree.pattern, fold=not tree.exact)

    def _regexp(self, value: Sql, pattern: str, *, fold: bool = False) -> Sql:
        if self.dialect == "duckdb":
            options = [exp.Literal.string("i")] if fold else []
            return _call("regexp_matches", value, exp.Literal.string(pattern), *options)
        if self.dialect == "spark":
            return exp.RegexpLike(this=value, expression=self.text(("(?iu)" if fold else "") + pattern))
        ending = re.sub(r"\\(.)", lambda found: "$" if found[1] == "z" else found[0], pattern)
        kind = exp.RegexpILike if fold else exp.RegexpLike
        return kind(this=value, expression=exp.Literal.string(ending))

    def _range(self, tree: Range) -> Sql:
        bounds: list[Sql] = []
        if tree.low is not None:
            over = exp.GT if tree.after_low else exp.GTE
            bounds.append(over(this=self._ordered(tree.operand), expression=self.literal(tree.low, tree.operand)))
        if tree.high is not None:
            under = exp.LTE if tree.with_high else exp.LT
            bounds.append(under(this=self._ordered(tree.operand), expression=self.literal(tree.high, tree.operand)))
        return _connect(exp.And, bounds, empty=True)

    def _ordered(self, operand: Operand) -> Sql:
        """ISO texts inside JSON compare as times only byte by byte."""
        value = self.value(operand)
        timed = isinstance(operand, Column) and operand.path and operand.kind in (Kind.DATE, Kind.DATETIME)
        if timed and self.dialect == "postgres":
            return exp.Collate(this=exp.Paren(this=value), expression=exp.to_identifier("C", quoted=True))
        return value

    def _anniversary(self, tree: Anniversary) -> Sql:
        return _connect(exp.Or, [self._season(tree.operand, season, tree.zone) for season in tree.seasons])

    def _season(self, operand: Operand, season: Season, zone: str) -> Sql:
        month = exp.Mul(this=self._day_part("MONTH", operand, zone), expression=exp.Literal.number(100))
        day = exp.Paren(this=exp.Add(this=month, expression=self._day_part("DAY", operand, zone)))
        within = exp.Between(this=day, low=exp.Literal.number(season.first), high=exp.Literal.number(season.last))
        earlier = exp.LT(this=self._day_part("YEAR", operand, zone), expression=exp.Literal.number(season.year))
        return exp.And(this=within, expression=earlier)

    def _day_part(self, part: str, operand: Operand, zone: str) -> Sql:
        if isinstance(operand, Column) and operand.path:
            start, length = {"YEAR": (1, 4), "MONTH": (6, 2), "DAY": (9, 2)}[part]
            digits = exp.Substring(
                this=self.value(operand), start=exp.Literal.number(start), length=exp.Literal.number(length)
            )
            return exp.cast(digits, "INT")
        value = self.value(operand)
        if isinstance(operand, Moment) or operand.kind is Kind.DATETIME:
            value = self.local(value, zone)
        return exp.Extract(this=exp.var(part), expression=value)

    def local(self, value: Sql, zone: str) -> Sql:
        """An instant as the time on the zone's clocks."""
        if self.dialect == "spark":
            return _call("from_utc_timestamp", value, self.text(zone))
        return _call("timezone", exp.Literal.string(zone), value)

    # Literals

    def text(self, value: str) -> Sql:
        """A text literal that the dialect cannot read as anything else."""
        if self.dialect == "spark" and not _PLAIN.fullmatch(value):
            return exp.cast(exp.HexString(this=value.encode().hex()), "TEXT")
        return exp.Literal.string(value)

    def _folded(self, value: str) -> Sql:
        """The value as the engine's own `lower` writes it; plain ASCII needs no engine for that."""
        return self.text(value.lower()) if value.isascii() else _lower(self.text(value))

    def literal(self, value: Value, operand: Operand) -> Sql:
        """A literal that compares with the operand."""
        if isinstance(operand, Column) and operand.path:
            return self._json_literal(value, operand.kind)
        return self._plain_literal(value, operand.kind if isinstance(operand, Column) else Kind.DATETIME)

    def _json_literal(self, value: Value, kind: Kind) -> Sql:
        if kind is Kind.DATETIME and isinstance(value, datetime):
            text = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
            return exp.Literal.string(text.rstrip("0").rstrip(".") if "." in text else text)
        if kind in (Kind.DATE, Kind.UUID):
            return exp.Literal.string(str(value))
        return self._plain_literal(value, kind)

    def _plain_literal(self, value: Value, kind: Kind) -> Sql:
        match value:
            case bool():
                return exp.Boolean(this=value)
            case int() | Decimal():
                number = _number(value)
                return exp.cast(number, "DECIMAL(18, 4)") if kind is Kind.MONEY else number
            case datetime():
                return instant(value)
            case date():
                return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
            case UUID():
                text = exp.Literal.string(str(value))
                return text if self.dialect == "spark" else exp.cast(text, "UUID")
        return self.text(value)


class RowWriter(Writer):
    """Inside one scan of the facts or of a table of members: which rows match."""

    def __init__(self, dialect: Dialect, alias: str = "e") -> None:
        super().__init__(dialect)
        self.alias = alias

    def column(self, column: Column) -> Sql:
        """A column of the scanned rows."""
        return exp.column(column.name, table=self.alias, quoted=True)

    def matching(self, facts: FactFilter) -> Sql:
        """The facts of this filter."""
        tests = [self.kinds(facts.kinds), *self.during(facts.since, facts.until)]
        if facts.where is not None:
            tests.append(self.test(facts.where))
        return _connect(exp.And, tests)

    def around(self, filters: Iterable[FactFilter]) -> Sql:
        """Whatever any of the filters can match: their kinds, from the earliest start to the latest end."""
        filters = list(filters)
        starts = [facts.since for facts in filters]
        since = min(start for start in starts if start is not None) if all(starts) else None
        kinds = self.kinds(kind for facts in filters for kind in facts.kinds)
        return _connect(exp.And, [kinds, *self.during(since, max(facts.until for facts in filters))])

    def belonging(self, members: tuple[Member, ...]) -> Sql:
        """Rows that make somebody a member of one of these (all of one table and column)."""
        column = members[0].column
        values = [self.literal(member.value, column) for member in members]
        return exp.In(this=self.column(column), expressions=values)

    def kinds(self, kinds: Iterable[str]) -> Sql:
        """Facts of one of the kinds."""
        wanted = [self.text(kind) for kind in sorted(set(kinds))]
        column = exp.column("kind", table=self.alias)
        return (
            exp.EQ(this=column, expression=wanted[0]) if len(wanted) == 1 else exp.In(this=column, expressions=wanted)
        )

    def during(self, since: datetime | None, until: datetime) -> list[Sql]:
        """Facts in [since, until)."""
        start = (
            []
            if since is None
            else [exp.GTE(this=exp.column("occurred_at", table=self.alias), expression=instant(since))]
        )
        return [*start, exp.LT(this=exp.column("occurred_at", table=self.alias), expression=instant(until))]


def as_text(expression: Sql, dialect: Dialect) -> str:
    """The expression in the words of the dialect."""
    return expression.sql(dialect)


def identifier(name: str, dialect: Dialect) -> str:
    """A name in the quotes of the dialect."""
    return exp.to_identifier(name, quoted=True).sql(dialect)


def column_of(table: str, name: str) -> Sql:
    """Column `name` of the alias `table`."""
    return exp.column(name, table=exp.to_identifier(table, quoted=True), quoted=True)


def or_zero(number: Sql) -> Sql:
    """The number, 0 instead of NULL."""
    return exp.func("COALESCE", number, exp.Literal.number(0))


def any_at_all(number: Sql) -> Sql:
    """Whether a count, NULL for none, is more than nothing."""
    return exp.GT(this=or_zero(number), expression=exp.Literal.number(0))


def same(left: Sql, right: Sql) -> Sql:
    """Equality."""
    return exp.EQ(this=left, expression=right)


def written_out(value: Sql) -> Sql:
    """The value as text."""
    return exp.cast(value, "TEXT")


def parsed(sql: str, dialect: Dialect) -> Sql:
    """An expression that is easier said in the dialect's own words."""
    return sqlglot.parse_one(sql, dialect=dialect)


def instant(value: datetime) -> Sql:
    """An absolute time as a literal; it must carry its offset. Raises RuleSqlError otherwise."""
    if value.tzinfo is None:
        raise RuleSqlError(f"the time {value.isoformat()} has no zone")
    text = value.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")
    return exp.cast(exp.Literal.string(text), "TIMESTAMPTZ")


def _number(value: int | Decimal) -> Sql:
    literal = exp.Literal.number(format(abs(Decimal(value)), "f"))
    return exp.Neg(this=literal) if value < 0 else literal


def _lower(value: Sql) -> Sql:
    return exp.Lower(this=value)


def _call(name: str, *arguments: Sql) -> Sql:
    """A function that is written as it is named."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def _connect(connective: type[exp.And] | type[exp.Or], items: list[Sql], *, empty: bool = True) -> Sql:
    """The items in brackets, joined."""
    if not items:
        return exp.Boolean(this=empty)
    if len(items) == 1:
        return items[0]
    joined: Sql = exp.Paren(this=items[0])
    for item in items[1:]:
        joined = connective(this=joined, expression=exp.Paren(this=item))
    return joined


def _steps(column: Column) -> tuple[str, ...]:
    for step in column.path:
        if not _PATH_STEP.fullmatch(step):
            raise RuleSqlError(f"{step!r} cannot be looked up inside {column.name!r}")
    return column.path


def _postgres_has_text(part: Part, value: Sql, text: Sql) -> Sql:
    if part is Part.START:
        return _call("starts_with", value, text)
    if part is Part.ANYWHERE:
        return exp.GT(this=_call("strpos", value, text), expression=exp.Literal.number(0))
    return exp.EQ(this=_call("right", value, _call("length", text.copy())), expression=text)
