from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from marops.domains.contacts.public import Company, Contact, Identity
from marops.domains.pipeline import queries, story
from marops.domains.pipeline.models import Opportunity, PipelineStage
from marops.domains.pipeline.public import keep_opportunities
from marops.domains.pipeline.queries import DealFilter, bounds, deals, in_words, short, sums
from marops.domains.pipeline.starter import STARTERS
from marops.domains.pipeline.tests.test_writing import ROW, batch
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.definitions import plant_starters
from marops.kernel.errors import MaropsError
from marops.kernel.models import Definition
from marops.kernel.shell import Change, Figure, Need

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def stages():
    plant_starters(actor=SETUP, starters=STARTERS)


@pytest.fixture
def ada():
    person = Contact.objects.create(number=41, full_name="Ada Lind", email="ada@lind.example")
    Identity.objects.create(contact=person, kind="email", value="ada@lind.example")
    return person


def deal(number, **values):
    first = {"name": f"Deal {number}", "stage": "proposal", "stage_since": now(), "search_text": f"deal {number}"}
    return Opportunity.objects.create(number=number, **first | values)


def names_of(found):
    return sorted(one.number for one in found)


def test_amounts_of_different_currencies_are_never_added():
    deal(1, amount=100, currency="EUR")
    deal(2, amount=50, currency="USD")
    deal(3, amount=7, currency="EUR")
    deal(4)
    found = sums(Opportunity.objects.all())["open"]
    assert (found.count, found.without, found.amounts) == (4, 1, (("EUR", Decimal(107)), ("USD", Decimal(50))))
    assert found.text == "107 EUR and 50 USD"


@pytest.mark.parametrize(
    ("amount", "long", "few"),
    [
        (Decimal("1054.50"), "1,054.50 EUR", "1,054.50 EUR"),
        (Decimal(12000), "12,000 EUR", "12 k EUR"),
        (Decimal(10005534), "10,005,534 EUR", "10.0 M EUR"),
        (Decimal(0), "0 EUR", "0 EUR"),
        (None, "", ""),
    ],
)
def test_amounts_in_words(amount, long, few):
    assert (in_words(amount, "EUR"), short(amount, "EUR")) == (long, few)


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_periods(period, first, after):
    assert bounds(period) == (first, after)


def test_periods_about_today(monkeypatch):
    monkeypatch.setattr(queries, "today", lambda: date(2026, 1, 31))
    assert bounds("last_quarter") == (date(2025, 10, 1), date(2026, 1, 1))
    assert bounds("next_quarter") == (date(2026, 4, 1), date(2026, 7, 1))
    assert bounds("next_month") == (date(2026, 2, 1), date(2026, 3, 1))
    with pytest.raises(MaropsError, match="no period"):
        bounds("2026-13")


def test_the_list_is_narrowed_by_everything(cast):
    firm = Company.objects.create(number=5, name="Solheim", name_key="solheim")
    deal(1, owner_id=cast.selma.id, company=firm, company_name="Solheim", search_text="pilot solheim")
    deal(2, owner_name="Moses Frase", expected_close=date(2026, 5, 2))
    deal(3, state="won", stage="closed_won", closed_at=datetime(2026, 5, 31, 23, tzinfo=UTC))
    actor = cast.actor("hanna")

    def found(**given):
        return names_of(deals(actor, DealFilter(**given)))

    assert found(words="sol PIL") == [1]
    assert found(state="won") == found(stage="closed_won") == [3]
    assert found(owner=str(cast.selma.id)) == found(owner="selma yildiz") == found(company="O-5") == [1]
    assert found(owner="moses frase") == [2]
    assert found(company="heim") == [1]
    assert found(period="2026-Q2") == [2, 3]
    assert names_of(deals(cast.actor("selma"), DealFilter(owner="me"))) == [1]
    with pytest.raises(MaropsError, match="no stage"):
        found(stage="nowhere")


def test_a_seller_sees_their_own_deals_everywhere(cast):
    deal(1, owner_id=cast.selma.id, name="Hers", search_text="hers deal", amount=10, currency="EUR")
    deal(2, name="Not hers", search_text="not hers deal", amount=900, currency="EUR")
    client, actor = cast.client("selma"), cast.actor("selma")
    page = client.get("/opportunities").content.decode()
    assert "Hers" in page
    assert "Not hers" not in page
    assert "One deal is open, worth 10 EUR." in page
    assert [one["ref"] for one in client.get("/api/v1/opportunities").json()["items"]] == ["D-1"]
    assert client.get("/api/v1/opportunities/pipeline").json()["states"]["open"]["count"] == 1
    assert client.get("/opportunities/D-2").status_code == 404
    assert [hit.title for hit in queries.search_deals(actor, "deal", 9)] == ["Hers"]
    assert queries.find_for_shell(actor, str(Opportunity.objects.get(number=2).id)) is None


