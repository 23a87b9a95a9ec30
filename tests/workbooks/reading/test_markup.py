"""The values of a sheet in every markup that XML permits, and by which of the two ways."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest

from budgetinator.errors import WorkbookDamaged
from budgetinator.workbooks.reading import sheetrows
from budgetinator.workbooks.reading.plaincells import PlainCells
from budgetinator.workbooks.reading.values import Content, iter_contents, iter_values
from tests.workbooks.builders import (
    MAIN,
    SHEET,
    TYPES,
    minimal_parts,
    sheet_xml,
    with_strings,
    write_zip,
)

PLAIN = (
    '<row r="1" spans="1:4"><c r="A1" s="0"/><c r="B1"><v>1</v></c><c r="C1" t="b"><v>0</v></c>'
    '<c r="D1" t="inlineStr"><is><t>a &amp; b</t></is></c></row>\n<row r="2"/>'
    '<row r="4" ht="20"><c r="A4"><f>B1*2</f><v>2.50</v></c><c r="C4" t="e"><v>#N/A</v></c></row>'
)
VALUES = [(None, 1, False, "a & b"), (), (), (2.5, None, "#N/A")]
COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
ALTERNATE = (
    f'<mc:AlternateContent xmlns:mc="{COMPATIBILITY}"><mc:Choice Requires="z"><row r="1">'
    f'<c r="A1"><v>9</v></c></row></mc:Choice><mc:Fallback>{PLAIN}</mc:Fallback>'
    "</mc:AlternateContent>"
)
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="[h]:mm"/>'
    '<numFmt numFmtId="165" formatCode="#,##0 &quot;days&quot;"/>'
    '<numFmt numFmtId="166" formatCode="yyyy\\-mm\\-dd;@"/>'
    '<numFmt numFmtId="167" formatCode="[Red]0.0_d"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>'
    + "".join(f'<xf numFmtId="{code}"/>' for code in (0, 14, 22, 46, 27, 164, 165, 166, 167, 20))
    + "</cellXfs></styleSheet>"
)


def values_of(path: Path) -> list[tuple[object, ...]]:
    return list(iter_values(path, "Budget"))


def rows_of(path: Path, rows: str) -> list[tuple[object, ...]]:
    """The values of a sheet with these rows."""
    return values_of(write_zip(path / "a.xlsx", minimal_parts(rows)))


def long_text(number: int, length: int) -> str:
    """A text of its own for each number, so that many of them do not look like a zip bomb."""
    return f"s{number}{random.Random(number).randbytes(length // 2).hex()}"


def with_styles(rows: str, *, since_1904: bool = False) -> dict[str, bytes]:
    """The parts of a workbook with these formats, and its calendar."""
    parts = minimal_parts(rows)
    parts["xl/styles.xml"] = STYLES.encode()
    if since_1904:
        book = parts["xl/workbook.xml"]
        parts["xl/workbook.xml"] = book.replace(b"<sheets>", b'<workbookPr date1904="1"/><sheets>')
    return parts


@pytest.fixture
def plain_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every block that is not read the fast way fail."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it was read tag by tag")

    monkeypatch.setattr(sheetrows, "_Exactly", refuse)


@pytest.mark.parametrize(
    "rows",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(' t="b"', ' t="b" cm="1"').replace('<row r="1" ', '<row ht="5" r="1" '),
        PLAIN.replace("<is><t>", '<is><t xml:space="preserve">'),
        PLAIN.replace("<v>1</v>", "<f/><v>1</v>").replace('<c r="A1" s="0"/>', '<c r="A1"></c>'),
        PLAIN.replace("<f>B1*2</f>", '<f t="shared" ref="A4:A5" si="0">B1*2</f>'),
        PLAIN.replace('<c r="A1" s="0"/>', "<c r='A1'/>").replace("'", '"'),
    ],
)
@pytest.mark.usefixtures("plain_only")
def test_usual_markup_is_read_by_blocks(tmp_path: Path, rows: str) -> None:
    """What spreadsheet programs write needs no parser of tags."""
    assert rows_of(tmp_path, rows) == VALUES


@pytest.mark.parametrize(
    "rows",
    [
        PLAIN.replace("<v>1</v>", " <v>1</v> "),
        PLAIN.replace('<c r="B1">', '<c r="$B$1">').replace("D1", "d1"),
        PLAIN.replace('r="C1" t="b"', 't="b" r="C1"'),
        PLAIN.replace('"', "'"),
        PLAIN.replace("<v>1</v>", "<v><!-- one -->1</v>"),
        PLAIN.replace("<v>1</v>", "<v><![CDATA[1]]></v>"),
        PLAIN.replace("<v>1</v>", "<v>01</v>").replace("2.50", "+2.5"),
        PLAIN.replace("<v>0</v>", "<v>false</v>"),
        PLAIN.replace(
            "<is><t>a &amp; b</t></is>", "<is><r><t>a &#38;</t></r><r><t> b</t></r></is>"
        ),
        PLAIN.replace("</t></is>", "</t><rPh sb='0' eb='1'><t>x</t></rPh></is>"),
        PLAIN.replace("</c></row>\n", "<extLst><ext><v>9</v></ext></extLst></c></row>\n"),
        PLAIN.replace('<row r="1" spans="1:4">', "<row>"),
        PLAIN.replace('r="A1" ', "").replace('<c r="B1">', "<c>"),
        "<!-- <row r='7'><c r='A7'><v>7</v></c></row> -->" + PLAIN,
        "<?note <row r='7'/> ?>" + PLAIN,
        ALTERNATE,
    ],
)
def test_all_other_markup_gives_the_same(tmp_path: Path, rows: str) -> None:
    """White space, quotes, comments, references in other forms or none: the same values."""
    assert rows != PLAIN
    assert rows_of(tmp_path, rows) == VALUES


@pytest.mark.parametrize("namespace", [MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-8-sig"])
@pytest.mark.usefixtures("plain_only")
def test_prefixes_and_encodings_are_read_by_blocks(
    tmp_path: Path, encoding: str, namespace: str
) -> None:
    """A sheet with a prefix, in any encoding of OPC, is as quick to read."""
    xml = sheet_xml(PLAIN).replace(MAIN, namespace).replace('encoding="UTF-8"', "")
    xml = xml.replace("xmlns=", "xmlns:x=").replace("<", "<x:").replace("<x:/", "</x:")
    parts = minimal_parts()
    parts[SHEET] = xml.replace("<x:?", "<?").encode(encoding)
    assert values_of(write_zip(tmp_path / "a.xlsx", parts)) == VALUES


@pytest.mark.parametrize("size", [1, 7, 300, 1_000_000])
def test_rows_are_whole_wherever_the_stream_is_cut(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of any size, with odd ones among them, give the rows in their order."""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c>'
        + (f'<c r="C{n}" t="inlineStr"><is><r><t>odd</t></r></is></c>' * (n % 50 == 0))
        + "</row>"
        for n in range(1, 400)
    )
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(rows))
    expected = [(n, None, "odd") if n % 50 == 0 else (n,) for n in range(1, 400)]
    monkeypatch.setattr(sheetrows, "_BLOCK", size)
    chunks = sheetrows.utf8_blocks

    def in_pieces(package: object, name: str) -> object:
        data = b"".join(chunks(package, name))  # type: ignore[arg-type]
        return (data[at : at + size] for at in range(0, len(data), size))

    monkeypatch.setattr(sheetrows, "utf8_blocks", in_pieces)
    assert values_of(path) == expected


