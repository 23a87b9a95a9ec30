"""Result: two constructors on the class, two readings of the same names on an instance."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from budgetinator.errors import BudgetinatorError, WorkbookNotFound
from budgetinator.result import Result


def test_a_success_has_its_value_and_no_error() -> None:
    """`Result.success(x)` is called on the class and `result.success` read on the instance."""
    result = Result.success([1, 2])
    assert (result.success, result.is_error, result.value, result.error) == (
        True,
        False,
        [1, 2],
        None,
    )


def test_none_is_a_value() -> None:
    """A task without an answer succeeds all the same."""
    result = Result.success(None)
    assert result.success
    assert result.value is None


def test_a_failure_has_its_error_and_no_success() -> None:
    """`Result.error(why)` is called on the class and `result.error` read on the instance."""
    result = Result.error("no such plugin")
    assert (result.success, result.is_error, result.error) == (False, True, "no such plugin")


def test_an_empty_text_is_an_error() -> None:
    """Whether there is an error does not hang on what it says."""
    assert Result.error("").is_error


def test_the_value_of_a_text_failure_raises_the_text() -> None:
    """Reading on as if nothing had happened is not possible."""
    with pytest.raises(BudgetinatorError, match="no such plugin"):
        _ = Result.error("no such plugin").value


def test_the_value_of_an_exception_failure_raises_that_exception() -> None:
    """The exception that a worker met arrives unchanged."""
    error = WorkbookNotFound("no b.xlsx", path="b.xlsx")
    with pytest.raises(WorkbookNotFound) as caught:
        Result.error(error).unwrap()
    assert caught.value is error


@pytest.mark.parametrize(
    ("result", "expected"), [(Result.success(3), 3), (Result.error("none"), 0)]
)
def test_value_or_gives_the_default_for_a_failure(result: Result[int], expected: int) -> None:
    """Where a default will do, nothing is raised."""
    assert result.value_or(0) == expected


@pytest.mark.parametrize("name", ["success", "error", "value", "is_error", "_value"])
def test_a_result_cannot_be_changed(name: str) -> None:
    """What one thread hands to another stays as it is."""
    result = Result.success(3)
    with pytest.raises(AttributeError):
        setattr(result, name, 4)
    assert result == Result.success(3)


@pytest.mark.parametrize("wrong", [None, 3, SystemExit(0)])
def test_an_error_is_a_text_or_an_exception(wrong: object) -> None:
    """Anything else, an exit of the interpreter included, is refused."""
    with pytest.raises(TypeError, match="takes a text or an exception"):
        Result.error(wrong)  # type: ignore[arg-type]


def test_equal_outcomes_are_equal() -> None:
    """Equality and hash go by what is in it; a value never equals an error."""
    assert Result.success(3) == Result.success(3)
    assert hash(Result.success(3)) == hash(Result.success(3))
    assert Result.success("x") != Result.error("x")
    assert Result.error("x") != Result.error("y")


@pytest.mark.parametrize("result", [Result.success({"a": 1}), Result.error("broken")])
def test_a_result_survives_pickling(result: Result[object]) -> None:
    """It crosses process borders as well as threads."""
    assert pickle.loads(pickle.dumps(result)) == result


def test_its_text_is_the_call_that_makes_it() -> None:
    """A result in a log or a debugger can be read and pasted."""
    assert repr(Result.success(3)) == "Result.success(3)"
    assert repr(Result.error("broken")) == "Result.error('broken')"


def test_a_result_has_no_dictionary_to_hang_things_on() -> None:
    """Slotted, as every value here."""
    assert dataclasses.is_dataclass(Result)
    assert not hasattr(Result.success(3), "__dict__")
