"""Coverage as its readers get it: from the database, by rights and consent, on pages, REST and as a file."""

import json
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from tests.pace import room

from marops.domains.team import desk
from marops.domains.team.actions.duties import reset_letter, set_letter
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Assessment, Assignment, Duty, Person, RoleHeld, Shown, Vacancy
from marops.domains.team.queries import volumes
from marops.domains.team.queries.coverage import team_of
from marops.domains.team.queries.coverage_told import answer, coverage_json
from marops.domains.team.queries.duties import because, cells, duties_of, faults_json
from marops.domains.team.queries.people import team
from marops.domains.team.queries.structures import structure_of_today, weighed
from marops.domains.team.rules import coverage as rules
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.facts import write
from marops.kernel.ids import new_id
from marops.kernel.models import AuditRow, Definition, FactInbox
from marops.kernel.workspace import today

pytestmark = pytest.mark.django_db
SECRET = "the manager's word"


def person(cast, name, role, manager=None, number=0, **more):
    one = Person.objects.create(
        number=number or 100 + Person.objects.count(), name=getattr(cast, name).name, manager=manager,
        account_id=getattr(cast, name).id, **more,
    )  # fmt: skip
    RoleHeld.objects.create(person=one, role=role)
    return one


def level(one, skill, value, by="self", **more):
    Assessment.objects.create(person=one, skill=skill, level=value, by=by, made_by="test", **more)


@pytest.fixture
def house(cast, lake):
    """Hanna leads Samuel and Lena; Samuel alone routes leads; nobody has said anything of privacy law."""
    vera = person(cast, "vera", "vp_mops")
    hanna = person(cast, "hanna", "mops_manager", vera, leads_as="player-coach")
    samuel = person(cast, "samuel", "lead_db_admin", hanna)
    lena = person(cast, "lena", "marketing_data_analyst", hanna)
    mina = person(cast, "mina", "mops_coordinator", samuel)
    level(samuel, "lead-routing", 1)
    level(samuel, "lead-routing", 4, by="manager", note=SECRET)
    level(lena, "lead-routing", 2)
    level(lena, "dashboards", 4)
    level(hanna, "managing-people", 3)
    level(vera, "budgeting", 3)
    level(mina, "data-entry", 2)
    return {one.name.split()[0].lower(): one for one in (vera, hanna, samuel, lena, mina)}


def skill(found, ident):
    return next(one for one in found["skills"] if one["skill"] == ident)


# --- Levels by rights and consent -------------------------------------------------------------------------------------


def test_the_managers_level_counts_for_those_who_may_see_it(cast, house):
    found = coverage_json(cast.actor("vera"))
    routing = skill(found, "lead-routing")
    assert (found["hidden"], routing["experts"], routing["able"]) == (0, ["Samuel Adeyemi"], 2)
    assert "lead-routing" in [one["skill"] for one in found["single_points"]]
    assert found["remedy"]


def test_the_newest_level_of_a_side_counts(cast, house):
    level(house["samuel"], "lead-routing", 2, by="manager", at=now() + timedelta(minutes=1))
    level(house["samuel"], "lead-routing", 4, by="self", at=now() + timedelta(minutes=2))
    assert skill(coverage_json(cast.actor("vera")), "lead-routing")["bus_factor"] == 0


def test_a_colleague_sees_own_words_of_those_who_agreed_and_how_many_do_not(cast, house):
    before = coverage_json(cast.actor("lena"))
    assert (before["hidden"], skill(before, "lead-routing")["experts"]) == (4, [])
    assert before["gaps"] == before["single_points"] == []
    assert "4 of 5 people do not show" in before["answer"]
    Shown.objects.create(person=house["samuel"], what=Shown.What.SKILLS)
    after = coverage_json(cast.actor("lena"))
    assert (after["hidden"], skill(after, "lead-routing")["able"]) == (3, 1)  # Samuel's own word is 1


