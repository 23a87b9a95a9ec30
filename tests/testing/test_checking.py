from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Iterator

import psutil
import pytest

import budgetinator.testing
from budgetinator.errors import MonitorError
from budgetinator.memory import counting
from budgetinator.testing import leak_check

RUNS = 36


@pytest.fixture
def kept() -> Iterator[list[object]]:
    held: list[object] = []
    yield held
    for each in held:
        if isinstance(each, int):
            os.close(each)


def test_leak_is_told_with_all_that_is_known(kept: list[object]) -> None:
    """The failure says metric, growth, confidence, rounds, line and holder."""

    def load(size: int) -> None:
        kept.append([bytes(size)])

    with pytest.raises(AssertionError) as failure:
        leak_check(load, 300, runs=RUNS)

    text = str(failure.value)
    assert "test_leak_is_told_with_all_that_is_known.<locals>.load leaks: " in text
    assert "tracked objects: +1.00 a call, 95 % sure of +1.00 to +1.00; by chance" in text
    assert "by rounds: +1.00 in 36 calls, +1.00 in 48 calls, " in text
    assert f"test_checking.py:{load.__code__.co_firstlineno + 1}: +" in text
    assert "kept.append([bytes(size)])" in text
    assert "list (+1.00 a call)" in text
    assert "): kept[" in text


def test_left_descriptor_is_told_with_its_path(kept: list[object]) -> None:
    """The paths of what was left open stand in the failure."""
    with pytest.raises(AssertionError, match=f"descriptor .* of {os.devnull}"):
        leak_check(lambda: kept.append(os.open(os.devnull, os.O_RDONLY)), runs=RUNS)


def test_what_does_not_leak_gives_its_report() -> None:
    """Without a leak the report comes back, with as many calls as were asked for."""
    report = leak_check(sorted, [3, 1, 2], runs=120)

    assert report.findings == ()
    assert report.rounds[0] == 120


def test_allowed_growth_is_no_failure(kept: list[object]) -> None:
    """A function that keeps one object a call passes where one is allowed, with a finding."""
    report = leak_check(lambda: kept.append([]), objects=1, runs=RUNS)

    assert {"objects", "blocks"} == {finding.metric for finding in report.findings}


def test_coroutine_function_is_run_to_its_end(kept: list[object]) -> None:
    """Each call runs the coroutine; what it keeps is found."""

    async def load() -> None:
        await asyncio.sleep(0)
        kept.append([])

    with pytest.raises(AssertionError, match="objects a call"):
        leak_check(load, runs=RUNS)


def test_coroutine_function_within_a_running_loop_is_refused() -> None:
    """One event loop cannot wait for another; the error says what to do."""

    async def test() -> None:
        leak_check(asyncio.sleep, 0)

    with pytest.raises(MonitorError, match="mark the test itself"):
        asyncio.run(test())
    gc.collect()


def test_error_of_the_function_comes_out() -> None:
    """What the function raises is not a leak."""
    with pytest.raises(ZeroDivisionError):
        leak_check(divmod, 1, 0)


def test_counter_that_the_system_lacks_is_named(
    kept: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the C allocator's figures and without a list of descriptors, the rest is measured."""

    def denied() -> int:
        raise psutil.AccessDenied

    monkeypatch.setattr(counting, "heap_bytes", lambda: None)
    monkeypatch.setattr(counting, "descriptor_count", denied)

    with pytest.raises(AssertionError) as failure:
        leak_check(lambda: kept.append([]), runs=RUNS)

    assert "tracked objects: +1.00 a call" in str(failure.value)
    assert (
        "not measured, because this system does not tell:"
        " bytes of the C allocator, open descriptors" in str(failure.value)
    )


def test_heap_is_asked_of_psutil_where_glibc_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without glibc's figure psutil's is taken, and without that there is none."""
    if not hasattr(psutil, "heap_info"):
        pytest.skip("this psutil knows no heap")
    monkeypatch.setattr(counting, "heap_in_use", lambda: None)

    assert (counting.heap_bytes() or 0) > 0
    monkeypatch.delattr(psutil, "heap_info")
    assert counting.heap_bytes() is None


def test_door_hands_on_what_it_names() -> None:
    """Each name of the door is there, and no other."""
    for name in budgetinator.testing.__all__:
        assert getattr(budgetinator.testing, name).__name__ == name
        assert name in dir(budgetinator.testing)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = budgetinator.testing.no_such_name
