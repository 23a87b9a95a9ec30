"""`budgetinator quick`: the light window in Tk, found by its entry point."""

from __future__ import annotations

import click

from budgetinator.cli.open import load_door
from budgetinator.cli.options import PlainCommand

__all__ = ["command"]


@click.command("quick", cls=PlainCommand)
@click.argument("file", metavar="FILE")
def command(file: str) -> int:
    """Look at FILE in a light window that needs no Qt, and changes nothing.

    It shows the sheets and their values, who else has the file open, and the memory that it
    takes. It needs Tk and tkinter-tooltip, which `pip install 'budgetinator[quick]'` brings.
    Exit code 4 where one of them, or a display, is missing.
    """
    return load_door("quick")([file])
