"""LibreOffice started and ended: missing, hanging, failing; nothing of it is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from budgetinator.errors import RecalculationFailed, SaveError, ValuesOnly, WouldLose
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks import ExcelManager, Surroundings, recalculate
from tests.workbooks.builders import make_workbook, read_parts, write_zip
from tests.workbooks.recalculation.programs import put_in_place

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[Surroundings]:
    service = ResourceManagementService()
    yield Surroundings(service, lock_dir=tmp_path / "locks")
    service.close()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that temporary files go to."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", os.fspath(folder))
    return folder


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    return make_workbook(tmp_path / "budget.xlsx")


def test_without_libreoffice_the_package_is_named(
    budget: Path, surroundings: Surroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what to install, and the file is as it was."""
    put_in_place(monkeypatch, tmp_path / "bin", None)
    before = budget.read_bytes()
    with pytest.raises(RecalculationFailed, match="libreoffice-calc") as caught:
        recalculate(budget, service=surroundings)
    assert (caught.value.path, caught.value.reason) == (
        str(budget),
        "LibreOffice is not installed",
    )
    assert budget.read_bytes() == before


def test_one_that_hangs_is_ended_with_its_children(
    budget: Path,
    surroundings: Surroundings,
    temporary: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After the time is up neither the program nor what it started runs, and no file is left."""
    noted = tmp_path / "pids"
    put_in_place(monkeypatch, tmp_path / "bin", f'sleep 300 & echo "$$ $!" > {noted}; wait')
    with pytest.raises(RecalculationFailed, match="within 1 seconds"):
        recalculate(budget, timeout=1, service=surroundings)
    assert not any(is_running(int(pid)) for pid in noted.read_text().split())
    assert list(temporary.iterdir()) == []


def test_it_does_not_outlive_a_process_that_is_killed(
    budget: Path, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 of the recalculating process ends the program, its children and their folder."""
    noted = tmp_path / "pids"
    put_in_place(monkeypatch, tmp_path / "bin", f'sleep 300 & echo "$$ $!" > {noted}; wait')
    monkeypatch.setenv("TMPDIR", str(temporary))
    script = f"from budgetinator import recalculate; recalculate({str(budget)!r})"
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) as killed:
        wait_until(lambda: noted.is_file() and noted.read_text().endswith("\n"))
        assert list(temporary.iterdir())
        killed.kill()
    wait_until(lambda: not any(is_running(int(pid)) for pid in noted.read_text().split()))
    wait_until(lambda: not list(temporary.iterdir()))


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be collected."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(
    "script", ["exit 1", "for a; do :; done; echo 'sheet Budget' > out.txt; exit 0"]
)
def test_one_that_does_nothing_is_told(
    budget: Path,
    surroundings: Surroundings,
    temporary: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
) -> None:
    """A program that ends without a result leaves the file and no traces."""
    put_in_place(monkeypatch, tmp_path / "bin", f"cd {tmp_path}; {script}")
    before = budget.read_bytes()
    with pytest.raises(RecalculationFailed, match="gave no result"):
        recalculate(budget, service=surroundings)
    assert budget.read_bytes() == before
    assert list(temporary.iterdir()) == []


def test_its_files_are_for_this_user_only(
    budget: Path,
    surroundings: Surroundings,
    temporary: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The folder that holds the copy can be read by nobody else while the program runs."""
    noted = tmp_path / "modes"
    put_in_place(monkeypatch, tmp_path / "bin", f"stat -c %a {temporary}/* > {noted}")
    with pytest.raises(RecalculationFailed):
        recalculate(budget, service=surroundings)
    assert noted.read_text().split() == ["700"]


def test_unsaved_changes_are_refused(budget: Path, surroundings: Surroundings) -> None:
    """What is computed is the file, so what it does not hold has to be saved first."""
    with ExcelManager(budget, service=surroundings) as manager:
        manager.set_cells({"Budget!B1": 1})
        with pytest.raises(SaveError, match="save it first"):
            manager.recalculate()
        manager.force_close()
    new = ExcelManager.create(budget.with_name("new.xlsx"), service=surroundings)
    with pytest.raises(SaveError, match="save it first"):
        new.recalculate()
    new.force_close()


def test_what_may_not_be_saved_is_not_recalculated(
    budget: Path, surroundings: Surroundings
) -> None:
    """A workbook that was opened for its values, and one with a signature, are left alone."""
    with (
        ExcelManager(budget, data_only=True, service=surroundings) as manager,
        pytest.raises(ValuesOnly),
    ):
        manager.recalculate()
    signed = {**read_parts(budget), "_xmlsignatures/sig1.xml": b"<Signature/>"}
    write_zip(budget, signed)
    with pytest.raises(WouldLose, match="signature"):
        recalculate(budget, service=surroundings)
