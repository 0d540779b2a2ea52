"""The gate: may an AI do this, now? Asked by every action of the house before it happens, and again inside it.

People and the system itself pass without a look. An AI passes only under a use that is in the register in force and
names what it does, with a policy in force that allows every combination the act can be, and no switch thrown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from marops.domains.policy.models import AiAct, AiDraft
from marops.domains.policy.queries.disclosures import words_of
from marops.domains.policy.queries.drafts import roles_of
from marops.domains.policy.queries.policies import Policy, in_force
from marops.domains.policy.queries.uses import Use, thrown, uses
from marops.domains.policy.rules.cedar import Facts
from marops.domains.policy.rules.domain import Request
from marops.domains.policy.rules.drafts import act_sha256
from marops.domains.policy.rules.effects import ACTION_OF, FOR_PEOPLE, LOOKS_ONLY, NEVER, REVIEWS, WORDS_ONLY, data_of
from marops.domains.policy.rules.gates import Gates, missing
from marops.domains.policy.rules.wording import answers, needs
from marops.domains.policy.rules.wording import asked as in_words
from marops.domains.policy.writing import write_act
from marops.kernel import ports
from marops.kernel.actions import actions
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.definitions import UNDECIDED, find
from marops.kernel.gates import About, Answer, Question, about
from marops.kernel.models import Definition, Review, ReviewDecision
from marops.kernel.permissions import grants
from marops.kernel.workspace import today

PROPOSE = "policy.propose"
"""The action that hands in a draft: what only lacks readers passes it, to wait for them."""
_TAKE_BACK = "policy.withdraw_draft"
_MAY_WAIT = frozenset({PROPOSE, _TAKE_BACK})
DRAFT = "ai_draft"
"""Reviews of drafts stand under this name."""
_PERSON = r"^[0-9a-f]{8}-[0-9a-f-]{27}$"  # the id of an account; what an AI put in force it did not review
_DAY = timedelta(days=1)
_PURPOSE = "marketing"
"""What somebody is reached for where the register names nothing else."""
_FREE = Answer(allowed=True)
Reached = Mapping[str, int | Decimal]


@dataclass(frozen=True, slots=True)
class Word:
    """What the gate says about one act, and all it rests on."""

    allowed: bool
    reasons: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    lacks: Gates | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """An act of an AI with everything that was looked up to weigh it."""

    term: str
    use: Use | None
    policy: Policy | None
    known: About
    word: Word


def ask(question: Question) -> Answer:
    """The gate's answer to the kernel."""
    if question.actor.kind != "ai":
        return _FREE
    _one_at_a_time()
    found = weigh(question)
    policy, word = found.policy, found.word
    passes = word.allowed or (question.action in _MAY_WAIT and word.lacks is not None)
    saw = {
        "policy": policy.row.pinned if policy else "", "use": found.use.version if found.use else 0,
        "sha256": found.known.sha256, "allowed": passes,
    }  # fmt: skip
    act, draft = _row(question, found), _draft_behind(question, found.known, word)
    looked_at = found.use.document.review if found.use and question.action != _TAKE_BACK else None
    return Answer(passes, word.reasons, saw, lambda: write_act(act, draft, looked_at), _told(found.term, policy, word))


def weigh(question: Question) -> Weighed:
    """What the register, the switches and the policy say about an act of an AI. Writes nothing."""
    meant = _meant(question)
    term, known = ACTION_OF.get(meant.effect, ""), _known(meant)
    use, policy = uses().get(question.actor.ai_use or ""), in_force()
    word = _refused(meant, term, use, policy) or _of_its_own_rules(term, known)
    return Weighed(term, use, policy, known, word or _decided(meant, term, use, policy, known))


def _meant(question: Question) -> Question:
    """A proposed act is weighed as the act it would be."""
    content = question.arguments.get("content")
    if question.action != PROPOSE or question.arguments.get("kind") != "act" or not isinstance(content, Mapping):
        return question
    info = actions().get(str(content.get("action")))
    if info is None:
        return question
    return replace(question, effect=info.effect, reversible=info.reversible, right=info.right)


def _draft_behind(question: Question, known: About, word: Word) -> str:
    """The digest of the draft that this act is about: the one it hands in, or the one whose approval it uses up."""
    if question.action == PROPOSE:
        return known.sha256
    return act_sha256(question.action, question.arguments) if word.facts.get("approvals") else ""


