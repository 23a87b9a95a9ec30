"""Which service stands for an interface, and how the default runtime is found.

`get_service` knows only what was registered. `resolve_runtime` makes the
default runtime at first use. It is resolved by name, because the runtime stands
above everything that asks for it.
"""

from __future__ import annotations

import pkgutil
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from budgetinator.errors import ServiceNotRegistered

__all__ = [
    "ServiceRegistry",
    "clear_services",
    "get_service",
    "register_service",
    "resolve_runtime",
]

Interface = TypeVar("Interface")

DEFAULT_RUNTIME = "budgetinator.runtime:default_runtime"


class ServiceRegistry:
    """Interface -> the object that stands for it."""

    def __init__(self) -> None:
        self._services: dict[Any, Any] = {}
        self._lock = threading.RLock()  # a finalizer may come in between and call again

    def register(self, interface: type[Interface], service: Interface) -> Callable[[], None]:
        """Let `service` stand for `interface`; the undo brings back what stood before."""
        with self._lock:
            before = self._services.get(interface)
            self._services[interface] = service

        def undo() -> None:
            with self._lock:
                if self._services.get(interface) is not service:
                    return
                if before is None:
                    del self._services[interface]
                else:
                    self._services[interface] = before

        return undo

    def get(self, interface: type[Interface]) -> Interface:
        """What stands for `interface`; ServiceNotRegistered (a ValueError) if nothing does."""
        service = self.find(interface)
        if service is None:
            name = getattr(interface, "__name__", str(interface))
            raise ServiceNotRegistered(
                f"No service is registered for {name}; call register_service first."
            )
        return service

    def find(self, interface: type[Interface]) -> Interface | None:
        """What stands for `interface`, or None."""
        return cast("Interface | None", self._services.get(interface))

    def clear(self) -> None:
        """Forget everything; the services themselves are not closed."""
        with self._lock:
            self._services.clear()


_registry = ServiceRegistry()


def register_service(interface: type[Interface], service: Interface) -> Callable[[], None]:
    """Let `service` stand for `interface` in this process; the undo brings back what was."""
    return _registry.register(interface, service)


def get_service(interface: type[Interface]) -> Interface:
    """What stands for `interface`; a ValueError if nothing was registered."""
    return _registry.get(interface)


def clear_services() -> None:
    """Forget every registration; the services themselves are not closed."""
    _registry.clear()


def resolve_runtime() -> Any:
    """The default runtime, made now if there is none."""
    return pkgutil.resolve_name(DEFAULT_RUNTIME)()
