"""The embedded PostgreSQL server of a workspace: nobody installs, configures or looks after it.

It lives in the folder ``postgres`` of the workspace, is reached only through a socket that no other user can open, and
outlives the command that started it: whoever comes next finds it again. Three files beside the data carry locks that
the kernel frees when their holders die: ``postgres.lock`` (who starts or stops), ``postgres.users`` (who uses the
server) and ``postgres.alive`` (held by the server's own processes).
"""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from marops.store.postgres import failures
from marops.store.postgres.binaries import MAJOR, binaries_for
from marops.store.postgres.failures import NOTHING_WRITTEN, ServerError
from marops.store.postgres.identity import Identity, choose_identity
from marops.store.postgres.locks import FileLock, held, held_alone, holders, in_use
from marops.store.postgres.postmaster import Postmaster, read_postmaster
from marops.store.postgres.roles import Missing, Prepared, dsn_as, prepare_database
from marops.store.postgres.serverlog import rotate, text_since
from marops.store.postgres.settings import FILE_NAME, fixed_arguments, write_settings
from marops.store.postgres.sockets import (
    PORT,
    SOCKET_NAME,
    check_socket_folder,
    clear_socket,
    prepare_socket_folder,
    socket_folder,
)

__all__ = [
    "EmbeddedServer",
    "Missing",
    "Prepared",
    "ServerError",
    "dsn_as",
    "prepare_database",
    "throwaway_server",
    "using_server",
]

DATABASE = "marops"
SUPERUSER = "postgres"
GRACE_SECONDS = 10.0
START_SECONDS = 30.0
STOP_SECONDS = 60.0
BUSY_SECONDS = 180.0
FIRST_START_BYTES = 200 * 1024 * 1024
POLL_SECONDS = 0.01
_PREPARED = "marops.prepared"
_PREPARATION = "1"
# a path that PostgreSQL's own tools can take; any other is reached as the current folder
_LONGEST_PLAIN_PATH = 800
_CURRENT_FOLDER = "/proc/self/cwd"
_INITDB = (
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--encoding=UTF8",
    "--data-checksums",
    f"--username={SUPERUSER}",
    "--auth-local=trust",
    "--auth-host=reject",
    "--no-instructions",
)


def _silent(_: str) -> None:
    pass


