"""The rule language: one tree for quality, scores, routes, segments, journeys and row permissions.

A rule is written as JSON or YAML, read by `parse`, kept as a Pydantic tree, made into a predicate by
`rules_meaning.understand`, into a sentence by `rules_sentence.sentence`, and explained for one row by
`rules_explain.explain`. Grammar and operators: docs/reference/rules.md.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from marops.kernel.errors import FieldError, MaropsError, problem

SCHEMA_VERSION: Final = 1
DEPTH: Final = 20
NODES: Final = 2000
VALUES: Final = 10_000

RULE_INVALID = problem(
    "rule-invalid", "This rule cannot be used", remedy="Put the named conditions right; nothing was matched meanwhile."
)


def _plain(value: object) -> object:
    """Dates as text, as JSON has them: YAML reads a bare 2026-01-31 as a date."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value


Scalar = Annotated[StrictBool | StrictInt | StrictFloat | StrictStr, BeforeValidator(_plain)]
Count = Annotated[StrictInt, Field(ge=0, le=1_000_000_000)]
Name = Annotated[StrictStr, Field(min_length=1, max_length=200)]
Names = Name | Annotated[tuple[Name, ...], Field(min_length=1, max_length=100)]
Values = Annotated[tuple[Scalar, ...], Field(min_length=1, max_length=VALUES)]


