import html
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from tests.cast import Cast

from marops.domains.policy.actions.policies import keep_policy
from marops.domains.policy.desk import needs
from marops.domains.policy.models import AiAct, AiDraft, AiSwitch
from marops.domains.policy.queries.saved import METRIC
from marops.domains.policy.tests.policies import decided_at_once, rule
from marops.domains.policy.tests.test_policy_gate import USE
from marops.domains.policy.tests.test_policy_gate import in_force as in_force_now
from marops.kernel import definitions
from marops.kernel.clock import now
from marops.kernel.models import Definition, MetricReading

SORT = 'permit (principal, action == Action::"classify", resource);\n'
NEVER = 'forbid (principal, action, resource) when { context.data == Data::"special" };\n'
RULES = [
    rule("R-01", SORT), rule("N-01", NEVER).model_copy(update={"says": "Never read special data."}),
]  # fmt: skip
DOCUMENT: dict[str, Any] = {"title": "What AI may do here", "rules": [one.model_dump() for one in RULES]}


@pytest.fixture
def in_force(cast: Cast) -> Definition:
    row = keep_policy(actor=cast.actor("marco"), document=DOCUMENT, reason="First")
    decided_at_once(DOCUMENT["rules"])
    return definitions.activate(actor=cast.actor("hanna"), ref=row.pinned)


@pytest.fixture
def hanna(cast: Cast) -> Client:
    return cast.client("hanna")


