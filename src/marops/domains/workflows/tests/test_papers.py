"""The two one-pagers, made of answers that the real simulation gave."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import pypdf
import pytest

from marops.domains.workflows.answering.bottleneck import bottleneck
from marops.domains.workflows.answering.measuring import measured
from marops.domains.workflows.answering.outcomes import Setting as Simulated
from marops.domains.workflows.answering.report import report
from marops.domains.workflows.papers import brief as one_to_one
from marops.domains.workflows.papers import options as compared
from marops.domains.workflows.papers import printing, setting
from marops.domains.workflows.papers.brief import brief
from marops.domains.workflows.papers.options import options
from marops.domains.workflows.papers.pieces import Asked, Setting, plain
from marops.domains.workflows.papers.proposing import proposal
from marops.domains.workflows.rules.answers import BottleneckAnswer, Comparison, Estimate, read
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import Known
from marops.domains.workflows.starter import template_crew, templates
from marops.domains.workflows.telling import Results, Told
from marops.domains.workflows.tests.flowground import STEPS, crew, situation, workflow

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
FIRST = date(2026, 11, 22)
PAPER = Setting("Fenwick Systems", "newsletter", 3, 3, AT, program="1.2.3")
HOSTILE = '#read("/etc/passwd") <b>*bold*</b> $x^2$ \\ `raw` @ref ]#[ " \' ✓ Größe 猫 ' + "Wordswithoutanyspace" * 8
HIRE = {
    "change": "hire", "name": "Campaign manager", "skills": {"planning": 1, "writing": 1}, "start": "2027-02-01",
    "ramp": {"months": 4, "first": 0.4}, "cost_per_year": 72_000, "one_off": 9_000,
}  # fmt: skip
DAILY = {"change": "rehour", "person": "cy", "calendar": "office", "start": 3, "because": "Legal agreed"}
LONG = {**HIRE, "because": HOSTILE * 6}
BETTER = {"change": "rework", "step": "legal", "probability": 0.12, "start": 4}


def _frame(months):
    return Frame(FIRST, months, "Europe/Berlin", 2)


def many_steps(count):
    found = []
    for n in range(count):
        step = {key: value for key, value in STEPS[n % 4].items() if key not in ("rework", "review")}
        found.append({**step, "id": f"s{n}", "name": f"Step {n} of a very long course of work", "effort": 0.1})
    return found


@cache
def found(per_month=14.0, months=14, steps=0):
    """The bottleneck of the small team's newsletter, and how it goes."""
    ground = situation(per_month, **({"steps": many_steps(steps)} if steps else {}))
    answer, outcome = bottleneck(ground, Simulated(_frame(months), 1, 8), target="newsletter", unit="newsletter")
    return answer, measured(outcome, version=3, at=AT, seconds=1.0, seed=1)


@cache
def report_of(*keys, deep=True):
    """Scenarios of the same team compared, as they are kept."""
    here = Known("newsletter", situation(14.0), ("workflow/newsletter@3", "crew/marketing@2"))
    chosen = {key: Scenario.model_validate(SCENARIOS[key]) for key in keys}
    kept = report(here, chosen, Simulated(_frame(10), 1, 8), deep=deep, tell=lambda _: None)
    plain_of = {key: one.model_dump(mode="json", by_alias=True, exclude_none=True) for key, one in chosen.items()}
    return kept, {
        "months": 10,
        "runs": 8,
        "seed": 1,
        "first": "2026-11-22",
        "versions": here.refs,
        "scenarios": plain_of,
    }


SCENARIOS = {
    "manager": {"title": "Campaign manager", "changes": [HIRE]},
    "architect": {"title": "Workflow Architect", "changes": [DAILY, BETTER]},
    "nothing": {"title": "A new logo", "changes": []},
    "doubtful": {"title": "Typo", "changes": [{"change": "hire", "name": "Eve", "skills": {"leagl": 1}}]},
    "leaves": {"title": "Dee goes", "changes": [{"change": "leave", "person": "dee", "start": 2}]},
    **{
        f"long-{n}": {"title": f"{n} {HOSTILE}"[:200], "note": HOSTILE * 4, "changes": [LONG] * 7}
        for n in range(6)
    },
}  # fmt: skip


def told(flow=None, hands=None, **results):
    return Told(flow or workflow(14.0, unit="newsletter"), hands or crew(), Results(**results), slug="newsletter")


