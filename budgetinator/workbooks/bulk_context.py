"""Many workbooks by path, each opened when it is touched, few of them at once."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from budgetinator.workbooks.manager import ExcelManager
from budgetinator.workbooks.surroundings import Surroundings, surroundings_of

if TYPE_CHECKING:
    from openpyxl import Workbook

    from budgetinator.resources import ResourceManagementService

__all__ = ["BulkWorkbooks", "memory_safe_bulk_context", "memory_safe_bulk_operation"]

MB = 1024 * 1024
# A loaded workbook's bytes for each byte of its file; the sizes of those that are open are
# measured, and only the one about to be opened is guessed at.
_GROWTH = 12

Key = TypeVar("Key", bound=str | os.PathLike[str])


class BulkWorkbooks(Mapping[Key, "Workbook"]):
    """Path to openpyxl workbook, for the paths in the order and spelling given.

    Looking one up opens it, if it is not open, and first closes the least recently used
    until there is room; an unreadable file raises its error then. Iterating over `items`
    or `values` closes each workbook that it opened before it opens the next. A closed
    workbook was saved before, if that was asked for, and raises WorkbookClosed when used.
    """

    def __init__(
        self,
        paths: Iterable[Key],
        surroundings: Surroundings,
        *,
        max_open: int,
        budget: int | None,
        save: bool,
        options: Mapping[str, bool],
    ) -> None:
        self._real = {path: os.path.realpath(os.fsdecode(path)) for path in paths}
        self._surroundings = surroundings
        self._max_open = max_open
        self._budget = budget
        self._save = save
        self._options = options
        self._open: OrderedDict[str, ExcelManager] = OrderedDict()

    def __getitem__(self, path: Key) -> Workbook:
        real = self._real[path]
        manager = self._open.get(real)
        if manager is None:
            self._make_room(real)
            manager = self._open[real] = self._manager(path)
            try:
                return manager.workbook
            except BaseException:
                self._open.pop(real).force_close()
                raise
        self._open.move_to_end(real)
        return manager.workbook

    def __iter__(self) -> Iterator[Key]:
        return iter(self._real)

    def __len__(self) -> int:
        return len(self._real)

    def __contains__(self, path: object) -> bool:
        return path in self._real

    def items(self) -> ItemsView[Key, Workbook]:
        """Paths and workbooks, one open after the other."""
        return _Items(self)

    def values(self) -> ValuesView[Workbook]:
        """Workbooks, one open after the other."""
        return _Values(self)

    def each(self) -> Iterator[tuple[Key, Workbook]]:
        """What `items` iterates over."""
        for path in self._real:
            was_open = self._real[path] in self._open
            yield path, self[path]
            if not was_open:
                self.close(path)

    def close(self, path: Key) -> None:
        """Save the workbook, if that was asked for, and close it; harmless if it is not open."""
        manager = self._open.pop(self._real[path], None)
        if manager is not None:
            self._finish(manager)

    def close_all(self) -> None:
        """Save and close all that are open; all are tried, failures come in an ExceptionGroup."""
        failures: list[Exception] = []
        while self._open:
            _, manager = self._open.popitem()
            try:
                self._finish(manager)
            # The next workbook is saved although this one was not; nothing is swallowed.
            except Exception as error:  # noqa: BLE001 - said above
                failures.append(error)
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise ExceptionGroup("Not every workbook could be saved", failures)

    def discard_all(self) -> None:
        """Close all that are open without saving."""
        while self._open:
            self._open.popitem()[1].force_close()

    def _manager(self, path: Key) -> ExcelManager:
        return ExcelManager(
            path,
            read_only=self._options["read_only"],
            data_only=self._options["data_only"],
            service=self._surroundings,
        )

    def _finish(self, manager: ExcelManager) -> None:
        if not self._save:
            manager.close()
            return
        try:
            manager.save(allow_loss=self._options["allow_loss"])
        finally:
            manager.force_close()

    def _make_room(self, real: str) -> None:
        while self._open and (len(self._open) >= self._max_open or self._is_over(real)):
            _, manager = self._open.popitem(last=False)
            self._finish(manager)

    def _is_over(self, real: str) -> bool:
        if self._budget is None:
            return False
        try:
            coming = os.stat(real).st_size * _GROWTH
        except OSError:  # its opening will say
            return False
        return self._held() + coming > self._budget

    def _held(self) -> int:
        opened = (manager.custody.current for manager in self._open.values())
        return sum(each.size for each in opened if each is not None)


class _Items(ItemsView[Key, "Workbook"]):
    _mapping: BulkWorkbooks[Key]

    def __iter__(self) -> Iterator[tuple[Key, Workbook]]:
        return self._mapping.each()


class _Values(ValuesView["Workbook"]):
    _mapping: BulkWorkbooks[str]

    def __iter__(self) -> Iterator[Workbook]:
        return (workbook for _, workbook in self._mapping.each())


@contextmanager
def memory_safe_bulk_context(
    paths: Iterable[Key],
    *,
    max_open: int = 4,
    budget_mb: float | None = None,
    save: bool = False,
    allow_loss: bool = False,
    read_only: bool = False,
    data_only: bool = False,
    service: ResourceManagementService | Surroundings | None = None,
) -> Iterator[BulkWorkbooks[Key]]:
    """Workbooks by path, opened when touched, at most `max_open` and `budget_mb` at once.

    At least one can always be open. With `save` each that was changed is saved before it
    is closed, and the rest at the end of the block; after an exception those that are
    still open are not. Without it, closing a changed one warns with UnsavedChangesWarning.
    Raises ValueError for bounds below 1 workbook or 0 MB.
    """
    if max_open < 1 or (budget_mb is not None and budget_mb <= 0):
        raise ValueError("max_open must be 1 or more, and budget_mb above 0.")
    workbooks = BulkWorkbooks(
        paths,
        surroundings_of(service),
        max_open=max_open,
        budget=None if budget_mb is None else int(budget_mb * MB),
        save=save,
        options={"read_only": read_only, "data_only": data_only, "allow_loss": allow_loss},
    )
    try:
        yield workbooks
    except BaseException:
        workbooks.discard_all()
        raise
    workbooks.close_all()


memory_safe_bulk_operation = memory_safe_bulk_context
