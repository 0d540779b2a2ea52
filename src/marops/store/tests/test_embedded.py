import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from marops.store import embedded
from marops.store.embedded import EmbeddedServer, throwaway_server, using_server
from marops.store.postgres import serverlog, settings
from marops.store.postgres.locks import held_alone
from marops.store.postgres.postmaster import read_postmaster


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "workspace"
    yield folder
    EmbeddedServer(folder).stop()


def quick(home: Path) -> EmbeddedServer:
    return EmbeddedServer(home, fsync=False)


def value(server: EmbeddedServer, query: str, role: str = "marops_app") -> object:
    with psycopg.connect(server.dsn(role)) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def pid_of(server: EmbeddedServer) -> int:
    postmaster = read_postmaster(server.data)
    assert postmaster
    return postmaster.pid


def wait_until(condition: object, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def command(home: Path, body: str) -> subprocess.Popen[str]:
    program = "from marops.store.embedded import *; from pathlib import Path; import sys, time\n"
    program += f"with using_server(Path({str(home)!r}), fsync=False) as server:\n    {body}"
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_first_start_makes_a_working_database(home: Path) -> None:
    said: list[str] = []
    server = EmbeddedServer(home, fsync=False, progress=said.append)
    started = time.monotonic()
    server.start()
    assert time.monotonic() - started < 10
    assert said == ["Creating the database", "Starting the database"]
    assert server.running()
    assert value(server, "SELECT lower('Ä') || upper('ß' || 'й')") == "äßЙ"
    shown = {name: value(server, f"SHOW {name}") for name in ("timezone", "jit", "data_checksums", "listen_addresses")}
    assert shown == {"timezone": "UTC", "jit": "off", "data_checksums": "on", "listen_addresses": ""}
    assert value(server, "SHOW wal_level") == "minimal"
    with psycopg.connect(server.url("marops_read")) as connection:
        assert connection.info.user == "marops_read"
    said.clear()
    EmbeddedServer(home, progress=said.append).start()
    assert said == []


def test_only_the_owner_reaches_the_socket(home: Path) -> None:
    server = quick(home)
    server.start()
    assert server.socket_dir.stat().st_mode & 0o777 == 0o700
    assert (server.socket_dir / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o700
    assert server.data.stat().st_mode & 0o777 == 0o700
    place = server.socket_dir
    server.stop()
    assert not place.exists()


def test_explain_says_how_it_runs(home: Path) -> None:
    server = quick(home)
    assert server.explain()["running"] is False
    with using_server(home, fsync=False) as server:
        told = server.explain()
        assert told["pid"] == pid_of(server)
        assert told["how"] == ("namespace" if os.geteuid() == 0 else "user")
        assert told["users"] == [os.getpid()]
        assert told["version"] == "18"
    server.stop()


@pytest.mark.parametrize("name", ["with space's “quotes” and ümläut", "l" * 120 + "/" + "o" * 120, "日本語"])
def test_any_path_works(tmp_path: Path, name: str) -> None:
    server = quick(tmp_path / name)
    server.start()
    try:
        assert value(server, "SELECT 1") == 1
    finally:
        server.stop()


def test_a_link_to_another_disk_works(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    server = quick(tmp_path / "link")
    server.start()
    assert quick(tmp_path / "elsewhere").running()
    server.stop()


def test_a_killed_server_is_started_again_with_its_data(home: Path) -> None:
    server = quick(home)
    server.start()
    with psycopg.connect(server.dsn("marops_owner")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(pid_of(server), signal.SIGKILL)
    server.start()
    assert value(server, "SELECT answer FROM kept") == 42


def test_a_pid_given_to_another_process_does_not_mislead(home: Path) -> None:
    server = quick(home)
    server.start()
    old = (server.data / "postmaster.pid").read_text()
    socket_lock = server.socket_dir / ".s.PGSQL.5432.lock"
    server.stop()
    (server.data / "postmaster.pid").write_text(old.replace(old.splitlines()[0], str(os.getpid()), 1))
    socket_lock.parent.mkdir(mode=0o700)
    socket_lock.write_text(old.replace(old.splitlines()[0], str(os.getpid()), 1))
    assert not server.running()
    server.start()
    assert server.running()
    assert pid_of(server) != os.getpid()


def test_a_server_outlives_its_killed_starter_and_is_found_again(home: Path) -> None:
    starter = command(home, "print(server.explain()['pid'], flush=True); time.sleep(60)")
    assert starter.stdout
    pid = int(starter.stdout.readline())
    starter.kill()
    starter.communicate()
    server = quick(home)
    assert server.running()
    with using_server(home) as found:
        assert pid_of(found) == pid
        assert found.explain()["users"] == [os.getpid()]


def test_two_commands_at_once_start_one_server(home: Path) -> None:
    commands = [command(home, "print(server.explain()['pid'])") for _ in range(4)]
    outputs = [process.communicate(timeout=60) for process in commands]
    assert [process.returncode for process in commands] == [0, 0, 0, 0], outputs
    assert len({out for out, _ in outputs}) == 1
    assert (home / "logs" / "postgres.log").read_text().count("ready to accept connections") == 1


@pytest.mark.slow
def test_the_last_one_stops_it_after_the_grace(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "GRACE_SECONDS", 1.0)
    with using_server(home, fsync=False) as server:
        with using_server(home):
            pass
        time.sleep(1.7)
        assert server.running()
    assert server.running()
    with using_server(home):
        pid = pid_of(server)
    assert pid_of(server) == pid
    assert wait_until(lambda: not server.running(), 10)
    log = server.log.read_text()
    assert log.count("ready to accept connections") == 1
    assert wait_until(lambda: "database system is shut down" in server.log.read_text())


def test_the_supervisor_stops_it_at_once_unless_others_use_it(home: Path) -> None:
    with using_server(home, keep=True, fsync=False) as server:
        pass
    assert not server.running()
    with using_server(home, fsync=False):
        with using_server(home, keep=True):
            pass
        assert server.running()


def test_a_moved_workspace_is_served_at_its_new_place(home: Path, tmp_path: Path) -> None:
    server = quick(home)
    server.start()
    pid = pid_of(server)
    home.rename(tmp_path / "moved")
    moved = quick(tmp_path / "moved")
    moved.start()
    assert moved.running()
    assert moved.socket_dir.exists()
    moved.stop()
    assert not Path(f"/proc/{pid}").exists() or moved.data.exists()


def test_a_copied_workspace_gets_a_server_of_its_own(home: Path, tmp_path: Path) -> None:
    server = quick(home)
    server.start()
    os.kill(pid_of(server), signal.SIGKILL)
    assert wait_until(lambda: not held_alone(home / "postgres.alive"))
    shutil.copytree(home, tmp_path / "copy")
    server.start()
    shutil.copy(server.data / "postmaster.pid", tmp_path / "copy" / "postgres" / "postmaster.pid")
    copy = quick(tmp_path / "copy")
    assert not copy.running()
    copy.start()
    assert pid_of(copy) != pid_of(server)
    copy.stop()
    assert server.running()


def test_a_deleted_workspace_can_be_made_anew_at_once(home: Path) -> None:
    server = quick(home)
    server.start()
    with psycopg.connect(server.dsn("marops_owner")) as connection:
        connection.execute("CREATE TABLE gone ()")
    shutil.rmtree(home)
    server.start()
    assert value(server, "SELECT to_regclass('gone') IS NULL") is True


def test_a_lost_socket_is_made_again(home: Path) -> None:
    server = quick(home)
    server.start()
    shutil.rmtree(server.socket_dir)
    assert not server.running()
    server.start()
    assert value(server, "SELECT 1") == 1


def test_an_interrupted_first_start_is_taken_up_again(home: Path) -> None:
    (home / "postgres.new" / "base").mkdir(parents=True)
    server = quick(home)
    server.start()
    (server.data / "marops.prepared").unlink()
    server.start()
    assert (server.data / "marops.prepared").exists()
    assert not (home / "postgres.new").exists()


def test_the_hosts_own_settings_count_but_never_open_the_server(home: Path) -> None:
    home.mkdir()
    (home / "postgres.conf").write_text("work_mem = '7MB'\nlisten_addresses = '*'\n")
    server = quick(home)
    server.start()
    assert value(server, "SHOW work_mem") == "7MB"
    assert value(server, "SHOW listen_addresses") == ""


def test_the_environments_variables_do_not_mislead(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE"):
        monkeypatch.setenv(name, "nonsense" if name != "PGPORT" else "1")
    server = quick(home)
    server.start()
    assert value(server, "SELECT current_user::text") == "marops_app"


def test_the_log_shows_no_values(home: Path) -> None:
    server = quick(home)
    server.start()
    with psycopg.connect(server.dsn("marops_owner"), autocommit=True) as connection:
        connection.execute("CREATE TABLE person (mail text PRIMARY KEY)")
        connection.execute("INSERT INTO person VALUES ('ada@example.com')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO person VALUES ('ada@example.com')")
    assert "duplicate key" in server.log.read_text()
    assert "ada@example.com" not in server.log.read_text()


def test_a_long_log_is_moved_aside_while_the_server_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = quick(home)
    server.start()
    for _ in range(5):
        serverlog.rotate(server.log, largest=0)
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection, pytest.raises(psycopg.Error):
            connection.execute("SELECT no_such_thing")
    assert "no_such_thing" in server.log.read_text()
    assert sorted(file.name for file in server.log.parent.iterdir()) == [
        "postgres.log",
        "postgres.log.1",
        "postgres.log.2",
        "postgres.log.3",
    ]


def test_settings_follow_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "memory_bytes", lambda: 512 * settings.MEGABYTE)
    assert settings.settings(tmp_path, fsync=True)["shared_buffers"] == "64MB"
    monkeypatch.setattr(settings, "memory_bytes", lambda: 64_000 * settings.MEGABYTE)
    assert settings.settings(tmp_path, fsync=True)["shared_buffers"] == "256MB"


def test_a_throwaway_server_leaves_nothing(tmp_path: Path) -> None:
    with throwaway_server(tmp_path) as server:
        assert value(server, "SHOW fsync") == "off"
        pid, place = pid_of(server), server.socket_dir
    assert not Path(f"/proc/{pid}").exists()
    assert not place.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_throwaway_server_dies_with_its_starter(tmp_path: Path) -> None:
    program = "from marops.store.embedded import *; from pathlib import Path; import time\n"
    program += f"with throwaway_server(Path({str(tmp_path)!r})) as server:\n"
    program += "    print(server.home, flush=True); time.sleep(60)"
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert starter.stdout
    server = quick(Path(starter.stdout.readline().strip()))
    place = server.socket_dir
    starter.kill()
    starter.communicate()
    assert wait_until(lambda: not held_alone(server.home / "postgres.alive"))
    place.rmdir()


def test_a_server_that_has_not_written_all_of_itself_yet_is_asked_where_it_will_be(home: Path) -> None:
    server = quick(home)
    server.start()
    there, file = server.socket_dir, server.data / "postmaster.pid"
    whole = file.read_bytes()
    try:
        file.write_bytes(b"\n".join(whole.split(b"\n")[:4]) + b"\n")  # as a starting server leaves it for a moment
        assert server.socket_dir == there
    finally:
        file.write_bytes(whole)
