"""What stands around every page: navigation, counts, the person."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from marops.domains.accounts.public import TOKENS, Account
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.permissions import Grants, grants
from marops.kernel.shares import SHARE
from marops.kernel.shell import Command, NavEntry
from marops.site.permissions import SEE_HISTORY, SEE_JOBS, SEE_PROBLEMS

GROUPS = (
    ("people", _("People"), "people"),
    ("programs", _("Programs"), "programs"),
    ("measure", _("Measure"), "measure"),
    ("operate", _("Operate"), "operate"),
    ("decide", _("Decide"), "decide"),
    ("set_up", _("Set up"), "setup"),
)

# One look at three tables; each count stops mattering beyond what fits beside a word.
_COUNTS = """
SELECT (SELECT count(*) FROM job WHERE state IN ('waiting', 'running') AND (%s OR actor_id = %s)),
       (SELECT count(*) FROM problem WHERE resolved_at IS NULL),
       (SELECT count(*) FROM notice WHERE account_id = %s AND read_at IS NULL)
"""


def context(request: HttpRequest) -> dict[str, Any]:
    """The variables of the base page. Pages without a person get none of them."""
    user = getattr(request, "user", None)
    if not isinstance(user, Account):
        return {}
    actor: Actor = request.__dict__["actor"]
    held = grants(actor)
    jobs, problems, unread = _counts(user, held)
    found = request.__dict__.get("workspace")
    return {
        "person": user,
        "workspace": found,
        "emblems": found.emblems if found else True,
        "nav": list(_navigation(request, actor, held)),
        "jobs_running": jobs,
        "problems_open": problems if SEE_PROBLEMS in held else 0,
        "sees_problems": SEE_PROBLEMS in held,
        "notices_unread": unread,
        "sees_history": SEE_HISTORY in held,
        "may_make_tokens": TOKENS in held,
        "may_share": SHARE in held,
        "may_remove_sample": "sample.manage" in held,
        "commands": list(_commands(held)),
        "theme": user.theme,
        "on_mac": "Mac" in request.headers.get("User-Agent", ""),
    }


def _commands(held: Grants) -> Iterator[dict[str, Any]]:
    for filler in ports.PORTS["commands"]:
        one: Command = filler.value
        url = address(one.url_name) if one.right is None or one.right in held else None
        if url:
            yield {"label": one.label, "url": url + one.query, "icon": one.icon, "hint": "", "words": one.words}


def _counts(user: Account, held: Grants) -> tuple[int, int, int]:
    sees_all = (held.scope(SEE_JOBS) or 0) > 1
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [sees_all, str(user.id), user.id])
        jobs, problems, unread = cursor.fetchone()
    return jobs, problems, unread


def entries(held: Grants) -> Iterator[NavEntry]:
    """The pages this person may open, in the order of the navigation."""
    for filler in ports.navigation:
        entry: NavEntry = filler.value
        if entry.right is None or entry.right in held:
            yield entry


def address(url_name: str) -> str | None:
    """Where a named page stands, None while its domain does not bring it."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return None


def _navigation(request: HttpRequest, actor: Actor, held: Grants) -> Iterator[dict[str, Any]]:
    here = request.path
    yield {"label": "", "icon": "desk", "current": here == "/", "entries": [_line(_DESK, "/", here, actor)]}
    shown = [(entry, url) for entry in entries(held) if (url := address(entry.url_name))]
    # The longest address that fits is where we are: /access/roles lights up Roles, not Access too.
    current = max((url for _entry, url in shown if _below(here, url)), key=len, default="")
    for group, label, icon in GROUPS:
        lines = [_line(entry, url, current, actor) for entry, url in shown if entry.group == group]
        if lines:
            yield {"label": label, "icon": icon, "current": any(one["current"] for one in lines), "entries": lines}


def _below(here: str, url: str) -> bool:
    return here == url or here.startswith(url + "/")


_DESK = NavEntry("people", _("My desk"), "desk", icon="desk")


def _line(entry: NavEntry, url: str, current: str, actor: Actor) -> dict[str, Any]:
    return {
        "url": url,
        "label": entry.label,
        "icon": entry.icon,
        "words": entry.words,
        "count": entry.count(actor) if entry.count else None,
        "current": url == current,
    }
