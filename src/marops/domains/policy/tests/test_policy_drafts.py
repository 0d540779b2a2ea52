from typing import Any

import pytest
from django.test import Client
from tests.cast import Cast

from marops.domains.accounts.actions import make_token
from marops.domains.policy import public
from marops.domains.policy.actions.drafts import MOST_WAITING
from marops.domains.policy.models import AiAct, AiDraft
from marops.domains.policy.queries.enforcing import _approvals
from marops.domains.policy.tests.test_policy_gate import ai as ai  # noqa: PLC0414  # the fixture
from marops.domains.policy.tests.test_policy_gate import policy, use
from marops.kernel import definitions
from marops.kernel.errors import MaropsError
from marops.kernel.gates import About, Question
from marops.kernel.models import Definition, Notice, Review, ReviewDecision

READ = 'permit (principal, action == Action::"draft", resource) when { context.review >= %d };'
WORDS = {"text": "Dear reader, the harbour festival is in June.", "language": "en", "media": "text/plain"}


def hand_in(actor: Any, content: dict[str, Any] | None = None, **other: Any) -> public.Proposed:
    given = {"kind": "text", "subject": "mail:june", "title": "Invitation for June", "content": content or WORDS}
    return public.propose(actor, **(given | other))


def refused(code: str, function: Any, *args: Any, **kwargs: Any) -> MaropsError:
    with pytest.raises(MaropsError) as error:
        function(*args, **kwargs)
    assert error.value.code == code
    return error.value


@pytest.mark.django_db
def test_a_draft_waits_for_the_reader_that_the_rules_ask_for(cast: Cast, ai: Any) -> None:
    policy(READ % 1)
    use(content=["words"])
    found = hand_in(ai, prompt="invite@3", tokens=812)
    assert (found.state, found.missing["needed"]) == ("waiting", 1)
    assert hand_in(ai).id == found.id, "the same again is the same draft"
    act = AiAct.objects.order_by("at").first()
    assert act
    assert (act.verdict, act.prompt, act.tokens, act.outputs_sha256) == ("waits", "invite@3", 812, found.sha256)
    hanna = cast.actor("hanna")
    (waits,) = public.waiting(hanna)
    assert waits["may_decide"]
    told = public.decide(hanna, found.id, found.sha256, True)
    assert (told["state"], told["approvals"], told["decisions"][0]["name"]) == ("approved", 1, "Hanna Lindqvist")
    assert public.draft(ai, found.id)["state"] == "approved"
    assert "approved" in Notice.objects.get(account_id=cast.priya.id).text
    refused("conflict", public.decide, hanna, found.id, found.sha256, False, "late")


@pytest.mark.django_db
def test_who_may_not_decide_is_told_why(cast: Cast, ai: Any) -> None:
    policy(READ % 2)
    use(content=["words"])
    found = hand_in(ai)
    assert found.missing["needed"] == 2
    refused("four-eyes", public.decide, cast.actor("priya"), found.id, found.sha256, True)
    refused("draft-moved", public.decide, cast.actor("hanna"), found.id, "0" * 64, True)
    refused("invalid", public.decide, cast.actor("hanna"), found.id, found.sha256, False)
    refused("not-found", public.decide, cast.actor("selma"), found.id, found.sha256, True)
    error = refused("gate-refused", public.decide, ai, found.id, found.sha256, True)
    assert "approves nothing" in str(error)
    assert public.decide(cast.actor("hanna"), found.id, found.sha256, True)["state"] == "waiting"
    assert public.decide(cast.actor("hanna"), found.id, found.sha256, True)["state"] == "waiting", "one is not two"
    assert public.decide(cast.actor("vera"), found.id, found.sha256, True)["state"] == "approved"


@pytest.mark.django_db
def test_the_roles_that_the_register_names_read_it(cast: Cast, ai: Any) -> None:
    policy(READ % 0)
    use(content=["words"], review={"roles": ["email_marketing_specialist"], "needed": 1})
    found = hand_in(ai)
    assert (found.state, found.missing["roles"]) == ("waiting", ["email_marketing_specialist"])
    error = refused("not-allowed", public.decide, cast.actor("hanna"), found.id, found.sha256, True)
    assert "email_marketing_specialist" in str(error)
    assert public.decide(cast.actor("aoife"), found.id, found.sha256, True)["state"] == "approved"


