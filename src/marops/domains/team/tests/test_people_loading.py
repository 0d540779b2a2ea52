"""A leader loads a list of people: in one go, twice, with rows that contradict; and what is kept of one person."""

import json
import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from tests.pace import room

from marops.cli.main import CLI
from marops.domains.accounts.models import Account
from marops.domains.accounts.permissions import limit_to, rights_remembered
from marops.domains.team.actions.addresses import link_account
from marops.domains.team.actions.people import add_person, change_person
from marops.domains.team.actions.records import (
    add_evidence,
    assess,
    assess_self,
    change_role,
    forget,
    give_role,
    leave,
    set_pay,
)
from marops.domains.team.actions.roster import load_people, preview_people
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Assessment, Evidence, Pay, Person, RoleHeld, Shown
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.pay import pay_now
from marops.domains.team.queries.people import held_on, team
from marops.domains.team.queries.people_list import Narrowing
from marops.domains.team.queries.roster import NO_ROLES
from marops.domains.team.queries.roster_out import people_file, table_out
from marops.domains.team.queries.skills import known_to, newest
from marops.kernel.actors import SETUP
from marops.kernel.errors import MaropsError
from marops.kernel.models import AuditPayload, AuditRow
from marops.kernel.workspace import today

# ruff: noqa: E501  # rows of a spreadsheet

TWELVE = """\
name,email,role,share,manager,location,zone,joined,salary,currency,Scoring leads,Scoring leads (self)
Mina Costa,mina@northwind.example,Marketing Operations Coordinator,100%,Dylan Pryce,Porto,Europe/Lisbon,2025-09-15,34000,EUR,1,2
Vera Okafor,vera@northwind.example,VP of Marketing Operations,,,Berlin,Europe/Berlin,2021-03-01,160000,EUR,,
Hanna Lindqvist,hanna@northwind.example,Manager of Marketing Operations,,vera@northwind.example,Berlin,,2022-01-10,88000,EUR,,3
Tomasz Zielinski,tomasz@northwind.example,MarTech Specialist,,Hanna Lindqvist,Gdansk,,2023-05-02,61000,EUR,1,1
Priya Raman,priya@northwind.example,Marketing Automation Manager,,hanna lindqvist,London,,2022-11-01,71000,EUR,4,3
Lena Brandt,lena@northwind.example,Marketing Data Analyst,60%,Hanna Lindqvist,Berlin,,2024-02-01,36000,EUR,2,
Dylan Pryce,dylan@northwind.example,Campaign Operations Manager 70%; Workflow Architect 30%,,Hanna Lindqvist,Bristol,,2020-06-01,69000,EUR,,
Aoife Brennan,aoife@northwind.example,Email Marketing Specialist,,Hanna Lindqvist,Cork,,2023-08-21,52000,EUR,,
Samuel Adeyemi,samuel@northwind.example,Lead Management and Database Administrator,,Hanna Lindqvist,Berlin,,2021-09-01,58000,EUR,3,3
Joao Serrano,,Marketing Operations Coordinator; Email Marketing Specialist,50%;50%,Dylan Pryce,Porto,,2026-01-05,"35.000,50",EUR,0,
Ruta Balsys,,Lead Management and Database Administrator,80,Hanna Lindqvist,Vilnius,,2025-01-20,EUR 41k,,,
Noor Vandaele,,Email Marketing Specialist,0.8,Hanna Lindqvist,Ghent,,2024-10-01,43000,EUR,,
"""
TOP = """\
name,email,manager
Vera Okafor,vera@northwind.example,
Hanna Lindqvist,hanna@northwind.example,Vera Okafor
"""
MORE = """\
name,email,manager,pay,currency,Privacy
Vera Okafor,vera@northwind.example,,9,EUR,0
Hanna Lindqvist,hanna@northwind.example,,9,EUR,4
New One,,Hanna Lindqvist,9,EUR,2
"""


