"""Reads: which AI helps, and whether somebody can ask it for something."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from marops.connectors.assistant.models import Provider
from marops.connectors.assistant.rules import HELPS, Help
from marops.kernel import memo
from marops.kernel.actors import Actor
from marops.kernel.definitions import CHANGE
from marops.kernel.errors import NOT_FOUND, MaropsError, problem
from marops.kernel.models import Definition, Job
from marops.kernel.permissions import may

OFF: Final = problem(
    "assistant-off",
    "No AI helps here",
    status=409,
    remedy="Somebody who may set it up turns it on, on the page AI that helps; everything goes without it too.",
)
NOBODY: Final = problem(
    "assistant-nobody",
    "An AI acts for a person",
    status=409,
    remedy="Say for whom with --as: the e-mail address of somebody who is here.",
)
OTHER: Final = problem(
    "assistant-unregistered",
    "The register of AI uses names another model",
    status=409,
    remedy="Draft the entries anew on the page AI that helps, and have them put in force. Nothing went out.",
)
USE: Final = "ai_use"
KINDS = tuple(f"assistant.{name}" for name in HELPS)
"""The jobs of this part."""


def provider() -> Provider | None:
    """The AI that helps, on or off."""
    found: Provider | None = memo.once("assistant.provider", Provider.objects.first)
    return found


def in_use() -> Provider:
    """The AI that helps. Raises MaropsError `assistant-off`."""
    one = provider()
    if one is None or not one.on:
        raise MaropsError(OFF)
    return one


def model_of(one: Provider) -> dict[str, str]:
    """The model as the register's entries name it: the policy decides by where it is hosted."""
    return {"vendor": one.vendor, "name": one.model, "hosting": "own" if one.inside else "vendor"}


def check_model(one: Provider, use: str) -> None:
    """Refuse to ask a model that is not the one in force in the register. Raises MaropsError `assistant-unregistered`.

    Where there is no such entry at all, the gate says so, and the trail keeps it.
    """
    row = Definition.objects.filter(kind=USE, slug=use, state=Definition.State.ACTIVE).first()
    known = row.document["model"] if row else {}
    if row and any(known.get(name) != value for name, value in model_of(one).items()):
        said = _("%(use)s is in force for %(model)s of %(vendor)s, and %(name)s of %(who)s would be asked.")
        told = {"use": use, "model": known.get("name"), "vendor": known.get("vendor")}
        raise MaropsError(OTHER, said % (told | {"name": one.model, "who": one.vendor}))


def uses_in_force() -> frozenset[str]:
    """Which kinds of help stand in the register of AI uses in force."""
    names = {one.use: one.name for one in HELPS.values()}
    rows = Definition.objects.filter(kind=USE, state=Definition.State.ACTIVE, slug__in=names)
    found = memo.once("assistant.uses", lambda: list(rows.values_list("slug", flat=True)))
    return frozenset(names[slug] for slug in found)


def offer(actor: Actor, what: str, subject: str) -> tuple[str, str] | None:
    """Words and address of the button that asks the AI; None while nobody could ask it for this."""
    one = provider()
    if one is None or not one.on or what not in uses_in_force():
        return None
    if what in ("draft", "words") and not may(actor, CHANGE):
        return None
    match what:
        case "draft":
            query = "?" + urlencode({"kind": subject}) if subject else ""
            return _("Draft it from a sentence"), reverse("assistant:draft") + query
        case "words":
            return _("Propose a vocabulary"), reverse("assistant:words")
        case "columns":
            return _("Let AI propose where columns go"), reverse("assistant:columns", args=[subject])
        case "summary":
            return _("Summarise this page"), reverse("assistant:summary") + "?" + urlencode({"page": subject})
    return None


def kinds_to_draft() -> dict[str, str]:
    """The kinds of definitions that may be drafted from a sentence: not those that bind people or AI."""
    from marops.kernel.definitions import kinds

    barred = {"access", "ai_policy", "ai_use", "disclosure"}
    return {name: str(kind.title) for name, kind in kinds().items() if name not in barred}


def asked(actor: Actor, ref: str) -> Job:
    """A question that this actor asked. Raises MaropsError `not-found` for others'."""
    number = ref.upper().removeprefix("J-")
    row = Job.objects.filter(number=int(number), kind__in=KINDS).first() if number.isdecimal() else None
    if row is None or (row.actor_id != actor.id and actor.kind != "system"):
        raise MaropsError(NOT_FOUND)
    return row


def lately(limit: int = 10) -> list[Job]:
    """What was asked for lately."""
    return list(Job.objects.filter(kind__in=KINDS).order_by("-number")[:limit])


def help_of(job: Job) -> Help:
    """Which kind of help a job is."""
    return HELPS[job.kind.partition(".")[2]]


def person_of(arguments: Any) -> str:
    """The account on whose behalf a question is asked."""
    found = str(arguments.get("for", ""))
    try:
        return str(UUID(found))
    except ValueError:
        raise MaropsError(NOBODY) from None


def recipients() -> list[dict[str, str]]:
    """The AI that is asked, for the record of processing."""
    return [
        {"name": f"{one.vendor}: {one.model}", "what": "what a person asks it to help with, and the page it stands on",
         "why": "drafts for people, under the AI policy",
         "where": "the house's own network" if one.inside else one.url.split("/")[2] if "//" in one.url else one.url}
        for one in Provider.objects.filter(on=True)
    ]  # fmt: skip
