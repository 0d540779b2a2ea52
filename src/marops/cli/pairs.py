"""The same person or company twice in the workspace: searched for, joined, and decided pair by pair in the terminal."""

from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape
from rich.table import Table

from marops.cli.main import CLI, installation, out, print_json

if TYPE_CHECKING:
    from marops.domains.contacts.public import MatchedPair, MatchKind

_MOST = 500


def workspace_dedupe(of: "MatchKind", *, review: bool, join: bool, again: bool, as_json: bool) -> None:
    """Search, or go through what a search found; `join` also joins what is surely one."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import match_report, run_joining, run_matching

        if review:
            _list(of) if as_json else _decide(of)
            return
        told = match_report(CLI, of) if join and not again else run_matching(CLI, of, again=again)
        if join:
            told = told | {"joined": run_joining(CLI, of)["joined"]} | match_report(CLI, of)
    if as_json:
        print_json(told)
    else:
        _say(told)


def _say(told: dict[str, Any]) -> None:
    if "said" in told:
        out.print(told["said"])
        return
    words = {"merge": "surely one", "review": "to look at"}
    table = Table(box=None, pad_edge=False)
    for name in ("Band", "Probability", "Pairs", "Expected to be right"):
        table.add_column(name)
    for one in told["bands"]:
        right = "–" if one["expected_precision"] is None else f"{one['expected_precision']:.1%}"
        table.add_row(words[one["band"]], f"from {one['least']:g}", f"{one['pairs']:,}", right)
    out.print(table)
    run = told["run"]
    if run:
        said = f"{run['records']:,} records in {run['seconds']:.1f} s, compared by {', '.join(told['compared'])}."
        out.print(f"{said} Model: {run['model']}.", markup=False)
        if run["model"] != told["model"]:
            out.print(f"What was learnt waits to be put in force: marops activate {run['model']}", markup=False)
    if "joined" in told:
        out.print(f"{told['joined']:,} pairs were joined; marops unmerge takes one back.")
    elif any(one["pairs"] for one in told["bands"]):
        out.print("Next: marops dedupe --review decides pairs one by one, --join joins what is surely one.")


def _list(of: "MatchKind") -> None:
    from marops.domains.contacts.public import matched_pairs, pair_json

    print_json({"pairs": [pair_json(one) for one in matched_pairs(CLI, of, _MOST)]})


def _decide(of: "MatchKind") -> None:
    """One pair after the other, those to look at first; nothing is decided without a key."""
    from marops.domains.contacts.public import join_pair, matched_pairs, tell_apart

    passed = set[str]()
    while waiting := [one for one in matched_pairs(CLI, of, _MOST, "review") if str(one.row.id) not in passed]:
        pair = waiting[0]
        _show(pair, len(waiting))
        match typer.prompt("[s]ame, [d]ifferent, [n]ext, [q]uit", default="n").strip().lower()[:1]:
            case "s":
                done = join_pair(CLI, pair)
                out.print(
                    f"{pair.gone.ref} is {pair.keep.ref} now. Taken back by: marops unmerge {done.id}", markup=False
                )
            case "d":
                tell_apart(actor=CLI, pair_id=pair.row.id)
                out.print("They are two, and will not be asked about again.")
            case "q":
                return
            case _:
                passed.add(str(pair.row.id))
    out.print("Nothing is left to look at.")


def _show(pair: "MatchedPair", left: int) -> None:
    from marops.domains.contacts.public import lines_of

    table = Table(
        box=None, pad_edge=False, title=f"{pair.row.chance:.1%} one; {left:,} to look at", title_justify="left"
    )
    for name in ("Field", pair.keep.ref, pair.gone.ref):
        table.add_column(name)
    for one in lines_of(CLI, pair):
        style = "yellow" if one.differs else ""
        table.add_row(one.label, escape(one.keep or "–"), escape(one.gone or "–"), style=style)
    out.print(table)
    for name, bits, says in pair.why[:6]:
        out.print(f"  {name}: {says or 'before anything is compared'} ({bits:+.1f} bits)", markup=False)