@pytest.mark.django_db
def test_what_is_no_address_or_no_money_is_refused_and_missing_accounts_are_said_once():
    rows = (
        "name,email,pay,currency\nAda One,notmail,,\nBo Two,bo@x.example,,\nCy Three,cy@x.example,,\nDi Four,,9,XXX\n"
    )
    plan = preview_people(actor=SETUP, data=rows.encode())
    refused = [(one.row, one.field) for one in plan.findings if one.refused]
    assert refused == [(2, "email"), (5, "pay")]
    said = [one for one in plan.findings if not one.refused]
    assert [(one.row, one.field) for one in said] == [(0, "email"), (0, "roles")]
    assert "2 rows (3, 4)" in said[0].message
    assert [one.person.name for one in plan.changes] == ["Bo Two", "Cy Three"]


@pytest.mark.django_db(transaction=True)
def test_a_list_says_what_would_be_replaced_and_refuses_what_cannot_be(cast):
    joao = add_person(actor=SETUP, account_id=cast.mina.id, name="=João (SUM)")
    add_person(actor=SETUP, name="+1+1")
    assert preview_people(actor=CLI, data=people_file(CLI)[0]).counts["unchanged"] == 2
    headers, _rows = table_out(Policy.of(CLI), Narrowing(), plain=True)
    assert "pay" not in headers
    table = f"ref,name,pay,currency\n{joao.ref},Joan,,\n,Rich,1000000000000,EUR\n".encode()
    found = {(one.row, one.field, one.refused): one.message for one in preview_people(actor=CLI, data=table).findings}
    assert "is called =João (SUM) here" in found[2, "name", False]
    assert "less than 100,000,000" in found[3, "pay", True]


@pytest.mark.django_db(transaction=True)
def test_twelve_people_come_in_with_one_file_and_the_second_time_nothing_changes(cast):
    plan = preview_people(actor=cast.actor("vera"), data=TWELVE.encode())
    assert plan.counts == {"rows": 12, "created": 12, "updated": 0, "unchanged": 0, "refused": 0}
    assert not Person.objects.exists()
    load_people(actor=cast.actor("vera"), data=TWELVE.encode())
    people = {one.name: one for one in Person.objects.all()}
    assert people["Mina Costa"].manager == people["Dylan Pryce"]
    assert people["Dylan Pryce"].manager == people["Hanna Lindqvist"]
    assert people["Mina Costa"].account_id == cast.mina.id
    assert len(team()) == 12
    assert {one.role: one.share for one in held_on()[people["Dylan Pryce"].id]} == {
        "campaign_ops_manager": Decimal("0.700"), "workflow_architect": Decimal("0.300"),
    }  # fmt: skip
    assert held_on()[people["Lena Brandt"].id][0].starts == date(2024, 2, 1)
    paid = pay_now(Policy.of(cast.actor("vera")), [one.id for one in people.values()])
    assert paid[people["Joao Serrano"].id].amount == Decimal("35000.50")
    assert str(paid[people["Ruta Balsys"].id]) == "41,000 EUR"
    seen = newest([people["Mina Costa"].id])[people["Mina Costa"].id]["lead-scoring"]
    assert (seen.own, seen.manager, seen.counts) == (2, 1, 1)
    rows = AuditRow.objects.count()
    again = load_people(actor=cast.actor("vera"), data=TWELVE.encode())
    assert again.counts == {"rows": 12, "created": 0, "updated": 0, "unchanged": 12, "refused": 0}
    assert AuditRow.objects.count() == rows
    data, number = people_file(CLI)
    assert number == 12
    assert preview_people(actor=CLI, data=data).counts["unchanged"] == 12
    book, _number = people_file(CLI, xlsx=True)
    assert preview_people(actor=CLI, data=book).counts["unchanged"] == 12


