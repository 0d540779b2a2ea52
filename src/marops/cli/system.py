"""Running the installation: up, its three parts, its health, its settings, its audit trail."""

import _thread
import errno
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marops.cli.main import DONE, FINDINGS, Json, app, err, installation, out, print_json
from marops.kernel.errors import problem

if TYPE_CHECKING:
    from marops.engine.loop import Engine
    from marops.engine.session import Session
    from marops.engine.surroundings import Check
    from marops.engine.tick import Told

FIRST_PAGE_SECONDS = 60
GOODBYE_SECONDS = 15.0
HIDDEN = "hidden"

PORT_TAKEN = problem(
    "port-taken",
    "The address for the pages cannot be used",
    status=503,
    remedy="Stop the program that uses it, or choose another port: MAROPS_PORT=8001 marops up. Nothing was done.",
)


def _until_told(stop: threading.Event) -> None:
    # Not in the handler itself: it may have interrupted the very lock it would take, or itself, and wait for ever.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _thread.start_new_thread(stop.set, ()))


def _kept(number: int = signal.SIGTERM) -> None:
    from marops.engine.supervisor import die_with_supervisor

    _end_in_order()
    die_with_supervisor(number=number)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")


@app.command()
def up() -> None:
    """Start everything: database, lake, engine, worker and the pages."""
    from marops.engine.session import in_words, opened
    from marops.engine.supervisor import Supervisor, kept_commands, only_one
    from marops.kernel.config import config, prepare_home

    began = time.monotonic()
    _end_in_order()
    found = config()
    prepare_home(found.home)
    with in_words(found), only_one(found.home, found.address) as in_order, _telling() as say:
        # After a kill, the old web process needs a moment to leave its port.
        _refuse_taken_port(found.host, found.port, patience=0 if in_order else GOODBYE_SECONDS)
        with opened(say, keep=True) as session:
            supervisor = Supervisor(kept_commands(), session.server)
            _until_told(supervisor.stop)
            _heed()
            say("Starting the pages")
            supervisor.run(ready=_Greeting(session, _first_link(), began, say))
            say("Stopping")
    err.print("Stopped.")


_ASKED: list[bool] = []  # no event: a second signal may interrupt the first one's handler while it holds a lock


def _heed() -> None:
    """End now if somebody asked meanwhile: an interrupt that comes while Python tidies up is swallowed there."""
    if _ASKED:
        raise KeyboardInterrupt


def _end_in_order() -> None:
    """Until something better is set, both signals unwind what was begun: a server just started is stopped again."""

    def interrupt(*_: object) -> None:
        _ASKED.append(True)
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, interrupt)


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """Where a person watches, a line that moves; elsewhere, a line for each step."""
    if not err.is_terminal:
        yield err.print
        return
    with err.status("Opening the workspace") as status:

        def say(text: str) -> None:
            if text:
                status.start()
                status.update(text)
            else:
                status.stop()

        yield say


def _refuse_taken_port(host: str, port: int, *, patience: float) -> None:
    from marops.kernel.errors import MaropsError

    until = time.monotonic() + patience
    while fault := _cannot_listen(host, port):
        if fault.errno != errno.EADDRINUSE or time.monotonic() >= until:
            why = "another program listens there" if fault.errno == errno.EADDRINUSE else fault.strerror
            raise MaropsError(PORT_TAKEN, f"{host}, port {port}: {why}.")
        time.sleep(0.2)


def _cannot_listen(host: str, port: int) -> OSError | None:
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        return error
    return None


def _first_link() -> str | None:
    from marops.domains.accounts.public import first_sign_in_link

    return first_sign_in_link()


