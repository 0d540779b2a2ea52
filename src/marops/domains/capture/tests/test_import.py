from pathlib import Path

import pytest

from marops.domains.capture.public import plan_import, result_of, start_import
from marops.domains.consent.models import State
from marops.domains.contacts.public import Contact, find_contact, origins_of
from marops.kernel.actors import SETUP
from marops.kernel.jobs import run_here

pytestmark = pytest.mark.django_db(transaction=True)


def brought_in(path, mapping=None):
    job = start_import(path, plan_import(path, mapping), actor=SETUP)
    return result_of(run_here(job.id))


def sums(result):
    return result.rows == result.created + result.updated + result.unchanged + result.rejected


def test_the_real_file_goes_in_whole_and_changes_nothing_the_second_time(shared_data: Path):
    path = shared_data / "lead_scoring" / "x_education_leads_early.csv"
    first = brought_in(path)
    assert (first.rows, first.created, first.rejected) == (6468, 6468, 0)
    lead = find_contact("571b5c8e-a5b2-4d57-8574-f2ffb06fdeff", actor=SETUP)
    assert (lead.source, lead.country, lead.visits, lead.seconds_on_site) == ("direct", "BD", 6, 1279)
    assert lead.originals["country"] == "Bangladesh"
    assert (origins_of(lead)["country"].row, origins_of(lead)["custom.lead_origin"].row) == (2, 2)
    assert lead.custom["lead_origin"] == "Landing Page Submission"
    assert State.objects.filter(channel="email", state="denied").count() == 611
    before = list(Contact.objects.order_by("number").values_list("id", "updated_at", "number"))
    second = brought_in(path)
    assert (second.rows, second.unchanged) == (6468, 6468)
    assert list(Contact.objects.order_by("number").values_list("id", "updated_at", "number")) == before
    assert sums(first)
