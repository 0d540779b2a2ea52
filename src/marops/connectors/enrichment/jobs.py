"""Asking a provider about those whose records lack something, within the day's budget; and bringing what it said."""

from collections.abc import Iterator
from typing import Any

from marops.connectors.enrichment.actions import keep_reply, reserve
from marops.connectors.enrichment.asking import connectors
from marops.connectors.enrichment.queries import answered, kept_answers, key_of, provider, subjects
from marops.connectors.enrichment.rules import cleaned
from marops.domains.contacts.public import FIX, apply_fix, find_fix, fix_json, from_outside, preview_change
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.jobs import JobRun, Progress, Step, job, run_here, start_job
from marops.kernel.models import Job
from marops.kernel.permissions import require

FAILURES = 5
"""So many calls in a row that fail end a run: the provider is not there."""


@job("enrichment.ask", title="Ask {provider} what records lack", result_for=(FIX,))
def ask(run: JobRun) -> Iterator[Step]:
    """One call per question, however many people share it; answers that still hold are not asked again."""
    row, document = provider(run.arguments["provider"])
    most, name = int(run.arguments.get("most") or 0), row.slug
    told = run.result
    told |= {"provider": name, "asked": 0, "found": 0, "nothing": 0, "failed": 0, "kept": 0, "barred": 0, "stopped": ""}
    kept, seen, in_a_row = kept_answers(name, now()), set(), 0
    key, connector = key_of(name), connectors()[document.connector]
    for one in subjects(run.actor, name, document):
        if not one.free:
            told["barred"] += 1
            continue
        if one.asked in seen:
            continue
        seen.add(one.asked)
        if one.asked in kept:
            told["kept"] += 1
            continue
        if most and told["asked"] >= most:
            told["stopped"] = "So many were to be asked."
            break
        answer_id = reserve(actor=run.actor, definition=row, document=document, asked=one.asked,
                            contact_id=one.contact_id)  # fmt: skip
        if answer_id is None:
            told["stopped"] = "The budget of the day is used up."
            break
        reply = connector(document, one.sent, key)
        said = cleaned(document, reply.answer) if reply.outcome == "found" else {}
        outcome = "nothing" if reply.outcome == "found" and not said else reply.outcome
        keep_reply(actor=run.actor, answer_id=answer_id, outcome=outcome, said=said, why=reply.why,
                   reached=reply.reached)  # fmt: skip
        told["asked"] += 1
        told[outcome] += 1
        in_a_row = in_a_row + 1 if outcome == "failed" else 0
        if in_a_row >= FAILURES:
            told["stopped"] = f"It failed {FAILURES} times in a row: {reply.why}"
            break
        yield Progress(told["asked"], most or None, "Asking"), {"asked": told["asked"]}
    yield Progress(told["asked"], told["asked"], "Done"), {"asked": told["asked"]}


@job("enrichment.fill", title="Fill in what {provider} answered", result_for=(FIX,))
def fill(run: JobRun) -> Iterator[Step]:
    """Bring the answers in one act that can be taken back; its result is the fix as REST shows it."""
    row, document = provider(run.arguments["provider"])
    yield Progress(0, None, "Filling in"), {}
    proposal = from_outside(row, answered(run.actor, row.slug, document))
    one = apply_fix(actor=run.actor, proposal=proposal)
    run.result |= {"fix": one.ref, **fix_json(one)}
    yield Progress(one.contacts, one.contacts, "Done"), {"fix": one.number}


def start_asking(actor: Actor, name: str, most: int = 0, *, here: bool = False) -> Job:
    """Ask a provider, at most so many times. Raises MaropsError `not-found`, `not-allowed`."""
    require(actor, FIX)
    row, _document = provider(name)
    return start_job("enrichment.ask", {"provider": row.slug, "most": most}, actor=actor, here=here)


def start_filling(actor: Actor, name: str, *, here: bool = False) -> Job:
    """Bring what a provider answered. Raises MaropsError `not-found`, `not-allowed`."""
    require(actor, FIX)
    row, _document = provider(name)
    return start_job("enrichment.fill", {"provider": row.slug}, actor=actor, here=here)


def run_asking(actor: Actor, name: str, most: int = 0) -> dict[str, Any]:
    """Ask in this process, and answer what it came to."""
    return dict(run_here(start_asking(actor, name, most, here=True).id).result or {})


def run_filling(actor: Actor, name: str) -> dict[str, Any]:
    """Bring the answers in this process; answers the fix."""
    return fix_json(find_fix((run_here(start_filling(actor, name, here=True).id).result or {})["fix"]))


def preview_filling(actor: Actor, name: str) -> dict[str, Any]:
    """What bringing the answers would change: how many, twenty before and after, who is left alone and why."""
    require(actor, FIX)
    row, document = provider(name)
    return preview_change(actor, from_outside(row, answered(actor, row.slug, document)))
