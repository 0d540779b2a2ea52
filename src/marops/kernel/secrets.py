"""Secrets that must be read again (those of other systems): kept encrypted under the installation's own secret."""

import base64
from functools import lru_cache

from marops.kernel.config import config
from marops.kernel.errors import MaropsError, problem

UNREADABLE = problem(
    "secret-unreadable",
    "A kept secret cannot be read any more",
    status=409,
    remedy="The installation's secret key has changed since it was kept. Enter or make this secret anew.",
)


def sealed(secret: str) -> str:
    """The secret as it is stored."""
    return str(_box(config().secret_key).encrypt(secret.encode()), "ascii")


def opened(kept: str) -> str:
    """The secret again. Raises MaropsError `secret-unreadable` after the installation's key has changed."""
    from cryptography.fernet import InvalidToken

    try:
        return str(_box(config().secret_key).decrypt(kept.encode()), "utf-8")
    except InvalidToken:
        raise MaropsError(UNREADABLE) from None


@lru_cache(maxsize=2)
def _box(key: str):  # type: ignore[no-untyped-def]  # the library is imported where it is used
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"marops kept secrets").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(made))
