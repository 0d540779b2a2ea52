"""What the addresses of the week, one-to-ones, first weeks and openings answer, and a world to ask them in."""

from datetime import date

from tests.cast import Expect

from marops.domains.team.models import Assignment, Onboarding, OneToOne, Person, Topic, Vacancy, WorkMove
from marops.domains.team.starter import shipped
from marops.kernel.definitions import digest
from marops.kernel.models import Definition

VIEW, PLAN = "team.view", "team.plan"


def week_things(cast):
    dylan = Person.objects.create(number=7101, name="Dylan Pryce", account_id=cast.dylan.id)
    mina = Person.objects.create(number=7102, name="Mina Costa", account_id=cast.mina.id, manager=dylan)
    other = Person.objects.create(number=7103, name="Ola Berg")
    work = Assignment.objects.create(number=7101, title="Clean the list", person=other, asked_by="test")
    book = shipped()["playbook", "newcomer"]
    Definition.objects.create(
        kind="playbook", slug="newcomer", version=1, state="active", document=book, sha256=digest(book), author="test",
        schema_version=1,
    )  # fmt: skip
    weeks = Onboarding.objects.create(
        person=mina, playbook="playbook/newcomer@1", starts=date(2026, 11, 2), made_by="test"
    )
    pair = OneToOne.objects.create(manager=dylan, person=mina)
    topic = Topic.objects.create(one_to_one=pair, says="The webinar", author=mina)
    move = WorkMove.objects.create(source=other, made_by="test")
    place = Vacancy.objects.create(number=7101, title="Campaigns", roles={"campaign_ops_manager": 1}, made_by="test")
    return {"place": place, "boss": dylan, "newcomer": mina, "work": work, "weeks": weeks, "topic": topic, "move": move}


def _work(world):
    return {"ref": world.things["work"].ref}


def _newcomer(world):
    return {"ref": world.things["newcomer"].ref}


def _place(world):
    return {"ref": world.things["place"].ref}


MANAGERS = frozenset({"vera", "hanna", "ada"})
CONCERNED = MANAGERS | {"dylan", "mina"}

WEEK = {
    "team/week": Expect(right=VIEW),
    "team/work": Expect(right=VIEW),
    "team/work/new": Expect(right=VIEW),
    "team/work/move": Expect(right=VIEW),
    "team/work/moves/<uuid:move_id>/undo": Expect(
        right=VIEW, post_only=True, args=lambda world: {"move_id": world.things["move"].id}
    ),
    "team/work/<str:ref>": Expect(right=VIEW, args=_work),
    "team/work/<str:ref>/state": Expect(right=VIEW, post_only=True, args=_work),
    "team/work/<str:ref>/give": Expect(right=VIEW, post_only=True, args=_work),
    "team/work/<str:ref>/undo": Expect(right=VIEW, post_only=True, args=_work),
    "team/talks": Expect(right=VIEW),
    "team/talks/<str:ref>": Expect(only=frozenset({"dylan"}), refused=404, args=_newcomer, otherwise={"nils": 403}),
    "team/talks/kept/<uuid:talk_id>": Expect(
        right=VIEW, post_only=True, args=lambda world: {"talk_id": world.things["topic"].id}
    ),
    "team/talks/topics/<uuid:topic_id>": Expect(
        right=VIEW, post_only=True, args=lambda world: {"topic_id": world.things["topic"].id}
    ),
    "team/onboarding/new": Expect(right=VIEW),
    "team/onboarding/<str:ref>": Expect(only=CONCERNED, refused=404, args=_newcomer, otherwise={"nils": 403}),
    "team/onboarding/<str:ref>/change": Expect(right=VIEW, post_only=True, args=_newcomer),
    "team/playbooks": Expect(right=VIEW),
    "team/playbooks/<slug:slug>": Expect(right=VIEW, args=lambda world: {"slug": "newcomer"}),
    "team/openings": Expect(right=VIEW),
    "team/openings/new": Expect(right=PLAN),
    "team/openings/compare": Expect(right=PLAN),
    "team/openings/<str:ref>": Expect(right=VIEW, args=_place),
    "team/openings/<str:ref>/edit": Expect(right=PLAN, args=_place),
    "team/openings/<str:ref>/fill": Expect(right=PLAN, args=_place),
    "team/openings/<str:ref>/state": Expect(right=PLAN, post_only=True, args=_place),
    "team/openings/<str:ref>/words": Expect(right=PLAN, args=_place),
    "team/openings/<str:ref>/interview": Expect(right=PLAN, args=_place),
    "team/openings/<str:ref>/interview.pdf": Expect(right=PLAN, args=_place),
    "team/openings/<str:ref>/description.<str:form>": Expect(
        right=VIEW, args=lambda world: _place(world) | {"form": "md"}
    ),
    "api/v1/team/work": Expect(right=VIEW),
    "api/v1/team/work/<ref>": Expect(right=VIEW, args=_work),
    "api/v1/team/work/<ref>/state": Expect(right=VIEW, post_only=True, args=_work),
    "api/v1/team/work/<ref>/give": Expect(right=VIEW, post_only=True, args=_work),
    "api/v1/team/work-moves": Expect(right=VIEW, post_only=True),
    "api/v1/team/work-moves/<move_id>": Expect(
        right=VIEW, post_only=True, method="delete", args=lambda world: {"move_id": world.things["move"].id}
    ),
    "api/v1/team/week": Expect(right=VIEW),
    "api/v1/team/onboardings": Expect(right=VIEW, post_only=True),
    "api/v1/team/onboardings/<ref>": Expect(only=CONCERNED, refused=404, args=_newcomer, otherwise={"nils": 403}),
    "api/v1/team/openings": Expect(right=VIEW),
    "api/v1/team/openings/<ref>": Expect(right=VIEW, args=_place),
    "api/v1/team/openings/<ref>/fill": Expect(right=PLAN, post_only=True, args=_place),
    "api/v1/team/openings/<ref>/state": Expect(right=PLAN, post_only=True, args=_place),
    "api/v1/team/openings/<ref>/description": Expect(right=VIEW, args=_place),
}
