import os

import pyarrow as pa
import pytest

from marops.store.staging import Staging, StagingFull, sweep


def test_rows_wait_compared_and_go_with_it(tmp_path):
    with Staging(tmp_path / "tmp") as staging:
        staging.append("rows", pa.table({"row": [1, 2], "v": ["a", "b"]}))
        staging.append("rows", pa.table({"v": ["c"], "row": [3]}))
        assert staging.value("SELECT count(*) FROM rows") == 3
        assert staging.rows("SELECT v FROM rows WHERE row > ? ORDER BY row", [1]) == [("b",), ("c",)]
        assert staging.arrow("SELECT max(row) AS m FROM rows").to_pylist() == [{"m": 3}]
        assert staging.value("SELECT v FROM rows WHERE row = 99") is None
        assert len(list((tmp_path / "tmp").iterdir())) == 1
    assert not list((tmp_path / "tmp").iterdir())


def test_what_does_not_fit_is_told(tmp_path):
    with Staging(tmp_path, memory="20MB", threads=1) as staging:
        staging.execute("SET temp_directory = ''")
        with pytest.raises(StagingFull):
            staging.rows("SELECT string_agg(repeat(range::VARCHAR, 100), '') FROM range(1000000)")


def test_leftovers_of_killed_processes_are_swept(tmp_path):
    old, new = tmp_path / "staging-old", tmp_path / "staging-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "rows.duckdb").touch()
    os.utime(old / "rows.duckdb", (1000, 1000))
    assert sweep(tmp_path, older_than=2000) == 1
    assert not old.exists()
    assert new.exists()
