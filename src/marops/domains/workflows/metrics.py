"""The figure of work that people and AI share: how long a step takes each of them."""

from marops.kernel.fields import REGISTRY, Field, FieldType, Relation
from marops.kernel.metrics import METRICS, Metric, MetricType
from marops.store.metricquery import Aggregate

REGISTRY.relation(Relation("step_beside_ai", "step_beside_ai"))
REGISTRY.add(
    Field("step_beside_ai.minutes", "Minutes of the step", FieldType.NUMBER, "step_beside_ai", "minutes"),
    Field("step_beside_ai.ended_at", "When it ended", FieldType.DATETIME, "step_beside_ai", "ended_at"),
    Field("step_beside_ai.part", "Workflow, step and by whom", FieldType.TEXT, "step_beside_ai", "part"),
)
METRICS.add(
    Metric(
        "work.step_beside_ai",
        "Time of a step that AI shares, median",
        MetricType.SIMPLE,
        owner="mops_manager",
        unit="minutes",
        entity="step_beside_ai",
        level=True,
        measure=Aggregate.MEDIAN,
        of="step_beside_ai.minutes",
        split="step_beside_ai.part",
        good="down",
        min_n=5,
        page="workflows:workflows",
        clock="From begin to end of the work, by the clock on the wall; waiting before it is not in it.",
        description="Of the logs that became workflows, the steps that AI takes part in: how long one takes, by"
        " workflow and step, people and AI each by themselves.",
    )
)
