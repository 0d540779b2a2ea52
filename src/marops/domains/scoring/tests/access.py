from tests.cast import Expect

from marops.domains.contacts.public import Contact
from marops.domains.scoring.prediction.starter import STARTER
from marops.domains.scoring.starter import STARTERS
from marops.kernel.actors import SETUP
from marops.kernel.definitions import plant_starters
from marops.kernel.ids import new_id

VIEW, STAGE = "scoring.view", "leads.stage"


def things(cast):
    plant_starters(actor=SETUP, starters=[*STARTERS, STARTER])
    return {"stage_lead": Contact.objects.create(id=new_id(), number=7_000_040, full_name="Sigrid Holm")}


def prepare(patch):
    patch.setattr("marops.domains.scoring.queries.trial.query_engine", _NoEngine)
    patch.setattr("marops.domains.scoring.prediction.looks.query_engine", _NobodyKnown)


class _NoEngine:
    """The trial asks the query engine, which sees nothing of a test that is rolled back."""

    def rows(self, _sql):
        return []


class _NobodyKnown:
    """The same of counting outcomes."""

    def rows(self, _sql):
        return [{"won": 0, "lost": 0, "early": 0, "waiting": 0, "unknown": 0}]


def _main(_world):
    return {"slug": "main"}


def _lead(world):
    return {"ref": world.things["stage_lead"].ref}


def _prediction(_world):
    return {"slug": "main"}


EXPECT = {
    "predictions": Expect(right=VIEW),
    "predictions/<slug:slug>": Expect(right=VIEW, args=_prediction),
    "predictions/<slug:slug>/compare": Expect(right=VIEW, args=_prediction),
    "predictions/<slug:slug>/leads": Expect(right=VIEW, args=_prediction),
    "predictions/<slug:slug>/train": Expect(right="definitions.change", post_only=True, args=_prediction),
    "predictions/<slug:slug>/measure": Expect(right=VIEW, post_only=True, args=_prediction),
    "predictions/<slug:slug>/<int:version>/activate": Expect(
        right="definitions.activate", post_only=True, args=lambda _: {"slug": "main", "version": 1}
    ),
    "api/v1/predictions": Expect(right=VIEW),
    "api/v1/predictions/<slug>": Expect(right=VIEW, args=_prediction),
    "api/v1/predictions/<slug>/versions/<version>": Expect(right=VIEW, args=lambda _: {"slug": "main", "version": 1}),
    "api/v1/predictions/<slug>/leads": Expect(right=VIEW, args=_prediction),
    "api/v1/predictions/<slug>/train": Expect(right="definitions.change", post_only=True, args=_prediction),
    "api/v1/predictions/<slug>/check": Expect(right=VIEW, post_only=True, args=_prediction),
    # Nobody owns this lead.
    "api/v1/leads/<ref>/prediction": Expect(right=VIEW, args=_lead, otherwise={"selma": 404}),
    "scoring": Expect(right=VIEW),
    "scoring/<slug:slug>": Expect(right=VIEW, args=_main),
    "scoring/<slug:slug>/change": Expect(right="definitions.change", args=_main),
    "scoring/<slug:slug>/compare": Expect(right=VIEW, args=_main),
    "scoring/<slug:slug>/<int:version>/activate": Expect(
        right="definitions.activate", post_only=True, args=lambda _: {"slug": "main", "version": 1}
    ),
    "lifecycle": Expect(right=VIEW),
    # Nobody owns this lead.
    "leads/<ref>/stage": Expect(right=STAGE, args=_lead, otherwise={"selma": 404}),
    "api/v1/scoring": Expect(right=VIEW),
    "api/v1/scoring/<slug>": Expect(right=VIEW, args=_main),
    "api/v1/scoring/<slug>/simulate": Expect(right=VIEW, post_only=True, args=_main),
    "api/v1/lifecycle": Expect(right=VIEW),
    "api/v1/leads/<ref>/stage": Expect(right=STAGE, post_only=True, args=_lead),
}
