"""What `monitor_operation` and `profile_operation` return: a decorator and a context manager."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, cast

from budgetinator.memory.spans import current_span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from types import TracebackType

    from budgetinator.memory.spans import Span

__all__ = ["Form", "MeasuredOperation"]

P = ParamSpec("P")
R = TypeVar("R")
Form = Literal["call", "with"]


class MeasuredOperation:
    """Measures what it decorates or encloses, each run as a span of its own.

    One object may be used many times and by many threads and tasks at once.
    Plain and async functions are measured from call to return. Generators are
    measured from their first value to their end, what the consumer does in
    between included; spans that the consumer opens meanwhile are not nested
    in it, and both are flagged as shared.
    """

    def __init__(
        self, name: str, begin: Callable[[Form], Span], finish: Callable[[Span, bool], None]
    ) -> None:
        self.name = name
        self._begin = begin
        self._finish = finish
        self._open: list[Span] = []

    def __enter__(self) -> Span:
        span = self._begin("with")
        self._open.append(span)
        span.start()
        return span

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        span = self._innermost()
        try:
            self._end(span, failed=kind is not None)
        finally:
            self._open.remove(span)

    async def __aenter__(self) -> Span:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        if inspect.isasyncgenfunction(function):
            wrapper: Any = self._around_async_generator(function)
        elif inspect.iscoroutinefunction(function):
            wrapper = self._around_coroutine(function)
        elif inspect.isgeneratorfunction(function):
            wrapper = self._around_generator(function)
        else:
            wrapper = self._around_function(function)
        return cast("Callable[P, R]", functools.update_wrapper(wrapper, function))

    def _innermost(self) -> Span:
        """The span to end: this context's innermost one of ours, else the latest opened."""
        span = current_span()
        while span is not None and span not in self._open:
            span = span.parent
        return self._open[-1] if span is None else span

    def _end(self, span: Span, *, failed: bool) -> None:
        try:
            self._finish(span, failed)
        finally:
            span.leave()

    @contextmanager
    def _measured(self) -> Iterator[Span]:
        """A span that is not entered: for a body that runs a step at a time."""
        span = self._begin("call")
        span.start(enter=False)
        failed = True
        try:
            yield span
            failed = False
        except GeneratorExit:
            failed = False
            raise
        finally:
            self._finish(span, failed)

    def _around_function(self, function: Callable[..., R]) -> Callable[..., R]:
        def measured(*args: Any, **kwargs: Any) -> R:
            span = self._begin("call")
            span.start()
            failed = True
            try:
                result = function(*args, **kwargs)
                failed = False
                return result
            finally:
                self._end(span, failed=failed)

        return measured

    def _around_coroutine(
        self, function: Callable[..., Awaitable[R]]
    ) -> Callable[..., Awaitable[R]]:
        async def measured(*args: Any, **kwargs: Any) -> R:
            span = self._begin("call")
            span.start()
            failed = True
            try:
                result = await function(*args, **kwargs)
                failed = False
                return result
            finally:
                self._end(span, failed=failed)

        return measured

    def _around_generator(
        self, function: Callable[..., Generator[Any, Any, R]]
    ) -> Callable[..., Generator[Any, Any, R]]:
        def measured(*args: Any, **kwargs: Any) -> Generator[Any, Any, R]:
            with self._measured() as span:
                result: R = yield from _Steps(span, function(*args, **kwargs))
                return result

        return measured

    def _around_async_generator(
        self, function: Callable[..., AsyncGenerator[Any, Any]]
    ) -> Callable[..., AsyncIterator[Any]]:
        async def measured(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            with self._measured() as span:
                steps = function(*args, **kwargs)
                step = steps.asend(None)
                while True:
                    try:
                        value = await _inside(span, step)
                    except StopAsyncIteration:
                        break
                    try:
                        sent = yield value
                    except GeneratorExit:
                        await _inside(span, steps.aclose())
                        raise
                    except BaseException as error:  # noqa: BLE001 - thrown in by the consumer
                        step = steps.athrow(error)
                    else:
                        step = steps.asend(sent)
                del steps, step

        return measured


class _Steps(Generator[Any, Any, Any]):
    """A generator whose body runs inside a span, and whose consumer does not."""

    def __init__(self, span: Span, steps: Generator[Any, Any, Any]) -> None:
        self._span = span
        self._steps = steps

    def send(self, value: Any) -> Any:
        self._span.enter()
        try:
            return self._steps.send(value)
        finally:
            self._span.leave()

    def throw(self, *error: Any) -> Any:
        self._span.enter()
        try:
            return self._steps.throw(*error)
        finally:
            self._span.leave()


async def _inside(span: Span, step: Awaitable[R]) -> R:
    span.enter()
    try:
        return await step
    finally:
        span.leave()
