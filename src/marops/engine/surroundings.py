"""What `marops doctor` can see without opening the installation."""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from marops.engine.restore import told_of
from marops.kernel.config import config

LOW_DISK = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def examine_closed() -> list[Check]:
    """What can be seen without opening the installation."""
    home = config().home
    return [_python(), _folder(home), _disk(home), *_restore(home)]


def _python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", sys.version_info >= (3, 11), version, "Marops needs Python 3.11 or newer.")


def _folder(home: Path) -> Check:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    remedy = "Choose a folder you may write to, with --home or MAROPS_HOME."
    try:
        # Tried, not asked: root is told that everything may be written, also on a disk that is read-only.
        with tempfile.TemporaryFile(dir=place):
            return Check("workspace folder", True, str(home))
    except OSError as error:
        return Check("workspace folder", False, f"{home}: {error.strerror}", remedy)


def _restore(home: Path) -> list[Check]:
    """A line only where a restore has left something to be told."""
    said = told_of(home)
    remedy = "Run the same `marops restore` again, with --force: it removes what the broken one built and begins anew."
    return [Check("restore", False, said, remedy)] if said else []


def _disk(home: Path) -> Check:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    return Check("disk", free > LOW_DISK, f"{free / 1024**3:.1f} GiB free", "Make room: below 2 GiB imports may stop.")
