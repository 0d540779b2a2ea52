"""How records are compared and which pairs are looked at, as it follows from what their columns mean.

Comparisons are lists of levels, from equal to different, in the SQL of the engine over `x_l` and `x_r`; what each level
is worth is learnt from the records (Fellegi and Sunter 1969). Term frequencies make a rare name that agrees worth more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from marops.methods.matching.roles import Guess

_ALNUM: Final = r"[^\p{L}\p{N}]+"
_LEGAL: Final = (
    r"\b(?:incorporated|inc|llc|llp|ltd|limited|corp|corporation|company|co|gmbh|ag|kg|ohg|ug|sa|sas|sarl|srl|spa|bv|nv|plc|pty"
    r"|oy|ab|as|aps|sl|lda|kft|sro|doo|the)\b"
)


class NothingToCompare(Exception):
    """No column says anything that two rows could be compared by."""


@dataclass(frozen=True, slots=True)
class Field:
    """A compared field: its name in the engine, its column of the file, and how it is cleaned."""

    name: str
    column: str
    role: str
    sql: str


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of agreement: in words, its condition, and the field whose frequency counts, if any.

    `same`, `other`: the share of it that is assumed among pairs that are the same, and among others, until learnt.
    """

    says: str
    sql: str
    frequency: str = ""
    same: float = 0.0
    other: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field with its degrees of agreement, from equal downwards; what holds none of them is different.

    `silent`: a condition under which the field says nothing, since another has said it already: colleagues share the
    place of their company, and namesakes have addresses that are made of their names; neither must count twice.
    """

    field: str
    levels: tuple[Level, ...]
    silent: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it: fields, comparisons, blocking rules (each a list of expressions that have to be equal)."""

    fields: tuple[Field, ...]
    comparisons: tuple[Comparison, ...]
    blocking: tuple[tuple[str, ...], ...]
    certain: tuple[tuple[str, ...], ...]
    lessons: tuple[tuple[str, ...], ...]

    @property
    def frequencies(self) -> list[str]:
        """The fields of which it counts how many have a value."""
        return sorted({each.frequency for one in self.comparisons for each in one.levels if each.frequency})


_CLEAN: Final[Mapping[str, str]] = {
    "words": f"nullif(regexp_replace(strip_accents(lower(§)), '{_ALNUM}', '', 'g'), '')",
    "company": "nullif(regexp_replace(regexp_replace(regexp_replace(strip_accents(lower(§)), '[''’.]', '', 'g'), "
    f"'{_LEGAL}', ' ', 'g'), '{_ALNUM}', '', 'g'), '')",
    "sorted": "nullif(array_to_string(list_sort(string_split_regex(trim(regexp_replace(strip_accents(lower(§)), "
    f"'{_ALNUM}', ' ', 'g')), ' +')), ''), '')",
    "email": "nullif(regexp_replace(lower(trim(§)), '\\s', '', 'g'), '')",
    "local": "nullif(regexp_replace(split_part(lower(trim(§)), '@', 1), '\\s|\\+.*$', '', 'g'), '')",
    "letters": "regexp_replace(strip_accents(lower(split_part(§, '@', 1))), '\\+.*$|[^a-z]', '', 'g')",
    "marks": "coalesce(regexp_replace(split_part(§, '@', 1), '[^0-9]', '', 'g'), '')",
    "digits": "nullif(ltrim(regexp_replace(§, '[^0-9]', '', 'g'), '0'), '')",
    "site": "nullif(regexp_extract(lower(trim(§)), '^(?:[a-z]+://)?(?:www\\.)?([^/:?#\\s]+)', 1), '')",
}


def _clean(kind: str, column: str) -> str:
    return _CLEAN[kind].replace("§", column)


def plan_for(guesses: Sequence[Guess], quote: Mapping[str, str], day_first: Mapping[str, bool]) -> Plan:
    """The plan for columns with these roles.

    `quote`: column → its name in the engine; `day_first`: columns whose days are written before months.
    """
    fields = tuple(_fields(guesses, quote, day_first))
    by_role: dict[str, list[str]] = {}
    for one in fields:
        by_role.setdefault(one.role, []).append(one.name)
    comparisons = tuple(_comparisons(fields, by_role))
    return Plan(
        fields, comparisons, tuple(_blocking(by_role)), tuple(_of(_CERTAIN, by_role)), tuple(_of(_LESSONS, by_role))
    )


