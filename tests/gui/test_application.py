"""The application: everything is installed once, and all is as before when it is closed."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from budgetinator.runtime import Runtime
from gui.application import Application, make_application
from gui.icon import draw_icon


def test_everything_is_in_place(application: Application, runtime: Runtime) -> None:
    """Names and icon are set, the collector is confined, the bridge carries."""
    qt = application.qt

    assert isinstance(qt, QApplication)
    assert (qt.applicationName(), qt.style().objectName().lower()) == ("Budgetinator", "fusion")
    assert not qt.windowIcon().isNull()
    assert application.collector.is_running
    assert gc.isenabled() is False
    assert len(runtime.service.component_registered) == 1


def test_closed_it_leaves_nothing(qapp: QApplication, runtime: Runtime) -> None:
    """After close, which may be called twice, the collector and the signals are as before."""
    before = gc.isenabled(), gc.collect
    application = make_application(runtime=runtime, signals=False)

    application.close()
    application.close()

    assert (gc.isenabled(), gc.collect) == before
    assert len(runtime.service.component_registered) == 0


def test_the_icon_is_there_in_all_sizes(qapp: QApplication) -> None:
    """The drawn icon has a pixmap of its own for small and large sizes."""
    assert [size.width() for size in draw_icon().availableSizes()] == [16, 24, 32, 48, 64, 128, 256]
    assert not draw_icon().pixmap(QSize(16, 16)).toImage().allGray()


def test_without_a_display_it_says_so() -> None:
    """Where there is no display a typed error says what is missing; Qt does not abort."""
    script = (
        "from budgetinator.errors import WindowUnavailable\n"
        "from gui.application import make_application\n"
        "try:\n"
        "    make_application()\n"
        "except WindowUnavailable as error:\n"
        "    print(error.missing)\n"
    )
    unset = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "display\n")


def test_the_default_runtime_is_closed_at_the_end() -> None:
    """Without a runtime of one's own the default one is used, and closed when the loop ends."""
    script = (
        "from PySide6.QtCore import QTimer\n"
        "from budgetinator.runtime import _default, default_runtime\n"
        "from gui.application import make_application\n"
        "with make_application() as application:\n"
        "    assert application.runtime is default_runtime()\n"
        "    QTimer.singleShot(0, lambda: application.qt.exit(7))\n"
        "    print(application.exec())\n"
        "    print(_default.peek())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "7\nNone\n", "")
