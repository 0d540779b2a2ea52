import csv
import json
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from benchmarks.trials.tracing import tried
from tests.cast import Cast
from typer.testing import CliRunner

from marops.domains.contacts.public import Contact, Identity
from marops.domains.routing.queries.complaints import Asked, leads_named, trace
from marops.kernel.actors import SETUP
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.models import FactInbox

pytestmark = pytest.mark.django_db(transaction=True)
END = datetime(2026, 7, 1, tzinfo=UTC)
BEGIN = END - timedelta(days=80)


@pytest.mark.parametrize("seed", [1, 7, 23, 42])
def test_the_planted_fault_of_a_made_up_company_comes_first(seed: int) -> None:
    told = tried(seed)
    assert (told["rank"], told["first"], told["sure"]) == (1, told["planted"], True)


def lead(number: int, source: str, said: str, reason: str = "") -> Contact:
    one = Contact.objects.create(
        id=new_id(), number=number, full_name=f"P {number}", source=source, email=f"p{number}@x.example"
    )
    Identity.objects.create(contact=one, kind="email", value=one.email)
    handed = BEGIN + timedelta(days=number % 60)
    facts = [("lead.routed", handed, {"rule": "all", "owner": str(new_id()), "cause": "route"}),
             (f"lead.{said}", handed + timedelta(days=2), {"reason": reason} if reason else {})]  # fmt: skip
    for kind, at, properties in facts:
        FactInbox.objects.create(id=new_id(), kind=kind, contact_id=one.id, occurred_at=at, recorded_at=at,
                                 actor_type="system", actor_id="t", properties=properties)  # fmt: skip
    return one


@pytest.fixture
def two_sources(engine: Any, starters: Any) -> list[Contact]:
    """Eighty leads: of the bought ones sales rejects nearly all, of the others one in four."""
    bought = [lead(n, "bought", "accepted" if n % 10 == 0 else "rejected", "no_need") for n in range(1, 41)]
    others = [lead(n, "webinar", "rejected" if n % 4 == 0 else "accepted", "no_budget") for n in range(41, 81)]
    return [*bought, *others]


def test_a_trace_answers_in_three_parts_with_what_it_would_change(two_sources: list[Contact]) -> None:
    told = trace(SETUP, Asked(BEGIN, END))
    first = told["causes"][0]
    assert (told["leads"], told["control"]) == (46, 34)
    assert (first["cause"], first["leads"], first["sure"], first["part"]) == ("source:bought", 36, True, "audience")
    assert first["low"] <= first["excess"] <= first["high"]
    assert first["low"] > 0
    assert first["share"] == pytest.approx(36 / 46, abs=1e-4)
    last = told["causes"][-1]
    assert (last["cause"], last["leads"]) == ("unexplained", 10)
    assert told["answer"].startswith("They came from “bought”: 78% of the 46 leads")
    assert told["quality"]["reasons"][0] | {"share": 0} == {
        "value": "no_need", "says": "No need", "leads": 36, "share": 0
    }  # fmt: skip
    assert told["routing"]["rules"] == [{"value": "all", "leads": 46, "share": 1.0}]
    proposal = told["proposal"]
    assert (proposal["moved"], proposal["saved"], proposal["lost"]) == (40, 36, 4)
    assert proposal["saved_share"]["low"] < 0.9 < proposal["saved_share"]["high"]


def test_of_too_few_leads_it_says_so(two_sources: list[Contact]) -> None:
    few = [str(one.id) for one in two_sources[:4]]
    told = trace(SETUP, Asked(BEGIN, END, few))
    assert not told["enough"]
    assert told["proposal"] is None
    assert "too few to tell" in told["answer"]
    assert [one["cause"] for one in told["causes"]] == ["unexplained"]


def test_a_file_names_the_leads_and_rows_that_name_nobody_are_told(
    two_sources: list[Contact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from marops.cli import main
    from marops.cli import trace as module

    monkeypatch.setattr(module, "installation", lambda **_: nullcontext())
    file = tmp_path / "bad.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([["Email"], *([one.email] for one in two_sources[:30]), ["nobody@x.example"]])
    said = CliRunner().invoke(
        main.app, ["trace", str(file), "--since", "2026-04-01", "--until", "2026-07-01", "--json"]
    )
    told = json.loads(said.stdout)
    assert (told["leads"], told["causes"][0]["cause"]) == (30, "source:bought")
    assert [one["row"] for one in told["unknown"]] == [32]
    assert CliRunner().invoke(main.app, ["trace"]).exit_code == 2
    assert "What we change" in CliRunner().invoke(
        main.app, ["trace", "--rejected", "--since", "2026-04-01", "--until", "2026-07-01"]
    ).stdout  # fmt: skip


def test_references_of_every_kind_name_leads(two_sources: list[Contact]) -> None:
    one = two_sources[0]
    told = leads_named([one.ref, str(one.id), str(one.email), "L-999999", ""])
    assert [who for _ref, who in told] == [str(one.id)] * 3 + [None, None]


def test_nobody_traces_leads_they_may_not_see(two_sources: list[Contact], cast: Cast) -> None:
    with pytest.raises(MaropsError):
        trace(cast.actor("nils"), Asked(BEGIN, END))
    assert trace(cast.actor("hanna"), Asked(BEGIN, END))["leads"] == 46
    assert trace(cast.actor("selma"), Asked(BEGIN, END))["leads"] <= 46


def test_the_page_answers_and_its_numbers_lead_to_the_leads(two_sources: list[Contact], cast: Cast) -> None:
    client = cast.client("hanna")
    shown = client.get("/trace?since=2026-04-01&until=2026-06-30").content.decode()
    assert "They came from “bought”: 78% of the 46 leads" in shown
    assert "What we change this quarter" in shown
    assert 'href="/trace/leads?since=2026-04-01&amp;cause=source%3Abought&amp;until=2026-06-30"' in shown
    behind = client.get("/trace/leads?since=2026-04-01&until=2026-06-30&cause=source:bought").content.decode()
    assert "36 leads that sales rejected" in behind
    assert behind.count('data-href="/leads/L-') == 36
    rest = client.get("/trace/leads?since=2026-04-01&until=2026-06-30&cause=unexplained").content.decode()
    assert rest.count('data-href="/leads/L-') == 10
    named = client.post("/trace", {"since": "2026-04-01", "until": "2026-06-30", "leads": "L-1 L-2 L-999999"})
    assert "These name no lead: L-999999" in named.content.decode()
    assert "too few to tell" in named.content.decode()
    assert client.get("/trace?since=2026-07-01&until=2026-06-01").status_code == 422
    told = client.post("/api/v1/trace", {"since": "2026-04-01", "until": "2026-07-01"}, content_type="application/json")
    assert told.json()["causes"][0]["cause"] == "source:bought"
