"""Hand-computed examples of every number of coverage, and what has to hold for all teams."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.domains.team.rules import coverage as rules
from marops.domains.team.rules import heat
from marops.domains.team.rules.assumptions import Assumptions, Learning
from marops.domains.team.rules.coverage import Hours, Need, Opening, Worker
from marops.domains.team.rules.document import Range
from marops.domains.team.rules.letters import Hand, Passed, Table, kinds_of
from marops.domains.team.rules.roles import Catalogue, Load, Responsibility, Role, Skill
from marops.domains.team.starter import shipped

_SHIPPED = Assumptions.model_validate(shipped()["assumptions", "team"])


def span(low, usual, high):
    return Range(low=low, usual=usual, high=high)


# 100 hours at work of which 20, 10 and 10 in a hundred cannot be planned: 60 are left.
ASSUMED = _SHIPPED.model_copy(
    update={
        "hours": _SHIPPED.hours.model_copy(
            update={
                "worked_per_month": span(90, 100, 110),
                "unplanned_share": span(0.1, 0.2, 0.3),
                "meeting_share": span(0.05, 0.1, 0.15),
                "learning_share": span(0.05, 0.1, 0.15),
                "full_at": span(0.7, 0.8, 0.9),
            }
        ),
        "pace": _SHIPPED.pace.model_copy(update={"counts_as_cover_from": span(2, 3, 3)}),
    }
)


def worker(name, levels=None, shares=None, **more):
    return Worker(name, f"P-{name}", name, shares or {"ops": 1.0}, levels or {}, **more)


HOURS = Hours(10, 20, 40)


def need(key="ops/send", skills=("mail",), hours=HOURS, role="ops"):
    return Need(key, role, key, tuple(skills), hours)


def catalogue():
    duty = Responsibility(
        id="send", text="Send", skills=("mail",), load=Load(driver="mails", hours_per_unit=(0.5, 1, 2))
    )
    ops = Role(title="Ops", level="specialist", inside=True, summary="x", responsibilities=(duty,))
    skill = Skill(
        id="mail", name="Mail", kind="technology", levels=("a", "b", "c", "d", "e"),
        evidence=("definition.activated:route", "route.changed", "workflow.drawn", "task.finished"),
    )  # fmt: skip
    return Catalogue({"ops": ops}, {"mail": skill})


# --- Hours ------------------------------------------------------------------------------------------------------------


def test_needed_hours_are_the_driver_times_hours_for_each():
    (found,) = rules.needs(catalogue(), {"mails": span(8, 10, 20)}, ["ops"])
    assert (found.key, found.hours) == ("ops/send", Hours(4, 10, 40))
    assert rules.needs(catalogue(), {}, ["ops"])[0].hours is None
    assert rules.needs(catalogue(), {"mails": span(8, 10, 20)}, []) == ()


def test_a_driver_open_above_counts_with_its_usual_amount_at_the_top():
    amount = Range(low=8, usual=10, high=None)
    assert rules.needs(catalogue(), {"mails": amount}, ["ops"])[0].hours == Hours(4, 10, 20)


def test_what_can_be_planned_is_work_less_the_three_shares_times_the_week():
    found = rules.plannable(worker("Ann", shares={"ops": 0.5}, full=0.8), ASSUMED.hours)
    # low: 90 × (1 − 0.6) × 0.4, usual: 100 × 0.6 × 0.4, high: 110 × 0.8 × 0.4
    assert (found.low, found.usual, found.high) == pytest.approx((14.4, 24.0, 35.2))


def test_the_hours_of_a_responsibility_are_shared_evenly_over_its_skills():
    found = rules.skills_of([need(skills=("mail", "list")), need("ops/load", ("list",), Hours(1, 2, 3))])
    assert [hours for _, hours in found["mail"]] == [Hours(5, 10, 20)]
    assert rules.total(hours for _, hours in found["list"]) == Hours(6, 12, 23)


def test_coverage_is_hours_of_those_who_can_by_hours_needed():
    team = [worker("Ann", {"mail": 3}), worker("Bo", {"mail": 2}), worker("Cy", {"mail": 1})]
    mail = rules.cover(team, [need()], ASSUMED)["mail"]
    assert ([one.name for one in mail.able], [one.name for one in mail.experts]) == (["Ann", "Bo"], ["Ann"])
    # One expert: 36 to 60 hours; at the upper end both, 88 each.
    assert (mail.skilled.low, mail.skilled.usual, mail.skilled.high) == pytest.approx((36, 60, 176))
    assert (mail.ratio.low, mail.ratio.usual, mail.ratio.high) == pytest.approx((36 / 40, 60 / 20, 176 / 10))


def test_a_persons_hours_go_to_their_skills_as_the_work_asks_for_them():
    wanted = [need(hours=Hours(10, 30, 40)), need("ops/load", ("list",), Hours(5, 10, 20))]
    found = rules.cover([worker("Ann", {"mail": 3, "list": 4, "spare": 4})], wanted, ASSUMED)
    assert found["mail"].skilled.usual == pytest.approx(45)  # 30 of the 40 hours asked for
    assert found["list"].skilled.usual == pytest.approx(15)
    assert list(found) == ["mail", "list"]


def test_bus_factor_gap_and_nobody_for_hard_cases():
    def state(*levels):
        team = [worker(f"N{at}", {"mail": level}) for at, level in enumerate(levels)]
        one = rules.cover(team, [need()], ASSUMED)["mail"]
        return one.bus_factor, one.gap, one.headless, one.single and one.single.name

    assert state() == (0, False, False, None)  # nobody was asked: nothing can be said
    assert state(0, 1) == (0, True, False, None)
    assert state(2, 1) == (0, False, True, None)
    assert state(3, 2) == (1, False, False, "N0")
    assert state(3, 4) == (2, False, False, None)


def test_nothing_is_certain_while_somebody_does_not_show_their_skills():
    unseen = worker("Bo", seen=False)
    alone = rules.cover([worker("Ann", {"mail": 3}), unseen], [need()], ASSUMED)["mail"]
    nobody = rules.cover([worker("Ann"), unseen], [need()], ASSUMED)["mail"]
    assert (alone.single, nobody.gap, nobody.headless, alone.hidden) == (None, False, False, 1)


def test_a_responsibility_is_as_covered_as_the_thinnest_of_its_skills():
    wanted = [need(skills=("mail", "list"), hours=Hours(20, 40, 80))]
    team = [worker("Ann", {"mail": 3, "list": 3}), worker("Bo", {"mail": 3})]
    skills = rules.cover(team, wanted, ASSUMED)
    (one,) = rules.duties(team, wanted, skills)
    assert (one.thinnest.skill, [who.name for who in one.able]) == ("list", ["Ann"])
    assert one.ratio.usual == pytest.approx(30 / 20)  # half of Ann's sixty against half of the forty


@pytest.mark.parametrize(
    ("levels", "standing", "known"),
    [
        ((), "unknown", False), ((None,), "unknown", False), ((0, 1), "uncovered", True), ((2, 1), "headless", True),
        ((3, 2), "single", True), ((3, 3), "covered", True),
    ],
)  # fmt: skip
def test_a_skill_stands_in_one_way_and_without_levels_it_is_not_nought_of_a_hundred(levels, standing, known):
    team = [worker(f"N{at}", {} if level is None else {"mail": level}) for at, level in enumerate(levels)]
    one = rules.cover(team, [need()], ASSUMED)["mail"]
    assert (one.standing, one.ratio is not None) == (standing, known)
    assert rules.cover([*team, worker("Bo", seen=False)], [need()], ASSUMED)["mail"].standing == "hidden"


def test_two_experts_with_too_few_hours_are_no_cover_and_not_sure_while_the_range_holds_the_whole():
    team = [worker("Ann", {"mail": 3}), worker("Bo", {"mail": 4})]
    found = [rules.cover(team, [need(hours=one)], ASSUMED)["mail"] for one in (
        Hours(900, 1000, 1100), Hours(90, 200, 400), Hours(1, 2, 3))]  # fmt: skip
    assert [(one.standing, one.enough) for one in found] == [
        ("short", "short"), ("covered", "unsure"), ("covered", "sure"),
    ]  # fmt: skip


def test_a_responsibility_with_a_skill_that_is_not_assessed_is_known_to_lack_only_where_another_is_a_gap():
    def of(**levels):
        team = [worker("Ann", levels)]
        wanted = [need(skills=("mail", "list"))]
        (one,) = rules.duties(team, wanted, rules.cover(team, wanted, ASSUMED))
        return one.unknown, one.ratio and one.ratio.usual

    assert of(mail=3) == (1, None)
    assert of(mail=0) == (1, 0.0)
    assert of() == (2, None)


# --- What rests on one, and the remedy --------------------------------------------------------------------------------


def test_a_week_without_somebody_leaves_the_hours_of_what_rests_on_them():
    wanted = [need(hours=Hours(10, 20, 40)), need("ops/load", ("list",), Hours(4, 8, 16))]
    team = [worker("Ann", {"mail": 3, "list": 3}), worker("Bo", {"list": 2})]
    (rest,) = rules.resting(rules.cover(team, wanted, ASSUMED).values())
    weeks = rules.WEEKS_OF_MONTH
    assert (rest.person.name, {one.skill for one in rest.skills}) == ("Ann", {"mail", "list"})
    # Bo is able to do the usual cases of lists, so that the low end leaves them out.
    assert (rest.week.low, rest.week.usual, rest.week.high) == pytest.approx((10 / weeks, 28 / weeks, 56 / weeks))


def test_the_cheapest_remedy_is_whoever_is_nearest_then_asked_for_it_then_has_room():
    team = [
        worker("Ann", {"mail": 4}), worker("Bo", {"mail": 1}), worker("Cy", {"mail": 2}, {"other": 1.0}),
        worker("Di", {"mail": 2}), worker("Ed", {"mail": 2}),
    ]  # fmt: skip
    skills = rules.cover(team, [need()], ASSUMED)
    room = {"Cy": 50.0, "Di": 5.0, "Ed": 9.0}
    (found,) = rules.remedies(skills.values(), team, room, Learning(), {"ops": ["mail"]})
    assert (found.learner.name, found.level, found.hours) == ("Ed", 2, Hours(24, 48, 96))
    (far,) = rules.remedies(
        rules.cover(team[:2], [need()], ASSUMED).values(), team[:2], {}, Learning(), {}
    )  # fmt: skip
    assert (far.learner.name, far.hours) == ("Bo", Hours(40, 80, 160))
    assert rules.remedies(rules.cover(team[:1], [need()], ASSUMED).values(), team[:1], {}, Learning(), {}) == ()


# --- Load, spans, openings --------------------------------------------------------------------------------------------


def test_hours_are_shared_by_weight_and_set_against_what_can_be_planned():
    team = [worker("Ann", tasks=6.0), worker("Bo", shares={"ops": 0.5})]
    found = rules.loads(team, [need(hours=Hours(30, 90, 120))], {"ops/send": {"Ann": 1.0, "Bo": 0.5}}, ASSUMED.hours)
    ann, bo = found["Ann"], found["Bo"]
    assert (ann.needed, bo.needed) == (Hours(26, 66, 86), Hours(10, 30, 40))
    assert (ann.share.low, ann.share.usual, ann.share.high) == pytest.approx((26 / 88, 66 / 60, 86 / 36))
    assert (ann.fullness, ann.certain, bo.fullness) == ("over", False, "full")


def test_too_much_whatever_happens():
    found = rules.loads([worker("Ann")], [need(hours=Hours(90, 95, 99))], {"ops/send": {"Ann": 1}}, ASSUMED.hours)
    assert found["Ann"].certain  # 90 hours against 88 at best


@pytest.mark.parametrize(
    ("hours", "fullness", "sure"),
    [
        (Hours(90, 95, 99), "over", "certain"),
        (Hours(61, 70, 99), "over", "likely"),  # the least of it is more than the usual sixty
        (Hours(20, 89, 99), "over", "likely"),  # the usual of it is more than 88 at best
        (Hours(20, 70, 300), "over", "possible"),
        (Hours(20, 60.2, 300), "full", "possible"),  # written as 100 %
    ],
)
def test_how_sure_too_much_is_comes_of_how_far_the_ranges_overlap(hours, fullness, sure):
    one = rules.loads([worker("Ann")], [need(hours=hours)], {"ops/send": {"Ann": 1}}, ASSUMED.hours)["Ann"]
    assert (one.fullness, one.sure) == (fullness, sure)


@pytest.mark.parametrize(
    ("reports", "leads_as", "state", "fits"),
    [
        (4, "player-coach", "fits", "player-coach"),
        (6, "player-coach", "many", "coach"),
        (6, "supervisor", "few", "coach"),
        (12, "", "unset", "facilitator"),
        (40, "coordinator", "fits", "coordinator"),
        (1, "", "unset", "player-coach"),
    ],
)
def test_spans_are_judged_by_the_way_of_leading(reports, leads_as, state, fits):
    (found,) = rules.spans([(worker("Ann", leads_as=leads_as), reports)], ASSUMED.spans)
    assert (found.state, found.fits.id) == (state, fits)
    assert rules.spans([(worker("Ann"), 0)], ASSUMED.spans) == ()


def test_an_opening_closes_gaps_and_gives_second_people():
    wanted = [need(), need("ops/load", ("list",)), need("ops/rest", ("api",))]
    skills = rules.cover([worker("Ann", {"mail": 3, "api": 2, "list": 0})], wanted, ASSUMED)
    opening = Opening("V-1", "New", {"ops": 0.5}, {"mail": 3, "list": 2, "api": 3})
    found = rules.closes(opening, skills, ASSUMED.hours)
    assert ([one.skill for one in found.gaps], [one.skill for one in found.seconds]) == (["list"], ["mail"])
    assert found.plannable.usual == pytest.approx(30)


# --- Letters ----------------------------------------------------------------------------------------------------------


def table(**more):
    people = [
        worker("Boss", shares={"lead": 1.0}),
        worker("Ann", manager="Boss"),
        worker("Bo", manager="Boss"),
        worker("Cy", shares={"other": 1.0}, manager="Boss"),
    ]
    return Table({one.id: one for one in people}, catalogue().skills, **more)


def cells(found, one=None):
    row = one or need()
    return {who: letter.letter for who in found.workers if (letter := found.cell(row, who))}


def test_letters_come_from_roles_managers_authors_and_hand_offs():
    found = table(wrote={"route": {"Cy": ("route/a",)}})
    assert cells(found) == {"Boss": "A", "Ann": "R", "Bo": "R", "Cy": "C"}
    assert cells(found, need(role="lead")) == {"Boss": "AR", "Cy": "C"}  # nobody above: does it and answers for it
    told = table(hears={"ops": {"other": [Passed("Mail", 3)]}})
    assert cells(told) == {"Boss": "A", "Ann": "R", "Bo": "R", "Cy": "I"}
    assert kinds_of(need(), catalogue().skills) == ("route", "workflow")


def test_a_letter_set_by_hand_replaces_and_an_a_takes_over():
    hand = {("ops/send", "Ann"): Hand("A"), ("ops/send", "Bo"): Hand(""), ("ops/send", "Cy"): Hand("R")}
    found = table(hand=hand)
    assert cells(found) == {"Ann": "A", "Bo": "", "Cy": "R"}
    assert (found.answering(need()), found.does(need())) == (["Ann"], {"Cy": 1.0})


def test_nobody_or_two_who_answer_for_it_can_be_told():
    assert table(hand={("ops/send", "Boss"): Hand("I")}).answering(need()) == []
    two = table(hand={("ops/send", "Ann"): Hand("A"), ("ops/send", "Bo"): Hand("A")})
    assert sorted(two.answering(need())) == ["Ann", "Bo"]


def test_a_place_nobody_has_carries_its_letter_and_does_nothing_yet():
    opening = Opening("V-1", "New", {"none": 1.0}, {})
    found = table(openings={"v": opening}, hand={})
    row = need("none/x", role="none")
    assert (found.cell(row, "v").why, found.unowned([row, need()]), found.planned(row)) == ("planned", [row], [opening])


# --- The map ----------------------------------------------------------------------------------------------------------


def test_in_a_group_somebody_has_the_level_that_half_of_it_reach():
    skills = rules.cover([], [need(skills=("a", "b", "c"))], ASSUMED)
    assert heat.columns(skills, {}) == ()  # nobody has a level in any of them
    column = heat.Column("x", tuple(skills.values()))
    assert [heat.level_in(levels, column) for levels in ({"a": 3}, {"a": 3, "b": 2}, {"a": 3, "b": 2, "c": 1}, {})] == [
        0, 2, 2, 0,
    ]  # fmt: skip


def test_many_people_are_told_by_their_roles():
    team = [worker("Ann", {"mail": 3}), worker("Bo", {"mail": 1}), worker("Cy", seen=False)]
    skills = rules.cover(team, [need()], ASSUMED)
    (row,) = heat.role_rows(team, heat.columns(skills, catalogue().skills))
    assert (row.role, row.seen, row.people, row.able) == ("ops", 2, 3, (1,))


# --- For all teams ----------------------------------------------------------------------------------------------------

_LEVELS = st.dictionaries(st.sampled_from(["mail", "list", "api"]), st.integers(0, 4))
_TEAM = st.lists(st.tuples(_LEVELS, st.sampled_from([0.25, 0.5, 1.0])), max_size=6)
_WANTED = [
    need(),
    need("ops/load", ("list", "mail"), Hours(3, 6, 9)),
    need("ops/join", ("api",), Hours(1, 50, 90)),
]


@settings(max_examples=60, deadline=None)
@given(team=_TEAM, more=_LEVELS)
def test_somebody_more_never_lowers_a_coverage_nor_makes_a_new_warning(team, more):
    people = [worker(f"N{at}", levels, {"ops": share}) for at, (levels, share) in enumerate(team)]
    before = rules.cover(people, _WANTED, ASSUMED)
    after = rules.cover([*people, worker("New", more)], _WANTED, ASSUMED)
    for skill, one in before.items():
        now = after[skill]
        assert now.bus_factor >= one.bus_factor
        assert len(now.able) >= len(one.able)
        assert one.gap or one.unknown or not now.gap
        for end in ("low", "usual", "high"):
            assert getattr(now.skilled, end) >= getattr(one.skilled, end) - 1e-9
            assert one.ratio is None or getattr(now.ratio, end) >= getattr(one.ratio, end) - 1e-9


@settings(max_examples=60, deadline=None)
@given(team=_TEAM)
def test_nobodys_hours_are_counted_twice_and_ranges_are_in_order(team):
    people = [worker(f"N{at}", levels, {"ops": share}) for at, (levels, share) in enumerate(team)]
    found = rules.cover(people, _WANTED, ASSUMED)
    skilled = rules.total(one.skilled for one in found.values())
    assert skilled.usual <= rules.total(rules.plannable(one, ASSUMED.hours) for one in people).usual + 1e-9
    assert all(one.skilled.low <= one.skilled.usual <= one.skilled.high for one in found.values())
