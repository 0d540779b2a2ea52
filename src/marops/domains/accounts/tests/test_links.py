import re
import time
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from tests.cast import Cast

from marops.domains.accounts import actions
from marops.domains.accounts import mail as letters
from marops.domains.accounts.models import Account, OneTimeLink
from marops.domains.accounts.public import first_sign_in_link
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.models import Workspace

FIRST = {
    "name": "Ada Min",
    "email": "ada@northwind.example",
    "password": "a lantern in the harbour",
    "company": "Northwind",
    "zone": "Europe/London",
}


@pytest.mark.django_db
def test_the_first_administrator_comes_in_by_a_link_and_sets_up_the_workspace() -> None:
    link = first_sign_in_link()
    assert link is not None
    client = Client()
    assert client.get(link).status_code == 200
    assert client.post(link, FIRST)["Location"] == "/"
    ada = Account.objects.get()
    assert (ada.email, ada.name, ada.ref) == ("ada@northwind.example", "Ada Min", f"U-{ada.number}")
    assert Workspace.objects.get().zone == "Europe/London"
    assert client.get("/access/invite").status_code == 200
    assert first_sign_in_link() is None


@pytest.mark.django_db
def test_a_new_first_link_closes_the_one_before() -> None:
    old, new = first_sign_in_link(), first_sign_in_link()
    assert old is not None
    assert new is not None
    assert Client().get(old).status_code == 410
    assert Client().post(old, FIRST).status_code == 410
    assert Client().get(new).status_code == 200
    assert Account.objects.count() == 1


@pytest.mark.django_db
def test_a_link_works_once(cast: Cast) -> None:
    _account, secret = actions.invite(actor=cast.actor("ada"), email="new@x.example", name="New", roles=[])
    given = {"name": "Newt Own", "password": "a lantern in the harbour"}
    assert Client().post(f"/welcome/{secret}", given).status_code == 302
    assert Client().post(f"/welcome/{secret}", given).status_code == 410
    assert Account.objects.get(email="new@x.example").name == "Newt Own"


@pytest.mark.django_db
def test_a_link_runs_out(cast: Cast) -> None:
    secret = actions.make_link(actor=cast.actor("ada"), account_id=cast.hanna.id)
    with time_machine.travel(now() + timedelta(hours=3)):
        assert Client().get(f"/welcome/{secret}").status_code == 410
        with pytest.raises(MaropsError, match="does not open anything"):
            actions.arrive(actor=cast.actor("hanna"), secret=secret, password="x" * 20)


@pytest.mark.django_db
def test_only_a_hash_of_a_link_is_kept(cast: Cast) -> None:
    secret = actions.make_link(actor=cast.actor("ada"), account_id=cast.hanna.id)
    assert len(secret) >= 43
    assert secret not in str(list(OneTimeLink.objects.values()))


@pytest.mark.django_db
def test_a_reset_ends_all_sessions(cast: Cast) -> None:
    before = cast.client("hanna")
    secret = actions.make_link(actor=cast.actor("ada"), account_id=cast.hanna.id)
    fresh = Client()
    assert fresh.post(f"/welcome/{secret}", {"password": "another lantern entirely"}).status_code == 302
    assert before.get("/").status_code == 302
    assert fresh.get("/").status_code == 200


@pytest.mark.django_db
def test_locking_out_closes_links(cast: Cast) -> None:
    secret = actions.make_link(actor=cast.actor("ada"), account_id=cast.hanna.id)
    actions.deactivate(actor=cast.actor("ada"), account_id=cast.hanna.id)
    assert Client().get(f"/welcome/{secret}").status_code == 410
    with pytest.raises(MaropsError, match="Let this person in again first"):
        actions.make_link(actor=cast.actor("ada"), account_id=cast.hanna.id)


def without_csrf(page: bytes) -> bytes:
    return re.sub(rb'"x-csrftoken": "\w+"', b"", page)


def _mails_by_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from marops.kernel.config import config

    given = replace(config(), mail_url="memory:")
    monkeypatch.setattr(letters, "config", lambda: given)


def _wait_for_mail() -> None:
    for _ in range(50):
        if mail.outbox:
            return
        time.sleep(0.02)


@pytest.mark.django_db
def test_a_forgotten_password_comes_by_mail(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _mails_by_memory(monkeypatch)
    known = Client().post("/forgot", {"email": "Hanna@northwind.example"})
    _wait_for_mail()
    unknown = Client().post("/forgot", {"email": "who@nowhere.example"})
    assert known.status_code == unknown.status_code == 200
    assert without_csrf(known.content) == without_csrf(unknown.content)
    assert [message.to for message in mail.outbox] == [["hanna@northwind.example"]]
    link = next(word for word in mail.outbox[0].body.split() if "/welcome/" in word)
    assert Client().get(link[link.index("/welcome/") :]).status_code == 200


@pytest.mark.django_db
def test_without_mail_the_page_says_whom_to_ask(cast: Cast) -> None:
    assert b"Ask an administrator" in Client().get("/forgot").content
    assert Client().post("/forgot", {"email": "hanna@northwind.example"}).status_code == 200
    assert not OneTimeLink.objects.exists()


@pytest.mark.django_db
def test_an_invitation_shows_its_link_once_where_no_mail_goes_out(cast: Cast) -> None:
    given = {"email": "new@x.example", "name": "New One", "roles": ["mops_coordinator"], "manager": "", "unit": "South"}
    answer = cast.client("ada").post("/access/invite", given)
    assert answer.status_code == 200
    assert b"/welcome/" in answer.content
    made = Account.objects.get(email="new@x.example")
    assert made.desk == "mops_coordinator"
    assert (made.unit, list(made.roles.values_list("role", flat=True))) == ("South", ["mops_coordinator"])
    again = cast.client("ada").post("/access/invite", given)
    assert again.status_code == 422
    assert b"Somebody has an account under this address already" in again.content


@pytest.mark.parametrize(
    ("url", "backend", "arguments"),
    [
        ("smtp://mx.example", "smtp", {"port": 25, "use_tls": False, "use_ssl": False}),
        ("smtp://me:s%40fe@mx.example", "smtp", {"port": 587, "use_tls": True, "password": "s@fe"}),
        ("smtps://me:x@mx.example", "smtp", {"port": 465, "use_ssl": True, "use_tls": False}),
        ("file:///var/mail/out", "filebased", {"file_path": "/var/mail/out"}),
        ("console:", "console", {}),
    ],
)
def test_mail_servers_are_named_by_one_address(url: str, backend: str, arguments: dict[str, object]) -> None:
    name, given = letters.backend_of(url)
    assert name == f"django.core.mail.backends.{backend}.EmailBackend"
    assert arguments.items() <= given.items()


def test_an_unknown_mail_address_is_refused() -> None:
    with pytest.raises(MaropsError):
        letters.backend_of("carrier-pigeon://roof")
