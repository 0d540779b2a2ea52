"""The objects in the lists of a JSON file, block by block, as pages of text: where they begin and end is found for a
whole block at a time, what is in them is left to whoever takes the page.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Places = NDArray[np.int64]
BLOCK: Final = 1 << 22
LARGEST: Final = 16_000_000
_KEY: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*$')
_QUOTE, _BACKSLASH, _OPENS, _CLOSES, _SPACE = 0x22, 0x5C, 0x7B, 0x7D, 0x20
_BETWEEN: Final = np.isin(np.arange(256), list(b" \t\r\n,"))


class BrokenJson(Exception):
    """What is wrong with the text."""


def lists(file: IO[bytes], wanted: Container[str], *, most: int, block: int = 0) -> Iterator[tuple[str, pa.Array]]:
    """The objects of each list of this name in the outermost object, in the order of the file. Raises BrokenJson.

    At most `most` bytes are read, `block` at a time; one object may take 16 MB.
    """
    scan = _Scan(wanted)
    size = 0
    while data := file.read(block or BLOCK):
        size += len(data)
        if size > most:
            raise BrokenJson(f"It holds more than {most:,} bytes.")
        yield from scan.take(data.removeprefix(b"\xef\xbb\xbf") if size == len(data) else data)
    if scan.depth or not scan.begun:
        raise BrokenJson("It ends too early.")


@dataclass(slots=True)
class _Scan:
    """Where the scan is: how deep, in which list; and what of the last block is not taken yet. It begins outside of
    texts, and never deeper than within a list.
    """

    wanted: Container[str]
    rest: bytes = b""
    depth: int = 0
    key: str = ""
    closing: int = 0  # what closes the list or object that is open
    begun: bool = field(default=False)

    def take(self, block: bytes) -> Iterator[tuple[str, pa.Array]]:
        """The objects that are whole by now."""
        text = bytearray(self.rest + block)
        data = np.frombuffer(text, dtype=np.uint8)
        at, by = _brackets(data)
        after = self.depth + np.cumsum(by)
        if len(after) and int(after.min()) < 0:
            raise BrokenJson("More is closed than was opened.")
        here = 0
        for outer in np.flatnonzero((after <= 1) | ((after == 2) & (by == 1))).tolist():
            yield from self._objects(data, at[here:outer], after[here:outer])
            self._turn(text, data, at, int(outer), int(after[outer]))
            here = outer + 1
        yield from self._objects(data, at[here:], after[here:])
        self._keep(text, at, after)

    def _turn(self, text: bytearray, data: NDArray[np.uint8], at: Places, place: int, after: int) -> None:
        """The outermost object, or one of its values, begins or ends here."""
        sign = int(data[at[place]])
        if sign | _SPACE == _OPENS:
            self.begun = True
            if after == 1:
                return
            before = bytes(text[int(at[place - 1]) + 1 if place else 0 : int(at[place])])
            named = _KEY.search(before)
            if named is None:
                raise BrokenJson("There is a value without a name.")
            self.key = named[1].decode(errors="replace") if sign == ord("[") else ""
            self.closing = sign + 2
        elif sign != (self.closing if after == 1 else _CLOSES):
            raise BrokenJson(f"There is {chr(sign)!r} where something else is to be closed.")
        else:
            self.key = ""

    def _objects(self, data: NDArray[np.uint8], at: Places, after: Places) -> Iterator[tuple[str, pa.Array]]:
        """The objects that begin and end between these brackets."""
        if self.key not in self.wanted:
            return
        opens, closes = at[after == 3], at[after == 2]
        # Brackets further in have the depth 3, too, when they close: an object begins after one that ended, or first.
        first = (
            opens[np.searchsorted(opens, np.concatenate(([-1], closes)), side="right").clip(max=len(opens) - 1)]
            if len(opens)
            else opens
        )
        begins, ends = first[: len(closes)], closes
        is_object = data[begins] == _OPENS
        if is_object.any():
            yield self.key, _texts(data, begins[is_object], ends[is_object])

    def _keep(self, text: bytearray, at: Places, after: Places) -> None:
        """What comes after the last place that is not within an element waits for the next block."""
        outside = np.flatnonzero(after <= 2)
        if len(outside):
            last = int(outside[-1])
            self.depth, self.rest = int(after[last]), bytes(text[int(at[last]) + 1 :])
        else:
            self.rest = bytes(text)
        if len(self.rest) > LARGEST:
            raise BrokenJson(f"One object has more than {LARGEST:,} bytes.")


def _brackets(data: NDArray[np.uint8]) -> tuple[Places, Places]:
    """Where brackets stand that are not in texts, and by how much each goes deeper."""
    quotes = np.flatnonzero(data == _QUOTE)
    back = np.flatnonzero(data == _BACKSLASH)
    if len(back):  # after an odd number of them a quote is a letter
        starts = np.flatnonzero(np.diff(back, prepend=-2) != 1)
        lengths = np.diff(starts, append=len(back))
        meant = back[starts + lengths - 1][lengths % 2 == 1] + 1
        quotes = quotes[~np.isin(quotes, meant, assume_unique=True)]
    sign = data | _SPACE
    at = np.flatnonzero((sign == _OPENS) | (sign == _CLOSES))
    at = at[np.searchsorted(quotes, at) % 2 == 0]
    return at, np.where(sign[at] == _OPENS, 1, -1)


def _texts(data: NDArray[np.uint8], begins: Places, ends: Places) -> pa.Array:
    """These pieces as texts, without a copy: what stands between two is made blank and belongs to the first."""
    lengths = begins[1:] - ends[:-1] - 1
    between = np.arange(int(lengths.sum())) + np.repeat(ends[:-1] + 1 - (np.cumsum(lengths) - lengths), lengths)
    if not _BETWEEN[data[between]].all():
        raise BrokenJson("There is something between two objects of a list that does not belong there.")
    data[between] = _SPACE
    offsets = np.append(begins, ends[-1:] + 1).astype(np.int32)
    found: Any = pa.StringArray.from_buffers(len(begins), pa.py_buffer(offsets), pa.py_buffer(data))
    try:
        found.validate(full=True)
    except pa.ArrowInvalid as error:
        raise BrokenJson(f"It is not UTF-8: {error}") from None
    return found
