from datetime import date

from marops.domains.workflows.rules.answers import (
    BottleneckAnswer,
    Comparison,
    Estimate,
    Measured,
    Method,
    Option,
    Row,
    Series,
    StepTimes,
    Thing,
    as_plain,
    read,
)


def test_answers_survive_json():
    legal = Thing("skill", "legal", "Legal", ("legal-review",))
    method = Method("fluid", "One more hour a day", "what would it unlock?", "campaigns a month", (Row("A", 1, 0, 2),))
    for kind, answer in (
        (BottleneckAnswer, BottleneckAnswer(legal, (method,), next_constraint=legal, unlocks=Estimate(0.6, 0.4, 0.8))),
        (Measured, Measured("log", {"brief": StepTimes(2, 5, {"contention": 5.0})}, since=date(2026, 1, 1))),
        (Comparison, Comparison((Option("a", "A"),), (date(2027, 1, 1),), "x", (Series("a", (Estimate(1, 0, 2),)),))),
    ):
        assert read(kind, as_plain(answer)) == answer


def test_an_estimate_says_whether_it_can_tell():
    assert Estimate(2.3, 1.5, 3.1).told
    assert not Estimate(0.4, -0.1, 1.0).told
    assert not Estimate(None, why="too few pieces").told
