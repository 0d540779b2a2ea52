"""The description of the API is compared with its committed copy: nothing goes, and what comes is committed too."""

import copy
import json

import pytest
from tests.api.renew import COPY, gone, present, promises


def test_nothing_that_programs_may_rely_on_has_gone():
    lost = gone(json.loads(COPY.read_text()), present())
    assert not lost, "v1 promised these; give them back:\n" + "\n".join(lost)


def test_what_is_new_stands_in_the_copy():
    new = sorted(set(promises(present())) - set(promises(json.loads(COPY.read_text()))))
    assert not new, "run `uv run python tests/api/renew.py`; new are:\n" + "\n".join(new[:40])


@pytest.fixture
def schema():
    return copy.deepcopy(json.loads(COPY.read_text()))


def test_a_removed_or_renamed_field_is_noticed(schema):
    before = copy.deepcopy(schema)
    fields = schema["components"]["schemas"]["JobOut"]["properties"]
    fields["phase"] = fields.pop("state")
    assert any("JobOut/properties/state" in one for one in gone(before, schema))


def test_a_removed_address_answer_parameter_or_choice_is_noticed(schema):
    for remove in (
        lambda one: one["paths"].pop("/api/v1/jobs/{ref}/stop"),
        lambda one: one["paths"]["/api/v1/people"]["post"]["responses"].pop("201"),
        lambda one: one["paths"]["/api/v1/people"]["get"]["parameters"].pop(0),
        lambda one: one["components"]["schemas"]["WebhookOut"]["properties"]["state"]["enum"].remove("fails"),
    ):
        changed = copy.deepcopy(schema)
        remove(changed)
        assert gone(schema, changed)


def test_an_added_field_breaks_nothing(schema):
    before = copy.deepcopy(schema)
    schema["components"]["schemas"]["JobOut"]["properties"]["more"] = {"type": "string"}
    schema["paths"]["/api/v1/more"] = {"get": {"responses": {"200": {"description": "More."}}}}
    assert gone(before, schema) == []