def _fields(guesses: Sequence[Guess], quote: Mapping[str, str], day_first: Mapping[str, bool]) -> Iterator[Field]:
    counts: dict[str, int] = {}
    for one in guesses:
        if one.role in ("row", "skip"):
            continue
        counts[one.role] = counts.get(one.role, 0) + 1
        name, column = f"f_{one.role}{counts[one.role] if counts[one.role] > 1 else ''}", quote[one.column]
        yield Field(name, one.column, one.role, _cleaned(one, column, day_first.get(one.column, False)))
        if one.role == "email":
            yield Field(name.replace("email", "local"), one.column, "local", _clean("local", column))
            yield Field(name.replace("email", "marks"), one.column, "marks", _clean("marks", column))
            yield Field(name.replace("email", "letters"), one.column, "letters", _clean("letters", column))
        if one.role == "name":
            yield Field(name.replace("name", "sorted"), one.column, "sorted", _clean("sorted", column))
    first = {one.role: quote[one.column] for one in reversed(guesses)}
    if "given" in first and "family" in first:
        both = f"({first['given']} || ' ' || {first['family']})"
        yield Field("f_whole", "", "whole", _clean("sorted", both))


def _cleaned(one: Guess, column: str, day_first: bool) -> str:
    if one.role == "birth":
        return _day(column, day_first)
    kind = {"company": "company", "email": "email", "phone": "digits", "site": "site"}.get(one.role, "words")
    return _clean(kind, column)


def _day(column: str, day_first: bool) -> str:
    """A day as eight digits, year first; what cannot be read is compared as the digits that it has."""
    orders = ("%d/%m/%Y", "%m/%d/%Y") if day_first else ("%m/%d/%Y", "%d/%m/%Y")
    plain = f"regexp_replace(trim({column}), '[T ].*$', '')"
    apart = f"regexp_replace({plain}, '[.-]', '/', 'g')"
    read = ", ".join(f"try_strptime({apart}, '{one}')" for one in ("%Y/%m/%d", *orders))
    digits = f"nullif(regexp_replace({column}, '[^0-9]', '', 'g'), '')"
    return f"coalesce(strftime(coalesce({read}), '%Y%m%d'), {digits})"


_OF_PEOPLE: Final = frozenset({"given", "family", "name"})
_OF_PLACES: Final = frozenset({"street", "number", "city", "postcode", "region", "country", "site"})
_BESIDE: Final = frozenset({"local", "marks", "letters", "sorted", "whole"})
"""Fields that only help to compare others."""


def _comparisons(fields: Sequence[Field], by_role: Mapping[str, Sequence[str]]) -> Iterator[Comparison]:
    for one in fields:
        if one.role in _BESIDE:
            continue
        of_people = bool(_OF_PEOPLE & by_role.keys())
        shares = tuple(_assumed(one.role, _levels(one, by_role), moves=of_people and one.role == "company"))
        yield Comparison(one.name, shares, _silent(one, by_role, of_people=of_people))


def _silent(field: Field, by_role: Mapping[str, Sequence[str]], *, of_people: bool) -> str:
    """Under which condition a field says nothing that others have not said."""
    said = by_role.get("company", ()) if of_people and field.role in _OF_PLACES else ()
    if field.role in ("country", "region"):
        said = [*said, *by_role.get("city", ()), *by_role.get("postcode", ())]
    if field.role == "email" and {"given", "family"} <= by_role.keys():
        return _made_of_names(field.name, by_role["given"][0], by_role["family"][0])
    return " OR ".join(f"{one}_l = {one}_r" for one in said)


