from collections import deque

import pytest

from marops.domains.team.models import Assessment, Person, RoleHeld
from marops.domains.team.rules.catalogue_faults import join_faults, role_faults, skills_faults
from marops.domains.team.rules.roles import Role, Skills
from marops.domains.team.starter import shipped
from marops.kernel.actors import SETUP
from marops.kernel.definitions import activate, draft, retire
from marops.kernel.errors import MaropsError
from marops.kernel.rules import read_yaml

ROLES = {slug: Role.model_validate(document) for (kind, slug), document in shipped().items() if kind == "role"}
SKILLS = Skills.model_validate(shipped()["skills", "main"])
IDS = {one.id for one in SKILLS.skills}
NINE = {slug: role for slug, role in ROLES.items() if role.inside}
EDGES = {(slug, step.role, step.basis) for slug, role in NINE.items() for step in role.next if step.role in NINE}
CONFLICTS = {False: "none", "minor": "minor", True: "real"}


@pytest.fixture(scope="module")
def source(shared_data):
    """The facts behind the catalogue, where they lie beside the repository."""
    path = shared_data.with_name("design") / "roles.yaml"
    if not path.is_file():
        pytest.skip("the facts behind the catalogue are not here")
    return read_yaml(path.read_text(encoding="utf-8"))


def test_every_shipped_role_joins_the_catalogue():
    for slug, role in ROLES.items():
        assert not [*role_faults(role), *join_faults(slug, role, ROLES, IDS)], slug
    assert not skills_faults(SKILLS)


def test_every_one_of_the_nine_is_reached_from_the_coordinator_and_the_vp_has_no_next_inside():
    assert len(NINE) == 9
    assert len(EDGES) == 16
    seen, waiting = {"mops_coordinator"}, deque(["mops_coordinator"])
    while waiting:
        here = waiting.popleft()
        for source, target, _basis in EDGES:
            if source == here and target not in seen:
                seen.add(target)
                waiting.append(target)
    assert seen == set(NINE)
    assert not [edge for edge in EDGES if edge[0] == "vp_mops"]


def test_steps_and_previous_roles_of_the_outside_tell_the_same():
    for slug, role in ROLES.items():
        for before in role.previous:
            assert slug in {step.role for step in ROLES[before].next}, f"{before} names no step to {slug}"


def test_the_facts_are_those_of_the_source(source):
    assert {(one["from"], one["to"], one["basis"]) for one in source["career_edges"]} == EDGES
    for fact in source["roles"]:
        role = NINE[fact["id"]]
        said = fact["experience"]
        assert role.conflict == CONFLICTS[said["conflict"]], fact["id"]
        for one, name in zip(role.experience, ("card", "path"), strict=True):
            assert (one.years_min, one.years_max) == (said[name]["years_min"], said[name]["years_max"])
            for kind in ("leadership_years", "management_years", "years_in_role"):
                asked = (said[name][f"{kind}_min"], said[name][f"{kind}_max"]) if f"{kind}_min" in said[name] else None
                assert getattr(one, kind) == asked
        assert [one for one in role.manages if one not in role.manages_by_us] == fact["manages"]
        assert (list(role.kpis), list(role.tools)) == (fact["kpis_named"], fact["tools_named"])
        assert list(role.regulations) == fact.get("regulations_named", [])
        assert (role.title, role.level, role.persona.name) == (fact["title"], fact["level"], fact["persona"]["name"])


def test_no_sentence_is_the_sources(source):
    theirs = set(_sentences(source))
    for role in NINE.values():
        duties = [one.text for one in role.responsibilities]
        ours = _sentences([role.summary, role.persona.gist, *role.core, *duties])
        assert not [text for text in ours if len(text.split()) > 3 and text in theirs]


