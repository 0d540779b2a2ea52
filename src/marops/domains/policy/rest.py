"""The AI policy over REST: its page, its answers, what a version changes, its tests; the register and the trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field, StrictBool, StrictInt

from marops.domains.accounts.public import actor_of
from marops.domains.policy import public
from marops.domains.policy.actions import switches
from marops.kernel.rest import Page, Paging, Shown, Strict

router = Router(tags=["policy"])


class PolicyOut(Shown):
    """The one page: lines by verdict (`free`, `gated`, `never`), details, and how many asks are which."""

    title: str
    version: int
    state: str
    digest: str
    asks: dict[str, int]
    combinations: int
    allowed: int
    lines: list[dict[str, Any]]
    details: list[dict[str, Any]]


class AskedIn(Strict):
    """What an AI wants to do: an answer to each of the eight questions, and `facts` of the moment."""

    action: str
    content: str
    audience: str
    data: str
    autonomy: StrictInt
    review: StrictInt = 0
    disclosed: StrictBool = False
    hosting: str = "vendor"
    facts: dict[str, Any] = Field(default_factory=dict)


class AnswerOut(Shown):
    """Yes or no, the rules behind it, the least that is missing, and what one other word would change."""

    policy: str
    asked: str
    allowed: bool
    rules: list[dict[str, Any]]
    needs: str | None
    missing: dict[str, Any] | None
    reasons: list[str]
    later: list[dict[str, Any]]
    one_word_away: list[dict[str, Any]]


class DifferenceOut(Shown):
    """Exactly the combinations that another version decides otherwise, as boxes that share none."""

    before: str
    after: str
    opened: int
    closed: int
    opens: list[dict[str, Any]]
    closes: list[dict[str, Any]]
    rules: dict[str, list[str]]
    moment: list[str]


class TestsOut(Shown):
    """A policy's own checks, the laws it breaks, the rules that decide nothing."""

    policy: str
    passed: bool
    checks: list[dict[str, Any]]
    laws: list[dict[str, Any]]
    dead: list[str]
    shadowed: list[str]


class UseOut(Shown):
    """A use of AI in the register: its newest version, its risk tier and why, and whether it is stopped."""

    use: str
    version: int
    state: str
    tier: str
    tier_because: list[str]
    stopped: dict[str, Any] | None
    document: dict[str, Any]


class ActOut(Shown):
    """One thing an AI did, waits to do or was refused."""

    id: str
    at: str
    use: str
    action: str
    term: str
    verdict: str
    policy: str
    rules: list[str]
    reasons: list[str]


class AiActOut(ActOut):
    """One act with all it rests on: facts, what is missing, digests, its draft, and the seal its digest is under."""

    use_version: int | None
    actor: str
    on_behalf_of: str
    subject: str
    facts: dict[str, Any]
    missing: dict[str, Any] | None
    inputs_sha256: str
    outputs_sha256: str
    prompt: str
    tokens: int
    cost: float
    recipients: int
    records: int
    spent: int
    disclosure: str
    draft: str | None
    sha256: str
    seal: int | None


class AiDraftOut(Shown):
    """What an AI handed in: its content and digest, whom it waits for, who said what, whether you may decide."""

    id: str
    at: datetime
    kind: str
    use: str
    actor: str
    on_behalf_of: str
    subject: str
    title: str
    content: dict[str, Any]
    sha256: str
    state: str
    needed: int
    approvals: int
    roles: list[str]
    disclosed: bool
    rules: list[str]
    reasons: list[str]
    edited_from: str | None
    decided_at: datetime | None
    outcome: str
    may_decide: bool
    why_not: str
    decisions: list[dict[str, Any]]


class AiSampleOut(Shown):
    """An act of AI that was drawn to be looked at: who looked, what they found, whether you may."""

    act: str
    at: datetime
    use: str
    action: str
    term: str
    subject: str
    records: int
    on_behalf_of: str
    state: str
    needed: int
    roles: list[str]
    decided_at: datetime | None
    may_look: bool
    why_not: str
    decisions: list[dict[str, Any]]


class AiFoundIn(Strict):
    """What you found: was the act right? If not, why."""

    right: bool
    why: str = ""


class AiWordIn(Strict):
    """A reader's word on exactly the content of this digest; a no says why."""

    sha256: str
    why: str = ""


class AiContentIn(Strict):
    """The whole new content, in the shape of its kind."""

    content: dict[str, Any]


class AiPeriodIn(Strict):
    """Days of the workspace, both included, either left open; of one use or of all."""

    use: str = ""
    since: str = ""
    until: str = ""


class AiJobOut(Shown):
    """The job that does it; what comes of it stands under its address."""

    job: str


class StopIn(Strict):
    """Why; it stands in every refusal."""

    why: str = ""


class Which(Strict):
    """A version by its number; empty: the one in force, else the newest."""

    version: str = ""


class Pair(Strict):
    """Two versions."""

    before: str
    after: str


class ActsAsked(Paging):
    """Acts of one use or of all, of one verdict, person, word of the policy or time, the newest first."""

    use: str = ""
    verdict: str = ""
    person: str = ""
    term: str = ""
    since: str = ""
    until: str = ""


@router.get("/policy", response=PolicyOut, url_name="policy")
def policy(request: HttpRequest, asked: Query[Which]) -> Any:
    """What AI may do, as the page says it."""
    return public.page(actor_of(request), asked.version)


