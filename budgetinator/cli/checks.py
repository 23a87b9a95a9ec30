"""What `budgetinator doctor` looks at; each check says what it found and what to do.

Nothing here imports a widget library: the window's system packages are looked for
by the names of their shared libraries, because importing Qt without them fails
with a message about one of them only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from budgetinator.config import Loaded, load_settings
from budgetinator.errors import BudgetinatorError, ConfigError

__all__ = ["DEPENDENCIES", "EXTRAS", "LIBRARIES", "Check", "State", "all_checks"]

State = Literal["ok", "note", "missing"]
"""`note` is what something optional lacks; `missing` is what is needed and not there."""

DEPENDENCIES = {
    "click": "click",
    "filelock": "filelock",
    "msgspec": "msgspec",
    "openpyxl": "openpyxl",
    "platformdirs": "platformdirs",
    "pluggy": "pluggy",
    "psutil": "psutil",
    "rich": "rich",
}
"""The distributions that the library needs, and the module of each."""

EXTRAS = {
    "gui": {"PySide6-Essentials": "PySide6"},
    "quick": {"tkinter-tooltip": "tktooltip"},
    "distributed": {"distributed": "distributed"},
    "fast": {"isal": "isal"},
    "deep": {"memray": "memray"},
    "plot": {"pillow": "PIL"},
}

# Shared library -> Debian package: what Qt's platform plugins are linked against.
LIBRARIES = {
    "GL": "libgl1",
    "EGL": "libegl1",
    "xkbcommon": "libxkbcommon0",
    "fontconfig": "libfontconfig1",
    "dbus-1": "libdbus-1-3",
    "glib-2.0": "libglib2.0-0",
}

MB = 1024 * 1024
_LEAST_PYTHON = (3, 11)
_LEAST_TEMPORARY = 200 * MB


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and what to do unless all is well."""

    name: str
    state: State
    found: str
    remedy: str | None = None


def all_checks() -> Iterator[Check]:
    """Every check, in the order in which they are shown; none raises."""
    yield from _machine()
    yield from _distributions()
    loaded, settings = _settings()
    yield settings
    if loaded is not None:
        yield from _state_folder(loaded)
    yield from _processes()
    yield _temporary_space()
    yield from _window()


def _machine() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    enough = sys.version_info[:2] >= _LEAST_PYTHON
    remedy = None if enough else "install Python 3.11 or newer"
    state: State = "ok" if enough else "missing"
    yield Check("Python", state, f"{version} at {sys.executable}", remedy)
    import platform

    yield Check("platform", "ok", platform.platform())
    encoding = (sys.stdout.encoding or "unknown").lower()
    unicode = encoding.replace("-", "").startswith("utf")
    yield Check(
        "terminal encoding",
        "ok" if unicode else "note",
        encoding,
        None if unicode else "set LANG=C.UTF-8 to see every character",
    )


def _distributions() -> Iterator[Check]:
    for distribution, module in DEPENDENCIES.items():
        yield _distribution(distribution, module, f"pip install {distribution}", "missing")
    for extra, modules in EXTRAS.items():
        for distribution, module in modules.items():
            command = f"pip install 'budgetinator[{extra}]'"
            yield _distribution(f"{distribution}", module, command, "note", f" ({extra})")
    yield from _qt_trap()


def _distribution(
    distribution: str, module: str, command: str, absent: State, which: str = ""
) -> Check:
    name = f"{distribution}{which}"
    if find_spec(module) is None:
        return Check(name, absent, "not installed", command)
    return Check(name, "ok", _version(distribution))


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "present, version unknown"


def _qt_trap() -> Iterator[Check]:
    """PySide6 6.12 under Python 3.11 aborts the process after some hundred signals."""
    try:
        version = metadata.version("PySide6-Essentials")
    except metadata.PackageNotFoundError:
        return
    if sys.version_info < (3, 12) and version.split(".")[:2] == ["6", "12"]:
        remedy = "pip install 'PySide6-Essentials<6.12'"
        yield Check("PySide6 with this Python", "missing", f"{version} aborts", remedy)


def _settings() -> tuple[Loaded | None, Check]:
    try:
        loaded = load_settings()
    except ConfigError as error:
        return None, Check("settings", "missing", str(error), "correct it, or take the key out")
    sources = sorted(set(loaded.origins.values()) - {"default"})
    return loaded, Check("settings", "ok", ", ".join(sources) or "all by default")


