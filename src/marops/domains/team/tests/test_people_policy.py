"""Who sees what of a person, at every door: page, list, REST, files, history, search; as every named user."""

import inspect
import io
import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook
from tests.cast import PEOPLE, ai_may

from marops.domains.accounts.actions import make_token
from marops.domains.accounts.permissions import limit_to, rights_remembered
from marops.domains.team.actions.people import add_absence, add_person, change_person
from marops.domains.team.actions.records import add_evidence, assess, assess_self, give_role, leave, set_pay, show
from marops.domains.team.models import Assignment, Evidence, GrowthPlan, OneToOne, Person, RoleHeld, Talk, Vacancy
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.career import walked_to
from marops.domains.team.queries.people_list import Narrowing
from marops.domains.team.queries.roster_out import table_out
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.models import Definition, Notice
from marops.kernel.permissions import Scope
from marops.kernel.workspace import today
from marops.site.rest import description

# Tomasz is led by Hanna, and she by Vera. What is told of him, and by what it is recognised.
MARKS = {
    "pay": ("71,234", "71234"),
    "manager": ("4 · sets the way", '"manager": 4', ",1,4,", "['1', '4']"),
    "own": ("1 · learns", '"own": 1', ",1,", "['1'"),
    "evidence": ("Course in bridges",),
    "path": ("IT Specialist for Marketing", "it_support_for_marketing", "2024-01-01", "1 Jan 2024", "since Jan 2024"),
    "place": ("Larksholm",),
    "why": ("A broken wing",),
}
NEAR = {"vera", "hanna", "tomasz", "ada"}
SEES = {
    "pay": {"vera", "tomasz", "ada"},
    "manager": NEAR,
    "own": NEAR,
    "evidence": NEAR,
    "path": NEAR,
    "place": NEAR,
    "why": NEAR,
}
SHOWN_BY = {"own": "skills", "evidence": "evidence", "path": "path", "place": "place"}


@pytest.fixture
def tomasz(cast):
    vera = add_person(actor=SETUP, account_id=cast.vera.id)
    hanna = add_person(actor=SETUP, account_id=cast.hanna.id, manager_id=vera.id)
    for name in PEOPLE:
        if name not in ("vera", "hanna", "tomasz", "ada", "nils"):
            add_person(actor=SETUP, account_id=getattr(cast, name).id, manager_id=hanna.id)
    row = add_person(
        actor=SETUP, account_id=cast.tomasz.id, manager_id=hanna.id, role="martech_specialist", location="Larksholm",
        joined=date(2024, 1, 1),
    )  # fmt: skip
    give_role(
        actor=SETUP, person_id=row.id, role="it_support_for_marketing", elsewhere=True, starts=date(2020, 1, 1),
        ends=date(2024, 1, 1),
    )  # fmt: skip
    assess_self(actor=cast.actor("tomasz"), person_id=row.id, levels={"integrations": 1})
    assess(actor=cast.actor("hanna"), person_id=row.id, levels={"integrations": 4}, notes={"integrations": "A zebra."})
    add_evidence(
        actor=cast.actor("tomasz"), person_id=row.id, skill="integrations", kind="certificate", says="Course in bridges"
    )
    set_pay(actor=cast.actor("vera"), person_id=row.id, amount=Decimal(71234), currency="EUR")
    add_absence(actor=cast.actor("tomasz"), person_id=row.id, starts=now() + timedelta(days=1),
                ends=now() + timedelta(days=6), reason="A broken wing")  # fmt: skip
    return row


