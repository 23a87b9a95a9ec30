"""Reading back what a save wrote, before it takes the place of the user's file.

Every byte is read. What was copied from the original is held against its bytes, which
is a tenth of the cost of inflating it; everything else against its checksum. Of a sheet
that was written in segments, each segment is the one or the other. No sheet is parsed. A
relationship that leads nowhere makes Excel offer a repair, so a save must not add one;
some real files came with one, which a save need not mend.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from budgetinator.config import OpeningBounds
from budgetinator.errors import SaveError, WorkbookError
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.opc.relationships import relationships_name

if TYPE_CHECKING:
    from budgetinator.workbooks.patch.segments import Segment, SegmentedPart

__all__ = ["verify_package"]

# From so many segments on, they are inflated in threads: inflating lets go of the interpreter.
_MANY, _THREADS = 8, 2
_RUN = 512 * 1024


def verify_package(
    path: str | os.PathLike[str],
    *,
    sheets: Sequence[str] | None = None,
    original: Package | None = None,
    bounds: OpeningBounds | None = None,
    segments: Mapping[str, SegmentedPart] | None = None,
) -> None:
    """Raise SaveError, which names the part, unless the file at the path is a whole workbook.

    `sheets` are the names of all sheets in the order of their tabs; None asks
    nothing of them. `original` is the package that unchanged parts were copied from;
    what it lacks may be missing too. `bounds` are those with which it was opened.
    `segments` are the sheets of which some segments were copied from the original.
    """
    shown = os.fspath(path)
    try:
        with Package.open(path, bounds) as package:
            same = _read_all(package, original, segments or {})
            _check_targets(package, original, same, shown)
            known = original if original is not None and _same_tabs(package, same) else package
            _check_sheets(known, sheets, shown)
    except SaveError:
        raise
    except WorkbookError as error:
        raise SaveError(f"What was written is no whole workbook: {error}", path=shown) from error


def _read_all(
    package: Package, original: Package | None, segments: Mapping[str, SegmentedPart]
) -> frozenset[str]:
    """Read every part; the names of those that are byte for byte those of the original."""
    same: set[str] = set()
    for name in package.names:
        if original is not None and _is_copy(package, original, name):
            same.add(name)
        elif original is not None and name in segments and original.has(name):
            _read_segments(package, original, name, segments[name])
        else:
            for _ in package.chunks(name):
                pass
    return frozenset(same)


def _read_segments(package: Package, original: Package, name: str, part: SegmentedPart) -> None:
    """Compare the copied segments with the original's, inflate the others, or raise SaveError.

    All packed bytes are read from the new file, so the part is whole: what was packed anew
    inflates to the size and the checksum that its text had before; what was copied is that
    of the original byte for byte, and was inflated and verified when it was written first;
    and the directory's size and checksum are those that follow from the pieces.
    """
    from budgetinator.workbooks.patch.segments import STREAM_END

    end = part.packed - len(STREAM_END)
    whole = part.is_of(package, name)
    whole = whole and package.raw_at(name, end, len(STREAM_END)) == STREAM_END
    whole = whole and all(
        package.raw_at(name, offset, length) == original.raw_at(name, origin, length)
        for offset, origin, length in _copied_runs(part)
    )
    if not whole:
        raise SaveError(
            f"What was written is no whole workbook: {name} is not what was copied.",
            path=str(package.path),
        )
    _inflate(package, name, [segment for segment in part.segments if segment.origin is None])


def _copied_runs(part: SegmentedPart) -> Iterator[tuple[int, int, int]]:
    """Where copied bytes stand, where they stood, and how many: segments that follow each other."""
    offset = origin = length = 0
    for segment in part.segments:
        if segment.origin is None:
            continue
        if (segment.offset, segment.origin) == (offset + length, origin + length) and (
            length < _RUN
        ):
            length += segment.packed
        else:
            yield offset, origin, length
            offset, origin, length = segment.offset, segment.origin, segment.packed
    yield offset, origin, length


def _inflate(package: Package, name: str, segments: Sequence[Segment]) -> None:
    from budgetinator.workbooks.patch.inorder import InOrder
    from budgetinator.workbooks.patch.packedbytes import PackedPart
    from budgetinator.workbooks.patch.segments import inflated_segment

    packed = PackedPart(package, name)

    def inflate(some: Sequence[Segment]) -> None:
        for segment in some:
            inflated_segment(packed, segment)

    if len(segments) < _MANY:
        inflate(segments)
        return
    with InOrder(inflate, _THREADS, "budgetinator-verifying") as threads:
        for start in range(_THREADS):
            threads.put(segments[start::_THREADS])
        while threads.waiting:
            threads.take()


def _is_copy(package: Package, original: Package, name: str) -> bool:
    if not original.has(name):
        return False
    mine, theirs = package.member(name), original.member(name)
    if (mine.name, mine.method, mine.crc, mine.size, mine.compressed_size) != (
        theirs.name,
        theirs.method,
        theirs.crc,
        theirs.size,
        theirs.compressed_size,
    ):
        return False
    pairs = zip(package.raw(name), original.raw(name), strict=True)
    return all(written == before for written, before in pairs)


def _same_tabs(package: Package, same: Collection[str]) -> bool:
    """Whether the parts that say which sheets there are were copied."""
    rels = relationships_name(package.workbook_part)
    return all(package.spelling(part) in same for part in (package.workbook_part, rels))


def _lost(package: Package, original: Package) -> bool:
    return any(not package.has(name) for name in original.names)


def _missing(package: Package, but: Collection[str]) -> Iterator[tuple[str, str]]:
    """The relationship part and the target of each internal relationship to nothing."""
    for name in package.names:
        source = _source_of(name)
        if source is None or name in but:
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


def _check_targets(
    package: Package, original: Package | None, same: Collection[str], shown: str
) -> None:
    """Refuse a relationship to nothing, unless the original has it too.

    Copied relationships lead where they led, as long as no part is gone.
    """
    known: set[str] = set()
    if original is not None:
        same = () if _lost(package, original) else same
        known = {target.lower() for _, target in _missing(original, same)}
    for name, target in _missing(package, same):
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