def asked(**changes):
    return Asked(
        **{"months": 14, "runs": 8, "seed": 1, "first": FIRST, "versions": ("workflow/newsletter@3",), **changes}
    )


def page_of(**changes):
    answer, how = found()
    return brief(told(bottleneck=answer, measured=how, **changes), one_to_one.Known(PAPER, asked()))


def compared_by(*keys, hands=None, deep=True):
    kept, plain_of = report_of(*keys, deep=deep)
    names = {"cy": "Cy", "legal": "Legal review"}
    known = compared.Known(PAPER, Asked.of(plain_of), "Newsletter", names, hands or crew())
    return options(read(Comparison, kept["answer"]), known)


def text_of(content):
    """Pages and words of a PDF; words may be broken anywhere, so they are told without spaces."""
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return len(pages), "".join("".join(one.extract_text() for one in pages).split())


def printed(template, values):
    """The words of a paper that is one page, on which nothing stands over anything else."""
    count, text = text_of(printing.pdf(template, values, AT))
    assert count == 1
    left = printing.room(template, values)["left"]
    assert left >= 25 if values["map"] else left >= 0
    return text.replace("\u200b", "")


def squeezed(words):
    return "".join(words.split())


def test_the_workflow_page_is_one_page_with_answer_proposal_and_sources():
    page = page_of()
    text = printed("brief", setting.of_brief(page))
    assert plain(page.answer).startswith("Legal holds back")
    for words in (plain(page.answer), page.proposal.title, plain(page.proposal.brings), "Legal review", *page.sources):
        assert squeezed(words) in text
    for words in (
        *setting.brief_words().values(),
        *page.proposal.true,
        *page.proposal.know,
        *page.waiting,
        *page.evidence,
    ):
        assert squeezed(words) in text
    assert "workflow/newsletter@3" in text
    assert "seed1" in text
    assert "22November2026" in text


def test_intervals_stand_beside_every_figure():
    page = page_of()
    assert all(one.between for one in page.figures)
    assert [one.voice for one in page.answer].count("quiet") == 2
    assert all(dot.low <= dot.at <= dot.high for plot in page.plots for dot in plot.dots)
    assert all(dot.low >= 0 and dot.high <= 1 for plot in page.plots for dot in plot.dots)
    assert len(page.plots) == 4


def test_the_same_answer_gives_the_same_bytes():
    values = setting.of_brief(page_of())
    assert printing.pdf("brief", values, AT) == printing.pdf("brief", values, AT)


def test_the_font_is_inter_and_travels_with_the_paper():
    content = printing.pdf("brief", setting.of_brief(page_of()), AT)
    fonts = {one["/BaseFont"] for page in pypdf.PdfReader(io.BytesIO(content)).pages for one in _fonts(page)}
    assert fonts
    assert all("+Inter" in one for one in fonts)


def _fonts(page):
    return [one.get_object() for one in page["/Resources"]["/Font"].values()]


def test_what_people_wrote_is_never_source():
    answer, how = found()
    flow = workflow(14.0, title=HOSTILE[:200], unit="newsletter", summary=HOSTILE * 9, notes=[HOSTILE * 9] * 40)
    steps = [one.model_copy(update={"name": HOSTILE[:200]}) for one in flow.steps]
    flow = flow.model_copy(update={"steps": tuple(steps)})
    told_of = told(flow, bottleneck=answer, measured=how)
    page = brief(
        told_of, one_to_one.Known(Setting(HOSTILE * 3, "newsletter", 3, 4, AT), asked(versions=(HOSTILE,) * 30))
    )
    text = printed("brief", setting.of_brief(page))
    assert '#read("/etc/passwd")<b>*bold*</b>$x^2$' in text
    assert "root:" not in text
    assert "37morenotes" in text


@pytest.mark.parametrize("count", [40, 90])
def test_a_workflow_of_many_steps_is_one_page(count):
    answer, how = found(6.0, 3, 40)
    flow = workflow(6.0, steps=many_steps(count), unit="newsletter")
    page = brief(told(flow, bottleneck=answer, measured=how), one_to_one.Known(PAPER, asked()))
    assert page.map_kind == "list"
    text = printed("brief", setting.of_brief(page))
    assert "Step12ofavery" in text
    assert ("42moresteps" in text) == (count == 90)


