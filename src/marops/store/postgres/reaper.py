"""Stops a server that nobody uses any more; a process of its own, because the last user has gone by then."""

import sys
import time
from pathlib import Path

from marops.store.embedded import EmbeddedServer

POLL_SECONDS = 0.5


def stop_after(server: EmbeddedServer, left_at: int, seconds: float) -> bool:
    """Waits, and stops the server unless somebody has come in the meantime.

    Whoever leaves later starts a reaper of its own, so this one goes as soon as ``left_at`` is no longer the last time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.last_left() != left_at:
            return False
        time.sleep(POLL_SECONDS)
    return server.stop_unless_used(left_at)


if __name__ == "__main__":
    stop_after(EmbeddedServer(Path(sys.argv[1])), int(sys.argv[2]), float(sys.argv[3]))
