"""A function of the program's, called in a process of its own for one path after another."""

from __future__ import annotations

import os
import pkgutil
import runpy
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, cast

from budgetinator.config import Settings
from budgetinator.workbooks.host.frames import decoded

__all__ = ["FunctionOrder", "FunctionRunner", "Main", "Timed", "call_timed", "use_settings"]

_DEFAULT_SETTINGS = "budgetinator.runtime:use_default_settings"


class Main(NamedTuple):
    """The program's main module, by which its functions are found: a file, or a module's name."""

    file: str | None
    module: str | None


class FunctionOrder(NamedTuple):
    """What the child needs to call a function as the program itself would."""

    function: bytes
    main: Main | None
    settings: Settings
    folder: str | None
    arguments: list[str]


class Timed(NamedTuple):
    """What a call returned, and the seconds that it took where it ran."""

    value: Any
    seconds: float


def call_timed(function: Callable[[Any], Any], path: Any) -> Timed:
    """Call it."""
    began = time.perf_counter()
    value = function(path)
    return Timed(value, time.perf_counter() - began)


def use_settings(settings: Settings) -> None:
    """Have the default runtime of this process work with them, unless it was made already."""
    pkgutil.resolve_name(_DEFAULT_SETTINGS)(settings)


class FunctionRunner:
    """Serves one process of `map_workbooks`."""

    interruptible = frozenset({"prepare", "run"})

    def __init__(self) -> None:
        self._function: Callable[[Any], Any] | None = None

    def answer(self, name: str, arguments: tuple[Any, ...]) -> Any:
        return self._prepare(*arguments) if name == "prepare" else self._run(*arguments)

    def stream(self, _name: str, _arguments: tuple[Any, ...]) -> None:
        """There is none."""

    def news(self) -> None:
        """There is none."""

    def prepare(self) -> None:
        """The function brings what it needs."""

    def close(self) -> None:
        runtime = sys.modules.get("budgetinator.runtime")
        if runtime is not None:
            runtime.close_default_runtime()

    def _prepare(self, order: FunctionOrder) -> None:
        if order.folder is not None:
            os.chdir(order.folder)
        sys.argv[:] = order.arguments
        use_settings(order.settings)
        if order.main is not None:
            _import_main(order.main)
        self._function = cast("Callable[[Any], Any]", decoded(order.function))

    def _run(self, path: Any) -> Timed:
        assert self._function is not None
        return call_timed(self._function, path)


def _import_main(main: Main) -> None:
    """Import the program's main module under the name that multiprocessing gives it, too."""
    if main.module is not None:
        names = runpy.run_module(main.module, run_name="__mp_main__", alter_sys=True)
    else:
        names = runpy.run_path(main.file or "", run_name="__mp_main__")
    module = ModuleType("__mp_main__")
    vars(module).update(names)
    sys.modules["__main__"] = sys.modules["__mp_main__"] = module
