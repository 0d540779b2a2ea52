"""The figures of AI under the policy: what it did, what was refused, what waits, what it cost."""

from marops.kernel.fields import REGISTRY, Field, FieldType, Relation
from marops.kernel.metrics import METRICS, Metric, MetricType
from marops.store.metricquery import Aggregate

_OWNER = "mops_manager"
_ACT, _DRAFT = "ai_act", "ai_draft"
_BY = ("ai_act.use", "ai_act.term")

REGISTRY.relation(Relation(_ACT, "ai_act"))
REGISTRY.relation(Relation(_DRAFT, "ai_draft"))
REGISTRY.add(
    Field("ai_act.at", "When it acted", FieldType.DATETIME, _ACT, "at", sortable=True),
    Field("ai_act.use", "Use of AI", FieldType.TEXT, _ACT, "use"),
    Field("ai_act.term", "What it did", FieldType.TEXT, _ACT, "term"),
    Field("ai_act.verdict", "What the policy said", FieldType.TEXT, _ACT, "verdict"),
    Field("ai_act.cost", "What it cost", FieldType.NUMBER, _ACT, "cost"),
    Field("ai_draft.state", "State of a draft by AI", FieldType.TEXT, _DRAFT, "state"),
    Field("ai_draft.use", "Use of AI that made it", FieldType.TEXT, _DRAFT, "use"),
)


def _of_acts(name: str, label: str, says: str, verdict: str = "", **more: object) -> Metric:
    """A figure over the trail, by when the act was."""
    given = {"rule": {"field": "ai_act.verdict", "is": verdict}} if verdict else {}
    return Metric(
        name, label, MetricType.SIMPLE, owner=_OWNER, entity=_ACT, time="ai_act.at", by=_BY, page="policy:desk",
        clock="When the AI asked.", description=says, **{**given, **more},  # type: ignore[arg-type]
    )  # fmt: skip


METRICS.add(
    _of_acts("ai.asked", "Acts that AI asked for", "Whatever an AI wanted to do, whether it was let or not."),
    _of_acts("ai.acts", "Acts of AI", "What AI did, each act let by the policy.", "yes"),
    _of_acts(
        "ai.refused", "Acts of AI refused", "What an AI wanted to do and no rule allowed, or one forbade.", "no",
        good="down",
    ),
    _of_acts(
        "ai.held", "Acts of AI held for readers", "What an AI wanted to do and a person had to read first.", "waits"
    ),
    _of_acts(
        "ai.cost", "Cost of AI", "What the calls of models cost, by the prices that were set, in the currency of the"
        " workspace.", measure=Aggregate.SUM, of="ai_act.cost", unit="points", good="down",
    ),
    Metric(
        "ai.refused_share", "Share of asks refused", MetricType.RATIO, owner=_OWNER, unit="share", entity=_ACT,
        numerator="ai.refused", denominator="ai.asked", good="down", sample=True, min_n=5, page="policy:desk", by=_BY,
        clock="When the AI asked.",
        description="Of all that AI asked for, how much was refused. A high share says that a use is set up for what it"
        " may not do.",
    ),
    Metric(
        "ai.waiting", "Drafts of AI that wait", MetricType.SIMPLE, owner=_OWNER, entity=_DRAFT, level=True,
        rule={"field": "ai_draft.state", "is": "waiting"}, by=("ai_draft.use",), good="down", page="policy:desk",
        clock="As it stands when it is read.", description="What an AI made and nobody has read yet.",
    ),
)  # fmt: skip
