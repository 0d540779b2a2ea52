"""Parquet: typed columns, read as the text a person would write."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from marops.domains.capture.reading.source import (
    MAX_CELL,
    MAX_ROWS,
    NO_ROWS,
    TOO_LONG,
    Chunk,
    Options,
    RowFault,
    Source,
    column_names,
    nul_byte,
    too_large,
)
from marops.kernel.errors import MaropsError, problem

UNREADABLE = problem(
    "import-parquet-unreadable",
    "The Parquet file cannot be read",
    remedy="Nothing was imported. Check that it was written to its end; write it again, or as CSV.",
)


class ParquetSource(Source):
    """A Parquet file; row numbers start at 2, as if the column names were a first row."""

    def __init__(self, path: Path, options: Options) -> None:
        super().__init__("parquet")
        self._name = path.name
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise MaropsError(UNREADABLE, f"{path.name}: {type(error).__name__}.") from None
        if self._file.metadata.num_rows > MAX_ROWS:
            raise MaropsError(TOO_LONG, f"It declares {self._file.metadata.num_rows:,} rows.")
        if not self._file.metadata.num_rows:
            raise MaropsError(NO_ROWS)
        self.columns = column_names(self._file.schema_arrow.names, self.notes)

    def read(self, size: int) -> Iterator[Chunk]:
        """The rows, every value as text."""
        row = 2
        try:
            for batch in self._file.iter_batches(batch_size=size):
                yield self._chunk(batch, row)
                row += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise MaropsError(UNREADABLE, f"{self._name}: {type(error).__name__}.") from None

    def _chunk(self, batch: pa.RecordBatch, row: int) -> Chunk:
        arrays = [_as_text(column) for column in batch.columns]
        numbers = pa.array(range(row, row + batch.num_rows), pa.int64())
        table = pa.Table.from_arrays([numbers, *arrays], names=["row", *(f"c{n}" for n in range(len(arrays)))])
        faults: dict[int, RowFault] = {}
        for number, name in enumerate(self.columns):
            faults |= _faults(table, f"c{number}", name)
        if faults:
            table = table.filter(pc.invert(pc.is_in(table["row"], pa.array(list(faults), pa.int64()))))
        return Chunk(table, list(faults.values()))


def _faults(table: pa.Table, column: str, name: str) -> dict[int, RowFault]:
    long = pc.greater(pc.utf8_length(table[column]), MAX_CELL)
    nul = pc.match_substring(table[column], "\x00")
    found = {row: too_large(row, name, cells) for row, *cells in _rows(table.filter(long))}
    return found | {row: nul_byte(row, name, cells) for row, *cells in _rows(table.filter(nul))}


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _as_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_string(kind):
        return column
    if pa.types.is_boolean(kind):
        return pc.if_else(column, "TRUE", "FALSE")
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([None if one is None else str(one) for one in column.to_pylist()], pa.string())
    if pa.types.is_floating(kind):
        # 7.0 in a column of ids is the number 7 with a hole somewhere below it.
        return pa.array([_number(one) for one in column.to_pylist()], pa.string())
    return column.cast(pa.string())


def _number(value: float | None) -> str | None:
    if value is None or value != value:
        return None
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
