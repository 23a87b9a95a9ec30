"""Whatever ends an operation before its end, the open workbook and the file are as before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from budgetinator.budgets import WorkPackage
from budgetinator.budgets.amending import Amendment
from budgetinator.budgets.deleting import delete_partner
from budgetinator.budgets.layout import input_cell
from budgetinator.budgets.making import fill_workbook
from budgetinator.budgets.partners import (
    add_partner,
    edit_partner,
    update_overviews,
)
from budgetinator.budgets.workpackages import (
    add_work_package,
    delete_work_package,
    edit_work_package,
)
from budgetinator.workbooks import ExcelManager
from tests.budgets.consortia import partner, three_partners, written

REPOSITORY = Path(__file__).parents[2]
STEPS = ("put", "style", "dress_as", "change", "exchange", "forget", "create", "rename", "remove")

Operation = Callable[[Workbook], object]
OPERATIONS: dict[str, Operation] = {
    "add partner": lambda book: add_partner(book, partner(4, "FOUR")),
    "edit partner": lambda book: edit_partner(
        book,
        3,
        {input_cell("acronym"): "N'EU", input_cell("rate"): Decimal(1)},
    ),
    "delete partner": lambda book: delete_partner(book, 3, lose=True),
    "add work package": lambda book: add_work_package(book, WorkPackage(3, "Tools")),
    "edit work package": lambda book: edit_work_package(book, 2, {"title": "Other"}),
    "delete work package": lambda book: delete_work_package(book, 2, lose=True),
    "update overviews": update_overviews,
    "fill": lambda book: fill_workbook(book, three_partners()),
}


class _Broken(Exception):
    """What the tests break operations with."""


def _prepared(path: Path) -> Path:
    """A budget with what others keep in it, and an overview out of date."""
    written(path)
    with ExcelManager(path) as manager:
        book = manager.workbook
        notes = book.create_sheet("Notes", 0)
        notes["A1"] = "='P3-Ünï Ko'!G13+'Budget Overview'!F11"
        notes["A2"] = "='P3-Ünï Ko'!G13*2"
        notes["A2"].comment = Comment("twice", "somebody")
        book.defined_names["third"] = DefinedName("third", attr_text="'P3-Ünï Ko'!$G$13")
        book["Budget Overview"]["G9"] = 5
        book.remove(book["Version History"])
        manager.save()
    return path


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_error_at_any_step_undoes_all(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of each operation fails once; nothing counts as changed then."""
    path = _prepared(tmp_path / "budget.xlsx")
    before = path.read_bytes()
    counted, allowed = [0], [0]
    for step in STEPS:
        monkeypatch.setattr(Amendment, step, _failing(step, counted, allowed))
    with ExcelManager(path) as manager:
        book = manager.workbook
        titles, active = list(book.sheetnames), book.active.title
        while True:
            counted[0] = 0
            try:
                OPERATIONS[name](book)
            except _Broken:
                assert not manager.is_modified, f"after {allowed[0]} steps"
                assert (book.sheetnames, book.active.title) == (titles, active)
                allowed[0] += 1
                continue
            break
        assert allowed[0] > 1
        assert manager.is_modified
        manager.force_close()
    assert path.read_bytes() == before


def _failing(step: str, counted: list[int], allowed: list[int]) -> Callable[..., Any]:
    """The step, which does its work and then raises when so many have been done."""
    original = getattr(Amendment, step)

    def stepping(self: Amendment, *words: Any, **named: Any) -> Any:
        result = original(self, *words, **named)
        counted[0] += 1
        if counted[0] > allowed[0]:
            raise _Broken(step)
        return result

    return stepping


def test_changes_from_before_stay_when_an_operation_fails(tmp_path: Path) -> None:
    """Only what the operation did is undone."""
    with ExcelManager(written(tmp_path / "budget.xlsx")) as manager:
        book = manager.workbook
        book["P1-Coord"]["F28"] = 77
        book["Budget Overview"]["J12"] = "mine"
        with pytest.raises(Exception, match="J12"):
            add_partner(book, partner(4, "FOUR"))
        assert (book["P1-Coord"]["F28"].value, len(book.sheetnames)) == (77, 7)
        assert book["Budget Overview"]["F11"].value == "=SUM(F8:F10)"
        manager.force_close()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_save_leaves_the_file_byte_for_byte(tmp_path: Path) -> None:
    """The process dies when the new file is written and not yet in its place."""
    path = written(tmp_path / "budget.xlsx")
    before = path.read_bytes()
    program = (
        "import os, signal, sys\n"
        "from budgetinator.workbooks.saving import replacing\n"
        "def die(*words, **named): os.kill(os.getpid(), signal.SIGKILL)\n"
        "os.replace = os.rename = die\n"
        "from budgetinator.cli import main\n"
        "main(['partner', 'delete', sys.argv[1], '3', '--yes'])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, path],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert path.read_bytes() == before
