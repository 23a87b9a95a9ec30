"""Functions that leak, and functions that only look as if they did.

Each case makes a function to be called again and again. Chance decides sizes,
so that no two runs of a case are alike. Half of the runs of the leaks have
noise around them: a buffer of another size with each call.
"""

from __future__ import annotations

import functools
import gc
import importlib
import os
import random
import tempfile
import threading
from collections import deque
from collections.abc import Callable

__all__ = ["CONTROLS", "LEAKS", "make"]

Function = Callable[[], object]
Case = Callable[[random.Random], Function]

# fmt: off
MODULES = (
    "cmd", "code", "codeop", "colorsys", "configparser", "csv", "filecmp", "fileinput",
    "fractions", "getopt", "graphlib", "html.parser", "http.cookies", "imaplib", "json.tool",
    "mailbox", "mimetypes", "modulefinder", "netrc", "optparse", "pickletools", "plistlib",
    "poplib", "profile", "pstats", "pyclbr", "quopri", "rlcompleter", "sched", "shelve",
    "smtplib", "statistics", "stringprep", "symtable", "tabnanny", "timeit", "trace", "uuid",
    "wave", "webbrowser", "wsgiref.util", "xmlrpc.client", "zipapp",
)
# fmt: on


def one_object(_chance: random.Random) -> Function:
    kept: list[object] = []
    return lambda: kept.append([])


def three_hundred_bytes(_chance: random.Random) -> Function:
    kept: list[object] = []
    return lambda: kept.append(bytes(300))


def three_kilobytes_every_fifth_call(_chance: random.Random) -> Function:
    kept: list[object] = []
    calls = iter(range(1_000_000_000))
    return lambda: kept.append(bytes(3_000)) if next(calls) % 5 == 0 else None


def fifty_kilobytes(_chance: random.Random) -> Function:
    kept: list[object] = []
    return lambda: kept.append(bytes(50_000))


def descriptor(_chance: random.Random) -> Function:
    return lambda: os.open(os.devnull, os.O_RDONLY)


def thread(_chance: random.Random) -> Function:
    never = threading.Event()
    return lambda: threading.Thread(target=never.wait, daemon=True).start()


def workbook_in_a_closure(chance: random.Random) -> Function:
    import openpyxl

    handlers: list[Callable[[], object]] = []

    def run() -> None:
        book = openpyxl.Workbook()
        book.worksheets[0]["A1"] = chance.random()
        handlers.append(lambda: book.sheetnames)

    return run


def clean(chance: random.Random) -> Function:
    return lambda: [str(n) for n in range(chance.randrange(50, 150))]


def buffer_of_any_size(chance: random.Random) -> Function:
    held = [bytes(1)]

    def run() -> None:
        held[0] = bytes(chance.randrange(50_000))

    return run


def list_of_any_length(chance: random.Random) -> Function:
    held: list[object] = []

    def run() -> None:
        held[:] = [[] for _ in range(chance.randrange(200))]

    return run


def least_recently_used_cache(chance: random.Random) -> Function:
    numbers = iter(range(1_000_000_000))
    extra = chance.randrange(1_000)

    @functools.lru_cache(maxsize=128)
    def remembered(number: int) -> bytes:
        return bytes(500 + extra + number % 7)

    return lambda: remembered(next(numbers))


def bounded_history(chance: random.Random) -> Function:
    history: deque[bytes] = deque(maxlen=200)
    return lambda: history.append(bytes(chance.randrange(500, 1_500)))


def imports_as_it_goes(_chance: random.Random) -> Function:
    names = iter(MODULES)

    def run() -> None:
        name = next(names, None)
        if name is not None:
            importlib.import_module(name)

    return run


def collected_late(chance: random.Random) -> Function:
    """Rings of objects that only a collection frees; one more call frees what they left."""
    left: list[object] = []

    class Ring:
        def __init__(self) -> None:
            self.me = self
            self.load = bytes(chance.randrange(2_000))

        def __del__(self) -> None:
            left.append(self.load)

    def run() -> None:
        left.clear()
        Ring()
        if chance.random() < 0.05:
            gc.collect(0)

    return run


def thread_that_is_joined(_chance: random.Random) -> Function:
    def run() -> None:
        worker = threading.Thread(target=int)
        worker.start()
        worker.join()

    return run


def file_that_is_closed(chance: random.Random) -> Function:
    def run() -> None:
        with tempfile.TemporaryFile() as file:
            file.write(bytes(chance.randrange(20_000)))

    return run


LEAKS: dict[str, Case] = {
    "one object a call": one_object,
    "300 bytes": three_hundred_bytes,
    "3 KB every fifth call": three_kilobytes_every_fifth_call,
    "50 KB": fifty_kilobytes,
    "a descriptor": descriptor,
    "a thread": thread,
    "a workbook kept by a closure": workbook_in_a_closure,
}
CONTROLS: dict[str, Case] = {
    "clean": clean,
    "a buffer of any size": buffer_of_any_size,
    "a list of any length": list_of_any_length,
    "lru_cache": least_recently_used_cache,
    "a bounded history": bounded_history,
    "imports as it goes": imports_as_it_goes,
    "collected late": collected_late,
    "a thread that is joined": thread_that_is_joined,
    "a file that is closed": file_that_is_closed,
}


def make(case: str, run: int) -> Function:
    """The function of one run of a case, the same for the same number."""
    chance = random.Random(f"{case} {run}")
    if case in CONTROLS:
        return CONTROLS[case](chance)
    function = LEAKS[case](chance)
    return _with_noise(function, chance) if run % 2 else function


def _with_noise(function: Function, chance: random.Random) -> Function:
    held = [bytes(1)]

    def noisy() -> None:
        function()
        held[0] = bytes(chance.randrange(5_000))

    return noisy
