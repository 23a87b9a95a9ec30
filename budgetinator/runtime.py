"""The composition root: the one place that knows all the classes and joins them.

`make_runtime` builds a runtime from settings; whoever builds one closes it.
The default runtime is made at first use, by whatever asks for it first: a
context manager in a script, `resource_manager`, the command line. It uses the
service that the program registered, or registers its own. It is the only state
of this library that a program does not hold in its own hands, and it can be
closed; the next use makes a new one.
"""

from __future__ import annotations

import functools
import gc
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from budgetinator.config import Loaded, Settings, default_state_dir, load_settings
from budgetinator.resources import (
    IResourceManagementService,
    ResourceCleanupManager,
    ResourceManagementService,
    get_service,
    register_service,
)

if TYPE_CHECKING:
    from budgetinator.memory import MemoryMonitor
    from budgetinator.plugins import PluginManager
    from budgetinator.resources import Journal
    from budgetinator.workbooks import ExcelResourceTracker, HostSpare, ResourceManager

__all__ = [
    "Runtime",
    "cleanup_on_exception",
    "close_default_runtime",
    "default_runtime",
    "force_memory_cleanup",
    "force_system_cleanup",
    "get_memory_usage",
    "make_runtime",
    "use_default_settings",
]

log = logging.getLogger("budgetinator.runtime")

MB = 1024 * 1024

T = TypeVar("T")
Function = TypeVar("Function", bound=Callable[..., Any])


_CLOSED_IN_ORDER = (
    "plugin_manager",
    "memory_monitor",
    "host_spare",
    "resource_manager",
    "excel_tracker",
    "cleanup_manager",
)


