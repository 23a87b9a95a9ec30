"""Workers: a task in a thread, a task in a process, and the same words from both."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import pytest

from budgetinator.controllers import InProcess, ProcessTask, Progress, ThreadTask
from budgetinator.errors import (
    Cancelled,
    TaskExited,
    TaskFailed,
    TaskNotPicklable,
    TaskProcessDied,
)
from budgetinator.resources import Worker
from tests.controllers import tasks
from tests.controllers.tasks import (
    MILLISECONDS,
    PROMPT,
    Heard,
    cancelled,
    deaf_task,
    ran,
    started,
)
from tests.support.logs import ExpectLog

KINDS = [ThreadTask, ProcessTask]
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
def test_a_worker_says_progress_parts_result_and_finished_in_order(kind: Any) -> None:
    """The result comes once, before `finished`, which comes once and last."""
    heard = ran(kind(tasks.doubled, "doubling"))

    assert [event[0] for event in heard.events] == [
        *("progress", "partial", "progress", "partial", "progress"),
        *("result", "finished"),
    ]
    assert heard.of("progress") == [(0, "begun"), (50, "half"), (100, "done")]
    assert heard.of("partial") == [[1], [2]]
    assert heard.result.value == 42


@each_kind
def test_a_worker_fits_the_protocol_and_tells_its_state(kind: Any) -> None:
    """Not running before the start, finished after the end; the name is the one that was given."""
    worker = kind(tasks.doubled, "doubling")
    before = (worker.isRunning(), worker.isFinished(), worker.wait(0))

    ran(worker)

    assert isinstance(worker, Worker)
    assert worker.name == "doubling"
    assert before == (False, False, True)
    assert (worker.isRunning(), worker.isFinished()) == (False, True)


@each_kind
def test_a_worker_knows_the_line_that_made_it(kind: Any) -> None:
    """`created_at` is file, line and function outside of the library."""
    worker = kind(tasks.doubled)

    assert f"{__file__}:" in worker.created_at
    assert worker.created_at.endswith("in test_a_worker_knows_the_line_that_made_it")


@each_kind
def test_a_cancel_takes_effect_at_once(kind: Any) -> None:
    """Within 100 ms the worker has ended, and its result is Cancelled with the worker's name."""
    heard, seconds = cancelled(lambda: kind(tasks.until_cancelled, "waiting"))

    assert isinstance(heard.result.error, Cancelled)
    assert heard.result.error.task == "waiting"
    assert seconds < PROMPT


@each_kind
def test_cancelling_twice_is_harmless(kind: Any) -> None:
    """The second cancel changes nothing, and one after the end comes too late."""
    worker = kind(tasks.until_cancelled)
    heard = started(worker)

    in_time = [worker.cancel(), worker.cancel()]
    worker.wait(MILLISECONDS)

    assert in_time == [True, True]
    assert worker.cancel() is False
    assert [event[0] for event in heard.events][-2:] == ["result", "finished"]
    assert isinstance(heard.result.error, Cancelled)


@each_kind
def test_cancelled_before_its_start_a_task_never_runs(kind: Any) -> None:
    """Started then, the worker says Cancelled and finished, and nothing else."""
    worker = kind(tasks.doubled)
    worker.cancel()

    heard = ran(worker)

    assert [event[0] for event in heard.events] == ["result", "finished"]
    assert isinstance(heard.result.error, Cancelled)


@each_kind
def test_a_second_start_does_nothing(kind: Any) -> None:
    """A worker runs once."""
    worker = kind(tasks.doubled)
    heard = ran(worker)

    worker.start()

    assert worker.wait(MILLISECONDS)
    assert len(heard.of("result")) == 1


@each_kind
def test_what_a_task_raises_is_its_result(kind: Any, expect_log: ExpectLog) -> None:
    """The error itself, without frames that would keep the task's data, and with its place."""
    expect_log(r"Task dividing failed: ZeroDivisionError")
    heard = ran(kind(tasks.divided_by_zero, "dividing"))

    error = heard.result.error
    assert isinstance(error, ZeroDivisionError)
    assert error.__traceback__ is None
    assert "tasks.py" in "".join(error.__notes__)


@each_kind
def test_a_task_that_exits_does_not_end_the_program(kind: Any) -> None:
    """`sys.exit(3)` in a task is an error with the code."""
    heard = ran(kind(tasks.exits))

    error = heard.result.error
    assert isinstance(error, TaskExited)
    assert error.code == 3


@each_kind
def test_a_finished_worker_has_forgotten_its_listeners_and_its_task(kind: Any) -> None:
    """Nothing that listened is held any longer."""
    worker = kind(tasks.doubled)

    ran(worker)

    signals = (worker.progress_update, worker.partial_ready, worker.result_ready, worker.finished)
    assert [len(signal) for signal in signals] == [0, 0, 0, 0]


@each_kind
def test_a_listener_that_fails_hinders_nobody(kind: Any, expect_log: ExpectLog) -> None:
    """The next listener is called, and `finished` comes."""
    expect_log("A listener of result_ready failed")
    worker = kind(tasks.doubled)

    def fail(_result: object) -> None:
        raise OSError("of a listener")

    worker.result_ready.connect(fail)
    heard = ran(worker)

    assert heard.result.value == 42
    assert heard.events[-1] == ("finished",)