def test_the_pages_of_a_deal(cast, ada):
    keep_opportunities(actor=SETUP, batch=batch(ROW | {"people": "L-41", "person_role": "decides"}))
    found = Opportunity.objects.get()
    client = cast.client("hanna")
    page = client.get(f"/opportunities/{found.ref}").content.decode()
    for words in ("Fifty seats", "1,054.50 EUR, expected on 31 Dec 2026", "Ada Lind", "decides", "Moses Frase", "L-41",
                  "import I-7, row 2"):  # fmt: skip
        assert words in page
    assert client.get(f"/opportunities/{found.id}").headers["Location"] == f"/opportunities/{found.ref}"
    Opportunity.objects.update(expected_close=date(2020, 1, 2))
    page = client.get(f"/opportunities/{found.ref}").content.decode()
    assert "expected on 2 Jan 2020, which has passed." in page
    hidden = cast.client("lena").get(f"/opportunities/{found.ref}").content.decode()
    assert "Ada Lind" not in hidden  # she works with numbers, not with names


def test_a_deal_is_opened_changed_moved_and_lost_on_pages(cast, ada):
    client = cast.client("selma")
    given = {"name": "Pilot", "company": "Solheim Ltd", "amount": "500", "people": "L-41, user"}
    made = client.post("/opportunities/new", given)
    found = Opportunity.objects.get()
    assert made.headers["Location"] == f"/opportunities/{found.ref}"
    assert (found.owner_id, found.company_name, found.amount, found.currency) == (
        cast.selma.id, "Solheim Ltd", 500, "EUR",
    )  # fmt: skip
    change = f"/opportunities/{found.ref}/change"
    assert 'value="Pilot"' in client.get(change).content.decode()
    changed = given | {"amount": "750", "owner": str(cast.selma.id), "source": "Paid Search"}
    assert client.post(change, changed).status_code == 302
    assert Opportunity.objects.get().source == "paid_search"
    assert "Paid Search" in client.get(f"/opportunities/{found.ref}").content.decode()
    assert 'value="Paid Search"' in client.get(change).content.decode()
    stage = f"/opportunities/{found.ref}/stage"
    assert client.post(stage, {"stage": "closed_lost"}).status_code == 422
    assert client.post(stage, {"stage": "closed_lost", "reason": "no budget"}).status_code == 302
    found.refresh_from_db()
    assert (found.state, found.reason, found.amount) == ("lost", "no budget", 750)
    assert found.people.get().role == "user"


def test_forms_say_what_is_wrong(cast):
    client = cast.client("hanna")
    page = client.post(
        "/opportunities/new",
        {"name": "", "company": "O-99", "currency": "EURO", "people": "nobody@x.de", "amount": "x"},
    )
    assert page.status_code == 422
    text = page.content.decode()
    for words in ("There is no company O-99.", "Nobody goes by", "nobody@x.de", "Write the amount in digits"):
        assert words in text
    page = client.post("/opportunities/new", {"name": "Pilot", "amount": "-4", "stage": "nowhere"}).content.decode()
    assert "An amount cannot be below zero." in page
    assert "There is no such stage." in page
    day = (now() + timedelta(days=3)).date().isoformat()
    found = deal(1)
    page = client.post(f"/opportunities/{found.ref}/stage", {"stage": "proposal", "on": day})
    assert "lies in the future" in page.content.decode()


def test_a_proposed_stage_is_taken_over_as_a_draft(cast):
    PipelineStage.objects.create(name="legal_review", label="Legal review")
    deal(1, stage="legal_review")
    client = cast.client("hanna")
    assert "Legal review" in client.get("/opportunities").content.decode()
    client.post("/opportunities/stages/legal_review/adopt")
    draft = Definition.objects.get(kind="pipeline", state="draft")
    assert "legal_review" in [stage["name"] for stage in draft.document["stages"]]
    assert PipelineStage.objects.get(name="legal_review").proposed  # until somebody puts it in force


# --- REST ----------------------------------------------------------------------------------------------------------


def sent(client, method, url, body):
    return getattr(client, method)(url, body, content_type="application/json")


def test_rest_opens_reads_changes_and_moves(cast, ada):
    client = cast.client("hanna")
    body = {
        "name": "Pilot", "company": "Solheim", "amount": {"amount": "12.50", "currency": "USD"}, "stage": "proposal",
        "people": [{"lead": "ada@lind.example", "role": "decides"}], "external_ids": [{"system": "erp", "value": "9"}],
    }  # fmt: skip
    made = sent(client, "post", "/api/v1/opportunities", body)
    assert made.status_code == 201
    found = made.json()
    assert (found["amount"], found["stage"]) == ({"amount": "12.50", "currency": "USD"}, "proposal")
    assert found["people"] == [{"lead": "L-41", "name": "Ada Lind", "role": "decides", "primary": True}]
    assert client.get("/api/v1/opportunities/9").json()["ref"] == found["ref"]
    url = f"/api/v1/opportunities/{found['ref']}"
    changed = sent(client, "patch", url, {"expected_close": "2026-12-01"}).json()
    assert (changed["expected_close"], changed["amount"], changed["people"]) == (
        "2026-12-01", found["amount"], found["people"],
    )  # fmt: skip
    assert sent(client, "patch", url, {"amount": None}).json()["amount"] is None
    moved = sent(client, "post", f"{url}/stage", {"stage": "closed_won", "on": "2026-01-02"}).json()
    assert (moved["state"], moved["closed_at"]) == ("won", "2026-01-02T00:00:00Z")
    assert [one["to"] for one in moved["moves"]] == ["closed_won", "proposal"]  # it was won before it was typed in
    again = sent(client, "post", "/api/v1/opportunities", body)
    assert again.status_code == 409


