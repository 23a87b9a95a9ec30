"""A workbook file in one program's hands: opened when it is needed, and let go."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from budgetinator.errors import UnsavedChangesWarning, ValuesOnly
from budgetinator.workbooks.callers import callers_stacklevel
from budgetinator.workbooks.custody import Custody
from budgetinator.workbooks.location import Location
from budgetinator.workbooks.opened import (
    Mode,
    OpenWorkbook,
    new_workbook,
    open_for_cells,
    open_workbook,
)

if TYPE_CHECKING:
    from openpyxl import Workbook

    from budgetinator.config import OpeningBounds
    from budgetinator.resources import ResourceManagementService
    from budgetinator.workbooks.information import FileInfo, MemoryInfo, MemoryUsage
    from budgetinator.workbooks.patch import CellInput
    from budgetinator.workbooks.surroundings import Surroundings

__all__ = ["ManagedWorkbook"]


class ManagedWorkbook:
    """Opening and letting go, without what is done in between; see `ExcelManager`."""

    def __init__(
        self,
        file_path: str | os.PathLike[str],
        *,
        read_only: bool = False,
        data_only: bool = False,
        password: str | None = None,
        service: ResourceManagementService | Surroundings | None = None,
    ) -> None:
        self.custody = Custody(Location(file_path), Mode(read_only, data_only), service)
        self._password = password
        self._creates = False

    @classmethod
    def create(
        cls,
        file_path: str | os.PathLike[str],
        *,
        service: ResourceManagementService | Surroundings | None = None,
    ) -> Self:
        """A manager of a new workbook with one empty sheet; `save` makes the file.

        The save raises ChangedOnDisk if there is a file by then.
        """
        manager = cls(file_path, service=service)
        manager._creates = True
        return manager

    # What it is

    @property
    def file_path(self) -> str:
        """The path as it was given, or in full after a change of the working folder."""
        return self.custody.location.path

    @property
    def is_open(self) -> bool:
        """Whether anything is held: a loaded workbook, or cells that were set."""
        return self.custody.current is not None

    @property
    def is_closed(self) -> bool:
        """Whether it was closed for good, by `close` or by the service."""
        return self.custody.current is None and self.custody.closed

    @property
    def is_modified(self) -> bool:
        """Whether the workbook holds anything that its file does not.

        Walks the whole workbook, at about 4 % of what loading it cost; `WorkbookState`
        says what counts as a change. What a save wrote to another file is still a change.
        """
        opened = self.custody.current
        if opened is None:
            return False
        self.custody.claim()
        return opened.is_changed

    @property
    def has_unsaved_changes(self) -> bool:
        """Whether it holds changes that no save has written, neither to its file nor to a copy."""
        opened = self.custody.current
        if opened is None:
            return False
        self.custody.claim()
        return opened.is_unsaved

    # Opening

    @property
    def workbook(self) -> Workbook:
        """The openpyxl workbook, loaded now if it was not; cells that were set are in it.

        Its `save` goes through this manager. Raises what opening raises: WorkbookNotFound,
        WorkbookUnreadable, NotAWorkbook, WorkbookEncrypted, WorkbookDamaged, WorkbookRefused,
        and LimitExceeded where the service refuses more memory.
        """
        opened = self._loaded()
        assert opened.workbook is not None
        return opened.workbook

    # Letting go

    def hand_over(self) -> None:
        """Leave the workbook to the next thread that uses it; called by its owner."""
        self.custody.claim()
        self.custody.ownership.give_up()

    def reload(self) -> None:
        """Drop every change, and read the file as it is now when it is next used."""
        self.custody.mine()
        self.custody.drop()

    def close(self) -> None:
        """Let go of everything; twice is harmless, and so is another thread's call.

        Changes that were not saved are dropped with an UnsavedChangesWarning.
        """
        unsaved = self._is_unsaved_for_all_we_know()
        self.force_close()
        if unsaved:
            warn_unsaved(self.file_path)

    def force_close(self) -> None:
        """Let go of everything, whatever state it is in, without saving or warning."""
        self.custody.end(self)

    def __enter__(self) -> Self:
        self.custody.check_usable()
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
        custody: Custody | None = getattr(self, "custody", None)
        if custody is not None and custody.current is not None:
            warnings.warn(
                f"{custody.location}, opened at {custody.site}, was never closed.",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )

    def __repr__(self) -> str:
        state = "closed" if self.is_closed else "open" if self.is_open else "not open"
        return f"<{type(self).__name__} {self.file_path!r}, {state}>"

    # Telling

    def get_memory_usage(self) -> MemoryUsage:
        """`process_memory_mb`, `workbook_memory_mb`, `file_path` and `is_open` (seed 004)."""
        from budgetinator.workbooks.information import memory_usage

        return memory_usage(self.custody.location, self.custody.current)

    def get_memory_info(self) -> MemoryInfo:
        """The same with the peak, the file's size, and the memory that is left."""
        from budgetinator.workbooks.information import memory_info

        return memory_info(self.custody.location, self.custody.current)

    def get_file_info(self) -> FileInfo:
        """Path, size, time and sheets of the file, read now; never raises for a bad one."""
        from budgetinator.workbooks.information import file_info

        return file_info(self.custody.location, self.custody.current, self.custody.mode)

    # Inside

    @property
    def _bounds(self) -> OpeningBounds:
        return self.custody.surroundings.settings.opening

    def _loaded(self) -> OpenWorkbook:
        """What is open, with a workbook loaded, in which the cells are that were set."""
        opened = self.custody.mine()
        if opened is not None and opened.workbook is not None:
            return opened
        waiting = opened.pending if opened is not None else {}
        return self.custody.hold(self, lambda: self._load(waiting))

    def _load(self, waiting: Mapping[str, CellInput]) -> OpenWorkbook:
        ownership = self.custody.ownership
        if self._creates:
            return new_workbook(self.custody.location, ownership)
        opened = open_workbook(self.custody.location, self.custody.mode, ownership, self._bounds)
        if waiting:
            from budgetinator.workbooks.worksheets import put_into_workbook

            try:
                assert opened.workbook is not None
                put_into_workbook(opened.workbook, waiting, self.file_path)
            except BaseException:
                opened.close()
                raise
        return opened

    def _begin(self, *, checked: bool = False) -> OpenWorkbook:
        """What is open from now on, with nothing loaded; `checked` if the file is known whole."""
        custody, bounds = self.custody, self._bounds
        return custody.hold(
            self,
            lambda: open_for_cells(
                custody.location, custody.mode, custody.ownership, None if checked else bounds
            ),
        )

    def _is_unsaved_for_all_we_know(self) -> bool:
        """False in another thread, where the workbook cannot be looked at."""
        opened = self.custody.current
        return opened is not None and self.custody.ownership.is_mine and opened.is_unsaved

    def _refuse_values_only(self) -> None:
        if not self.custody.mode.edits:
            raise ValuesOnly(
                f"{self.file_path} was opened for its values only, and a save would destroy its "
                "formulas; open it without read_only and data_only to change it.",
                path=self.file_path,
            )


def warn_unsaved(path: str) -> None:
    """Say, at the line of whoever uses this library, that changes were dropped."""
    warnings.warn(
        f"{path} was closed with changes that nobody saved.",
        UnsavedChangesWarning,
        stacklevel=callers_stacklevel(),
    )