def test_rows_without_numbers_are_counted_on_from_those_with(tmp_path: Path) -> None:
    """A row that does not say its number is one further than the last, wherever that was."""
    rows = '<row r="3"><c><v>1</v></c></row><row><c r="B4"><v>2</v></c></row><row/><row><c/></row>'
    assert rows_of(tmp_path, rows + '<row r="8"><c r="A8"><v>3</v></c></row>') == [
        *((), (), (1,), (None, 2)),
        *((), (), (), (3,)),
    ]


@pytest.mark.parametrize(
    ("style", "text", "expected"),
    [
        (0, "45000", 45000),
        (1, "45000", dt.datetime(2023, 3, 15)),
        (1, "0.5", dt.time(12)),
        (1, "1", dt.datetime(1900, 1, 1)),
        (1, "59", dt.datetime(1900, 2, 28)),
        (1, "61", dt.datetime(1900, 3, 1)),
        (2, "45000.7512345", dt.datetime(2023, 3, 15, 18, 1, 46, 661000)),
        (3, "1.5", dt.timedelta(days=1, hours=12)),
        (4, "45000", dt.datetime(2023, 3, 15)),
        (5, "0.25", dt.timedelta(hours=6)),
        (6, "45000", 45000),
        (7, "45000", dt.datetime(2023, 3, 15)),
        (7, "4500000000", 4_500_000_000),
        (8, "7.5", 7.5),
        (9, "0.999999999999", dt.datetime(1900, 1, 1)),
        (99, "7", 7),
    ],
)
def test_formats_tell_dates_from_numbers(
    tmp_path: Path, style: int, text: str, expected: object
) -> None:
    """Built-in, East Asian and custom formats; what no calendar has stays a number."""
    rows = f'<row r="1"><c r="A1" s="{style}"><v>{text}</v></c></row>'
    path = write_zip(tmp_path / "a.xlsx", with_styles(rows))
    assert values_of(path) == [(expected,)]


