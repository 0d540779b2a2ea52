"""Training and measuring as jobs: asked for on a page, by REST or on the command line."""

from collections.abc import Iterator

from marops.domains.scoring.permissions import VIEW
from marops.domains.scoring.prediction.learning import learn, moves
from marops.domains.scoring.prediction.queries import in_force, newest
from marops.domains.scoring.prediction.stages import check
from marops.kernel.definitions import draft, load
from marops.kernel.jobs import JobRun, Progress, Step, job

TRAIN, CHECK = "prediction.train", "prediction.check"
_WHY = "Learnt from {won:,} leads that came to a yes and {lost:,} that did not."


@job(TRAIN, title="Train the predictive score {prediction}", result_for=(VIEW,))
def train(run: JobRun) -> Iterator[Step]:
    """Learn from the outcomes there are, and leave the model as a draft; a person puts it in force."""
    slug, as_of = run.arguments["prediction"], run.job.created_at
    if not run.checkpoint or "definition" not in run.checkpoint:
        yield Progress(0, None, "Training on the leads whose outcome is known"), {}
        now_ = in_force(slug)
        before = load(now_ or newest(slug))
        learnt = learn(before, as_of).document
        leads = learnt.report["outcomes"]["won"] + learnt.report["outcomes"]["lost"]
        yield Progress(leads, leads, "Looking for the leads that would change band"), {}
        report = {**learnt.report, "against": now_.pinned if now_ else None, "moves": moves(before, learnt, as_of)}
        document = learnt.model_copy(update={"report": report}).model_dump(
            mode="json", by_alias=True, exclude_none=True
        )
        yield Progress(leads, leads, "Keeping the draft"), {}
        reason = run.arguments.get("reason") or _WHY.format(**report["outcomes"])
        made = draft(actor=run.actor, kind="prediction", slug=slug, document=document, reason=reason)
        run.result |= {"prediction": slug, "definition": made.pinned, "version": made.version, "leads": leads}
        run.result |= {name: report[name] for name in ("method", "auc", "ece", "lift_10", "rows", "too_few")}
    leads = run.result["leads"]
    yield Progress(leads, leads, "Done"), {"definition": run.result["definition"]}


@job(CHECK, title="Measure the predictive score {prediction}", result_for=(VIEW,))
def measure(run: JobRun) -> Iterator[Step]:
    """Measure the model in force on the newest outcomes, and see how far leads have drifted."""
    slug = run.arguments["prediction"]
    yield Progress(0, None, "Measuring on the newest leads whose outcome is known"), {}
    row = in_force(slug) or newest(slug)
    found = check(row, load(row), run.job.created_at)
    run.result |= {"prediction": slug, "definition": row.pinned, "auc": found.get("auc"), "ece": found.get("ece")}
    yield Progress(found["rows"], found["rows"], "Done"), {}