def _doors(client, row):
    """Everything that one reader can get at about him, as one text; what is refused says nothing."""
    api = f"/api/v1/team/people/{row.ref}"
    pages = [
        f"/team/people/{row.ref}", "/team/people?q=Tomasz", "/team/people?location=Larksholm", f"/team-hours/{row.ref}",
        f"/history/person/{row.id}", "/search?q=Larksholm", "/search?q=Tomasz", "/audit", api, "/api/v1/team/people",
        f"{api}/roles", f"{api}/skills", f"{api}/evidence", f"{api}/pay", f"{api}/kept", "/api/v1/team/table?q=Tomasz",
        "/team/people/export?as=csv&q=Tomasz", f"/team/people/{row.ref}/everything", f"/team/people/{row.ref}/pay",
        "/team/people/export?as=csv&location=Larksholm",
    ]  # fmt: skip
    said = []
    for page in pages:
        answer = client.get(page)
        assert answer.status_code in (200, 302, 403, 404, 405), (page, answer.status_code)
        # The path says which location was asked for; that is the reader's own word.
        said.append(answer.content.decode().replace("=Larksholm", "").replace('value="Larksholm"', "")
                    if answer.status_code == 200 and "/search?q=L" not in page else "")  # fmt: skip
    book = client.get("/team/people/export?as=xlsx&q=Tomasz")
    if book.status_code == 200:
        said.append(str(CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()))
    return "\n".join(said)


SLOW_DOORS = ("/career/{ref}", "/api/v1/team/career/{ref}", "/team/week?of=all")


def _seen(text):
    return {what for what, marks in MARKS.items() if any(mark in text for mark in marks)}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_everybody_sees_what_is_theirs_and_what_was_agreed(cast, tomasz):
    seen = {name: _seen(_doors(cast.client(name), tomasz)) for name in PEOPLE}
    assert seen == {name: {what for what, who in SEES.items() if name in who} for name in PEOPLE}
    show(actor=cast.actor("tomasz"), person_id=tomasz.id, what=frozenset({"skills", "evidence", "path", "place"}))
    for name in ("priya", "selma", "marco"):
        assert _seen(_doors(cast.client(name), tomasz)) == set(SHOWN_BY), name
    assert _seen(_doors(cast.client("nils"), tomasz)) == set()
    show(actor=cast.actor("tomasz"), person_id=tomasz.id, what=frozenset({"place"}))
    for name, what in (("hanna", {"path", "why", "own", "evidence"}), ("selma", set())):
        said = "".join(cast.client(name).get(door.format(ref=tomasz.ref)).content.decode() for door in SLOW_DOORS)
        assert _seen(said) <= what, name
    assert _seen(_doors(cast.client("lena"), tomasz)) == {"place"}


@pytest.mark.django_db(transaction=True)
def test_an_ai_sees_no_more_than_its_use_and_its_person_may(cast, tomasz):
    with ai_may({"team.view": Scope.ALL}):
        for person in PEOPLE:
            policy = Policy.of(cast.ai(person))
            assert not any(sees(tomasz.id) for sees in (
                policy.is_self, policy.leads, policy.sees_pay, policy.sees_assessments, policy.sees_own_levels,
                policy.sees_evidence, policy.sees_path, policy.sees_place, policy.assesses, policy.pays,
            )), person  # fmt: skip
            headers, rows = table_out(policy, Narrowing(words="Tomasz"))
            assert _seen(json.dumps([headers, rows], default=str)) == set()
    with ai_may({"team.view": Scope.ALL, "pay.see": Scope.ALL}):
        assert Policy.of(cast.ai("vera")).sees_pay(tomasz.id)
        assert not Policy.of(cast.ai("hanna")).sees_pay(tomasz.id)
        assert not Policy.of(cast.ai("tomasz")).sees_pay(tomasz.id)


@pytest.mark.django_db(transaction=True)
def test_the_trail_holds_no_value_of_it(cast, tomasz):
    from marops.kernel.models import AuditPayload

    kept = json.dumps(list(AuditPayload.objects.values_list("payload", flat=True)))
    for word in ("71234", "zebra", "Course in bridges", "Larksholm", "it_support", '"level', "broken wing"):
        assert word not in kept, word


