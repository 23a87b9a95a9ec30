"""What is seen of the watched processes: their readings, their workbooks, what happened."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import psutil

from budgetinator.cli.mem.journal import OpenFile
from budgetinator.cli.mem.outside import (
    Reading,
    descendants,
    find_process,
    peak_of,
    read_process,
)
from budgetinator.cli.output import bytes_text
from budgetinator.cli.programs import program_of
from budgetinator.memory import Watermarks

__all__ = ["Event", "Scene", "Seen"]

READINGS = 3_600
EVENTS = 500
PROCESSES = 200
RELIEF = 0.9


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, in seconds after the watch began."""

    at: float
    pid: int
    what: str


class Seen:
    """One process, with its latest 3,600 readings; it has one at least."""

    def __init__(self, process: psutil.Process, first: Reading) -> None:
        self.process = process
        self.pid = process.pid
        self.program = program_of(process) or "(ended)"
        self.readings = deque([first], maxlen=READINGS)
        self.first_rss = first.rss
        self.peak = first.rss
        self.over = False
        self.ended = False
        self.workbooks: list[OpenFile] = []

    @property
    def latest(self) -> Reading:
        """The last reading."""
        return self.readings[-1]

    @property
    def growth(self) -> int:
        """What is resident more than at first; bytes."""
        return self.latest.rss - self.first_rss

    def read(self) -> bool:
        """Take a reading; whether it still lives."""
        reading = read_process(self.process) if self.process.is_running() else None
        if reading is None:
            self.ended = True
            return False
        self.readings.append(reading)
        self.peak = max(self.peak, reading.rss, peak_of(self.process) or 0)
        return True


class Scene:
    """The processes that are watched and all below them.

    `roots` gives the numbers of the processes to watch, `workbooks` what each has open;
    `threshold` are the bytes over which a process is reported, once an excursion.
    """

    def __init__(
        self,
        roots: Callable[[], Iterable[int]],
        workbooks: Callable[[], Mapping[int, list[OpenFile]]],
        threshold: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roots = roots
        self._workbooks = workbooks
        self._marks = Watermarks(high=threshold, low=max(1, int(threshold * RELIEF)))
        self._clock = clock
        self.began = clock()
        self.processes: dict[int, Seen] = {}
        self.events: deque[Event] = deque(maxlen=EVENTS)

    @property
    def alive(self) -> list[Seen]:
        """Those that lived at the last look, in the order in which they were first seen."""
        return [seen for seen in self.processes.values() if not seen.ended]

    def look(self) -> list[Event]:
        """Read every process; what has happened since the last look."""
        happened = [
            Event(self._clock() - self.began, seen.pid, what) for seen, what in self._changes()
        ]
        self.events.extend(happened)
        return happened

    def _changes(self) -> Iterator[tuple[Seen, str]]:
        books = self._workbooks()
        for seen in self.alive:
            if not seen.read():
                seen.workbooks = []
                yield seen, f"{seen.program} ended"
        for seen in self._new():
            yield seen, f"{seen.program} runs"
        for seen in self.alive:
            yield from ((seen, what) for what in self._crossed(seen))
            yield from ((seen, what) for what in _opened_and_closed(seen, books.get(seen.pid, [])))

    def _new(self) -> Iterator[Seen]:
        for process in self._present():
            known = self.processes.get(process.pid)
            if known is not None and not known.ended:
                continue
            reading = read_process(process)
            if reading is not None:
                self._forget_some()
                self.processes[process.pid] = seen = Seen(process, reading)
                yield seen

    def _present(self) -> Iterator[psutil.Process]:
        for pid in self._roots():
            process = find_process(pid)
            if process is not None:
                yield process
                yield from descendants(process)

    def _forget_some(self) -> None:
        """Of very many processes the earliest that has ended goes."""
        ended = (pid for pid, seen in self.processes.items() if seen.ended)
        if len(self.processes) >= PROCESSES and (oldest := next(ended, None)) is not None:
            del self.processes[oldest]

    def _crossed(self, seen: Seen) -> Iterator[str]:
        rss = seen.latest.rss
        if not seen.over and rss >= self._marks.high:
            seen.over = True
            yield f"{seen.program} is over {bytes_text(self._marks.high)}"
        elif seen.over and rss < self._marks.low:
            seen.over = False
            yield f"{seen.program} is below {bytes_text(self._marks.low)} again"


def _opened_and_closed(seen: Seen, now: list[OpenFile]) -> Iterator[str]:
    before, seen.workbooks = seen.workbooks, now
    known = {(book.file, book.since, book.component) for book in before}
    still = {(book.file, book.since, book.component) for book in now}
    for book in before:
        if (book.file, book.since, book.component) not in still:
            yield f"closed {book.file}"
    for book in now:
        if (book.file, book.since, book.component) not in known:
            size = "" if book.size is None else f", {bytes_text(book.size)}"
            yield f"opened {book.file} ({book.mode}{size})"
