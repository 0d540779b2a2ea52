"""The figures of the funnel: who became what, and what share goes on. A stage counts once a cycle, when reached."""

from marops.kernel.metrics import METRICS, Metric, MetricType
from marops.store.metricquery import Grain

_PIECES = ("contact.source", "owner.account")
_AUTOMATION, _MANAGER = "marketing_automation_manager", "mops_manager"
_CLOCK = "When the lead reached the stage for the first time in its cycle; a recycled lead begins a new one."


def reached(stage: str) -> dict[str, object]:
    """The facts of leads that moved to a stage. Stages that were passed over were not reached."""
    return {"did": "lead.stage_changed", "where": {"to": stage}}


def _count(name: str, label: str, stage: str, owner: str, says: str) -> Metric:
    return Metric(
        f"funnel.{name}",
        label,
        MetricType.SIMPLE,
        owner=owner,
        rule=reached(stage),
        once=("cycle",),
        good="up",
        by=_PIECES,
        event=stage,
        says=f"became {stage.upper()}",
        clock=_CLOCK,
        description=says,
    )


def _cohort(name: str, label: str, first: str, then: str, days: int, owner: str) -> Metric:
    words = {"lead": "New leads", "mql": "MQLs", "sal": "SALs", "sql": "SQLs"}
    came = "came in and became" if first == "lead" else f"became {first.upper()} and"
    base = "came in" if first == "lead" else f"became {first.upper()}"
    return Metric(
        f"funnel.{name}",
        label,
        MetricType.CONVERSION,
        owner=owner,
        unit="share",
        start={"did": "lead.created"} if first == "lead" else reached(first),
        end=reached(then),
        window=f"{days}d",
        grain=Grain.MONTH,
        good="up",
        min_n=10,
        by=("contact.source",),
        event=name,
        says=f"{came} {then.upper()} within {days} days",
        base_says=f"{base} and had {days} days since",
        clock=f"When the lead {'came in' if first == 'lead' else 'first reached the stage'}; only those whose {days}"
        " days are over count, so young months are empty at first.",
        description=f"{words[first]} of the period that became {then.upper()} within {days} days (cohort form).",
    )


METRICS.add(
    _count(
        "mqls", "MQLs", "mql", _AUTOMATION,
        "Leads that crossed the threshold of fit and engagement: marketing-qualified.",
    ),
    _count("sals", "SALs", "sal", _MANAGER, "Leads that sales accepted."),
    _count("sqls", "SQLs", "sql", _MANAGER, "Leads whose need, budget, authority and timing sales confirmed."),
    _cohort("lead_to_mql", "New lead to MQL, in 90 days", "lead", "mql", 90, _AUTOMATION),
    _cohort("mql_to_sql", "MQL to SQL, in 90 days", "mql", "sql", 90, _MANAGER),
    Metric(
        "funnel.mql_to_sql_same_period",
        "MQL to SQL, period form",
        MetricType.RATIO,
        owner=_MANAGER,
        unit="share",
        numerator="funnel.sqls",
        denominator="funnel.mqls",
        grain=Grain.MONTH,
        good="up",
        min_n=10,
        by=_PIECES,
        clock="Each by its own time: SQLs of the period are mostly MQLs of an earlier one.",
        description="SQLs of the period over MQLs of the same period. Quick to have and easy to misread: when MQLs"
        " double it halves at first, and it can exceed 100 %. The cohort form does not.",
    ),
)  # fmt: skip