class _Part(Generic[T]):
    """A part made at first use, once: since Python 3.12 `cached_property` takes no lock."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = make.__name__

    def __get__(self, runtime: Runtime, kind: type[Runtime]) -> T:
        with runtime.making:
            made = runtime.__dict__
            if self._name not in made:
                made[self._name] = self._make(runtime)
            return made[self._name]  # type: ignore[no-any-return]


class Runtime:
    """Everything that works together: settings, service, journal, monitor, workbooks.

    The parts are made when they are first asked for. `close` takes them down
    in reverse, everything tried; a service that was given is left to its owner.
    """

    def __init__(self, loaded: Loaded, *, service: ResourceManagementService | None = None) -> None:
        self.loaded = loaded
        self.settings: Settings = loaded.settings
        self._owns_service = service is None
        self.service = service or _make_service(loaded.settings)
        self.making = threading.RLock()
        """Held while a part is made."""
        self._closed = False

    @_Part
    def state_dir(self) -> Path:
        """Where locks and the journal are kept."""
        given = self.settings.resources.state_dir
        if given is not None:
            return Path(given).expanduser()
        return default_state_dir()

    @property
    def lock_dir(self) -> Path:
        """The folder of the lock files; it may not exist yet."""
        return self.state_dir / "locks"

    @property
    def _state_is_given(self) -> bool:
        return self.settings.resources.state_dir is not None

    @_Part
    def journal(self) -> Journal | None:
        """The machine-wide record of open workbooks, or None where settings switch it off."""
        if not self.settings.resources.journal:
            return None
        from budgetinator.resources import Journal

        return Journal(self.state_dir if self._state_is_given else None)

    @_Part
    def cleanup_manager(self) -> ResourceCleanupManager:
        return ResourceCleanupManager(self.service)

    @_Part
    def resource_manager(self) -> ResourceManager:
        from budgetinator.workbooks import ResourceManager

        return ResourceManager(self.surroundings)

    @_Part
    def host_spare(self) -> HostSpare:
        """The process made ahead for the next `WorkbookHost`; `warm` starts it."""
        from budgetinator.workbooks import HostSpare

        return HostSpare(self.surroundings)

    @_Part
    def excel_tracker(self) -> ExcelResourceTracker:
        from budgetinator.workbooks import ExcelResourceTracker

        return ExcelResourceTracker(self.service)

    @_Part
    def memory_monitor(self) -> MemoryMonitor:
        from budgetinator.memory import MemoryMonitor

        return MemoryMonitor(
            settings=self.settings.memory_management,
            resources=self.held,
            suspects=self._suspects,
            cleanup=self.close_idle,
        )

    @_Part
    def plugin_manager(self) -> PluginManager:
        """Finds plugins, and loads those that the user trusts; to be used in one thread."""
        from budgetinator.plugins import PluginManager

        options = self.settings.plugins
        return PluginManager(
            self.service,
            state_dir=self.state_dir,
            enabled=options.loading_enabled,
            deadline=options.loading_deadline_seconds,
        )

    @_Part
    def surroundings(self) -> Any:
        """What a workbook manager needs of this runtime."""
        from budgetinator.workbooks.surroundings import Surroundings

        return Surroundings(
            service=self.service,
            settings=self.settings,
            journal=self.journal,
            lock_dir=self.lock_dir,
        )

    def held(self) -> dict[str, int]:
        """How many resources each component holds, by component id and type."""
        counts: dict[str, int] = {}
        for component in self.service.snapshot().components:
            for resource in component.resources.values():
                key = f"{component.component_id} {resource.resource_type.value}"
                counts[key] = counts.get(key, 0) + 1
        return counts

    def close_idle(self) -> int:
        """Close idle, clean, unprotected workbooks, oldest first; how many there were."""
        return self.service.evict_idle()

    def force_cleanup(self) -> dict[str, Any]:
        """Let go of whatever may go: see `force_system_cleanup`."""
        from budgetinator.memory import release_memory

        self.service.tick()
        return asdict(release_memory(self.close_idle, self.held))

    def leftovers(self) -> list[str]:
        """What is still tracked, a line each, with the place where it was tracked if known."""
        return [
            f"{component.component_id}: {resource.resource_type.value} "
            f"{resource.name or resource.resource_id}"
            + (f", tracked at {resource.created_at}" if resource.created_at else "")
            for component in self.service.snapshot().components
            for resource in component.resources.values()
        ]

    def close(self) -> None:
        """Close every workbook and whatever else is held; may be called twice."""
        with self.making:
            if self._closed:
                return
            self._closed = True
        failures: list[Exception] = []
        for name in _CLOSED_IN_ORDER:
            if (part := self.__dict__.get(name)) is not None:
                _try(_closer(part), failures)
        if self._owns_service:
            _try(self.service.close, failures)
        if (journal := self.__dict__.get("journal")) is not None:
            _try(journal.close, failures)
        if failures:
            raise ExceptionGroup("The runtime could not be closed completely", failures)

    def __enter__(self) -> Runtime:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _suspects(self) -> list[Any]:
        from budgetinator.memory import Suspect

        return [
            Suspect(
                kind="resource",
                name=resource.resource_id,
                detail=f"{resource.component_id} holds {resource.resource_type.value} "
                f"{resource.name or resource.resource_id} since {resource.tracked_at:%H:%M:%S}",
            )
            for resource in self.service.held_too_long()
        ] + [
            Suspect(
                kind="component",
                name=component_id,
                detail=f"{component_id} was collected while it held {count} resources",
            )
            for component_id, count in self.service.died_holding()
        ]


def make_runtime(
    settings: Settings | Loaded | None = None,
    *,
    service: ResourceManagementService | None = None,
) -> Runtime:
    """A runtime of one's own; the caller closes it.

    Without settings they are loaded as `load_settings` does. A given `service`
    is used and left open at the end.
    """
    if isinstance(settings, Settings):
        loaded = Loaded(settings=settings, origins={})
    else:
        loaded = settings if settings is not None else load_settings()
    return Runtime(loaded, service=service)


class _Default:
    """The default runtime: at most one at a time, per process.

    The child of a fork has none at first, and the lock is free in it. What it
    inherited is kept and neither used nor closed: it is the parent's.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._runtime: Runtime | None = None
        self._unregister: Callable[[], None] | None = None
        self._inherited: list[Runtime] = []
        self._watches_forks = False
        self._settings: Settings | None = None

    def use(self, settings: Settings) -> None:
        self._settings = settings

    def get(self) -> Runtime:
        self._watch_forks()
        with self._lock:
            if self._runtime is None:
                self._runtime = make_runtime(self._settings, service=_registered_service())
                self._unregister = register_service(
                    IResourceManagementService,  # type: ignore[type-abstract]
                    self._runtime.service,
                )
            return self._runtime

    def peek(self) -> Runtime | None:
        return self._runtime

    def close(self) -> None:
        with self._lock:
            runtime, self._runtime = self._runtime, None
            unregister, self._unregister = self._unregister, None
        if unregister is not None:
            unregister()
        if runtime is not None:
            runtime.close()

    def _watch_forks(self) -> None:
        if not self._watches_forks and hasattr(os, "register_at_fork"):
            self._watches_forks = True
            os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self._lock = threading.RLock()
        runtime, self._runtime = self._runtime, None
        unregister, self._unregister = self._unregister, None
        if runtime is not None:
            self._inherited.append(runtime)
        if unregister is not None:
            unregister()