class EmbeddedServer:
    """The server of one workspace folder.

    ``fsync=False`` is for tests: quick, and lost if the machine loses power. ``dies_with_starter`` ends the server
    with the thread that started it. ``progress`` is told, in a few words, what a person is waiting for.
    """

    def __init__(
        self,
        home: Path,
        *,
        fsync: bool = True,
        dies_with_starter: bool = False,
        progress: Callable[[str], None] = _silent,
    ) -> None:
        self.home = Path.cwd() / home
        self.data = self.home.resolve() / "postgres"
        self.log = self.home / "logs" / "postgres.log"
        self._fsync = fsync
        self._dies_with_starter = dies_with_starter
        self._progress = progress
        self._child: subprocess.Popen[bytes] | None = None

    # what others ask

    @property
    def socket_dir(self) -> Path:
        """The folder of the socket: the running server's, or the one it would get."""
        postmaster = read_postmaster(self.data)
        if postmaster and postmaster.has_socket and postmaster.serves(self.data):
            return postmaster.socket_folder
        return socket_folder(self.data, self._owner())

    def dsn(self, role: str = "marops_app", dbname: str = DATABASE) -> str:
        """A libpq connection string (keywords and values)."""
        parts = {"host": str(self.socket_dir), "port": str(PORT), "user": role, "dbname": dbname}
        return " ".join(f"{key}={_quoted(value)}" for key, value in parts.items())

    def url(self, role: str = "marops_app", dbname: str = DATABASE) -> str:
        """The same as a URL; the socket's folder is a parameter."""
        host = quote(os.fsencode(self.socket_dir), safe="")
        return f"postgresql://{quote(role, safe='')}@/{quote(dbname, safe='')}?host={host}&port={PORT}"

    def running(self) -> bool:
        """Whether the server takes connections now."""
        postmaster = self._live()
        return postmaster is not None and postmaster.answers()

    def explain(self) -> dict[str, object]:
        """How the server runs, for a person or a check: nothing is started."""
        postmaster = self._live()
        owner = self._owner()
        how = _how(owner, postmaster)
        return {
            "version": self._version(),
            "running": postmaster is not None and postmaster.answers(),
            "pid": postmaster.pid if postmaster else None,
            "how": how,
            "because": _BECAUSE[how],
            "user": failures.account_name(owner),
            "folder": str(self.data),
            "socket": str(self.socket_dir),
            "log": str(self.log),
            "users": holders(self._users_file),
        }

    # starting and stopping

    def start(self) -> None:
        """Starts the server unless it runs, and makes roles and database the first time. Raises ServerError."""
        self._prepare_home()
        with self._alone():
            self._start()

    def stop(self) -> None:
        """Stops the server at once, whoever uses it; their transactions are rolled back. Raises ServerError."""
        if not self._lock_file.exists():
            return
        with self._alone():
            self._stop()

    def enter(self) -> FileLock:
        """Starts the server if needed and returns the mark of one more user, to be given to :meth:`leave`."""
        self._prepare_home()
        with self._alone():
            user = FileLock(self._users_file)
            user.share()
            try:
                self._start()
            except BaseException:
                user.close()
                raise
        return user

    def leave(self, user: FileLock, *, at_once: bool = False) -> None:
        """Gives the mark back; the last one has the server stopped, ``at_once`` or after a grace."""
        user.close()
        if not self._users_file.exists():
            return
        with self._alone():
            os.utime(self._users_file)
            if in_use(self._users_file):
                return
            if at_once:
                self._stop()
                return
        self._send_reaper(self.last_left())

    def last_left(self) -> int:
        """When the last user left, as a mark to compare; 0 if nobody ever did."""
        try:
            return self._users_file.stat().st_mtime_ns
        except OSError:
            return 0

    def stop_unless_used(self, left_at: int) -> bool:
        """Stops the server if nobody uses it and nobody has since ``left_at``."""
        if not self._lock_file.exists():
            return False
        with self._alone():
            if self.last_left() != left_at or in_use(self._users_file):
                return False
            self._stop()
        return True

    def rotate_log(self) -> None:
        """Moves a long log aside; called at every start, and worth a call a day by whatever runs for long."""
        try:
            rotate(self.log)
        except OSError as error:
            raise failures.from_os_error(error, self.log.parent) from error

    # inside

    @property
    def _lock_file(self) -> Path:
        return self.home / "postgres.lock"

    @property
    def _users_file(self) -> Path:
        return self.home / "postgres.users"

    @property
    def _alive_file(self) -> Path:
        return self.home / "postgres.alive"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        def say() -> None:
            self._progress("Waiting for another command that starts or stops the database")

        with held(self._lock_file, BUSY_SECONDS, say):
            yield

    def _live(self) -> Postmaster | None:
        postmaster = read_postmaster(self.data)
        return postmaster if postmaster and postmaster.serves(self.data) else None

    def _owner(self) -> int:
        try:
            return self.data.stat().st_uid
        except OSError:
            return os.geteuid()

    def _version(self) -> str:
        try:
            return (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except OSError:
            return MAJOR

    def _prepare_home(self) -> None:
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.log.parent.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise failures.from_os_error(error, self.home) from error

    def _start(self) -> None:
        self.rotate_log()
        if not self._found():
            self._await_old_processes()
            self._check_version()
            identity = choose_identity(self.data)
            if not self.data.exists() or not any(self.data.iterdir()):
                self._create(identity)
            self._secure_data(identity)
            self._launch(identity)
        self._prepare_database()

    def _found(self) -> bool:
        """Whether a server of this folder runs; one that runs but cannot be reached is stopped."""
        postmaster = self._live()
        if postmaster is None:
            return False
        reachable = (postmaster.socket_folder / SOCKET_NAME).exists()
        if postmaster.status in ("ready", "starting") and self._comes_up(0, None if reachable else 1.0):
            check_socket_folder(postmaster.socket_folder, self._owner())
            return True
        self._stop()
        return False

    def _await_old_processes(self) -> None:
        """After a kill of the server, its other processes notice within moments; until then the data is theirs."""
        deadline = time.monotonic() + START_SECONDS
        while held_alone(self._alive_file):
            if time.monotonic() > deadline:
                raise failures.still_running(self.data)
            time.sleep(POLL_SECONDS)

    def _check_version(self) -> None:
        if not self.data.exists() or not os.access(self.data, os.R_OK | os.X_OK) or not any(self.data.iterdir()):
            return
        if not (self.data / "PG_VERSION").exists():
            raise ServerError(
                "server.not_a_database",
                f"The folder {self.data} holds something that is not a PostgreSQL database.",
                remedy="Move it away, or choose another folder with --home.",
            )
        if self._version() != MAJOR:
            raise ServerError(
                "server.other_version",
                f"The database in {self.data} was made by PostgreSQL {self._version()}; this Marops brings {MAJOR}.",
                remedy="Use the Marops version that made it to write a backup, and restore that backup with this one.",
            )

    def _create(self, identity: Identity) -> None:
        """Makes the data folder; under another name first, so that an interrupted attempt leaves no half database."""
        self._progress("Creating the database")
        fresh = self.data.with_name("postgres.new")
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            if shutil.disk_usage(self.home).free < FIRST_START_BYTES:
                raise failures.disk_full(self.home, kept=NOTHING_WRITTEN)
            fresh.mkdir(mode=0o700)
            os.chown(fresh, identity.uid, identity.gid)
            self._initdb(identity, fresh)
            fresh.rename(self.data)
        except OSError as error:
            raise failures.from_os_error(error, self.home) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _initdb(self, identity: Identity, fresh: Path) -> None:
        arguments = [binaries_for(identity).program("initdb"), "-D", _CURRENT_FOLDER, *_INITDB]
        arguments += [] if self._fsync else ["--no-sync"]
        process = identity.run(arguments, folder=fresh, output=subprocess.PIPE)
        output = process.communicate()[0].decode("utf-8", "replace")
        if process.returncode != 0:
            raise failures.from_output(output, self.home, step="be created", kept=NOTHING_WRITTEN)
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"\ninclude_if_exists = '{FILE_NAME}'\n")

    def _secure_data(self, identity: Identity) -> None:
        """Brings owner and permissions to what PostgreSQL insists on; a copy or a restore often loses them."""
        try:
            if self.data.stat().st_uid != identity.uid:
                _give_away(self.data, identity)
            if stat.S_IMODE(self.data.stat().st_mode) != 0o700:
                self.data.chmod(0o700)
        except OSError as error:
            raise failures.from_os_error(error, self.data) from error
        if self.data.stat().st_mode & 0o077:
            raise ServerError(
                "server.open_folder",
                f"The folder {self.data} is open to other users, and its disk does not let that be changed.",
                remedy="Choose a folder on a disk of this machine with --home, not on one of Windows.",
            )

    def _launch(self, identity: Identity) -> None:
        self._progress("Starting the database")
        folder = socket_folder(self.data, identity.uid)
        prepare_socket_folder(folder, identity)
        clear_socket(folder)
        offset = self.log.stat().st_size if self.log.exists() else 0
        try:
            write_settings(self.data, fsync=self._fsync, uid=identity.uid, gid=identity.gid)
            self._execute(identity, folder)
        except OSError as error:
            raise failures.from_os_error(error, self.data, kept=failures.DATA_KEPT) from error
        if not self._comes_up(offset):
            self._stop()
            output = text_since(self.log, offset)
            raise failures.from_output(output, self.data, step="start")

    def _execute(self, identity: Identity, folder: Path) -> None:
        """Starts the server's process, which inherits the lock that says it lives."""
        alive = FileLock(self._alive_file)
        try:
            if not alive.take(START_SECONDS):
                raise failures.still_running(self.data)
            # nobody lives here now, and its number may belong to another process by now
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            program = binaries_for(identity).program("postgres")
            plain = identity.how != "system-user" and _is_plain(self.data)
            with self.log.open("ab") as log:
                process = identity.run(
                    [program, "-D", str(self.data) if plain else _CURRENT_FOLDER, *fixed_arguments(folder)],
                    folder=self.data,
                    output=log,
                    detach=not self._dies_with_starter,
                    die_with_parent=self._dies_with_starter,
                    keep_open=[alive.fd],
                )
        finally:
            alive.close()
        if self._dies_with_starter:
            self._child = process
        else:
            process.wait()

    def _comes_up(self, offset: int, patience: float | None = None) -> bool:
        """Waits until the server answers; False if it died, or did nothing for too long.

        Repairing a large database after a crash takes as long as it takes: every line in the log buys more time.
        """
        said, told = offset, False
        started = deadline = time.monotonic()
        while True:
            if self.running():
                return True
            if not held_alone(self._alive_file) and not self._live():
                return False
            size = self.log.stat().st_size if self.log.exists() else 0
            if size != said or deadline == started:
                said, deadline = size, time.monotonic() + (patience or START_SECONDS)
            if time.monotonic() > deadline:
                return False
            if not told and time.monotonic() > started + 3:
                self._progress("Repairing the database after an interruption")
                told = True
            time.sleep(POLL_SECONDS)

    def _prepare_database(self) -> None:
        """Makes roles and database once; the mark is written last, so an interrupted attempt is taken up again."""
        mark = self.data / _PREPARED
        if mark.exists() and mark.read_text(encoding="ascii") == _PREPARATION:
            return
        report = prepare_database(self.dsn(SUPERUSER, SUPERUSER), DATABASE)
        if not report.complete:
            problems = "; ".join(f"{missing.what}: {missing.why}" for missing in report.missing)
            raise failures.from_output(problems, self.data, step="be prepared")
        mark.write_text(_PREPARATION, encoding="ascii")

    def _stop(self) -> None:
        """Ends the server: quickly and cleanly, or hard if that takes too long (the next start repairs)."""
        for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            postmaster = self._live()
            if postmaster is None and self._child is None:
                return
            self._signal(postmaster, number)
            if self._gone(seconds):
                self._child = None
                self._remove_socket_folder(postmaster)
                return
        raise ServerError(
            "server.did_not_stop",
            "The database does not stop.",
            remedy=f"Restart the machine, or end the process {postmaster.pid if postmaster else '?'} by hand.",
        )

    def _signal(self, postmaster: Postmaster | None, number: signal.Signals) -> None:
        pid = postmaster.pid if postmaster else self._child.pid if self._child else None
        if pid is None:
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return

    def _remove_socket_folder(self, postmaster: Postmaster | None) -> None:
        if postmaster:
            # not empty if the server had to be killed; the next start clears it
            with suppress(OSError):
                postmaster.socket_folder.rmdir()

    def _gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = self._child is None or self._child.poll() is not None
            if ended and self._live() is None and not held_alone(self._alive_file):
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _send_reaper(self, left_at: int) -> None:
        """A detached process that stops the server after the grace, unless somebody comes."""
        me = Identity("user", os.geteuid(), os.getegid())
        program = [sys.executable, "-P", "-m", "marops.store.postgres.reaper"]
        arguments = [*program, str(self.home), str(left_at), str(GRACE_SECONDS)]
        # however this process found the package, the reaper has to find it too
        environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        run = me.run(arguments, folder=Path("/"), output=subprocess.DEVNULL, detach=True, environment=environment)
        run.wait()