def test_the_signals_of_a_thread_come_in_that_thread() -> None:
    """They are emitted by the task's own thread, which bears the worker's name."""
    names: list[str] = []
    worker = ThreadTask(tasks.doubled, "doubling")
    for signal in (worker.progress_update, worker.result_ready, worker.finished):
        signal.connect(lambda *_: names.append(threading.current_thread().name))  # type: ignore[attr-defined]

    ran(worker)

    assert set(names) == {"doubling"}


def test_a_listener_may_wait_for_the_worker_that_calls_it() -> None:
    """In its own thread `wait` does not block, and says that the result is decided."""
    answers: list[bool] = []
    worker = ThreadTask(tasks.doubled)
    worker.result_ready.connect(lambda _result: answers.append(worker.wait()))

    ran(worker)

    assert answers == [True]


def test_a_value_that_comes_after_a_cancel_is_discarded() -> None:
    """What a task made although it was cancelled is handed to its `discard`."""

    class Opening:
        def __init__(self) -> None:
            self.discarded: list[str] = []
            self.began, self.goes_on = threading.Event(), threading.Event()

        def __call__(self, progress: Progress) -> str:
            self.began.set()
            self.goes_on.wait(tasks.SECONDS)
            return "workbook"

        def discard(self, value: str) -> None:
            self.discarded.append(value)

    opening = Opening()
    worker = ThreadTask(opening)
    heard = Heard(worker)
    worker.start()
    opening.began.wait(tasks.SECONDS)

    worker.cancel()
    opening.goes_on.set()
    worker.wait(MILLISECONDS)

    assert opening.discarded == ["workbook"]
    assert isinstance(heard.result.error, Cancelled)


def test_a_thread_that_hears_no_cancel_is_still_cancelled_in_the_end() -> None:
    """Its value comes late and is not the result."""
    with deaf_task() as task:
        worker = ThreadTask(task)
        heard = Heard(worker)
        worker.start()
        worker.cancel()
        waited = worker.wait(10)
    worker.wait(MILLISECONDS)

    assert waited is False
    assert isinstance(heard.result.error, Cancelled)


# Processes


def test_a_process_task_runs_in_another_process() -> None:
    """The task sees another process id than ours."""
    heard = ran(ProcessTask(tasks.own_process))

    assert heard.result.value != os.getpid()


def test_a_process_that_hears_no_cancel_is_ended() -> None:
    """Within 100 ms the process is gone, and not only asked to go."""
    heard, seconds = cancelled(lambda: ProcessTask(tasks.deaf))

    (pid,) = heard.of("partial")
    assert isinstance(heard.result.error, Cancelled)
    assert seconds < PROMPT
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("task", [lambda progress: 1, threading.Lock()])
def test_a_task_that_cannot_be_pickled_is_refused_before_anything_starts(task: Any) -> None:
    """TaskNotPicklable comes from the constructor and names the worker."""
    with pytest.raises(TaskNotPicklable, match="export cannot be handed") as raised:
        ProcessTask(task, "export")

    assert raised.value.task == "export"


@pytest.mark.parametrize(
    ("task", "exit_code", "cause"),
    [(tasks.is_killed, -9, "SIGKILL"), (tasks.ends_its_process, 7, "exit code 7")],
)
def test_a_process_that_dies_is_a_failure_by_name(task: Any, exit_code: int, cause: str) -> None:
    """Killed or gone: TaskProcessDied with the worker's name and the exit code."""
    heard = ran(ProcessTask(task, "computing"))

    error = heard.result.error
    assert isinstance(error, TaskProcessDied)
    assert (error.task, error.exit_code) == ("computing", exit_code)
    assert "computing" in str(error)
    assert cause in str(error)


def test_a_value_that_cannot_be_handed_back_is_an_error() -> None:
    """The task ran, and what it came to stays in its process."""
    heard = ran(ProcessTask(tasks.unpicklable_value))

    assert isinstance(heard.result.error, TaskNotPicklable)


def test_an_error_that_cannot_be_handed_back_is_told(expect_log: ExpectLog) -> None:
    """Its type and its traceback come as texts."""
    heard = ran(ProcessTask(tasks.fails_peculiarly))

    error = heard.result.error
    assert isinstance(error, TaskFailed)
    assert error.failure == "Peculiar"
    assert "fails_peculiarly" in str(error.details)


def test_any_worker_can_run_its_task_in_a_process() -> None:
    """`InProcess` is a task itself, so a factory of other workers needs nothing of its own."""
    heard = ran(ThreadTask(InProcess(tasks.own_process, "inner"), "outer"))

    assert heard.result.value != os.getpid()


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Any) -> None:
    """Nobody is at the other end of the pipe, and the process ends by itself."""
    import signal
    import subprocess
    import sys

    program = (
        "import sys, time\n"
        "from budgetinator.controllers import ProcessTask\n"
        "from tests.controllers import tasks\n"
        "worker = ProcessTask(tasks.deaf)\n"
        "worker.partial_ready.connect(lambda pid: print(pid, flush=True))\n"
        "if __name__ == '__main__':\n"
        "    worker.start()\n"
        "    time.sleep(60)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(program)
    root = str(tasks.__file__).rsplit("/tests/", 1)[0]
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + tasks.SECONDS
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        if _is_zombie(pid):
            break
        time.sleep(0.01)

    assert not os.path.exists(f"/proc/{pid}") or _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
