"""A backup's file: a zip of members that are stored as they are, a manifest with their checksums, and at the very end a
checksum of everything before it. Any unpacker opens it; one changed byte anywhere is found.

Nothing is held in memory: members are written and read block by block.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

MANIFEST: Final = "manifest.json"
_BLOCK: Final = 1 << 20
_MARK: Final = b"sha256:"
_DIGEST: Final = 64
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)


class ArchiveBroken(Exception):
    """The file is not a whole backup; the text says what is broken."""


class ArchiveWriter:
    """Writes a backup: `add` each member, then `finish` with the manifest. Until then the file has another name."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.draft = target.with_name(f".{target.name}.part")
        self.members: dict[str, dict[str, Any]] = {}
        self.draft.unlink(missing_ok=True)
        self._file = os.fdopen(os.open(self.draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED, allowZip64=True)

    def add(self, name: str, blocks: Iterable[bytes]) -> Iterator[int]:
        """Write a member and note its size and checksum; yields the bytes of each block as it is written."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(zipfile.ZipInfo(name, _EARLIEST), "w", force_zip64=True) as member:
            for block in blocks:
                member.write(block)
                digest.update(block)
                size += len(block)
                yield len(block)
        self.members[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def finish(self, manifest: Mapping[str, Any]) -> str:
        """Close the file with its manifest and its checksum, and give it its name; answers the checksum."""
        document = json.dumps({**manifest, "members": self.members}, indent=1, ensure_ascii=False, default=str)
        self._zip.writestr(zipfile.ZipInfo(MANIFEST, _EARLIEST), document)
        self._zip.comment = _MARK + b"0" * _DIGEST
        self._zip.close()
        self._file.flush()
        digest = _digest_before_mark(self.draft)
        self._file.seek(-_DIGEST, os.SEEK_END)
        self._file.write(digest.encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self.draft.rename(self.target)
        _sync_folder(self.target.parent)
        return digest

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """What was not finished is removed."""
        if not self._file.closed:
            self._zip.fp = None  # or it would write its index when it is collected
            self._file.close()
        self.draft.unlink(missing_ok=True)


def blocks_of(path: Path) -> Iterator[bytes]:
    """A file, block by block."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _digest_before_mark(path: Path) -> str:
    digest, rest = hashlib.sha256(), path.stat().st_size - _DIGEST
    with path.open("rb") as file:
        while rest > 0 and (block := file.read(min(_BLOCK, rest))):
            digest.update(block)
            rest -= len(block)
    return digest.hexdigest()


class ArchiveReader:
    """Reads a backup. Opening it looks at its end alone; `verify` reads all of it. Raises ArchiveBroken."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest: dict[str, Any] = json.loads(self._zip.read(MANIFEST))
            self.members: dict[str, dict[str, Any]] = self.manifest["members"]
        except (zipfile.BadZipFile, KeyError, ValueError, EOFError, TypeError) as error:
            raise ArchiveBroken(f"{path.name} is no backup of Marops, or its end is missing ({error}).") from None
        comment = self._zip.comment
        if not comment.startswith(_MARK) or len(comment) != len(_MARK) + _DIGEST:
            raise ArchiveBroken(f"{path.name} has no checksum at its end.")
        self.checksum = comment[-_DIGEST:].decode("ascii", "replace")

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def verify(self) -> Iterator[int]:
        """Compare every checksum; yields bytes as they are read. Raises ArchiveBroken, naming every broken member."""
        broken = []
        for name in self.members:
            try:
                yield from (len(block) for block in self.read(name))
            except ArchiveBroken:
                broken.append(name)
        if extra := sorted(set(self._zip.namelist()) ^ {*self.members, MANIFEST}):
            broken += extra
        if broken:
            raise ArchiveBroken(f"Broken in {self.path.name}: {', '.join(broken[:10])}.")
        if _digest_before_mark(self.path) != self.checksum:
            raise ArchiveBroken(f"{self.path.name} was changed: its bytes do not match the checksum at its end.")

    def read(self, name: str) -> Iterator[bytes]:
        """A member, block by block. Raises ArchiveBroken at its end, if it is not as it was written."""
        digest, size = hashlib.sha256(), 0
        try:
            with self._zip.open(name) as member:
                while block := member.read(_BLOCK):
                    digest.update(block)
                    size += len(block)
                    yield block
        except (zipfile.BadZipFile, KeyError, EOFError, OSError, RuntimeError, NotImplementedError) as error:
            raise ArchiveBroken(f"{name} cannot be read: {error}") from None
        told = self.members[name]
        if (told["bytes"], told["sha256"]) != (size, digest.hexdigest()):
            raise ArchiveBroken(f"{name} is not as it was written.")


@contextmanager
def opened_archive(path: Path) -> Iterator[ArchiveReader]:
    """A backup, opened for the block."""
    archive = ArchiveReader(path)
    try:
        yield archive
    finally:
        archive.close()
