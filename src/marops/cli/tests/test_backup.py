import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from marops.cli.tests.systemground import Done, Place
from marops.engine import backup, restore  # noqa: F401  # they declare their crash points
from marops.kernel import crash
from marops.store.archive import ArchiveWriter, opened_archive
from marops.store.duckdb import QueryEngine
from marops.store.embedded import EmbeddedServer, prepare_database, throwaway_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def _csv(path: Path, first: int, count: int) -> Path:
    rows = (
        f"Person{n},Number{n},person{n}@company{n % 50}.example,Company {n % 50}\n" for n in range(first, first + count)
    )
    path.write_text("First name,Last name,Email,Company\n" + "".join(rows))
    return path


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A workspace with leads, facts in inbox and lake, and files."""
    folder = tmp_path_factory.mktemp("backup")
    one = Place(folder / "marops-data")
    for number in range(2):
        assert one.run("import", "leads", str(_csv(folder / "leads.csv", number * 3000, 3000))).code == 0
        assert one.run("run", "--once").code == 0
    (one.home / "marops.toml").write_text('mail_from = "ops@northwind.example"\nmail_url = "smtp://a:secret@b"\n')
    yield one
    EmbeddedServer(one.home).stop()


@pytest.fixture(scope="module")
def made(full: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backups") / "everything.zip"
    done = full.run("backup", str(path), "--json")
    assert done.code == 0, done.err
    assert done.json["contacts"] == 6000
    assert done.json["lake_files"] > 0
    assert done.json["bytes"] == path.stat().st_size
    return path


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace with five leads that is not running, to be copied."""
    one = Place(tmp_path_factory.mktemp("few") / "marops-data")
    assert one.run("import", "leads", str(_csv(one.home.parent / "few.csv", 0, 5))).code == 0
    EmbeddedServer(one.home).stop()
    return one.home


@pytest.fixture(scope="module")
def restored(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Done]]:
    """A workspace that came out of the backup, its settings apart, and what the command said."""
    one = Place(tmp_path_factory.mktemp("restored") / "marops-data")
    one.home.mkdir()
    (one.home / "marops.toml").write_text("web_workers = 2\n")
    yield one, _restored(one, made)
    EmbeddedServer(one.home).stop()


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Place]:
    one = Place(tmp_path / "other" / "marops-data")
    one.home.parent.mkdir()
    yield one
    if (one.home / "postgres").exists():
        EmbeddedServer(one.home).stop()


def _restored(place: Place, path: Path, *more: str, **environment: str) -> Done:
    return place.run("restore", str(path), "--into", str(place.home), *more, "--json", **environment)


def _sql(place: Place, query: str) -> list[tuple[object, ...]]:
    EmbeddedServer(place.home, fsync=False).start()
    return place.sql(query)


def _totals(place: Place) -> dict[str, object]:
    """Leads, facts by kind, and facts by number of times they are seen."""
    server = EmbeddedServer(place.home)
    server.start()
    engine = QueryEngine.open(server.dsn(), place.home / "lake", mode="engine", temp_dir=place.home / "tmp")
    try:
        kinds = engine.rows("SELECT kind, count(*) AS n, count(DISTINCT id) AS ids FROM facts GROUP BY kind ORDER BY 1")
        return {"leads": _sql(place, "SELECT count(*) FROM contact")[0][0], "facts": kinds}
    finally:
        engine.close()


def test_a_backup_is_restored_elsewhere_and_is_the_same(full: Place, restored: tuple[Place, Done]):
    target, done = restored
    assert done.code == 0, done.err
    told = done.json
    assert told["same"]
    assert told["differs"] == []
    by_name = {line["table"]: line for line in told["tables"]}
    assert by_name["public.contact"]["restored"]["rows"] == 6000
    assert _totals(target) == _totals(full)
    assert {path.name for path in (target.home / "lake").rglob("*.parquet")} == {
        path.name for path in (full.home / "lake").rglob("*.parquet")
    }
    assert len(list((target.home / "files").glob("*/*"))) == 2
    assert target.run("doctor").code == 0
    assert target.run("audit", "verify").code == 0
    assert target.run("run", "--once").code == 0
    assert (target.home / "secret.key").read_text() == (full.home / "secret.key").read_text()
    assert _sql(target, "SELECT state, count(*) FROM job WHERE kind = 'backup.make' GROUP BY 1") == [("stopped", 1)]


