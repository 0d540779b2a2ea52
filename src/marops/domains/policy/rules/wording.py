"""What stands in boxes, gates and requests, said in plain words."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from marops.domains.policy.rules.domain import BY_NAME, DATA, Request, Value
from marops.domains.policy.rules.gates import Gates

_AT_MOST = ("none", "internal", "contact", "behaviour")
_OUTSIDE = {"customers", "prospects", "public"}


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    if len(parts) < 2:
        return "".join(parts)
    return _("%(many)s and %(last)s") % {"many": ", ".join(parts[:-1]), "last": parts[-1]}


def answers(name: str, values: Sequence[Value]) -> str:
    """Some answers of a question."""
    words = BY_NAME[name].answers
    return listed([str(words[value]) for value in values])


def sentence(parts: Mapping[str, Sequence[Value]], *, exact: bool = False) -> str:
    """What an AI does in a set of combinations: some answers of each question, all of them where one is not named.

    “Draft and translate words for customers, using names and work data; a person approves each.” Of data and freedom it
    says the most; with `exact` it names each answer, where a set leaves lesser ones out.
    """
    said = " ".join(one for one in (_verb(parts), _reader(parts)) if one)
    using, how = _using(parts, exact), freely(parts, exact=exact)
    said = f"{said}, {using}" if using else said
    where = _given(parts, "hosting")
    said = f"{said}, {answers('hosting', where)}" if where else said
    said = f"{said}; {how}" if how else said
    return said[:1].upper() + said[1:] + "."


def spoken(parts: Mapping[str, Sequence[Value]], *, never: bool = False) -> str:
    """What a rule says: “Send words for customers, saying that AI took part, once read by two people.”"""
    if never:
        said = sentence(parts)
        return _("Never %(what)s") % {"what": said[:1].lower() + said[1:]}
    readers, disclosed = min(parts.get("review") or (0,)), tuple(parts.get("disclosed") or ()) == (True,)
    told = sentence({name: value for name, value in parts.items() if name != "autonomy"}).removesuffix(".")
    more = ["", _("once read by one person"), _("once read by two people")][int(readers)]
    # Who reads it first says more than that a person approves it.
    how = "" if readers else freely(parts)
    said = ", ".join(one for one in (told, _("saying that AI took part") if disclosed else "", more) if one)
    return f"{said}; {how}." if how else f"{said}."


def _given(parts: Mapping[str, Sequence[Value]], name: str) -> Sequence[Value] | None:
    """The answers of a question where they are not all of them."""
    values = parts.get(name)
    return None if values is None or len(values) == len(BY_NAME[name].answers) else values


def headline(parts: Mapping[str, Sequence[Value]]) -> str:
    """The plain half of a sentence: what is done, with what, for whom. “Draft and translate texts for customers.”"""
    said = " ".join(one for one in (_verb(parts), _reader(parts)) if one)
    return said[:1].upper() + said[1:] + "."


def bounds(parts: Mapping[str, Sequence[Value]]) -> str:
    """The other half: what it reads at most, where it runs and how freely it acts; empty where there is no bound."""
    where = _given(parts, "hosting")
    reads = _most(parts)
    reads = _("reads at most %(data)s") % {"data": reads} if reads else _using(parts, exact=False)
    said = [reads, answers("hosting", where) if where else "", freely(parts)]
    said = [one for one in said if one]
    told = "; ".join(said)
    return f"{told[:1].upper()}{told[1:]}." if told else ""


def _verb(parts: Mapping[str, Sequence[Value]]) -> str:
    what, doing = _given(parts, "content"), _given(parts, "action")
    told = {"what": answers("content", what) if what else _("anything")}
    if doing is None:
        return _("do anything with %(what)s") % told if what else _("do anything")
    if tuple(doing) == ("spend",) and what and "records" not in what:
        return _("spend money on adverts with %(what)s") % told
    verb = answers("action", doing)
    if what and set(what) == {"records"} and "segment" in doing:
        others = [answers("action", [one]) for one in doing if one != "segment"]
        verb = listed([*others, _("pick recipients from")])
    return _("%(verb)s %(what)s") % {"verb": verb, **told}


def _reader(parts: Mapping[str, Sequence[Value]]) -> str:
    whom, doing = _given(parts, "audience"), _given(parts, "action") or ()
    if whom is None:
        return ""
    if set(whom) == _OUTSIDE:
        return _("for readers outside")
    if doing and set(doing) <= {"send", "route"}:
        return _("to %(whom)s") % {"whom": answers("audience", whom)}
    return _("for %(whom)s") % {"whom": answers("audience", whom)}


def _most(parts: Mapping[str, Sequence[Value]]) -> str:
    """The most sensitive of what it reads, where all that is less sensitive is read too."""
    data = set(_given(parts, "data") or ())
    return str(DATA.answers[_AT_MOST[len(data) - 1]]) if data and data == set(_AT_MOST[: len(data)]) else ""


def _using(parts: Mapping[str, Sequence[Value]], exact: bool) -> str:
    data = _given(parts, "data")
    if not data:
        return ""
    if not exact and (most := _most(parts)):
        return _("using %(data)s") % {"data": most}
    if set(data) == {*_AT_MOST, "confidential"} and not exact:
        return _("using all but special data")
    return _("using %(data)s") % {"data": answers("data", data)}


def freely(parts: Mapping[str, Sequence[Value]], *, exact: bool = False) -> str:
    """How freely it acts; empty where there is no bound. “A person approves each.”"""
    values = _given(parts, "autonomy")
    if not values or set(values) == {1, 2, 3, 4, 5}:
        return ""
    words = BY_NAME["autonomy"].answers
    if exact:
        return _(" or ").join(str(words[value]) for value in values)
    return str(words[max(int(one) for one in values)])


def needs(gates: Gates) -> str:
    """What has to be there: “one reviewer and disclosure”."""
    readers = ["", _("one reviewer"), _("two reviewers")][gates.review]
    return listed([one for one in (readers, _("disclosure") if gates.disclosed else "") if one])


def asked(request: Request) -> str:
    """One request in words."""
    parts = {name: (getattr(request, name),) for name in BY_NAME}
    said = sentence(parts).removesuffix(".")
    more = [str(BY_NAME[name].answers[getattr(request, name)]) for name in ("disclosed",)]
    read = _("read by %(who)s") % {"who": BY_NAME["review"].answers[request.review]}
    return f"{said}, {read}, {', '.join(more)}."