def _sentences(value):
    if isinstance(value, str):
        yield value.casefold().strip(". ")
    elif isinstance(value, dict):
        for one in value.values():
            yield from _sentences(one)
    elif isinstance(value, list):
        for one in value:
            yield from _sentences(one)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"skills": [{"skill": "juggling", "level": 2}]}, "no skill 'juggling'"),
        ({"responsibilities": [{"id": "a", "text": "A", "skills": ["juggling"]}]}, "no skill 'juggling'"),
        ({"next": [{"role": "juggler", "months": [6, 12]}]}, "no role 'juggler'"),
        ({"next": [{"role": "here", "months": [6, 12]}]}, "to itself"),
        ({"next": [{"role": "A juggler", "months": [12, 6]}]}, "takes no time that can be"),
        ({"next": [{"role": "vp_mops", "months": [0, 0]}]}, "takes no time that can be"),
        ({"responsibilities": [{"id": "a", "text": "A"}, {"id": "a", "text": "B"}]}, "stands here twice"),
        ({"skills": [{"skill": "coaching", "level": 2}, {"skill": "coaching", "level": 3}]}, "stands here twice"),
        ({"manages": ["here"]}, "a circle"),
        ({"manages": ["vp_mops"], "manages_by_us": ["mops_manager"]}, "is not among the roles"),
        ({"experience": [{"source": "card", "years_min": 5, "years_max": 3}]}, "end before they begin"),
    ],
)
def test_a_role_that_does_not_hold_is_refused_with_its_place(change, said):
    role = Role.model_validate({"title": "Here", "level": "manager", "summary": "S.", "inside": True} | change)
    faults = [*role_faults(role), *join_faults("here", role, ROLES, IDS)]
    assert any(said in one.message for one in faults), faults
    assert all(one.pointer.startswith(f"/{next(iter(change))}") or one.field in change for one in faults)


def test_nobody_manages_themselves_through_others():
    coordinator = NINE["mops_coordinator"].model_copy(update={"manages": ("vp_mops",)})
    (fault,) = join_faults("mops_coordinator", coordinator, ROLES, IDS)
    assert "Marketing Operations Coordinator manages VP of Marketing Operations" in fault.message
    assert fault.message.endswith("a circle.")


def test_a_role_in_words_needs_no_page():
    role = Role.model_validate({"title": "H", "level": "manager", "summary": "S", "previous": ["Circus director"]})
    assert not join_faults("h", role, ROLES, IDS)


@pytest.mark.django_db
def test_a_role_that_somebody_holds_is_not_retired(starters):
    person = Person.objects.create(number=901, name="Vera Okafor")
    held = RoleHeld.objects.create(person=person, role="mops_coordinator")
    with pytest.raises(MaropsError) as refused:
        retire(actor=SETUP, ref="role/mops_coordinator")
    assert refused.value.errors[0].message == "Somebody holds this role: Vera Okafor."
    held.delete()
    assert retire(actor=SETUP, ref="role/mops_coordinator").state == "retired"


@pytest.mark.django_db
def test_a_skill_that_is_needed_or_assessed_does_not_vanish(starters):
    document = shipped()["skills", "main"]
    spare = next(one for one in IDS if not _needed(one))
    person = Person.objects.create(number=902, name="Vera Okafor")
    seen = Assessment.objects.create(person=person, skill=spare, level=2, by="self", made_by="test")
    kept = [one for one in document["skills"] if one["id"] not in (spare, "coaching", "budgeting")]
    row = draft(actor=SETUP, kind="skills", slug="main", document={**document, "skills": kept})
    with pytest.raises(MaropsError) as refused:
        activate(actor=SETUP, ref=row.pinned)
    said = [one.message for one in refused.value.errors]
    assert any("'budgeting' is needed: " in one for one in said)
    assert any(f"'{spare}'" in one and "1 person was assessed in it" in one for one in said)
    seen.delete()
    kept = [one for one in document["skills"] if one["id"] != spare]
    row = draft(actor=SETUP, kind="skills", slug="main", document={**document, "skills": kept})
    assert activate(actor=SETUP, ref=row.pinned).state == "active"


def _needed(skill):
    return any(
        skill in role.needs or any(skill in duty.skills for duty in role.responsibilities) for role in ROLES.values()
    )
