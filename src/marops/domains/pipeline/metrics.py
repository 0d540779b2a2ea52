"""The figures of deals: opened, won and lost, each currency by itself."""

from typing import Any

from marops.kernel.metrics import METRICS, Metric, MetricType
from marops.store.metricquery import Aggregate, Grain

_MONEY: dict[str, Any] = {
    "unit": "money", "measure": Aggregate.SUM, "of": "amount", "split": "currency", "counts": "opportunity",
}  # fmt: skip
_OWNER = "vp_mops"

METRICS.add(
    Metric(
        "pipeline.opened",
        "Pipeline opened",
        MetricType.SIMPLE,
        owner=_OWNER,
        rule={"did": "opportunity.created"},
        grain=Grain.MONTH,
        good="up",
        event="opened",
        says="were opened",
        clock="When the deal was opened.",
        description="The amounts that deals were opened with. Nothing adds two currencies; deals without an amount"
        " count among the rows, not in the sum.",
        **_MONEY,
    ),
    Metric(
        "pipeline.won",
        "Pipeline won",
        MetricType.SIMPLE,
        owner=_OWNER,
        rule={"did": "opportunity.won"},
        grain=Grain.MONTH,
        good="up",
        event="won",
        says="were won",
        clock="When the deal was won.",
        description="The amounts of deals that were won.",
        **_MONEY,
    ),
    Metric(
        "pipeline.deals_won",
        "Deals won",
        MetricType.SIMPLE,
        owner=_OWNER,
        counts="opportunity",
        rule={"did": "opportunity.won"},
        grain=Grain.MONTH,
        good="up",
        rows_of="pipeline.won",
        clock="When the deal was won.",
        description="How many deals were won.",
    ),
    Metric(
        "pipeline.deals_closed",
        "Deals closed",
        MetricType.SIMPLE,
        owner=_OWNER,
        counts="opportunity",
        rule={"did": ["opportunity.won", "opportunity.lost"]},
        grain=Grain.MONTH,
        event="closed",
        says="were closed",
        clock="When the deal was closed.",
        description="How many deals were won or lost.",
    ),
    Metric(
        "pipeline.win_rate",
        "Win rate",
        MetricType.RATIO,
        owner=_OWNER,
        counts="opportunity",
        unit="share",
        numerator="pipeline.deals_won",
        denominator="pipeline.deals_closed",
        grain=Grain.MONTH,
        good="up",
        min_n=10,
        sample=True,
        clock="When the deal was closed.",
        description="Of the deals that were closed in the period, the share that was won.",
    ),
)
