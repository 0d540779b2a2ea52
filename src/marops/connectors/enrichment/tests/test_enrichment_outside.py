import json
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from marops.connectors.enrichment.actions import set_key
from marops.connectors.enrichment.jobs import preview_filling, run_asking, run_filling
from marops.connectors.enrichment.models import Answer
from marops.connectors.enrichment.queries import providers
from marops.connectors.enrichment.rules import Provider, cleaned
from marops.domains.consent.actions.requests import restrict
from marops.domains.contacts.jobs import take_back
from marops.domains.contacts.models import Contact
from marops.domains.contacts.queries.people import origins_of
from marops.kernel.actors import ENGINE
from marops.kernel.definitions import activate, draft
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)
KNOWN = {"nordvik.no": {"firm": {"sector": "Shipping", "staff": ["1,200"]}, "country": "Norway"}}


class _Service(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((asked, self.headers.get("x-key")))
        found = KNOWN.get(asked["domain"])
        status = self.server.status or (200 if found else 404)
        self.send_response(status)
        if status == 302:
            self.send_header("location", "http://169.254.169.254/latest")
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    server.asked, server.status = [], None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _document(service, **more):
    return {
        "title": "House register", "url": f"http://127.0.0.1:{service.server_address[1]}/find", "inside": True,
        "sends": {"domain": "email_domain"},
        "gives": {"industry": "firm.sector", "employees": "firm.staff.0", "country": "country"},
        "key_header": "X-Key", "key_prefix": "", "price": "0.10", "currency": "EUR", "money_per_day": "1.00",
        "needs": "no_refusal", **more,
    }  # fmt: skip


def _put(service, **more):
    activate(
        actor=ENGINE, ref=draft(actor=ENGINE, kind="provider", slug="house", document=_document(service, **more)).pinned
    )


def _person(number: int, domain: str = "nordvik.no", **more) -> Contact:
    return Contact.objects.create(
        id=new_id(), number=number, email=f"p{number}@{domain}", email_domain=domain,
        email_kind="free" if domain == "gmail.com" else "work", **more,
    )  # fmt: skip


def test_a_question_is_asked_once_kept_filled_in_where_empty_and_taken_back(service, starters):
    _put(service)
    set_key(actor=ENGINE, provider="house", key="s3cret")
    one, two = _person(1, industry="Logistics"), _person(2)
    _person(3, "unknown.io")
    _person(4, "gmail.com")
    told = run_asking(ENGINE, "house")
    assert (told["asked"], told["found"], told["nothing"], told["stopped"]) == (2, 1, 1, "")
    assert sorted(asked["domain"] for asked, key in service.asked if key == "s3cret") == ["nordvik.no", "unknown.io"]
    again = run_asking(ENGINE, "house")
    assert (again["asked"], again["kept"], len(service.asked)) == (0, 2, 2)
    assert preview_filling(ENGINE, "house")["contacts"] == 2
    done = run_filling(ENGINE, "house")
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.industry, one.employees, one.country) == ("Logistics", 1200, "NO")
    assert (two.industry, two.employees) == ("Shipping", 1200)
    origin = origins_of(two)["industry"]
    assert (origin.derived, done["definition"], f"F-{origin.fix}") == ("from_outside", "provider/house@1", done["ref"])
    assert take_back(ENGINE, done["ref"])["restored"] == 2
    two.refresh_from_db()
    assert (two.industry, two.employees, two.country) == (None, None, None)


@pytest.mark.parametrize(("budget", "asked"), [({"calls_per_day": 2}, 2), ({"money_per_day": "0.35"}, 3)])
def test_the_budget_of_the_day_is_never_passed(service, starters, budget, asked):
    _put(service, **budget)
    for number in range(1, 7):
        _person(number, f"d{number}.io")
    told = run_asking(ENGINE, "house")
    assert (told["asked"], len(service.asked), told["stopped"]) == (asked, asked, "The budget of the day is used up.")
    assert run_asking(ENGINE, "house")["asked"] == 0
    (line,) = providers(ENGINE)
    assert (line["calls_today"], Decimal(line["money_today"]["amount"])) == (asked, Decimal("0.10") * asked)


def test_whose_data_may_not_go_out_is_not_asked_about(service, starters):
    _put(service)
    barred = _person(1, "barred.io")
    _person(2, "nordvik.no")
    restrict(actor=ENGINE, contact_id=barred.id, why="asked for it")
    told = run_asking(ENGINE, "house")
    assert ([asked["domain"] for asked, _key in service.asked], told["barred"]) == (["nordvik.no"], 1)
    _put(service, needs="allowed")
    _person(3, "silent.io", country="DE")  # where the law wants a yes, saying nothing is none
    told = run_asking(ENGINE, "house")
    assert (told["asked"], told["barred"]) == (0, 3)


def test_a_provider_that_fails_is_left_and_asked_again_later_and_no_redirect_is_followed(service, starters):
    _put(service)
    service.status = 302
    for number in range(1, 9):
        _person(number, f"d{number}.io")
    told = run_asking(ENGINE, "house")
    assert (told["failed"], len(service.asked)) == (5, 5)
    assert "302" in told["stopped"]
    assert set(Answer.objects.values_list("outcome", flat=True)) == {"failed"}


def test_addresses_inside_are_reached_only_where_the_document_answers_for_them(service, starters):
    port = service.server_address[1]
    _put(service, inside=False, url=f"https://127.0.0.1:{port}/find")
    _person(1)
    told = run_asking(ENGINE, "house")
    assert (told["failed"], service.asked) == (1, [])
    row = Answer.objects.get()
    assert (row.cost, "private network" in row.why) == (0, True)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"connector": "none"}, "/connector"),
        ({"gives": {"email": "mail"}}, "/gives/email"),
        ({"price": "2.00"}, "/money_per_day"),
    ],
)
def test_a_document_that_cannot_work_is_refused(service, change, pointer):
    with pytest.raises(MaropsError) as refused:
        draft(actor=ENGINE, kind="provider", slug="house", document=_document(service, **change))
    assert [one.pointer for one in refused.value.errors] == [pointer]


def test_answers_are_read_only_where_they_are_values(service):
    how = Provider.model_validate(_document(service))
    assert cleaned(how, {"firm": {"sector": {"x": 1}, "staff": ["many"]}, "country": "Atlantis"}) == {}
    assert cleaned(how, [1]) == cleaned(how, None) == {}
