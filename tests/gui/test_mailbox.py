"""The mailbox: any thread's calls on the GUI thread, in order, in slices."""

from __future__ import annotations

import threading
import time

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from budgetinator.errors import NotGuiThread
from gui.mailbox import Mailbox, on_gui_thread, require_gui_thread
from tests.support.logs import ExpectLog


def _in_a_thread(call, *arguments):
    thread = threading.Thread(target=call, args=arguments)
    thread.start()
    thread.join()


def test_posts_run_on_the_gui_thread_in_order(qtbot: QtBot) -> None:
    """Calls posted by another thread run on the GUI thread, in the order of the posts."""
    mailbox, seen = Mailbox(), []

    def note(number):
        seen.append((number, on_gui_thread()))

    _in_a_thread(lambda: [mailbox.post(note, number) for number in range(100)])
    qtbot.waitUntil(lambda: len(seen) == 100)

    assert seen == [(number, True) for number in range(100)]


def _work(number: int, seen: list[int]) -> None:
    end = time.thread_time() + 20e-6
    while time.thread_time() < end:
        pass
    seen.append(number)


def test_a_burst_does_not_hold_the_event_loop(qtbot: QtBot) -> None:
    """Half a second's worth of posted calls is run in order, in slices between other events."""
    mailbox, seen, ticks = Mailbox(), [], []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(len(seen)))
    _in_a_thread(lambda: [mailbox.post(_work, number, seen) for number in range(25_000)])
    timer.start(1)
    qtbot.waitUntil(lambda: len(seen) == 25_000, timeout=20_000)
    timer.stop()

    assert seen == list(range(25_000))
    assert len(set(ticks)) > 20


def test_a_call_that_raises_does_not_stop_the_next(qtbot: QtBot, expect_log: ExpectLog) -> None:
    """What a posted call raises is logged, and the call after it runs."""
    expect_log("A call handed to the GUI thread failed")
    mailbox, seen = Mailbox(), []

    mailbox.post(lambda: 1 / 0)
    mailbox.post(seen.append, "next")
    qtbot.waitUntil(lambda: bool(seen))

    assert seen == ["next"]


def test_what_waits_at_close_is_dropped(qtbot: QtBot) -> None:
    """After close neither what waited nor what is posted later runs."""
    mailbox, seen = Mailbox(), []

    mailbox.post(seen.append, "before")
    mailbox.close()
    mailbox.post(seen.append, "after")
    qtbot.wait(20)

    assert (seen, len(mailbox)) == ([], 0)


def test_a_posting_thread_never_waits(qtbot: QtBot) -> None:
    """A post returns while the GUI thread does not run its loop at all."""
    mailbox, done = Mailbox(), threading.Event()

    def work():
        for number in range(10_000):
            mailbox.post(int, number)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    in_time = done.wait(5)
    thread.join()

    assert (in_time, mailbox.deliver()) == (True, 10_000)


def test_another_thread_is_told_apart(qapp: QApplication) -> None:
    """Elsewhere than on the GUI thread `require_gui_thread` raises, and names what was asked."""
    caught = []

    def work():
        with pytest.raises(NotGuiThread, match="A widget is made only on the GUI thread") as error:
            require_gui_thread("A widget is made")
        caught.append(type(error.value))

    _in_a_thread(work)

    assert caught == [NotGuiThread]
