"""A receiver on this machine: keeps what it got, and answers as it is told."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.config import config


@action("test.happens", effect="test")
def happens(
    act: Act, *, actor: Actor, kind: str = "lead.won", contact=None, times: int = 1, fails: bool = False
) -> None:
    for number in range(times):
        act.fact(kind, contact_id=contact, subject=("thing", number), properties={"amount": 5}, touch=False)
    if fails:
        raise ZeroDivisionError


Answering = Callable[[dict[str, Any]], int | tuple[int, dict[str, str], bytes]]


@dataclass
class Receiver:
    """What came in, in order: (headers, body). `answers` decides about each message."""

    port: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: Answering = lambda _: 204
    delay: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]

    @property
    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.got]


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(receiver.delay)
            answer = receiver.answers(json.loads(body))
            status, headers, content = answer if isinstance(answer, tuple) else (answer, {}, b"")
            self.send_response(status)
            for name, value in {"content-length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    receiver.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def hosts_allowed(names: str = "127.0.0.1") -> Iterator[None]:
    """With the setting `webhook_hosts`, as an installation has it that tells systems of its own network."""
    before = os.environ.get("MAROPS_WEBHOOK_HOSTS")
    os.environ["MAROPS_WEBHOOK_HOSTS"] = names
    config.cache_clear()
    try:
        yield
    finally:
        if before is None:
            del os.environ["MAROPS_WEBHOOK_HOSTS"]
        else:
            os.environ["MAROPS_WEBHOOK_HOSTS"] = before
        config.cache_clear()
