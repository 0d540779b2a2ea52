"""In which encoding a text file is written, and reading it although parts are in another."""

import codecs
from dataclasses import dataclass, field
from pathlib import Path

from marops.kernel.errors import MaropsError, problem

BAD_ENCODING = problem(
    "import-encoding",
    "The text of the file cannot be read",
    remedy="Nothing was imported. Save the file as UTF-8, or name its encoding in the map (`encoding: cp1252`).",
)

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK = 1 << 20
_BEYOND_ASCII = bytes(range(128, 256))
_WESTERN = frozenset("äöüßÄÖÜéèêëàâáãåçñíìîïóòôõøúùûýÿæœÆŒÉÈÊËÀÂÁÃÅÇÑÍÌÎÏÓÒÔÕØÚÙÛÝ€£§°·’‘“”–—…®©™«»¿¡ºª ´\u00a0")


class Patch:
    """An error handler that reads single bytes that are no UTF-8 as Windows-1252, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, error: UnicodeError) -> tuple[str, int]:
        """What `codecs` asks for the bytes it cannot decode."""
        if not isinstance(error, UnicodeDecodeError):
            raise error
        self.count += 1
        return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


def guess(path: Path) -> tuple[str, int]:
    """The file's encoding, and how many characters of it are in another. A file that is UTF-8 but for a few is UTF-8.

    Text in another encoding hardly ever is UTF-8 by chance, so what is UTF-8 counts as much as what is not.
    """
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    bom = next((name for mark, name in _BOMS if head.startswith(mark)), "")
    if bom and bom != "utf-8-sig":
        return bom, 0
    if not bom and (wide := _wide(head)):
        return wide, 0
    tally = _count(path)
    if bom or tally.good_lines >= tally.bad_lines or tally.good >= tally.bad:
        return bom or "utf-8", tally.bad
    return _eight_bit(bytes(tally.sample)), 0


def _wide(head: bytes) -> str:
    """UTF-16 without its mark shows as a NUL in every other byte."""
    sample = head[:4096]
    if len(sample) < 8 or sample.count(0) < len(sample) * 0.3:
        return ""
    return "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"


@dataclass
class _Tally:
    """What is UTF-8 in a file and what is not, of what lies beyond ASCII; and a sample of the lines that are not."""

    good_lines: int = 0
    bad_lines: int = 0
    good: int = 0
    bad: int = 0
    sample: bytearray = field(default_factory=bytearray)

    def add(self, line: bytes) -> None:
        """Count one line."""
        if line.isascii():
            return
        try:
            self.good += len(line) - len(line.decode("utf-8"))
            self.good_lines += 1
        except UnicodeDecodeError:
            self.bad_lines += 1
            kept = line.decode("utf-8", "ignore")
            self.good += len(kept.encode()) - len(kept)
            # Each run of bytes that is no UTF-8 becomes one mark, as it becomes one call of a Patch.
            self.bad += line.decode("utf-8", "replace").count("\ufffd") - kept.count("\ufffd")
            if len(self.sample) < 65536:
                self.sample += line[:2000] + b"\n"


def _count(path: Path) -> _Tally:
    tally, rest = _Tally(), b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            block = rest + block
            # In a line without end no character is cut in two.
            cut = block.rfind(b"\n") + 1 or len(block.rstrip(_BEYOND_ASCII)) or len(block)
            rest, block = block[cut:], block[:cut]
            if not block.isascii():
                for line in block.split(b"\n"):
                    tally.add(line)
    tally.add(rest)
    return tally


def _eight_bit(sample: bytes) -> str:
    try:
        beyond = [char for char in sample.decode("cp1252") if ord(char) > 127]
    except UnicodeDecodeError:
        beyond = []
    if beyond and sum(char in _WESTERN for char in beyond) >= 0.9 * len(beyond):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding.replace("_", "-") if best else "cp1252"


def known(name: str) -> str:
    """The encoding under its usual name. Raises MaropsError for one that does not exist or is no text encoding."""
    try:
        info = codecs.lookup(name)
        "x".encode(info.name)
    except (LookupError, TypeError, ValueError):
        raise MaropsError(BAD_ENCODING, f"There is no encoding {name!r}.") from None
    return info.name
