"""The figures of records: how many came in, and how good they are."""

from marops.kernel.metrics import METRICS, Metric, MetricType
from marops.store.metricquery import Aggregate, Grain

PIECES = ("contact.source", "owner.account")

METRICS.add(
    Metric(
        "leads.created",
        "New leads",
        MetricType.SIMPLE,
        owner="lead_db_admin",
        rule={"did": "lead.created"},
        grain=Grain.MONTH,
        good="up",
        by=PIECES,
        event="created",
        says="came in",
        clock="When the record came into Marops.",
        description="Records that were made, whatever they came by: a file, a form, a key or a person.",
    ),
    Metric(
        "quality.score",
        "Database quality",
        MetricType.SIMPLE,
        owner="lead_db_admin",
        unit="points",
        level=True,
        measure=Aggregate.AVERAGE,
        of="quality.score",
        grain=Grain.MONTH,
        good="up",
        by=PIECES,
        page="contacts:quality",
        clock="As it stands when it is read; the last reading of a period stands for it.",
        description="The mean of the records' quality scores, from 0 to 100: what is missing, stale, impossible or"
        " twice there takes points off, by the quality rules in force.",
    ),
)
