"""What `marops doctor` can see without opening the installation."""

import os
import shutil
import sys
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
    place = home if home.exists() else home.parent
    ok = os.access(place, os.W_OK)
    return Check("workspace folder", ok, str(home), "Choose a folder you may write to, with --home or MAROPS_HOME.")


def _restore(home: Path) -> list[Check]:
    """A line only where a restore has left something to be told."""
    said = told_of(home)
    remedy = "Run the same `marops restore` again, with --force: it removes what the broken one built and begins anew."
    return [Check("restore", False, said, remedy)] if said else []


def _disk(home: Path) -> Check:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    return Check("disk", free > LOW_DISK, f"{free / 1024**3:.1f} GiB free", "Make room: below 2 GiB imports may stop.")
