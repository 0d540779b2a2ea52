"""Long work on records: bulk remedies, and the search for those of the same person or company.

A remedy is tried again after a crash, and applied once; so is what a search found, and a pair that is joined.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from marops.domains.contacts.actions import apply_fix, keep_matches, merge_companies, merge_contacts, undo_fix
from marops.domains.contacts.models import CompanyMerge, Contact, MatchPair, MatchRun, Merge
from marops.domains.contacts.permissions import FIX, MERGE
from marops.domains.contacts.queries.enrichment import enriching
from marops.domains.contacts.queries.fixes import Proposal, find_fix, fix_json, preview, proposed
from marops.domains.contacts.queries.matching import identity, search
from marops.domains.contacts.queries.pairs import Pair, in_band, report, with_records
from marops.domains.contacts.queries.quality import EVERYBODY, Narrowing
from marops.domains.contacts.queries.vocabularies import checked_field, standardising
from marops.domains.contacts.rules.identity import Kind
from marops.kernel.actors import Actor
from marops.kernel.errors import MaropsError
from marops.kernel.jobs import JobRun, Progress, Step, job, run_here, start_job
from marops.kernel.models import Job
from marops.kernel.permissions import require
from marops.methods.matching.plan import NothingToCompare


@job("quality.fix", title="Put right: {title}", result_for=(FIX,))
def fix_faults(run: JobRun) -> Iterator[Step]:
    """Apply the remedy in one act; its result is the fix as REST shows it."""
    yield Progress(0, None, "Putting right"), {}
    one = apply_fix(actor=run.actor, proposal=_proposed(run.arguments))
    run.result |= {"fix": one.ref, **fix_json(one)}
    yield Progress(one.contacts, one.contacts, "Done"), {"fix": one.number}


@job("contacts.match", title="Find the same {of} twice", result_for=(MERGE,))
def find_matches(run: JobRun) -> Iterator[Step]:
    """Search all records, and keep the pairs; its result is the report as REST shows it."""
    of: Kind = run.arguments["of"]
    model, pinned = identity(of)
    yield Progress(0, None, "Comparing all records"), {}
    try:
        found = search(model, again=bool(run.arguments.get("again")))
    except NothingToCompare:
        run.result |= report(run.actor, of) | {"said": "No record says anything that could be compared."}
        return
    yield Progress(found.records, found.records, "Keeping the pairs"), {}
    if not MatchRun.objects.filter(job_id=run.job.id).exists():
        keep_matches(actor=run.actor, model=model, pinned=pinned, found=found, job_id=run.job.id)
    run.result |= report(run.actor, of)
    yield Progress(found.records, found.records, "Done"), {}


@job("contacts.merge_sure", title="Join {n} pairs that are surely one", result_for=(MERGE,))
def merge_sure(run: JobRun) -> Iterator[Step]:
    """Join the pairs of the merge band, the surest first, each as an act of its own that can be taken back.

    Pair by pair: each merge changes what the next one is about.
    """
    of: Kind = run.arguments["of"]
    done, left_alone = int((run.checkpoint or {}).get("done", 0)), set((run.checkpoint or {}).get("left", ()))
    total = in_band(run.actor, of, "merge").count() + done
    while rows := list(in_band(run.actor, of, "merge").exclude(id__in=left_alone)[:_AT_ONCE]):
        for pair in with_records(rows):
            if not MatchPair.objects.filter(id=pair.row.id, apart=False).exists():
                continue
            try:
                join(run.actor, pair, _("Surely one, joined with others of its kind."))
                done += 1
            except MaropsError:
                left_alone.add(str(pair.row.id))
        left_alone |= {str(row.id) for row in MatchPair.objects.filter(id__in=[row.id for row in rows])}
        yield Progress(done, total, "Joining"), {"done": done, "left": sorted(left_alone)}
    run.result |= {"joined": done, "left": len(left_alone)}


_AT_ONCE = 50


def join(actor: Actor, pair: Pair, why: str = "") -> Merge | CompanyMerge:
    """Make the two records of a pair one: the one that stays by the survivorship rule keeps its id."""
    if isinstance(pair.keep, Contact):
        return merge_contacts(actor=actor, winner_id=pair.keep.id, loser_id=pair.gone.id, why=why)
    return merge_companies(actor=actor, winner_id=pair.keep.id, loser_id=pair.gone.id, why=why)


def start_matching(actor: Actor, of: Kind, *, again: bool = False, here: bool = False) -> Job:
    """Search all records for the same person or company. Raises MaropsError `not-allowed`."""
    require(actor, MERGE)
    return start_job("contacts.match", {"of": of, "again": again}, actor=actor, here=here)


def start_joining(actor: Actor, of: Kind, *, here: bool = False) -> Job:
    """Join all pairs of the merge band. Raises MaropsError `not-allowed`."""
    count = in_band(actor, of, "merge").count()
    return start_job("contacts.merge_sure", {"of": of, "n": count}, actor=actor, here=here)


def run_matching(actor: Actor, of: Kind, *, again: bool = False) -> dict[str, Any]:
    """Search in this process, and answer the report."""
    return dict(run_here(start_matching(actor, of, again=again, here=True).id).result or {})


def run_joining(actor: Actor, of: Kind) -> dict[str, Any]:
    """Join all pairs of the merge band in this process, and answer how many."""
    return dict(run_here(start_joining(actor, of, here=True).id).result or {})


def _proposed(given: Mapping[str, Any]) -> Proposal:
    if "vocabulary" in given:
        return standardising(given["vocabulary"])
    narrowed = Narrowing(given.get("source", ""), given.get("import", ""))
    if "enrichment" in given:
        return enriching(given["enrichment"], narrowed)
    return proposed(given["rule"], given["remedy"], given["value"], narrowed)


def start_fix(proposal: Proposal, *, actor: Actor, here: bool = False) -> Job:
    """Put the job in the queue; with `here`, keep it for `jobs.run_here`. Raises MaropsError `not-allowed`."""
    require(actor, FIX)
    arguments = {
        "rule": proposal.definition.slug,
        "remedy": proposal.bulk.key,
        "value": proposal.value,
        "title": proposal.bulk.title,
        **proposal.narrowed.chosen(),
    }
    return start_job("quality.fix", arguments, actor=actor, here=here)


def preview_fix(
    actor: Actor, rule: str, remedy: str = "", value: str = "", narrowed: Narrowing = EVERYBODY
) -> dict[str, Any]:
    """What a remedy of a rule would do. Raises MaropsError `not-found`, `invalid`, `not-allowed`."""
    require(actor, FIX)
    return preview(actor, proposed(rule, remedy, value, narrowed))


def run_fix(
    actor: Actor, rule: str, remedy: str = "", value: str = "", narrowed: Narrowing = EVERYBODY
) -> dict[str, Any]:
    """Apply a remedy in this process and answer the fix. Raises MaropsError as `preview_fix`, and what the job does."""
    started = start_fix(proposed(rule, remedy, value, narrowed), actor=actor, here=True)
    return fix_json(find_fix((run_here(started.id).result or {})["fix"]))


def start_words(actor: Actor, field: str, *, here: bool = False) -> Job:
    """Give existing records the words in force. Raises MaropsError `not-found`, `not-allowed`."""
    require(actor, FIX)
    proposal = standardising(checked_field(field))
    return start_job("quality.fix", {"vocabulary": proposal.bulk.field, "title": proposal.bulk.title}, actor=actor,
                     here=here)  # fmt: skip


def run_words(actor: Actor, field: str) -> dict[str, Any]:
    """The same in this process; answers the fix."""
    return fix_json(find_fix((run_here(start_words(actor, field, here=True).id).result or {})["fix"]))


def start_enrichment(actor: Actor, name: str, narrowed: Narrowing = EVERYBODY, *, here: bool = False) -> Job:
    """Fill what a derivation finds on existing records. Raises MaropsError `not-found`, `not-allowed`."""
    require(actor, FIX)
    proposal = enriching(name, narrowed)
    arguments = {"enrichment": proposal.bulk.do, "title": proposal.bulk.title, **narrowed.chosen()}
    return start_job("quality.fix", arguments, actor=actor, here=here)


def run_enrichment(actor: Actor, name: str, narrowed: Narrowing = EVERYBODY) -> dict[str, Any]:
    """The same in this process; answers the fix."""
    started = start_enrichment(actor, name, narrowed, here=True)
    return fix_json(find_fix((run_here(started.id).result or {})["fix"]))


def take_back(actor: Actor, ref: str) -> dict[str, Any]:
    """Take a fix back and answer it. Raises MaropsError `not-found`, `conflict`, `not-allowed`."""
    return fix_json(undo_fix(actor=actor, fix_id=find_fix(ref).id))
