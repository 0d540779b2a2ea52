import json
from datetime import date, timedelta

import pytest

from marops.domains.team.actions import growth as actions
from marops.domains.team.actions.people import change_person
from marops.domains.team.models import (
    Assessment,
    Evidence,
    GrowthGoal,
    GrowthMove,
    GrowthPlan,
    GrowthReview,
    Person,
    RoleHeld,
    Shown,
    Vacancy,
)
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.career import _doable, hints, person_called, role_called, walked_to
from marops.domains.team.queries.career_told import career_json
from marops.domains.team.queries.growth import as_markdown, portfolio
from marops.domains.team.tests.access_growth import prepare_growth
from marops.kernel.actors import ENGINE, SETUP
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.models import AuditPayload, AuditRow, Definition, Notice
from marops.kernel.permissions import rights
from marops.kernel.workspace import today

WORDS = ("zeppelin", "marzipan", "kaleidoscope", "tambourine")
NAMES = (
    "vera",
    "hanna",
    "tomasz",
    "priya",
    "lena",
    "dylan",
    "aoife",
    "samuel",
    "mina",
    "marco",
    "selma",
    "ada",
    "nils",
)


@pytest.fixture
def people(cast):
    """The reporting line of the cast as people, each with the role of their access."""
    roles = {"vera": "vp_mops", "hanna": "mops_manager", "dylan": "campaign_ops_manager",
             "aoife": "email_marketing_specialist", "mina": "mops_coordinator", "priya": "marketing_automation_manager",
             "marco": "marketing_manager"}  # fmt: skip
    bosses = {"hanna": "vera", "dylan": "hanna", "aoife": "hanna", "priya": "hanna", "mina": "dylan", "marco": "vera"}
    found = {}
    for number, (name, role) in enumerate(roles.items(), 8001):
        account = cast.accounts[name]
        found[name] = Person.objects.create(
            number=number, name=account.name, account_id=account.id, manager=found.get(bosses.get(name, ""))
        )
        RoleHeld.objects.create(person=found[name], role=role, starts=today() - timedelta(days=400))
    return found


@pytest.fixture
def plan(people):
    row = GrowthPlan.objects.create(
        person=people["mina"], aim=WORDS[0], mentor=people["aoife"], manager=people["dylan"]
    )
    goal = GrowthGoal.objects.create(plan=row, role="email_marketing_specialist", says=WORDS[1])
    GrowthMove.objects.create(plan=row, goal=goal, says=WORDS[2])
    GrowthReview.objects.create(plan=row, on=today(), says=WORDS[3], made_by="test")
    return row


SEES = {
    ("nobody", False): set(), ("nobody", True): set(),
    ("mentor", False): set(), ("mentor", True): {"aoife"},
    ("manager", False): {"dylan"}, ("manager", True): {"dylan"},
    ("both", False): {"dylan"}, ("both", True): {"dylan", "aoife"},
}  # fmt: skip


@pytest.mark.django_db
def test_only_the_owner_and_those_they_chose_see_a_plan(cast, plan):
    for (seen_by, agreed), who in SEES.items():
        GrowthPlan.objects.update(seen_by=seen_by, mentor_agreed_at=now() if agreed else None)
        plan.refresh_from_db()
        sees = {name for name in NAMES if Policy.of(cast.actor(name)).sees_plan(plan)}
        assert sees == who | {"mina"}, (seen_by, agreed)
        assert not Policy.of(cast.ai("mina")).sees_plan(plan)
        assert not Policy.of(SETUP).sees_plan(plan)
        if seen_by in ("nobody", "both") and agreed:
            assert all(
                _opens(cast, name, plan) == (name in sees) for name in ("aoife", "dylan", "hanna", "ada", "mina")
            )