@pytest.mark.parametrize("name", ["hanna", "tomasz", "priya", "samuel", "nils"])
@pytest.mark.django_db(transaction=True)
def test_who_may_not_is_refused_at_every_write(cast, tomasz, name):
    client, api = cast.client(name), f"/api/v1/team/people/{tomasz.ref}"

    def put(where, body, method="put"):
        return getattr(client, method)(where, json.dumps(body), content_type="application/json").status_code

    assert put(f"{api}/pay", {"amount": "1", "currency": "EUR"}) == 403
    assert client.post(f"/team/people/{tomasz.ref}/pay", {"amount": "1", "currency": "EUR"}).status_code == 403
    if name != "tomasz":
        assert put(f"{api}/shown", {"what": ["skills"]}) == 403
        assert client.post(f"/team/people/{tomasz.ref}/shown", {"what": "skills"}).status_code == 403
        assert put(f"{api}/skills", {"by": "self", "levels": {"integrations": 4}}, "post") == 403
    if name != "hanna":
        assert put(f"{api}/skills", {"by": "manager", "levels": {"integrations": 4}}, "post") == 403
        assert put(f"{api}/roles", {"role": "mops_coordinator"}, "post") == 403
        assert put("/api/v1/team/table", {"text": "name\nX"}, "post") == 403
        assert client.post(f"/team/people/{tomasz.ref}/forget", {"sure": "on"}).status_code == 403
    if name not in ("hanna", "tomasz"):
        body = {"skill": "integrations", "kind": "link", "says": "x", "url": "https://x.example"}
        assert put(f"{api}/evidence", body, "post") == 403


@pytest.mark.django_db(transaction=True)
def test_nobody_gives_the_managers_level_of_themselves(cast, tomasz):
    vera = add_person(actor=SETUP, name="Second")
    with pytest.raises(MaropsError, match="lead somebody"):
        assess(actor=cast.actor("tomasz"), person_id=tomasz.id, levels={"integrations": 4})
    assert not Policy.of(cast.actor("ada")).is_self(vera.id)
    me = Policy.of(cast.actor("vera"))
    assert not me.assesses(me.me)


def _key(cast, name, *held):
    _row, secret = make_token(actor=cast.actor(name), name="x", rights_asked=list(held), days=7)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def _by_relation(policy, person_id):
    # Every method of the policy that decides about one person by who they are to the reader.
    found = {}
    for name, method in inspect.getmembers(Policy, inspect.isfunction):
        if [*inspect.signature(method).parameters] == ["self", "person_id"] and not name.startswith("_"):
            found[name] = getattr(policy, name)(person_id)
    return found


@pytest.mark.django_db(transaction=True)
def test_a_key_is_nobody_of_the_team(cast, tomasz):
    boss = Person.objects.get(account_id=cast.hanna.id)
    plan = GrowthPlan.objects.create(person=tomasz, aim="A zeppelin", seen_by="manager", manager=boss)
    pair = OneToOne.objects.create(manager=boss, person=tomasz)
    Talk.objects.create(one_to_one=pair, on=date(2026, 1, 5), says="A marmot", made_by="x")
    work = Assignment.objects.create(
        number=7301, title="Count", says="A walrus", person=tomasz, asked_by=str(cast.hanna.id)
    )
    words = [*(mark for marks in MARKS.values() for mark in marks), "zebra", "zeppelin", "marmot", "walrus"]
    paths = description()["paths"].items()
    doors = [path for path, found in paths if path.startswith("/api/v1/team") if "get" in found]
    for name in ("hanna", "tomasz"):
        client = _key(cast, name, "team.view")
        assert _seen(_doors(client, tomasz)) == set()
        for door in doors:
            answer = client.get(door.replace("{ref}", work.ref if "/work/" in door else tomasz.ref))
            said = answer.content.decode().replace("IT Specialist for Marketing", "").replace("it_support_for", "")
            assert not [word for word in words if word in said and len(word) > 5], door
        with rights_remembered():
            whole = _by_relation(Policy.of(cast.actor(name)), tomasz.id)
            limit_to(frozenset({"team.view"}))
            policy = Policy.of(cast.actor(name))
            assert sum(whole.values()) > 5
            assert not any(_by_relation(policy, tomasz.id).values())
            assert not policy.sees_plan(plan)
            assert not policy.in_talk(boss.id, tomasz.id)
            assert not any((policy.sees_details(work), policy.moves(work), policy.ends(work), policy.drops(work)))


