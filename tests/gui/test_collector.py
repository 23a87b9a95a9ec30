"""The garbage collector: on the GUI thread and nowhere else, and given back afterwards."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.collector import GuiCollector


@pytest.fixture
def collector(qapp):
    made = GuiCollector()
    made.start()
    yield made
    made.stop()


class Node:
    """One end of a cycle."""

    def __init__(self):
        self.me = self


def _allocate(until: threading.Event):
    while not until.is_set():
        for _ in range(2000):
            Node()


def test_widgets_in_cycles_die_on_the_gui_thread_only(
    qtbot: QtBot, collector: GuiCollector
) -> None:
    """While two threads allocate cycles as fast as they can, widgets in cycles die here."""
    died, until = [], threading.Event()
    threads = [threading.Thread(target=_allocate, args=(until,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(200):
            widget = QWidget()
            widget.cycle = widget
            weakref.finalize(widget, lambda: died.append(threading.get_ident()))
        del widget
        qtbot.waitUntil(lambda: len(died) == 200, timeout=20_000)
    finally:
        until.set()
        for thread in threads:
            thread.join()

    assert set(died) == {threading.get_ident()}


def test_a_collection_asked_for_elsewhere_is_done_here(
    qtbot: QtBot, collector: GuiCollector
) -> None:
    """gc.collect() on another thread returns 0 at once and is done on the GUI thread soon."""
    died, answers = [], []
    widget = QWidget()
    widget.cycle = widget
    weakref.finalize(widget, lambda: died.append(threading.get_ident()))
    del widget
    thread = threading.Thread(target=lambda: answers.extend([gc.collect(), gc.collect()]))

    thread.start()
    thread.join()
    before = list(died)
    qtbot.waitUntil(lambda: bool(died))

    assert (answers, before, died) == ([0, 0], [], [threading.get_ident()])


def test_on_the_gui_thread_a_collection_is_a_collection(collector: GuiCollector) -> None:
    """gc.collect() here collects there and then, and says how much."""
    ref = weakref.ref(Node())
    assert ref() is not None
    assert gc.collect() > 0
    assert ref() is None


def test_everything_is_given_back(qapp: QApplication) -> None:
    """After stop the automatic collection and gc.collect are what they were."""
    before = gc.isenabled(), gc.collect
    collector = GuiCollector()

    collector.start()
    during = gc.isenabled(), gc.collect is before[1]
    collector.start()
    collector.stop()
    collector.stop()

    assert (during, (gc.isenabled(), gc.collect)) == ((False, False), before)


def test_what_was_off_stays_off(qapp: QApplication) -> None:
    """A program that had switched the automatic collection off finds it off."""
    gc.disable()
    try:
        collector = GuiCollector()
        collector.start()
        collector.stop()
        assert gc.isenabled() is False
    finally:
        gc.enable()


def test_memory_does_not_grow_while_the_loop_runs(qtbot: QtBot, collector: GuiCollector) -> None:
    """Cycles made by the GUI thread itself are collected by the clock."""
    refs = []
    for _ in range(3000):
        node = Node()
        refs.append(weakref.ref(node))
    del node

    qtbot.waitUntil(lambda: sum(ref() is not None for ref in refs) == 0)

    assert gc.get_count()[0] < 3000
