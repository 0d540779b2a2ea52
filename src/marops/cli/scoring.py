"""Scoring models and the lifecycle: how they stand, and what a changed model would say."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from marops.cli.main import CLI, REFUSED, Json, app, err, installation, out, print_json, text_of

score = typer.Typer(no_args_is_help=True, help="Scoring models: how they stand, and what a change would do.")
app.add_typer(score, name="score")


@score.command("models")
def models(as_json: Json = False) -> None:
    """List the scoring models, with how many leads each scored and who are MQLs."""
    with installation(quiet=as_json):
        from marops.domains.scoring.public import documents

        items = documents.models()
    if as_json:
        print_json({"items": items, "next": None})
        return
    for one in items:
        threshold = f"MQL from {one['mql_from']:g}" if one["mql_from"] is not None else "no MQLs"
        out.print(
            f"[bold]{one['model']}[/]  {one['title']}  [dim]{one['definition']}, {threshold}[/]"
            f"  {one['mql']:,} MQLs of {one['leads']:,} leads"
        )


@score.command("simulate")
def simulate(
    file: Annotated[
        Path, typer.Argument(help="The changed model, as `marops export` writes it.", exists=True, dir_okay=False)
    ],
    since: Annotated[datetime, typer.Option(help="Leads that came in since this day.", formats=["%Y-%m-%d"])],
    until: Annotated[datetime | None, typer.Option(help="… until and with this day.", formats=["%Y-%m-%d"])] = None,
    model: Annotated[str, typer.Option(help="The model it is compared with.")] = "main",
    as_json: Json = False,
) -> None:
    """Show what a changed model would say of leads that came in, beside the one in force. Writes nothing."""
    with installation(quiet=as_json):
        from marops.domains.scoring.public import documents
        from marops.kernel.clock import now
        from marops.kernel.workspace import zone

        document = _document(file)
        last = (until or now().astimezone(zone()).replace(tzinfo=None)) + timedelta(days=1)
        end = last.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=zone())
        answer = documents.simulate(CLI, model, document, None, since=since.replace(tzinfo=zone()), until=end)
    if as_json:
        print_json(answer)
        return
    mql = answer["mql"]
    out.print(
        f"{answer['leads']:,} leads: {mql['before']:,} MQLs by {answer['before']}, {mql['after']:,} by {file.name};"
        f" {mql['gained']:,} gained, {mql['lost']:,} lost."
    )
    for one in answer["cells_moved"]:
        out.print(f"  {one['from']} → {one['to']}  {one['leads']:,}")
    for one in answer["examples"][:10]:
        why = ", ".join(f"{part['label']} ({part['points']:+g})" for part in one["because"][:3])
        before, after = one["before"], one["after"]
        out.print(f"  {one['ref']}  {before['value']:g} {before['cell']} → {after['value']:g} {after['cell']}  {why}")


def _document(file: Path) -> dict[str, Any]:
    from marops.kernel.rules import read_yaml

    found = read_yaml(text_of(file))
    if not isinstance(found, dict):
        err.print(f"{file} holds no scoring model.")
        raise typer.Exit(REFUSED)
    return found


@app.command()
def lifecycle(as_json: Json = False) -> None:
    """Show the stages: how many leads are in each, how long they stay, how they go on and where they leave."""
    with installation(quiet=as_json):
        from marops.domains.scoring.public import documents
        from marops.kernel.clock import now

        answer = documents.lifecycle(now())
    if as_json:
        print_json(answer)
        return
    for one in answer["stages"]:
        days = "–" if one["median_days"] is None else f"{one['median_days']:.1f} d"
        way = "[dim]out[/] " if one["out"] else ""
        out.print(
            f"{way}[bold]{one['label']}[/]  {one['now']:,} now, stay {days};"
            f" in 90 days {one['came_in_90_days']:,} came, {one['went_on']:,} went on, {one['went_out']:,} out"
        )
    for one in answer["leaks"]:
        out.print(f"  {one['from']} → {one['to']}  {one['leads']:,}")
