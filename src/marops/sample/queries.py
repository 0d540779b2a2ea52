"""What is known of the sample company in this workspace."""

from typing import Any

from django.db import connection

from marops.kernel.models import Job
from marops.sample.models import SampleCompany
from marops.sample.world import COMPANY, SIZES


def present() -> SampleCompany | None:
    """The sample company in this workspace; None where there is none."""
    return SampleCompany.objects.first()


def state() -> dict[str, Any]:
    """The same as one document: what REST and `--json` answer."""
    one = present()
    if one is None:
        return {"present": False, "company": COMPANY, "sizes": SIZES}
    return {
        "present": True,
        "company": COMPANY,
        "state": one.state,
        "size": one.size,
        "leads": one.leads,
        "seed": one.seed,
        "day": one.day.isoformat(),
        "job": job_ref(one),
    }


def job_ref(one: SampleCompany) -> str | None:
    """The job that brought it in."""
    found = Job.objects.filter(id=one.job_id).first()
    return found.ref if found else None


def what_goes(one: SampleCompany) -> dict[str, int]:
    """How much a removal takes out, in words' order: leads, people, campaigns, definitions."""
    made = one.made
    return {
        "leads": one.leads,
        "people": len(made.get("people", ())),
        "campaigns": len(made.get("register", {}).get("campaign", ())),
        "definitions": len(made.get("definitions", ())),
    }


def current_job() -> Job | None:
    """The job that brings it in or takes it out just now."""
    running = Job.objects.filter(kind__in=["sample.load", "sample.remove"], state__in=["waiting", "running"])
    return running.order_by("-created_at").first()


def only_sample() -> bool:
    """May the sample company come in: is there nothing real yet?"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM contact) AND NOT EXISTS (SELECT FROM company)"
            " AND NOT EXISTS (SELECT FROM opportunity)"
        )
        return bool(cursor.fetchone()[0])