@contextmanager
def using_server(
    home: Path, *, progress: Callable[[str], None] = _silent, keep: bool = False, fsync: bool = True
) -> Iterator[EmbeddedServer]:
    """The workspace's server, started if it does not run, for the time of a ``with`` block.

    The last user's leaving stops it after ten seconds, so that a row of commands does not start it each time; with
    ``keep`` (the supervisor, which has held it all the time) it is stopped at once. Raises ServerError.
    """
    server = EmbeddedServer(home, progress=progress, fsync=fsync)
    user = server.enter()
    try:
        yield server
    finally:
        server.leave(user, at_once=keep)


@contextmanager
def throwaway_server(folder: Path | None = None) -> Iterator[EmbeddedServer]:
    """A server for tests: quick, not safe from power cuts, gone after the block and at the latest with this process."""
    home = Path(tempfile.mkdtemp(prefix="marops-test-", dir=folder))
    server = EmbeddedServer(home, fsync=False, dies_with_starter=True)
    try:
        server.start()
        yield server
    finally:
        place = server.socket_dir
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(place, ignore_errors=True)


_BECAUSE = {
    "user": "An ordinary user runs the database as itself.",
    "namespace": "PostgreSQL refuses root and nameless users, so it runs in a user namespace; all files stay yours.",
    "system-user": "PostgreSQL refuses root and user namespaces are forbidden here: a system user owns the database.",
}


def _how(owner: int, postmaster: Postmaster | None) -> str:
    if owner != 0 and os.geteuid() == 0:
        return "system-user"
    return "namespace" if os.geteuid() == 0 or (postmaster and _in_namespace(postmaster.pid)) else "user"


def _in_namespace(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()
    except OSError:
        return False


def _is_plain(path: Path) -> bool:
    """Whether PostgreSQL can be given the path itself, which reads better in a list of processes."""
    text = str(path)
    plain = text.isascii() and text.isprintable() and len(text) < _LONGEST_PLAIN_PATH
    return plain or not Path(_CURRENT_FOLDER).exists()


def _quoted(value: str) -> str:
    if value and not any(letter.isspace() or letter in "'\\" for letter in value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _give_away(data: Path, identity: Identity) -> None:
    """Makes another user the owner; the folder itself comes last, so an interrupted attempt is taken up again."""
    for place, folders, files in os.walk(data, topdown=False):
        for name in files + folders:
            os.chown(Path(place, name), identity.uid, identity.gid, follow_symlinks=False)
    os.chown(data, identity.uid, identity.gid)
