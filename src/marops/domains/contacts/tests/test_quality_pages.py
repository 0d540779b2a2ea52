import json
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from marops.domains.contacts.charts import trend
from marops.domains.contacts.models import QualityDay
from marops.domains.contacts.public import Company, Contact
from marops.kernel import facts
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.definitions import active, draft
from marops.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ready(run_stages, starters):
    people = [
        Contact.objects.create(id=new_id(), number=1, full_name="Jonas Ek", phone="+4930123456", source="webinar"),
        Contact.objects.create(id=new_id(), number=2, full_name="Kari Li", country="NO", job_title="VP SALES"),
    ]
    facts.touch([one.id for one in people], now())
    run_stages()
    return people


def test_an_empty_workspace_is_taught_what_will_stand_here(cast):
    assert "Nothing was checked yet" in cast.client("hanna").get("/quality").content.decode()


def test_the_page_answers_in_one_sentence_and_leads_to_each_rule(ready, cast):
    shown = cast.client("hanna").get("/quality").content.decode()
    assert "2 of 2 records have a fault" in shown
    assert 'href="/quality/no-country"' in shown
    assert "from tomorrow on a line here" in shown


def test_rules_are_filtered_by_the_address(ready, cast):
    shown = cast.client("hanna").get("/quality?dimension=validity").content.decode()
    assert 'href="/quality/title-shouts"' in shown
    assert 'href="/quality/no-country"' not in shown


def test_those_at_fault_are_narrowed_to_a_source(ready, cast):
    client = cast.client("hanna")
    assert "Jonas Ek" in client.get("/quality/no-country?source=webinar").content.decode()
    assert "Jonas Ek" not in client.get("/quality/no-country?source=chat").content.decode()


def test_a_draft_is_counted_on_the_page_and_put_in_force_there(ready, cast):
    rows = {row.slug: row for row in active("quality")}
    everybody = rows["no-country"].document | {"when": {"everyone": True}}
    row = draft(actor=ENGINE, kind="quality", slug="no-country", document=everybody, reason="To see")
    client = cast.client("samuel")
    assert "It would find 2 records; now 1 are at fault." in client.get("/quality/no-country").content.decode()
    assert client.post(f"/quality/no-country/versions/{row.version}/activate").status_code == 302
    row.refresh_from_db()
    assert row.state == "active"


def test_a_line_runs_through_the_days_that_there_are_and_its_scale_is_round():
    day = date(2026, 11, 1)
    drawn = trend([(day, 41.0), (day.replace(day=2), 47.5), (day.replace(day=9), 44.0)], most=100.0)
    assert [mark.words for mark in drawn.scale] == ["40", "45", "50"]
    first, second, third = (float(point.split(",")[0]) for point in drawn.line.split())
    assert third - second == pytest.approx(7 * (second - first), rel=0.01)  # by date, not by number
    assert trend([(day, 41.0)]) is None


def test_the_command_prints_what_rest_answers_and_ends_with_findings(ready, cast, monkeypatch):
    from contextlib import nullcontext

    from marops.cli import main, quality

    monkeypatch.setattr(quality, "installation", lambda **_: nullcontext())
    told = CliRunner().invoke(main.app, ["quality", "--json"])
    assert told.exit_code == main.FINDINGS
    of_rest = cast.client("hanna").get("/api/v1/quality").json()
    assert json.loads(told.stdout) | {"as_of": ""} == of_rest | {"as_of": ""}
    tried = CliRunner().invoke(main.app, ["quality", "fix", "no-country", "--preview", "--json"])
    assert (tried.exit_code, json.loads(tried.stdout)["contacts"]) == (main.DONE, 1)
    done = json.loads(CliRunner().invoke(main.app, ["quality", "fix", "no-country", "--json"]).stdout)
    back = json.loads(CliRunner().invoke(main.app, ["quality", "undo", done["ref"], "--json"]).stdout)
    assert (done["contacts"], back["restored"]) == (1, 1)
    assert "no-country" in CliRunner().invoke(main.app, ["quality"]).stdout


def test_the_trend_is_drawn_once_there_are_two_days(ready, cast):
    QualityDay.objects.create(day=now().date() - timedelta(days=3), part="all", key="", contacts=2, faulty=2, score=50)
    assert 'role="img"' in cast.client("hanna").get("/quality").content.decode()


def test_each_source_and_owner_has_its_own_course(ready, cast):
    source = Contact.objects.exclude(source=None).values_list("source", flat=True).first() or ""
    for days, score in ((3, 40), (2, 55)):
        QualityDay.objects.create(
            day=now().date() - timedelta(days=days), part="source", key=source, contacts=1, faulty=1, score=score
        )
    client = cast.client("hanna")
    told = next(one for one in client.get("/api/v1/quality").json()["sources"] if one["key"] == source)
    assert told["trend"] == [40, 55, told["score"]]
    assert "from 40 to" in client.get("/quality").content.decode()


@pytest.mark.parametrize("path", ["/quality", "/quality/no-country", "/companies/O-3"])
def test_a_page_asks_few_questions_however_many_people_there_are(path, ready, cast, django_assert_max_num_queries):
    Company.objects.create(number=3, name="Nordvik", name_key="nordvik")
    client = cast.client("hanna")
    client.get(path)
    with django_assert_max_num_queries(12):
        client.get(path)


def test_what_lies_at_hand_to_learn_is_the_fault_most_records_have_for_those_who_may_mend_it(ready, cast):
    from marops.domains.contacts.desk import to_learn_from

    (found,) = to_learn_from(cast.actor("samuel"))
    assert (found.key, found.url.startswith("/quality/")) == ("quality.fixed", True)
    assert "records have: mend what can be mended" in found.says
    assert list(to_learn_from(cast.actor("selma"))) == [], "a seller may mend nothing"
