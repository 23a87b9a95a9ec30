"""Results of formulas exchanged in a sheet's own bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from budgetinator.workbooks.patch.results import Result, Results, exchange_results
from budgetinator.workbooks.patch.splices import splice_bytes
from tests.workbooks.patch.building import MAIN, sheet_xml


def exchanged(sheet: str, results: Results) -> tuple[str, set[tuple[int, int]]]:
    """The sheet with these results, and the cells whose result differs."""
    edit = exchange_results(lambda: iter([sheet.encode()]), results)
    return splice_bytes(sheet.encode(), edit.splices).decode(), set(edit.changed)


@pytest.mark.parametrize(
    ("before", "result", "after"),
    [
        ('<c r="A1"><f>B1</f></c>', Result("n", 1.5), '<c r="A1"><f>B1</f><v>1.5</v></c>'),
        ('<c r="A1"><f>B1</f><v/></c>', Result("n", 7.0), '<c r="A1"><f>B1</f><v>7</v></c>'),
        (
            '<c r="A1" s="3" t="str"><f>B1</f><v>x</v></c>',
            Result("n", 0.1 + 0.2),
            '<c r="A1" s="3"><f>B1</f><v>0.30000000000000004</v></c>',
        ),
        (
            '<c r="A1" t="n"><f>B1</f><v>1</v></c>',
            Result("str", " a&<b\n"),
            '<c r="A1" t="str"><f>B1</f><v xml:space="preserve"> a&amp;&lt;b\n</v></c>',
        ),
        (
            '<c r="A1"><f t="shared" si="0"/><v>1</v></c>',
            Result("e", "#DIV/0!"),
            '<c r="A1" t="e"><f t="shared" si="0"/><v>#DIV/0!</v></c>',
        ),
        (
            '<c r="A1" t="b"><f>B1</f><v>1</v></c>',
            Result("n", 0.0),
            '<c r="A1" t="b"><f>B1</f><v>0</v></c>',
        ),
        ('<c r="A1" t="e"><f>B1</f><v>#N/A</v></c>', None, '<c r="A1"><f>B1</f></c>'),
        ('<c r="A1" s="2"/>', Result("n", 4.0), '<c r="A1" s="2"><v>4</v></c>'),
        (
            "<c r='A1'> <f a='>'>B1</f> <v>1</v> <extLst/> </c>",
            Result("n", 2.0),
            "<c r='A1'> <f a='>'>B1</f> <v>2</v> <extLst/> </c>",
        ),
        ("<c><f>B1</f><v>1</v></c>", Result("n", 2.0), "<c><f>B1</f><v>2</v></c>"),
    ],
)
def test_only_value_and_type_change(before: str, result: Result | None, after: str) -> None:
    """The formula, the look and the spelling of everything else stay."""
    row = '<row r="1" spans="1:9">{}<c r="B1"><v>5</v></c></row>'
    sheet, changed = exchanged(sheet_xml(row.format(before)), {1: {1: result}})
    assert sheet == sheet_xml(row.format(after))
    assert changed == {(1, 1)}


@pytest.mark.parametrize(
    ("cell", "result"),
    [
        ('<c r="A1"><f>B1</f><v>0.70000000000000007</v></c>', Result("n", 0.7000000000000001)),
        ('<c r="A1"><f>B1</f><v>1E3</v></c>', Result("n", 1000.0)),
        ('<c r="A1" t="str"><f>B1</f><v>a_x000D_b</v></c>', Result("str", "a\rb")),
        ('<c r="A1" t="str"><f>B1</f><v></v></c>', Result("str", "")),
        ('<c r="A1" t="b"><f>B1</f><v>1</v></c>', Result("n", 1.0)),
        ('<c r="A1" t="e"><f>B1</f><v>#N/A</v></c>', Result("e", "#N/A")),
    ],
)
def test_a_result_that_is_the_same_keeps_its_bytes(cell: str, result: Result) -> None:
    """The same double, text, truth value or error is not written anew."""
    sheet = sheet_xml(f'<row r="1">{cell}</row>')
    assert exchanged(sheet, {1: {1: result}}) == (sheet, set())


def test_cells_that_are_not_there_are_told() -> None:
    """A result for a cell, or a row, that the sheet does not have changes nothing."""
    sheet = sheet_xml('<row r="1"><c r="A1"><f>B1</f></c></row>')
    results = {1: {2: Result("n", 1.0)}, 4: {1: Result("n", 1.0)}}
    edit = exchange_results(lambda: iter([sheet.encode()]), results)
    assert (edit.splices, sorted(edit.absent)) == ([], [(1, 2), (4, 1)])


def test_any_markup_is_understood() -> None:
    """Comments, prefixes and rows without numbers go through the parser, with the same outcome."""
    sheet = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><!-- <row> --><x:row>'
        "<x:c><x:f>B1</x:f><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    )
    changed, _ = exchanged(sheet, {1: {1: Result("str", "new")}})
    assert changed == sheet.replace(
        "<x:c><x:f>B1</x:f><x:v>1</x:v>", '<x:c t="str"><x:f>B1</x:f><x:v>new</x:v>'
    )


def test_a_large_sheet_is_streamed() -> None:
    """Offsets hold beyond the blocks in which a sheet is read."""
    rows = [f'<row r="{n}"><c r="A{n}"><f>B{n}</f><v>{n}</v></c></row>' for n in range(1, 30_001)]
    sheet = sheet_xml("".join(rows)).encode()

    def pieces() -> Iterator[bytes]:
        return (sheet[at : at + 10_000] for at in range(0, len(sheet), 10_000))

    edit = exchange_results(pieces, {29_999: {1: Result("n", 0.5)}})
    wanted = sheet.replace(b"<f>B29999</f><v>29999</v>", b"<f>B29999</f><v>0.5</v>")
    assert splice_bytes(sheet, edit.splices) == wanted
