"""An edited package written as a file: what did not change is copied as it is compressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from budgetinator.workbooks.patch.compression import Level, deflater
from budgetinator.workbooks.patch.edit import PackageEdit, StreamedPart
from budgetinator.workbooks.patch.rewrite import ZipRewriter
from budgetinator.workbooks.patch.splices import spliced

__all__ = ["Writing", "write_edit"]


@dataclass(frozen=True, slots=True)
class Writing:
    """What was written; `parts_copied` counts the parts whose compressed bytes were kept."""

    parts_copied: int
    bytes_written: int


def write_edit(edit: PackageEdit, target: BinaryIO, level: Level) -> Writing:
    """Write the package as it shall be, from where `target` stands; it stays the caller's."""
    package = edit.package
    output = ZipRewriter(target)
    copied = 0
    for name in package.names:
        if edit.is_removed(name) or not package.has(name):  # a folder's entry is no part
            continue
        member = package.member(name)
        streamed = edit.streamed.get(name)
        if streamed is not None and streamed.splices:
            size = member.size + _growth(streamed)
            chunks = spliced(streamed.source.text(), streamed.splices)
            encoded = streamed.source.encoding.encoded(chunks)
            output.replace(member, encoded, deflater(level, size), size)
        elif part := edit.changed_part(name):
            data = part.encoded()
            output.replace(member, (data,), deflater(level, len(data)), len(data))
        else:
            output.copy(package, name)
            copied += 1
    for part in edit.added_parts():
        output.add(part.name, part.data, deflater(level, len(part.data)))
    return Writing(copied, output.close())


def _growth(streamed: StreamedPart) -> int:
    return sum(len(splice.data) for splice in streamed.splices)
