from django.core.files.uploadedfile import SimpleUploadedFile
from tests.cast import Expect

from marops.domains.workflows.models import EventLog
from marops.domains.workflows.starter import template_crew, templates
from marops.kernel import files
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, plant_starters
from marops.kernel.jobs import start_job

VIEW, CHANGE = "workflows.view", "workflows.change"
LESS = {"change": "demand", "factor": 0.8}


def things(cast):
    plant_starters(
        actor=SETUP,
        starters=[
            Starter("crew", "marketing", template_crew()[0], "For every address"),
            Starter("workflow", "webinar", templates()["webinar"].document, "For every address"),
            Starter("scenario", "slower", {"title": "Less comes in", "changes": [LESS]}, "For every address"),
        ],
    )
    log = EventLog.objects.create(number=8_000_001, title="Campaigns", format="csv", actor_kind="system", actor_id="x")
    upload = SimpleUploadedFile("log.csv", b"case,activity,timestamp\n1,Brief,2026-01-01T10:00Z\n")
    return {"log": log, "log_file": files.keep(upload.chunks(), name="log.csv", actor=SETUP)}


def _webinar(_world):
    return {"slug": "webinar"}


def _question(_world):
    return {"slug": "webinar", "ref": start_job("workflow.bottleneck", {"workflow": "webinar"}, actor=SETUP).ref}


def _search(_world):
    return {"slug": "webinar", "ref": start_job("workflow.decide", {"workflow": "webinar"}, actor=SETUP).ref}


def _reckoning(_world):
    return {"slug": "webinar", "ref": start_job("workflow.promises", {"workflow": "webinar"}, actor=SETUP).ref}


def _fit(_world):
    return {
        "slug": "webinar",
        "ref": start_job("workflow.fit", {"workflow": "webinar", "against": "EL-1"}, actor=SETUP).ref,
    }


def _hire(_world):
    return {"slug": "webinar", "kind": "hire"}


def _crew(_world):
    return {"slug": "marketing"}


def _scenario(_world):
    return {"slug": "slower"}


def _step(_world):
    return {"slug": "webinar", "ident": templates()["webinar"].workflow.steps[0].id}


def _class(_world):
    return {"slug": "webinar", "ident": templates()["webinar"].workflow.classes[0].id}


def _log(world):
    return {"ref": world.things["log"].ref}


def _upload(world):
    return {"file_id": world.things["log_file"].id}


# Who may change workflows, and sees their own files alone, does not find somebody else's.
NOT_THEIRS = dict.fromkeys(("vera", "priya", "lena", "dylan", "aoife", "marco"), 404)

