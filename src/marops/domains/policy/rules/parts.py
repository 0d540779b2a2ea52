"""Rules as sentences: what a page shows and asks in plain words, and the Cedar text below, of which nothing is lost.

A clause that says of some questions which answers they may have is a sentence; any other clause, and any clause with a
comment in it, stays in Cedar as it was written and is shown beside the sentence.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from marops.domains.policy.rules.cedar import TYPES, tree_of
from marops.domains.policy.rules.domain import ACTION, BY_NAME, Value
from marops.domains.policy.rules.scanning import Pieces, has_comment, joined, pieces

_ORDERED = ("autonomy", "review")


@dataclass(frozen=True, slots=True)
class Parts:
    """A rule as a sentence: the answers it holds for (all of a question that is not named), and the rest in Cedar."""

    effect: Literal["permit", "forbid"]
    answers: Mapping[str, tuple[Value, ...]]
    rest: tuple[str, ...] = ()


def parts_of(text: str) -> Parts | None:
    """The sentence of a rule; None where its text is not cut that simply and stays in Cedar altogether.

    Raises ValueError where the text is no rule.
    """
    tree, cut = tree_of(text), pieces(text)
    if cut is None or tree["principal"]["op"] != "All" or tree["resource"]["op"] != "All":
        return None
    answers: dict[str, tuple[Value, ...]] = {}
    if (doing := _actions(tree["action"])) is not None:
        answers["action"] = doing
    rest = []
    for clause in cut.clauses:
        read = None if has_comment(clause) else _clause(clause)
        if read is None:
            rest.append(clause)
            continue
        for name, values in read.items():
            known = answers.get(name, BY_NAME[name].values)
            answers[name] = tuple(one for one in known if one in values)
    return Parts(tree["effect"], answers, tuple(rest))


def written(parts: Parts, before: str = "") -> str:
    """The Cedar text of a sentence; what stood before and after the rule in its earlier text stays where it was."""
    cut = (pieces(before) if before else None) or Pieces("", "", (), ";\n")
    head = f"{parts.effect} (principal, {_scope(parts.answers.get('action'))}, resource)"
    said = [_condition(name, values) for name, values in parts.answers.items() if name != "action"]
    said = [one for one in said if one]
    own = (f"when {{ {' && '.join(said)} }}",) if said else ()
    return joined(replace(cut, head=head, clauses=(*own, *parts.rest)))


def _actions(scope: Mapping[str, Any]) -> tuple[Value, ...] | None:
    if scope["op"] == "All":
        return None
    named = scope["entities"] if "entities" in scope else [scope["entity"]]
    told = {one["id"] for one in named}
    return tuple(one for one in ACTION.values if one in told)


def _scope(actions: Sequence[Value] | None) -> str:
    if actions is None or len(actions) == len(ACTION.values):
        return "action"
    named = [f"Action::{json.dumps(one)}" for one in actions]
    return f"action == {named[0]}" if len(named) == 1 else f"action in [{', '.join(named)}]"


def _condition(name: str, values: Sequence[Value]) -> str:
    every = BY_NAME[name].values
    if len(values) == len(every):
        return ""
    if name == "disclosed":
        return "context.disclosed" if True in values else "!context.disclosed"
    if name in _ORDERED:
        return _between(name, [int(one) for one in values], [int(one) for one in every])
    named = [f"{TYPES[name]}::{json.dumps(one)}" for one in values]
    return f"context.{name} == {named[0]}" if len(named) == 1 else f"[{', '.join(named)}].contains(context.{name})"


def _between(name: str, values: Sequence[int], every: Sequence[int]) -> str:
    low, high = min(values), max(values)
    if list(values) != list(range(low, high + 1)):
        return f"{list(values)}.contains(context.{name})"
    if low == high:
        return f"context.{name} == {low}"
    said = [f"context.{name} >= {low}"] if low > every[0] else []
    said += [f"context.{name} <= {high}"] if high < every[-1] else []
    return " && ".join(said)


def _clause(text: str) -> dict[str, tuple[Value, ...]] | None:
    """The answers for which a clause holds, where it is a sentence."""
    if not text.startswith("when"):
        return None
    conditions = tree_of(f"permit (principal, action, resource) {text};")["conditions"]
    found: dict[str, tuple[Value, ...]] = {}
    for leaf in _conjuncts(conditions[0]["body"]):
        read = _leaf(leaf)
        if read is None:
            return None
        name, values = read
        known = found.get(name, BY_NAME[name].values)
        found[name] = tuple(one for one in known if one in values)
    return found if all(found.values()) else None


def _conjuncts(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    left = [tree]
    while left:
        here = left.pop()
        if "&&" in here:
            left += [here["&&"]["right"], here["&&"]["left"]]
        else:
            yield here


def _leaf(tree: Mapping[str, Any]) -> tuple[str, tuple[Value, ...]] | None:
    """One comparison of a question with answers, or None."""
    if len(tree) != 1:
        return None
    ((op, inner),) = tree.items()
    if op == "." and _question(tree) == "disclosed":
        return "disclosed", (True,)
    if op == "!" and _question(inner.get("arg", {})) == "disclosed":
        return "disclosed", (False,)
    if op == "contains":
        name, listed = _question(inner["right"]), inner["left"].get("Set")
        return None if name is None or listed is None else _values(name, [_value(one) for one in listed])
    if op not in ("==", "<=", ">=", "<", ">"):
        return None
    name, value = _question(inner["left"]), _value(inner["right"])
    if name is None or value is None:
        return None
    if op == "==":
        return _values(name, [value])
    if name not in _ORDERED or isinstance(value, (str, bool)):
        return None
    kept = {"<=": lambda x: x <= value, ">=": lambda x: x >= value, "<": lambda x: x < value, ">": lambda x: x > value}
    return name, tuple(one for one in BY_NAME[name].values if kept[op](one))


def _values(name: str, values: Sequence[Value | None]) -> tuple[str, tuple[Value, ...]] | None:
    known = BY_NAME[name]
    try:
        places = {known.index(one) for one in values if one is not None}
    except KeyError:
        return None
    return None if None in values else (name, tuple(one for at, one in enumerate(known.values) if at in places))


def _question(tree: Mapping[str, Any]) -> str | None:
    dot = tree.get(".")
    name = dot["attr"] if isinstance(dot, Mapping) and dot.get("left") == {"Var": "context"} else None
    return name if name in BY_NAME and name != "action" else None


def _value(tree: Mapping[str, Any]) -> Value | None:
    value = tree.get("Value")
    if isinstance(value, Mapping):
        entity = value.get("__entity")
        return str(entity["id"]) if isinstance(entity, Mapping) and entity.get("type") in TYPES.values() else None
    return value if isinstance(value, (int, bool)) else None
