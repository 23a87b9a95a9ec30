"""Leak checks for anybody's tests: the pytest plugin, and the check as a plain function.

pytest imports this package in every run of every project that has it installed,
so that nothing is imported here before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgetinator.testing.checking import leak_check
    from budgetinator.testing.limits import Limits
    from budgetinator.testing.outliving import survivors
    from budgetinator.testing.wording import describe_leak

_HOMES = {
    "Limits": "limits",
    "describe_leak": "wording",
    "leak_check": "checking",
    "survivors": "outliving",
}

__all__ = ["Limits", "describe_leak", "leak_check", "survivors"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
