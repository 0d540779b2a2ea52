from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.cast import Cast

from marops.domains.policy import public
from marops.domains.policy.desk import needs
from marops.domains.policy.models import AiAct
from marops.domains.policy.queries.samples import found_lately
from marops.domains.policy.rules.samples import SAMPLE, drawn
from marops.domains.policy.tests.test_policy_drafts import refused
from marops.domains.policy.tests.test_policy_gate import DRAFTS, draft, policy, use
from marops.domains.policy.tests.test_policy_gate import ai as ai  # noqa: PLC0414  # the fixture
from marops.kernel.clock import now
from marops.kernel.models import AuditPayload, AuditRow, Notice, Review

READERS: Mapping[str, Any] = {"roles": ["lead_db_admin"], "needed": 1}


def test_so_many_are_drawn_as_the_register_says_and_none_by_choice() -> None:
    ids = [uuid4() for _ in range(20_000)]
    assert abs(sum(drawn(one, 0.05) for one in ids) - 1_000) < 5 * 31  # five standard deviations
    assert not any(drawn(one, 0) for one in ids)
    assert all(drawn(one, 1) for one in ids)
    assert {one for one in ids if drawn(one, 0.05)} < {one for one in ids if drawn(one, 0.1)}


def done(ai: Any, when: str = "after", **review: Any) -> UUID:
    policy(DRAFTS)
    use(review={**READERS, "when": when, **review})
    draft(ai)
    return AiAct.objects.get().id


@pytest.mark.django_db
def test_what_was_done_waits_for_somebody_to_look_at_it(cast: Cast, ai: Any) -> None:
    act = done(ai)
    (waits,) = public.samples_waiting(cast.actor("samuel"))
    assert (waits["act"], waits["state"], waits["may_look"], waits["for_name"]) == (
        str(act), "waiting", True, "Priya Raman"
    )  # fmt: skip
    assert AuditRow.objects.get(object_type="ai_act").counts["sampled"] == 1
    assert public.samples_waiting(cast.actor("aoife")) == []
    refused("not-found", public.look, cast.actor("aoife"), act, True)
    refused("not-allowed", public.look, cast.actor("hanna"), act, True)
    refused("invalid", public.look, cast.actor("samuel"), act, False)
    refused("not-allowed", public.look, ai, act, True)
    told = public.look(cast.actor("samuel"), act, False, "Tuesday is a holiday.")
    assert (told["state"], told["decisions"][0]["name"]) == ("wrong", "Samuel Adeyemi")
    assert "Tuesday is a holiday." in Notice.objects.get(account_id=cast.priya.id).text
    noted = AuditRow.objects.get(object_type=SAMPLE)
    assert AuditPayload.objects.get(audit_id=noted.id).payload["after"]["approved"] is False
    refused("conflict", public.look, cast.actor("samuel"), act, True)
    found = found_lately()
    assert (found.waiting, found.looked, found.wrong) == (0, 1, 1)
    assert found.low == pytest.approx(1 / (1 + 1.959964**2))  # Wilson's lower end where all of one are wrong


@pytest.mark.django_db
def test_it_stands_on_the_desk_of_those_who_may_look_and_on_no_other(cast: Cast, ai: Any) -> None:
    done(ai)
    titles = {name: [one.title for one in needs(cast.actor(name), now())] for name in ("samuel", "hanna", "priya")}
    assert titles == {"samuel": ["A sample of what AI did is to be looked at"], "hanna": [], "priya": []}


@pytest.mark.django_db
def test_where_two_have_to_look_one_is_not_enough_and_nobody_looks_at_their_own(cast: Cast, ai: Any) -> None:
    act = done(ai, roles=[], needed=2)
    refused("four-eyes", public.look, cast.actor("priya"), act, True)
    for _again in range(2):
        assert public.look(cast.actor("hanna"), act, True)["state"] == "waiting"
    assert public.look(cast.actor("vera"), act, True)["state"] == "right"


@pytest.mark.django_db
@pytest.mark.parametrize(("when", "share"), [("before", 1.0), ("sample", 0.0)])
def test_nothing_is_drawn_where_the_register_does_not_ask(ai: Any, when: str, share: float) -> None:
    done(ai, when=when, sample=share, needed=0)
    assert not Review.objects.filter(subject_type=SAMPLE).exists()


@pytest.mark.django_db
def test_a_refusal_is_no_sample(ai: Any) -> None:
    use(review={**READERS, "when": "after"})
    refused("gate-refused", draft, ai)
    assert AiAct.objects.count() == 1
    assert not Review.objects.exists()


@pytest.mark.django_db
def test_over_the_page_and_rest_as_by_command(cast: Cast, ai: Any) -> None:
    act = done(ai)
    samuel = cast.client("samuel")
    page = samuel.get("/policy/waiting").content.decode()
    assert "1 sample is to be looked at" in page
    assert f"/policy/samples/{act}" in page
    assert "It is wrong" in samuel.get(f"/policy/samples/{act}").content.decode()
    answer = samuel.post(f"/policy/samples/{act}/word", {"do": "wrong", "why": ""})
    assert answer.status_code == 422
    assert "Say what is wrong with it" in answer.content.decode()
    assert [one["act"] for one in samuel.get("/api/v1/ai/samples").json()["items"]] == [str(act)]
    found = samuel.post(f"/api/v1/ai/samples/{act}", {"right": True}, content_type="application/json").json()
    assert (found["state"], found["may_look"], found["why_not"]) == ("right", False, "It was looked at already.")
    assert "1 looked at, of them wrong: 0" in cast.client("vera").get("/policy/desk").content.decode()


@pytest.mark.django_db
def test_evidence_holds_who_looked_and_tells_a_sample_that_was_left_out(cast: Cast, ai: Any, tmp_path: Any) -> None:
    from marops.domains.policy.tests.test_policy_trail import forged

    act = done(ai)
    public.look(cast.actor("samuel"), act, True)
    out = tmp_path / "e.zip"
    public.evidence_here(cast.actor("vera"), out)
    found = public.check_bundle(out)
    beside = "a definition is not one that the audit noted"  # those of a test came into force without an act
    assert ([one for one in found.findings if one["what"] != beside], found.reviews) == ([], 1)
    left_out = forged(out, "reviews.jsonl", lambda _data: b"")
    assert {"what": "a sample was left out", "where": f"act {act}"} in public.check_bundle(left_out).findings


@pytest.mark.django_db
def test_what_people_found_goes_with_the_act(ai: Any) -> None:
    from marops.domains.policy.actions.keeping import let_go
    from marops.kernel.actors import SETUP

    done(ai)
    let_go(actor=SETUP, words_before=None, acts_before=now())
    assert (AiAct.objects.count(), Review.objects.count()) == (0, 0)
