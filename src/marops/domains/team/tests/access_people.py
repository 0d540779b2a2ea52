from datetime import date

from tests.cast import Expect

from marops.domains.team.models import Assessment, Evidence, Person, RoleHeld

VIEW, MANAGE = "team.view", "team.manage"


def people_things(cast):
    """Somebody Hanna leads, with a role and a proof: Tomasz, who has an account."""
    boss = Person.objects.create(number=7201, name="Hanna Lindqvist", account_id=cast.hanna.id)
    kept = Person.objects.create(number=7202, name="Tomasz Zielinski", account_id=cast.tomasz.id, manager=boss)
    held = RoleHeld.objects.create(person=kept, role="martech_specialist", starts=date(2025, 1, 1))
    Assessment.objects.create(person=kept, skill="integrations", level=2, by="self", made_by="test")
    proof = Evidence.objects.create(
        person=kept, skill="integrations", kind="certificate", says="Course", made_by="test"
    )
    gone = Person.objects.create(number=7203, name="Who left", active=False)
    return {"kept": kept, "held": held, "proof": proof, "gone": gone}


def _kept(world):
    return {"ref": world.things["kept"].ref}


def _held(world):
    return _kept(world) | {"held_id": world.things["held"].id}


def _proof(world):
    return _kept(world) | {"evidence_id": world.things["proof"].id}


# Tomasz himself, Hanna who leads him, and who may assess everybody.
_ASSESS = frozenset({"tomasz", "hanna", "vera", "ada"})
_OWN = frozenset({"tomasz"})

PEOPLE = {
    "team/people": Expect(right=VIEW),
    "team/people/new": Expect(right=MANAGE),
    "team/people/import": Expect(right=MANAGE),
    "team/people/export": Expect(right=VIEW),
    "team/people/<str:ref>": Expect(right=VIEW, args=_kept),
    "team/people/<str:ref>/details": Expect(right=MANAGE, args=_kept),
    "team/people/<str:ref>/account": Expect(right=MANAGE, post_only=True, args=_kept),
    "api/v1/team/people/<ref>/account": Expect(right=MANAGE, args=_kept),
    "team/people/<str:ref>/leave": Expect(right=MANAGE, args=_kept),
    "team/people/<str:ref>/forget": Expect(right=MANAGE, args=lambda world: {"ref": world.things["gone"].ref}),
    "team/people/<str:ref>/everything": Expect(only=_OWN, args=_kept),
    "team/people/<str:ref>/roles/new": Expect(right=MANAGE, args=_kept),
    "team/people/<str:ref>/roles/elsewhere": Expect(only=frozenset({"tomasz", "hanna", "vera", "ada"}), args=_kept),
    "team/people/<str:ref>/roles/<uuid:held_id>": Expect(right=MANAGE, args=_held),
    "team/people/<str:ref>/skills": Expect(only=_ASSESS, args=_kept),
    "team/people/<str:ref>/evidence": Expect(only=_ASSESS, args=_kept),
    "team/people/<str:ref>/evidence/<uuid:evidence_id>": Expect(right=VIEW, post_only=True, args=_proof),
    "team/people/<str:ref>/shown": Expect(right=VIEW, post_only=True, args=_kept),
    "team/people/<str:ref>/pay": Expect(only=frozenset({"vera", "ada"}), args=_kept),
    "api/v1/team/people/<ref>/roles": Expect(right=VIEW, args=_kept),
    "api/v1/team/people/<ref>/roles/<held_id>": Expect(right=MANAGE, post_only=True, method="put", args=_held),
    "api/v1/team/people/<ref>/skills": Expect(right=VIEW, args=_kept),
    "api/v1/team/people/<ref>/evidence": Expect(right=VIEW, args=_kept),
    "api/v1/team/evidence/<evidence_id>": Expect(
        right=VIEW, post_only=True, method="delete", args=lambda world: {"evidence_id": world.things["proof"].id}
    ),
    "api/v1/team/people/<ref>/shown": Expect(right=VIEW, args=_kept),
    "api/v1/team/people/<ref>/pay": Expect(only=frozenset({"tomasz", "vera", "ada"}), args=_kept),
    "api/v1/team/people/<ref>/leave": Expect(right=MANAGE, post_only=True, args=_kept),
    "api/v1/team/people/<ref>/kept": Expect(only=_OWN, args=_kept),
    "api/v1/team/table": Expect(right=VIEW),
}
