from datetime import timedelta

from tests.cast import Expect

from marops.domains.consent.models import Proof, Request
from marops.domains.contacts.models import Contact
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.definitions import plant_starters

VIEW, ANSWER, ERASE, CHANGE = "privacy.view", "privacy.answer", "contacts.erase", "definitions.change"
_GONE = {"public": True, "status": 404}
_TOLD = {"places": 1, "searched_for": 1, "values": 1, "shared": 0, "before": {}, "after": {}, "others": [],
         "looked": [], "suppressed": 0, "sums": {}, "backups": {"there": 0, "kept": "", "says": ""}}  # fmt: skip


def prepare(patch):
    from marops.domains.consent.queries.retention import Preview

    for place in ("marops.domains.consent.pages.setting.preview", "marops.domains.consent.rest.preview"):
        patch.setattr(place, lambda document, at: Preview(0, (), (), 0))


def things(cast):
    from marops.domains.consent.starter import STARTERS

    plant_starters(actor=SETUP, starters=STARTERS)
    one = Contact.objects.create(number=7_300_001, full_name="Somebody")
    at = now()
    return {
        "asker": one,
        "request": Request.objects.create(number=7_300_001, kind="access", contact_id=one.id, subject=one.ref,
                                          received_at=at, due_at=at + timedelta(days=30)),
        "proof": Proof.objects.create(number=7_300_001, at=at, people=1, found=0, report=_TOLD),
    }  # fmt: skip


def _request(world):
    return {"ref": world.things["request"].ref}


def _proof(world):
    return {"ref": world.things["proof"].ref}


def _person(world):
    return {"ref": world.things["asker"].ref}


EXPECT = {
    "preferences/<str:token>": Expect(args=lambda w: {"token": "no-such-link"}, **_GONE),
    "unsubscribe/<str:token>": Expect(args=lambda w: {"token": "no-such-link"}, **_GONE),
    "confirm/<str:token>": Expect(args=lambda w: {"token": "no-such-link"}, **_GONE),
    "privacy": Expect(right=VIEW),
    "privacy/new": Expect(right=ANSWER),
    "privacy/requests/<str:ref>": Expect(right=VIEW, args=_request),
    "privacy/requests/<str:ref>/identity": Expect(right=ANSWER, args=_request, post_only=True),
    "privacy/requests/<str:ref>/answer": Expect(right=ANSWER, args=_request, post_only=True),
    "privacy/requests/<str:ref>/do": Expect(right=ANSWER, args=_request, post_only=True),
    "privacy/proofs/<str:ref>": Expect(right=VIEW, args=_proof),
    "privacy/people/<str:ref>": Expect(right=VIEW, args=_person),
    "privacy/people/<str:ref>/word": Expect(right=ANSWER, args=_person),
    "privacy/people/<str:ref>/ask": Expect(right=ANSWER, args=_person, post_only=True),
    "privacy/people/<str:ref>/limit": Expect(right=ANSWER, args=_person),
    "privacy/purposes": Expect(right=VIEW),
    "privacy/purposes/new": Expect(right=CHANGE),
    "privacy/purposes/<slug:slug>": Expect(right=CHANGE, args=lambda w: {"slug": "newsletter"}),
    "privacy/regimes": Expect(right=VIEW),
    "privacy/retention": Expect(right=VIEW),
    "privacy/retention/new": Expect(right=CHANGE),
    "privacy/retention/<slug:slug>": Expect(right=CHANGE, args=lambda w: {"slug": "quiet"}),
    "privacy/retention/<slug:slug>/run": Expect(right=ERASE, args=lambda w: {"slug": "quiet"}, post_only=True),
    "privacy/record": Expect(right=VIEW),
    "api/v1/privacy/requests": Expect(right=VIEW),
    "api/v1/privacy/requests/<ref>": Expect(right=VIEW, args=_request),
    "api/v1/privacy/requests/<ref>/identity": Expect(right=ANSWER, args=_request, post_only=True),
    "api/v1/privacy/requests/<ref>/answer": Expect(right=ANSWER, args=_request, post_only=True),
    "api/v1/privacy/requests/<ref>/export": Expect(right=ANSWER, args=_request, post_only=True),
    "api/v1/privacy/requests/<ref>/erase": Expect(right=ERASE, args=_request, post_only=True),
    "api/v1/privacy/proofs/<ref>": Expect(right=VIEW, args=_proof),
    "api/v1/privacy/people/<ref>": Expect(right=VIEW, args=_person),
    "api/v1/privacy/people/<ref>/may": Expect(right=VIEW, args=_person),
    "api/v1/privacy/people/<ref>/words": Expect(right=ANSWER, args=_person, post_only=True),
    "api/v1/privacy/people/<ref>/ask": Expect(right=ANSWER, args=_person, post_only=True),
    "api/v1/privacy/people/<ref>/restriction": Expect(right=ANSWER, args=_person, post_only=True, method="put"),
    "api/v1/privacy/purposes": Expect(right=VIEW),
    "api/v1/privacy/regimes": Expect(right=VIEW),
    "api/v1/privacy/retention": Expect(right=VIEW),
    "api/v1/privacy/retention/<slug>/run": Expect(right=ERASE, args=lambda w: {"slug": "quiet"}, post_only=True),
    "api/v1/privacy/record": Expect(right=VIEW),
}
