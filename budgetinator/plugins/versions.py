"""Versions of plugins and the ranges that other plugins ask for.

A version is numbers parted by dots, with `.dev`, `a`, `b` or `rc` and a number behind
them where it comes before the release: `1.2`, `1.2.0` and `1.2.0rc1`. The first two are
equal. Rejected: the library `packaging`, whose local versions, epochs and post releases
no plugin of a budget program needs.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from budgetinator.plugins.names import ID

__all__ = ["PluginVersion", "Requirement"]

_VERSION = re.compile(r"(\d{1,9}(?:\.\d{1,9}){0,5})(?:[-.]?(dev|a|b|rc)\.?(\d{1,9}))?", re.ASCII)
_REQUIREMENT = re.compile(rf"({ID.pattern})\s*(.*)", re.ASCII | re.DOTALL)
_CLAUSE = re.compile(r"(==|!=|>=|<=|>|<)\s*(\S+)")
_STAGES = ("dev", "a", "b", "rc")
_Comparison: TypeAlias = "Callable[[PluginVersion, PluginVersion], bool]"
_COMPARISONS: dict[str, _Comparison] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True, order=True)
class PluginVersion:
    """A version that can be compared; `stage` is (4, 0) for a release."""

    numbers: tuple[int, ...]
    stage: tuple[int, int]

    @classmethod
    def parse(cls, text: str) -> PluginVersion:
        """Read a version; ValueError for a text that is none."""
        found = _VERSION.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} is no version; write numbers with dots, as in 1.2.0")
        numbers = [int(part) for part in found[1].split(".")]
        while len(numbers) > 1 and numbers[-1] == 0:
            numbers.pop()
        stage = (_STAGES.index(found[2]), int(found[3])) if found[2] else (len(_STAGES), 0)
        return cls(tuple(numbers), stage)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A plugin that another one needs, with the range of its versions: `>=1.0,<2`."""

    plugin_id: str
    version_range: str = ""

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Read `currency>=1.0,<2`; ValueError for a text that is no requirement."""
        found = _REQUIREMENT.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} names no plugin; write its id, and a range as in >=1.0,<2")
        requirement = cls(found[1], found[2].strip())
        requirement.accepts("0")
        return requirement

    def accepts(self, version: str) -> bool:
        """Whether a plugin of this version will do."""
        given = PluginVersion.parse(version)
        return all(compare(given, bound) for compare, bound in self._clauses())

    def _clauses(self) -> list[tuple[_Comparison, PluginVersion]]:
        clauses = []
        for part in self.version_range.split(",") if self.version_range else ():
            found = _CLAUSE.fullmatch(part.strip())
            if found is None:
                raise ValueError(f"{part!r} is no range of versions; write it as in >=1.0,<2")
            clauses.append((_COMPARISONS[found[1]], PluginVersion.parse(found[2])))
        return clauses

    def __str__(self) -> str:
        return f"{self.plugin_id}{self.version_range}"
