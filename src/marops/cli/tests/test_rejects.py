from pathlib import Path

import pytest

from marops.cli.importing import NOT_WRITABLE, _check_writable
from marops.kernel.errors import MaropsError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text("Email\na@b.example\n")
    return path


def test_the_file_that_is_imported_is_not_written_over(source: Path, tmp_path: Path):
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "again.csv").hardlink_to(source)
    for name in ("leads.csv", "link.csv", "again.csv"):
        with pytest.raises(MaropsError) as caught:
            _check_writable(tmp_path / name, source)
        assert caught.value.code == NOT_WRITABLE
    assert source.read_text() == "Email\na@b.example\n"


@pytest.mark.parametrize("name", ["no/such/folder.csv", ".", "/proc/sys/kernel/none.csv", "/proc/version"])
def test_a_place_that_cannot_be_written_is_refused_also_for_root(source: Path, tmp_path: Path, name: str):
    with pytest.raises(MaropsError) as caught:
        _check_writable(tmp_path / name, source)
    assert caught.value.code == NOT_WRITABLE


def test_trying_leaves_no_trace(source: Path, tmp_path: Path):
    (tmp_path / "there.csv").write_text("x")
    _check_writable(tmp_path / "there.csv", source)
    _check_writable(tmp_path / "new.csv", source)
    assert (tmp_path / "there.csv").read_text() == "x"
    assert not (tmp_path / "new.csv").exists()
