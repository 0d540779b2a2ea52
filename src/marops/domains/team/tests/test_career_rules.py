from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.domains.team.queries.career import hints
from marops.domains.team.rules.career import CareerMap, columns, gap, next_roles
from marops.domains.team.rules.moves import AtHand, Offer, moves
from marops.domains.team.rules.roles import Catalogue, Role, Skill, Skills
from marops.domains.team.starter import shipped

LEVELS = ("not yet", "with help", "alone", "hard cases", "sets the way")


def role(title, *steps, level="specialist", skills=()):
    return Role.model_validate({
        "title": title, "level": level, "summary": title, "inside": True,
        "skills": [{"skill": skill, "level": need, "core": core} for skill, need, core in skills],
        "next": [{"role": to, "months": [low, high], "basis": basis} for to, low, high, basis in steps],
    })  # fmt: skip


@pytest.fixture(scope="module")
def small():
    return CareerMap({
        "a": role("A", ("b", 10, 20, "stated"), ("c", 40, 60, "stated"), ("Moon Walker", 1, 2, "stated"),
                  level="entry", skills=[("x", 1, True)]),
        "b": role("B", ("c", 10, 20, "assumption"), ("a", 1, 2, "stated"), skills=[("x", 3, True), ("y", 3, True)]),
        "c": role("C", skills=[("x", 2, True), ("z", 1, False)], level="manager"),
        "d": role("D", ("a", 5, 5, "stated")),
    })  # fmt: skip


@pytest.fixture(scope="module")
def ours():
    documents = shipped()
    roles = {slug: Role.model_validate(one) for (kind, slug), one in documents.items() if kind == "role"}
    skills = Skills.model_validate(documents["skills", "main"]).skills
    return Catalogue(roles, {one.id: one for one in skills})


def test_the_quickest_way_adds_ranges_and_is_as_sure_as_its_least_sure_step(small):
    path = small.quickest("a", "c")
    assert (path.roles, path.months, path.usual, path.basis) == (("a", "b", "c"), (20, 40), 30, "assumption")


def test_the_nearest_way_asks_for_fewer_levels_though_it_takes_longer(small):
    assert small.nearest("a", "c").roles == ("a", "c")
    assert small.nearest("a", "c", {"x": 3, "y": 3, "z": 1}).roles == ("a", "b", "c")


def test_from_several_roles_at_once_ways_lead_to_others_alone(small):
    assert {slug: path.source for slug, path in small.reachable_from(["a", "b"]).items()} == {"c": "b"}
    assert [(one.way.source, one.way.target) for one in next_roles(small, ["a", "b"], {})] == [("b", "c")]


def test_what_cannot_be_reached_has_no_way_and_a_circle_ends(small):
    assert small.quickest("c", "a") is None
    assert list(small.reachable("a")) == ["b", "c"]
    assert list(small.reachable("d")) == ["a", "b", "c"]
    assert small.reachable("nobody") == {}
    assert small.unmapped("a") == [("Moon Walker", (1, 2), "stated")]
    assert [one.source for one in small.into("c")] == ["a", "b"]


def test_a_gap_says_what_is_shared_short_and_missing(small):
    found = gap("b", small.roles["b"], {"x": 1})
    assert [(one.skill, one.state, one.short) for one in found.lacks] == [("y", "missing", 3), ("x", "short", 2)]
    assert (found.levels, found.core_levels, found.overlap) == (5, 5, pytest.approx(1 / 6))
    assert gap("b", small.roles["b"], {"x": 4, "y": 3}).overlap == 1


def test_next_roles_are_ordered_by_overlap_and_then_by_evidence(small):
    assert [one.way.target for one in next_roles(small, ["a"], {"x": 2})] == ["c", "b"]
    first = next_roles(small, ["a"], {"x": 2}, ["x"])[0]
    assert first.score == pytest.approx(0.8 * first.overlap + 0.2 * (2 / 3))


def _skill(ident, *keys):
    return Skill(id=ident, name=ident, kind="data", levels=LEVELS, evidence=keys)


def _at_hand(*offers, seen=None):
    skills = {"x": _skill("x", "quality.fixed"), "y": _skill("y", "webhook.tested"), "z": _skill("z")}
    return AtHand(skills, hints(), offers, seen or {})


def test_moves_take_what_is_at_hand_first_and_name_the_next_behaviour(small):
    mend = Offer("Mend the twelve faults", (2, 3), "quality.fixed", "/data-quality/x")
    found = moves(gap("b", small.roles["b"], {"x": 2}), _at_hand(mend))
    assert [(one.skill, one.source, one.from_level, one.to_level, one.aim) for one in found] == [
        ("x", "at hand", 2, 3, "hard cases"),
        ("y", "hint", 0, 1, "with help"),
    ]


def test_where_nothing_is_missing_moves_are_for_evidence(small):
    levels = {"x": 4, "y": 4}
    found = moves(gap("b", small.roles["b"], levels), _at_hand())
    assert [(one.skill, one.shows) for one in found] == [("x", True), ("y", True)]
    assert [one.skill for one in moves(gap("b", small.roles["b"], levels), _at_hand(seen={"quality.fixed": 2}))] == [
        "y"
    ]


