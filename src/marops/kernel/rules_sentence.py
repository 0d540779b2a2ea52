"""Rules in plain English for the people who own them, with brackets where "and" and "or" mix."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from marops.kernel.fields import FACT_LABELS, REGISTRY, Field, Membership, Registry
from marops.kernel.rules import (
    AllOf,
    AnyOf,
    Comparison,
    Did,
    DidNot,
    Everyone,
    First,
    Last,
    Leaf,
    MemberOf,
    Money,
    NotOf,
    Rule,
    Season,
    Test,
    children,
)
from marops.kernel.rules_time import BadTime, Duration

_PHRASES: Final[Mapping[str, Any]] = {
    "is": gettext_lazy("%(what)s is %(value)s"),
    "is_not": gettext_lazy("%(what)s is not %(value)s"),
    "in": gettext_lazy("%(what)s is one of %(value)s"),
    "not_in": gettext_lazy("%(what)s is none of %(value)s"),
    "contains": gettext_lazy("%(what)s contains %(value)s"),
    "not_contains": gettext_lazy("%(what)s does not contain %(value)s"),
    "starts_with": gettext_lazy("%(what)s starts with %(value)s"),
    "ends_with": gettext_lazy("%(what)s ends with %(value)s"),
    "matches": gettext_lazy("%(what)s matches the pattern %(value)s"),
    "greater_than": gettext_lazy("%(what)s is greater than %(value)s"),
    "at_least": gettext_lazy("%(what)s is at least %(value)s"),
    "less_than": gettext_lazy("%(what)s is less than %(value)s"),
    "at_most": gettext_lazy("%(what)s is at most %(value)s"),
    "between": gettext_lazy("%(what)s is between %(low)s and %(high)s"),
    "is_empty": gettext_lazy("%(what)s is %(empty)s"),
    "is_filled": gettext_lazy("%(what)s is not %(empty)s"),
    "before": gettext_lazy("%(what)s is before %(value)s"),
    "after": gettext_lazy("%(what)s is after %(value)s"),
    "on": gettext_lazy("%(what)s is on %(value)s"),
    "within_last": gettext_lazy("%(what)s is in the last %(value)s"),
    "within_next": gettext_lazy("%(what)s is in the next %(value)s"),
    "anniversary": gettext_lazy("%(what)s has its anniversary %(value)s"),
}
_FROM_TO: Final = gettext_lazy("%(what)s is from %(low)s to before %(high)s")
_OPPOSITE: Final = {
    "is": "is_not",
    "in": "not_in",
    "contains": "not_contains",
    "is_empty": "is_filled",
    "is_not": "is",
    "not_in": "in",
    "not_contains": "contains",
    "is_filled": "is_empty",
}


def sentence(rule: Rule, registry: Registry = REGISTRY) -> str:
    """The rule as one sentence. Names that are unknown stand as they were written, so a broken rule can be read too."""
    said = _Speaker(registry).rule(rule, inside=None)
    start = len(said) - len(said.lstrip("("))
    return said[:start] + said[start : start + 1].upper() + said[start + 1 :]


def leaf_sentence(leaf: Leaf, registry: Registry = REGISTRY) -> str:
    """One condition, as it stands within a sentence."""
    return _Speaker(registry).leaf(leaf)


class _Speaker:
    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.facts = registry.fact_kinds()

    def rule(self, rule: Rule, inside: type | None) -> str:
        if isinstance(rule, NotOf):
            return self.negated(rule.not_)
        if not isinstance(rule, AllOf | AnyOf):
            return self.leaf(rule)
        items = children(rule)
        if len(items) == 1:
            return self.rule(items[0], inside)
        said = [self.rule(item, type(rule)) for item in items]
        joined = (_(" and ") if isinstance(rule, AllOf) else _(" or ")).join(said)
        return f"({joined})" if inside is not None and inside is not type(rule) else joined

    def negated(self, rule: Rule) -> str:
        if isinstance(rule, NotOf):
            return self.rule(rule.not_, None)
        if isinstance(rule, Comparison) and rule.operator in _OPPOSITE:
            return self.comparison(rule, _OPPOSITE[rule.operator])
        if isinstance(rule, MemberOf):
            return _("is not in %(group)s") % {"group": self.group(rule.member)}
        if isinstance(rule, Everyone):
            return _("nobody")
        return _("not (%(rule)s)") % {"rule": self.rule(rule, None)}

    def leaf(self, leaf: Leaf) -> str:
        match leaf:
            case Comparison():
                return self.comparison(leaf, leaf.operator)
            case MemberOf():
                return _("is in %(group)s") % {"group": self.group(leaf.member)}
            case Did():
                return self.did(leaf)
            case DidNot():
                what = self.facts_named(leaf.did_not, leaf.where)
                return _joined(_("did not do %(facts)s") % {"facts": what}, _span(leaf))
            case First():
                what = _("the first %(facts)s") % {"facts": self.facts_named(leaf.first, leaf.where)}
                return _phrase(what, leaf, leaf.operator, str)
            case Last():
                what = _("the last %(facts)s") % {"facts": self.facts_named(leaf.last, leaf.where)}
                return _phrase(what, leaf, leaf.operator, str)
        return _("everyone")

    def comparison(self, rule: Comparison, operator: str) -> str:
        item = self.registry.find_field(rule.field)
        label = inner(str(item.label)) if item else rule.field
        empty = str(item.empty_is) if item and item.empty_is else ""
        return _phrase(label, rule, operator, _labels(item), empty)

    def group(self, reference: str) -> str:
        found = self.registry.find_membership(reference)
        kind, _slash, slug = reference.partition("/")
        name = str(found.label) if isinstance(found, Membership) else slug
        return _("the %(kind)s “%(name)s”") % {"kind": kind, "name": name}

    def did(self, leaf: Did) -> str:
        facts = self.facts_named(leaf.did, leaf.where)
        if leaf.exactly == 0 or leaf.at_most == 0:
            return _joined(_("never did %(facts)s") % {"facts": facts}, _span(leaf))
        return _joined(_("did %(facts)s") % {"facts": facts}, _times(leaf), _span(leaf))

    def facts_named(self, kinds: str | Sequence[str], where: Mapping[str, Any] | None) -> str:
        names = (kinds,) if isinstance(kinds, str) else kinds
        labels = [f"“{inner(str(self.facts[name].label))}”" if name in self.facts else f"“{name}”" for name in names]
        said = _(" or ").join(labels)
        if not where:
            return said
        tests = [self.fact_test(name, wanted, names) for name, wanted in where.items()]
        return _("%(facts)s (where %(tests)s)") % {"facts": said, "tests": _(" and ").join(tests)}

    def fact_test(self, name: str, wanted: Any, kinds: Sequence[str]) -> str:
        declared = [self.facts[kind].labels.get(name) for kind in kinds if kind in self.facts]
        label = next((said for said in declared if said), None) or FACT_LABELS.get(name) or name.replace("_", " ")
        if isinstance(wanted, Test):
            return _phrase(label, wanted, wanted.operator, str)
        operator = "in" if isinstance(wanted, tuple) else "is"
        return _phrase(label, Test.model_validate({operator: wanted}), operator, str)


def inner(label: str) -> str:
    """A label or title within a sentence: "Country" becomes "country", "VAT number" stays."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _labels(item: Field | None) -> Callable[[str], str]:
    """What people call the values of a field."""
    known = (
        {choice.value.casefold(): str(choice.label) for choice in item.known_choices() if choice.label} if item else {}
    )
    return lambda value: known.get(value.casefold(), value)


