from typing import Any

import pytest
from tests.cast import Cast

from marops.domains.policy import public
from marops.domains.policy.models import AiAct, AiDraft
from marops.domains.policy.queries.overrides import overrides
from marops.domains.policy.tests.test_policy_drafts import READ, hand_in, refused
from marops.domains.policy.tests.test_policy_gate import ai as ai  # noqa: PLC0414  # the fixture
from marops.domains.policy.tests.test_policy_gate import draft, policy, use
from marops.kernel import definitions
from marops.kernel.clock import now
from marops.kernel.models import Job


@pytest.fixture
def waits(ai: Any) -> public.Proposed:
    policy(READ % 1)
    use(content=["words", "records"], discloses=True, disclosure="Written with the help of AI.")
    return hand_in(ai)


@pytest.mark.django_db
def test_a_reader_opens_what_waits_and_approves_exactly_that(cast: Cast, waits: public.Proposed) -> None:
    hanna = cast.client("hanna")
    page = hanna.get("/policy/waiting").content.decode()
    assert "1 draft of AI waits for you." in page
    assert "Invitation for June" in page
    page = hanna.get(f"/policy/waiting/{waits.id}").content.decode()
    assert "harbour festival" in page
    assert "Written with the help of AI." in page
    assert "It waits for one more reader" in page
    send = {"do": "approve", "sha256": "0" * 64}
    moved = hanna.post(f"/policy/waiting/{waits.id}/word", send)
    assert moved.status_code == 422
    assert "not the one that was read" in moved.content.decode() or "says something else" in moved.content.decode()
    without = hanna.post(f"/policy/waiting/{waits.id}/word", {"do": "decline", "sha256": waits.sha256})
    assert without.status_code == 422
    done = hanna.post(f"/policy/waiting/{waits.id}/word", {"do": "approve", "sha256": waits.sha256})
    assert done.status_code == 302
    assert AiDraft.objects.get().state == "approved"
    assert "No draft of AI waits for you." in hanna.get("/policy/waiting").content.decode()


@pytest.mark.django_db
def test_a_change_on_the_page_is_a_new_draft_whose_difference_is_shown(cast: Cast, waits: public.Proposed) -> None:
    hanna = cast.client("hanna")
    same = hanna.post(f"/policy/waiting/{waits.id}/edit", {"text": "Dear reader, the harbour festival is in June."})
    assert same.url.endswith(str(waits.id)), "nothing changed, so nothing is new"
    answer = hanna.post(f"/policy/waiting/{waits.id}/edit", {"text": "Dear reader,\r\nit is in July."})
    assert answer.status_code == 302
    page = hanna.get(answer.url).content.decode()
    assert "<del>Dear reader, the harbour festival is in June.</del>" in page
    assert "<ins>it is in July.</ins>" in page
    assert AiDraft.objects.latest("id").content["text"] == "Dear reader,\nit is in July."
    assert hanna.post(f"/policy/waiting/{waits.id}/edit", {"text": ""}).status_code == 422
    assert hanna.post(f"{answer.url}/withdraw").status_code == 302
    assert "It was taken back." in hanna.get(answer.url).content.decode()


@pytest.mark.django_db
def test_what_an_ai_would_do_is_changed_as_json(cast: Cast, ai: Any, waits: public.Proposed) -> None:
    act = {"action": "definition.draft", "arguments": {"kind": "calendar", "slug": "w", "document": {"title": "<b>"}}}
    found = hand_in(ai, act, kind="act", title="<script>alert(1)</script>")
    hanna = cast.client("hanna")
    page = hanna.get(f"/policy/waiting/{found.id}").content.decode()
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page
    for text in ("{", "[]", '{"action": "no.such"}'):
        answer = hanna.post(f"/policy/waiting/{found.id}/edit", {"content_json": text})
        assert answer.status_code == 422, text


