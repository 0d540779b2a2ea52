"""Writes of the policy: a new version, and the table of what it decides."""

from collections.abc import Mapping
from typing import Any

from marops.domains.policy.models import PolicyTable
from marops.domains.policy.permissions import CHANGE
from marops.domains.policy.queries.policies import KIND, SLUG
from marops.domains.policy.rules.table import Table
from marops.domains.policy.rules.tables import holds_packed
from marops.kernel import definitions
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.models import Definition


@action("policy.keep", effect="draft", right=CHANGE, reversible=True)
def keep_policy(act: Act, *, actor: Actor, document: Mapping[str, Any], reason: str = "") -> Definition:
    """A new version of the policy as a draft. Raises MaropsError `invalid` that names every fault by its place."""
    return definitions.keep(act, actor, KIND, SLUG, document, reason)


@action("policy.table", effect="note")
def keep_table(act: Act, *, actor: Actor, digest: str, table: Table, seconds: float) -> None:
    """Keep what was decided for one set of rules; the same set is decided once."""
    kept = {"allowed": table.packed(), "holds": holds_packed(table), "rules": list(table.holds)}
    values = kept | {"seconds": round(seconds, 3)}
    _row, made = PolicyTable.objects.get_or_create(rules_sha256=digest, defaults=values)
    act.count(tables=int(made))
