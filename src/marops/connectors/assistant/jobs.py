"""Questions to the AI as jobs: an answer takes its time, and nobody has to wait before an open page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from marops.connectors.assistant import helping
from marops.connectors.assistant.helping import Question
from marops.connectors.assistant.queries import person_of
from marops.connectors.assistant.reading import Seen, page_later
from marops.domains.capture.public import plan_import
from marops.kernel import files
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.jobs import JobRun, Progress, Step, job
from marops.kernel.models import File

_AT_HAND: dict[UUID, Seen] = {}


@contextmanager
def at_hand(job_id: UUID, text: Seen | None) -> Iterator[None]:
    """Have a text here for a job of this process: the job's row, which is kept, never holds it."""
    if text is not None:
        _AT_HAND[job_id] = text
    try:
        yield
    finally:
        _AT_HAND.pop(job_id, None)


def _asks() -> Step:
    return Progress(0, None, _("The AI is asked.")), {}


def _by(run: JobRun) -> str:
    return helping.PERSON if run.actor.kind == "human" else helping.COMMAND


def _took(question: Question) -> dict[str, Any]:
    return {"tokens": question.tokens, "cost": str(question.cost), "use": question.help.use}


@job("assistant.draft", title="Draft of {kind} by AI")
def draft(run: JobRun) -> Iterator[Step]:
    """A definition out of a sentence."""
    given = run.arguments
    yield _asks()
    row, question = helping.draft_definition(
        person_of(given), str(given["kind"]), str(given["sentence"]), str(given.get("slug", "")), by=_by(run)
    )
    run.result |= {"definition": row.pinned} | _took(question)


@job("assistant.words", title="Vocabulary by AI")
def words(run: JobRun) -> Iterator[Step]:
    """A vocabulary of a field."""
    yield _asks()
    row, question = helping.draft_words(
        person_of(run.arguments), str(run.arguments["field"]), str(run.arguments.get("sentence", "")), by=_by(run)
    )
    run.result |= {"definition": row.pinned} | _took(question)


@job("assistant.columns", title="Columns of a file by AI")
def columns(run: JobRun) -> Iterator[Step]:
    """Where the columns of a file go."""
    row = File.objects.filter(id=UUID(str(run.arguments["file"]))).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    plan = plan_import(files.path_of(row), name=row.name, table=str(run.arguments.get("table", "")))
    yield _asks()
    found, dropped, question = helping.propose_columns(
        person_of(run.arguments), plan, plan.table or _("leads"), by=_by(run)
    )
    told = [f"c{number}={target}" for number, target in sorted(found.items())]
    run.result |= {"columns": told, "unusable": dropped, "file": str(row.id), "table": plan.table} | _took(question)


@job("assistant.summary", title="Summary by AI")
def summary(run: JobRun) -> Iterator[Step]:
    """A page in a few sentences."""
    given, person = run.arguments, person_of(run.arguments)
    yield _asks()
    seen = _AT_HAND.get(run.job.id)
    if seen is None:
        if "page" not in given:
            raise MaropsError(NOT_FOUND, _("The text is gone with the command that brought it; ask once more."))
        seen = page_later(person, str(given["page"]), given.get("limit"))
    kept, question = helping.summarise(person, seen, by=_by(run))
    run.result |= {"draft": str(kept.id), "state": str(kept.state)} | _took(question)
