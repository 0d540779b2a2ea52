import json
import random
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from marops.methods.matching.learnt import FEWEST, Learnt
from marops.methods.matching.plan import NothingToCompare
from marops.methods.matching.roles import Guess
from marops.store.matching import ALL_PAIRS, Matched, match
from marops.store.weighing import weigh

SYLLABLES = [
    "an",
    "bel",
    "cor",
    "dan",
    "el",
    "fi",
    "gar",
    "ho",
    "jo",
    "ka",
    "lu",
    "mar",
    "ne",
    "ol",
    "pe",
    "ro",
    "sa",
    "ti",
]


def word(chance: random.Random, least: int = 2, most: int = 4) -> str:
    return "".join(chance.choice(SYLLABLES) for _ in range(chance.randint(least, most))).capitalize()


def people(count: int, seed: int = 3) -> tuple[pa.Table, list[int]]:
    """Made-up people, a fifth of them there again with two letters wrong or a field missing; and who is who."""
    chance, rows, truth = random.Random(seed), [], []
    for who in range(count):
        given, family = word(chance), word(chance)
        mail = f"{given}.{family}{chance.randrange(1000)}@{chance.choice(['mail', 'post', 'corp'])}.example".lower()
        row = [given, family, mail, f"0{chance.randrange(10**9):09}", word(chance), f"{chance.randrange(10**5):05}"]
        rows.append(row)
        truth.append(who)
        if chance.random() < 0.2:
            again = list(row)
            for at in chance.sample(range(len(row)), 2):
                letter = chance.randrange(len(again[at]))
                again[at] = "" if chance.random() < 0.4 else again[at][:letter] + "x" + again[at][letter + 1 :]
            rows.append(again)
            truth.append(who)
    names = ["First name", "Last name", "E-Mail", "Phone", "City", "ZIP"]
    columns = [[row[at] or None for row in rows] for at in range(len(names))]
    return pa.table(columns, names=names), truth


def pairs(labels: list[int]) -> set[tuple[int, int]]:
    groups: dict[int, list[int]] = {}
    for row, label in enumerate(labels):
        groups.setdefault(label, []).append(row)
    return {pair for group in groups.values() for pair in combinations(group, 2)}


def scores(found: list[int], truth: list[int]) -> tuple[float, float]:
    """Precision and recall of pairs in the same cluster."""
    said, true = pairs(found), pairs(truth)
    return len(said & true) / max(1, len(said)), len(said & true) / len(true)


@pytest.fixture(scope="module")
def searched() -> tuple[pa.Table, list[int], Matched]:
    """Made-up people and what one search of them found: to learn takes seconds, so it is done once."""
    table, truth = people(1_400)
    return table, truth, match(table)


@pytest.mark.parametrize("few", [True, False])  # with all pairs, and by blocking rules
def test_people_who_are_there_again_are_found_and_nobody_else(
    few: bool, searched: tuple[pa.Table, list[int], Matched]
) -> None:
    table, truth, found = searched
    if few:
        table, truth = people(100)
        found = match(table)
    precision, recall = scores(found.cluster.tolist(), truth)
    assert precision >= 0.995
    assert recall >= 0.98
    assert bool(found.blocking) == (table.num_rows > ALL_PAIRS) == (not few)
    assert found.clusters == len(set(found.cluster.tolist()))


def test_the_same_file_gives_the_same_answer() -> None:
    table, _truth = people(120)
    first, again = match(table), match(table)
    assert (first.cluster == again.cluster).all()
    assert np.allclose(first.certainty, again.certainty, atol=1e-9)


def test_bands_share_the_pairs_and_say_how_right_they_are() -> None:
    table, truth = people(400)
    found = match(table, merge=0.99, review=0.6)
    merge, review, leave = found.bands
    assert [one.name for one in found.bands] == ["merge", "review", "leave"]
    assert merge.pairs + review.pairs + leave.pairs == len(found.chance)
    assert merge.precision is not None
    assert 0.99 <= merge.precision <= 1
    merged = found.chance >= 0.99
    right = Counter(truth[a] == truth[b] for a, b in zip(found.left[merged], found.right[merged], strict=True))
    assert right[True] / merge.pairs >= 0.99


def test_what_each_field_weighs_adds_up_to_the_probability_of_the_pair(
    searched: tuple[pa.Table, list[int], Matched],
) -> None:
    table, truth, found = searched
    worth = (found.chance >= 0.5).nonzero()[0]
    left, right = found.left[worth].tolist(), found.right[worth].tolist()
    weighed = weigh(table, found.guesses, left, right, found.learnt)
    for chance, fields in zip(weighed.chance, weighed.weights, strict=True):
        bits = weighed.start + sum(one.bits for one in fields.values())
        assert chance == pytest.approx(1 / (1 + 2**-bits))
    assert np.abs(weighed.chance - found.chance[worth]).mean() < 0.02
    first = next(at for at, (a, b) in enumerate(zip(left, right, strict=True)) if table["City"][a] == table["City"][b])
    assert weighed.weights[first]["city"].says == "equal"
    assert weighed.weights[first]["city"].bits > 0
    strangers = weigh(table, found.guesses, [0], [truth.index(max(truth))], found.learnt)
    assert strangers.chance[0] < 0.01
    assert strangers.weights[0]["phone"].bits < 0


