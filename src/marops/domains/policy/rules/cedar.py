"""Rules in Cedar: what they may read, what is wrong with them, and what they decide. The one evaluator of policies.

Cedar denies by default and a `forbid` beats every `permit` (Cutler et al., “Cedar: A New Language for Expressive, Fast,
Safe, and Analyzable Authorization”, OOPSLA 2024). Two kinds of rules are told apart by what they read:

- rules over the eight questions alone, which are decided ahead of time for every combination;
- rules that also read what is known only when it happens (who asks, consent, counts, switches). They may only forbid,
  so at run time a yes of the table can become a no, and never the other way.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

from django.utils.translation import gettext as _
from pydantic import Field, StrictBool

from marops.domains.policy.rules.document import PolicyRule
from marops.domains.policy.rules.domain import ACTION, AUDIENCE, CONTENT, DATA, DIMENSIONS, HOSTING, Request
from marops.domains.policy.rules.plainly import plain, together
from marops.domains.policy.rules.scanning import DEEPEST, depth, words
from marops.kernel.errors import FieldError

if TYPE_CHECKING:
    import cedarpy

TYPES = {one.name: one.name.capitalize() for one in (CONTENT, AUDIENCE, DATA, HOSTING)}
"""Questions whose answers are entities in Cedar, so that a misspelt answer is found before it decides anything."""
_TELLS = ("consented", "stopped", "reversible")
_COUNTS = ("recipients", "recipients_today", "records", "records_today", "spent", "spent_today", "approvals")
_LISTS = ("regimes",)
RUNTIME = (*_TELLS, *_COUNTS, *_LISTS)
"""What is known only when it happens; see `Facts`."""
_MOST_WORDS = 600
Count = Annotated[int, Field(ge=0, le=10**15, strict=True)]
"""A count as it is told from outside; two of them together are a number that Cedar can hold."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the engine cannot count or look up, told to it: it can turn a yes into a no and nothing else.

    Money is in whole units of the workspace's currency, rounded up. `consented` is of everybody reached.
    """

    use: str = ""
    subject: str = ""
    consented: StrictBool = True
    stopped: StrictBool = False
    reversible: StrictBool = True
    recipients: Count = 0
    recipients_today: Count = 0
    records: Count = 0
    records_today: Count = 0
    spent: Count = 0
    spent_today: Count = 0
    approvals: Count = 0
    regimes: Sequence[str] = ()

    def context(self) -> dict[str, Any]:
        """As Cedar takes it."""
        told = {name: getattr(self, name) for name in (*_TELLS, *_COUNTS)}
        return told | {"regimes": [_readable(one) for one in self.regimes]}


@dataclass(frozen=True, slots=True)
class Decision:
    """A yes or a no, and the rules that made it: those that allow for a yes, those that forbid for a no."""

    allowed: bool
    rules: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


@cache
def schema_text() -> str:
    """The schema against which every rule is checked, in Cedar's own words."""
    kinds = [
        f"entity {kind} enum [{', '.join(json.dumps(value) for value in _dimension(name).values)}];"
        for name, kind in TYPES.items()
    ]
    facts = [f"{name}: {TYPES[name]}" for name in TYPES] + ["autonomy: Long", "review: Long", "disclosed: Bool"]
    facts += [f"{name}: Bool" for name in _TELLS] + [f"{name}: Long" for name in _COUNTS]
    facts += [f"{name}: Set<String>" for name in _LISTS]
    actions = ", ".join(json.dumps(value) for value in ACTION.values)
    applies = f"action {actions} appliesTo {{ principal: [Use], resource: [Work], context: Facts }};"
    return "\n".join([*kinds, "entity Use;", "entity Work;", f"type Facts = {{ {', '.join(facts)} }};", applies])


BASE = (
    PolicyRule(
        id="stopped", owner="Marops", says="Nothing, once a kill switch is thrown.",
        because="A kill switch beats every other rule.",
        cedar="forbid (principal, action, resource) when { context.stopped };",
    ),
    PolicyRule(
        id="switched-off", owner="Marops", says="Nothing, at autonomy 0: that use is switched off.",
        because="Switched off means switched off.",
        cedar="forbid (principal, action, resource) when { context.autonomy == 0 };",
    ),
)  # fmt: skip
"""Rules that stand in every policy and that nobody can edit away."""


