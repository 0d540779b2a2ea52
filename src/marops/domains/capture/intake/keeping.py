"""Events kept before they are answered: requests that arrive together are committed together.

A commit costs a wait for the disk; so one thread of the process writes what all requests have brought meanwhile, in one
statement and one transaction, and each request answers when its own events are committed.
"""

import logging
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from marops.domains.capture.intake.calls import Reading
from marops.kernel import crash, outages
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import MaropsError, problem
from marops.kernel.ids import new_id
from marops.kernel.workspace import forbid_sample_mix

log = logging.getLogger("marops.intake")

INTAKE = Actor("system", "intake")
REFUSED = "refused: "
REFUSALS_KEPT = 20
PATIENCE = 20.0
GROUP = 64
LONGEST_LOCK = "5s"
"""So long the one writer waits for what somebody else holds, then asks its senders to try later."""

TRY_LATER = problem(
    "intake-busy",
    "The events could not be kept just now",
    status=503,
    remedy="Send the same call again in a few seconds; what was kept already is known by its message id.",
)
crash.declare("intake.after_commit")


@dataclass(slots=True)
class Call:
    """What one request brought, and by which key (or, from our own pages, by which account)."""

    reading: Reading
    token_id: UUID
    at: datetime
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


@action("intake.keep", effect="create")
def keep_events(act: Act, *, actor: Actor, calls: Sequence[Call]) -> int:
    """Keep the events of these calls, each once, and note what was refused. Answers how many rows are new.

    Raises MaropsError `sample-present` while the sample company is in.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LONGEST_LOCK}'")
    forbid_sample_mix()
    rows = [row for call in calls for row in _rows(call)]
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_event (id, call, name, token_id, received_at, place, occurred_at, payload, fate,"
            " done_at) SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::timestamptz[],"
            " %s::int[], %s::timestamptz[], %s::text[], %s::text[], %s::timestamptz[]) ON CONFLICT (id) DO NOTHING",
            [list(column) for column in zip(*rows, strict=True)],
        )
        return int(cursor.rowcount)


def _rows(call: Call) -> list[tuple[object, ...]]:
    kept: list[tuple[object, ...]] = [
        (one.id, one.call, one.name, call.token_id, call.at, one.place, one.occurred_at, one.payload, "", None)
        for one in call.reading.events
    ]
    return kept + [
        (new_id(), one.call, "", call.token_id, call.at, one.place, call.at, None, REFUSED + one.code, call.at)
        for one in call.reading.refused[:REFUSALS_KEPT]
    ]


class Keeper:
    """The one writer of this process."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def keep(self, call: Call) -> None:
        """Return when the call is committed. Raises MaropsError `intake-busy` or `sample-present`."""
        if self._thread is None or not self._thread.is_alive():
            self._start()
        self._queue.put(call)
        if not call.done.wait(PATIENCE):
            raise MaropsError(TRY_LATER, extra={"retry_after": 5})
        if call.error is not None:
            raise call.error

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="intake", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            calls = [self._queue.get()]
            while len(calls) < GROUP and not self._queue.empty():
                calls.append(self._queue.get())
            self._write(calls)

    def _write(self, calls: Sequence[Call]) -> None:
        error = _committed(calls)
        if error is not None and len(calls) > 1 and not isinstance(error, MaropsError):
            # One call must not take the others down with it.
            for call in calls:
                self._write([call])
            return
        for call in calls:
            call.error = error
            call.done.set()


def _committed(calls: Sequence[Call], *, again: bool = True) -> Exception | None:
    """Keep the calls; the error if that failed. After a broken connection it is tried once more: repeats are known."""
    try:
        keep_events(actor=INTAKE, calls=calls)
        crash.point("intake.after_commit")
        return None
    except MaropsError as error:
        return error
    except Exception as error:
        lost = outages.connection_lost(error)
        connection.close()
        if lost and again:
            return _committed(calls, again=False)
        log.error("events could not be kept: %s at %s", type(error).__name__, outages.places(error))
        return MaropsError(TRY_LATER, extra={"retry_after": 5})


keeper = Keeper()
