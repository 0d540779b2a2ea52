import pytest
from tests.cast import PEOPLE, Cast, ai_may

from marops.domains.accounts import actions, queries
from marops.domains.accounts.models import Account
from marops.domains.accounts.permissions import grants_of, roles_in_force
from marops.domains.accounts.rules import (
    ADMINISTRATOR,
    AccessDocument,
    PersonGrants,
    add_up,
    scope_rule,
    shipped_rights,
    shipped_roles,
)
from marops.kernel import definitions
from marops.kernel.actors import SETUP, Actor
from marops.kernel.definitions import Starter, plant_starters
from marops.kernel.errors import MaropsError
from marops.kernel.permissions import Scope, grants, may, require, rights


def test_the_printed_matrix_names_exactly_the_rights_of_the_code() -> None:
    missing, unknown = set(rights()) - set(shipped_rights()), set(shipped_rights()) - set(rights())
    assert not missing, f"add a line for each to _TABLE in accounts/rules.py: {sorted(missing)}"
    assert not unknown, f"no code registers these: {sorted(unknown)}"


def test_there_is_a_role_for_each_team_role_and_the_administrator() -> None:
    slugs = [role.slug for role in shipped_roles().roles]
    assert len(slugs) == 12
    assert {role for _name, role, _boss, _unit in PEOPLE.values() if role} == set(slugs)


def test_rights_without_rows_are_given_for_all_or_not_at_all() -> None:
    for role in shipped_roles().roles:
        odd = [name for name, scope in role.rights.items() if not rights()[name].scoped and scope != "all"]
        assert not odd, f"{role.slug}: {odd} have no rows that a scope could narrow"


def test_several_roles_add_up_to_the_widest_scope() -> None:
    document = AccessDocument.model_validate(
        {
            "roles": [
                {"slug": "a", "title": "A", "rights": {"jobs.view": "own", "files.view": "all"}},
                {"slug": "b", "title": "B", "rights": {"jobs.view": "unit"}},
            ]
        }
    )
    held = add_up(document, ["a", "b", "gone"])
    assert held.scopes == {"jobs.view": Scope.UNIT, "files.view": Scope.ALL}
    assert not held.everything


@pytest.mark.django_db
def test_everybody_holds_what_the_matrix_says(cast: Cast) -> None:
    assert may(cast.actor("hanna"), "workspace.set_up")
    assert not may(cast.actor("vera"), "workspace.set_up")
    assert require(cast.actor("mina"), "jobs.view") is Scope.OWN
    assert grants(cast.actor("ada")).everything
    assert not grants(cast.actor("nils")).scopes
    assert not grants(Actor("human", "01999999-0000-7000-8000-000000000000")).scopes
    assert not grants(Actor("human", "no id at all")).scopes


@pytest.mark.django_db
def test_the_reporting_line_reaches_down_through_everybody(cast: Cast) -> None:
    assert set(grants_of(cast.actor("vera")).team_ids) == {
        account.id for name, account in cast.accounts.items() if name not in ("ada", "nils", "selma")
    }
    assert set(grants_of(cast.actor("dylan")).team_ids) == {cast.dylan.id, cast.mina.id}
    assert set(grants_of(cast.actor("aoife")).unit_ids) == {cast.aoife.id, cast.dylan.id, cast.mina.id, cast.selma.id}
    assert grants_of(cast.actor("nils")).unit_ids == ()


@pytest.mark.django_db
def test_an_ai_may_what_its_use_and_its_person_both_may(cast: Cast) -> None:
    assert not grants(cast.ai()).scopes
    with ai_may({"jobs.view": Scope.ALL, "definitions.change": Scope.ALL, "workspace.set_up": Scope.ALL}):
        assert grants(cast.ai("priya")).scopes == {"jobs.view": Scope.ALL, "definitions.change": Scope.ALL}
        assert grants(cast.ai("mina")).scopes == {"jobs.view": Scope.OWN}
        for_ada = grants(cast.ai("ada"))
        assert not for_ada.everything
        assert set(for_ada.scopes) == {"jobs.view", "definitions.change", "workspace.set_up"}
        assert not grants(Actor("ai", "assistant", on_behalf_of=str(cast.ada.id), ai_use="unknown")).scopes
    with ai_may({"jobs.view": Scope.OWN}):
        assert grants(cast.ai("priya")).scopes == {"jobs.view": Scope.OWN}


def test_scopes_become_rules_over_the_owner() -> None:
    from marops.kernel.ids import new_id
    from marops.kernel.rules import parse

    me, mate = new_id(), new_id()
    held = PersonGrants(account_id=me, team_ids=(me, mate), unit="North", unit_ids=(mate,))
    assert scope_rule(Scope.ALL, held) == {"everyone": True}
    assert scope_rule(Scope.OWN, held) == {"field": "owner.account", "in": [str(me)]}
    assert scope_rule(Scope.TEAM, held) == {"field": "owner.account", "in": sorted([str(me), str(mate)])}
    assert scope_rule(Scope.UNIT, held) == {"field": "owner.account", "in": [str(mate)]}
    for nobody in (
        scope_rule(None, held),
        scope_rule(Scope.UNIT, PersonGrants()),
        scope_rule(Scope.OWN, PersonGrants()),
    ):
        assert nobody == {"not": {"everyone": True}}
    for scope in (*Scope, None):
        parse(scope_rule(scope, held))


