"""Sending the few mails that signing in needs, by the server that MAROPS_MAIL_URL names."""

import logging
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from marops.domains.accounts.models import Account
from marops.kernel.config import BAD_SETTING, config
from marops.kernel.errors import MaropsError

_LOG = logging.getLogger("marops.accounts.mail")
_BACKENDS = "django.core.mail.backends"


def sends_mail() -> bool:
    """Can this installation send mail at all? If not, an administrator hands links over."""
    return bool(config().mail_url)


def backend_of(url: str) -> tuple[str, dict[str, Any]]:
    """Django's mail backend and its arguments for `smtp://`, `smtps://`, `file:///folder`, `console:` or `memory:`."""
    parts = urlsplit(url)
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        secure = parts.scheme == "smtps"
        return f"{_BACKENDS}.smtp.EmailBackend", {
            "host": parts.hostname,
            "port": parts.port or (465 if secure else 587 if parts.username else 25),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_ssl": secure,
            "use_tls": not secure and parse_qs(parts.query).get("tls", ["1" if parts.username else "0"]) == ["1"],
            "timeout": 10,
        }
    if parts.scheme == "file" and parts.path:
        return f"{_BACKENDS}.filebased.EmailBackend", {"file_path": unquote(parts.path)}
    if parts.scheme == "console":
        return f"{_BACKENDS}.console.EmailBackend", {}
    if parts.scheme == "memory":
        return f"{_BACKENDS}.locmem.EmailBackend", {}
    raise MaropsError(BAD_SETTING, "mail_url starts with smtp://, smtps://, file:/// or console:.")


def send(to: str, subject: str, text: str) -> None:
    """Send one plain mail now. Raises MaropsError for a bad address of the server, OSError or SMTPException else."""
    backend, arguments = backend_of(config().mail_url)
    connection = get_connection(backend, **arguments)
    EmailMessage(subject, text, config().mail_from, [to], connection=connection).send()


def send_soon(to: str, subject: str, text: str) -> None:
    """Send without making the caller wait, so that the time of an answer says nothing about who has an account."""
    Thread(target=_send_quietly, args=(to, subject, text), daemon=True, name="mail").start()


def _send_quietly(to: str, subject: str, text: str) -> None:
    try:
        send(to, subject, text)
    except Exception as error:
        # The address is a personal value and stays out of the log.
        _LOG.error("a mail could not be sent: %s", type(error).__name__)


def link_url(secret: str) -> str:
    """The whole address of a one-time link."""
    return config().address + reverse("welcome", args=[secret])


def send_invitation(account: Account, secret: str, *, by: str) -> None:
    """Mail an invitation, where this installation sends mail."""
    if sends_mail():
        send_soon(account.email, _("You are invited to Marops"), _letter("invitation", account, secret, by))


def send_reset(account: Account, secret: str) -> None:
    """Mail a link to a new password, where this installation sends mail."""
    if sends_mail():
        send_soon(account.email, _("A new password for Marops"), _letter("reset", account, secret))


def _letter(kind: str, account: Account, secret: str, by: str = "") -> str:
    given = {"account": account, "url": link_url(secret), "by": by, "address": config().address}
    return render_to_string(f"accounts/mail/{kind}.txt", given)
