"""Starts a program as the right user; run as a script by a bare Python, never imported by the server's code.

A fresh process does it because ``unshare`` refuses a process with threads, and because nothing but system calls may
happen between fork and exec in a process that has some. Uses the standard library alone.
"""

import ctypes
import json
import os
import signal
import sys
from typing import Any

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
CANNOT_CHANGE_USER = 77
CANNOT_EXECUTE = 78


def enter_namespace(inside_uid: int) -> None:
    """Gives this process another user number inside a namespace of one user; outside, files stay its own."""
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{inside_uid} {uid} 1"),
        ("gid_map", f"{inside_uid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 - quick to start
            file.write(text)


def become(uid: int, gid: int) -> None:
    """Gives up being root for good."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def detach() -> None:
    """Leaves session and parent, so that neither a closed terminal nor a killed starter ends this process."""
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)


def change_user(spec: dict[str, Any]) -> None:
    """Become who the server is to run as: inside a namespace, or a system user."""
    if spec["how"] == "namespace":
        enter_namespace(spec["inside_uid"])
    elif spec["how"] == "system-user":
        become(spec["uid"], spec["gid"])


def main() -> int:
    """Start the server as the specification in the first argument says; answers the exit code."""
    spec: dict[str, Any] = json.loads(sys.argv[1])
    os.umask(0o077)
    if spec["detach"]:
        detach()
    try:
        # before the change of user: the new one may not be allowed to walk to this folder
        os.chdir(spec["folder"])
        change_user(spec)
    except OSError as error:
        sys.stderr.write(f"marops: could not become the database's user: {error}\n")
        return CANNOT_CHANGE_USER
    if not spec["argv"]:
        return 0
    if spec["die_with_parent"]:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execve(spec["argv"][0], spec["argv"], spec["environment"])  # noqa: S606 - no shell is meant
    except OSError as error:
        sys.stderr.write(f"marops: cannot execute {spec['argv'][0]}: {error}\n")
    return CANNOT_EXECUTE


if __name__ == "__main__":
    sys.exit(main())
