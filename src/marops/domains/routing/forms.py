"""Validation of what pages, REST and the command line send about leads."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.domains.accounts.public import Account
from marops.domains.register.public import queue_names


def _targets() -> list[tuple[Any, Any]]:
    queues = [(f"queue:{slug}", name) for slug, name in queue_names().items()]
    people = [(f"person:{one.id}", one.name) for one in Account.objects.filter(active=True).order_by("name")]
    return [("", _("Choose")), (_("Queues"), queues), (_("People"), people)]


class HandOverForm(forms.Form):
    """To whom a lead goes, and why."""

    to = forms.ChoiceField(label=_("To"), choices=_targets, help_text=_("A queue that a team works on, or one person."))
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Shown in the lead's story. Leave it empty if there is nothing to say."),
    )


def target_of(to: str) -> tuple[str | None, UUID | None]:
    """The queue's short name, or the person's id, that a checked `to` means."""
    kind, _colon, value = to.partition(":")
    return (value, None) if kind == "queue" else (None, UUID(value))
