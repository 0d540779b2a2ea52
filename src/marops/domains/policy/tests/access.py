from tests.cast import Expect

from marops.domains.policy.actions.policies import keep_policy
from marops.domains.policy.actions.uses import keep_use
from marops.domains.policy.models import AiAct, AiDraft
from marops.domains.policy.rules.samples import SAMPLE
from marops.domains.policy.tests.policies import decided_at_once, rule
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.models import Review

VIEW, CHANGE, REVIEW = "policy.view", "policy.change", "policy.review"
PERMIT = 'permit (principal, action == Action::"draft", resource) when { context.review >= 1 };'

USE = {
    "title": "A use", "owner": "Manager", "actions": ["draft"], "content": ["words"], "audience": ["colleagues"],
    "data": ["none"], "model": {"vendor": "A vendor", "name": "A model"}, "autonomy": 2,
}  # fmt: skip


def things(cast):
    """A policy and a use that are drafts."""
    asked = {"action": "draft", "content": "words", "audience": "colleagues", "data": "none", "autonomy": 2}
    checks = [{"says": "A draft", "ask": asked, "expect": "no"}]
    document = {"title": "A policy", "rules": [rule("R-01", PERMIT).model_dump()], "checks": checks}
    decided_at_once(document["rules"])
    keep_use(actor=SETUP, slug="u-07", document=USE)
    return {"policy": keep_policy(actor=SETUP, document=document), **_trail(cast)}


def _trail(cast):
    """A draft that waits, and an act."""
    draft = AiDraft.objects.create(
        at=now(), use="u-07", actor="assistant", on_behalf_of=str(cast.priya.id), kind="text", title="A text",
        content={"text": "x"}, sha256="0" * 64, gates={"needed": 1, "roles": []}, asked={"named": {"data": "none"}},
    )  # fmt: skip
    act = AiAct.objects.create(
        at=now(),
        use="u-07",
        actor="assistant",
        on_behalf_of=str(cast.priya.id),
        action="a.b",
        term="draft",
        verdict="no",
    )
    sample = AiAct.objects.create(
        at=now(), use="u-07", actor="assistant", on_behalf_of=str(cast.priya.id), action="a.b", term="score",
        verdict="yes",
    )  # fmt: skip
    Review.objects.create(subject_type=SAMPLE, subject_id=str(sample.id), asked_by=str(cast.priya.id), asked_at=now())
    return {"ai_draft": draft.id, "ai_act": act.id, "ai_sample": sample.id}


def _version(world):
    return {"version": world.things["policy"].version}


def _rule(_world):
    return {"rule": "R-01"}


def _draft(world):
    return {"draft": world.things["ai_draft"]}


def _act(world):
    return {"act": world.things["ai_act"]}


def _sample(world):
    return {"act": world.things["ai_sample"]}


def _use(_world):
    return {"use": "u-07"}


