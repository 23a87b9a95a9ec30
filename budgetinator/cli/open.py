"""`budgetinator open`: the window, found by its entry point and never imported before that."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import metadata
from typing import cast

import click

from budgetinator.cli.checks import LIBRARIES
from budgetinator.cli.options import PlainCommand
from budgetinator.errors import WindowUnavailable

__all__ = ["Door", "command", "load_door"]

GROUP = "budgetinator.doors"
Door = Callable[[list[str]], int]

_SHARED = re.compile(r"(lib([\w.+-]+?)\.so[\w.]*)")


@click.command("open", cls=PlainCommand)
@click.argument("files", nargs=-1, metavar="[FILE ...]")
def command(files: tuple[str, ...]) -> int:
    """Open the window, with a tab for each FILE.

    It needs PySide6, which `pip install 'budgetinator[gui]'` brings. Exit code 4 where that
    or a library of the system is missing, or where there is no display; it says which
    command helps. `budgetinator quick FILE` needs neither.
    """
    return load_door("open")(list(files))


def load_door(name: str) -> Door:
    """The function behind an entry point of `budgetinator.doors`.

    Raises WindowUnavailable where there is none, or where what it needs is missing.
    """
    found = next(iter(metadata.entry_points(group=GROUP, name=name)), None)
    if found is None:
        raise WindowUnavailable(
            f"The window {name!r} is not installed; run `{_pip('budgetinator[gui]')}`.",
            missing=name,
            remedy=_pip("budgetinator[gui]"),
        )
    try:
        return cast("Door", found.load())
    except ModuleNotFoundError as error:
        raise _without_module(error) from error
    except ImportError as error:
        raise _without_library(error) from error


def _without_module(error: ModuleNotFoundError) -> WindowUnavailable:
    missing = (error.name or "a module").partition(".")[0]
    extra = "quick" if missing in {"tkinter", "_tkinter", "tktooltip"} else "gui"
    remedy = _pip(f"budgetinator[{extra}]")
    if missing in {"tkinter", "_tkinter"}:
        remedy = "apt-get install python3-tk"
    return WindowUnavailable(
        f"The window needs {missing}, which is not installed; run `{remedy}`.",
        missing=missing,
        remedy=remedy,
    )


def _without_library(error: ImportError) -> WindowUnavailable:
    """A module is there, and the system lacks a library that it is linked with."""
    found = _SHARED.search(str(error))
    if found is None:
        return WindowUnavailable(
            f"The window cannot be loaded: {error}.", missing=error.name or "a library"
        )
    # Who lacks one of them often lacks the others: all are named, those that are here cost nothing.
    packages = " ".join(LIBRARIES.values()) if found[2] in LIBRARIES else ""
    remedy = f"apt-get install {packages}" if packages else f"install {found[1]}"
    return WindowUnavailable(
        f"The window needs the system's library {found[1]}, which is missing; run `{remedy}`."
        if packages
        else f"The window needs the system's library {found[1]}, which is missing; install it.",
        missing=found[1],
        remedy=remedy,
    )


def _pip(package: str) -> str:
    interpreter = "python" if sys.prefix != sys.base_prefix else "python3"
    return f"{interpreter} -m pip install '{package}'"
