"""Reading back what a save wrote, before it takes the place of the user's file.

Every byte is read and held against its checksum; no sheet is parsed, so that the
cost stays that of decompression. A relationship that leads nowhere makes Excel
offer a repair, so a save must not add one; some real files came with one, which
a save need not mend.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Iterator, Sequence

from budgetinator.config import OpeningBounds
from budgetinator.errors import SaveError, WorkbookError
from budgetinator.workbooks.package import Package

__all__ = ["missing_targets", "verify_package"]


def verify_package(
    path: str | os.PathLike[str],
    *,
    sheets: Sequence[str] | None = None,
    missing_before: Collection[str] = (),
    bounds: OpeningBounds | None = None,
) -> None:
    """Raise SaveError, which names the part, unless the file at the path is a whole workbook.

    `sheets` are the names of all sheets in the order of their tabs; None asks
    nothing of them. `missing_before` are the targets that the file being replaced
    lacks already; `bounds` those with which it was opened.
    """
    shown = os.fspath(path)
    try:
        with Package.open(path, bounds) as package:
            _read_all(package)
            _check_targets(package, missing_before, shown)
            _check_sheets(package, sheets, shown)
    except SaveError:
        raise
    except WorkbookError as error:
        raise SaveError(f"What was written is no whole workbook: {error}", path=shown) from error


def missing_targets(package: Package) -> frozenset[str]:
    """The parts that relationships of this package lead to and that are not there."""
    return frozenset(target for _, target in _missing(package))


def _read_all(package: Package) -> None:
    for name in filter(package.has, package.names):  # a folder's entry is no part
        with package.stream(name) as stream:
            while stream.read(1 << 20):
                pass


def _missing(package: Package) -> Iterator[tuple[str, str]]:
    """The relationship part and the target of each internal relationship to nothing."""
    for name in package.names:
        source = _source_of(name)
        if source is None:
            continue
        for relationship in package.relationships(source):
            # A link to a place in this workbook is written as a fragment by some programs.
            within = relationship.external or relationship.kind == "hyperlink"
            if not within and not package.has(relationship.target):
                yield name, relationship.target


def _source_of(name: str) -> str | None:
    """The part whose relationships this part holds, "" for the package's, None for other parts."""
    folder, _, last = name.replace("\\", "/").rpartition("/")
    above, _, marker = folder.rpartition("/")
    if marker.lower() != "_rels" or not last.lower().endswith(".rels"):
        return None
    return posixpath.join(above, last[: -len(".rels")])


def _check_targets(package: Package, missing_before: Collection[str], shown: str) -> None:
    known = {target.lower() for target in missing_before}
    for name, target in _missing(package):
        if target.lower() not in known:
            raise SaveError(
                f"What was written is no whole workbook: {name} leads to {target}, "
                "which is missing.",
                path=shown,
            )


def _check_sheets(package: Package, sheets: Sequence[str] | None, shown: str) -> None:
    written = [entry.name for entry in package.sheets]
    if sheets is not None and written != list(sheets):
        lost = [name for name in sheets if name not in written]
        what = f"it lacks {', '.join(map(repr, lost))}" if lost else f"it has {written}"
        raise SaveError(
            f"What was written does not have the sheets it should have: {what} "
            f"({package.workbook_part}).",
            path=shown,
            sheet=lost[0] if lost else None,
        )
