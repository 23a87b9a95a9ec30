"""Whether a date survives being read as a datetime by openpyxl and written back.

openpyxl keeps whole milliseconds, so that much is no loss. It refuses what is before
the epoch or after the year 9999, which Excel keeps as numbers, and it has no 29
February 1900, which Excel has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["date_check"]

_HALF_A_MILLISECOND = 0.0005 / 86_400 * 1.01


def date_check(workbook: Workbook) -> Callable[[int, bytes], bool]:
    """Tells for a cell format and the value as it stands in the file whether it survives."""
    from openpyxl.utils import datetime as serials

    to_serial: Callable[..., float | None] = serials.to_excel
    spans = set(vars(workbook)["_timedelta_formats"])
    epoch = workbook.epoch

    def survives(style: int, value: bytes) -> bool:
        if not value.strip():
            return True
        try:
            number = float(value)
            moment = serials.from_excel(number, epoch, timedelta=style in spans)
            back = to_serial(moment, epoch)
        except (OverflowError, ValueError):
            return False
        return back is not None and abs(back - number) <= _HALF_A_MILLISECOND

    return survives
