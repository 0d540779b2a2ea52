import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from tests.cast import Cast

from marops.domains.policy.actions.policies import keep_policy
from marops.domains.policy.actions.uses import keep_use
from marops.domains.policy.jobs import DECIDE
from marops.domains.policy.models import AiSwitch
from marops.domains.policy.queries.policies import in_force
from marops.domains.policy.queries.uses import thrown
from marops.domains.policy.queries.uses_shown import told
from marops.domains.policy.rules.gates import LADDER
from marops.domains.policy.rules.interview import LIKE, draft_policy, draft_uses
from marops.domains.policy.rules.uses import AiUse
from marops.domains.policy.tests.policies import decided_at_once
from marops.kernel import definitions
from marops.kernel.definitions import load
from marops.kernel.models import Definition, Job
from marops.kernel.workspace import today

BALANCED = LIKE["balanced"]
USE: dict[str, Any] = {
    "slug": "newsletter", "title": "Newsletter drafts", "purpose": "A first draft each Monday.", "owner": "Aoife",
    "actions": ["draft", "send"], "content": ["words"], "audience": ["customers"], "data": ["none", "internal"],
    "autonomy": "2", "reversibility": "none", "recipients": "500", "needed": "1", "when": "before", "sample": "",
    "vendor": "Acme", "model": "Scribe", "hosting": "vendor", "discloses": "on", "jurisdictions": "de, FR",
    "review_by": "2030-01-31", "evidence": "https://example.com/check\nBinder 4", "rights": ["definitions.change"],
}  # fmt: skip


