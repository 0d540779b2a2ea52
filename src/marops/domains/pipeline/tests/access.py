from tests.cast import Expect

from marops.domains.pipeline.public import Opportunity, PipelineStage
from marops.domains.pipeline.starter import STARTERS
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.definitions import plant_starters
from marops.kernel.models import Definition

VIEW, CHANGE, DRAFT = "opportunities.view", "opportunities.change", "definitions.change"
# Nobody owns this deal, so a seller, who sees their own, does not find it.
NOT_THEIRS = {"selma": 404}


def things(cast):
    if not Definition.objects.filter(kind="pipeline").exists():
        plant_starters(actor=SETUP, starters=STARTERS)
    PipelineStage.objects.create(name="legal_review", label="Legal review")
    return {"deal": Opportunity.objects.create(number=7_000_001, name="Pilot", stage="proposal", stage_since=now())}


def _deal(world):
    return {"ref": world.things["deal"].ref}


EXPECT = {
    "opportunities": Expect(right=VIEW),
    "opportunities/new": Expect(right=CHANGE),
    "opportunities/stages/<name>/adopt": Expect(right=DRAFT, post_only=True, args=lambda _: {"name": "legal_review"}),
    "opportunities/<ref>": Expect(right=VIEW, args=_deal, otherwise=NOT_THEIRS),
    "opportunities/<ref>/change": Expect(right=CHANGE, args=_deal, otherwise=NOT_THEIRS),
    "opportunities/<ref>/stage": Expect(right=CHANGE, args=_deal, otherwise=NOT_THEIRS),
    "api/v1/opportunities": Expect(right=VIEW),
    "api/v1/opportunities/pipeline": Expect(right=VIEW),
    "api/v1/opportunities/<ref>": Expect(right=VIEW, args=_deal, otherwise=NOT_THEIRS),
    "api/v1/opportunities/<ref>/stage": Expect(right=CHANGE, post_only=True, args=_deal),
}
