from datetime import timedelta

from tests.cast import Expect

from marops.domains.team.models import Absence, Person, RoleHeld
from marops.domains.team.tests.access_catalogue import CATALOGUE
from marops.domains.team.tests.access_growth import GROWTH, growth_things, prepare_growth
from marops.domains.team.tests.access_people import PEOPLE, people_things
from marops.domains.team.tests.access_pictures import PICTURES, pictures_things
from marops.domains.team.tests.access_week import WEEK, week_things
from marops.kernel.clock import now

VIEW, MANAGE, PLAN = "team.view", "team.manage", "team.plan"


def things(cast):
    person = Person.objects.create(number=7001, name="Ines Bauer", account_id=cast.selma.id)
    absence = Absence.objects.create(person=person, starts=now(), ends=now() + timedelta(days=2), made_by="test")
    holder = Person.objects.create(number=7002, name="Nuno Reis")
    RoleHeld.objects.create(person=holder, role="mops_coordinator")
    pictures_things(holder)
    return (
        {"person": person, "absence": absence, "holder": holder}
        | week_things(cast)
        | people_things(cast)
        | growth_things(person)
    )


def prepare(patch):
    prepare_growth(patch)


def _person(world):
    return {"ref": world.things["person"].ref}


def _absence(world):
    return {"absence_id": world.things["absence"].id}


def _letter(world):
    return {"role": "mops_coordinator", "duty": "campaign-setup", "ref": world.things["holder"].ref}


EXPECT = {
    **CATALOGUE,
    **PICTURES,
    **GROWTH,
    **PEOPLE,
    **WEEK,
    "team": Expect(right=VIEW),
    "team/blueprint": Expect(right=PLAN),
    "team/blueprint.pdf": Expect(right=PLAN, status=404),
    "team/blueprint/ask": Expect(right=PLAN, post_only=True),
    "team/blueprint/keep": Expect(right=PLAN, post_only=True),
    "team/blueprint/jobs/<str:ref>": Expect(right=PLAN, status=404, args=lambda world: {"ref": "J-999999"}),
    "team/assumptions": Expect(right=PLAN),
    "api/v1/team/blueprint": Expect(right=PLAN, post_only=True),
    "team/coverage": Expect(right=VIEW),
    "team/roles/<slug:slug>/counts": Expect(
        right="definitions.change", post_only=True, args=lambda world: {"slug": "campaign_specialist"}
    ),
    "team/who": Expect(right=VIEW),
    "team/who.csv": Expect(right=VIEW),
    "team/who/<slug:role>/<slug:duty>/<str:ref>": Expect(right=VIEW, args=_letter),
    "api/v1/team/coverage": Expect(right=VIEW),
    "api/v1/team/duties": Expect(right=VIEW),
    "api/v1/team/duties/faults": Expect(right=VIEW),
    "api/v1/team/duties/reset": Expect(right=PLAN, post_only=True),
    "team-hours": Expect(right=VIEW),
    "team-hours/new": Expect(right=MANAGE),
    "team-hours/calendars/<slug:slug>": Expect(right=VIEW, args=lambda world: {"slug": "standard"}),
    "team-hours/<str:ref>": Expect(right=VIEW, args=_person),
    "team-hours/<str:ref>/absences": Expect(right=VIEW, post_only=True, args=_person),
    "team-hours/absences/<uuid:absence_id>/remove": Expect(right=VIEW, post_only=True, args=_absence),
    "api/v1/team/people": Expect(right=VIEW),
    "api/v1/team/people/<ref>": Expect(right=MANAGE, post_only=True, method="put", args=_person),
    "api/v1/team/people/<ref>/absences": Expect(right=VIEW, post_only=True, args=_person),
    "api/v1/team/absences/<absence_id>": Expect(right=VIEW, post_only=True, method="delete", args=_absence),
    "api/v1/team/calendars": Expect(right=VIEW),
}
