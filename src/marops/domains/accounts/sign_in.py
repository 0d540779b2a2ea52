"""Signing in by address and password, slowed down for guessers, and the same answer to all who fail."""

import hashlib
import hmac
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest

from marops.domains.accounts.actions import note_failure
from marops.domains.accounts.models import Account
from marops.domains.accounts.permissions import with_access
from marops.domains.accounts.queries import failures
from marops.domains.accounts.rules import FREE_TRIES_OF_A_NETWORK, wait_before
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError, problem

SLOW_DOWN = problem("slow-down", "Too many tries", status=429, remedy="Wait a little, or ask for a new password.")
SIGN_IN = Actor("system", "sign-in")


class ByEmail(BaseBackend):
    """Django's way in: an active account with this address and password."""

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **_: Any
    ) -> Account | None:
        """The account, None for a wrong password and for an unknown address after the same work."""
        if not email or password is None:
            return None
        account = Account.objects.filter(email__iexact=email.strip()).first()
        # A hash that nothing matches costs Django the same time as a real one.
        right = check_password(password, account.password if account else make_password(None))
        return account if right and account and account.active else None

    def get_user(self, user_id: UUID) -> Account | None:
        """The account of a session, with all that its rights need, in one query."""
        found: Account | None = with_access().filter(id=user_id, active=True).first()
        return found


def who(email: str, place: str) -> list[str]:
    """Keyed hashes of address and place: enough to count by, useless to anybody who reads them."""
    return [_keyed(f"address:{email.strip().casefold()}"), _keyed(f"place:{place}")]


def _keyed(text: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def may_try(email: str, place: str) -> None:
    """Raises MaropsError `slow-down` while this address or this place has to wait, known or not."""
    at = now()
    address, network = who(email, place)
    pause = max(
        wait_before(failures(address, at), at), wait_before(failures(network, at), at, free=FREE_TRIES_OF_A_NETWORK)
    )
    if pause:
        seconds = int(pause.total_seconds()) + 1
        raise MaropsError(SLOW_DOWN, f"Try again in {seconds} seconds.", extra={"retry_after": seconds})


def failed(email: str, place: str) -> None:
    """Remember that a try failed."""
    note_failure(actor=SIGN_IN, who=who(email, place))
