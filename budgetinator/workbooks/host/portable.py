"""Whether a function can be called in another process, found out before one is started."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from budgetinator.errors import TaskNotPicklable
from budgetinator.workbooks.host.frames import encoded
from budgetinator.workbooks.host.running import Main

__all__ = ["Portable", "portable"]

_MAINS = ("__main__", "__mp_main__")


class Portable(NamedTuple):
    """A function as another process gets it; `main` where it is found in the main module."""

    data: bytes
    main: Main | None


def portable(function: Callable[..., Any]) -> Portable:
    """The function, made ready; TaskNotPicklable with the reason where that cannot be.

    A function of the main module is found by importing that anew, under another name; so
    what starts the work must stand behind `if __name__ == "__main__":`.
    """
    name = getattr(function, "__qualname__", None) or repr(function)
    try:
        data = encoded(function)
    # Objects refuse to be pickled in many ways.
    except Exception as error:
        why = "a lambda or a function within a function" if "<" in name else str(error)
        raise _not_portable(name, f"it cannot be pickled ({why})") from error
    if not any(main.encode() in data for main in _MAINS):
        return Portable(data, None)
    return Portable(data, _main(name))


def _main(name: str) -> Main:
    module = sys.modules["__main__"]
    spec = getattr(module, "__spec__", None)
    file = getattr(module, "__file__", None)
    if spec is None and (file is None or not Path(file).is_file()):
        raise _not_portable(name, "it was defined in an interactive session")
    if _runs_unguarded():
        raise _not_portable(
            name,
            'its script has no `if __name__ == "__main__":` around this call, and would start '
            "over in every process",
        )
    if spec is not None:
        return Main(None, spec.name)
    return Main(str(Path(file or "").resolve()), None)


def _runs_unguarded() -> bool:
    """Whether the statement of the main module that leads here is one that an import runs."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  its documented use
    while frame is not None:
        if frame.f_globals.get("__name__") in _MAINS and frame.f_code.co_name == "<module>":
            return not _is_guarded(frame)
        frame = frame.f_back
    return False


def _is_guarded(frame: FrameType) -> bool:
    try:
        tree = ast.parse(Path(frame.f_code.co_filename).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return True  # what it says is not known; the process will find out
    line = frame.f_lineno
    for statement in tree.body:
        if statement.lineno <= line <= (statement.end_lineno or line):
            return isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test)
    return True


def _not_portable(name: str, why: str) -> TaskNotPicklable:
    return TaskNotPicklable(
        f"The function {name} cannot be called in another process, because {why}; "
        "define it at the top level of a module.",
        task=name,
    )