@pytest.mark.django_db(transaction=True)
def test_rows_that_contradict_are_refused_and_harm_nothing_else(cast):
    table = """\
name;role;share;manager;location;Scoring leads;zone
Anna;Marketing Data Analyst;100%;Bela;Oslo;2;
Bela;MarTech Specialist;100%;Cid;Oslo;;
Cid;MarTech Specialist;100%;Anna;Oslo;;
Dora;MarTech Specialist 80%; Marketing Data Analyst 60%;;Oslo;;
Emil;Marketing Data Analist;100%;;Oslo;;
Fay;Marketing Data Analyst;100%;Nobody;Oslo;;
Gil;Marketing Data Analyst;100%;;Oslo;7;
Hal;Marketing Data Analyst;100%;;Oslo;;Mars/Base
Ida;Marketing Data Analyst;100%;Emil;Oslo;3;
;Marketing Data Analyst;100%;;Oslo;;
Jon;MarTech Specialist;100%;;Oslo;4;
""".replace("80%; M", "80% + M")
    plan = load_people(actor=SETUP, data=table.encode())
    assert plan.counts == {"rows": 11, "created": 2, "updated": 0, "unchanged": 0, "refused": 9}
    assert set(Person.objects.values_list("name", flat=True)) == {"Ida", "Jon"}
    found = {(one.row, one.field): (one.message, one.remedy) for one in plan.findings if one.refused}
    assert "Anna to Bela, Bela to Cid, Cid to Anna" in found[2, "manager"][0]
    assert {(3, "manager"), (4, "manager")} < set(found)
    assert found[5, "share"][0].startswith("The roles would take 140 % of a week")
    assert found[6, "roles"] == ("There is no role “Marketing Data Analist”.", found[6, "roles"][1])
    assert "Marketing Data Analyst" in found[6, "roles"][1]
    assert found[7, "manager"][0] == "Nobody here or in the file is called Nobody."
    assert "no level" in found[8, "Scoring leads"][0]
    assert "Europe/Paris" in found[9, "zone"][1]
    assert (11, "name") in found
    notes = {(one.row, one.field) for one in plan.findings if not one.refused}
    assert (10, "manager") in notes
    assert all(one.remedy for one in plan.findings)


@pytest.mark.django_db(transaction=True)
def test_a_second_file_changes_what_differs_and_only_that(cast):
    load_people(actor=SETUP, data=TWELVE.encode())
    before = RoleHeld.objects.count()
    table = "name,role,share,place\nLena Brandt,Marketing Data Analyst,80%,\nPriya Raman,Lead Management and Database Administrator,,Leeds\n"
    plan = load_people(actor=SETUP, data=table.encode())
    assert plan.counts["updated"] == 2
    lena, priya = (Person.objects.get(name=name) for name in ("Lena Brandt", "Priya Raman"))
    assert lena.location == "Berlin"
    assert priya.location == "Leeds"
    assert [(one.role, one.share) for one in held_on(person_ids=[priya.id])[priya.id]] == [("lead_db_admin", 1)]
    past = RoleHeld.objects.get(person=lena, ends=today())
    assert (past.share, past.starts) == (Decimal("0.600"), date(2024, 2, 1))
    assert RoleHeld.objects.count() == before + 2


@pytest.mark.django_db(transaction=True)
def test_a_manager_without_pay_loads_no_pay_and_no_levels_of_those_above(cast):
    load_people(actor=SETUP, data=TOP.encode())
    plan = load_people(actor=cast.actor("hanna"), data=MORE.encode())
    assert not Pay.objects.exists()
    assert list(Assessment.objects.values_list("person__name", "level")) == [("New One", 2)]
    assert {one.field for one in plan.findings} == {"pay", "currency", "levels", "roles"}
    headers, _rows = table_out(Policy.of(cast.actor("hanna")), Narrowing())
    assert "pay" not in headers
    assert "Privacy (manager)" in headers
    headers, _rows = table_out(Policy.of(cast.actor("priya")), Narrowing())
    assert not [one for one in headers if "(" in one]