class Money(BaseModel):
    """An amount with its currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: Annotated[StrictStr | StrictInt, BeforeValidator(_plain)]
    currency: Annotated[StrictStr, Field(pattern=r"^[A-Z]{3}$")]


class Season(BaseModel):
    """Anniversaries in the days before or after today."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    within_last: StrictStr | None = None
    within_next: StrictStr | None = None

    @model_validator(mode="after")
    def _one(self) -> "Season":
        if (self.within_last is None) == (self.within_next is None):
            raise ValueError("write either within_last or within_next")
        return self


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Test(_Part):
    """One comparison: exactly one of these operators, and whether capitals count."""

    is_: Scalar | Money | None = Field(default=None, alias="is")
    is_not: Scalar | Money | None = None
    in_: Values | None = Field(default=None, alias="in")
    not_in: Values | None = None
    contains: Scalar | Values | None = None
    not_contains: Scalar | Values | None = None
    starts_with: StrictStr | None = None
    ends_with: StrictStr | None = None
    matches: StrictStr | None = None
    greater_than: Scalar | Money | None = None
    at_least: Scalar | Money | None = None
    less_than: Scalar | Money | None = None
    at_most: Scalar | Money | None = None
    between: Annotated[tuple[Scalar | Money, Scalar | Money], Field()] | None = None
    is_empty: Literal[True] | None = None
    is_filled: Literal[True] | None = None
    before: Scalar | None = None
    after: Scalar | None = None
    on: Scalar | None = None
    within_last: StrictStr | None = None
    within_next: StrictStr | None = None
    anniversary: Literal["today"] | Season | None = None
    case: Literal["exact"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _yaml_on(cls, data: object) -> object:
        """YAML 1.1 reads the bare key `on` as true."""
        if isinstance(data, Mapping) and True in data and "on" not in data:
            return {("on" if key is True else key): value for key, value in data.items()}
        return data

    @model_validator(mode="after")
    def _one_operator(self) -> "Test":
        if len(self.used()) != 1:
            said = " and ".join(self.used()) or "none"
            raise ValueError(f"a condition has exactly one comparison, this one has {said}")
        return self

    def used(self) -> tuple[str, ...]:
        """The operators that are written, by the names people write."""
        return tuple(name for key, name in OPERATORS.items() if getattr(self, key) is not None)

    @property
    def operator(self) -> str:
        """The comparison by the name people write."""
        return self.used()[0]

    @property
    def value(self) -> Any:
        """What it compares with."""
        return getattr(self, _ATTRIBUTES[self.operator])


OPERATORS: Final[Mapping[str, str]] = {
    name: str(info.alias or name) for name, info in Test.model_fields.items() if name != "case"
}
"""Attribute of `Test` → the operator's written name."""
_ATTRIBUTES: Final = {written: name for name, written in OPERATORS.items()}

Where = dict[Name, Scalar | Values | Test]


class AllOf(_Part):
    """Every one of the rules holds."""

    all: Annotated[tuple["Rule", ...], Field(min_length=1)]


class AnyOf(_Part):
    """At least one of the rules holds."""

    any: Annotated[tuple["Rule", ...], Field(min_length=1)]


class NotOf(_Part):
    """The rule does not hold."""

    not_: "Rule" = Field(alias="not")


class Everyone(_Part):
    """Holds for everyone; has to be said, an empty list of conditions is refused."""

    everyone: Literal[True]


class Comparison(Test):
    """A field compared with a value."""

    field: Name


class _Facts(_Part):
    where: Annotated[Where, Field(max_length=20)] | None = None
    within: StrictStr | None = None
    since: Scalar | None = None
    before: Scalar | None = None

    @model_validator(mode="after")
    def _one_start(self) -> "_Facts":
        if self.within is not None and (self.since is not None or self.before is not None):
            raise ValueError("within stands alone; use since and before for a fixed time")
        return self


class Did(_Facts):
    """Facts of one of the kinds happened, so many times."""

    did: Names
    at_least: Count | None = None
    at_most: Count | None = None
    exactly: Count | None = None

    @model_validator(mode="after")
    def _counts(self) -> "Did":
        if self.exactly is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("exactly stands alone")
        if self.at_least == 0 and self.at_most is None:
            raise ValueError("at_least 0 holds for everyone; write everyone, or a number")
        if self.at_least is not None and self.at_most is not None and self.at_most < self.at_least:
            raise ValueError("at_most is less than at_least")
        return self


class DidNot(_Facts):
    """No fact of the kinds happened."""

    did_not: Names


class _Moment(Test):
    where: Annotated[Where, Field(max_length=20)] | None = None


class First(_Moment):
    """When the first fact of the kinds occurred, compared."""

    first: Names


class Last(_Moment):
    """When the last fact of the kinds occurred, compared."""

    last: Names


class MemberOf(_Part):
    """Belongs to a segment or the like: `segment/customers`."""

    member: Name


TAGS: Final = {
    "all": AllOf,
    "any": AnyOf,
    "not": NotOf,
    "everyone": Everyone,
    "field": Comparison,
    "did": Did,
    "did_not": DidNot,
    "first": First,
    "last": Last,
    "member": MemberOf,
}
_BY_CLASS: Final[Mapping[object, str]] = {cls: tag for tag, cls in TAGS.items()}


def _tag(value: object) -> str | None:
    """Which node this is, by the one key that says so."""
    if isinstance(value, Mapping):
        found = [tag for tag in TAGS if tag in value]
        return f"#{found[0]}" if len(found) == 1 else None
    return f"#{_BY_CLASS[type(value)]}" if type(value) in _BY_CLASS else None


Rule = Annotated[
    Annotated[AllOf, Tag("#all")]
    | Annotated[AnyOf, Tag("#any")]
    | Annotated[NotOf, Tag("#not")]
    | Annotated[Everyone, Tag("#everyone")]
    | Annotated[Comparison, Tag("#field")]
    | Annotated[Did, Tag("#did")]
    | Annotated[DidNot, Tag("#did_not")]
    | Annotated[First, Tag("#first")]
    | Annotated[Last, Tag("#last")]
    | Annotated[MemberOf, Tag("#member")],
    Discriminator(
        _tag,
        custom_error_type="rule",
        custom_error_message=f"a condition has exactly one of {', '.join(TAGS)}",
    ),
]
"""Any rule; use it as the type of a field in a definition's document."""


class RuleDocument(_Part):
    """A rule that stands alone, with the version of the language it was written in."""

    schema_version: Literal[1] = SCHEMA_VERSION
    rule: Rule


for _model in (AllOf, AnyOf, NotOf, RuleDocument):
    _model.model_rebuild()

_ADAPTER: Final[TypeAdapter[Rule]] = TypeAdapter(Rule)
Leaf = Everyone | Comparison | Did | DidNot | First | Last | MemberOf


def parse(data: object) -> Rule:
    """A rule from JSON-like data: the bare tree, or `{schema_version, rule}`. Raises MaropsError naming every fault."""
    if isinstance(data, Mapping) and "rule" in data:
        _check_size(data["rule"], "/rule")
        return _validated(data, lambda: RuleDocument.model_validate(data).rule)
    _check_size(data, "")
    return _validated(data, lambda: _ADAPTER.validate_python(data))


def dump(rule: Rule) -> dict[str, Any]:
    """The rule as JSON-like data, in the words it was written in; `parse` reads it back."""
    return rule.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def children(rule: Rule) -> tuple[Rule, ...]:
    """The rules that a connective joins; none for a leaf."""
    if isinstance(rule, AllOf):
        return rule.all
    if isinstance(rule, AnyOf):
        return rule.any
    return (rule.not_,) if isinstance(rule, NotOf) else ()


def pointers(rule: Rule, at: str = "") -> Iterator[tuple[str, Leaf]]:
    """Every leaf with its JSON pointer."""
    if isinstance(rule, AllOf | AnyOf | NotOf):
        for number, item in enumerate(children(rule)):
            yield from pointers(item, f"{at}/not" if isinstance(rule, NotOf) else f"{at}/{tag_of(rule)}/{number}")
    else:
        yield at, rule


def tag_of(rule: Rule) -> str:
    """The key that says what the node is."""
    return _BY_CLASS[type(rule)]


def references(rule: Rule) -> tuple[str, ...]:
    """The memberships that the rule names, each once."""
    return tuple(dict.fromkeys(leaf.member for _, leaf in pointers(rule) if isinstance(leaf, MemberOf)))


def field_names(rule: Rule) -> tuple[str, ...]:
    """The fields that the rule names, each once."""
    return tuple(dict.fromkeys(leaf.field for _, leaf in pointers(rule) if isinstance(leaf, Comparison)))


def find_cycle(name: str, rule: Rule, lookup: Mapping[str, Rule]) -> tuple[str, ...]:
    """The way from `name` through memberships back to something already passed, when `name` gets `rule`; else nothing.

    `lookup` holds the rules of the other definitions. Two ways to the same one (a diamond) are no cycle.
    """
    rules = {**lookup, name: rule}
    done: set[str] = set()

    def walk(here: str, path: tuple[str, ...]) -> tuple[str, ...]:
        if here in path:
            return (*path[path.index(here) :], here)
        if here in done or here not in rules:
            return ()
        for target in references(rules[here]):
            if found := walk(target, (*path, here)):
                return found
        done.add(here)
        return ()

    return walk(name, ())


def refuse_cycle(name: str, rule: Rule, lookup: Mapping[str, Rule]) -> None:
    """Raises MaropsError when `rule`, given to `name`, would make a membership depend on itself."""
    if cycle := find_cycle(name, rule, lookup):
        way = " → ".join(cycle)
        remedy = "Take one of these memberships out, or put its conditions in its place."
        fault = FieldError(code="cycle", message=f"the memberships go in a circle: {way}", remedy=remedy)
        raise MaropsError(RULE_INVALID, f"{name} would depend on itself: {way}", errors=[fault])


def _check_size(data: object, pointer: str) -> None:
    """Refuses trees that are too deep or too large before anything walks them by recursion."""
    waiting, seen = [(data, 0)], 0
    while waiting:
        item, depth = waiting.pop()
        seen += isinstance(item, Mapping)
        if depth > DEPTH * 2 or seen > NODES:
            message = f"a rule holds at most {NODES} conditions in {DEPTH} levels"
            raise refused([FieldError(code="too-large", message=message, pointer=pointer, remedy="Split the rule.")])
        inner = item.values() if isinstance(item, Mapping) else item if isinstance(item, list | tuple) else ()
        waiting.extend((part, depth + 1) for part in inner if isinstance(part, Mapping | list | tuple))


def _validated(data: object, read: Callable[[], Rule]) -> Rule:
    try:
        return read()
    except ValidationError as error:
        raise refused(_faults(error, data)) from error


def refused(faults: Iterable[FieldError]) -> MaropsError:
    """The error that names these faults."""
    faults = list(faults)
    return MaropsError(RULE_INVALID, "; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in faults), faults)


def _faults(error: ValidationError, data: object) -> list[FieldError]:
    """One fault per place: Pydantic reports one for each type a value might have had."""
    found: dict[str, FieldError] = {}
    for detail in error.errors(include_url=False, include_input=False):
        pointer = _pointer(data, detail["loc"], missing=detail["type"] == "missing")
        unknown = detail["type"] == "extra_forbidden"
        message = "this key is not known here" if unknown else str(detail["msg"]).removeprefix("Value error, ")
        fault = FieldError(
            code="unknown-key" if unknown else "wrong-value",
            message=message,
            pointer=pointer,
            remedy="The reference of the rule language lists what can stand here.",
        )
        found.setdefault(pointer, fault)
    return list(found.values())


def _pointer(data: object, location: tuple[int | str, ...], *, missing: bool) -> str:
    """Where in the data; steps that only name one of several possible types are left out."""
    steps: list[str] = []
    for number, step in enumerate(location):
        found, inner = _step_into(data, step)
        if found or (missing and number == len(location) - 1):
            data = inner
            steps.append(str(step).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{step}" for step in steps)


def _step_into(data: object, step: int | str) -> tuple[bool, object]:
    if isinstance(data, Mapping) and step in data:
        return True, data[step]
    if isinstance(data, list | tuple) and isinstance(step, int) and step < len(data):
        return True, data[step]
    return False, data


class _Loader(yaml.SafeLoader):
    """YAML as people expect it: only true and false are Booleans (not the country NO, not the key `on`)."""


class _Dumper(yaml.SafeDumper):
    """Lists indented under their key; short lists of plain values on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))


def read_yaml(text: str) -> Any:
    """YAML as data. Raises yaml.YAMLError, also for a date that no calendar has and for what is nested without end."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except ValueError as fault:  # of 2026-13-01
        raise yaml.YAMLError(str(fault)) from fault
    except RecursionError:
        raise yaml.YAMLError("too much stands inside each other") from None


def line_of(text: str, pointer: str) -> int:
    """The line of YAML, counted from one, in which what a JSON pointer names begins; of what is missing, what holds it.

    Nought where the text says nothing about it.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return 0
    line = 0
    for step in (one.replace("~1", "/").replace("~0", "~") for one in pointer.split("/")[1:]):
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == step), None)
        elif isinstance(node, yaml.SequenceNode) and step.isdecimal() and int(step) < len(node.value):
            found = (node.value[int(step)],) * 2
        if found is None:
            return line
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def write_yaml(data: Any) -> str:
    """Data as YAML, keys in their order; `read_yaml` reads it back."""
    return str(
        yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False)
    )
