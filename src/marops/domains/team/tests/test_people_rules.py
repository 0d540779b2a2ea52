"""Shares, lines, lists and files: what is pure of people."""

import io
import random
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from python_calamine import CalamineWorkbook

from marops.domains.team.rules.lines import below, chain, circle, circles
from marops.domains.team.rules.roles import Catalogue, Role, Skill
from marops.domains.team.rules.roster import Wrong, day_of, level_of, meanings, number_of, roles_of, share_of, shares_of
from marops.domains.team.rules.shares import Span, share_on, stretches, too_much
from marops.domains.team.rules.tables import Unreadable, as_csv, as_xlsx, read_table

DAY = date(2026, 1, 1)


def _spans(chance):
    def day():
        return DAY + timedelta(days=chance.randrange(60)) if chance.random() < 0.8 else None

    found = []
    for _ in range(chance.randrange(1, 7)):
        starts, ends = day(), day()
        if starts is None or ends is None or starts < ends:
            found.append(Span("r", Decimal(chance.randrange(1, 11)) / 10, starts, ends))
    return found


@pytest.mark.parametrize("seed", range(60))
def test_the_sum_of_shares_agrees_with_counting_day_by_day(seed):
    spans = _spans(random.Random(seed))
    days = [DAY + timedelta(days=n) for n in range(-5, 70)]
    over = {day for day in days if sum(one.share for one in spans if one.covers(day)) > 1}
    told = too_much(spans)
    assert over == {
        day for day in days
        if any((one.first is None or one.first <= day) and (one.ends is None or day < one.ends) for one in told)
    }  # fmt: skip
    for one in stretches(spans):
        assert one.total == share_on(spans, one.first or one.ends - timedelta(days=1) if one.ends else one.first or DAY)


@pytest.mark.parametrize("seed", range(60))
def test_circles_are_found_and_nothing_else(seed):
    chance = random.Random(seed)
    people = list(range(12))
    managers = {one: chance.choice([None, *people]) for one in people}
    managers = {one: boss if boss != one else None for one, boss in managers.items()}

    def above_itself(one):
        here = managers[one]
        for _ in people:
            if here is None or here == one:
                return here == one
            here = managers[here]
        return False

    told = {one for way in circles(managers) for one in way}
    assert told == {one for one in people if above_itself(one)}
    for one in people:
        way = circle(managers, one)
        assert bool(way) == above_itself(one)
        assert not way or (way[0] == way[-1] == one and all(managers[a] == b for a, b in pairwise(way)))
        assert len(chain(managers, one)) == len(set(chain(managers, one)))


def _catalogue():
    behaviours = ("a", "b", "c", "d", "e")
    skills = {
        "lead-scoring": Skill(id="lead-scoring", name="Scoring leads", kind="domain", levels=behaviours),
        "privacy-law": Skill(id="privacy-law", name="Privacy", kind="compliance", levels=behaviours),
    }
    roles = {
        "analyst": Role(title="Marketing Data Analyst", aliases=("Analyst",), level="analyst", summary="x"),
        "mops_coordinator": Role(title="Marketing Operations Coordinator", level="entry", summary="x"),
    }
    return Catalogue(roles, skills)


def test_columns_are_understood_by_their_headings():
    said = meanings(
        ["Full name", "E-Mail", "Reports to", "Scoring leads", "lead-scoring (self)", "Manager: Privacy", "Shoe size"],
        _catalogue(),
    )
    assert [one.column for one in said[:3]] == ["name", "email", "manager"]
    assert [(one.skill, one.by) for one in said[3:]] == [
        ("lead-scoring", "manager"), ("lead-scoring", "self"), ("privacy-law", "manager"), ("", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "roles"),
    [
        ("Analyst", [("analyst", None)]),
        ("marketing data analyst 70%; Coordinator", None),
        (
            "Marketing Data Analyst 70 %; Marketing Operations Coordinator (30%)",
            [("analyst", "0.7"), ("mops_coordinator", "0.3")],
        ),
    ],
)
def test_roles_of_a_cell(cell, roles):
    if roles is None:
        with pytest.raises(Wrong) as wrong:
            roles_of(cell, _catalogue())
        assert wrong.value.remedy == "Did you mean Marketing Operations Coordinator?"
        return
    told = roles_of(cell, _catalogue())
    assert [(one.role, None if one.share is None else str(one.share)) for one in told] == roles