@pytest.mark.django_db
def test_the_last_administrator_stays(cast: Cast) -> None:
    ada = cast.actor("ada")
    with pytest.raises(MaropsError, match="Nobody would be left"):
        actions.give_roles(actor=ada, account_id=cast.ada.id, roles=["mops_manager"])
    with pytest.raises(MaropsError, match="Nobody would be left"):
        actions.deactivate(actor=ada, account_id=cast.ada.id)
    assert Account.objects.get(id=cast.ada.id).active
    actions.give_roles(actor=ada, account_id=cast.hanna.id, roles=[ADMINISTRATOR])
    actions.deactivate(actor=ada, account_id=cast.ada.id)
    assert list(queries.administrators()) == [cast.hanna]


@pytest.mark.django_db
def test_nobody_without_the_right_gives_roles(cast: Cast) -> None:
    with pytest.raises(MaropsError) as refused:
        actions.give_roles(actor=cast.actor("hanna"), account_id=cast.hanna.id, roles=[ADMINISTRATOR])
    assert refused.value.code == "not-allowed"


@pytest.mark.django_db
def test_a_reporting_line_is_no_circle(cast: Cast) -> None:
    with pytest.raises(MaropsError) as refused:
        actions.give_roles(actor=cast.actor("ada"), account_id=cast.vera.id, roles=[], manager_id=cast.mina.id)
    assert [fault.field for fault in refused.value.errors] == ["manager"]


@pytest.mark.django_db
def test_unknown_roles_are_refused(cast: Cast) -> None:
    with pytest.raises(MaropsError, match="cannot be used"):
        actions.give_roles(actor=cast.actor("ada"), account_id=cast.nils.id, roles=["king"])


@pytest.mark.django_db
def test_a_new_definition_of_roles_holds_at_once(cast: Cast) -> None:
    document = shipped_roles().model_dump(mode="json")
    plant_starters(actor=SETUP, starters=[Starter("access", "roles", document, "start")])
    assert roles_in_force() == shipped_roles()
    assert may(cast.actor("mina"), "comments.write")
    coordinator = next(role for role in document["roles"] if role["slug"] == "mops_coordinator")
    del coordinator["rights"]["comments.write"]
    made = definitions.draft(actor=cast.actor("ada"), kind="access", slug="roles", document=document)
    assert may(cast.actor("mina"), "comments.write")
    definitions.activate(actor=Actor("system", "test"), ref=made.pinned)
    assert not may(cast.actor("mina"), "comments.write")


@pytest.mark.django_db
@pytest.mark.parametrize("break_it", ["right", "scope", "twice", "administrator"])
def test_definitions_of_roles_that_would_lock_out_or_lie_are_refused(cast: Cast, break_it: str) -> None:
    document = shipped_roles().model_dump(mode="json")
    if break_it == "right":
        document["roles"][0]["rights"]["jobs.juggle"] = "all"
    elif break_it == "scope":
        document["roles"][0]["rights"]["pay.see"] = "own"
    elif break_it == "twice":
        document["roles"].append(document["roles"][0])
    else:
        document["roles"][-1]["everything"] = False
    with pytest.raises(MaropsError) as refused:
        definitions.draft(actor=cast.actor("ada"), kind="access", slug="roles", document=document)
    assert break_it in [fault.code for fault in refused.value.errors]


@pytest.mark.django_db
def test_four_eyes_bind_once_somebody_else_may_review(cast: Cast) -> None:
    assert definitions.others_can_review(cast.actor("ada"))
    Account.objects.exclude(id=cast.ada.id).update(active=False)
    assert not definitions.others_can_review(cast.actor("ada"))


@pytest.mark.django_db
def test_roles_are_changed_on_the_page_of_a_person(cast: Cast) -> None:
    client = cast.client("ada")
    given = {"roles": ["mops_manager", "vp_mops"], "manager": str(cast.vera.id), "unit": "West"}
    assert client.post(f"/access/{cast.nils.ref}", given).status_code == 302
    cast.nils.refresh_from_db()
    assert cast.nils.manager_id == cast.vera.id
    assert sorted(cast.nils.roles.values_list("role", flat=True)) == ["mops_manager", "vp_mops"]
    refused = client.post(f"/access/{cast.ada.ref}", {"roles": []})
    assert refused.status_code == 422
    assert b"Make somebody else administrator first" in refused.content
    assert cast.client("hanna").post(f"/access/{cast.nils.ref}", given).status_code == 403