def seen(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


@pytest.fixture
def policy(cast: Cast) -> Definition:
    document = draft_policy(BALANCED).model_dump(mode="json")
    row = keep_policy(actor=cast.actor("marco"), document=document)
    decided_at_once(document["rules"])
    return definitions.activate(actor=cast.actor("hanna"), ref=row.pinned)


@pytest.mark.django_db
def test_a_use_is_written_put_in_force_by_another_stopped_and_let_go_on(cast: Cast, policy: Definition) -> None:
    marco, hanna = cast.client("marco"), cast.client("hanna")
    assert "The register is empty" in seen(marco.get("/policy/uses"))
    assert marco.post("/policy/uses/new", USE).url == "/policy/uses/newsletter"
    row = Definition.objects.get(kind="ai_use")
    kept: AiUse = load(row)
    assert (kept.jurisdictions, kept.evidence, kept.reach.recipients) == (
        ["DE", "FR"], ["https://example.com/check", "Binder 4"], 500
    )  # fmt: skip
    assert "Put in force" not in seen(marco.get("/policy/uses/newsletter"))
    assert hanna.post("/policy/uses/newsletter/put-in-force").status_code == 302
    page = seen(hanna.get("/policy/uses/newsletter"))
    assert "This use runs, as far as the policy allows." in page
    assert "send with two reviewers" in page
    refused = hanna.post("/policy/uses/newsletter/stop", {"why": ""})
    assert refused.status_code == 422
    assert thrown("newsletter") is None
    hanna.post("/policy/uses/newsletter/stop", {"why": "It greets people by a wrong name."})
    assert AiSwitch.objects.get().why == "It greets people by a wrong name."
    assert "Hanna Lindqvist: It greets people by a wrong name." in seen(hanna.get("/policy/uses/newsletter"))
    assert "One use of AI is in force and one is stopped." in seen(marco.get("/policy/uses"))
    hanna.post("/policy/uses/newsletter/go-on")
    assert thrown("newsletter") is None


@pytest.mark.django_db
def test_the_form_of_a_use_shows_what_it_keeps_and_says_what_is_wrong(cast: Cast) -> None:
    hanna = cast.client("hanna")
    wrong = hanna.post("/policy/uses/new", USE | {"slug": "new", "jurisdictions": "Germany", "actions": []})
    assert wrong.status_code == 422
    assert set(wrong.context["form"].errors) == {"slug", "jurisdictions", "actions"}
    hanna.post("/policy/uses/new", USE)
    form = hanna.get("/policy/uses/newsletter/edit").context["form"]
    given = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    hanna.post("/policy/uses/newsletter/edit", given)
    assert Definition.objects.filter(kind="ai_use").count() == 1
    hanna.post("/policy/uses/newsletter/edit", given | {"title": "Letters"})
    assert Definition.objects.get(kind="ai_use", version=2).document["title"] == "Letters"


@pytest.mark.django_db
def test_a_use_past_its_day_is_shown_first_thing(cast: Cast, policy: Definition) -> None:
    use = draft_uses(BALANCED, today())["leads"].model_copy(update={"review_by": today().replace(year=2020)})
    row = keep_use(actor=cast.actor("marco"), slug="leads", document=use.model_dump(mode="json"))
    definitions.activate(actor=cast.actor("hanna"), ref=row.pinned)
    assert "does nothing until somebody has looked at it again" in seen(cast.client("lena").get("/policy/uses/leads"))
    assert "one is past its review date" in seen(cast.client("lena").get("/policy/uses"))


@pytest.mark.django_db
def test_what_a_page_says_the_policy_answers_is_what_it_decides(policy: Definition) -> None:
    found = in_force()
    for use in draft_uses(BALANCED, today()).values():
        for one in told(found, use):
            allowed = [
                {at for at, (review, said) in enumerate(LADDER)
                 if said >= use.discloses and found.decide(replace(asked, review=review, disclosed=said)).allowed}
                for asked in use.requests(one.action)
            ]  # fmt: skip
            share = sum(map(bool, allowed)) / len(allowed)
            assert one.share == pytest.approx(share)
            free = all((0 if not use.discloses else 1) in some for some in allowed)
            expected = "no" if not share else "part" if share < 1 else "yes" if free else "gate"
            assert (use.title, one.action, one.verdict) == (use.title, one.action, expected)


@pytest.mark.django_db
def test_twenty_answers_make_the_drafts_and_the_page_says_what_is_next(cast: Cast) -> None:
    marco: Client = cast.client("marco")
    form = marco.get("/policy/interview?like=balanced").context["form"]
    assert sum(len(list(group["rows"])) for group in form.groups()) == 20
    given = {name: form[name].value() for name in form.fields}
    makes = seen(marco.post("/policy/interview?preview", given | {"people_a_day": "77"}))
    assert "Reach no more than 77 people a day." in makes
    assert "What does not fit together" not in makes
    clash = marco.post("/policy/interview?preview", given | {"hosting": "own"})
    assert "11, 12 The model runs with you alone" in seen(clash)
    assert '<a href="#ask-hosting">11</a>' in clash.content.decode()
    assert not Definition.objects.filter(kind="ai_policy").exists()
    assert marco.post("/policy/interview", given | {"owner": ""}).status_code == 422
    assert marco.post("/policy/interview", given).url == "/policy/interview/made"
    row = Definition.objects.get(kind="ai_policy")
    assert row.document == draft_policy(BALANCED, today()).model_dump(mode="json", exclude_none=True)
    assert set(Definition.objects.filter(kind="ai_use").values_list("slug", flat=True)) == {
        "inside", "leads", "outside", "interest", "money"
    }  # fmt: skip
    assert Job.objects.get(kind=DECIDE).arguments["version"] == "1"
    assert "Put all in force" not in seen(marco.get("/policy/interview/made"))
    decided_at_once(row.document["rules"])
    assert "Ask for approval" in seen(marco.get("/policy/interview/made"))
    assert marco.post("/policy/ask", {"ref": row.pinned, "back": "/policy/interview/made"}).status_code == 302
    assert marco.post("/policy/ask", {"ref": "route/main@1"}).status_code == 404
    row.refresh_from_db()
    assert row.state == "in_review"
    moment = "Each time: Spend no more than 500 a day. Write only to people who agreed. Reach no more than 5,000 people"
    assert moment in seen(marco.get("/policy/versions/1"))
    marco.post("/policy/uses/new", USE)
    hanna = cast.client("hanna")
    hanna.post("/policy/interview/put-in-force")
    states = dict(Definition.objects.filter(kind="ai_use").values_list("slug", "state"))
    assert states.pop("newsletter") == "draft"
    assert set(states.values()) == {"active"}
