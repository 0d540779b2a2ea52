"""What the command line says of a predictive model: what was left out, how good it is, and why a score is so."""

from typing import Any

from rich.markup import escape
from rich.table import Table

from marops.cli.main import err, out

_SHOWN = 12


def say_left_out(report: dict[str, Any]) -> None:
    """The fields that are not used, and those to keep an eye on, with the reasons."""
    for key, title in (("excluded", "Left out"), ("watch", "To keep an eye on")):
        if not report[key]:
            continue
        table = Table("Field", "Why", box=None, pad_edge=False, title=title, title_justify="left", title_style="bold")
        for one in sorted(report[key], key=lambda one: one["kind"] not in ("leak", "copy")):
            table.add_row(escape(one["field"]), escape(one["why"]))
        out.print(table)


def say_measures(told: dict[str, Any]) -> None:
    """How good it was on leads that it had not seen."""
    if told["auc"] is None:
        out.print(f"{told['rows']:,} rows with a known outcome: too few, or all of one kind, to measure by.")
        return
    out.print(
        f"[bold]AUC {told['auc']:.3f}[/] ({told['auc_low']:.3f} to {told['auc_high']:.3f}),"
        f" [bold]calibration error {told['ece']:.3f}[/] ({told['ece_by_chance']:.3f} by chance alone),"
        f" Brier {told['brier']:.3f}, PR-AUC {told['pr_auc']:.3f}"
    )
    out.print(
        f"{told['rows']:,} rows, {told['yes']:,} yes. The best tenth has {told['lift_10']:.2f} times the usual rate and"
        f" {told['captured_10']:.0%} of all yes, the best fifth {told['lift_20']:.2f} and {told['captured_20']:.0%}."
    )
    table = Table("Probability", "Rows", "Foretold", "Seen", "95 %", box=None, pad_edge=False)
    for one in told["reliability"]:
        table.add_row(
            f"{one['from']:.3f} to {one['to']:.3f}", f"{one['rows']:,}", f"{one['predicted']:.1%}",
            f"{one['observed']:.1%}", f"{one['low']:.1%} to {one['high']:.1%}",
        )  # fmt: skip
    out.print(table)


def say_why(asked: str, told: dict[str, Any]) -> None:
    """One score, term by term."""
    from marops.methods.prediction.telling import strength

    out.print(
        f"[bold]{told['probability']:.1%}[/] for {escape(asked)}; a lead that is average in everything has"
        f" {told['average']:.1%}."
    )
    table = Table(box=None, pad_edge=False, show_header=False)
    for one in told["terms"][:_SHOWN]:
        table.add_row(f"{one['term']:+.3f}", escape(one["says"]), strength(one["term"]))
    rest = sum(one["term"] for one in told["terms"][_SHOWN:])
    if told["terms"][_SHOWN:]:
        table.add_row(f"{rest:+.3f}", f"{len(told['terms']) - _SHOWN} more fields", strength(rest))
    table.add_row(f"{told['intercept']:+.3f}", "where everybody begins", "")
    table.add_row(f"{told['points']:+.3f}", "in all, before calibration", "")
    out.print(table)


def say_notes(notes: list[str]) -> None:
    """What else there is to know, beside the answer."""
    for note in notes:
        err.print(note, markup=False)
