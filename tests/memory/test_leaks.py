from __future__ import annotations

import functools
import os
import random
import sys
import threading
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator

import pytest

from budgetinator.memory import find_leaks

SECONDS = 0.6
Kept = list[object]


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Where planted leaks put what they keep; descriptors are closed afterwards."""
    held: Kept = []
    yield held
    for each in held:
        if isinstance(each, int):
            os.close(each)
    held.clear()


def one_object(kept: Kept) -> Callable[[], object]:
    return lambda: kept.append([])


def three_hundred_bytes(kept: Kept) -> Callable[[], object]:
    return lambda: kept.append(bytes(300))


def three_kilobytes_every_fifth_call(kept: Kept) -> Callable[[], object]:
    calls = iter(range(1_000_000_000))
    return lambda: kept.append(bytes(3_000)) if next(calls) % 5 == 0 else None


def fifty_kilobytes(kept: Kept) -> Callable[[], object]:
    return lambda: kept.append(bytes(50_000))


PLANTED = [
    one_object,
    three_hundred_bytes,
    three_kilobytes_every_fifth_call,
    fifty_kilobytes,
]


@pytest.mark.parametrize("leak", PLANTED)
def test_planted_leak_is_found(leak: Callable[[Kept], Callable[[], object]], kept: Kept) -> None:
    """Each kind of planted leak rises through three rounds, and its line is named."""
    report = find_leaks(leak(kept), seconds=SECONDS)

    assert report.findings
    assert all(len(each.growth_per_call) >= 3 for each in report.findings)
    assert any(line["file"] == __file__ for line in report.lines)


def test_leaked_descriptor_is_found(kept: Kept) -> None:
    """A descriptor left open by each call is found by the count of descriptors."""
    report = find_leaks(lambda: kept.append(os.open(os.devnull, os.O_RDONLY)), seconds=SECONDS)

    assert "descriptors" in {each.metric for each in report.findings}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit to set")
def test_leaked_descriptor_is_found_before_there_are_no_more(kept: Kept) -> None:
    """With room for 300 descriptors, the check finds the leak and leaves some."""
    import resource

    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, usual[1]))
    try:
        report = find_leaks(lambda: kept.append(os.open(os.devnull, os.O_RDONLY)), seconds=SECONDS)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)

    assert "descriptors" in {each.metric for each in report.findings}


def test_leaked_thread_is_found() -> None:
    """A thread that each call leaves waiting is found by the count of threads."""
    leave = threading.Event()
    threads: list[threading.Thread] = []

    def start() -> None:
        threads.append(threading.Thread(target=leave.wait))
        threads[-1].start()

    try:
        report = find_leaks(start, seconds=SECONDS)
    finally:
        leave.set()
        for thread in threads:
            thread.join()

    assert "threads" in {each.metric for each in report.findings}


def test_large_leak_is_found_before_it_fills_the_memory(kept: Kept) -> None:
    """A leak of 2 MB a call is found with fewer calls than a small one."""
    report = find_leaks(lambda: kept.append(bytearray(2_000_000)), seconds=SECONDS)

    assert "heap" in {each.metric for each in report.findings} or report.unmeasured == ("heap",)
    assert len(kept) <= 150


def clean() -> Callable[[], object]:
    return lambda: [str(n) for n in range(100)]


def cyclic_garbage() -> Callable[[], object]:
    def run() -> None:
        ring: list[object] = []
        ring.append([ring, bytes(200)])

    return run


def noise() -> Callable[[], object]:
    chance, held = random.Random(5), [bytes(1)]

    def run() -> None:
        held[0] = bytes(chance.randrange(50_000))

    return run


def noisy_count() -> Callable[[], object]:
    chance, held = random.Random(6), list[object]()

    def run() -> None:
        held[:] = [object() for _ in range(chance.randrange(200))]

    return run


def small_cache() -> Callable[[], object]:
    numbers = iter(range(1_000_000_000))

    @functools.lru_cache(maxsize=128)
    def remembered(number: int) -> bytes:
        return bytes(500 + number % 7)

    return lambda: remembered(next(numbers))


def bounded_history() -> Callable[[], object]:
    history: deque[bytes] = deque(maxlen=200)
    return lambda: history.append(bytes(1_000))


def open_and_close() -> Callable[[], object]:
    def run() -> None:
        with open(os.devnull, "rb") as file:
            file.read()

    return run


CONTROLS = [
    clean,
    cyclic_garbage,
    noise,
    noisy_count,
    small_cache,
    bounded_history,
    open_and_close,
]


@pytest.mark.parametrize("control", CONTROLS)
def test_control_raises_no_alarm(control: Callable[[], Callable[[], object]]) -> None:
    """Clean, noisy and caching functions are not called leaks."""
    assert find_leaks(control(), seconds=SECONDS).findings == ()


def test_slow_cache_gets_the_calls_that_it_needs_to_fill_up() -> None:
    """A cache of 128 in a function slow enough for one call a reading is no leak."""
    remembered = small_cache()

    def slowly() -> None:
        remembered()
        sum(range(300_000))

    assert find_leaks(slowly, seconds=0.25).findings == ()


def test_number_of_calls_can_be_given(kept: Kept) -> None:
    """The first round has as many calls as asked for, the next ones half as many more each."""
    report = find_leaks(lambda: kept.append([]), runs=240)

    assert report.rounds == (240, 360, 540)
    assert report.calls == 5 + 240 + 360 + 540


def test_report_says_what_is_kept(kept: Kept) -> None:
    """How many bytes a call, which types, and what holds them."""
    report = find_leaks(lambda: kept.append([bytes(1_000)]), runs=120)

    assert 1_000 <= report.bytes_per_call <= 1_400
    assert report.kept is not None
    (lists,) = [each for each in report.kept["types"] if each["type"] == "list"]
    assert lists["count_delta"] == report.explained_calls
    assert any("): kept[" in path for path in lists["held_by"])
    (objects,) = [each for each in report.findings if each.metric == "objects"]
    assert objects.interval == (1.0, 1.0)


def test_verdict_stands_if_a_further_call_fails(
    kept: Kept, expect_log: Callable[[str], None]
) -> None:
    """A function that fails while it is looked into leaks nevertheless."""
    expect_log("further call failed")

    def leak() -> None:
        if tracemalloc.is_tracing():
            raise OSError("too many open files")
        kept.append([])

    report = find_leaks(leak, runs=24)

    assert {each.metric for each in report.findings} == {"blocks", "objects"}
    assert (report.kept, report.lines) == (None, ())


def test_error_of_the_function_ends_the_check() -> None:
    """What the function raises comes out, and the collector is left as it was."""
    import gc

    def broken() -> None:
        raise OSError("no such disk")

    with pytest.raises(OSError, match="no such disk"):
        find_leaks(broken)
    assert gc.get_freeze_count() == 0
