import json

import pytest

from marops.domains.team.actions.structures import keep_structure, open_places
from marops.domains.team.models import Assessment, Person, RoleHeld, StructureSketch, Vacancy
from marops.domains.team.queries.structures import (
    compared,
    find_structure,
    structure_of_today,
    today_chart,
    weighed,
)
from marops.domains.team.rules.chart import Node, chart_of, differences, shown
from marops.domains.team.rules.house import order_of
from marops.domains.team.rules.seats import Known, faults, pay_of
from marops.domains.team.rules.structure import Structure
from marops.kernel.definitions import activate
from marops.kernel.models import AuditPayload, Definition

MAIL, OPS, HELP = "email_marketing_specialist", "campaign_ops_manager", "mops_coordinator"
KNOWN = Known({MAIL, OPS, HELP}, {"P-1": True, "P-2": False}, {"P-1": "Ann", "P-2": "Ben"}, {"V-1"}, {"coach"})


def _said(*seats):
    found = faults(Structure.model_validate({"title": "x", "seats": list(seats)}), KNOWN)
    return [(one.pointer, one.code) for one in found]


def _seat(ident, roles=None, **more):
    return {"id": ident, "roles": roles or {MAIL: 1.0}, **more}


@pytest.mark.parametrize(
    ("seats", "said"),
    [
        ([_seat("a"), _seat("b", manager="a", person="P-1")], []),
        ([_seat("a", manager="b"), _seat("b", manager="a")],
         [("/seats/0/manager", "circle"), ("/seats/1/manager", "circle")]),
        ([_seat("a", manager="a")], [("/seats/0/manager", "circle")]),
        ([_seat("a", {MAIL: 0.7}, person="P-1"), _seat("b", {OPS: 0.7}, person="P-1")],
         [("/seats/0/roles", "too-much"), ("/seats/1/roles", "too-much")]),
        ([_seat("a", {MAIL: 0.7, OPS: 0.7})], [("/seats/0/roles", "too-much")]),
        ([_seat("a", {"poet": 1.0})], [("/seats/0/roles", "role")]),
        ([_seat("a", person="P-2")], [("/seats/0/person", "left")]),
        ([_seat("a", person="P-9")], [("/seats/0/person", "person")]),
        ([_seat("a", manager="z")], [("/seats/0/manager", "manager")]),
        ([_seat("a"), _seat("a")], [("/seats/1/id", "twice")]),
        ([_seat("a", vacancy="V-1"), _seat("b", vacancy="V-1")], [("/seats/1/vacancy", "twice")]),
        ([_seat("a", vacancy="V-7", leads_as="king")],
         [("/seats/0/vacancy", "place"), ("/seats/0/leads_as", "leading")]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_at_its_field(seats, said):
    assert _said(*seats) == said


def test_what_a_plan_changes_is_told_by_box():
    today = chart_of([
        Node("P-1", "Ann", roles=((MAIL, 1.0),)), Node("P-2", "Ben", above="P-1", roles=((OPS, 1.0),)),
        Node("P-3", "Cleo", above="P-1", roles=((OPS, 1.0),)), Node("P-4", "Dan", above="P-9"),
    ])  # fmt: skip
    plan = chart_of([
        Node("P-1", "Ann", roles=((MAIL, 1.0),)), Node("P-2", "Ben", above="seat:x", roles=((OPS, 1.0),)),
        Node("seat:x", "Lead", "", "seat", "P-1"), Node("P-4", "Dan"),
    ])  # fmt: skip
    found = differences(today, plan, ["P-1", "P-2", "P-3"])
    assert (found.new, found.moved, found.changed, found.gone) == (("seat:x",), ("P-2",), (), ("P-3",))


def test_lines_that_run_in_a_circle_still_make_a_chart_and_large_branches_are_folded():
    odd = chart_of([Node("a", "A", above="b"), Node("b", "B", above="a"), Node("c", "C", above="b")])
    assert odd.below[""] == ("a",)
    assert odd.reach["a"] == 2
    people = [Node("top", "Top")]
    for lead in range(40):
        people.append(Node(f"l{lead}", "Lead", above="top"))
        people += [Node(f"p{lead}-{n}", "One", above=f"l{lead}") for n in range(48)]
    whole = chart_of(people)
    found = shown(whole)
    assert len(found.keys) == 41
    assert found.folded["l3"] == 48
    inside = shown(whole, "l3")
    assert (inside.roots, len(inside.below["l3"]), inside.left_out["l3"]) == (("l3",), 40, 8)
    assert whole.path("p3-1") == ["top", "l3"]


def test_costs_of_seats_are_the_bands_of_their_roles_with_the_employers_part():
    known, assumed = catalogue_of(), assumptions_of()
    band = next(one for one in assumed.pay.levels if one.id == "entry")
    top = assumed.pay.employer_on_top
    found = pay_of([{HELP: 0.5}, {HELP: 0.5}], assumed, known, "EUR")
    assert found.low == pytest.approx(band.EUR.low * (1 + top.low))
    assert found.usual == pytest.approx(band.EUR.usual * (1 + top.usual))


def catalogue_of():
    from marops.domains.team.rules.roles import Catalogue, Role, Skills
    from marops.domains.team.starter import shipped

    roles = {slug: Role.model_validate(one) for (kind, slug), one in shipped().items() if kind == "role"}
    skills = Skills.model_validate(shipped()["skills", "main"])
    return Catalogue(roles, {one.id: one for one in skills.skills})


def assumptions_of():
    from marops.domains.team.rules.assumptions import Assumptions
    from marops.domains.team.starter import shipped

    return Assumptions.model_validate(shipped()["assumptions", "team"])


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_every_room_of_the_house_has_one_place(count):
    known = catalogue_of()
    rooms = list(known.inside)[:count]
    order = order_of(known, rooms)
    placed = [*([order.roof] if order.roof else []), *order.upper, *order.grid, *order.ground]
    assert sorted(placed) == sorted(rooms)


@pytest.fixture
def small(cast):
    lead = Person.objects.create(number=901, name="Hanna Lindqvist", account_id=cast.hanna.id)
    mail = Person.objects.create(number=902, name="Aoife Brennan", account_id=cast.aoife.id, manager=lead)
    RoleHeld.objects.create(person=lead, role="mops_manager")
    RoleHeld.objects.create(person=mail, role=MAIL, share="0.5")
    RoleHeld.objects.create(person=mail, role=OPS, share="0.5")
    return {"lead": lead, "mail": mail}


@pytest.mark.django_db
def test_today_as_a_structure_changes_nothing(cast, small):
    hanna = cast.actor("hanna")
    begun = structure_of_today(hanna, "Same")
    assert [(one.id, one.manager, dict(one.roles)) for one in begun.seats] == [
        ("p-902", "p-901", {MAIL: 0.5, OPS: 0.5}), ("p-901", "", {"mops_manager": 1.0}),
    ]  # fmt: skip
    found = compared(hanna, begun).differences
    assert (found.new, found.moved, found.changed, found.gone) == ((), (), (), ())
    weighing = weighed(hanna)
    today, plan = weighing.today(), weighing.of(begun)
    assert (today.seats, today.full_time, today.covered) == (plan.seats, plan.full_time, plan.covered)


@pytest.mark.django_db
def test_an_empty_seat_counts_as_somebody_with_what_its_role_asks_for_and_is_opened_once(cast, small):
    hanna = cast.actor("hanna")
    begun = structure_of_today(hanna, "More").model_dump(mode="json", exclude_defaults=True)
    seats = [*begun["seats"], {"id": "data", "roles": {"marketing_data_analyst": 1.0}, "manager": "p-901"}]
    keep_structure(actor=hanna, slug="more", document=begun | {"seats": seats})
    weighing = weighed(hanna)
    plan = weighing.of(find_structure(hanna, "more").structure)
    assert plan.covered > weighing.today().covered
    assert plan.full_time == pytest.approx(3.0)
    (made,) = open_places(actor=hanna, slug="more")
    assert (made.title, made.roles, made.manager) == (
        "Marketing Data Analyst", {"marketing_data_analyst": 1.0}, small["lead"]
    )  # fmt: skip
    assert open_places(actor=hanna, slug="more") == []
    assert Vacancy.objects.count() == 1
    seat = find_structure(hanna, "more").structure.seats[-1]
    assert (seat.vacancy, Definition.objects.filter(kind="structure").count()) == (made.ref, 2)
    assert today_chart().nodes[made.ref].above == "P-901"
    page = cast.client("vera").get("/team/structures/more").content.decode()
    assert "Today, open places filled" in page
    assert "No figure changes by it." in page


@pytest.mark.django_db
def test_a_structure_is_planned_on_its_pages(cast, small):
    client = cast.client("hanna")
    assert client.post("/team/structures/new", {"title": "In 2027"})["Location"] == "/team/structures/in-2027"
    again = client.post("/team/structures/new", {"title": "In 2027"})
    assert again.status_code == 422
    seat = {"role_1": HELP, "share_1": "60", "manager": "p-901"}
    assert client.post("/team/structures/in-2027/seats/new", seat).status_code == 302
    page = client.get("/team/structures/in-2027").content.decode()
    assert "1 new seat" in page
    wrong = {"role_1": MAIL, "person": "P-902", "manager": "p-901"}
    refused = client.post("/team/structures/in-2027/seats/new", wrong)
    assert refused.status_code == 422
    assert "Aoife Brennan would have 200 % of a week." in refused.content.decode()
    round_ = client.post("/team/structures/in-2027/seats/p-901", {"role_1": "mops_manager", "manager": "p-902"})
    assert "above each other in a circle" in round_.content.decode()
    assert client.post("/team/structures/in-2027/seats/p-901/remove").status_code == 302
    seats = {one.id: one for one in find_structure(cast.actor("hanna"), "in-2027").structure.seats}
    assert {one.manager for one in seats.values()} == {""}
    assert "Hanna Lindqvist" in client.get("/team/chart?plan=in-2027").content.decode()
    Person.objects.filter(number=902).update(active=False)
    assert "Aoife Brennan is no longer here." in client.get("/team/structures/in-2027").content.decode()
    assert client.post("/team/structures/in-2027/drop").status_code == 302


def _versions():
    return Definition.objects.filter(kind="structure", slug="plan").count()


@pytest.mark.django_db
def test_many_changes_are_one_version_and_can_be_taken_back(cast, small):
    client, seat = cast.client("hanna"), {"role_1": HELP, "manager": "p-901"}
    client.post("/team/structures/new", {"title": "Plan"})
    for share in (60, 40):
        client.post("/team/structures/plan/seats/new", seat | {"share_1": share})
    client.post("/team/structures/plan/seats/p-902/remove")
    page = client.get("/team/structures/plan").content.decode()
    assert "3 changes are not kept yet" in page
    assert "Took Aoife Brennan out." in page
    assert _versions() == 1
    assert len(client.get("/api/v1/team/structures/plan").json()["document"]["seats"]) == 2
    assert "not kept yet" not in cast.client("vera").get("/team/structures/plan").content.decode()
    client.post("/team/structures/plan/settle", {"do": "undo"})
    client.post("/team/structures/plan/settle", {"do": "keep"})
    row = Definition.objects.filter(slug="plan").order_by("-version").first()
    assert (row.version, len(row.document["seats"]), row.reason.count("Added")) == (2, 4, 2)
    client.post("/team/structures/plan/seats/p-902/remove")
    keep_structure(actor=cast.actor("vera"), slug="plan", document=row.document | {"title": "Hers"})
    refused = client.post("/team/structures/plan/settle", {"do": "keep"})
    assert (refused.status_code, _versions()) == (409, 3)
    client.post("/team/structures/plan/settle", {"do": "over"})
    client.post("/team/structures/plan/seats/p-901/remove")
    client.post("/team/structures/plan/settle", {"do": "leave"})
    assert (_versions(), StructureSketch.objects.count()) == (4, 0)


@pytest.mark.django_db
def test_a_plan_is_for_those_who_plan_until_it_is_in_force(cast, small):
    hanna = cast.actor("hanna")
    document = {
        "title": "Without",
        "seats": [{"id": "p-901", "person": "P-901", "roles": {MAIL: 1.0}, "note": "okapi"}],
    }
    row = keep_structure(actor=hanna, slug="plan", document=document)
    mina = cast.client("mina")
    doors = ("/team/structures/plan", "/team/chart?plan=plan", "/team/chart.pdf?plan=plan",
             "/api/v1/team/structures/plan", "/api/v1/team/chart?plan=plan")  # fmt: skip
    assert {mina.get(door).status_code for door in doors} == {404}
    assert "Without" not in mina.get("/team/structures").content.decode()
    assert mina.get("/api/v1/team/structures").json()["items"] == []
    assert not any("okapi" in str(one) for one in AuditPayload.objects.values_list("payload", flat=True))
    activate(actor=hanna, ref=row.pinned)
    assert {mina.get(door).status_code for door in doors} == {200}


@pytest.mark.django_db
def test_costs_of_a_plan_are_shown_to_those_alone_who_may_see_pay(cast, small):
    keep_structure(
        actor=cast.actor("hanna"), slug="plan",
        document=structure_of_today(cast.actor("hanna"), "Plan").model_dump(mode="json", exclude_defaults=True),
    )  # fmt: skip
    told = {name: cast.client(name).get("/team/structures/plan").content.decode() for name in ("vera", "hanna", "mina")}
    assert {name: "Cost a year" in page for name, page in told.items()} == {"vera": True, "hanna": False, "mina": False}
    assert weighed(cast.actor("hanna")).today().pay.high == 0


@pytest.mark.django_db
def test_the_house_the_chart_and_structures_over_rest(cast, small):
    client = cast.client("hanna")
    body = {"document": {"title": "R", "seats": [{"id": "a", "roles": {HELP: 1.0}, "manager": "b"}]}}
    refused = client.put("/api/v1/team/structures/r", json.dumps(body), content_type="application/json")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/seats/0/manager")
    body["document"]["seats"][0]["manager"] = ""
    made = client.put("/api/v1/team/structures/r", json.dumps(body), content_type="application/json")
    assert (made.status_code, made.json()["seats"], made.json()["empty"]) == (200, 1, 1)
    assert [one["slug"] for one in client.get("/api/v1/team/structures").json()["items"]] == ["r"]
    chart = client.get("/api/v1/team/chart?plan=r").json()
    assert chart["differences"] == {"new": ["seat:a"], "moved": [], "changed": [], "gone": ["P-902", "P-901"]}
    house = client.get("/api/v1/team/house?days=30").json()
    rooms = {one["role"]: one for one in house["rooms"]}
    assert [one["name"] for one in rooms[MAIL]["holders"]] == ["Aoife Brennan"]
    assert client.get("/api/v1/team/house?days=31").status_code == 422
    assert cast.client("mina").put(
        "/api/v1/team/structures/r", json.dumps(body), content_type="application/json"
    ).status_code == 403  # fmt: skip


@pytest.mark.django_db
def test_the_house_names_holders_and_empty_rooms_and_honours_the_emblem_switch(cast, small):
    page = cast.client("hanna").get("/team/house").content.decode()
    assert "Aoife Brennan" in page
    assert "nobody yet" in page
    assert page.count('class="room nobody"') >= 5


@pytest.mark.django_db
def test_the_chart_prints_on_one_lying_page(cast, small):
    from io import BytesIO

    from pypdf import PdfReader

    answer = cast.client("hanna").get("/team/chart.pdf")
    pages = PdfReader(BytesIO(answer.content)).pages
    assert len(pages) == 1
    assert pages[0].mediabox.width > pages[0].mediabox.height
    assert "Aoife Brennan" in pages[0].extract_text()


@pytest.mark.django_db
def test_who_stands_in_is_told_to_those_alone_who_may_see_levels(cast, small):
    needed = catalogue_of().roles[HELP].skills
    Assessment.objects.bulk_create(
        Assessment(person=small["mail"], skill=one.skill, level=4, by="manager", made_by="test") for one in needed
    )

    def stands_in(name):
        rooms = cast.client(name).get("/api/v1/team/house").json()["rooms"]
        return next(one["stands_in"] for one in rooms if one["role"] == HELP)

    assert (stands_in("hanna"), stands_in("mina")) == ("P-902", None)
    assert weighed(cast.actor("hanna")).today().covered > weighed(cast.actor("mina")).today().covered == 0
    assert "nobody seen to stand in" in cast.client("mina").get("/team/house").content.decode()
