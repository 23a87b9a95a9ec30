"""Let one system call of a save fail, each in turn: `FOLDER STRIDE [--backup]`.

strace counts the calls of an undisturbed save and then injects: an error, so that
the call is not made, or SIGKILL at it.
"""

from __future__ import annotations

import collections
import dataclasses
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.workbooks.saving.one_save import MARK
from tests.workbooks.saving.recording import FileJournal, archive, generation_of, temporaries

CALLS = re.compile(r"^(?:\d+ +)?(\w+)\(", re.MULTILINE)
# What a save asks of the file system; memory, signals and the clock are left alone.
FILE_CALLS = {
    *("openat", "open", "close", "read", "pread64", "write", "pwrite64", "lseek", "ftruncate"),
    *("fsync", "fchmod", "fchown", "chmod", "stat", "newfstatat", "fstat", "lstat", "statx"),
    *("rename", "unlink", "mkdir", "flock", "fcntl", "ioctl", "dup", "getdents64", "access"),
    *("listxattr", "flistxattr", "getxattr", "fsetxattr", "fremovexattr", "readlink", "faccessat"),
}


@dataclasses.dataclass
class Tally:
    """What was found after all the faults."""

    faults: int = 0
    refused: int = 0
    killed: int = 0
    saved: int = 0
    corrupt: int = 0
    wrong: list[str] = dataclasses.field(default_factory=list)
    temporaries: int = 0


def can_inject() -> bool:
    """Whether strace is here and may trace."""
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False)
    return done.returncode == 0


def inject(folder: Path, stride: int = 1, *, backup: bool = False) -> Tally:
    """Run a save for each stride-th call and each kind of fault, and look what it left."""
    tally = Tally()
    points = [
        (name, when, fault)
        for name, when in _points(folder, backup=backup)
        for fault in ("error=EIO", "error=ENOSPC", "signal=KILL")
    ]
    for name, when, fault in points[::stride]:
        _one(folder, f"inject={name}:{fault}:when={when}", tally, backup=backup)
    return tally


def _points(folder: Path, *, backup: bool) -> Iterator[tuple[str, int]]:
    trace = folder / "trace"
    _fresh(folder)
    _save(folder, "trace=all", trace, backup=backup)
    before, _, after = trace.read_text(encoding="utf-8", errors="replace").partition(MARK)
    so_far = collections.Counter(CALLS.findall(before))
    for name in CALLS.findall(after.partition("saved 2")[0].rpartition("\n")[0]):
        so_far[name] += 1
        if name in FILE_CALLS:
            yield name, so_far[name]


def _fresh(folder: Path) -> Path:
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    (folder / "budgets").mkdir()
    target = folder / "budgets" / "budget.xlsx"
    with target.open("wb") as file:
        archive(1)(file)
    return target


def _save(
    folder: Path, what: str, trace: Path, *, backup: bool
) -> subprocess.CompletedProcess[str]:
    budgets = folder / "budgets"
    strace = ["strace", "-f", "-e", what, "-o", trace]
    child = [sys.executable, "-B", "-m", "tests.workbooks.saving.one_save"]
    args = [budgets / "budget.xlsx", folder / "locks", folder / "rows", "2"]
    extra = ["--backup", budgets / "budget.bak"] if backup else []
    seeded = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run(
        [*strace, *child, *args, *extra], capture_output=True, text=True, check=False, env=seeded
    )


def _one(folder: Path, what: str, tally: Tally, *, backup: bool) -> None:
    target = _fresh(folder)
    done = _save(folder, what, folder / "trace", backup=backup)
    tally.faults += 1
    killed = "signal=KILL" in what
    tally.killed += killed
    try:
        generation = generation_of(target)
    except Exception:  # noqa: BLE001 - any reason not to be read is what is looked for
        tally.corrupt += 1
        tally.wrong.append(f"{what}: corrupt; {done.stdout}{done.stderr}")
        return
    left = temporaries(target.parent)
    tally.temporaries += len(left)
    if killed:
        if set(left) - set(FileJournal(folder / "rows").open_rows()):
            tally.wrong.append(f"{what}: a temporary file without a row")
        return
    refused = re.fullmatch(r"\w+ \S+\n", done.stdout) is not None and generation == 1
    saved = done.stdout == "saved 2\n" and generation == 2
    tally.refused += refused
    tally.saved += saved
    if not (refused or saved) or left:
        tally.wrong.append(f"{what}: {generation} {left} {done.stdout}{done.stderr[-600:]}")


if __name__ == "__main__":
    found = inject(Path(sys.argv[1]), int(sys.argv[2]), backup="--backup" in sys.argv)
    print(dataclasses.replace(found, wrong=[]), *found.wrong, sep="\n")  # noqa: T201
