"""Running the installation: up, its three parts, its health, its settings, its audit trail."""

import logging
import signal
import socket
import threading
import time
from dataclasses import asdict, fields
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marops.cli.main import DONE, FINDINGS, Json, app, err, installation, out, print_json

if TYPE_CHECKING:
    from marops.engine.session import Session
    from marops.engine.surroundings import Check

FIRST_PAGE_SECONDS = 60
HIDDEN = "hidden"


def _until_told(stop: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def _kept() -> None:
    from marops.engine.supervisor import die_with_supervisor

    die_with_supervisor()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")


@app.command()
def up() -> None:
    """Start everything: database, lake, engine, worker and the pages."""
    from marops.engine.supervisor import Supervisor, kept_commands

    began = time.monotonic()
    with installation(keep=True) as session:
        _refuse_taken_port(session.config.host, session.config.port)
        link = _first_link()
        supervisor = Supervisor(kept_commands())
        _until_told(supervisor.stop)
        supervisor.run(ready=lambda: _greet(session, link, supervisor.stop, began))
    err.print("Stopped.")


def _refuse_taken_port(host: str, port: int) -> None:
    from marops.kernel.errors import MaropsError, problem

    taken = problem(
        "port-taken",
        "Another program listens on this port",
        status=503,
        remedy="Stop it, or choose another port: MAROPS_PORT=8001 marops up.",
    )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise MaropsError(taken, f"{host}:{port}: {error.strerror}") from None


def _first_link() -> str | None:
    from marops.domains.accounts.public import first_sign_in_link

    return first_sign_in_link()


def _answers(host: str, port: int) -> bool:
    connection = HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _greet(session: "Session", link: str | None, stop: threading.Event, began: float) -> None:
    """Wait for the first page, then say where it is."""
    address, host, port = session.config.address, session.config.host, session.config.port
    while not (stop.is_set() or _answers(host, port)) and time.monotonic() - began < FIRST_PAGE_SECONDS:
        stop.wait(0.1)
    out.print(f"\nMarops is running at [bold]{address}[/]  ({time.monotonic() - began:.1f} s)")
    if link:
        out.print(f"Sign in for the first time with this link; it works once:\n  [bold]{address}{link}[/]")
    out.print("Ctrl-C stops everything.")


@app.command()
def web() -> None:
    """Serve the pages and the REST interface alone."""
    _kept()
    with installation(quiet=True) as session:
        from marops.site.serve import serve

        serve(session.config)


@app.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="End when nothing is due any more.")] = False,
    as_json: Json = False,
) -> None:
    """Run the engine: every stage, in order, on what changed."""
    if not once:
        _kept()
    with installation(quiet=not once) as session:
        from marops.engine.loop import Engine

        engine = Engine(session.dsn, session.lake, session.temp)
        _until_told(engine.stop)
        try:
            if not once:
                engine.run_for_ever(session.config.tick_seconds)
                return
            began = time.monotonic()
            told = engine.run_until_idle()
        finally:
            engine.close()
    seconds = round(time.monotonic() - began, 2)
    if as_json:
        print_json({"contacts": told.contacts, "stages": told.stages, "seconds": seconds})
        return
    for name, rows in told.stages.items():
        out.print(f"  {name:<12} {rows:>12,} rows")
    out.print(f"{told.contacts:,} contacts went through the stages in {seconds:.1f} s.")


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
