import pytest

from marops.domains.workflows.desk import compared, to_learn_from
from marops.domains.workflows.models import WorkflowAnswer
from marops.kernel.clock import now
from marops.kernel.models import Definition


def _workflow():
    Definition.objects.create(kind="workflow", slug="webinar", version=1, state="active", sha256="0" * 64,
                              document={"title": "Webinar"}, author="test", valid_from=now())  # fmt: skip


@pytest.mark.django_db
def test_what_lies_at_hand_to_learn_is_what_nobody_did_yet_and_one_may_do(cast):
    assert [one.key for one in to_learn_from(cast.actor("priya"))] == ["workflow.drawn"]
    assert list(to_learn_from(cast.actor("mina"))) == []  # who may not draw is not told to
    _workflow()
    found = list(to_learn_from(cast.actor("priya")))
    assert [one.key for one in found] == ["bottleneck.named", "scenario.compared"]
    assert all("Webinar" in one.says and one.url == "/workflows/webinar" for one in found)
    assert [one.key for one in to_learn_from(cast.actor("mina"))] == ["bottleneck.named"]
    assert list(to_learn_from(cast.actor("nils"))) == []


@pytest.mark.django_db
def test_comparisons_stand_in_the_portfolio_of_who_made_them(cast):
    _workflow()
    WorkflowAnswer.objects.create(workflow="webinar", kind="comparison", digest="a" * 64, asked={}, answer={},
                                  actor_id=str(cast.priya.id))  # fmt: skip
    found = list(compared(cast.priya.id, cast.actor("priya")))
    assert [(one.label, one.outcome) for one in found] == [
        ("Scenarios of “Webinar” compared", "the workflow is as it was")
    ]
    assert list(compared(cast.lena.id, cast.actor("lena"))) == []
    assert [one.key for one in to_learn_from(cast.actor("priya"))] == ["bottleneck.named"]
