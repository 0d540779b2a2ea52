"""The figures from the command line: all of them, or one with its periods and pieces."""

from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import CLI, Json, app, installation, out, print_json


@app.command()
def metrics(
    name: Annotated[str, typer.Argument(help="One metric, such as sla.hit_rate; all without it.")] = "",
    by: Annotated[str, typer.Option(help="Split the one metric: source, owner, currency.")] = "",
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only periods from this day on.")] = None,
    grain: Annotated[str, typer.Option(help="week or month.")] = "month",
    as_json: Json = False,
) -> None:
    """What was measured: each figure with its interval, its target and who answers for it."""
    with installation(quiet=as_json):
        from marops.site import telling

        first = since.date() if since else None
        found = telling.one(CLI, name, by=by, since=first, grain=grain) if name else telling.everything(CLI)
    if as_json:
        print_json(found)
    elif name:
        _say_one(found)
    else:
        _say_all(found["items"])


def _say_all(items: list[dict[str, Any]]) -> None:
    """Two lines each, which fit 80 columns: the figure and its target; its name and what it rests on."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Figure", ratio=5)
    table.add_column("Now", ratio=5)
    table.add_column("Target", ratio=3)
    for one in items:
        words = one["words"]
        target = "\n".join(part for part in (words["target"], words["state"]) if part)
        table.add_row(f"{one['label']}\n[dim]{one['name']}[/]", f"{words['value']}\n[dim]{words['note']}[/]", target)
    out.print(table)


def _say_one(found: dict[str, Any]) -> None:
    words = found["words"]
    out.print(f"[bold]{found['label']}[/]: {words['value']}  {words['note']}", markup=True)
    out.print(found["description"], markup=False)
    out.print(f"Clock: {found['clock']}", markup=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("Period" if "pieces" not in found else found["by"])
    for title in ("Value", "Low", "High", "Rows"):
        table.add_column(title, justify="right")
    for row in found.get("pieces") or found["periods"]:
        first = row.get("words") if "pieces" in found else date.fromisoformat(row["period"]).isoformat()
        shown = [_plain(row["value"]), _plain(row.get("low")), _plain(row.get("high")), f"{row['n']:,}"]
        table.add_row(str(first), *shown)
    out.print(table)


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:,.3f}".rstrip("0").rstrip(".")
