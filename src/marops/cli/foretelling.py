"""The predictive score of the workspace's own leads on the command line: train, measure, explain."""

from pathlib import Path
from typing import Any

from rich.table import Table

from marops.cli.main import CLI, err, installation, out, print_json
from marops.cli.model_words import say_left_out, say_measures, say_notes, say_why


def train(slug: str, out_file: Path | None, *, as_json: bool) -> None:
    """Run the training here, as a job that pages show too; what it leaves is a draft."""
    with installation(quiet=as_json):
        from marops.cli.importing import run_watched
        from marops.domains.scoring.public import predictions
        from marops.kernel.jobs import start_job

        job = start_job("prediction.train", {"prediction": slug}, actor=CLI, here=True)
        run_watched(job, err, quiet=as_json, undone="Nothing was kept; train again.")
        version = int((job.result or {})["version"])
        report = predictions.report(slug, version)
        if out_file:
            from marops.cli.predicting import write_text

            write_text(out_file, predictions.model_file(slug, version))
    report |= {"job": job.ref, "model": str(out_file) if out_file else None}
    if as_json:
        print_json(report)
        return
    out.print(report["outcome"], markup=False)
    told = report["outcomes"]
    out.print(
        f"{told['won']:,} yes and {told['lost']:,} no; {told['decided_early']:,} were decided before they were looked"
        f" at, {told['waiting']:,} are still open, {told['neither']:,} have no outcome."
    )
    if report["method"] == "tables":
        why = report["too_few"] or f"{report['split']['method']}."
        out.print(f"A simple model, every field by itself: {why}", markup=False)
    say_left_out(report)
    say_measures(report)
    _say_compared(report["compare"])
    out.print(f"[bold]{report['definition']}[/] is a draft. See {report['url']}; people put it in force.")


def evaluate(slug: str, *, as_json: bool) -> None:
    """The model in force on the newest outcomes, and drift."""
    with installation(quiet=as_json):
        from marops.domains.scoring.public import predictions
        from marops.kernel.clock import now

        report = predictions.evaluated(slug, now())
    if as_json:
        print_json(report)
        return
    out.print(f"{report['definition']}: {report['split']['says']}, from {report['split']['since']} on.", markup=False)
    say_measures(report)
    _say_compared({"leads": report["rows"], "rules": report["rules"]})
    out.print(report["drift"]["says"], markup=False)
    say_notes(report["notes"])


def explain(ref: str, slug: str, *, as_json: bool) -> None:
    """Why one lead is so likely."""
    with installation(quiet=as_json):
        from marops.domains.scoring.public import predictions

        found = predictions.explained(CLI, ref, slug)
    if as_json:
        print_json(found)
        return
    if found["probability"] is None:
        out.print(found["why"], markup=False)
        return
    say_why(found["title"], found)


def _say_compared(told: dict[str, Any]) -> None:
    names = {"new": "This model", "old": "The model in force", "rules": "Score by rules"}
    table = Table("On the same leads", "AUC", "95 %", "Lift 10 %", "Lift 20 %", box=None, pad_edge=False)
    for key, label in names.items():
        one = told.get(key)
        if one is None:
            continue
        if one.get("auc") is None:
            table.add_row(label, "–", "", "", "")
            continue
        table.add_row(
            label, f"{one['auc']:.3f}", f"{one['auc_low']:.3f} to {one['auc_high']:.3f}", f"{one['lift_10']:.2f}",
            f"{one['lift_20']:.2f}",
        )  # fmt: skip
    out.print(table)
