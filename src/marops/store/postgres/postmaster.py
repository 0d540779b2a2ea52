"""The running server process: found by its own pid file, and believed only if it really serves the folder."""

import os
from dataclasses import dataclass
from pathlib import Path

from marops.store.postgres.processes import lives
from marops.store.postgres.sockets import greeter


@dataclass(frozen=True)
class Postmaster:
    """What a server wrote about itself into ``postmaster.pid``."""

    pid: int
    socket_folder: Path
    status: str

    @property
    def has_socket(self) -> bool:
        """Whether the file says already where the socket is: a starting server writes its lines one after another."""
        return self.socket_folder.is_absolute()

    def serves(self, data: Path) -> bool:
        """Whether the process lives and works in this folder.

        Its number may have been given to another process, and a folder may have been copied or moved with its pid file.
        """
        if not lives(self.pid):
            return False
        try:
            return Path(f"/proc/{self.pid}/cwd").samefile(data)
        except PermissionError:
            return False
        except OSError:
            return not Path("/proc/self/cwd").exists()

    def answers(self) -> bool:
        """Whether the server takes connections at its socket."""
        return self.status == "ready" and greeter(self.socket_folder) in (self.pid, 0)


def read_postmaster(data: Path) -> Postmaster | None:
    """The server that wrote the pid file, alive or not, perhaps still writing; None without a number."""
    try:
        lines = (data / "postmaster.pid").read_bytes().split(b"\n")
        pid = int(lines[0])
    except (OSError, ValueError):
        return None
    lines += [b""] * 8
    return Postmaster(pid, Path(os.fsdecode(lines[4])), lines[7].decode("ascii", "replace").strip())