@pytest.mark.django_db
def test_a_plan_was_shared_with_somebody_not_with_whoever_is_the_manager(cast, people, plan):
    mina = people["mina"]
    actions.set_plan(actor=cast.actor("mina"), aim=WORDS[0], seen_by="manager")

    def seen():
        row = GrowthPlan.objects.get()
        return {name for name in NAMES if name != "mina" and Policy.of(cast.actor(name)).sees_plan(row)}

    assert seen() == {"dylan"}
    change_person(actor=cast.actor("vera"), person_id=mina.id, manager_id=people["vera"].id)
    assert seen() == set()
    told = Notice.objects.filter(account_id=cast.mina.id).values_list("text", flat=True)
    assert [
        one
        for one in told
        if "Vera Okafor is your manager now" in one and "your growth plan once you share it anew" in one
    ]
    answer = cast.client("mina").get("/growth")
    assert "Vera Okafor is your manager now and sees it once you choose so again" in answer.content.decode()
    # To keep another aim shares it with nobody new.
    assert answer.context["plan_form"].initial["seen_by"] == "nobody"
    actions.set_plan(actor=cast.actor("mina"), aim=WORDS[0], seen_by="manager")
    assert seen() == {"vera"}
    change_person(actor=cast.actor("vera"), person_id=mina.id, manager_id=people["dylan"].id)
    assert seen() == set()


@pytest.mark.django_db
def test_nothing_of_a_plan_outlives_it(cast, people):
    client, body = cast.client("mina"), {"aim": WORDS[0], "mentor_id": str(people["aoife"].id)}
    sent = {"data": json.dumps(body), "content_type": "application/json", "headers": {"Idempotency-Key": "once"}}
    assert WORDS[0] in client.put("/api/v1/team/growth", **sent).content.decode()
    assert Notice.objects.filter(account_id=cast.aoife.id).count() == 1
    assert client.delete("/api/v1/team/growth").status_code == 204
    assert not Notice.objects.filter(account_id=cast.aoife.id).exists()
    again = client.put("/api/v1/team/growth", **sent)
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (200, b"", "true")
    assert not GrowthPlan.objects.exists()


def _opens(cast, name, plan):
    answers = [cast.client(name).get(f"{path}/{plan.person.ref}") for path in ("/growth/of", "/api/v1/team/growth/of")]
    shown = [WORDS[0] in one.content.decode() for one in answers if one.status_code == 200]
    assert all(shown)
    assert {one.status_code for one in answers} <= {200, 302, 404}
    return any(one.status_code in (200, 302) for one in answers)


@pytest.mark.django_db
def test_no_word_of_a_plan_reaches_other_pages_or_documents(cast, people, plan, monkeypatch):
    prepare_growth(monkeypatch)
    ref = people["mina"].ref
    paths = [
        "/growth",
        "/career",
        f"/career/{ref}",
        "/team/growth",
        f"/api/v1/team/career/{ref}",
        f"/team/people/{ref}",
    ]
    for name in NAMES:
        if name != "mina":
            more = ["/"] if name in ("dylan", "ada") else []
            client = cast.client(name)
            said = "".join(client.get(path).content.decode() for path in [*paths, *more])
            assert not [word for word in WORDS if word in said], name
    assert not [word for word in WORDS if word in json.dumps(career_json(SETUP, ref), default=str)]
    assert WORDS[0] in cast.client("mina").get("/growth").content.decode()


@pytest.mark.django_db
def test_those_who_lead_see_aims_only_where_a_plan_is_shared(cast, people, plan, monkeypatch):
    prepare_growth(monkeypatch)
    boss = cast.client("dylan")
    assert WORDS[1] not in boss.get("/team/growth").content.decode()
    GrowthPlan.objects.update(seen_by="manager")
    assert WORDS[1] in boss.get("/team/growth").content.decode()
    assert WORDS[1] not in cast.client("hanna").get("/team/growth").content.decode()  # leads Dylan, not Mina herself
    assert cast.client("aoife").get("/team/growth").status_code == 403


@pytest.mark.django_db
def test_the_map_of_those_who_lead_names_followers_and_what_nobody_has(cast, people, monkeypatch):
    prepare_growth(monkeypatch)
    Assessment.objects.create(person=people["mina"], skill="organising-work", level=2, by="manager", made_by="test")
    roles = {"email_marketing_specialist": 1.0}
    Vacancy.objects.create(
        number=7, title="E-mail for France", roles=roles, skills={"ai-governance": 4}, made_by="test"
    )
    page = cast.client("dylan").get("/team/growth").content.decode()
    assert "E-mail for France" in page
    assert "Mina Costa" in page
    assert "Limits for AI" in page