def _told(term: str, policy: Policy | None, word: Word) -> Mapping[str, Any]:
    """A refusal for programs: the policy's word for what was asked, the rules against it, the least that is missing."""
    if word.allowed:
        return {}
    return {
        "action": term, "policy": policy.row.pinned if policy else None, "rules": list(word.rules),
        "missing": {"review": word.lacks.review, "disclosed": word.lacks.disclosed} if word.lacks else None,
        "asked": asdict(word.request) if word.request else None,
    }  # fmt: skip


def _known(question: Question) -> About:
    told = about(question)
    return told if told.data else replace(told, data=data_of(question.right))


def _one_at_a_time() -> None:
    """Inside the act's transaction acts of AI wait for each other, so that two cannot share one day's limit."""
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('marops.ai'))")


def _refused(question: Question, term: str, use: Use | None, policy: Policy | None) -> Word | None:
    """What stands against it before any rule is asked."""
    if use is not None and question.effect == REVIEWS:
        return Word(False, (_("An AI approves nothing, its own work least of all."),))
    if use is not None and (question.effect in NEVER or question.right in FOR_PEOPLE):
        return Word(False, (_("How this workspace is set up, and who may do what in it, is for people alone."),))
    if use is not None and not term:
        said = _("The policy has no word for “%(effect)s”, so an AI does not do it.")
        return Word(False, (said % {"effect": question.effect},))
    return stands_against(question.actor.ai_use or "", use, policy)


def stands_against(slug: str, use: Use | None, policy: Policy | None) -> Word | None:
    """What stands against everything that an AI of this use would do, whatever it is; None where nothing does."""
    if use is None:
        return Word(False, (_("The use %(use)s is not in the register of AI uses in force.") % {"use": slug},))
    if policy is None:
        return Word(False, (_("No policy is in force: AI may do nothing."),))
    if switch := thrown(slug):
        said = _("The kill switch is thrown since %(at)s: %(why)s")
        return Word(False, (said % {"at": f"{switch.thrown_at:%Y-%m-%d %H:%M} UTC", "why": switch.why},), ("stopped",))
    if use.document.review_by and use.document.review_by < today():
        return Word(False, (_("Its entry in the register should have been looked at by %(day)s.")
                            % {"day": use.document.review_by},))  # fmt: skip
    return None


_RULES_OF_AI = frozenset({"access", "ai_policy", "ai_use"})


def _of_its_own_rules(term: str, known: About) -> Word | None:
    """No rule lets an AI put in force, or out of it, what says what an AI may do."""
    if term == "publish" and known.subject.partition("/")[0] in _RULES_OF_AI:
        return Word(False, (_("What binds AI is put in force by people alone."),))
    return None


def _decided(question: Question, term: str, use: Use | None, policy: Policy | None, known: About) -> Word:
    """The rules' answer to every combination that this act can be; the first that is refused speaks for all."""
    if use is None or policy is None:
        raise RuntimeError("asked before these were looked at")
    document = use.document
    named = {"content": known.content, "audience": known.audience, "data": known.data}
    if foreign := document.covers(term, **named):
        said = _("The register does not name “%(what)s” for the use %(use)s.")
        return Word(False, tuple(said % {"what": answers(name, [value]), "use": use.slug} for name, value in foreign))
    own, facts = spent_today(use.slug) | {"asks": _costs(question)}, _facts(question, use, known)
    word = judged(policy, use, term, named, facts, own)
    return word if question.effect in LOOKS_ONLY else read_before(word, use, term, facts)


def read_before(word: Word, use: Use, term: str, facts: Facts) -> Word:
    """The register may ask for more readers before an act than the rules do; never for fewer."""
    wanted = 0 if term in WORDS_ONLY else use.document.review.before
    if facts.approvals >= wanted or not (word.allowed or word.lacks) or word.request is None:
        return word
    if word.lacks is None:
        said = _("The register asks for %(who)s before it is done.") % {"who": needs(Gates(wanted, False))}
        return replace(word, allowed=False, reasons=(said,), lacks=Gates(wanted, word.request.disclosed))
    return replace(word, lacks=Gates(max(wanted, word.lacks.review), word.lacks.disclosed))


def _costs(question: Question) -> Decimal:
    """What asking a model for this will cost at least, in the workspace's money."""
    found = question.arguments.get("expected")
    return found if isinstance(found, Decimal) else Decimal(0)


