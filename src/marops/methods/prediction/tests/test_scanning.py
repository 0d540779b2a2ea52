import numpy as np
import pytest

from marops.methods.prediction.reading import column_of
from marops.methods.prediction.scanning import scan
from marops.methods.prediction.tests.made import as_table, bell, leads


def scanned(columns, outcome):
    table = as_table(columns)
    rows, cut = np.arange(len(outcome)), int(len(outcome) * 0.75)
    read = {name: column_of(table, name) for name in columns}
    found = scan(read, outcome, rows[:cut], rows[cut:])
    assert list(found) == list(columns)
    return {name: (field is not None, told) for name, (field, told) in found.items()}


def pick(condition, yes, no=""):
    return np.where(condition, yes, no)


@pytest.mark.parametrize(("base", "seed"), [(0.35, 1), (0.35, 2), (0.06, 3), (0.03, 4)])
def test_honest_fields_are_kept_and_fields_written_afterwards_are_not(base, seed):
    columns, _odds, won = leads(6_000, seed, base)
    rng = np.random.default_rng(seed + 100)
    chance = rng.random(len(won))
    del columns["outcome"]
    honest = {
        **columns,
        "h strong": bell(won, 0.80, seed),
        "h stronger": bell(won, 0.84, seed + 1),
        "h grade": np.array(list("ABCDE"))[np.clip((rng.normal(size=len(won)) + won + 1.5).astype(int), 0, 4)],
        "h phone": np.where(
            rng.random(len(won)) < 0.6, np.char.mod("+47 %d", rng.integers(10**7, 10**8, len(won))), ""
        ),
        "h partner": pick(rng.random(len(won)) < 0.02 + 0.08 * won, "partner", "web"),
    }
    written = {
        "w stage": pick(chance < 0.1, "open", pick(won, "contract sent", "no answer")),
        "w tag": pick(
            won & (chance < 0.85), "will join", pick(chance < 0.3, "", pick(chance < 0.8, "ringing", "busy"))
        ),
        "w contract": pick(won & (chance < 0.5), np.char.mod("C-%06d", rng.permutation(len(won)))),
        "w reason": pick(
            (won == 0) & (chance < 0.7), np.array(["price", "timing", "none"])[rng.integers(0, 3, len(won))]
        ),
        "w signed": pick(won & (chance < 0.9), "2026-03-01"),
        "w amount": pick(won & (chance < 0.8), np.char.mod("%d", rng.integers(100, 900, len(won))), "0"),
    }
    found = scanned(honest | written, won)
    assert {name: told.why for name, (kept, told) in found.items() if name in honest and not kept} == {}
    assert {name for name in written if found[name][0]} == set()
    assert {found[name][1].kind for name in written} <= {"leak", "copy"}


def test_a_leak_is_told_with_the_value_that_gives_it_away():
    columns, _odds, won = leads(4_000)
    chance = np.random.default_rng(9).random(len(won))
    mark = np.where(won & (chance < 0.9), "closed", np.where(chance < 0.7, "no answer", "asked again"))
    told = scanned({"noise": columns["noise"], "mark": mark}, won)["mark"][1]
    closed = int((mark == "closed").sum())
    assert f"“closed”: {closed:,} of {closed:,} rows are a yes (100%)" in told.why
    assert told.figures["auc"] > 0.85
    assert told.figures["explained"] > 0.35


def test_row_numbers_constants_and_copies_are_named_for_what_they_are():
    columns, _odds, won = leads(2_000)
    rng = np.random.default_rng(4)
    given = {
        "noise": columns["noise"],
        "number": rng.permutation(2_000) + 70_000,
        "uuid": np.array([f"{one:032x}" for one in rng.permutation(2_000)]),
        "same": np.full(2_000, "No"),
        "nothing": np.full(2_000, ""),
        "again": np.where(won, "Closed Won", "Closed Lost"),
        "almost": np.where(np.arange(2_000) == 7, "Yes", "No"),
    }
    found = scanned(given, won)
    kinds = {name: told.kind if told else None for name, (_kept, told) in found.items()}
    assert kinds == {
        "noise": None, "number": "id", "uuid": "id", "same": "constant", "nothing": "constant",
        "again": "copy", "almost": None,
    }  # fmt: skip
    assert [name for name, (kept, _told) in found.items() if kept] == ["noise", "almost"]


def test_a_number_that_happens_to_differ_in_most_rows_is_no_id():
    _columns, _odds, won = leads(3_000)
    revenue = np.random.default_rng(3).integers(10_000, 400_000, 3_000)
    assert scanned({"revenue": revenue}, won)["revenue"][0]


def test_a_strong_honest_field_is_kept_and_named_to_be_looked_at():
    _columns, _odds, won = leads(6_000)
    kept, told = scanned({"score": bell(won, 0.84)}, won)["score"]
    assert kept
    assert told.kind == "strong"
    assert "AUC of 0.8" in told.why


def test_a_field_that_was_given_up_is_named():
    columns, _odds, won = leads(2_000)
    filled = np.where(np.arange(2_000) < 900, columns["place"], "")
    kept, told = scanned({"place": filled}, won)["place"]
    assert kept
    assert told.kind == "filling"


def test_what_somebody_keeps_is_used_all_the_same():
    _columns, _odds, won = leads(1_000)
    table = as_table({"again": np.where(won, "a", "b")})
    rows = np.arange(1_000)
    field, told = scan({"again": column_of(table, "again")}, won, rows[:700], rows[700:], keep=["again"])["again"]
    assert field is not None
    assert "because you said so" in told.why


def called(seed=1, rows=6_000):
    """Leads of which some were called; what was said of the call, and what else was asked in it."""
    columns, _odds, won = leads(rows, seed)
    rng = np.random.default_rng(seed + 30)
    call = rng.random(rows) < 0.5 + 0.2 * won
    tag = np.where(won & (rng.random(rows) < 0.95), "joined", np.array(["busy", "ringing"])[rng.integers(0, 2, rows)])
    given = {
        "place": columns["place"],
        "tag": np.where(call, tag, ""),
        "rating": pick(call & (rng.random(rows) < 0.7), np.array(list("ABC"))[rng.integers(0, 3, rows)]),
        "asked": pick(call | (rng.random(rows) < 0.2), np.array(["job", "study"])[rng.integers(0, 2, rows)]),
        "form": pick(rng.random(rows) < 0.4, np.array(["x", "y"])[rng.integers(0, 2, rows)]),
        "won form": pick(rng.random(rows) < 0.1 + 0.5 * won, np.array(["x", "y"])[rng.integers(0, 2, rows)]),
    }
    return given, won


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_filled_only_where_a_leak_is_was_written_no_earlier(seed):
    given, won = called(seed)
    found = scanned(given, won)
    assert {name for name, (kept, _told) in found.items() if not kept} == {"tag", "rating"}
    assert found["rating"][1].kind == "leak"
    assert "filled only where “tag” is" in found["rating"][1].why
    assert [name for name, (_kept, told) in found.items() if told and told.kind == "together"] == ["asked"]


def test_without_the_leak_its_companions_are_fields_like_others():
    given, won = called()
    del given["tag"]
    assert all(kept for kept, _told in scanned(given, won).values())
