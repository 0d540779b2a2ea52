import pytest

from marops.domains.workflows.rules.document import ELAPSED
from marops.domains.workflows.rules.faults import faults_of_crew, faults_of_workflow, needs_somebody
from marops.domains.workflows.rules.walk import mean_of, walk
from marops.domains.workflows.starter import CREW, ORDER, template_crew, templates

every = pytest.mark.parametrize("slug", ORDER)


def test_the_crew_has_no_faults():
    document, crew = template_crew()
    assert faults_of_crew(crew) == []
    assert 8 <= sum(one.amount for one in crew.people) <= 14
    assert document["title"] == crew.title


@every
def test_a_template_is_a_workflow_that_its_crew_can_do(slug):
    workflow = templates()[slug].workflow
    _document, crew = template_crew()
    assert faults_of_workflow(workflow) == []
    assert workflow.crew == CREW
    assert workflow.promise
    assert workflow.notes
    skills = {skill for one in crew.people for skill in one.skills}
    assert {one.skill for one in workflow.steps if needs_somebody(one)} <= skills
    named = {one.opens for one in workflow.steps if one.opens} | {one.arrivals.within for one in workflow.classes}
    named |= {one.due_in for one in workflow.classes} - {ELAPSED}
    assert named - {""} <= set(crew.calendars)


@every
def test_a_template_shows_people_machines_and_reviews(slug):
    steps = templates()[slug].workflow.steps
    assert {one.touch for one in steps} >= {"human", "ai_assisted"}
    assert any(one.review for one in steps)
    assert all(one.ai_use for one in steps if one.touch == "ai_assisted")
    assert all(one.platforms for one in steps)


@every
def test_a_template_is_walked_within_its_promise(slug):
    workflow = templates()[slug].workflow
    _document, crew = template_crew()
    for one in workflow.classes:
        walked = walk(workflow, crew, work_class=one.id)
        assert walked.total > 0
        assert walked.total < workflow.promise.hours
        for stay in walked.stays:
            assert stay.worked == pytest.approx(mean_of(workflow.step(stay.step).effort), rel=0.5)


def test_the_crew_has_enough_hours_for_all_templates_together():
    _document, crew = template_crew()
    load: dict[str, float] = {}
    for template in templates().values():
        for one in template.workflow.classes:
            for stay in walk(template.workflow, crew, work_class=one.id).stays:
                step = template.workflow.step(stay.step)
                if needs_somebody(step):
                    hours = one.arrivals.per_month * stay.share * stay.worked
                    load[step.skill] = load.get(step.skill, 0.0) + hours
    for skill, hours in load.items():
        able = [one for one in crew.people if skill in one.skills]
        week = {one.id: 12 if one.calendar == "review-days" else 40 for one in able}
        assert hours < sum(one.amount * one.share * week[one.id] * 4.35 for one in able), skill