@pytest.mark.django_db
def test_others_see_of_a_career_what_its_owner_shows(cast, people, monkeypatch):
    prepare_growth(monkeypatch)
    mina = people["mina"]
    Assessment.objects.create(person=mina, skill="organising-work", level=3, by="self", made_by="test")
    Assessment.objects.create(person=mina, skill="organising-work", level=1, by="manager", made_by="test")
    Evidence.objects.create(person=mina, skill="organising-work", kind="certificate", says=WORDS[0], made_by="test")

    def levels(name):
        return career_json(cast.actor(name), mina.ref)["standing"]["levels"]

    assert {name: levels(name) for name in ("mina", "dylan", "hanna", "aoife")} == {
        "mina": {"organising-work": 1}, "dylan": {"organising-work": 1}, "hanna": {"organising-work": 1}, "aoife": None,
    }  # fmt: skip
    page = cast.client("aoife").get(f"/career/{mina.ref}").content.decode()
    assert "does not show skills" in page
    assert "Three moves this quarter" not in page
    assert WORDS[0] not in page
    Shown.objects.create(person=mina, what="skills")
    assert levels("aoife") == {"organising-work": 3}


@pytest.mark.django_db
def test_a_path_is_named_only_of_those_who_show_it(people):
    aoife = people["aoife"]
    first, last = today() - timedelta(days=2000), today() - timedelta(days=400)
    RoleHeld.objects.create(person=aoife, role="mops_coordinator", starts=first, ends=last, elsewhere=True)
    assert walked_to("email_marketing_specialist") == []
    Shown.objects.create(person=aoife, what="path")
    assert [(one.person, [held.role for held in one.roles]) for one in walked_to("email_marketing_specialist")] == [
        (aoife, ["mops_coordinator", "email_marketing_specialist"])
    ]
    assert walked_to("email_marketing_specialist", aoife.id) == []


@pytest.mark.django_db
def test_a_coordinator_sees_the_way_to_each_of_the_nine_with_three_moves(cast, people, monkeypatch):
    prepare_growth(monkeypatch)
    client, ref = cast.client("mina"), people["mina"].ref
    for role in ("vp_mops", "mops_manager", "martech_specialist", "marketing_automation_manager", "lead_db_admin",
                 "marketing_data_analyst", "campaign_ops_manager", "email_marketing_specialist"):  # fmt: skip
        page = client.get(f"/career/{ref}?to={role}").content.decode()
        assert page.count("Put into my plan") == 3, role
        assert "usually takes" in page
    ladder = cast.client("marco").get(f"/career/{people['marco'].ref}?to=head_of_enterprise_marketing").content.decode()
    assert "A warning of the source" in ladder
    assert ladder.count("First move:") == 5
    assert client.get("/career?from=nobody").status_code == 422
    assert "No steps lead from" in client.get("/career?from=vp_mops&to=mops_coordinator").content.decode()


@pytest.mark.django_db
def test_ones_own_goal_comes_first_and_moves_are_for_the_first_step_to_it(cast, people, monkeypatch):
    prepare_growth(monkeypatch)
    mina, client = people["mina"], cast.client("mina")
    plan = GrowthPlan.objects.create(person=mina)
    GrowthGoal.objects.create(plan=plan, role="vp_mops")
    found = career_json(cast.actor("mina"), mina.name)
    assert (found["target"], found["goal"], found["step"]) == ("vp_mops", True, found["path"]["roles"][1])
    assert {one["role"] for one in found["moves"]} == {found["step"]} != {"vp_mops"}
    GrowthMove.objects.create(plan=plan, says=found["moves"][0]["says"])
    GrowthMove.objects.create(plan=plan, says=found["moves"][1]["says"], done_on=today())
    page = client.get(f"/career/{mina.ref}").content.decode()
    assert "Your goal, VP" in page
    assert (page.count("in your plan"), page.count("Put into my plan")) == (1, 2)
    assert found["moves"][1]["says"] not in page
    assert "A goal of your plan." in client.get("/career").content.decode()
    assert "Also a goal of yours" in client.get(f"/career/{mina.ref}?to=mops_manager").content.decode()
    assert career_json(cast.actor("dylan"), mina.ref)["target"] != "vp_mops"


@pytest.mark.django_db
def test_roles_and_people_are_found_by_name_and_near_names_are_told(people):
    assert (role_called("Marketing Data Analyst"), role_called("vp-mops")) == ("marketing_data_analyst", "vp_mops")
    assert person_called("mina costa") == people["mina"]
    with pytest.raises(MaropsError, match="Mina Costa"):
        person_called("Mina Kosta")
    with pytest.raises(MaropsError) as told:
        role_called("Marketing Data Analist")
    assert "marketing_data_analyst" in told.value.errors[0].remedy
    RoleHeld.objects.filter(person=people["mina"]).update(role="sales_owner")
    assert "is not on the career map" in career_json(SETUP, people["mina"].ref)["answer"]