@pytest.mark.parametrize("name", ["hanna", "tomasz"])
@pytest.mark.django_db(transaction=True)
def test_a_key_that_looks_writes_nothing_about_anybody(cast, tomasz, name):
    GrowthPlan.objects.create(person=tomasz, aim="Fly")
    work = Assignment.objects.create(number=7301, title="Count", person=tomasz, asked_by=str(cast.hanna.id))
    client, api, day = _key(cast, name, "team.view"), f"/api/v1/team/people/{tomasz.ref}", "2027-01-04"
    ident = "01900000-0000-7000-8000-000000000000"
    for method, where, body in (
        ("post", f"{api}/absences", {"first": day, "last": day}),
        ("post", f"{api}/roles", {"role": "mops_coordinator", "elsewhere": True}),
        ("post", f"{api}/skills", {"by": "self", "levels": {"integrations": 4}}),
        ("post", f"{api}/skills", {"by": "manager", "levels": {"integrations": 0}}),
        ("post", f"{api}/evidence", {"skill": "integrations", "kind": "certificate", "says": "x"}),
        ("put", f"{api}/shown", {"what": ["skills"]}),
        ("get", f"{api}/kept", None),
        ("get", "/api/v1/team/growth", None),
        ("put", "/api/v1/team/growth", {"aim": "x"}),
        ("delete", "/api/v1/team/growth", None),
        ("post", "/api/v1/team/growth/goals", {"says": "x"}),
        ("post", "/api/v1/team/growth/moves", {"says": "x"}),
        ("post", "/api/v1/team/growth/reviews", {"on": "2026-01-05", "says": "x"}),
        ("delete", f"/api/v1/team/growth/goals/{ident}", None),
        ("get", "/api/v1/team/work?person=me", None),
        ("post", f"/api/v1/team/work/{work.ref}/state", {"to": "done"}),
        ("post", f"/api/v1/team/work/{work.ref}/give", {"person": None}),
        ("post", "/api/v1/team/work-moves", {"source": tomasz.ref}),
    ):
        given = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        assert getattr(client, method)(where, **given).status_code in (403, 404), (method, where)


@pytest.mark.django_db(transaction=True)
def test_a_keys_own_rights_open_what_they_name(cast, tomasz):
    client = _key(cast, "hanna", "team.view", "assessment.see")
    assert client.get(f"/api/v1/team/people/{tomasz.ref}/skills").json()["items"][0]["manager"] == 4
    # What nobody may do about themselves, no key of theirs may.
    key = _key(cast, "ada", "team.view", "team.assess", "team.manage")
    body = {"by": "manager", "levels": {"integrations": 4}}
    me = add_person(actor=SETUP, account_id=cast.ada.id)
    answers = [
        client.post(f"/api/v1/team/people/{one.ref}/skills", body, content_type="application/json").status_code
        for client, one in ((key, me), (key, tomasz))
    ]
    assert answers == [403, 200]


@pytest.mark.django_db(transaction=True)
def test_whoever_left_leads_mentors_and_shows_no_more(cast, tomasz):
    boss, mentor = (Person.objects.get(account_id=cast.accounts[name].id) for name in ("hanna", "lena"))
    show(actor=cast.actor("tomasz"), person_id=tomasz.id, what=frozenset({"skills", "path"}))
    RoleHeld.objects.create(person=tomasz, role="vp_mops", starts=today() + timedelta(days=90))
    assert [one.person for one in walked_to("martech_specialist")] == [tomasz]
    assert walked_to("vp_mops") == []  # it has not begun
    plan = GrowthPlan.objects.create(
        person=tomasz, aim="Fly", seen_by="both", mentor=mentor, mentor_agreed_at=now(), manager=boss
    )
    lena, hanna, priya = (cast.actor(name) for name in ("lena", "hanna", "priya"))
    assert Policy.of(lena).sees_plan(plan)
    assert Policy.of(hanna).sees_plan(plan)
    assert Policy.of(priya).sees_own_levels(tomasz.id)
    for one in (boss, mentor, tomasz):
        leave(actor=SETUP, person_id=one.id, left=today() - timedelta(days=1))
    assert not Policy.of(lena).sees_plan(GrowthPlan.objects.get())
    assert not Policy.of(hanna).sees_plan(GrowthPlan.objects.get())
    assert not Policy.of(hanna).leads(tomasz.id)
    assert not Policy.of(priya).sees_own_levels(tomasz.id)
    assert walked_to("martech_specialist") == []
    assert GrowthPlan.objects.get().mentor is None
    assert Notice.objects.filter(account_id=cast.tomasz.id, text__contains="mentor").exists()
    # What is one's own stays one's own.
    assert cast.client("tomasz").get(f"/team/people/{tomasz.ref}/everything").status_code == 200


