"""What does not end with its tab is told in the window and in the log, with its place.

The same of controllers alone is shown in tests/controllers/test_cleanup.py, of plugins in
tests/plugins/test_unloading.py and tests/gui/plugins/.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.controllers.tasks import MILLISECONDS, deaf_task
from tests.gui.window.conftest import corpus, opened, sample, sample_once, window
from tests.support.logs import ExpectLog

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.main_window import MainWindow
    from gui.tabs.workbook import WorkbookTab

__all__ = ["corpus", "opened", "sample", "sample_once", "window"]

Opened = Callable[[Path], "WorkbookTab"]


def test_a_stuck_worker_of_a_tab_is_told(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot, expect_log: ExpectLog
) -> None:
    """Its tab closes all the same; message and log have the worker's name and place."""
    expect_log(r"Worker deaf_\d+ of CheckController_\d+ still runs .*test_reported.py")
    expect_log("A tab was not closed completely")
    tab = opened(sample)
    with deaf_task() as task:
        worker: Any = tab.check_controller.start_worker(task, "deaf").value
        worker.start()
        task.began.wait(MILLISECONDS / 1000)
        window.tabs.close_current()
        told = window.messages.text
        left = window.tabs.count()
    worker.wait(MILLISECONDS)
    assert worker.name in told
    assert "test_reported.py" in told
    assert left == 0


def test_a_failing_clean_up_of_a_tab_is_told(
    window: MainWindow,
    opened: Opened,
    sample: Path,
    expect_log: ExpectLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What cannot be closed is named; what else the tab held is closed, its process too."""
    expect_log(
        r"Resource \d+ 'notes.txt' of OpenController_\d+, tracked at .*test_reported.py:\d+ .*"
        "could not be closed: disk is gone"
    )
    expect_log("A tab was not closed completely")
    monkeypatch.setattr(
        window.runtime.service._tracking, "debug", True
    )  # as with --log-level debug
    is_gone = threading.Event()
    is_gone.set()

    def fail(_resource: object) -> None:
        if is_gone.is_set():
            raise OSError("disk is gone")

    tab = opened(sample)
    controller, host = tab.controller, tab.host
    assert controller.resources is not None
    controller.resources.track_resource("notes", cleanup_handler=fail, name="notes.txt")
    window.tabs.close_current()
    assert "disk is gone" in window.messages.text
    assert host is not None
    assert not host.is_open
    is_gone.clear()
    window.runtime.service.cleanup_component(controller)


def test_a_plugin_with_work_under_way_leaves_no_trace(
    window: MainWindow, opened: Opened, sample: Path, qtbot: QtBot
) -> None:
    """Its tab is closed while its worker asks the workbook: nobody is said to hold its code."""
    opened(sample)
    window.pages.fill_plugins()
    assert window.pages.plugins is not None
    window.pages.plugins.show_plugin("partner_csv")
    window.tabs.close_current()
    manager = window.runtime.plugin_manager
    qtbot.waitUntil(lambda: not manager.get_loaded_plugins())
    assert window.messages.isHidden()