def test_what_was_learnt_serves_for_others_and_survives_being_written_down(
    searched: tuple[pa.Table, list[int], Matched],
) -> None:
    learnt = Learnt.of(json.loads(json.dumps(searched[2].learnt.as_json())))
    few, who = people(120, seed=8)
    found = match(few, learnt=learnt)
    precision, recall = scores(found.cluster.tolist(), who)
    assert precision >= 0.99
    assert recall >= 0.9
    assert found.learnt == learnt


def test_what_is_kept_of_values_is_what_many_have(searched: tuple[pa.Table, list[int], Matched]) -> None:
    table, _truth, found = searched
    given = Counter(one.lower() for one in table["First name"].to_pylist() if one)
    kept = found.learnt.often["f_given"]
    assert all(given[value] >= FEWEST for value in kept)
    assert {value for value, count in given.items() if count >= FEWEST} == set(kept)


def test_certainty_is_that_of_the_strongest_link(searched: tuple[pa.Table, list[int], Matched]) -> None:
    table, _truth, found = searched
    alone = Counter(found.cluster.tolist())
    for row in range(table.num_rows):
        mine = (found.left == row) | (found.right == row)
        inside = mine & (found.cluster[found.left] == found.cluster[found.right])
        if alone[int(found.cluster[row])] > 1:
            assert found.certainty[row] == pytest.approx(found.chance[inside].max())
        else:
            assert found.certainty[row] == pytest.approx(1 - found.chance[mine].max(initial=0))


@pytest.mark.parametrize(
    ("rows", "clusters"),
    [([], []), ([("Ann Lee", "Rome")], [0]), ([("Ann Lee", None), (None, None)], [0, 1]),
     ([("Ann Lee", "Rome"), ("Ann Lee", "Rome"), ("Bob Ray", "Oslo")], [0, 0, 1]),
     ([("Ann Lee", "Rome"), ("Bob Ray", "Oslo")], [0, 1])],
)  # fmt: skip
def test_the_smallest_files(rows: list[tuple[str | None, str | None]], clusters: list[int]) -> None:
    columns = [pa.array([row[at] for row in rows], pa.string()) for at in range(2)]
    guesses = [Guess("Name", "name", ""), Guess("City", "city", "")]
    assert match(pa.table(columns, names=["Name", "City"]), guesses).cluster.tolist() == clusters


def test_swapped_names_days_for_months_and_spelt_companies_are_the_same() -> None:
    table = pa.table({
        "given": ["Ann", "Leeds", "Bob", "Cleo"], "family": ["Leeds", "Ann", "Ray", "Fox"],
        "born": ["1971-06-05", "05/06/1971", "1980-01-30", "30.01.1980"],
        "company": ["Ärzte GmbH", "Arzte", "Fox Ltd.", "The Fox"],
    })  # fmt: skip
    roles = ["given", "family", "birth", "company"]
    found = match(table, [Guess(name, role, "") for name, role in zip(table.column_names, roles, strict=True)])
    assert found.cluster.tolist()[:2] == [0, 0]
    assert found.cluster[2] != found.cluster[0]


def test_two_people_of_one_name_with_an_address_each_stay_two(searched: tuple[pa.Table, list[int], Matched]) -> None:
    table, _truth = people(120, seed=8)
    twins = [["Marin", "Belcor", f"marin.belcor{n}@mail.example", f"0{n:09}", word(random.Random(n)), f"{n:05}"]
             for n in (12_345, 67_891, 90_417)]  # fmt: skip
    more = pa.table([[row[at] for row in twins] for at in range(6)], names=table.column_names)
    found = match(pa.concat_tables([table, more]), learnt=searched[2].learnt)
    assert len(set(found.cluster[-3:].tolist())) == 3


def test_what_cannot_be_compared_is_refused() -> None:
    table = pa.table({"id": ["1", "2"], "x": ["same", "same"]})
    with pytest.raises(NothingToCompare):
        match(table)


def read(path: Path) -> pa.Table:
    names = path.read_text(encoding="utf-8").split("\n", 1)[0].strip().split(",")
    types = dict.fromkeys(names, pa.string())
    options = pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""])
    return pyarrow.csv.read_csv(path, convert_options=options)


def test_real_people_with_missing_fields_and_swapped_names(shared_data: Path) -> None:
    table = read(shared_data / "dedup" / "fake_1000.csv")
    found = match(table)
    labels = [int(one) for one in table["cluster"].to_pylist()]
    precision, recall = scores(found.cluster.tolist(), labels)
    assert 2 * precision * recall / (precision + recall) >= 0.96
    merged = found.chance >= found.bands[0].least
    right = [labels[a] == labels[b] for a, b in zip(found.left[merged], found.right[merged], strict=True)]
    assert sum(right) / len(right) >= 0.995


def test_real_people_with_spaces_after_commas_and_days_as_digits(shared_data: Path) -> None:
    table = read(shared_data / "dedup" / "febrl1.csv")
    found = match(table)
    who = {}
    labels = [who.setdefault(one.split("-")[1], len(who)) for one in table["rec_id"].to_pylist()]
    precision, recall = scores(found.cluster.tolist(), labels)
    assert 2 * precision * recall / (precision + recall) >= 0.99
