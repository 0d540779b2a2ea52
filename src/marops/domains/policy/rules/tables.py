"""Tables as bytes, found again by what the rules say."""

import hashlib
import json
import zlib
from collections.abc import Sequence

import numpy as np

from marops.domains.policy.rules.cedar import Compiled
from marops.domains.policy.rules.document import PolicyRule
from marops.domains.policy.rules.domain import DIMENSIONS
from marops.domains.policy.rules.table import Table, unpacked


def rules_digest(rules: Sequence[PolicyRule]) -> str:
    """What decides, as a sha-256: the rules' names and Cedar texts, and the questions with their answers."""
    asked = [[one.name, *map(str, one.values)] for one in DIMENSIONS]
    said = [asked, [[rule.id, rule.cedar] for rule in rules]]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def holds_packed(table: Table) -> bytes:
    """Where each rule holds, deflated."""
    return zlib.compress(b"".join(np.packbits(bits).tobytes() for bits in table.holds.values()), 6)


def restored(policy: Compiled, names: Sequence[str], allowed: bytes, holds: bytes) -> Table:
    """A table from what `packed` and `holds_packed` made of it. Raises ValueError where they do not fit."""
    rows = zlib.decompress(holds)
    if not names or len(rows) % len(names):
        raise ValueError("the kept table does not fit its rules")
    width = len(rows) // len(names)
    held = {name: unpacked(rows[at * width : (at + 1) * width]) for at, name in enumerate(names)}
    return Table(unpacked(allowed), held, policy.permits)
