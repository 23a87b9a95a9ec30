"""Sheets of up to two million cells by `set_cells`: time, memory, and the second save.

Each measurement is a process of its own, because the peak of a process's memory is that
of the largest thing it ever did; the ways take turns, and medians are compared. All of
them find their bytecode, as installed packages do.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.editing import HAS_WOLFXL, NO_WOLFXL
from benchmarks.single import Single, run
from benchmarks.timing import Figure
from benchmarks.workbooks import make_sheet

__all__ = ["CODECS", "large", "second"]

COLUMNS = 20
MILLIONS = 2_000_000
ROUNDS = 5
CODECS = {"zlib": False, **({"isal": True} if importlib.util.find_spec("isal") else {})}

Runs = dict[str, list[Single]]


def large() -> Iterator[Figure]:
    """One cell of two million, against openpyxl and wolfxl; and the memory for each size."""
    with tempfile.TemporaryDirectory() as folder, _bytecode(Path(folder) / "bytecode"):
        others = ["wolfxl"] if HAS_WOLFXL else []
        _in_turn(_sheet(Path(folder), COLUMNS * 100), ["openpyxl", *others], 1)
        path = _sheet(Path(folder), MILLIONS)
        runs = _in_turn(path, others, ROUNDS)
        runs["openpyxl"] = [run("openpyxl", _copy(path))]
        yield from _times(runs)
        yield from _memory(Path(folder), runs)


def second() -> Iterator[Figure]:
    """The saves after the first one in a session, against copies of the file."""
    with tempfile.TemporaryDirectory() as folder, _bytecode(Path(folder) / "bytecode"):
        path = _sheet(Path(folder), MILLIONS)
        for codec, isal in CODECS.items():
            times = run("second", _copy(path), isal=isal).more
            for kind, named, reach in (
                ("copy", "a copy of the file", None),
                ("synced", "a copy brought to the disk, as a save is", 3.0),
            ):
                pairs = zip(times["save"], times[kind], strict=True)
                ratio = statistics.median(save / copied for save, copied in pairs)
                yield Figure(
                    f"second save of that sheet in a session ({codec}), against {named}",
                    f"{ratio:.2f} × ({1000 * statistics.median(times['save']):.0f} ms by "
                    f"{1000 * statistics.median(times[kind]):.0f} ms)",
                    f"≤ {reach:g}" if reach else "",
                    reach is None or ratio <= reach,
                )


@contextmanager
def _bytecode(folder: Path) -> Iterator[None]:
    """Have the processes keep their bytecode there, whatever this one does with its own."""
    wanted = {"PYTHONPYCACHEPREFIX": str(folder), "PYTHONDONTWRITEBYTECODE": ""}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _times(runs: Runs) -> Iterator[Figure]:
    what = "change one cell of 2,000,000 by `set_cells` and save"
    for codec in CODECS:
        for theirs, reach in (("openpyxl", 100.0), ("wolfxl", 4.0)):
            if theirs not in runs:
                yield Figure(f"{what} ({codec}), against {theirs}", NO_WOLFXL, "", True)
                continue
            ratio = _seconds(runs[theirs]) / _seconds(runs[codec])
            yield Figure(
                f"{what} ({codec}), against {theirs}",
                f"{ratio:.1f} × as fast ({_seconds(runs[codec]):.2f} s by "
                f"{_seconds(runs[theirs]):.2f} s; {_peak(runs[codec]):.0f} MB by "
                f"{_peak(runs[theirs]):.0f} MB)",
                f"≥ {reach:g}",
                ratio >= reach,
            )


def _memory(folder: Path, runs: Runs) -> Iterator[Figure]:
    """The peak of the whole process, for three sizes."""
    peaks: dict[str, list[float]] = {codec: [] for codec in CODECS}
    for cells in (MILLIONS // 10, MILLIONS // 2):
        path = _sheet(folder, cells)
        for codec, isal in CODECS.items():
            peaks[codec].append(run("set_cells", _copy(path), isal=isal).peak)
    for codec, found in peaks.items():
        found.append(_peak(runs[codec]))
        yield Figure(
            f"peak of the process with 200,000, 1,000,000 and 2,000,000 cells ({codec})",
            ", ".join(f"{peak:.1f}" for peak in found) + " MB",
            "≤ 40 MB",
            max(found) <= 40,
        )


def _in_turn(path: Path, others: list[str], rounds: int) -> Runs:
    runs: Runs = {name: [] for name in (*CODECS, *others)}
    for _ in range(rounds):
        for codec, isal in CODECS.items():
            runs[codec].append(run("set_cells", _copy(path), isal=isal))
        for other in others:
            runs[other].append(run(other, _copy(path)))
    return runs


def _sheet(folder: Path, cells: int) -> Path:
    return make_sheet(folder / f"cells_{cells}.xlsx", rows=cells // COLUMNS, columns=COLUMNS)


def _copy(path: Path) -> Path:
    """A fresh copy, so that no way finds what another has written."""
    return shutil.copyfile(path, path.with_name("edited.xlsx"))


def _seconds(runs: list[Single]) -> float:
    return statistics.median(single.seconds for single in runs)


def _peak(runs: list[Single]) -> float:
    return max(single.peak for single in runs)
