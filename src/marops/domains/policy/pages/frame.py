"""What the pages of the policy share: the tabs above them, names of versions, and deciding a version ahead."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.accounts.public import actor_of, names
from marops.domains.policy.jobs import DECIDE
from marops.domains.policy.permissions import TRAIL, VIEW
from marops.domains.policy.queries import shown
from marops.domains.policy.queries.policies import Policy
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.jobs import start_job
from marops.kernel.models import Definition, Job
from marops.kernel.permissions import may

Row = dict[str, Any]
View = Callable[..., HttpResponse]
_TABS: tuple[tuple[str, Any, str, str], ...] = (
    ("page", gettext_lazy("The page"), "policy:page", VIEW),
    ("desk", gettext_lazy("Desk"), "policy:desk", VIEW),
    ("rules", gettext_lazy("Rules"), "policy:rules", VIEW),
    ("uses", gettext_lazy("Register"), "policy:uses", VIEW),
    ("disclosures", gettext_lazy("Disclosure"), "policy:disclosures", VIEW),
    ("waiting", gettext_lazy("Waiting"), "policy:waiting", VIEW),
    ("trail", gettext_lazy("Trail"), "policy:trail", TRAIL),
    ("versions", gettext_lazy("Versions"), "policy:versions", VIEW),
    ("what-if", gettext_lazy("What if"), "policy:what-if", VIEW),
)
"""Key, label, name of the address, right."""
OPEN = (Job.State.WAITING, Job.State.RUNNING)


def tabs(request: HttpRequest, current: str) -> list[Row]:
    """The pages of the policy that this reader may open, for `{% tabs %}`."""
    actor = actor_of(request)
    return [
        {"label": label, "url": reverse(name), "current": key == current}
        for key, label, name, right in _TABS
        if may(actor, right)
    ]


def begun(view: View) -> View:
    """The page, or where nobody wrote a policy yet the one on which it begins."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except MaropsError as error:
            if error.code != NOT_FOUND or shown.rows():
                raise
            messages.info(request, str(error))
            return redirect("policy:page")

    return asked


def state_said(row: Definition) -> str:
    """Active, version 7."""
    words = {
        Definition.State.ACTIVE: _("In force, version %(n)s"), Definition.State.DRAFT: _("Draft, version %(n)s"),
        Definition.State.REVIEW: _("In review, version %(n)s"), Definition.State.RETIRED: _("Retired, version %(n)s"),
    }  # fmt: skip
    return words[Definition.State(row.state)] % {"n": row.version}


def deciding(version: int) -> Job | None:
    """The newest job that decides a version."""
    return Job.objects.filter(kind=DECIDE, arguments__version=str(version)).order_by("-number").first()


def job_of(number: int) -> Job | None:
    """A job that decides a version, by its number."""
    return Job.objects.filter(kind=DECIDE, number=number).first()


def decide_ahead(policy: Policy, actor: Actor) -> None:
    """Have a version decided where it is not and nobody is at it."""
    job = deciding(policy.row.version)
    if not policy.decided and (job is None or job.state not in OPEN):
        start_job(DECIDE, {"version": str(policy.row.version), "policy": policy.row.pinned}, actor=actor)


def progress(policy: Policy, back: str) -> Row:
    """The job that decides a version, for a page that waits for it and then is loaded anew."""
    job = deciding(policy.row.version)
    running = job is not None and job.state in OPEN
    url = f"{reverse('policy:job', args=[job.number])}?{urlencode({'back': back})}" if job else ""
    return {"job": job, "running": running, "poll_url": url, "failed": job and job.problem}


def who_wrote(rows: Sequence[Definition]) -> list[str]:
    """The names of the authors of versions, in one query; empty where nobody is known."""
    known = names([row.author for row in rows])
    return [known.get(row.author, "") for row in rows]
