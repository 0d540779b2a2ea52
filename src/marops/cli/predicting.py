"""Predictive scoring: of the workspace's own leads, or of a bare file, for which no workspace is opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marops.cli import foretelling
from marops.cli.main import Json, check_output, err, out, print_json, table_of, text_of
from marops.cli.model_words import say_left_out, say_measures, say_notes, say_why
from marops.cli.scoring import score

if TYPE_CHECKING:
    import pyarrow as pa

    from marops.methods.prediction.model import Model
    from marops.methods.prediction.reading import Floats
    from marops.store.tablefiles import Told

_CHUNK = 100_000
_FILE = typer.Argument(help="A table as CSV, XLSX or Parquet, with the names of the columns in its first line.")
_TRAIN_FILE = typer.Argument(help="A table as CSV, XLSX or Parquet. Without it: the workspace's own leads.")
_OWN_MODEL = typer.Argument(help="The model file that `train` wrote. Without it: the workspace's model in force.")
_MODEL = typer.Argument(help="The model file that `train` wrote.")


@score.command("train")
def train(
    file: Annotated[Path | None, _TRAIN_FILE] = None,
    target: Annotated[
        str | None, typer.Option(help="The column with the known outcome: two values, such as 1 and 0.")
    ] = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="Where the model goes, as JSON.")] = None,
    time: Annotated[
        str | None,
        typer.Option(help="The column that orders the rows. Default: a date, else a rising id, else the file."),
    ] = None,
    yes: Annotated[str | None, typer.Option(help="Which value of the target is the yes.")] = None,
    no: Annotated[
        list[str], typer.Option(help="Which value of the target is the no; again for more. Other rows are left out.")
    ] = [],  # noqa: B006
    row_id: Annotated[str | None, typer.Option("--id", help="The column that names a row.")] = None,
    drop: Annotated[list[str], typer.Option(help="A column that is not to be used; again for more.")] = [],  # noqa: B006  # typer's way
    keep: Annotated[
        list[str], typer.Option(help="A column to be used in spite of the leak scan; again for more.")
    ] = [],  # noqa: B006
    least: Annotated[int, typer.Option(min=20, help="So many rows of each outcome are needed for boosting.")] = 200,
    slug: Annotated[str, typer.Option("--score", help="Which predictive score of the workspace.")] = "main",
    as_json: Json = False,
) -> None:
    """Train a model on outcomes that are known, and measure it on the newest fifth of the rows.

    Without FILE it learns from the workspace's own leads, and leaves a draft that a person puts in force. The rows are
    put in order of time, never drawn by chance. Fields that were written after the outcome are found and left out, with
    the reason.
    """
    if file is None:
        _only_for_files(target=target, time=time, yes=yes, no=no, id=row_id, drop=drop, keep=keep)
        foretelling.train(slug, out_file, as_json=as_json)
        return
    if target is None:
        raise typer.BadParameter("say which column holds the outcome: --target COLUMN", param_hint="--target")
    from marops.methods.prediction.model import write_model
    from marops.methods.prediction.training import Asked, report_of
    from marops.methods.prediction.training import train as trained

    _check_output(out_file, file)
    with _refusals():
        table, told = _read(file)
        asked = Asked(target, time, yes, row_id, drop, keep, least, no)
        with err.status("Training") if err.is_terminal and not as_json else _nothing():
            model = trained(table, asked, {"file": file.name, "sha256": told.sha256})
    if out_file:
        write_text(out_file, write_model(model))
    report = {"file": str(file), "model": str(out_file) if out_file else None, **report_of(model), "notes": told.notes}
    if as_json:
        print_json(report)
    else:
        _say_trained(report)


@score.command("evaluate")
def evaluate(
    model_file: Annotated[Path | None, _OWN_MODEL] = None,
    file: Annotated[Path | None, _TRAIN_FILE] = None,
    slug: Annotated[str, typer.Option("--score", help="Which predictive score of the workspace.")] = "main",
    as_json: Json = False,
) -> None:
    """Measure a model on a file with known outcomes, such as those of the leads that came after its training.

    Without a model file: the workspace's model in force, on its newest leads whose outcome is known, and how far leads
    have drifted from those it learnt from.
    """
    if model_file is None:
        foretelling.evaluate(slug, as_json=as_json)
        return
    if file is None:
        raise typer.BadParameter("name the file to measure it on", param_hint="FILE")
    from marops.methods.prediction.training import evaluate as measured

    with _refusals():
        model = _model(model_file)
        table, told = _read(file, model)
        answer = measured(model, table)
    notes = [*told.notes, *answer.pop("notes")]
    if told.sha256 == model.trained_on.get("sha256"):
        notes.insert(0, "This is the file that the model was trained on, so these figures flatter it.")
    split = {"says": "all rows of the file with a known outcome", "trained": model.trained_on.get("split", {})}
    report = {
        "file": str(file), "model": str(model_file), **answer, "split": split, "target": model.target,
        "excluded": [one.model_dump() for one in model.excluded], "when_trained": _kept(model.measured), "notes": notes,
    }  # fmt: skip
    if as_json:
        print_json(report)
        return
    say_measures(report)
    if (before := report["when_trained"]).get("auc") is not None:
        out.print(f"When it was trained: AUC {before['auc']:.3f}, calibration error {before['ece']:.3f}.")
    say_notes(notes)


@score.command("explain")
def explain(
    what: Annotated[str, typer.Argument(help="A lead, such as L-1042; or the model file that `train` wrote.")],
    file: Annotated[Path | None, _TRAIN_FILE] = None,
    row: Annotated[
        str | None, typer.Option(help="The row's id, or its number as a spreadsheet shows it (headings are row 1).")
    ] = None,
    slug: Annotated[str, typer.Option("--score", help="Which predictive score of the workspace.")] = "main",
    as_json: Json = False,
) -> None:
    """Say in words why a lead, or a row of a file, has its probability."""
    if file is None:
        foretelling.explain(what, slug, as_json=as_json)
        return
    if row is None:
        raise typer.BadParameter("say which row: --row ROW", param_hint="--row")
    model_file = Path(what)
    from marops.methods.prediction.telling import explain as explained

    with _refusals():
        model = _model(model_file)
        table, _told = _read(file, model)
        answer = {"row": row, **explained(model, table.slice(_place(model, table, row), 1))}
    if as_json:
        print_json(answer)
    else:
        say_why(f"{model.target} = {model.yes}", answer)


@score.command("apply")
def apply(
    model_file: Annotated[Path, _MODEL],
    file: Annotated[Path, _FILE],
    out_file: Annotated[Path, typer.Option("--out", help="Where the scores go, as CSV in the order of the file.")],
    as_json: Json = False,
) -> None:
    """Score every row of a file: its id, its probability, and what each field adds.

    What the fields add and the model's intercept sum to points; the model's calibration makes points a probability.
    """
    from marops.store.tablefiles import write_texts

    _check_output(out_file, file, model_file)
    with _refusals():
        model = _model(model_file)
        table, told = _read(file, model)
        notes = list(told.notes)
        rows = write_texts(out_file, _scores(model, table, notes))
    answer = {"file": str(out_file), "rows": rows, "id": _id_of(model, table), "notes": notes}
    if as_json:
        print_json(answer)
        return
    out.print(f"{rows:,} rows are scored in {out_file}.", markup=False)
    say_notes(notes)


def _only_for_files(**given: Any) -> None:
    if named := [f"--{name}" for name, value in given.items() if value]:
        raise typer.BadParameter(f"{', '.join(named)}: these go with a FILE; for the workspace the definition says it")


def _scores(model: "Model", table: "pa.Table", notes: list[str]) -> "Iterator[pa.Table]":
    """Chunk by chunk; an empty file gives the headings alone."""
    import numpy as np
    import pyarrow as pa

    from marops.methods.prediction.model import notes_of, shift_note, shifted
    from marops.methods.prediction.model import score as scored_by
    from marops.methods.prediction.sql import name_of

    named, unknown, missing = _id_of(model, table), dict[str, int](), list[str]()
    unread = dict[str, int]()
    points = list["Floats"]()
    for start in range(0, max(table.num_rows, 1), _CHUNK):
        part = table.slice(start, _CHUNK)
        scored = scored_by(model, part)
        ids = part[named] if named else pa.array(range(start + 2, start + 2 + part.num_rows), pa.int64())
        terms = {name_of(term): scored.terms[:, at] for at, term in enumerate(model.terms)}
        yield pa.table({named or "row": ids, "probability": scored.chance, **terms})
        missing = list(scored.missing)
        points.append(scored.points)
        for field, rows in scored.unknown.items():
            unknown[field] = unknown.get(field, 0) + rows
        for field, rows in scored.unread.items():
            unread[field] = unread.get(field, 0) + rows
    shift = shifted(model, np.concatenate(points))
    notes.extend([*shift_note(shift), *notes_of(missing, unknown, unread)])


def _id_of(model: "Model", table: "pa.Table") -> str | None:
    there = model.row_id in table.column_names and model.row_id != "probability"
    return model.row_id if there else None


def _place(model: "Model", table: "pa.Table", row: str) -> int:
    """Where a row is: by its id, else by its number. Raises MaropsError `not-found`."""
    from marops.kernel.errors import NOT_FOUND, MaropsError

    named = _id_of(model, table)
    if named and row.strip() in (ids := [(one or "").strip() for one in table[named].to_pylist()]):
        return ids.index(row.strip())
    if row.strip().isdecimal() and 2 <= int(row) <= table.num_rows + 1:
        return int(row) - 2
    by = f"an id in “{named}”" if named else "the number of a row"
    remedy = f"Give {by}; rows are 2 to {table.num_rows + 1:,} where numbers are given (the headings are row 1)."
    raise MaropsError(NOT_FOUND, f"The file has no row {row!r}.", remedy=remedy)


def _read(file: Path, model: "Model | None" = None) -> "tuple[pa.Table, Told]":
    """A table as texts, its columns called as `model` calls them."""
    from marops.methods.prediction.model import aligned

    table, told = _table(file)
    if model is not None:
        table, notes = aligned(model, table)
        told.notes += notes
    return table, told


def _table(file: Path) -> "tuple[pa.Table, Told]":
    """Delimited text by the quick way, workbooks and Parquet by the way of imports."""
    from marops.kernel.errors import INVALID, MaropsError
    from marops.store.tablefiles import Told, digest_of, is_packed, read_texts

    if not file.is_file():
        raise MaropsError(INVALID, f"There is no file {file}.", remedy="Check the name.")
    if not is_packed(file):
        return read_texts(file)
    table, faults = table_of(file)
    told = Told(digest_of(file), "packed", left_out=len(faults))
    if faults:
        told.notes.append(
            f"{len(faults):,} rows could not be read and were left out; row {faults[0]['row']}: {faults[0]['message']}"
        )
    return table, told


def _model(file: Path) -> "Model":
    from marops.methods.prediction.model import read_model

    return read_model(text_of(file))


def _check_output(path: Path | None, *read: Path) -> None:
    """May it be written there, and is it none of the files that are read? Raises MaropsError `invalid`."""
    from marops.kernel.errors import INVALID, MaropsError

    check_output(path)
    if path and path.exists() and any(one.exists() and path.samefile(one) for one in read):
        raise MaropsError(INVALID, f"{path} is read for this.", remedy="Name another file for what is written.")


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    from marops.store.tablefiles import written_whole

    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")


@contextmanager
def _refusals() -> Iterator[None]:
    """What the methods refuse, as the command line tells it."""
    from marops.kernel.errors import INVALID, MaropsError
    from marops.methods.prediction.reading import Refused
    from marops.store.tablefiles import Unreadable

    try:
        yield
    except (Refused, Unreadable) as fault:
        raise MaropsError(INVALID, str(fault), remedy=fault.remedy) from fault


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _kept(measured: dict[str, Any]) -> dict[str, Any]:
    return {name: measured.get(name) for name in ("auc", "auc_low", "auc_high", "ece", "lift_10", "rows")}


def _say_trained(report: dict[str, Any]) -> None:
    split = report["split"]
    out.print(f"Order: {split['says']}. {split['yes']}.", markup=False)
    if report["method"] == "tables":
        out.print(f"A simple model, every field by itself: {split['method']}.", markup=False)
    say_left_out(report)
    out.print(
        f"Trained on the oldest {split['trained']:,} rows, calibrated on the next {split['calibrated']:,}, measured on"
        f" the newest {split['measured']:,}:"
    )
    say_measures(report)
    base = report["baseline"]
    if base["auc"] is not None:
        out.print(f"A simple model ({base['what']}): AUC {base['auc']:.3f}, calibration error {base['ece']:.3f}.")
    if report["model"]:
        out.print(f"{report['model']}: the model, {split['written']}.", markup=False)
    else:
        out.print("No model was written; --out names a file for it.")
    say_notes(report["notes"])
