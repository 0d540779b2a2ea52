"""Definitions as files: export them into a folder, apply a folder."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marops.cli.main import DONE, FINDINGS, Json, app, installation, out, print_json

if TYPE_CHECKING:
    from marops.kernel.exchange import Step

_WAITING = ("draft", "in_review")
_MARKS = {"new": "[green]+[/]", "changed": "[yellow]~[/]", "unchanged": "[dim]=[/]", "absent": "[dim]?[/]"}


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="The folder to write into; made if it is not there.")],
    as_json: Json = False,
) -> None:
    """Write every definition into a folder, one YAML file each: what is in force, else the newest draft."""
    with installation(quiet=as_json):
        from marops.kernel.actors import SETUP
        from marops.kernel.exchange import export_to

        files = export_to(folder, actor=SETUP)
    if as_json:
        print_json({"items": [one.as_json() for one in files], "next": None})
        return
    for one in files:
        draft = f"  [yellow]{one.newer_draft} is a newer draft and was left out[/]" if one.newer_draft else ""
        out.print(f"{'[green]+[/]' if one.written else '[dim]=[/]'} {one.file}  [dim]{one.version}[/]{draft}")
    written = sum(one.written for one in files)
    out.print(f"{len(files)} definitions in {folder}; {written} files written, the others already said the same.")


@app.command()
def apply(
    folder: Annotated[Path, typer.Argument(help="A folder with files kind/slug.yaml, as `marops export` writes it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")] = False,
    activate: Annotated[
        bool, typer.Option("--activate", help="Put the new versions in force too, where rights and gates permit.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why, for the versions' history.")] = "",
    as_json: Json = False,
) -> None:
    """Make drafts of what a folder of definitions changes. Exit code 1 when something could not be put in force."""
    with installation(quiet=as_json):
        from marops.kernel.actors import SETUP
        from marops.kernel.exchange import apply as apply_folder
        from marops.kernel.exchange import plan, read_folder

        found = read_folder(folder)
        steps = plan(found) if dry_run else apply_folder(found, actor=SETUP, put_in_force=activate, reason=reason)
    refused = any(step.outcome == "refused" for step in steps)
    if as_json:
        counts = Counter(step.change for step in steps)
        print_json({"dry_run": dry_run, "counts": dict(counts), "items": [step.as_json() for step in steps]})
    else:
        _tell(steps, dry_run=dry_run, activate=activate)
    raise typer.Exit(FINDINGS if refused else DONE)


def _tell(steps: "Sequence[Step]", *, dry_run: bool, activate: bool) -> None:
    for step in steps:
        _tell_step(step)
    drafts = [step for step in steps if step.outcome in ("draft", "refused")]
    in_force = [step for step in steps if step.outcome == "active"]
    coming = [step for step in steps if step.change in ("new", "changed")]
    waiting = [step for step in steps if activate and step.change == "unchanged" and step.state in _WAITING]
    if dry_run:
        out.print(f"{_definitions(len(coming))} would change; nothing was written.")
        if waiting:
            out.print(f"{_definitions(len(waiting))} that wait as drafts would be put in force.")
    elif not drafts and not in_force:
        out.print("Nothing to do: every file says what is here already.")
    if in_force:
        out.print(f"{_definitions(len(in_force))} put in force.")
    if drafts:
        out.print(f"{_definitions(len(drafts))} kept as drafts, which do nothing yet.")
        if not activate:
            out.print("Put them in force with --activate, or have them reviewed.")


def _tell_step(step: "Step") -> None:
    words = {
        "new": "new",
        "changed": f"differs from {step.against} ({_standing(step.state if step.outcome == 'none' else None)})",
        "unchanged": f"unchanged ({step.against}, {_standing(step.state)})"
        if step.outcome == "none"
        else f"says what {step.against} says, which waited",
        "absent": f"not in the folder, left alone ({step.against})",
    }[step.change].replace(" ()", "")
    out.print(f"{_MARKS[step.change]} [bold]{step.ref}[/]  {words}")
    for one in step.differences:
        out.print(f"    {one.words}", markup=False)
    if step.outcome != "none":
        outcome = {"draft": "kept as the draft", "active": "in force as", "refused": "stays the draft"}[step.outcome]
        out.print(f"    → {outcome} {step.version}")
    if step.problem:
        out.print(f"    {step.problem} {step.problem.remedy}", markup=False)


def _standing(state: str | None) -> str:
    return {None: "", "active": "in force", "draft": "a draft", "in_review": "in review"}.get(state, str(state))


def _definitions(number: int) -> str:
    return f"{number} definition{'' if number == 1 else 's'}"
