"""What workflows put on desks, and how the shell finds them."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.workflows.permissions import VIEW
from marops.kernel.actors import Actor
from marops.kernel.definitions import active, find
from marops.kernel.errors import MaropsError
from marops.kernel.permissions import may
from marops.kernel.shell import Found, Hit, MoveState


def search_workflows(actor: Actor, words: str, limit: int) -> Iterator[Hit]:
    """Workflows whose title, steps or platforms have all the words."""
    if not may(actor, VIEW):
        return
    asked = words.casefold().split()
    found = []
    for row in active("workflow"):
        title = str(row.document.get("title", row.slug))
        steps = row.document.get("steps", ())
        inside = " ".join(
            [*(one["name"] for one in steps), *(name for one in steps for name in one.get("platforms", ()))]
        )
        if all(word in f"{title} {row.slug} {inside}".casefold() for word in asked):
            by_title = all(word in title.casefold() for word in asked)
            found.append((not by_title, title, row.slug))
    for _rest, title, slug in sorted(found)[:limit]:
        yield Hit(_("Workflow"), title, reverse("workflows:workflow", args=[slug]), icon="operate")


def find_workflow(actor: Actor, slug: str) -> Found | None:
    """The workflow of this short name, as comments and history need it."""
    if not may(actor, VIEW):
        return None
    try:
        row = find(f"workflow/{slug}")
    except MaropsError:
        return None
    return Found(str(row.document.get("title", slug)), reverse("workflows:workflow", args=[slug]))


def move(actor: Actor, as_of: datetime) -> MoveState | None:
    """How far the workflow of the quarter is: drawn, and whether somebody asked where it is held back."""
    rows = active("workflow") if may(actor, VIEW) else []
    if not rows:
        return None
    newest = max(rows, key=lambda one: one.valid_from or one.created_at)
    title = str(newest.document.get("title", newest.slug))
    said = ngettext("One workflow is drawn: %(title)s.", "%(n)s workflows are drawn, %(title)s last.", len(rows))
    return MoveState(
        _("begun"), "info", said % {"n": len(rows), "title": title}, reverse("workflows:workflow", args=[newest.slug]),
        _("Look at it"),
    )  # fmt: skip
