"""Cells set, undone and saved in a workbook that another process holds."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from openpyxl import Workbook, load_workbook

from budgetinator.config import SavingOptions, Settings
from budgetinator.errors import (
    Cancelled,
    ChangedOnDisk,
    InvalidCellReference,
    InvalidCellValue,
    SaveError,
    TaskFailed,
    TaskNotPicklable,
    WorkbookBusy,
    WorksheetNotFound,
    WouldLose,
)
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager, Formula, Surroundings, WorkbookHost
from budgetinator.workbooks.host.sheets import SheetInfo
from tests.workbooks.builders import make_workbook
from tests.workbooks.hosts.conftest import OpenHost
from tests.workbooks.hosts.packages import sheet_file


def test_the_old_contents_come_back_for_undo(open_host: OpenHost, book: Path) -> None:
    """Under the addresses as they were given; set again they take the change away."""
    host = open_host(book)
    old = host.set_cells({"Budget!$b$2": 5, "A1": Formula("B1*2"), "C9": "new"})
    assert old == {"Budget!$b$2": Formula("=B1"), "A1": "Travel", "C9": None}
    assert host.is_modified
    assert host.unsaved == {"Budget!B2": 5, "Budget!A1": Formula("B1*2"), "Budget!C9": "new"}
    again = host.set_cells(old)
    assert again == {"Budget!$b$2": 5, "A1": Formula("=B1*2"), "C9": "new"}
    assert not host.is_modified
    assert host.unsaved == {}


def test_undo_leaves_no_trace_in_the_file(open_host: OpenHost, tmp_path: Path) -> None:
    """Rich text and an array formula are as they were, which no value could tell."""
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><r><rPr><b/></rPr><t>bo</t></r><r><t>ld</t></r>'
        '</is></c><c r="B1"><f t="array" ref="B1">SUM(C1:C2)</f><v>3</v></c></row>'
    )
    path = sheet_file(tmp_path / "rich.xlsx", rows)
    before = path.read_bytes()
    host = open_host(path)
    old = host.set_cells({"A1": "plain", "B1": 1})
    assert old == {"A1": "bold", "B1": Formula("{=SUM(C1:C2)}")}
    host.set_cells(old)
    assert host.save().how == "unchanged"
    assert path.read_bytes() == before


def test_an_array_formula_is_not_made_of_a_formula(open_host: OpenHost, book: Path) -> None:
    """Its braces would be no formula; nothing is set."""
    host = open_host(book)
    with pytest.raises(InvalidCellValue, match="array formulas"):
        host.set_cells({"A1": 1, "B1": Formula("{=SUM(A1:A2)}")})
    assert not host.is_modified


def test_text_stays_text(open_host: OpenHost, book: Path) -> None:
    """Only a Formula is a formula."""
    host = open_host(book)
    host.set_cells({"A1": "=1+1", "A2": Formula("=1+1")})
    assert host.contents(["A1", "A2"]) == {"A1": "=1+1", "A2": Formula("=1+1")}
    host.save()
    sheet = load_workbook(book)["Budget"]
    assert (sheet["A1"].data_type, sheet["A2"].data_type) == ("s", "f")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"B1": 1, "Nowhere!A1": 2}, WorksheetNotFound),
        ({"B1": 1, "A0": 2}, InvalidCellReference),
        ({"B1": 1, "A3": "x" * 40_000}, InvalidCellValue),
        ({"B1": 1, "E6": 2}, InvalidCellValue),
        ({"B1": 1, "$B$1": 2}, InvalidCellReference),
    ],
)
def test_all_or_none(
    open_host: OpenHost, tmp_path: Path, changes: dict[str, Any], error: type[Exception]
) -> None:
    """What no save could write is refused when it is set, and nothing of it is kept."""
    merged = '<mergeCells count="1"><mergeCell ref="D5:F7"/></mergeCells>'
    cells = '<row r="1"><c r="B1"><v>3</v></c></row>'
    path = sheet_file(tmp_path / "merged.xlsx", cells, merged)
    host = open_host(path)
    with pytest.raises(error):
        host.set_cells(changes)
    assert (host.is_modified, host.contents(["B1"])) == (False, {"B1": 3})


def test_a_save_is_the_manager_s(
    open_host: OpenHost, service: ResourceManagementService, book: Path
) -> None:
    """The report comes back; afterwards nothing is unsaved, and the next edit counts anew."""
    host = open_host(book)
    host.set_cells({"B1": 1300, "C1": dt.date(2026, 3, 1)})
    report = host.save(backup=True)
    assert (report.how, report.backup) == ("patched", book.with_name("budget.backup.xlsx"))
    assert (host.is_modified, host.unsaved) == (False, {})
    with ExcelManager(book, service=service) as manager:
        assert manager.workbook["Budget"]["B1"].value == 1300
    assert host.set_cells({"B1": 1400}) == {"B1": 1300}
    assert host.save().how == "patched"


def test_a_copy_leaves_the_changes(
    open_host: OpenHost, book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are saved somewhere, and still not in the file itself; a path is this program's."""
    host = open_host(book)
    host.set_cells({"B1": 1300})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    host.save("copy.xlsx")
    assert load_workbook(tmp_path / "elsewhere" / "copy.xlsx")["Budget"]["B1"].value == 1300
    assert (host.is_modified, host.has_unsaved_changes) == (True, False)
    assert host.unsaved == {"Budget!B1": 1300}


