"""The first lines of a child: run as a script, before anything of ours can be imported.

Run by its path and isolated (`python -I`), the interpreter looks for modules in its own
folders only, so that no file of the user's, `utils.py` say, can stand in for a library's.
The first frame says where this package lies, and it is imported from there under its name;
and which function of it goes on. Its fields are those of `messages.Boot`.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location


def _main() -> None:
    """Take the pipes, the package and the paths; then go on with what is asked for."""
    reading, writing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    with contextlib.suppress(OSError):  # what anybody prints goes where errors go, if anywhere
        os.dup2(2, 1)
    os.close(nothing)
    size = int.from_bytes(_exactly(reading, 8), "little")
    boot = marshal.loads(_exactly(reading, size))  # noqa: S302 - from our own parent
    module, function, arguments, package, path, looks_as_parent = boot
    _import_package(package)
    if looks_as_parent:
        sys.path[:] = path
    else:
        sys.path += [folder for folder in path if folder not in sys.path]
    getattr(import_module(module), function)(reading, writing, *arguments)


def _exactly(descriptor: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(descriptor, size - len(data))
        if not piece:
            os._exit(0)  # the parent is gone already
        data += piece
    return data


def _import_package(folder: str) -> None:
    init = os.path.join(folder, "__init__.py")
    spec = spec_from_file_location("budgetinator", init, submodule_search_locations=[folder])
    assert spec is not None
    assert spec.loader is not None
    package = module_from_spec(spec)
    sys.modules["budgetinator"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    _main()
