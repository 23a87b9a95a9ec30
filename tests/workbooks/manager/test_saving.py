from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from budgetinator.config import SavingOptions, Settings
from budgetinator.errors import (
    ChangedOnDisk,
    InvalidCellValue,
    SaveError,
    TargetReadOnly,
    ValuesOnly,
    WouldLose,
)
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.manager.conftest import Manage
from tests.workbooks.manager.making import (
    add_printer_settings,
    add_table,
    make_budget,
    make_macro_budget,
    make_unreadable_drawing,
    parts_of,
    picture,
)


def change_elsewhere(path: Path) -> None:
    """As another program would: the file is replaced by one with other content."""
    book = openpyxl.load_workbook(path)
    book["Notes"]["A1"] = "somebody else was here"
    book.save(path)


def test_a_changed_workbook_is_saved_and_stays_usable(manage: Manage, budget: Path) -> None:
    """After a save it counts as unchanged, and can be changed and saved again."""
    manager = manage(budget)
    for number in (1, 2):
        manager.active_sheet["B2"] = number
        report = manager.save()
        assert (report.how, report.path, report.recalculates) == ("patched", budget, True)
        assert report.bytes_written == budget.stat().st_size
        assert not manager.is_modified
        assert openpyxl.load_workbook(budget)["Plan"]["B2"].value == number
    assert os.listdir(budget.parent) == ["budget.xlsx"]


def test_an_unchanged_workbook_is_not_written(manage: Manage, budget: Path) -> None:
    """Saving what was not changed leaves the file alone."""
    before = budget.stat().st_mtime_ns
    manager = manage(budget)
    assert manager.save().how == "unchanged"
    _ = manager.workbook
    assert manager.save().how == "unchanged"
    assert budget.stat().st_mtime_ns == before


def test_an_unchanged_workbook_is_copied_byte_for_byte(manage: Manage, budget: Path) -> None:
    """Under another name the same bytes appear."""
    copy = budget.parent / "copy.xlsx"
    assert manage(budget).save(copy).how == "copied"
    assert copy.read_bytes() == budget.read_bytes()


@pytest.mark.parametrize("loaded", [False, True])
def test_a_copy_leaves_the_manager_with_its_file(
    manage: Manage, budget: Path, *, loaded: bool
) -> None:
    """A saved copy has the changes, which its own file still lacks, but nobody would lose them."""
    before, copy = budget.read_bytes(), budget.parent / "copy.xlsx"
    manager = manage(budget)
    if loaded:
        _ = manager.workbook
    manager.set_cells({"Plan!B2": 7})
    assert manager.save(copy).path == copy
    assert openpyxl.load_workbook(copy)["Plan"]["B2"].value == 7
    assert budget.read_bytes() == before
    assert (manager.is_modified, manager.has_unsaved_changes) == (True, False)
    manager.set_cells({"Plan!B3": 8})
    assert manager.has_unsaved_changes
    manager.save()
    assert openpyxl.load_workbook(budget)["Plan"]["B3"].value == 8


def test_its_own_file_by_another_name_is_its_own(manage: Manage, budget: Path) -> None:
    """Saving to a link to its own file is saving to its own file, and the link stays one."""
    link = budget.parent / "link.xlsx"
    link.symlink_to(budget)
    manager = manage(budget)
    manager.active_sheet["B2"] = 7
    manager.save(link)
    assert link.is_symlink()
    assert not manager.is_modified


def test_openpyxls_own_save_goes_through_the_manager(manage: Manage, budget: Path) -> None:
    """`workbook.save(path)` is durable, checked for losses, and leaves nothing unsaved."""
    manager = manage(budget)
    manager.workbook["Plan"]["B2"] = 7
    manager.workbook.save(str(budget))
    assert not manager.is_modified
    manager.workbook["Plan"]["B2"] = float("nan")
    with pytest.raises(InvalidCellValue):
        manager.workbook.save(budget)
    manager.reload()
    with open(budget.parent / "stream.xlsx", "wb") as stream:
        manager.workbook.save(stream)
    assert openpyxl.load_workbook(budget.parent / "stream.xlsx").sheetnames == ["Plan", "Notes"]


