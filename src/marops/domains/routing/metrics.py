"""The figures of hand-over: how soon sales touches a lead, whether promises are kept, and what sales takes."""

from dataclasses import replace

from marops.kernel.fields import REGISTRY, Field, FieldType, Relation
from marops.kernel.metrics import METRICS, Metric, MetricType
from marops.store.metricquery import Aggregate

# There is one clock so far, so this is one row a lead.
REGISTRY.relation(Relation("first_touch", "lead_sla", key="contact_id", of="contact"))
REGISTRY.add(
    *(
        Field(f"first_touch.{name}", label, kind, "first_touch", name, sortable=True)
        for name, label, kind in (
            ("started_at", "First touch promised at", FieldType.DATETIME),
            ("due_at", "First touch due", FieldType.DATETIME),
            ("met_at", "First touched", FieldType.DATETIME),
            ("missed_at", "First touch missed", FieldType.DATETIME),
            ("ended_at", "Promise ended without a touch", FieldType.DATETIME),
            ("minutes", "Working minutes to the first touch", FieldType.INTEGER),
        )
    )
)

_OWNER = "lead_db_admin"
_PIECES = ("contact.source", "owner.account")
_TOUCH = {"did": "lead.touched"}
_WAITING = (
    " Leads that nobody has touched count as longer than all others, so waiting is never left out; where the figure"
    " falls among them there is none."
)

_FROM_MQL = Metric(
    "speed.mql_to_touch",
    "Speed to lead, median",
    MetricType.BETWEEN,
    owner=_OWNER,
    unit="minutes",
    measure=Aggregate.QUANTILE,
    start={"did": "lead.stage_changed", "where": {"to": "mql"}},
    end=_TOUCH,
    once=("cycle",),
    good="down",
    min_n=5,
    by=_PIECES,
    rows_of="funnel.mqls",
    clock="When the lead became an MQL; minutes of the clock on the wall.",
    description="From becoming an MQL to the first call, e-mail, meeting or note of sales." + _WAITING,
)
_FROM_OWNER = replace(
    _FROM_MQL,
    name="speed.owner_to_touch",
    label="Hand-over to first touch, median",
    start={"did": "lead.routed", "where": {"owner": {"is_filled": True}}},
    once=None,
    rows_of="",
    event="handed_over",
    says="were handed to a person",
    clock="When the lead was given to a person; minutes of the clock on the wall.",
    description="From a person getting the lead to the first touch of sales." + _WAITING,
)
_WORKING = Metric(
    "speed.working",
    "Speed to lead in working time, median",
    MetricType.SIMPLE,
    owner=_OWNER,
    unit="minutes",
    working=True,
    measure=Aggregate.QUANTILE,
    rule={"field": "first_touch.minutes", "is_filled": True},
    of="first_touch.minutes",
    time="first_touch.started_at",
    good="down",
    min_n=5,
    by=_PIECES,
    event="first_touched",
    says="got the first touch that was promised",
    clock="When the promise began; minutes by the calendar and the zone of the owner, as the promise counts them.",
    description="Working time from hand-over to first touch, of leads that were touched. Those still waiting are not in"
    " it: the share of promises kept tells them.",
)


def _ninth(metric: Metric, label: str) -> Metric:
    """The same for the slowest tenth."""
    name, rows = f"{metric.name}_p90", metric.rows_of or metric.name
    return replace(metric, name=name, label=label, quantile=0.9, min_n=20, event="", says="", rows_of=rows)


METRICS.add(
    _FROM_MQL,
    _ninth(_FROM_MQL, "Speed to lead, slowest tenth"),
    _FROM_OWNER,
    _ninth(_FROM_OWNER, "Hand-over to first touch, slowest tenth"),
    _WORKING,
    _ninth(_WORKING, "Speed to lead in working time, slowest tenth"),
    Metric(
        "sla.kept",
        "Promises kept",
        MetricType.SIMPLE,
        owner=_OWNER,
        rule={"did": "sla.met", "where": {"clock": "first_touch"}},
        good="up",
        by=_PIECES,
        event="kept",
        says="were touched as promised",
        clock="When the touch was made.",
        description="First touches within the time promised.",
    ),
    Metric(
        "sla.missed",
        "Promises missed",
        MetricType.SIMPLE,
        owner=_OWNER,
        rule={"did": "sla.missed", "where": {"clock": "first_touch"}},
        good="down",
        by=_PIECES,
        event="missed",
        says="were not touched in time",
        clock="When the time ran out.",
        description="Leads that nobody had touched when the time promised was over. A lead that goes to the next person"
        " and is missed again counts again.",
    ),
    Metric(
        "sla.ended",
        "Promises that ended",
        MetricType.DERIVED,
        owner=_OWNER,
        formula="sla.kept + sla.missed",
        by=_PIECES,
        event="promise_ended",
        says="had a promise kept or missed",
        clock="When the touch was made, or the time ran out.",
        description="Promises kept and promises missed.",
    ),
    Metric(
        "sla.hit_rate",
        "First touch inside the SLA",
        MetricType.RATIO,
        owner=_OWNER,
        unit="share",
        numerator="sla.kept",
        denominator="sla.ended",
        good="up",
        min_n=5,
        sample=True,
        by=_PIECES,
        clock="When the touch was made, or the time ran out.",
        description="Of the promises of a first touch that ended in the period, the share that was kept.",
    ),
    Metric(
        "sales.taken",
        "Leads taken by sales",
        MetricType.SIMPLE,
        owner="mops_manager",
        rule={"did": ["lead.accepted", "lead.worked"]},
        once=(),
        good="up",
        by=_PIECES,
        event="taken",
        says="were taken by sales",
        clock="When sales first accepted the lead or took it up.",
        description="Leads that their owner accepted, or worked on without saying so first.",
    ),
    Metric(
        "sales.rejected",
        "Leads rejected by sales",
        MetricType.SIMPLE,
        owner="mops_manager",
        rule={"did": "lead.rejected"},
        once=(),
        good="down",
        by=(*_PIECES, "reason"),
        event="rejected",
        says="were rejected by sales",
        clock="When sales first rejected the lead.",
        description="Leads that their owner gave back, each with a reason.",
    ),
    Metric(
        "sales.answered",
        "Leads answered by sales",
        MetricType.DERIVED,
        owner="mops_manager",
        formula="sales.taken + sales.rejected",
        by=_PIECES,
        event="answered",
        says="were answered by sales",
        clock="When sales answered.",
        description="Leads taken and leads rejected. One that was taken and rejected later is in both.",
    ),
    Metric(
        "sales.acceptance",
        "Acceptance by sales",
        MetricType.RATIO,
        owner="mops_manager",
        unit="share",
        numerator="sales.taken",
        denominator="sales.answered",
        good="up",
        min_n=5,
        sample=True,
        by=_PIECES,
        clock="When sales answered.",
        description="Of the leads that sales answered in the period, the share that it took. Where a source stands far"
        " below the others, its leads look better to the score than to sales.",
    ),
)