def test_a_file_that_another_program_changed(open_host: OpenHost, book: Path) -> None:
    """It counts from the opening on, also where nothing was set before."""
    host = open_host(book)
    make_workbook(book, {"Budget": [("Other", 1), ("More", 2)]})
    assert host.changed_on_disk()
    host.set_cells({"B1": 1300})
    with pytest.raises(ChangedOnDisk):
        host.save()
    host.reload()
    assert (host.changed_on_disk(), host.is_modified) == (False, False)
    assert host.contents(["A2"]) == {"A2": "More"}


def test_a_file_that_is_being_saved_elsewhere(
    service: ResourceManagementService, book: Path, tmp_path: Path
) -> None:
    """The lock of another process is waited for as the settings say, and named."""
    settings = Settings(saving=SavingOptions(lock_timeout_seconds=0.1))
    surroundings = Surroundings(service, settings, lock_dir=tmp_path / "locks")
    with WorkbookHost.open(book, service=surroundings) as host:
        host.set_cells({"B1": 1})
        with FileLock(_lock_of(book, tmp_path / "locks")), pytest.raises(WorkbookBusy):
            host.save()
        assert host.save().how == "patched"


def _lock_of(path: Path, folder: Path) -> str:
    import hashlib
    import os

    folder.mkdir(exist_ok=True)
    key = hashlib.sha256(os.fsencode(os.path.normcase(path))).hexdigest()[:32]
    return str(folder / f"{key}.lock")


def test_what_a_save_would_lose(open_host: OpenHost, tmp_path: Path) -> None:
    """The losses come as values, and WouldLose with its losses."""
    path = tmp_path / "table.xlsx"
    _with_table(path)
    host = open_host(path)
    assert host.losses() == ()
    host.set_cells({"A1": 5})
    (loss,) = host.losses()
    assert loss.kind == "table"
    with pytest.raises(WouldLose) as caught:
        host.save()
    assert caught.value.losses
    assert host.save(allow_loss=True).losses == (loss,)


def _with_table(path: Path) -> None:
    from openpyxl.worksheet.table import Table

    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(["Name", "Sum"])
    sheet.append(["a", 1])
    sheet.add_table(Table(displayName="T", ref="A1:B2"))
    workbook.save(path)
    workbook.close()


def test_sheets_grow_with_what_is_set(open_host: OpenHost, book: Path) -> None:
    """So that a window shows it."""
    host = open_host(book)
    host.set_cells({"AA30": 1})
    assert host.sheets == (SheetInfo("Budget", "visible", 30, 27),)


def test_a_function_gets_the_manager(open_host: OpenHost, book: Path) -> None:
    """Cells that were set are in it, and what it sets is known here."""
    host = open_host(book)
    host.set_cells({"B1": 1300})
    assert host.apply(set_and_tell, 7) == [("Travel", 1300), ("Total",)]
    assert host.unsaved.keys() == {"Budget!B1"}
    assert host.contents(["C1"]) == {"C1": 7}
    assert host.save().how == "patched"
    assert not host.is_modified


