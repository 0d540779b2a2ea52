"""Serving the pages: Granian in front of Django, one process by default."""

import os
import signal
from typing import Any

from marops.kernel.config import Config

MASTER = "MAROPS_WEB_MASTER"
"""In the environment of a serving process: the number of the process that started it."""


def serve(config: Config) -> None:
    """Serve until told to end."""
    from granian import Granian
    from granian.constants import Interfaces

    os.environ[MASTER] = str(os.getpid())
    Granian(
        "marops.site.serve:application",
        factory=True,
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        workers=config.web_workers,
        # Events wait together for one commit: the more may wait, the more each commit takes along.
        blocking_threads=16,
        backlog=256,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_access=False,
        websockets=False,
    ).serve()


def application() -> Any:
    """The WSGI application of one serving process, which reads with the reader's role and ends with its parent.

    It is killed: what it has answered is committed, and whoever waits asks again. Told to end, it would be told once
    for each thread of its parent, and Granian's handler waits for ever when a second signal interrupts it; the port and
    an open transaction would stay with it.
    """
    from marops.engine.asking import serve_web
    from marops.engine.supervisor import die_with_supervisor

    die_with_supervisor(int(os.environ.get(MASTER, "0")), signal.SIGKILL)
    serve_web()
    from django.urls import get_resolver

    from marops.site.wsgi import application as django

    # Every page is imported now, so that a fault shows at the start and nobody waits for the first click.
    get_resolver().url_patterns  # noqa: B018
    return django
