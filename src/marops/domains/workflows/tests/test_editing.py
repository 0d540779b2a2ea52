"""The editor's pages: both doors keep one sketch, check it alike and save it the same way."""

import json
import re
from pathlib import Path

import pytest

from marops.domains.workflows import actions
from marops.domains.workflows.models import Sketch
from marops.domains.workflows.pages.words import WORDS
from marops.domains.workflows.sheets.opened import newest_of

pytestmark = pytest.mark.django_db
CREW = {
    "title": "Marketing",
    "calendars": {"office": {"title": "Office", "hours": {"mon": [["09:00", "17:00"]]}}},
    "calendar": "office",
    "people": [{"id": "ann", "name": "Ann", "skills": {"writing": 1}, "cost_per_hour": 50}],
}
DOCUMENT = {
    "title": "Newsletter",
    "crew": "marketing",
    "classes": [{"id": "issue", "name": "Issue", "arrivals": {"per_month": 4}}],
    "steps": [
        {"id": "brief", "name": "Brief", "skill": "writing", "effort": 2},
        {"id": "copy", "name": "Copy", "skill": "writing", "effort": 4},
    ],
    "ways": [{"from": "brief", "to": "copy"}],
}


@pytest.fixture
def hanna(cast):
    actor = cast.actor("hanna")
    actions.keep(actor=actor, kind="crew", slug="marketing", document=CREW)
    actions.keep(actor=actor, kind="workflow", slug="newsletter", document=DOCUMENT)
    return cast.client("hanna")


def _post(client, path, **fields):
    return client.post(path, fields)


def _json(client, path, body):
    return client.post(path, json.dumps(body), content_type="application/json", headers={"accept": "application/json"})


def _steps():
    return [one["id"] for one in Sketch.objects.get(slug="newsletter").document["steps"]]


def test_an_outline_adds_moves_copies_removes_and_takes_back(hanna):
    at = "/workflows/newsletter/outline"
    assert hanna.get(at).status_code == 200
    add = {"add": "step", "name": "Legal check", "skill": "legal", "effort": "1.5", "after": "brief", "beside": ""}
    assert hanna.post(at, add).status_code == 302
    assert _steps() == ["brief", "legal-check", "copy"]
    _post(hanna, at, act="undo")
    assert _steps() == ["brief", "copy"]
    _post(hanna, at, act="redo")
    page = hanna.get(at).content.decode()
    assert "which nobody of the crew" in page
    assert "/workflows/newsletter/outline/steps/legal-check#id_skill" in page
    _post(hanna, at, act="up:copy")
    assert _steps() == ["brief", "copy", "legal-check"]
    drawn = Sketch.objects.get(slug="newsletter").document["ways"]
    assert {(way["from"], way["to"]) for way in drawn} == {("brief", "copy"), ("copy", "legal-check")}
    _post(hanna, at, act="copy:copy")
    assert _steps() == ["brief", "copy", "copy-copy", "legal-check"]
    _post(hanna, at, act="remove:legal-check")
    _post(hanna, at, act="undo")
    assert _steps() == ["brief", "copy", "copy-copy", "legal-check"]
    _post(hanna, at, act="redo")
    assert _steps() == ["brief", "copy", "copy-copy"]
    assert newest_of("workflow", "newsletter").version == 1