@pytest.mark.django_db
def test_what_a_manager_wrote_as_evidence_is_no_colleagues_to_read(cast, tomasz):
    show(actor=cast.actor("tomasz"), person_id=tomasz.id, what=frozenset({"evidence"}))
    given = {"skill": "integrations", "kind": "certificate", "says": "Needs close supervision"}
    written = add_evidence(actor=cast.actor("hanna"), person_id=tomasz.id, **given)
    own = Evidence.objects.exclude(id=written.id).get()
    assert Notice.objects.filter(account_id=cast.tomasz.id, url__endswith="#evidence").count() == 1
    doors = (f"/team/people/{tomasz.ref}", f"/api/v1/team/people/{tomasz.ref}/evidence")
    for name, seen in (("tomasz", True), ("hanna", True), ("selma", False), ("priya", False)):
        for door in doors:
            assert ("close supervision" in cast.client(name).get(door).content.decode()) == seen, (name, door)
    hanna, tom = cast.client("hanna"), cast.client("tomasz")
    assert hanna.delete(f"/api/v1/team/evidence/{own.id}").status_code == 403
    assert tom.delete(f"/api/v1/team/evidence/{written.id}").status_code == 204


@pytest.mark.django_db
def test_the_search_finds_people_roles_and_openings_of_the_team(cast, tomasz):
    Definition.objects.create(
        kind="role", slug="workflow_architect", version=1, state="active", document={"title": "Workflow Architect"},
        sha256="x", author="test", schema_version=1,
    )  # fmt: skip
    Vacancy.objects.create(number=41, title="Scoring person", roles={"martech_specialist": 1}, made_by="x")

    def found(words, name="selma"):
        return cast.client(name).get("/search", {"q": words}).content.decode()

    for words, url in (
        (tomasz.ref, f"/team/people/{tomasz.ref}"), ("Zielinski", f"/team/people/{tomasz.ref}"),
        ("Workflow Archi", "/team/roles/workflow_architect"), ("V-41", "/team/openings/V-41"),
    ):  # fmt: skip
        assert url in found(words), words
        assert url not in found(words, "nils")
    assert "planned an absence" in cast.client("hanna").get(f"/history/person/{tomasz.id}").content.decode()


@pytest.mark.django_db
def test_nobody_makes_themselves_a_manager_unnoticed_and_no_key_reads_notices(cast, tomasz):
    vera = Person.objects.get(account_id=cast.vera.id)
    change_person(actor=cast.actor("vera"), person_id=tomasz.id, manager_id=vera.id)
    told = cast.client("tomasz").get("/api/v1/notices").json()["items"]
    assert [one["text"] for one in told if "Vera Okafor is your manager now: they see your levels" in one["text"]]
    assert _key(cast, "tomasz", "team.view", "jobs.view").get("/api/v1/notices").status_code == 403


@pytest.mark.django_db
def test_nobody_comments_on_people_and_evidence_leads_to_the_web_alone(cast, tomasz):
    hanna, api = cast.client("hanna"), f"/api/v1/team/people/{tomasz.ref}/evidence"
    for where in (f"/comments/person/{tomasz.id}", f"/api/v1/comments/person/{tomasz.id}"):
        assert hanna.get(where).status_code == 404
        assert hanna.post(where, {"text": "Often ill"}, content_type="application/json").status_code == 404
    given = {"skill": "integrations", "kind": "certificate", "says": "x", "url": "javascript:alert(1)"}
    assert hanna.post(api, given, content_type="application/json").status_code == 422
    Evidence.objects.update(url="javascript:alert(1)")
    assert b"javascript:alert" not in hanna.get(f"/team/people/{tomasz.ref}").content
