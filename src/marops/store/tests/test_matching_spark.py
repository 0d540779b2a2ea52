"""The same people on Spark: `uv run --group spark pytest -m spark`."""

from collections.abc import Iterator
from typing import Any

import pytest

from marops.store.matching import ALL_PAIRS, match
from marops.store.tests.test_matching import people, scores

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession
    from splink.backends.spark import similarity_jar_location

    started = (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", similarity_jar_location())
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    yield started
    started.stop()


@pytest.mark.parametrize("count", [150, 1_400])
def test_spark_finds_the_same_people_with_the_same_certainty(spark: Any, count: int) -> None:
    table, truth = people(count)
    here = match(table)
    there = match(table, learnt=here.learnt, spark=spark)
    again = match(table, learnt=here.learnt)
    assert bool(there.blocking) == (table.num_rows > ALL_PAIRS)
    assert there.cluster.tolist() == again.cluster.tolist()
    assert there.certainty == pytest.approx(again.certainty, abs=1e-6)
    precision, recall = scores(there.cluster.tolist(), truth)
    assert precision >= 0.995
    assert recall >= 0.97


def test_spark_learns_by_itself(spark: Any) -> None:
    table, truth = people(150)
    precision, recall = scores(match(table, spark=spark).cluster.tolist(), truth)
    assert precision >= 0.995
    assert recall >= 0.95
