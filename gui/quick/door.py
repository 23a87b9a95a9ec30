"""`budgetinator quick FILE`: the entry point `quick` of the group `budgetinator.doors`."""

from __future__ import annotations

import os
import sys
import tkinter as tk

from budgetinator.errors import WindowUnavailable
from budgetinator.runtime import Runtime, close_default_runtime, default_runtime
from budgetinator.workbooks import ExcelManager
from gui.quick.window import QuickWindow

__all__ = ["main", "show"]


def main(arguments: list[str]) -> int:
    """Show the one workbook named, until its window is closed; the exit code.

    Raises what opening the file raises, before there is a window, and
    WindowUnavailable where there is no display. Nothing is held afterwards.
    """
    (path,) = arguments
    try:
        show(path, default_runtime())
    finally:
        close_default_runtime()
    return 0


def show(path: str | os.PathLike[str], runtime: Runtime) -> None:
    """Show a workbook until its window is closed, as a component of this runtime."""
    manager = ExcelManager(path, read_only=True, service=runtime.service)
    try:
        assert manager.sheet_names is not None  # the file's own errors come before any window
        root = _root()
    except BaseException:
        manager.close()
        raise
    window = _window(root, manager, runtime)
    try:
        window.run()
    finally:
        window.close()


def _window(root: tk.Tk, manager: ExcelManager, runtime: Runtime) -> QuickWindow:
    try:
        return QuickWindow(root, manager, runtime)
    except BaseException:
        root.destroy()
        manager.close()
        raise


def _root() -> tk.Tk:
    try:
        return tk.Tk(className="Budgetinator")
    except tk.TclError as error:
        variable = "DISPLAY" if sys.platform.startswith("linux") else "the screen"
        raise WindowUnavailable(
            f"There is no display to show a window on ({variable}): {error}.",
            missing="display",
            remedy="Start it within a desktop session, or over ssh -X.",
        ) from error
