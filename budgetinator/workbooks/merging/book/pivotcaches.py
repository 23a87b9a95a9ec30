"""What the workbook's part keeps for sheets that are gone: pivot caches and slicer caches.

A pivot cache that no pivot table is left for goes, and so does the cache of a slicer or
timeline that no sheet shows any longer. One that another sheet still shows stays, with
what it filters, but for the pivot tables that are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from budgetinator.workbooks.losses.finding import Loss
from budgetinator.workbooks.merging.book.bookpart import BookPart, edit_part
from budgetinator.workbooks.merging.parts.nodes import OFFICE, XmlNode, parse_nodes
from budgetinator.workbooks.opc.package import SheetEntry
from budgetinator.workbooks.opc.relationships import Relationship
from budgetinator.workbooks.patch.edit import PackageEdit

__all__ = ["drop_caches"]

_REFERENCE = f"{{{OFFICE}}}id"
_SHOWN_BY = {"slicerCache": "slicer", "timelineCache": "timeline"}


def drop_caches(
    edit: PackageEdit, removed: Iterable[SheetEntry], kept: Iterable[str]
) -> list[Loss]:
    """Take away what only the removed sheets used; `kept` are the parts of the other sheets."""
    removed, kept = list(removed), list(kept)
    workbook = edit.package.workbook_part
    entries = edit.relationships(workbook)
    losses: list[Loss] = []
    filtered: set[str] = set()  # what caches of slicers that stay say of their pivot caches
    for entry in entries:
        if entry.kind in _SHOWN_BY:
            losses += _drop_shown(edit, entry, removed, kept, filtered)
    used = _pivot_caches(edit, kept)
    gone = {target: sheet for target, sheet in _caches_of(edit, removed) if target not in used}
    for entry in entries:
        sheet = gone.get(entry.target.lower())
        if entry.kind == "pivotCacheDefinition" and sheet is not None:
            if not filtered.isdisjoint(_cache_ids(edit, entry)):
                continue
            _cut(edit, entry)
            what = f"the pivot cache {entry.target}, which no other pivot table uses"
            losses.append(Loss("pivot_cache", entry.target, sheet, what))
    return losses


def _drop_shown(
    edit: PackageEdit,
    entry: Relationship,
    removed: list[SheetEntry],
    kept: list[str],
    filtered: set[str],
) -> Iterator[Loss]:
    """The cache of a slicer or timeline: taken away, or without the pivot tables that are gone."""
    shown_by = _SHOWN_BY[entry.kind]
    root = parse_nodes(edit.part(entry.target).data, entry.target)
    ids = {sheet.sheet_id for sheet in removed}
    tables = [n for n in root.walk() if n.local == "pivotTable" and "tabId" in n.attributes]
    gone = [node for node in tables if node.attributes["tabId"] in ids]
    if root.attributes.get("name") in _shown(edit, kept, shown_by):
        filtered |= {each for node in root.walk() for each in _ids_of(node)}
        if gone:
            edit_part(edit, entry.target, lambda part: _drop_tables(part, ids))
            what = f"a {shown_by} no longer filters the pivot tables of removed sheets"
            yield Loss(shown_by, entry.target, None, what)
        return
    owner = _owner(edit, removed, shown_by, root.attributes.get("name"))
    if owner is not None or (gone and len(gone) == len(tables)):
        _cut(edit, entry)
        yield Loss(shown_by, entry.target, owner, f"the {shown_by} of a removed sheet")
    elif gone:
        edit_part(edit, entry.target, lambda part: _drop_tables(part, ids))


def _drop_tables(part: BookPart, ids: set[str]) -> None:
    for node in part.root.walk():
        if node.local == "pivotTable" and node.attributes.get("tabId") in ids:
            part.remove(node)


def _cut(edit: PackageEdit, entry: Relationship) -> None:
    """Lead there no more, and take out the elements that say so."""
    workbook = edit.package.workbook_part

    def change(book: BookPart) -> None:
        for node in book.root.walk():
            if node.attributes.get(_REFERENCE) == entry.id:
                book.remove(node)

    edit_part(edit, workbook, change)
    edit.remove_relationship(workbook, entry.id)


def _pivot_caches(edit: PackageEdit, sheets: Iterable[str]) -> set[str]:
    return {
        cache.target.lower()
        for sheet in sheets
        for table in edit.relationships(sheet)
        if table.kind == "pivotTable"
        for cache in edit.relationships(table.target)
    }


def _caches_of(edit: PackageEdit, removed: Iterable[SheetEntry]) -> Iterator[tuple[str, str]]:
    for sheet in removed:
        for target in _pivot_caches(edit, [sheet.part]):
            yield target, sheet.name


def _shown(edit: PackageEdit, sheets: Iterable[str], kind: str) -> set[str]:
    """The names of the caches whose slicers or timelines these sheets show."""
    return {
        node.attributes.get("cache", "")
        for sheet in sheets
        for entry in edit.relationships(sheet)
        if entry.kind == kind
        for node in parse_nodes(edit.part(entry.target).data, entry.target).children
    }


def _owner(
    edit: PackageEdit, removed: Iterable[SheetEntry], kind: str, name: str | None
) -> str | None:
    return next((s.name for s in removed if name in _shown(edit, [s.part], kind)), None)


def _ids_of(node: XmlNode) -> Iterator[str]:
    if "pivotCacheId" in node.attributes:
        yield node.attributes["pivotCacheId"]


def _cache_ids(edit: PackageEdit, entry: Relationship) -> set[str]:
    """The ids by which slicers know a pivot cache: its own, and that of its extension."""
    root = parse_nodes(edit.part(entry.target).data, entry.target)
    ids = {each for node in root.walk() for each in _ids_of(node)}
    book = parse_nodes(edit.part(edit.package.workbook_part).data, "")
    return ids | {
        node.attributes["cacheId"]
        for node in book.walk()
        if node.attributes.get(_REFERENCE) == entry.id and "cacheId" in node.attributes
    }
