"""The sample company over REST: is it here, bring it in, take it out."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from marops.domains.accounts.public import actor_of
from marops.kernel.permissions import require
from marops.kernel.rest import Strict
from marops.sample.jobs import start_removal, start_sample
from marops.sample.permissions import MANAGE
from marops.sample.public import check_size
from marops.sample.queries import state

router = Router(tags=["sample"])


class Wanted(Strict):
    """Which company: `small` or `large`, and by which seed."""

    size: str = "small"
    seed: int = Field(1, ge=0, le=2**31)


@router.get("/sample", url_name="sample", response=dict[str, Any])
def look(request: HttpRequest) -> dict[str, Any]:
    """Whether the sample company is here, and which."""
    require(actor_of(request), MANAGE)
    return state()


@router.post("/sample", response={202: dict[str, Any]}, url_name="sample-load")
def load(request: HttpRequest, wanted: Wanted) -> Status[dict[str, Any]]:
    """Bring it in. Answers at once; the rest is a job."""
    job = start_sample(actor=actor_of(request), size=check_size(wanted.size), seed=wanted.seed, workflows=True)
    return Status(202, {"job": job.ref, "state": job.state})


@router.delete("/sample", response={202: dict[str, Any]}, url_name="sample-remove")
def remove(request: HttpRequest) -> Status[dict[str, Any]]:
    """Take it out again. Answers at once; the rest is a job."""
    job = start_removal(actor=actor_of(request))
    return Status(202, {"job": job.ref, "state": job.state})
