"""Backup and restore: `uv run python benchmarks/backup.py [--leads 600000 --facts 6000000]`.

Makes a workspace of made-up leads and facts, backs it up, verifies and restores it elsewhere, each as people do, by the
command. Prints seconds and memory, and the ratio to what nothing can beat: pg_dump of the same database with the same
compression, and a copy of the lake's files.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_LEADS = """
INSERT INTO contact (id, number, given_name, family_name, full_name, email, company_name, job_title, country, source,
  custom, originals, provenance, search_text, created_at, updated_at)
SELECT gen_random_uuid(), n, 'Given' || n, 'Family' || n %% 7919, 'Given' || n || ' Family' || n %% 7919,
  'p' || n || '@c' || n %% 30000 || '.example', 'Company ' || n %% 30000, 'Head of ' || n %% 97, 'DE', 'web',
  jsonb_build_object('tier', n %% 5, 'note', md5(n::text)), '{}', '{}', 'given family', %(at)s, %(at)s
FROM generate_series(1, %(leads)s) n
"""
_FACTS = """
SELECT uuidv7() AS id, 'page.viewed' AS kind, TIMESTAMPTZ '2026-01-01' + to_days((hash(r) % 300)::INT) AS occurred_at,
  TIMESTAMPTZ '2026-01-01' AS recorded_at, uuid() AS contact_id, 'system' AS actor_type, 'x' AS actor_id,
  json_object('url', md5(r::VARCHAR) || md5((r * 7)::VARCHAR), 'title', md5((r * 3)::VARCHAR)) AS properties
FROM range({facts}) t(r)
"""


def main() -> None:
    """Fill, back up, verify, restore, print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--leads", type=int, default=600_000)
    given.add_argument("--facts", type=int, default=6_000_000)
    options = given.parse_args()
    place = Path(tempfile.mkdtemp(prefix="marops-backup-"))
    os.environ |= {"MAROPS_HOME": str(place / "data"), "DJANGO_SETTINGS_MODULE": "marops.site.settings"}
    try:
        size, plain = fill(place, options.leads, options.facts)
        print(
            f"{options.leads:,} leads, {options.facts:,} facts, {size / 1e9:.2f} GB on disk; plain copy {plain:.1f} s"
        )
        file = place / "everything.zip"
        for name, limit, arguments in (
            ("backup", 60, ["backup", str(file)]),
            ("verify", 20, ["backup", "verify", str(file)]),
            ("restore", 180, ["restore", str(file), "--into", str(place / "other")]),
        ):
            told(name, limit, plain, arguments)
        print(f"{'size of the backup':<12} {file.stat().st_size / 1e9:10.2f} GB")
    finally:
        stop(place / "data", place / "other")
        shutil.rmtree(place, ignore_errors=True)


def fill(place: Path, leads: int, facts: int) -> tuple[int, float]:
    """The workspace; answers its size and the seconds of a plain copy."""
    from marops.engine.session import opened

    with opened() as session:
        import psycopg

        from marops.kernel.clock import now
        from marops.store.address import dsn
        from marops.store.lake import lake_writer
        from marops.store.postgres.binaries import find_binaries

        owner = dsn(session.config.home, "", role="postgres")
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(_LEADS, {"at": now(), "leads": leads})
            connection.execute(
                "INSERT INTO contact_identity (contact_id, kind, system, value, created_at)"
                " SELECT id, 'email', '', email, created_at FROM contact"
            )
        with lake_writer(session.dsn, session.lake, temp_dir=session.temp, wait=60) as writer:
            writer.bulk_load(_FACTS.format(facts=facts))
        began = time.monotonic()
        dump = [find_binaries().program("pg_dump"), f"--dbname={owner}", "-Fc", "--compress=gzip:1"]
        subprocess.run([*dump, f"--file={place / 'plain.dump'}"], check=True)
        shutil.copytree(session.lake, place / "plain.lake")
        plain = time.monotonic() - began
    size = sum(path.stat().st_size for path in (place / "data").rglob("*") if path.is_file())
    shutil.rmtree(place / "plain.lake")
    (place / "plain.dump").unlink()
    return size, plain


def told(name: str, limit: float, plain: float, arguments: list[str]) -> None:
    """Run the command, print its seconds, its memory and the ratio."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "marops", *arguments], stdout=subprocess.DEVNULL)
    memory = 0.0
    while process.poll() is None:
        memory = max(memory, highest(process.pid))
        time.sleep(0.02)
    took = time.monotonic() - began
    verdict = "" if process.returncode == 0 and took <= limit else "  MISSED"
    print(
        f"{name:<12} {took:10.1f} s  limit {limit:4.0f} s  {memory:6.0f} MB  {took / plain:5.2f} x plain copy{verdict}"
    )


def highest(pid: int) -> float:
    """The most memory that a process has had so far, in MB."""
    try:
        line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0.0
    return int(line.split()[1]) * 1024 / 1e6


def stop(*homes: Path) -> None:
    """End the servers of these workspaces."""
    from marops.store.embedded import EmbeddedServer

    for home in homes:
        if (home / "postgres").exists():
            EmbeddedServer(home).stop()


if __name__ == "__main__":
    main()