@pytest.mark.parametrize(
    "name",
    ["vera", "hanna", "tomasz", "priya", "lena", "dylan", "aoife", "samuel", "mina", "marco", "selma", "ada", "nils"],
)
def test_the_managers_word_reaches_nobody_without_the_right(cast, house, name):
    """Samuel is an expert by his manager's word alone; his own word is 1, and he agreed to show that."""
    Shown.objects.create(person=house["samuel"], what=Shown.What.SKILLS)
    client, ref = cast.client(name), house["samuel"].ref
    pages = ["/team/coverage?skill=lead-routing", f"/team/coverage?person={ref}", "/api/v1/team/coverage"]
    pages += ["/team?group=data"] if name in {"mina", "marco", "nils"} else []  # the house asks the lake each time
    answers = {page: client.get(page) for page in pages}
    if name == "nils":
        assert {one.status_code for one in answers.values()} == {403}
        return
    assert {one.status_code for one in answers.values()} == {200}
    texts = {page: one.content.decode() for page, one in answers.items()}
    assert SECRET not in "".join(texts.values())
    sees = name in {"vera", "hanna", "samuel"} or "assessment.see" in rights(cast, name)
    behind = texts["/team/coverage?skill=lead-routing"]
    assert ("4, sets the way" in behind) is sees
    assert ("Samuel Adeyemi" in json.dumps(skill(json.loads(texts["/api/v1/team/coverage"]), "lead-routing"))) is sees


def rights(cast, name):
    from marops.kernel.permissions import grants

    held = grants(cast.actor(name))
    return [right for right in ("assessment.see",) if right in held]


# --- The numbers out of the tables ------------------------------------------------------------------------------------


def test_shares_calendars_and_tasks_make_what_somebody_has(cast, house):
    RoleHeld.objects.filter(person=house["lena"]).update(share=Decimal("0.5"))
    Person.objects.filter(id=house["lena"].id).update(weekly_hours=20)
    day = today()
    made = {"person": house["lena"], "asked_by": "test", "hours": 3}
    Assignment.objects.create(number=1, title="Soon", due=day + timedelta(days=5), **made)
    Assignment.objects.create(number=2, title="Later", due=day + timedelta(days=90), **made)
    Assignment.objects.create(number=3, title="Done", state="done", due=day, **made)
    team = team_of(cast.actor("vera"))
    lena = team.known[house["lena"].id]
    assert (lena.week, lena.tasks) == (0.25, 3.0)  # half of a half-time week
    assert team.full_time == 4.3, "to the tenth, half of one up: everywhere the same"


def test_roles_that_ended_begin_later_or_were_elsewhere_do_not_count(cast, house):
    day = today()
    RoleHeld.objects.filter(person=house["lena"]).update(ends=day)
    RoleHeld.objects.create(person=house["lena"], role="vp_mops", starts=day + timedelta(days=1))
    RoleHeld.objects.create(person=house["lena"], role="mops_manager", elsewhere=True)
    Person.objects.filter(id=house["mina"].id).update(active=False)
    Person.objects.filter(id=house["lena"].id).update(manager=None)
    assert {one.name for one in team_of(SETUP).workers} == {"Vera Okafor", "Hanna Lindqvist", "Samuel Adeyemi"}


def test_what_nobody_does_and_what_an_opening_would_close(cast, house):
    found = coverage_json(cast.actor("vera"))
    roles = {one["role"] for one in found["unowned"]}
    assert "email_marketing_specialist" in roles
    assert "lead_db_admin" not in roles
    assert "workflow_architect" not in {one["role"] for one in found["responsibilities"]}
    Vacancy.objects.create(number=1, title="Mail", roles={"email_marketing_specialist": 1.0}, made_by="test")
    after = coverage_json(cast.actor("vera"))
    planned = [one for one in after["unowned"] if one["role"] == "email_marketing_specialist"]
    assert {ref for one in planned for ref in one["planned"]} == {"V-1"}
    assert after["openings"][0]["gaps"] == []
    assert "email-platforms" in after["not_assessed"]
    level(house["mina"], "email-platforms", 1)
    assert coverage_json(cast.actor("vera"))["openings"][0]["gaps"] == ["email-platforms"]