def judged(policy: Policy, use: Use, term: str, named: Mapping[str, str], facts: Facts, own: Reached) -> Word:
    """What the register's limits and the rules say, given everything that is known of the moment.

    The rules count what all uses reached together in 24 hours, the register what this one did (`own`).
    """
    if over := _over(use, facts, own):
        return Word(False, tuple(over))
    found: list[str] = []
    looked: Request | None = None
    for request in use.document.requests(term, **named):
        looked = replace(request, review=min(2, facts.approvals))
        decision = policy.decide(looked, facts)
        found += [name for name in decision.rules if name not in found]
        if not decision.allowed:
            return _no(policy, looked, facts, decision.rules)
    return Word(True, (), tuple(found), None, asdict(facts), looked)


def _no(policy: Policy, request: Request, facts: Facts, rules: Sequence[str]) -> Word:
    lacks = missing(request, lambda one: policy.decide(one, facts).allowed)
    reasons = [policy.compiled.rules[name].says for name in rules]
    if not reasons:
        reasons = [_("No rule of the policy allows it as it stands: %(what)s") % {"what": in_words(request)}]
    if lacks:
        still = Gates(lacks.review if lacks.review > request.review else 0, lacks.disclosed and not request.disclosed)
        reasons.append(_("It needs %(what)s.") % {"what": needs(still)})
    return Word(False, tuple(reasons), tuple(rules), lacks, asdict(facts), request)


def _approvals(question: Question, known: About) -> int:
    """How many people approved exactly this content or, in a draft of this use, exactly this act.

    The word of whoever had it made or changed it is a reader's, but never beside another's: those are two readers.
    """
    wanted = [one for one in (known.sha256, act_sha256(question.action, question.arguments)) if one]
    if not wanted:
        return 0
    drafts = AiDraft.objects.filter(
        sha256__in=wanted, use=question.actor.ai_use, on_behalf_of=question.actor.on_behalf_of,
        state=AiDraft.State.APPROVED, review_id__isnull=False,
    )  # fmt: skip
    counts = Q(review_id__in=drafts.values("review_id"))
    counts |= _of_version(question)
    people = ReviewDecision.objects.filter(counts, approved=True, reviewer__regex=_PERSON)
    said = dict(people.order_by("own_work").values_list("reviewer", "own_work"))
    return sum(not own for own in said.values()) or min(1, len(said))


def _of_version(question: Question) -> Q:
    """Yeses to putting exactly this version in force, while nobody decided; they are good for nothing else."""
    if question.action != "definition.activate" or (row := find(question.arguments["ref"])).state not in UNDECIDED:
        return Q()
    undone = [Review.State.VOID, Review.State.REJECTED]
    return Q(
        review__subject_type="definition", review__subject_id=row.ref, review__content_sha256=row.sha256, own_work=False
    ) & ~Q(review__state__in=undone)


def spent_today(use: str = "") -> dict[str, int | Decimal]:
    """What a use has reached in the last 24 hours, or all of them together: recipients, records, money; and `cost`,
    which is what its models cost, also where their answer was refused in the end.
    """
    done = Q(verdict=AiAct.Verdict.YES)
    told = AiAct.objects.filter(at__gt=now() - _DAY, **({"use": use} if use else {})).aggregate(
        recipients=Sum("recipients", filter=done), records=Sum("records", filter=done), spent=Sum("spent", filter=done),
        cost=Sum("cost"),
    )  # fmt: skip
    return {name: (value or Decimal(0)) if name == "cost" else int(value or 0) for name, value in told.items()}


def _facts(question: Question, use: Use, known: About) -> Facts:
    before = spent_today()
    return Facts(
        use=use.slug, subject=known.subject, reversible=question.reversible,
        consented=_consented(question, use, known),
        recipients=known.recipients, records=known.records, spent=known.spent,
        recipients_today=int(before["recipients"]), records_today=int(before["records"]),
        spent_today=int(before["spent"]),
        approvals=_approvals(question, known), regimes=tuple(use.document.jurisdictions),
    )  # fmt: skip


def _consented(question: Question, use: Use, known: About) -> bool:
    """Did everybody who is reached agree: as whoever wrote the act says, else as what people said is kept, for the
    purpose that the register names. Where nobody says who is reached, nobody is known to have agreed.
    """
    if known.consented is not None:
        return known.consented
    if not known.reaches:  # an empty set is nobody's, and nothing was said of who is reached
        return not (known.recipients > 0 or ACTION_OF.get(question.effect) == "send")
    purpose = use.document.consent_purpose or _PURPOSE
    said = [filler.value(known.reaches, known.channel, purpose, now()) for filler in ports.agreed]
    return bool(said) and all(said)


