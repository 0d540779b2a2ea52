import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import marops
from marops.store.embedded import EmbeddedServer, ServerError
from marops.store.postgres import binaries, identity

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")

PROGRAM = """
import json, sys
from pathlib import Path
import psycopg
from marops.store.embedded import EmbeddedServer, ServerError
server = EmbeddedServer(Path(sys.argv[1]), fsync=False)
try:
    server.start()
except ServerError as error:
    print(json.dumps({"code": error.code}))
else:
    with psycopg.connect(server.dsn()) as connection:
        told = server.explain() | {"answer": connection.execute("SELECT 42").fetchone()[0]}
    server.stop()
    print(json.dumps(told))
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="marops-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def public_python() -> str | None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for program in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin")):
        if program and all(place.stat().st_mode & stat.S_IXOTH for place in Path(program).resolve().parents):
            return program
    return None


def as_user(uid: int, home: Path, *, owned: bool = True, **variables: str) -> dict[str, object]:
    python = public_python()
    paths = [Path(marops.__file__).parents[1], Path(psycopg.__file__).parents[1]]
    if python is None or not all(place.stat().st_mode & stat.S_IXOTH for path in paths for place in path.parents):
        pytest.skip("no other user may read this Python or this source")
    if owned:
        home.mkdir(exist_ok=True)
        os.chown(home, uid, uid)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(map(str, paths)), **variables}
    process = subprocess.run(
        [python, "-B", "-c", PROGRAM, str(home)],
        user=uid,
        group=uid,
        extra_groups=[],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    told: dict[str, object] = json.loads(process.stdout)
    return told


def test_an_ordinary_user(open_folder: Path) -> None:
    uid = pwd.getpwnam("nobody").pw_uid
    told = as_user(uid, open_folder / "home")
    assert told["answer"] == 42
    assert told["how"] == "user"
    assert (open_folder / "home" / "postgres").stat().st_uid == uid


def test_a_user_without_a_name(open_folder: Path) -> None:
    told = as_user(12345, open_folder / "home")
    assert told["answer"] == 42
    assert told["how"] == "namespace"
    assert (open_folder / "home" / "postgres").stat().st_uid == 12345


def test_a_user_without_a_name_where_namespaces_are_forbidden(open_folder: Path) -> None:
    assert as_user(12345, open_folder / "home", MAROPS_NO_USERNS="1") == {"code": "server.nameless_user"}


def test_a_user_who_may_not_write(open_folder: Path) -> None:
    (open_folder / "home").mkdir()
    told = as_user(12345, open_folder / "home" / "deeper", owned=False)
    assert told == {"code": "server.folder_not_writable"}


def test_a_user_in_the_workspace_of_another(open_folder: Path) -> None:
    assert as_user(12345, open_folder / "home")["answer"] == 42
    nobody = pwd.getpwnam("nobody").pw_uid
    for folder in (open_folder / "home", open_folder / "home" / "logs"):
        folder.chmod(0o777)
    for file in [*(open_folder / "home").glob("postgres.*"), open_folder / "home" / "logs" / "postgres.log"]:
        file.chmod(0o666)
    assert as_user(nobody, open_folder / "home", owned=False) == {"code": "server.foreign_owner"}
    assert as_user(12345, open_folder / "home", owned=False)["answer"] == 42


def test_roots_files_stay_roots_inside_a_closed_folder(open_folder: Path) -> None:
    open_folder.chmod(0o700)
    server = EmbeddedServer(open_folder / "home", fsync=False)
    server.start()
    try:
        assert server.explain()["how"] == "namespace"
        owners = {Path(place, name).stat().st_uid for place, _, names in os.walk(open_folder) for name in names}
        assert owners == {0}
        assert stat.S_IMODE(open_folder.stat().st_mode) == 0o700
    finally:
        server.stop()


@pytest.fixture
def no_namespaces(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(identity.NO_NAMESPACES, "1")
    monkeypatch.setattr(identity, "SYSTEM_ACCOUNT", "nobody")
    monkeypatch.setattr(binaries, "SYSTEM_FOLDER", open_folder / "system")
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    return closed / "home with späce"


def answer(server: EmbeddedServer) -> object:
    with psycopg.connect(server.dsn()) as connection:
        return connection.execute("SELECT 42").fetchone()


def test_a_system_user_where_namespaces_are_forbidden(no_namespaces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_reachable", lambda program: False)
    server = EmbeddedServer(no_namespaces, fsync=False)
    server.start()
    try:
        told = server.explain()
        assert (told["how"], told["user"]) == ("system-user", "nobody")
        assert "system user" in str(told["because"])
        assert answer(server) == (42,)
        assert len(list(binaries.SYSTEM_FOLDER.iterdir())) == 1
        server.stop()
        monkeypatch.delenv(identity.NO_NAMESPACES)
        server.start()
        assert server.explain()["how"] == "system-user"
        assert answer(server) == (42,)
    finally:
        server.stop()


def test_a_workspace_moves_from_namespace_to_system_user(no_namespaces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as allowed:
        allowed.delenv(identity.NO_NAMESPACES)
        server = EmbeddedServer(no_namespaces, fsync=False)
        server.start()
        with psycopg.connect(server.dsn("marops_owner")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        server.stop()
    server.start()
    try:
        assert server.explain()["how"] == "system-user"
        with psycopg.connect(server.dsn()) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    finally:
        server.stop()


def test_root_without_namespace_and_without_a_system_user(no_namespaces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "SYSTEM_ACCOUNT", "no-such-account")
    monkeypatch.setattr(identity, "_create_account", lambda: None)
    with pytest.raises(ServerError) as caught:
        EmbeddedServer(no_namespaces).start()
    assert caught.value.code == "server.root_refused"
    assert "ordinary user" in caught.value.remedy
