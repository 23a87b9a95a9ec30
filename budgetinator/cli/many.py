"""One question to many workbooks: in this process, or in several where that is quicker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from budgetinator.cli.exits import exit_code
from budgetinator.cli.failures import naming
from budgetinator.cli.output import waiting
from budgetinator.errors import BudgetinatorError

__all__ = ["Answer", "ask_all"]

T = TypeVar("T")

# Starting processes takes as long as reading so many bytes of workbooks.
_LITTLE = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a workbook said, or why it said nothing."""

    file: str
    value: T | None = None
    error: BaseException | None = None

    @property
    def code(self) -> int:
        """The exit code of the failure, 0 without one."""
        return 0 if self.error is None else int(exit_code(self.error))


def ask_all(ask: Callable[[str], T], files: Sequence[str], doing: str) -> Iterator[Answer[T]]:
    """The answers in the order of the files, each file named in its error.

    `ask` is called with a file; it and what it returns must be picklable. One workbook is
    in memory at a time, in each process. Only errors of ours and of the system are
    answers: all else is raised.
    """
    if len(files) == 1 or sum(map(_size, files)) < _LITTLE:
        for file in files:
            yield _asked(ask, file, doing)
        return
    yield from _asked_of_processes(ask, files, doing)


def _asked(ask: Callable[[str], T], file: str, doing: str) -> Answer[T]:
    try:
        with waiting(f"{doing} {file}"), naming(file):
            return Answer(file, ask(file))
    except (BudgetinatorError, OSError) as error:
        return Answer(file, error=error)


def _size(file: str) -> int:
    try:
        return os.path.getsize(file)
    except OSError:
        return 0


def _asked_of_processes(
    ask: Callable[[str], T], files: Sequence[str], doing: str
) -> Iterator[Answer[T]]:
    from budgetinator.runtime import default_runtime
    from budgetinator.workbooks.mapping import map_workbooks

    answers: dict[int, Answer[T]] = {}
    surroundings = default_runtime().surroundings
    asking = _Asking(ask)
    places = list(enumerate(files))
    wanted = 0
    with (
        waiting(f"{doing} {len(files)} workbooks"),
        map_workbooks(asking, places, service=surroundings) as outcomes,
    ):
        for outcome in outcomes:
            place, file = outcome.path
            answers[place] = Answer(file, error=outcome.error)
            if outcome.error is None and outcome.value is not None:
                answers[place] = outcome.value
            elif not isinstance(outcome.error, BudgetinatorError | OSError):
                outcome.unwrap()
            while wanted in answers:
                yield answers.pop(wanted)
                wanted += 1


@dataclass(frozen=True, slots=True)
class _Asking(Generic[T]):
    """Asks one workbook, in whatever process."""

    ask: Callable[[str], T]

    def __call__(self, place: tuple[int, str]) -> Answer[T]:
        _, file = place
        try:
            with naming(file):
                return Answer(file, self.ask(file))
        except (BudgetinatorError, OSError) as error:
            return Answer(file, error=error)