def _phrase(what: str, test: Test, operator: str, label: Callable[[str], str], empty: str = "") -> str:
    template = _PHRASES[operator]
    parts = {"what": what, "empty": empty or _("empty")}
    if operator == "between":
        timed = _is_time(test.value[0])
        parts["low"], parts["high"] = (_time(value) if timed else _said(value, label) for value in test.value)
        template = _FROM_TO if timed else template
    elif operator not in ("is_empty", "is_filled"):
        parts["value"] = _value(operator, test.value, label)
    said = str(template % parts)
    return said + _(" (capitals count)") if test.case else said


def _value(operator: str, value: Any, label: Callable[[str], str]) -> str:
    if operator in ("within_last", "within_next"):
        return _duration(value)
    if operator == "anniversary":
        return _season(value)
    if operator in ("before", "after", "on"):
        return _time(value)
    if isinstance(value, tuple):
        return _listing([_said(item, label) for item in value])
    return f"“{value}”" if operator in ("contains", "starts_with", "ends_with", "matches") else _said(value, label)


def _listing(items: Sequence[str]) -> str:
    if len(items) > 12:
        more = ngettext("%(count)d other", "%(count)d others", len(items) - 10) % {"count": len(items) - 10}
        items = [*items[:10], more]
    return ", ".join(items)


