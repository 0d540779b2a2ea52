"""Because: what stands behind a line of the one page, and behind its answer."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs
from marops.domains.policy.models import PolicyTable
from marops.domains.policy.pages.frame import Row, begun, state_said
from marops.domains.policy.permissions import TRAIL, VIEW
from marops.domains.policy.queries import shown
from marops.domains.policy.queries.policies import Policy, policy_of
from marops.domains.policy.queries.sheet import acts_url
from marops.domains.policy.queries.told import page_json
from marops.domains.policy.rules.wording import sentence
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import may


@require_GET
@needs(VIEW)
@begun
def line(request: HttpRequest, at: int) -> HttpResponse:
    """One line of the page: exactly which combinations, the rules behind it, and what AI did of it in 90 days."""
    policy = policy_of(request.GET.get("version", ""))
    told = page_json(policy)
    lines = [*told["lines"], *told["details"]]
    if at >= len(lines):
        raise MaropsError(NOT_FOUND, _("Version %(n)s has no such line.") % {"n": policy.row.version})
    one = lines[at]
    counts = shown.lately(policy, lines).lines[at]
    context: Row = {
        "line": one, "row": policy.row, "state": state_said(policy.row), "counts": counts, "days": shown.QUARTER,
        "exact": [sentence(box, exact=True) for box in one["boxes"]], "rules": _rules(policy, one["rules"]),
        "active": policy.row.state == Definition.State.ACTIVE,
        "acts_url": acts_url(policy, at) if any(counts.values()) and may(actor_of(request), TRAIL) else "",
    }  # fmt: skip
    return render(request, "policy/line.html", context)


def _rules(policy: Policy, names: list[str]) -> list[Row]:
    return [policy.compiled.rules[name].model_dump() for name in names]


@require_GET
@needs(VIEW)
@begun
def because(request: HttpRequest) -> HttpResponse:
    """Where the figures of the page come from, and why its lines are what is enforced."""
    policy = policy_of(request.GET.get("version", ""))
    told = page_json(policy)
    kept = PolicyTable.objects.get(rules_sha256=policy.digest)
    context: Row = {
        "row": policy.row, "state": state_said(policy.row), "told": told, "kept": kept, "by_use": _by_use(),
        "active": policy.row.state == Definition.State.ACTIVE,
        "ahead": len(policy.compiled.ahead), "moment": len(policy.compiled.rules) - len(policy.compiled.ahead),
    }  # fmt: skip
    return render(request, "policy/because.html", context)


def _by_use() -> list[Row]:
    """What each use did lately."""
    rows = shown.recent(shown.QUARTER).values("use").annotate(**shown.BY_VERDICT, n=Count("id")).order_by("-n", "use")
    return [dict(row) for row in rows]
