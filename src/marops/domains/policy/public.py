"""What the rest of the house may ask of the AI policy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from pydantic import ValidationError

from marops.domains.accounts.public import Account
from marops.domains.policy.actions.drafts import decide_draft, edit_draft, propose_draft, withdraw_draft
from marops.domains.policy.actions.policies import keep_policy
from marops.domains.policy.actions.reading import ask_to_read, hand_over
from marops.domains.policy.actions.samples import look_at_sample
from marops.domains.policy.actions.switches import go_on, stop
from marops.domains.policy.jobs import DECIDE, EVIDENCE, VERIFY
from marops.domains.policy.models import AiDraft
from marops.domains.policy.permissions import TRAIL, VIEW
from marops.domains.policy.queries import drafts, policies, samples, told
from marops.domains.policy.queries import register as kept
from marops.domains.policy.queries.checking import Checked, check_bundle, checked_bundle
from marops.domains.policy.queries.evidence import Wanted, bundle
from marops.domains.policy.queries.narrowing import Narrowed
from marops.domains.policy.queries.register import disclosure_of
from marops.domains.policy.queries.rehearsing import Past, PastDraft, rehearsed, rehearsed_drafts
from marops.domains.policy.queries.standing import foreseen, standing
from marops.domains.policy.queries.templates import template
from marops.domains.policy.queries.uses import Use, uses
from marops.domains.policy.rules.cedar import Facts
from marops.domains.policy.rules.document import AiPolicy, Asked
from marops.domains.policy.rules.drafts import act_content
from marops.domains.policy.rules.marking import NotMarkable, marked
from marops.domains.policy.writing import (
    forget_history,
    forget_tables,
    write_drafts,
    write_history,
    write_switch,
    write_table,
)
from marops.kernel import audit, gates
from marops.kernel.actions import Act
from marops.kernel.actors import Actor
from marops.kernel.definitions import load, pydantic_faults
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.jobs import run_here, start_job
from marops.kernel.models import Definition, Job
from marops.kernel.permissions import require
from marops.kernel.workspace import midnight

__all__ = [
    "Past",
    "PastDraft",
    "Proposed",
    "act_of",
    "ask_to_read",
    "bring_history",
    "check",
    "check_bundle",
    "check_bundle_here",
    "decide",
    "decide_here",
    "decide_plainly",
    "difference",
    "disclosure_of",
    "done_or_asked",
    "draft",
    "edit",
    "evidence_here",
    "foreseen",
    "forget_history",
    "forget_tables",
    "go_on",
    "hand_over",
    "keep_policy",
    "label",
    "mark",
    "own_drafts",
    "page",
    "paper",
    "person_named",
    "propose",
    "register",
    "self_test",
    "standing",
    "start_evidence",
    "start_verifying",
    "stop",
    "template",
    "tools_of",
    "trail",
    "use_of",
    "verify_here",
    "waiting",
    "withdraw",
    "write_switch",
]

_FACTS = {one.name for one in fields(Facts)}


def page(actor: Actor, version: str = "") -> dict[str, Any]:
    """The one page of a version; of the one in force where nothing is said."""
    require(actor, VIEW)
    return told.page_json(policies.policy_of(version))


def paper(actor: Actor, version: str = "") -> bytes:
    """The same on one sheet of A4, as PDF."""
    from marops.domains.policy.papers.policy import policy_page

    require(actor, VIEW)
    return policy_page(policies.policy_of(version))


def check(actor: Actor, document: Any, version: str = "") -> dict[str, Any]:
    """May this AI do this? `document` answers the eight questions, and may tell `facts` of the moment.

    Raises MaropsError `invalid` that names each answer that is none.
    """
    require(actor, VIEW)
    if not isinstance(document, Mapping):
        raise MaropsError(INVALID, "A request is a mapping of the questions to answers.")
    given = dict(document)
    facts = _facts(given.pop("facts", None))
    try:
        asked = Asked.model_validate(given)
    except ValidationError as error:
        raise MaropsError(INVALID, "The request has faults.", errors=pydantic_faults(error, given)) from None
    return told.check_json(policies.policy_of(version), asked, facts)


def _facts(given: Any) -> Facts:
    from pydantic import TypeAdapter

    if given is None:
        return Facts()
    try:
        return TypeAdapter(Facts).validate_python(given)
    except ValidationError as error:
        raise MaropsError(INVALID, "The facts have faults.", errors=pydantic_faults(error, given)) from None


def difference(actor: Actor, before: str, after: str) -> dict[str, Any]:
    """Exactly what another version decides otherwise."""
    require(actor, VIEW)
    return told.difference_json(told.difference(policies.policy_of(before), policies.policy_of(after)))


def self_test(actor: Actor, version: str = "") -> dict[str, Any]:
    """The policy's own checks, the laws, and the rules that decide nothing."""
    require(actor, VIEW)
    return told.test_json(policies.policy_of(version))


