"""The right to use a shared workbook until it is given back."""

from __future__ import annotations

import threading
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any

from budgetinator.errors import WorkbookClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from budgetinator.workbooks.manager import ExcelManager

__all__ = ["SharedManager", "WorkbookLease"]


class SharedManager:
    """One manager, and who has a lease on it; a lease that was collected was given back.

    Its owner, in `ResourceManager`, keeps a lock around every use of the leases.
    """

    def __init__(self, manager: ExcelManager) -> None:
        self.manager = manager
        self._leases: dict[int, tuple[weakref.ref[WorkbookLease], threading.Thread]] = {}

    def lend(self, give_back: Callable[[SharedManager, int], None]) -> WorkbookLease:
        """One more lease, for the calling thread."""
        lease = WorkbookLease(self, give_back)
        self._leases[id(lease)] = weakref.ref(lease), threading.current_thread()
        return lease

    def forget(self, lease_id: int) -> None:
        """A lease was given back; a thread that has none left leaves the workbook to others."""
        self._leases.pop(lease_id, None)
        self.settle()

    def settle(self) -> None:
        """Book the leases that were collected."""
        dead = [key for key, (lease, _) in self._leases.items() if lease() is None]
        for key in dead:
            del self._leases[key]
        self.manager.custody.ownership.keep_for({thread for _, thread in self._leases.values()})

    @property
    def is_lent(self) -> bool:
        """Whether anybody has a lease."""
        return bool(self._leases)

    def mine(self) -> WorkbookLease | None:
        """The calling thread's latest lease."""
        me = threading.current_thread()
        leases = [lease() for lease, thread in self._leases.values() if thread is me]
        return next((lease for lease in reversed(leases) if lease is not None), None)


class WorkbookLease:
    """A shared ExcelManager, used like one: every attribute is the manager's.

    The workbook belongs to the thread that uses it first, until that thread has given
    its leases back; meanwhile another one that holds a lease gets WrongThread. `release`,
    `close` and the end of `with` give it back, once; afterwards every use raises
    WorkbookClosed. What was changed and not saved stays with the shared manager.
    """

    __slots__ = ("__weakref__", "_give_back", "_path", "_shared")

    def __init__(
        self, shared: SharedManager, give_back: Callable[[SharedManager, int], None]
    ) -> None:
        self._shared: SharedManager | None = shared
        self._give_back = give_back
        self._path = shared.manager.file_path

    @property
    def manager(self) -> ExcelManager:
        """The shared manager itself; WorkbookClosed once the lease was given back."""
        if self._shared is None:
            raise WorkbookClosed(
                f"This lease on {self._path} was given back; get another one.", path=self._path
            )
        return self._shared.manager

    @property
    def is_released(self) -> bool:
        """Whether the lease was given back."""
        return self._shared is None

    def release(self) -> None:
        """Give it back; harmless when done twice."""
        shared, self._shared = self._shared, None
        if shared is not None:
            self._give_back(shared, id(self))

    close = release

    def force_close(self) -> None:
        """Give it back; others may be using the workbook."""
        self.release()

    def __enter__(self) -> WorkbookLease:
        _ = self.manager
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.manager, name)

    def __repr__(self) -> str:
        state = "given back" if self._shared is None else repr(self._shared.manager)
        return f"<WorkbookLease on {self._path!r}, {state}>"
