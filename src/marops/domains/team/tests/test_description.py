import re
from dataclasses import replace

import pytest

from marops.domains.team.queries.openings import interviewing
from marops.domains.team.rules.description import (
    Asked,
    Duty,
    Phase,
    Place,
    as_lines,
    description,
    digest_of,
    markdown,
)
from marops.domains.team.rules.interview import chosen, sheet
from marops.domains.team.rules.roles import NeededSkill, Skill, Skills
from marops.domains.team.starter import shipped

PLACE = Place(
    title="Campaign Operations Manager",
    share=0.8,
    summary=["Carries campaigns."],
    duties=[
        Duty("c/plan", "Carry campaigns out", "others"),
        Duty("c/check", "Check every launch", "nobody"),
        Duty("c/means", "Match campaigns with hours", "one"),
        Duty("c/test", "Run tests", "nobody"),
    ],
    skills=[
        Asked("scoring", "Lead scoring", 3, "Explains a score.", True, "nobody", 9.0),
        Asked("consent", "Consent", 2, "Reads the rules.", False, "nobody", 1.0),
        Asked("planning", "Planning", 3, "Plans a quarter.", True, "others", 0.0),
        Asked("html", "HTML", 1, "Mends a link.", False, "others", 0.0),
    ],
    reports_to="Manager of Marketing Operations",
    works_with=["Email Marketing Specialist"],
    tools=["Asana"],
    phases=[Phase(30, "Knows people.", ["Set up a test."])],
    years=["2 to 4 years", "no years at all"],
    hours=(20, 30, 44),
    week=21,
)


def text_of(place, by_hand=None):
    return markdown(place.title, "", description(place, by_hand))


def test_each_gap_is_named_once():
    text = text_of(PLACE)
    for gap in ("Check every launch", "Run tests", "Match campaigns with hours", "Lead scoring", "Consent"):
        assert text.count(gap) == 1, gap


def test_what_nobody_does_comes_first_and_what_others_do_apart():
    sections = {one.key: one for one in description(PLACE)}
    assert sections["do"].lines[1:3] == ("- Check every launch", "- Run tests")
    assert "- Carry campaigns out" in sections["not"].lines
    assert sections["bring"].lines[1].startswith("- Lead scoring: explains a score.")
    assert "HTML (a first idea is enough)" in " ".join(sections["learn"].lines)


def test_what_the_team_lacks_is_not_told_outside():
    inside, outside = (text_of(replace(PLACE, hidden=2, outside=told)) for told in (False, True))
    for inner in ("nobody", "single person", "the one person who does it", "did not show", "the team lacks"):
        assert inner in inside, inner
        assert inner not in outside, inner
    for task in ("Check every launch", "Run tests", "Lead scoring", "Carry campaigns out"):
        assert outside.count(task) == 1, task


def test_it_is_honest_about_hours_share_and_years():
    honest = " ".join(next(one for one in description(PLACE) if one.key == "honest").lines)
    assert "80% of a full week" in honest
    assert "about 30 hours a week here (20 to 44)" in honest
    assert "more than fits into it" in honest
    assert "Usual is: 2 to 4 years; no years at all." in honest


def test_nothing_is_said_of_pay_unless_it_is_released():
    assert not any(one.key == "pay" for one in description(PLACE))
    told = description(replace(PLACE, pay="EUR 60,000 to 70,000 a year"))
    assert told[-1].lines == ("EUR 60,000 to 70,000 a year",)


def test_words_by_hand_stand_and_say_when_what_they_cover_changed():
    made = next(one for one in description(PLACE) if one.key == "do").made
    kept = {"do": {"text": "Run it.\n- Well", "made": digest_of(made)}}
    section = next(one for one in description(PLACE, kept) if one.key == "do")
    assert section.lines == ("Run it.", "- Well")
    assert not section.stale
    assert section.made == made
    other = replace(PLACE, duties=PLACE.duties[:1])
    again = {one.key: one for one in description(other, kept)}
    assert again["do"].stale
    assert again["do"].lines == ("Run it.", "- Well")


def test_letters_that_mean_something_in_markdown_are_only_letters():
    kept = {"why": {"text": "<b>Now</b> *really* [x](y)\n- a|b", "made": ""}}
    text = text_of(PLACE, kept)
    assert r"\<b\>Now\</b\> \*really\* \[x\](y)" in text
    assert r"- a\|b" in text


def test_a_line_with_a_hyphen_is_an_item_and_empty_lines_go():
    assert as_lines(" a \n\n- b\n") == ("a", "- b")


SKILLS = Skills.model_validate(shipped()["skills", "main"]).skills


@pytest.mark.parametrize("wanted", [1, 2, 3, 4])
def test_every_skill_has_a_whole_sheet_at_every_level(wanted):
    for skill in SKILLS:
        found = sheet(interviewing(), skill, wanted)
        assert [says for _level, says in found.levels] == list(skill.levels)
        assert 3 <= len(found.questions) <= 4
        assert skill.levels[wanted] in found.questions[0]
        assert not any(re.search(r"[{}]", line) for line in (*found.questions, *found.shows))
        assert (skill.levels[4] in " ".join(found.questions)) or wanted < 3


def test_core_skills_are_asked_first_then_what_the_team_lacks_most():
    needs = [
        NeededSkill(skill="a-one", level=3), NeededSkill(skill="b-two", level=2),
        NeededSkill(skill="c-three", level=2, core=True),
        NeededSkill(skill="d-four", level=1, core=True), NeededSkill(skill="e-five", level=0, core=True),
        *(NeededSkill(skill=f"more-{n}", level=1) for n in range(5)),
    ]  # fmt: skip
    asked, left = chosen(interviewing(), needs, {"b-two": 5.0, "more-4": 9.0})
    assert [one.skill for one in asked[:3]] == ["c-three", "more-4", "b-two"]
    assert len(asked) == 5
    assert "e-five" not in {one.skill for one in (*asked, *left)}


def test_names_keep_their_capitals_where_they_are_abbreviations():
    skill = Skill(id="ab", name="A/B testing", kind="analytics", levels=("a.", "b.", "c.", "d.", "e."))
    assert "did A/B testing go" not in sheet(interviewing(), skill, 2).questions[0]
    assert "A/B testing" in sheet(interviewing(), skill, 2).questions[-1]
