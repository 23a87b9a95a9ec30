from __future__ import annotations

import importlib.util
import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from budgetinator.errors import MonitorError
from budgetinator.memory import MemoryMonitor

MEMRAY = importlib.util.find_spec("memray") is not None


def test_python_mode_names_the_allocating_line() -> None:
    """The line that allocated what is retained comes first, and tracing is off again."""
    monitor = MemoryMonitor()
    kept = []

    @monitor.profile_operation("import", mode="python")
    def load() -> None:
        kept.extend([bytes(1_000) for _ in range(2_000)])

    load()

    (first, *_) = monitor.get_profile("import")["lines"]
    assert first["file"] == __file__
    assert first["line"] == load.__wrapped__.__code__.co_firstlineno + 2  # type: ignore[attr-defined]
    assert 1.8 <= first["size_mb"] <= 2.2
    assert first["count"] >= 2_000
    assert not tracemalloc.is_tracing()


def test_python_mode_leaves_tracing_on_for_who_began_it() -> None:
    """Tracing that the program started before goes on afterwards, also with nested spans."""
    monitor = MemoryMonitor()
    tracemalloc.start()
    try:
        with (
            monitor.profile_operation("outer", mode="python"),
            monitor.profile_operation("inner", mode="python"),
        ):
            pass
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def test_nested_python_modes_end_together() -> None:
    """The inner span does not stop what the outer one still needs."""
    monitor = MemoryMonitor()
    kept = []

    with monitor.profile_operation("outer", mode="python"):
        with monitor.profile_operation("inner", mode="python"):
            pass
        kept.append(bytes(500_000))

    assert monitor.get_profile("outer")["lines"][0]["size_mb"] > 0.4
    assert not tracemalloc.is_tracing()


def test_deep_mode_without_memray_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra there is one typed error, before anything runs."""
    monkeypatch.setitem(sys.modules, "memray", None)  # importing it fails as if it were not there

    with pytest.raises(MonitorError, match=r"budgetinator\[deep\]"):
        MemoryMonitor().profile_operation("import", mode="deep")


@pytest.mark.leftovers_expected("descriptor")  # memray keeps one pipe in a process that used it
@pytest.mark.skipif(not MEMRAY, reason="memray is not installed")
def test_deep_mode_writes_a_file() -> None:
    """With memray the profile names a recording that is not empty."""
    monitor = MemoryMonitor()

    with monitor.profile_operation("import", mode="deep"):
        bytes(1_000_000)

    file = monitor.get_profile("import")["file"]
    assert file is not None
    assert Path(file).stat().st_size > 0
    os.remove(file)
    Path(file).parent.rmdir()


@pytest.mark.leftovers_expected("descriptor")  # memray keeps one pipe in a process that used it
@pytest.mark.skipif(not MEMRAY, reason="memray is not installed")
def test_deep_modes_do_not_nest() -> None:
    """memray records one operation at a time: a second is refused, and the first goes on."""
    monitor = MemoryMonitor()

    with (
        monitor.profile_operation("outer", mode="deep"),
        pytest.raises(MonitorError, match="one operation at a time"),
    ):
        monitor.profile_operation("inner", mode="deep").__enter__()

    file = monitor.get_profile("outer")["file"]
    assert file is not None
    os.remove(file)
    Path(file).parent.rmdir()


def test_unknown_mode_is_refused() -> None:
    """A mode that there is not is named with those that there are."""
    with pytest.raises(MonitorError, match='"memory", "python" and "deep"'):
        MemoryMonitor().profile_operation("import", mode="shallow")  # type: ignore[arg-type]
