"""The intake under load: `uv run python benchmarks/intake.py [--rate 500 --seconds 20]`.

Starts a whole installation (pages, engine, worker) in a folder of its own, and beside it a bare Django with one empty
view on the same server. A process of its own sends track calls over kept connections at a fixed rate, each timed from the
moment at which it was due, so that a stall is not hidden; then as fast as the answers come. Prints each figure against
its limit, the ratio to the empty view, and whether every accepted event is there once.
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {auth}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"


def main() -> None:
    """Start both servers, load them, print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--rate", type=int, default=500)
    given.add_argument("--seconds", type=int, default=20)
    given.add_argument("--connections", type=int, default=16)
    options = given.parse_args()
    with installation() as (port, key, home), empty_django() as bare:
        load = {"rate": options.rate, "connections": options.connections}
        send(port, key, "/v1/track", seconds=3, **load)  # warm up
        send(bare, key, "/", seconds=2, **load)
        paced = send(port, key, "/v1/track", seconds=options.seconds, **load)
        peer = send(bare, key, "/", seconds=max(3, options.seconds // 4), **load)
        load["rate"] = 0
        full = send(port, key, "/v1/track", seconds=5, **load)
        full_peer = send(bare, key, "/", seconds=5, **load)
        print(f"{options.rate} requests/s over {options.connections} connections, engine running")
        told("requests answered a second", paced["rate"], options.rate * 0.99, more=True, unit="1/s")
        told("half of the answers within", paced["p50"] * 1000, 10, unit="ms")
        told("99 of 100 within", paced["p99"] * 1000, 20, unit="ms")
        print(f"{'the slowest':<44} {paced['max'] * 1000:10.1f} ms")
        print(f"{'empty Django view: p50 and p99':<44} {peer['p50'] * 1000:10.1f} ms {peer['p99'] * 1000:10.1f} ms")
        print(
            f"{'ratio to it: p50 and p99':<44} {paced['p50'] / peer['p50']:10.2f} x  {paced['p99'] / peer['p99']:10.2f} x"
        )
        print("as fast as the answers come")
        print(f"{'intake':<44} {full['rate']:10.0f} 1/s, p99 {full['p99'] * 1000:.1f} ms")
        print(f"{'empty Django view':<44} {full_peer['rate']:10.0f} 1/s, p99 {full_peer['p99'] * 1000:.1f} ms")
        print(f"{'ratio':<44} {full['rate'] / full_peer['rate']:10.2f} x")
        told("answers that were no 200", paced["bad"] + full["bad"], 0, unit="")
        whole(home)


def told(what: str, value: float, limit: float, *, unit: str, more: bool = False) -> None:
    """One line of the report."""
    within = value >= limit if more else value <= limit
    print(f"{what:<44} {value:10.1f} {unit:<4} limit {limit:g}   {'within' if within else 'OVER'}")


def whole(home: Path) -> None:
    """Is every event there once, and taken in?"""
    code = (
        "import django; django.setup()\n"
        "from marops.domains.capture.models import IntakeEvent\n"
        "from marops.engine.asking import query_engine\n"
        "import time\n"
        "began = time.monotonic()\n"
        "while IntakeEvent.objects.filter(done_at__isnull=True).exists() and time.monotonic() - began < 120: time.sleep(0.2)\n"
        "kept = IntakeEvent.objects.count()\n"
        "(row,) = query_engine().rows(\"SELECT count(*) AS n, count(DISTINCT key) AS k FROM facts WHERE source = 'intake'\")\n"
        'print(f\'{kept:,} events kept; facts: {row["n"]:,}, each once: {row["n"] == row["k"] == kept};\'\n'
        "      f' all taken in {time.monotonic() - began:.1f} s after the last')"
    )
    print(
        subprocess.run(
            [sys.executable, "-c", code], env=environment(home), check=True, capture_output=True, text=True
        ).stdout.strip()
    )


# --- The two servers --------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, **more: str) -> dict[str, str]:
    return (
        os.environ
        | {"MAROPS_HOME": str(home), "DJANGO_SETTINGS_MODULE": "marops.site.settings", "MAROPS_INTAKE_RATE": "100000"}
        | more
    )


@contextmanager
def installation() -> "Iterator[tuple[int, str, Path]]":
    """`marops up` in a folder of its own."""
    home, port = Path(tempfile.mkdtemp(prefix="marops-benchmark-")), free_port()
    given = environment(home, MAROPS_PORT=str(port))
    with (home.parent / f"{home.name}.log").open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "marops", "up"], env=given, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_for(port, "/healthz")
            made = subprocess.run(
                [sys.executable, "-m", "marops", "intake", "key", "Benchmark", "--json"],
                env=given,
                check=True,
                capture_output=True,
            )
            yield port, json.loads(made.stdout)["secret"], home
        finally:
            up.terminate()
            up.wait(30)
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def empty_django() -> "Iterator[int]":
    """A bare Django with one empty view and no middleware, on the same server with as many threads."""
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, "--serve-empty", str(port)], start_new_session=True)
    try:
        wait_for(port, "/")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def bare() -> object:
    """The application of the empty view."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.urls import path

    settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="x", MIDDLEWARE=[])
    globals()["urlpatterns"] = [
        path("", lambda _: HttpResponse(b"{}", content_type="application/json", headers={"Content-Length": "2"}))
    ]
    return get_wsgi_application()


def serve_empty(port: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    sys.path.insert(0, str(Path(__file__).parent))
    Granian(
        "intake:bare",
        factory=True,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        log_access=False,
        log_enabled=False,
        websockets=False,
    ).serve()


THREADS = 4


def wait_for(port: int, path: str) -> None:
    for _ in range(600):
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise SystemExit("the server did not start")


# --- The load ---------------------------------------------------------------------------------------------------------


def send(port: int, key: str, path: str, *, seconds: float, rate: int, connections: int) -> dict[str, float]:
    """Load from a process of its own; `rate` 0 means as fast as the answers come."""
    given = json.dumps(
        {"port": port, "key": key, "path": path, "seconds": seconds, "rate": rate, "connections": connections}
    )
    done = subprocess.run([sys.executable, __file__, "--send", given], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


async def sending(given: dict) -> dict[str, float]:
    auth = b64encode(f"{given['key']}:".encode()).decode()
    times: list[float] = []
    bad, number, began = [0], [0], time.perf_counter()
    until = began + given["seconds"]

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", given["port"])
        while (now := time.perf_counter()) < until:
            turn = number[0]
            number[0] += 1
            due = began + turn / given["rate"] if given["rate"] else now
            if due >= until:
                break
            if due > now:
                await asyncio.sleep(due - now)
            body = json.dumps(
                {
                    "anonymousId": f"browser-{turn % 5000}",
                    "event": "Benchmark",
                    "messageId": f"{began}-{turn}",
                    "properties": {"plan": "team", "seats": turn % 90},
                }
            ).encode()
            writer.write(HEAD.format(path=given["path"], auth=auth, length=len(body)).encode() + body)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
            )
            await reader.readexactly(length)
            times.append(time.perf_counter() - due)
            bad[0] += not head.startswith(b"HTTP/1.1 200")
        writer.close()

    await asyncio.gather(*(one() for _ in range(given["connections"])))
    took = time.perf_counter() - began
    times.sort()
    at = lambda share: times[min(len(times) - 1, int(len(times) * share))]  # noqa: E731
    return {
        "rate": len(times) / took,
        "p50": at(0.5),
        "p99": at(0.99),
        "max": times[-1],
        "bad": bad[0],
        "requests": len(times),
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--send"]:
        print(json.dumps(asyncio.run(sending(json.loads(sys.argv[2])))))
    elif sys.argv[1:2] == ["--serve-empty"]:
        serve_empty(int(sys.argv[2]))
    else:
        main()
