"""What Cedar says against a rule, in words for people who write policies, with what was probably meant."""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.policy.rules.domain import BY_NAME

_KINDS = {
    "Long": gettext_lazy("a number"), "String": gettext_lazy("a text"), "Bool": gettext_lazy("a yes or no"),
    "Set<String>": gettext_lazy("a list of texts"),
}  # fmt: skip
_CALLED = {"Action": "action", **{name.capitalize(): name for name in ("content", "audience", "data", "hosting")}}


def plain(said: str, known: Sequence[str] = ()) -> str:
    """One complaint of the engine in plain words, or as it is. `known`: what rules may read."""
    for pattern, words in _WORDS:
        if found := re.search(pattern, said):
            return words(found, known)
    return said


def together(complaints: Iterable[str]) -> list[str]:
    """Each complaint once; one that only follows from another is left out where there is another."""
    found = list(dict.fromkeys(complaints))
    return [one for one in found if one != _nowhere(None, ())] or found


def _meant(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    if near:
        return " " + _("Did you mean “%(near)s”?") % {"near": near[0]}
    return " " + _("It is one of: %(known)s.") % {"known": ", ".join(known)}


def _no_question(found: re.Match[str], known: Sequence[str]) -> str:
    return _("There is no question or fact “%(name)s”.") % {"name": found[1]} + _meant(found[1], known)


def _no_action(found: re.Match[str], _known: Sequence[str]) -> str:
    actions = [str(one) for one in BY_NAME["action"].values]
    return _("No AI does “%(name)s” here.") % {"name": found[1]} + _meant(found[1], actions)


def _no_answer(found: re.Match[str], _known: Sequence[str]) -> str:
    question = BY_NAME.get(_CALLED.get(found[1], ""))
    if question is None:
        return found.string
    told = {"answer": found[2], "asks": question.asks}
    return _("“%(answer)s” is no answer to “%(asks)s”.") % told + _meant(
        found[2], [str(one) for one in question.values]
    )


def _no_kind(found: re.Match[str], _known: Sequence[str]) -> str:
    return _("There is nothing called “%(name)s” here.") % {"name": found[1]} + _meant(
        found[1], [*_CALLED, "Use", "Work"]
    )


def _nowhere(_found: re.Match[str] | None, _known: Sequence[str]) -> str:
    return _("There is no action left for which this rule could ever hold.")


def _of_who(_found: re.Match[str], _known: Sequence[str]) -> str:
    return _("A rule may name who asks (%(so)s) and about what, and nothing more of them.") % {
        "so": 'principal == Use::"u-07"'
    }


def _early(_found: re.Match[str], _known: Sequence[str]) -> str:
    return _("The text ends too early: a bracket, a brace or the semicolon at the end is missing.")


def _stuck(found: re.Match[str], _known: Sequence[str]) -> str:
    return _("It cannot be read on at “%(sign)s”: something before it is missing or too much.") % {"sign": found[1]}


def _effect(found: re.Match[str], _known: Sequence[str]) -> str:
    return _("It begins with “%(word)s”; a rule begins with permit or forbid.") % {"word": found[1]}


def _unlike(found: re.Match[str], _known: Sequence[str]) -> str:
    kinds = [_kind(found[1]), _kind(found[2])]
    said = _("It compares %(one)s with %(other)s.") % {"one": kinds[1], "other": kinds[0]}
    names = [name for name in (found[1], found[2]) if name in _CALLED]
    if names and "String" in (found[1], found[2]):
        first = BY_NAME[_CALLED[names[0]]].values[0]
        return f'{said} {_("Answers are written")} {names[0]}::"{first}".'
    return f"{said} {_('Numbers stand without quotation marks.')}" if "Long" in found.groups() else said


def _expected(found: re.Match[str], _known: Sequence[str]) -> str:
    told = {"wanted": _kind(found[1]), "found": _kind(found[2])}
    return _("Here %(wanted)s is needed, and there is %(found)s.") % told


def _kind(name: str) -> str:
    if name in _KINDS:
        return str(_KINDS[name])
    question = BY_NAME.get(_CALLED.get(name, ""))
    return _("an answer to “%(asks)s”") % {"asks": question.asks} if question else name


def _fixed(words: Any) -> Callable[[re.Match[str], Sequence[str]], str]:
    return lambda _found, _known: str(words)


_WORDS: tuple[tuple[str, Callable[[re.Match[str], Sequence[str]], str]], ...] = (
    (r"attribute `(\w+)` in context for .* not found", _no_question),
    (r"attribute `\w+` on entity type `(?:Use|Work)` not found", _of_who),
    (r'unrecognized action `Action::"([^"`]*)"`', _no_action),
    (r'entity `(\w+)::"([^"`]*)"` is of an enumerated entity type', _no_answer),
    (r"unrecognized entity type `(\w+)`", _no_kind),
    (r"unable to find an applicable action", _nowhere),
    (r"unexpected end of input", _early),
    (r"unexpected token `(.+?)`", _stuck),
    (r"invalid policy effect: (\w+)", _effect),
    (r"the types ([\w<>]+) and ([\w<>]+) are not compatible", _unlike),
    (r"unexpected type: expected ([\w<>]+) but saw ([\w<>]+)", _expected),
    (r"empty set literals are forbidden", _fixed(gettext_lazy("A list [ ] stands empty: name at least one answer."))),
)
