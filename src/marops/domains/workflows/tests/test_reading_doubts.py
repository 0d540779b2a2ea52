from datetime import UTC, datetime

import pyarrow as pa
import pytest

from marops.domains.workflows.models import LogDiscovery
from marops.domains.workflows.public import as_given, plan_log
from marops.domains.workflows.reading.moments import moments
from marops.domains.workflows.tests.logground import bring, rows_of, written
from marops.kernel.errors import MaropsError
from marops.kernel.models import Definition

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = "Case;Activity;Start;End\n"


@pytest.mark.parametrize("text", ['<?xml version="1.0"?><log></log>', "<log><trace></trace></log>"])
def test_xes_without_events_is_refused(tmp_path, text):
    with pytest.raises(MaropsError, match="holds no event") as caught:
        plan_log(written(tmp_path, text, "log.xes"))
    assert caught.value.code == "log-empty"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(range(256)) * 20, "neither text nor a sheet"),
        ('[{"case": 1}, {"case": 2}]', "is a JSON list"),
    ],
)
def test_what_is_no_log_is_told_as_that(tmp_path, content, said):
    with pytest.raises(MaropsError, match=said) as caught:
        plan_log(written(tmp_path, content))
    assert caught.value.code == "log-unknown-format"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_text_in_any_encoding_is_text(tmp_path, encoding):
    text = HEADER + "Ä-1;Über;2026-03-02 09:00;2026-03-02 10:00\n" * 3
    assert plan_log(written(tmp_path, text.encode(encoding))).meanings["case"] == "Case"


def test_one_start_that_cannot_be_read_does_not_drop_all_starts(tmp_path):
    lines = "A;Brief;2026-03-02 09:00;2026-03-02 10:00\nA;Copy;yesterday;2026-03-02 12:00\n"
    plan = plan_log(written(tmp_path, HEADER + lines))
    assert plan.meanings["start"] == "Start"
    assert [(one.row, one.code, one.field) for one in plan.problems] == [(3, "time-unreadable", "Start")]


def test_a_column_that_is_called_a_time_and_is_none_is_told(tmp_path):
    lines = "A;Brief;early;2026-03-02 10:00\nA;Copy;yesterday;2026-03-02 12:00\n"
    plan = plan_log(written(tmp_path, HEADER + lines))
    assert "start" not in plan.meanings
    assert any(one.startswith("“Start” is left out. By its name it is a time") for one in plan.notes)


@pytest.mark.parametrize(
    ("days", "dates", "told"),
    [
        (("01/01/2026", "09/08/2026"), "", True),
        (("01/01/2026", "13/08/2026"), "", False),
        (("01/01/2026", "09/08/2026"), "day_first", False),
        (("2026-01-01", "2026-08-09"), "", False),
    ],
)
def test_dates_that_may_be_read_two_ways_are_told(tmp_path, days, dates, told):
    lines = "".join(f"A;{name};{day} 09:00;{day} 10:00\n" for name, day in zip(("Brief", "Copy"), days, strict=True))
    plan = plan_log(written(tmp_path, HEADER + lines), as_given({"dates": dates}))
    assert any("whether the day or the month comes first" in one for one in plan.notes) == told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1700000000.0", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000.25", datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)),
        ("1700000000123.0", datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)),
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000.x", None),
    ],
)
def test_seconds_since_1970_may_have_a_point(text, expected):
    # Whatever the zone: they count from one moment everywhere.
    assert moments(pa.array([text, "2026-01-01"]), "Europe/Berlin")[0].as_py() == expected


def test_a_table_of_such_seconds_is_read(tmp_path):
    log = bring(written(tmp_path, HEADER + "A;Brief;1700000000.0;1700003600.5\nA;Copy;1700003600.5;1700007200.0\n"))
    assert rows_of(log)[0][4:6] == (
        datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), datetime(2023, 11, 14, 23, 13, 20, 500_000, tzinfo=UTC),
    )  # fmt: skip


def test_how_many_come_in_is_assumed_where_few_came(tmp_path):
    log = bring(written(tmp_path, HEADER + (
        "A;Brief;2026-03-02 09:00;2026-03-02 10:00\nA;Copy;2026-03-02 10:00;2026-03-02 12:00\n"
    )), discover=True)  # fmt: skip
    found = LogDiscovery.objects.get(log=log)
    document = Definition.objects.get(kind="workflow", slug=found.workflow).document
    arrivals = document["classes"][0]["arrivals"]
    # One case in three hours is no more than one a month.
    assert (arrivals["origin"], arrivals["per_month"]) == ("assumed", pytest.approx(1))
    assert any(one.startswith("Too few cases to tell how many of") for one in document["notes"])
    assert "The log names nobody: one person is assumed, as many as were busy at a time." in document["notes"]


def test_ten_cases_tell_how_many_come_in(tmp_path):
    lines = "".join(
        f"{n};Brief;2026-03-{n + 1:02d} 09:00;2026-03-{n + 1:02d} 10:00\n"
        f"{n};Copy;2026-03-{n + 1:02d} 10:00;2026-03-{n + 1:02d} 12:00\n" for n in range(1, 11)
    )  # fmt: skip
    found = LogDiscovery.objects.get(log=bring(written(tmp_path, HEADER + lines), discover=True))
    document = Definition.objects.get(kind="workflow", slug=found.workflow).document
    assert document["classes"][0]["arrivals"]["origin"] == "log"
    assert not any("Too few cases" in one for one in document["notes"])