def _made_of_names(email: str, given: str, family: str) -> str:
    """Two addresses differ, and both are made of the names alone: then they say what the names say."""
    marks, made = email.replace("email", "marks"), []
    for side in "lr":
        letters = f"{email.replace('email', 'letters')}_{side}"
        whole = f"coalesce({given}_{side}, '') || coalesce({family}_{side}, '')"
        like = f"contains({letters}, {family}_{side}) OR jaro_winkler_similarity({letters}, {whole}) >= 0.85"
        made.append(f"{marks}_{side} = '' AND ({like})")
    return f"{email}_l <> {email}_r AND {' AND '.join(made)}"


_BY_CHANCE: Final[Mapping[str, float]] = {
    "given": 0.005, "family": 0.001, "name": 0.0005, "company": 0.0005, "email": 0.0001, "phone": 0.0001,
    "birth": 0.0005, "street": 0.001, "number": 0.02, "city": 0.03, "postcode": 0.005, "region": 0.2, "country": 0.5,
    "site": 0.001, "ident": 0.0001, "kind": 0.4, "text": 0.01,
}  # fmt: skip
"""How often two strangers agree in a field of this role, until the records say."""
_EQUAL, _NEAR = 0.8, 0.15


def _assumed(role: str, levels: Sequence[Level], *, moves: bool = False) -> Iterator[Level]:
    """What is assumed of each level: most of the same agree, some nearly, few less; strangers do both now and then.

    `moves`: of the same more are different, as people change their company.
    """
    chance = _BY_CHANCE.get(role, 0.01)
    for at, one in enumerate(levels):
        same = (_EQUAL - 0.15 * moves) if at == 0 else _NEAR / 2**at
        yield replace(one, same=same, other=chance * (1 if at == 0 else min(2.0**at, 0.2 / chance)))


def _equal(name: str, *, rare: bool = True) -> Level:
    return Level("equal", f"{name}_l = {name}_r", name if rare else "")


def _alike(name: str, least: float, says: str = "alike") -> Level:
    return Level(f"{says} ({least:g})", f"jaro_winkler_similarity({name}_l, {name}_r) >= {least:g}")


def _typed(name: str, most: int) -> Level:
    """So few letters off. What cannot be near is told before that is counted, which is dear."""
    near = f"abs(length({name}_l) - length({name}_r)) <= {most} AND jaro_winkler_similarity({name}_l, {name}_r) >= 0.7"
    return Level(
        f"{most} letter{'s' * (most > 1)} off", f"{near} AND damerau_levenshtein({name}_l, {name}_r) <= {most}"
    )


def _levels(field: Field, by_role: Mapping[str, Sequence[str]]) -> list[Level]:
    name = field.name
    match field.role:
        case "given" | "family":
            return _of_names(name, by_role.get("family" if field.role == "given" else "given", [""])[0])
        case "email":
            return _of_mail(name, name.replace("email", "local"), name.replace("email", "marks"))
        case "birth":
            swapped = f"{name}_l = left({name}_r, 4) || substr({name}_r, 7, 2) || substr({name}_r, 5, 2)"
            return [_equal(name, rare=False), Level("one digit off, or day for month",
                    f"damerau_levenshtein({name}_l, {name}_r) <= 1 OR {swapped}"), _typed(name, 2)]  # fmt: skip
        case "phone":
            last = f"length({name}_l) >= 7 AND right({name}_l, 7) = right({name}_r, 7)"
            return [_equal(name), *_among(name, by_role["phone"]), Level("the same last seven digits", last),
                    _typed(name, 1)]  # fmt: skip
        case "ident":
            return [_equal(name), _typed(name, 1), _typed(name, 2)]
        case "number" | "postcode":
            return [_equal(name), _typed(name, 1)]
        case "region" | "country" | "kind" | "site":
            return [_equal(name)]
        case "name":
            ordered = name.replace("name", "sorted")
            return [_equal(name), Level("the same in another order", f"{ordered}_l = {ordered}_r"), _alike(name, 0.94),
                    _alike(name, 0.88), _alike(name, 0.75, "a little alike")]  # fmt: skip
        case "company" | "text" | "street":
            return [_equal(name), _alike(name, 0.92), _alike(name, 0.82, "a little alike")]
        case _:
            return [_equal(name), _alike(name, 0.88)]


