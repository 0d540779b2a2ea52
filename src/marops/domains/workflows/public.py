"""What the command line may use of workflows."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marops.domains.register.public import slug_of
from marops.domains.team.public import calendars, clock_of, people
from marops.domains.workflows.actions import keep
from marops.domains.workflows.asking import (
    Ask,
    bottleneck_json,
    check_names,
    comparison_json,
    scenario_of,
    scenarios_named,
    simulated_file,
    simulation,
    with_levels,
)
from marops.domains.workflows.asking import bottleneck as find_bottleneck
from marops.domains.workflows.asking import comparison as compare_scenarios
from marops.domains.workflows.asking import fitting_to as fit_to
from marops.domains.workflows.carrying import (
    import_model,
    is_diagram,
    is_model,
    map_bpmn,
    map_prosimos,
    map_svg,
    model_of,
)
from marops.domains.workflows.decided import decisions
from marops.domains.workflows.models import EventLog
from marops.domains.workflows.permissions import CHANGE, VIEW
from marops.domains.workflows.plan import Given, LogPlan, as_given, check_plan, digest_of, plan_log
from marops.domains.workflows.promised import promises as promised
from marops.domains.workflows.queries import find_log, import_json, log_json, log_of, logs, workflow_json, workflow_rows
from marops.domains.workflows.writing import begin_log
from marops.kernel import files
from marops.kernel.actors import Actor
from marops.kernel.jobs import run_here, start_job
from marops.kernel.models import File, Job
from marops.kernel.permissions import require
from marops.store.archive import blocks_of

__all__ = [
    "CHANGE", "VIEW", "Ask", "EventLog", "Given", "LogPlan", "as_given", "bottleneck_json", "brief_pdf",
    "check_names",
    "check_plan", "compare_scenarios", "comparison_json", "comparison_pdf", "decisions", "find_bottleneck", "find_log",
    "fit_to", "hours_on_average", "import_json",
    "import_model", "is_diagram", "is_model", "keep_scenario", "log_json", "log_named", "log_of", "logs", "map_bpmn",
    "map_prosimos", "map_svg",
    "model_of", "plan_log", "promised", "read_work",
    "scenario_of", "scenarios_named", "simulated_file", "simulation", "slug_for", "start_discovery",
    "start_facts", "start_kept_log", "start_log", "title_of_file", "with_levels", "workflow_json", "workflow_rows",
]  # fmt: skip


def start_log(
    path: Path, plan: LogPlan, *, actor: Actor, title: str = "", slug: str = "", discover: bool = True,
    here: bool = False, **more: Any,
) -> tuple[EventLog, Job]:  # fmt: skip
    """Take a copy of a log's file and put its reading in the queue; with `here`, keep it for `jobs.run_here`.

    `discover`: a workflow and a crew are made of it. Raises MaropsError `not-allowed`, `log-incomplete`.
    """
    require(actor, CHANGE)
    check_plan(plan)
    row = files.keep(blocks_of(path), name=plan.file_name, actor=actor)
    return start_kept_log(row, plan, actor=actor, title=title, slug=slug, discover=discover, here=here, **more)


def start_kept_log(
    row: File, plan: LogPlan, *, actor: Actor, title: str = "", slug: str = "", discover: bool = True,
    here: bool = False, noise: float | None = None,
) -> tuple[EventLog, Job]:  # fmt: skip
    """The same for a file that is in the workspace already."""
    check_plan(plan)
    log = begin_log(
        actor=actor, title=title or title_of_file(plan.file_name), mapping=plan.stored(), file_id=row.id,
        file_name=plan.file_name, sha256=row.sha256, size=row.size,
    )  # fmt: skip
    return log, _start(log, actor, slug=slug, discover=discover, here=here, noise=noise)


def brief_pdf(slug: str, answer: str = "", *, actor: Actor) -> bytes:
    """The one page for the next one-to-one, from the answer of this id or the one that is shown.

    Raises MaropsError where nobody asked.
    """
    from marops.domains.workflows.papers.kept import brief_pdf as made

    return made(slug, answer, actor)


def comparison_pdf(slug: str, answer: Mapping[str, Any]) -> bytes:
    """The one page of a comparison, as `compare_scenarios` answered it."""
    from marops.domains.workflows.papers.kept import comparison_pdf as made

    return made(slug, answer)


def log_named(name: str, *, actor: Actor) -> EventLog:
    """The log of a reference (EL-3), or a file, read in now and kept; the same file again is the log it became."""
    path = Path(name)
    if not path.is_file():
        return find_log(name)
    plan = plan_log(path)
    same = EventLog.objects.filter(sha256=digest_of(path), state=EventLog.State.READY).order_by("-number").first()
    if same is not None:
        return same
    log, job = start_log(path, plan, actor=actor, discover=False, here=True)
    run_here(job.id)
    return find_log(log.ref)


def start_facts(
    *, actor: Actor, case_class: str = "", title: str = "", slug: str = "", discover: bool = True, here: bool = False,
    noise: float | None = None,
) -> tuple[EventLog, Job]:  # fmt: skip
    """Read what was done in this workspace as a log: of one class of work, or of all."""
    require(actor, CHANGE)
    mapping = {
        "columns": {}, "headings": [], "zone": _zone_of_team(), "day_first": True, "encoding": "",
        "delimiter": "", "sheet": "", "case_object": "", "leave_out": True, "format": "facts", "class": case_class,
    }  # fmt: skip
    log = begin_log(actor=actor, title=title or case_class or "Work of this workspace", mapping=mapping)
    return log, _start(log, actor, slug=slug, discover=discover, here=here, noise=noise)


def _zone_of_team() -> str:
    """The zone in which most of the team work: their days begin and end by its clock."""
    known = calendars()
    zones = Counter(clock_of(one, known).zone for one in people())
    return zones.most_common(1)[0][0] if zones else ""


def keep_scenario(*, actor: Actor, slug: str, document: Mapping[str, Any], reason: str = "") -> None:
    """Keep a scenario under a short name. Raises MaropsError `invalid`, `not-allowed`."""
    keep(actor=actor, kind="scenario", slug=slug, document=document, reason=reason)


def read_work(*, actor: Actor) -> None:
    """Make workflows and a crew of what was done in this workspace, here and now; once it was done, nothing."""
    done = EventLog.objects.filter(format="facts", state=EventLog.State.READY, discoveries__isnull=False)
    if not done.exists():
        _, job = start_facts(actor=actor, here=True)
        run_here(job.id)


def _start(log: EventLog, actor: Actor, *, slug: str, discover: bool, here: bool, noise: float | None) -> Job:
    arguments = {"log": str(log.id), "name": log.ref, "slug": slug, "discover": discover, "noise": noise}
    return start_job("log.import", arguments, actor=actor, here=here)


def start_discovery(log: EventLog, *, actor: Actor, slug: str = "", noise: float | None = None) -> Job:
    """Look for the workflow in a log once more. Raises MaropsError `not-allowed`."""
    require(actor, CHANGE)
    return _start(log, actor, slug=slug, discover=True, here=False, noise=noise)


def title_of_file(name: str) -> str:
    """A title made of a file's name."""
    stem = name
    for ending in (".gz", ".csv", ".tsv", ".txt", ".xes", ".jsonocel", ".json", ".xlsx", ".parquet", ".bpmn", ".zip"):
        stem = stem.removesuffix(ending)
    return " ".join(stem.replace("_", " ").split())[:120] or "Log"


def slug_for(name: str) -> str:
    """The short name that a name becomes; empty for none."""
    return slug_of(name) if name else ""


def hours_on_average(value: Any) -> float:
    """The mean of hours as documents say them."""
    from marops.domains.workflows.rules.amounts import Spread, amount_of
    from marops.methods.amounts import mean

    return float(mean(amount_of(Spread.model_validate(value) if isinstance(value, dict) else float(value or 0))))
