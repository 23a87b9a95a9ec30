"""One cycle: tabs opened, work in them in an order that was drawn, tabs closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import shiboken6
from PySide6.QtWidgets import QMessageBox

from gui.tabs.workbook import WorkbookTab
from tests.gui.cycles.desk import Desk, is_idle
from tests.gui.cycles.steps import CANCELLED, STEPS
from tests.gui.window.driving import answer

__all__ = ["Bag", "Bags", "Cycle", "draw", "run", "tour"]

OPENINGS = ("finished", "finished", "finished", "cancelled midway", "cancelled and retried")
CLOSINGS = ("at rest", "at rest", "while it works", "saved")
MOST_STEPS = 3


@dataclass(slots=True)
class Bag:
    """Draws each of `things` before it draws one again."""

    things: tuple[str, ...]
    dice: Random
    _left: list[str] = field(default_factory=list)

    def draw(self) -> str:
        if not self._left:
            self._left = self.dice.sample(self.things, len(self.things))
        return self._left.pop()


class Bags:
    """What cycles are drawn from."""

    def __init__(self, books: tuple[str, ...], broken: str, dice: Random) -> None:
        self.dice = dice
        self.books = Bag((*books, *books, broken), dice)
        self.openings = Bag(OPENINGS, dice)
        self.steps = Bag((*STEPS, *CANCELLED), dice)
        self.closings = Bag(CLOSINGS, dice)
        self.tabs = Bag(("one", "one", "two"), dice)


@dataclass(frozen=True, slots=True)
class Cycle:
    """Which workbooks, how each is opened, the steps with the tab of each, how each is closed."""

    books: tuple[str, ...]
    openings: tuple[str, ...]
    steps: tuple[tuple[int, str, bool], ...]
    """Number of the tab, name of the step, and whether its end is waited for."""
    closings: tuple[str, ...]

    def __str__(self) -> str:
        opened = ", ".join(map(" ".join, zip(self.books, self.openings, strict=True)))
        steps = ", ".join(
            f"{name} in {tab}{'' if waited else ' (not waited for)'}"
            for tab, name, waited in self.steps
        )
        return f"open {opened}; {steps or 'nothing'}; close {', '.join(self.closings)}"


def draw(bags: Bags) -> Cycle:
    """Draw one."""
    count = 2 if bags.tabs.draw() == "two" else 1
    books: list[str] = []
    while len(books) < count:
        if (book := bags.books.draw()) not in books:
            books.append(book)
    steps = tuple(
        (bags.dice.randrange(count), bags.steps.draw(), bags.dice.random() < 0.7)
        for _ in range(bags.dice.randint(1, MOST_STEPS * count))
    )
    return Cycle(
        tuple(books),
        tuple(bags.openings.draw() for _ in books),
        steps,
        tuple(bags.closings.draw() for _ in books),
    )


def tour(books: tuple[str, ...], broken: str) -> Iterator[Cycle]:
    """Everything once: what is made at first use is there before the counting begins."""
    for opening in sorted(set(OPENINGS)):
        yield Cycle((books[0], broken), (opening, opening), (), ("at rest", "while it works"))
    names = [*STEPS, *CANCELLED]
    for book in books:
        for part in (names[: len(names) // 2], names[len(names) // 2 :]):
            steps = tuple((0, name, True) for name in part)
            yield Cycle((book,), ("finished",), steps, ("saved",))


def run(desk: Desk, cycle: Cycle) -> None:
    """From an empty window to an empty window at rest."""
    desk.lay_out()
    _work(desk, cycle)
    desk.come_to_rest()


def _work(desk: Desk, cycle: Cycle) -> None:
    window = desk.window
    window.open_files(desk.books / name for name in cycle.books)
    tabs = window.workbooks()
    for tab, opening in zip(tabs, cycle.openings, strict=True):
        _open(desk, tab, opening)
    for number, name, waited in cycle.steps:
        window.tabs.setCurrentWidget(tabs[number])
        _take(desk, tabs[number], name, waited=waited)
    for tab, closing in zip(tabs, cycle.closings, strict=True):
        _close(desk, tab, closing)


def _open(desk: Desk, tab: WorkbookTab, opening: str) -> None:
    if opening.startswith("cancelled"):
        desk.a_moment()
        tab.cancel_job()
        desk.until(lambda: is_idle(tab), "cancelling")
    if opening == "cancelled and retried" and not tab.is_open:
        tab.open()
    if opening != "cancelled midway":
        desk.until(lambda: is_idle(tab), "opening")


def _take(desk: Desk, tab: WorkbookTab, name: str, *, waited: bool) -> None:
    if name in CANCELLED:
        CANCELLED[name](desk, tab)
        desk.a_moment()
        tab.cancel_job()
    else:
        STEPS[name](desk, tab)
    if waited:
        desk.until(lambda: is_idle(tab), name)


def _close(desk: Desk, tab: WorkbookTab, closing: str) -> None:
    tabs = desk.window.tabs
    if closing != "while it works":
        desk.until(lambda: is_idle(tab), "coming to an end")
    if closing == "saved" and tab.is_modified:
        tabs.close_asking(tab)
        answer(desk.window, QMessageBox.StandardButton.Save)
        desk.until(lambda: _is_gone(tab) or is_idle(tab), "saving and closing")
    if not _is_gone(tab):
        # It was not to be saved, or it could not be.
        tabs.close_asking(tab)
        if _is_asked(desk):
            answer(desk.window, QMessageBox.StandardButton.Discard)
    desk.until(lambda: _is_gone(tab), "closing")


def _is_gone(tab: WorkbookTab) -> bool:
    return not shiboken6.isValid(tab)


def _is_asked(desk: Desk) -> bool:
    return any(
        box.objectName() == "unsaved" and box.isVisible()
        for box in desk.window.findChildren(QMessageBox)
    )
