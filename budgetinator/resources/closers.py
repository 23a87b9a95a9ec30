"""How a resource of each type is closed when no handler of its own was given.

A handler that is given for a resource takes the place of its type's: seed 003
calls both, and a worker would then be cancelled and quit twice.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from budgetinator.resources.kinds import Cleanup, ResourceType
from budgetinator.resources.workers import stop_worker

__all__ = ["DEFAULT_CLEANUPS", "close", "delete_qobject", "put_away"]


def close(resource: Any) -> None:
    """Files and workbooks: `close()`, which both allow twice; a number is a descriptor."""
    if isinstance(resource, int):
        os.close(resource)
    elif (method := getattr(resource, "close", None)) is not None:
        method()


def delete_qobject(resource: Any) -> None:
    """A QObject without a parent is deleted by Qt later; one with a parent goes with it."""
    parent = getattr(resource, "parent", None)
    delete_later = getattr(resource, "deleteLater", None)
    if delete_later is not None and (parent is None or parent() is None):
        delete_later()


def put_away(resource: Any) -> None:
    """A map widget cleans itself up, by whichever of the usual methods it has."""
    for name in ("cleanup", "close"):
        method = getattr(resource, name, None)
        if method is not None:
            method()
            return


DEFAULT_CLEANUPS: Mapping[ResourceType, Cleanup] = {
    ResourceType.FILE_HANDLE: close,
    ResourceType.WORKBOOK: close,
    ResourceType.QOBJECT: delete_qobject,
    ResourceType.MAP: put_away,
    ResourceType.WORKER: stop_worker,
    ResourceType.THREAD: stop_worker,
}
