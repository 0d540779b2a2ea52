"""Reading tables out of files that other programs wrote: delimited text, spreadsheets, Parquet."""

from pathlib import Path

from marops.domains.capture.reading.columnar import ParquetSource
from marops.domains.capture.reading.delimited import DelimitedSource
from marops.domains.capture.reading.formats import kind_of
from marops.domains.capture.reading.sheets import SheetSource
from marops.domains.capture.reading.source import Chunk, Options, RowFault, Source

__all__ = ["Chunk", "Options", "RowFault", "Source", "open_table"]


def open_table(path: Path, options: Options | None = None) -> Source:
    """The table in the file at `path`: its columns at once, its rows as they are asked for.

    Raises MaropsError for a file that holds no table, or one that would not fit.
    """
    options = options or Options()
    match kind_of(path):
        case "sheet":
            return SheetSource(path, options)
        case "parquet":
            return ParquetSource(path, options)
        case _:
            return DelimitedSource(path, options)