def _among(name: str, all_of_them: Sequence[str]) -> list[Level]:
    """Somebody's first number is a further one of the other; asked of the first alone, so that it counts once."""
    others = [one for one in all_of_them if one != name]
    if name != all_of_them[0] or not others:
        return []
    return [Level("among the other's numbers", " OR ".join(f"{name}_l = {o}_r OR {o}_l = {name}_r" for o in others))]


def _of_mail(name: str, local: str, marks: str) -> list[Level]:
    """Addresses. Two people of one name have addresses that differ in their number, so that must be nearly the same."""
    number = f"({marks}_l = '') = ({marks}_r = '') AND damerau_levenshtein({marks}_l, {marks}_r) <= 1"
    levels = [_typed(name, 3), _alike(local, 0.88, "alike before the @")]
    near = [replace(one, says=f"{one.says}, with the same number", sql=f"{one.sql} AND {number}") for one in levels]
    return [_equal(name), Level("the same before the @", f"{local}_l = {local}_r", local), *near]


def _of_names(name: str, other: str) -> list[Level]:
    """Given and family name, which also stand in each other's column."""
    levels = [_equal(name)]
    if other:
        levels.append(Level("swapped", f"{name}_l = {other}_r AND {other}_l = {name}_r"))
    near = f"jaro_winkler_similarity({name}_l, {name}_r) >= 0.85"
    crossed = f" OR jaro_winkler_similarity({name}_l, {other}_r) >= 0.92" if other else ""
    return [
        *levels, _alike(name, 0.92), Level("alike (0.85), or in the other's place", near + crossed),
        _alike(name, 0.7, "a little alike"),
    ]  # fmt: skip


_BLOCKS: Final = (
    ("email",), ("ident",), ("phone",), ("sorted",), ("whole",), ("local",), ("given", "family"),
    ("birth", "given:1"), ("birth", "family:1"), ("birth", "postcode"), ("birth", "city"), ("birth",),
    ("family", "postcode"), ("given", "postcode"), ("family", "city"), ("given", "city"), ("family:4", "given:3"),
    ("family", "street"), ("given", "street"), ("number", "street"), ("street", "postcode"), ("street", "city"),
    ("family", "company"), ("given", "company"), ("name:6", "city"), ("name:6", "postcode"), ("name:4", "company:4"),
    ("company",), ("company:6", "city"), ("company:6", "postcode"), ("company:8",), ("site",), ("name",), ("name:8",),
    ("street",), ("text:8",), ("text", "city"),
)  # fmt: skip
"""Which fields have to be equal for a pair to be looked at; `x:4` is the first four letters of x."""

_CERTAIN: Final = (
    ("email",), ("ident",), ("whole", "birth"), ("whole", "street"), ("whole", "phone"), ("whole", "city"),
    ("name", "birth"), ("name", "street"), ("name", "phone"), ("name", "email"), ("name", "city"), ("company", "phone"),
    ("company", "street"), ("company", "postcode"), ("company", "city"), ("name",), ("company",), ("text",),
)  # fmt: skip
"""Pairs that are surely the same, from which it is first reckoned how many there are at all."""


_LESSONS: Final = (
    ("email",), ("ident",), ("birth",), ("given", "family"), ("phone",), ("name",), ("company",), ("site",),
    ("street",), ("family", "postcode"), ("postcode",), ("text",), ("city",), ("number", "postcode"),
)  # fmt: skip
"""Pairs of which many match, so that it can be learnt from them how the other fields agree."""


def _expression(part: str, by_role: Mapping[str, Sequence[str]]) -> str:
    role, _colon, letters = part.partition(":")
    name = by_role[role][0]
    return f"substr({name}, 1, {letters})" if letters else name


def _of(rules: Iterable[Sequence[str]], by_role: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    for rule in rules:
        if all(part.partition(":")[0] in by_role for part in rule):
            yield tuple(_expression(part, by_role) for part in rule)


def _blocking(by_role: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    yield from _of(_BLOCKS, by_role)
    for role in ("phone", "ident", "email"):
        yield from ((name,) for name in by_role.get(role, ())[1:])