def test_macros_are_kept(manage: Manage, folder: Path) -> None:
    """A workbook with macros keeps them, whatever is changed."""
    path = make_macro_budget(folder / "macros.xlsm")
    manager = manage(path)
    manager.set_cells({"Plan!B2": 1})
    assert manager.save().how == "patched"
    assert parts_of(path)["xl/vbaProject.bin"] == b"macros" * 20
    manager.active_sheet["B3"] = 2
    manager.active_sheet.column_dimensions["B"].width = 33
    assert manager.save().how == "patched"
    assert parts_of(path)["xl/vbaProject.bin"] == b"macros" * 20
    assert b"macroEnabled" in parts_of(path)["[Content_Types].xml"]


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize(
    ("name", "other"),
    [("a.xlsm", "b.xlsx"), ("a.xlsx", "b.xlsm"), ("a.xlsx", "b.xls"), ("a.xlsx", "b.xltx")],
)
def test_the_name_must_tell_the_kind(
    manage: Manage, folder: Path, name: str, other: str, *, loaded: bool
) -> None:
    """A save under a name that Excel would not open is refused, and says the right ending."""
    make = make_macro_budget if name.endswith("m") else make_budget
    manager = manage(make(folder / name))
    if loaded:
        _ = manager.workbook
    for value in (None, 5):
        if value is not None:
            manager.set_cells({"Plan!B2": value})
        with pytest.raises(SaveError, match=rf"ending \.{name[-4:]}"):
            manager.save(folder / other)
    assert os.listdir(folder) == [name]


def test_losses_are_told_before_anything_is_written(manage: Manage, budget: Path) -> None:
    """What no save can keep stops it, unless that is allowed; other changes lose nothing."""
    before = add_table(budget).read_bytes()
    manager = manage(budget)
    assert manager.lossy() == ()
    manager.workbook["Costs"].column_dimensions["B"].width = 33
    manager.workbook["Costs"]["B2"] = 7
    assert manager.lossy() == ()
    manager.workbook["Costs"]["A1"] = "Thing"
    (loss,) = manager.lossy()
    assert (loss.kind, loss.sheet) == ("table", "Costs")
    with pytest.raises(WouldLose) as caught:
        manager.save()
    assert caught.value.losses == (str(loss),)
    assert budget.read_bytes() == before
    report = manager.save(allow_loss=True)
    assert (report.how, report.losses) == ("patched", (loss,))
    manager.workbook["Costs"]["B2"] = 8
    assert manager.save().losses == ()
    table = openpyxl.load_workbook(budget)["Costs"].tables["Costs"]
    assert table.column_names == ["Thing", "Cost"]


def test_set_cells_lose_nothing(manage: Manage, budget: Path) -> None:
    """A part that openpyxl would drop is still there after cells were set."""
    add_printer_settings(budget)
    manager = manage(budget)
    manager.set_cells({"Plan!B2": 7})
    manager.save()
    assert parts_of(budget)["xl/printerSettings/printerSettings1.bin"] == b"printer"


@pytest.mark.parametrize("options", [{"read_only": True}, {"data_only": True}])
def test_values_only_cannot_be_saved(
    manage: Manage, budget: Path, options: dict[str, bool]
) -> None:
    """Saving values only would destroy the formulas, under whatever name."""
    manager = manage(budget, **options)
    _ = manager.workbook
    for path in (None, budget.parent / "copy.xlsx"):
        with pytest.raises(ValuesOnly):
            manager.save(path)
    assert os.listdir(budget.parent) == ["budget.xlsx"]


@pytest.mark.parametrize("loaded", [False, True])
def test_another_programs_change_is_not_overwritten(
    manage: Manage, budget: Path, *, loaded: bool
) -> None:
    """A file that was changed since the opening is left alone, unless overwriting is asked for."""
    manager = manage(budget)
    if loaded:
        _ = manager.workbook
    manager.set_cells({"Plan!B2": 7})
    change_elsewhere(budget)
    theirs = budget.read_bytes()
    with pytest.raises(ChangedOnDisk):
        manager.save()
    assert budget.read_bytes() == theirs
    manager.save(overwrite=True)
    assert openpyxl.load_workbook(budget)["Plan"]["B2"].value == 7
    assert not manager.is_modified


def test_a_loaded_workbook_can_be_rescued(manage: Manage, budget: Path) -> None:
    """What was loaded can be saved as a copy when its own file is changed or gone."""
    manager = manage(budget)
    manager.active_sheet["B2"] = 7
    change_elsewhere(budget)
    manager.save(budget.parent / "one.xlsx")
    budget.unlink()
    manager.save(budget.parent / "two.xlsx")
    for name in ("one.xlsx", "two.xlsx"):
        book = openpyxl.load_workbook(budget.parent / name)
        assert (book["Plan"]["B2"].value, book["Notes"]["A1"].value) == (7, "as agreed")


