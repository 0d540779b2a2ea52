"""The AI that helps, asked at a real server: what comes of it, what stands in the trail, and what goes wrong."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from tests.cast import Cast

from marops.connectors.assistant import actions, helping
from marops.connectors.assistant.actions import set_up
from marops.connectors.assistant.asking import ask
from marops.connectors.assistant.models import Provider
from marops.connectors.assistant.queries import offer
from marops.connectors.assistant.tests.modelserver import KEY, Model, model
from marops.connectors.assistant.uses import entries, propose_entries
from marops.domains.accounts.public import ai_rights_come_from, make_token
from marops.domains.contacts.public import Contact
from marops.domains.policy.actions.switches import stop
from marops.domains.policy.models import AiAct, AiDraft
from marops.domains.policy.queries.uses import rights_of_use
from marops.domains.policy.tests.test_policy_gate import in_force, policy
from marops.kernel import files
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.jobs import claim, run
from marops.kernel.models import AuditPayload, Definition, Job

ALL = "permit (principal, action, resource);"
RULE = {
    "title": "No company", "dimension": "completeness", "severity": "low", "remedy": "Ask for it.",
    "when": {"field": "contact.company_name", "is_empty": True},
}  # fmt: skip
WISH = "Tell me whose company is not known."


@pytest.fixture(scope="module")
def speaks() -> Iterator[Model]:
    with model() as one:
        yield one


@pytest.fixture
def ready(speaks: Model, cast: Cast) -> Iterator[Model]:
    """The AI is set up, its uses and a policy are in force."""
    speaks.answers, speaks.asked, speaks.slow = [], [], 0.0
    ai_rights_come_from(rights_of_use)
    prepare(cast, speaks)
    policy(ALL)
    yield speaks
    ai_rights_come_from(lambda _: {})


def prepare(cast: Cast, server: Model, **other: Any) -> Provider:
    values = {
        "url": server.url, "model": "small", "vendor": "ourselves", "inside": True, "price_in": Decimal(1),
        "price_out": Decimal(5), "seconds": 5, "on": True,
    } | other  # fmt: skip
    row = set_up(actor=cast.actor("hanna"), values=values, key=KEY)
    for slug, document in entries(row).items():
        in_force("ai_use", slug, document)
    return row


@pytest.mark.django_db
def test_what_answers_cost_counts_against_the_money_that_the_register_names(ready: Model, cast: Cast) -> None:
    Provider.objects.update(price_in=Decimal(0), price_out=Decimal(4_500))  # an answer takes 200 tokens
    document = entries(Provider.objects.get())["help-draft"]
    for money, passes in ((None, True), (2, True), (1, False)):
        in_force("ai_use", "help-draft", document | {"reach": {"money": money}})
        ready.say({"slug": "no-firm", "document": RULE})
        if passes:
            drafted(cast)
            continue
        asked = len(ready.asked)
        with pytest.raises(MaropsError, match=r"1 of money a day; 1\.8 were reached"):
            drafted(cast)
        assert len(ready.asked) == asked, "nothing goes out once it is used up"


@pytest.mark.django_db
def test_a_model_is_our_own_by_its_address_or_by_an_administrators_word(cast: Cast) -> None:
    values = {
        "url": "https://8.8.8.8/v1", "model": "m", "vendor": "x", "inside": True, "price_in": 0, "price_out": 0,
        "seconds": 5, "on": True,
    }  # fmt: skip
    for name, why in (("hanna", ""), ("ada", ""), ("hanna", "Our rack.")):
        with pytest.raises(MaropsError) as refused:
            set_up(actor=cast.actor(name), values=values | {"inside_why": why})
        assert [one.field for one in refused.value.errors] == ["inside_why"], (name, why)
    row = set_up(actor=cast.actor("ada"), values=values | {"inside_why": "Our rack at the exchange."})
    assert "Our rack at the exchange." in cast.client("hanna").get("/ai/provider").content.decode()
    assert set_up(actor=cast.actor("hanna"), values=values | {"inside_why": row.inside_why, "seconds": 9}).inside_why
    Provider.objects.update(inside_why="")
    with pytest.raises(MaropsError, match="leads to no address of your own network"):
        ask(Provider.objects.get(), [{"role": "user", "content": "x"}], as_json=False)
    near = values | {"url": "http://10.1.2.3/v1", "inside_why": "Not needed."}
    assert set_up(actor=cast.actor("hanna"), values=near).inside_why == ""
    with pytest.raises(MaropsError) as refused:
        set_up(actor=cast.actor("ada"), values=values | {"url": "http://8.8.8.8/v1", "inside_why": "Ours."})
    assert "https://" in str(refused.value.errors[0].message)


def drafted(cast: Cast, **other: Any) -> Definition:
    return helping.draft_definition(str(cast.hanna.id), "quality", WISH, **other)[0]


@pytest.mark.django_db
def test_a_sentence_becomes_a_draft_whose_origin_is_shown(ready: Model, cast: Cast) -> None:
    ready.say({"slug": "no-firm", "document": RULE, "why": "It looks for an empty company."})
    row = drafted(cast)
    assert (row.pinned, row.state, row.ai_use, row.author) == ("quality/no-firm@1", "draft", "help-draft", "assistant")
    assert "Drafted by AI (small, words draft/1)" in row.reason
    page = cast.client("hanna").get("/definitions/quality/no-firm/1").content.decode()
    assert "help-draft" in page
    (asked,) = ready.asked
    assert asked["key"] == f"Bearer {KEY}"
    told = json.dumps(asked["messages"])
    assert "contact.company_name" in told
    assert WISH in told


@pytest.mark.django_db
def test_the_trail_says_what_went_out_and_what_came_back(ready: Model, cast: Cast) -> None:
    ready.say({"slug": "no-firm", "document": RULE})
    drafted(cast)
    asked, answered, kept = AiAct.objects.order_by("at", "id")
    assert (asked.action, asked.outputs_sha256, asked.tokens) == ("assistant.draft", "", 0)
    assert (answered.action, answered.tokens, answered.cost) == ("assistant.draft", 1_200, Decimal("0.002000"))
    assert asked.inputs_sha256 == answered.inputs_sha256 != answered.outputs_sha256
    assert len(answered.outputs_sha256) == 64
    assert {asked.prompt, answered.prompt} == {"draft/1@small"}
    assert {asked.use, kept.use, kept.action} == {"help-draft", "definition.draft"}
    assert {one.on_behalf_of for one in (asked, answered, kept)} == {str(cast.hanna.id)}


@pytest.mark.django_db
def test_faults_are_told_once_and_the_corrected_document_is_kept(ready: Model, cast: Cast) -> None:
    ready.say({"slug": "x", "document": RULE | {"when": {"field": "contact.firm", "is_empty": True}}})
    ready.say({"slug": "x", "document": RULE})
    assert drafted(cast).document["when"]["field"] == "contact.company_name"
    assert "contact.firm" in ready.asked[1]["messages"][-1]["content"]
    ready.say({"slug": "x", "document": {}}, {"slug": "x", "document": {"title": 3}})
    with pytest.raises(MaropsError, match="second try") as refused:
        drafted(cast)
    assert refused.value.code == "assistant-nonsense"
    assert Definition.objects.filter(kind="quality", ai_use="help-draft").count() == 1


@pytest.mark.django_db
def test_what_is_here_is_not_written_over_unasked(ready: Model, cast: Cast) -> None:
    ready.say(*[{"slug": "x", "document": RULE | {"title": f"T{n}"}} for n in range(3)])
    assert [drafted(cast).pinned, drafted(cast).pinned] == ["quality/x@1", "quality/x-2@1"]
    assert drafted(cast, slug="x").pinned == "quality/x@2"
    assert "Change this document" in ready.asked[-1]["messages"][1]["content"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ("I cannot do that.", "assistant-nonsense", "no JSON object"),
        ((200, b"<html>"), "assistant-nonsense", "no JSON"),
        ((200, b"x" * 1_100_000), "assistant-nonsense", "megabyte"),
        ((302, b""), "assistant-failed", "redirects"),
        ((404, {"error": {"message": "model not found"}}), "assistant-failed", "model not found"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_is_kept(
    ready: Model, cast: Cast, said: Any, code: str, words: str
) -> None:
    before = Definition.objects.count()
    ready.say(said, said)
    with pytest.raises(MaropsError, match=words) as refused:
        drafted(cast)
    assert refused.value.code == code
    assert Definition.objects.count() == before


@pytest.mark.django_db
def test_a_server_without_our_extras_is_asked_plainly(ready: Model, cast: Cast) -> None:
    ready.say((400, {"error": "response_format is not known"}), {"slug": "x", "document": RULE})
    assert drafted(cast).slug == "x"
    assert "response_format" in ready.asked[0]
    assert "response_format" not in ready.asked[1]


@pytest.mark.django_db
def test_a_wrong_key_a_slow_server_and_no_server_are_told_apart(ready: Model, cast: Cast) -> None:
    def fault(**values: Any) -> str:
        Provider.objects.update(**values)
        with pytest.raises(MaropsError) as refused:
            drafted(cast)
        assert refused.value.code == "assistant-failed"
        return refused.value.detail

    ready.slow = 3
    assert "No answer within 1 second" in fault(seconds=1)
    ready.slow = 0
    said = fault(key="", seconds=5)
    assert "refuses the key" in said
    assert KEY not in said
    assert "No connection" in fault(url="http://127.0.0.1:9/v1")
    with pytest.raises(MaropsError, match="private network"):
        ask(
            Provider(url=ready.url.replace("http", "https"), model="small", seconds=5),
            [{"content": "?"}],
            as_json=False,
        )


@pytest.mark.django_db
def test_nothing_goes_out_that_the_policy_or_the_register_refuses(ready: Model, cast: Cast) -> None:
    policy('permit (principal, action == Action::"draft", resource) when { context.review >= 1 };')
    with pytest.raises(MaropsError, match="It needs one") as refused:
        drafted(cast)
    assert refused.value.code == "gate-refused"
    policy(ALL)
    stop(actor=SETUP, use="help-draft", why="We look at it.")
    with pytest.raises(MaropsError, match="We look at it"):
        drafted(cast)
    assert ready.asked == []
    assert [one.verdict for one in AiAct.objects.order_by("at", "id")] == ["waits", "no"]


@pytest.mark.django_db
def test_a_switch_thrown_while_it_thinks_keeps_the_answer_out(ready: Model, cast: Cast, monkeypatch: Any) -> None:
    real = helping.ask

    def thrown(*given: Any, **named: Any) -> Any:
        said = real(*given, **named)
        stop(actor=SETUP, use="", why="At once.")
        return said

    monkeypatch.setattr(helping, "ask", thrown)
    ready.say({"slug": "x", "document": RULE})
    with pytest.raises(MaropsError, match="At once"):
        drafted(cast)
    assert not Definition.objects.filter(ai_use="help-draft").exists()


@pytest.mark.django_db
def test_it_is_off_until_somebody_turns_it_on(ready: Model, cast: Cast) -> None:
    hanna = cast.actor("hanna")
    assert offer(hanna, "draft", "quality")
    assert offer(cast.actor("vera"), "draft", "quality") is None
    Provider.objects.update(on=False)
    assert offer(hanna, "draft", "quality") is None
    with pytest.raises(MaropsError) as refused:
        drafted(cast)
    assert refused.value.code == "assistant-off"
    assert ready.asked == []


@pytest.mark.django_db
def test_the_key_is_kept_encrypted_and_stays_at_its_address(ready: Model, cast: Cast) -> None:
    kept = Provider.objects.get()
    assert KEY not in kept.key
    trail = json.dumps([one.payload for one in AuditPayload.objects.all()])
    assert KEY not in trail
    assert kept.key not in trail
    values = {name: getattr(kept, name) for name in actions.SHOWN}
    assert set_up(actor=cast.actor("hanna"), values=values).key == kept.key
    assert set_up(actor=cast.actor("hanna"), values=values | {"url": "http://127.0.0.1:1/v1"}).key == ""


@pytest.mark.django_db
def test_columns_are_proposed_by_their_headings_alone(ready: Model, cast: Cast) -> None:
    from marops.domains.capture.public import plan_import

    cells = "Contact mail,Wohnort,Sonstiges,Tel 0151 234567\nada@example.com,Berlin,x,y\n"
    row = files.keep([cells.encode()], name="leads.csv", actor=cast.actor("hanna"))
    told = [(0, "email"), (1, "city"), (2, "nonsense"), (3, "email"), (9, "phone")]
    ready.say({"columns": [{"number": n, "target": target} for n, target in told]})
    found, dropped, _ = helping.propose_columns(str(cast.hanna.id), plan_import(files.path_of(row)), "leads")
    assert (found, dropped) == ({0: "email", 1: "city"}, 3)
    out = json.dumps(ready.asked)
    assert "Wohnort" in out
    assert "Berlin" not in out
    assert "0151" not in out
    client = cast.client("hanna")
    page = client.get(f"/imports/new/{row.id}?c0=email&c1=city&c7=phone&c2=nonsense").content.decode()
    assert "AI proposed where columns go" in page
    assert page.count("Proposed by AI.") == 2
    assert "Let AI propose" in client.get(f"/imports/new/{row.id}").content.decode()


@pytest.mark.django_db
def test_a_vocabulary_is_made_of_what_occurs_often(ready: Model, cast: Cast) -> None:
    for number, value in enumerate(["SaaS"] * 6 + ["saas"] * 5 + ["Ada Lovelace Ltd"]):
        Contact.objects.create(number=8_000_000 + number, industry=value)
    ready.say({"values": ["SaaS", "Retail", 3], "means": {"saas": "SaaS", "Unheard": "SaaS"}})
    row, _ = helping.draft_words(str(cast.hanna.id), "contact.industry", "")
    assert row.document["when"]["all"][1]["not_in"] == ["SaaS", "Retail"]
    assert "saas → SaaS" in row.document["remedy"]
    assert "Unheard" not in row.document["remedy"]
    assert "Lovelace" not in json.dumps(ready.asked)
    assert row.ai_use == "help-words"


@pytest.mark.django_db
def test_a_page_is_summarised_as_a_text_of_ai(ready: Model, cast: Cast) -> None:
    client = cast.client("hanna")
    ready.say("Quality is good.\u202e")
    assert client.post("/ai/summary", {"page": "/metrics"}).status_code == 302
    job = Job.objects.get(kind="assistant.summary")
    assert job.arguments == {"page": "/metrics", "for": str(cast.hanna.id)}, "what the page says is not kept"
    taken = claim(now(), job_id=job.id)
    assert taken is not None
    assert run(taken) is None
    kept = AiDraft.objects.get()
    assert (kept.content["text"], kept.use, kept.on_behalf_of) == (
        "Quality is good.",
        "help-summary",
        str(cast.hanna.id),
    )
    assert client.get(f"/ai/asked/{job.ref}").status_code == 200
    for address in ("//evil.example/", "https://evil.example/", "/nowhere", "/api/v1/leads", "/static/x", "/ai/draft"):
        assert client.post("/ai/summary", {"page": address}).status_code == 422


def done(kind: str) -> Job:
    job = Job.objects.filter(kind=kind).latest("number")
    taken = claim(now(), job_id=job.id)
    assert taken is not None
    run(taken)
    job.refresh_from_db()
    return job


@pytest.mark.django_db
def test_a_page_about_colleagues_goes_out_only_where_the_register_names_such_data(ready: Model, cast: Cast) -> None:
    client = cast.client("vera")
    assert client.post("/ai/summary", {"page": "/team"}).status_code == 302
    assert (done("assistant.summary").problem or {})["type"].endswith("/gate-refused")
    assert ready.asked == []
    refused = AiAct.objects.get(verdict="no")
    assert "told in confidence" in refused.reasons[0]
    assert (refused.subject, refused.on_behalf_of) == ("page/team", str(cast.vera.id))


@pytest.mark.django_db
def test_a_key_has_a_page_summarised_as_the_key_sees_it(ready: Model, cast: Cast) -> None:
    rights = ["leads.view", "policy.view", "workflows.view", "jobs.view"]
    key = make_token(actor=cast.actor("ada"), name="k", rights_asked=rights, days=3)[1]
    asked = {"page": "/workflows/crews"}
    by = {"Authorization": f"Bearer {key}"}
    said = cast.client().post("/api/v1/ai/asked/summary", asked, "application/json", headers=by)
    assert said.status_code == 202, said.content
    assert Job.objects.get(kind="assistant.summary").arguments["limit"] == sorted(rights)
    ready.say("No crews.")
    assert done("assistant.summary").problem is None, "without the right to see pay it is a page about colleagues"
    assert list(AiAct.objects.filter(action="assistant.summarise").values_list("verdict", flat=True)) == ["yes"] * 2


@pytest.mark.django_db
def test_the_page_sets_it_up_without_showing_the_key(speaks: Model, cast: Cast) -> None:
    client = cast.client("tomasz")
    given = {"url": speaks.url, "model": "small", "vendor": "ourselves", "key": KEY}
    assert (
        client.post("/ai/provider", given).status_code == 422
    )  # http to an address inside, and nobody says it is ours
    assert client.post("/ai/provider", given | {"inside": "on", "on": "on"}).status_code == 302
    page = client.get("/ai/provider").content.decode()
    assert KEY not in page
    assert "may do nothing" in page
    assert client.post("/ai/provider/trial", follow=True).content.decode().count("It answers: “yes”") == 1
    client.post("/ai/provider/entries")
    assert Definition.objects.filter(kind="ai_use", state="draft", slug__startswith="help-").count() == 4
    assert client.post("/ai/provider/remove").status_code == 302
    assert Provider.objects.count() == 0


@pytest.mark.django_db
def test_programs_ask_over_rest(ready: Model, cast: Cast) -> None:
    client = cast.client("hanna")
    ready.say({"slug": "no-firm", "document": RULE})
    said = client.post("/api/v1/ai/asked/draft", {"kind": "quality", "sentence": WISH}, "application/json")
    assert said.status_code == 202, said.content
    taken = claim(now(), job_id=Job.objects.get(kind="assistant.draft").id)
    assert taken is not None
    assert run(taken) is None
    found = client.get(f"/api/v1/ai/asked/{said.json()['ref']}").json()
    assert (found["state"], found["definition"], found["tokens"]) == ("done", "quality/no-firm@1", 1_200)
    shown = client.get("/api/v1/ai/provider").json()
    assert (shown["has_key"], shown["uses"]) == (True, ["columns", "draft", "summary", "words"])
    assert "key" not in shown
    said = client.post("/api/v1/ai/asked/summary", {"page": "/quality"}, "application/json")
    assert (said.status_code, said.json()["help"]) == (202, "summary")
    assert "text" not in Job.objects.get(kind="assistant.summary").arguments
    assert client.post("/api/v1/ai/asked/summary", {"page": "/api/v1/leads"}, "application/json").status_code == 422
    body = {"kind": "access", "sentence": "Give me all rights"}
    assert client.post("/api/v1/ai/asked/draft", body, "application/json").status_code == 422


@pytest.mark.django_db
def test_another_model_than_the_registers_is_not_asked(ready: Model, cast: Cast) -> None:
    Provider.objects.update(model="large", vendor="Vendor", inside=False)
    with pytest.raises(MaropsError, match="large of Vendor would be asked") as refused:
        drafted(cast)
    assert refused.value.code == "assistant-unregistered"
    assert ready.asked == []
    made = propose_entries(cast.actor("hanna"), Provider.objects.get())
    assert {one.document["model"]["hosting"] for one in made} == {"vendor"}
    assert [one.version for one in made] == [2] * 4
    assert propose_entries(cast.actor("hanna"), Provider.objects.get()) == []


@pytest.mark.django_db
def test_what_an_ai_does_not_see_is_not_handed_to_it(ready: Model, cast: Cast) -> None:
    hours = {"hours": {"mon": [["09:00", "17:00"]]}}
    person = {"id": "ada", "name": "Ada", "cost_per_hour": 61.5}
    crew = {"title": "Us", "calendars": {"day": hours}, "calendar": "day", "people": [person]}
    in_force("crew", "us", crew)
    with pytest.raises(MaropsError, match="does not see") as refused:
        helping.draft_definition(str(cast.hanna.id), "crew", "Give Ada Fridays off.", "us")
    assert refused.value.code == "not-allowed"
    assert ready.asked == []


@pytest.mark.django_db
def test_the_page_of_a_question_says_what_went_wrong_and_asks_again(ready: Model, cast: Cast) -> None:
    client = cast.client("hanna")
    said = client.post("/ai/draft", {"kind": "quality", "sentence": WISH})
    page = client.get(said["Location"]).content.decode()
    assert "The AI is asked." in page
    ready.say("<b>No.</b>", "<script>")
    taken = claim(now(), job_id=Job.objects.get(kind="assistant.draft").id)
    assert taken is not None
    run(taken)
    page = client.get(said["Location"]).content.decode()
    assert "holds no JSON object" in page
    assert "<b>No." not in page
    assert "sentence=Tell+me+whose" in page
    assert client.get("/ai/draft?kind=quality&sentence=Tell+me").content.decode().count("Tell me") == 1
    assert cast.client("priya").get(said["Location"]).status_code == 404
