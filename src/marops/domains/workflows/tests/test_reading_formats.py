import gzip
import json
from datetime import UTC, datetime

import pytest

from marops.domains.workflows.models import EventLog
from marops.domains.workflows.public import as_given, log_of, plan_log
from marops.domains.workflows.reading.files import opened_log
from marops.domains.workflows.tests.logground import bring, rows_of, written
from marops.kernel.errors import MaropsError

pytestmark = pytest.mark.django_db(transaction=True)


def at(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def event(name, time, who="", transition="", instance=""):
    parts = [f'<string key="concept:name" value="{name}"/>', f'<date key="time:timestamp" value="{time}"/>']
    parts += [f'<string key="org:resource" value="{who}"/>'] if who else []
    parts += [f'<string key="lifecycle:transition" value="{transition}"/>'] if transition else []
    parts += [f'<string key="concept:instance" value="{instance}"/>'] if instance else []
    return f"<event>{''.join(parts)}</event>"


def xes(*traces, head=""):
    body = "".join(
        f'<trace><string key="concept:name" value="{name}"/><string key="case type" value="webinar"/>'
        f"{''.join(events)}</trace>"
        for name, events in traces
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<log xmlns="http://www.xes-standard.org/">'
        '<global scope="event"><string key="concept:name" value="__INVALID__"/></global>'
        '<classifier name="Activity" keys="concept:name"/>' + body + "</log>"
    )


PAIRED = xes(
    ("A", [
        event("Write", "2026-03-02T10:00:00+01:00", "Ann", "start", "1"),
        event("Write", "2026-03-02T10:10:00+01:00", "Bob", "start", "2"),
        event("Write", "2026-03-02T12:00:00+01:00", "Bob", "complete", "2"),
        event("Write", "2026-03-02T13:00:00+01:00", "Ann", "complete", "1"),
    ]),
    ("B", [event("Send", "2026-03-03T10:00:00Z", "Müller &amp; Söhne", "complete")]),
)  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
def test_xes_is_read_and_its_pairs_are_found_by_their_instance(tmp_path, packed):
    content = gzip.compress(PAIRED.encode()) if packed else PAIRED
    log = bring(written(tmp_path, content, "log.xes.gz" if packed else "log.xes"))
    assert rows_of(log) == [
        ("A", "Write", "Ann", None, at(2, 9), at(2, 12), 4),
        ("A", "Write", "Bob", None, at(2, 9, 10), at(2, 11), 3),
        ("B", "Send", "Müller & Söhne", None, None, at(3, 10), 5),
    ]
    assert (log.format, log.counts["class"]) == ("xes", 1)


def test_xes_without_lifecycles_has_ends_alone(tmp_path):
    log = bring(written(tmp_path, xes(("A", [event("Send", "2026-03-03T10:00:00Z")])), "log.xes"))
    assert log.counts["without_start"] == 1


BOMB = '<!DOCTYPE log [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
AWAY = '<!DOCTYPE log SYSTEM "http://127.0.0.1:9/log.dtd">'


@pytest.mark.parametrize("head", [BOMB, AWAY])
def test_document_types_are_refused(tmp_path, head):
    with pytest.raises(MaropsError) as refusal:
        plan_log(written(tmp_path, xes(("A", [event("Send", "2026-03-03T10:00:00Z")]), head=head), "log.xes"))
    assert refusal.value.code == "log-xml-document-type"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (PAIRED[: len(PAIRED) // 2], "log-xml-broken"),
        ("<html><body>Sign in</body></html>", "log-not-xes"),
        ("<log><trace>" + "<list>" * 200, "log-xml-broken"),
        (gzip.compress(PAIRED.encode())[:-20], "log-not-unpacked"),
        ('{"objects": [{"id": "o1"', "log-json-broken"),
        ('{"a": 1}', "log-not-ocel"),
        ('{"objects": [{"id": "o1", "type": "Order"}], "events": [{"id": "e", "type": "x"}]}', "log-not-ocel"),
        ("{]", "log-json-broken"),
        ("", "import-file-empty"),
    ],
)
def test_broken_files_are_refused(tmp_path, content, code):
    with pytest.raises(MaropsError) as refusal:
        bring(written(tmp_path, content, "log.dat"))
    assert refusal.value.code == code
    assert refusal.value.remedy
    assert not EventLog.objects.exists()


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(MaropsError) as refusal:
        plan_log(tmp_path / "nowhere.csv")
    assert refusal.value.code == "log-file-missing"


def ocel(events, first=()):
    objects = [
        *({"id": f"a{n}", "type": "Asset", "attributes": []} for n in (1, 2)),
        {"id": "c1", "type": "Campaign"},
        {"id": "ann", "type": "Employee"},
    ]
    listed = [
        {
            "id": f"e{n}", "type": name, "time": time, "attributes": [{"name": "cost", "value": 12.5}],
            "relationships": [{"objectId": one, "qualifier": "about"} for one in about],
        }
        for n, (name, time, about) in enumerate(events)
    ]  # fmt: skip
    parts = {"objectTypes": [{"name": "Asset"}], "eventTypes": []}
    parts |= {"objects": objects, "events": listed} if not first else {"events": listed, "objects": objects}
    return json.dumps(parts, indent=1)


APPROVAL = [
    ("Brief", "2026-03-02T09:00:00Z", ["c1", "ann"]),
    ("Draft", "2026-03-02T10:00:00Z", ["a1", "ann"]),
    ("Draft", "2026-03-02T12:00:00Z", ["a2", "ann"]),
    ("Approve", "2026-03-03T10:00:00Z", ["c1", "a1", "a2"]),
    ("Publish", "2026-03-03T11:00:00Z", ["a1"]),
    ("Publish", "2026-03-03T12:00:00Z", ["a2"]),
]


@pytest.mark.parametrize("events_first", [False, True])
def test_objects_of_one_type_are_the_cases_and_shared_work_counts_once(tmp_path, events_first):
    path = written(tmp_path, ocel(APPROVAL, events_first), "log.json")
    plan = plan_log(path)
    assert (plan.case_object, plan.objects) == ("Asset", {"Asset": 2, "Campaign": 1, "Employee": 1})
    log = bring(path)
    assert rows_of(log) == [
        ("a1", "Draft", "ann", None, None, at(2, 10), 1),
        ("a1", "Approve", None, at(3, 10), at(3, 10), at(3, 10), 3),
        ("a1", "Publish", None, None, None, at(3, 11), 5),
        ("a2", "Draft", "ann", None, None, at(2, 12), 2),
        ("a2", "Approve", None, None, None, at(3, 10), 4),
        ("a2", "Publish", None, None, None, at(3, 12), 6),
    ]
    assert log.counts["again"] == 1
    assert len(log_of(log)) == 6


def test_another_type_of_objects_can_be_the_cases(tmp_path):
    path = written(tmp_path, ocel(APPROVAL), "log.json")
    log = bring(path, case_object="Campaign")
    assert [row[:2] for row in rows_of(log)] == [("c1", "Brief"), ("c1", "Approve")]
    with pytest.raises(MaropsError) as refusal:
        plan_log(path, as_given({"case_object": "Order"}))
    assert refusal.value.code == "log-no-such-objects"
    assert "Asset, Campaign, Employee" in refusal.value.detail


def test_elements_may_end_anywhere_in_a_block(tmp_path, monkeypatch):
    from marops.domains.workflows.reading import elements as module

    path = written(tmp_path, ocel(APPROVAL).replace("ann", "Änn"), "log.json")
    whole = [row[:3] for row in rows_of(bring(path))]
    monkeypatch.setattr(module, "BLOCK", 7)
    assert [row[:3] for row in rows_of(bring(path))] == whole


AWKWARD = r"""{"version": "2.0 [\"a\": {", "note": {"events": [{"id": "no"}]}, "tags": ["x", [1]], "eventTypes": [],
 "objects": [{"id": "o\u0031", "type": "Order"},{"id":2,"type":"Order"}, {"type": "Order"}, {"id": "x"}],
 "events": [
  {"id": "e1", "type": "Say \"{[\\", "time": "2026-03-02T09:00:00Z", "relationships": [{"objectId": "o1"}, "o1", {}],
   "attributes": [{"name": "a}", "value": true}, {"name": "n", "value": 1}, {"name": "n", "value": 2.5}, {}]} ,
  {"id": "e2", "type": "Ask", "time": "2026-03-02T10:00:00Z", "attributes": {"not": "a list"},
   "relationships": [{"objectId": 2}, {"objectId": "2"}]}
 ]}"""


@pytest.mark.parametrize("block", [1, 5, 1 << 22])
def test_texts_that_look_like_structure_are_texts(tmp_path, monkeypatch, block):
    from marops.domains.workflows.reading import elements

    monkeypatch.setattr(elements, "BLOCK", block)
    with opened_log(written(tmp_path, AWKWARD, "log.json")) as source:
        found = next(iter(source.chunks(10))).rows
        assert source.columns == ["Order", "event", "activity", "time", "a}", "n"]
    assert found.to_pylist() == [
        {"row": 1, "c0": "o1", "c1": "e1", "c2": 'Say "{[\\', "c3": "2026-03-02T09:00:00Z", "c4": "true", "c5": "2.5"},
        {"row": 2, "c0": "2", "c1": "e2", "c2": "Ask", "c3": "2026-03-02T10:00:00Z", "c4": None, "c5": None},
    ]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ('{"objects": [{"id": "o1", "type": "x"}} ', "closed"),
        ('{"objects": [{"id": "o1", "type": "x"} junk {"id": "o2"}], "events": []}', "between"),
        ('{"objects": [{"id": o1}], "events": []}', "alformed"),
        ('{"objects": [{"id": "o1", "type": "x"}], "events": [{"id": "e"', "too early"),
        ('{"objects": [{"id": "o1"}], [1, 2]}', "without a name"),
    ],
)
def test_what_is_wrong_with_a_json_is_told(tmp_path, broken, said):
    with pytest.raises(MaropsError, match=said) as refusal, opened_log(written(tmp_path, broken, "log.json")):
        pass
    assert refusal.value.code == "log-json-broken"


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "log.json"
    path.write_bytes(b'{"objects": [{"id": "\xff", "type": "x"}], "events": []}')
    with pytest.raises(MaropsError, match="UTF-8"), opened_log(path):
        pass


def test_a_real_xes_is_read_whole(shared_data):
    log = bring(shared_data / "event_logs" / "helpdesk.xes.gz")
    assert [log.counts[name] for name in ("rows", "case", "activity", "resource", "without_start")] == [
        21348, 4580, 14, 22, 21348 - sum(log.report["left_out"].values()),
    ]  # fmt: skip