@pytest.mark.django_db
def test_the_portfolio_tells_what_somebody_put_in_force(cast):
    Definition.objects.create(kind="calendar", slug="late", version=1, state="retired", document={"title": "Late"},
                              sha256="0" * 64, author=str(cast.mina.id), valid_from=now() - timedelta(days=9),
                              retired_at=now() - timedelta(days=2))  # fmt: skip
    found = portfolio(cast.mina.id, cast.actor("mina"))
    assert [(one.label, one.outcome) for one in found] == [
        ("Working calendar “Late”, version 1", "was in force for 7 days")
    ]
    assert portfolio(cast.selma.id, cast.actor("selma")) == []


@pytest.mark.django_db(transaction=True)
def test_a_plan_lives_on_its_page_and_leaves_nothing_when_it_is_deleted(cast, people):
    client = cast.client("mina")
    aoife = people["aoife"]
    client.post("/growth", {"aim": WORDS[0], "mentor_id": str(aoife.id), "seen_by": "mentor"})
    client.post("/growth/goals", {"says": WORDS[1], "by": "2027-03-31"})
    adopted = {"says": WORDS[2], "skill": "email-design", "role": "email_marketing_specialist"}
    assert client.post("/growth/adopt", adopted).status_code == 302
    assert client.post("/growth/adopt", adopted).status_code == 302
    client.post("/growth/reviews", {"on": "2026-11-20", "says": WORDS[3], "beside_id": str(aoife.id)})
    move = GrowthMove.objects.get()  # proposed twice, kept once
    assert move.goal.role == "email_marketing_specialist"
    client.post(f"/growth/moves/{move.id}/done")
    assert GrowthMove.objects.get().done_on is not None
    assert Notice.objects.get(account_id=aoife.account_id).text == "Mina Costa asks you to be their mentor."
    plan = GrowthPlan.objects.get()
    cast.client("aoife").post(f"/growth/mentor/{plan.id}", {"agrees": "on"})
    assert WORDS[2] in cast.client("aoife").get(f"/growth/of/{people['mina'].ref}").content.decode()
    assert cast.client("dylan").post(f"/growth/mentor/{plan.id}", {"agrees": "on"}).status_code == 404
    text = client.get("/growth/export.md").content.decode()
    assert all(word in text for word in WORDS)
    assert json.loads(client.get("/growth/export.json").content)["goals"][0]["says"] == WORDS[1]
    paper = client.get("/growth/export.pdf")
    assert (paper["Content-Type"], paper["Cache-Control"], paper.content[:5]) == (
        "application/pdf",
        "no-store",
        b"%PDF-",
    )
    assert cast.client("dylan").get("/growth/export.pdf").status_code == 404
    assert AuditRow.objects.filter(action__startswith="growth.").count() >= 6
    assert not [word for word in WORDS if word in _trail()]
    assert client.post("/growth/delete").status_code == 302
    assert not GrowthPlan.objects.exists()
    assert not GrowthMove.objects.exists()
    assert not AuditPayload.objects.filter(audit_id__in=_acts_before_the_last(plan.id)).exists()
    assert "You have no plan yet." in client.get("/growth").content.decode()


@pytest.mark.django_db(transaction=True)
def test_what_stands_in_a_plan_can_be_changed_and_put_back(cast, people, plan):
    client = cast.client("mina")
    move, goal, review = GrowthMove.objects.get(), GrowthGoal.objects.get(), GrowthReview.objects.get()
    page = client.get(f"/growth/moves/{move.id}").content.decode()
    assert WORDS[2] in page
    later = {"says": "otherwise", "skill": "email-design", "by": "2027-03-31"}
    assert client.post(f"/growth/moves/{move.id}", later).status_code == 302
    api, json_ = "/api/v1/team/growth", "application/json"
    assert client.put(f"{api}/goals/{goal.id}", {"by": "2027-06-30"}, content_type=json_).status_code == 200
    to_come = {"on": (today() + timedelta(days=1)).isoformat(), "says": "x"}
    assert client.put(f"{api}/reviews/{review.id}", to_come, content_type=json_).status_code == 422
    assert client.post("/growth/reviews", to_come).status_code == 422
    goal.refresh_from_db()
    assert (GrowthMove.objects.get().says, str(goal.by), goal.says) == ("otherwise", "2027-06-30", WORDS[1])
    for part, row in (("moves", move), ("goals", goal), ("reviews", review)):
        assert cast.client("aoife").get(f"/growth/{part}/{row.id}").status_code == 404
        assert client.post(f"/growth/{part}/{row.id}/remove", follow=True).context["told"][part] == []
        assert cast.client("aoife").post(f"/growth/{part}/{row.id}/back").status_code == 404
        assert client.post(f"/growth/{part}/{row.id}/back", follow=True).context["told"][part]
    client.post(f"/growth/reviews/{review.id}/remove")
    actions.clear(actor=ENGINE, as_of=now())
    assert GrowthReview.every.exists()
    actions.clear(actor=ENGINE, as_of=now() + timedelta(hours=2))
    assert not GrowthReview.every.exists()
    mentors = [value for value, _name in client.get("/growth").context["plan_form"].fields["mentor_id"].choices]
    assert str(people["mina"].id) not in mentors


