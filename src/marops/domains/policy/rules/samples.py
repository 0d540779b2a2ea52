"""Samples: which of what an AI did by itself a person looks at afterwards."""

import hashlib
from typing import Final
from uuid import UUID

SAMPLE: Final = "ai_sample"
"""Reviews of what was done stand under this name, and what the audit notes of them."""


def drawn(act: UUID, share: float) -> bool:
    """Is this act drawn, where this share of them is?

    By the digest of its id, half of which is random: neither the AI nor its person knows before whether it will be.
    """
    return int.from_bytes(hashlib.sha256(act.bytes).digest()[:8]) < share * 2**64
