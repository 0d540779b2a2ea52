from datetime import timedelta

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from marops.kernel import audit, gates
from marops.kernel.actions import Act, action
from marops.kernel.actors import ENGINE, Actor
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.models import AuditPayload, AuditRow, FactInbox, Touched
from marops.kernel.workspace import set_up_workspace, workspace
from marops.store.duckdb import QueryForbidden

HANNA = Actor("human", "hanna")


@action("test.write", effect="test")
def _write(act: Act, *, actor: Actor, contact_id=None, key=None, fail=False, engine=None):
    act.changed("thing", 7, before={"a": 1}, after={"a": 2})
    act.fact("thing.changed", contact_id=contact_id, subject=("thing", 7), key=key)
    if engine:
        engine()
    if fail:
        raise ValueError("broke")
    return "done"


@action("test.nothing", effect="test")
def _nothing(act: Act, *, actor: Actor):
    return None


@action("test.nested", effect="test")
def _nested(act: Act, *, actor: Actor):
    _nothing(actor=actor)


@pytest.mark.django_db
def test_an_act_leaves_an_audit_row_a_fact_and_a_touched_contact():
    contact = new_id()
    assert _write(actor=HANNA, contact_id=contact) == "done"
    row = AuditRow.objects.get()
    assert (row.action, row.actor_id, row.object_type, row.object_id) == ("test.write", "hanna", "thing", "7")
    assert AuditPayload.objects.get().payload == {"before": {"a": 1}, "after": {"a": 2}}
    assert FactInbox.objects.get().contact_id == contact
    assert Touched.objects.get().contact_id == contact


@pytest.mark.django_db
def test_a_failing_act_leaves_nothing():
    with pytest.raises(ValueError, match="broke"):
        _write(actor=HANNA, fail=True)
    assert not AuditRow.objects.exists()
    assert not FactInbox.objects.exists()


@pytest.mark.django_db
def test_the_same_key_again_is_one_fact():
    for _ in range(2):
        _write(actor=HANNA, key="crm:1")
    assert FactInbox.objects.count() == 1
    assert AuditRow.objects.count() == 2


@pytest.mark.django_db
def test_an_act_that_did_nothing_is_not_recorded():
    _nothing(actor=HANNA)
    assert not AuditRow.objects.exists()


@pytest.mark.django_db
def test_an_action_calls_no_other():
    with pytest.raises(RuntimeError, match=r"test\.nothing was called inside test\.nested"):
        _nested(actor=HANNA)


@pytest.mark.django_db(transaction=True)
def test_the_query_engine_refuses_inside_an_act(engine):
    with pytest.raises(QueryForbidden, match=r"test\.write"):
        _write(actor=HANNA, engine=lambda: engine.query.rows("SELECT 1"))


@pytest.mark.django_db
def test_a_gate_refuses_before_the_transaction_with_its_reasons(monkeypatch):
    monkeypatch.setattr(gates, "_GATES", {})
    seen = []

    def ask(question):
        seen.append(connection.in_atomic_block and question.actor)
        return gates.Answer(False, ("Legal has not seen it.",))

    gates.gate("legal", ask, effects=["test"])
    with pytest.raises(MaropsError, match="Legal has not seen it") as refused:
        _write(actor=HANNA)
    assert refused.value.kind.status == 409
    assert not AuditRow.objects.exists()


@pytest.mark.django_db
def test_what_a_gate_saw_must_still_hold_inside(monkeypatch):
    monkeypatch.setattr(gates, "_GATES", {})
    words = iter(["before", "after", "asked once more, for what is told"])
    gates.gate("content", lambda _: gates.Answer(True, saw={"hash": next(words)}), effects=["test"])
    with pytest.raises(MaropsError, match="no longer what would happen"):
        _write(actor=HANNA)


@pytest.mark.django_db
def test_a_person_without_the_right_is_refused():
    with pytest.raises(MaropsError, match=r"workspace\.set_up"):
        set_up_workspace(actor=HANNA, name="Ours")


@pytest.mark.django_db
def test_the_workspace_keeps_its_settings_and_refuses_an_unknown_zone():
    set_up_workspace(actor=ENGINE, zone="Europe/Berlin")
    assert workspace().zone == "Europe/Berlin"
    with pytest.raises(MaropsError) as refused:
        set_up_workspace(actor=ENGINE, zone="Mars/Olympus")
    assert [error.field for error in refused.value.errors] == ["zone"]


@pytest.mark.django_db
def test_sealing_looks_at_the_newest_and_finds_late_ones_when_it_looks_at_all():
    _write(actor=HANNA)
    late = AuditRow.objects.get()
    moment = late.at + timedelta(seconds=5)
    assert audit.seal(moment, since=moment) == 0
    assert audit.seal(moment, since=late.at) == 1
    _write(actor=HANNA)
    assert audit.seal(moment) == 1
    assert audit.verify().findings == ()


@pytest.mark.django_db
def test_the_audit_chain_is_whole_and_every_tampering_is_found():
    for _ in range(5):
        _write(actor=HANNA)
    first = AuditRow.objects.order_by("id").first()
    assert audit.seal(first.at, limit=3) == 3
    assert audit.seal(first.at) == 2
    assert audit.seal(first.at) == 0
    whole = audit.verify()
    assert (whole.rows, whole.sealed, whole.seals, whole.findings) == (5, 5, 2, ())
    AuditPayload.objects.filter(audit_id=first.id).delete()
    assert audit.verify().findings == ()
    assert audit.verify().erased == 1


_HARM = [
    ("UPDATE audit_row SET actor_id = 'somebody else'", "rows were changed"),
    ("DELETE FROM audit_row WHERE id = (SELECT max(id::text)::uuid FROM audit_row)", "rows were changed"),
    ("UPDATE audit_payload SET payload = '{}'", "does not match its digest"),
    ("DELETE FROM audit_seal WHERE number = 1", "seal is missing"),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("harm", "found"), _HARM)
def test_the_audit_trail_tells_what_was_tampered_with(server, harm, found):
    for _ in range(2):
        _write(actor=HANNA)
        audit.seal(AuditRow.objects.first().at)
    with psycopg.connect(server) as superuser:
        superuser.execute(harm)
    assert any(found in finding.what for finding in audit.verify().findings)


@pytest.mark.django_db
@pytest.mark.parametrize("harm", [harm for harm, _ in _HARM])
def test_the_application_itself_may_not_tamper_with_the_audit_trail(harm):
    _write(actor=HANNA)
    if connection.settings_dict["USER"] != "marops_app":
        pytest.skip("this server has one role for everything")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(harm)