@pytest.mark.django_db(transaction=True)
def test_a_list_never_speaks_over_somebody_and_never_answers_guesses(cast):
    boss = add_person(actor=SETUP, account_id=cast.hanna.id)
    tomasz, lena = (add_person(actor=SETUP, account_id=one.id, manager_id=boss.id) for one in (cast.tomasz, cast.lena))
    level = {"integrations": 3}
    assess_self(actor=cast.actor("tomasz"), person_id=tomasz.id, levels=level, notes={"integrations": "Mine."})
    assess_self(actor=cast.actor("tomasz"), person_id=tomasz.id, levels=level)
    assess(actor=cast.actor("hanna"), person_id=tomasz.id, levels=level)

    def tried(column):
        said = set()
        with rights_remembered():
            limit_to(frozenset({"team.view", "team.manage"}))
            for one in range(5):
                table = f"ref,{column}\n{tomasz.ref},{one}\n".encode()
                plan = preview_people(actor=cast.actor("hanna"), data=table)
                said.add((str(plan.counts), str(plan.findings)))
        return said

    name = catalogue().skill_name("integrations")
    for column in (name, f"{name} (self)"):
        found = tried(column)
        assert len(found) == 1, column
        assert "left out" in found.pop()[1]
    load_people(actor=cast.actor("hanna"), data=f"ref,{name} (self)\n{tomasz.ref},0\n{lena.ref},2\n".encode())
    seen = newest([tomasz.id, lena.id])
    assert (seen[tomasz.id]["integrations"].own, seen[tomasz.id]["integrations"].own_note) == (3, "Mine.")
    assert seen[lena.id]["integrations"].own == 2
    page = cast.client("lena").get(f"/team/people/{lena.ref}").content.decode()
    assert "from a list" in page
    # Whoever says the same level themselves has said it.
    assert assess_self(actor=cast.actor("lena"), person_id=lena.id, levels={"integrations": 2}) == 1
    assert "from a list" not in cast.client("lena").get(f"/team/people/{lena.ref}").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_leader_loads_the_file_on_the_page(cast):
    client = cast.client("hanna")
    shown = client.post("/team/people/import", {"text": TWELVE})
    page = shown.content.decode()
    assert "With this file 12 join" in page
    assert "Pay takes the right" in page
    assert not Person.objects.exists()
    assert client.post("/team/people/import", {"kept": shown.context["kept"]}).status_code == 302
    assert Person.objects.count() == 12
    assert not Pay.objects.exists()
    assert client.post("/team/people/import", {"text": "x"}).status_code == 422
    assert client.post("/team/people/import", {"kept": "no"}).status_code in (409, 422)
    body = {"text": TWELVE, "dry_run": True}
    answer = client.post("/api/v1/team/table", json.dumps(body), content_type="application/json")
    assert (answer.json()["unchanged"], answer.json()["created"]) == (12, 0)


@pytest.mark.django_db(transaction=True)
def test_more_than_a_week_is_refused_with_the_days_and_the_sum(cast):
    one = add_person(
        actor=SETUP, name="One", role="marketing_data_analyst", joined=date(2026, 1, 1), share=Decimal("0.8")
    )
    with pytest.raises(MaropsError) as error:
        give_role(actor=SETUP, person_id=one.id, role="mops_coordinator", share=Decimal("0.6"),
                  starts=date(2026, 3, 1), ends=date(2026, 7, 1))  # fmt: skip
    said = str(error.value.errors[0].message)
    assert "140 % of a week from 1 Mar 2026 to 30 Jun 2026" in said
    assert "Marketing Data Analyst" in said
    row = give_role(actor=SETUP, person_id=one.id, role="mops_coordinator", share=Decimal("0.2"))
    with pytest.raises(MaropsError, match="120 %"):
        change_role(actor=SETUP, held_id=row.id, share=Decimal("0.4"))
    with pytest.raises(MaropsError, match="no role"):
        give_role(actor=SETUP, person_id=one.id, role="wizard", elsewhere=True)
    for days in ({"starts": today() + timedelta(days=2)}, {"ends": today() + timedelta(days=2)}):
        with pytest.raises(MaropsError):
            give_role(actor=SETUP, person_id=one.id, role="vp_mops", elsewhere=True, **days)


