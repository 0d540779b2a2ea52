from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from tests.cast import PASSWORD, Cast

from marops.domains.accounts import actions
from marops.domains.accounts.models import SignInAttempt
from marops.domains.accounts.rules import wait_before
from marops.kernel.clock import now
from marops.kernel.models import AuditRow

HANNA = "hanna@northwind.example"


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str):
    return client.post("/sign-in", {"email": email, "password": password, **more})


@pytest.mark.django_db
def test_address_and_password_let_somebody_in(cast: Cast) -> None:
    client = Client()
    assert sign_in(client, "HANNA@northwind.example").status_code == 302
    assert client.get("/").status_code == 200
    assert AuditRow.objects.filter(action="account.sign_in", actor_id=str(cast.hanna.id)).count() == 1


@pytest.mark.django_db
def test_wrong_unknown_and_locked_out_get_the_same_answer(cast: Cast) -> None:
    actions.deactivate(actor=cast.actor("ada"), account_id=cast.dylan.id)
    tries = [(HANNA, "wrong"), ("who@nowhere.example", "wrong"), ("dylan@northwind.example", PASSWORD)]
    answers = []
    for email, password in tries:
        answer = sign_in(Client(), email, password)
        assert answer.status_code == 422
        answers.append(answer.content.decode().replace(email, "").split("csrfmiddlewaretoken")[-1].split(">", 1)[1])
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.django_db
def test_guessing_is_slowed_down_for_known_and_unknown_addresses(cast: Cast) -> None:
    for email in (HANNA, "who@nowhere.example"):
        with time_machine.travel(now(), tick=False) as clock:
            for _ in range(5):
                assert sign_in(Client(), email, "wrong").status_code == 422
            refused = sign_in(Client(), email)
            assert refused.status_code == 429
            assert b"Try again in 3 seconds" in refused.content
            clock.shift(timedelta(seconds=3))
            assert sign_in(Client(), email, "wrong").status_code == 422
            assert sign_in(Client(), email).status_code == 429
            clock.shift(timedelta(minutes=16))


@pytest.mark.django_db
def test_a_good_sign_in_forgets_the_failures_of_that_address(cast: Cast) -> None:
    for _ in range(4):
        sign_in(Client(), HANNA, "wrong")
    assert sign_in(Client(), HANNA).status_code == 302
    for _ in range(4):
        assert sign_in(Client(), HANNA, "wrong").status_code == 422
    assert sign_in(Client(), HANNA).status_code == 302


@pytest.mark.django_db
def test_what_is_kept_of_a_failure_is_no_address(cast: Cast) -> None:
    sign_in(Client(), HANNA, "wrong")
    rows = list(SignInAttempt.objects.values_list("who_sha256", flat=True))
    assert len(rows) == 2
    assert all(len(row) == 64 and "@" not in row for row in rows)


def test_the_wait_doubles_and_ends() -> None:
    at = now()
    assert wait_before([at] * 4, at) == timedelta(0)
    assert [wait_before([at] * count, at).total_seconds() for count in (5, 6, 7, 20)] == [2, 4, 8, 300]
    assert wait_before([at - timedelta(minutes=16)] * 50, at) == timedelta(0)


@pytest.mark.django_db
@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "evil"])
def test_signing_in_never_leads_outside(cast: Cast, next_: str) -> None:
    assert sign_in(Client(), HANNA, next=next_)["Location"] == "/"


@pytest.mark.django_db
def test_signing_in_leads_back_to_the_page_that_was_wanted(cast: Cast) -> None:
    client = Client()
    assert client.get("/jobs?state=done")["Location"] == "/sign-in?next=%2Fjobs%3Fstate%3Ddone"
    assert sign_in(client, HANNA, next="/jobs?state=done")["Location"] == "/jobs?state=done"


@pytest.mark.django_db
def test_signing_out_is_a_post(cast: Cast) -> None:
    client = cast.client("hanna")
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 302
    assert client.get("/").status_code == 302


@pytest.mark.django_db
def test_being_locked_out_ends_sessions_at_once(cast: Cast) -> None:
    client = cast.client("hanna")
    actions.deactivate(actor=cast.actor("ada"), account_id=cast.hanna.id)
    assert client.get("/").status_code == 302


@pytest.mark.django_db
def test_a_password_change_ends_the_other_sessions_and_keeps_this_one(cast: Cast) -> None:
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        sign_in(client, HANNA)
    given = {"old_password": PASSWORD, "password": "another lantern entirely"}
    assert here.post("/account/password", given).status_code == 302
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"old_password": "wrong", "password": "another lantern entirely"}, b"not your present password"),
        ({"old_password": PASSWORD, "password": "short"}, b"too short"),
        ({"old_password": PASSWORD, "password": "password123"}, b"too common"),
        ({"old_password": PASSWORD, "password": "Hanna Lindqvist"}, b"too similar"),
    ],
)
def test_bad_passwords_are_refused_in_place(cast: Cast, given: dict[str, str], said: bytes) -> None:
    answer = cast.client("hanna").post("/account/password", given)
    assert answer.status_code == 422
    assert said in answer.content


@pytest.mark.django_db
def test_people_keep_their_own_settings_and_nobody_elses(cast: Cast) -> None:
    given = {"name": "Hanna L.", "zone": "Asia/Tokyo", "language": "en-gb", "theme": "dark", "desk": "mops_manager"}
    client = cast.client("hanna")
    answer = client.post("/account", given)
    assert answer.status_code == 302
    assert answer.cookies["marops_theme"].value == "dark"
    cast.hanna.refresh_from_db()
    assert (cast.hanna.name, cast.hanna.zone, cast.hanna.theme) == ("Hanna L.", "Asia/Tokyo", "dark")
    assert b"JST" in client.get("/").content
    assert client.post("/account", given | {"zone": "Mars/Olympus"}).status_code == 422
