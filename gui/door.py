"""The entry point `open`: the window, from the command line to its last process."""

from __future__ import annotations

import gc
import os

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from gui.application import Application, make_application
from gui.main_window import MainWindow
from gui.theme import apply_theme

__all__ = ["main", "make_window"]


def main(arguments: list[str]) -> int:
    """Show the window with these files open; returns when it is closed.

    0, or 128 and the signal's number. Raises WindowUnavailable where there is no display.
    """
    with make_application() as application:
        window = make_window(application)
        window.open_files(map(os.path.abspath, arguments))
        try:
            return application.exec()
        finally:
            window.cleanup()
            window.deleteLater()
            gc.unfreeze()


def make_window(application: Application) -> MainWindow:
    """The window on the screen, in the platform's colours, and ended with the application."""
    # First of all: the process starts and imports while the window is made.
    spare = application.runtime.host_spare
    spare.warm()
    apply_theme(application.qt)
    QGuiApplication.styleHints().colorSchemeChanged.connect(_theme_changed)
    window = MainWindow(application.runtime, bridge=application.bridge, spare=spare)
    application.shutdown.register(window.cleanup)
    window.show()
    # What the program itself consists of is never garbage: each collection would walk it
    # on the GUI thread, some 30 ms at a time.
    gc.collect()
    gc.freeze()
    return window


def _theme_changed(_scheme: object) -> None:
    application = QApplication.instance()
    if isinstance(application, QApplication):
        apply_theme(application)
