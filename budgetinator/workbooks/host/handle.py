"""WorkbookHost: a workbook in a process of its own, from the program's side."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from budgetinator.config import Settings, default_state_dir
from budgetinator.errors import Cancelled, ComponentDestroyed, HostDied
from budgetinator.resources import BaseResourceCoordinator, ResourceType, next_component_id
from budgetinator.resources.sites import creation_site
from budgetinator.workbooks.host.knowledge import Knowledge
from budgetinator.workbooks.host.line import Asking, Line
from budgetinator.workbooks.host.messages import OpenOrder
from budgetinator.workbooks.host.process import ChildProcess
from budgetinator.workbooks.host.rowstream import RowStream
from budgetinator.workbooks.managed import warn_unsaved
from budgetinator.workbooks.surroundings import Surroundings, surroundings_of

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService
    from budgetinator.resources.signals import Signal
    from budgetinator.workbooks.host.sheets import SheetInfo
    from budgetinator.workbooks.host.spare import HostSpare
    from budgetinator.workbooks.losses.finding import Loss
    from budgetinator.workbooks.patch import CellInput
    from budgetinator.workbooks.recalculation.saving import RecalculationReport
    from budgetinator.workbooks.saving.storing import SaveReport

__all__ = ["WorkbookHost"]

log = logging.getLogger("budgetinator.workbooks")

# What changes the workbook or its file is never cut short: half of it would be saved later.
_CANCELLABLE = frozenset({"rows", "contents", "losses", "recalculate", "inspect"})


class WorkbookHost:
    """A workbook that lives in a process of its own; made by `open`, ended by `close`.

    The program holds plain values only, and its memory does not grow with the workbook.
    Every method may be called from any thread and blocks it until the answer is there;
    requests are served in their order, with short ones between the chunks of rows. The
    properties do not block. Cells are set as `ExcelManager.set_cells` does, in the file's
    own XML, and saved by its `save`.

    After `close` requests raise WorkbookClosed. If the process dies, every request that
    waits or comes raises HostDied, and `died` is emitted once, in a thread of this host.
    Where a method takes `cancelled`, that is asked while it waits, and Cancelled is raised
    once it says so; a save that has begun is finished all the same.
    """

    def __init__(self, line: Line, knowledge: Knowledge, surroundings: Surroundings) -> None:
        """Use `open`; this one tracks the process and takes it over."""
        self._line = line
        self._knowledge = knowledge
        self._patience = surroundings.settings.resources.worker_deadline_seconds
        self._site = creation_site()
        self._resource_id = ""
        self._is_closed = False
        name = next_component_id(type(self).__name__)
        self._coordinator = BaseResourceCoordinator(name, surroundings.service)
        self._coordinator.bind_to_component(self)
        self._resource_id = self._coordinator.track_resource(
            line,
            ResourceType.WORKBOOK,
            name=knowledge.path,
            cleanup_handler=partial(_end, path=knowledge.path, patience=self._patience),
            size_bytes=line.process.private_bytes,
            hold="strong",
            process=line.process.pid,
        )
        knowledge.on_death = partial(_forget, weakref.ref(self), self._resource_id)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        spare: HostSpare | None = None,
        service: ResourceManagementService | Surroundings | None = None,
        settings: Settings | None = None,
        cancelled: Asking | None = None,
    ) -> Self:
        """Open a workbook in a process of its own: the spare's, if it has one ready.

        `settings` are those that the process works with, by default the service's
        surroundings'. Raises what ExcelManager does for this file, LimitExceeded, and
        HostDied; then no process is left.
        """
        surroundings = surroundings_of(service)
        knowledge = Knowledge(os.fsdecode(path))
        line = _begin(spare, knowledge)
        host: Self | None = None
        try:
            host = cls(line, knowledge, surroundings)
            order = _order(knowledge.path, surroundings, settings)
            line.call("open", order, cancelled=cancelled)
        except BaseException as error:
            if isinstance(error, Cancelled) or host is None:
                line.process.kill()
            line.end(0 if host is None else host._patience)
            if host is not None:
                host.force_close()
            raise
        finally:
            if spare is not None:
                _warm(spare)
        host._measure()
        return host

    # What it is; none of these waits

    @property
    def path(self) -> str:
        """The path as it was given."""
        return self._knowledge.path

    @property
    def pid(self) -> int:
        """The process, also after its end."""
        return self._line.process.pid

    @property
    def resource_id(self) -> str:
        """What the service tracks the process under."""
        return self._resource_id

    @property
    def is_open(self) -> bool:
        """Whether requests can be made: neither closed nor dead."""
        return self._line.is_open

    @property
    def sheets(self) -> tuple[SheetInfo, ...]:
        """The worksheets with the sizes that they declare, as the last answer left them."""
        return self._knowledge.sheets

    @property
    def is_modified(self) -> bool:
        """Whether the workbook holds anything that its file does not, as of the last answer."""
        return self._knowledge.is_modified

    @property
    def has_unsaved_changes(self) -> bool:
        """Whether there are changes that no save has written, neither to its file nor a copy."""
        return self._knowledge.has_unsaved_changes

    @property
    def unsaved(self) -> Mapping[str, CellInput]:
        """The cells that were set and are not in the file; a copy, known also after a death."""
        return self._knowledge.unsaved

    @property
    def died(self) -> Signal[HostDied]:
        """Emitted when the process ended and nobody had asked for that."""
        return self._knowledge.died_signal

    def memory(self) -> int:
        """Bytes that the process has for itself: what closing gives back. 0 after its end."""
        return self._line.process.private_bytes if self.is_open else 0

    # Reading

    def rows(
        self,
        sheet: str,
        first: int = 1,
        count: int | None = None,
        chunk: int = 500,
        *,
        old_results: bool = False,
        cancelled: Asking | None = None,
    ) -> RowStream:
        """The rows of a sheet from the number `first` on, in chunks of at most `chunk` rows.

        Values are those of `ExcelManager.values`. Chunks of wide rows have fewer. What was
        read once is kept in the process until something is changed, so a few rows from
        anywhere come at once. The first chunk raises WorksheetNotFound, WorkbookDamaged
        and what else reading raises.
        """
        if first < 1 or chunk < 1 or (count is not None and count < 0):
            raise ValueError("first and chunk must be 1 or more, and count not below 0.")
        arguments = (sheet, first, count, chunk, old_results)
        return RowStream(self._line.stream("rows", *arguments, cancelled=cancelled))

    def contents(
        self, addresses: Iterable[str], *, cancelled: Asking | None = None
    ) -> dict[str, CellInput]:
        """What these cells hold, as a formula bar shows it and `set_cells` takes it.

        A formula comes as Formula with its equals sign, one of an array in braces; None for
        an empty cell. Raises WorksheetNotFound and InvalidCellReference.
        """
        found: dict[str, CellInput] = self._ask("contents", list(addresses), cancelled=cancelled)
        return found

    def inspect(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        cancelled: Asking | None = None,
    ) -> Any:
        """What `function(manager, *arguments)` returns, called in the process; see `apply`.

        The function leaves the workbook as it is, so that rows that were read stay known.
        """
        return self._ask("inspect", function, arguments, cancelled=cancelled)

    def changed_on_disk(self) -> bool:
        """Whether the file is not the one any more that was opened or last saved."""
        return bool(self._ask("changed_on_disk"))

    # Changing and saving

    def set_cells(self, changes: Mapping[str, CellInput]) -> dict[str, CellInput]:
        """Set cells, all or none; what they held before, to be set again for undo.

        Takes what `ExcelManager.set_cells` takes. A cell that is set back to what the file
        holds is no change any more. Raises at once also what otherwise the save would.
        """
        old: dict[str, CellInput] = self._ask("set_cells", dict(changes))
        return old

    def save(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        allow_loss: bool = False,
        overwrite: bool = False,
        backup: bool | None = None,
        cancelled: Asking | None = None,
    ) -> SaveReport:
        """Save as `ExcelManager.save` does; raises as it does."""
        options = {"allow_loss": allow_loss, "overwrite": overwrite, "backup": backup}
        report: SaveReport = self._ask("save", _full(path), options, cancelled=cancelled)
        return report

    def losses(self, *, cancelled: Asking | None = None) -> tuple[Loss, ...]:
        """What a save would lose as things stand; `ExcelManager.lossy`."""
        losses: tuple[Loss, ...] = self._ask("losses", cancelled=cancelled)
        return losses

    def recalculate(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        backup: bool | None = None,
        timeout: float = 120.0,
        cancelled: Asking | None = None,
    ) -> RecalculationReport:
        """Have LibreOffice compute all formulas; as `ExcelManager.recalculate`."""
        options = {"backup": backup, "timeout": timeout}
        arguments = _full(path), options
        report: RecalculationReport = self._ask("recalculate", *arguments, cancelled=cancelled)
        return report

    def reload(self) -> None:
        """Drop every change, and see the file as it is now."""
        self._ask("reload")

    def apply(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        cancelled: Asking | None = None,
    ) -> Any:
        """What `function(manager, *arguments)` returns, called in the process.

        `manager` is its ExcelManager. The function is found there by its module and name;
        it, the arguments and what it returns or raises must be picklable. One that has begun
        is done to its end, also when Cancelled is raised here, which says so by `goes_on`.
        """
        return self._ask("apply", function, arguments, cancelled=cancelled)

    def change(
        self,
        operation: Callable[..., Any],
        *arguments: Any,
        cancelled: Asking | None = None,
    ) -> Any:
        """What `operation(workbook, *arguments)` returns, called in the process.

        `workbook` is the openpyxl workbook, which is loaded by this and stays so; otherwise as
        `apply`. What it changes is unsaved until `save`, also where it raises.
        """
        return self._ask("change", operation, arguments, cancelled=cancelled)

    def cancel(self) -> None:
        """Have whoever waits for something that changes nothing get Cancelled now."""
        self._line.cancel(_CANCELLABLE)

    # Ending

    def close(self, timeout: float | None = None) -> None:
        """End the process after what it is doing; twice is harmless.

        Changes that were not saved are dropped with an UnsavedChangesWarning. After `timeout`
        seconds, by default the setting `resources.worker_deadline_seconds`, it is killed,
        which the log tells.
        """
        was_open = not self._is_closed and not self._knowledge.is_dead
        self.force_close(timeout)
        if was_open and self.has_unsaved_changes:  # asked now: a save under way was completed
            warn_unsaved(self.path)

    def force_close(self, timeout: float | None = None) -> None:
        """The same, and no warning of changes."""
        if not self._is_closed:
            self._is_closed = True
            _end(self._line, self.path, self._patience if timeout is None else timeout)
            self._coordinator.service.unregister_component(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.force_close()

    def __del__(self) -> None:
        if not getattr(self, "_is_closed", True) and self._line.is_open:
            warnings.warn(
                f"The process of {self.path}, opened at {self._site}, was never closed.",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )

    def __repr__(self) -> str:
        state = "open" if self.is_open else "dead" if self._knowledge.is_dead else "closed"
        return f"<{type(self).__name__} {self.path!r}, process {self.pid}, {state}>"

    # Inside

    def _ask(self, name: str, *arguments: Any, cancelled: Asking | None = None) -> Any:
        try:
            return self._line.call(name, *arguments, cancelled=cancelled)
        finally:
            self._measure()

    def _measure(self) -> None:
        """Book what the process takes now."""
        if self.is_open:
            with contextlib.suppress(LookupError):  # it has just been let go of
                self._coordinator.service.resize_resource(self._resource_id, self.memory())


def _begin(spare: HostSpare | None, knowledge: Knowledge) -> Line:
    try:
        return Line(spare.take() if spare is not None else ChildProcess("workbook"), knowledge)
    except (OSError, RuntimeError) as error:  # no descriptor, process or thread is left
        raise HostDied(
            f"No process could be started for {knowledge.path}: {error}. Close other workbooks "
            "or programs, and open it again.",
            path=knowledge.path,
        ) from error


def _warm(spare: HostSpare) -> None:
    """Have the next one ready; that there is none must not cost the workbook just opened."""
    try:
        spare.warm()
    except ComponentDestroyed:  # its service was closed
        pass
    except OSError as error:
        log.warning("No spare process could be started: %s", error)


def _order(path: str, surroundings: Surroundings, settings: Settings | None) -> OpenOrder:
    journal = surroundings.journal
    return OpenOrder(
        path=path,
        folder=_working_folder(),
        settings=settings or surroundings.settings,
        journal=journal is not None,
        state_dir=None if journal is None else _given_folder(journal.path.parent),
        lock_dir=surroundings.lock_dir,
    )


def _given_folder(folder: Path) -> Path | None:
    """None for the user's own, where a journal may be off instead of refused."""
    return None if folder == default_state_dir() else folder


def _working_folder() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def _full(path: str | os.PathLike[str] | None) -> str | None:
    """In full: the process has the working folder of the time when it opened the file."""
    return None if path is None else os.path.abspath(os.fsdecode(path))


def _end(line: Line, path: str, patience: float) -> None:
    if not line.end(patience):
        log.warning(
            "The process %d of %s did not end within %g s and was killed",
            line.process.pid,
            path,
            patience,
        )


def _forget(host: weakref.ref[WorkbookHost], resource_id: str) -> None:
    """The process is gone by itself: there is nothing to track any more."""
    known = host()
    if known is not None:
        known._coordinator.release(resource_id)  # noqa: SLF001  its own