def test_spans_count_whoever_is_led(cast, house):
    found = {one["name"]: one for one in coverage_json(cast.actor("vera"))["spans"]}
    assert (found["Hanna Lindqvist"]["reports"], found["Hanna Lindqvist"]["state"]) == (2, "few")
    assert found["Samuel Adeyemi"]["state"] == "unset"


def test_what_is_uncovered_is_one_answer_on_every_page_and_in_rest(cast, house):
    level(house["mina"], "data-entry", 1)
    client = cast.client("vera")
    found = client.get("/api/v1/team/coverage").json()
    standing = found["standing"]
    assert found == json.loads(json.dumps(coverage_json(cast.actor("vera")))), "REST and --json print the same"
    assert standing["unknown"] == len(found["not_assessed"]) > standing["skills"] / 2
    assert standing["uncovered"] == len(found["gaps"]) == 1
    assert standing["single"] == len(found["single_points"]) == 4
    assert sum(standing[word] for word in rules.STANDINGS) == standing["skills"] == len(found["skills"])
    team, coverage = (client.get(url).content.decode() for url in ("/team", "/team/coverage"))
    assert standing["says"] in team
    assert standing["says"] in coverage
    assert f"{standing['unknown']} of {standing['skills']} skills are not assessed." in found["answer"]
    assert {one["coverage"] for one in found["skills"] if one["standing"] == "unknown"} == {None}


def test_nothing_rests_on_one_while_somebody_beside_the_team_can_do_it(cast, house):
    jon = Person.objects.create(number=900, name="Jon Berg")
    RoleHeld.objects.create(person=jon, role="marketing_automation_specialist")
    level(jon, "lead-routing", 4, by="manager")
    found = coverage_json(cast.actor("vera"))
    routing = skill(found, "lead-routing")
    assert (routing["standing"], routing["beside"], routing["bus_factor"]) == ("beside", ["Jon Berg"], 1)
    assert "lead-routing" not in {one["skill"] for one in found["single_points"]}
    assert [(one["ref"], one["could_do"]) for one in found["beside_people"]] == [(jon.ref, ["lead-routing"])]
    client = cast.client("ada")
    page = client.get("/team").content.decode()
    assert "Jon Berg" in page
    assert "/team/roles/marketing_automation_specialist/counts" in page
    client.post("/team/roles/marketing_automation_specialist/counts")
    kept = Definition.objects.get(kind="role", slug="marketing_automation_specialist")
    assert (kept.state, kept.document["inside"]) == ("active", True)


def test_who_reports_to_the_team_is_of_it_and_sellers_are_not(cast, house):
    jon = Person.objects.create(number=900, name="Jon Berg", manager=house["samuel"])
    Person.objects.create(number=901, name="Ida Holm", manager=jon)
    sales = Person.objects.create(number=902, name="Sal Reed")
    seller = Person.objects.create(number=903, name="Tia Falk", manager=sales)
    RoleHeld.objects.create(person=jon, role="marketing_automation_specialist", share=Decimal("0.5"))
    for one in (sales, seller):
        RoleHeld.objects.create(person=one, role="sales_owner")
    level(jon, "lead-routing", 4, by="manager")
    found = coverage_json(cast.actor("vera"))
    assert {one["name"] for one in found["beside_people"]} == {"Sal Reed", "Tia Falk"}
    assert {one["name"] for one in found["outside"]} == {"Jon Berg", "Ida Holm"}
    routing = skill(found, "lead-routing")
    assert (routing["bus_factor"], routing["experts"]) == (2, ["Jon Berg", "Samuel Adeyemi"])
    weeks = {one["name"]: one["full_time"] for one in found["people"]}
    assert (weeks["Jon Berg"], weeks["Ida Holm"]) == (0.5, 1.0)  # where no role is said, the whole week
    assert len(team()) == volumes.volumes()["people"].amount.usual == 7
    assert not any(jon.name in one["people"] for one in found["roles"])
    plan = weighed(cast.actor("vera"))
    kept, now_ = plan.of(structure_of_today(cast.actor("vera"), "Now")), plan.today()
    assert (kept.seats, kept.full_time, len(kept.single)) == (now_.seats, now_.full_time, len(now_.single))
    client = cast.client("ada")
    assert "7 people, 2 of them with no role of the team" in client.get("/team").content.decode()
    assert "Jon Berg" in client.get("/team/people?role=outside").content.decode()
    for address in ("/team/coverage", f"/team/coverage?person={jon.ref}", "/team/who", "/team/week", "/team/chart"):
        assert client.get(address).status_code == 200


