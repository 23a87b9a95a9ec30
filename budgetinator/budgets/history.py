"""The version history of an open workbook: a row for each change, in the order of time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from budgetinator.budgets.amending import Amendment
from budgetinator.budgets.layout import HISTORY
from budgetinator.budgets.looks import HEADING, dress, set_up_pages, set_widths
from budgetinator.budgets.model import Version
from budgetinator.budgets.overviews import known_sheet

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from budgetinator.workbooks import CellInput

__all__ = ["append_version", "next_info", "put_versions", "versions"]

_FIELDS = ("timestamp", "info", "summary")
_TIME = "yyyy-mm-dd hh:mm:ss"


def versions(workbook: Workbook) -> tuple[Version, ...]:
    """All rows that hold something, from the first to the last."""
    sheet = known_sheet(workbook, HISTORY.sheet)
    if sheet is None:
        return ()
    numbers = range(1, _count(sheet) + 1)
    held = ([sheet[HISTORY.cell(field, number)].value for field in _FIELDS] for number in numbers)
    return tuple(
        Version(_moment(at), _text(info), _text(summary))
        for at, info, summary in held
        if not (at is None and info is None and summary is None)
    )


def append_version(
    amendment: Amendment, summary: str, *, info: str | None = None, at: datetime | None = None
) -> Version:
    """Add a row; the version after the last one and the time of now, unless they are given."""
    if info is None:
        known = versions(amendment.workbook)
        info = next_info(known[-1].info if known else "")
    moment = at if at is not None else datetime.now()  # noqa: DTZ005  a cell's time has no zone
    version = Version(moment.replace(microsecond=0, tzinfo=None), info, summary)
    put_versions(amendment, (version,))
    return version


def put_versions(amendment: Amendment, added: Iterable[Version]) -> None:
    """Write these rows under the last one; the sheet is made if it is missing."""
    sheet = known_sheet(amendment.workbook, HISTORY.sheet)
    if sheet is None:
        sheet = _make(amendment)
    for number, version in enumerate(added, _count(sheet) + 1):
        contents: dict[str, CellInput] = {
            HISTORY.cell("timestamp", number): version.timestamp,
            HISTORY.cell("info", number): version.info,
            HISTORY.cell("summary", number): version.summary,
        }
        amendment.put(sheet, contents)
        if isinstance(version.timestamp, datetime):
            amendment.style(sheet, HISTORY.cell("timestamp", number), number_format=_TIME)


def next_info(info: str) -> str:
    """The version after this one: its last number counted up, or `.1` behind what has none."""
    found = re.search(r"([0-9]+)([^0-9]*)$", info)
    if found is None:
        return f"{info.strip()}.1" if info.strip() else "0.1"
    return f"{info[: found.start()]}{int(found[1]) + 1}{found[2]}"


def _count(sheet: Worksheet) -> int:
    """How many rows there are, empty ones between them counted."""
    for number in range(sheet.max_row - HISTORY.label_row, 0, -1):
        if any(sheet[HISTORY.cell(field, number)].value is not None for field in _FIELDS):
            return number
    return 0


def _moment(value: Any) -> datetime | str:
    return value if isinstance(value, datetime) else _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _make(amendment: Amendment) -> Worksheet:
    sheet = amendment.create(HISTORY.sheet)
    labels: dict[str, CellInput] = {
        f"{letters}{HISTORY.label_row}": label for letters, label in HISTORY.columns.values()
    }
    amendment.put(sheet, labels)
    dress(sheet, labels, HEADING)
    set_widths(sheet, {"A": 21, "B": 14, "C": 80})
    sheet.freeze_panes = f"A{HISTORY.first_row}"
    set_up_pages(sheet, f"{HISTORY.label_row}:{HISTORY.label_row}")
    return sheet
