import copy
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.kernel import gates, ports
from marops.kernel.actors import SETUP, Actor
from marops.kernel.definitions import activate, draft, find, plant_starters, retire, versions
from marops.kernel.differences import differences
from marops.kernel.errors import MaropsError
from marops.kernel.exchange import _Dumper, _Loader, apply, export_to, plan, read_folder
from marops.kernel.models import AuditRow, Definition

import yaml  # isort: skip

STRANGER = Actor("human", "00000000-0000-0000-0000-000000000001")


@pytest.fixture
def planted(db):
    plant_starters(actor=SETUP, starters=[one for filler in ports.starters for one in filler.value])


@pytest.fixture
def folder(planted, tmp_path):
    export_to(tmp_path, actor=SETUP)
    return tmp_path


def _edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _by_ref(steps):
    return {step.ref: step for step in steps}


def _faults(folder):
    with pytest.raises(MaropsError) as raised:
        read_folder(folder)
    return {fault.pointer: fault for fault in raised.value.errors}


def test_what_was_exported_applies_as_nothing(folder):
    before = Definition.objects.count()
    assert {step.change for step in apply(read_folder(folder), actor=SETUP, put_in_force=True)} == {"unchanged"}
    assert Definition.objects.count() == before


def test_an_export_again_writes_nothing_and_the_same(folder):
    texts = {path: path.read_text() for path in folder.rglob("*.yaml")}
    assert not any(one.written for one in export_to(folder, actor=SETUP))
    assert texts == {path: path.read_text() for path in folder.rglob("*.yaml")}


def test_a_file_names_its_version_and_its_digest_and_begins_as_the_schema_does(folder):
    row = find("score/main")
    lines = (folder / "score/main.yaml").read_text().splitlines()
    assert row.pinned in lines[0]
    assert lines[1] == f"# sha256 {row.sha256}"
    keys = [line.split(":")[0] for line in lines if line[:1].isalpha()]
    assert keys == ["schema_version", "title", "purpose", "fit", "engagement", "grades", "levels", "mql"]


def test_an_empty_workspace_gets_what_the_folder_holds(folder):
    documents = {row.ref: row.document for row in Definition.objects.all()}
    Definition.objects.all().delete()
    steps = apply(read_folder(folder), actor=SETUP, put_in_force=True)
    assert {step.outcome for step in steps} == {"active"}
    assert {row.ref: row.document for row in Definition.objects.filter(state="active")} == documents


def test_a_change_becomes_a_draft_once(folder):
    _edit(folder / "score/main.yaml", "cap: 50", "cap: 60")
    found = read_folder(folder)
    step = _by_ref(apply(found, actor=SETUP, reason="wider"))["score/main"]
    assert (step.change, step.against, step.outcome, step.version) == (
        "changed",
        "score/main@1",
        "draft",
        "score/main@2",
    )
    assert find("score/main").version == 1
    assert find("score/main@2").reason == "wider"
    acts = AuditRow.objects.count()
    again = _by_ref(apply(found, actor=SETUP))["score/main"]
    assert (again.change, again.against, again.outcome) == ("unchanged", "score/main@2", "none")
    assert AuditRow.objects.count() == acts
    assert len(versions("score", "main")) == 2


def test_a_waiting_draft_can_be_put_in_force_later(folder):
    _edit(folder / "score/main.yaml", "cap: 50", "cap: 60")
    found = read_folder(folder)
    apply(found, actor=SETUP)
    assert _by_ref(apply(found, actor=SETUP, put_in_force=True))["score/main"].outcome == "active"
    assert find("score/main").version == 2


def test_a_plan_says_in_words_what_differs_and_writes_nothing(folder):
    _edit(folder / "score/main.yaml", "cap: 50", "cap: 60")
    _edit(folder / "score/main.yaml", "at_least: 50", "at_least: 80")
    before = Definition.objects.count()
    words = [one.words for one in _by_ref(plan(read_folder(folder)))["score/main"].differences]
    assert words[0] == "fit > cap: 50 becomes 60"
    assert "is at least 50” becomes: “" in words[1]
    assert "Company of 50 people or more" in words[1]
    assert Definition.objects.count() == before


def test_what_the_folder_does_not_mention_is_left_alone(folder):
    (folder / "route/main.yaml").unlink()
    step = _by_ref(apply(read_folder(folder), actor=SETUP, put_in_force=True))["route/main"]
    assert (step.change, step.outcome) == ("absent", "none")
    assert find("route/main").state == "active"


def test_a_newer_draft_is_named_and_left_out_of_the_export(folder):
    document = copy.deepcopy(find("route/main").document) | {"title": "Another"}
    draft(actor=SETUP, kind="route", slug="main", document=document)
    one = _by_ref(export_to(folder, actor=SETUP))["route/main"]
    assert (one.version, one.newer_draft, one.written) == ("route/main@1", "route/main@2", False)
    assert _by_ref(plan(read_folder(folder)))["route/main"].change == "unchanged"


def test_what_was_retired_is_not_exported(folder, tmp_path_factory):
    retire(actor=SETUP, ref="route/main")
    fresh = tmp_path_factory.mktemp("fresh")
    assert "route/main" not in _by_ref(export_to(fresh, actor=SETUP))


def test_what_never_was_in_force_is_exported_as_a_draft(folder):
    draft(actor=SETUP, kind="route", slug="next", document={"title": "Next"})
    export_to(folder, actor=SETUP)
    assert "route/next@1, draft" in (folder / "route/next.yaml").read_text()