def test_rest_refuses_what_it_does_not_know(cast):
    client = cast.client("hanna")
    assert sent(client, "post", "/api/v1/opportunities", {"name": "x", "colour": "red"}).status_code in (400, 422)
    raw = sent(client, "post", "/api/v1/opportunities", {"name": "x", "amount": {"amount": 1200}}).json()["errors"]
    assert raw == [
        {"code": "string_type", "message": "This is no text.", "remedy": "Put it in quotes.",
         "pointer": "/amount/amount", "field": "amount"}
    ]  # fmt: skip
    bad = sent(client, "post", "/api/v1/opportunities", {"name": "x", "amount": {"amount": "lots"}})
    assert bad.status_code in (400, 422)
    assert bad.json()["errors"][0]["pointer"] == "/amount"
    assert client.get("/api/v1/opportunities?state=maybe").status_code in (400, 422)
    assert client.get("/api/v1/opportunities?after=xyz").status_code in (400, 422)


def test_rest_pages_by_cursor(cast):
    for number in range(1, 8):
        deal(number)
    client, seen, after = cast.client("hanna"), [], ""
    while after is not None:
        page = client.get(f"/api/v1/opportunities?limit=3&after={after}" if after else "/api/v1/opportunities?limit=3")
        seen += [one["ref"] for one in page.json()["items"]]
        after = page.json()["next"]
    assert seen == [f"D-{number}" for number in range(7, 0, -1)]


# --- stories and desks ---------------------------------------------------------------------------------------------


def test_a_lead_tells_its_deals(cast, ada):
    hers = deal(1, name="Pilot", amount=10, currency="EUR", owner_id=cast.selma.id)
    other = deal(2, name="Hidden")
    for one in (hers, other):
        one.people.create(contact=ada, role="user", primary=True)
    told = story.pipeline(ada.id, cast.actor("selma"))
    assert [(one["ref"], one["role"], one["amount"]) for one in told["deals"]] == [("D-1", "user", "10 EUR")]
    assert told["why"] == "Takes part in one opportunity; one of them is open."
    assert story.pipeline(ada.id, cast.actor("nils"))["deals"] == []


def test_a_company_tells_its_deals(cast):
    firm = Company.objects.create(number=5, name="Solheim", name_key="solheim")
    assert story.company(firm.id, cast.actor("hanna")) is None
    deal(1, company=firm, amount=10, currency="EUR")
    deal(2, company=firm, state="lost", stage="closed_lost")
    section = story.company(firm.id, cast.actor("hanna"))
    assert section.says == "1 open (10 EUR), 0 won, 1 lost."
    assert sorted(row.cells[0] for row in section.rows) == ["Deal 1", "Deal 2"]


def test_the_desk_says_which_deals_need_a_hand(cast):
    today = now()
    own = {"owner_id": cast.selma.id}
    deal(1, expected_close=today.date() - timedelta(days=1), **own)
    deal(2, updated_at=today - timedelta(days=40), **own)
    deal(3, state="won", stage="closed_won", closed_at=today - timedelta(days=1), amount=50_000, currency="EUR", **own)
    deal(4, expected_close=today.date() - timedelta(days=9))
    lines = list(queries.desk(cast.actor("selma"), today))
    needs = [str(one.title) for one in lines if isinstance(one, Need)]
    assert needs == ["One deal should have closed by now", "One open deal lies still"]
    assert next(one.value for one in lines if isinstance(one, Figure)) == "2"
    assert [str(one.what) for one in lines if isinstance(one, Change)] == ["Deal 3 was won"]
    manager = [str(one.title) for one in queries.desk(cast.actor("hanna"), today) if isinstance(one, Need)]
    assert manager == []  # a manager answers for the whole, and owns none of them


def test_what_facts_say_on_a_timeline(cast):
    one = deal(1, name="Pilot")
    fact = {"subject_id": str(one.id), "properties": {"to": "proposal", "amount": "12000", "currency": "EUR"}}
    assert story.says_created(fact) == "Pilot (D-1) was opened, 12 k EUR."
    assert story.says_moved(fact) == "Pilot (D-1) moved to Proposal."
    assert story.says_won(fact) == "Pilot (D-1) was won, 12 k EUR."
    assert story.says_lost({**fact, "properties": {"reason": "no budget"}}) == "Pilot (D-1) was lost: no budget."


def test_few_statements_whatever_the_number_of_deals(cast, django_assert_max_num_queries):
    for number in range(1, 60):
        deal(number, amount=number, currency="EUR", owner_id=cast.selma.id)
    client = cast.client("hanna")
    client.get("/opportunities")
    with django_assert_max_num_queries(30):
        client.get("/opportunities")
