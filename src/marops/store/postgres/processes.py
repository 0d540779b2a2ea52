"""Whether a process lives: the dead whom nobody buried do not count."""

import os
from pathlib import Path


def lives(pid: int) -> bool:
    """True for a process that runs; False for none and for one that has ended but still has a number."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return not Path("/proc/self/stat").exists() and _accepts_signals(pid)
    return status.rpartition(")")[2].split()[0] not in "ZX"


def _accepts_signals(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
