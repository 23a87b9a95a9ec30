"""Threaded comments: the conversation that a comment of the old form stands for.

Excel keeps it in a part of its own, and in the comments part a text for programs
that do not know threads. Where that text is changed or removed, the thread is no
longer what the sheet shows, and goes; where its cell moves, it moves along.
"""

from __future__ import annotations

from dataclasses import dataclass

from budgetinator.workbooks.addresses import format_cell
from budgetinator.workbooks.merging.comments.commentlist import place_of
from budgetinator.workbooks.merging.comments.commentplan import CommentPlan, Place
from budgetinator.workbooks.patch.elements import parse_elements
from budgetinator.workbooks.patch.splices import Splice, splice_bytes
from budgetinator.workbooks.patch.tags import set_attribute

__all__ = ["EditedThreads", "edit_threads"]


@dataclass(frozen=True, slots=True)
class EditedThreads:
    """The part as it shall be; `is_empty` when no thread is left in it."""

    data: bytes
    is_empty: bool
    gone: tuple[Place, ...]


def edit_threads(data: bytes, plan: CommentPlan) -> EditedThreads:
    """Carry out the plan; raises MarkupError."""
    splices: list[Splice] = []
    gone: list[Place] = []
    left = 0
    for thread in parse_elements(data).children:
        place = place_of(thread.attributes.get("ref", ""))
        if place is not None and (place in plan.removed or place in plan.rewritten):
            splices.append(Splice(thread.start, thread.end, b""))
            gone.append(place)
            continue
        left += 1
        if place is not None and place in plan.moved:
            reference = format_cell(*plan.moved[place]).encode()
            tag = set_attribute(data[thread.start : thread.opened], b"ref", reference)
            splices.append(Splice(thread.start, thread.opened, tag))
    return EditedThreads(splice_bytes(data, splices), not left, tuple(dict.fromkeys(gone)))