@pytest.mark.parametrize(
    ("cell", "number"),
    [("64,000", 64000), ("64.000,50", "64000.5"), ("64 000", 64000), ("EUR 64k", 64000), ("64000.25", "64000.25"),
     ("64.000", 64000), ("0,8", "0.8"), ("0.8", "0.8"), ("1.5", "1.5")],
)  # fmt: skip
def test_numbers_as_people_write_them(cell, number):
    assert number_of(cell) == Decimal(number)


@pytest.mark.parametrize(
    ("cell", "day"),
    [("2026-01-31", date(2026, 1, 31)), ("31.1.2026", date(2026, 1, 31)), ("31 Jan 2026", date(2026, 1, 31)),
     ("31/01/2026", date(2026, 1, 31)), ("1/31/2026", date(2026, 1, 31)), ("46053", date(2026, 1, 31)),
     ("02/02/2026", date(2026, 2, 2))],
)  # fmt: skip
def test_days_as_people_write_them(cell, day):
    assert day_of(cell) == day


@pytest.mark.parametrize(("read", "cell"), [
    (day_of, "01/02/2026"), (day_of, "soon"), (number_of, "much"), (share_of, "0"), (level_of, "5"), (level_of, "good"),
    (lambda cell: shares_of(cell, 3), "50%; 50%"),
])  # fmt: skip
def test_what_can_be_read_two_ways_or_none_is_refused_with_a_remedy(read, cell):
    with pytest.raises(Wrong) as wrong:
        read(cell)
    assert wrong.value.remedy


def test_a_share_is_a_part_of_a_week_however_it_is_written():
    assert [share_of(cell) for cell in ("80%", "80", "0.8", "0,8", "1", "100")] == [
        Decimal("0.8"), Decimal("0.8"), Decimal("0.8"), Decimal("0.8"), 1, 1,
    ]  # fmt: skip
    assert share_of("140%") == Decimal("1.4")
    assert shares_of("60%", 2) == [Decimal("0.3"), Decimal("0.3")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_text_is_read_in_whatever_encoding_and_with_whatever_delimiter(encoding, delimiter):
    text = f"name{delimiter}place\n\nZoë{delimiter}Málaga\nAda\n"
    found = read_table(text.encode(encoding))
    assert found.headers == ("name", "place")
    assert found.rows == ((3, ("Zoë", "Málaga")), (4, ("Ada", "")))


@pytest.mark.parametrize("data", [b"", b"name\n", b"PK\x03\x04nothing", b"a,b\n\0\0\0", b"x" * 2_000_001])
def test_what_is_no_table_is_refused(data):
    with pytest.raises(Unreadable):
        read_table(data)


def test_what_is_written_is_read_again_and_no_cell_is_a_formula():
    headers = ["name", "pay", "note", "day"]
    rows = [["=1+1", Decimal("64000.50"), "@cmd <b>&", date(2026, 1, 31)], ["Zoë\x07", None, "-5", None]]
    text = as_csv(headers, rows).decode("utf-8-sig")
    assert "'=1+1" in text
    assert "'@cmd" in text
    book = as_xlsx(headers, rows, "People & more")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert sheet == [headers, ["=1+1", 64000.5, "@cmd <b>&", "2026-01-31"], ["Zoë", "", "-5", ""]]
    assert b"<f>" not in book
    assert as_xlsx(headers, rows, "People & more") == book
    assert read_table(book).rows[0][1] == ("=1+1", "64000.5", "@cmd <b>&", "2026-01-31")


def test_below_are_all_who_report_however_far_and_circles_end():
    managers = {"vp": None, "ann": "vp", "bo": "ann", "cy": "bo", "sal": None, "tia": "sal", "x": "y", "y": "x"}
    assert below(managers, ["ann"]) == {"bo", "cy"}
    assert below(managers, ["vp", "cy"]) == {"ann", "bo", "cy"}
    assert below(managers, ["x"]) == {"x", "y"}
    assert below(managers, []) == set()
