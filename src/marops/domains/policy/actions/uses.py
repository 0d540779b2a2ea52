"""Writes of the register: a new version of one use, of several, and of the words that readers are told."""

from collections.abc import Mapping
from typing import Any

from marops.domains.policy.permissions import CHANGE
from marops.domains.policy.queries import disclosures, policies
from marops.domains.policy.queries.uses import KIND
from marops.kernel import definitions
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition


@action("use.keep", effect="draft", right=CHANGE, reversible=True)
def keep_use(act: Act, *, actor: Actor, slug: str, document: Mapping[str, Any], reason: str = "") -> Definition:
    """A new version of a use as a draft; the one in force stays. Raises MaropsError `invalid` with every fault."""
    return definitions.keep(act, actor, KIND, slug, document, reason)


@action("use.begin", effect="draft", right=CHANGE, reversible=True)
def begin_register(
    act: Act, *, actor: Actor, documents: Mapping[str, Mapping[str, Any]], reason: str = ""
) -> list[Definition]:
    """Drafts of several uses at once, as the interview makes them. Short name → document."""
    return [definitions.keep(act, actor, KIND, slug, document, reason) for slug, document in documents.items()]


@action("disclosure.keep", effect="draft", right=CHANGE, reversible=True)
def keep_words(act: Act, *, actor: Actor, document: Mapping[str, Any], reason: str = "") -> Definition:
    """A new version of the words that readers are told, as a draft."""
    return definitions.keep(act, actor, disclosures.KIND, disclosures.SLUG, document, reason)


_OURS = (policies.KIND, KIND, disclosures.KIND)


@action("policy.ask", effect="draft", right=CHANGE)
def ask_approval(act: Act, *, actor: Actor, ref: str) -> Definition:
    """Ask those who may for their approval of a draft of the policy, of a use or of the words for readers."""
    row = definitions.find(ref)
    if row.kind not in _OURS:
        raise MaropsError(NOT_FOUND, f"{ref} is none of the AI policy's.")
    definitions.ask_review(act, actor, row.pinned)
    return row