def decide_here(actor: Actor, version: str = "") -> dict[str, Any]:
    """Decide a version ahead in this process. Answers what the job does."""
    require(actor, VIEW)
    wanted = policies.policy_of(version).row
    started = start_job(DECIDE, {"version": str(wanted.version), "policy": wanted.pinned}, actor=actor, here=True)
    return dict(run_here(started.id).result or {})


def register(actor: Actor) -> list[dict[str, Any]]:
    """The register of AI uses, with tiers and switches."""
    require(actor, VIEW)
    return kept.register()


def use_of(actor: Actor, slug: str) -> dict[str, Any]:
    """One use of the register."""
    require(actor, VIEW)
    return kept.use_of(slug)


def trail(
    actor: Actor, given: Mapping[str, str] | None = None, after: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """What AI did, waits to do and was refused, the newest first.

    `given` narrows it: use, verdict, person (an account's id), term (the policy's word), days, since and until (days of
    the workspace, both included). Raises MaropsError `invalid`.
    """
    require(actor, TRAIL)
    asked = given or {}
    first, last = time_between(asked.get("since", ""), asked.get("until", ""))
    return kept.trail(Narrowed.of(asked, first, last), after, limit)


@dataclass(frozen=True, slots=True)
class Proposed:
    """What became of a draft that an AI handed in: approved at once, or waiting for `missing` (needed, roles)."""

    id: UUID
    state: str
    sha256: str
    missing: Mapping[str, Any]
    rules: tuple[str, ...]
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As the agent is told that handed it in."""
        return {
            "draft": str(self.id), "state": self.state, "needed": int(self.missing.get("needed", 0)),
            "roles": list(self.missing.get("roles", [])), "rules": list(self.rules), "reasons": list(self.reasons),
        }  # fmt: skip


def propose(
    actor: Actor, *, kind: str, subject: str, title: str, content: Mapping[str, Any], about: gates.About | None = None,
    prompt: str = "", tokens: int = 0, cost: Decimal = Decimal(0),
) -> Proposed:  # fmt: skip
    """An AI hands in a draft: `text` (text, language, media), `act` (action, arguments) or `definition`.

    Raises MaropsError `gate-refused` where the policy never allows it. An act is weighed as the act it would be; once
    approved, the AI does it as usual, and exactly that passes, once.
    """
    row = propose_draft(
        actor=actor, kind=kind, subject=subject, title=title, content=content, about=about or gates.About(records=1),
        prompt=prompt, tokens=max(0, tokens), cost=cost,
    )  # fmt: skip
    return _proposed(row)


def done_or_asked(
    act: Callable[..., Any], *, actor: Actor, subject: str, title: str, ask: bool, **arguments: Any
) -> Proposed | None:
    """Do an act; None where it was done. Where readers are missing and `ask` is set, hand exactly this act in for them.

    Raises MaropsError `gate-refused` where it is refused otherwise, and what the act raises.
    """
    try:
        act(actor=actor, **arguments)
    except MaropsError as error:
        told = error.extra.get("told", {}).get("ai-policy") or {}
        if not ask or error.code != gates.REFUSED or not (told.get("missing") or {}).get("review"):
            raise
    else:
        return None
    content = act_content(act.__dict__["__marops_action__"].name, arguments)
    return propose(actor, kind="act", subject=subject, title=title, content=content)


def own_drafts(actor: Actor, limit: int = 50) -> list[dict[str, Any]]:
    """What an AI of this use handed in for this person, the newest first."""
    return drafts.told(actor, list(drafts.visible(actor).order_by("-id")[:limit]))


def _proposed(row: AiDraft) -> Proposed:
    told, waits = row.gates, row.state == AiDraft.State.WAITING
    missing = {name: told[name] for name in ("needed", "roles", "disclosed")} if waits else {}
    return Proposed(row.id, row.state, row.sha256, missing, tuple(told["rules"]), tuple(told["reasons"]))


def waiting(actor: Actor) -> list[dict[str, Any]]:
    """What AI handed in and waits to be read, with whether this actor may decide."""
    require(actor, VIEW)
    return drafts.told(actor, drafts.waiting_drafts(actor))


def draft(actor: Actor, draft_id: UUID | str) -> dict[str, Any]:
    """One draft with its content and who said what. An AI sees its own."""
    return drafts.told(actor, [_draft(actor, draft_id)])[0]


def _draft(actor: Actor, draft_id: UUID | str) -> AiDraft:
    if actor.kind != "ai":
        require(actor, VIEW)
    return drafts.draft_of(actor, draft_id)


def decide(actor: Actor, draft_id: UUID | str, sha256: str, approve: bool, why: str = "") -> dict[str, Any]:
    """A person says yes or no to exactly the content of this digest. Raises as `actions.drafts.decide_draft`."""
    row = _draft(actor, draft_id)
    decide_draft(actor=actor, draft_id=row.id, sha256=sha256, approve=approve, why=why)
    return draft(actor, row.id)


def samples_waiting(actor: Actor) -> list[dict[str, Any]]:
    """What AI did by itself and was drawn for somebody to look at, with whether this actor may."""
    require(actor, VIEW)
    return samples.waiting(actor)


def look(actor: Actor, act_id: UUID | str, right: bool, why: str = "") -> dict[str, Any]:
    """A person says whether an act that was drawn was right. Raises as `actions.samples.look_at_sample`."""
    require(actor, VIEW)
    found = look_at_sample(actor=actor, act_id=samples.sample_of(actor, act_id).act.id, right=right, why=why)
    return samples.told(actor, [found])[0]


def edit(actor: Actor, draft_id: UUID | str, content: Mapping[str, Any]) -> Proposed:
    """Change a draft: a new one that is read anew, since approvals of the former are void."""
    row = _draft(actor, draft_id)
    if actor.kind != "ai":
        return _proposed(edit_draft(actor=actor, draft_id=row.id, content=content))
    about = gates.About(subject=row.subject, **row.asked.get("named", {}), **row.asked.get("reach", {}))
    return _proposed(
        propose_draft(
            actor=actor, kind=row.kind, subject=row.subject, title=row.title, content=content, about=about,
            prompt=row.prompt, replaces=row.id,
        )
    )  # fmt: skip


def withdraw(actor: Actor, draft_id: UUID | str, why: str = "") -> dict[str, Any]:
    """Take a draft back."""
    row = _draft(actor, draft_id)
    withdraw_draft(actor=actor, draft_id=row.id, why=why)
    return draft(actor, row.id)


def label(of: Actor | AiDraft, language: str = "") -> str:
    """The disclosure that applies to what this AI makes, in a language where there is one; empty where none is due."""
    slug = of.ai_use if isinstance(of, Actor) else of.use
    return kept.disclosure_of(slug or "", language)


def act_of(actor: Actor, act_id: UUID | str) -> dict[str, Any]:
    """One act of the trail, with its draft and the digest that the audit holds."""
    require(actor, TRAIL)
    return kept.act_of(act_id)


def verify_here(actor: Actor) -> dict[str, Any]:
    """Verify the whole trail in this process: every act against its digest, and the chain of the audit."""
    require(actor, TRAIL)
    return dict(run_here(start_job(VERIFY, {}, actor=actor, here=True).id).result or {})


def start_verifying(actor: Actor) -> Job:
    """The same as a job."""
    require(actor, TRAIL)
    return start_job(VERIFY, {}, actor=actor)


def evidence_here(actor: Actor, out: Path, use: str = "", since: str = "", until: str = "") -> dict[str, Any]:
    """Write the evidence of a time to a file; `since` and `until` are days of the workspace, both included."""
    require(actor, TRAIL)
    first, last = time_between(since, until)
    part = out.with_name(f"{out.name}.part")
    try:
        manifest = [told for _done, told in bundle(part, Wanted(use, first, last), actor)][-1]
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def check_bundle_here(actor: Actor, path: Path, seal: str = "") -> Checked:
    """Check a bundle, and compare each of its seals with the one of this workspace."""
    require(actor, TRAIL)
    found, seals = checked_bundle(path, seal)
    ours = audit.seal_digests(min(seals, default=1), max(seals, default=0))
    for number in sorted(one for one, digest in seals.items() if ours.get(one) != digest):
        found.found("a seal is not the one of this workspace", f"seal {number}")
    return found


def start_evidence(actor: Actor, use: str = "", since: str = "", until: str = "") -> Job:
    """The same as a job, whose file is on its page."""
    require(actor, TRAIL)
    first, last = time_between(since, until)
    moments = {name: one.isoformat() for name, one in (("since", first), ("until", last)) if one}
    period = " ".join(one for one in (f"from {since}" if since else "", f"until {until}" if until else "") if one)
    return start_job(EVIDENCE, {"use": use, "period": period, **moments}, actor=actor)


def time_between(since: str, until: str) -> tuple[datetime | None, datetime | None]:
    """The moments that two days of the workspace enclose, either of them open. Raises MaropsError `invalid`."""
    found: list[datetime | None] = []
    for name, text, days in (("since", since, 0), ("until", until, 1)):
        try:
            found.append(midnight(date.fromisoformat(text) + timedelta(days=days)) if text else None)
        except (ValueError, OverflowError):
            fault = FieldError("date", f"{text} is no day.", "Write it as 2026-06-30.", f"/{name}", field=name)
            raise MaropsError(INVALID, f"{text} is no day; write it as 2026-06-30.", errors=[fault]) from None
    return found[0], found[1]


def person_named(email: str) -> Actor:
    """Who has this e-mail address here, to act as. Raises MaropsError `not-found`."""
    row = Account.objects.filter(email__iexact=email.strip(), active=True).first()
    if row is None:
        raise MaropsError(NOT_FOUND, f"Nobody here has the address {email}.")
    return Actor("human", str(row.id))


def tools_of(use: str) -> frozenset[str]:
    """The agents' tools that the register names for a use; empty where it names none, or there is no such use."""
    found = uses().get(use)
    return frozenset(found.document.tools) if found else frozenset()


def bring_history(
    act: Act, policy: Definition, uses: Sequence[Definition], acts: Sequence[Past], drafts: Sequence[PastDraft] = ()
) -> int:
    """Inside an act: what AI wanted to do in the past and handed in, judged by this policy and these uses.

    Answers how many acts.
    """
    known = {row.slug: Use(row.slug, row.version, load(row)) for row in uses}
    judge = policies.Policy(policy, load(policy))
    for row in (policy, *uses):  # they came without an act of their own
        act.changed("definition", row.pinned, after={"state": row.state, "sha256": row.sha256})
    write_drafts(act, list(rehearsed_drafts(judge, known, drafts)))
    return write_history(act, list(rehearsed(judge, known, acts)))


def decide_plainly(act: Act, document: Mapping[str, Any]) -> str:
    """Inside an act: keep what a policy of plain sentences decides. Answers its digest, or nothing if it was there."""
    return write_table(act, AiPolicy.model_validate(document).rules)


def mark(content: bytes, source: Literal["made", "edited"] = "made", words: str = "", language: str = "") -> bytes:
    """HTML, PNG or JPEG with the mark for machines that AI took part. Raises MaropsError `invalid`."""
    try:
        return marked(content, source, words, language)
    except NotMarkable as error:
        raise MaropsError(INVALID, f"This cannot be marked: {error}.") from None
