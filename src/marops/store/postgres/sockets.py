"""The folder of the server's socket. Whoever can open the socket is a superuser, so only the server's user may."""

import hashlib
import os
import signal
import socket
import stat
import struct
import time
from collections.abc import Callable
from pathlib import Path

from marops.store.postgres.failures import socket_folder_unsafe, socket_taken
from marops.store.postgres.identity import Identity
from marops.store.postgres.processes import lives

PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
# sun_path holds 108 bytes, one of them the closing zero
LONGEST_PATH = 107
# the shortest question of the protocol: 8 bytes, answered with one letter and never logged
_ASK_FOR_TLS = struct.pack("!ii", 8, 80877103)
SHORT_FOLDER = Path("/tmp")  # noqa: S108 - the folder in it is checked to be ours alone


def socket_folder(data: Path, uid: int) -> Path:
    """The folder for a data folder and the user that runs its server; nothing is made."""
    mark = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    private = Path(runtime, f"marops-{mark}")
    if runtime.startswith("/") and uid == os.geteuid() and _is_private(Path(runtime), uid) and _fits(private):
        return private
    return SHORT_FOLDER / f"marops-{uid}-{mark}"


def prepare_socket_folder(folder: Path, identity: Identity) -> None:
    """Makes the folder, or makes sure that the one that is there belongs to the server's user alone."""
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, identity.uid, identity.gid)
    except FileExistsError:
        pass
    except OSError as error:
        raise socket_folder_unsafe(folder, f"it cannot be made ({error.strerror})") from error
    check_socket_folder(folder, identity.uid)


def check_socket_folder(folder: Path, uid: int) -> None:
    """Refuses a folder that others could have made or can open."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise socket_folder_unsafe(folder, "it is not a folder")
    if status.st_uid != uid:
        raise socket_folder_unsafe(folder, "it belongs to another user")
    if status.st_mode & 0o077:
        raise socket_folder_unsafe(folder, "other users may open it")


def clear_socket(folder: Path) -> None:
    """Removes what a killed server left behind; refuses if something else is there. Only while no server runs."""
    path = folder / SOCKET_NAME
    if path.exists():
        _end_server_of_removed_folder(path)
    if path.exists() and (not path.is_socket() or listener(folder) is not None):
        raise socket_taken(path)
    for leftover in (path, path.with_name(f"{SOCKET_NAME}.lock")):
        leftover.unlink(missing_ok=True)


def listener(folder: Path) -> int | None:
    """The process that takes connections at the socket (0 if the kernel does not tell which), None if there is none."""
    return _connect(folder, lambda _: True)


def greeter(folder: Path) -> int | None:
    """The same, if it answers as PostgreSQL does: a server that dies or hangs may still take connections."""
    return _connect(folder, _replies)


def _replies(client: socket.socket) -> bool:
    client.sendall(_ASK_FOR_TLS)
    return client.recv(1) in (b"N", b"S")


def _connect(folder: Path, wanted: Callable[[socket.socket], bool]) -> int | None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        try:
            client.connect(str(folder / SOCKET_NAME))
            if not wanted(client):
                return None
        except OSError:
            return None
        return _peer(client)


def _peer(client: socket.socket) -> int:
    if not hasattr(socket, "SO_PEERCRED"):
        return 0
    credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[0])


def _end_server_of_removed_folder(path: Path) -> None:
    """Somebody who deletes a workspace leaves its server running for up to a minute; it has nothing left to lose."""
    pid = listener(path.parent)
    try:
        if not pid or Path(f"/proc/{pid}/cwd").readlink().name != "postgres (deleted)":
            return
        os.kill(pid, signal.SIGQUIT)
    except OSError:
        return
    for _ in range(250):
        if not lives(pid):
            return
        time.sleep(0.02)


def _is_private(folder: Path, uid: int) -> bool:
    try:
        status = folder.stat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == uid and not status.st_mode & 0o077


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_PATH
