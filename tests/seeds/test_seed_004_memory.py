"""Seed 004: memory measured, watched, profiled and compared, each example as it is printed."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from budgetinator.errors import UnknownOperation
from tests.seeds.printed import run_printed
from utils import resource_cleanup as door

MB = 1024 * 1024
logger = logging.getLogger("printed")

PROFILE = """
from utils.resource_cleanup import memory_monitor

# Profile specific operation
@memory_monitor.profile_operation("critical_operation")
def critical_operation():
    # Your critical code
    pass

# Get detailed profile
profile = memory_monitor.get_profile("critical_operation")
print(f"Peak memory: {profile['peak_memory_mb']}MB")
"""


def test_the_system_is_read_and_an_operation_is_monitored(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`get_system_memory_info`, `monitor_operation` as a decorator, `force_system_cleanup`."""
    names = run_printed("""
from utils.resource_cleanup import (
    get_system_memory_info,
    memory_monitor,
    force_system_cleanup
)

# Get system memory info
memory_info = get_system_memory_info()
print(f"System memory: {memory_info['used_memory_gb']:.2f}GB")

# Monitor operation
@memory_monitor.monitor_operation("data_processing")
def process_data():
    # Your processing code
    pass

# Force system cleanup
force_system_cleanup()
""")

    names["process_data"]()

    used = float(capsys.readouterr().out.removeprefix("System memory: ").strip("GB\n"))
    info = names["memory_info"]
    assert used == pytest.approx(info["used_memory_gb"], abs=0.01)
    assert info["total_memory_gb"] >= info["used_memory_gb"] > 0
    assert info["total_memory_gb"] >= info["available_memory_gb"] > 0
    assert door.memory_monitor.get_profile("data_processing")["calls"] == 1


def test_memory_is_compared_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    """The decorated function runs between two readings of the system."""
    run_printed(
        """
# Monitor large operations
@memory_monitor.monitor_operation("large_import")
def import_large_dataset():
    # Your import code
    pass

# Check memory before/after
before = get_system_memory_info()
import_large_dataset()
after = get_system_memory_info()
print(f"Memory used: {after['used_memory_gb'] - before['used_memory_gb']:.2f}GB")
""",
        memory_monitor=door.memory_monitor,
        get_system_memory_info=door.get_system_memory_info,
    )

    assert capsys.readouterr().out.startswith("Memory used: ")
    assert door.memory_monitor.get_profile("large_import")["calls"] == 1


@pytest.fixture
def monitoring() -> Iterator[None]:
    yield
    door.memory_monitor.stop_monitoring()


def test_monitoring_runs_until_it_is_stopped(
    monitoring: None, caplog: pytest.LogCaptureFixture
) -> None:
    """A program that keeps nothing is not suspected: `potential_leaks` is 0."""
    names = run_printed(
        """
from utils.resource_cleanup import memory_monitor

# Set up monitoring
memory_monitor.start_monitoring()

# Your application code
process_files()

# Check for leaks
stats = memory_monitor.get_stats()
if stats['potential_leaks'] > 0:
    logger.warning(f"Detected {stats['potential_leaks']} potential memory leaks")
""",
        process_files=lambda: [bytes(MB) for _ in range(3)],
        logger=logger,
    )

    assert names["stats"]["potential_leaks"] == 0
    assert names["stats"]["monitoring"] is True
    assert caplog.messages == []


def test_debug_mode_logs_each_operation(caplog: pytest.LogCaptureFixture) -> None:
    """After `set_debug_mode(True)` each measured operation is a line at DEBUG."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        run_printed(
            """
import logging
logging.basicConfig(level=logging.DEBUG)

# Enable memory debug logging
memory_monitor.set_debug_mode(True)
""",
            memory_monitor=door.memory_monitor,
        )
        with caplog.at_level(logging.DEBUG), door.memory_monitor.monitor_operation("import"):
            pass
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
        door.memory_monitor.set_debug_mode(False)

    assert [text.split(":")[0] for text in caplog.messages if "peak" in text] == ["import"]


def test_a_profile_tells_the_peak(capsys: pytest.CaptureFixture[str]) -> None:
    """The printed lines with the call between them that they leave out."""
    define, _, get_profile = PROFILE.partition("# Get detailed profile")
    names = run_printed(define)

    names["critical_operation"]()
    run_printed(get_profile, memory_monitor=names["memory_monitor"])

    peak = float(capsys.readouterr().out.removeprefix("Peak memory: ").strip("MB\n"))
    assert peak == door.memory_monitor.get_profile("critical_operation")["peak_memory_mb"] > 1


def test_a_profile_of_what_never_ran_is_an_error_that_says_so() -> None:
    """As printed the operation was not called: UnknownOperation names it, no figure is made up."""
    with pytest.raises(UnknownOperation, match="'critical_operation'"):
        run_printed(PROFILE)


def test_states_are_dumped_and_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """What the process keeps between the two dumps is the delta, in MB."""
    kept: list[bytearray] = []

    names = run_printed(
        """
# Dump memory state
memory_monitor.dump_memory_state("before_operation")

# Perform operation
process_data()

# Dump memory state after
memory_monitor.dump_memory_state("after_operation")

# Compare states
comparison = memory_monitor.compare_states("before_operation", "after_operation")
print(f"Memory delta: {comparison['memory_delta_mb']}MB")
""",
        memory_monitor=door.memory_monitor,
        process_data=lambda: kept.append(bytearray(b"x") * (32 * MB)),
    )

    delta = names["comparison"]["memory_delta_mb"]
    assert capsys.readouterr().out == f"Memory delta: {delta}MB\n"
    assert 24 < delta < 48


def test_the_debug_commands_print_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Memory of the system, shared workbooks, and a clean-up that runs through."""
    run_printed("""
# Check current memory usage
from utils.resource_cleanup import get_system_memory_info
print(get_system_memory_info())

# List open resources
from utils.resource_cleanup import resource_manager
print(resource_manager.get_resource_stats())

# Force cleanup
from utils.resource_cleanup import force_system_cleanup
force_system_cleanup()
""")

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("{'total_memory_gb': ")
    assert lines[1].startswith("{'total_resources': 0, ")
