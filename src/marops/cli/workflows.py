"""Workflows: read off a log or a diagram, listed, shown."""

from pathlib import Path
from typing import Annotated, Any

import typer

from marops.cli.main import CLI, FINDINGS, REFUSED, Json, app, check_output, counted, err, installation, out, print_json

workflow = typer.Typer(no_args_is_help=True, help="Workflows: how work flows, what holds it back, what would help.")
app.add_typer(workflow, name="workflow")


@workflow.command("import")
def import_workflow(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="A log (CSV, XES, OCEL 2.0 JSON; packed with gzip or not), or BPMN with Prosimos JSON."),
    ] = None,
    name: Annotated[str, typer.Option(help="What the workflow is called. Default: as the file.")] = "",
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="meaning=column, such as case=Ticket; may be repeated.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Time zone of times that carry none. Default: the workspace's.")] = "",
    dates: Annotated[str, typer.Option(help="day_first or month_first, for dates such as 03/04/2026.")] = "",
    case_object: Annotated[str, typer.Option(help="OCEL: the type of object that is the case.")] = "",
    noise: Annotated[float | None, typer.Option(min=0, max=0.5, help="Share of cases that may be left out.")] = None,
    leave_out: Annotated[bool, typer.Option("--leave-out-faulty", help="Leave rows out that cannot be used.")] = False,
    log_only: Annotated[bool, typer.Option("--log-only", help="Keep the log; find no workflow in it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show how the file would be read; keep nothing.")] = False,
    from_facts: Annotated[bool, typer.Option("--from-facts", help="Read the work that was done here.")] = False,
    case_class: Annotated[str, typer.Option("--class", help="With --from-facts: this kind of work alone.")] = "",
    crew: Annotated[
        str, typer.Option(help="BPMN: the crew that does the work, or own for a new one. Default: as the file says.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Read a log in and find the workflow behind it; or bring a diagram in. Exit code 1: some rows were left out."""
    paths = _paths(files or [])
    if from_facts == bool(paths):
        err.print("Name a file, or --from-facts.")
        raise typer.Exit(REFUSED)
    with installation(quiet=as_json):
        _check(paths)
        if from_facts:
            answer = _facts(case_class, name, noise, discover=not log_only, quiet=as_json)
        elif _is_diagram(paths):
            answer = _diagram(paths, name, crew)
        else:
            given = {
                "columns": dict(_pair(one) for one in mapping or ()), "zone": zone, "dates": dates,
                "case_object": case_object, "leave_out": leave_out,
            }  # fmt: skip
            if dry_run:
                _dry(paths[0], given, as_json=as_json)
                return
            answer = _log(paths[0], given, name, noise, discover=not log_only, quiet=as_json)
    if as_json:
        print_json(answer)
    else:
        _tell(answer)
    if sum(answer.get("left_out", {}).values()):
        raise typer.Exit(FINDINGS)


def _paths(files: list[Path]) -> list[Path]:
    """The files; `model.bpmn+prosimos.json` names two."""
    found = []
    for one in files:
        if not one.exists() and "+" in str(one):
            found += [Path(part) for part in str(one).split("+", 1)]
        else:
            found.append(one)
    return found


def _check(paths: list[Path]) -> None:
    from marops.cli.importing import NO_FILE
    from marops.kernel.errors import MaropsError

    if missing := [str(one) for one in paths if not one.exists()]:
        raise MaropsError(NO_FILE, ", ".join(missing))


def _pair(text: str) -> tuple[str, str]:
    meaning, sign, column = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text!r} is not of the form meaning=column.", param_hint="--map")
    return meaning.strip(), column.strip()


def _is_diagram(paths: list[Path]) -> bool:
    if len(paths) > 1:
        return True
    from marops.domains.workflows.public import is_diagram, is_model

    if paths[0].is_dir() or is_model(str(paths[0])):
        return True
    with paths[0].open("rb") as file:
        return is_diagram(file)


def _diagram(paths: list[Path], name: str, crew: str) -> dict[str, Any]:
    from marops.domains.workflows.public import import_model, model_of, title_of_file

    return import_model(model_of(paths), actor=CLI, name=name, title=title_of_file(paths[0].name), crew=crew)


def _log(
    path: Path, given: dict[str, Any], name: str, noise: float | None, *, discover: bool, quiet: bool
) -> dict[str, Any]:
    from marops.cli.importing import run_watched
    from marops.domains.workflows.public import as_given, check_plan, plan_log, slug_for, start_log

    plan = plan_log(path, as_given(given))
    if not quiet:
        _show_plan(plan.as_json())
    check_plan(plan)
    log, job = start_log(
        path, plan, actor=CLI, title=name, slug=slug_for(name), discover=discover, here=True, noise=noise
    )
    run_watched(job, err, quiet=quiet)
    return _answer(log, job)


def _facts(case_class: str, name: str, noise: float | None, *, discover: bool, quiet: bool) -> dict[str, Any]:
    from marops.cli.importing import run_watched
    from marops.domains.workflows.public import slug_for, start_facts

    slug = slug_for(name) if case_class else ""
    log, job = start_facts(
        actor=CLI, case_class=case_class, title=name, slug=slug, discover=discover, here=True, noise=noise
    )
    run_watched(job, err, quiet=quiet)
    return _answer(log, job)


def _answer(log: Any, job: Any) -> dict[str, Any]:
    from marops.domains.workflows.public import import_json

    log.refresh_from_db()
    job.refresh_from_db()
    return import_json(log) | {"seconds": (job.result or {}).get("seconds")}


def _dry(path: Path, given: dict[str, Any], *, as_json: bool) -> None:
    from marops.domains.workflows.public import as_given, plan_log

    plan = plan_log(path, as_given(given)).as_json()
    if as_json:
        print_json(plan)
    else:
        _show_plan(plan)
    if plan["lacking"] or plan["problems"]:
        raise typer.Exit(FINDINGS)


def _show_plan(plan: dict[str, Any]) -> None:
    for one in plan["columns"]:
        if one["meaning"] != "skip":
            err.print(f"  {one['meaning']:10} ← {one['column']}   {', '.join(one['samples'])[:60]}", markup=False)
    for note in plan["notes"]:
        err.print(f"[dim]{note}[/]")
    for fault in plan["problems"][:5]:
        err.print(f"  row {fault['row']}: {fault['message']} {fault['remedy']}", markup=False)


def _tell(answer: dict[str, Any]) -> None:
    if answer.get("log"):
        counts = answer["counts"]
        parts = (("events", "piece of work"), ("case", "case"), ("activity", "activity"), ("resource", "person"))
        out.print(f"[bold]{answer['log']}[/]  " + ", ".join(_many(counts[name], one) for name, one in parts))
        for code, many in answer["left_out"].items():
            out.print(f"  left out: {many:,} {code}")
    for one in answer["workflows"]:
        kept = f", {one['covered']:.1%} of events on the map" if one.get("covered") is not None else ""
        out.print(f"[bold]{one['workflow']}[/]  {one['title']}  [dim]{one['steps']} steps{kept}[/]")
        drift = (one.get("found") or {}).get("drift") or {}
        if drift and not drift["changed"]:  # what changed is among the notes
            out.print(f"  [dim]{drift['says']}[/]")
    for note in answer.get("notes", ())[:12]:
        out.print(f"  [dim]{note}[/]")


def _many(n: int, one: str) -> str:
    plural = {"piece of work": "pieces of work", "activity": "activities", "person": "people"}
    return counted(n, one) if n == 1 or one not in plural else f"{n:,} {plural[one]}"


@workflow.command("list")
def list_workflows(as_json: Json = False) -> None:
    """List the workflows, each with its crew and what it was read off."""
    with installation(quiet=as_json):
        from marops.domains.workflows.public import workflow_rows

        items = workflow_rows()
    if as_json:
        print_json({"items": items, "next": None})
        return
    for one in items:
        read = f"read off {one['log']}" if one["log"] else "drawn"
        out.print(
            f"[bold]{one['workflow']}[/]  {one['title']}  [dim]version {one['version']}, crew {one['crew']}, {read}[/]"
        )
    if not items:
        out.print("There are no workflows yet. Begin with `marops workflow import`, or draw one on the pages.")


@workflow.command("show")
def show(
    slug: Annotated[str, typer.Argument(help="The workflow's short name, or name@version.")],
    svg: Annotated[bool, typer.Option("--svg", help="Print the map as SVG.")] = False,
    bpmn: Annotated[bool, typer.Option("--bpmn", help="Print the workflow as BPMN 2.0.")] = False,
    prosimos: Annotated[
        Path | None, typer.Option(help="Write a zip with a Prosimos 2.1 model of the workflow and its crew.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a workflow: its steps, who does them, how long they take; as text, JSON, SVG or BPMN."""
    check_output(prosimos)
    with installation(quiet=as_json or svg or bpmn):
        from marops.domains.workflows import public

        if svg:
            print(public.map_svg(slug))
            return
        if bpmn:
            print(public.map_bpmn(slug))
            return
        if prosimos:
            data, lost = public.map_prosimos(slug, actor=CLI)
            prosimos.write_bytes(data)
            for one in lost:
                err.print(one, markup=False)
            return
        found = public.workflow_json(slug, actor=CLI)
    if as_json:
        print_json(found)
        return
    _show(found)


def _show(found: dict[str, Any]) -> None:
    flow = found["document"]
    out.print(f"[bold]{flow['title']}[/]  [dim]{found['workflow']}@{found['version']}, crew {flow['crew']}[/]")
    if source := flow.get("source"):
        read = f"{counted(source['cases'], 'case')}, {_many(source['events'], 'piece of work')}"
        out.print(f"[dim]Read off {source['log']}: {read}.[/]")
    for one in flow["classes"]:
        out.print(f"  {one['name']}: {one['arrivals']['per_month']:g} a month")
    for step in flow["steps"]:
        who = "by itself" if step["touch"] == "automatic" else step.get("lane") or step.get("skill") or ""
        if step.get("gate"):
            continue
        parts = [f"{_mean(step['effort']):.2f} h"]
        parts += [f"comes back {step['rework']['probability']:.0%}"] if step.get("rework") else []
        parts += [f"waits {_mean(step['delay']):.1f} h"] if step.get("delay") else []
        read = "from the log" if step.get("origin", {}).get("effort") == "log" else "assumed"
        out.print(f"  {step['name'][:40]:40} {who[:30]:30} {', '.join(parts)}  ({read})", markup=False)
    for note in flow.get("notes", ()):
        out.print(f"[dim]{note}[/]")


def _mean(value: Any) -> float:
    from marops.domains.workflows.public import hours_on_average

    return hours_on_average(value)