@pytest.mark.django_db(transaction=True)
def test_a_circle_is_refused_and_names_everybody_on_the_way(cast):
    top = add_person(actor=SETUP, name="Top")
    middle = add_person(actor=SETUP, name="Middle", manager_id=top.id)
    low = add_person(actor=SETUP, name="Low", manager_id=middle.id)
    with pytest.raises(MaropsError, match="Top to Low, Low to Middle, Middle to Top"):
        change_person(actor=SETUP, person_id=top.id, manager_id=low.id)


@pytest.mark.django_db(transaction=True)
def test_roles_end_when_somebody_leaves_and_forgetting_leaves_the_name_alone(cast):
    one = add_person(
        actor=SETUP, account_id=cast.tomasz.id, role="martech_specialist", joined=date(2024, 1, 1), location="Oslo"
    )
    give_role(actor=SETUP, person_id=one.id, role="crm_manager", elsewhere=True, starts=date(2020, 1, 1))
    assess_self(actor=cast.actor("tomasz"), person_id=one.id, levels={"integrations": 3})
    add_evidence(
        actor=cast.actor("tomasz"),
        person_id=one.id,
        skill="integrations",
        kind="link",
        says="x",
        url="https://x.example",
    )
    set_pay(actor=SETUP, person_id=one.id, amount=Decimal(1), currency="EUR")
    Shown.objects.create(person=one, what="skills")
    leave(actor=SETUP, person_id=one.id, left=today() - timedelta(days=1))
    assert RoleHeld.objects.get(person=one, elsewhere=False).ends == today()
    assert not Person.objects.get(id=one.id).active
    assert not team()
    kept = cast.client("tomasz").get(f"/team/people/{one.ref}/everything").json()
    assert (kept["pay"][0]["amount"], kept["levels"][0]["level"], kept["person"]["location"]) == ("1", 3, "Oslo")
    gone = forget(actor=SETUP, person_id=one.id, name="tomasz zielinski")
    assert {name for name, number in gone.items() if number} == {
        "assessments", "evidence", "pay", "shows", "roles elsewhere", "values in the trail",
    }  # fmt: skip
    assert not any(model.objects.filter(person=one).exists() for model in (Assessment, Evidence, Pay, Shown))
    left = Person.objects.get(id=one.id)
    assert (left.name, left.location, left.joined) == ("Tomasz Zielinski", "", None)
    assert RoleHeld.objects.filter(person=one).count() == 1


@pytest.mark.django_db
def test_only_who_left_is_forgotten_by_name_and_by_nobody_below_them(cast):
    vera = add_person(actor=SETUP, account_id=cast.vera.id)
    hanna = add_person(actor=SETUP, account_id=cast.hanna.id, manager_id=vera.id)
    gone = add_person(actor=SETUP, account_id=cast.tomasz.id, manager_id=hanna.id)
    set_pay(actor=SETUP, person_id=gone.id, amount=Decimal(1), currency="EUR")

    def tried(one, name=""):
        client, at = cast.client("hanna"), f"/api/v1/team/people/{one.ref}/kept"
        return client.delete(f"{at}?name={name or one.name}").status_code

    assert [tried(one) for one in (vera, hanna, gone)] == [403, 403, 409]
    for one in (vera, gone):
        leave(actor=SETUP, person_id=one.id, left=today() - timedelta(days=1))
    assert [tried(vera), tried(gone, "Tomas"), tried(gone)] == [403, 422, 200]
    page = cast.client("hanna").get(f"/team/people/{gone.ref}/forget").content.decode()
    assert "Pay stays until somebody deletes it who sees pay" in page
    assert Pay.objects.count() == 1
    assert forget(actor=cast.actor("ada"), person_id=gone.id, name=gone.name)["pay"] == 1


