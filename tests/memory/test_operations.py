from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import AsyncIterator, Generator, Iterator

import pytest

from budgetinator.errors import UnknownOperation
from budgetinator.memory import MemoryMonitor, current_span
from tests.memory.touching import touched


@pytest.fixture
def monitor() -> MemoryMonitor:
    return MemoryMonitor()


def test_decorated_function_keeps_its_name_result_and_errors(monitor: MemoryMonitor) -> None:
    """A decorated function works as before, and each call is counted, failures apart."""

    @monitor.monitor_operation("halving")
    def half(number: int) -> float:
        """Half of it."""
        return 10 / number

    assert half(5) == 2.0
    with pytest.raises(ZeroDivisionError):
        half(0)
    assert (half.__name__, half.__doc__) == ("half", "Half of it.")
    profile = monitor.get_profile("halving")
    assert (profile["calls"], profile["failures"]) == (2, 1)


def test_coroutine_is_measured_until_it_returns(monitor: MemoryMonitor) -> None:
    """The span of an async function is open while it waits."""

    @monitor.profile_operation("waiting")
    async def wait() -> str:
        await asyncio.sleep(0)
        span = current_span()
        return span.name if span else ""

    assert inspect.iscoroutinefunction(wait)
    assert asyncio.run(wait()) == "waiting"
    assert monitor.get_profile("waiting")["calls"] == 1


def test_generator_is_measured_from_first_value_to_end(monitor: MemoryMonitor) -> None:
    """Its body runs inside the span, its consumer outside, and values can be sent in."""
    inside: list[str | None] = []

    @monitor.monitor_operation("stream")
    def numbers() -> Generator[int, int, str]:
        sent = 0
        while sent < 3:
            span = current_span()
            inside.append(span.name if span else None)
            sent = yield sent
        return "done"

    stream = numbers()
    assert inspect.isgeneratorfunction(numbers)
    assert next(stream) == 0
    assert current_span() is None
    assert stream.send(2) == 2
    with pytest.raises(StopIteration) as end:
        stream.send(3)
    assert end.value.value == "done"
    assert inside == ["stream", "stream"]
    assert monitor.get_profile("stream")["calls"] == 1


def test_generator_that_is_closed_early_is_counted_and_runs_its_finally(
    monitor: MemoryMonitor,
) -> None:
    """Closing a measured generator closes the inner one, and is no failure."""
    ended = []

    @monitor.monitor_operation("abandoned")
    def numbers() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            ended.append(True)

    stream = numbers()
    next(stream)
    stream.close()  # type: ignore[attr-defined]

    profile = monitor.get_profile("abandoned")
    assert ended == [True]
    assert (profile["calls"], profile["failures"]) == (1, 0)


def test_async_generator_is_measured_and_may_be_thrown_into(monitor: MemoryMonitor) -> None:
    """An async generator runs in its span, and gets what its consumer throws."""

    @monitor.monitor_operation("pages")
    async def pages() -> AsyncIterator[str]:
        try:
            yield current_span().name  # type: ignore[union-attr]
        except LookupError:
            yield "recovered"

    async def main() -> list[str]:
        stream = pages()
        first = await anext(stream)
        second = await stream.athrow(LookupError())  # type: ignore[attr-defined]
        return [first, second, *[each async for each in stream]]

    assert asyncio.run(main()) == ["pages", "recovered"]
    assert monitor.get_profile("pages")["calls"] == 1


def test_one_operation_object_serves_threads_and_recursion(monitor: MemoryMonitor) -> None:
    """Eight threads and a recursive function share one object, and no call is lost."""
    operation = monitor.monitor_operation("shared")

    def nest(depth: int) -> None:
        with operation:
            if depth:
                nest(depth - 1)

    def work() -> None:
        for _ in range(50):
            nest(4)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert monitor.get_profile("shared")["calls"] == 8 * 50 * 5
    assert current_span() is None


def test_profile_has_the_figures_of_the_seed(monitor: MemoryMonitor) -> None:
    """`get_profile` tells peak, delta, what is retained, time, calls and their spread."""
    kept = []

    @monitor.profile_operation("growing")
    def grow(megabytes: int) -> None:
        touched(2 * megabytes)
        kept.append(touched(megabytes))

    for megabytes in (36, 40, 48):
        grow(megabytes)

    profile = monitor.get_profile("growing")
    assert profile["calls"] == 3
    assert profile["collected"]
    assert 47 <= profile["retained_mb"] <= 52
    assert 47 <= profile["memory_delta_mb"] <= 52
    assert 95 <= profile["peak_increase_mb"] <= 102
    assert 35 <= profile["min"]["retained_mb"] <= 39
    assert 39 <= profile["median"]["retained_mb"] <= 43
    assert profile["max"]["retained_mb"] == profile["retained_mb"]
    assert profile["peak_memory_mb"] == profile["max"]["peak_memory_mb"]
    assert 0 < profile["duration_seconds"] <= profile["total_seconds"]
    assert profile["method"] in ("vmhwm", "sampled")


def test_retained_is_after_collection(monitor: MemoryMonitor) -> None:
    """A cycle that holds 40 MB is in the delta of a profiled call and not in what it retains."""

    class Node:
        def __init__(self) -> None:
            self.itself = self
            self.payload = touched(40)

    with monitor.profile_operation("cyclic"):
        Node()

    profile = monitor.get_profile("cyclic")
    assert profile["memory_delta_mb"] >= 39
    assert profile["retained_mb"] <= 2


def test_unknown_operation_names_those_that_there_are(monitor: MemoryMonitor) -> None:
    """Asking for an operation that never ran says which ones did."""
    with monitor.monitor_operation("import"):
        pass

    with pytest.raises(UnknownOperation, match=r"'export'.*'import'"):
        monitor.get_profile("export")


def test_debug_mode_logs_each_span(
    monitor: MemoryMonitor, caplog: pytest.LogCaptureFixture
) -> None:
    """With debug mode on, and only then, a finished operation is logged at DEBUG."""
    caplog.set_level(logging.DEBUG, logger="budgetinator.memory")

    with monitor.monitor_operation("silent"):
        pass
    monitor.set_debug_mode(True)
    with monitor.monitor_operation("told"):
        pass

    assert [record.message.split(":")[0] for record in caplog.records] == ["told"]


def test_records_are_bounded(monitor: MemoryMonitor) -> None:
    """After more names than it keeps, the oldest is gone and the number stays the same."""
    for number in range(1_005):
        with monitor.monitor_operation(f"operation {number}"):
            pass

    stats = monitor.get_stats()
    assert len(stats["operations"]) == 1_000
    assert stats["total_operations"] == 1_005
    assert "operation 4" not in stats["operations"]
    assert "operation 1004" in stats["operations"]