def _said(value: Any, label: Callable[[str], str]) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Money):
        return f"{value.amount} {value.currency}"
    if not isinstance(value, str):
        return str(value)
    return label(value)


def _time(value: Any) -> str:
    """A day or an instant as people read it."""
    return _day(value) or _relative(str(value)) or str(value)


_DATED: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")


def _day(value: Any) -> str:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and _DATED.fullmatch(value) else None
    except ValueError:
        return ""
    if found is None:
        return ""
    return format_date(found, "j F Y" if len(value) == 10 else "j F Y H:i")


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and bool(_day(value) or _relative(value))


def _relative(value: str) -> str:
    if value in ("today", "yesterday", "tomorrow"):
        return {"today": _("today"), "yesterday": _("yesterday"), "tomorrow": _("tomorrow")}[value]
    if value.endswith(" ago"):
        return _("%(time)s ago") % {"time": _duration(value.removesuffix(" ago"))}
    if value.startswith("in ") and (said := _duration(value.removeprefix("in "))) != value.removeprefix("in "):
        return _("%(time)s from now") % {"time": said}
    return ""


def _duration(text: str) -> str:
    try:
        found = Duration.parse(text)
    except BadTime:
        return text
    said = {
        "min": ngettext("%(count)d minute", "%(count)d minutes", found.amount),
        "h": ngettext("%(count)d hour", "%(count)d hours", found.amount),
        "d": ngettext("%(count)d day", "%(count)d days", found.amount),
        "w": ngettext("%(count)d week", "%(count)d weeks", found.amount),
        "mo": ngettext("%(count)d month", "%(count)d months", found.amount),
        "y": ngettext("%(count)d year", "%(count)d years", found.amount),
    }
    return said[found.unit] % {"count": found.amount}


def _season(value: str | Season) -> str:
    if isinstance(value, str):
        return _("today")
    if value.within_last:
        return _("in the last %(time)s") % {"time": _duration(value.within_last)}
    return _("in the next %(time)s") % {"time": _duration(value.within_next or "")}


def _times(leaf: Did) -> str:
    def times(count: int) -> str:
        return ngettext("%(count)d time", "%(count)d times", count) % {"count": count}

    if leaf.exactly is not None:
        return _("exactly %(times)s") % {"times": times(leaf.exactly)}
    said = []
    if leaf.at_least is not None and (leaf.at_least != 1 or leaf.at_most is not None):
        said.append(_("at least %(times)s") % {"times": times(leaf.at_least)})
    if leaf.at_most is not None:
        never = "" if leaf.at_least else _(" or never")
        said.append(_("at most %(times)s%(never)s") % {"times": times(leaf.at_most), "never": never})
    return _(" and ").join(said)


def _span(leaf: Did | DidNot) -> str:
    if leaf.within is not None:
        return _("in the last %(time)s") % {"time": _duration(leaf.within)}
    since = _("since %(time)s") % {"time": _time(leaf.since)} if leaf.since is not None else ""
    before = _("before %(time)s") % {"time": _time(leaf.before)} if leaf.before is not None else ""
    return _joined(since, before)


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