@pytest.mark.django_db(transaction=True)
def test_the_pages_of_one_person_do_what_they_say(cast):
    load_people(actor=SETUP, data=TWELVE.encode())
    tomasz = Person.objects.get(name="Tomasz Zielinski")
    hanna, own, at = cast.client("hanna"), cast.client("tomasz"), f"/team/people/{tomasz.ref}"
    assert own.post(f"{at}/skills", {"integrations": "3", "more": "privacy-law", "more_level": "1"}).status_code == 302
    assert hanna.post(f"{at}/skills", {"integrations": "2"}).status_code == 302
    seen = newest([tomasz.id])[tomasz.id]
    assert (seen["integrations"].own, seen["integrations"].manager, seen["privacy-law"].own) == (3, 2, 1)
    assert known_to(Policy.of(cast.actor("priya")), [tomasz.id]).hidden == 1
    assert own.post(f"{at}/shown", {"what": ["skills"]}).status_code == 302
    assert known_to(Policy.of(cast.actor("priya")), [tomasz.id]).levels[tomasz.id]["integrations"] == 3
    assert known_to(Policy.of(cast.actor("hanna")), [tomasz.id]).levels[tomasz.id]["integrations"] == 2
    form = {"role": "mops_coordinator", "share": "50"}
    refused = hanna.post(f"{at}/roles/new", form)
    assert refused.status_code == 422
    assert "150 % of a week" in refused.content.decode()
    held = RoleHeld.objects.get(person=tomasz)
    assert hanna.post(f"{at}/roles/{held.id}", {"share": "50", "starts": "2023-05-02"}).status_code == 302
    assert hanna.post(f"{at}/roles/new", form).status_code == 302
    assert "MarTech Specialist (50 %)" in own.get(at).content.decode()
    given = {"skill": "integrations", "kind": "link", "says": "A page", "url": "javascript:alert(1)"}
    assert own.post(f"{at}/evidence", given).status_code == 422
    assert own.post(f"{at}/evidence", given | {"url": "https://x.example/a"}).status_code == 302
    proof = Evidence.objects.get()
    assert own.post(f"{at}/evidence/{proof.id}").status_code == 302
    assert cast.client("vera").post(f"{at}/pay", {"amount": "62000", "currency": "EUR"}).status_code == 302
    assert "62,000 EUR" in own.get(at).content.decode()
    assert hanna.post(f"{at}/forget", {}).status_code == 409
    details = {
        "name": "Tomasz Zielinski",
        "manager_id": str(Person.objects.get(name="Mina Costa").id),
        "calendar": "standard",
    }
    assert hanna.post(f"{at}/details", details | {"location": "Lodz", "active": "on"}).status_code == 302
    assert Person.objects.get(id=tomasz.id).location == "Lodz"


@pytest.mark.django_db(transaction=True)
def test_two_thousand_people_open_in_less_than_a_second(cast):
    people = [Person(number=n + 1, name=f"Person {n}", location="Oslo") for n in range(2000)]
    Person.objects.bulk_create(people)
    RoleHeld.objects.bulk_create(RoleHeld(person=one, role="marketing_data_analyst") for one in people)
    Shown.objects.bulk_create(Shown(person=one, what="skills") for one in people[::2])
    client = cast.client("hanna")
    client.get("/team/people")
    started = time.perf_counter()
    answer = client.get("/team/people?page=3")
    seconds = time.perf_counter() - started
    assert "2,000" in answer.content.decode()
    assert seconds < room(1)


@pytest.mark.django_db
def test_a_file_with_other_headings_and_titles_is_understood_and_says_what_it_took():
    rows = (
        "Mitarbeiter,Was,Vorgesetzte,Consent and privacy,Wochenstunden,Anteil\n"
        "Ada One,Manager of Campaign Operations,,3,20,50%\n"
        "Bo Two,Marketing Data Analyst,Ada One,,,\n"
    )
    plan = preview_people(actor=SETUP, data=rows.encode())
    assert [one.person.name for one in plan.changes] == ["Ada One", "Bo Two"]
    assert plan.changes[0].roles == {"campaign_ops_manager": Decimal("0.5")}
    assert plan.changes[1].values["manager_id"] == plan.changes[0].person.id
    said = {one.field: f"{one.message} {one.remedy}" for one in plan.findings}
    assert plan.refused == 0
    assert "taken for the roles" in said["Was"]
    assert "Privacy" in said["Consent and privacy"]
    assert "50 % of 20 hours is 10.0 hours a week." in said["share"]
    assert any("“Manager of Campaign Operations” (row 2) was taken for" in one.message for one in plan.findings)