EXPECT = {
    "policy/because": Expect(right=VIEW),
    "policy/desk": Expect(right=VIEW),
    "policy/checks": Expect(right=VIEW),
    "policy/checks/new": Expect(right=CHANGE),
    "policy/checks/<int:at>": Expect(right=CHANGE, args=lambda _world: {"at": 0}),
    "policy/checks/<int:at>/remove": Expect(right=CHANGE, post_only=True, args=lambda _world: {"at": 0}),
    "policy/lines/<int:at>": Expect(right=VIEW, args=lambda _world: {"at": 0}),
    "policy/stop": Expect(right="ai.stop"),
    "policy/go-on": Expect(right="ai.stop", post_only=True),
    "policy": Expect(right=VIEW),
    "policy.pdf": Expect(right=VIEW),
    "policy/about": Expect(right=CHANGE),
    "policy/begin": Expect(right=CHANGE, post_only=True),
    "policy/jobs/<int:number>": Expect(right=VIEW, status=404, args=lambda _world: {"number": 999_999}),
    "policy/what-if": Expect(right=VIEW),
    "policy/rules": Expect(right=VIEW),
    "policy/rules/new": Expect(right=CHANGE),
    "policy/rules/written": Expect(right=CHANGE, post_only=True),
    "policy/rules/<slug:rule>": Expect(right=VIEW, args=_rule),
    "policy/rules/<slug:rule>/remove": Expect(right=CHANGE, post_only=True, args=_rule),
    "policy/versions": Expect(right=VIEW),
    "policy/versions/<int:version>": Expect(right=VIEW, args=_version),
    "policy/versions/<int:version>/decide": Expect(right=CHANGE, post_only=True, args=_version),
    "policy/versions/<int:version>/put-in-force": Expect(right="definitions.activate", post_only=True, args=_version),
    "policy/waiting": Expect(right=VIEW),
    "policy/samples/<uuid:act>": Expect(right=REVIEW, args=_sample, otherwise={"selma": 404}),
    "policy/samples/<uuid:act>/word": Expect(right=VIEW, post_only=True, args=_sample),
    "policy/waiting/<uuid:draft>": Expect(right=REVIEW, args=_draft, otherwise={"selma": 404}),
    "policy/waiting/<uuid:draft>/word": Expect(right=VIEW, post_only=True, args=_draft),
    "policy/waiting/<uuid:draft>/edit": Expect(right=VIEW, post_only=True, args=_draft),
    "policy/waiting/<uuid:draft>/withdraw": Expect(right=VIEW, post_only=True, args=_draft),
    "policy/trail": Expect(right="ai.trail"),
    "policy/trail/verify": Expect(right="ai.trail", post_only=True),
    "policy/trail/evidence": Expect(right="ai.trail", post_only=True),
    "policy/trail/<uuid:act>": Expect(right="ai.trail", args=_act),
    "policy/disclosures": Expect(right=VIEW),
    "policy/disclosures/edit": Expect(right=CHANGE),
    "policy/disclosures/mark": Expect(right=VIEW, post_only=True),
    "policy/law": Expect(right=VIEW),
    "policy/interview": Expect(right=CHANGE),
    "policy/interview/made": Expect(right=VIEW),
    "policy/interview/put-in-force": Expect(right="definitions.activate", post_only=True),
    "policy/ask": Expect(right=CHANGE, post_only=True),
    "policy/uses": Expect(right=VIEW),
    "policy/uses/new": Expect(right=CHANGE),
    "policy/uses/<slug:use>": Expect(right=VIEW, args=_use),
    "policy/uses/<slug:use>/edit": Expect(right=CHANGE, args=_use),
    "policy/uses/<slug:use>/put-in-force": Expect(right="definitions.activate", post_only=True, args=_use),
    "policy/uses/<slug:use>/stop": Expect(right="ai.stop", post_only=True, args=_use),
    "policy/uses/<slug:use>/go-on": Expect(right="ai.stop", post_only=True, args=_use),
    "policy/diff": Expect(right=VIEW, query="before=1&after=1"),
    "api/v1/policy": Expect(right=VIEW),
    "api/v1/policy/check": Expect(right=VIEW, post_only=True),
    "api/v1/policy/difference": Expect(right=VIEW, query="before=1&after=1"),
    "api/v1/policy/tests": Expect(right=VIEW),
    "api/v1/ai/acts/<uuidstr:act>": Expect(right="ai.trail", args=_act),
    "api/v1/ai/acts/verify": Expect(right="ai.trail", post_only=True),
    "api/v1/ai/evidence": Expect(right="ai.trail", post_only=True),
    "api/v1/ai/drafts": Expect(right=VIEW),
    "api/v1/ai/drafts/<uuidstr:draft>": Expect(right=REVIEW, args=_draft, otherwise={"selma": 404}),
    "api/v1/ai/drafts/<uuidstr:draft>/approve": Expect(right=VIEW, post_only=True, args=_draft),
    "api/v1/ai/drafts/<uuidstr:draft>/decline": Expect(right=VIEW, post_only=True, args=_draft),
    "api/v1/ai/drafts/<uuidstr:draft>/edit": Expect(right=VIEW, post_only=True, args=_draft),
    "api/v1/ai/drafts/<uuidstr:draft>/withdraw": Expect(right=VIEW, post_only=True, args=_draft),
    "api/v1/ai/samples": Expect(right=VIEW),
    "api/v1/ai/samples/<uuidstr:act>": Expect(right=VIEW, post_only=True, args=_sample),
    "api/v1/ai/uses": Expect(right=VIEW),
    "api/v1/ai/acts": Expect(right="ai.trail"),
    "api/v1/ai/uses/<use>/stop": Expect(right="ai.stop", post_only=True, args=_use),
    "api/v1/ai/uses/<use>/go-on": Expect(right="ai.stop", post_only=True, args=_use),
}
