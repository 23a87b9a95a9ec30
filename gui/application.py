"""The application: Qt and all that has to be in place before the first widget.

One place builds it, for `budgetinator open` as for a test with the QApplication
of pytest-qt. The icon is drawn, so that no file has to be found at run time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from types import TracebackType

import shiboken6
from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from budgetinator import __version__
from budgetinator.errors import WindowUnavailable
from budgetinator.runtime import Runtime, close_default_runtime, default_runtime
from gui.bridge import SignalBridge
from gui.collector import GuiCollector
from gui.icon import draw_icon
from gui.shutdown import ShutDown

__all__ = ["Application", "draw_icon", "make_application"]

NAME = "Budgetinator"
STYLE = "Fusion"
"""The one style that looks alike everywhere and takes a palette of our own."""


class Application:
    """Qt, the runtime, and what joins them; whoever makes it closes it.

    On the GUI thread only.
    """

    def __init__(
        self,
        qt: QApplication,
        runtime: Runtime,
        *,
        signals: bool,
        close_runtime: Callable[[], object] | None,
    ) -> None:
        self.qt = qt
        self.runtime = runtime
        self.collector = GuiCollector()
        self.bridge = SignalBridge(runtime.service)
        self.shutdown = ShutDown(qt, runtime, signals=signals, close_runtime=close_runtime)
        self._ticker = _make_ticker(runtime)
        self._closed = False
        self.collector.start()
        self._ticker.start()

    def exec(self) -> int:
        """Run the event loop until it ends; 0, what `exit` was given, or 128 + n after a signal."""
        return self.qt.exec()

    def close(self) -> None:
        """Take everything down, and leave the process as it was; may be called twice."""
        if self._closed:
            return
        self._closed = True
        self._ticker.stop()
        self.shutdown.close()
        _leave_text_on_the_clipboard()
        self.bridge.close()
        self.collector.stop()

    def __enter__(self) -> Application:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()


def make_application(
    arguments: Sequence[str] = (),
    *,
    runtime: Runtime | None = None,
    signals: bool = True,
) -> Application:
    """Build the application, on the QApplication there is or a new one.

    Without a `runtime` the default one is used, and closed at the end. With
    `signals` an ending signal ends the event loop. Raises WindowUnavailable
    where Qt finds no display.
    """
    _require_display()
    qt = _qt(arguments)
    if runtime is None:
        return Application(
            qt, default_runtime(), signals=signals, close_runtime=close_default_runtime
        )
    return Application(qt, runtime, signals=signals, close_runtime=None)


def _qt(arguments: Sequence[str]) -> QApplication:
    existing = QCoreApplication.instance()
    if existing is not None and not isinstance(existing, QApplication):
        raise WindowUnavailable(
            "There is an application without widgets in this process already; start the window "
            "in a process of its own.",
            missing="QApplication",
        )
    qt = existing if existing is not None else QApplication([NAME.lower(), *arguments])
    qt.setApplicationName(NAME)
    qt.setApplicationDisplayName(NAME)
    qt.setApplicationVersion(__version__)
    QGuiApplication.setDesktopFileName(NAME.lower())
    qt.setStyle(STYLE)
    qt.setWindowIcon(draw_icon())
    qt.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, False)
    return qt


def _require_display() -> None:
    """Qt ends the process where it finds no display, and an exception can be told."""
    if not sys.platform.startswith("linux") or QCoreApplication.instance() is not None:
        return
    names = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")
    if not any(os.environ.get(name) for name in names):
        raise WindowUnavailable(
            "There is no display to show a window on: DISPLAY and WAYLAND_DISPLAY are not set.",
            missing="display",
            remedy="Start it within a desktop session, or over ssh -X.",
        )


def _leave_text_on_the_clipboard() -> None:
    """What was copied here stays there as plain text, which is Qt's own.

    A QMimeData made in Python outlives the interpreter on the clipboard, asks it for leave when
    the process unloads Qt, and crashes: exit code 139 after each run in which cells were copied.
    """
    clipboard = QGuiApplication.clipboard()
    data = clipboard.mimeData()
    if data is not None and shiboken6.createdByPython(data):
        clipboard.setText(clipboard.text())


def _make_ticker(runtime: Runtime) -> QTimer:
    """Books deaths on the GUI thread, where widgets die."""
    timer = QTimer()
    timer.setInterval(round(runtime.settings.memory_management.cleanup_interval_seconds * 1000))
    timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
    timer.timeout.connect(runtime.service.tick)
    return timer
