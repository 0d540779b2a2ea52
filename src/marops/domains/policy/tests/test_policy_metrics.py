from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from marops.domains.policy.models import AiAct, AiDraft
from marops.domains.policy.queries.saved import METRIC, time_saved
from marops.domains.workflows.models import EventLog, LogDiscovery, LogEvent, LogName
from marops.engine import measuring
from marops.kernel.clock import now
from marops.kernel.metrics import METRICS

NOON = datetime(2026, 6, 17, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def worked(log: EventLog, rows: list[tuple[int, int, float]]) -> None:
    """Events of a log: activity, touch, minutes."""
    LogEvent.objects.bulk_create(
        LogEvent(
            log_id=log.id, number=at, row=at, case_no=at, class_no=0, activity_no=activity, touch_no=touch,
            started=NOON - 9 * HOUR, ended=NOON - 9 * HOUR + timedelta(minutes=minutes),
        )
        for at, (activity, touch, minutes) in enumerate(rows, 1)
    )  # fmt: skip


def mapped() -> EventLog:
    log = EventLog.objects.create(number=1, title="Tasks", format="csv", actor_kind="human", actor_id="x")
    for kind, names in (("activity", ["Write", "Read", "Send"]), ("touch", ["human", "ai", "auto"])):
        for position, name in enumerate(names):
            LogName.objects.create(log=log, kind=kind, position=position, name=name)
    LogDiscovery.objects.create(
        log=log, workflow="mail", version=1, crew="c", noise=0, actor_kind="human", actor_id="x"
    )
    return log


@pytest.mark.django_db(transaction=True)
@time_machine.travel(NOON, tick=False)
def test_figures_of_ai_are_what_the_trail_and_the_logs_hold(engine: object) -> None:
    assert time_saved().minutes is None
    for verdict, cost in (("yes", 2), ("yes", 1), ("waits", 0), ("no", 0), ("no", 0)):
        AiAct.objects.create(
            at=now() - HOUR, use="u-07", actor="assistant", on_behalf_of="x", action="a.b", term="draft",
            verdict=verdict, cost=Decimal(cost),
        )  # fmt: skip
    AiDraft.objects.create(
        at=now(), use="u-07", actor="assistant", on_behalf_of="x", kind="text", title="T", content={}, sha256="0" * 64
    )
    worked(
        mapped(),
        [(0, 0, 30.0)] * 6 + [(0, 1, 10.0)] * 5  # write: people 30 minutes, AI 10
        + [(1, 1, 5.0)] * 5 + [(1, 0, 20.0)] * 4  # read: too few of people
        + [(2, 0, 60.0)] * 9,  # send: no AI in it
    )  # fmt: skip
    names = ("ai.asked", "ai.acts", "ai.refused", "ai.held", "ai.cost", "ai.refused_share", "ai.waiting")
    metrics = [METRICS.find(name) for name in (*names, METRIC)]
    assert [one.name for one in measuring.refresh(metrics, now())] == [*names, METRIC]
    read = {name: measuring.kept([METRICS.find(name)])[name].headline() for name in names}
    assert {name: one.value for name, one in read.items() if one} == {
        "ai.asked": 5, "ai.acts": 2, "ai.refused": 2, "ai.held": 1, "ai.cost": 3, "ai.refused_share": 0.4,
        "ai.waiting": 1,
    }  # fmt: skip
    saved = time_saved()
    assert [(one.name, one.people, one.ai, one.saved) for one in saved.steps] == [
        ("Write", 30.0, 10.0, 100.0), ("Read", None, 5.0, None),
    ]  # fmt: skip
    assert saved.minutes == 100.0
    by_use = measuring.refresh([METRICS.find("ai.acts")], now(), by="ai_act.use")
    assert len(list(by_use)) == 1
    assert measuring.kept([METRICS.find("ai.acts")], by="ai_act.use")["ai.acts"].headline("u-07").value == 2
