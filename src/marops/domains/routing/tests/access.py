from django.db import connection
from tests.cast import Expect

from marops.domains.contacts.public import Contact

VIEW, ASSIGN = "leads.view", "leads.assign"

# Nobody owns the lead, so those who see only their own line's leads do not find it.
_NOT_OURS = {"mina": 404}


def things(cast):
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('contact_number')")
        number = cursor.fetchone()[0]
    return {"lead": Contact.objects.create(number=number, full_name="Nora Vance", email="nora@x.example")}


class _NoLake:
    def rows(self, *_):
        return []


def prepare(monkeypatch):
    monkeypatch.setattr("marops.domains.routing.queries.query_engine", _NoLake)


def _lead(world):
    return {"ref": world.things["lead"].ref}


def _because(world):
    return _lead(world) | {"section": "score"}


EXPECT = {
    "leads": Expect(right=VIEW),
    "leads/<ref>": Expect(right=VIEW, args=_lead, otherwise=_NOT_OURS),
    "leads/<ref>/because/<section>": Expect(right=VIEW, args=_because, otherwise=_NOT_OURS),
    "leads/<ref>/owner": Expect(right=ASSIGN, args=_lead, otherwise=_NOT_OURS),
    "api/v1/leads": Expect(right=VIEW),
    "api/v1/leads/<ref>": Expect(right=VIEW, args=_lead, otherwise=_NOT_OURS),
    "api/v1/leads/<ref>/owner": Expect(right=ASSIGN, post_only=True, args=_lead),
}
