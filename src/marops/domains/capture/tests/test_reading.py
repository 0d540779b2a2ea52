import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from marops.domains.capture.reading import Options, open_table, sheets
from marops.kernel.errors import MaropsError


@pytest.fixture
def read(tmp_path):
    def one(content, name="file.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        source = open_table(path, Options(**options))
        chunks = list(source.chunks(1000))
        rows = [row for chunk in chunks for row in chunk.rows.to_pylist()]
        return source, rows, {fault.row: fault.code for chunk in chunks for fault in chunk.faults}

    return one


def cells(rows):
    return [tuple(value for name, value in row.items() if name != "row") for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_encoding_and_any_delimiter(read, encoding, delimiter):
    text = "\r\n".join(delimiter.join(row) for row in [("Name", "Ort"), ("Jörg", "Köln"), ("Zoë", "Århus")]) + "\r\n"
    source, rows, faults = read(text.encode(encoding))
    assert source.columns == ["Name", "Ort"]
    assert cells(rows) == [("Jörg", "Köln"), ("Zoë", "Århus")]
    assert not faults


def test_another_alphabet_is_recognised(read):
    lines = "Имя,Город\n" + "Иван,Москва\nПётр,Санкт-Петербург\nЕлена,Казань\n" * 30
    assert cells(read(lines.encode("cp1251"))[1])[0] == ("Иван", "Москва")


def test_an_encoding_can_be_named(read):
    assert cells(read("a,b\nŁódź,2\n".encode("cp1250"), encoding="cp1250")[1]) == [("Łódź", "2")]
    with pytest.raises(MaropsError, match="no encoding") as refusal:
        read("a,b\n1,2\n", encoding="klingon")
    assert refusal.value.code == "import-encoding"


def test_a_few_bytes_of_another_encoding_do_not_spoil_the_file(read):
    good = "Name,Mail\n" + "Jörg,a\nÄnne,b\n" * 5
    source, rows, faults = read(good.encode() + "Zoë,c\n".encode("cp1252"))
    assert cells(rows)[-1] == ("Zoë", "c")
    assert "not UTF-8" in source.notes[0]
    assert not faults


@pytest.mark.parametrize(
    "content",
    [
        "Name,Mail\nJörg,a\nÄnne,b\n".encode() + "Zoë,c\n".encode("cp1252"),
        "Name,Mail\nJörg,a\nÄnne,b\n".encode() + b"Zo\xeb,c",
        "\ufeffName,Mail\nJörg,a\nÄnne,b\n".encode() + b"Zo\xeb,c\n",
        "Name,Mail\nJörg,a\n".encode() + "Änne,b\n".encode() + b"Zo\xeb,c\n",
    ],
)
def test_one_stray_byte_is_told_before_anything_is_read(tmp_path, content):
    path = tmp_path / "stray.csv"
    path.write_bytes(content)
    source = open_table(path)
    told = ["1 character is not UTF-8 like the rest; read as Windows-1252."]
    assert source.notes == told
    assert cells(next(iter(source.chunks(100))).rows.to_pylist()) == [("Jörg", "a"), ("Änne", "b"), ("Zoë", "c")]
    list(source.chunks(100))
    assert source.notes == told


def test_a_stray_byte_beside_good_ones_in_its_line(read):
    source, rows, _ = read(b"Name,City\nJ\xc3\xb6rg,Z\xfcrich\n")
    assert cells(rows) == [("Jörg", "Zürich")]
    assert source.encoding == "utf-8"


def test_no_character_of_a_line_without_end_is_taken_for_a_stray(read):
    source, _, faults = read("Name,Note\nAda,x" + "ö" * 700_000 + "\nJörg,y\n")
    assert faults == {2: "cell-too-large"}
    assert source.notes == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "import-file-empty"),
        (b"   \r\n\r\n", "import-file-empty"),
        (b"\x00" * 500, "import-file-empty"),
        (b"\xff\xfe", "import-file-empty"),
        (b"a,b\n", "import-no-rows"),
        (b"%PDF-1.7 ...", "import-not-a-table"),
        (b"\x1f\x8b\x08rest", "import-not-a-table"),
        (b"\x89PNG\r\n\x1a\n", "import-not-a-table"),
        (b"<!DOCTYPE html><html>", "import-not-a-table"),
        (bytes(range(1, 32)) * 200, "import-not-a-table"),
        (b"ada@x.de,Ada\nbob@x.de,Bob\n", "import-no-header"),
        (b"PK\x03\x04 is no zip", "import-sheet-unreadable"),
        (b"PAR1 is no parquet PAR1", "import-parquet-unreadable"),
        ((",".join(f"c{n}" for n in range(5000)) + "\n" + ",".join("1" * 5000)).encode(), "import-too-wide"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(read, content, code):
    with pytest.raises(MaropsError) as refusal:
        read(content)
    assert refusal.value.code == code
    assert refusal.value.remedy


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MaropsError) as refusal:
        open_table(tmp_path / "none.csv")
    assert refusal.value.code == "import-file-missing"


def test_a_broken_line_costs_itself_and_no_other(read):
    _, rows, faults = read(
        'Name,Mail\nBob,b\n"unclosed,c\nAnn,a\n"Two\nlines",t\nshort\nlong,x,y\nlong,x,\n'
        'has\x00nul,n\nEve "E" X,e\n"quo"te,q\nEnd,z\n'
    )
    assert faults == {3: "broken-quotes", 6: "ragged-row", 7: "ragged-row", 9: "nul-byte", 11: "broken-quotes"}
    assert cells(rows) == [
        ("Bob", "b"),
        ("Ann", "a"),
        ("Two\nlines", "t"),
        ("long", "x"),
        ('Eve "E" X', "e"),
        ("End", "z"),
    ]
    assert [row["row"] for row in rows] == [2, 4, 5, 8, 10, 12]


def test_a_quote_that_never_closes_loses_one_line_of_many(read):
    lines = [f"name {n},{n}" for n in range(3000)]
    lines[1500] = '"name 1500,1500'
    _, rows, faults = read("Name,Nr\n" + "\n".join(lines))
    assert len(rows) == 2999
    assert faults == {1502: "broken-quotes"}


def test_enormous_cells_are_rejected_as_one_row_each(read):
    _, rows, faults = read("a,b\n" + "x" * 10_000_000 + ',1\n"' + "y\n" * 200_000 + '",2\nfine,3\n')
    assert faults == {2: "cell-too-large", 3: "cell-too-large"}
    assert cells(rows) == [("fine", "3")]


def test_names_of_columns_are_made_different(read):
    source, _, _ = read("Mail,Mail,,mail\n1,2,3,4\n")
    assert source.columns == ["Mail", "Mail (2)", "Column 3", "mail (3)"]
    assert len(source.notes) == 2


def test_small_differences_between_programs(read):
    assert cells(read("sep=;\na;b\n1;2\n")[1]) == [("1", "2")]
    assert cells(read('a, b\n1, "x, y"\n')[1]) == [("1", "x, y")]
    assert cells(read('a,b\n"5\\" screen",1\n')[1]) == [('5" screen', "1")]
    assert cells(read("mail\nada@x.de\nbob@x.de\n")[1]) == [("ada@x.de",), ("bob@x.de",)]
    assert cells(read("a\x1fb\n1\x1f2\n")[1]) == [("1", "2")]


def test_empty_lines_are_left_out_and_told(read):
    source, rows, _ = read("a,b\n1,2\n\n,\n3,4\n")
    assert len(rows) == 2
    assert source.notes == ["2 empty lines were left out."]
    assert rows[-1]["row"] == 5


def workbook(sheet, *, extra=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml"'
            ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
            ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
            '<sheet name="Leads" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"'
            ' Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, content in extra:
            archive.writestr(name, content)
    return out.getvalue()


def sheet(*rows):
    lines = "".join(
        f'<row r="{r}">' + "".join(
            f'<c r="{chr(64 + c)}{r}"><v>{value}</v></c>' if isinstance(value, int | float)
            else f'<c r="{chr(64 + c)}{r}" t="inlineStr"><is><t>{value}</t></is></c>'
            for c, value in enumerate(row, start=1)
        ) + "</row>"
        for r, row in enumerate(rows, start=1)
    )  # fmt: skip
    return (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{lines}</sheetData></worksheet>"
    )


def test_spreadsheets(read):
    source, rows, faults = read(workbook(sheet(("Name", "Visits"), ("Ada", 3), ("Bob", 2.5))), "leads.xlsx")
    assert (source.kind, source.sheet, source.columns) == ("xlsx", "Leads", ["Name", "Visits"])
    assert cells(rows) == [("Ada", "3"), ("Bob", "2.5")]
    assert not faults
    with pytest.raises(MaropsError, match="no sheet 'Other'"):
        read(workbook(sheet(("Name",), ("Ada",))), "leads.xlsx", sheet="Other")


def test_a_zip_bomb_is_refused_by_what_it_declares(read):
    with pytest.raises(MaropsError) as refusal:
        read(workbook(sheet(("a",), ("b",)), extra=[("xl/media/x", b"\0" * 400_000_000)]), "bomb.xlsx")
    assert refusal.value.code == "import-bomb"


def test_a_zip_bomb_that_lies_about_its_size_is_refused_by_what_comes_out(read):
    honest = workbook(sheet(("a",), ("b",)), extra=[("xl/media/x", b"\0" * 5_000_000)])
    lying = bytearray(honest)
    place = lying.rfind((5_000_000).to_bytes(4, "little"))
    lying[place : place + 4] = (1000).to_bytes(4, "little")
    with pytest.raises(MaropsError) as refusal:
        read(bytes(lying), "liar.xlsx")
    assert refusal.value.code in ("import-bomb", "import-sheet-unreadable")


def test_two_cells_that_span_the_whole_sheet_are_refused(read):
    far = sheet(("a",), ("b",)).replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    )
    with pytest.raises(MaropsError) as refusal:
        read(workbook(far), "wide.xlsx")
    assert refusal.value.code == "import-bomb"


@pytest.mark.parametrize("content", [b"<nonsense", sheet(("a",), ("b",))[:200].encode()])
def test_a_damaged_sheet_is_refused(read, content):
    with pytest.raises(MaropsError) as refusal:
        read(workbook(content), "damaged.xlsx")
    assert refusal.value.code in ("import-sheet-unreadable", "import-no-rows")


def test_an_archive_without_a_workbook_is_refused(read):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(MaropsError) as refusal:
        read(out.getvalue(), "archive.zip")
    assert refusal.value.code == "import-sheet-unreadable"


def test_more_columns_than_letters_between_two_cells(monkeypatch):
    assert sheets._column(b"A") == 1
    assert sheets._column(b"XFD") == 16384


def test_parquet(tmp_path):
    path = tmp_path / "leads.parquet"
    table = pa.table({
        "id": pa.array([1.0, None, 3.0]), "name": ["Ada", None, "x" * 200_000], "ok": [True, False, None],
        "at": pa.array(["2024-01-02", None, None]).cast(pa.date32()), "tags": [["a", "b"], None, []],
    })  # fmt: skip
    pq.write_table(table, path)
    source = open_table(path)
    (chunk,) = source.chunks(1000)
    assert source.columns == ["id", "name", "ok", "at", "tags"]
    assert cells(chunk.rows.to_pylist()) == [
        ("1", "Ada", "TRUE", "2024-01-02", "['a', 'b']"), (None, None, "FALSE", None, None),
    ]  # fmt: skip
    assert [(fault.row, fault.code, fault.field) for fault in chunk.faults] == [(4, "cell-too-large", "name")]
    assert chunk.faults[0].cells == ("3", "x" * 999 + "…", "", "", "[]")
