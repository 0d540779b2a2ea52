from tests.cast import Expect

from marops.domains.contacts.public import Contact
from marops.kernel.ids import new_id

VIEW, ASSIGN = "leads.view", "leads.assign"
# Nobody owns this lead, so those who see only their team's leads do not find it.
NOT_THEIRS = {"mina": 404, "selma": 404}


def things(cast):
    return {"lead": Contact.objects.create(id=new_id(), number=7_000_001, full_name="Ingrid Solheim")}


def prepare(patch):
    patch.setattr("marops.domains.routing.queries.timeline", lambda contact_id: [])


def _lead(world):
    return {"ref": world.things["lead"].ref}


def _because(section):
    def args(world):
        return {"ref": world.things["lead"].ref, "section": section}

    return args


EXPECT = {
    "leads": Expect(right=VIEW),
    "leads/<ref>": Expect(right=VIEW, args=_lead, otherwise=NOT_THEIRS),
    "leads/<ref>/because/<section>": Expect(right=VIEW, args=_because("score"), otherwise=NOT_THEIRS),
    "leads/<ref>/owner": Expect(right=ASSIGN, args=_lead, otherwise={"dylan": 404}),
    "api/v1/leads": Expect(right=VIEW),
    "api/v1/leads/<ref>": Expect(right=VIEW, args=_lead, otherwise=NOT_THEIRS),
    "api/v1/leads/<ref>/owner": Expect(right=ASSIGN, post_only=True, args=_lead),
}