def test_dates_count_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    """Day 0 is then the first of January 1904."""
    rows = '<row r="1"><c r="A1" s="1"><v>1</v></c><c r="B1" s="1"><v>43538</v></c></row>'
    path = write_zip(tmp_path / "a.xlsx", with_styles(rows, since_1904=True))
    assert values_of(path) == [(dt.datetime(1904, 1, 2), dt.datetime(2023, 3, 15))]


def test_shared_strings_come_in_any_markup(tmp_path: Path) -> None:
    """Rich text is joined, phonetic runs are left out, escapes are characters."""
    strings = (
        f'<sst xmlns="{MAIN}"><si><t>a</t></si><si><t xml:space="preserve"> b\r\n </t></si>'
        "<si><r><rPr><b/></rPr><t>c</t></r><r><t>d</t></r><rPh sb='0' eb='1'><t>x</t></rPh></si>"
        "<si><t>_x000D_&lt;_x005F_x000D_ _xD83D__xDE00_</t></si><si/><si><t>_xD83D_</t></si></sst>"
    )
    cells = "".join(f'<c r="{"ABCDEF"[n]}1" t="s"><v>{n}</v></c>' for n in range(6))
    parts = with_strings(minimal_parts(f'<row r="1">{cells}</row>'), strings)
    row = values_of(write_zip(tmp_path / "a.xlsx", parts))[0]
    assert row == ("a", " b\n ", "cd", "\r<_x000D_ \U0001f600", "", "_xD83D_")
    prefixed = strings.replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")
    parts = with_strings(minimal_parts(f'<row r="1">{cells}</row>'), prefixed)
    assert values_of(write_zip(tmp_path / "b.xlsx", parts)) == [row]


@pytest.mark.parametrize("length", [0, 1_000])
def test_many_shared_strings_are_found_by_their_index(tmp_path: Path, length: int) -> None:
    """Pages of strings, those with rich text among them, do not shift."""
    texts = [long_text(n, length) for n in range(1500)]
    strings = "".join(
        f"<si><r><t>{text}</t></r></si>" if n % 700 == 3 else f"<si><t>{text}</t></si>"
        for n, text in enumerate(texts)
    )
    rows = "".join(
        f'<row r="{n + 1}"><c r="A{n + 1}" t="s"><v>{1499 - n}</v></c></row>' for n in range(1500)
    )
    parts = with_strings(minimal_parts(rows), f'<sst xmlns="{MAIN}">{strings}</sst>')
    path = write_zip(tmp_path / "a.xlsx", parts)
    assert values_of(path) == [(text,) for text in reversed(texts)]


@pytest.mark.parametrize("length", [0, 3_000])
def test_a_broken_string_is_damage_only_where_it_is_shown(tmp_path: Path, length: int) -> None:
    """However many there are: what stands among others of its page can be read without it."""
    strings = "".join(f"<si><t>{long_text(n, length)}</t></si>" for n in range(600))
    table = f'<sst xmlns="{MAIN}">{strings}<si><t>&unknown;</t></si></sst>'
    path = tmp_path / "a.xlsx"
    for index in (3, 600):
        rows = f'<row r="1"><c r="A1" t="s"><v>{index}</v></c></row>'
        write_zip(path, with_strings(minimal_parts(rows), table))
        if index == 3:
            assert values_of(path) == [(long_text(3, length),)]
        else:
            with pytest.raises(WorkbookDamaged):
                values_of(path)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B2" t="s"><v>-1</v></c>',
        '<c r="B2" t="s"><v>0.0</v></c>',
        '<c r="B2"><v>1,2</v></c>',
        '<c r="B2"><v>1 2</v></c>',
        '<c r="B2"><v>null</v></c>',
        '<c r="B2"><v>&unknown;</v></c>',
        '<c r="B2" t="b"><v>yes</v></c>',
        '<c r="B2" s="x"><v>1</v></c>',
    ],
)
def test_what_no_cell_can_hold_is_named(tmp_path: Path, cell: str) -> None:
    """Nothing is guessed: the error tells the sheet and the cell."""
    rows = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2">{cell}</row>'
    strings = f'<sst xmlns="{MAIN}"><si><t>a</t></si></sst>'
    path = write_zip(tmp_path / "a.xlsx", with_strings(minimal_parts(rows), strings))
    with pytest.raises(WorkbookDamaged) as caught:
        values_of(path)
    assert (caught.value.sheet, caught.value.cell) == ("Budget", "B2")