def test_roles_alone_tell_what_rests_on_one_person_and_what_nobody_does(cast, house):
    Assessment.objects.all().delete()
    found = coverage_json(cast.actor("vera"))
    lead = next(one for one in found["single_by_roles"] if one["role"] == "lead_db_admin")
    assert (lead["name"], lead["whole_role"]) == ("Samuel Adeyemi", True)
    assert "responsibilities are done by one person alone" in found["answer"]
    assert (
        f"Nobody does {len(found['unowned'])} of {len(found['responsibilities'])} responsibilities" in found["answer"]
    )
    assert "there is no Campaign Operations Manager, Marketing Automation Manager and 2 more" in found["answer"]
    page = cast.client("vera").get("/team").content.decode()
    assert "By the roles held alone, where skills are not assessed:" in page
    for one in ("mops_coordinator", "lead_db_admin"):
        other = Person.objects.create(number=901 + len(one), name=f"Second {one}")
        RoleHeld.objects.create(person=other, role=one)
    left = {one["role"] for one in coverage_json(cast.actor("vera"))["single_by_roles"]}
    assert not left & {"mops_coordinator", "lead_db_admin"}


def test_an_empty_team_asks_for_people(cast, lake):
    page = cast.client("hanna").get("/team").content.decode()
    assert "Nobody has a role of the team yet." in page
    assert {one["coverage"] for one in coverage_json(SETUP)["skills"]} == {None}
    assert coverage_json(SETUP)["standing"]["says"] == ""
    rows = cast.client("hanna").get("/team/coverage").content.decode()
    assert "Begin with the people" in rows
    assert "<td" not in rows


def test_a_team_without_levels_says_so(cast, house):
    Assessment.objects.all().delete()
    assert "skills are assessed yet" in str(answer(team_of(SETUP)))


# --- Letters ----------------------------------------------------------------------------------------------------------

KEY = "lead_db_admin/routing-rules"


def key_of(role):
    return next(key for key, (slug, _) in catalogue().responsibilities.items() if slug == role)


def test_letters_come_from_ownership_and_say_so(cast, house):
    Definition.objects.create(
        kind="route", slug="north", version=1, state="active", document={}, sha256="x", author=str(cast.lena.id),
    )  # fmt: skip
    duties = duties_of(cast.actor("vera"))
    routing = next(one for one in duties.team.wanted if "lead-routing" in one.skills and one.role == "lead_db_admin")
    found = {duties.name(one.who): one.letter for one in cells(duties) if one.need is routing}
    assert {name: one.letter for name, one in found.items() if one.letter != "I"} == {
        "Hanna Lindqvist": "A", "Samuel Adeyemi": "R", "Lena Brandt": "C",
    }  # fmt: skip
    assert "route/north" in because(duties, routing, found["Lena Brandt"])
    assert "Samuel Adeyemi" in because(duties, routing, found["Hanna Lindqvist"])
    assert duties.fault(routing) == ""


