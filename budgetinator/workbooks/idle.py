"""Whether an open workbook may be closed to make room: idle, clean, and in nobody's hands.

A script may hold the workbook, one of its sheets or a single cell, and what it writes
there must not be lost. So a clean workbook is let go of by dropping it, not by
emptying it: if a collection then finds it still alive, somebody holds some piece
of it, and it is taken back. Only the owner's thread may do that, or any thread
when there is no owner; elsewhere the owner could write between the question and the answer.
"""

from __future__ import annotations

import gc
import weakref

from budgetinator.workbooks.opened import OpenWorkbook

__all__ = ["let_go_if_idle"]


def let_go_if_idle(opened: OpenWorkbook) -> bool:
    """Drop the openpyxl workbook if nobody needs it; whether it is gone.

    What is left of `opened` is closed by whoever asked.
    """
    if not opened.ownership.is_mine or not opened.lock.acquire(blocking=False):
        return False
    try:
        return _is_idle(opened) and _drop(opened)
    finally:
        opened.lock.release()


def _is_idle(opened: OpenWorkbook) -> bool:
    if opened.closed or opened.workbook is None or opened.fingerprint is None:
        return False
    return not opened.is_held and not opened.is_changed


def _drop(opened: OpenWorkbook) -> bool:
    workbook, opened.workbook = opened.workbook, None
    archive = vars(workbook).get("_archive")
    held = weakref.ref(workbook)
    del workbook
    gc.collect()
    opened.workbook = held()
    if opened.workbook is not None:
        return False
    if archive is not None:  # a read-only workbook's file
        archive.close()
    opened.evicted = True
    return True
