"""What pages of one question share: the job that looks for the answer, how far it is, and where it is told."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Job


def job_named(ref: str, kind: str, workflow: str) -> Job | None:
    """The job of this reference, if it is such a question about this workflow."""
    found = question(ref, kind)
    return found if found and found.arguments.get("workflow") == workflow else None


def question(ref: str, *kinds: str) -> Job | None:
    """The job of this reference, if it is of one of these kinds."""
    number = ref.removeprefix("J-")
    if not (number.isdecimal() and len(number) < 18):
        return None
    return Job.objects.filter(kind__in=kinds, number=int(number)).first()


def waiting(ref: str, kind: str, workflow: str) -> Job | None:
    """The same as long as it is not answered."""
    job = job_named(ref, kind, workflow)
    return job if job and job.state != Job.State.DONE else None


def with_job(url: str, job: Job) -> str:
    """The address of a page that shows how far a job is."""
    return f"{url}?{urlencode({'job': job.ref})}"


def how_far(request: HttpRequest, job: Job | None, url: str) -> HttpResponse:
    """How far an answer is; once it is there, its page is loaded."""
    if job is None:
        raise MaropsError(NOT_FOUND, _("There is no such question about this workflow."))
    if job.state == Job.State.DONE:
        return loaded(request, url)
    return running(request, job)


def loaded(request: HttpRequest, url: str) -> HttpResponse:
    """Load a page in place of the one that asked how far an answer is."""
    return HttpResponse(headers={"HX-Redirect": url}) if request.headers.get("HX-Request") else redirect(url)


def running(request: HttpRequest, job: Job) -> HttpResponse:
    """How far a job is, asked again after a while."""
    return render(request, "workflows/_progress.html", {"job": job, "poll_url": request.get_full_path()})
