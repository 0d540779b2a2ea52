import hashlib
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from tests.cast import Cast

from marops.domains.accounts import actions
from marops.domains.accounts.models import Token
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError


def make(cast: Cast, name: str = "hanna", rights: tuple[str, ...] = ("accounts.view",), days: int = 30) -> str:
    return actions.make_token(actor=cast.actor(name), name="Nightly", rights_asked=list(rights), days=days)[1]


def get(secret: str, path: str = "/api/v1/people", client: Client | None = None):
    return (client or Client()).get(path, headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.django_db
def test_a_key_acts_for_its_person(cast: Cast) -> None:
    answer = get(make(cast), "/api/v1/me").json()
    assert answer["person"]["email"] == "hanna@northwind.example"
    assert answer["rights"] == {"accounts.view": "all"}


@pytest.mark.django_db
def test_only_a_hash_is_kept(cast: Cast) -> None:
    secret = make(cast)
    row = Token.objects.get()
    assert row.token_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert row.prefix == secret[:10]
    assert len(secret) >= 4 + 43
    assert secret not in str(Token.objects.values().get())


@pytest.mark.django_db
def test_a_key_has_no_more_than_the_rights_it_was_given(cast: Cast) -> None:
    secret = make(cast, "ada", ("accounts.view",))
    assert get(secret).status_code == 200
    refused = get(secret, "/api/v1/jobs")
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("/not-allowed")
    body = {"email": "x@y.example", "name": "X", "roles": []}
    posted = Client().post(
        "/api/v1/people", body, content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
    )
    assert posted.status_code == 403


@pytest.mark.django_db
def test_the_limit_of_a_key_ends_with_its_request(cast: Cast) -> None:
    client = cast.client("ada")
    get(make(cast, "ada", ("accounts.view",)), client=client)
    assert client.get("/api/v1/jobs").status_code == 200


@pytest.mark.django_db
def test_a_key_loses_what_its_person_loses(cast: Cast) -> None:
    secret = make(cast)
    actions.give_roles(actor=cast.actor("ada"), account_id=cast.hanna.id, roles=[])
    assert get(secret).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["revoked", "run out", "locked out", "mistyped", "by another header"])
def test_keys_that_open_nothing(cast: Cast, how: str) -> None:
    secret, at = make(cast), now()
    token = Token.objects.get()
    if how == "revoked":
        actions.revoke_token(actor=cast.actor("hanna"), token_id=token.id)
    elif how == "locked out":
        actions.deactivate(actor=cast.actor("ada"), account_id=cast.hanna.id)
    elif how == "run out":
        at += timedelta(days=31)
    elif how == "mistyped":
        secret = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    with time_machine.travel(at):
        answer = Client().get("/api/v1/people", headers={"X-Key": secret}) if "header" in how else get(secret)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_a_wrong_key_is_refused_beside_a_good_session(cast: Cast) -> None:
    assert get("mrp_nonsense", client=cast.client("hanna")).status_code == 401


@pytest.mark.django_db
def test_a_key_opens_no_page(cast: Cast) -> None:
    assert get(make(cast), "/access").status_code == 302


@pytest.mark.django_db
def test_nobody_gives_a_key_what_they_do_not_hold(cast: Cast) -> None:
    for rights in (["accounts.manage"], ["no.such"]):
        with pytest.raises(MaropsError) as refused:
            actions.make_token(actor=cast.actor("hanna"), name="x", rights_asked=rights, days=30)
        assert refused.value.code == "invalid"
    with pytest.raises(MaropsError):
        actions.make_token(actor=cast.actor("hanna"), name="x", rights_asked=["jobs.view"], days=400)


@pytest.mark.django_db
def test_a_key_makes_no_bigger_key(cast: Cast) -> None:
    secret = make(cast, "ada", ("tokens.make", "accounts.view"))
    body = {"name": "bigger", "rights": ["accounts.manage"], "days": 30}
    answer = Client().post(
        "/api/v1/tokens", body, content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 422
    assert Token.objects.count() == 1


@pytest.mark.django_db
def test_use_is_noted_now_and_then(cast: Cast) -> None:
    secret, began = make(cast), now()
    for minutes, noted in ((0, 0), (2, 0), (6, 6)):
        with time_machine.travel(began + timedelta(minutes=minutes), tick=False):
            get(secret)
        assert Token.objects.get().last_used_at == pytest.approx(
            began + timedelta(minutes=noted), abs=timedelta(seconds=1)
        )


@pytest.mark.django_db
def test_the_page_shows_a_new_key_once(cast: Cast) -> None:
    client = cast.client("hanna")
    made = client.post("/account/tokens", {"name": "Nightly", "rights": ["jobs.view"], "days": "30"})
    assert made.status_code == 200
    assert b"mrp_" in made.content
    assert made["Cache-Control"].startswith("max-age=0") or "no-store" in made["Cache-Control"]
    secret_start = Token.objects.get().prefix.encode()
    again = client.get("/account/tokens").content
    assert secret_start in again
    assert again.count(b"mrp_") == 1


@pytest.mark.django_db
def test_keys_of_others_cannot_be_revoked_except_by_those_who_manage_access(cast: Cast) -> None:
    make(cast)
    token = Token.objects.get()
    with pytest.raises(MaropsError):
        actions.revoke_token(actor=cast.actor("tomasz"), token_id=token.id)
    assert actions.revoke_token(actor=cast.actor("ada"), token_id=token.id).revoked_at
