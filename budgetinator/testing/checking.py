"""The leak rule as a function that fails: `leak_check`."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from budgetinator.errors import MonitorError
from budgetinator.testing.limits import Limits
from budgetinator.testing.wording import describe_leak

if TYPE_CHECKING:
    from budgetinator.memory import LeakReport

__all__ = ["SECONDS", "leak_check", "measure"]

SECONDS = 1.0


def leak_check(
    function: Callable[..., object],
    /,
    *args: Any,
    objects: float = 0,
    fds: float = 0,
    threads: float = 0,
    bytes: float | None = None,  # noqa: A002 - the name of the mark's argument as well
    seconds: float = SECONDS,
    runs: int | None = None,
) -> LeakReport:
    """Call `function(*args)` by the leak rule; AssertionError if it leaks more than is allowed.

    The limits are growth a call (see `Limits`). `seconds` is about how long it
    takes if there is no suspicion; with `runs` the first round has as many calls. A coroutine
    function is run to its end with each call, in an event loop of its own; MonitorError where
    one runs already. What the function raises ends the check and comes out.
    """
    __tracebackhide__ = True  # pytest shows the caller's line, not this one
    limits = Limits(objects, fds, threads, bytes)
    report = measure(function, *args, seconds=seconds, runs=runs)
    if limits.exceeded(report):
        name = getattr(function, "__qualname__", None) or repr(function)
        raise AssertionError(describe_leak(name, report, limits))
    return report


def measure(
    function: Callable[..., object], /, *args: Any, seconds: float = SECONDS, runs: int | None
) -> LeakReport:
    """The leak rule's report on `function(*args)`; the same as `leak_check` without the verdict."""
    from budgetinator.memory import find_leaks

    with _caller(function, args) as call:
        return find_leaks(call, seconds=seconds, runs=runs)


@contextmanager
def _caller(function: Callable[..., Any], args: tuple[Any, ...]) -> Iterator[Callable[[], object]]:
    """What runs the function once."""
    call = functools.partial(function, *args)
    if not inspect.iscoroutinefunction(function):
        yield call
        return
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise MonitorError(
            f"{function!r} is a coroutine function, and an event loop runs here already;"
            " call leak_check from a plain test, or mark the test itself with no_leaks"
        )
    with asyncio.Runner() as runner:
        yield lambda: runner.run(call())