_default = _Default()


def default_runtime() -> Runtime:
    """The runtime that scripts and the command line share, made at first use."""
    return _default.get()


def use_default_settings(settings: Settings) -> None:
    """Have the default runtime work with these, when it is next made, and load none.

    For a process that works for another one, with that one's settings.
    """
    _default.use(settings)


def close_default_runtime() -> None:
    """Close the default runtime; the next use makes a new one. Harmless when there is none."""
    _default.close()


def leftovers() -> list[str]:
    """What the default runtime still tracks, a line each; nothing if there is none."""
    runtime = _default.peek()
    return runtime.leftovers() if runtime is not None else []


def force_system_cleanup() -> dict[str, Any]:
    """Let go of whatever may go, and give the memory back to the system (seed 004).

    Closes idle, clean, unprotected workbooks, oldest first, collects garbage
    and returns free pages. Nothing that holds changes is closed. The dictionary
    says what was `released` and what is `still_held`, by component and type,
    with `released_bytes` and `collected_objects`.
    """
    return default_runtime().force_cleanup()


def force_memory_cleanup() -> int:
    """Collect garbage and return free pages; the number of objects that were unreachable."""
    collected = gc.collect()
    from budgetinator.workbooks.releasing import return_memory

    return_memory()
    return collected


def get_memory_usage() -> dict[str, float]:
    """`process_memory_mb`, `peak_memory_mb` and `memory_percent` of this process now."""
    from budgetinator.memory import process_reading, system_reading

    reading = process_reading()
    return {
        "process_memory_mb": reading.rss / MB,
        "peak_memory_mb": (reading.peak or reading.rss) / MB,
        "memory_percent": 100 * reading.rss / system_reading().total,
    }


def cleanup_on_exception(function: Function) -> Function:
    """Decorator: when the function raises, release what may be released, then raise on."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException:
            try:
                force_system_cleanup()
            # The caller's own exception is the news; a failing clean-up must not replace it.
            except Exception:
                log.exception("Clean-up after a failure failed")
            raise

    return wrapper  # type: ignore[return-value]


_PARTS = ("cleanup_manager", "resource_manager", "excel_tracker", "memory_monitor")


def __getattr__(name: str) -> Any:
    """The default runtime's parts, under the names that scripts import."""
    if name in _PARTS:
        return getattr(default_runtime(), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _registered_service() -> ResourceManagementService | None:
    try:
        service = get_service(IResourceManagementService)  # type: ignore[type-abstract]
    except ValueError:
        return None
    return service if isinstance(service, ResourceManagementService) else None


def _make_service(settings: Settings) -> ResourceManagementService:
    memory = settings.memory_management
    service = ResourceManagementService(
        debug=memory.debug_mode,
        tick_seconds=memory.cleanup_interval_seconds,
        held_too_long=settings.resources.held_too_long_seconds,
        cleanup_timeout=settings.resources.cleanup_timeout_seconds,
    )
    service.set_global_memory_limit(
        memory.memory_threshold_mb * MB,
        policy="evict" if memory.auto_cleanup else "warn",
    )
    return service


def _closer(part: Any) -> Callable[[], object]:
    for name in ("close", "cleanup_all", "cleanup"):
        method = getattr(part, name, None)
        if method is not None:
            return method  # type: ignore[no-any-return]
    raise TypeError(f"{type(part).__name__} cannot be closed")


def _try(call: Callable[[], object], failures: list[Exception]) -> None:
    try:
        call()
    # Every part is taken down; what failed comes out together.
    except Exception as error:  # noqa: BLE001 - said above
        failures.append(error)
