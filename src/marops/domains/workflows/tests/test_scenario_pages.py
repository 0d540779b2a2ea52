import pytest

from marops.domains.workflows.questions import start_comparison
from marops.domains.workflows.tests.flowground import plant_webinar
from marops.kernel.definitions import active, find
from marops.kernel.jobs import run_here

pytestmark = pytest.mark.django_db
ALL = "/workflows/scenarios"
CHANGES = """\
title: Legal reads daily
note: Asked for by the team
changes:
- {change: rebatch, step: webinar/legal, opens: office, start: 3}
- {change: train, person: designer, skills: {content: 0.8}, hours_away: 40, one_off: 2500, start: 2027-03-01}
- {change: limit, workflow: webinar, limit: 6}
- {change: platform, retire: On24, factor: 0.9, saves_per_year: 12000, start: 6, because: It stands still}
"""


@pytest.fixture
def client(cast, db):
    plant_webinar()
    return cast.client("hanna")


def text(answer):
    return answer.content.decode().replace("&amp;", "&").replace("&quot;", '"')


def test_nobody_wrote_a_scenario_yet(client):
    assert "There is no scenario yet." in text(client.get(ALL))
    assert "change: rebatch" in text(client.get(f"{ALL}/new"))
    assert f'href="{ALL}"' in text(client.get("/workflows/webinar"))


def test_every_kind_of_change_is_written_as_text_and_told_in_words(client, cast):
    answer = client.post(f"{ALL}/new", {"text": CHANGES.replace("On24, ", "Webinar platform, "), "reason": "An idea"})
    assert answer.status_code == 302, text(answer)[-4000:]
    row = find("scenario/legal-reads-daily")
    assert [one["change"] for one in row.document["changes"]] == ["rebatch", "train", "limit", "platform"]
    page = text(client.get(ALL))
    for words in ("opens by the calendar office", "learns content", "40 hours away for it", "At most 6 in work"):
        assert words in page
    assert "2,500" in page  # who learns is paid as before: that tells nobody's pay
    assert "2,500 once" in text(cast.client("vera").get(ALL))
    assert "Not compared yet" in page
    written = text(client.get(f"{ALL}/legal-reads-daily"))
    assert "- change: rebatch\n    step: webinar/legal\n    opens: office\n    start: 3" in written
    assert "one_off: 0" not in written
    again = written.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0].replace("&#x27;", "'")
    assert client.post(f"{ALL}/legal-reads-daily", {"text": again}).status_code == 302
    assert find("scenario/legal-reads-daily").version == 1


def test_a_scenario_is_changed_as_text_and_its_old_version_stays(client):
    client.post(f"{ALL}/new", {"text": "title: Less\nchanges: [{change: demand, factor: 0.9}]"})
    assert 'href="/workflows/webinar/what-if/hire?to=less"' in text(client.get(ALL))
    assert "factor: 0.9" in text(client.get(f"{ALL}/less"))
    client.post(f"{ALL}/less", {"text": "title: Less\nchanges: [{change: demand, factor: 0.5}]"})
    assert find("scenario/less").document["changes"][0]["factor"] == 0.5
    assert find("scenario/less@1").document["changes"][0]["factor"] == 0.9
    client.post(f"{ALL}/new", {"text": "title: Less"})
    assert find("scenario/less-2").document == {"title": "Less", "note": "", "changes": []}


def test_everything_that_is_wrong_is_named_at_once(client):
    wrong = """\
title: ""
changes:
- {change: fly}
- {change: effort, step: invite, factor: -1}
- {change: limit}
"""
    answer = client.post(f"{ALL}/new", {"text": wrong})
    assert answer.status_code == 422
    for place in ("/title:", "/changes/0", "/changes/1/factor:", "/changes/2/limit:"):
        assert place in text(answer)
    misfits = """\
title: Odd
changes:
- {change: remove, step: nowhere}
- {change: remove, step: rehearse}
- {change: train, person: nobody, skills: {design: 1}}
"""
    answer = client.post(f"{ALL}/new", {"text": misfits})
    assert answer.status_code == 422
    assert "/changes/0" in text(answer)
    assert "/changes/1" not in text(answer)
    assert "/changes/2" in text(answer)
    for unreadable in ("- a list", "title: [", ""):
        assert client.post(f"{ALL}/new", {"text": unreadable}).status_code == 422
    assert not active("scenario")


def test_what_last_came_of_a_scenario_stands_beside_it(client, cast):
    client.post(f"{ALL}/new", {"text": "title: Less\nchanges: [{change: demand, factor: 0.9}]"})
    actor = cast.actor("hanna")
    run_here(start_comparison("webinar", ["less"], actor=actor, months=3, runs=4).id)
    page = text(client.get(ALL))
    assert "doing nothing" in page
    assert 'href="/workflows/webinar?with=less"' in page
    assert "It was changed since." not in page
    client.post(f"{ALL}/less", {"text": "title: Less\nchanges: [{change: demand, factor: 0.5}]"})
    assert "It was changed since." in text(client.get(ALL))


def test_a_scenario_is_retired_by_who_may_change_workflows(client, cast):
    client.post(f"{ALL}/new", {"text": "title: Less\nchanges: [{change: demand, factor: 0.9}]"})
    assert cast.client("nils").post(f"{ALL}/less/retire").status_code == 403
    assert client.post(f"{ALL}/less/retire").status_code == 302
    assert find("scenario/less").state == "retired"
    assert "There is no scenario yet." in text(client.get(ALL))
    assert client.post(f"{ALL}/less/retire").status_code == 409
    assert client.post(f"{ALL}/never/retire").status_code == 404
    client.post(f"{ALL}/less", {"text": "title: Less\nchanges: [{change: demand, factor: 0.9}]"})
    assert [row.slug for row in active("scenario")] == ["less"]
