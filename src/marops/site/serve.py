"""Serving the pages: Granian in front of Django, one process by default."""

from typing import Any

from marops.kernel.config import Config


def serve(config: Config) -> None:
    """Serve until told to end."""
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "marops.site.serve:application",
        factory=True,
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        workers=config.web_workers,
        blocking_threads=8,
        backlog=256,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_access=False,
        process_name="marops web",
    ).serve()


def application() -> Any:
    """The WSGI application of one serving process, which reads with the reader's role and ends with its parent."""
    from marops.engine.asking import serve_web
    from marops.engine.supervisor import die_with_supervisor

    die_with_supervisor()
    serve_web()
    from marops.site.wsgi import application as django

    return django