@router.post("/policy/check", response=AnswerOut, url_name="policy-check")
def check(request: HttpRequest, asked: AskedIn, which: Query[Which]) -> Any:
    """May this AI do this? Nothing is written: a question is no act."""
    given = asked.model_dump()
    facts = given.pop("facts")
    return public.check(actor_of(request), given | ({"facts": facts} if facts else {}), which.version)


@router.get("/policy/difference", response=DifferenceOut, url_name="policy-difference")
def difference(request: HttpRequest, asked: Query[Pair]) -> Any:
    """What changes from one version to another, combination by combination."""
    return public.difference(actor_of(request), asked.before, asked.after)


@router.get("/policy/tests", response=TestsOut, url_name="policy-tests")
def tests(request: HttpRequest, asked: Query[Which]) -> Any:
    """The policy's own checks and the four laws."""
    return public.self_test(actor_of(request), asked.version)


@router.get("/ai/uses", response=Page[UseOut], url_name="ai-uses")
def uses(request: HttpRequest) -> Any:
    """The register of AI uses."""
    return {"items": public.register(actor_of(request)), "next": None}


@router.get("/ai/acts", response=Page[ActOut], url_name="ai-acts")
def acts(request: HttpRequest, asked: Query[ActsAsked]) -> Any:
    """The trail: what AI did, waits to do and was refused."""
    given = asked.model_dump(include={"use", "verdict", "person", "term", "since", "until"})
    return public.trail(actor_of(request), given, asked.after, asked.limit)


@router.post("/ai/uses/{use}/stop", response=UseOut, url_name="ai-stop")
def stop(request: HttpRequest, use: str, asked: StopIn) -> Any:
    """Throw the kill switch of a use: from this moment it does nothing more."""
    switches.stop(actor=actor_of(request), use=use, why=asked.why)
    return public.use_of(actor_of(request), use)


@router.post("/ai/uses/{use}/go-on", response=UseOut, url_name="ai-go-on")
def go_on(request: HttpRequest, use: str) -> Any:
    """Release the kill switch of a use."""
    switches.go_on(actor=actor_of(request), use=use)
    return public.use_of(actor_of(request), use)


@router.get("/ai/acts/{uuid:act}", response=AiActOut, url_name="ai-act")
def act(request: HttpRequest, act: UUID) -> Any:
    """One act of the trail."""
    return public.act_of(actor_of(request), act)


@router.post("/ai/acts/verify", response={202: AiJobOut}, url_name="ai-verify")
def verify(request: HttpRequest) -> Any:
    """Have every act's digest and the chain of the audit recomputed, as a job."""
    return Status(202, {"job": public.start_verifying(actor_of(request)).ref})


@router.post("/ai/evidence", response={202: AiJobOut}, url_name="ai-evidence")
def evidence(request: HttpRequest, asked: AiPeriodIn) -> Any:
    """Have the evidence of some days gathered, as a job whose result names the file."""
    job = public.start_evidence(actor_of(request), asked.use, asked.since, asked.until)
    return Status(202, {"job": job.ref})


@router.get("/ai/drafts", response=Page[AiDraftOut], url_name="ai-drafts")
def drafts(request: HttpRequest) -> Any:
    """What AI handed in and waits to be read, the oldest first."""
    return {"items": public.waiting(actor_of(request)), "next": None}


@router.get("/ai/drafts/{uuid:draft}", response=AiDraftOut, url_name="ai-draft")
def draft(request: HttpRequest, draft: UUID) -> Any:
    """One draft."""
    return public.draft(actor_of(request), draft)


@router.post("/ai/drafts/{uuid:draft}/approve", response=AiDraftOut, url_name="ai-draft-approve")
def approve(request: HttpRequest, draft: UUID, asked: AiWordIn) -> Any:
    """Say yes to exactly the content of this digest."""
    return public.decide(actor_of(request), draft, asked.sha256, True, asked.why)


@router.post("/ai/drafts/{uuid:draft}/decline", response=AiDraftOut, url_name="ai-draft-decline")
def decline(request: HttpRequest, draft: UUID, asked: AiWordIn) -> Any:
    """Say no, and why."""
    return public.decide(actor_of(request), draft, asked.sha256, False, asked.why)


@router.post("/ai/drafts/{uuid:draft}/edit", response=AiDraftOut, url_name="ai-draft-edit")
def edit(request: HttpRequest, draft: UUID, asked: AiContentIn) -> Any:
    """Change it: answers a new draft that is read anew, since approvals of the former are void."""
    actor = actor_of(request)
    return public.draft(actor, public.edit(actor, draft, asked.content).id)


@router.post("/ai/drafts/{uuid:draft}/withdraw", response=AiDraftOut, url_name="ai-draft-withdraw")
def withdraw(request: HttpRequest, draft: UUID) -> Any:
    """Take it back."""
    return public.withdraw(actor_of(request), draft)


@router.get("/ai/samples", response=Page[AiSampleOut], url_name="ai-samples")
def samples(request: HttpRequest) -> Any:
    """What AI did by itself and was drawn for somebody to look at, the oldest first."""
    return {"items": public.samples_waiting(actor_of(request)), "next": None}


@router.post("/ai/samples/{uuid:act}", response=AiSampleOut, url_name="ai-sample-look")
def look(request: HttpRequest, act: UUID, asked: AiFoundIn) -> Any:
    """Say whether an act that was drawn was right; nothing is undone by it."""
    return public.look(actor_of(request), act, asked.right, asked.why)
