"""The life of components: registered, part of another one, cleaned up, forgotten."""

from __future__ import annotations

import itertools
import logging
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from budgetinator.errors import CleanupTimeout
from budgetinator.resources.forking import watch_forks
from budgetinator.resources.kinds import ComponentState
from budgetinator.resources.ledger import Ledger
from budgetinator.resources.owners import Owner
from budgetinator.resources.references import Callback
from budgetinator.resources.tracking import Tracking

if TYPE_CHECKING:
    from budgetinator.resources.service import ResourceManagementService

__all__ = ["Components"]

log = logging.getLogger("budgetinator.resources")


class Components:
    """The components of one service."""

    def __init__(
        self, service: ResourceManagementService, ledger: Ledger, tracking: Tracking
    ) -> None:
        self._ledger = ledger
        self._tracking = tracking
        self._order = itertools.count().__next__
        watch_forks(ledger)
        weakref.finalize(service, _emergency, weakref.ref(service))

    def register(self, component: Any, component_id: str, component_type: str) -> bool:
        """Whether the component was entered; False if it stands in the book already."""
        self._tracking.settle()
        owner = Owner(component, component_id, component_type)
        with self._ledger.lock:
            known = self._ledger.owner_of(component)
            anew = known is None or not known.open
            if anew:
                self._ledger.enter(owner, component)
                self._ledger.inherit(known, owner)
        if not anew:
            log.warning("Component %s already registered", component_id)
            return False
        self._tracking.pressure.apply(owner)
        return True

    def unregister(self, component: Any) -> None:
        """Clean up whatever comes, and strike the component out if nothing is left."""
        self._tracking.settle()
        owner = self._ledger.owner_of(component)
        if owner is None:
            return
        self._tracking.closing.cleanup(owner, force=True)
        if len(owner):
            log.error(
                "%s stays registered: %d of its resources could not be closed",
                owner.component_id,
                len(owner),
            )
            return
        self._ledger.strike(owner)

    def register_cleanup(
        self, owner: Owner, callback: Callable[[], object], priority: int
    ) -> Callable[[], None]:
        entry = (priority, self._order(), Callback(callback))
        with self._ledger.lock:
            owner.require_open()
            owner.callbacks.append(entry)

        def undo() -> None:
            with self._ledger.lock:
                if entry in owner.callbacks:
                    owner.callbacks.remove(entry)

        return undo

    def add_child(self, parent: Owner, child: Owner) -> None:
        with self._ledger.lock:
            parent.require_open()
            ancestor: Owner | None = parent
            while ancestor is not None:
                if ancestor is child:
                    raise ValueError(
                        f"{child.component_id} contains {parent.component_id} already; a "
                        "component cannot be part of itself."
                    )
                ancestor = ancestor.parent
            if child.parent is not None:
                child.parent.children.remove(child)
            child.parent = parent
            parent.children.append(child)

    def set_state(self, component: Any, state: ComponentState) -> None:
        with self._ledger.lock:
            owner = self._ledger.owner_of(component)
            if owner is None:
                return
            if owner.open:
                owner.state = state
                self._ledger.refresh(owner)
        log.debug("Component state changed: %s -> %s", owner.component_id, owner.state.value)

    def cleanup_all(self) -> None:
        """Clean up everybody, the youngest first; failures are logged.

        Whoever is being cleaned up by another thread comes last, so that one
        that does not end holds up nobody else.
        """
        self._tracking.settle()
        owners = reversed(tuple(self._ledger.everyone.values()))
        interrupts: list[BaseException] = []
        for owner in sorted(owners, key=lambda owner: owner.cleaning is not None):
            try:
                self._tracking.closing.cleanup(owner, force=True)
            except CleanupTimeout as error:
                log.error("%s", error)  # noqa: TRY400 - the sentence says all
            # An interrupt in one clean-up must not leave the others undone.
            except BaseException as error:  # noqa: BLE001 - said above
                interrupts.append(error)
        if interrupts:
            raise interrupts[0]

    def close(self) -> None:
        try:
            self.cleanup_all()
        finally:
            for owner in tuple(self._ledger.everyone.values()):
                if not len(owner):
                    self._ledger.strike(owner)


def _emergency(ref: weakref.ref[ResourceManagementService]) -> None:
    service = ref()
    if service is not None and service.ledger.everyone:
        service._emergency_cleanup()  # noqa: SLF001 - seed 003's name
