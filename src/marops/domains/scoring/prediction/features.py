"""What is looked at of leads, as one SELECT: at a moment in the past as it was known then, or now.

`seen` is a relation with `key`, `id`, `created_at` and `moment`: one row per look. Every input is a text column under
its own name, empty where nothing was known. A field counts only if it was written before the moment; no earlier values
are kept, so one that was written again afterwards counts as not known, and `later:…` says so. A fact counts if it had
happened and was recorded before the moment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from marops.domains.contacts.public import FOLLOWS
from marops.domains.scoring.prediction.rules import Input, Prediction, stands_for
from marops.kernel.facts import fact_kinds
from marops.kernel.fields import REGISTRY, Field, FieldClass, FieldType
from marops.store.duckdb import quoted

_OWN = frozenset({"created_at", "updated_at"})
_MOMENTS = (FieldType.DATE, FieldType.DATETIME)
_AFTERWARDS = {
    "score": ("Score by rules", "It is decided about leads, and would only learn the rules again."),
    "stage": ("Stage", "It is decided about leads, after what they did."),
    "assignment": ("Owner", "Who owns a lead is decided about it, and may follow from how likely it seemed."),
    "lead_disposition": ("What sales says", "It is the outcome, in other words."),
    "pipeline": ("Deals", "They are the outcome, in other words."),
    "company": (
        "Fields of the company",
        "No time is kept of when a company's fields were filled in, so what was known then cannot be told.",
    ),
    "quality": ("Quality", "Records are mended while leads are worked on, and no earlier state is kept."),
}


@dataclass(frozen=True, slots=True)
class Left:
    """A field that is not looked at, and why."""

    field: str
    kind: str
    why: str

    def as_json(self) -> dict[str, str]:
        """As reports show it."""
        return {"field": self.field, "kind": self.kind, "why": self.why}


def inputs_of(document: Prediction) -> tuple[list[Input], list[Left]]:
    """What can be looked at in this workspace, and what is left out of it, with the reason."""
    found, left = list[Input](), list[Left]()
    for field in REGISTRY.fields().values():
        if field.relation != "contact" or field.column in ("originals", *_OWN) or field.retired:
            continue
        fault = _fault(document, field)
        if fault:
            left.append(fault)
        else:
            found.append(_input(field))
    found += list(_of_facts(document))
    if len(document.looked_at_days) > 1:
        found.append(Input(name="lead.age", label="Days since it came in", of="age"))
    found.append(Input(name="lead.weekday", label="Came in on", of="weekday"))
    found.append(Input(name="lead.hour", label="Came in at the hour", of="hour"))
    relations = REGISTRY.relations()
    left += [Left(label, "after", why) for name, (label, why) in _AFTERWARDS.items() if name in relations]
    return found, left


def _fault(document: Prediction, field: Field) -> Left | None:
    if field.name in document.fields_left_out:
        return Left(field.label, "asked", "You left it out.")
    if one := stands_for(document, field.name, field.label):
        return Left(field.label, "fair", f"{one.label}: {one.why}")
    if field.field_class not in (FieldClass.NORMAL, FieldClass.PERSONAL):
        return Left(field.label, "kept", "It is kept closely, and must not show in a score.")
    return None


def _input(field: Field) -> Input:
    personal = field.field_class is FieldClass.PERSONAL
    if personal:
        return Input(name=field.name, label=field.label, of="filled", source=field.name, personal=True)
    if field.type in _MOMENTS:
        return Input(name=field.name, label=f"Days since “{field.label}”", of="since", source=field.name)
    return Input(name=field.name, label=field.label, of="field", source=field.name)


def _of_facts(document: Prediction) -> Iterator[Input]:
    known = fact_kinds()
    for kind in document.facts:
        says = known[kind].says if kind in known else kind
        of = {"source": kind, "days": document.recent_days}
        yield Input(name=f"count.{kind}", label=f"{says}: times in {document.recent_days} days", of="count", **of)
        yield Input(name=f"last.{kind}", label=f"{says}: days since the last time", of="last", **of)


@dataclass(frozen=True, slots=True)
class Tables:
    """Where contacts and facts stand: whole, or those of a tick."""

    contact: str = "pg.public.contact"
    facts: str = "facts"


def columns_of(inputs: Iterable[Input]) -> set[str]:
    """The columns of contacts that the inputs need."""
    fields = (REGISTRY.find_field(one.source) for one in inputs if one.of in ("field", "filled", "since"))
    return {"created_at", "provenance", *(field.column for field in fields if field is not None)}


def kinds_of(inputs: Iterable[Input]) -> frozenset[str]:
    """The kinds of facts that the inputs need."""
    return frozenset(one.source for one in inputs if one.of in ("count", "last"))


def features_sql(inputs: Sequence[Input], seen: str, tables: Tables, zone: str, *, then: bool) -> str:
    """key, id, and a text column per input; with `then`, as known at the moment, and `later:…` per field."""
    columns, flags = [], []
    for one in inputs:
        value = _value(one, zone)
        if then and one.of in ("field", "filled", "since"):
            before = f"({_known_at(one)} <= s.moment)"
            flags.append(f"({value} IS NOT NULL AND NOT {before}) AS {_name('later:' + one.name)}")
            value = f"CASE WHEN {before} THEN {value} END"
        columns.append(f"coalesce({value}, '') AS {_name(one.name)}")
    kinds, joined, with_ = kinds_of(inputs), "", f"WITH seen AS MATERIALIZED ({seen})"
    if kinds:
        with_ += f", acted AS ({_acted(inputs, kinds, tables, then=then)})"
        joined = " LEFT JOIN acted a ON a.key = s.key"
    return (
        f"{with_} SELECT s.key, s.id, {', '.join([*columns, *flags])} FROM seen s"
        f" JOIN {tables.contact} c ON c.id = s.id{joined}"
    )


def _acted(inputs: Sequence[Input], kinds: Iterable[str], tables: Tables, *, then: bool) -> str:
    sums = []
    for one in inputs:
        is_kind = f"f.kind = {quoted(one.source)}"
        if one.of == "count":
            recent = f"f.occurred_at >= s.moment - INTERVAL {one.days} DAY"
            sums.append(f"count(*) FILTER ({is_kind} AND {recent}) AS {_name(one.name)}")
        elif one.of == "last":
            sums.append(f"max(f.occurred_at) FILTER ({is_kind}) AS {_name(one.name)}")
    which = f"f.kind IN ({', '.join(quoted(kind) for kind in sorted(kinds))})"
    recorded = " AND f.recorded_at <= s.moment" if then else ""
    return (
        f"SELECT s.key, {', '.join(sums)} FROM seen s JOIN {tables.facts} f ON f.contact_id = s.id"
        f" WHERE {which} AND f.occurred_at <= s.moment{recorded} GROUP BY s.key"
    )


_WEEK = "['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']"


def _value(one: Input, zone: str) -> str:
    """The value as text, NULL where there is none."""
    local = f"timezone({quoted(zone)}, s.created_at)"
    plain: Mapping[str, str] = {
        "age": "greatest(0, date_diff('hour', s.created_at, s.moment) // 24)::VARCHAR",
        "weekday": f"{_WEEK}[isodow({local})]",
        "hour": f"hour({local})::VARCHAR",
        "count": f"coalesce(a.{_name(one.name)}, 0)::VARCHAR",
        "last": f"(date_diff('hour', a.{_name(one.name)}, s.moment) // 24)::VARCHAR",
    }
    if one.of in plain:
        return plain[one.of]
    field = REGISTRY.find_field(one.source)
    if field is None:  # a field that was deleted since: as if nobody had filled it
        return "NULL::VARCHAR"
    column = f"c.{_name(field.column)}"
    text = f"nullif(trim(json_extract_string({column}, '$.{_step(field)}')), '')" if field.path else column
    if one.of == "filled":
        return f"CASE WHEN {text} IS NOT NULL THEN 'filled' END"
    if one.of == "since":
        moment = f"try_cast({text} AS TIMESTAMPTZ)"
        return f"CASE WHEN {moment} <= s.moment THEN (date_diff('hour', {moment}, s.moment) // 24)::VARCHAR END"
    return f"({text})::VARCHAR"


def _known_at(one: Input) -> str:
    """When the field was last written: its own time, else that of the first row, else when the lead came in."""
    field = REGISTRY.find_field(one.source)
    name = "" if field is None else field.column if not field.path else f"custom.{field.path[0]}"
    name = FOLLOWS.get(name, name)
    own, first = (f"json_extract_string(c.provenance, '$.{step}[2]')" for step in (f'"{name}"', '"*"'))
    return f"coalesce(try_cast({own} AS TIMESTAMPTZ), try_cast({first} AS TIMESTAMPTZ), c.created_at)"


def _step(field: Field) -> str:
    return ".".join('"' + step.replace('"', "").replace("'", "''") + '"' for step in field.path)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