def set_and_tell(manager: ExcelManager, value: int) -> list[tuple[Any, ...]]:
    rows = list(manager.values("Budget", old_results=True))
    manager.set_cells({"C1": value})
    return rows


def test_an_operation_gets_the_workbook(open_host: OpenHost, book: Path) -> None:
    """It is an openpyxl workbook with what was set; sheets and cells follow."""
    host = open_host(book)
    host.set_cells({"B1": 1300})
    assert host.change(add_a_sheet, "Notes") == ["Budget", "Notes"]
    assert [sheet.title for sheet in host.sheets] == ["Budget", "Notes"]
    assert host.is_modified
    old = host.set_cells({"Notes!A1": "changed", "B2": 9})
    assert old == {"Notes!A1": 1300, "B2": Formula("=B1")}
    assert next(host.rows("Notes")).rows == (("changed",),)
    host.set_cells(old)
    host.save()
    assert not host.is_modified
    saved = load_workbook(book)
    assert (saved["Notes"]["A1"].value, saved["Budget"]["B2"].value) == (1300, "=B1")


def add_a_sheet(workbook: Workbook, title: str) -> list[str]:
    value = workbook["Budget"]["B1"].value
    workbook.create_sheet(title)["A1"] = value
    return list(workbook.sheetnames)


def test_an_operation_that_raises_is_told_and_what_it_did_counts(
    open_host: OpenHost, book: Path
) -> None:
    """The error is its own, and the workbook is known to be changed."""
    host = open_host(book)
    with pytest.raises(SaveError, match="half"):
        host.change(fail_halfway)
    assert host.is_modified
    host.reload()
    assert not host.is_modified
    assert host.contents(["A1"]) == {"A1": "Travel"}


def fail_halfway(workbook: Workbook) -> None:
    workbook["Budget"]["A1"] = "changed"
    raise SaveError("only half of it was done", path="p")


def test_what_cannot_be_pickled_is_said(open_host: OpenHost, book: Path) -> None:
    """On the way there at once, on the way back as an error that names its type."""
    host = open_host(book)
    with pytest.raises(TaskNotPicklable, match="given to apply"):
        host.apply(lambda manager: 1)
    with pytest.raises(TaskNotPicklable, match=r"The value, of the type _thread\.lock,"):
        host.apply(give_a_lock)
    with pytest.raises(TaskFailed, match="TwoParts: left and right") as caught:
        host.apply(raise_what_cannot_be_made_again)
    assert caught.value.failure == "TwoParts"
    assert host.contents(["A1"]) == {"A1": "Travel"}


def give_a_lock(_manager: ExcelManager) -> object:
    return threading.Lock()


class TwoParts(Exception):
    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right}")


def raise_what_cannot_be_made_again(_manager: ExcelManager) -> None:
    raise TwoParts("left", "right")


def test_an_error_of_the_function_tells_where_it_was_raised(
    open_host: OpenHost, book: Path
) -> None:
    """In a note, because a traceback does not cross the border."""
    with pytest.raises(ZeroDivisionError) as caught:
        open_host(book).apply(divide)
    assert any("in divide" in note for note in caught.value.__notes__)


def divide(_manager: ExcelManager) -> float:
    return 1 / 0


def test_requests_of_many_threads_are_served(open_host: OpenHost, book: Path) -> None:
    """One after the other, each with its own answer."""
    host = open_host(book)
    found: dict[int, object] = {}

    def work(number: int) -> None:
        host.set_cells({f"D{number}": number})
        found[number] = host.contents([f"D{number}"])[f"D{number}"]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {number: number for number in range(1, 17)}
    assert len(host.unsaved) == 16


def test_a_cancelled_save_that_had_not_begun_saves_nothing(open_host: OpenHost, book: Path) -> None:
    """It waits behind another request, and is taken back there."""
    host = open_host(book)
    before = book.read_bytes()
    host.set_cells({"B1": 5})
    busy = threading.Thread(target=host.apply, args=(wait_a_second,))
    busy.start()
    with pytest.raises(Cancelled):
        host.save(cancelled=lambda: True)
    busy.join()
    assert (host.has_unsaved_changes, book.read_bytes()) == (True, before)


def wait_a_second(_manager: ExcelManager) -> None:
    threading.Event().wait(1)
