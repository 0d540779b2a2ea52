"""The governance desk: what waits, what was refused, what is overdue, what it costs and saves, and who decided what."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs
from marops.domains.policy.charts import weeks_picture
from marops.domains.policy.pages.frame import Row, tabs
from marops.domains.policy.permissions import STOP, TRAIL, VIEW
from marops.domains.policy.queries import governance, saved, shown
from marops.domains.policy.queries.policies import in_force
from marops.domains.policy.queries.samples import found_lately
from marops.domains.policy.queries.sheet import grouped
from marops.kernel.permissions import may
from marops.kernel.workspace import today


@require_GET
@needs(VIEW)
def desk(request: HttpRequest) -> HttpResponse:
    """Everything that whoever answers for AI has to look at, the most urgent first."""
    actor, policy = actor_of(request), in_force()
    weeks, waiting, overdue = governance.weeks(), governance.waiting(actor), governance.overdue()
    context: Row = {
        "tabs": tabs(request, "desk"), "policy": policy, "stopped": shown.everything_stopped(),
        "may_stop": may(actor, STOP), "weeks": weeks, "picture": weeks_picture(weeks), "waiting": waiting,
        "reading_hours": governance.reading_hours(), "overdue": overdue,
        "refusals": [one | {"query": _refused(one)} for one in governance.refusals()],
        "policy_late": bool(policy and policy.document.review_by and policy.document.review_by < today()),
        "uses": governance.by_use(), "saved": _saved(),
        "decisions": governance.decisions(actor) if may(actor, TRAIL) else None,
        "waiting_url": _where("policy:waiting"), "uses_url": _where("policy:uses"),
        "trail_url": _where("policy:trail") if may(actor, TRAIL) else "",
    }  # fmt: skip
    context["samples"] = found_lately()
    context["cost"] = sum(one["cost"] or 0 for one in context["uses"])
    context["refused"] = sum(one["no"] for one in context["uses"])
    context["answer"] = _answer(waiting.count, context["refused"], len(overdue))
    return render(request, "policy/desk.html", context)


def _refused(one: Row) -> str:
    """The address of the acts behind a line of what was refused."""
    query = {"use": one["use"], "term": one["term"], "verdict": "no", "days": shown.DAYS, "why": one["why"]}
    return urlencode({name: value for name, value in query.items() if value})


def _where(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _answer(waits: int, refused: int, overdue: int) -> str:
    parts = []
    if waits:
        parts.append(ngettext("One draft of AI waits to be read", "%(n)s drafts of AI wait to be read", waits)
                     % {"n": grouped(waits)})  # fmt: skip
    if overdue:
        parts.append(ngettext("one use is past its review", "%(n)s uses are past their review", overdue)
                     % {"n": overdue})  # fmt: skip
    if refused:
        parts.append(ngettext("one act was refused in 30 days", "%(n)s acts were refused in 30 days", refused)
                     % {"n": grouped(refused)})  # fmt: skip
    if not parts:
        return _("Nothing waits, nothing is overdue, and nothing was refused in 30 days.")
    said = "; ".join(parts)
    return f"{said[:1].upper()}{said[1:]}."


def _step(one: saved.Step) -> dict[str, Any]:
    """One step in seconds, as they are said."""
    told = {"people": one.people, "ai": one.ai, "saved": None if one.saved is None else abs(one.saved)}
    seconds = {name: None if minutes is None else minutes * 60 for name, minutes in told.items()}
    return seconds | {
        "name": one.name, "workflow": one.workflow, "n_ai": one.n_ai, "lost": (one.saved or 0) < 0,
    }  # fmt: skip


def _saved() -> dict[str, Any]:
    """Time saved in words; what cannot be measured says why."""
    found = saved.time_saved()
    minutes = found.minutes
    if minutes is None and found.steps:
        why = _("Each step below was done fewer than five times by people or by AI.")
    elif minutes is None:
        why = _("No step of a mapped workflow was done both by people and by AI. Import a log that says who did what, "
                "and make a workflow of it.")  # fmt: skip
    else:
        why = ""
    return {
        "steps": [_step(one) for one in found.steps[:12]], "minutes": minutes, "why": why,
        "measured_at": found.measured_at, "lost": minutes is not None and minutes < 0,
        "seconds": abs(minutes or 0) * 60,
    }  # fmt: skip