def test_a_gate_that_refuses_leaves_a_draft_and_its_reason(folder, monkeypatch):
    monkeypatch.setattr(gates, "_GATES", {})
    gates.gate("closed", lambda _: gates.Answer(False, ("Not in December.",)), effects=["activate"])
    _edit(folder / "score/main.yaml", "cap: 50", "cap: 60")
    step = _by_ref(apply(read_folder(folder), actor=SETUP, put_in_force=True))["score/main"]
    assert (step.outcome, step.state, str(step.problem)) == ("refused", "draft", "Not in December.")
    assert find("score/main").version == 1


def test_who_may_not_draft_may_not_apply(folder):
    with pytest.raises(MaropsError) as raised:
        apply(read_folder(folder), actor=STRANGER)
    assert raised.value.code == "not-allowed"


def test_one_fault_refuses_the_whole_folder_and_every_fault_is_named(folder):
    _edit(folder / "score/main.yaml", "cap: 50", "cap: lots")
    _edit(folder / "lifecycle/main.yaml", "title:", "titel:")
    _edit(folder / "score/main.yaml", "field: contact.country", "field: contact.contry")
    before = Definition.objects.count()
    faults = _faults(folder)
    assert set(faults) >= {
        "score/main.yaml#/fit/cap",
        "lifecycle/main.yaml#/titel",
        "lifecycle/main.yaml#/title",
    }
    assert all(fault.remedy for fault in faults.values())
    assert Definition.objects.count() == before


def test_a_condition_on_an_unknown_field_is_refused_where_it_stands(folder):
    _edit(folder / "score/main.yaml", "field: contact.country", "field: contact.contry")
    [pointer] = _faults(folder)
    assert pointer.startswith("score/main.yaml#/fit/signals/")
    assert pointer.endswith("/when/field")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("route/a.yaml", "a: &x 1\nb: *x\n", "anchors"),
        ("route/a.yaml", "title: a\ntitle: b\n", "stands twice"),
        ("route/a.yaml", "title: [1\n", "line 2"),
        ("route/a.yaml", "- 1\n", "mapping"),
        ("route/a.yaml", "? [1]\n: 2\n", "plain word"),
        ("route/a.yaml", "title: !!python/object:os.system x\n", "could not determine"),
        ("route/a.yaml", "schema_version: 9\ntitle: x\n", "not 9"),
        ("route/A b.yaml", "title: x\n", "names no definition"),
        ("route/a.yml", "title: x\n", "names no definition"),
        ("nokind/a.yaml", "title: x\n", "no kind"),
    ],
)
def test_files_that_cannot_be_used_are_named_with_a_remedy(planted, tmp_path, name, text, says):
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(text)
    [fault] = _faults(tmp_path).values()
    assert fault.pointer.startswith(name + "#")
    assert says in fault.message
    assert fault.remedy


def test_a_file_in_another_encoding_is_named(planted, tmp_path):
    (tmp_path / "route").mkdir()
    (tmp_path / "route/a.yaml").write_bytes("title: é\n".encode("latin-1"))
    assert _faults(tmp_path)["route/a.yaml#"].code == "encoding"


def test_folders_without_definitions_are_refused(planted, tmp_path):
    for folder, code in ((tmp_path, "no-definitions"), (tmp_path / "nowhere", "folder-unusable")):
        with pytest.raises(MaropsError) as raised:
            read_folder(folder)
        assert raised.value.code == code


def test_countries_dates_and_codes_stay_texts(planted, tmp_path):
    (tmp_path / "route").mkdir()
    (tmp_path / "route/a.yaml").write_text(
        textwrap.dedent("""\
        title: Nordic
        rules:
          - name: nordic
            label: Nordic
            when: {field: contact.country, in: [NO, SE]}
            queue: unassigned-leads
        """)
    )
    [found] = read_folder(tmp_path)
    assert found.document["rules"][0]["when"]["in"] == ["NO", "SE"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(min_size=1), JSON))
def test_every_document_survives_the_file(document):
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    assert yaml.load(text, Loader=_Loader) == document


@given(JSON, JSON)
def test_documents_differ_exactly_where_there_is_a_difference(before, after):
    found = differences(before, after)
    assert bool(found) == (before != after)
    assert all(one.words for one in found)


def test_entries_are_compared_by_name():
    before = {"rules": [{"name": "a", "label": "A", "points": 1}, {"name": "b", "points": 2}]}
    after = {
        "rules": [{"name": "c", "points": 3}, {"name": "b", "points": 2}, {"name": "a", "label": "A", "points": 5}]
    }
    words = [one.words for one in differences(before, after)]
    assert words == [
        "rules > “c” is new (points 3)",
        "rules > “A” > points: 1 becomes 5",
        "rules stand in another order: “b”, “A”",
    ]


def test_a_draft_that_was_put_in_force_by_hand_is_what_stands(folder):
    document = copy.deepcopy(find("route/main").document) | {"title": "Another"}
    row = draft(actor=SETUP, kind="route", slug="main", document=document)
    activate(actor=SETUP, ref=row.pinned)
    step = _by_ref(plan(read_folder(folder)))["route/main"]
    assert (step.change, step.against) == ("changed", "route/main@2")
    assert [one.words for one in step.differences] == ["title: Another becomes Main route"]