@pytest.mark.django_db
def test_a_key_decides_nothing_without_the_right_however_its_owner_may(cast: Cast, ai: Any) -> None:
    policy(READ % 1)
    use(content=["words"], review={"roles": ["mops_manager"], "needed": 1})
    found = hand_in(ai)
    for rights, status in ((["policy.view"], 403), (["policy.view", "policy.review"], 200)):
        key = make_token(actor=cast.actor("hanna"), name="k", rights_asked=rights, days=3)[1]
        done = Client().post(
            f"/api/v1/ai/drafts/{found.id}/approve", {"sha256": found.sha256}, content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )  # fmt: skip
        assert done.status_code == status, done.content


@pytest.mark.django_db
def test_an_edit_is_a_new_draft_and_voids_what_was_approved(cast: Cast, ai: Any) -> None:
    policy(READ % 2)
    use(content=["words"])
    found = hand_in(ai)
    public.decide(cast.actor("hanna"), found.id, found.sha256, True)
    later = public.edit(cast.actor("hanna"), found.id, WORDS | {"text": "Dear reader, it is in July."})
    assert (later.state, later.id != found.id) == ("waiting", True)
    told = public.draft(cast.actor("vera"), later.id)
    assert (told["approvals"], told["edited_from"], told["actor_name"]) == (0, str(found.id), "Hanna Lindqvist")
    assert Review.objects.get(id=AiDraft.objects.get(id=found.id).review_id).state == "void"
    refused("conflict", public.decide, cast.actor("vera"), found.id, found.sha256, True)
    refused("four-eyes", public.decide, cast.actor("hanna"), later.id, later.sha256, True)
    again = public.edit(ai, later.id, WORDS | {"text": "Dear reader, it is in August."})
    assert public.withdraw(ai, again.id, "no longer")["state"] == "withdrawn"


@pytest.mark.django_db
def test_what_is_free_is_approved_at_once_and_what_is_never_allowed_is_refused(cast: Cast, ai: Any) -> None:
    policy(READ % 0, 'forbid (principal, action, resource) when { context.audience == Audience::"minors" };')
    use(content=["words"], audience=["colleagues", "minors"])
    assert hand_in(ai, about=About(audience="colleagues")).state == "approved"
    refused("gate-refused", hand_in, ai, about=About(audience="minors"))
    assert list(AiAct.objects.order_by("at").values_list("verdict", flat=True)) == ["yes", "no"]
    refused("invalid", hand_in, cast.actor("hanna"))
    for content in ({"words": "x"}, {"text": ""}, {"text": "a\x00b"}, {"text": "\ud800"}):
        refused("invalid", hand_in, ai, content, about=About(audience="colleagues"))


@pytest.mark.django_db
def test_an_approved_act_passes_once_and_no_other(cast: Cast, ai: Any) -> None:
    policy('permit (principal, action == Action::"draft", resource);',
           'permit (principal, action == Action::"publish", resource) when { context.review >= 1 };')  # fmt: skip
    use(actions=["draft", "publish"])
    documents = [{"title": title, "hours": {"mon": [["09:00", "17:00"]]}} for title in ("One", "Two")]
    refs = [
        definitions.draft(actor=ai, kind="calendar", slug=f"c-{n}", document=one).pinned
        for n, one in enumerate(documents)
    ]
    refused("gate-refused", definitions.activate, actor=ai, ref=refs[0])
    act = {"action": "definition.activate", "arguments": {"ref": refs[0]}}
    found = hand_in(ai, act, kind="act", subject=refs[0], about=About(records=1))
    assert found.state == "waiting"
    refused("gate-refused", definitions.activate, actor=ai, ref=refs[0])
    public.decide(cast.actor("hanna"), found.id, found.sha256, True)
    refused("gate-refused", definitions.activate, actor=ai, ref=refs[1])
    assert definitions.activate(actor=ai, ref=refs[0]).state == "active"
    assert public.draft(ai, found.id)["state"] == "done"
    assert AiAct.objects.order_by("-at").first().review_id is not None
    definitions.retire(actor=cast.actor("hanna"), ref=refs[0])
    refused("gate-refused", definitions.activate, actor=ai, ref=refs[0])


