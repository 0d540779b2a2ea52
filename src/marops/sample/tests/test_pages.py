import pytest

from marops.domains.contacts.public import Contact
from marops.kernel import jobs
from marops.kernel.models import Job, Workspace
from marops.sample import jobs as sample_jobs
from marops.sample.tests.ground import load, plant, remove

BANNER = "nothing here is real"


@pytest.mark.django_db
def test_the_empty_desk_offers_it_beside_the_first_import(cast):
    desk = cast.client("ada").get("/").content.decode()
    assert "Bring your leads in" in desk
    assert "Look around with a sample company" in desk
    assert 'href="/sample"' in desk
    assert "Look around with" not in cast.client("nils").get("/").content.decode().split("<main")[1].split("</main>")[0]
    Contact.objects.create(number=1, full_name="Somebody real")
    assert "Bring your leads in" not in cast.client("ada").get("/").content.decode()


@pytest.mark.django_db
def test_the_page_asks_and_puts_a_job_in_the_queue(cast):
    client = cast.client("ada")
    asked = client.get("/sample").content.decode()
    assert "Bring in the sample company" in asked
    assert BANNER not in asked
    answer = client.post("/sample", {"size": "small", "seed": "7"})
    job = Job.objects.get(kind="sample.load")
    assert (answer.status_code, answer.url) == (302, f"/jobs/{job.ref}")
    assert (job.arguments["size"], job.arguments["seed"], job.arguments["leads"]) == ("small", 7, 6_000)
    assert client.post("/sample", {"size": "giant"}).status_code == 422


@pytest.mark.django_db
def test_beside_real_leads_the_page_offers_nothing(cast):
    Contact.objects.create(number=1, full_name="Somebody real")
    page = cast.client("ada").get("/sample").content.decode()
    assert "There is real data here" in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]


@pytest.mark.django_db
def test_every_page_says_that_it_is_a_sample_and_the_import_points_the_way(cast):
    Workspace.objects.create(sample=True)
    client = cast.client("ada")
    for url in ("/", "/jobs", "/leads"):
        assert BANNER in client.get(url).content.decode(), url
    page = client.get("/imports/new").content.decode()
    assert "Remove the sample company" in page


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_is_removed_from_its_page(engine, cast, monkeypatch):
    plant()
    load(leads=1_500, monkeypatch=monkeypatch)
    client = cast.client("ada")
    page = client.get("/sample").content.decode()
    assert "1,500" in page
    assert "Larkmoor Systems" in page
    answer = client.post("/sample/remove")
    job = Job.objects.get(kind="sample.remove")
    assert answer.url == f"/jobs/{job.ref}"
    jobs.run_here(job.id)
    assert "Bring in the sample company" in client.get("/sample").content.decode()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_over_rest_it_comes_tells_about_itself_and_goes(engine, cast, monkeypatch):
    plant()
    monkeypatch.setitem(sample_jobs.SIZES, "small", 1_500)
    client = cast.client("ada")
    assert client.get("/api/v1/sample").json()["present"] is False
    refused = client.post("/api/v1/sample", {"size": "giant"}, content_type="application/json")
    assert refused.json()["errors"][0]["field"] == "size"
    answer = client.post("/api/v1/sample", {"seed": 3}, content_type="application/json")
    assert answer.status_code == 202
    jobs.run_here(Job.objects.get(kind="sample.load").id)
    told = client.get("/api/v1/sample").json()
    assert (told["present"], told["leads"], told["seed"], told["state"]) == (True, 1_500, 3, "present")
    again = client.post("/api/v1/sample", {}, content_type="application/json")
    assert again.json()["type"].endswith("/conflict")
    assert client.delete("/api/v1/sample").status_code == 202
    jobs.run_here(Job.objects.get(kind="sample.remove").id)
    assert client.get("/api/v1/sample").json()["present"] is False


@pytest.mark.django_db(transaction=True)
def test_to_remove_what_is_not_there_does_nothing(engine):
    assert remove().result == {"rows": 0, "facts": 0}
