"""The entries that the register of AI uses needs before an AI may help: proposed here, put in force by people."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from marops.connectors.assistant.models import Provider
from marops.connectors.assistant.queries import USE, model_of
from marops.connectors.assistant.rules import COLUMNS, DRAFT, SUMMARY, WORDS
from marops.kernel import definitions
from marops.kernel.actors import Actor
from marops.kernel.models import Definition
from marops.kernel.workspace import today

_REVIEWED_AFTER = timedelta(days=182)


def entries(provider: Provider) -> dict[str, dict[str, Any]]:
    """Short name → entry, by how the AI that helps is set up."""
    return {
        DRAFT.use: _entry(provider, _("Draft definitions from a sentence"), ["draft"], ["words"], ["internal"],
                          ["definitions.change"]),
        WORDS.use: _entry(provider, _("Propose vocabularies for data quality"), ["draft"], ["words"], ["internal"],
                          ["definitions.change", "leads.view"]),
        COLUMNS.use: _entry(provider, _("Propose where columns of a file go"), ["classify"], ["records"],
                            ["internal"], []),
        SUMMARY.use: _entry(provider, _("Summarise pages for colleagues"), ["summarise", "draft"], ["words"],
                            ["internal", "contact"], []),
    }  # fmt: skip


def _entry(
    provider: Provider, title: str, actions: list[str], content: list[str], data: list[str], rights: list[str]
) -> dict[str, Any]:
    return {
        "title": title,
        "purpose": _("Somebody asks for it on a page or by a command; what comes back is a draft that a person reads."),
        "owner": "Marketing Operations Manager",
        "actions": actions, "content": content, "audience": ["colleagues"], "data": data, "autonomy": 1,
        "model": model_of(provider),
        "reversibility": "easy", "rights": rights,
        "review_by": (today() + _REVIEWED_AFTER).isoformat(),
    }  # fmt: skip


def lacking(provider: Provider) -> dict[str, dict[str, Any]]:
    """The entries that the register has no version of, or whose newest version names another model."""
    newest: dict[str, Definition] = {}
    for row in Definition.objects.filter(kind=USE).exclude(state=Definition.State.RETIRED).order_by("version"):
        newest[row.slug] = row
    model, found = model_of(provider), {}
    for slug, document in entries(provider).items():
        known = newest.get(slug)
        if known is None:
            found[slug] = document
        elif any(known.document["model"].get(name) != value for name, value in model.items()):
            found[slug] = {**known.document, "model": model}
    return found


def propose_entries(actor: Actor, provider: Provider) -> list[Definition]:
    """Keep as drafts what the register lacks."""
    return [
        definitions.draft(actor=actor, kind=USE, slug=slug, document=document, reason=_("For the AI that helps."))
        for slug, document in lacking(provider).items()
    ]