@pytest.mark.django_db
def test_the_text_of_a_plan_says_what_the_page_says_and_keeps_words_as_words(people, plan):
    GrowthGoal.objects.update(state="dropped", says="*up* <b>and</b>\n- away", by=date(2027, 3, 31))
    text = as_markdown(own_plan_of(people["mina"]))
    assert "was asked, has not answered" in text
    assert "Nobody but you sees this plan" in text
    assert "\\*up\\* \\<b\\>and\\</b\\>  \n\\- away (given up, by 31 Mar 2027)" in text


def own_plan_of(person):
    return GrowthPlan.objects.get(person=person)


def _trail():
    return json.dumps(list(AuditPayload.objects.values_list("payload", flat=True)), default=str)


def _acts_before_the_last(plan_id):
    rows = AuditRow.objects.filter(object_type="growth_plan", object_id=str(plan_id)).exclude(action="growth.delete")
    return list(rows.values_list("id", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_plan_over_rest_is_ones_own_and_what_is_wrong_is_said(cast, people):
    client, json_ = cast.client("mina"), "application/json"
    assert client.get("/api/v1/team/growth").status_code == 404
    made = client.post("/api/v1/team/growth/moves", {"says": WORDS[0]}, content_type=json_)
    assert made.status_code == 201
    ident = made.json()["moves"][0]["id"]
    done = client.put(f"/api/v1/team/growth/moves/{ident}", {"done_on": "2026-11-20"}, content_type=json_)
    assert done.json()["moves"][0]["done_on"] == "2026-11-20"
    other = cast.client("aoife")
    assert other.put(f"/api/v1/team/growth/moves/{ident}", {"done_on": None}, content_type=json_).status_code == 404
    assert other.delete(f"/api/v1/team/growth/moves/{ident}").status_code == 404
    assert client.post("/api/v1/team/growth/goals", {}, content_type=json_).status_code == 422
    mentor = {"mentor_id": str(people["mina"].id)}
    assert client.put("/api/v1/team/growth", mentor, content_type=json_).status_code == 422
    assert client.delete("/api/v1/team/growth").status_code == 204
    assert client.delete("/api/v1/team/growth").status_code == 404
    for actor in (cast.ai("mina"), cast.actor("lena"), SETUP):
        with pytest.raises(MaropsError):
            actions.set_plan(actor=actor, aim=WORDS[0])


@pytest.mark.django_db
def test_the_way_between_two_roles_over_rest(cast, people):
    client = cast.client("mina")
    found = client.get("/api/v1/team/career?from=mops_coordinator&to=mops_manager").json()
    assert found["path"]["roles"][0] == "mops_coordinator"
    assert found["path"]["months"]["from"] <= found["path"]["months"]["usual"] <= found["path"]["months"]["to"]
    assert len(client.get("/api/v1/team/career").json()["roles"]) >= 45
    assert client.get("/api/v1/team/career?from=mops_coordinator&to=king").status_code == 422


@pytest.mark.django_db
def test_nobody_is_told_to_do_what_they_may_not(cast, people, monkeypatch):
    prepare_growth(monkeypatch)
    for name in ("mina", "priya"):
        keys = {key for key, one in _doable(people[name]).items() if one.needs == "workflows.change"}
        assert bool(keys) == (name == "priya")

    assert {one.needs for one in hints().values()} - {""} <= set(rights())
