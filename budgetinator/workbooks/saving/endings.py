"""Which name goes with which kind of workbook: Excel refuses a file whose name tells another."""

from __future__ import annotations

from budgetinator.errors import SaveError
from budgetinator.workbooks.location import Location

__all__ = ["refuse_other_ending"]

_ENDINGS = {
    (False, False): ".xlsx",
    (False, True): ".xlsm",
    (True, False): ".xltx",
    (True, True): ".xltm",
}
_OTHERS = (".xls", ".xlsb", ".xlt", ".ods", ".csv", ".txt", ".html")


def refuse_other_ending(
    location: Location, *, template: bool, macros: bool, original: Location | None
) -> None:
    """Raise SaveError for a name that Excel would not open such a workbook under.

    One that ends like the original's makes that no worse than it was, and one that
    says nothing about the kind, such as `.tmp`, is the caller's affair.
    """
    suffix = location.absolute.suffix.lower()
    ending = _ENDINGS[template, macros]
    known = original is not None and suffix == original.absolute.suffix.lower()
    if known or suffix == ending or suffix not in (*_ENDINGS.values(), *_OTHERS):
        return
    raise SaveError(
        f"{location} cannot be saved: the workbook is of the kind {ending}, and Excel would "
        f"refuse it under a name that ends in {suffix}; give it the ending {ending}.",
        path=location.path,
    )
