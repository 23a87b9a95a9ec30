from __future__ import annotations

import threading

import pytest

from budgetinator.workbooks.patch.inorder import InOrder


def test_results_come_in_the_order_of_the_items() -> None:
    """Even where the first call ends after the second."""
    second = threading.Event()

    def call(item: int) -> int:
        if item == 0:
            assert second.wait(10)
        if item == 1:
            second.set()
        return item * item

    with InOrder(call, 2, "test") as threads:
        for item in range(7):
            threads.put(item)
        assert [threads.take() for _ in range(threads.waiting)] == [0, 1, 4, 9, 16, 25, 36]


def test_what_a_call_raises_comes_out_in_its_turn() -> None:
    """The other results are those of their items, and the threads end."""
    before = threading.active_count()
    with InOrder[int, int](lambda item: 1 // item, 2, "test") as threads:
        for item in (1, 0, -1):
            threads.put(item)
        assert threads.take() == 1
        with pytest.raises(ZeroDivisionError):
            threads.take()
        assert threads.take() == -1
    assert threading.active_count() == before


def test_what_is_still_waiting_is_dropped_in_the_end() -> None:
    """Leaving does not make the calls that nobody will ask for."""
    begun, may_end, made = threading.Event(), threading.Event(), list[int]()

    def call(item: int) -> None:
        made.append(item)
        begun.set()
        assert may_end.wait(10)

    threads = InOrder(call, 1, "test")
    for item in range(5):
        threads.put(item)
    assert begun.wait(10)
    leaving = threading.Thread(target=threads.close)
    leaving.start()
    while not threads.ended:
        pass
    may_end.set()
    leaving.join()
    assert made == [0]
