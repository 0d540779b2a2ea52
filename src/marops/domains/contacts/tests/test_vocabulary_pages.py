import pytest

from marops.domains.contacts.models import Contact, Fix
from marops.domains.contacts.queries.vocabularies import groups
from marops.kernel import jobs
from marops.kernel.actors import ENGINE
from marops.kernel.definitions import active
from marops.kernel.ids import new_id
from marops.kernel.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(starters):
    titles = ["Sales Manager"] * 9 + ["Sales Manger"] * 2 + ["sales manager"]
    Contact.objects.bulk_create(
        Contact(id=new_id(), number=number, job_title=title) for number, title in enumerate(titles, 1)
    )


def _title(number: int) -> str | None:
    return Contact.objects.get(number=number).job_title


def test_the_pages_lead_from_spellings_to_the_word_and_back(people, cast):
    client = cast.client("samuel")
    assert b"Sales Manger" in client.get("/quality/vocabularies").content
    page = client.get("/quality/vocabularies/job_title").content.decode()
    assert "2 spellings could be another word, on 3 records." in page
    sent = {"do": "accept", "word": "Sales Manager", "spelling": ["Sales Manger"]}
    assert client.post("/quality/vocabularies/job_title/decide", sent).status_code == 302
    assert [one.value for one in groups(ENGINE, "job_title")[0].spellings] == ["sales manager"]
    preview = client.get("/quality/vocabularies/job_title/apply").content.decode()
    assert "2 records would change." in preview
    fixing = client.post("/quality/vocabularies/job_title/apply")["Location"]
    jobs.run_here(Job.objects.get(kind="quality.fix").id)
    ended = client.get(client.get(fixing)["Location"]).content.decode()
    assert ("2 records were put right." in ended, "Words of Job title" in ended) == (True, True)
    assert (_title(10), _title(12)) == ("Sales Manager", "sales manager")
    client.post(f"/quality/fixes/{Fix.objects.get().ref}/undo")
    assert _title(10) == "Sales Manger"
    assert b"Words of Job title" in client.get("/quality/fixes").content
    client.post("/quality/vocabularies/job_title/decide", {"do": "forget", "word": "Sales Manager"})
    assert active("vocabulary")[0].document["terms"] == []


def test_nothing_chosen_is_refused_on_the_page(people, cast):
    sent = {"do": "accept", "word": "Sales Manager"}
    answer = cast.client("samuel").post("/quality/vocabularies/job_title/decide", sent)
    assert (answer.status_code, active("vocabulary")) == (422, [])


def test_rest_proposes_accepts_and_applies(people, cast):
    client = cast.client("samuel")
    found = client.get("/api/v1/quality/vocabularies/job_title").json()
    assert (found["groups"][0]["becomes"], found["groups"][0]["moved"]) == ("Sales Manager", 3)
    url, sent = "/api/v1/quality/vocabularies/job_title", {"content_type": "application/json"}
    said = client.post(f"{url}/words", {"do": "accept", "word": "Sales Manager"}, **sent).json()
    assert said["terms"] == [{"becomes": "Sales Manager", "spellings": ["Sales Manger", "sales manager"]}]
    assert client.post(f"{url}/apply", {"preview": True}, **sent).json()["contacts"] == 3
    assert client.post(f"{url}/apply", {}, **sent).status_code == 202
    assert client.get("/api/v1/quality/vocabularies/nothing").status_code == 404


def test_the_cost_page_says_that_nothing_can_be_told_yet(people, cast):
    client = cast.client("samuel")
    assert b"No lead is older than thirty days and checked." in client.get("/quality/cost").content
    assert client.get("/api/v1/quality/cost").json()["why"] == "No lead is older than thirty days and checked."