def test_a_letter_is_set_on_the_page_told_and_taken_back(cast, house):
    key, lena = key_of("lead_db_admin"), house["lena"]
    address = f"/team/who/{key}/{lena.ref}"
    hanna = cast.client("hanna")
    assert hanna.post(address, {"letter": "A"}).status_code == 302
    assert "Set by hand by Hanna Lindqvist" in hanna.get(address).content.decode()
    assert hanna.post(address, {"letter": "Q"}).status_code == 422
    duties = duties_of(SETUP)
    assert duties.table.answering(duties.need(key)) == [lena.id]
    assert AuditRow.objects.filter(object_type="duty").exists()
    assert hanna.post(address, {"letter": "", "reset": "1"}).status_code == 302
    assert not Duty.objects.exists()
    assert cast.client("lena").post(address, {"letter": "A"}).status_code == 403
    assert "Set it by hand" not in cast.client("lena").get(address).content.decode()


def test_letters_over_rest(cast, house):
    client, key = cast.client("vera"), key_of("lead_db_admin")
    Vacancy.objects.create(number=4, title="Help", made_by="test")
    body = {"responsibility": key, "holder": "V-4", "letter": "R"}
    assert client.put("/api/v1/team/duties", body, content_type="application/json").status_code == 204
    items, after = [], ""
    while after is not None:  # three at a time, and all of them in the end
        found = client.get(f"/api/v1/team/duties?role=lead_db_admin&limit=3{after and f'&after={after}'}").json()
        items, after = items + found["items"], found["next"]
    everything = client.get("/api/v1/team/duties?role=lead_db_admin&limit=200").json()
    assert (items, everything["next"]) == (everything["items"], None)
    assert client.get("/api/v1/team/duties/faults").json()["items"]
    assert {"V-4", house["samuel"].ref, house["hanna"].ref} <= {one["holder"] for one in items}
    del body["letter"]
    assert client.post("/api/v1/team/duties/reset", body, content_type="application/json").status_code == 204
    assert client.post("/api/v1/team/duties/reset", body, content_type="application/json").status_code == 404
    wrong = body | {"letter": "R", "holder": "P-99999"}
    assert client.put("/api/v1/team/duties", wrong, content_type="application/json").status_code == 404
    denied = cast.client("mina").put("/api/v1/team/duties", body | {"letter": "R"}, content_type="application/json")
    assert denied.status_code == 403


def test_faults_say_what_nobody_does_and_who_answers_twice(cast, house):
    key = key_of("lead_db_admin")
    for one in ("lena", "mina"):
        set_letter(actor=SETUP, responsibility=key, holder=house[one].ref, letter="A")
    said = {one["responsibility"]: one["says"] for one in faults_json(cast.actor("vera"))}
    assert said[key].startswith("more than one answers for it")
    assert said[key_of("email_marketing_specialist")] == "nobody does it"
    reset_letter(actor=SETUP, responsibility=key, holder=house["lena"].ref)
    with pytest.raises(MaropsError):
        set_letter(actor=SETUP, responsibility="no/such", holder=house["lena"].ref, letter="A")


def test_the_file_of_letters_holds_no_formula(cast, house):
    Person.objects.filter(id=house["lena"].id).update(name="=cmd()")
    text = cast.client("vera").get("/team/who.csv").content.decode()
    assert "'=cmd()" in text


