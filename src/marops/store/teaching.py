"""What agreement in each field is worth, learnt from the records themselves without anybody's labels.

How often strangers agree is counted on random pairs. How often the same agree is learnt by expectation maximisation on
pairs that share something (Fellegi and Sunter 1969; Winkler 1988), one lesson for each thing that they share. Where
few records are there twice, a lesson can take colleagues or neighbours for the same: one that finds the same people to
bear other names is thrown away, and what no lesson taught stays as it was assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from marops.methods.matching.learnt import FEWEST, MOST, Degree, Learnt
from marops.store.linking import Desk

_RECALL: Final = 0.7
_ENOUGH, _MANY, _LESSONS = 30, 20_000_000, 3
_SEED: Final = 1
Shares = Mapping[str, Sequence[Degree]]


def taught(desk: Desk) -> Learnt:
    """The shares of each degree of agreement among the same and among others; the share of the same is a guess."""
    base, share = _strangers(desk)
    lessons = list[Shares]()
    for rule in _rules(desk):
        found = _lesson(desk, rule, base, share)
        if found and _plausible(desk, found):
            lessons.append(found)
        if len(lessons) >= _LESSONS and all(
            any(one.field in each for each in lessons) for one in desk.plan.comparisons
        ):
            break
    return Learnt(share, desk.rows, {name: _mean(name, each, lessons) for name, each in base.items()}, {}, {})


def _strangers(desk: Desk) -> tuple[Shares, float]:
    """How often strangers agree, with what is assumed of the same; and a first guess at how many of all pairs are."""
    from splink import block_on

    linker = desk.linker([])
    certain = [block_on(*rule) for rule in desk.plan.certain if desk.pairs(rule)][:4]
    if certain:
        linker.training.estimate_probability_two_random_records_match(certain, recall=_RECALL)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=_SEED)
    base = {name: _never_equal(each) if not desk.pairs((name,)) else each for name, each in shares_of(linker).items()}
    return base, linker.misc.save_model_to_json()["probability_two_random_records_match"]


def _never_equal(shares: Sequence[Degree]) -> list[Degree]:
    """What is assumed of a field in which no two are equal, such as an address by which records were joined before.

    Then those who are still there twice are there with other values, which speaks little against them.
    """
    near = [_NEARLY / 2**at for at in range(1, len(shares) - 1)]
    same = [_TINY, *near, 1 - _TINY - sum(near)]
    return [(m, u) for m, (_m, u) in zip(same, shares, strict=True)]


def _rules(desk: Desk) -> list[tuple[str, ...]]:
    return [rule for rule in desk.plan.lessons if _ENOUGH <= desk.pairs(rule) <= _MANY]


def _lesson(desk: Desk, rule: tuple[str, ...], base: Shares, share: float) -> Shares | None:
    """What the pairs that share this teach of the other fields; None where they show nothing."""
    from splink import block_on
    from splink.internals.exceptions import EMTrainingException

    known = Learnt(share, desk.rows, base, {}, {})
    linker = desk.linker([], known)
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule), max_pairs=2e6)
    except (EMTrainingException, ValueError):  # the pairs of this rule show nothing, or nothing that matches
        return None
    fields = {one.field for one in desk.plan.comparisons if one.field not in rule}
    return {name: each for name, each in shares_of(linker).items() if name in fields}


_NAMES: Final = frozenset({"given", "family", "name"})
_NEARLY: Final = 0.5
_TELLING: Final = frozenset({"email", "phone", "birth", "ident"})
_OTHERWISE: Final = 0.5


def _plausible(desk: Desk, found: Shares) -> bool:
    """Do those whom the lesson takes for the same bear the same names, and on the whole the same of what is theirs?"""
    roles = {one.name: one.role for one in desk.plan.fields}
    names = _NAMES & set(roles.values()) or {"company"}
    other = {name: each[-1][0] for name, each in found.items() if roles[name] in names | _TELLING}
    if any(share > _OTHERWISE for name, share in other.items() if roles[name] in names):
        return False
    return not other or sum(other.values()) / len(other) <= _OTHERWISE


def _mean(name: str, base: Sequence[Degree], lessons: Sequence[Shares]) -> list[Degree]:
    known = [each[name] for each in lessons if name in each]
    if not known:
        return list(base)
    return [(sum(each[at][0] for each in known) / len(known), u) for at, (_m, u) in enumerate(base)]


def shares_of(linker: Any) -> dict[str, list[Degree]]:
    """The shares as the linker has them, from equal to different."""
    model = linker.misc.save_model_to_json()["comparisons"]
    said = {one["output_column_name"]: one["comparison_levels"] for one in model}
    return {
        name: [(each.get("m_probability") or _TINY, each.get("u_probability") or _TINY)
               for each in levels if not each.get("is_null_level")]
        for name, levels in said.items()
    }  # fmt: skip


_TINY: Final = 1e-6


def for_later(desk: Desk, learnt: Learnt, same: float) -> Learnt:
    """What can be used again: with the share of the same that came out, and which values many have."""
    often, seldom = dict[str, dict[str, float]](), dict[str, float]()
    for name in desk.plan.frequencies if desk.frequent else ():
        often[name], seldom[name] = _frequencies(desk, name)
    share = min(0.5, max(same, 0.01) / (desk.rows * (desk.rows - 1) / 2))
    return Learnt(share, desk.rows, learnt.fields, often, seldom)


def _frequencies(desk: Desk, name: str) -> tuple[dict[str, float], float]:
    counted = f"SELECT {name} AS value, count(*) AS n FROM people WHERE {name} IS NOT NULL GROUP BY 1"
    ((every, kinds),) = desk.con.execute(f"SELECT coalesce(sum(n), 0)::BIGINT, count(*) FROM ({counted})").fetchall()
    top = desk.con.execute(f"FROM ({counted}) WHERE n >= {FEWEST} ORDER BY n DESC, value LIMIT {MOST}").fetchall()
    rest, others = every - sum(n for _value, n in top), kinds - len(top)
    return {value: n / every for value, n in top}, (rest / others / every if others else 1 / max(1, every))
