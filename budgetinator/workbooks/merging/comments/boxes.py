"""The boxes that show comments, in the VML drawing of a sheet (part 4, section 19).

VML is not always well-formed: the text in a box is HTML, where `<br>` has no end and
attributes need no quotes. Chosen: the shapes are found as bytes, from their start tag
to their end tag, and what is in them is looked for by pattern, so that one way
serves every file and all other bytes stay. A shape never stands within another.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from budgetinator.workbooks.merging.comments.commentplan import CommentPlan, Note, Place
from budgetinator.workbooks.patch.elements import MarkupError, start_tag_end
from budgetinator.workbooks.patch.splices import Splice, splice_bytes
from budgetinator.workbooks.patch.tags import opened_tag

__all__ = ["EditedBoxes", "clusters_in", "edit_boxes", "new_drawing"]

_CLUSTER = 1024  # shape ids come in clusters of this size; a drawing's idmap names its own

_NAMESPACES = {
    b"v": b"urn:schemas-microsoft-com:vml",
    b"o": b"urn:schemas-microsoft-com:office:office",
    b"x": b"urn:schemas-microsoft-com:office:excel",
}
_ROOT = re.compile(rb"<(?![?!])([^\s/>]+)")
_SHAPE = re.compile(rb"<((?:[\w.-]+:)?)shape(?=[\s/>])")
_NOTE = re.compile(rb"<(?:[\w.-]+:)?ClientData\b[^>]*?\sObjectType\s*=\s*[\"']?Note\b")
_ROW = re.compile(rb"<(?:[\w.-]+:)?Row\s*>\s*(\d+)\s*<")
_COLUMN = re.compile(rb"<(?:[\w.-]+:)?Column\s*>\s*(\d+)\s*<")
_ANCHOR = re.compile(rb"\s*<((?:[\w.-]+:)?)Anchor\s*>([^<]*)</\1Anchor\s*>")
_STYLE = re.compile(rb"\sstyle\s*=\s*(\"[^\"]*\"|'[^']*')")
_NUMBER = re.compile(rb"\d+")
_ID = re.compile(rb"_x0000_s(\d{1,9})\b")
_MAP = re.compile(rb"<(?:[\w.-]+:)?idmap\b[^>]*?\sdata\s*=\s*[\"']?([\d,\s]+)")
_TYPE = re.compile(rb"\sid\s*=\s*[\"']?_x0000_t202\b")
_FRAME = re.compile(rb"<((?:[\w.-]+:)?shape(?:type|layout))\b.*?</\1\s*>", re.DOTALL)
_VML_TAG = re.compile(rb"<[\w.-]+:[\w.-]+")

_SHAPE_TYPE = (
    b'<%(v)bshapetype id="_x0000_t202" coordsize="21600,21600" %(o)bspt="202" '
    b'path="m,l,21600r21600,l21600,xe"%(declared)b><%(v)bstroke joinstyle="miter"/>'
    b'<%(v)bpath gradientshapeok="t" %(o)bconnecttype="rect"/></%(v)bshapetype>'
)
_BOX = (
    b'<%(v)bshape id="_x0000_s%(id)d" type="#_x0000_t202" style=\'position:absolute;'
    b"margin-left:59.25pt;margin-top:1.5pt;width:%(width)b;height:%(height)b;z-index:%(level)d;"
    b'visibility:hidden\' fillcolor="#ffffe1" %(o)binsetmode="auto"%(declared)b>'
    b'<%(v)bfill color2="#ffffe1"/><%(v)bshadow color="black" obscured="t"/>'
    b"<%(v)bpath %(o)bconnecttype=\"none\"/><%(v)btextbox style='mso-direction-alt:auto'>"
    b"<div style='text-align:left'></div></%(v)btextbox>"
    b'<%(x)bClientData ObjectType="Note"><%(x)bMoveWithCells/><%(x)bSizeWithCells/>'
    b"<%(x)bAutoFill>False</%(x)bAutoFill><%(x)bRow>%(row)d</%(x)bRow>"
    b"<%(x)bColumn>%(column)d</%(x)bColumn></%(x)bClientData></%(v)bshape>"
)

FreeCluster = Callable[[], int]


@dataclass(frozen=True, slots=True)
class EditedBoxes:
    """The drawing as it shall be; `is_empty` when it holds no shape any more."""

    data: bytes
    is_empty: bool


def new_drawing(cluster: int) -> bytes:
    """A VML drawing without shapes, whose ids come from this cluster."""
    declared = b" ".join(b'xmlns:%b="%b"' % item for item in _NAMESPACES.items())
    return (
        b'<xml %b><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="%d"/></o:shapelayout>'
        b"</xml>" % (declared, cluster)
    )


def clusters_in(data: bytes) -> list[int]:
    """The clusters of shape ids that a drawing has: those it claims first, then those it uses."""
    found = _MAP.search(data)
    claimed = [int(number) for number in _NUMBER.findall(found[1])] if found else []
    return list(dict.fromkeys([*claimed, *(number // _CLUSTER for number in _ids(data))]))


def edit_boxes(data: bytes, plan: CommentPlan, free_cluster: FreeCluster) -> EditedBoxes:
    """Carry out the plan on the boxes; all other shapes keep their bytes. Raises MarkupError.

    A box that gets another size loses its anchor, which would say the old one: Excel
    then takes the lengths of its style. `free_cluster` is asked when all ids are used.
    """
    boxes: defaultdict[Place, list[_Box]] = defaultdict(list)
    for box in _boxes(data):
        boxes[box.place].append(box)
    splices: list[Splice] = []
    for place, found in boxes.items():
        for box in found:
            if place in plan.removed:
                splices.append(Splice(box.start, box.end, b""))
            elif place in plan.moved:
                splices += box.moved(plan.moved[place])
            elif place in plan.resized:
                splices += box.resized(plan.put[place])
    edited = splice_bytes(data, splices)
    new = {
        place: plan.put[place]
        for place in sorted(plan.resized)
        if place not in boxes or not plan.stays(place)
    }
    if new:
        edited = _with_boxes(edited, new, free_cluster)
    return EditedBoxes(edited, not _VML_TAG.search(_FRAME.sub(b"", edited), _root(edited)[1]))


@dataclass(frozen=True, slots=True)
class _Box:
    """The shape of one comment, `data` from `start` to `end`, with its start tag up to `opened`."""

    start: int
    opened: int
    data: bytes
    row: re.Match[bytes]
    column: re.Match[bytes]

    @property
    def end(self) -> int:
        return self.start + len(self.data)

    @property
    def place(self) -> Place:
        return int(self.row[1]) + 1, int(self.column[1]) + 1

    def moved(self, to: Place) -> Iterator[Splice]:
        down, right = to[0] - self.place[0], to[1] - self.place[1]
        yield self._splice(self.row.span(1), b"%d" % (to[0] - 1))
        yield self._splice(self.column.span(1), b"%d" % (to[1] - 1))
        if anchor := _ANCHOR.search(self.data):
            numbers = list(_NUMBER.finditer(anchor[2]))
            for number, by in zip(numbers[::2], (right, down, right, down), strict=False):
                at = anchor.start(2)
                span = at + number.start(), at + number.end()
                yield self._splice(span, b"%d" % max(int(number[0]) + by, 0))

    def resized(self, note: Note) -> Iterator[Splice]:
        tag = self.data[: self.opened - self.start]
        style = _STYLE.search(tag)
        lengths = b"width:%b;height:%b" % (_points(note.width), _points(note.height))
        if style is None:
            at = _SHAPE.match(tag)
            assert at is not None
            yield self._splice((at.end(), at.end()), b" style='%b'" % lengths)
        else:
            said = style[1][1:-1]
            for declaration in lengths.split(b";"):
                said = _declared(said, declaration)
            yield self._splice((style.start(1) + 1, style.end(1) - 1), said)
        if anchor := _ANCHOR.search(self.data):
            yield self._splice(anchor.span(), b"")

    def _splice(self, span: tuple[int, int], data: bytes) -> Splice:
        return Splice(self.start + span[0], self.start + span[1], data)


def _boxes(data: bytes) -> Iterator[_Box]:
    at = 0
    while found := _SHAPE.search(data, at):
        opened = at = start_tag_end(data, found.start())
        if data[opened - 2 : opened] == b"/>":
            continue
        closing = re.compile(rb"</%bshape\s*>" % re.escape(found[1])).search(data, opened)
        if closing is None:
            raise MarkupError("a shape does not end")
        at = closing.end()
        shape = data[found.start() : at]
        row, column = _ROW.search(shape), _COLUMN.search(shape)
        if row and column and _NOTE.search(shape):
            yield _Box(found.start(), opened, shape, row, column)


def _with_boxes(data: bytes, new: dict[Place, Note], free_cluster: FreeCluster) -> bytes:
    data, ids = _new_ids(data, len(new), free_cluster)
    name, opened, is_empty = _root(data)
    prefixes = _prefixes(data[:opened])
    pieces = [] if _TYPE.search(data) else [_SHAPE_TYPE % prefixes]
    levels = count(len(_SHAPE.findall(data)) + 1)
    for number, level, (place, note) in zip(ids, levels, new.items(), strict=False):
        values: dict[bytes, bytes | int] = {
            b"id": number,
            b"level": level,
            b"width": _points(note.width),
            b"height": _points(note.height),
            b"row": place[0] - 1,
            b"column": place[1] - 1,
        }
        pieces.append(_BOX % {**prefixes, **values})
    xml = b"".join(pieces)
    if is_empty:
        tag = opened_tag(data[:opened])
        return tag + xml + b"</%b>" % name + data[opened:]
    at = data.rfind(b"</" + name)
    if at < 0:
        raise MarkupError(f"its element {name.decode('utf-8', 'replace')} does not end")
    return data[:at] + xml + data[at:]


def _new_ids(data: bytes, needed: int, free_cluster: FreeCluster) -> tuple[bytes, list[int]]:
    """Ids of the drawing's own clusters that nothing in it has; a further cluster when full."""
    used = set(_ids(data))
    clusters = clusters_in(data) or [free_cluster()]
    ids: list[int] = []
    for cluster in clusters:
        first, last = cluster * _CLUSTER + 1, (cluster + 1) * _CLUSTER
        highest = max((number for number in used if number // _CLUSTER == cluster), default=first)
        order = [*range(highest, last), *range(first, highest)]
        ids += [number for number in order if number not in used]
        if len(ids) >= needed:
            return data, ids[:needed]
        if cluster == clusters[-1]:
            clusters.append(max(free_cluster(), max(clusters) + 1))
            data = _claiming(data, clusters[-1])
    return data, ids


def _claiming(data: bytes, cluster: int) -> bytes:
    found = _MAP.search(data)
    if found is None:
        return data
    at = found.start(1) + len(found[1].rstrip())
    return data[:at] + b",%d" % cluster + data[at:]


def _ids(data: bytes) -> Iterator[int]:
    return (int(found[1]) for found in _ID.finditer(data))


def _root(data: bytes) -> tuple[bytes, int, bool]:
    """The name of the root element, where its start tag ends, and whether it is an empty tag."""
    found = _ROOT.search(data)
    if found is None:
        raise MarkupError("it has no element")
    opened = start_tag_end(data, found.start())
    return found[1], opened, data[opened - 2 : opened] == b"/>"


def _prefixes(head: bytes) -> dict[bytes, bytes]:
    """By our names for the namespaces, the drawing's prefixes; what it lacks is to be declared."""
    prefixes, declared = {}, b""
    for name, address in _NAMESPACES.items():
        found = re.search(rb"\sxmlns:([\w.-]+)\s*=\s*[\"']%b[\"']" % re.escape(address), head)
        prefixes[name] = (found[1] if found else name) + b":"
        if found is None:
            declared += b' xmlns:%b="%b"' % (name, address)
    return {**prefixes, b"declared": declared}


def _declared(style: bytes, declaration: bytes) -> bytes:
    name = declaration.partition(b":")[0]
    made, found = re.subn(rb"(?<![\w-])%b\s*:[^;]*" % name, declaration, style)
    return made if found else style.rstrip().rstrip(b";") + b";" + declaration


def _points(pixels: float) -> bytes:
    return b"%bpt" % format(round(pixels * 0.75, 2), "g").encode()
