import pytest
from django.db import IntegrityError, connection, transaction

from marops.domains.contacts.public import Contact
from marops.domains.register.public import Queue
from marops.domains.routing.models import Assignment, LeadLine
from marops.domains.scoring.public import ContactScore, ContactStage
from marops.kernel.clock import now
from marops.kernel.ids import new_id

pytestmark = pytest.mark.django_db

_TRUTH = """
SELECT c.id, c.number, coalesce(c.full_name, c.email, 'L-' || c.number), c.company_name, c.country, c.source,
  c.created_at, s.fit, s.engagement, s.value, s.grade, st.stage, st.since, o.queue, o.owner_id, o.routed_at
FROM contact c LEFT JOIN main_score s ON s.contact_id = c.id LEFT JOIN contact_stage st ON st.contact_id = c.id
  LEFT JOIN lead_owner o ON o.contact_id = c.id ORDER BY c.id
"""
_LINES = """
SELECT contact_id, number, full_name, company_name, country, source, created_at, fit, engagement, value, grade, stage,
  since, queue, owner_id, routed_at FROM lead_line ORDER BY contact_id
"""


def _agree() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_TRUTH)
        truth = cursor.fetchall()
        cursor.execute(_LINES)
        assert cursor.fetchall() == truth
    return len(truth)


def _contact(number: int, **values) -> Contact:
    return Contact.objects.create(id=new_id(), number=number, **values)


def test_the_line_follows_every_change_in_the_same_transaction():
    one, two = _contact(1, full_name="Ingrid", country="NO"), _contact(2, email="b@example.com")
    _contact(3)
    assert _agree() == 3
    queue = Queue.objects.create(slug="nordics", name="Nordics")
    ContactStage.objects.create(contact=one, stage="lead", since=now(), definition="d")
    Assignment.objects.create(contact=one, queue=queue, definition="d", routed_at=now())
    for value in (10, 20):
        ContactScore.objects.update_or_create(
            model="main", contact=one, defaults={"fit": value, "engagement": 0, "value": value, "grade": "A",
            "contributions": {}, "definition": "d", "as_of": now()},
        )  # fmt: skip
        assert _agree() == 3
    ContactStage.objects.filter(contact=one).update(stage="mql")
    Contact.objects.filter(id__in=[one.id, two.id]).update(company_name="Nordvik", full_name="Somebody")
    assert _agree() == 3
    Assignment.objects.filter(contact=one).update(queue=None, owner_id=new_id())
    assert _agree() == 3
    Assignment.objects.all().delete()
    two.delete()
    assert _agree() == 2


def test_the_score_of_another_model_does_not_reach_the_list():
    one = _contact(1)
    ContactScore.objects.create(
        model="partners", contact=one, fit=1, engagement=1, value=2, grade="A", contributions={},
        definition="d", as_of=now(),
    )  # fmt: skip
    assert LeadLine.objects.get(contact=one).value is None


def test_owners_go_with_their_contact_and_a_queue_that_owns_leads_stays():
    one, two = _contact(1), _contact(2)
    kept, empty = (Queue.objects.create(slug=name, name=name) for name in ("kept", "empty"))
    for contact in (one, two):
        Assignment.objects.create(contact=contact, queue=kept, definition="d", routed_at=now())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM contact WHERE id = %s", [one.id])
        assert list(Assignment.objects.values_list("contact_id", flat=True)) == [two.id]
        with pytest.raises(IntegrityError, match="leads wait in this queue"), transaction.atomic():
            cursor.execute("DELETE FROM queue")
        cursor.execute("DELETE FROM queue WHERE id = %s", [empty.id])
        assert cursor.rowcount == 1
