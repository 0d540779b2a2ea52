"""Writes: which AI helps; and each question to it, as an act of an AI that the policy decides upon."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from marops.connectors.assistant.asking import check_url
from marops.connectors.assistant.models import Provider
from marops.connectors.assistant.permissions import MANAGE
from marops.connectors.assistant.rules import COLUMNS, DRAFT, SUMMARY, WORDS
from marops.kernel import gates
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.permissions import grants
from marops.kernel.secrets import sealed

SHOWN = ("url", "model", "vendor", "inside", "inside_why", "price_in", "price_out", "seconds", "on")
"""What everybody who may set it up sees of a provider: all but the key."""


@action("assistant.set_up", effect="change", right=MANAGE)
def set_up(act: Act, *, actor: Actor, values: Mapping[str, Any], key: str | None = None) -> Provider:
    """Say which AI helps. `key`: a new one, or empty for none; where nothing is said the present one stays.

    A key never follows to another address: there it has to be entered anew. Raises MaropsError `invalid`.
    """
    row = Provider.objects.select_for_update().first() or Provider()
    before = {name: str(getattr(row, name)) for name in SHOWN} if row.url else None
    values = {**values, "inside_why": _why_ours(actor, row, values)}
    if row.url != values["url"] and key is None:
        key = ""
    for name in SHOWN:
        setattr(row, name, values[name])
    if key is not None:
        row.key = sealed(key) if key else ""
    row.changed_by, row.changed_at = actor.id, act.at
    row.save()
    told = {name: str(getattr(row, name)) for name in SHOWN} | ({"key": "changed"} if key is not None else {})
    act.changed("ai_provider", row.id, before=before, after=told)
    return row


def _why_ours(actor: Actor, row: Provider, values: Mapping[str, Any]) -> str:
    """Why a model on the open internet is our own; empty where its address says so, or where it is not ours.

    Raises MaropsError `invalid` where nobody says why, or somebody who is no administrator.
    """
    outside, why = check_url(values["url"], inside=values["inside"]), str(values.get("inside_why") or "").strip()
    if not (values["inside"] and outside):
        return ""
    if not why:
        said = _("This address is on the open internet, where a vendor's models are.")
        remedy = _("Say why it is a model of your own all the same, or that it is a vendor's.")
        raise MaropsError(INVALID, errors=[FieldError("required", said, remedy, field="inside_why")])
    stays = (row.url, row.inside_why) == (values["url"], why)
    if not (stays or actor.kind == "system" or grants(actor).everything):
        said = _("That a model on the open internet is our own is said by an administrator alone.")
        raise MaropsError(INVALID, errors=[FieldError("right", said, _("Ask one."), field="inside_why")])
    return why


@action("assistant.remove", effect="change", right=MANAGE)
def remove(act: Act, *, actor: Actor) -> None:
    """Forget the AI that helps, and its key."""
    row = Provider.objects.select_for_update().first()
    if row:
        act.changed("ai_provider", row.id, before={name: str(getattr(row, name)) for name in SHOWN}, after=None)
        row.delete()


# --- Questions: asked of the gate and written to the trail before anything goes out, and again with what came back ----


@action("assistant.draft", effect="draft")
def drafting(
    act: Act, *, actor: Actor, subject: str, data: str, prompt: str, inputs_sha256: str, sha256: str = "",
    tokens: int = 0, cost: Decimal = Decimal(0), expected: Decimal = Decimal(0),
) -> None:  # fmt: skip
    """A model is asked to write a draft; and, with `sha256`, wrote one."""
    act.count(questions=0 if sha256 else 1, answers=1 if sha256 else 0)


@action("assistant.summarise", effect="read")
def summarising(
    act: Act, *, actor: Actor, subject: str, data: str, prompt: str, inputs_sha256: str, sha256: str = "",
    tokens: int = 0, cost: Decimal = Decimal(0), expected: Decimal = Decimal(0),
) -> None:  # fmt: skip
    """A model is given a page to say what stands there; and, with `sha256`, said it."""
    act.count(questions=0 if sha256 else 1, answers=1 if sha256 else 0)


@action("assistant.sort", effect="check")
def sorting(
    act: Act, *, actor: Actor, subject: str, data: str, prompt: str, inputs_sha256: str, sha256: str = "",
    tokens: int = 0, cost: Decimal = Decimal(0), expected: Decimal = Decimal(0),
) -> None:  # fmt: skip
    """A model is asked where things belong; and, with `sha256`, said it."""
    act.count(questions=0 if sha256 else 1, answers=1 if sha256 else 0)


ACT_OF = {DRAFT.name: drafting, WORDS.name: drafting, COLUMNS.name: sorting, SUMMARY.name: summarising}


def _about(content: str) -> Any:
    def about(given: Mapping[str, Any]) -> gates.About:
        return gates.About(
            subject=given.get("subject", ""), content=content, audience="colleagues", data=given.get("data", ""),
            sha256=given.get("sha256", ""),
        )  # fmt: skip

    return about


gates.describe("assistant.draft", _about("words"))
gates.describe("assistant.summarise", _about("words"))
gates.describe("assistant.sort", _about("records"))
