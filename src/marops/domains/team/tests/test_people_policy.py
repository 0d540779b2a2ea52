"""Who sees what of a person, at every door: page, list, REST, files, history, search; as every named user."""

import io
import json
from datetime import date
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook
from tests.cast import PEOPLE, ai_may

from marops.domains.team.actions.people import add_person
from marops.domains.team.actions.records import add_evidence, assess, assess_self, give_role, set_pay, show
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.people_list import Narrowing
from marops.domains.team.queries.roster_out import table_out
from marops.kernel.actors import SETUP
from marops.kernel.errors import MaropsError
from marops.kernel.permissions import Scope

# Tomasz is led by Hanna, and she by Vera. What is told of him, and by what it is recognised.
MARKS = {
    "pay": ("71,234", "71234"),
    "manager": ("4 · sets the way", '"manager": 4', ",1,4,", "['1', '4']"),
    "own": ("1 · learns", '"own": 1', ",1,", "['1'"),
    "evidence": ("Course in bridges",),
    "path": ("IT Specialist for Marketing", "it_support_for_marketing", "2024-01-01", "1 Jan 2024"),
    "place": ("Larksholm",),
}
NEAR = {"vera", "hanna", "tomasz", "ada"}
SEES = {
    "pay": {"vera", "tomasz", "ada"},
    "manager": NEAR,
    "own": NEAR,
    "evidence": NEAR,
    "path": NEAR,
    "place": NEAR,
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


def _seen(text):
    return {what for what, marks in MARKS.items() if any(mark in text for mark in marks)}


@pytest.mark.django_db(transaction=True)
def test_everybody_sees_what_is_theirs_and_what_was_agreed(cast, tomasz):
    seen = {name: _seen(_doors(cast.client(name), tomasz)) for name in PEOPLE}
    assert seen == {name: {what for what, who in SEES.items() if name in who} for name in PEOPLE}
    show(actor=cast.actor("tomasz"), person_id=tomasz.id, what=frozenset({"skills", "evidence", "path", "place"}))
    for name in ("priya", "selma", "marco"):
        assert _seen(_doors(cast.client(name), tomasz)) == set(SHOWN_BY), name
    assert _seen(_doors(cast.client("nils"), tomasz)) == set()
    show(actor=cast.actor("tomasz"), person_id=tomasz.id, what=frozenset({"place"}))
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
    for word in ("71234", "zebra", "Course in bridges", "Larksholm", "it_support", '"level'):
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
