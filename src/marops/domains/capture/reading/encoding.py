"""In which encoding a text file is written, and reading it although parts are in another."""

import codecs
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


def guess(path: Path) -> str:
    """The file's encoding. A file that is UTF-8 but for a few bytes is UTF-8."""
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    if wide := _wide(head):
        return wide
    good, bad, sample = _count(path)
    if not bad or good > 4 * bad:
        return "utf-8"
    return _eight_bit(sample)


def _wide(head: bytes) -> str:
    """UTF-16 without its mark shows as a NUL in every other byte."""
    sample = head[:4096]
    if len(sample) < 8 or sample.count(0) < len(sample) * 0.3:
        return ""
    return "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"


def _count(path: Path) -> tuple[int, int, bytes]:
    """How many lines beyond ASCII are UTF-8, how many are not, and a sample of those that are not."""
    good = bad = 0
    sample = bytearray()
    with path.open("rb") as file:
        rest = b""
        while block := file.read(_BLOCK):
            block = rest + block
            cut = block.rfind(b"\n") + 1 or len(block)
            rest, block = block[cut:], block[:cut]
            if block.isascii():
                continue
            for line in block.split(b"\n"):
                if line.isascii():
                    continue
                try:
                    line.decode("utf-8")
                    good += 1
                except UnicodeDecodeError:
                    bad += 1
                    if len(sample) < 65536:
                        sample += line[:2000] + b"\n"
        if rest and not rest.isascii():
            try:
                rest.decode("utf-8")
            except UnicodeDecodeError:
                bad, sample = bad + 1, sample + rest[:2000]
    return good, bad, bytes(sample)


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
