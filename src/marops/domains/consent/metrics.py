"""The figures of the list: who may be written to, who joins and who leaves."""

from marops.kernel.metrics import METRICS, Metric, MetricType
from marops.store.metricquery import Aggregate, Grain

_YES = {"did": "consent.recorded", "where": {"channel": "email", "state": "granted"}}
_NO = {"did": "consent.recorded", "where": {"channel": "email", "state": ["denied", "unsubscribed"]}}
_OWNER = "email_marketing_specialist"
_SOURCES = ("contact.source",)

METRICS.add(
    Metric(
        "list.joined",
        "Joined the e-mail list",
        MetricType.SIMPLE,
        owner=_OWNER,
        rule=_YES,
        event="joined_list",
        says="joined the e-mail list",
        once=(),
        good="up",
        by=_SOURCES,
        clock="When the yes was recorded.",
        description="People who agreed to e-mail for the first time. Who leaves and comes back is not counted again.",
    ),
    Metric(
        "list.left",
        "Left the e-mail list",
        MetricType.BETWEEN,
        owner=_OWNER,
        measure=Aggregate.COUNT,
        start=_YES,
        end=_NO,
        once=(),
        place="end",
        event="left_list",
        says="left the e-mail list",
        good="down",
        by=_SOURCES,
        clock="When the no was recorded.",
        description="People who had agreed to e-mail and then refused it or unsubscribed.",
    ),
    Metric(
        "list.net",
        "Net change of the e-mail list",
        MetricType.DERIVED,
        owner=_OWNER,
        formula="list.joined - list.left",
        good="up",
        by=_SOURCES,
        clock="When the word was recorded.",
        description="Who joined, less who left.",
    ),
    Metric(
        "list.members",
        "On the list at the start",
        MetricType.CUMULATIVE,
        owner=_OWNER,
        of="list.net",
        place="start",
        good="up",
        clock="At the first moment of the period.",
        description="Everybody who joined before, less everybody who left before.",
    ),
    Metric(
        "list.growth",
        "List growth",
        MetricType.RATIO,
        owner=_OWNER,
        unit="share",
        numerator="list.net",
        denominator="list.members",
        good="up",
        grain=Grain.MONTH,
        min_n=30,
        clock="When the word was recorded; the base is the list at the start of the period.",
        description="Who joined less who left, as a share of the list at the start of the period. Bounces and"
        " complaints will count as leaving once e-mails are sent from here.",
    ),
    Metric(
        "list.reachable",
        "May be written to",
        MetricType.SIMPLE,
        owner=_OWNER,
        level=True,
        rule={"field": "consent.email", "is": "granted"},
        event="reachable",
        says="may be written to by e-mail",
        good="up",
        by=("contact.source",),
        clock="As it stands when it is read; the last reading of a period stands for it.",
        description="People whose word in force for e-mail is yes.",
    ),
)