@pytest.mark.parametrize("cut", [b"</sheetData>", b"</row>", b"<v>2"])
def test_a_sheet_that_ends_too_early_is_damaged(tmp_path: Path, cut: bytes) -> None:
    """Rows that are whole come out; then the error says that more should have come."""
    parts = minimal_parts(PLAIN)
    parts[SHEET] = parts[SHEET][: parts[SHEET].rindex(cut)]
    with pytest.raises(WorkbookDamaged) as caught:
        values_of(write_zip(tmp_path / "a.xlsx", parts))
    assert (caught.value.sheet, caught.value.part) == ("Budget", SHEET)


def test_formulas_come_with_their_values(tmp_path: Path) -> None:
    """A shared formula is moved to its cells; arrays and data tables stand in braces."""
    rows = (
        '<row r="1"><c r="A1"><f>B1+$C$1</f><v>3</v></c><c r="B1"><f t="array" ref="B1">SUM(C1)</f>'
        '</c><c r="C1"><f t="shared" ref="C1:C2" si="0">A1*2&amp;"x"</f><v>6</v></c></row>'
        '<row r="2"><c r="B2" t="inlineStr"><is><t>=A1</t></is></c><c r="C2"><f t="shared" si="0"/>'
        '<v>8</v></c><c r="D2"><f t="dataTable" ref="D2:D3"/><v>1</v></c></row>'
    )
    path = write_zip(tmp_path / "a.xlsx", minimal_parts(rows))
    assert list(iter_contents(path, "Budget")) == [
        (1, [Content(3, "=B1+$C$1"), Content(None, "{=SUM(C1)}"), Content(6, '=A1*2&"x"')]),
        (
            2,
            [
                Content(None, None),
                Content("=A1", None),
                Content(8, '=A2*2&"x"'),
                Content(1, "{=TABLE()}"),
            ],
        ),
    ]


def test_a_file_without_a_declared_string_table_has_none(tmp_path: Path) -> None:
    """An index into strings that are not there is damage, told with its cell."""
    parts = minimal_parts('<row r="1"><c r="A1" t="s"><v>0</v></c></row>')
    assert b"sharedStrings" not in parts[TYPES]
    with pytest.raises(WorkbookDamaged):
        values_of(write_zip(tmp_path / "a.xlsx", parts))


def test_nothing_is_believed_of_a_block_that_holds_something_else() -> None:
    """One tag that was not foreseen sends the whole block to the exact reading."""
    cells = PlainCells(None, "")  # type: ignore[arg-type]
    assert cells.rows('<row r="1"><c r="A1" s="1"/><other/></row>') is None
    assert cells.rows('<row r="1"><c r="A1" s="1"/></row><row r="2"></row>') == []
    assert cells.last == 2


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "gap",
    [
        '  <c r="A1" t="inlineStr"></c>',
        '  <c r="A1" t="inlineStr"/> \n ',
        "</row>  ",
        '<row r="1"> <c r="A1" x="r=" y=" r="> ',
        "<c r='A1'   /> ",
        '  <c r="A1"><v/></c> <c r="A2"><v></v></c>',
    ],
)
def test_markup_between_cells_is_looked_at_once(gap: str) -> None:
    """Thousands of empty cells before what nobody foresaw cost no more than their length."""
    block = '<row r="1">' + gap * 20_000 + "<odd/></row>"
    cells = PlainCells(None, "")  # type: ignore[arg-type]  no cell is read
    assert cells.rows(block) is None
