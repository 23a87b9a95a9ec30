"""What a task's process does: run the task, and listen for the parent beside it."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from budgetinator.config import load_settings
from budgetinator.controllers.progress import Progress
from budgetinator.controllers.tasks import outcome_of
from budgetinator.errors import TaskFailed, TaskNotPicklable
from budgetinator.result import Result
from budgetinator.workbooks.host.frames import FrameReader, FrameWriter, decoded, encoded
from budgetinator.workbooks.host.running import FunctionOrder, FunctionRunner, Main
from budgetinator.workbooks.host.serving import watch_parent

__all__ = ["CANCEL", "Message", "TaskOrder", "run"]

CANCEL = b"cancel"


class TaskOrder(NamedTuple):
    """What is to be run: the pickled task, and the program's main module if that defines it."""

    task: bytes
    main: Main | None
    arguments: list[str]


class Message(NamedTuple):
    """What a task says: (percent, text) for a report, a value, or its Result."""

    kind: Literal["report", "partial", "result"]
    value: Any


def run(reading: int, writing: int, parent: int) -> None:
    """Run the task of the next frame, write its result, and end the process."""
    reader, voice = FrameReader(reading), _Voice(FrameWriter(writing))
    progress = Progress(voice.report, voice.partial)
    data = reader.read()
    if data is None:
        os._exit(0)  # the parent is gone already
    threading.Thread(
        target=_listen, args=(reader, progress, parent), name="parent", daemon=True
    ).start()
    runner = FunctionRunner()
    result = outcome_of(_prepared(runner, data), progress)
    runner.close()
    voice.conclude(result)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # taking apart what the task has built would take its time


def _prepared(runner: FunctionRunner, data: bytes) -> Callable[[Progress], Any]:
    """The task as a function; what cannot be read here is told when it is called."""

    def task(progress: Progress) -> Any:
        order: TaskOrder = decoded(data)
        settings = load_settings().settings
        whole = FunctionOrder(order.task, order.main, settings, None, order.arguments)
        runner.answer("prepare", (whole,))
        return runner.answer("run", (progress,)).value

    return task


def _listen(reader: FrameReader, progress: Progress, parent: int) -> None:
    with watch_parent(parent, reader.descriptor) as is_there:
        while is_there() and reader.read() == CANCEL:
            progress.cancel()
    os._exit(1)  # the parent is gone, and nobody would end this process


class _Voice:
    """The pipe to the parent, for all threads of the task; its values whole or not at all."""

    def __init__(self, writer: FrameWriter) -> None:
        self._writer = writer

    def report(self, percent: int, text: str) -> None:
        self._writer.write(encoded(Message("report", (percent, text))))

    def partial(self, value: object) -> None:
        self._writer.write(_encoded(Message("partial", value), "A partial value"))

    def conclude(self, result: Result[Any]) -> None:
        if isinstance(result.error, Exception):
            result = Result.error(_portable(result.error))
        try:
            data = _encoded(Message("result", result), "The result")
        except TaskNotPicklable as error:
            data = encoded(Message("result", Result.error(error)))
        self._writer.write(data)


def _encoded(message: Message, what: str) -> bytes:
    try:
        return encoded(message)
    # Pickling runs the classes of the task's own values, and each fails in its own way.
    except Exception as error:
        raise TaskNotPicklable(
            f"{what} of the task cannot be handed to another process: {error}."
        ) from error


def _portable(error: Exception) -> Exception:
    """The error with its traceback as a note, or TaskFailed in the place of one that cannot go."""
    text = "".join(traceback.format_exception(error)).rstrip()
    error.add_note(f"In its process:\n{text}")
    try:
        if isinstance(decoded(encoded(error)), type(error)):
            return error
    # Each class pickles in its own way; many lose their arguments.
    except Exception:  # noqa: BLE001, S110 - what could not go is told below
        pass
    return TaskFailed(f"{error!r}", failure=type(error).__name__, details=text)