@pytest.mark.django_db
def test_the_trail_shows_acts_with_their_reasons_and_starts_proof_and_evidence(
    cast: Cast, ai: Any, waits: public.Proposed
) -> None:
    refused("gate-refused", draft, ai)
    hanna = cast.client("hanna")
    page = hanna.get("/policy/trail?verdict=waits").content.decode()
    assert "It needs one reviewer" in page
    assert "waited for people 2 times" in page
    assert "No act of that kind" in hanna.get("/policy/trail?verdict=no").content.decode()
    assert hanna.get("/policy/trail?verdict=nonsense&after=nonsense").status_code == 422
    act = AiAct.objects.order_by("at").first()
    assert act
    told = hanna.get(f"/policy/trail/{act.id}").content.decode()
    assert "had to wait for people" in told
    assert f"/policy/waiting/{waits.id}" in told
    assert hanna.post("/policy/trail/verify").status_code == 302
    assert hanna.post("/policy/trail/verify").status_code == 302
    assert Job.objects.filter(kind="ai.verify").count() == 1, "one at a time"
    assert "is being verified" in hanna.get("/policy/trail").content.decode()
    wrong = hanna.post("/policy/trail/evidence", {"since": "2026-05-02", "until": "2026-05-01"})
    assert wrong.status_code == 422
    assert "ends before it begins" in wrong.content.decode()
    assert hanna.post("/policy/trail/evidence", {"since": "2026-05-01"}).status_code == 302
    assert Job.objects.get(kind="ai.evidence").title == "Gather the evidence of AI from 2026-05-01"


@pytest.mark.django_db
def test_what_people_override_is_counted(cast: Cast, ai: Any, waits: public.Proposed) -> None:
    began = now()
    later = public.edit(cast.actor("hanna"), waits.id, {"text": "Better"})
    public.decide(cast.actor("vera"), later.id, later.sha256, False, "still wrong")
    document = {"title": "W", "hours": {"mon": [["09:00", "17:00"]]}}
    row = definitions.draft(actor=cast.actor("hanna"), kind="calendar", slug="w", document=document)
    use(actions=["draft", "publish"], content=["words"])
    refused("gate-refused", definitions.activate, actor=ai, ref=row.pinned)
    assert overrides(began) == {"changed": 1, "declined": 1, "done_anyway": 0}
    definitions.activate(actor=cast.actor("vera"), ref=row.pinned)
    assert overrides(began)["done_anyway"] == 1
    assert overrides(now())["done_anyway"] == 0


@pytest.mark.django_db
def test_drafts_acts_proof_and_evidence_over_rest(cast: Cast, waits: public.Proposed) -> None:
    hanna, path = cast.client("hanna"), f"/api/v1/ai/drafts/{waits.id}"
    post = lambda path, **body: hanna.post(path, body, content_type="application/json")  # noqa: E731
    assert [one["id"] for one in hanna.get("/api/v1/ai/drafts").json()["items"]] == [str(waits.id)]
    edited = post(f"{path}/edit", content={"text": "Better"}).json()
    assert (edited["edited_from"], edited["state"]) == (str(waits.id), "waiting")
    later = f"/api/v1/ai/drafts/{edited['id']}"
    assert post(f"{later}/approve", sha256="0" * 64).json()["type"].endswith("draft-moved")
    assert post(f"{later}/approve", sha256=edited["sha256"]).json()["state"] == "approved"
    assert post(f"{later}/decline", sha256=edited["sha256"], why="x").status_code == 409
    assert post(f"{later}/withdraw").json()["state"] == "withdrawn"
    (one,) = hanna.get("/api/v1/ai/acts").json()["items"]
    act = hanna.get(f"/api/v1/ai/acts/{one['id']}").json()
    assert (act["draft"], act["missing"]) == (str(waits.id), {"review": 1, "disclosed": True})
    assert post("/api/v1/ai/acts/verify").status_code == 202
    assert post("/api/v1/ai/evidence", since="2026-01-01").json()["job"].startswith("J-")
    assert post("/api/v1/ai/evidence", since="soon").status_code == 422
