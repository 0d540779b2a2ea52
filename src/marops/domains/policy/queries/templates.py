"""The three policies that a workspace may begin with, and what each would allow, told before anything is decided."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.policy.rules.cedar import Compiled
from marops.domains.policy.rules.document import AiPolicy, PolicyRule
from marops.domains.policy.rules.domain import DIMENSIONS, SHAPE
from marops.domains.policy.rules.gates import FREE, gates_of
from marops.domains.policy.rules.parts import parts_of
from marops.domains.policy.rules.table import Bits, Table, combined
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.rules import read_yaml

_DATA = Path(__file__).parents[1] / "data" / "policies"
_SAYS = {
    "cautious": (gettext_lazy("Cautious"), gettext_lazy("AI drafts, and two people read whatever leaves the house.")),
    "balanced": (gettext_lazy("Balanced"), gettext_lazy("AI does what can be undone; people read what is sent.")),
    "bold": (gettext_lazy("Bold"), gettext_lazy("AI acts within limits, and people look at samples.")),
}
"""Name and gist, in the order in which they are offered."""


def documents() -> list[str]:
    """The names of the policies that ship, the most careful first."""
    return list(_SAYS)


@cache
def template(name: str) -> Mapping[str, Any]:
    """One of them as a document. Raises MaropsError `not-found`."""
    if name not in _SAYS:
        raise MaropsError(NOT_FOUND, _("There is no template %(name)s.") % {"name": name})
    found = read_yaml((_DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise TypeError(f"{name} is no document")
    return found


def offered() -> list[dict[str, Any]]:
    """The templates as cards: the gist, what each may and never may, and how many asks each would allow."""
    return [_offered(name) for name in _SAYS]


def _offered(name: str) -> dict[str, Any]:
    rules = AiPolicy.model_validate(template(name)).rules
    policy = Compiled(rules)
    ahead = [one for one in rules if one.id in policy.ahead]
    title, gist = _SAYS[name]
    return {
        "name": name, "title": title, "gist": gist, "asks": _asks(name),
        "may": [one.says for one in ahead if one.id in policy.permits],
        "never": [one.says for one in ahead if one.id not in policy.permits],
        "limits": [one.says for one in rules if one.id not in policy.ahead],
    }  # fmt: skip


@cache
def _asks(name: str) -> dict[str, int] | None:
    allowed = sketched(AiPolicy.model_validate(template(name)).rules)
    return None if allowed is None else asks_of(allowed)


def asks_of(allowed: Bits) -> dict[str, int]:
    """How many asks are free, need a gate, and are never allowed."""
    masks = gates_of(allowed)
    free, never = int((masks & FREE).astype(bool).sum()), int((masks == 0).sum())
    return {"free": free, "gated": int(masks.size) - free - never, "never": never}


def sketched(rules: Sequence[PolicyRule]) -> Bits | None:
    """What rules decide that are all plain sentences, worked out from their words; None where one is not plain."""
    table = sketched_table(rules)
    return table.allowed if table else None


def sketched_table(rules: Sequence[PolicyRule]) -> Table | None:
    """The same with where each rule holds."""
    policy = Compiled(rules)
    holds: dict[str, Bits] = {}
    for name in policy.ahead:
        parts = parts_of(policy.rules[name].cedar)
        if parts is None or parts.rest:
            return None
        cells = np.zeros(SHAPE, bool)
        known = [[one.index(value) for value in parts.answers.get(one.name, one.values)] for one in DIMENSIONS]
        cells[np.ix_(*known)] = True
        holds[name] = cells.ravel()
    return Table(combined(holds, policy.permits), holds, policy.permits)