def _state_folder(loaded: Loaded) -> Iterator[Check]:
    from budgetinator.runtime import make_runtime

    with make_runtime(loaded) as runtime:
        folder = runtime.state_dir
        yield _attempt(
            "state folder",
            lambda: _writable(folder),
            "make it writable, or set resources.state_dir to another folder",
        )
        yield _attempt(
            "locks",
            lambda: _locks_exclude(folder),
            "set resources.state_dir to a folder on a disk of this machine",
        )
        if runtime.journal is None:
            yield Check("journal", "note", "switched off", "set resources.journal to true")
            return
        entries = runtime.journal.entries()
        stale = sum(not entry.alive for entry in entries)
        problem = runtime.journal.problem
        if problem is not None:
            remedy = "saves work without it; set resources.state_dir to a folder of this machine"
            yield Check("journal", "missing", problem, remedy)
            return
        yield Check("journal", "ok", f"{len(entries) - stale} open, at {runtime.journal.path}")
        if stale:
            remedy = "the next `budgetinator set` sweeps them"
            yield Check("stale journal rows", "note", f"{stale} of ended processes", remedy)


def _writable(folder: Path) -> str:
    """Written to if it is there; if not, whether it could be made."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    with tempfile.TemporaryFile(dir=there) as probe:
        probe.write(b"\0")
    return str(folder) + ("" if there == folder else " (made at first use)")


def _locks_exclude(folder: Path) -> str:
    """Take a lock of the same kind and in the same place as a save does."""
    from filelock import FileLock, Timeout

    there = next(path for path in (folder, *folder.parents) if path.exists())
    with tempfile.TemporaryDirectory(prefix=".budgetinator-doctor-", dir=there) as private:
        path = os.path.join(private, "probe.lock")
        with FileLock(path):
            try:
                FileLock(path).acquire(timeout=0)
            except Timeout:
                return "kernel locks work"
    raise OSError(0, "a second lock on the same file was granted")


def _processes() -> Iterator[Check]:
    import multiprocessing

    methods = ", ".join(multiprocessing.get_all_start_methods())
    yield _attempt(
        "processes",
        lambda: f"start, by {methods}" if _starts() else methods,
        "let this user start programs",
    )
    if sys.platform == "linux":
        yield _attempt(
            "peak memory",
            _peak_resets,
            "none: peaks are sampled 50 times a second instead of read exactly",
            "note",
        )


def _starts() -> bool:
    command = [sys.executable, "-I", "-S", "-c", ""]
    subprocess.run(command, check=True, timeout=30, stdin=subprocess.DEVNULL)  # noqa: S603  ours
    return True


def _peak_resets() -> str:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return "exact, /proc/self/clear_refs is writable"


def _temporary_space() -> Check:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    enough = free >= _LEAST_TEMPORARY
    return Check(
        "temporary space",
        "ok" if enough else "note",
        f"{free // MB} MB free in {folder}",
        None if enough else "free some space, or set TMPDIR to another disk",
    )


def _window() -> Iterator[Check]:
    present = find_spec("tkinter") is not None and find_spec("_tkinter") is not None
    yield Check(
        "tkinter",
        "ok" if present else "note",
        "present" if present else "not in this Python",
        None if present else "apt-get install python3-tk, for `quick` only",
    )
    absent = _absent(LIBRARIES)
    if not absent:
        yield Check("libraries of the window", "ok", ", ".join(LIBRARIES))
        return
    packages = " ".join(LIBRARIES[name] for name in absent)
    found = "without " + ", ".join(absent)
    yield Check("libraries of the window", "note", found, f"apt-get install {packages}")


def _absent(libraries: Iterable[str]) -> list[str]:
    if sys.platform != "linux":
        return []
    from ctypes.util import find_library

    return [name for name in libraries if find_library(name) is None]


def _attempt(
    name: str, attempt: Callable[[], str], remedy: str, failed: State = "missing"
) -> Check:
    try:
        return Check(name, "ok", attempt())
    except (OSError, BudgetinatorError, subprocess.SubprocessError) as error:
        return Check(name, failed, str(error), remedy)
