"""Every operation of the API, asked what its description allows and what it does not (schemathesis).

Nothing breaks (no 5xx), each status and media type is one that is described, and each answer fits its schema.
"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as draw
from tests.cast import Cast

from marops.connectors.webhooks.actions import make_endpoint
from marops.domains.accounts.actions import make_token
from marops.domains.capture.models import Import
from marops.domains.contacts.models import Company, Contact, Identity
from marops.engine.loop import Engine
from marops.kernel import facts, jobs
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.permissions import rights

pytestmark = pytest.mark.slow
EXAMPLES = 6
# What would make the world empty for those who come after, or ends the key that asks.
LEFT_OUT: frozenset[str] = frozenset()


@pytest.fixture
def world(engine: Engine, starters: None, cast: Cast) -> dict[str, Any]:
    """A workspace with something of each kind, and the addresses' references to it."""
    company = Company.objects.create(number=11, name="Nordvik", name_key="nordvik", domain="nordvik.example")
    people = [
        Contact.objects.create(
            number=number, full_name=f"Person {number}", email=f"p{number}@x.example", company=company
        )
        for number in (101, 102)
    ]
    Identity.objects.bulk_create([Identity(contact=one, kind="email", value=str(one.email)) for one in people])
    facts.touch([one.id for one in people], now())
    engine.run_until_idle()
    job = jobs.start_job("leads.import", {"name": "x"}, actor=cast.actor("hanna"))
    run = Import.objects.create(
        number=5, file_name="x.csv", sha256="0" * 64, size=1, actor_kind="system", actor_id="setup"
    )
    hook, _secret = make_endpoint(actor=SETUP, name="CRM", url="https://crm.example/", kinds=["lead.won"])
    _row, secret = make_token(actor=cast.actor("ada"), name="x", rights_asked=sorted(rights()), days=7)
    return {
        "secret": secret,
        "refs": {
            "/leads": people[0].ref, "/companies": company.ref, "/jobs": job.ref, "/imports": run.ref,
            "/webhooks": hook.ref, "/people": cast.nils.ref, "/metrics": "leads.created",
        },
    }  # fmt: skip


@pytest.fixture
def schema() -> Any:
    import schemathesis

    from marops.site.wsgi import application

    found = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    found.config.generation.update(allow_x00=True)
    return found


def test_every_operation_answers_as_described(world: dict[str, Any], schema: Any) -> None:
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi import checks

    wanted = [
        checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance,
        checks.response_headers_conformance,
    ]  # fmt: skip
    faults: list[str] = []
    headers = {"Authorization": f"Bearer {world['secret']}"}
    seen: dict[str, set[int]] = {}
    # What removes things comes last, so that the others find something.
    operations = sorted((found.ok() for found in schema.get_all_operations()), key=lambda one: one.method == "delete")
    for operation in operations:
        if operation.label in LEFT_OUT:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            fault = _fault(operation, mode, headers, wanted, world["refs"], seen.setdefault(operation.label, set()))
            if fault:
                faults.append(f"{operation.label} ({mode.value}): {fault}")
    assert not faults, "\n\n".join(faults)
    never = sorted(label for label, statuses in seen.items() if not statuses)
    assert not never, f"never asked: {never}"
    assert sum(any(200 <= status < 300 for status in statuses) for statuses in seen.values()) > len(seen) / 3


def _fault(operation: Any, mode: Any, headers: Any, wanted: Any, refs: Any, seen: set[int]) -> str:
    """Ask one operation some times; the first fault in words."""
    from schemathesis.core.failures import Failure, FailureGroup

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @draw(operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        _point_at_something(case, refs)
        answer = case.call(headers=headers)
        seen.add(answer.status_code)
        assert answer.status_code < 500, f"{answer.status_code} {case.as_curl_command()} {answer.text[:400]}"
        case.validate_response(answer, checks=wanted)

    try:
        ask()
    except (AssertionError, Failure, FailureGroup) as error:
        return str(error)[:1500]
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:600]}"
    return ""


def _point_at_something(case: Any, refs: dict[str, str]) -> None:
    """Every second case is about something that exists, so that more than 404 is seen."""
    given = case.path_parameters
    for name in ("ref", "name"):
        if given and name in given and len(str(given[name])) % 2 == 0:
            prefix = "/" + case.path.removeprefix("/api/v1/").split("/")[0]
            given[name] = refs.get(prefix, given[name])


NOT_BY_KEY = {"/api/v1/notices"}
"""Lists that are somebody's own: no program reads them with that person's key."""


def test_a_cursor_of_another_list_is_refused_everywhere(world: dict[str, Any]) -> None:
    from django.test import Client

    from marops.kernel.rest import cursor
    from marops.site.rest import description

    client = Client(headers={"Authorization": f"Bearer {world['secret']}"})
    cursors = [
        cursor(*values)
        for values in ((), ("x",), (None,), (True, [1]), (2**80,), (-1,), ("2026-13-40", "y"), (1, 2, 3))
    ]
    wrong = []
    for path, operations in description()["paths"].items():
        if any(one["name"] == "after" for one in operations.get("get", {}).get("parameters", [])):
            place = path
            for prefix, ref in world["refs"].items():
                if path.startswith(f"/api/v1{prefix}/"):
                    place = path.replace("{ref}", ref)
            for given in [*cursors, "a", "YQ", "%00"]:
                answer = client.get(f"{place.replace('{rule}', 'no-company')}?after={given}")
                if answer.status_code not in (403 if place in NOT_BY_KEY else 200, 422):
                    wrong.append((place, given, answer.status_code))
    assert not wrong


def test_what_the_description_promises_of_refusals() -> None:
    from marops.site.rest import description

    for path, operations in description()["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            assert {"401", "403", "422", "429", "default"} <= set(answers), f"{method} {path}"
            good = [status for status in answers if status.startswith("2")]
            assert good, f"{method} {path} never succeeds"
            assert json.dumps(answers)
