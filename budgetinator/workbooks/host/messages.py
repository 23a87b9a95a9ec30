"""What a program and the process of a workbook say to each other.

Arguments, values and errors are pickled by themselves within the messages, so that one
that cannot be read is the trouble of one request, and is read by who asked for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple

from budgetinator.config import Settings

__all__ = [
    "Answer",
    "Boot",
    "Cancel",
    "Chunk",
    "Failure",
    "Grant",
    "LogLine",
    "News",
    "OpenOrder",
    "Request",
    "Role",
]

Role = Literal["workbook", "function"]


class Boot(NamedTuple):
    """The first frame, marshalled, because the child can import nothing of ours before it."""

    module: str
    function: str
    """Called with the descriptors of its two pipes and the arguments."""
    arguments: tuple[str | int, ...]
    package: str
    """The folder of this very package, so that the child runs the same one."""
    path: list[str]
    looks_as_parent: bool
    """Whether modules are looked for as by the parent, for functions of its own, or after
    the interpreter's."""


class Request(NamedTuple):
    """To the child: do this; answered by one Answer or Failure of the same number."""

    number: int
    name: str
    arguments: bytes


class Grant(NamedTuple):
    """To the child: so many chunks more may be sent for a request."""

    number: int
    more: int


class Cancel(NamedTuple):
    """To the child: nobody waits for this any more."""

    number: int


class Answer(NamedTuple):
    """From the child: the value of a request; for rows, that there are no more."""

    number: int
    value: bytes


class Failure(NamedTuple):
    """From the child: what a request raised."""

    number: int
    error: bytes


class Chunk(NamedTuple):
    """From the child: a piece of a longer answer."""

    number: int
    value: bytes


class News(NamedTuple):
    """From the child: how what it serves stands now."""

    value: Any


class LogLine(NamedTuple):
    """From the child: a record for the logger of this name."""

    logger: str
    level: int
    text: str


class OpenOrder(NamedTuple):
    """What the child needs to open a workbook as the program itself would.

    `journal` says whether to record it, in `state_dir` or, if that is None, in the user's own.
    """

    path: str
    folder: str | None
    settings: Settings
    journal: bool
    state_dir: Path | None
    lock_dir: Path | None