def test_set_cells_are_not_put_into_another_file(manage: Manage, budget: Path) -> None:
    """A copy with set cells is made of the file that was opened, or of none."""
    manager = manage(budget)
    manager.set_cells({"Plan!B2": 7})
    change_elsewhere(budget)
    with pytest.raises(ChangedOnDisk):
        manager.save(budget.parent / "copy.xlsx")
    assert os.listdir(budget.parent) == ["budget.xlsx"]


def test_unsaved_changes_can_be_dropped(manage: Manage, budget: Path) -> None:
    """`reload` reads the file as it is now."""
    manager = manage(budget)
    manager.active_sheet["B2"] = 7
    change_elsewhere(budget)
    manager.reload()
    assert manager.workbook["Notes"]["A1"].value == "somebody else was here"
    assert manager.active_sheet["B2"].value == 100.5


UNWRITABLE = {
    "not a number": float("nan"),
    "infinity": float("-inf"),
    "a lone surrogate": "a\ud800b",
    "text that openpyxl has cut": "x" * 40_000,
    "too many characters of two units": "\U0001f600" * 20_000,
    "a formula that is too long": "=" + "1+" * 5_000 + "1",
    "a character that XML has not": "a\uffffb",
}


@pytest.mark.parametrize("value", UNWRITABLE.values(), ids=UNWRITABLE.keys())
def test_cells_that_no_file_can_hold_are_refused(
    manage: Manage, budget: Path, value: object
) -> None:
    """The error names the sheet and the cell, and the file is as it was."""
    before = budget.read_bytes()
    manager = manage(budget)
    manager.workbook["Notes"]["C7"] = value
    with pytest.raises(InvalidCellValue) as caught:
        manager.save()
    assert (caught.value.sheet, caught.value.cell) == ("Notes", "C7")
    assert budget.read_bytes() == before
    assert os.listdir(budget.parent) == ["budget.xlsx"]


def test_text_that_was_full_before_stays(manage: Manage, budget: Path) -> None:
    """A cell that held 32,767 characters when it was opened can be saved again."""
    book = openpyxl.load_workbook(budget)
    book["Notes"]["A2"] = "x" * 32_767
    book.save(budget)
    manager = manage(budget)
    manager.active_sheet["B2"] = 7
    assert manager.save().how == "patched"
    manager.workbook["Notes"].column_dimensions["B"].width = 33
    assert manager.save().how == "patched"


@pytest.mark.filterwarnings("ignore:Title is more than 31 characters")
def test_sheets_that_no_file_can_hold_are_refused(manage: Manage, budget: Path) -> None:
    """No visible sheet, or a name over 31 characters: refused, and the file is as it was."""
    before = budget.read_bytes()
    manager = manage(budget)
    for sheet in manager.workbook:
        sheet.sheet_state = "hidden"
    with pytest.raises(SaveError, match="visible"):
        manager.save()
    manager.reload()
    manager.active_sheet.title = "x" * 32
    with pytest.raises(SaveError) as caught:
        manager.save()
    assert caught.value.sheet == "x" * 32
    assert budget.read_bytes() == before


@pytest.mark.parametrize("title", ["x" * 32, "plan", "a/b", "", "'x'"])
def test_a_sheets_name_is_checked_when_it_is_made(manage: Manage, budget: Path, title: str) -> None:
    """A name that Excel does not take, or that is taken, is refused."""
    manager = manage(budget)
    with pytest.raises(InvalidCellValue):
        manager.create_sheet(title)
    assert not manager.is_modified


def test_sheets_are_made_and_removed(manage: Manage, budget: Path) -> None:
    """New sheets and removed ones are in the saved file."""
    manager = manage(budget)
    manager.create_sheet("First", 0)["A1"] = 1
    manager.remove_sheet("notes")
    manager.save()
    assert manager.sheet_names == ["First", "Plan"]
    assert openpyxl.load_workbook(budget).sheetnames == ["First", "Plan"]


def test_the_old_file_is_kept_if_wanted(
    manage: Manage, budget: Path, surroundings: Surroundings
) -> None:
    """`backup=True`, or the setting, keeps the file as it was before the save."""
    before = budget.read_bytes()
    manager = manage(budget)
    manager.set_cells({"Plan!B2": 7})
    report = manager.save(backup=True)
    assert report.backup == budget.with_name("budget.backup.xlsx")
    assert report.backup.read_bytes() == before
    report.backup.unlink()
    settings = Settings(saving=SavingOptions(backup=True))
    always = Surroundings(surroundings.service, settings, lock_dir=surroundings.lock_dir)
    with ExcelManager(budget, service=always) as other:
        other.set_cells({"Plan!B2": 8})
        assert other.save().backup == budget.with_name("budget.backup.xlsx")


