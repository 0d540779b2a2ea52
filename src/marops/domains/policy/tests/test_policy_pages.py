import re
from typing import Any

import pytest
from django.test import Client
from tests.cast import Cast

from marops.domains.policy.actions.policies import keep_policy
from marops.domains.policy.actions.uses import keep_use
from marops.domains.policy.forms import RuleForm
from marops.domains.policy.jobs import DECIDE
from marops.domains.policy.models import AiAct
from marops.domains.policy.papers.policy import HERE, content, policy_page
from marops.domains.policy.queries.policies import policy_of
from marops.domains.policy.queries.templates import documents, sketched, template
from marops.domains.policy.rules.cedar import Compiled
from marops.domains.policy.rules.document import AiPolicy
from marops.domains.policy.rules.domain import DIMENSIONS
from marops.domains.policy.rules.parts import Parts, parts_of, written
from marops.domains.policy.rules.table import PART, part
from marops.domains.policy.tests.access import USE
from marops.domains.policy.tests.policies import decided_at_once, rule
from marops.kernel import definitions
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.models import Definition, Job
from marops.kernel.printing import pdf
from marops.kernel.workspace import today

SEND = """permit (principal, action == Action::"send", resource)
when { context.content == Content::"words" && context.audience == Audience::"customers" && context.review >= 1 };
"""
SORT = 'permit (principal, action == Action::"classify", resource);\n'
NEVER = 'forbid (principal, action, resource) when { context.data == Data::"special" };\n'
LIMIT = 'forbid (principal, action == Action::"send", resource) when { context.recipients > 100 };\n'
RULES = [rule("R-01", SORT), rule("R-02", SEND), rule("N-01", NEVER), rule("L-01", LIMIT)]
DOCUMENT: dict[str, Any] = {
    "title": "What AI may do here", "agreed_by": ["Vera (board)", "Ruth (legal)"], "review_by": "2030-02-01",
    "rules": [one.model_dump() for one in RULES],
}  # fmt: skip


def changed(name: str, cedar: str) -> list[dict[str, Any]]:
    return [one | {"cedar": cedar} if one["id"] == name else one for one in DOCUMENT["rules"]]


@pytest.fixture
def hanna(cast: Cast) -> Client:
    return cast.client("hanna")


@pytest.fixture
def in_force(cast: Cast) -> Definition:
    """Written by one person and put in force by another."""
    row = keep_policy(actor=cast.actor("marco"), document=DOCUMENT)
    decided_at_once(DOCUMENT["rules"])
    return definitions.activate(actor=cast.actor("hanna"), ref=row.pinned)


