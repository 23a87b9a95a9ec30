from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from budgetinator.errors import UnknownState
from budgetinator.memory import GrownType, MemoryMonitor, StateComparison
from tests.memory.touching import touched

HELD: dict[str, object] = {}


class Planted:
    def __init__(self, number: int) -> None:
        self.text = f"{number:0>2000}"


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    yield
    HELD.clear()


def grown(comparison: StateComparison, name: str) -> GrownType:
    return next(each for each in comparison["types"] if each["type"] == name)


def test_types_that_grew_are_named_with_counts_and_bytes() -> None:
    """200 objects with a text of 2,000 characters are 200 more of their type, and of text."""
    monitor = MemoryMonitor()

    monitor.dump_memory_state("before")
    HELD["planted"] = [Planted(number) for number in range(200)]
    monitor.dump_memory_state("after")
    comparison = monitor.compare_states("before", "after")

    planted = grown(comparison, "tests.memory.test_states.Planted")
    assert planted["count_delta"] == 200
    assert planted["bytes_delta"] > 0
    texts = grown(comparison, "str")
    assert texts["count_delta"] >= 150
    assert texts["bytes_delta"] >= 390_000


def test_reference_paths_lead_from_a_module_to_the_object() -> None:
    """Up to three new objects of a type get the way on which a module holds them."""
    monitor = MemoryMonitor()

    monitor.dump_memory_state("before")
    HELD["planted"] = [Planted(number) for number in range(5)]
    monitor.dump_memory_state("after")
    paths = grown(monitor.compare_states("before", "after"), "tests.memory.test_states.Planted")[
        "held_by"
    ]

    assert len(paths) == 3
    for path in paths:
        assert path.startswith("module tests.memory.test_states['HELD']['planted'][")
        assert path.endswith("→ Planted")


def test_reference_path_starts_at_a_running_function() -> None:
    """What only a local variable holds is held by the function that runs."""
    monitor = MemoryMonitor()

    monitor.dump_memory_state("before")
    local = [Planted(1)]
    monitor.dump_memory_state("after")
    comparison = monitor.compare_states("before", "after")

    (path,) = grown(comparison, "tests.memory.test_states.Planted")["held_by"]
    assert path.startswith("running test_reference_path_starts_at_a_running_function (")
    assert path.endswith("): local[0] → Planted")
    assert len(local) == 1


def test_reference_path_names_a_closure() -> None:
    """An object kept by a closure is shown behind the function that closes over it."""
    monitor = MemoryMonitor()

    def keeper(kept: Planted) -> object:
        return lambda: kept

    monitor.dump_memory_state("before")
    HELD["closure"] = keeper(Planted(1))
    monitor.dump_memory_state("after")
    comparison = monitor.compare_states("before", "after")

    (path,) = grown(comparison, "tests.memory.test_states.Planted")["held_by"]
    assert "['closure'] → function" in path


def test_new_descriptors_threads_and_components(tmp_path: Path) -> None:
    """A file left open, a thread that runs and a workbook more are each named."""
    components = {"Tab_1": 2}
    monitor = MemoryMonitor(resources=lambda: components)
    leave = threading.Event()
    path = tmp_path / "budget.xlsx"
    path.write_bytes(b"")

    monitor.dump_memory_state("before")
    components.update({"Tab_1": 3, "Tab_2": 1})
    thread = threading.Thread(target=leave.wait, name="importer")
    thread.start()
    with path.open("rb") as file:
        monitor.dump_memory_state("after")
        descriptor = file.fileno()
    leave.set()
    thread.join()
    comparison = monitor.compare_states("before", "after")

    assert {"descriptor": descriptor, "path": str(path)} in comparison["descriptors"]
    assert comparison["threads"] == ["importer"]
    assert comparison["components"] == {"Tab_1": 1, "Tab_2": 1}


def test_memory_delta_is_the_programs_and_not_the_dumps() -> None:
    """The difference of two dumps is the buffer in between, without the dump's own arrays."""
    monitor = MemoryMonitor()

    monitor.dump_memory_state("before")
    HELD["buffer"] = touched(64)
    monitor.dump_memory_state("after")

    assert 60 <= monitor.compare_states("before", "after")["memory_delta_mb"] <= 68


def test_dump_does_not_count_itself() -> None:
    """Two dumps with nothing in between have no new type of the monitor's own."""
    monitor = MemoryMonitor()
    monitor.dump_memory_state("warm")

    monitor.dump_memory_state("before")
    monitor.dump_memory_state("after")
    comparison = monitor.compare_states("before", "after")

    assert [each for each in comparison["types"] if "budgetinator" in each["type"]] == []
    assert comparison["descriptors"] == []
    assert comparison["threads"] == []


def test_unknown_state_names_those_that_there_are() -> None:
    """Comparing with a label that was not dumped says which were, of the eight latest."""
    monitor = MemoryMonitor()
    for number in range(9):
        monitor.dump_memory_state(f"state {number}")

    with pytest.raises(UnknownState, match=r"'state 0'.*'state 1'.*'state 8'"):
        monitor.compare_states("state 0", "state 8")
    monitor.close()
    with pytest.raises(UnknownState, match="none"):
        monitor.compare_states("state 1", "state 8")
