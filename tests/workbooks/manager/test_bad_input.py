from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from budgetinator.errors import (
    NotAWorkbook,
    WorkbookDamaged,
    WorkbookEncrypted,
    WorkbookError,
    WorkbookNotFound,
)
from budgetinator.workbooks import (
    excel_context,
    memory_safe_bulk_context,
    read_only_excel_context,
    safe_excel_context,
    write_excel_context,
)
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.builders import ole_file, truncate
from tests.workbooks.manager.conftest import Manage
from tests.workbooks.manager.making import descriptors_on, make_budget

Make = Callable[[Path], object]

BAD: dict[str, tuple[Make, type[WorkbookError]]] = {
    "no file": (lambda path: None, WorkbookNotFound),
    "a folder": (lambda path: path.mkdir(), NotAWorkbook),
    "a named pipe": (os.mkfifo, NotAWorkbook),
    "a device": (lambda path: path.symlink_to("/dev/zero"), NotAWorkbook),
    "an empty file": (lambda path: path.touch(), NotAWorkbook),
    "a truncated file": (lambda path: truncate(make_budget(path), 2000), WorkbookDamaged),
    "an encrypted file": (
        lambda path: ole_file(path, ["EncryptionInfo", "EncryptedPackage"]),
        WorkbookEncrypted,
    ),
    "an old workbook": (lambda path: ole_file(path, ["Workbook"]), NotAWorkbook),
    "CSV": (lambda path: path.write_text("Item;Cost\nTravel;100\n"), NotAWorkbook),
    "HTML": (lambda path: path.write_text("<html><table></table></html>"), NotAWorkbook),
}


def by_manager(path: Path, manage: Manage, surroundings: Surroundings) -> Any:
    return manage(path).workbook


def by_names(path: Path, manage: Manage, surroundings: Surroundings) -> Any:
    return manage(path).sheet_names


def by_values(path: Path, manage: Manage, surroundings: Surroundings) -> Any:
    return list(manage(path).values("Plan"))


def by_cells(path: Path, manage: Manage, surroundings: Surroundings) -> Any:
    return manage(path).set_cells({"Plan!A1": 1})


def by_saving(path: Path, manage: Manage, surroundings: Surroundings) -> Any:
    return manage(path).save(path.parent / "copy.xlsx")


def by_context(context: Any) -> Any:
    def open_it(path: Path, manage: Manage, surroundings: Surroundings) -> Any:
        with context(path, service=surroundings) as workbook:
            return workbook

    return open_it


def by_bulk(path: Path, manage: Manage, surroundings: Surroundings) -> Any:
    with memory_safe_bulk_context([path], service=surroundings) as workbooks:
        return list(workbooks.items())


WAYS = {
    "manager": by_manager,
    "names": by_names,
    "values": by_values,
    "cells": by_cells,
    "copy": by_saving,
    "excel_context": by_context(excel_context),
    "safe_excel_context": by_context(safe_excel_context),
    "read_only_excel_context": by_context(read_only_excel_context),
    "write_excel_context": by_context(write_excel_context),
    "memory_safe_bulk_context": by_bulk,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize(("make", "error"), BAD.values(), ids=BAD.keys())
def test_what_is_no_workbook_is_named(
    folder: Path,
    manage: Manage,
    surroundings: Surroundings,
    make: Make,
    error: type[WorkbookError],
    way: Any,
) -> None:
    """Each kind of bad file has one error with its path, is left as it was, and leaves no trace."""
    path = folder / "bad.xlsx"
    make(path)
    if way is WAYS["write_excel_context"] and not os.path.lexists(path):
        pytest.skip("that is how a new workbook is made")
    before = os.listdir(folder), path.read_bytes() if path.is_file() else None
    with pytest.raises(error) as caught:
        way(path, manage, surroundings)
    assert type(caught.value) is error
    assert caught.value.path == str(path)
    assert (os.listdir(folder), path.read_bytes() if path.is_file() else None) == before
    assert descriptors_on(folder) == []
    assert surroundings.service.get_statistics()["active_resources"] == 0


def test_a_password_does_not_help(folder: Path, surroundings: Surroundings) -> None:
    """openpyxl cannot decrypt, so the error says what to do instead."""
    path = ole_file(folder / "secret.xlsx", ["EncryptionInfo", "EncryptedPackage"])
    with (
        pytest.raises(WorkbookEncrypted, match="take the password off"),
        excel_context(path, password="secret", service=surroundings),
    ):
        pass


def test_the_folder_vanishes_before_a_save(manage: Manage, budget: Path) -> None:
    """A save into a folder that is gone is one WorkbookError, and the workbook stays open."""
    manager = manage(budget)
    manager.active_sheet["A1"] = 1
    shutil.rmtree(budget.parent)
    with pytest.raises(WorkbookError) as caught:
        manager.save()
    assert caught.value.path == str(budget)
    assert manager.is_modified
