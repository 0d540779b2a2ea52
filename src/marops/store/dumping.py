"""PostgreSQL's own programs for copies of a database: `pg_dump` of one snapshot, `pg_restore` into an empty one.

They come with the embedded server (version 18) and reach every server from 15 on; for a newer server, those of the
machine are taken.
"""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from marops.store.postgres.binaries import MAJOR, find_binaries

SCHEMAS: Final = ("public", "lake")
"""What is dumped: the tables of Marops, and the lake's catalogue."""

_BLOCK: Final = 1 << 20
# An older server does not know a setting that the newer program sends first; nothing depends on it.
_HARMLESS: Final = re.compile(r'unrecognized configuration parameter "transaction_timeout"')


class DumpError(Exception):
    """A program that did not do its work: what it said, without values of rows."""


@dataclass(frozen=True, slots=True)
class TableSum:
    """What a table holds: how many rows, and a digest over all of them, whatever their order."""

    rows: int
    digest: str


def program(name: str, server_version: int) -> str:
    """Where `pg_dump` or `pg_restore` lies that is not older than the server. Raises DumpError."""
    if server_version // 10_000 <= int(MAJOR):
        return find_binaries().program(name)
    found = shutil.which(name)
    if found is None or _version_of(found) < server_version // 10_000:
        raise DumpError(
            f"The server is PostgreSQL {server_version // 10_000}; no {name} of that version is on this machine."
        )
    return found


def _version_of(path: str) -> int:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"(\d+)", told)
    return int(number[1]) if number else 0


@contextmanager
def dumped(conninfo: str, schema: str, snapshot: str, server_version: int) -> Iterator[Iterator[bytes]]:
    """The dump of one schema as it is in an exported snapshot, block by block, compressed by its own format.

    Leaving the block early ends the program. Raises DumpError when it fails, at the last block.
    """
    arguments = [
        program("pg_dump", server_version), f"--dbname={conninfo}", f"--schema={schema}", f"--snapshot={snapshot}",
        "--format=custom", "--compress=gzip:1", "--no-owner", "--no-acl", "--no-password",
    ]  # fmt: skip
    with _running(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as (process, said):

        def blocks() -> Iterator[bytes]:
            while process.stdout and (block := process.stdout.read(_BLOCK)):
                yield block
            if process.wait() != 0:
                raise DumpError(said())

        yield blocks()


def restore(
    conninfo: str, schema: str, blocks: Iterator[bytes], server_version: int, *, role: str | None = None
) -> None:
    """Make the tables of a dump in a database that has none of them; they belong to `role`. Raises DumpError."""
    arguments = [
        program("pg_restore", server_version), f"--dbname={conninfo}", f"--schema={schema}", "--no-owner", "--no-acl",
        "--no-password", *([f"--role={role}"] if role else []),
    ]  # fmt: skip
    with _running(arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as (process, said):
        if process.stdin:
            _feed(process.stdin, blocks)
        process.wait()
        if faults := _faults(said()):
            raise DumpError(faults)
        if process.returncode not in (0, 1):
            raise DumpError(said() or f"pg_restore ended with {process.returncode}")


def _feed(pipe: IO[bytes], blocks: Iterator[bytes]) -> None:
    try:
        for block in blocks:
            pipe.write(block)
        pipe.close()
    except BrokenPipeError:
        return  # it ended early, and says why


def _faults(said: str) -> str:
    """The errors among what pg_restore said, without those that mean nothing."""
    errors = [line for line in said.splitlines() if "error:" in line]
    return "\n".join(line for line in errors if not _HARMLESS.search(line))[:2000]


@contextmanager
def _running(
    arguments: Sequence[str], *, stdin: int, stdout: int
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str]]]:
    # Every user of the machine may read a command line, so the password goes another way.
    hidden, environment = _without_password(arguments)
    process = subprocess.Popen(hidden, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=environment)
    kept: list[bytes] = []
    listener = threading.Thread(target=_listen, args=(process.stderr, kept), daemon=True)
    listener.start()

    def said() -> str:
        listener.join(5)
        return b"".join(kept).decode("utf-8", "replace").strip()

    try:
        yield process, said
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                _close(pipe)


def _without_password(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    place, environment = next(number for number, one in enumerate(arguments) if one.startswith("--dbname=")), {}
    parts = conninfo_to_dict(arguments[place].removeprefix("--dbname="))
    if password := parts.pop("password", None):
        environment["PGPASSWORD"] = str(password)
    hidden = list(arguments)
    hidden[place] = f"--dbname={make_conninfo('', **parts)}"
    return hidden, dict(os.environ) | environment


def _listen(pipe: IO[bytes], kept: list[bytes]) -> None:
    for line in pipe:
        if sum(map(len, kept)) < 100_000:
            kept.append(line)


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        return  # what was still to be written has nobody to read it


# --- what is in a database ---

_SPELLED_ALIKE: Final[tuple[LiteralString, ...]] = (
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL bytea_output = 'hex'",
)


def tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """The tables of Marops and of the lake's catalogue, as (schema, name)."""
    return connection.execute(
        "SELECT schemaname::text, tablename::text FROM pg_tables WHERE schemaname = ANY(%s) ORDER BY 1, 2",
        [list(SCHEMAS)],
    ).fetchall()


def sum_up(connection: psycopg.Connection[Any], schema: str, name: str) -> TableSum:
    """Count a table's rows and add up their digests, in the transaction of `connection`."""
    for setting in _SPELLED_ALIKE:
        connection.execute(setting)
    query = sql.SQL(
        "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text FROM {} t"
    )
    row = connection.execute(query.format(sql.Identifier(schema, name))).fetchone()
    return TableSum(int(row[0]), str(row[1])) if row else TableSum(0, "0")


def clear(connection: psycopg.Connection[Any]) -> None:
    """Remove everything that a dump would make, so that one can be restored. For what was half restored alone."""
    connection.execute("DROP SCHEMA IF EXISTS lake CASCADE")
    connection.execute("DROP SCHEMA IF EXISTS public CASCADE")
    connection.execute("CREATE SCHEMA public")