def seen(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def act(verdict: str, term: str, rules: list[str], **more: Any) -> AiAct:
    given = {"at": now(), "use": "u-07", "actor": "assistant", "on_behalf_of": "x", "action": "a.b"}
    return AiAct.objects.create(**given | {"verdict": verdict, "term": term, "rules": rules} | more)


@pytest.mark.django_db
def test_a_line_says_plainly_what_it_is_and_exactly_what_stands_behind_it(hanna: Client, in_force: Definition) -> None:
    act("yes", "classify", ["R-01"], policy=in_force.pinned)
    page = hanna.get("/policy")
    free, never = (part["lines"][0] for part in page.context["parts"])
    assert free["head"] == "Sort anything."
    assert free["bounds"] == ["Using all but special data."]
    assert never["head"] == "Read special data."
    reason = hanna.get(free["because"])
    assert "data-drawer-content" in reason.content.decode()
    assert '<p class="small"><a href="/policy">AI policy</a></p>' in reason.content.decode(), "a way back"
    assert "what was told in confidence" in seen(reason)
    assert "1 done, 0 waited for a person, 0 refused." in seen(reason)
    assert hanna.get("/policy/lines/99").status_code == 404
    told = seen(hanna.get("/policy/because"))
    assert "142,560 combinations" in told
    assert "u-07" in told


@pytest.mark.django_db
def test_one_button_stops_everything_and_one_lets_it_go_on(cast: Cast, hanna: Client, in_force: Definition) -> None:
    assert "Stop everything" in seen(hanna.get("/policy"))
    assert "Stop everything" not in seen(cast.client("lena").get("/policy"))
    assert hanna.post("/policy/stop", {"why": ""}).status_code == 422
    assert hanna.post("/policy/stop", {"why": "Wrong names went out"}).url == "/policy"
    assert AiSwitch.objects.get(released_at=None).use == ""
    said = seen(hanna.get("/policy"))
    assert "Hanna Lindqvist threw the switch, so no AI does anything: Wrong names went out" in said
    assert "Let it go on" not in seen(cast.client("lena").get("/policy"))
    asked = {"action": "classify", "content": "words", "audience": "colleagues", "data": "none"}
    stopped = hanna.get("/policy/what-if", asked)
    assert (stopped.context["verdict"], [one["id"] for one in stopped.context["behind"]]) == ("no", ["stopped"])
    assert hanna.get("/policy/stop").url == "/policy"
    hanna.post("/policy/go-on")
    assert hanna.get("/policy/what-if", asked).context["verdict"] == "yes"
    assert not AiSwitch.objects.filter(released_at=None).exists()


@pytest.mark.django_db
def test_the_page_shows_its_history_and_what_people_say_of_it(hanna: Client, in_force: Definition) -> None:
    page = hanna.get("/policy")
    assert [one["reason"] for one in page.context["history"]] == ["First"]
    assert hanna.get("/comments/ai_policy/marketing").status_code == 200


@pytest.mark.django_db
def test_the_desk_of_an_empty_house_says_so_and_what_cannot_be_measured(hanna: Client) -> None:
    page = hanna.get("/policy/desk")
    assert page.context["answer"] == "Nothing waits, nothing is overdue, and nothing was refused in 30 days."
    assert "No policy is in force" in seen(page)
    assert "Not measurable. No step of a mapped workflow was done both by people and by AI." in seen(page)


@pytest.mark.django_db
def test_the_desk_says_what_waits_what_was_refused_what_is_late_and_who_decided(
    cast: Cast, hanna: Client, in_force: Definition
) -> None:
    use = {
        "title": "Sorting replies", "owner": "Hanna", "actions": ["classify"], "content": ["words"],
        "audience": ["colleagues"], "data": ["none"], "model": {"vendor": "Own", "name": "m"}, "autonomy": 2,
        "review_by": "2020-01-01",
    }  # fmt: skip
    row = definitions.draft(actor=cast.actor("hanna"), kind="ai_use", slug="u-07", document=use)
    definitions.activate(actor=cast.actor("vera"), ref=row.pinned)
    for _time in range(2):
        act("no", "classify", ["N-01"], reasons=["Never read special data."], cost=Decimal("1.5"), tokens=10)
    act("waits", "classify", [])
    common = {
        "use": "u-07", "actor": "a", "on_behalf_of": "x", "kind": "text", "content": {}, "sha256": "0" * 64,
        "asked": {"named": {"data": "none"}},
    }  # fmt: skip
    first = AiDraft.objects.create(at=now(), title="Hello", state="withdrawn", **common)
    AiDraft.objects.create(at=now(), title="Hello again", edited_from=first.id, **common)
    hanna.post("/policy/stop", {"why": "Wrong names"})
    page = hanna.get("/policy/desk")
    assert page.context["answer"] == (
        "One draft of AI waits to be read; one use is past its review; 2 acts were refused in 30 days."
    )
    week = page.context["weeks"][-1]
    assert (week.yes, week.waits, week.no, week.overridden) == (0, 1, 2, 1)
    assert [(one["n"], one["why"]) for one in page.context["refusals"]] == [(2, "Never read special data.")]
    assert (page.context["cost"], page.context["uses"][0]["title"]) == (Decimal("3.0"), "Sorting replies")
    said = [one.what for one in page.context["decisions"]]
    assert "stopped everything" in said
    assert "wrote version 1" in said
    assert any(one.startswith("approved “ai_use/u-07") for one in said)
    assert "Hello again" in seen(page)
    lines = {str(one.title): one.urgency for one in needs(cast.actor("hanna"), now())}
    assert lines == {
        "Every AI is stopped": "soon", "“Hello again” by an AI waits for you": "soon",
        "Sorting replies is past its review": "late",
    }  # fmt: skip
    assert list(needs(cast.actor("nils"), now())) == []
    other = cast.client("mina").get("/policy/desk")
    assert other.context["decisions"] is None


@pytest.mark.django_db
def test_checks_are_added_changed_and_taken_out_and_say_whether_they_hold(hanna: Client, in_force: Definition) -> None:
    assert "checks nothing of itself" in seen(hanna.get("/policy/checks"))
    what_if = hanna.get("/policy/what-if", {"action": "classify", "data": "special"})
    form = hanna.get(f"/policy/checks/new?{what_if.context['as_check']}").context["form"]
    given = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert (given["action"], given["data"], given["expect"]) == ("classify", "special", "no")
    assert hanna.post("/policy/checks/new", given).status_code == 422
    assert hanna.post("/policy/checks/new", given | {"says": "Special data"}).url == "/policy/checks"
    page = hanna.get("/policy/checks")
    assert [(one["says"], one["holds"]) for one in page.context["rows"]] == [("Special data", True)]
    hanna.post("/policy/checks/0", given | {"says": "Special data", "expect": "yes"})
    assert "One check is answered otherwise." in seen(hanna.get("/policy/checks"))
    assert "“Special data” should be yes." in seen(hanna.get("/policy/versions/3"))
    hanna.post("/policy/checks/0/remove")
    assert Definition.objects.get(version=4).document["checks"] == []
    assert hanna.get("/policy/checks/7").status_code == 404


@pytest.mark.django_db
def test_time_saved_is_said_step_by_step(hanna: Client) -> None:
    read = {"mail / Write / human": (30, 6), "mail / Write / ai": (10, 5), "mail / Read / ai": (None, 4)}
    for piece, (value, n) in read.items():
        MetricReading.objects.create(
            metric=METRIC, version=1, grain="day", period=now().date(), by="", piece=piece, value=value, n=n,
            closed=False, computed_at=now(),
        )  # fmt: skip
    page = hanna.get("/policy/desk")
    assert "1 h 40 min saved by all that AI did of these steps." in seen(page)
    steps = [(one["name"], one["people"], one["ai"], one["saved"]) for one in page.context["saved"]["steps"]]
    assert steps == [("Write", 1800, 600, 6000), ("Read", None, None, None)]
    assert "not measurable" in seen(page)


@pytest.mark.django_db
def test_each_number_of_the_desk_leads_to_as_many_acts(cast: Cast) -> None:
    at = now() - timedelta(days=2)
    for number, (use, verdict, reason) in enumerate(
        [
            ("a", "yes", ""),
            ("a", "no", "Too late."),
            ("a", "no", "Too late."),
            ("a", "no", "Too & much?"),
            ("b", "waits", ""),
        ]
    ):
        AiAct.objects.create(
            at=at, use=use, actor="assistant", action="x.y",
            on_behalf_of=str(cast.priya.id if number else cast.hanna.id),
            term="draft", verdict=verdict, reasons=[reason] if reason else [],
        )  # fmt: skip
    vera = cast.client("vera")
    page = html.unescape(vera.get("/policy/desk").content.decode())
    links = re.findall(r'href="(/policy/trail\?[^"]+)">([\d,]+)</a>', page)
    assert len(links) > 10
    counted = 0
    for url, said in links:
        shown = vera.get(url).content.decode()
        rows = len(set(re.findall(r'data-href="(/policy/trail/[0-9a-f-]+)"', shown)))
        assert rows == int(said), url
        counted += rows
    assert counted > 0
    in_force_now("ai_use", "a", USE)
    register = html.unescape(vera.get("/policy/uses").content.decode())
    led = re.findall(r'href="(/policy/trail\?[^"]+)">([\d,]+)', register)
    assert [int(said) for _url, said in led] == [1, 3]
    for url, said in led:
        assert vera.get(url).content.decode().count('<tr data-href="/policy/trail/') == int(said), url
    assert "/policy/trail" not in html.unescape(cast.client("mina").get("/policy/desk").content.decode()), (
        "may not see it"
    )


@pytest.mark.django_db
def test_the_trail_is_narrowed_by_use_answer_person_and_day_and_keeps_it_while_one_pages_on(cast: Cast) -> None:
    first = now() - timedelta(days=9)
    for number in range(60):
        AiAct.objects.create(
            at=first + timedelta(hours=number), use="a" if number % 2 else "b", actor="assistant", action="x.y",
            on_behalf_of=str(cast.priya.id if number % 3 else cast.hanna.id), term="score",
            verdict="yes" if number % 5 else "no",
        )  # fmt: skip
    vera = cast.client("vera")
    seen: list[str] = []
    url = f"/policy/trail?use=a&person={cast.priya.id}&verdict=yes"
    while url:
        page = html.unescape(vera.get(url).content.decode())
        seen += re.findall(r'data-href="/policy/trail/([0-9a-f-]+)"', page)
        older = re.search(r'href="(\?[^"]+)">Older acts', page)
        url = f"/policy/trail{older[1]}" if older else ""
    wanted = AiAct.objects.filter(use="a", on_behalf_of=str(cast.priya.id), verdict="yes")
    assert len(seen) == wanted.count() == 16
    assert set(seen) == {str(one.id) for one in wanted}
    day = first.date().isoformat()
    told = vera.get(f"/api/v1/ai/acts?since={day}&until={day}&limit=100").json()["items"]
    assert {one["at"][:10] for one in told} <= {day, (first - timedelta(days=1)).date().isoformat()}
    assert told
    assert "No act of that kind" in vera.get("/policy/trail?use=c").content.decode()
    assert vera.get("/policy/trail?since=soon&verdict=perhaps&person=x%27&days=99999").status_code == 200
    assert vera.get("/api/v1/ai/acts?since=soon").status_code == 422
    assert vera.get("/api/v1/ai/acts?verdict=perhaps").status_code == 422
