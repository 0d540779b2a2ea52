"""What the pages of the team share: the tabs above them."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from marops.domains.accounts.public import actor_of
from marops.domains.team.permissions import PLAN, VIEW
from marops.kernel.permissions import may

Rows = list[dict[str, Any]]
_TABS: tuple[tuple[str, Any, str, str], ...] = (
    ("team", _("Team"), "team:overview", VIEW),
    ("people", _("People"), "team:people", VIEW),
    ("roles", _("Roles"), "team:roles", VIEW),
    ("who", _("Who does what"), "team:who", VIEW),
    ("chart", _("Org chart"), "team:chart", VIEW),
    ("blueprint", _("Blueprint"), "team:blueprint", PLAN),
    ("career", _("Career map"), "team:career", VIEW),
    ("week", _("The week"), "team:week", VIEW),
    ("openings", _("Openings"), "team:openings", VIEW),
    ("hours", _("Working hours"), "team:hours", VIEW),
)
"""Key, label, name of the address, right."""


def tabs(request: HttpRequest, current: str) -> Rows:
    """The pages of the team that this reader may open, for `{% tabs %}`."""
    actor = actor_of(request)
    return [
        {"label": label, "url": reverse(name), "current": key == current}
        for key, label, name, right in _TABS
        if may(actor, right)
    ]
