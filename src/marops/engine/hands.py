"""More hands while much waits: further engine processes beside this one, one to a core, that end when nothing is due.

A new model or a large import makes everybody due at once. One process alone waits for PostgreSQL as long as PostgreSQL
waits for it; two to a pair of cores keep both busy. Between such times nothing more runs than the one engine.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from marops.engine import tick
from marops.kernel.clock import now
from marops.kernel.config import config

log = logging.getLogger("marops.engine")

GOODBYE_SECONDS = 15.0
_COMMAND = (sys.executable, "-m", "marops", "run", "--hand")


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@dataclass
class Hands:
    """The processes that help one engine. `most` is how many at once; none by default. `start` starts one."""

    most: int = 0
    start: Callable[[], "subprocess.Popen[Any]"] = lambda: subprocess.Popen(_COMMAND)
    _lent: "list[subprocess.Popen[Any]]" = field(default_factory=list)

    @classmethod
    def of_this_machine(cls) -> "Hands":
        """As many as the setting `engines` says, less the engine itself; without it, one engine to a core."""
        return cls(max(0, (config().engines or cores()) - 1))

    def lend_if_crowded(self) -> None:
        """Start what is missing of them if more contacts wait than one set holds."""
        self._lent = [one for one in self._lent if one.poll() is None]
        missing = self.most - len(self._lent)
        if missing <= 0 or not _crowded():
            return
        log.info("much waits: %s more engines help", missing)
        self._lent += [self.start() for _ in range(missing)]

    def end(self) -> None:
        """Let them finish the stage they are in, and go."""
        for one in self._lent:
            one.terminate()
        for one in self._lent:
            try:
                one.wait(GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                one.kill()
        self._lent = []


def _crowded() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) > %(batch)s FROM (SELECT FROM touched WHERE tick IS NULL AND due_at <= %(as_of)s"
            " LIMIT %(batch)s + 1) waiting",
            {"batch": tick.BATCH, "as_of": now()},
        )
        return bool(cursor.fetchone()[0])
