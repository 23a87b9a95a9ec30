"""Starting, killing and ending the processes of `journal_child`."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
Child = subprocess.Popen[bytes]


@contextlib.contextmanager
def child(task: str, *arguments: object) -> Iterator[Child]:
    """A process that is told to stop, or killed if it does not, and waited for."""
    command = [sys.executable, "-m", "tests.resources.journal_child", task, *map(str, arguments)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    with process:
        try:
            yield process
        finally:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if process.stdin is not None:
                    process.stdin.close()
                process.wait(0 if process.poll() is None and sys.exc_info()[0] else 20)
            if process.poll() is None:
                process.kill()


def heard(process: Child) -> bytes:
    """The next line that the process says; empty when it has ended."""
    assert process.stdout is not None
    return process.stdout.readline()


def tell(process: Child, line: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(line)


def kill_savers(count: int, state: Path, folder: Path, *, batch: int, seed: int) -> None:
    """Kill `count` saving processes, each somewhere in its first few saves."""
    moments = random.Random(seed)
    for first in range(0, count, batch):
        with contextlib.ExitStack() as running:
            savers = [
                running.enter_context(child("save-for-ever", state, folder))
                for _ in range(min(batch, count - first))
            ]
            for saver in savers:
                _let_work(saver, steps=moments.randrange(1, 40))
                saver.kill()


def _let_work(saver: Child, steps: int) -> None:
    assert saver.stdout is not None
    while steps:
        said = saver.stdout.read(steps)
        assert said, "the saver ended by itself"
        steps -= len(said)
