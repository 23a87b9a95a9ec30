"""Rows and contents from a workbook in its own process."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import pytest

from budgetinator.errors import InvalidCellReference, WorksheetNotFound
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager, Formula, RowChunk, StaleResult
from budgetinator.workbooks.addresses import format_cell
from budgetinator.workbooks.reading.values import iter_contents
from tests.workbooks.builders import make_workbook
from tests.workbooks.hosts.conftest import OpenHost
from tests.workbooks.hosts.packages import sheet_file


def test_rows_are_those_of_the_manager(
    open_host: OpenHost, service: ResourceManagementService, large: Path
) -> None:
    """Chunk after chunk, with the numbers of their first rows, as tuples of tuples."""
    host = open_host(large)
    chunks = list(host.rows("Data"))
    with ExcelManager(large, service=service) as manager:
        expected = tuple(manager.values("Data"))
    assert tuple(itertools.chain.from_iterable(chunk.rows for chunk in chunks)) == expected
    assert [chunk.first_row for chunk in chunks] == [1, 501, 1001, 1501, 2001, 2501]
    assert {type(chunk.rows) for chunk in chunks} == {tuple}


@pytest.mark.parametrize(
    ("first", "count", "chunk", "expected"),
    [
        (1, 2, 500, [(1, 2)]),
        (2999, None, 500, [(2999, 2)]),
        (499, 4, 3, [(499, 3), (502, 1)]),
        (3001, None, 500, []),
        (5000, 7, 500, []),
        (10, 0, 500, []),
    ],
)
def test_rows_begin_and_end_where_that_is_asked(
    open_host: OpenHost,
    large: Path,
    first: int,
    count: int | None,
    chunk: int,
    expected: list[tuple[int, int]],
) -> None:
    """Nothing is told of rows beyond the last."""
    chunks = list(open_host(large).rows("Data", first, count, chunk))
    assert [(each.first_row, len(each.rows)) for each in chunks] == expected
    assert all(each.rows[0][0] == each.first_row for each in chunks)


def test_chunks_of_wide_rows_have_fewer(open_host: OpenHost, tmp_path: Path) -> None:
    """So that none of them takes long; together they are all."""
    path = make_workbook(tmp_path / "wide.xlsx", {"W": [tuple(range(1000))] * 50})
    chunks = list(open_host(path).rows("W"))
    assert [len(chunk.rows) for chunk in chunks] == [20, 20, 10]


def test_a_sheet_that_is_not_there_is_named(open_host: OpenHost, large: Path) -> None:
    """With those that there are; the host goes on."""
    host = open_host(large)
    with pytest.raises(WorksheetNotFound) as caught:
        next(host.rows("Nothing"))
    assert caught.value.available == ("Data", "Other")
    assert next(host.rows("other")) == RowChunk(1, (("here",),))


def test_numbers_that_make_no_sense_are_refused(open_host: OpenHost, book: Path) -> None:
    """At once, in the calling program."""
    with pytest.raises(ValueError, match="must be 1 or more"):
        open_host(book).rows("Budget", 0)


def test_a_damaged_cell_is_told_after_the_rows_before_it(
    open_host: OpenHost, tmp_path: Path
) -> None:
    """The rows that can be read are there, again and again, and the error has its cell."""
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 601))
    bad = '<row r="601"><c r="A601" t="s"><v>99</v></c></row>'
    path = sheet_file(tmp_path / "bad.xlsx", rows + bad)
    host = open_host(path)
    for _ in range(2):
        reading = host.rows("Budget", 1, 500)
        assert len(next(reading).rows) == 500
    with pytest.raises(ValueError, match="A601"):
        list(host.rows("Budget"))


def test_a_few_rows_do_not_wait_for_all_of_them(open_host: OpenHost, large: Path) -> None:
    """A reading that nobody takes from holds up no other, from any thread."""
    host = open_host(large)
    unread = host.rows("Data", chunk=10)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(next(host.rows("Data", 2000, 1)).rows))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [((2000, 4_000_000, "row 2000"),)] * 4
    assert next(unread).rows[0] == (1, 1, "row 1")


def test_rows_that_were_read_once_come_at_once(open_host: OpenHost, large: Path) -> None:
    """They are kept in the process: the last ones take no longer than the first."""
    host = open_host(large)
    list(host.rows("Data"))
    began = time.perf_counter()
    for first in (2990, 1, 1500):
        assert next(host.rows("Data", first, 1)).rows[0][0] == first
    assert time.perf_counter() - began < 0.5


def test_a_reading_that_is_dropped_holds_nothing(open_host: OpenHost, large: Path) -> None:
    """Without a close: the next request tells the process."""
    host = open_host(large)
    for _ in range(20):
        next(host.rows("Data", chunk=1))
    assert host.contents(["A1"]) == {"A1": 1}
    assert len(host._line._waiting) == 0


def test_contents_are_formulas_and_values(open_host: OpenHost, tmp_path: Path) -> None:
    """A text that looks like a formula is a text."""
    rows = (
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c>'
        '<c r="B1" t="inlineStr"><is><t>=1+1</t></is></c><c r="C1" t="b"><v>1</v></c>'
        '<c r="D1"><f t="array" ref="D1">SUM(A1:C1)</f><v>2</v></c>'
        '<c r="E1"><f t="shared" ref="E1:E3" si="0">A1*2</f><v>4</v></c></row>'
        '<row r="3"><c r="E3"><f t="shared" si="0"/><v>0</v></c></row>'
    )
    path = sheet_file(tmp_path / "kinds.xlsx", rows)
    asked = ["A1", "Budget!B1", "C1", "D1", "E1", "$E$3", "Z99"]
    assert open_host(path).contents(asked) == {
        "A1": Formula("=1+1"),
        "Budget!B1": "=1+1",
        "C1": True,
        "D1": Formula("{=SUM(A1:C1)}"),
        "E1": Formula("=A1*2"),
        "$E$3": Formula("=A3*2"),
        "Z99": None,
    }


def test_contents_of_odd_markup_are_found_too(open_host: OpenHost, tmp_path: Path) -> None:
    """Comments, rows without numbers: the whole sheet is parsed then."""
    rows = (
        "<!-- odd --><row><c><v>5</v></c><c><f>A1+1</f><v>6</v></c></row>"
        '<row r="4"><c r="B4"><f>B1</f></c></row>'
    )
    path = sheet_file(tmp_path / "odd.xlsx", rows)
    found = open_host(path).contents(["A1", "B1", "B4"])
    assert found == {"A1": 5, "B1": Formula("=A1+1"), "B4": Formula("=B1")}


def test_contents_are_those_of_a_full_reading(open_host: OpenHost, large: Path) -> None:
    """Every cell of a sheet, asked for by its address."""
    host = open_host(large)
    expected = {
        format_cell(number, column): cell.value
        for number, cells in iter_contents(large, "Data")
        for column, cell in enumerate(cells, 1)
    }
    assert host.contents(expected) == expected


def test_a_bad_address_is_refused(open_host: OpenHost, book: Path) -> None:
    """As by the library."""
    host = open_host(book)
    with pytest.raises(InvalidCellReference):
        host.contents(["XFE1"])
    with pytest.raises(WorksheetNotFound):
        host.contents(["Nowhere!A1"])


def test_an_edit_is_seen_in_every_sheet_that_it_concerns(
    open_host: OpenHost, tmp_path: Path
) -> None:
    """The first and the second one, and the undoing of both, in rows that were read before."""
    path = make_workbook(tmp_path / "two.xlsx", {"A": [(1,)], "B": [("=A!A1",), (5,)]})
    host = open_host(path)

    def shown() -> list[object]:
        return [next(host.rows(title)).rows for title in ("A", "B")]

    before = shown()
    first = host.set_cells({"A!A1": 2})
    assert shown() == [((2,),), ((StaleResult(),), (5,))]
    second = host.set_cells({"B!A2": 6})
    assert shown() == [((2,),), ((StaleResult(),), (6,))]
    host.set_cells(first)
    assert shown() == [((1,),), ((StaleResult(),), (6,))]
    host.set_cells(second)
    assert shown() == before


def test_after_an_edit_results_of_formulas_are_marked(open_host: OpenHost, tmp_path: Path) -> None:
    """As by ExcelManager.values; the last results can be had."""
    rows = '<row r="1"><c r="A1"><v>3</v></c><c r="B1"><f>A1*2</f><v>6</v></c></row>'
    host = open_host(sheet_file(tmp_path / "formula.xlsx", rows))
    assert next(host.rows("Budget")).rows == ((3, 6),)
    host.set_cells({"A1": 4})
    assert next(host.rows("Budget")).rows == ((4, StaleResult(6)),)
    assert next(host.rows("Budget", old_results=True)).rows == ((4, 6),)
