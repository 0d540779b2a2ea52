"""Tables that can be brought in from files: what their columns hold, and who keeps the rows.

A domain fills the port `importers` with an `Importer`; reading, cleaning, matching columns, telling apart, refusing and
resuming are the same for all of them and are done elsewhere. `keep` is called inside the transaction of one batch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from marops.kernel.shell import Words

if TYPE_CHECKING:
    import pyarrow as pa

    from marops.kernel.actions import Act


class Cell(StrEnum):
    """What the cells of a column hold, and so how they are cleaned. All travel as text, except as noted."""

    TEXT = "text"
    LONG = "long"
    NUMBER = "number"
    """An exact decimal with eight places."""
    MONEY = "money"
    """The same; signs and codes of currencies around it are understood, and go to the column `<name>_currency`."""
    MOMENT = "moment"
    """`2026-01-31 10:00:00`, with a zone where the file gives one."""
    TRUTH = "truth"
    """`true` or `false`."""
    CURRENCY = "currency"
    """Three capital letters."""
    COMPANY = "company"
    """A company's name; its comparable form goes to the column `<name>_key`."""
    DOMAIN = "domain"
    KEY = "key"
    """An id in some system; such cells travel in `Batch.keys`."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column that an import can fill. `also` lists headings that mean it, as people write them."""

    name: str
    label: Words
    cell: Cell = Cell.TEXT
    also: tuple[str, ...] = ()
    required: bool = False
    strict: bool = False
    """A cell that cannot be read costs the row; otherwise it is left out with a warning."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to be kept. `rows` has `row` (as the spreadsheet shows it), a column for each target that the file
    fills, and `custom` (JSON text). `keys`: row, system, value.
    """

    rows: "pa.Table"
    keys: "pa.Table"
    import_number: int
    zone: str = "UTC"
    currency: str = "EUR"
    """Of amounts that come without one."""
    trial: bool = False
    """Nothing stays; numbers of references are not used up."""


@dataclass(slots=True)
class Kept:
    """What became of a batch. `refused` and `noticed`: row, column, code, detail; codes are in `Importer.findings`."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str, str, str]] = field(default_factory=list)
    noticed: list[tuple[int, str, str, str]] = field(default_factory=list)
    repeats: list[tuple[int, int]] = field(default_factory=list)
    """Rows that turned out to be about the same thing as a later one of this batch: row, the row that counts."""


@dataclass(frozen=True, slots=True)
class Importer:
    """A kind of table: its columns, the right to bring it in, and the write that keeps a batch."""

    name: str
    title: Words
    right: str
    columns: tuple[Column, ...]
    keep: "Callable[[Act, Batch], Kept]"
    telling: tuple[str, ...]
    """Headings, folded, that tell such a file from others."""
    keyed: bool = True
    """Rows may carry ids of other systems (`external:<system>`); without one, a row is known by its file and place."""
    ids: tuple[str, ...] = ()
    """Headings, folded, under which such a file gives the ids of its rows."""
    custom: bool = True
    """Columns that mean nothing known may be kept as fields of one's own."""
    identified_by: tuple[str, ...] = ()
    """Beside ids: columns that together say which thing a row is about, where the rows have no id."""
    findings: Mapping[str, tuple[Words, Words]] = field(default_factory=dict)
    """What `keep` may find, in words, with the way out."""
    after: "Callable[[], None] | None" = None
    """Run once when a file is through, outside any transaction."""

    def column(self, name: str) -> Column | None:
        """The column of this name."""
        return next((one for one in self.columns if one.name == name), None)

    def required(self) -> Sequence[Column]:
        """The columns that every file must have."""
        return [one for one in self.columns if one.required]
