"""Erasures that last: who was erased, by id, and which addresses were theirs, by keyed hash.

The tables `erased_contact` and `erased_value` say it in the database; `erasures.log` says it again outside every
backup, so that a backup made before an erasure does not bring the person back. The hash is an HMAC with a key derived
from the installation's secret: who has the log or a dump alone learns no address from it.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from marops.kernel.clock import now
from marops.kernel.config import Config, config
from marops.kernel.errors import MaropsError, problem
from marops.kernel.models import ErasedContact, ErasedValue
from marops.kernel.personal import LOG_NAME

LOG_BROKEN = problem(
    "erasures-log-unreadable",
    "The log of erasures cannot be read",
    status=409,
    remedy="Restore the file from where it is kept as well, or name another with --erasures. Without it, a backup"
    " could bring erased people back.",
)


def hashed(expression: str) -> str:
    """SQL for the keyed hash of a text expression; wants `hash_key()` among the parameters."""
    return f"encode(sha256(%(outer)s || sha256(%(inner)s || convert_to({expression}, 'UTF8'))), 'hex')"


def hash_key() -> dict[str, bytes]:
    """The parameters of `hashed`: the key of this installation, as HMAC pads it."""
    key = hashlib.sha256(b"marops.erased " + config().secret_key.encode()).digest().ljust(64, b"\0")
    return {"inner": bytes(one ^ 0x36 for one in key), "outer": bytes(one ^ 0x5C for one in key)}


def enter(contact_ids: Sequence[UUID], at: datetime) -> list[UUID]:
    """Inside an action: note that these people, and every id that is an alias of theirs, are erased, and drop their
    facts that have not reached the lake. Answers all the ids.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WITH_ALIASES, {"ids": list(contact_ids)})
        ids = [one for (one,) in cursor.fetchall()]
        cursor.execute(
            "INSERT INTO erased_contact (contact_id, erased_at) SELECT unnest(%s::uuid[]), %s ON CONFLICT DO NOTHING",
            [ids, at],
        )
        cursor.execute(
            "DELETE FROM fact_inbox WHERE contact_id = ANY(%s)"
            " OR (subject_type = 'contact' AND subject_id = ANY(%s::text[]))",
            [ids, [str(one) for one in ids]],
        )
    return ids


_WITH_ALIASES = """
WITH RECURSIVE person(id) AS (
    SELECT unnest(%(ids)s::uuid[])
    UNION
    SELECT a.alias_id FROM contact_alias a JOIN person p ON a.contact_id = p.id
)
SELECT id FROM person ORDER BY id
"""


# --- what tells who somebody is ---

Values = Callable[[Sequence[UUID]], list[str]]
Hashes = Callable[[Sequence[UUID]], list[tuple[str, str]]]

_KNOWN_BY: list[tuple[Values, Hashes]] = []


def known_by(values: Values, hashes: Hashes) -> None:
    """Let a domain say what tells who its people are: values to be searched for and taken out wherever text stands,
    and (keyed hash, kind) to be kept.
    """
    _KNOWN_BY.append((values, hashes))


def values_of(contact_ids: Sequence[UUID]) -> list[str]:
    """Every value that tells who these people are."""
    return sorted({value for values, _ in _KNOWN_BY for value in values(contact_ids)})


def hashes_of(contact_ids: Sequence[UUID]) -> dict[str, str]:
    """The keyed hashes to be kept of these people's addresses and numbers, with their kind."""
    return {digest: kind for _, hashes in _KNOWN_BY for digest, kind in hashes(contact_ids)}


# --- the log ---


def places_of_log(found: Config) -> list[Path]:
    """Where the log is written: the place the settings name or the workspace folder, and beside the backups."""
    first = Path(found.erasures_log) if found.erasures_log else found.home / LOG_NAME
    beside = found.backups / LOG_NAME
    return [first, beside] if found.backups.is_dir() and beside != first else [first]


def note(found: Config | None = None) -> int:
    """Write to the log what the tables know and it does not; answers how many people and values were new to it.

    Called after each erasure, and every hour by the engine, so a crash between the two leaves nothing out.
    """
    found = found or config()
    erased = dict(ErasedContact.objects.values_list("contact_id", "erased_at"))
    values = dict(ErasedValue.objects.values_list("hash", "kind"))
    new = 0
    for path in places_of_log(found) if erased or values else []:
        known = read(path) if path.exists() else Log()
        missing = sorted(erased.keys() - known.contacts)
        hashes = sorted(values.keys() - known.values.keys())
        if missing or hashes:
            _append(path, {"at": now().isoformat(), "contacts": [str(one) for one in missing],
                           "values": [[values[one], one] for one in hashes]})  # fmt: skip
            new = max(new, len(missing) + len(hashes))
    return new


def _append(path: Path, line: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "wb") as out:
        # A line that a crash cut off is ended, so that it does not swallow this one.
        if path.stat().st_size and not _ends_a_line(path):
            out.write(b"\n")
        out.write(json.dumps(line).encode() + b"\n")
        out.flush()
        os.fsync(out.fileno())


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


@dataclass(frozen=True, slots=True)
class Log:
    """What a log of erasures says: ids of people, and keyed hashes with their kind."""

    contacts: frozenset[UUID] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)

    def __or__(self, other: "Log") -> "Log":
        return Log(self.contacts | other.contacts, {**self.values, **other.values})


def read(path: Path) -> Log:
    """The log at `path`; a last line that a crash cut off is passed over. Raises MaropsError otherwise."""
    contacts: set[UUID] = set()
    values: dict[str, str] = {}
    try:
        for said in _lines(path):
            contacts |= {UUID(one) for one in said["contacts"]}
            values |= {digest: kind for kind, digest in said["values"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MaropsError(LOG_BROKEN, f"{path}: {error}") from None
    return Log(frozenset(contacts), values)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            if line.startswith("{") and not line.rstrip().endswith("}"):
                continue  # cut off by a crash; what it said was noted again
            raise


def remember(values: Mapping[str, str], at: datetime) -> None:
    """Inside an action: keep the hashes of a log in the table, so that they suppress here too."""
    ErasedValue.objects.bulk_create(
        [ErasedValue(hash=digest, kind=kind, erased_at=at) for digest, kind in values.items()], ignore_conflicts=True
    )


def statistics_of(tables: Iterable[str]) -> str:
    """The statement that makes PostgreSQL's statistics of these tables anew: they hold samples of values."""
    return "ANALYZE " + ", ".join(f'"{name}"' for name in sorted(set(tables)))
