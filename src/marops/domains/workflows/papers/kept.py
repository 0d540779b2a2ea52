"""Papers of what was asked: the latest answers that were kept, with the documents they are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marops import __version__
from marops.domains.workflows.asking import kept_answer, latest, told_by
from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.papers import brief as one_to_one
from marops.domains.workflows.papers import options as compared
from marops.domains.workflows.papers import printing, setting
from marops.domains.workflows.papers.pieces import Asked, Setting
from marops.domains.workflows.rules.answers import Comparison, read
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.telling import Results, Told
from marops.kernel.actors import Actor
from marops.kernel.definitions import find, load
from marops.kernel.errors import NOT_FOUND, MaropsError, problem
from marops.kernel.ids import as_uuid
from marops.kernel.models import Definition
from marops.kernel.workspace import sample_present, workspace

NOTHING_ASKED = problem(
    "workflow-nothing-asked",
    "There is nothing to put on this page yet",
    status=409,
    remedy="Find the bottleneck of the workflow, or compare scenarios, then make the page.",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A comparison as it was kept: see `asking.comparison`."""

    answer: Mapping[str, Any]
    row: WorkflowAnswer | None = None


def brief_of(slug: str, answer: str = "", actor: Actor | None = None) -> one_to_one.Brief:
    """The workflow page by the answer of this id, else as far as anybody asked, as this actor may see it (without one:
    as anybody may). Raises MaropsError `not-found`.
    """
    newest = find(f"workflow/{slug}")
    found = _answer_of(newest.slug, answer) if answer else latest(newest.slug, WorkflowAnswer.Kind.BOTTLENECK)
    results = told_by(found, actor=actor) if found else Results()
    row = find(f"workflow/{newest.slug}@{results.version}") if results.version else newest
    flow: Workflow = load(row)
    told = Told(flow, _crew(flow), results, slug=row.slug, version=row.version)
    known = one_to_one.Known(
        setting=_setting(row, found.at if found else None, newest=newest.version),
        asked=Asked.of(found.asked) if found else Asked(),
        fit=_answer(row.slug, WorkflowAnswer.Kind.FIT),
        decisions=_answer(row.slug, WorkflowAnswer.Kind.DECISIONS),
    )
    return one_to_one.brief(told, known)


def is_asked(page: one_to_one.Brief) -> bool:
    """Did anybody ask for the bottleneck, so that there is more than a drawing?"""
    return bool(page.plots or page.figures)


def brief_pdf(slug: str, answer: str = "", actor: Actor | None = None) -> bytes:
    """The workflow page for the next one-to-one, as a PDF of one page; of the answer of this id, or the one shown.

    Raises MaropsError `not-found`; `workflow-nothing-asked` where nobody asked for the bottleneck.
    """
    page = brief_of(slug, answer, actor)
    if not is_asked(page):
        raise MaropsError(NOTHING_ASKED, f"Nobody asked yet what holds “{page.title}” back.")
    return printing.pdf("brief", setting.of_brief(page), page.setting.at)


def comparison_kept(slug: str, answer: str = "", actor: Actor | None = None) -> Kept:
    """The comparison of this id, or the latest one, as this actor may see it.

    Raises MaropsError `workflow-nothing-asked`, `not-found`.
    """
    row = comparison_row(answer) if answer else latest(slug, WorkflowAnswer.Kind.COMPARISON)
    if row is None and not answer:
        raise MaropsError(NOTHING_ASKED, "No scenarios of this workflow were compared yet.")
    if row is None or row.workflow != slug:
        raise MaropsError(NOT_FOUND, "This comparison is not kept.")
    return Kept(kept_answer(row, actor), row)


def comparison_row(ident: str) -> WorkflowAnswer | None:
    """The kept comparison of this id."""
    known = as_uuid(ident)
    return WorkflowAnswer.objects.filter(id=known, kind=WorkflowAnswer.Kind.COMPARISON).first() if known else None


def options_of(slug: str, kept: Kept) -> compared.Options:
    """The comparison as a page. Raises MaropsError `not-found`."""
    newest = find(f"workflow/{slug}")
    asked = Asked.of(kept.answer.get("asked", {}))
    version = _version(asked)
    row = find(f"workflow/{newest.slug}@{version}") if version else newest
    flow: Workflow = load(row)
    crew = _crew(flow)
    at = kept.row.at if kept.row else None
    if at is None and (last := latest(row.slug, WorkflowAnswer.Kind.COMPARISON)):
        at = last.at
    paper = _setting(row, at, newest=newest.version)
    known = compared.Known(paper, asked, flow.title, _names(flow, crew), crew)
    return compared.options(read(Comparison, kept.answer["answer"]), known)


def comparison_pdf(slug: str, answer: Mapping[str, Any] | None = None) -> bytes:
    """Scenarios compared, as a PDF of one page; `answer` as `asking.comparison` gives it, else the latest one kept.

    Raises MaropsError `not-found`, `workflow-nothing-asked`.
    """
    found = Kept(answer) if answer is not None else comparison_kept(find(f"workflow/{slug}").slug)
    return printed(options_of(slug, found))


def printed(page: compared.Options) -> bytes:
    """The comparison as a PDF."""
    return printing.pdf("options", setting.of_options(page), page.setting.at)


def _answer_of(slug: str, ident: str) -> WorkflowAnswer:
    """The bottleneck of this id. Raises MaropsError `not-found`."""
    known = as_uuid(ident)
    rows = WorkflowAnswer.objects.filter(workflow=slug, kind=WorkflowAnswer.Kind.BOTTLENECK)
    row = rows.filter(id=known).first() if known else None
    if row is None:
        raise MaropsError(NOT_FOUND, "This answer is not kept.")
    return row


def _answer(slug: str, kind: str) -> Mapping[str, Any] | None:
    found = latest(slug, kind)
    return found.answer if found else None


def _crew(flow: Workflow) -> Crew | None:
    try:
        crew: Crew = load(find(f"crew/{flow.crew}"))
    except MaropsError:
        return None
    return crew


def _names(flow: Workflow, crew: Crew | None) -> dict[str, str]:
    """Names of people and steps by their ids; a step comes before a person of the same id."""
    people = {one.id: one.name for one in crew.people} if crew else {}
    return {**people, **{one.id: one.name for one in flow.steps}}


def _version(asked: Asked) -> int:
    """The version of the workflow that was asked about, which comes first."""
    _name, _at, version = (asked.versions[0] if asked.versions else "").rpartition("@")
    return int(version) if version.isdigit() else 0


def _setting(row: Definition, at: Any, *, newest: int) -> Setting:
    here = workspace()
    return Setting(
        here.name, row.slug, row.version, newest, at, here.zone, program=__version__, sample=sample_present()
    )
