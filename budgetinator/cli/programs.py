"""What a process runs, in a word for people."""

from __future__ import annotations

import os

import psutil

__all__ = ["program_of"]


def program_of(process: psutil.Process) -> str | None:
    """The script or module of a Python interpreter, else its name; None if it has ended."""
    try:
        return _script(process.cmdline()) or process.name()
    except psutil.Error:
        return None


def _script(words: list[str]) -> str | None:
    if len(words) < 2 or "python" not in os.path.basename(words[0]):
        return None
    if words[1] == "-m":
        return " ".join(words[2:3]) or None
    return None if words[1].startswith("-") else os.path.basename(words[1])
