"""As whom PostgreSQL runs: it refuses to be root, and it needs a user that has a name."""

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from marops.store.postgres.failures import NOTHING_WRITTEN, ServerError, owned_by_other

How = Literal["user", "namespace", "system-user"]
SYSTEM_ACCOUNT = "marops"
# for tests and for hosts whose namespaces exist but misbehave
NO_NAMESPACES = "MAROPS_NO_USERNS"
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")
_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Identity:
    """How the server runs, and which user and group of this machine own its files."""

    how: How
    uid: int
    gid: int
    inside_uid: int = 0

    def run(
        self,
        argv: Sequence[str],
        *,
        folder: Path,
        output: IO[bytes] | int,
        detach: bool = False,
        die_with_parent: bool = False,
        keep_open: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Starts a program as this identity, in ``folder``; by default without the caller's variables."""
        spec = {
            "how": self.how,
            "uid": self.uid,
            "gid": self.gid,
            "inside_uid": self.inside_uid,
            "argv": list(argv),
            "folder": str(folder),
            "environment": dict(environment or _clean_environment()),
            "detach": detach,
            "die_with_parent": die_with_parent,
        }
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_LAUNCHER), json.dumps(spec)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=keep_open,
        )


def _clean_environment() -> dict[str, str]:
    """A PGDATA or PGPORT of the caller's would mislead the server."""
    return {"LC_ALL": "C"} | {key: os.environ[key] for key in _PASSED_ON if key in os.environ}


def choose_identity(data: Path) -> Identity:
    """Picks the identity for a data folder, which may not exist yet.

    An ordinary user runs the server as itself. Root runs it in a namespace of one user, so that its files stay root's;
    where that is forbidden, as a system user, and then for good, because the files become that user's.
    """
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() == 0:
        return _for_root(data, owner)
    if owner not in (None, os.geteuid()):
        raise owned_by_other(data, owner or 0)
    plain = Identity("user", os.geteuid(), os.getegid())
    if _has_name(os.geteuid()):
        return plain
    # containers often run under a number without a name, which initdb refuses
    namespace = _namespace()
    if namespace.works():
        return namespace.identity
    if owner is not None:
        return plain
    raise ServerError(
        "server.nameless_user",
        f"Your user number {os.geteuid()} has no name on this machine, and PostgreSQL insists on one.",
        kept=NOTHING_WRITTEN,
        remedy=f"Add a line for {os.geteuid()} to /etc/passwd, or set MAROPS_DATABASE_URL to a PostgreSQL server.",
    )


def _for_root(data: Path, owner: int | None) -> Identity:
    if owner in (None, 0):
        namespace = _namespace()
        if namespace.works():
            return namespace.identity
    account = _system_account(create=owner in (None, 0))
    if account is None or owner not in (None, 0, account.pw_uid):
        raise owned_by_other(data, owner or 0)
    return Identity("system-user", account.pw_uid, account.pw_gid)


@dataclass(frozen=True)
class _Namespace:
    identity: Identity

    def works(self) -> bool:
        """Tries it: whether the kernel, a container or a policy forbids namespaces cannot be read off anywhere."""
        if os.environ.get(NO_NAMESPACES) or not sys.platform.startswith("linux"):
            return False
        return self.identity.run([], folder=Path("/"), output=subprocess.DEVNULL).wait() == 0


def _namespace() -> _Namespace:
    named = [entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid not in (0, 65534)]
    inside = 1000 if 1000 in named else min(named, default=1000)
    return _Namespace(Identity("namespace", os.geteuid(), os.getegid(), inside))


def _has_name(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return False


def _system_account(*, create: bool) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        if not create:
            return None
    _create_account()
    try:
        return pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        raise ServerError(
            "server.root_refused",
            "PostgreSQL refuses to run as root, and here neither a user namespace nor a system user can be made.",
            kept=NOTHING_WRITTEN,
            remedy=f"Run Marops as an ordinary user, or make a system user named “{SYSTEM_ACCOUNT}”, then try again.",
        ) from None


def _create_account() -> None:
    useradd = [
        "useradd",
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        SYSTEM_ACCOUNT,
    ]
    busybox = ["adduser", "-S", "-D", "-H", SYSTEM_ACCOUNT]
    for command in (useradd, busybox):
        if shutil.which(command[0]):
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            return