def test_rights_of_the_roles_are_as_they_were(full: Place, restored: tuple[Place, Done]):
    query = (
        "SELECT c.relname, r.rolname, p.privilege, has_table_privilege(r.rolname, c.oid, p.privilege)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,"
        " (VALUES ('marops_app'), ('marops_read')) r (rolname),"
        " (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) p (privilege)"
        " WHERE n.nspname IN ('public', 'lake') AND c.relkind IN ('r', 'v') ORDER BY 1, 2, 3"
    )
    assert _sql(restored[0], query) == _sql(full, query)


def test_settings_come_with_it_and_passwords_of_others_do_not(made: Path, restored: tuple[Place, Done]):
    with opened_archive(made) as archive:
        assert b"".join(archive.read("marops.toml")) == b'mail_from = "ops@northwind.example"\n'
    assert (restored[0].home / "marops.toml").read_text() == "web_workers = 2\n"


def test_a_workspace_that_is_not_empty_is_replaced_only_by_force(few: Path, made: Path, target: Place):
    shutil.copytree(few, target.home)
    refused = _restored(target, made)
    assert refused.code == 2
    assert refused.json["type"].endswith("/workspace-not-empty")
    done = _restored(target, made, "--force", "--keep-old")
    assert done.code == 0, done.err
    assert _totals(target)["leads"] == 6000
    assert {path.name for path in (target.home / "before-restore").iterdir()} >= {"postgres", "lake", "files"}
    assert not (target.home / "restoring").exists()


def test_a_workspace_that_is_up_is_left_alone(few: Path, made: Path, target: Place):
    shutil.copytree(few, target.home)
    running = target.up()
    try:
        assert running.ready(), running.said
        refused = _restored(target, made, "--force")
        assert refused.code == 2
        assert refused.json["type"].endswith("/workspace-in-use")
        assert target.healthy()
    finally:
        running.stop()


def test_a_changed_byte_is_refused_with_what_is_broken(made: Path, target: Place, tmp_path: Path):
    broken = tmp_path / "broken.zip"
    content = bytearray(made.read_bytes())
    with opened_archive(made) as archive:
        place = archive._zip.getinfo("database/public.dump").header_offset + 5000
    content[place] ^= 1
    broken.write_bytes(content)
    for done in (_restored(target, broken), target.run("backup", "verify", str(broken), "--json")):
        assert done.code == 2
        assert done.json["type"].endswith("/backup-broken")
        assert "database/public.dump" in done.json["detail"]
    assert not (target.home / "postgres").exists()
    assert target.run("backup", "verify", str(made)).code == 0


def _changed(made: Path, path: Path, **changes: object) -> Path:
    with opened_archive(made) as archive, ArchiveWriter(path) as other:
        for name in archive.members:
            list(other.add(name, archive.read(name)))
        other.finish({name: value for name, value in archive.manifest.items() if name != "members"} | changes)
    return path


@pytest.mark.parametrize("change", [{"format": 2}, {"migrations": [["kernel", "9999_from_the_future"]]}])
def test_a_newer_backup_is_refused(made: Path, target: Place, tmp_path: Path, change: dict[str, object]):
    newer = _changed(made, tmp_path / "newer.zip", version="99.0", **change)
    refused = _restored(target, newer)
    assert refused.code == 2
    assert refused.json["type"].endswith("/backup-newer")
    assert "99.0" in refused.json["detail"]
    assert not (target.home / "postgres").exists()
    assert not (target.home / "restore.json").exists()


_OLDER = """
import os, sys, django
from pathlib import Path
from django.core.management import call_command
django.setup()
from marops.engine import backup
from marops.kernel.config import config
from marops.store.embedded import using_server
with using_server(config().home, fsync=False):
    call_command("migrate", "kernel", "0003", database="owner", verbosity=0)
    list(backup.make(config(), Path(sys.argv[1])))
    call_command("migrate", database="owner", verbosity=0)
"""


def test_an_older_backup_is_brought_to_this_version(full: Place, target: Place, tmp_path: Path):
    older = tmp_path / "older.zip"
    environment = full.environment(DJANGO_SETTINGS_MODULE="marops.site.settings")
    subprocess.run([sys.executable, "-c", _OLDER, str(older)], env=environment, check=True)
    with opened_archive(older) as archive:
        assert "public.erased_value" not in archive.manifest["tables"]
    done = _restored(target, older)
    assert done.code == 0, done.err
    assert target.run("doctor").code == 0
    assert _sql(target, "SELECT count(*) FROM erased_value") == [(0,)]


