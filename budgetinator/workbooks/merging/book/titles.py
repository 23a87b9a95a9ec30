"""The list of titles in the extended properties (docProps/app.xml), which must not lie.

ECMA-376 part 1, sections 22.2.2.6 (HeadingPairs) and 22.2.2.26 (TitlesOfParts). Its
headings are words of the program's own language, so that it cannot be told which of
them counts what; and Excel writes it anew at each save. So where the sheets or names are
others now, it is left out.
"""

from __future__ import annotations

from budgetinator.workbooks.merging.book.bookpart import BookPart, edit_part
from budgetinator.workbooks.patch.edit import PackageEdit

__all__ = ["drop_titles"]

_LISTS = frozenset({"HeadingPairs", "TitlesOfParts"})


def drop_titles(edit: PackageEdit) -> None:
    """Take the lists of parts' titles out of the extended properties."""
    for entry in edit.relationships(""):
        if entry.kind == "extended-properties" and edit.has(entry.target):
            edit_part(edit, entry.target, _drop)


def _drop(part: BookPart) -> None:
    for node in part.root.children:
        if node.local in _LISTS:
            part.draft.remove(node)
