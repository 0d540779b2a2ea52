import pytest

from marops.domains.contacts.jobs import preview_fix, run_fix, take_back
from marops.domains.contacts.models import ContactQuality, Fix, FixValue
from marops.domains.contacts.public import Company, Contact, origins_of
from marops.domains.contacts.queries.quality import rule_summary
from marops.kernel import facts
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.models import FactInbox

pytestmark = pytest.mark.django_db(transaction=True)
GERMAN, SHARED = "+4930123456", "+590590271234"


def _contact(number: int, **values) -> Contact:
    return Contact.objects.create(id=new_id(), number=number, **values)


@pytest.fixture
def ready(run_stages, starters):
    def make(*contacts: Contact) -> None:
        facts.touch([one.id for one in contacts], now())
        run_stages()

    return make


def _country(one: Contact) -> str | None:
    return Contact.objects.get(id=one.id).country


def test_the_preview_says_who_would_change_and_who_is_left_alone_and_changes_nothing(ready):
    german, shared, mute = _contact(1, phone=GERMAN), _contact(2, phone=SHARED), _contact(3)
    ready(german, shared, mute)
    found = preview_fix(ENGINE, "no-country")
    assert (found["remedy"], found["contacts"]) == ("country_from_phone", 1)
    assert found["rows"] == [
        {"ref": "L-1", "name": "L-1", "before": {"country": None}, "after": {"country": "DE"}},
    ]
    assert {one["reason"]: one["contacts"] for one in found["skipped"]} == {
        "There is no phone number.": 1,
        "Several countries share the code of this number.": 1,
    }
    assert (_country(german), Fix.objects.count()) == (None, 0)


def test_a_fix_changes_those_it_is_safe_for_and_says_where_the_value_came_from(ready, run_stages):
    german, shared = _contact(1, phone=GERMAN), _contact(2, phone=SHARED)
    ready(german, shared)
    done = run_fix(ENGINE, "no-country")
    assert (done["contacts"], done["ref"]) == (1, f"F-{Fix.objects.get().number}")
    run_stages()
    assert (_country(german), _country(shared)) == ("DE", None)
    assert origins_of(Contact.objects.get(id=german.id))["country"].fix == Fix.objects.get().number
    assert rule_summary(ENGINE, "no-country")["contacts"] == 1
    fixed = FactInbox.objects.get(kind="quality.fixed")
    assert (fixed.properties["rule"], fixed.properties["contacts"]) == ("no-country", 1)
    changed = FactInbox.objects.get(kind="lead.updated", contact_id=german.id)
    assert changed.properties["fields"] == ["country"]


def test_undoing_restores_exactly_what_nobody_changed_since(ready, run_stages):
    one = _contact(1, phone=GERMAN, provenance={"*": [7, 1, "2026-11-01"]})
    changed, away_and_back = _contact(2, phone=GERMAN), _contact(3, phone=GERMAN)
    ready(one, changed, away_and_back)
    before = Contact.objects.filter(id=one.id).values().get()
    ref = run_fix(ENGINE, "no-country")["ref"]
    Contact.objects.filter(id=changed.id).update(country="AT")
    # Another import wrote the same value: it is its word now.
    Contact.objects.filter(id=away_and_back.id).update(provenance={"country": [9, 4, "2026-11-22"]})
    told = take_back(ENGINE, ref)
    assert told["restored"] == 1
    assert (_country(one), _country(changed), _country(away_and_back)) == (None, "AT", "DE")
    after = Contact.objects.filter(id=one.id).values().get()
    assert {name for name in before if before[name] != after[name]} <= {"updated_at", "seen_at"}
    with pytest.raises(MaropsError, match="taken back already"):
        take_back(ENGINE, ref)
    run_stages()
    assert any("no-country" in fault for fault in ContactQuality.objects.get(contact_id=one.id).faults)


def test_the_company_of_a_work_address_comes_and_goes_with_its_name(ready):
    company = Company.objects.create(number=1, name="Nordvik", name_key="nordvik", domain="nordvik.example")
    one = _contact(1, email="a@nordvik.example", email_domain="nordvik.example", email_kind="work")
    free = _contact(2, email="a@gmail.com", email_domain="gmail.com", email_kind="free")
    ready(one, free)
    ref = run_fix(ENGINE, "no-company")["ref"]
    found = Contact.objects.get(id=one.id)
    assert (found.company_name, found.company_id) == ("Nordvik", company.id)
    assert "nordvik" in found.search_text
    take_back(ENGINE, ref)
    found = Contact.objects.get(id=one.id)
    assert (found.company_name, found.company_id) == (None, None)


def test_a_placeholder_is_cleared_and_its_bearer_found_again_by_undoing(ready):
    one, real = _contact(1, full_name="Test Test"), _contact(2, full_name="Tess Tester")
    ready(one, real)
    ref = run_fix(ENGINE, "placeholder-name")["ref"]
    assert Contact.objects.get(id=one.id).full_name is None
    assert Contact.objects.get(id=real.id).full_name == "Tess Tester"
    take_back(ENGINE, ref)
    assert Contact.objects.get(id=one.id).full_name == "Test Test"


def test_a_value_is_set_only_where_there_is_none_and_as_its_field_keeps_it(ready):
    one, has = _contact(1), _contact(2, source="webinar")
    ready(one, has)
    with pytest.raises(MaropsError) as refused:
        run_fix(ENGINE, "no-source")
    assert [fault.field for fault in refused.value.errors] == ["value"]
    done = run_fix(ENGINE, "no-source", value="Trade fair")
    assert (done["contacts"], done["value"]) == (1, "trade_show")
    assert Contact.objects.get(id=one.id).source == "trade_show"