@pytest.mark.django_db
def test_all_that_is_wrong_with_a_row_and_who_stands_there_twice_is_said_at_once():
    rows = (
        "name,role,manager,Scoring leads\nAda One,Nonsense,,\nBo Two,Marketing Data Analyst,Bo Two,-1\n"
        "Ada One,Marketing Data Analyst,,2\nCy Three,Nonsense,Nobody Here,\n"
        "Di Four,Marketing Data Analyst 50%,,\nDi Four,MarTech Specialist 50%,,\n"
    )
    plan = preview_people(actor=SETUP, data=rows.encode())
    said = {(one.row, one.field, one.refused): one.message for one in plan.findings}
    assert {(3, "Scoring leads", True), (3, "manager", True), (5, "roles", True), (5, "manager", True)} <= set(said)
    assert said[4, "name", True] == "Row 2 names Ada One too and is refused, so this one is refused with it."
    assert said[7, "name", False] == "Row 6 names Di Four too: both rows together count."
    assert [one.person.name for one in plan.changes] == ["Di Four"]
    rows = "name,role,email\nDi Four,Marketing Data Analyst,a@x.example\nDi Four,Nonsense,b@x.example\n"
    rows += "Ed,MarTech Specialist,\nEd,Marketing Data Analyst,\n"
    plan = preview_people(actor=SETUP, data=rows.encode())
    assert [one.person.name for one in plan.changes] == ["Di Four"], "two addresses are two people"
    whole = {one.row: one.message for one in plan.findings if one.field == "share"}
    assert set(whole) == {4, 5}
    assert "200 % of a week" in whole[4]
    assert "Rows 4, 5 name the same person." in whole[5]


@pytest.mark.django_db
def test_words_beside_a_level_are_written_on_the_page_and_taken_back_there(cast, lake):
    hanna = Person.objects.create(number=9301, name="Hanna Lindqvist", account_id=cast.hanna.id)
    tomasz = Person.objects.create(number=9302, name="Tomasz", account_id=cast.tomasz.id, manager=hanna)
    RoleHeld.objects.create(person=tomasz, role="martech_specialist")
    at, lead = f"/team/people/{tomasz.ref}", cast.client("hanna")
    said = {"integrations": "2", "note-integrations": "Built the CRM link by himself"}
    assert lead.post(f"{at}/skills", said).status_code == 302
    assert "Built the CRM link by himself" in lead.get(at).content.decode()
    assert "Built the CRM link by himself" not in cast.client("lena").get(at).content.decode()
    assert "Built the CRM link" in lead.get(f"{at}/skills").content.decode()
    alone = lead.post(f"{at}/skills", {"note-privacy-law": "Words", "note-more": "alone"})
    assert alone.status_code == 422
    assert lead.post(f"{at}/skills", {"integrations": "2", "note-integrations": ""}).status_code == 302
    assert newest([tomasz.id])[tomasz.id]["integrations"].manager_note == ""


