"""What a fork makes of a service: the child holds nothing of what the parent opened.

A handler that ran in the child would close the parent's files a second time,
flush its buffers twice or delete its temporary files. So the child's ledgers
begin empty, and what was inherited is neither closed nor dropped there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

if TYPE_CHECKING:
    from budgetinator.resources.ledger import Ledger

__all__ = ["watch_forks"]

# The interpreter has no way to take a fork hook back, so there is one for the whole process.
_ledgers: WeakSet[Any] = WeakSet()
_hooks: list[str] = []


def watch_forks(ledger: Ledger) -> None:
    """Make the ledger begin anew in every child process."""
    _ledgers.add(ledger)
    if not _hooks and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_begin_anew)
        _hooks.append("registered")


def _begin_anew() -> None:
    for ledger in tuple(_ledgers):
        ledger.begin_anew()