def _answers(host: str, port: int) -> bool:
    connection = HTTPConnection(_reached_at(host), port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _reached_at(host: str) -> str:
    """Where this machine reaches a server that listens on `host`, which may mean every address."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # read here, not listened on
    return everywhere.get(host, host)


@dataclass
class _Greeting:
    """Once the first page answers, says where it is; says so too when that takes too long."""

    session: "Session"
    link: str | None
    began: float
    say: Callable[[str], None]
    warned: bool = False

    def __call__(self) -> bool:
        took = time.monotonic() - self.began
        if _answers(self.session.config.host, self.session.config.port):
            self._greet(took)
            return True
        if took > FIRST_PAGE_SECONDS and not self.warned:
            self.warned = True
            err.print("[bold red]The pages do not answer yet.[/] The lines above say why; it is tried again and again.")
        return False

    def _greet(self, took: float) -> None:
        if err.is_terminal:
            self.say("")
        address = self.session.config.address
        out.print(f"\nMarops is running at [bold]{address}[/]  ({took:.1f} s)")
        if self.link:
            out.print(f"Sign in for the first time with this link; it works once:\n  [bold]{address}{self.link}[/]")
        if self.session.fresh:
            out.print("To look around: [bold]marops sample[/] brings in a made-up company, and takes it out again.")
        out.print("Ctrl-C stops everything.")


@app.command()
def web() -> None:
    """Serve the pages and the REST interface alone."""
    _kept(signal.SIGKILL)  # see marops.site.serve: what serves has nothing to finish
    with installation(quiet=True) as session:
        from marops.site.serve import serve

        serve(session.config)


@app.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="End when nothing is due any more.")] = False,
    hand: Annotated[bool, typer.Option("--hand", hidden=True)] = False,
    as_json: Json = False,
) -> None:
    """Run the engine: every stage, in order, on what changed."""
    if once:
        raise typer.Exit(_run_once(as_json))
    _kept()
    with installation(quiet=True) as session:
        engine = _engine(session, alone=hand)
        try:
            if hand:
                engine.lend_a_hand()
            else:
                engine.run_for_ever(session.config.tick_seconds)
        finally:
            engine.close()


def _engine(session: "Session", *, alone: bool = False) -> "Engine":
    from marops.engine.hands import Hands
    from marops.engine.loop import Engine

    hands = Hands() if alone else Hands.of_this_machine()
    engine = Engine(session.dsn, session.lake, session.temp, housework=session.keep_log_short, hands=hands)
    _until_told(engine.stop)
    return engine


def _run_once(as_json: bool) -> int:
    began = time.monotonic()
    with installation(quiet=as_json) as session, err.status("Looking for what changed") as status:
        engine = _engine(session)
        engine.tell = lambda told: status.update(f"{told.contacts:,} contacts went through the stages")
        try:
            told = engine.run_until_idle()
        finally:
            engine.close()
    if engine.stop.is_set():
        raise KeyboardInterrupt
    seconds = round(time.monotonic() - began, 2)
    if as_json:
        print_json({"contacts": told.contacts, "aside": told.aside, "stages": told.stages, "seconds": seconds})
    else:
        _say_what_was_done(told, seconds)
    return FINDINGS if told.aside else DONE


def _say_what_was_done(told: "Told", seconds: float) -> None:
    for name, rows in told.stages.items():
        out.print(f"  {name:<12} {rows:>12,} rows")
    out.print(f"{told.contacts:,} contacts went through the stages in {seconds:.1f} s.")
    if told.aside:
        out.print(f"[red]{told.aside:,} contacts were put aside[/]: the problems inbox names each, and the reason.")


@app.command()
def worker() -> None:
    """Run the jobs that people ask for."""
    _kept()
    with installation(quiet=True):
        from marops.engine.worker import work

        stop = threading.Event()
        _until_told(stop)
        work(stop)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Is this installation healthy? Says what is wrong and what to do; exit code 1 when something is."""
    from marops.engine.surroundings import examine_closed

    checks = [*examine_closed(), *_examine_open()]
    if as_json:
        print_json({"healthy": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            mark = "[green]ok[/]  " if check.ok else "[red]BAD[/] "
            out.print(f"{mark} [bold]{check.name}[/]  {check.found}")
            if not check.ok and check.remedy:
                out.print(f"      {check.remedy}")
    raise typer.Exit(DONE if all(check.ok for check in checks) else FINDINGS)


def _examine_open() -> list["Check"]:
    from marops.engine.surroundings import Check
    from marops.kernel.errors import MaropsError

    try:
        with installation(quiet=True) as session:
            from marops.engine.health import examine

            return list(examine(session))
    except MaropsError as error:
        return [Check("database", False, str(error), error.remedy)]


@app.command()
def settings(as_json: Json = False) -> None:
    """List every setting and its present value; secrets are hidden."""
    from marops.kernel.config import config
    from marops.store.address import location

    found = config()
    values: dict[str, Any] = {field.name: getattr(found, field.name) for field in fields(found)}
    values["secret_key"] = HIDDEN
    values["database_url"] = location(found.database_url) if found.database_url else ""
    values["mail_url"] = HIDDEN if found.mail_url else ""
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        out.print(f"  {name:<14} {value!s:<40} MAROPS_{name.upper()}", markup=False)


audit_app = typer.Typer(help="The audit trail.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")


@audit_app.command("verify")
def audit_verify(as_json: Json = False) -> None:
    """Recompute the whole audit chain; exit code 1 when anything was changed, removed or added."""
    with installation(quiet=as_json):
        from marops.kernel.audit import verify

        verdict = verify()
    if as_json:
        print_json(asdict(verdict))
    else:
        out.print(
            f"{verdict.rows:,} acts, {verdict.sealed:,} sealed in {verdict.seals:,} seals, {verdict.erased:,} erased."
        )
        for finding in verdict.findings:
            out.print(f"[red]{finding.what}[/]: {finding.where}")
        if not verdict.findings:
            out.print("The trail is whole.")
    raise typer.Exit(FINDINGS if verdict.findings else DONE)