@pytest.mark.django_db(transaction=True)
def test_an_address_finds_somebody_again_and_an_account_is_linked_by_a_person(cast):
    load_people(actor=SETUP, data=b"name,email\nTom Zed,tomasz@Northwind.example\nIda Holm,ida@agency.example\n")
    tom = Person.objects.get(name="Tom Zed")
    assert (tom.account_id, tom.email) == (cast.tomasz.id, ""), "with an account, the account's counts"
    ida = Person.objects.get(name="Ida Holm")
    assert (ida.account_id, ida.email) == (None, "ida@agency.example")
    again = load_people(actor=SETUP, data=b"name,email,manager\nIda Berg,IDA@agency.example,\nBo,,ida@agency.example\n")
    assert again.counts["created"] == 1
    ida.refresh_from_db()
    assert ida.name == "Ida Berg"
    assert Person.objects.get(name="Bo").manager_id == ida.id
    assert not AuditPayload.objects.filter(payload__icontains="agency.example").exists()
    hanna, mina = cast.client("hanna"), cast.client("mina")
    at = f"/team/people/{ida.ref}"
    assert "ida@agency.example" in hanna.get(at).content.decode()
    assert "ida@agency.example" in hanna.get("/team/people/export").content.decode()
    for page in (at, "/team/people", "/team/people/export", "/api/v1/team/table"):
        assert "ida@agency" not in mina.get(page).content.decode(), page
    assert mina.get("/team/people/ida@agency.example").status_code == 404
    for who in (cast.actor("hanna"), cast.actor("ada")):
        with pytest.raises(MaropsError, match="No account"):
            link_account(actor=who, person_id=ida.id)
    change_person(actor=SETUP, person_id=ida.id, email="Nils@northwind.example")
    Account.objects.filter(id=cast.nils.id).update(email="nils@northwind.example")
    assert "Link them" in hanna.get(at).content.decode()
    assert "Ida Berg</a>" in hanna.get("/team/people").content.decode().partition("Accounts have addresses")[2]
    assert "Accounts have addresses" not in mina.get("/team/people").content.decode()
    found = preview_people(actor=SETUP, data=b"name,email\nIda Berg,nils@northwind.example\n")
    assert ["not linked" in one.message for one in found.findings if one.field == "email"] == [True]
    assert hanna.get(f"/api/v1{at}/account").json()["proposed_account_id"] == str(cast.nils.id)
    assert mina.post(f"{at}/account").status_code == 403
    assert hanna.post(f"{at}/account").status_code == 302
    ida.refresh_from_db()
    assert (ida.account_id, ida.email) == (cast.nils.id, "")


@pytest.mark.django_db(transaction=True)
def test_nobody_links_their_own_account_and_an_address_is_one_persons(cast):
    boss = add_person(actor=SETUP, name="Boss", email=cast.hanna.email)
    with pytest.raises(MaropsError, match="your own account"):
        link_account(actor=cast.actor("hanna"), person_id=boss.id)
    with pytest.raises(MaropsError) as error:
        add_person(actor=SETUP, name="Other", email=cast.hanna.email.upper())
    assert "Somebody else has this address" in str(error.value.errors[0].message)
    leave(actor=SETUP, person_id=boss.id, left=today() - timedelta(days=1))
    forget(actor=SETUP, person_id=boss.id, name="Boss")
    assert Person.objects.get(id=boss.id).email == ""


@pytest.mark.django_db(transaction=True)
def test_a_file_whose_role_column_is_unknown_waits_until_it_is_said(cast):
    rows = "Mitarbeiter,Aufgabe,Gehaltsklasse\nAda One,Marketing-Dings,B\nBo Two,MarTech Specialist,C\nCy,Kram,\n"
    plan = load_people(actor=SETUP, data=rows.encode())
    assert (plan.role_unknown, plan.counts["created"]) == (["Aufgabe", "Gehaltsklasse"], 0)
    assert not Person.objects.exists()
    assert any("Is it “Aufgabe” or “Gehaltsklasse”?" in one.message for one in plan.findings)
    client = cast.client("hanna")
    shown = client.post("/team/people/import", {"text": rows})
    assert "Which column says what roles" in shown.content.decode()
    told = {"kept": shown.context["kept"], "again": "1", "role_column": "Aufgabe"}
    again = client.post("/team/people/import", told)
    assert "With this file 1 join, 2 rows are refused." in again.content.decode()
    body = {"text": rows, "role_column": "Aufgabe", "dry_run": True}
    answer = client.post("/api/v1/team/table", json.dumps(body), content_type="application/json").json()
    assert (answer["created"], answer["refused"], answer["role_unknown"]) == (1, 2, [])
    assert load_people(actor=SETUP, data=rows.encode(), role_column=NO_ROLES).counts["created"] == 3


@pytest.mark.django_db
def test_an_empty_list_asks_for_people_and_nothing_else(cast):
    page = cast.client("hanna").get("/team/people").content.decode()
    assert "Begin with the people" in page
    assert "Nobody fits" not in page
    assert "Begin with the people" not in cast.client("hanna").get("/team/people?state=left").content.decode()