def _over(use: Use, facts: Facts, own: Reached) -> list[str]:
    """Limits of the register's entry that this act would break. Where it names money a day, what models cost counts."""
    reach = use.document.reach
    cost, asks = (own.get("cost", 0), own.get("asks", 0)) if reach.money is not None else (0, 0)
    asked: list[tuple[str, int, int | Decimal, int | Decimal]] = [
        (_("people"), reach.recipients or 0, own["recipients"], facts.recipients),
        (_("money"), reach.money or 0, own["spent"] + cost, facts.spent + asks),
    ]
    if reach.records is not None:
        asked.append((_("records"), reach.records, own["records"], facts.records))
    said = _("The register allows %(most)s of %(what)s a day; %(before)s were reached and this is %(now)s more.")
    over = [
        said % {"most": f"{most:,}", "what": what, "before": _number(been), "now": _number(more)}
        for what, most, been, more in asked
        if more and been + more > most
    ]
    if reach.records is None and facts.records > 1:
        one = _("The register allows one record at a time, since it names no number a day; these are %(now)s.")
        over.append(one % {"now": f"{facts.records:,}"})
    return over


def _number(value: int | Decimal) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,f}".rstrip("0").rstrip(".") or "0"


def foreseen(actor: Actor, term: str, known: About) -> Word:
    """What the gate would say of an act in the policy's words, before there is one; nothing is noted."""
    use, policy = uses().get(actor.ai_use or ""), in_force()
    question = Question(f"ai.{term}", term, actor, {}, reversible=True)
    return _refused(question, term, use, policy) or _decided(question, term, use, policy, known)


def _row(question: Question, found: Weighed) -> dict[str, Any]:
    """The act as the trail keeps it. A proposal reaches nobody yet."""
    actor, use, policy, known, word = question.actor, found.use, found.policy, found.known, found.word
    verdict = AiAct.Verdict.YES if word.allowed else AiAct.Verdict.WAITS if word.lacks else AiAct.Verdict.NO
    reach = {"recipients": known.recipients, "records": known.records, "spent": known.spent}
    return {
        "at": now(), "use": actor.ai_use or "", "use_version": use.version if use else None, "actor": actor.id,
        "on_behalf_of": actor.on_behalf_of or "", "action": question.action, "term": found.term,
        "subject": known.subject, "verdict": verdict, "policy": policy.row.pinned if policy else "",
        "rules": list(word.rules), "reasons": list(word.reasons), "facts": dict(word.facts),
        "missing": {"review": word.lacks.review, "disclosed": word.lacks.disclosed} if word.lacks else None,
        "outputs_sha256": known.sha256, "disclosure": words_of(use.document) if use else "",
        **({} if question.action == PROPOSE else reach), **_work_behind(question.arguments),
    }  # fmt: skip


def _work_behind(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What an act says of the model's work behind it, where its arguments say it."""
    known = {"prompt": str, "inputs_sha256": str, "tokens": int, "cost": Decimal}
    return {name: arguments[name] for name, kind in known.items() if isinstance(arguments.get(name), kind)}


def approvals_of(row: Definition) -> int:
    """How many people have to approve a version that an AI wrote before it may be in force: what the rules ask of it.

    Two where no rule lets it through with fewer, or no policy is in force: then nobody has thought about it yet.
    """
    if not row.ai_use:
        return 1
    use, policy = uses().get(row.ai_use), in_force()
    if use is None or policy is None:
        return 2
    found = [
        missing(replace(request, autonomy=1), lambda one: policy.decide(one).allowed)
        for request in use.document.requests("publish")
    ]
    return max(max((one.review if one else 2 for one in found), default=2), use.document.review.before, 1)


def barred_from(row: Definition, actor: Actor) -> str:
    """Why this person is no reader of a version that an AI wrote: the register names others. Empty where they are."""
    use = uses().get(row.ai_use) if row.ai_use else None
    roles = use.document.review.roles if use else []
    if not roles or grants(actor).everything or set(roles) & roles_of(actor):
        return ""
    return _("The register names who reads what this AI writes: %(roles)s.") % {"roles": ", ".join(roles)}