def test_moves_prefer_what_a_later_role_asks_for_too_and_are_not_proposed_twice(small):
    lack = gap("b", small.roles["b"], {})
    assert [(one.skill, one.role) for one in moves(lack, _at_hand(), towards=["y"])] == [("y", "b"), ("x", "b")]
    first = moves(lack, _at_hand())[0]
    again = replace(_at_hand(), done=frozenset({first.says}))
    assert first.says not in [one.says for one in moves(lack, again)]


def test_a_sign_or_something_planned_leaves_the_first_move_open(ours):
    path = [one for one in ours.roles["marketing_manager"].new_path if one.id in ("fewer-hands", "ai-limits")]
    lack = gap("vp_mops", ours.roles["vp_mops"], ours.roles["vp_mops"].needs)

    def open_ones(**seen):
        keys = {key.replace("__", ":").replace("_", "."): n for key, n in seen.items()}
        return {one.requirement for one in moves(lack, AtHand(ours.skills, {}, seen=keys), path) if one.requirement}

    both = {"Redesign the work", "Say where AI stops"}
    assert open_ones(task_finished=142, review_done=9, ai_reviewed=9, definition_activated__workflow=3) == both
    assert open_ones(scenario_compared=1) == {"Say where AI stops"}


def test_a_role_without_steps_is_not_on_the_map(small):
    assert [slug for slug in ("a", "c", "d", "nobody") if small.holds(slug)] == ["a", "c", "d"]
    assert not CareerMap({"s": role("S")}).holds("s")


def test_every_role_inside_is_reached_from_the_coordinator_and_the_top_has_no_next_inside(ours):
    known = CareerMap(ours.roles)
    found = known.reachable("mops_coordinator")
    nine = {slug for slug, one in ours.roles.items() if one.inside}
    assert len(nine) == 9
    assert nine - {"mops_coordinator"} <= set(found)
    assert not {one.target for one in known.ways["vp_mops"]} & nine
    assert all(found[one].months[0] <= found[one].usual <= found[one].months[1] for one in found)


def test_everybody_gets_three_moves_on_each_way_of_the_catalogue(ours):
    known = CareerMap(ours.roles)
    given = AtHand(ours.skills, hints())
    for way in known.all_ways:
        target = ours.roles[way.target]
        small_ones = moves(gap(way.target, target, ours.roles[way.source].needs), given)
        assert len(small_ones) == 3, way
        assert all(one.says and one.hours[0] <= one.hours[1] for one in small_ones)


def test_there_is_a_hint_for_each_kind_of_evidence(ours):
    asked = {key for one in ours.skills.values() for key in one.evidence}
    asked |= {proof.key for one in ours.roles.values() for part in one.new_path for proof in part.evidence}
    assert asked - {""} <= set(hints())


def test_the_columns_hold_every_role_of_the_map_once_from_entry_to_executive(ours):
    known = CareerMap(ours.roles)
    found = columns(ours.roles, known.all_ways)
    placed = [slug for column in found for slug in column]
    assert len(placed) == len(set(placed)) == len(ours.roles) - 1  # sellers stand beside the map
    assert "mops_coordinator" in found[0]
    assert "vp_mops" in found[-1]


SLUGS = [f"r{number}" for number in range(7)]
STEPS = st.lists(st.tuples(st.sampled_from(SLUGS), st.sampled_from(SLUGS), st.integers(0, 30), st.integers(0, 30)))
NEEDS = st.dictionaries(st.sampled_from("uvwxyz"), st.integers(0, 4))


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_a_way_is_a_chain_of_steps_and_never_slower_than_one_step(steps):
    given_ = {slug: [(to, low, low + more, "stated") for source, to, low, more in steps if source == slug]
              for slug in SLUGS}  # fmt: skip
    known = CareerMap({slug: role(slug, *ways) for slug, ways in given_.items()})
    for slug in SLUGS:
        for target, path in known.reachable(slug).items():
            assert path.roles[0] == slug
            assert path.target == target
            assert all(one.target == two.source for one, two in zip(path.ways, path.ways[1:], strict=False))
            assert path.months == (sum(one.months[0] for one in path.ways), sum(one.months[1] for one in path.ways))
            assert len(set(path.roles)) == len(path.roles)
            assert all(path.usual <= one.usual for one in known.ways[slug] if one.target == target)


@given(NEEDS, NEEDS, st.sampled_from("uvwxyz"), st.sets(st.sampled_from("uvwxyz")))
@settings(max_examples=100, deadline=None)
def test_a_higher_level_or_more_evidence_never_lengthens_a_gap(needs, levels, skill, seen):
    asks = role("R", skills=[(one, level, one in "uv") for one, level in needs.items()])
    before = gap("r", asks, levels)
    after = gap("r", asks, levels | {skill: min(4, levels.get(skill, 0) + 1)})
    assert after.levels <= before.levels
    assert after.core_levels <= before.core_levels
    assert after.overlap >= before.overlap
    assert before.evidenced(seen | {skill}) >= before.evidenced(seen)