class Compiled:
    """A policy ready to decide. Keep it: parsing is the slow part, a decision takes about a tenth of a millisecond."""

    def __init__(self, rules: Sequence[PolicyRule]) -> None:
        cedarpy = _cedarpy()
        self.rules = {rule.id: rule for rule in (*BASE, *rules)}
        trees = {name: tree_of(rule.cedar) for name, rule in self.rules.items()}
        self.ahead = tuple(name for name, tree in trees.items() if not runtime_of(tree))
        self._all = cedarpy.PolicySet.from_json_str(_set(trees))
        self._told = {name: {**trees[name], "effect": "permit"} for name in self.ahead}
        self._told_of: dict[str, tuple[Any, tuple[str, ...]]] = {}
        self.permits = frozenset(name for name, tree in trees.items() if tree["effect"] == "permit")

    def decide(self, request: Request, facts: Facts | None = None) -> Decision:
        """May this be done? A rule that cannot be evaluated makes it a no, and so does an answer that is none."""
        if foreign := tuple(f"{name}: {value!r} is no answer" for name, value in request.faults()):
            return Decision(allowed=False, errors=foreign)
        cedarpy = _cedarpy()
        result = cedarpy.is_authorized(_asked(request, facts or Facts()), self._all, _nothing())
        errors = tuple(str(one) for one in result.diagnostics.errors)
        return Decision(result.allowed and not errors, tuple(sorted(result.diagnostics.reasons)), errors)

    def told_by(self, requests: Sequence[Request]) -> list[frozenset[str]]:
        """For each request: the rules over the eight questions whose conditions hold, permits and forbids alike."""
        found: list[frozenset[str]] = []
        for action, alike in groupby(requests, key=lambda one: one.action):
            rules, read = self._naming(action)
            asked = [(tuple(getattr(one, name) for name in read), one) for one in alike]
            once = dict(reversed(asked))  # requests that differ in nothing that is read are asked once
            results = _cedarpy().is_authorized_batch([_bare(one) for one in once.values()], rules, _nothing())
            if broken := [str(error) for one in results for error in one.diagnostics.errors]:
                raise ValueError(broken[0])
            told = dict(zip(once, (frozenset(one.diagnostics.reasons) for one in results), strict=True))
            found += [told[key] for key, _one in asked]
        return found

    def _naming(self, action: str) -> tuple[Any, tuple[str, ...]]:
        """The rules over the eight questions that could hold for an action, each as a permit, and what they read."""
        if action not in self._told_of:
            named = {name: tree for name, tree in self._told.items() if _may_name(tree["action"], action)}
            read = {name for tree in named.values() for name in _read(tree["conditions"])}
            rules = _cedarpy().PolicySet.from_json_str(_set(named))
            self._told_of[action] = rules, tuple(sorted(read))
        return self._told_of[action]


def _may_name(scope: Mapping[str, Any], action: str) -> bool:
    """Could a rule of such a scope hold for an action? Actions stand in no groups."""
    named = scope["entities"] if "entities" in scope else [scope["entity"]] if "entity" in scope else None
    return named is None or any(one["id"] == action for one in named)


def _cedarpy() -> Any:
    import cedarpy  # a compiled library that only policies need

    return cedarpy


@cache
def _nothing() -> "cedarpy.Entities":
    found: cedarpy.Entities = _cedarpy().Entities.from_json_str("[]")
    return found


@cache
def schema() -> "cedarpy.Schema":
    """The schema, parsed once."""
    found: cedarpy.Schema = _cedarpy().Schema.from_str(schema_text())
    return found


def _dimension(name: str) -> Any:
    return next(one for one in DIMENSIONS if one.name == name)


@lru_cache(maxsize=64)
def _entity(name: str, value: str) -> dict[str, Any]:
    return {"__entity": {"type": TYPES[name], "id": value}}


