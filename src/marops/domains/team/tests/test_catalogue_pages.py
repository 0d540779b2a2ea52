import pytest

from marops.domains.team.models import Person, RoleHeld
from marops.domains.team.starter import shipped
from marops.kernel.models import Definition
from marops.kernel.workspace import workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vera(cast, starters):
    """Somebody with an account who has a role."""
    person = Person.objects.create(number=911, name="Vera Okafor", account_id=cast.selma.id)
    RoleHeld.objects.create(person=person, role="mops_coordinator")
    return person


def _page(client, url):
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def test_every_role_has_a_page_and_the_list_says_who_has_it(cast, vera):
    client = cast.client("hanna")
    listed = _page(client, "/team/roles")
    assert "Vera Okafor" in listed
    assert "8 of the 9 roles of the team are nobody&#x27;s today." in listed
    for kind, slug in shipped():
        if kind == "role":
            assert f"/team/roles/{slug}" in listed
    for slug in ("vp_mops", "chief_marketing_officer", "sales_owner", "head_of_enterprise_marketing"):
        _page(client, f"/team/roles/{slug}")


def test_a_role_says_what_the_sources_say_and_what_it_answers_for(cast, vera):
    client = cast.client("hanna")
    analyst = _page(client, "/team/roles/marketing_data_analyst")
    assert "The source contradicts itself: 2–4 years in one place, 0–3 years in the other." in analyst
    keeper = _page(client, "/team/roles/lead_db_admin")
    assert "/quality/" in keeper
    assert "/metrics/" in keeper
    assert "/desk/lead_db_admin" in _page(cast.client("ada"), "/team/roles/lead_db_admin")
    assert "Your desk" in _page(cast.client("mina"), "/team/roles/mops_coordinator")
    assert "The desk of this role" in _page(cast.client("mina"), "/team/roles/lead_db_admin")
    marketing = _page(client, "/team/roles/marketing_manager")
    assert "A warning of the source" in marketing
    assert marketing.count("First move:") == 5
    architect = _page(client, "/team/roles/workflow_architect")
    assert "When it comes before another Marketing Operations Coordinator" in architect


def test_emblems_are_switched_off_by_an_administrator(cast, vera):
    assert "The Squire" in _page(cast.client("hanna"), "/team/roles/mops_coordinator")
    assert cast.client("ada").post("/team/roles/emblems", {"emblems": "off"}).status_code == 302
    assert workspace().emblems is False
    assert "The Squire" not in _page(cast.client("hanna"), "/team/roles/mops_coordinator")
    assert cast.client("nils").post("/team/roles/emblems", {"emblems": "on"}).status_code == 403


def _filled(client, url):
    """The form as a browser would send it unchanged."""
    sheet = client.get(url).context["sheet"]
    data = {name: _value(sheet.about[name].value()) for name in sheet.about.fields}
    for rows in sheet.sets.values():
        for form in (rows.management_form, *rows.forms):
            data |= {form.add_prefix(name): _value(form[name].value()) for name in form.fields}
    return {name: value for name, value in data.items() if value is not None and value is not False}


def _value(value):
    return "on" if value is True else value


def test_a_role_is_changed_by_its_form_and_had_back(cast, vera):
    client = cast.client("hanna")
    url = "/team/roles/mops_coordinator/edit"
    data = _filled(client, url)
    unchanged = client.post(url, data | {"do": "draft"})
    assert unchanged.status_code == 302
    assert Definition.objects.filter(kind="role", slug="mops_coordinator").count() == 1
    wrong = client.post(url, data | {"do": "hold", "skills-1-skill": data["skills-0-skill"]})
    assert wrong.status_code == 422
    assert "stands here twice" in str(wrong.context["sheet"].sets["skills"].forms[1].errors["skill"])
    client.post(url, data | {"do": "hold", "title": "Helping hand", "reason": "Our word for it"})
    page = _page(client, "/team/roles/mops_coordinator")
    assert "Helping hand" in page
    assert "Our word for it" in page
    again = _filled(client, f"{url}?shipped=1")
    client.post(f"{url}?shipped=1", again | {"do": "hold"})
    assert "as shipped" in _page(client, "/team/roles/mops_coordinator")


def test_the_form_speaks_in_words_and_says_at_the_field_what_to_put_right(cast, vera):
    client, url = cast.client("hanna"), "/team/roles/mops_manager/edit"
    page = _page(client, url)
    assert "as stated on the card of the source" in page
    assert 'value="card"' not in page
    assert "marketing_automation_manager\n" not in page
    assert page.count('class="rolepart"') == 8
    assert page.count("open>") == 1
    wrong = client.post(url, _filled(client, url) | {"next-0-low": "", "do": "draft"}).content.decode()
    assert '<a href="#id_next-0-low">1. Months from: Say how many months' in wrong
    assert wrong.count('class="rolepart" id="part-next" open') == 1


