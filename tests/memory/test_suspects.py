from __future__ import annotations

import functools
import gc
import os
import sys
from collections.abc import Iterator

import pytest

from budgetinator.memory import MemoryMonitor, Suspect
from budgetinator.memory.counting import BlockCensus, CollectionAllowance

Kept = list[object]


@pytest.fixture
def kept() -> Iterator[Kept]:
    held: Kept = []
    yield held
    for each in held:
        if isinstance(each, int):
            os.close(each)


@pytest.fixture(autouse=True)
def full_record_of_opened_files() -> None:
    """The record that the tests keep of opened files is full, and grows no longer."""
    for _ in range(600):
        os.close(os.open(os.devnull, os.O_RDONLY))


@pytest.fixture(autouse=True)
def every_span_counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a small process: in a large one a count of blocks is dear, and most are spared."""
    monkeypatch.setattr(BlockCensus, "due", lambda _: True)
    monkeypatch.setattr(CollectionAllowance, "collect", collect_and_count)
    gc.freeze()  # what other tests left alive need not be walked by each collection
    yield
    gc.unfreeze()


def collect_and_count(_: CollectionAllowance) -> int:
    gc.collect()
    return sys.getallocatedblocks()


def suspects(monitor: MemoryMonitor) -> list[Suspect]:
    stats = monitor.get_stats()
    assert stats["potential_leaks"] == len(stats["leaks"])
    return stats["leaks"]


@pytest.mark.parametrize("form", ["monitor_operation", "profile_operation"])
@pytest.mark.parametrize("size", [None, 300, 50_000])
def test_operation_that_keeps_a_little_with_each_call(
    form: str, size: int | None, kept: Kept
) -> None:
    """Twelve calls that each keep an object, 300 bytes or 50 KB make the operation a suspect."""
    monitor = MemoryMonitor()

    @getattr(monitor, form)("leaking")  # type: ignore[untyped-decorator]
    def leak() -> None:
        kept.append(object() if size is None else bytes(size))

    for _ in range(12):
        leak()

    (suspect,) = suspects(monitor)
    assert (suspect.kind, suspect.name, suspect.metric) == ("operation", "leaking", "blocks")
    assert suspect.growth_per_call >= 0.6
    assert suspect.p < 0.001


def test_leak_in_a_with_block_is_seen(kept: Kept) -> None:
    """The context manager counts as exactly as the decorator does."""
    monitor = MemoryMonitor()

    for _ in range(12):
        with monitor.monitor_operation("leaking"):
            kept.append(object())

    assert [each.name for each in suspects(monitor)] == ["leaking"]


def test_leak_every_fifth_call_is_seen(kept: Kept) -> None:
    """Three KB kept by every fifth call are seen after 60 calls."""
    monitor = MemoryMonitor()
    operation = monitor.monitor_operation("sometimes")

    for number in range(60):
        with operation:
            if number % 5 == 0:
                kept.append(bytes(3_000))

    assert [each.name for each in suspects(monitor)] == ["sometimes"]


def test_descriptor_left_open_by_each_call(kept: Kept) -> None:
    """A call that opens a descriptor and does not close it is a suspect by that metric."""
    monitor = MemoryMonitor()

    @monitor.monitor_operation("opening")
    def leak() -> None:
        number = len(kept)
        kept.append(os.open(os.devnull, os.O_RDONLY))
        assert len(kept) == number + 1

    for _ in range(12):
        leak()

    assert [each.name for each in suspects(monitor)] == ["opening"]


def test_eleven_calls_are_too_few(kept: Kept) -> None:
    """An operation is not judged before its twelfth call."""
    monitor = MemoryMonitor()
    operation = monitor.monitor_operation("few")

    for _ in range(11):
        with operation:
            kept.append(bytes(50_000))

    assert suspects(monitor) == []


@pytest.mark.parametrize("calls", [12, 30, 200])
@pytest.mark.parametrize("form", ["monitor_operation", "profile_operation"])
def test_clean_and_cyclic_operations_are_no_suspects(form: str, calls: int, kept: Kept) -> None:
    """Work that leaves nothing, or only garbage, is no suspect, while another operation leaks."""
    monitor = MemoryMonitor()

    @getattr(monitor, form)("clean")  # type: ignore[untyped-decorator]
    def clean() -> list[str]:
        return [str(number) for number in range(300, 500)]

    @getattr(monitor, form)("cyclic")  # type: ignore[untyped-decorator]
    def cyclic() -> None:
        ring: list[object] = []
        ring.append([ring, bytes(200)])

    @monitor.monitor_operation("leaking")
    def leak() -> None:
        kept.append([bytes(1_000) for _ in range(20)])

    for _ in range(calls):
        clean()
        cyclic()
        leak()

    assert [each.name for each in suspects(monitor)] == ["leaking"]


def test_result_that_the_caller_lets_go_is_no_leak() -> None:
    """An operation whose results live until the caller drops them is no suspect."""
    monitor = MemoryMonitor()

    @monitor.monitor_operation("reading")
    def read() -> list[bytes]:
        return [bytes(1_000) for _ in range(200)]

    for _ in range(40):
        rows = read()
        assert len(rows) == 200

    del rows
    assert suspects(monitor) == []


def test_cache_that_filled_up_is_no_leak() -> None:
    """A cache of 32 entries grows for 32 calls of 200, and is no suspect."""
    monitor = MemoryMonitor()
    remembered = functools.lru_cache(maxsize=32)(lambda number: bytes(500 + number))

    for number in range(200):
        with monitor.monitor_operation("cached"):
            remembered(number)

    assert suspects(monitor) == []


def test_growth_outside_of_the_operation_is_not_its_own(kept: Kept) -> None:
    """What the program keeps between calls is not held against the operation."""
    monitor = MemoryMonitor()
    operation = monitor.monitor_operation("innocent")

    for _ in range(40):
        with operation:
            sum(range(100))
        kept.append(bytes(10_000))

    assert suspects(monitor) == []


def test_growth_outside_is_not_added_to_a_leak(kept: Kept) -> None:
    """A call that keeps one object keeps one, although the program keeps fifty in between."""
    monitor = MemoryMonitor()
    operation = monitor.monitor_operation("leaking")

    for _ in range(20):
        with operation:
            kept.append(object())
        kept.append([object() for _ in range(50)])

    (suspect,) = suspects(monitor)
    assert suspect.growth_per_call <= 1.5


def test_suspicion_ends_when_the_growth_does(kept: Kept) -> None:
    """A suspect that stops keeping more is cleared when it was called often enough again."""
    monitor = MemoryMonitor()

    def run(calls: int, *, keep: bool) -> None:
        for _ in range(calls):
            with monitor.monitor_operation("mended"):
                kept.append(bytes(1_000)) if keep else None

    run(20, keep=True)
    assert [each.name for each in suspects(monitor)] == ["mended"]
    run(400, keep=False)
    assert suspects(monitor) == []


def test_suspects_of_others_are_counted_too() -> None:
    """What was held too long, or outlived its component, comes from outside and is counted."""
    held = Suspect(kind="resource", name="WORKBOOK 7", detail="held for 900 s by ImportTab_1")
    orphan = Suspect(kind="component", name="ImportTab_2", detail="died with 2 live resources")

    stats = MemoryMonitor(suspects=lambda: [held, orphan]).get_stats()

    assert stats["potential_leaks"] == 2
    assert stats["leaks"] == [held, orphan]
