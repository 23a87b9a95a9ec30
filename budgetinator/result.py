"""What a controller or a worker hands across a thread: a value, or why there is none.

`success` and `error` are two things each, as scripts use them: called on the
class they make a result, read on an instance they describe it. One small
descriptor serves both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar, cast, overload

from budgetinator.errors import BudgetinatorError

__all__ = ["Result"]

T = TypeVar("T")
D = TypeVar("D")
OnClass = TypeVar("OnClass")
OnInstance = TypeVar("OnInstance")


class _MakesSuccess(Protocol):
    def __call__(self, value: D) -> Result[D]: ...


class _MakesFailure(Protocol):
    def __call__(self, error: str | Exception) -> Result[Any]: ...


class _TwoFaced(Generic[OnClass, OnInstance]):
    """A constructor when read from the class, a reading when read from an instance."""

    def __init__(self, make: OnClass, read: Callable[[Result[Any]], OnInstance]) -> None:
        self._make = make
        self._read = read

    @overload
    def __get__(self, result: None, kind: type[Any]) -> OnClass: ...
    @overload
    def __get__(self, result: Result[Any], kind: type[Any]) -> OnInstance: ...
    def __get__(self, result: Result[Any] | None, kind: type[Any]) -> OnClass | OnInstance:
        return self._make if result is None else self._read(result)


def _make_success(value: D) -> Result[D]:
    return Result(value, None)


def _make_failure(error: str | Exception) -> Result[Any]:
    if not isinstance(error, str | Exception):
        raise TypeError(f"Result.error takes a text or an exception, not {type(error).__name__}")
    return Result(None, error)


@dataclass(frozen=True, repr=False)
class Result(Generic[T]):
    """The outcome of one task; made by `Result.success(value)` or `Result.error(why)`.

    On an instance `success` and `is_error` are booleans, and `error` is the text
    or the exception that was given, None after a success. Two failures are equal
    when their errors are, and exceptions equal only themselves.
    """

    # Written out: with slots=True, Python 3.11 answers setting a property with a TypeError.
    __slots__ = ("_error", "_value")
    _value: T | None
    _error: str | Exception | None

    success = _TwoFaced[_MakesSuccess, bool](_make_success, lambda result: not result.is_error)
    error = _TwoFaced[_MakesFailure, "str | Exception | None"](_make_failure, attrgetter("_error"))

    @property
    def is_error(self) -> bool:
        """Whether there is an error instead of a value."""
        return self._error is not None

    @property
    def value(self) -> T:
        """The value; of a failure, its exception is raised, or its text as BudgetinatorError."""
        return self.unwrap()

    def unwrap(self) -> T:
        """The value, as `value` gives it."""
        if isinstance(self._error, Exception):
            raise self._error
        if self._error is not None:
            raise BudgetinatorError(self._error)
        return cast("T", self._value)

    def value_or(self, default: D) -> T | D:
        """The value, or `default` where there is none."""
        return default if self._error is not None else cast("T", self._value)

    def __reduce__(self) -> tuple[Any, ...]:
        return Result, (self._value, self._error)

    def __repr__(self) -> str:
        if self._error is None:
            return f"Result.success({self._value!r})"
        return f"Result.error({self._error!r})"