@pytest.mark.parametrize("slug", list(templates()))
def test_every_template_is_one_page_before_anybody_asked(slug):
    one = Told(templates()[slug].workflow, template_crew()[1], slug=slug)
    page = brief(one, one_to_one.Known(PAPER))
    assert page.proposal.title == "Find the bottleneck first"
    assert squeezed(plain(page.answer)) in printed("brief", setting.of_brief(page))


def test_a_page_without_intervals_methods_or_waiting_still_prints():
    bare = BottleneckAnswer(None, ())
    page = brief(told(bottleneck=bare), one_to_one.Known(PAPER, asked()))
    assert "more could come in" in plain(page.answer)
    assert page.proposal.title == "Change nothing here"
    printed("brief", setting.of_brief(page))


def test_where_people_have_time_the_page_is_about_waiting():
    answer, how = found(4.0)
    page = brief(told(bottleneck=answer, measured=how), one_to_one.Known(PAPER, asked()))
    assert plain(page.answer).startswith("Every newsletter waits")
    assert "Legal review" in plain(page.answer)
    assert page.proposal.title == "Let Legal review be done on more days"
    assert plain(page.proposal.brings).startswith("up to ")
    assert any("No newsletters are lost" in one for one in page.waiting)
    printed("brief", setting.of_brief(page))


def test_a_limit_that_is_not_reached_holds_nothing_back():
    answer, how = found()
    spare = replace(answer, holds_back=Estimate(0.0, 0.0, 0.0))
    page = brief(told(bottleneck=spare, measured=how), one_to_one.Known(PAPER, asked()))
    said = plain(page.answer)
    assert said.startswith("No newsletters are lost, but only ")
    assert "(−" not in said  # a share is never below nothing
    assert "; if more came in, Legal would be the limit" in said
    kept = replace(how, figures=replace(how.figures, on_time=Estimate(0.9, 0.86, 0.94)))
    page = brief(told(bottleneck=spare, measured=kept), one_to_one.Known(PAPER, asked()))
    assert plain(page.answer).startswith("Nothing is held back today; if more newsletters came in, Legal would be")
    assert any("no newsletters are lost" in one for one in page.waiting)
    assert any("More come in than today" in one for one in page.proposal.true)


def test_the_proposal_is_the_decision_that_helps_the_plan_most():
    answer, how = found()
    decisions = {
        "decisions": [
            {"title": "Legal on any working day", "gain": {"value": 0.31, "low": 0.22, "high": 0.4}},
            {"title": "Copy drafted with AI", "gain": {"value": 0.4, "low": -0.1, "high": 0.9}},
        ]
    }
    one = proposal(told(bottleneck=answer, measured=how), decisions, asked())
    assert (one.kind, one.title) == ("decision", "Legal on any working day")
    assert plain(one.brings) == "+31 percentage points for the plan (22–40)"


def test_the_comparison_is_one_page_with_question_answer_and_what_turns_it():
    page = compared_by("manager", "architect")
    text = printed("options", setting.of_options(page))
    assert page.question == "Campaign manager or Workflow Architect?"
    assert plain(page.answer).startswith("Workflow Architect: ")
    for words in (page.question, plain(page.answer), page.flip, page.following, *page.sources, "Do nothing"):
        assert words
        assert squeezed(words) in text
    assert "EUR72,000ayear" in text
    assert "Cyworksbythecalendaroffice,after3months.Because:Legalagreed" in text
    assert [one.title for one in page.heads] == ["Do nothing", "Campaign manager", "Workflow Architect"]


def test_differences_hold_their_intervals_and_only_what_is_told_is_strong():
    page = compared_by("manager", "architect")
    rows = {one.name: one.cells for one in page.rows}
    manager, architect = rows["Finished a month"][1:]
    assert architect.told
    assert "(" in architect.under
    assert not manager.told or not manager.under.startswith("0.0")


def test_what_brings_nothing_is_said_to_bring_nothing():
    page = compared_by("nothing")
    assert plain(page.answer).startswith("0 %: A new logo brings no more newsletters") or "0 %" in plain(page.answer)
    assert page.question == "A new logo, or leave things as they are?"
    printed("options", setting.of_options(page))


def test_six_options_with_long_names_and_reasons_are_one_page():
    page = compared_by(*(f"long-{n}" for n in range(6)), deep=False)
    text = printed("options", setting.of_options(page))
    assert "Drawnarethebest4of6options" in text
    assert '#read("/etc/passwd")' in text
    assert all(f"{n}#read" in text for n in range(6))