def test_a_step_is_changed_as_a_form_and_saved(hanna):
    at = "/workflows/newsletter/outline/steps/brief"
    page = hanna.get(at)
    given = {name: bound.value() for name, bound in _fields(page).items()}
    given |= {
        "name": "Briefing", "touch": "ai_assisted", "platforms": "plankboard, docs", "effort-kind": "lognormal",
        "effort-mean": "3", "effort-sd": "1", "rework-on": "on", "rework-probability": "20", "rework-back_to": "brief",
        "rework-at_most": "2", "batch-on": "on", "batch-size": "5", "batch-each": "50", "opens": "office",
    }  # fmt: skip
    answer = hanna.post(at, _clean(given))
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    done = hanna.post("/workflows/newsletter/save", {"reason": "Better", "base": "1"})
    assert done.status_code == 302
    row = newest_of("workflow", "newsletter")
    step = row.document["steps"][0]
    assert (row.version, row.state, row.reason) == (2, "active", "Better")
    assert step["effort"] == {"kind": "lognormal", "mean": 3.0, "sd": 1.0, "values": []}
    assert step["rework"] == {"probability": 0.2, "back_to": "brief", "at_most": 2}
    assert step["batch"] == {"size": 5, "together": False, "each": 0.5}
    assert (step["platforms"], step["opens"]) == (["plankboard", "docs"], "office")
    assert not Sketch.objects.exists()


def _fields(page):
    form, ways = page.context["form"], page.context["ways"]
    return {bound.name: bound for one in (form, ways) if one for bound in one}


def _clean(given):
    return {name: value for name, value in given.items() if value is not None and value is not False and value != ""}


def test_what_a_form_sends_unchanged_changes_nothing(hanna):
    before = newest_of("workflow", "newsletter").document
    for path in ("steps/copy", "workflow", "work/issue"):
        at = f"/workflows/newsletter/outline/{path}"
        given = {name: bound.value() for name, bound in _fields(hanna.get(at)).items()}
        assert hanna.post(at, _clean(given)).status_code == 302
    hanna.post("/workflows/newsletter/save", {"base": "1"})
    assert newest_of("workflow", "newsletter").document == before


def test_what_a_model_refuses_stands_at_its_field(hanna):
    at = "/workflows/newsletter/outline/steps/brief"
    given = _clean({name: bound.value() for name, bound in _fields(hanna.get(at)).items()})
    answer = hanna.post(
        at, given | {"effort-kind": "triangular", "effort-low": "4", "effort-mode": "2", "effort-high": "9"}
    )
    assert answer.status_code == 422
    assert answer.context["form"].errors["effort-kind"]
    assert not Sketch.objects.exists()


def test_a_choice_of_ways_needs_shares(hanna):
    at = "/workflows/newsletter/outline"
    add = {"add": "step", "name": "Skip", "skill": "writing", "effort": "1", "after": "brief", "beside": "yes"}
    hanna.post(at, add)
    step = f"{at}/steps/brief"
    given = _clean({name: bound.value() for name, bound in _fields(hanna.get(step)).items()})
    hanna.post(step, given | {"split": "one"})
    page = hanna.get(at).content.decode()
    assert "not each says how often" in page
    assert "disabled aria-describedby" in page
    refused = hanna.post("/workflows/newsletter/save", {"base": "1"})
    assert refused.status_code == 422
    hanna.post(step, given | {"split": "one", "way-0-share": "75", "way-1-share": "25"})
    assert hanna.post("/workflows/newsletter/save", {"base": "1"}).status_code == 302


def test_the_check_answers_every_fault_by_pointer_and_keeps_nothing(hanna):
    lost = {**DOCUMENT, "ways": [{"from": "copy", "to": "brief"}, {"from": "brief", "to": "copy"}]}
    items = _json(hanna, "/workflows/newsletter/check", {"document": lost}).json()["items"]
    assert [(one["code"], one["stops"], one["pointer"]) for one in items] == [("no-start", True, "/steps")]
    unskilled = {**DOCUMENT, "steps": [{**DOCUMENT["steps"][0], "skill": "law"}, DOCUMENT["steps"][1]]}
    [one] = _json(hanna, "/workflows/newsletter/check", {"document": unskilled}).json()["items"]
    assert (one["kind"], one["id"], one["path"], one["stops"]) == ("step", "brief", "skill", False)
    broken = {**DOCUMENT, "steps": [{"id": "brief", "name": "", "effort": -1}]}
    items = _json(hanna, "/workflows/newsletter/check", {"document": broken}).json()["items"]
    assert {(one["id"], one["path"]) for one in items} == {("brief", "name"), ("brief", "effort")}
    assert not Sketch.objects.exists()


