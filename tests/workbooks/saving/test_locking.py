from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import openpyxl
import pytest

from budgetinator.errors import SaveError, WorkbookBusy
from tests.workbooks.saving.conftest import Place
from tests.workbooks.saving.recording import archive


@pytest.mark.timeout(120)
def test_three_programs_add(tmp_path: Path) -> None:
    """Three programs that each add 50 times to one cell lose nothing."""
    target, locks = tmp_path / "budget.xlsx", tmp_path / "locks"
    workbook = openpyxl.Workbook()
    workbook["Sheet"]["A1"] = 0
    workbook.save(target)
    args = [sys.executable, "-m", "tests.workbooks.saving.adding", target, locks, "50"]
    programs = [subprocess.Popen(args) for _ in range(3)]
    assert [program.wait() for program in programs] == [0, 0, 0]
    assert openpyxl.load_workbook(target)["Sheet"]["A1"].value == 150

    assert os.listdir(locks) == []


def test_one_waits(place: Place) -> None:
    """While one program saves, another waits for its turn, and both saves are whole."""
    writing, go_on = threading.Event(), threading.Event()

    def write_slowly(stream: BinaryIO) -> None:
        writing.set()
        assert go_on.wait(30)
        archive(2)(stream)

    first = threading.Thread(target=lambda: place.save(write=write_slowly))
    first.start()
    assert writing.wait(30)
    args = [sys.executable, "-m", "tests.workbooks.saving.one_save"]
    paths = [place.target, place.locks, place.journal.path]
    with subprocess.Popen([*args, *paths, "3"], stdout=subprocess.PIPE, text=True) as second:
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(0.5)
        assert place.generation() == 1
        go_on.set()
        first.join()
        assert second.communicate() == ("saved 3\n", None)
    assert place.generation() == 3
    assert place.left_over() == []


@pytest.mark.parametrize("timeout", [0.0, 0.1])
def test_busy(place: Place, timeout: float) -> None:
    """Who does not want to wait longer is told which file is being saved."""

    def save_again(stream: BinaryIO) -> None:
        with pytest.raises(WorkbookBusy, match="is being saved") as caught:
            place.save(3, lock_timeout=timeout)
        assert caught.value.path == str(place.target)
        archive(2)(stream)

    place.save(write=save_again)
    assert place.generation() == 2
    assert place.left_over() == []


def test_never_waits_for_itself(place: Place) -> None:
    """A thread that would wait for its own save for ever gets an error instead."""

    def save_again(stream: BinaryIO) -> None:
        with pytest.raises(SaveError, match="held by"):
            place.save(3, lock_timeout=-1)
        archive(2)(stream)

    place.save(write=save_again)
    assert place.generation() == 2


def test_same_file_by_two_names(place: Place) -> None:
    """A link and the file behind it share the lock."""
    link = place.folder / "link.xlsx"
    link.symlink_to(place.target)

    def save_by_link(stream: BinaryIO) -> None:
        with pytest.raises(WorkbookBusy):
            place.save(3, link, lock_timeout=0.0)
        archive(2)(stream)

    place.save(write=save_by_link)


def test_other_file_is_free(place: Place) -> None:
    """The lock of one file keeps nobody from another."""

    def save_other(stream: BinaryIO) -> None:
        place.save(3, place.folder / "other.xlsx", lock_timeout=0.0)
        archive(2)(stream)

    place.save(write=save_other)
    assert place.generation() == 2
