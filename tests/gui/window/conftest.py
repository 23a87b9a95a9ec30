"""The window on a real application, the sample consortium, and ways to drive both."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from budgetinator.budgets import write_sample

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.application import Application
    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

PATIENCE = 20_000  # ms
CORPUS = Path(
    os.environ.get("BUDGETINATOR_CORPUS")
    or Path(__file__).resolve().parents[4] / "shared" / "corpus"
)


@pytest.fixture(scope="session")
def sample_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample consortium, written once."""
    path = tmp_path_factory.mktemp("sample") / "sample.xlsx"
    write_sample(path)
    from budgetinator.runtime import close_default_runtime

    close_default_runtime()
    return path


@pytest.fixture
def sample(sample_once: Path, tmp_path: Path) -> Path:
    """A copy of the sample consortium for this test."""
    return Path(shutil.copy(sample_once, tmp_path / "budget.xlsx"))


@pytest.fixture
def corpus() -> Callable[[str], Path]:
    """The path of a file of the corpus; skips where there is none."""

    def path(name: str) -> Path:
        file = CORPUS / name
        if not file.exists():
            pytest.skip(f"there is no {file}")
        return file

    return path


@pytest.fixture
def window(application: Application, qtbot: QtBot) -> Iterator[MainWindow]:
    """The main window, shown; ended and deleted afterwards."""
    from gui.main_window import MainWindow

    made = MainWindow(application.runtime, bridge=application.bridge)
    made.show()
    yield made
    made.cleanup()
    made.close()
    made.deleteLater()
    from tests.gui.qtleftovers import collect_qt

    collect_qt()


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot) -> Callable[[Path], WorkbookTab]:
    """Opens a workbook in the window and waits until its first rows are there."""

    def open_it(path: Path) -> WorkbookTab:
        window.open_files([path])
        tab = window.current_workbook()
        assert tab is not None
        qtbot.waitUntil(lambda: tab.is_open and tab.model.is_here(1), timeout=PATIENCE)
        return tab

    return open_it
