"""What can go wrong with the embedded server, said so that a person who is not an administrator can act on it."""

import errno
import pwd
from pathlib import Path

NOTHING_WRITTEN = "Nothing was written."
DATA_KEPT = "Everything that was saved before is untouched."

_FULL = ("No space left on device", "Disk quota exceeded", "File too large")
_REFUSED = ("Permission denied", "Operation not permitted", "Read-only file system")
_FOREIGN_PLATFORM = ("Exec format error", "error while loading shared libraries", "cannot execute", "GLIBC_")
_NO_MEMORY = (
    "could not create shared memory segment",
    "Cannot allocate memory",
    "could not map anonymous shared memory",
)


class ServerError(Exception):
    """The database server could not be started, reached or stopped.

    ``what`` happened, what was ``kept`` and the ``remedy`` are whole sentences; ``code`` is stable.
    """

    def __init__(self, code: str, what: str, *, kept: str = DATA_KEPT, remedy: str) -> None:
        super().__init__(f"{what} {kept} {remedy}")
        self.code = code
        self.what = what
        self.kept = kept
        self.remedy = remedy


def account_name(uid: int) -> str:
    """The name of a user of this machine, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user number {uid}"


def disk_full(folder: Path, *, kept: str = DATA_KEPT) -> ServerError:
    """The disk is full."""
    return ServerError(
        "server.disk_full",
        f"The disk that holds {folder} is full.",
        kept=kept,
        remedy="Free some space on it (1 GB is a good start), or choose a folder on another disk with --home.",
    )


def not_writable(folder: Path, reason: str, *, kept: str = NOTHING_WRITTEN) -> ServerError:
    """The folder may not be written to."""
    return ServerError(
        "server.folder_not_writable",
        f"Marops may not write to the folder {folder} ({reason}).",
        kept=kept,
        remedy="Choose another folder with --home, or give your user the right to write there.",
    )


def owned_by_other(folder: Path, uid: int) -> ServerError:
    """The data belong to another user."""
    return ServerError(
        "server.foreign_owner",
        f"The database in {folder} belongs to {account_name(uid)}, and you are somebody else.",
        remedy=f"Run the command as {account_name(uid)}, or choose another folder with --home.",
    )


def still_running(data: Path) -> ServerError:
    """A server works on the data and cannot be reached."""
    return ServerError(
        "server.still_running",
        f"A server that cannot be reached still works in {data}, perhaps from within a container.",
        remedy="Stop it there or restart the machine, then try again.",
    )


def socket_taken(path: Path) -> ServerError:
    """Another program listens where the server would."""
    return ServerError(
        "server.socket_taken",
        f"Another program has taken the place where the database is reached: {path}.",
        remedy=f"Stop that program or remove {path}, then try again.",
    )


def socket_folder_unsafe(folder: Path, reason: str) -> ServerError:
    """Others could open the folder of the socket."""
    return ServerError(
        "server.socket_folder_unsafe",
        f"The folder {folder}, through which the database is reached, is not safe: {reason}.",
        remedy=f"Who can open that folder could read all data. Remove {folder} or ask its owner to, then try again.",
    )


def from_os_error(error: OSError, folder: Path, *, kept: str = NOTHING_WRITTEN) -> ServerError:
    """The plain sentence for an error of the operating system met while writing to ``folder``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return disk_full(folder, kept=kept)
    if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
        return ServerError(
            "server.no_locks",
            f"The disk that holds {folder} cannot keep locks.",
            kept=kept,
            remedy="Choose a folder on a local disk with --home.",
        )
    if isinstance(error, FileExistsError | NotADirectoryError):
        return not_writable(folder, "a file is in its place", kept=kept)
    return not_writable(folder, error.strerror or type(error).__name__, kept=kept)


def from_output(output: str, folder: Path, *, step: str, kept: str = DATA_KEPT) -> ServerError:
    """The plain sentence for what PostgreSQL wrote before it gave up during ``step``."""
    if any(sign in output for sign in _FULL):
        return disk_full(folder, kept=kept)
    if any(sign in output for sign in _FOREIGN_PLATFORM):
        return wrong_platform(last_lines(output, 1), kept=kept)
    if any(sign in output for sign in _NO_MEMORY):
        return ServerError(
            "server.no_memory",
            f"This machine has too little free memory for the database: {last_lines(output, 1)}.",
            kept=kept,
            remedy="Close other programs or give the machine more memory (1 GB free is enough), then try again.",
        )
    if any(sign in output for sign in _REFUSED):
        return not_writable(folder, last_lines(output, 1), kept=kept)
    return ServerError(
        "server.did_not_start",
        f"The database could not {step}. It last said: {last_lines(output, 8) or 'nothing'}",
        kept=kept,
        remedy="Try again; if it stays so, send these lines to whoever looks after this installation.",
    )


def wrong_platform(detail: str, *, kept: str = NOTHING_WRITTEN) -> ServerError:
    """The binaries do not run on this machine."""
    return ServerError(
        "server.no_binaries",
        f"The PostgreSQL that comes with Marops does not run on this machine ({detail}).",
        kept=kept,
        remedy="Set MAROPS_DATABASE_URL to a PostgreSQL server of version 15 or newer.",
    )


def last_lines(text: str, count: int) -> str:
    """The last ``count`` lines that are not blank."""
    return "\n".join([line for line in text.splitlines() if line.strip()][-count:])
