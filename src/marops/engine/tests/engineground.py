"""Engines in processes of their own, over stages that leave marks, so that what a kill did can be counted."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from tests.nursery import Born, start

from marops.engine import tick
from marops.engine.asking import query_engine
from marops.engine.loop import Engine
from marops.engine.tick import Run, Stage, Told
from marops.kernel import facts, ports
from marops.kernel.actions import Act, action
from marops.kernel.actors import ENGINE, Actor
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.ids import new_id
from marops.store.address import dsn

STAGES = ("mark_one", "mark_two")

TABLES = """
CREATE TABLE IF NOT EXISTS mark (contact_id uuid, stage text, value int, PRIMARY KEY (contact_id, stage));
CREATE TABLE IF NOT EXISTS visit (contact_id uuid, stage text, tick uuid);
CREATE TABLE IF NOT EXISTS poison (contact_id uuid, stage text);
"""


class Indigestible(Exception):
    pass


@action("test.mark", effect="test")
def mark(act: Act, *, actor: Actor, run: Run, stage: str) -> int:
    """What a stage does: write only what differs, with a fact for each change; and leave a trace of having been run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO visit SELECT DISTINCT contact_id, %s, tick FROM touched WHERE tick = %s", [stage, run.tick]
        )
        cursor.execute("SELECT FROM poison WHERE stage = %s AND contact_id IN"
                       " (SELECT contact_id FROM touched WHERE tick = %s)", [stage, run.tick])  # fmt: skip
        if cursor.rowcount:
            raise Indigestible
        cursor.execute(
            "INSERT INTO mark SELECT DISTINCT contact_id, %s, 1 FROM touched WHERE tick = %s"
            " ON CONFLICT DO NOTHING RETURNING contact_id",
            [stage, run.tick],
        )
        for (contact_id,) in cursor.fetchall():
            act.fact("test.marked", contact_id=contact_id, properties={"stage": stage}, touch=False)
    return 1


def stage(name: str) -> Stage:
    return Stage(name, name.replace("_", " ").title(), lambda run: mark(actor=ENGINE, run=run, stage=name))


@contextmanager
def only_these(*stages: Stage) -> Iterator[None]:
    """Let the engine run these stages alone."""
    kept, ports.stages._fillers = ports.stages._fillers, {}
    for number, one in enumerate(stages):
        ports.stages.fill(one.name, one, order=number)
    try:
        yield
    finally:
        ports.stages._fillers = kept


@dataclass(frozen=True)
class Ground:
    """The tests' database, the engine on it, and what its stages have left there."""

    server: str

    def engine(self) -> Engine:
        found = config()
        engine = Engine(dsn(found.home, found.database_url, role="marops_app"), Path(found.lake), found.home / "tmp")
        engine._query = query_engine()
        return engine

    def drain(self) -> Told:
        """All that is due through all stages, and nothing else of what an engine does."""
        told = Told()
        while tick.turn(query_engine(), now(), told):
            pass
        return told

    def touch(self, count: int) -> list[UUID]:
        ids = [new_id() for _ in range(count)]
        facts.touch(ids, now() - timedelta(seconds=1))
        return ids

    def poison(self, *ids: UUID, stage: str = STAGES[0]) -> None:
        self.sql("INSERT INTO poison SELECT unnest(%s::uuid[]), %s", [list(ids), stage])

    def sql(self, query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.server, autocommit=True) as other:
            done = other.execute(query.encode(), params)
            return done.fetchall() if done.description else []

    def marks(self) -> Counter[tuple[UUID, str]]:
        return Counter(self.sql("SELECT contact_id, stage FROM mark"))

    def visits(self) -> Counter[tuple[UUID, str]]:
        return Counter(self.sql("SELECT contact_id, stage FROM visit"))

    def facts(self, ids: Sequence[UUID]) -> Counter[tuple[UUID, str]]:
        """The facts about these contacts that a reader sees, from inbox and lake together."""
        wanted = ", ".join(f"'{one}'" for one in ids)
        rows = query_engine().rows(f"SELECT contact_id, properties FROM facts WHERE contact_id IN ({wanted})")
        return Counter((row["contact_id"], row["properties"]["stage"]) for row in rows)

    def whole(self, ids: Sequence[UUID]) -> bool:
        """Has each contact gone through each stage, with one effect and one fact, and is nothing left to do?"""
        each = Counter({(one, stage): 1 for one in ids for stage in STAGES})
        assert self.marks() == each
        assert self.facts(ids) == each
        assert self.sql("SELECT count(*) FROM touched") == [(0,)]
        assert self.sql("SELECT count(*) FROM tick") == [(0,)]
        return True


_PROGRAM = """
import json, sys
from datetime import timedelta
from marops.engine import loop, tick
from marops.engine.tests import engineground as ground
from marops.store import lake
settings = json.loads(sys.argv[1])
tick.BATCH = settings["batch"]
tick.PAUSE_SECONDS = 0.0
tick.turn.__kwdefaults__["batch"] = settings["batch"]
lake.FLUSH_AT = settings["flush_at"]
if settings["settled"] is not None:
    lake.LakeWriter.move.__kwdefaults__["settled"] = timedelta(seconds=settings["settled"])
engine = ground.Ground("").engine()
stages = tick.stages() if settings["real"] else map(ground.stage, ground.STAGES)
with ground.only_these(*stages):
    if settings["for_ever"]:
        print("ready", flush=True)
        engine.run_for_ever(0.1)
    else:
        told = engine.run_until_idle()
        print(json.dumps({"contacts": told.contacts, "aside": told.aside}))
engine.close()
"""


def spawn(
    *,
    crash: str = "",
    batch: int = 100_000,
    for_ever: bool = False,
    settled: float | None = None,
    flush_at: int = 20_000,
    real: bool = False,
) -> Born:
    """An engine in a process of its own, over the marking stages or the real ones; it dies at the crash point given."""
    settings = {"batch": batch, "for_ever": for_ever, "settled": settled, "flush_at": flush_at, "real": real}
    return start(_PROGRAM, json.dumps(settings), MAROPS_CRASH=crash)


def ended(process: Born) -> int:
    """Its exit code, waited for."""
    process.communicate(timeout=120)
    return process.wait()
