"""The server's log file, kept small by us: the server only ever appends to it."""

import os
import shutil
from pathlib import Path

LARGEST = 10 * 1024 * 1024
KEPT = 3


def rotate(log: Path, *, largest: int = LARGEST) -> None:
    """Moves a long log aside as ``.1`` to ``.3``.

    The content is copied and the file emptied, so a running server goes on with it; a line written in between is lost.
    """
    if not log.exists() or log.stat().st_size <= largest:
        return
    for number in range(KEPT - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    try:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    except OSError:
        # a full disk: room matters more than old lines
        log.with_name(f"{log.name}.1").unlink(missing_ok=True)
    os.truncate(log, 0)


def text_since(log: Path, offset: int) -> str:
    """What was written after ``offset``, at most the last 64 KB of it."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(offset if offset <= size else 0, size - 65536))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
