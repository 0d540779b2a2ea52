"""The page of the sample company: what it is, bring it in, take it out."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.kernel.forms import posted, problems_on
from marops.kernel.models import Job
from marops.sample.forms import SampleForm
from marops.sample.jobs import start_removal, start_sample
from marops.sample.models import SampleCompany
from marops.sample.permissions import MANAGE
from marops.sample.queries import current_job, only_sample, present, what_goes
from marops.sample.truths import TRUTHS
from marops.sample.world import COMPANY, PEOPLE, PLATFORMS

_GET_OR_POST = ("GET", "HEAD", "POST")


@require_http_methods(_GET_OR_POST)
@needs(MANAGE)
def page(request: HttpRequest) -> HttpResponse:
    """Look at it; a POST brings it in."""
    form = SampleForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with problems_on(form):
            job = start_sample(actor=actor_of(request), workflows=True, **form.cleaned_data)
            return redirect("job", ref=job.ref)
    one = present()
    shown = {
        "company": COMPANY,
        "people": len(PEOPLE),
        "platforms": len(PLATFORMS),
        "one": one,
        "job": current_job(),
        "form": form,
        "fits": one is None and only_sample(),
        "goes": what_goes(one) if one else {},
        "truths": TRUTHS,
        "answer": _answer(one),
        "half": one is not None and one.state == SampleCompany.State.LOADING and _stopped(one),
    }
    return render(request, "sample/sample.html", shown, status=422 if form.errors else 200)


def _stopped(one: SampleCompany) -> bool:
    return Job.objects.filter(id=one.job_id, state__in=["stopped", "failed"]).exists()


def _answer(one: SampleCompany | None) -> str:
    if one is None:
        return _("A made-up company to look around in: two years of leads, sales and campaigns.")
    if one.state == SampleCompany.State.LOADING:
        return _("The sample company is coming in.")
    if one.state == SampleCompany.State.REMOVING:
        return _("The sample company is being removed.")
    return _("%(company)s is in this workspace: %(leads)s leads, and nothing about them is real.") % {
        "company": COMPANY,
        "leads": f"{one.leads:,}",
    }


@require_POST
@needs(MANAGE)
def take_away(request: HttpRequest) -> HttpResponse:
    """Remove it, as a job."""
    return redirect("job", ref=start_removal(actor=actor_of(request)).ref)
