"""How an open workbook comes onto the disk.

What was changed, whether cells were set here or anything on the openpyxl workbook, is
written into the file's own parts, and everything else is copied as it is. Only a workbook
that has no file, or one whose parts cannot be edited, is written by openpyxl, after it
was said what that would lose. What has not changed is not written at all, or copied byte
for byte under another name. All of it goes through `replace_durably`.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple

from budgetinator.errors import (
    ChangedOnDisk,
    WorkbookDamaged,
    WorkbookNotFound,
    WorkbookRefused,
    WouldLose,
)
from budgetinator.workbooks.location import Location
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opened import OpenWorkbook
from budgetinator.workbooks.saving.endings import refuse_other_ending
from budgetinator.workbooks.saving.replacing import Saved, replace_durably
from budgetinator.workbooks.saving.verifying import verify_package

if TYPE_CHECKING:
    from collections.abc import Sequence

    from budgetinator.config import OpeningBounds
    from budgetinator.workbooks.changes.comparison import Comparison
    from budgetinator.workbooks.losses.finding import Loss
    from budgetinator.workbooks.merging.merge import Merge
    from budgetinator.workbooks.patch import PatchReport
    from budgetinator.workbooks.patch.planning import StaleValues
    from budgetinator.workbooks.surroundings import Surroundings

__all__ = ["How", "SaveReport", "Target", "backup_path", "losses_of", "store"]

log = logging.getLogger("budgetinator.workbooks")

How = Literal["patched", "rewritten", "copied", "unchanged"]


@dataclass(frozen=True, slots=True)
class SaveReport:
    """What one save did.

    `how` is "patched" (what changed was written into the file's own parts), "rewritten"
    (by openpyxl), "copied" (nothing had changed, saved under another name) or "unchanged"
    (nothing had changed, nothing was written). `parts_copied` counts the parts whose
    compressed bytes were kept, `recalculates` says whether Excel will compute anew on
    opening, `losses` are those that were allowed.
    """

    path: Path
    bytes_written: int
    seconds: float
    how: How
    parts_copied: int = 0
    recalculates: bool = False
    losses: tuple[Loss, ...] = ()
    backup: Path | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where to save: the workbook's own file or a copy, what may be lost or overwritten."""

    location: Location
    own: bool
    allow_loss: bool = False
    overwrite: bool = False
    backup: Path | None = None


class _Written(NamedTuple):
    saved: Saved | None
    how: How
    parts_copied: int = 0
    recalculates: bool = False
    losses: tuple[Loss, ...] = ()


def store(opened: OpenWorkbook, target: Target, surroundings: Surroundings) -> SaveReport:
    """Save the workbook; afterwards it counts as unchanged, if the target is its own file.

    Called in the workbook's thread, with its lock held. Raises ChangedOnDisk, WouldLose,
    InvalidCellValue, TargetReadOnly, WorkbookBusy or another SaveError; then
    no file has changed.
    """
    began = time.perf_counter()
    written = _Storing(opened, target, surroundings).run()
    saved = written.saved
    return SaveReport(
        path=saved.path if saved else target.location.absolute,
        bytes_written=saved.bytes_written if saved else 0,
        seconds=time.perf_counter() - began,
        how=written.how,
        parts_copied=written.parts_copied,
        recalculates=written.recalculates,
        losses=written.losses,
        backup=saved.backup if saved else None,
    )


def losses_of(opened: OpenWorkbook, bounds: OpeningBounds) -> tuple[Loss, ...]:
    """What a save would lose as things stand; nothing where nothing was changed.

    Called in the workbook's thread. Raises InvalidCellValue and SaveError as a save would.
    """
    if opened.fingerprint is None:
        return ()
    if opened.workbook is None:
        return _losses_of_cells(opened, bounds) if opened.pending else ()
    comparison = opened.comparison()
    if comparison is None or comparison.is_empty:
        return ()
    merge = _merged(opened, comparison)
    return tuple(merge.losses) if merge else _losses_through_openpyxl(opened, bounds)


def _losses_of_cells(opened: OpenWorkbook, bounds: OpeningBounds) -> tuple[Loss, ...]:
    from budgetinator.workbooks.patch import losses_of_cells

    with Package.open(opened.location.path, bounds) as package:
        return losses_of_cells(package, opened.pending)


def _merged(
    opened: OpenWorkbook, comparison: Comparison, stale_values: StaleValues = "mark"
) -> Merge | None:
    """The changes as an edit of the file's own parts; None where only openpyxl can write them.

    That is where a part of the file is in a form that cannot be edited.
    """
    from budgetinator.workbooks.merging.merge import merge_changes

    workbook, original = opened.workbook, opened.original
    assert workbook is not None
    if original is None:
        return None
    try:
        return merge_changes(
            original,
            workbook,
            comparison,
            path=opened.location.path,
            full_before=opened.full_cells,
            stale_values=stale_values,
        )
    except (WorkbookDamaged, WorkbookRefused) as error:
        log.info("%s cannot be edited part by part: %s", opened, error)
        return None


def _losses_through_openpyxl(opened: OpenWorkbook, bounds: OpeningBounds) -> tuple[Loss, ...]:
    """What openpyxl would drop if it wrote the file, with the parts that it could not read."""
    from budgetinator.workbooks.losses.finding import Loss

    assert opened.workbook is not None
    for sheet in opened.workbook.worksheets:
        _ = sheet.sheet_properties  # reads it, if nobody has
    losses = _losses_of_file(opened, bounds)
    named = {loss.part for loss in losses}
    unread = tuple(part for part in opened.left_out if part not in named)
    return (
        *losses,
        *(Loss("unreadable", part, None, "a part that openpyxl cannot read") for part in unread),
    )


def _losses_of_file(opened: OpenWorkbook, bounds: OpeningBounds) -> tuple[Loss, ...]:
    assert opened.fingerprint is not None
    unchanged = opened.fingerprint.matches(opened.location.absolute)
    if opened.losses is not None and unchanged:
        return opened.losses
    from budgetinator.workbooks.losses.finding import losses_through_openpyxl

    with Package.open(opened.location.path, bounds) as package:
        losses = tuple(losses_through_openpyxl(package))
    if unchanged:
        opened.losses = losses
    return losses


def backup_path(path: Path) -> Path:
    """Where the old file goes when a backup is wanted: `Plan.xlsx` to `Plan.backup.xlsx`."""
    return path.with_name(f"{path.stem}.backup{path.suffix}")


class _Storing:
    """One save, from what it shall hold to what is on the disk."""

    def __init__(self, opened: OpenWorkbook, target: Target, surroundings: Surroundings) -> None:
        self._opened = opened
        self._target = target
        self._journal = surroundings.journal
        self._lock_dir = surroundings.lock_dir
        self._bounds = surroundings.settings.opening
        self._options = surroundings.settings.saving

    def run(self) -> _Written:
        opened, target = self._opened, self._target
        if not target.own or not target.overwrite:
            self._refuse_changed_original()
        if opened.workbook is None:
            return self._patch() if opened.pending else self._keep()
        comparison = opened.comparison()
        is_changed = comparison is None or not comparison.is_empty
        if self._is_unchanged_on_disk() and not is_changed:
            return self._keep()
        if (
            comparison is not None
            and (merge := _merged(opened, comparison, self._options.stale_values)) is not None
        ):
            return self._write(merge)
        return self._rewrite()

    def _write(self, merge: Merge) -> _Written:
        """Write the edited package, and go on with it where it is the workbook's own file."""
        from budgetinator.workbooks.patch.writing import write_edit
        from budgetinator.workbooks.saving.rewriting import note_recalculation

        opened, package = self._opened, merge.edit.package
        assert opened.workbook is not None
        self._refuse_ending_of(package)
        losses = self._accepted(tuple(merge.losses))
        content = BytesIO()
        written = write_edit(merge.edit, content, self._options.compression_level)
        data = content.getvalue()
        titles = tuple(opened.workbook.sheetnames)
        saved = self._replace(lambda stream: stream.write(data), titles, package)
        if self._target.own:
            if merge.recalculates:
                note_recalculation(opened.workbook)
            now = Package.of_bytes(data, package.path, package.status(), self._bounds)
            opened.note_patched(saved.fingerprint, now, merge.added)
        else:
            opened.note_patched(None, None)
        return _Written(saved, "patched", written.parts_copied, merge.recalculates, losses)

    def _refuse_changed_original(self) -> None:
        """Cells and copies are made from the file itself, which must be the one that was opened.

        What was loaded can still be saved as a copy when the file is gone.
        """
        opened, target = self._opened, self._target
        rescued = opened.workbook is not None and not target.own
        if rescued or target.overwrite or self._is_unchanged_on_disk():
            return
        path = opened.location.path
        raise ChangedOnDisk(
            f"{path} was changed by another program since it was opened; reload it, save a copy, "
            "or overwrite it.",
            path=path,
        )

    def _is_unchanged_on_disk(self) -> bool:
        fingerprint = self._opened.fingerprint
        return fingerprint is None or fingerprint.matches(self._opened.location.absolute)

    def _keep(self) -> _Written:
        if self._target.own:
            return _Written(None, "unchanged")
        with self._original() as package:
            self._refuse_ending_of(package)
            saved = self._replace(_copier(package), tuple(e.name for e in package.sheets), package)
            parts = len(package.names)
        return _Written(saved, "copied", parts_copied=parts)

    def _patch(self) -> _Written:
        from budgetinator.workbooks.patch import patch_cells

        opened = self._opened
        reports: list[PatchReport] = []
        with self._original() as package:
            self._refuse_ending_of(package)

            segments = opened.segments if self._is_unchanged_on_disk() else {}
            level = self._options.compression_level

            def write(stream: BinaryIO) -> None:
                report = patch_cells(
                    package,
                    opened.pending,
                    stream,
                    level=level,
                    allow_loss=self._target.allow_loss,
                    segments=segments,
                    stale_values=self._options.stale_values,
                )
                reports.append(report)

            titles = tuple(entry.name for entry in package.sheets)
            saved = self._replace(write, titles, package, reports)
        (report,) = reports
        if self._target.own:
            opened.pending = {}
            opened.fingerprint = saved.fingerprint
            opened.segments = report.segments
        opened.pending_written = True
        return _Written(saved, "patched", report.parts_copied, report.recalculates, report.losses)

    def _rewrite(self) -> _Written:
        from budgetinator.workbooks.saving.rewriting import prepare, write_workbook

        opened = self._opened
        workbook = opened.workbook
        assert workbook is not None
        macros = workbook.vba_archive is not None
        self._refuse_other_ending(template=bool(workbook.template), macros=macros)
        prepare(workbook, self._target.location.path, opened.full_cells)
        losses = self._accepted(self._losses())
        titles = tuple(workbook.sheetnames)
        level = self._options.compression_level
        zip_level = 6 if level == "auto" else level
        saved = self._replace(lambda stream: write_workbook(workbook, stream, zip_level), titles)
        opened.note_written(saved.fingerprint if self._target.own else None)
        return _Written(saved, "rewritten", recalculates=True, losses=losses)

    def _accepted(self, losses: tuple[Loss, ...]) -> tuple[Loss, ...]:
        if losses and not self._target.allow_loss:
            path = self._target.location.path
            listed = "; ".join(map(str, losses))
            raise WouldLose(
                f"Saving {path} this way would lose {listed}. Undo that change, or save with "
                "allow_loss=True. The file is as it was.",
                path=path,
                losses=tuple(map(str, losses)),
            )
        return losses

    def _losses(self) -> tuple[Loss, ...]:
        """What the file holds and openpyxl drops; nothing if there is no file any more."""
        try:
            if self._opened.fingerprint is None:
                return ()
            return _losses_through_openpyxl(self._opened, self._bounds)
        except WorkbookNotFound:
            return ()

    def _original(self) -> Package:
        known = self._opened.layout
        return Package.open(self._opened.location.path, self._bounds, known=known)

    def _replace(
        self,
        write: Callable[[BinaryIO], object],
        titles: Sequence[str],
        original: Package | None = None,
        reports: Sequence[PatchReport] = (),
    ) -> Saved:
        target = self._target
        is_new = target.own and self._opened.fingerprint is None and not target.overwrite

        def verify(written: Path) -> None:
            if self._options.verify:
                segments = reports[0].segments if reports else {}
                verify_package(
                    written,
                    sheets=titles,
                    original=original,
                    bounds=self._bounds,
                    segments=segments,
                )
            if is_new:
                _refuse_existing(target.location)

        expected = self._opened.fingerprint if target.own and not target.overwrite else None
        if is_new:
            _refuse_existing(target.location)
        return replace_durably(
            target.location.absolute,
            write,
            verify=verify,
            expected=expected,
            journal=self._journal,
            lock_dir=self._lock_dir,
            lock_timeout=self._options.lock_timeout_seconds,
            backup=target.backup,
        )

    def _refuse_ending_of(self, package: Package) -> None:
        kind = package.workbook_type
        self._refuse_other_ending(template="template" in kind, macros="macroenabled" in kind)

    def _refuse_other_ending(self, *, template: bool, macros: bool) -> None:
        original = self._opened.location if self._opened.fingerprint is not None else None
        refuse_other_ending(
            self._target.location, template=template, macros=macros, original=original
        )


def _copier(package: Package) -> Callable[[BinaryIO], object]:
    def write(stream: BinaryIO) -> None:
        with open(package.path, "rb") as original:
            shutil.copyfileobj(original, stream, 1 << 20)

    return write


def _refuse_existing(location: Location) -> None:
    if os.path.lexists(location.absolute):
        raise ChangedOnDisk(
            f"{location} was made by another program since this new workbook was begun; "
            "save it under another name, or overwrite it.",
            path=location.path,
        )
