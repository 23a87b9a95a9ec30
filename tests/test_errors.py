"""Every error keeps the same promises, found by walking the tree."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest

from budgetinator import errors
from budgetinator.errors import BudgetinatorError


def _subclasses(kind: type[BudgetinatorError]) -> Iterator[type[BudgetinatorError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from _subclasses(child)


def _details(kind: type[BudgetinatorError]) -> set[str]:
    """The details that a class and its bases of ours declare."""
    bases = [base for base in kind.__mro__ if base.__module__ == errors.__name__]
    return {name for base in bases for name in vars(base).get("__annotations__", {})}


ALL = [BudgetinatorError, *dict.fromkeys(_subclasses(BudgetinatorError))]
each_error = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)


@each_error
def test_an_error_says_its_sentence(kind: type[BudgetinatorError]) -> None:
    """str() gives the sentence as it was given, whatever the builtin base would make of it."""
    error = kind("b.xlsx is locked; close it there.")
    assert str(error) == "b.xlsx is locked; close it there."


@each_error
def test_an_error_carries_its_details(kind: type[BudgetinatorError]) -> None:
    """Each declared detail can be given by keyword, and is None or empty when it is not."""
    plain = kind("sentence")
    filled = kind("sentence", **dict.fromkeys(_details(kind), "given"))
    assert {name: getattr(filled, name) for name in _details(kind)} == dict.fromkeys(
        _details(kind), "given"
    )
    assert not any(getattr(plain, name) for name in _details(kind))


@each_error
def test_an_error_survives_pickling(kind: type[BudgetinatorError]) -> None:
    """Errors cross process borders whole: class, sentence and details."""
    error = kind("sentence", **dict.fromkeys(_details(kind), "given"))
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.args, vars(copy)) == (kind, error.args, vars(error))


@each_error
def test_an_error_refuses_a_detail_that_it_does_not_declare(kind: type[BudgetinatorError]) -> None:
    """A misspelt detail is a mistake in our code and is told at once."""
    with pytest.raises(TypeError, match="no detail 'sheeet'"):
        kind("sentence", sheeet="Overview")


@each_error
def test_an_error_is_public_and_drawn_in_the_tree(kind: type[BudgetinatorError]) -> None:
    """No error is left out of `__all__` or of the tree in the module's docstring."""
    assert kind.__name__ in errors.__all__
    assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.ConfigError, ValueError),
        (errors.ComponentNotRegistered, LookupError),
        (errors.CleanupTimeout, TimeoutError),
        (errors.WorkbookNotFound, FileNotFoundError),
        (errors.WorkbookClosed, ValueError),
        (errors.SaveError, OSError),
        (errors.TargetReadOnly, PermissionError),
        (errors.WorkbookBusy, TimeoutError),
    ],
)
def test_an_error_can_be_caught_as_its_builtin_kin(
    kind: type[BudgetinatorError], builtin: type[Exception]
) -> None:
    """A script that knows only Python's own errors catches ours."""
    with pytest.raises(builtin):
        raise kind("sentence")


def test_the_seeds_name_of_the_base_is_the_base() -> None:
    """Code that catches FSAError catches everything."""
    assert errors.FSAError is BudgetinatorError