def test_a_role_is_made_like_another_one_and_sent_for_approval(cast, vera):
    url = "/team/roles/new?from=marketing_data_analyst"
    mina = cast.client("priya")
    data = _filled(mina, url) | {"title": "Insight Partner", "do": "ask"}
    answer = mina.post(url, data)
    assert answer.status_code == 302
    row = Definition.objects.get(kind="role", slug="insight-partner")
    assert (row.state, row.document["custom"]) == ("in_review", True)
    cast.client("hanna").post(f"/definitions/role/insight-partner/{row.version}", {"do": "approve", "comment": ""})
    assert "Insight Partner" in _page(mina, "/team/roles")
    assert mina.post(url, data).status_code == 422


def test_a_role_that_is_held_stays_and_an_empty_one_goes(cast, vera):
    client = cast.client("hanna")
    client.post("/team/roles/mops_coordinator/retire")
    assert "Somebody holds this role: Vera Okafor." in _page(client, "/team/roles/mops_coordinator")
    asked = _page(client, "/team/roles/crm_manager")
    assert "It is named by roles (" in asked
    client.post("/team/roles/crm_manager/retire")
    gone = _page(client, "/team/roles/crm_manager")
    assert "This role is no longer in force." in gone
    assert "1 retired role" in _page(client, "/team/roles")
    assert "crm_manager" not in _page(client, "/career?from=lead_db_admin")
    assert client.get("/team/roles/poet").status_code == 404
    back = "/team/roles/crm_manager/edit?version=1"
    assert back in gone
    client.post(back, _filled(client, back) | {"do": "hold"})
    assert "no longer in force" not in _page(client, "/team/roles/crm_manager")


def test_an_earlier_list_of_skills_is_had_back_and_faults_stand_at_their_line(cast, vera):
    client = cast.client("hanna")
    data = {"name": "Juggling", "kind": "process"} | {f"level_{n}": f"Does {n}" for n in range(5)}
    client.post("/team/skills/new", data | {"do": "hold"})
    page = _page(client, "/team/skills")
    assert "Juggling" in page
    assert "/team/skills/text?version=1" in page
    text = client.get("/team/skills/text?version=1").context["form"].initial["text"]
    assert "Juggling" not in text
    client.post("/team/skills/text?version=1", {"text": text, "do": "hold"})
    assert "Juggling" not in _page(client, "/team/skills").partition("Versions")[0]
    wrong = text.replace("kind: leadership", "kind: magic", 1)
    line = wrong.split("kind: magic")[0].count("\n") + 1
    answer = client.post("/team/skills/text", {"text": wrong, "do": "hold"})
    assert f"Line {line}, /skills/" in str(answer.context["form"].errors["text"])


def test_a_skill_is_changed_and_one_that_is_needed_stays(cast, vera):
    client = cast.client("hanna")
    form = client.get("/team/skills/coaching").context["form"]
    data = {name: form.initial.get(name, "") for name in form.fields}
    client.post("/team/skills/coaching", data | {"name": "Being a coach", "do": "hold"})
    assert "Being a coach" in _page(client, "/team/skills")
    alike = client.post("/team/skills/coaching", data | {"level_1": data["level_0"], "do": "hold"})
    assert "the same behaviour" in str(alike.context["form"].errors["level_0"])
    client.post("/team/skills/budgeting", {"do": "remove"})
    assert "&#x27;budgeting&#x27; is needed" in _page(client, "/team/skills/budgeting")


def test_roles_over_rest(cast, vera):
    client = cast.client("hanna")
    found = client.get("/api/v1/team/roles").json()["items"]
    assert sum(one["inside"] for one in found) == 10
    one = client.get("/api/v1/team/roles/mops_coordinator").json()
    assert [who["name"] for who in one["holders"]] == ["Vera Okafor"]
    document = one["document"] | {"manages": ["vp_mops"]}
    body = {"document": document, "hold": True}
    refused = client.put("/api/v1/team/roles/mops_coordinator", body, content_type="application/json")
    assert refused.status_code == 422
    assert "a circle" in refused.json()["errors"][0]["message"]
    body["document"] = one["document"] | {"title": "Helper"}
    kept = client.put("/api/v1/team/roles/mops_coordinator", body, content_type="application/json")
    assert kept.json() == {"ref": "role/mops_coordinator@2", "state": "active"}
    assert len(client.get("/api/v1/team/skills").json()["items"]) == 50
