"""Bringing the sample company in, and taking it out again, as jobs: with progress, to be stopped, to go on."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import pyarrow as pa

from marops.domains.workflows.public import keep_scenario, read_work
from marops.kernel import crash
from marops.kernel.actors import Actor
from marops.kernel.config import config
from marops.kernel.errors import CONFLICT, MaropsError
from marops.kernel.jobs import JobRun, Progress, Step, ask_to_stop, job, resume, start_job
from marops.kernel.models import Job
from marops.kernel.permissions import require
from marops.kernel.workspace import sample_present, today, workspace
from marops.sample.actions import begin, begin_removal, finish, load_batch, remove
from marops.sample.definitions import OPTIONS
from marops.sample.generate import MONTHS, Company, Recipe
from marops.sample.models import SampleCompany
from marops.sample.permissions import MANAGE
from marops.sample.world import SIZES
from marops.store.address import dsn
from marops.store.lake import LakeWriter, lake_writer

SLICE = 20_000
PORTIONS = 4  # in which the facts of a small company come in
LAKE_SECONDS = 120.0

crash.declare("sample.after_begin", "sample.after_batch", "sample.after_facts", "sample.after_discard")

TABLES_OF_LEADS = (
    "contacts", "identities", "consents", "consent_states", "passages", "stages", "owners", "clocks", "dispositions",
)  # fmt: skip
"""What comes in slices of leads; companies do too, and all other tables as a whole."""

_TABLES_OF_DEALS = ("deals", "deal_people", "deal_moves", "deal_lines")
_TABLES_OF_HISTORY = ("imports", "import_findings", "pool_deals", "pool_seats", "quality_days", "readings")


def start_sample(
    *, actor: Actor, size: str = "small", seed: int = 1, here: bool = False, workflows: bool = False
) -> Job:
    """Put the job in the queue that brings the sample company in; one that was stopped half-way goes on.

    `workflows`: its workflows are read off its work, too. Raises `conflict` while a sample company is in.
    """
    require(actor, MANAGE)
    half = SampleCompany.objects.filter(state=SampleCompany.State.LOADING).first()
    if half and Job.objects.filter(id=half.job_id, state__in=["stopped", "failed"]).exists():
        return resume(half.job_id)
    if sample_present():
        raise MaropsError(CONFLICT, "A sample company is in this workspace already.")
    arguments = {"size": size, "leads": SIZES[size], "seed": seed, "day": today().isoformat(), "zone": workspace().zone,
                 "workflows": workflows}  # fmt: skip
    return start_job("sample.load", arguments, actor=actor, here=here)


def start_removal(*, actor: Actor, here: bool = False) -> Job:
    """Put the job in the queue that takes it out. A load that is still under way is stopped first."""
    require(actor, MANAGE)
    company = SampleCompany.objects.first()
    if company is not None and company.state == SampleCompany.State.LOADING:
        ask_to_stop(company.job_id)
    return start_job("sample.remove", {}, actor=actor, here=here)


@job("sample.load", title="Bring in the sample company")
def load(run: JobRun) -> Iterator[Step]:
    """Make the company and bring it in, batch by batch. Goes on after the last batch that was committed."""
    given = run.arguments
    recipe = Recipe(given["leads"], given["seed"], date.fromisoformat(given["day"]), given["zone"])
    with contextlib.ExitStack() as stack:
        company = stack.enter_context(Company(recipe, config().home / "tmp"))
        yield Progress(0, None, "Thinking up a company"), {}
        names = begin(
            actor=run.actor, job_id=run.job.id, size=given["size"], recipe=recipe, campaigns=company.campaigns
        )
        crash.point("sample.after_begin")
        company.recipe = replace(recipe, names=names)
        company.build()
        plan = _plan(company)
        total = sum(rows for _, _, rows in plan)
        done = 0
        loaded = SampleCompany.objects.values_list("batches", flat=True).get()
        writer: LakeWriter | None = None
        for number, (what, part, rows) in enumerate(plan):
            if number >= loaded:
                if what == "facts" and writer is None:
                    writer = stack.enter_context(_lake())
                _take(run, company, writer, number, what, part)
                crash.point("sample.after_batch")
            done += rows
            yield Progress(done, total, _words(what)), {"batches": number + 1}
        if given.get("workflows"):
            yield Progress(total, total, "Reading workflows off the work"), {"batches": len(plan)}
            read_work(actor=run.actor)
            for slug, document in OPTIONS.items():
                keep_scenario(actor=run.actor, slug=slug, document=document, reason="Whom to hire")
    leads = finish(actor=run.actor, job_id=run.job.id)
    run.result |= {"leads": leads, "rows": total, "size": given["size"], "seed": given["seed"]}


def _plan(company: Company) -> list[tuple[str, int, int]]:
    """The batches in order: what, which part, and about how many rows."""
    firms, leads = company.count("firm"), company.count("lead")
    months = MONTHS if leads > SLICE else PORTIONS
    facts = max(1, company.count("touchpoint") * 8 // months)
    return [
        *(("companies", start, min(SLICE, firms - start)) for start in range(0, firms, SLICE)),
        *(("leads", start, min(SLICE, leads - start)) for start in range(0, leads, SLICE)),
        ("deals", 0, company.count("deal")),
        ("history", 0, company.count("dealt")),
        *(("facts", MONTHS // months * part, facts) for part in range(months)),
        ("work", 0, 11_000),
    ]


def _take(run: JobRun, company: Company, writer: LakeWriter | None, number: int, what: str, part: int) -> None:
    tables: dict[str, Any] = {}
    facts = 0
    if what == "companies":
        tables = {"companies": company.rows("companies", part, part + SLICE)}
    elif what == "leads":
        tables = {name: company.rows(name, part, part + SLICE) for name in TABLES_OF_LEADS}
    elif what == "deals":
        tables = {name: company.rows(name) for name in _TABLES_OF_DEALS}
    elif what == "history":
        tables = {name: company.rows(name) for name in _TABLES_OF_HISTORY}
    elif writer is not None:
        rows = _facts(company, part) if what == "facts" else company.work_facts()
        facts = writer.bulk_load(rows, batch=_batch_id(run.job.id, number))
        crash.point("sample.after_facts")
    load_batch(actor=run.actor, job_id=run.job.id, number=number, tables=tables, facts=facts)


def _facts(company: Company, first: int) -> pa.Table:
    months = 1 if company.count("lead") > SLICE else MONTHS // PORTIONS
    return pa.concat_tables(company.facts(month) for month in range(first, first + months))


def _batch_id(job_id: UUID, number: int) -> UUID:
    """A repeat of the same batch of the same job is known by it."""
    return uuid5(NAMESPACE_OID, f"{job_id} {number}")


def _words(what: str) -> str:
    return {
        "companies": "Bringing in companies",
        "leads": "Bringing in leads",
        "deals": "Bringing in deals",
        "history": "Bringing in imports, hand-overs and the quality of each day",
        "facts": "Bringing in what happened",
        "work": "Bringing in the work on campaigns",
    }[what]


def _lake() -> contextlib.AbstractContextManager[LakeWriter]:
    found = config()
    address = dsn(found.home, found.database_url, role="marops_app")
    return lake_writer(address, Path(found.lake), temp_dir=found.home / "tmp", wait=LAKE_SECONDS)


OF_SAMPLE = (
    "source = 'sample' OR contact_id IN (SELECT id FROM pg.public.contact)"
    " OR (subject_type = 'opportunity' AND subject_id IN (SELECT id::VARCHAR FROM pg.public.opportunity))"
)
"""Which facts are the sample's: those it brought, and what has been done about its leads and deals since."""


@job("sample.remove", title="Remove the sample company")
def take_out(run: JobRun) -> Iterator[Step]:
    """Its facts leave the lake, then one act removes everything else. No fact moves into the lake meanwhile."""
    if not begin_removal(actor=run.actor):
        run.result |= {"rows": 0, "facts": 0}
        return
    yield Progress(0, 2, "Taking facts out of the lake"), {}
    with _lake() as writer:
        facts = writer.discard(OF_SAMPLE)
        crash.point("sample.after_discard")
        yield Progress(1, 2, "Removing leads, people and definitions"), {}
        gone = remove(actor=run.actor)
    run.result |= {"rows": sum(gone.values()), "facts": facts, "tables": gone}
    yield Progress(2, 2, "Done"), {}
