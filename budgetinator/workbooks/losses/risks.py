"""What no save can keep of a file: whatever is changed, or if particular things are.

A save puts what was changed into the file's own parts, so that everything else stays.
A few things cannot outlive some change: a digital signature any, the names of a table's
columns that of their header cells, what exists only for a sheet that of its removal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.opc.package import Package, SheetEntry
from budgetinator.workbooks.opc.relationships import Relationship, read_elements
from budgetinator.workbooks.patch.signatures import is_signed

__all__ = ["Risk", "losses_by_any_change", "risks"]


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing that a particular change would lose; `when` says which, as a clause for people.

    The other fields are those of `Loss`.
    """

    kind: str
    part: str
    sheet: str | None
    what: str
    when: str


def losses_by_any_change(package: Package) -> tuple[Loss, ...]:
    """What a save loses as soon as anything at all was changed: a digital signature."""
    if not is_signed(package):
        return ()
    part = next(name for name in package.names if "_xmlsignatures" in name.lower())
    what = "it is only valid for the file as it is, and is taken off with any change"
    return (Loss("signature", part, None, what),)


def risks(package: Package) -> tuple[Risk, ...]:
    """What a save loses if particular things are changed; raises as reading the parts does."""
    found: list[Risk] = []
    for entry in package.sheets:
        for relationship in package.relationships(entry.part):
            finder = _FINDERS.get(relationship.kind)
            if finder and not relationship.external and package.has(relationship.target):
                found += finder(package, entry, relationship)
    return tuple(found)


def _tables(package: Package, entry: SheetEntry, to: Relationship) -> Iterator[Risk]:
    table = _root(package, to.target)
    if table.get("headerRowCount", "1") == "0":
        return
    name = table.get("displayName") or table.get("name", "")
    what = f"the column names of the table {name!r} ({table.get('ref', '')})"
    when = "one of its header cells is overwritten: formulas that name the column break"
    yield Risk("table", package.spelling(to.target), entry.name, what, when)


def _pivot_tables(package: Package, entry: SheetEntry, to: Relationship) -> Iterator[Risk]:
    name = _root(package, to.target).get("name", "")
    what = f"the pivot table {name!r}, and its cache where no other one uses it"
    yield Risk("pivot_table", package.spelling(to.target), entry.name, what, "its sheet is removed")


def _threads(package: Package, entry: SheetEntry, to: Relationship) -> Iterator[Risk]:
    cells: list[str] = []

    def note(name: str, attributes: dict[str, str]) -> None:
        if name == "threadedComment" and attributes.get("ref", "") not in cells:
            cells.append(attributes.get("ref", ""))

    read_elements(package.read(to.target), str(package.path), to.target, note)
    for cell in cells:
        what = f"the conversation in the comment of {cell}"
        when = "that comment is changed or removed"
        yield Risk("threaded_comment", package.spelling(to.target), entry.name, what, when)


_FINDERS: dict[str, Callable[[Package, SheetEntry, Relationship], Iterator[Risk]]] = {
    "table": _tables,
    "pivotTable": _pivot_tables,
    "threadedComment": _threads,
}


def _root(package: Package, part: str) -> dict[str, str]:
    """The attributes of the part's first element."""
    found: list[dict[str, str]] = []
    read_elements(
        package.read(part), str(package.path), part, lambda _, attributes: found.append(attributes)
    )
    return found[0] if found else {}
