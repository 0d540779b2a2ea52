import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from marops.store import embedded
from marops.store.embedded import EmbeddedServer, ServerError
from marops.store.postgres import binaries, failures, sockets
from marops.store.postgres.locks import FileLock
from marops.store.postgres.postmaster import read_postmaster

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    made = EmbeddedServer(tmp_path / "workspace", fsync=False)
    yield made
    made.stop()


def mounted(folder: Path, options: str) -> bool:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "marops-test", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    if not mounted(folder, "size=90m"):
        pytest.skip("only root may mount a small disk")
    yield folder
    EmbeddedServer(folder / "workspace").stop()
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def refusal(server: EmbeddedServer) -> ServerError:
    with pytest.raises(ServerError) as caught:
        server.start()
    error = caught.value
    for sentence in (error.what, error.kept, error.remedy):
        assert sentence[0].isupper()
        assert sentence.strip().endswith((".", "\n")) or error.code == "server.did_not_start"
    return error


def fill(folder: Path) -> None:
    with (folder / "ballast").open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65536):
                pass
        except OSError:
            return


def test_a_disk_too_small_for_a_first_start(small_disk: Path) -> None:
    error = refusal(EmbeddedServer(small_disk / "workspace", fsync=False))
    assert error.code == "server.disk_full"
    assert error.kept == failures.NOTHING_WRITTEN


def test_a_disk_that_fills_up_during_the_first_start(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "FIRST_START_BYTES", 0)
    (small_disk / "others").write_bytes(b"\0" * 70 * 1024 * 1024)
    server = EmbeddedServer(small_disk / "workspace", fsync=False)
    assert refusal(server).code == "server.disk_full"
    assert not server.data.exists()
    assert not (server.home / "postgres.new").exists()