def _readable(text: str) -> str:
    """A text as the engine takes it: half of a sign, which no text can hold, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=64)
def _spelt(name: str, value: str) -> str:
    return json.dumps({name: _entity(name, value)})[1:-1]


def _bare(request: Request) -> dict[str, Any]:
    """A request without facts, spelt at once: rules over the eight questions read none."""
    told = [_spelt(name, getattr(request, name)) for name in TYPES]
    said = "true" if request.disclosed else "false"
    told.append(f'"autonomy": {request.autonomy}, "review": {request.review}, "disclosed": {said}')
    return {
        "principal": _ANY, "action": {"type": "Action", "id": request.action}, "resource": _ANY_WORK,
        "context": f"{{{', '.join(told)}}}",
    }  # fmt: skip


_ANY, _ANY_WORK = {"type": "Use", "id": "any"}, {"type": "Work", "id": "any"}


def _asked(request: Request, facts: Facts) -> dict[str, Any]:
    context: dict[str, Any] = {name: _entity(name, getattr(request, name)) for name in TYPES}
    context |= {"autonomy": request.autonomy, "review": request.review, "disclosed": request.disclosed}
    return {
        "principal": {"type": "Use", "id": _readable(facts.use) or "any"},
        "action": {"type": "Action", "id": request.action},
        "resource": {"type": "Work", "id": _readable(facts.subject) or "any"},
        "context": context | facts.context(),
    }


def _set(trees: Mapping[str, Any]) -> str:
    return json.dumps({"staticPolicies": trees, "templates": {}, "templateLinks": []})


def tree_of(text: str) -> dict[str, Any]:
    """The one policy of a text, as Cedar's own JSON. Raises ValueError with what is wrong in plain words."""
    if depth(text) > DEEPEST:
        raise ValueError(_("More than %(n)s brackets stand inside each other.") % {"n": DEEPEST})
    if sum(1 for _word in words(text)) > _MOST_WORDS:
        raise ValueError(_("This is too long for one rule: part it."))
    try:
        found = json.loads(_cedarpy().policies_to_json_str(text))
    except ValueError as error:
        raise ValueError(_plainly(str(error))) from None
    if found["templates"] or len(found["staticPolicies"]) != 1:
        raise ValueError(_("One rule is one permit or one forbid."))
    tree: dict[str, Any] = next(iter(found["staticPolicies"].values()))
    return tree


def _plainly(said: str) -> str:
    bare = re.sub(r"^(?:failed to parse policies?(?: from string)?: ?|error parsing policies?: ?)", "", said)
    return plain(bare.strip())


def runtime_of(tree: Mapping[str, Any]) -> frozenset[str]:
    """What a rule reads beside the eight questions: runtime facts, or who asks (`use`) and about what (`subject`)."""
    found = {key for key, name in (("principal", "use"), ("resource", "subject")) if tree[key]["op"] != "All" and name}
    found = {"use" if one == "principal" else "subject" for one in found}
    return frozenset(found | {name for name in _read(tree["conditions"]) if name not in _QUESTIONS})


_QUESTIONS = {one.name for one in DIMENSIONS}
_VARS = {"principal": "use", "resource": "subject", "action": "action", "context": "everything"}


def _read(tree: Any) -> Iterator[str]:
    """The names of what a tree reads. It goes along a list of what is left, since trees can be deep."""
    left = [tree]
    while left:
        here = left.pop()
        if isinstance(here, list):
            left += here
        elif isinstance(here, dict):
            dot = here.get(".")
            if isinstance(dot, dict) and dot.get("left") == {"Var": "context"}:
                yield str(dot["attr"])
            elif "Var" in here:
                yield _VARS[str(here["Var"])]
            else:
                left += here.values()


def faults_of(rules: Sequence[PolicyRule]) -> list[FieldError]:
    """What is wrong with the rules of a policy, each fault at its place."""
    taken: set[str] = {one.id for one in BASE}
    found = []
    for at, rule in enumerate(rules):
        if rule.id in taken:
            found.append(_fault(f"/rules/{at}/id", "id", _("There is already a rule %(id)s.") % {"id": rule.id}))
        taken.add(rule.id)
        found += [_fault(f"/rules/{at}/cedar", "cedar", message) for message in complaints(rule.cedar)]
    return found


def complaints(text: str) -> list[str]:
    """What is wrong with the text of one rule, in plain words; nothing where it may decide."""
    try:
        tree = tree_of(text)
    except ValueError as error:
        return [_("This is no rule in Cedar: %(said)s") % {"said": error}]
    result = _cedarpy().validate_policies(text, schema())
    told = [re.sub(r"^(?:\[policy0\] )?for policy `policy0`[:,] ?", "", str(one.error)) for one in result.errors]
    found = together(plain(one, (*(one.name for one in DIMENSIONS if one is not ACTION), *RUNTIME)) for one in told)
    if not found and tree["effect"] == "permit" and (read := runtime_of(tree)):
        names = ", ".join(sorted(read))
        said = _("Only a forbid may read %(names)s: what is known only at run time cannot allow.")
        found.append(said % {"names": names})
    return found


def _fault(pointer: str, name: str, message: str) -> FieldError:
    return FieldError("rule", message, _("Correct the rule."), pointer, field=name)