@pytest.mark.parametrize("loaded", [False, True])
def test_a_read_only_file_stays_as_it_is(manage: Manage, budget: Path, *, loaded: bool) -> None:
    """A file that may not be written is not, and a copy can still be saved."""
    before = budget.read_bytes()
    budget.chmod(0o444)
    manager = manage(budget)
    if loaded:
        _ = manager.workbook
    manager.set_cells({"Plan!B2": 7})
    with pytest.raises(TargetReadOnly):
        manager.save()
    assert budget.read_bytes() == before
    assert manager.is_modified
    manager.save(budget.parent / "copy.xlsx")
    assert sorted(os.listdir(budget.parent)) == ["budget.xlsx", "copy.xlsx"]


@pytest.mark.parametrize("loaded", [False, True])
def test_a_full_disk_leaves_the_file_as_it_was(budget: Path, *, loaded: bool) -> None:
    """When the new file cannot be written whole, the old one stays and no temporary one does."""
    before = budget.read_bytes()
    code = f"""
import resource, signal, tempfile
from pathlib import Path
from budgetinator.errors import SaveError
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager
from budgetinator.workbooks.surroundings import Surroundings
service = ResourceManagementService()
around = Surroundings(service, lock_dir=Path({str(budget.parent.parent / "locks")!r}))
with ExcelManager({str(budget)!r}, service=around) as manager:
    if {loaded}:
        manager.workbook
    manager.set_cells({{"Plan!A9": "x" * 30000, "Plan!A8": bytes(range(65, 91)).decode() * 1000}})
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
    try:
        manager.save()
    except SaveError as error:
        print(type(error).__name__, error.errno, error.path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    manager.reload()
service.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["SaveError", "27", str(budget)], done.stderr
    assert budget.read_bytes() == before
    assert os.listdir(budget.parent) == ["budget.xlsx"]


def test_a_killed_save_leaves_no_plain_data_in_the_temporary_folder(
    budget: Path, tmp_path: Path
) -> None:
    """openpyxl's sheet files have no name here: a kill in the middle leaves none behind."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    code = f"""
import os, signal
from budgetinator.workbooks.saving import rewriting
import openpyxl
class Killing(rewriting.WorksheetWriter):
    def write(self):
        super().write()
        os.kill(os.getpid(), signal.SIGKILL)
rewriting.WorksheetWriter = Killing
with open({str(scratch / "out.xlsx")!r}, "wb") as stream:
    rewriting.write_workbook(openpyxl.load_workbook({str(budget)!r}), stream, 6)
"""
    environment = {**os.environ, "TMPDIR": str(scratch)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == -9
    assert os.listdir(scratch) == ["out.xlsx"]


def test_a_new_workbook_does_not_replace_a_file(
    surroundings: Surroundings, folder: Path, budget: Path
) -> None:
    """A file that appears under a new workbook's name is not overwritten by its save."""
    path = folder / "new.xlsx"
    with ExcelManager.create(path, service=surroundings) as manager:
        manager.active_sheet["A1"] = 1
        shutil.copy(budget, path)
        with pytest.raises(ChangedOnDisk):
            manager.save()
        assert path.read_bytes() == budget.read_bytes()
        manager.save(folder / "other.xlsx")


def test_a_later_save_keeps_the_mark_for_recalculation(manage: Manage, budget: Path) -> None:
    """Results that are old stay marked until something has computed them."""
    book = openpyxl.load_workbook(budget)
    book.calculation = None
    book.save(budget)
    manager = manage(budget)
    manager.active_sheet["B2"] = 7
    assert manager.save().recalculates
    for width in (20, 30):
        manager.active_sheet.column_dimensions["B"].width = width
        assert manager.save().how == "patched"
        assert b"fullCalcOnLoad" in parts_of(budget)["xl/workbook.xml"]
    assert not manager.is_modified


def test_a_picture_in_a_drawing_that_openpyxl_cannot_read_is_put_in_once(
    manage: Manage, budget: Path
) -> None:
    """A later save does not put it in again, and refuses what it cannot tell from it."""
    make_unreadable_drawing(budget)
    manager = manage(budget)
    sheet = manager.workbook["Plan"]
    sheet.add_image(picture(), "E2")
    assert manager.save().how == "patched"
    drawn = parts_of(budget)["xl/drawings/drawing1.xml"]
    sheet.column_dimensions["B"].width = 33
    assert manager.save().how == "patched"
    assert parts_of(budget)["xl/drawings/drawing1.xml"] == drawn
    before = budget.read_bytes()
    sheet.add_image(picture(), "E9")
    with pytest.raises(WouldLose):
        manager.save()
    assert budget.read_bytes() == before
