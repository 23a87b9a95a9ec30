"""Comments that were added, changed or removed, put into the parts of a sheet's own file.

A comment stands in three parts (ECMA-376 part 1, section 18.7, and part 4, section
19): its text and author in the comments part, its box in a VML drawing to which the
sheet's `legacyDrawing` leads, and its thread, if it has one, in a part of Excel's own.
All of them are edited; what the changes do not concern keeps its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TypeVar

from budgetinator.workbooks.addresses import format_cell
from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.merging.comments.boxes import clusters_in, edit_boxes, new_drawing
from budgetinator.workbooks.merging.comments.commentlist import edit_comments, new_comments
from budgetinator.workbooks.merging.comments.commentplan import (
    CommentLike,
    CommentPlan,
    Comments,
    Place,
)
from budgetinator.workbooks.merging.comments.legacy import LegacyDrawing
from budgetinator.workbooks.merging.comments.threads import edit_threads
from budgetinator.workbooks.opc.relationships import Relationship
from budgetinator.workbooks.patch.edit import PackageEdit
from budgetinator.workbooks.patch.elements import MarkupError
from budgetinator.workbooks.patch.parts import damaged_part

__all__ = ["CommentLike", "Comments", "merge_comments"]

_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_TRANSITIONAL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

_Made = TypeVar("_Made")


def merge_comments(
    edit: PackageEdit, sheet_part: str, before: Comments, now: Comments
) -> list[Loss]:
    """Make the comments of a sheet, of the package or added to the edit, what they are now.

    Parts that are not needed any more are cut off; `remove_unreachable` takes them away.
    The place of a new `legacyDrawing` heeds what was put into the sheet before this call.
    Raises WorkbookDamaged for a part whose markup cannot be understood.
    """
    plan = CommentPlan.between(before, now)
    return [] if plan.is_empty else _SheetComments(edit, sheet_part, plan).merged()


class _SheetComments:
    def __init__(self, edit: PackageEdit, sheet_part: str, plan: CommentPlan) -> None:
        self._edit = edit
        self._sheet = sheet_part
        self._plan = plan
        self._losses: list[Loss] = []

    @cached_property
    def _legacy(self) -> LegacyDrawing:
        return LegacyDrawing(self._edit, self._sheet)

    def merged(self) -> list[Loss]:
        self._edit_list()
        self._edit_threads()
        if self._plan.removed or self._plan.moved or self._plan.resized:
            self._edit_drawing()
        return self._losses

    def _edit_list(self) -> None:
        entry = self._related("comments")
        if entry is None:
            if not self._plan.put:
                return
            entry = self._added_list()
        edited = self._apply(entry.target, lambda data: edit_comments(data, self._plan))
        what = "words of its changed text lose their format"
        self._lose("comment_format", entry.target, edited.formats_lost, what)
        if edited.is_empty:
            self._edit.remove_relationship(self._sheet, entry.id)
        else:
            self._put(entry.target, edited.data)

    def _edit_threads(self) -> None:
        for entry in self._all_related("threadedComment"):
            edited = self._apply(entry.target, lambda data: edit_threads(data, self._plan))
            what = "the thread goes, as its comment was changed or removed"
            self._lose("threaded_comment", entry.target, edited.gone, what)
            if edited.is_empty:
                self._edit.remove_relationship(self._sheet, entry.id)
            else:
                self._put(entry.target, edited.data)

    def _edit_drawing(self) -> None:
        entry = self._drawing()
        if entry is None:
            if not self._plan.resized:
                return
            entry = self._added_drawing()
        edited = self._apply(
            entry.target, lambda data: edit_boxes(data, self._plan, self._free_cluster)
        )
        if edited.is_empty:
            self._edit.remove_relationship(self._sheet, entry.id)
            self._legacy.remove()
        else:
            self._put(entry.target, edited.data)

    def _apply(self, part: str, change: Callable[[bytes], _Made]) -> _Made:
        """What a change makes of a part; names the part whose markup is broken."""
        try:
            return change(self._edit.part(part).data)
        except MarkupError as error:
            raise damaged_part(self._edit.package, part, str(error)) from error

    def _put(self, part: str, data: bytes) -> None:
        self._edit.part(part).edit(lambda _: data)

    def _lose(self, kind: str, part: str, places: Iterable[Place], what: str) -> None:
        titles = {entry.part: entry.name for entry in self._edit.package.sheets}
        for place in places:
            phrase = f"{format_cell(*place)}: {what}"
            self._losses.append(Loss(kind, part, titles.get(self._sheet), phrase))

    # Where the parts are, and new ones.

    def _all_related(self, kind: str) -> tuple[Relationship, ...]:
        return tuple(
            entry
            for entry in self._edit.relationships(self._sheet)
            if entry.kind == kind and not entry.external and self._edit.has(entry.target)
        )

    def _related(self, kind: str) -> Relationship | None:
        return next(iter(self._all_related(kind)), None)

    def _added_list(self) -> Relationship:
        data = new_comments(self._legacy.namespace)
        part = self._edit.add_part("xl/comments1.xml", data, _COMMENTS_TYPE)
        return self._led_to("comments", part)

    def _drawing(self) -> Relationship | None:
        """The drawing that the sheet's `legacyDrawing` means; a sheet can have another of VML."""
        wanted = self._legacy.relationship_id
        drawings = self._all_related("vmlDrawing")
        return next((entry for entry in drawings if entry.id == wanted), None)

    def _added_drawing(self) -> Relationship:
        data = new_drawing(self._free_cluster())
        part = self._edit.add_part("xl/drawings/vmlDrawing1.vml", data, _DRAWING_TYPE)
        entry = self._led_to("vmlDrawing", part)
        self._legacy.lead_to(entry)
        return entry

    def _led_to(self, kind: str, part: str) -> Relationship:
        address = f"{self._relationships_address()}/{kind}"
        new = self._edit.add_relationship(self._sheet, address, part)
        return Relationship(new, address, part, external=False)

    def _relationships_address(self) -> str:
        """The beginning of the types of relationships, which says Strict or Transitional."""
        entries = self._edit.package.relationships()
        found = (each.type for each in entries if each.kind == "officeDocument")
        return next(found, "").rpartition("/")[0] or _TRANSITIONAL

    def _free_cluster(self) -> int:
        """A cluster of shape ids that no drawing of the workbook has."""
        taken = {0}
        for name in self._drawings():
            taken.update(clusters_in(self._edit.part(name).data))
        return max(taken) + 1

    def _drawings(self) -> Iterator[str]:
        package = self._edit.package
        for name in filter(package.has, package.names):
            if package.content_type(name) == _DRAWING_TYPE and not self._edit.is_removed(name):
                yield name
        for part in tuple(self._edit.added_parts()):
            if part.name.lower().endswith(".vml"):
                yield part.name