def test_whoever_was_erased_since_is_erased_again(full: Place, target: Place, tmp_path: Path):
    path = tmp_path / "before.zip"
    assert full.run("backup", str(path)).code == 0
    ((ident,),) = _sql(full, "SELECT id FROM contact WHERE email = 'person17@company17.example'")
    erase = (
        "import django; django.setup()\n"
        "from marops.engine.session import opened\n"
        "with opened():\n"
        "    from marops.domains.consent.public import start_erasing\n"
        "    from marops.kernel.actors import SETUP\n"
        "    from marops.kernel.jobs import run_here\n"
        f"    run_here(start_erasing([__import__('uuid').UUID('{ident}')], actor=SETUP, here=True).id)\n"
    )
    environment = full.environment(DJANGO_SETTINGS_MODULE="marops.site.settings")
    subprocess.run([sys.executable, "-c", erase], env=environment, check=True)
    log = full.home / "erasures.log"
    assert str(ident) in log.read_text()
    assert "person17@" not in log.read_text()
    done = _restored(target, path, "--erasures", str(log))
    assert done.code == 0, done.err
    assert done.json["erased_again"] == 1
    assert _sql(target, "SELECT count(*) FROM contact WHERE email = 'person17@company17.example'") == [(0,)]
    assert _sql(target, "SELECT count(*) FROM contact") == [(5999,)]
    assert str(ident) in (target.home / "erasures.log").read_text()
    assert _sql(target, "SELECT count(*) FROM erased_value") == [(1,)]
    # In the same folder the log is found by itself, and so it is beside the backup.
    shutil.copyfile(log, path.parent / "erasures.log")
    again = _restored(target, path, "--force")
    assert again.json["erased_again"] == 1
    assert not again.json["warnings"]
    (path.parent / "erasures.log").write_text("nonsense\n")
    assert _restored(target, path, "--force").json["type"].endswith("/erasures-log-unreadable")
    # What comes with the address later is known again.
    assert target.run("import", "leads", str(_csv(tmp_path / "again.csv", 17, 1))).code == 0
    assert _sql(target, "SELECT state FROM consent_state WHERE channel = 'email'") == [("unsubscribed",)]


def test_without_a_log_the_restore_says_so(restored: tuple[Place, Done]):
    assert any("erasures.log" in warning for warning in restored[1].json["warnings"])


def test_a_backup_while_everybody_writes_is_one_moment(tmp_path: Path, target: Place):
    place = Place(tmp_path / "busy" / "marops-data")
    running = place.up()
    try:
        assert running.ready(), running.said
        stop = threading.Event()
        bad: list[Done] = []

        def bring() -> None:
            for number in range(100):
                if stop.is_set():
                    return
                path = _csv(tmp_path / f"busy-{number}.csv", number * 400, 400)
                done = place.run("import", "leads", str(path))
                bad.extend([done] if done.code else [])

        writer = threading.Thread(target=bring)
        writer.start()
        paths = [tmp_path / f"moment-{number}.zip" for number in range(2)]
        for path in paths:
            done = place.run("backup", str(path), "--json")
            assert done.code == 0, done.err
        stop.set()
        writer.join()
        assert not bad
    finally:
        running.stop()
        EmbeddedServer(place.home).stop()
    for path in paths:
        done = _restored(target, path, "--force")
        assert done.code == 0, done.err
        totals = _totals(target)
        assert all(line["n"] == line["ids"] for line in totals["facts"])  # type: ignore[attr-defined]
        # A lead and the fact of its creation are written in one transaction, so they are counted alike at any moment.
        created = {line["kind"]: line["n"] for line in totals["facts"]}.get("lead.created", 0)  # type: ignore[attr-defined]
        assert created == totals["leads"]


@pytest.mark.parametrize("point", crash.points("backup."))
def test_a_killed_backup_leaves_no_half_file_and_no_second_names(full: Place, tmp_path: Path, point: str):
    path = tmp_path / "one.zip"
    assert full.run("backup", str(path), MAROPS_CRASH=point).code == -signal.SIGKILL
    if point != "backup.after_finish":
        assert not path.exists()
    else:
        assert full.run("backup", "verify", str(path)).code == 0
        path.unlink()
    assert full.run("backup", str(path)).code == 0
    assert full.run("backup", "verify", str(path)).code == 0
    assert not list((full.home / "tmp").glob("backup-*"))
    assert [one.name for one in tmp_path.iterdir()] == ["one.zip"]


