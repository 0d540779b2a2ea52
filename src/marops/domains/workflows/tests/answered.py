"""Answers about the webinar of the templates, as if somebody had simulated: every part of the page has something."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from marops.domains.workflows.actions import keep_answer
from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.rules.answers import (
    BottleneckAnswer,
    Comparison,
    Estimate,
    Figures,
    Line,
    Measured,
    Method,
    Option,
    Row,
    Series,
    StepTimes,
    Thing,
    as_plain,
)
from marops.kernel.actors import Actor

LEGAL = Thing("skill", "legal", "Legal", ("webinar/legal",))

ROWS = (
    Row("Legal", 0.6, 0.4, 0.8, "skill", "legal"),
    Row("Design", 0.1, -0.1, 0.2, "skill", "design"),
    Row("Campaign operations & automation", 0.0, 0.0, 0.05, "skill", "automation"),
)

BOTTLENECK = BottleneckAnswer(
    LEGAL,
    (
        Method("fluid", "One more hour a day", "webinars a month it would unlock", "webinars", ROWS, "Only legal is."),
        Method("waiting", "Where work waits", "hours per webinar", "hours", ROWS, "Legal: 44 % of all waiting."),
        Method("active", "Busy without a pause", "share of the time, %", "per cent", ROWS, "In autumn it is design."),
        Method("sensitivity", "10 % less work per step", "more a month", "webinars", ROWS, "", tied=("Copy",)),
    ),
    agreement="three agree on legal; the fourth cannot separate legal from copy",
    agrees=3,
    holds_back=Estimate(3.1, 2.4, 3.8),
    lever="one more legal hour a day",
    unlocks=Estimate(0.6, 0.4, 0.8),
    next_constraint=Thing("skill", "design", "Design"),
    next_says="Once legal is lifted, it is design, from August.",
    because=("3 webinars a month come in.",),
)

MEASURED = Measured(
    "simulated",
    {"legal": StepTimes(1.2, 30, {"unavailability": 12, "contention": 18}), "brief": StepTimes(2.5, 1)},
    Figures(
        per_month=Estimate(2.7, 2.5, 2.9), lead_p50=Estimate(700, 680, 730), lead_p85=Estimate(900, 860, 950),
        on_time=Estimate(0.79, 0.72, 0.85), lead_hours=tuple(400.0 + 8 * n for n in range(101)),
    ),
    runs=100, version=1, fit=Estimate(1.4, 1.2, 1.6),
)  # fmt: skip

MONTHS = tuple(date(2027 + n // 12, n % 12 + 1, 1) for n in range(18))

COMPARISON = Comparison(
    (Option("redesign", "Redesign: legal reads daily"), Option("hire", "Hire: campaign manager")),
    MONTHS,
    "more webinars a month than doing nothing",
    (
        Series("redesign", tuple(Estimate(n / 8, n / 8 - 0.5, n / 8 + 0.5) for n in range(18)), Estimate(6, 4, 9)),
        Series("hire", tuple(Estimate(0.1, -0.3, 0.5) for _ in range(18))),
    ),
    (
        Line("per_month", "Webinars a month", "number", Estimate(11.8, 11, 12.4),
             (Estimate(14.1, 13.3, 14.9), Estimate(12.2, 11.7, 12.8))),
        Line("lead_p85", "Lead time, p85", "hours", Estimate(720, 700, 800),
             (Estimate(520, 490, 560), Estimate(715, 640, 790)), better="less"),
        Line("on_time", "On time", "share", Estimate(0.77), (Estimate(0.91, 0.86, 0.94), Estimate(0.79, 0.72, 0.85))),
        Line("cost_of_one_more", "Cost of one more", "money", None,
             (Estimate(1410, 1020, 2150), Estimate(None, why="the interval holds 0")), better="less"),
    ),
    baseline=Estimate(11.8), unit="webinars a month", best="redesign", runs=100, seconds=3.2,
    flip="If fewer than 12 % of drafts came back from legal, the hire would win.",
    by_workflow=tuple(
        Line("unlocked", name, "number", Estimate(today), (Estimate(today + 2), Estimate(today)), better="more")
        for name, today in (("Webinar", 4.0), ("Newsletter", 8.0))
    ),
    next_constraint="Next after the redesign: design.", assumptions=("Legal stays at two days a week.",),
)  # fmt: skip


def keep_answers(actor: Actor, slug: str = "webinar", bottleneck: BottleneckAnswer = BOTTLENECK) -> None:
    """Keep all of them for a workflow."""
    given: dict[str, Any] = {"actor": actor, "workflow": slug, "seconds": 1.0, "sample": False}
    found = {"answer": as_plain(bottleneck), "measured": as_plain(MEASURED)}
    keep_answer(kind=WorkflowAnswer.Kind.BOTTLENECK, digest="a" * 64, asked={}, answer=found, **given)
    asked = {"scenarios": {one.key: {"title": one.title} for one in COMPARISON.options}}
    compared = {"answer": as_plain(COMPARISON)}
    keep_answer(kind=WorkflowAnswer.Kind.COMPARISON, digest="b" * 64, asked=asked, answer=compared, **given)


def _share(value: float, around: float = 0.05) -> dict[str, float]:
    return {"value": value, "low": value - around, "high": value + around}


def _decision(key: str, gain: float) -> dict[str, Any]:
    change = {"change": "effort", "step": "webinar/invite", "factor": 0.5}
    return {
        "key": key, "title": f"Webinar: {key}", "kind": "assist", "workflow": "webinar", "step": "invite",
        "gain": _share(gain), "probability": _share(0.6 + gain), "in_time_gain": _share(0.01, 0.004),
        "in_time": _share(0.9), "runs": 400, "looked_closer": True,
        "scenario": {"title": f"Webinar: {key}", "changes": [change]},
    }  # fmt: skip


def keep_decisions(
    actor: Actor, says: str = "some", today_: float = 0.6, gains: tuple[float, ...] = (0.2, 0.1, 0.02)
) -> None:
    """Keep what helps a plan for webinars; `says`: which of the answers it is."""
    tried = [_decision(name, gain) for name, gain in zip(("invite", "legal", "copy"), gains, strict=True)]
    best = [one for one in tried if one["gain"]["low"] > 0] if says == "some" else []
    answer = {
        "today": _share(today_, 0.0 if today_ in (0, 1) else 0.05), "in_time": _share(0.9), "says": says,
        "met_by_month": [{"month": "2027-01", **_share(0.8)}, {"month": "2027-02", **_share(today_, 0.01)}],
        "asks_for": [{"class": "webinar/webinar", "name": "Webinar", "workflow": "Webinar", "per_month": [2.0, 1.5],
                      "pieces": 4, "comes_in_today": 1.6, "days_ahead": 30.0}],
        "decisions": best, "tried": tried, "runs": 400,
    }  # fmt: skip
    asked = {
        "plan": {"first": "2027-01", "months": 2, "targets": {"webinar/webinar": {"2027-01": 2.0, "2027-02": 1.5}}},
        "versions": ["workflow/webinar@1"], "runs": 400, "seed": 1,
    }  # fmt: skip
    keep_answer(
        actor=actor, workflow="webinar", kind=WorkflowAnswer.Kind.DECISIONS, digest=f"{says:0<64}", asked=asked,
        answer=answer, seconds=7.0, sample=False,
    )  # fmt: skip


def keep_promises(actor: Actor) -> None:
    """Keep when three webinars will be done: one is late, one in danger, one has no date."""
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)

    def piece(case: str, waits: str, days: int, due: int | None, chance: float) -> dict[str, Any]:
        done, dated = at + timedelta(days=days), due is not None
        return {
            "case": case, "class": "webinar", "began": (at - timedelta(days=20)).isoformat(), "done": "brief",
            "done_name": "Brief", "done_at": at.isoformat(), "waits_for": [waits], "p50": done.isoformat(),
            "p85": (done + timedelta(days=9)).isoformat() if days < 90 else None,
            "due": (at + timedelta(days=due)).isoformat() if due is not None else None,
            "on_time": _share(chance, 0.0) if dated else None,
        }  # fmt: skip

    rows = [piece("webinar-1", "Legal review", 12, -3, 0.0), piece("webinar-2", "Invite", 16, 20, 0.4),
            piece("webinar-3", "Brief", 120, None, 0.0)]  # fmt: skip
    answer = {"at": at.isoformat(), "open": rows, "first": ["webinar-2"]}
    asked = {"runs": 200, "seed": 1, "versions": ["workflow/webinar@1", "crew/marketing@1"], "open": "", "log": "EL-70"}
    keep_answer(
        actor=actor, workflow="webinar", kind=WorkflowAnswer.Kind.PROMISES, digest="c" * 64, asked=asked,
        answer=answer, seconds=0.7, sample=False,
    )  # fmt: skip
