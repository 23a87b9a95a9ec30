"""What a workbook manager needs from outside, and where it comes from if nobody gave it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from budgetinator.config import Settings
from budgetinator.resources import ResourceManagementService, resolve_runtime

if TYPE_CHECKING:
    from budgetinator.resources import Journal

__all__ = ["Surroundings", "surroundings_of"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The service that counts, the settings, the record of open workbooks, the locks' folder.

    Without a journal nothing is recorded across processes; without a `lock_dir` the
    locks lie in the user's own state folder.
    """

    service: ResourceManagementService
    settings: Settings = field(default_factory=Settings)
    journal: Journal | None = None
    lock_dir: Path | None = None


def surroundings_of(given: ResourceManagementService | Surroundings | None) -> Surroundings:
    """The surroundings for what a caller gave.

    A service alone comes with the default settings and no journal; None means the
    default runtime, which is made now if there is none.
    """
    if isinstance(given, Surroundings):
        return given
    if given is not None:
        return Surroundings(given)
    return cast(Surroundings, resolve_runtime().surroundings)