def seen(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def answer_of(answer: Any) -> str:
    return re.search(r'<p class="answer">(.*?)</p>', answer.content.decode(), re.DOTALL)[1].strip()


def posted_rule(client: Client, url: str, **changes: Any) -> Any:
    """The rule's form as a browser sends it, with some fields changed."""
    form: RuleForm = client.get(url).context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    crlf = {name: str(data[name]).replace("\n", "\r\n") for name in ("cedar", "before")}
    return client.post(url, data | crlf | changes)


@pytest.mark.django_db
def test_an_empty_workspace_offers_three_templates_and_one_click_makes_a_draft(hanna: Client) -> None:
    page = hanna.get("/policy")
    assert answer_of(page) == "No policy is in force: AI may do nothing."
    assert [one["name"] for one in page.context["templates"]] == ["cautious", "balanced", "bold"]
    allowed = [one["asks"]["free"] + one["asks"]["gated"] for one in page.context["templates"]]
    assert sorted(allowed) == allowed
    there = hanna.post("/policy/begin", {"template": "cautious"})
    row = Definition.objects.get(kind="ai_policy")
    assert (row.state, row.version, there.url) == ("draft", 1, "/policy/versions/1")
    job = Job.objects.get(kind=DECIDE)
    waiting = hanna.get(there.url)
    assert job.ref in waiting.content.decode()
    poll = waiting.context["poll_url"]
    assert job.ref in hanna.get(poll, headers={"HX-Request": "true"}).content.decode()
    Job.objects.update(state="done")
    assert hanna.get(poll, headers={"HX-Request": "true"})["HX-Redirect"] == "/policy/versions/1"


@pytest.mark.django_db
def test_without_a_policy_every_page_of_it_leads_to_where_one_begins(hanna: Client) -> None:
    for there in (
        "policy.pdf", "policy/about", "policy/because", "policy/checks", "policy/checks/0", "policy/checks/new",
        "policy/diff", "policy/diff?before=1&after=2", "policy/lines/0", "policy/rules", "policy/rules/R-01",
        "policy/rules/new", "policy/versions", "policy/versions/1", "policy/what-if", "policy/what-if?version=x",
    ):  # fmt: skip
        assert hanna.get(f"/{there}").headers.get("Location") == "/policy", there
    assert "There is no policy yet" in seen(hanna.get("/policy"))


@pytest.mark.django_db
def test_a_version_that_is_not_there_says_which_are(hanna: Client, cast: Cast) -> None:
    with pytest.raises(MaropsError, match="no policy yet") as begin:
        policy_of("2")
    assert "twenty questions" in begin.value.remedy
    keep_policy(actor=cast.actor("marco"), document=DOCUMENT)
    for version in ("2", "x", "v", "9" * 30, "-1", "1.0", "٣"):
        with pytest.raises(MaropsError, match="no version") as found:
            policy_of(version)
        assert found.value.remedy == "The newest is 1."
    with pytest.raises(MaropsError, match="No policy is in force") as active:
        policy_of("active")
    assert active.value.remedy == "Put version 1 in force on its page."
    assert hanna.get("/policy/versions/2").status_code == 404


@pytest.mark.parametrize("name", documents())
def test_what_a_template_would_allow_is_what_cedar_decides(name: str) -> None:
    rules = AiPolicy.model_validate(template(name)).rules
    policy = Compiled(rules)
    told = part(policy, 0)
    allowed = [
        any(told[one][at] for one in policy.ahead if one in policy.permits)
        and not any(told[one][at] for one in policy.ahead if one not in policy.permits)
        for at in range(PART)
    ]
    assert sketched(rules)[:PART].tolist() == allowed


@pytest.mark.django_db
def test_who_wrote_a_version_cannot_put_it_in_force_and_another_can(cast: Cast) -> None:
    row = keep_policy(actor=cast.actor("hanna"), document=DOCUMENT)
    decided_at_once(DOCUMENT["rules"])
    own = cast.client("hanna").get("/policy/versions/1")
    assert "somebody else who may approve it" in seen(own)
    assert "Put in force" not in seen(own)
    cast.client("hanna").post("/policy/versions/1/put-in-force")
    row.refresh_from_db()
    assert row.state == "draft"
    assert "Put in force" in seen(cast.client("vera").get("/policy/versions/1"))
    assert cast.client("vera").post("/policy/versions/1/put-in-force").url == "/policy"
    row.refresh_from_db()
    assert row.state == "active"


@pytest.mark.django_db
def test_the_page_says_each_line_with_what_ai_did_of_it(hanna: Client, in_force: Definition) -> None:
    for verdict, term, rules in (
        ("yes", "classify", ["R-01"]), ("yes", "classify", ["R-01"]), ("waits", "send", []), ("no", "send", ["N-01"]),
    ):  # fmt: skip
        acted(verdict, term, rules, in_force.pinned)
    page = hanna.get("/policy")
    assert answer_of(page) == "AI did 2 things in the last 90 days; one had to wait for a person and one was refused."
    text = seen(page)
    assert "Agreed by Vera (board) and Ruth (legal). Next review 1 February 2030." in text
    assert "not legal advice" in text
    assert "Marketing Manager answers for every line." in text
    assert lives(page) == {"yes": [["2 done"]], "gate": [["1 asked", "1 had to wait"]], "no": [["1 refused"]]}
    assert f"/policy/rules/R-01?version={in_force.version}" in page.content.decode()


def acted(verdict: str, term: str, rules: list[str], policy: str) -> None:
    AiAct.objects.create(
        at=now(), use="u-07", actor="assistant", on_behalf_of="x", action="a.b", term=term, verdict=verdict,
        rules=rules, policy=policy,
    )  # fmt: skip


def lives(page: Any) -> dict[str, list[list[str]]]:
    return {
        part["css"]: [[f"{of['n']} {of['word']}" for of in one["live"]] for one in part["lines"]]
        for part in page.context["parts"]
    }


@pytest.mark.django_db
def test_a_policy_without_a_use_says_that_nothing_is_allowed_yet(cast: Cast, in_force: Definition) -> None:
    said = "No use is in force in the register: so no AI may do anything yet."
    page = cast.client("hanna").get("/policy")
    assert said in seen(page)
    assert '<a href="/policy/uses/new">Write the first one</a>' in page.content.decode()
    assert "Write the first one" not in seen(cast.client("lena").get("/policy"))
    row = keep_use(actor=cast.actor("marco"), slug="u-07", document=USE)
    definitions.activate(actor=cast.actor("hanna"), ref=row.pinned)
    assert said not in seen(cast.client("hanna").get("/policy"))


@pytest.mark.django_db
def test_a_count_leads_to_its_acts_and_an_older_rule_of_the_name_is_not_counted(cast: Cast, hanna: Client) -> None:
    for text in (SORT, SORT.replace("classify", "score")):
        rules = changed("R-01", text)
        row = keep_policy(actor=cast.actor("marco"), document=DOCUMENT | {"rules": rules})
        decided_at_once(rules)
        definitions.activate(actor=cast.actor("hanna"), ref=row.pinned)
    for verdict, term, name, version in (
        ("yes", "classify", "R-01", 1), ("yes", "score", "R-01", 2), ("yes", "send", "R-02", 1),
        ("yes", "send", "R-02", 2), ("waits", "send", "", 2), ("no", "send", "N-01", 2), ("no", "spend", "", 2),
        ("no", "send", "L-01", 2),
    ):  # fmt: skip
        acted(verdict, term, [name] if name else [], f"ai_policy/marketing@{version}")
    page = hanna.get("/policy")
    assert lives(page) == {"yes": [["1 done"]], "gate": [["3 asked", "1 had to wait"]], "no": [["1 refused"]]}
    links = [of for part in page.context["parts"] for one in part["lines"] for of in one["live"]]
    for one in links:
        assert one["url"].replace("&", "&amp;") in page.content.decode()
        there = hanna.get(one["url"])
        assert len(there.context["rows"]) == int(one["n"]), one
    assert [one["term"] for one in hanna.get(links[0]["url"]).context["rows"]] == ["score"]
    beside = page.context["beside"]
    assert len(hanna.get(beside["url"]).context["rows"]) == beside["n"] == 2
    assert "2 refused acts stand on no line" in seen(page)
    assert "Only what is counted in the line" in seen(hanna.get(links[0]["url"]))
    selma = cast.client("selma").get("/policy")
    assert links[0]["url"] not in selma.content.decode()
    for odd in ("line=99", "line=-1", "line=x", "line=9999999999"):
        assert hanna.get(f"/policy/trail?{odd}").context["line"] is None


@pytest.mark.django_db
def test_what_if_answers_a_sentence_and_offers_what_is_one_word_away(hanna: Client, in_force: Definition) -> None:
    asked = {"action": "send", "content": "words", "audience": "customers", "data": "contact", "review": "0"}
    page = hanna.get("/policy/what-if", asked)
    assert page.context["word"] == "Not yet: one gate is missing."
    assert page.context["wanted"] == ["One reviewer"]
    assert [one["id"] for one in page.context["behind"]] == ["R-02"]
    assert [one["id"] for one in page.context["later"]] == ["L-01"]
    near = page.context["near"]
    assert 0 < len(near) <= 8
    for one in near:
        there = hanna.get(f"{one['url']}?{one['query']}", headers={"HX-Request": "true"})
        assert there.context["verdict"] == "yes"
        assert "<html" not in there.content.decode()
    yes = hanna.get("/policy/what-if", asked | {"review": "1"})
    assert yes.context["verdict"] == "yes"
    turned = {one["other"]: one["turns"] for one in yes.context["near"]}
    assert turned["nobody"] == "needs one reviewer"
    assert turned["not at all, switched off"] == "no"
    never = hanna.get("/policy/what-if", asked | {"data": "special"})
    assert never.context["word"] == "No, whoever reads it."
    assert [one["id"] for one in never.context["behind"]] == ["N-01"]
    assert hanna.get("/policy/what-if", {"action": "juggle"}).status_code == 200


@pytest.mark.django_db
def test_rules_stand_as_sentences_and_those_of_the_moment_apart(cast: Cast, in_force: Definition) -> None:
    page = cast.client("lena").get("/policy/rules")
    assert [[one["id"] for one in group["rows"]] for group in page.context["groups"]] == [
        ["R-01", "R-02"], ["N-01"], ["L-01"],
    ]  # fmt: skip
    assert "New rule" not in seen(page)
    read = cast.client("lena").get("/policy/rules/L-01")
    assert "context.recipients &gt; 100" in read.content.decode()
    assert cast.client("lena").post("/policy/rules/R-01", {}).status_code == 403
    assert cast.client("lena").get("/policy/rules/stopped").status_code == 200


@pytest.mark.django_db
def test_a_rule_is_changed_as_a_sentence_and_the_difference_is_shown(hanna: Client, in_force: Definition) -> None:
    there = posted_rule(hanna, "/policy/rules/R-02", review=["2"], reason="Two for customers")
    assert there.url == "/policy/diff?before=1&after=2"
    row = Definition.objects.get(version=2)
    parts = parts_of(row.document["rules"][1]["cedar"])
    before = parts_of(SEND)
    assert (parts.answers["review"], parts.answers["content"]) == ((2,), before.answers["content"])
    assert row.reason == "Two for customers"
    waiting = hanna.get(there.url)
    assert "Deciding everything" in seen(waiting)
    decided_at_once(row.document["rules"])
    page = hanna.get(there.url)
    others = 5 * 5 * 2 * 2  # data but special × freedom but none × said or not × where it runs
    assert page.context["found"]["closed"] == others
    assert page.context["found"]["opened"] == 0
    assert answer_of(page) == f"{others} combinations become a no, none the other way."
    assert "With one reviewer." not in seen(page)
    assert [one["where"] for one in page.context["kinds"][0]["shown"]] == ["Where it is read by one person."]
    (reworked,) = page.context["reworked"]
    assert [(str(one["label"]), one["was"], one["now"]) for one in reworked["turns"]] == [
        ("Who has read it", "one person or two people", "two people")
    ]
    assert reworked["texts"] is None
    assert hanna.get("/policy/versions").context["entries"][0]["diff_url"] == there.url


@pytest.mark.django_db
def test_a_sentence_that_nobody_worded_follows_the_ticks(hanna: Client, in_force: Definition) -> None:
    told = "Draft texts for colleagues, using what is internal; a person approves each."
    posted_rule(hanna, "/policy/rules/new", says="", owner="Hanna")
    assert Definition.objects.get(version=2).document["rules"][-1]["says"] == told
    decided_at_once(Definition.objects.get(version=2).document["rules"])
    posted_rule(hanna, "/policy/rules/R-03", review=["2"])
    kept = Definition.objects.get(version=3).document["rules"][-1]
    assert kept["says"] == "Draft texts for colleagues, using what is internal, once read by two people."
    posted_rule(hanna, "/policy/rules/R-03", review=["1", "2"], says="Drafts are read.")
    posted_rule(hanna, "/policy/rules/R-03", audience=["public"])
    assert Definition.objects.get(version=5).document["rules"][-1]["says"] == "Drafts are read."
    posted_rule(hanna, "/policy/rules/R-03", effect="forbid", review=["0"], says="")
    said = "Never draft texts for the public, using what is internal; a person approves each."
    assert Definition.objects.get(version=6).document["rules"][-1]["says"] == said
    empty = posted_rule(hanna, "/policy/rules/L-01", says="")
    assert empty.context["form"].errors["says"] == ["Say it in one sentence."]


@pytest.mark.django_db
def test_a_rule_is_changed_as_text_and_faults_stand_at_the_text(hanna: Client, in_force: Definition) -> None:
    wrong = posted_rule(hanna, "/policy/rules/R-02", cedar=SEND.replace("context.review", "context.reviw"))
    assert wrong.status_code == 422
    assert "reviw" in wrong.context["form"].errors["cedar"][0]
    both = posted_rule(hanna, "/policy/rules/R-02", cedar=SEND.replace("customers", "public"), review=["2"])
    assert "both changed" in both.context["form"].errors["cedar"][0]
    nothing = posted_rule(hanna, "/policy/rules/R-02", review=[])
    assert "review" in nothing.context["form"].errors
    assert Definition.objects.filter(kind="ai_policy").count() == 1
    spoken = SEND.removesuffix(";\n") + '\nunless { context.regimes.contains("gdpr") };\n'
    text = "// asked by the board\n" + spoken.replace("permit", "forbid")
    assert posted_rule(hanna, "/policy/rules/L-01", cedar=text).status_code == 302
    assert Definition.objects.get(version=2).document["rules"][3]["cedar"] == text
    again = posted_rule(hanna, "/policy/rules/L-01", audience=["public"])
    assert again.status_code == 302
    kept = Definition.objects.get(version=3).document["rules"][3]["cedar"]
    assert "// asked by the board" in kept
    assert 'unless { context.regimes.contains("gdpr") }' in kept
    assert parts_of(kept).answers["audience"] == ("public",)


@pytest.mark.django_db
def test_the_sentence_and_the_text_follow_each_other_while_a_rule_is_written(hanna: Client) -> None:
    parts = parts_of(SEND)
    ticked = {one.name: [] for one in DIMENSIONS} | {"before": SEND, "cedar": SEND, "effect": "permit"}
    form = RuleForm(text=SEND)
    ticked |= {one.name: form[one.name].value() for one in DIMENSIONS}
    answer = hanna.post("/policy/rules/written", ticked | {"review": ["1"]})
    expected = written(Parts("permit", {**parts.answers, "review": (1,)}, ()), SEND)
    assert answer.context["form"]["cedar"].value() == expected
    back = hanna.post("/policy/rules/written", ticked | {"cedar": expected})
    assert back.context["form"]["review"].value() == ["1"]
    broken = hanna.post("/policy/rules/written", ticked | {"cedar": "permit (principal"})
    assert broken.context["form"].errors["cedar"]


@pytest.mark.django_db
def test_a_limit_of_the_moment_changes_no_combination_and_is_said(hanna: Client, in_force: Definition) -> None:
    there = posted_rule(hanna, "/policy/rules/L-01", cedar=LIMIT.replace("100", "50"))
    decided_at_once(Definition.objects.get(version=2).document["rules"])
    page = hanna.get(there.url)
    assert answer_of(page) == "Only what is asked when it happens changes."
    assert "Asked otherwise when it happens: L-01." in seen(page)
    assert ["50" in one for one in page.context["reworked"][0]["texts"]] == [False, True]


@pytest.mark.django_db
def test_a_limit_is_changed_as_a_number_and_its_sentence_follows(cast: Cast, hanna: Client) -> None:
    said = "Reach no more than 1,000 people a day."
    rules = [*DOCUMENT["rules"][:3], rule("L-01", LIMIT.replace("100", "1000")).model_dump() | {"says": said}]
    keep_policy(actor=cast.actor("marco"), document=DOCUMENT | {"rules": rules})
    posted_rule(hanna, "/policy/rules/L-01", most="250")
    kept = Definition.objects.get(version=2).document["rules"][3]
    assert (kept["says"], "context.recipients > 250 }" in kept["cedar"]) == (
        "Reach no more than 250 people a day.",
        True,
    )
    form = hanna.get("/policy/rules/L-01").context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    there = hanna.post("/policy/rules/written", data | {"most": "7"})
    assert "context.recipients &gt; 7 }" in there.content.decode()
    for odd in ("-1", "many", "9" * 30, "1.5"):
        assert "most" in posted_rule(hanna, "/policy/rules/L-01", most=odd).context["form"].errors
    assert "most" not in hanna.get("/policy/rules/R-01").context["form"].fields


@pytest.mark.django_db
def test_a_rule_is_added_and_taken_out(hanna: Client, in_force: Definition) -> None:
    taken = posted_rule(hanna, "/policy/rules/new", id="R-01", says="Draft", owner="Hanna")
    assert taken.context["form"].errors["id"] == ["There is already a rule R-01."]
    posted_rule(hanna, "/policy/rules/new", says="Draft for colleagues.", owner="Hanna")
    assert [one["id"] for one in Definition.objects.get(version=2).document["rules"]][-1] == "R-03"
    hanna.post("/policy/rules/R-03/remove")
    assert Definition.objects.get(version=3).document["rules"] == Definition.objects.get(version=1).document["rules"]
    assert hanna.post("/policy/rules/stopped/remove").status_code == 404


@pytest.mark.django_db
def test_what_speaks_against_a_version_stands_on_its_page(hanna: Client, cast: Cast) -> None:
    asked = {"action": "spend", "content": "words", "audience": "public", "data": "none", "autonomy": 2}
    careless = SEND.replace("context.review >= 1", "context.review == 0")
    document = DOCUMENT | {
        "rules": changed("R-02", careless), "checks": [{"says": "Spending", "ask": asked, "expect": "yes"}],
    }  # fmt: skip
    keep_policy(actor=cast.actor("marco"), document=document)
    decided_at_once(document["rules"])
    page = hanna.get("/policy/versions/1")
    assert answer_of(page) == "2 things speak against putting version 1 in force."
    assert "Put in force" not in seen(page)
    hanna.post("/policy/versions/1/put-in-force")
    assert Definition.objects.get(version=1).state == "draft"


@pytest.mark.django_db
def test_the_words_around_change_without_deciding_anything_anew(hanna: Client, in_force: Definition) -> None:
    page = hanna.get("/policy/about")
    assert page.context["form"]["agreed_by"].value() == "Vera (board)\nRuth (legal)"
    words = {"title": "AI and us", "preamble": "", "agreed_by": "Vera\r\n\r\nRuth", "review_by": "2031-01-01"}
    there = hanna.post("/policy/about", words)
    row = Definition.objects.get(version=2)
    assert row.document["agreed_by"] == ["Vera", "Ruth"]
    assert hanna.get(there.url).context["told"]["title"] == "AI and us"
    assert not Job.objects.filter(kind=DECIDE).exists()
    again = hanna.post("/policy/begin", {"version": "1"})
    assert Definition.objects.get(version=3).document == in_force.document
    assert again.url == "/policy/versions/3"


@pytest.mark.django_db
def test_the_paper_is_one_page_with_every_line_on_it(hanna: Client, in_force: Definition) -> None:
    policy = policy_of("1")
    said = content(policy, today())
    lines = [line for one in (*said["parts"], *said["details"]) for line in one["lines"]]
    assert len(lines) == len(policy.page.lines) + len(policy.page.details)
    answer = hanna.get("/policy.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert len(re.findall(rb"/Type\s*/Page\b", policy_page(policy))) == 1


@pytest.mark.django_db
def test_lines_that_the_sheet_cannot_hold_follow_it(in_force: Definition) -> None:
    said = content(policy_of("1"), today())
    many = [one | {"lines": one["lines"] * 20} for one in said["parts"]]
    assert len(re.findall(rb"/Type\s*/Page\b", pdf(HERE / "policy.typ", said | {"details": many}, None))) > 1


@pytest.mark.django_db
def test_a_policy_without_rules_says_that_nothing_is_allowed(hanna: Client, cast: Cast) -> None:
    keep_policy(actor=cast.actor("marco"), document={"title": "Nothing", "rules": []})
    decided_at_once([])
    page = hanna.get("/policy/versions/1")
    assert "Nothing is allowed" in seen(page)
    assert page.context["verdict"] == "no"
    assert hanna.get("/policy.pdf").status_code == 200
