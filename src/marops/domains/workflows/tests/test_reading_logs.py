import gzip
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from marops.domains.workflows.models import EventLog, LogEvent, LogName
from marops.domains.workflows.public import as_given, log_of, plan_log
from marops.domains.workflows.tests.logground import bring, rows_of, written
from marops.kernel.errors import MaropsError
from marops.kernel.models import Job

pytestmark = pytest.mark.django_db(transaction=True)

LINES = """Case ID;Activity;Start;End;User;Type
A-1;Brief;2026-03-02 09:00;2026-03-02 10:00;Ann;webinar
A-1;Copy;2026-03-02 11:30;2026-03-02 12:00;Bob;webinar
A-2;Brief;2026-03-02 08:00;2026-03-02 08:30;;newsletter
A-1;Legal;2026-03-03 09:00;2026-03-03 09:15;Cid;webinar
A-2;Copy;2026-03-02 08:30;2026-03-02 09:45;Ann;newsletter
"""


def at(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_a_table_becomes_a_log_in_order(tmp_path):
    log = bring(written(tmp_path, LINES), zone="UTC")
    assert (log.state, log.ref) == ("ready", f"EL-{log.number}")
    assert rows_of(log) == [
        ("A-2", "Brief", None, None, at(2, 8), at(2, 8, 30), 4),
        ("A-2", "Copy", "Ann", None, at(2, 8, 30), at(2, 9, 45), 6),
        ("A-1", "Brief", "Ann", None, at(2, 9), at(2, 10), 2),
        ("A-1", "Copy", "Bob", None, at(2, 11, 30), at(2, 12), 3),
        ("A-1", "Legal", "Cid", None, at(3, 9), at(3, 9, 15), 5),
    ]
    assert {name: log.counts[name] for name in ("rows", "events", "case", "activity", "resource", "class")} == {
        "rows": 5, "events": 5, "case": 2, "activity": 3, "resource": 3, "class": 2,
    }  # fmt: skip


def test_a_log_is_read_back_as_columns(tmp_path):
    found = log_of(bring(written(tmp_path, LINES), zone="UTC"))
    assert found.zero == at(2, 8)
    assert (found.cases, found.activities) == (("A-2", "A-1"), ("Brief", "Copy", "Legal"))
    assert found.case.tolist() == [0, 0, 1, 1, 1]
    assert found.activity.tolist() == [0, 1, 0, 1, 2]
    assert [found.resources[one] if one >= 0 else None for one in found.resource] == [None, "Ann", "Ann", "Bob", "Cid"]
    assert [found.classes[one] for one in found.work_class] == ["newsletter"] * 2 + ["webinar"] * 3
    assert found.started.tolist() == [0, 0.5, 1, 3.5, 25]
    assert found.ended.tolist() == [0.5, 1.75, 2, 4, 25.25]
    assert np.isnan(found.enabled).all()


def test_local_times_take_the_zone_that_was_chosen(tmp_path):
    path = written(tmp_path, LINES)
    assert plan_log(path).as_json()["zone_needed"]
    log = bring(path, zone="America/New_York")
    assert log.first_at == at(2, 13)
    assert log_of(log).zone.key == "America/New_York"


def test_the_plan_shows_what_each_column_means_and_the_first_rows(tmp_path):
    plan = plan_log(written(tmp_path, LINES)).as_json()
    assert {one["column"]: one["meaning"] for one in plan["columns"]} == {
        "Case ID": "case", "Activity": "activity", "Start": "start", "End": "end", "User": "resource", "Type": "class",
    }  # fmt: skip
    assert plan["preview"][0]["activity"] == "Brief"
    assert plan["lacking"] == []


def test_columns_without_telling_names_are_guessed_from_their_values(tmp_path):
    text = "a,b,c,d\n" + "".join(
        f"{n // 4},{('Draft', 'Review', 'Print', 'Send')[n % 4]},2026-01-01 0{n % 9}:00:00,2026-01-01 0{n % 9}:30:00\n"
        for n in range(80)
    )
    plan = plan_log(written(tmp_path, text))
    assert plan.meanings == {"case": "a", "activity": "b", "start": "c", "end": "d"}


def test_a_given_mapping_counts_more_than_a_guess(tmp_path):
    log = bring(written(tmp_path, LINES), columns={"resource": "Type"}, zone="UTC")
    assert {row[2] for row in rows_of(log)} == {"webinar", "newsletter"}


def test_packed_tables_are_read(tmp_path):
    log = bring(written(tmp_path, gzip.compress(LINES.encode()), "log.csv.gz"), zone="UTC")
    assert log.counts["events"] == 5
    assert log.title == "log"


def test_starts_and_ends_on_rows_of_their_own_are_paired(tmp_path):
    text = """case,activity,timestamp,lifecycle:transition,resource
1,Write,2026-03-02T09:00:00Z,schedule,
1,Write,2026-03-02T10:00:00Z,start,Ann
1,Write,2026-03-02T10:30:00Z,suspend,Ann
1,Write,2026-03-02T11:00:00Z,start,Bob
1,Write,2026-03-02T12:00:00Z,complete,
1,Write,2026-03-02T13:00:00Z,complete,Bob
1,Write,2026-03-02T14:00:00Z,complete,Cid
1,Send,2026-03-02T15:00:00Z,start,Ann
"""
    log = bring(written(tmp_path, text))
    assert rows_of(log) == [
        ("1", "Write", "Ann", at(2, 9), at(2, 10), at(2, 12), 6),
        ("1", "Write", "Bob", None, at(2, 11), at(2, 13), 7),
        ("1", "Write", "Cid", None, None, at(2, 14), 8),
        ("1", "Send", "Ann", None, at(2, 15), None, 9),
    ]
    assert (log.counts["unfinished"], log.counts["without_start"], log.report["marks"]) == (1, 1, 1)
    assert len(log_of(log)) == 3


def test_rows_that_say_the_same_are_left_out_and_told(tmp_path):
    log = bring(written(tmp_path, LINES + LINES.splitlines()[1] + "\n"), zone="UTC")
    assert log.counts["events"] == 5
    assert log.report["left_out"] == {"repeated": 1}
    assert log.report["rows"][0]["row"] == 7


FAULTY = [
    ("A-1;Brief;2026-03-02 11:00;2026-03-02 10:00;Ann;x", "ends-before-start", "End"),
    (";Brief;2026-03-02 09:00;2026-03-02 10:00;Ann;x", "case-empty", "Case ID"),
    ("A-1;;2026-03-02 09:00;2026-03-02 10:00;Ann;x", "activity-empty", "Activity"),
    ("A-1;Brief;;;Ann;x", "time-missing", "End"),
    ("A-1;Brief;soon;2026-03-02 10:00;Ann;x", "time-unreadable", "Start"),
    ("A-1;Brief;2026-03-02 09:00;2026-13-02 10:00;Ann;x", "time-unreadable", "End"),
    ("A-1;Brief", "unreadable", ""),
]


@pytest.mark.parametrize(("line", "code", "field"), FAULTY)
def test_a_faulty_row_is_named_and_nothing_is_half_saved(tmp_path, line, code, field):
    path = written(tmp_path, LINES + line + "\n")
    with pytest.raises(MaropsError) as refusal:
        bring(path, zone="UTC")
    assert refusal.value.code == "log-faulty"
    (fault,) = refusal.value.errors
    assert (fault.row, fault.code) == (7, code)
    assert fault.field == field or not field
    assert fault.remedy
    assert not LogEvent.objects.exists()
    assert not LogName.objects.exists()
    assert EventLog.objects.get().state == "failed"
    assert Job.objects.get().problem["errors"][0]["row"] == 7


@pytest.mark.parametrize(("line", "code", "field"), FAULTY)
def test_faulty_rows_are_left_out_where_somebody_says_so(tmp_path, line, code, field):
    log = bring(written(tmp_path, LINES + line + "\n"), zone="UTC", leave_out=True)
    assert (log.counts["events"], log.counts["rows"]) == (5, 6)
    assert log.report["left_out"] == {code: 1}


def test_faults_of_the_first_rows_stand_in_the_plan(tmp_path):
    plan = plan_log(written(tmp_path, LINES + FAULTY[0][0] + "\n"))
    assert [(one.row, one.code) for one in plan.problems] == [(7, "ends-before-start")]


def test_a_file_without_times_is_refused_by_the_name_of_what_it_lacks(tmp_path):
    with pytest.raises(MaropsError) as refusal:
        bring(written(tmp_path, "case,activity,user\n1,Brief,Ann\n1,Copy,Bob\n"))
    assert refusal.value.code == "log-incomplete"
    assert [one.field for one in refusal.value.errors] == ["end"]
    assert not EventLog.objects.exists()


def test_columns_that_are_not_there_are_refused_with_those_that_are(tmp_path):
    with pytest.raises(MaropsError) as refusal:
        plan_log(written(tmp_path, LINES), as_given({"columns": {"start": "Began"}}))
    assert "Began" in refusal.value.errors[0].message
    assert "Case ID, Activity, Start" in refusal.value.errors[0].remedy
    with pytest.raises(MaropsError) as refusal:
        as_given({"columns": {"beginning": "Start"}})
    assert refusal.value.code == "invalid"
    with pytest.raises(MaropsError) as refusal:
        as_given({"zone": "Berlin"})
    assert refusal.value.errors[0].field == "zone"


def test_one_case_of_very_many_events_is_refused(tmp_path):
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    lines = "".join(f"all,Step {n % 5},{begin + timedelta(minutes=n)}\n" for n in range(10_001))
    path = written(tmp_path, "case,activity,timestamp\n" + lines)
    with pytest.raises(MaropsError) as refusal:
        bring(path)
    assert refusal.value.code == "log-case-too-long"
    assert "10,001 events" in refusal.value.detail
    assert (refusal.value.errors[0].row, refusal.value.errors[0].field) == (2, "case")
    assert not LogEvent.objects.exists()


def test_activities_that_all_differ_are_refused(tmp_path):
    lines = "".join(f"{n // 3},Free text number {n},2026-01-01 10:00\n" for n in range(1_100))
    path = written(tmp_path, "case,activity,timestamp\n" + lines)
    with pytest.raises(MaropsError) as refusal:
        bring(path, columns={"activity": "activity"})
    assert refusal.value.code == "log-too-many-activities"


def test_real_logs_are_read_whole(shared_data):
    folder = shared_data / "event_logs"
    log = bring(folder / "LoanApp_simplified_train.csv.gz", zone="UTC")
    assert {name: log.counts[name] for name in ("events", "case", "activity", "resource", "role")} == {
        "events": 7544, "case": 1000, "activity": 12, "resource": 19, "role": 6,
    }  # fmt: skip
    log = bring(folder / "PurchasingExample.csv.gz")
    assert [log.counts[name] for name in ("events", "case", "activity", "resource")] == [9119, 608, 21, 27]
    assert json.dumps(log.counts)