def test_a_version_of_somebody_else_is_not_written_over_unseen(hanna, cast):
    _json(hanna, "/workflows/newsletter/sketch", {"document": DOCUMENT | {"title": "Mine"}})
    theirs = DOCUMENT | {"title": "Theirs"}
    actions.keep(actor=cast.actor("ada"), kind="workflow", slug="newsletter", document=theirs)
    body = {"document": DOCUMENT | {"title": "Mine"}, "base": 1}
    refused = _json(hanna, "/workflows/newsletter/save", body)
    assert (refused.status_code, refused.json()["newest"]) == (409, 2)
    done = _json(hanna, "/workflows/newsletter/save", body | {"base": 2})
    assert done.json()["version"] == 3
    assert newest_of("workflow", "newsletter").document["title"] == "Mine"


def test_a_refused_save_leaves_everything_as_it_was(hanna):
    body = {"document": {**DOCUMENT, "steps": []}, "base": 1}
    refused = _json(hanna, "/workflows/newsletter/save", body)
    assert refused.status_code == 422
    assert newest_of("workflow", "newsletter").version == 1


@pytest.mark.parametrize("start", ["", "template/webinar", "copy/newsletter"])
def test_a_new_workflow_begins_with_nothing_a_template_or_a_copy(hanna, start):
    made = hanna.post("/workflows/new", {"title": "Été 2027", "unit": "issue", "crew": "", "start": start})
    assert made.headers["Location"] == "/workflows/ete-2027/edit"
    assert newest_of("crew", "ete-2027").state == "active"
    page = hanna.get("/workflows/ete-2027/edit")
    assert page.status_code == 200
    assert page.context["here"].document["title"] == "Été 2027"
    assert newest_of("workflow", "ete-2027") is None
    again = hanna.post("/workflows/new", {"title": "Été 2027", "unit": "issue", "crew": "marketing", "outline": ""})
    assert again.headers["Location"] == "/workflows/ete-2027-2/outline"


def test_a_sketch_is_ones_own(hanna, cast):
    hanna.post("/workflows/new", {"title": "Mine", "unit": "issue", "crew": "marketing", "start": ""})
    assert cast.client("ada").get("/workflows/mine/outline").status_code == 404
    assert _post(hanna, "/workflows/mine/outline", act="drop").headers["Location"] == "/workflows"


def test_what_came_from_a_log_is_assumed_once_it_is_changed(hanna, cast):
    steps = [{**DOCUMENT["steps"][0], "origin": {"effort": "log", "skill": "log"}}, DOCUMENT["steps"][1]]
    actions.keep(actor=cast.actor("ada"), kind="workflow", slug="newsletter", document={**DOCUMENT, "steps": steps})
    at = "/workflows/newsletter/outline/steps/brief"
    page = hanna.get(at)
    assert page.content.decode().count("from the log") == 2
    given = _clean({name: bound.value() for name, bound in _fields(page).items()})
    hanna.post(at, given | {"effort-mean": "7"})
    assert Sketch.objects.get().document["steps"][0]["origin"] == {"effort": "assumed", "skill": "log"}


def test_the_words_of_the_canvas_are_translated():
    sources = sorted((Path(__file__).parents[5] / "ui" / "src" / "flow").glob("*.ts*"))
    if not sources:
        pytest.skip("the sources of the interface are not here")
    text = "\n".join(path.read_text() for path in sources)
    asked = set(re.findall(r'\bt\(\s*"((?:[^"\\]|\\.)*)"', text))
    keys = re.search(r"const KEYS.*?\n\];", text, re.DOTALL)[0]
    asked |= {words for _key, words in re.findall(r'\["([^"]*)", "([^"]*)"\]', keys)}
    assert asked == set(WORDS)