EXPECT = {
    "api/v1/workflows": Expect(right=VIEW),
    "api/v1/workflows/<slug>": Expect(right=VIEW, args=_webinar),
    # Nobody has asked anything yet.
    "api/v1/workflows/<slug>/bpmn": Expect(right=VIEW, args=_webinar),
    "api/v1/workflows/<slug>/prosimos": Expect(right=VIEW, args=_webinar),
    "api/v1/workflows/<slug>/bottleneck": Expect(right=VIEW, status=404, args=_webinar),
    "api/v1/workflows/<slug>/comparisons": Expect(right=VIEW, status=404, args=_webinar),
    "api/v1/workflows/<slug>/fit": Expect(right=VIEW, status=404, args=_webinar),
    "api/v1/workflows/<slug>/decisions": Expect(right=VIEW, status=404, args=_webinar),
    "api/v1/workflows/<slug>/promises": Expect(right=VIEW, status=404, args=_webinar),
    "api/v1/workflows/<slug>/simulate": Expect(right=VIEW, post_only=True, args=_webinar),
    "api/v1/scenarios": Expect(right=VIEW),
    "api/v1/scenarios/<slug>": Expect(right=VIEW, args=_scenario),
    "api/v1/workflows/logs": Expect(right=VIEW),
    "api/v1/workflows/logs/<ref>": Expect(right=VIEW, args=_log),
    "api/v1/workflows/import": Expect(right=CHANGE, post_only=True),
    "api/v1/workflows/import/plan": Expect(right=CHANGE, post_only=True),
    "api/v1/workflows/import/diagram": Expect(right=CHANGE, post_only=True),
    "api/v1/workflows/import/facts": Expect(right=CHANGE, post_only=True),
    "workflows/import": Expect(right=CHANGE),
    "workflows/import/facts": Expect(right=CHANGE, post_only=True),
    "workflows/import/<uuid:file_id>": Expect(right=CHANGE, args=_upload, otherwise=NOT_THEIRS),
    "workflows/logs": Expect(right=VIEW),
    "workflows/logs/<ref>": Expect(right=VIEW, args=_log),
    "workflows/logs/<ref>/progress": Expect(right=VIEW, args=_log),
    "workflows/logs/<ref>/discover": Expect(right=CHANGE, post_only=True, args=_log),
    "workflows/logs/<ref>/remove": Expect(right=CHANGE, post_only=True, args=_log),
    "api/v1/crews": Expect(right=VIEW),
    "api/v1/crews/<slug>": Expect(right=VIEW, args=_crew),
    "workflows": Expect(right=VIEW),
    "workflows/templates": Expect(right=VIEW),
    "workflows/templates/<slug>/begin": Expect(right=CHANGE, post_only=True, args=_webinar),
    "workflows/new": Expect(right=CHANGE),
    "workflows/crews": Expect(right=VIEW),
    "workflows/crews/new": Expect(right=CHANGE),
    "workflows/crews/<slug:slug>": Expect(right=VIEW, args=_crew),
    "workflows/crews/<slug:slug>/change": Expect(right=CHANGE, args=_crew),
    "workflows/crews/<slug:slug>/undo": Expect(right=CHANGE, post_only=True, args=_crew),
    "workflows/crews/<slug:slug>/team": Expect(right=CHANGE, args=_crew),
    "workflows/crews/<slug:slug>/person": Expect(right=CHANGE, args=_crew),
    "workflows/crews/<slug:slug>/calendar": Expect(right=CHANGE, args=_crew),
    "workflows/scenarios": Expect(right=VIEW),
    "workflows/scenarios/new": Expect(right=CHANGE),
    "workflows/scenarios/<slug:slug>": Expect(right=CHANGE, args=_scenario),
    "workflows/scenarios/<slug:slug>/retire": Expect(right=CHANGE, post_only=True, args=_scenario),
    "workflows/<slug:slug>/openings/<str:ref>": Expect(
        right=VIEW, post_only=True, args=lambda world: {"slug": "webinar", "ref": world.things["place"].ref}
    ),
    "workflows/<slug:slug>/edit": Expect(right=CHANGE, args=_webinar),
    "workflows/<slug:slug>/check": Expect(right=CHANGE, post_only=True, args=_webinar),
    "workflows/<slug:slug>/sketch": Expect(right=CHANGE, post_only=True, args=_webinar),
    "workflows/<slug:slug>/save": Expect(right=CHANGE, post_only=True, args=_webinar),
    "workflows/<slug:slug>/outline": Expect(right=CHANGE, args=_webinar),
    "workflows/<slug:slug>/outline/workflow": Expect(right=CHANGE, args=_webinar),
    "workflows/<slug:slug>/outline/work": Expect(right=CHANGE, args=_webinar),
    "workflows/<slug:slug>/outline/work/<str:ident>": Expect(right=CHANGE, args=_class),
    "workflows/<slug:slug>/outline/steps/<str:ident>": Expect(right=CHANGE, args=_step),
    "workflows/<slug>": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/because": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/bottleneck": Expect(right=VIEW, post_only=True, args=_webinar),
    "workflows/<slug>/compare": Expect(right=VIEW, post_only=True, args=_webinar),
    "workflows/<slug>/asked/<ref>": Expect(right=VIEW, args=_question),
    "workflows/<slug>/decisions": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/decisions/keep": Expect(right=CHANGE, post_only=True, args=_webinar),
    "workflows/<slug>/decisions/asked/<ref>": Expect(right=VIEW, args=_search),
    "workflows/<slug>/open": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/open/asked/<ref>": Expect(right=VIEW, args=_reckoning),
    "workflows/<slug>/what-if/<kind>": Expect(right=CHANGE, args=_hire),
    "workflows/<slug>/map.svg": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/map.bpmn": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/prosimos.zip": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/document.yaml": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/document.json": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/fit": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/fit/<ref>": Expect(right=VIEW, args=_fit),
    "workflows/<slug>/brief": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/brief.pdf": Expect(right=VIEW, status=409, args=_webinar),
    "workflows/<slug>/comparison": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/comparison.pdf": Expect(right=VIEW, status=409, args=_webinar),
}
