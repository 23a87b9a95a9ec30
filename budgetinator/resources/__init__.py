"""Who holds what, and how it is let go.

The door of the package: everything that other packages and programs use is
named here, and nothing else in it is public.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from budgetinator.resources.cleanup import ResourceCleanupManager
from budgetinator.resources.coordinators import BaseResourceCoordinator
from budgetinator.resources.interfaces import IResourceManagementService, next_component_id
from budgetinator.resources.kinds import (
    ComponentInfo,
    ComponentState,
    RegisteredType,
    ReleaseOutcome,
    ResourceType,
    Snapshot,
    TrackedResource,
)
from budgetinator.resources.mock_coordinator import MockResourceCoordinator
from budgetinator.resources.pool import Lease, ResourcePool
from budgetinator.resources.registry import (
    ServiceRegistry,
    clear_services,
    get_service,
    register_service,
    resolve_runtime,
)
from budgetinator.resources.scope import Scope
from budgetinator.resources.service import ResourceManagementService
from budgetinator.resources.signals import Signal
from budgetinator.resources.worker_coordinator import WorkerResourceCoordinator
from budgetinator.resources.workers import FutureWorker, ThreadWorker, Worker

if TYPE_CHECKING:
    from budgetinator.resources.database_coordinator import DatabaseCoordinator
    from budgetinator.resources.journal import (
        TEMP_SUFFIX,
        Journal,
        JournalEntry,
        Recoverable,
        Sweep,
    )

__all__ = [
    "TEMP_SUFFIX",
    "BaseResourceCoordinator",
    "ComponentInfo",
    "ComponentState",
    "DatabaseCoordinator",
    "FutureWorker",
    "IResourceManagementService",
    "Journal",
    "JournalEntry",
    "Lease",
    "MockResourceCoordinator",
    "Recoverable",
    "RegisteredType",
    "ReleaseOutcome",
    "ResourceCleanupManager",
    "ResourceManagementService",
    "ResourcePool",
    "ResourceType",
    "Scope",
    "ServiceRegistry",
    "Signal",
    "Snapshot",
    "Sweep",
    "ThreadWorker",
    "TrackedResource",
    "Worker",
    "WorkerResourceCoordinator",
    "clear_services",
    "get_service",
    "next_component_id",
    "register_service",
    "resolve_runtime",
]

# What needs sqlite3 is needed by those only who keep a journal or a database.
_LATE = {
    "DatabaseCoordinator": "database_coordinator",
    **dict.fromkeys(("TEMP_SUFFIX", "Journal", "JournalEntry", "Recoverable", "Sweep"), "journal"),
}


def __getattr__(name: str) -> object:
    if name in _LATE:
        return getattr(import_module(f"budgetinator.resources.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