# Into a workspace that holds something at every point; into an empty one where the two differ: first and last.
RESTORES = [(point, False) for point in crash.points("restore.")]
RESTORES += [(point, True) for point in (crash.points("restore.")[0], crash.points("restore.")[-1])]


@pytest.mark.parametrize(("point", "empty"), RESTORES)
def test_a_killed_restore_leaves_the_old_or_the_new(few: Path, made: Path, target: Place, point: str, *, empty: bool):
    if not empty:
        shutil.copytree(few, target.home)
    assert _restored(target, made, "--force", MAROPS_CRASH=point).code == -signal.SIGKILL
    complete = point in ("restore.in_swap", "restore.after_swap")
    told = target.run("doctor", "--json").json
    (line,) = [check for check in told["checks"] if check["name"] == "restore"] or [{"ok": True}]
    if complete:
        # The next command has put the rest in its place; here that was doctor.
        assert _totals(target)["leads"] == 6000
    else:
        assert not line["ok"]
        refused = target.run("leads", "--json")
        assert (refused.code == 2) == empty, refused.err
        if not empty:
            assert _totals(target)["leads"] == 5
            EmbeddedServer(target.home).stop()
    done = _restored(target, made, "--force")
    assert done.code == 0, done.err
    assert done.json["same"]
    assert not (target.home / "restoring").exists()
    assert target.run("doctor").code == 0


def test_a_database_given_by_url_is_filled_when_empty_and_never_overwritten(full: Place, made: Path, target: Place):
    with throwaway_server() as server:
        prepare_database(server.dsn("postgres", "postgres"), "elsewhere")
        url = {"MAROPS_DATABASE_URL": server.url("postgres", "elsewhere")}
        assert _restored(target, made, MAROPS_CRASH="restore.after_tables", **url).code == -signal.SIGKILL
        assert target.run("leads", "--json", **url).json["type"].endswith("/restore-unfinished")
        done = _restored(target, made, "--force", **url)
        assert done.code == 0, done.err
        assert done.json["same"]
        with psycopg.connect(server.dsn("postgres", "elsewhere")) as connection:
            assert connection.execute("SELECT count(*) FROM contact").fetchone() == (6000,)
        assert target.run("doctor", **url).code == 0
        refused = _restored(target, made, "--force", **url)
        assert refused.json["type"].endswith("/database-not-empty")
        # And back from there.
        path = target.home.parent / "back.zip"
        assert target.run("backup", str(path), **url).code == 0
    home = Place(target.home.parent / "home" / "marops-data")
    try:
        assert _restored(home, path).json["same"]
        assert home.run("doctor").code == 0
        assert home.run("run", "--once").code == 0
    finally:
        EmbeddedServer(home.home).stop()


def test_compare_restores_elsewhere_and_leaves_nothing(full: Place, made: Path):
    done = full.run("backup", "compare", str(made), "--json")
    assert done.code == 0, done.err
    assert done.json["same"]
    assert not list((full.home / "tmp").glob("restore-test-*"))


def test_a_file_that_is_there_is_not_overwritten(full: Place, made: Path):
    before = made.stat().st_size
    refused = full.run("backup", str(made), "--json")
    assert refused.code == 2
    assert refused.json["type"].endswith("/backup-target-taken")
    assert made.stat().st_size == before
    assert full.run("backup", "/proc/no/such/folder.zip").code == 2
    assert full.run("restore", "/no/such/file.zip").code == 2


def test_backups_of_the_folder_are_listed_with_their_tests(full: Place, made: Path):
    folder = full.home / "backups"
    folder.mkdir(exist_ok=True)
    shutil.copyfile(made, folder / "one.zip")
    (folder / "broken.zip").write_bytes(b"PK")
    assert full.run("backup", "compare", str(folder / "one.zip")).code == 0
    listed = {line["name"]: line for line in json.loads(full.run("backup", "list", "--json").out)["items"]}
    assert listed["one.zip"]["tested"] == "same"
    assert listed["one.zip"]["contacts"] == 6000
    assert listed["broken.zip"]["broken"]
    shutil.rmtree(folder)
    assert made.exists()
