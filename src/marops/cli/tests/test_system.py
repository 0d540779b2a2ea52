import errno
import socket
from pathlib import Path

import pytest

from marops.cli import system
from marops.cli.tests.systemground import Place, free_port
from marops.engine import session
from marops.engine.supervisor import only_one
from marops.kernel.errors import MaropsError


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "marops-data")


def test_an_unreachable_server_is_told_as_a_problem_with_what_to_do(place: Place):
    done = place.run("run", "--once", "--json", MAROPS_DATABASE_URL=f"postgresql://me:secret@127.0.0.1:{free_port()}/m")
    assert done.code == 2
    assert done.json["type"].endswith("/database-unreachable")
    assert "MAROPS_DATABASE_URL" in done.json["remedy"]
    assert "untouched" in done.json["remedy"]
    assert "secret" not in done.out + done.err
    assert "PostgreSQL cannot be reached" in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_a_server_that_never_answers_is_given_up_soon(place: Place, monkeypatch: pytest.MonkeyPatch):
    assert "connect_timeout=10" in session._impatient("host=10.255.255.1 dbname=m")
    assert session._impatient("host=x connect_timeout=3") == "host=x connect_timeout=3"
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/m?connect_timeout=2"
        done = place.run("audit", "verify", timeout=30, MAROPS_DATABASE_URL=url)
    assert done.code == 2
    assert "cannot be reached" in done.err


def test_a_folder_that_cannot_be_used_is_told_with_what_to_do(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    done = Place(tmp_path / "file" / "data").run("run", "--once", "--json")
    assert done.code == 2
    assert done.json["type"].endswith("/home-unusable")
    assert "--home" in done.json["remedy"]
    up = Place(tmp_path / "file" / "data").run("up")
    assert up.code == 2
    assert "--home" in up.err
    assert "Traceback" not in up.err


def test_a_full_disk_is_told_with_what_was_kept_and_what_to_do(place: Place):
    done = place.run("run", "--once", "--json", limit=1024 * 1024)
    assert done.code == 2
    assert done.json["type"].endswith("/server-failed")
    assert "is full" in done.json["detail"]
    assert done.json["kept"] == "Nothing was written."
    assert "Free some space" in done.json["remedy"]
    assert "Traceback" not in done.err


def test_doctor_answers_even_when_nothing_can_be_opened(place: Place):
    done = place.run("doctor", "--json", MAROPS_DATABASE_URL=f"postgresql://127.0.0.1:{free_port()}/m")
    assert done.code == 1
    assert done.json["healthy"] is False
    assert [check["name"] for check in done.json["checks"] if not check["ok"]] == ["database"]


def test_an_old_postgresql_is_refused():
    class Info:
        server_version = 140_011

        def parameter_status(self, name: str) -> str:
            return "14.11 (Debian)"

    class Old:
        info = Info()

    with pytest.raises(MaropsError, match=r"version 14\.11 \(Debian\); Marops needs 15 or newer") as caught:
        session._refuse_old(Old())
    assert caught.value.code == "database-too-old"


@pytest.mark.parametrize(("sqlstate", "code"), [("53100", "database-full"), ("42501", "database-rights")])
def test_what_the_server_refuses_is_told_in_words(sqlstate: str, code: str):
    from django.db.utils import OperationalError
    from psycopg.errors import lookup

    refused = OperationalError()
    refused.__cause__ = lookup(sqlstate)("could not extend file")
    with pytest.raises(MaropsError) as caught, session.in_words(session.config()):
        raise refused
    assert caught.value.code == code


def test_a_full_disk_under_a_command_is_told_in_words(tmp_path: Path):
    with pytest.raises(MaropsError, match=r"rejects\.csv was broken off") as caught, session.in_words(session.config()):
        raise OSError(errno.ENOSPC, "No space left on device", "rejects.csv")
    assert caught.value.code == "disk-full"


def test_other_faults_stay_what_they_are():
    with pytest.raises(FileNotFoundError), session.in_words(session.config()):
        raise FileNotFoundError(errno.ENOENT, "x")


def test_one_supervisor_to_a_folder(tmp_path: Path):
    with only_one(tmp_path, "http://here:8000") as in_order:
        assert in_order
        with pytest.raises(MaropsError, match="at http://here:8000"), only_one(tmp_path, "http://there"):
            pass
    with only_one(tmp_path, "http://here:8000") as in_order:
        assert in_order


def test_one_that_was_killed_is_noticed(tmp_path: Path):
    (tmp_path / "up.lock").write_text('{"pid": 1}')
    with only_one(tmp_path, "http://here:8000") as in_order:
        assert not in_order


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_taken_port_is_refused(host: str):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(MaropsError, match="another program listens there"):
            system._refuse_taken_port(host, port, patience=0)
    system._refuse_taken_port(host, port, patience=0)


def test_an_address_that_is_not_ours_is_refused():
    with pytest.raises(MaropsError, match=r"192\.0\.2\.1, port 8000: Cannot assign requested address"):
        system._refuse_taken_port("192.0.2.1", 8000, patience=5)