def test_a_disk_that_is_full_at_a_later_start(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "FIRST_START_BYTES", 0)
    server = EmbeddedServer(small_disk / "workspace", fsync=False)
    server.start()
    with psycopg.connect(server.dsn("marops_owner")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    fill(small_disk)
    error = refusal(server)
    assert error.code == "server.disk_full"
    assert error.kept == failures.DATA_KEPT
    (small_disk / "ballast").unlink()
    server.start()
    with psycopg.connect(server.dsn()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    program = "import resource, sys; from pathlib import Path; from marops.store.embedded import *\n"
    program += "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 22, 1 << 22))\n"
    program += "try: EmbeddedServer(Path(sys.argv[1]), fsync=False).start()\n"
    program += "except ServerError as error: print(error.code)"
    command = [sys.executable, "-c", program, str(tmp_path / "workspace")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "server.disk_full\n"


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    if os.geteuid() != 0:
        folder.mkdir(mode=0o500)
    elif not mounted(folder, "ro,size=1m"):
        pytest.skip("only root may mount a read-only disk")
    try:
        error = refusal(EmbeddedServer(folder / "workspace"))
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", str(folder)], check=True)
    assert error.code == "server.folder_not_writable"
    assert str(folder / "workspace") in error.what


def test_a_file_where_the_workspace_should_be(tmp_path: Path) -> None:
    (tmp_path / "workspace").write_text("mine")
    assert refusal(EmbeddedServer(tmp_path / "workspace")).code == "server.folder_not_writable"
    assert refusal(EmbeddedServer(tmp_path / "workspace" / "deeper")).code == "server.folder_not_writable"


def test_data_of_another_version(server: EmbeddedServer) -> None:
    server.data.mkdir(parents=True, mode=0o700)
    (server.data / "PG_VERSION").write_text("16\n")
    error = refusal(server)
    assert error.code == "server.other_version"
    assert "16" in error.what
    assert "18" in error.what


def test_a_folder_that_holds_something_else(server: EmbeddedServer) -> None:
    server.data.mkdir(parents=True)
    (server.data / "letters.txt").write_text("mine")
    assert refusal(server).code == "server.not_a_database"
    assert (server.data / "letters.txt").read_text() == "mine"


def test_a_damaged_database_shows_the_servers_last_words(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    (server.data / "global" / "pg_control").write_bytes(b"\0" * 8192)
    error = refusal(server)
    assert error.code == "server.did_not_start"
    assert "incompatible" in error.what


def test_permissions_that_a_restore_lost_are_put_right(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    server.data.chmod(0o777)
    server.start()
    assert server.data.stat().st_mode & 0o777 == 0o700


def test_data_of_another_user(server: EmbeddedServer) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give a folder away")
    server.start()
    server.stop()
    os.chown(server.data, 12345, 12345)
    error = refusal(server)
    assert error.code == "server.foreign_owner"
    assert "12345" in error.what
    assert server.data.stat().st_uid == 12345


def test_a_socket_that_another_program_has_taken(server: EmbeddedServer) -> None:
    server.socket_dir.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(server.socket_dir / sockets.SOCKET_NAME))
        other.listen()
        assert refusal(server).code == "server.socket_taken"
    server.start()
    assert server.running()


def test_a_folder_in_the_sockets_place(server: EmbeddedServer) -> None:
    server.socket_dir.mkdir(mode=0o700)
    (server.socket_dir / sockets.SOCKET_NAME).mkdir()
    place = server.socket_dir
    assert refusal(server).code == "server.socket_taken"
    shutil.rmtree(place)


@pytest.mark.parametrize("kind", ["open", "foreign", "link", "file"])
def test_a_socket_folder_that_is_not_safe(server: EmbeddedServer, tmp_path: Path, kind: str) -> None:
    place = server.socket_dir
    if kind == "link":
        (tmp_path / "target").mkdir(mode=0o700)
        place.symlink_to(tmp_path / "target")
    elif kind == "file":
        place.touch()
    else:
        place.mkdir(mode=0o700)
    if kind == "open":
        place.chmod(0o755)
    elif kind == "foreign":
        if os.geteuid() != 0:
            pytest.skip("only root may give a folder away")
        os.chown(place, 12345, 12345)
    try:
        error = refusal(server)
    finally:
        if kind in ("link", "file"):
            place.unlink()
        else:
            place.rmdir()
    assert error.code == "server.socket_folder_unsafe"
    assert str(place) in error.what
    assert not server.running()


@pytest.fixture
def runtime() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="marops-run-") as folder:
        yield Path(folder)


def test_a_private_runtime_folder_is_preferred(
    server: EmbeddedServer, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    server.start()
    assert server.socket_dir.parent == runtime
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert server.socket_dir.parent == runtime
    with psycopg.connect(server.dsn()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.stop()


def test_a_runtime_folder_that_is_open_or_too_long_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = tmp_path / ("r" * 90)
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert sockets.socket_folder(tmp_path, os.geteuid()).parent == sockets.SHORT_FOLDER
    (tmp_path / "open").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "open"))
    assert sockets.socket_folder(tmp_path, os.geteuid()).parent == sockets.SHORT_FOLDER


def test_a_server_that_does_not_come_up_in_time(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.start()
    server.stop()
    monkeypatch.setattr(embedded, "START_SECONDS", 0.3)
    monkeypatch.setattr(EmbeddedServer, "running", lambda self: False)
    error = refusal(server)
    assert error.code == "server.did_not_start"
    assert "ready to accept connections" in error.what
    monkeypatch.undo()
    assert read_postmaster(server.data) is None


def test_processes_of_a_server_that_cannot_be_reached(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.start()
    server.stop()
    monkeypatch.setattr(embedded, "START_SECONDS", 0.3)
    other = FileLock(server.home / "postgres.alive")
    assert other.try_take()
    assert refusal(server).code == "server.still_running"
    other.close()


def test_a_frozen_command_does_not_block_for_ever(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.home.mkdir()
    said: list[str] = []
    server._progress = said.append
    monkeypatch.setattr(embedded, "BUSY_SECONDS", 1.3)
    other = FileLock(server.home / "postgres.lock")
    assert other.try_take()
    assert refusal(server).code == "server.busy"
    other.close()
    assert said == ["Waiting for another command that starts or stops the database"]


def test_a_platform_without_binaries(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_package")
    error = refusal(server)
    assert error.code == "server.no_binaries"
    assert "MAROPS_DATABASE_URL" in error.remedy


def test_binaries_that_do_not_run_here(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "initdb").write_bytes(b"\x7fELF not for this machine")
    (tmp_path / "bin" / "initdb").chmod(0o755)
    monkeypatch.setattr(embedded, "binaries_for", lambda identity: binaries.Binaries(tmp_path))
    assert refusal(server).code == "server.no_binaries"


def test_a_frozen_server_is_ended_hard(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "STOP_SECONDS", 0.3)
    server.start()
    postmaster = read_postmaster(server.data)
    assert postmaster
    os.kill(postmaster.pid, signal.SIGSTOP)
    threading.Timer(0.6, os.kill, (postmaster.pid, signal.SIGCONT)).start()
    server.stop()
    assert not Path(f"/proc/{postmaster.pid}").exists() or not server.running()
    time.sleep(0.5)
    server.start()
    assert server.running()