def test_titles_are_tidied_together_and_kept_apart(ready):
    one, two = _contact(1, job_title="HEAD OF MARKETING"), _contact(2, job_title="VP SALES")
    ready(one, two)
    assert run_fix(ENGINE, "title-shouts")["contacts"] == 2
    assert set(Contact.objects.values_list("job_title", flat=True)) == {"Head of Marketing", "VP Sales"}


def test_a_job_that_runs_twice_fixes_once(ready):
    from marops.domains.contacts.actions import apply_fix
    from marops.domains.contacts.queries.fixes import proposed
    from marops.kernel.actions import current_job

    ready(_contact(1), _contact(2))
    token = current_job.set(job := new_id())
    try:
        first = apply_fix(actor=ENGINE, proposal=proposed("no-source", "", "webinar"))
        again = apply_fix(actor=ENGINE, proposal=proposed("no-source", "", "webinar"))
    finally:
        current_job.reset(token)
    assert first.id == again.id
    assert (Fix.objects.get(job_id=job).contacts, FixValue.objects.count()) == (2, 2)


def test_only_holders_of_the_right_put_faults_right(ready, cast):
    ready(_contact(1))
    for name in ("lena", "selma", "nils"):
        with pytest.raises(MaropsError, match=r"quality\.fix"):
            run_fix(cast.actor(name), "no-source", value="webinar")


def test_a_rule_without_a_safe_remedy_says_so(ready):
    with pytest.raises(MaropsError, match="no bulk remedy"):
        preview_fix(ENGINE, "unreachable")


# --- the same by page and REST ---------------------------------------------------------------------------------------


def test_pages_lead_from_the_fault_to_the_fix_and_back(ready, cast):
    from marops.kernel import jobs
    from marops.kernel.models import Job

    one = _contact(1, phone=GERMAN, full_name="Jonas Ek")
    ready(one, _contact(2))
    client = cast.client("samuel")
    assert b"Take the country from the phone number" in client.get("/quality/no-country").content
    assert b"Germany" in client.get("/quality/no-country/fix").content
    sent = client.post("/quality/no-country/fix", {"remedy": "country_from_phone"})
    jobs.run_here(Job.objects.get(kind="quality.fix").id)
    ended = client.get(client.get(sent["Location"])["Location"])
    assert b"1 record was put right, 1 was left alone." in ended.content
    client.post(f"/quality/fixes/{Fix.objects.get().ref}/undo")
    assert _country(one) is None


def test_a_coordinator_puts_right_those_of_one_import_alone(ready, cast):
    from marops.kernel import jobs
    from marops.kernel.models import Job

    mine, other = (_contact(n, phone=GERMAN, provenance={"*": [6 + n, 1, "2026-11-22"]}) for n in (1, 2))
    ready(mine, other)
    client = cast.client("mina")
    assert "Import I-7: quality is" in (page := client.get("/quality?import=I-7").content.decode())
    assert 'href="/quality/no-country/fix?import=7"' in page
    assert client.get("/api/v1/quality?import=I-7").json()["contacts"] == 1
    sent = client.post("/quality/no-country/fix", {"remedy": "country_from_phone", "import": "7"})
    jobs.run_here(Job.objects.get(kind="quality.fix").id)
    assert b"import I-7" in client.get(client.get(sent["Location"])["Location"]).content
    assert (_country(mine), _country(other)) == ("DE", None)
    assert client.get("/api/v1/quality/fixes").json()["items"][0]["narrowed"] == {"import": "7"}


def test_rest_previews_starts_lists_and_takes_back(ready, cast):
    from marops.kernel import jobs
    from marops.kernel.models import Job

    ready(_contact(1, phone=GERMAN))
    client = cast.client("samuel")
    url, options = "/api/v1/quality/no-country/fix", {"content_type": "application/json"}
    tried = client.post(url, {"preview": True}, **options)
    assert (tried.status_code, tried.json()["contacts"]) == (200, 1)
    started = client.post(url, {}, **options)
    assert started.status_code == 202
    number = int(started.json()["job"].removeprefix("J-"))
    jobs.run_here(Job.objects.get(number=number).id)
    (listed,) = client.get("/api/v1/quality/fixes").json()["items"]
    assert (listed["rule"], listed["contacts"], listed["undone_at"]) == ("no-country", 1, None)
    back = client.post(f"/api/v1/quality/fixes/{listed['ref']}/undo", {}, **options)
    assert (back.status_code, back.json()["restored"]) == (200, 1)
    again = client.post(f"/api/v1/quality/fixes/{listed['ref']}/undo", {}, **options)
    assert again.status_code == 409
    wrong = client.post("/api/v1/quality/no-source/fix", {"value": ""}, **options)
    assert wrong.json()["errors"][0]["pointer"] == "/value"


def test_rest_answers_the_shape_that_is_written_down(ready, cast):
    ready(_contact(1, full_name="Jonas Ek", country="DE"), _contact(2))
    client = cast.client("hanna")
    found = client.get("/api/v1/quality").json()
    assert set(found) == {
        "as_of", "whole", "contacts", "faulty", "score", "rules", "sources", "imports", "queues", "owners", "trend",
    }  # fmt: skip
    assert set(found["rules"][0]) == {
        "name", "title", "definition", "dimension", "severity", "owner", "owner_title", "remedy", "fixes", "contacts",
        "share", "change_7d",
    }  # fmt: skip
    page = client.get("/api/v1/quality/no-country?limit=1").json()
    assert [one["ref"] for one in page["items"]] == ["L-2"]
    assert page["next"] is None
    assert page["when"] == {"field": "contact.country", "is_empty": True}
    assert client.get("/api/v1/quality/nothing-like-it").status_code == 404
