import numpy as np
import pyarrow as pa
import pytest

from marops.methods.prediction.outcomes import outcome_of, outcomes_like
from marops.methods.prediction.reading import Refused, column_of
from marops.methods.prediction.tests.made import as_table


def column(*texts):
    return column_of(as_table({"won": np.array(texts, dtype=object)}), "won")


@pytest.mark.parametrize(
    "texts",
    [
        ("1", "0", "1"), ("1.0", "0", "1"), ("Yes", "no", "YES "), ("TRUE", "false", "true"), ("Won", "Lost", "won"),
        ("customer", "no", "Customer"), ("Closed Won", "other", "closed won"),
    ],
)  # fmt: skip
def test_the_usual_words_are_known(texts):
    assert outcome_of(column(*texts), "won").values.tolist() == [1, 0, 1]


def test_of_two_unknown_words_the_rarer_is_the_yes_and_it_is_said():
    found = outcome_of(column("b", "a", "b"), "won")
    assert (found.yes, found.no, found.values.tolist()) == ("a", "b", [0, 1, 0])
    assert "--yes" in found.says
    assert outcome_of(column("b", "a", "b"), "won", "B").values.tolist() == [1, 0, 1]


def test_an_empty_outcome_is_neither():
    assert outcome_of(column("1", "", "0", "Select"), "won").values.tolist() == [1, -1, 0, -1]


def test_more_than_two_values_need_a_word_of_which_is_the_yes():
    with pytest.raises(Refused, match="3 different values") as caught:
        outcome_of(column("won", "lost", "open"), "stage")
    assert "--yes" in caught.value.remedy
    assert outcome_of(column("won", "lost", "open"), "stage", "won").values.tolist() == [1, 0, 0]


@pytest.mark.parametrize("texts", [("1", "1"), ("", ""), ()])
def test_one_value_is_no_outcome(texts):
    with pytest.raises(Refused, match="nothing to tell apart"):
        outcome_of(column(*texts), "won")


def test_later_files_are_read_as_the_model_knows_them():
    assert outcomes_like(column("Yes", "NO", "open", ""), "yes", "no").tolist() == [1, 0, -1, -1]
    assert outcomes_like(column("yes", "lost", "open", ""), "yes", "anything else").tolist() == [1, 0, 0, -1]
    assert outcomes_like(column("1.0", "0.0"), "1", "0").tolist() == [1, 0]


def test_rows_that_are_neither_yes_nor_no_say_nothing_where_the_no_is_given():
    stages = ["Won", "Lost", "Open", "Gone", "Won", ""]
    found = outcome_of(column_of(pa.table({"stage": stages}), "stage"), "stage", "won", ["lost", "Gone"])
    assert found.values.tolist() == [1, 0, -1, 0, 1, -1]
    later = column_of(pa.table({"stage": ["Open", "gone", "WON"]}), "stage")
    assert outcomes_like(later, found.yes, found.no).tolist() == [-1, 0, 1]
    with pytest.raises(Refused, match="no other value “Closed”"):
        outcome_of(column_of(pa.table({"stage": stages}), "stage"), "stage", "won", ["Closed"])
