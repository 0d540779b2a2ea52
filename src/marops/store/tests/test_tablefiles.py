import hashlib
from pathlib import Path

import pytest

from marops.store.tablefiles import Unreadable, read_texts, write_texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_text_is_read_however_it_was_saved(tmp_path: Path, encoding: str, delimiter: str):
    path = tmp_path / "a.csv"
    text = f'Näme{delimiter}B\r\n007{delimiter}\r\n"x{delimiter}\ny"{delimiter}é\r\n'
    path.write_bytes(text.encode(encoding))
    table, told = read_texts(path)
    assert table.to_pydict() == {"Näme": ["007", f"x{delimiter}\ny"], "B": ["", "é"]}
    assert told.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_rows_of_another_width_are_left_out_and_counted(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n3\n4,5,6\n7,8\n")
    table, told = read_texts(path)
    assert table["a"].to_pylist() == ["1", "7"]
    assert told.left_out == 2
    assert "2 rows" in told.notes[0]


def test_column_names_differ_and_none_is_empty(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("a,,a\n1,2,3\n")
    assert read_texts(path)[0].to_pydict() == {"a": ["1"], "Column 2": ["2"], "a (2)": ["3"]}


def test_headings_alone_are_a_table_without_rows(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n")
    table, _told = read_texts(path)
    assert (table.column_names, table.num_rows) == (["a", "b"], 0)


@pytest.mark.parametrize("content", [b"", b" \n\n", b"PK\x03\x04\x00\x00\x00"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as caught:
        read_texts(path)
    assert "CSV" in caught.value.remedy


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    table = read_texts(path)[0]

    def broken():
        yield table
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="middle"):
        write_texts(tmp_path / "b.csv", broken())
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]
    assert write_texts(tmp_path / "b.csv", [table, table]) == 2
    assert (tmp_path / "b.csv").read_text().split() == ['"a"', '"1"', '"1"']
