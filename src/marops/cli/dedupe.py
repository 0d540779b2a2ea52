"""The same person or company twice: found in the workspace or in a bare file, merged by hand, and parted."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import CLI, Json, app, check_output, err, installation, out, print_json, table_of
from marops.cli.pairs import workspace_dedupe

if TYPE_CHECKING:
    import pyarrow as pa

    from marops.domains.contacts.public import MatchKind
    from marops.methods.matching.roles import Guess
    from marops.store.matching import Matched

_SHOWN_FAULTS = 10
_ROLE = "What a column means, such as 'Tel.=phone'; again for another column."


@app.command()
def dedupe(
    file: Annotated[Path | None, typer.Argument(help="A file of people or companies: CSV, XLSX or Parquet.")] = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="Where rows go, with cluster and how sure.")] = None,
    pairs: Annotated[Path | None, typer.Option("--pairs", help="Where the pairs go that are worth a thought.")] = None,
    role: Annotated[list[str] | None, typer.Option("--role", help=_ROLE)] = None,
    merge_at: Annotated[float, typer.Option(min=0.5, max=1, help="From this probability two rows are the same.")] = 0.9,
    review_at: Annotated[float, typer.Option(min=0, max=1, help="From this probability somebody should look.")] = 0.5,
    companies: Annotated[
        bool, typer.Option("--companies", help="Without a file: companies instead of people.")
    ] = False,
    review: Annotated[bool, typer.Option("--review", help="Without a file: decide pairs one by one.")] = False,
    join: Annotated[bool, typer.Option("--join", help="Without a file: join the pairs that are surely one.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Without a file: learn anew what agreement is worth.")] = False,
    as_json: Json = False,
) -> None:
    """Find the same person or company twice: in the workspace, or in a FILE of which nothing is imported."""
    if file is None:
        of: MatchKind = "company" if companies else "person"
        workspace_dedupe(of, review=review, join=join, again=again, as_json=as_json)
        return
    check_output(out_file)
    check_output(pairs)
    table, unreadable = table_of(file)
    found = _match(table, _roles(table, role or []), merge_at, review_at)
    told = {"file": str(file), "unreadable": unreadable} | _report(table, found)
    if out_file:
        _write(out_file, _clustered(table, found))
    if pairs:
        _write(pairs, _paired(found, review_at))
    if as_json:
        print_json(told)
    else:
        _say(told, out_file)


def _roles(table: "pa.Table", given: list[str]) -> "list[Guess]":
    """The roles as guessed, but for those that were given. Raises MaropsError `invalid`."""
    from marops.kernel.errors import INVALID, MaropsError
    from marops.methods.matching.roles import ROLES, Guess, guess
    from marops.store.matching import columns_of

    said = dict[str, str]()
    for one in given:
        column, _sign, role = one.rpartition("=")
        known = {name.strip().lower(): name for name in table.column_names}
        if column.strip().lower() not in known:
            raise MaropsError(INVALID, f"There is no column {column!r}; there are {', '.join(table.column_names)}.")
        if role not in ROLES:
            raise MaropsError(INVALID, f"{role!r} is no role; there are {', '.join(ROLES)}.")
        said[known[column.strip().lower()]] = role
    found = guess(columns_of(table))
    return [Guess(one.column, said[one.column], "as you said") if one.column in said else one for one in found]


def _match(table: "pa.Table", guesses: "list[Guess]", merge: float, review: float) -> "Matched":
    from marops.kernel.errors import INVALID, MaropsError
    from marops.methods.matching.plan import NothingToCompare
    from marops.store.matching import match

    try:
        return match(table, guesses, merge=merge, review=min(review, merge))
    except NothingToCompare:
        said = "No column holds what two rows could be compared by. Say what columns mean: --role 'Column=name'."
        raise MaropsError(INVALID, said) from None


def _report(table: "pa.Table", found: "Matched") -> dict[str, Any]:
    columns = {one.name: one.column for one in found.plan.fields}
    return {
        "rows": table.num_rows, "clusters": found.clusters, "duplicates": table.num_rows - found.clusters,
        "roles": [{"column": one.column, "role": one.role, "why": one.why} for one in found.guesses],
        "comparisons": [
            {"column": columns[one.field], "levels": [each.says for each in one.levels]}
            for one in found.plan.comparisons
        ],
        "blocking": [{"equal": list(rule), "pairs": made} for rule, made in found.blocking] or "all pairs",
        "bands": [
            {"band": one.name, "least": one.least, "pairs": one.pairs, "expected_precision": one.precision}
            for one in found.bands
        ],
    }  # fmt: skip


def _clustered(table: "pa.Table", found: "Matched") -> Iterator[list[Any]]:
    taken = {name.lower() for name in table.column_names}
    yield [*table.column_names, *(f"marops_{one}" if one in taken else one for one in ("cluster_id", "certainty"))]
    columns = [table[name].to_pylist() for name in table.column_names]
    for row in zip(*columns, found.cluster.tolist(), found.certainty.tolist(), strict=True):
        yield [*row[:-1], f"{row[-1]:.6f}"]


def _paired(found: "Matched", review: float) -> Iterator[list[Any]]:
    yield ["row_1", "row_2", "probability"]
    kept = (found.chance >= review).nonzero()[0]
    for at in kept[found.chance[kept].argsort()[::-1]]:
        # As a spreadsheet counts: the headings are row 1.
        yield [int(found.left[at]) + 2, int(found.right[at]) + 2, f"{found.chance[at]:.6f}"]


def _write(path: Path, rows: Iterator[list[Any]]) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _say(told: dict[str, Any], out_file: Path | None) -> None:
    for title, names, rows in _tables(told):
        out.print(f"[bold]{title}[/]")
        table = Table(box=None, pad_edge=False)
        for name in names:
            table.add_column(name)
        for row in rows:
            table.add_row(*row)
        out.print(table)
    out.print(f"{told['rows']:,} rows are {told['clusters']:,} different ones; {told['duplicates']:,} are there again.")
    for one in told["unreadable"][:_SHOWN_FAULTS]:
        err.print(f"Row {one['row']} was left out: {one['message']} {one['remedy']}", markup=False)
    if out_file:
        out.print(f"{out_file}: every row with its cluster_id and certainty.", markup=False)


def _tables(told: dict[str, Any]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    yield (
        "What columns mean",
        ["Column", "Role", "By"],
        [[one["column"], one["role"], one["why"]] for one in told["roles"]],
    )
    compared = [[one["column"], "; ".join([*one["levels"], "different"])] for one in told["comparisons"]]
    yield "How they are compared", ["Column", "From equal to different"], compared
    if told["blocking"] == "all pairs":
        yield "Which pairs are looked at", ["All of them"], []
    else:
        rules = [[" and ".join(one["equal"]), f"{one['pairs']:,}"] for one in told["blocking"]]
        yield "Which pairs are looked at", ["Those with the same", "Pairs"], rules
    bands = [
        [one["band"], f"from {one['least']:g}", f"{one['pairs']:,}",
         "–" if one["expected_precision"] is None else f"{one['expected_precision']:.1%}"] for one in told["bands"]
    ]  # fmt: skip
    yield "What came out", ["Band", "Probability", "Pairs", "Expected to be right"], bands


@app.command("merge")
def merge(
    keep: Annotated[str, typer.Argument(help="What stays: L-number, id or address; O-number of a company.")],
    gone: Annotated[str, typer.Argument(help="The record that becomes part of it.")],
    why: Annotated[str, typer.Option(help="Stands with the merge.")] = "",
    as_json: Json = False,
) -> None:
    """Make two records of one person or company one; marops unmerge takes it back."""
    with installation(quiet=as_json):
        done = _companies(keep, gone, why) if _of_company(keep) else _people(keep, gone, why)
    if as_json:
        print_json(done)
        return
    took = f" It took over {', '.join(done['took'])}." if done["took"] else ""
    out.print(f"{done['gone']} is {done['kept']} from now on.{took}", markup=False)
    out.print(f"To take it back: marops unmerge {done['gone']}", markup=False)


def _of_company(ref: str) -> bool:
    return ref.strip().upper().startswith("O-")


def _people(keep: str, gone: str, why: str) -> dict[str, Any]:
    from marops.domains.contacts.public import find_contact, merge_contacts, merge_json

    kept, other = find_contact(keep, actor=CLI), find_contact(gone, actor=CLI)
    return merge_json(merge_contacts(actor=CLI, winner_id=kept.id, loser_id=other.id, why=why))


def _companies(keep: str, gone: str, why: str) -> dict[str, Any]:
    from marops.domains.contacts.public import find_company, merge_companies, merge_json

    kept, other = find_company(keep), find_company(gone)
    return merge_json(merge_companies(actor=CLI, winner_id=kept.id, loser_id=other.id, why=why))


@app.command("unmerge")
def unmerge(
    ref: Annotated[str, typer.Argument(help="What went, or what stayed; O-number of a company.")], as_json: Json = False
) -> None:
    """Take a merge back: both records are there again, each with its own; what changed since stays."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import (
            company_merge_of,
            merge_json,
            merge_of,
            part_companies,
            part_contacts,
        )  # fmt: skip

        if _of_company(ref):
            done = merge_json(part_companies(actor=CLI, merge_id=company_merge_of(CLI, ref).id))
        else:
            done = merge_json(part_contacts(actor=CLI, merge_id=merge_of(CLI, ref).id))
    if as_json:
        print_json(done)
    else:
        out.print(f"{done['gone']} and {done['kept']} are two records again.", markup=False)