@pytest.mark.django_db
def test_an_approved_definition_becomes_a_draft_by_the_ai(cast: Cast, ai: Any) -> None:
    policy(READ % 1)
    use()
    content = {
        "kind": "calendar",
        "slug": "weekdays",
        "document": {"title": "W", "hours": {"mon": [["09:00", "12:00"]]}},
    }
    refused("invalid", hand_in, ai, content | {"document": {"titel": "W"}}, kind="definition")
    found = hand_in(ai, content, kind="definition", about=About(records=1))
    refused("not-allowed", public.decide, cast.actor("mina"), found.id, found.sha256, True)
    told = public.decide(cast.actor("hanna"), found.id, found.sha256, True)
    assert (told["state"], told["outcome"]) == ("done", "calendar/weekdays@1")
    row = Definition.objects.get(slug="weekdays")
    assert (row.state, row.ai_use, row.author) == ("draft", "u-07", "assistant")


@pytest.mark.django_db
def test_who_changed_it_on_the_way_is_none_of_two_readers(cast: Cast, ai: Any) -> None:
    policy(READ % 2)
    use(content=["words"])
    found = hand_in(ai)
    first = public.edit(cast.actor("hanna"), found.id, WORDS | {"text": "Dear reader, it is in July."})
    second = public.edit(cast.actor("vera"), first.id, WORDS | {"text": "Dear reader, it is in August."})
    for person in ("hanna", "vera", "priya"):
        refused("four-eyes", public.decide, cast.actor(person), second.id, second.sha256, True)


@pytest.mark.django_db
def test_the_word_of_whoever_had_it_made_is_no_second_reader(cast: Cast, ai: Any) -> None:
    policy('permit (principal, action == Action::"draft", resource) when { context.review >= 1 };',
           'permit (principal, action == Action::"publish", resource) when { context.review >= 2 };')  # fmt: skip
    use(actions=["draft", "publish"])
    hers = hand_in(ai)
    assert public.decide(cast.actor("hanna"), hers.id, hers.sha256, True)["state"] == "approved"
    row = AiDraft.objects.get(id=hers.id)
    ReviewDecision.objects.filter(review_id=row.review_id).update(own_work=True)
    question = Question("test.put_out", "publish", ai, {})
    about = About(sha256=hers.sha256)
    assert _approvals(question, about) == 1, "one reader, whoever it is"
    review = Review.objects.get(id=row.review_id)
    ReviewDecision.objects.create(review=review, reviewer=str(cast.vera.id), approved=True, at=row.at)
    assert _approvals(question, about) == 1, "but not beside another"
    ReviewDecision.objects.create(review=review, reviewer=str(cast.aoife.id), approved=True, at=row.at)
    assert _approvals(question, about) == 2


@pytest.mark.django_db
def test_an_agent_waits_for_its_readers_when_very_much_waits(cast: Cast, ai: Any) -> None:
    policy(READ % 1)
    use(content=["words"])
    found = hand_in(ai)
    waiting = AiDraft.objects.get(id=found.id)
    AiDraft.objects.bulk_create(
        [AiDraft(at=waiting.at, use=waiting.use, actor="assistant", on_behalf_of=waiting.on_behalf_of, kind="text",
                 title=f"{n}", content=WORDS, sha256=f"{n:064}", gates=waiting.gates) for n in range(MOST_WAITING - 1)]
    )  # fmt: skip
    other = WORDS | {"text": "One more."}
    assert "100 drafts of the use u-07 wait" in str(refused("conflict", hand_in, ai, other))
    assert hand_in(ai).id == found.id, "what waits already is answered"
    public.decide(cast.actor("hanna"), found.id, found.sha256, True)
    assert hand_in(ai, other).state == "waiting"
