from hypothesis import HealthCheck, given, settings

from marops.domains.workflows.exchange import read_bpmn, write_bpmn
from marops.domains.workflows.exchange.tests.making import workflows
from marops.domains.workflows.rules.document import Workflow


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(workflows())
def test_what_is_written_is_read_back_the_same(workflow):
    again = read_bpmn(write_bpmn(workflow))
    assert again.notes == ()
    assert again.crew is None
    assert Workflow.model_validate(again.workflow) == workflow
