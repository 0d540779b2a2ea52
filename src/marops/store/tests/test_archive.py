import os
import random
import zipfile

import pytest

from marops.store.archive import ArchiveBroken, ArchiveReader, ArchiveWriter, blocks_of, opened_archive

CONTENT = {"database/public.dump": os.urandom(70_000), "lake/a b/ü.parquet": b"", "files/1": b"x" * 5_000}


@pytest.fixture
def backup(tmp_path):
    path = tmp_path / "one.zip"
    with ArchiveWriter(path) as archive:
        for name, content in CONTENT.items():
            blocks = [content[at : at + 1000] for at in range(0, len(content), 1000)]
            assert sum(archive.add(name, blocks)) == len(content)
        assert not path.exists()
        archive.finish({"format": 1})
    return path


def test_what_was_written_is_read_and_any_unpacker_opens_it(backup):
    with opened_archive(backup) as archive:
        assert list(archive.verify())
        assert {name: b"".join(archive.read(name)) for name in CONTENT} == CONTENT
        assert archive.manifest["format"] == 1
        assert backup.read_bytes().endswith(archive.checksum.encode())
    assert zipfile.ZipFile(backup).testzip() is None
    assert backup.stat().st_mode & 0o077 == 0
    assert [path.name for path in backup.parent.iterdir()] == ["one.zip"]


@pytest.mark.parametrize("seed", range(60))
def test_one_changed_byte_anywhere_is_found(backup, seed):
    content = bytearray(backup.read_bytes())
    # Half of them in the last quarter, where names, sizes and checksums stand.
    place = random.Random(seed).randrange(0 if seed % 2 else len(content) * 3 // 4, len(content))
    content[place] ^= 1 << seed % 8
    backup.write_bytes(content)
    with pytest.raises(ArchiveBroken), opened_archive(backup) as archive:
        list(archive.verify())


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.999])
def test_a_file_that_ends_too_early_is_found(backup, kept):
    content = backup.read_bytes()
    backup.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(ArchiveBroken):
        ArchiveReader(backup)


def test_what_is_broken_is_named(backup):
    content = backup.read_bytes()
    backup.write_bytes(content.replace(b"x" * 5_000, b"x" * 4_999 + b"y"))
    with pytest.raises(ArchiveBroken, match="files/1"), opened_archive(backup) as archive:
        list(archive.verify())


def test_a_member_that_was_put_in_is_found(backup):
    with zipfile.ZipFile(backup, "a") as archive:
        archive.writestr("files/2", "more")
    with pytest.raises(ArchiveBroken), opened_archive(backup) as archive:
        list(archive.verify())


def test_what_is_not_finished_leaves_nothing(tmp_path):
    with ArchiveWriter(tmp_path / "one.zip") as archive:
        list(archive.add("a", [b"1"]))
        next(archive.add("b", [b"1", b"2"]))
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_read_in_blocks(tmp_path):
    (tmp_path / "a").write_bytes(b"z" * 3_000_000)
    assert [len(block) for block in blocks_of(tmp_path / "a")] == [1 << 20, 1 << 20, 3_000_000 - (2 << 20)]
