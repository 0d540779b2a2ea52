import re
from typing import Any

import pytest
from tests.cast import Cast
from typer.testing import CliRunner

from marops.domains.contacts.jobs import run_matching
from marops.domains.contacts.models import Contact, MatchPair, Merge
from marops.domains.contacts.tests.test_matching import crowd, pair_of, person
from marops.kernel.actors import SETUP
from marops.kernel.definitions import activate, versions
from marops.kernel.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def searched(starters: Any) -> list[tuple[Contact, Contact]]:
    again = crowd()
    run_matching(SETUP, "person")
    return again


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_an_empty_workspace_is_taught_and_a_search_is_one_button(cast: Cast) -> None:
    client = cast.client("samuel")
    assert "Nobody searched yet" in text(client.get("/duplicates"))
    assert client.post("/duplicates/search", {"of": "person"}).status_code == 302
    job = Job.objects.get()
    assert (job.kind, job.arguments) == ("contacts.match", {"of": "person", "again": False})
    assert "A search is at work" in text(client.get("/duplicates"))


def test_the_page_says_how_many_pairs_there_are_and_how_many_of_them_are_right(searched: Any, cast: Cast) -> None:
    shown = text(cast.client("samuel").get("/duplicates"))
    assert f"{len(searched)} pairs are surely one" in shown
    assert re.search(r"surely one from 90% 30 (9\d|100)\.\d%", shown)
    assert searched[0][0].full_name in shown
    assert "What was learnt from these records is a draft" in shown


def test_pairs_are_decided_one_after_the_other_and_the_last_word_is_taken_back(
    searched: list[tuple[Contact, Contact]], cast: Cast
) -> None:
    client, row = cast.client("samuel"), pair_of(*searched[0])
    shown = client.get(f"/duplicates/pairs?pair={row.id}").content.decode()
    assert "They are one" in shown
    assert 'data-key="s"' in shown
    assert shown.count("differs") >= 2

    said = client.post("/duplicates/pairs/decide", {"of": "person", "pair": str(row.id), "word": "one"})
    done = Merge.objects.get()
    assert f"undo={done.id}&undo_kind=merge" in said["Location"]
    assert "Take the last word back" in client.get(said["Location"]).content.decode()
    back = client.post(
        "/duplicates/pairs/decide", {"of": "person", "pair": str(done.id), "word": "undo", "kind": "merge"}
    )
    assert back["Location"].endswith(f"pair={row.id}")
    assert MatchPair.objects.filter(id=row.id).exists()

    said = client.post("/duplicates/pairs/decide", {"of": "person", "pair": str(row.id), "word": "two"})
    assert MatchPair.objects.get(id=row.id).apart
    client.post("/duplicates/pairs/decide", {"of": "person", "pair": str(row.id), "word": "undo", "kind": "two"})
    assert not MatchPair.objects.get(id=row.id).apart
    later = client.post("/duplicates/pairs/decide", {"of": "person", "pair": str(row.id), "word": "later"})
    assert later["Location"].endswith(f"after={row.id}")
    assert client.post("/duplicates/pairs/decide", {"pair": "nonsense", "word": "one"}).status_code == 302


def test_a_lead_says_whom_it_may_be_to_those_who_may_join(searched: list[tuple[Contact, Contact]], cast: Cast) -> None:
    one, other = searched[0]
    shown = text(cast.client("samuel").get(f"/leads/{one.ref}"))
    assert re.search(rf"May be the same person as {other.ref} \((9\d|100)%\)", shown)
    assert "May be the same" not in text(cast.client("aoife").get(f"/leads/{one.ref}"))


def test_a_survivorship_rule_is_tried_on_real_pairs_before_it_is_kept(
    searched: list[tuple[Contact, Contact]], cast: Cast
) -> None:
    client, (one, other) = cast.client("samuel"), searched[0]
    asked = {"keep": "fullest", "values": "kept", "trust": "", "reason": "To see"}
    Contact.objects.filter(id=other.id).update(country="DE", job_title="Head", language="de", street="A 1", zone="UTC")
    tried = text(client.get("/duplicates/joining", asked))
    assert f"{other.ref} instead of {one.ref}" in tried
    assert len(versions("survivorship", "people")) == 1
    kept = client.post("/duplicates/joining", asked)
    assert kept["Location"].endswith("/definitions/survivorship/people/2")
    activate(actor=SETUP, ref="survivorship/people@2")
    assert "The one that says most stays" in text(client.get("/duplicates/joining"))
    assert client.post("/duplicates/joining", asked | {"keep": "nobody"}).status_code == 422


def test_over_rest_a_search_is_asked_for_and_pairs_are_decided(
    searched: list[tuple[Contact, Contact]], cast: Cast
) -> None:
    client = cast.client("samuel")
    told = client.get("/api/v1/duplicates").json()
    assert [(one["band"], one["pairs"]) for one in told["bands"]] == [("merge", len(searched)), ("review", 0)]
    first = client.get("/api/v1/duplicates/pairs?limit=2&band=merge").json()
    assert len(first["items"]) == 2
    again = client.get(f"/api/v1/duplicates/pairs?limit=2&band=merge&after={first['next']}").json()
    assert {one["id"] for one in again["items"]}.isdisjoint(one["id"] for one in first["items"])
    pair, other = first["items"]
    where = f"/api/v1/duplicates/pairs/{other['id']}"
    assert client.post(where, {"word": "two"}, content_type="application/json").json()["apart"]
    assert client.post(where, {"word": "two"}, content_type="application/json").status_code == 409
    assert not client.post(where, {"word": "open"}, content_type="application/json").json()["apart"]
    done = client.post(
        f"/api/v1/duplicates/pairs/{pair['id']}", {"word": "one"}, content_type="application/json"
    ).json()
    assert (done["kept"], done["gone"]) == (pair["keep"], pair["gone"])
    assert client.post("/api/v1/duplicates", {"of": "company"}, content_type="application/json").status_code == 202


def test_who_may_join_finds_pairs_on_the_desk_without_their_names(searched: Any, cast: Cast) -> None:
    from marops.domains.contacts.desk import twice
    from marops.kernel.clock import now

    need = next(iter(twice(cast.actor("samuel"), now())))
    assert need.title == f"{len(searched)} pairs may be one person"
    assert list(twice(cast.actor("mina"), now())) == []


def test_the_command_searches_and_says_what_comes_next(searched: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    from marops.cli import dedupe, pairs
    from marops.cli.main import app

    for module in (dedupe, pairs):
        monkeypatch.setattr(module, "installation", lambda **_: nullcontext())
    person(700, given_name="Zoe", family_name="Only")
    done = CliRunner().invoke(app, ["dedupe"])
    assert done.exit_code == 0, done.output
    assert "surely one" in done.output
    assert "marops activate identity/people@" in done.output
    joined = CliRunner().invoke(app, ["dedupe", "--join", "--json"])
    assert '"joined": 30' in joined.output
    told = CliRunner().invoke(app, ["dedupe", "--review"])
    assert "Nothing is left to look at" in told.output
