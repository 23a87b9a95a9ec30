"""What killed programs left behind, cleared away before a command writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from budgetinator.cli.failures import tell

if TYPE_CHECKING:
    from budgetinator.runtime import Runtime

__all__ = ["sweep"]


def sweep(runtime: Runtime) -> None:
    """Delete the temporary files of killed saves; say which of them hold a whole workbook.

    Those stay where they are, until somebody takes them or saves over them.
    """
    if runtime.journal is None:
        return
    for found in runtime.journal.sweep().recoverable:
        tell(f"A save of {found.target} was cut short; a whole copy of it is {found.source}.")
