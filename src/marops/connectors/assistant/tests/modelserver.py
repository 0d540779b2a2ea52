"""A small real server that speaks `/v1/chat/completions`, and answers what a test gives it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-test-0123456789"


class Model(ThreadingHTTPServer):
    """`say` what to answer next: a text, a (status, body) or a function of the question."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.answers: list[Any] = []
        self.slow = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def say(self, *answers: Any) -> None:
        self.answers += answers


class _Handler(BaseHTTPRequestHandler):
    server: Model

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append({"path": self.path, "key": self.headers.get("authorization", "")} | asked)
        # Taken before the wait: whoever comes late must not take what the next test has to say.
        said = self.server.answers.pop(0) if self.server.answers else "yes"
        time.sleep(self.server.slow)
        if self.path != "/v1/chat/completions":
            return self._answer(404, {"error": {"message": "no such path"}})
        if self.headers.get("authorization") != f"Bearer {KEY}":
            return self._answer(401, {"error": {"message": f"Incorrect key {self.headers.get('authorization')}"}})
        if callable(said):
            said = said(asked)
        if isinstance(said, tuple):
            return self._answer(*said)
        usage = {"prompt_tokens": 1_000, "completion_tokens": 200}
        message = {"role": "assistant", "content": said if isinstance(said, str) else json.dumps(said)}
        return self._answer(200, {"choices": [{"index": 0, "message": message}], "usage": usage})

    def _answer(self, status: int, body: Any, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(data)


@contextmanager
def model() -> Iterator[Model]:
    server = Model()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