# --- Facts ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_makes_work_is_counted_from_facts(cast, engine):
    at = now()

    def fact(kind, days, **more):
        moment = at - timedelta(days=days)
        return FactInbox(id=new_id(), kind=kind, occurred_at=moment, recorded_at=moment, subject_type="x",
                         subject_id="x", actor_type="system", actor_id="test", source="test", **more)  # fmt: skip

    def task(days, case, activity):
        return fact("task.finished", days, case_id=case, activity=activity)

    write([
        *[fact("lead.created", days, contact_id=new_id()) for days in (1, 2, 3, 31, 70, 71, 95)],
        task(1, "a", "Brief"), task(2, "a", "Build e-mails"), task(3, "b", "Build e-mails"),
        task(100, "c", "Brief"), task(5, "c", "Approve"),  # begun before: no new campaign
        fact("platform.used", 2, platform="mail"), fact("platform.used", 3, platform="mail"),
    ])  # fmt: skip
    volumes.forget()
    found = volumes.volumes()
    volumes.forget()
    leads, campaigns, emails = (found[name] for name in ("leads_per_month", "campaigns_per_month", "emails_per_month"))
    assert (leads.fact, leads.amount.origin, leads.amount.low, leads.amount.usual, leads.amount.high) == (
        "lead.created", "facts", 1, 2, 3,
    )  # fmt: skip
    assert (campaigns.amount.low, campaigns.amount.usual, campaigns.amount.high) == (0, pytest.approx(2 / 3), 2)
    # Fewer than thirty days of e-mails and of platforms: the assumption stands.
    assert (emails.fact, emails.amount.origin, found["tools"].amount.origin) == ("", "assumption", "assumption")


# --- Size -------------------------------------------------------------------------------------------------------------

_PEOPLE = """
INSERT INTO person (id, number, name, zone, calendar, location, leads_as, active, sample, created_at, manager_id, email)
SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 10000 + n, 'Person ' || n, '', 'standard', '', '',
    true, false, now(), CASE WHEN n > 1 THEN ('00000000-0000-0000-0000-' || lpad((n / 8 + 1)::text, 12, '0'))::uuid END,
    ''
FROM generate_series(1, 2000) n
"""
_ROLES = """
INSERT INTO role_held (id, person_id, role, share, elsewhere, created_at)
SELECT gen_random_uuid(), id, (%(roles)s::text[])[number %% %(n)s + 1], 1, false, now() FROM person
"""
_LEVELS = """
INSERT INTO skill_assessment (id, person_id, skill, level, by, note, made_by, at)
SELECT gen_random_uuid(), p.id, s.skill, (p.number + s.place) %% 5, 'manager', '', 'test', now()
FROM person p CROSS JOIN unnest(%(skills)s::text[]) WITH ORDINALITY s (skill, place)
"""


@pytest.mark.slow
def test_a_team_of_two_thousand_opens_within_a_second(cast, lake, django_assert_max_num_queries):
    known = catalogue()
    skills = [*known.skills, *(f"more-{n}" for n in range(60 - len(known.skills)))]
    roles = [slug for slug, role in known.inside.items() if role.inside]
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE)
        cursor.execute(_ROLES, {"roles": roles, "n": len(roles)})
        cursor.execute(_LEVELS, {"skills": skills})
        cursor.execute("ANALYZE person, role_held, skill_assessment")
    assert len(skills) >= 60
    client = cast.client("vera")
    for page in ("/team", "/team/who", "/team/coverage", "/team/who?role=mops_coordinator"):
        client.get(page)
        took = []
        for _ in range(5):
            begun = time.perf_counter()
            with django_assert_max_num_queries(60):
                answer = client.get(page)
            took.append(time.perf_counter() - begun)
        size = len(answer.content)
        assert min(took) < room(1), page
        assert size < 1_000_000, page


# --- Desks ------------------------------------------------------------------------------------------------------------


def test_who_leads_reads_on_the_desk_what_rests_on_one_person(cast, house):
    cache.clear()
    level(house["mina"], "email-platforms", 1)
    (gaps, rests) = list(desk.coverage(cast.actor("vera"), now()))
    assert str(gaps.title) == "Nobody is able to do one skill"
    assert (str(rests.title), rests.url) == ("4 skills rest on one person each", "/team#single")
    assert list(desk.coverage(cast.actor("lena"), now())) == []
    begun = time.perf_counter()
    list(desk.coverage(cast.actor("hanna"), now()))
    assert time.perf_counter() - begun < room(0.05)
    cache.clear()
