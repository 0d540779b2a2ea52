import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from marops.domains.capture.models import Import
from marops.domains.contacts.public import Company, Contact
from marops.kernel.jobs import run_here
from marops.kernel.models import File

pytestmark = pytest.mark.django_db(transaction=True)

LEADS = (
    b"CRM id,Email,Name,Company,Tier\n1,ada@acme.de,Ada,Acme GmbH,A\n2,bob,Bob,Acme,B\n3,info@acme.de,Eve,,A\n"
    b",,Ann,,\n1,ada@acme.de,Ada L,Acme GmbH,A\n"
)


def upload(client, content=LEADS, name="leads.csv"):
    return client.post("/imports/new", {"file": SimpleUploadedFile(name, content)})


def chosen(page, **changed):
    """What the form of the page would send."""
    fields = {}
    for select in re.finditer(r'<select name="(\w+)".*?</select>', page, re.DOTALL):
        picked = re.search(r'<option value="([^"]*)" selected', select[0])
        fields[select[1]] = picked[1] if picked else ""
    for text in re.finditer(r'<input type="text" name="(\w+)"(?: value="([^"]*)")?', page):
        fields[text[1]] = text[2] or ""
    return fields | changed


def test_a_file_becomes_leads_by_way_of_the_pages(cast):
    client = cast.client("samuel")
    plan_url = upload(client).headers["Location"]
    shown = client.get(plan_url).content.decode()
    assert "Of its 5 rows, 3 people are new, 1 stays as it is, 1 is refused." in shown
    assert "Nothing in the row says who it is." in shown
    assert not Contact.objects.exists()

    again = client.post(plan_url, chosen(shown, c4="skip", preview="")).content.decode()
    assert chosen(again)["c4"] == "skip"
    started = client.post(plan_url, chosen(again, start=""))
    run = Import.objects.get()
    assert started.headers["Location"] == f"/imports/{run.ref}"
    running = client.get(started.headers["Location"]).content.decode()
    assert "It is being taken in." in running
    assert f"/imports/{run.ref}/progress" in running

    run_here(run.job_id or client_job(run).id)
    ended = client.get(started.headers["Location"]).content.decode()
    assert "3 new people, 0 changed, 1 as they were; 1 row was refused." in ended
    rejects = File.objects.get(object_type="import")
    assert f"/files/{rejects.id}" in ended
    assert b"no-identity" in b"".join(client.get(f"/files/{rejects.id}").streaming_content)
    assert client.get(f"/imports/{run.ref}/progress", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert "leads.csv" in client.get("/imports").content.decode()


def client_job(run):
    from marops.domains.capture.queries import job_of

    return job_of(run)


def test_a_file_that_cannot_be_read_is_told_in_place(cast):
    answer = upload(cast.client("samuel"), b"%PDF-1.4", "leads.pdf")
    assert answer.status_code == 422
    assert "is a PDF" in answer.content.decode()


def test_a_map_that_cannot_be_used_is_told_in_place(cast):
    client = cast.client("samuel")
    plan_url = upload(client).headers["Location"]
    shown = client.get(plan_url).content.decode()
    answer = client.post(plan_url, chosen(shown, zone="Mars/Olympus", start=""))
    assert answer.status_code == 422
    assert "no time zone" in answer.content.decode()
    answer = client.post(plan_url, chosen(shown, c2="email", c1="email", start=""))
    assert answer.status_code == 422
    assert not Import.objects.exists()


def test_the_same_over_rest(cast):
    client = cast.client("samuel")

    def sent():
        return {
            "file": SimpleUploadedFile("leads.csv", LEADS),
            "mapping": json.dumps({"columns": {"CRM id": "external:crm"}}),
        }

    looked = client.post("/api/v1/imports/plan", sent()).json()
    assert looked["plan"]["columns"][0]["target"] == "external:crm"
    assert {name: looked["expected"][name] for name in ("rows", "created", "rejected")} == {
        "rows": 5, "created": 3, "rejected": 1,
    }  # fmt: skip
    started = client.post("/api/v1/imports", sent())
    assert started.status_code == 202
    ref = started.json()["import"]
    run_here(client_job(Import.objects.get()).id)
    told = client.get(f"/api/v1/imports/{ref}").json()
    assert (told["state"], told["created"], told["rejected"]) == ("done", 3, 1)
    assert client.get("/api/v1/imports").json()["items"][0]["ref"] == ref
    bad = client.post("/api/v1/imports", {**sent(), "mapping": '{"columns": {"CMR id": "email"}}'})
    assert bad.status_code == 400
    assert bad.json()["errors"][0]["remedy"] == " Did you mean 'CRM id'?"


def test_companies_have_their_page(cast, lake):
    client = cast.client("samuel")
    plan_url = upload(client).headers["Location"]
    client.post(plan_url, chosen(client.get(plan_url).content.decode(), start=""))
    run_here(client_job(Import.objects.get()).id)
    acme = Company.objects.get()
    listed = client.get("/companies?q=acm").content.decode()
    assert f"/companies/{acme.ref}" in listed
    page = client.get(f"/companies/{acme.ref}").content.decode()
    assert "3 people work here." in page
    assert "Ada L" in page
    assert client.get("/companies?q=zzz").status_code == 200
    assert client.get(f"/api/v1/companies/{acme.ref}").json()["domain"] == "acme.de"
    hidden = cast.client("selma").get(f"/companies/{acme.ref}").content.decode()
    assert "Ada L" not in hidden
    assert "3 people here are not among the leads that you may see." in hidden
