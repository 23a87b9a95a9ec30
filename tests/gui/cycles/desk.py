"""The program as it is started, on a folder of workbooks of its own, and ways to wait for it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import shiboken6
from PySide6.QtCore import QEventLoop, QTimer

from budgetinator.config import load_settings
from budgetinator.resources import IResourceManagementService, register_service
from budgetinator.runtime import Runtime, make_runtime
from gui.application import Application, make_application
from gui.door import make_window
from gui.main_window import MainWindow
from gui.tabs.workbook import WorkbookTab
from gui.workers import PARK
from tests.gui.qtleftovers import collect_qt
from tests.support.probes import children

__all__ = ["Desk", "desk_in"]

PATIENCE = 40.0  # seconds
LOOK_EVERY = 4  # ms


@dataclass(frozen=True, slots=True)
class Desk:
    """A window that is shown; `masters` are workbooks by name, `books` is where copies are used."""

    application: Application
    window: MainWindow
    masters: Mapping[str, Path]
    books: Path
    dice: Random
    classes: list[int] = field(default_factory=list)
    """How many classes of Qt each loading of a plugin made."""

    @property
    def runtime(self) -> Runtime:
        return self.application.runtime

    def lay_out(self) -> None:
        """Fresh copies, under the same names each time: the list of recent files stays as it is."""
        shutil.rmtree(self.books, ignore_errors=True)
        self.books.mkdir()
        for name, master in self.masters.items():
            shutil.copy(master, self.books / name)

    def note_classes(self, package: str) -> None:
        """Count the classes of Qt that the plugin of this package has made."""
        found, ahead = set(), [shiboken6.Object]
        while ahead:
            below = [each for each in ahead.pop().__subclasses__() if each not in found]
            found.update(below)
            ahead += below
        self.classes.append(sum(each.__module__.startswith(package) for each in found))

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Run the event loop until it holds."""
        if condition():
            return
        loop, deadline = QEventLoop(), time.monotonic() + PATIENCE
        held = [False]

        def look() -> None:
            held[0] = condition()
            if held[0] or time.monotonic() > deadline:
                loop.quit()

        timer = QTimer()
        timer.timeout.connect(look)
        timer.start(LOOK_EVERY)
        loop.exec()
        timer.stop()
        timer.timeout.disconnect(look)
        if not held[0]:
            raise AssertionError(f"{what} took more than {PATIENCE:g} s")

    def a_moment(self) -> None:
        """Up to 60 ms of the event loop: long enough for work to begin, too short for its end."""
        ends = time.monotonic() + self.dice.choice((0, 0, 0.005, 0.02, 0.06))
        self.until(lambda: time.monotonic() >= ends, "a moment")

    def come_to_rest(self) -> None:
        """Wait until nothing is open, nothing runs, and the spare process waits."""
        self.until(self._is_at_rest, "coming to rest")
        collect_qt()

    def _is_at_rest(self) -> bool:
        spare = self.runtime.host_spare
        return (
            self.window.tabs.count() == 0
            and not PARK.running()
            and spare.is_warm
            and set(children()) == {spare.pid}
        )


def is_idle(tab: WorkbookTab) -> bool:
    """Whether nothing that the tab has begun is under way."""
    return (
        tab.current_worker is None
        and not tab.edits.is_busy
        and not tab.saving.is_running
        and not tab.feed.is_reading
        and tab.checking._worker is None
        and tab.search._worker is None
        and tab.area_reader._worker is None
        and tab.sum_reader._worker is None
    )


@contextmanager
def desk_in(folder: Path, masters: Mapping[str, Path], seed: int) -> Iterator[Desk]:
    """What `budgetinator open` builds, with its state in this folder; ended afterwards."""
    overrides = {"resources.state_dir": str(folder / "state")}
    with make_runtime(load_settings(overrides=overrides)) as runtime:
        unregister = register_service(IResourceManagementService, runtime.service)  # type: ignore[type-abstract]
        try:
            with make_application(runtime=runtime, signals=False) as application:
                yield from _desk(application, folder, masters, seed)
        finally:
            unregister()


def _desk(
    application: Application, folder: Path, masters: Mapping[str, Path], seed: int
) -> Iterator[Desk]:
    window = make_window(application)
    try:
        yield Desk(application, window, masters, folder / "books", Random(seed))
    finally:
        window.cleanup()
        window.close()
        window.deleteLater()
        del window
        collect_qt()
