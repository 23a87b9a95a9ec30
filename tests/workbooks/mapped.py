"""Functions that are called in other processes, where a module's name leads to them."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from budgetinator import default_runtime, excel_context

__all__ = [
    "Adding",
    "answer_with_a_lock",
    "compression_level",
    "die",
    "first_number",
    "pid",
    "sleep_long",
    "write_and_wait",
]


def first_number(path: Path) -> int:
    """What A1 holds; a ValueError that names the file where that is no number."""
    with excel_context(path) as workbook:
        value = workbook.worksheets[0]["A1"].value
    if isinstance(value, int):
        return value
    raise ValueError(f"{path.name} holds no number")


def die(path: Path) -> int:
    """As the name of the file has it: `kill`, `exit`, `leave`, or a number."""
    if path.stem.startswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if path.stem.startswith("exit"):
        os._exit(7)
    if path.stem.startswith("leave"):
        raise SystemExit(3)
    return first_number(path)


def pid(_path: Path) -> int:
    return os.getpid()


def sleep_long(path: Path) -> None:
    path.with_suffix(".begun").touch()
    time.sleep(60)


def write_and_wait(path: Path) -> None:
    """Hang, deaf to signals."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    sleep_long(path)


def compression_level(_path: Path) -> Any:
    return default_runtime().settings.saving.compression_level


def answer_with_a_lock(_path: Path) -> object:
    return threading.Lock()


class Adding:
    """A callable object that is sent with what it holds."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, path: Path) -> int:
        return first_number(path) + self.number