def test_costs_that_tell_what_one_person_is_paid_are_not_printed():
    page = compared_by("leaves", deep=False)
    assert not [one.name for one in page.rows if one.name.startswith("Cost")]
    assert any("what one person is paid" in one for one in page.both)
    few = crew(people=[{"id": "ann", "name": "Ann", "skills": {"writing": 1}, "cost_per_hour": 50}])
    alone = compared_by("manager", "architect", hands=few)
    assert not [one.name for one in alone.rows if one.name.startswith("Cost")]
    assert "72,000" not in printed("options", setting.of_options(alone))


def test_a_comparison_of_which_nobody_can_tell_says_so():
    bare = Comparison((), (), "more newsletters a month than doing nothing", ())
    page = options(bare, compared.Known(PAPER, Asked(), "Newsletter", {}))
    assert "things stay as they are" in plain(page.answer)
    printed("options", setting.of_options(page))
    unsure = Estimate(0.4, -0.1, 1.0)
    kept, _plain_of = report_of("manager", "architect")
    answer = read(Comparison, kept["answer"])
    lines = [one for one in answer.lines if one.figure == "throughput"]
    lines = [type(one)(one.figure, one.name, one.unit, one.baseline, one.options, (unsure, unsure)) for one in lines]
    said = compared.answer(
        Comparison(answer.options, answer.months, answer.measure, answer.series, tuple(lines), unit="newsletter")
    )
    assert plain(said) == (
        "Cannot tell: Campaign manager +0.4 (−0.1 to 1.0), Workflow Architect +0.4 (−0.1 to 1.0) newsletters a month;"
        " both may be nothing."
    )


@pytest.mark.parametrize(("base", "ends"), [(1.0, "(10.9–11.3), from 1.0 today."), (22.2, "(10.9–11.3), +50 %.")])
def test_a_rise_of_next_to_nothing_is_no_percentage(base, ends):
    kept, _plain_of = report_of("manager")
    answer = read(Comparison, kept["answer"])
    rise = Estimate(11.1, 10.9, 11.3)
    lines = [one for one in answer.lines if one.figure == "throughput"]
    lines = [type(one)("throughput", one.name, one.unit, Estimate(base), (rise,), (rise,)) for one in lines]
    said = plain(
        compared.answer(
            Comparison(answer.options, answer.months, answer.measure, answer.series, tuple(lines), unit="newsletter")
        )
    )
    assert said.endswith(ends)


def test_what_brings_no_more_but_brings_it_sooner_is_praised_for_that():
    kept, _plain_of = report_of("manager")
    answer = read(Comparison, kept["answer"])
    nothing, sooner = Estimate(0.0, -0.01, 0.01), Estimate(-9.0, -10.0, -8.0)
    line = next(one for one in answer.lines if one.figure == "lead_p85_hours")
    lines = (replace(line, differences=(sooner,)),)
    series = tuple(replace(one, months=(nothing,)) for one in answer.series)
    told = replace(answer, lines=lines, series=series, ranked=None)
    said = plain(compared.answer(told))
    assert said.startswith("“Campaign manager” shortens the lead time of 85 % of all by 9.0 days (8.0–10.0).")
    assert said.endswith("None brings more campaigns.")


def test_papers_say_what_may_be_meant_otherwise_and_what_was_left_out():
    page = compared_by("doubtful", deep=False)
    assert "No step asks for what Eve brings: 'leagl'." in page.assumed[0].lines
    answer, how = found()
    gone = ("“Rodeo” has the same crew and is left out.", "“B” too.", "“C” too.")
    page = brief(told(bottleneck=answer, measured=how), one_to_one.Known(PAPER, asked(left_out=gone)))
    assert {gone[0], "2 more are left out."} <= set(page.sources)


def test_what_can_come_in_is_told_for_each_workflow_of_the_crew():
    kept, _plain_of = report_of("manager", "architect")
    answer = read(Comparison, kept["answer"])
    whole = next(one for one in answer.lines if one.figure == "unlocked")
    (line,) = answer.by_workflow  # the crew has only this one, so it takes the whole rise
    assert line.name == "Newsletter"
    assert (line.baseline, line.options, line.differences) == (whole.baseline, whole.options, whole.differences)
