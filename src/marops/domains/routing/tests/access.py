import pyarrow as pa
from tests.cast import Expect

from marops.domains.contacts.public import Contact
from marops.domains.register.public import fallback_queue
from marops.domains.routing.models import Complaint
from marops.domains.routing.starter import STARTERS
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.definitions import plant_starters
from marops.kernel.ids import new_id

VIEW, ASSIGN, DISPOSE, CHANGE = "leads.view", "leads.assign", "leads.dispose", "routing.change"
DRAFT = "definitions.change"
# Nobody owns this lead, so those who see only their team's leads do not find it.
NOT_THEIRS = {"selma": 404}


NO_CAUSE = {"cause": "unexplained", "says": "None.", "leads": 0, "share": 0.0}


def things(cast):
    plant_starters(actor=SETUP, starters=STARTERS)
    fallback_queue()
    at = now()
    answer = {"answer": "Nothing.", "how": "", "enough": False, "causes": [NO_CAUSE], "proposal": None,
              "routing": {"ran_by": [], "rules": [], "owners": [], "held": {}},
              "quality": {"reasons": [], "faults": []}}  # fmt: skip
    return {
        "lead": Contact.objects.create(id=new_id(), number=7_000_001, full_name="Ingrid Solheim"),
        "complaint": Complaint.objects.create(number=1, since=at, until=at, at=at, by="nobody", answer=answer),
    }


def prepare(patch):
    patch.setattr("marops.domains.routing.queries.timeline", lambda contact_id: [])
    patch.setattr("marops.domains.routing.pages.score_history", lambda contact_id: [])
    patch.setattr("marops.domains.routing.trials._decided", lambda *_: NOBODY)


NOBODY = pa.table({name: pa.array([], pa.string()) for name in ("contact_id", "fact_id", "rule", "because")})


def _queue(_world):
    return {"slug": "unassigned-leads"}


def _route(_world):
    return {"slug": "main"}


def _version(_world):
    return {"slug": "main", "version": 1}


def _lead(world):
    return {"ref": world.things["lead"].ref}


def _because(section):
    def args(world):
        return {"ref": world.things["lead"].ref, "section": section}

    return args


def _complaint(world):
    return {"ref": world.things["complaint"].ref}


EXPECT = {
    "trace": Expect(right=VIEW),
    "trace/leads": Expect(right=VIEW, query="since=2026-01-01&cause=threshold"),
    "trace/<ref>": Expect(right=VIEW, args=_complaint, otherwise=NOT_THEIRS),
    "trace/<ref>/draft": Expect(right=DRAFT, post_only=True, args=_complaint),
    "leads": Expect(right=VIEW),
    "leads/<ref>": Expect(right=VIEW, args=_lead, otherwise=NOT_THEIRS),
    "leads/<ref>/because/<section>": Expect(right=VIEW, args=_because("score"), otherwise=NOT_THEIRS),
    "leads/<ref>/owner": Expect(right=ASSIGN, args=_lead, otherwise={"dylan": 404}),
    "leads/<ref>/disposition": Expect(right=DISPOSE, args=_lead, otherwise={"selma": 404}),
    "leads/<ref>/touch": Expect(right=DISPOSE, post_only=True, args=_lead),
    "hand-over": Expect(right=ASSIGN),
    "queues": Expect(right=VIEW),
    "queues/new": Expect(right=CHANGE),
    "queues/<slug:slug>/change": Expect(right=CHANGE, args=_queue),
    "queues/<slug:slug>": Expect(right=VIEW, args=_queue),
    "queues/<slug:slug>/take": Expect(right=DISPOSE, post_only=True, args=_queue),
    "routes": Expect(right=VIEW),
    "routes/<slug:slug>": Expect(right=VIEW, args=_route),
    "routes/<slug:slug>/edit": Expect(right=CHANGE, args=_route),
    "routes/<slug:slug>/text": Expect(right=CHANGE, args=_route),
    "routes/<slug:slug>/simulate": Expect(right=VIEW, args=_route),
    "routes/<slug:slug>/<int:version>/activate": Expect(right=CHANGE, post_only=True, args=_version),
    "api/v1/trace": Expect(right=VIEW, post_only=True),
    "api/v1/complaints": Expect(right=VIEW),
    "api/v1/complaints/<ref>": Expect(right=VIEW, args=_complaint, otherwise=NOT_THEIRS),
    "api/v1/complaints/<ref>/draft": Expect(right=DRAFT, post_only=True, args=_complaint),
    "api/v1/leads/<ref>/disposition": Expect(right=DISPOSE, post_only=True, args=_lead),
    "api/v1/leads/<ref>/touches": Expect(right=DISPOSE, post_only=True, args=_lead),
    "api/v1/hand-overs": Expect(right=ASSIGN, post_only=True),
    "api/v1/queues": Expect(right=VIEW),
    "api/v1/queues/<slug>": Expect(right=CHANGE, post_only=True, method="put", args=_queue),
    "api/v1/queues/<slug>/take": Expect(right=DISPOSE, post_only=True, args=_queue),
    "api/v1/routes": Expect(right=VIEW),
    "api/v1/routes/<slug>": Expect(right=VIEW, args=_route),
    "api/v1/routes/<slug>/drafts": Expect(right=CHANGE, post_only=True, args=_route),
    "api/v1/routes/<slug>/<version>/activate": Expect(right=CHANGE, post_only=True, args=_version),
    "api/v1/routes/<slug>/simulate": Expect(right=VIEW, post_only=True, args=_route),
    "api/v1/leads": Expect(right=VIEW),
    "api/v1/leads/<ref>": Expect(right=VIEW, args=_lead, otherwise=NOT_THEIRS),
    "api/v1/leads/<ref>/owner": Expect(right=ASSIGN, post_only=True, args=_lead),
}
