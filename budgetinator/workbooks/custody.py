"""Who holds a workbook: the thread it belongs to, the component it is tracked for, its end.

The part of a manager that deals with the service and the journal and knows nothing
of cells. It never refers to its component: the coordinator does, weakly.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from budgetinator.errors import ChangedOnDisk, WorkbookClosed, WrongThread
from budgetinator.resources import BaseResourceCoordinator, ResourceType, next_component_id
from budgetinator.resources.sites import creation_site
from budgetinator.workbooks.idle import let_go_if_idle
from budgetinator.workbooks.location import Location
from budgetinator.workbooks.opened import Mode, OpenWorkbook, Ownership
from budgetinator.workbooks.surroundings import Surroundings, surroundings_of

if TYPE_CHECKING:
    from openpyxl import Workbook

    from budgetinator.resources import ResourceManagementService
    from budgetinator.workbooks.saving.fingerprint import Fingerprint

__all__ = ["Custody"]


class Custody:
    """What one manager holds open, or nothing; `fingerprint` is that of its file as last seen."""

    def __init__(
        self,
        location: Location,
        mode: Mode,
        given: ResourceManagementService | Surroundings | None,
    ) -> None:
        self.location = location
        self.mode = mode
        self.ownership = Ownership()
        self.fingerprint: Fingerprint | None = None
        self.closed = False
        self.site = ""
        self._given = given
        self._opened: OpenWorkbook | None = None
        self._coordinator: BaseResourceCoordinator | None = None
        self._resource_id = ""

    @property
    def surroundings(self) -> Surroundings:
        """What was given, or the default runtime's, asked for when it is first needed."""
        if not isinstance(self._given, Surroundings):
            self._given = surroundings_of(self._given)
        return self._given

    @property
    def current(self) -> OpenWorkbook | None:
        """What is open: nothing before the opening, after an eviction and after the end."""
        opened = self._opened
        if opened is None or not opened.closed:
            return opened
        if not opened.evicted:
            self.closed = True  # the service closed it, with the component or at its own end
        return None

    def check_usable(self) -> None:
        """Raise WorkbookClosed after the end."""
        if self.current is None and self.closed:
            raise WorkbookClosed(
                f"{self.location} was closed; make a new manager to use it again.",
                path=self.location.path,
            )

    def claim(self) -> None:
        """Make the workbook the calling thread's; WrongThread if it is another one's."""
        owner = self.ownership.thread
        if not self.ownership.claim():
            raise WrongThread(
                f"{self.location} belongs to the thread {owner.name if owner else 'unknown'!r}; "
                "use it there, or have that thread hand it over.",
                path=self.location.path,
            )

    def mine(self) -> OpenWorkbook | None:
        """What is open, claimed; raises as `check_usable` and `claim` do."""
        self.check_usable()
        opened = self.current
        if opened is not None:
            self.claim()
        return opened

    def hold(self, component: Any, opening: Callable[[], OpenWorkbook]) -> OpenWorkbook:
        """Open, record and track for the component, in place of what is open now.

        If any of it fails, what was open stays. Raises what `opening` does, ChangedOnDisk
        if the file is not the one seen before, LimitExceeded, and JournalError.
        """
        self.claim()
        opened = opening()
        try:
            self._check_same(opened)
            resource_id = self._track(component, opened)
        except BaseException:
            opened.close()
            raise
        before, self._opened = self._opened, opened
        before_id, self._resource_id = self._resource_id, resource_id
        self.fingerprint = opened.fingerprint
        self.site = creation_site()
        if before is not None:
            before.close()
        if before_id and self._coordinator is not None:
            self._coordinator.release(before_id)
        opened.note_references()
        return opened

    def drop(self) -> None:
        """Let go of what is open, and of the fingerprint; it can be opened again."""
        opened, self._opened = self._opened, None
        resource_id, self._resource_id = self._resource_id, ""
        self.fingerprint = None
        try:
            if opened is not None:
                opened.close()
        finally:
            if resource_id and self._coordinator is not None:
                self._coordinator.release(resource_id)

    def end(self, component: Any) -> None:
        """Let go of everything for good; twice is harmless."""
        self.closed = True
        try:
            self.drop()
        finally:
            coordinator, self._coordinator = self._coordinator, None
            if coordinator is not None:
                coordinator.service.unregister_component(component)
            self.ownership.give_up()

    def _check_same(self, opened: OpenWorkbook) -> None:
        before, now = self.fingerprint, opened.fingerprint
        if before is not None and now is not None and before.sha256 != now.sha256:
            raise ChangedOnDisk(
                f"{self.location} was changed by another program since it was opened; "
                "reload it or make a new manager.",
                path=self.location.path,
            )

    def _track(self, component: Any, opened: OpenWorkbook) -> str:
        coordinator = self._coordinator
        if coordinator is None:
            name = next_component_id(type(component).__name__)
            coordinator = BaseResourceCoordinator(name, self.surroundings.service)
            self._coordinator = coordinator.bind_to_component(component)
        if opened.workbook is not None:
            _route_saves(opened.workbook, component)
        journal = self.surroundings.journal
        if journal is not None:
            opened.unrecord = journal.opened(
                self.location.absolute,
                component_id=coordinator.component_id,
                mode=self.mode.name,
                size_bytes=opened.size,
            )
        resource_id = coordinator.track_resource(
            opened,
            ResourceType.WORKBOOK,
            name=self.location.path,
            cleanup_handler=_close,
            size_bytes=opened.size,
            hold="strong",
            may_evict=let_go_if_idle,
            path=str(self.location.absolute),
            mode=self.mode.name,
        )
        opened.resized = partial(coordinator.service.resize_resource, resource_id)
        return resource_id


def _close(opened: OpenWorkbook) -> None:
    opened.close()


def _route_saves(workbook: Workbook, component: Any) -> None:
    """Have the workbook's own `save` go through its manager: durable, verified, and known to it.

    openpyxl's writes over the file in place, and the manager would find the file changed.
    """
    manager, book = weakref.ref(component), weakref.ref(workbook)

    def save(filename: Any, **options: Any) -> None:
        through, original = manager(), book()
        if through is not None and isinstance(filename, str | os.PathLike):
            through.save(filename, **options)
        elif original is not None:
            type(original).save(original, filename)

    vars(workbook)["save"] = save
