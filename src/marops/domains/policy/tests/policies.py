"""Policies that tests decide with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from marops.domains.policy.actions.policies import keep_table
from marops.domains.policy.rules.cedar import Compiled
from marops.domains.policy.rules.document import PolicyRule
from marops.domains.policy.rules.domain import DIMENSIONS, SHAPE, SIZE, request_at
from marops.domains.policy.rules.parts import Parts, parts_of, written
from marops.domains.policy.rules.table import Table, combined
from marops.domains.policy.rules.tables import rules_digest
from marops.kernel import definitions
from marops.kernel.actions import Act, action
from marops.kernel.actors import SETUP, Actor
from marops.kernel.models import Definition


def rule(name: str, cedar: str) -> PolicyRule:
    return PolicyRule(id=name, owner="Marketing Manager", says=name, cedar=cedar)


def some(values: Sequence[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.sets(st.sampled_from(values), min_size=1).map(
        lambda chosen: tuple(one for one in values if one in chosen)
    )


SENTENCES = st.builds(
    lambda effect, answers: Parts(effect, {name: values for name, values in answers.items() if values is not None}),
    st.sampled_from(["permit", "permit", "forbid"]),
    st.fixed_dictionaries({one.name: st.none() | some(one.values) for one in DIMENSIONS}),
)
RULES = st.lists(SENTENCES, min_size=1, max_size=6).map(
    lambda parts: [rule(f"R{number}", written(one)) for number, one in enumerate(parts)]
)
REQUESTS = st.integers(0, SIZE - 1).map(request_at)


def table_of(cedar: str) -> np.ndarray:
    """The decisions of one sentence, by its meaning in words."""
    axes = np.ones(SHAPE, bool)
    for axis, one in enumerate(DIMENSIONS):
        values = parts_of(cedar).answers.get(one.name, one.values)
        keep = np.array([value in values for value in one.values])
        axes &= keep.reshape([-1 if at == axis else 1 for at in range(len(SHAPE))])
    return axes


def decided_at_once(rules: Sequence[dict[str, Any]]) -> None:
    """Keep what rules decide, by what their sentences mean."""
    kept = [PolicyRule.model_validate(one) for one in rules]
    policy = Compiled(kept)
    holds = {name: table_of(policy.rules[name].cedar).ravel() for name in policy.ahead}
    table = Table(combined(holds, policy.permits), holds, policy.permits)
    keep_table(actor=SETUP, digest=rules_digest(kept), table=table, seconds=0.1)


@action("test.hold", effect="draft", right=definitions.CHANGE)
def hold(act: Act, *, actor: Actor, document: dict[str, Any]) -> Definition:
    """As several domains do: kept and in force at once, under the name of a draft."""
    row = definitions.keep(act, actor, "calendar", "weekdays", document, "")
    definitions.put_in_force(act, row)
    return row
