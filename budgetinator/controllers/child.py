"""The first lines of a task's process: run as a script, before anything of ours can be imported.

Run by its path and isolated (`python -I`), so that no file of the user's, `utils.py`
say, can stand in for a library's. The first frame says where this package lies and
where the program looks for its modules; what the task is made of is imported from there.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
from importlib.util import module_from_spec, spec_from_file_location


def _main() -> None:
    """Take the pipes and the paths, then run the task that the next frame brings."""
    reading, writing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    with contextlib.suppress(OSError):  # what a task prints goes where errors go, if anywhere
        os.dup2(2, 1)
    os.close(nothing)
    size = int.from_bytes(_exactly(reading, 8), "little")
    package, path, parent = marshal.loads(_exactly(reading, size))  # noqa: S302 - from our own parent
    sys.path[:] = path
    _import_package(package)
    from budgetinator.controllers.childtask import run

    run(reading, writing, parent)


def _exactly(descriptor: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(descriptor, size - len(data))
        if not piece:
            os._exit(0)  # the parent is gone already
        data += piece
    return data


def _import_package(folder: str) -> None:
    place = os.path.join(folder, "__init__.py")
    spec = spec_from_file_location("budgetinator", place, submodule_search_locations=[folder])
    if spec is None or spec.loader is None:
        raise ImportError(f"There is no package in {folder}.")
    sys.modules["budgetinator"] = package = module_from_spec(spec)
    spec.loader.exec_module(package)


if __name__ == "__main__":
    _main()
