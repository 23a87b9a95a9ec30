"""The comments part of a sheet edited: authors, texts and places (part 1, section 18.7)."""

from __future__ import annotations

from dataclasses import dataclass, field

from budgetinator.errors import InvalidCellReference
from budgetinator.workbooks.addresses import format_cell, parse_cell
from budgetinator.workbooks.merging.comments.commentplan import CommentPlan, Note, Place
from budgetinator.workbooks.merging.comments.commenttext import changed_text, text_xml
from budgetinator.workbooks.patch.elements import Element, parse_elements
from budgetinator.workbooks.patch.splices import Splice, splice_bytes
from budgetinator.workbooks.patch.tags import escape_attribute, opened_tag, set_attribute

__all__ = ["EditedComments", "edit_comments", "new_comments", "place_of"]


@dataclass(frozen=True, slots=True)
class EditedComments:
    """The part as it shall be; `is_empty` when no comment is left in it."""

    data: bytes
    is_empty: bool
    formats_lost: tuple[Place, ...]


def new_comments(namespace: str) -> bytes:
    """A comments part that holds none yet."""
    return (
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        b'<comments xmlns="%b"><authors></authors><commentList></commentList></comments>'
        % escape_attribute(namespace)
    )


def place_of(reference: str) -> Place | None:
    """The cell that an element says it belongs to."""
    try:
        return parse_cell(reference)
    except InvalidCellReference:
        return None


def edit_comments(data: bytes, plan: CommentPlan) -> EditedComments:
    """Carry out the plan; comments that it does not name keep their bytes. Raises MarkupError."""
    return _Editing(data, plan).edited()


@dataclass(slots=True)
class _Editing:
    data: bytes
    plan: CommentPlan
    root: Element = field(init=False)
    authors: list[str] = field(init=False)
    splices: list[Splice] = field(default_factory=list)
    lost: list[Place] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root = parse_elements(self.data)
        found = self.root.find("authors")
        self.authors = [each.text for each in found.find_all("author")] if found else []

    def edited(self) -> EditedComments:
        known, left = len(self.authors), 0
        waiting = dict(self.plan.put)
        holder = self.root.find("commentList")
        for comment in holder.find_all("comment") if holder else ():
            place = place_of(comment.attributes.get("ref", ""))
            left += self._comment(comment, place)
            if place in waiting and self.plan.stays(place):
                del waiting[place]
        added = b"".join(self._new(place, note) for place, note in waiting.items())
        new_authors = b"".join(map(self._author, self.authors[known:]))
        self._append("authors", new_authors, before=holder)
        self._append("commentList", added)
        data = splice_bytes(self.data, self.splices)
        return EditedComments(data, not (left or waiting), tuple(self.lost))

    def _comment(self, comment: Element, place: Place | None) -> bool:
        """Change what stands there; False where it goes."""
        if place is None:
            return True
        if place in self.plan.removed:
            self.splices.append(Splice(comment.start, comment.end, b""))
            return False
        tag = self.data[comment.start : comment.opened]
        if place in self.plan.moved:
            reference = format_cell(*self.plan.moved[place])
            self._tag(comment, set_attribute(tag, b"ref", reference.encode()))
        elif place in self.plan.put:
            self._rewrite(comment, place, self.plan.put[place])
        return True

    def _rewrite(self, comment: Element, place: Place, note: Note) -> None:
        tag = self.data[comment.start : comment.opened]
        if self._author_of(comment) != note.author:
            tag = set_attribute(tag, b"authorId", b"%d" % self._author_number(note.author))
        text = comment.find("text")
        if text is None or "".join(_texts(text)) != note.text:
            xml, lost = changed_text(self.data, text, note.text)
            if lost:
                self.lost.append(place)
            if text is not None:
                self.splices.append(Splice(text.start, text.end, xml))
            else:
                prefix = comment.prefix.encode()
                tag = opened_tag(tag) + text_xml(note.text, prefix)
                tag += b"</%bcomment>" % prefix if comment.is_empty else b""
        self._tag(comment, tag)

    def _tag(self, comment: Element, tag: bytes) -> None:
        if tag != self.data[comment.start : comment.opened]:
            self.splices.append(Splice(comment.start, comment.opened, tag))

    def _author_of(self, comment: Element) -> str | None:
        number = comment.attributes.get("authorId", "")
        known = number.isascii() and number.isdigit() and int(number) < len(self.authors)
        return self.authors[int(number)] if known else None

    def _author_number(self, author: str) -> int:
        if author not in self.authors:
            self.authors.append(author)
        return self.authors.index(author)

    def _author(self, author: str) -> bytes:
        prefix = self.root.prefix.encode()
        text = author.replace("&", "&amp;").replace("<", "&lt;").replace("\r", "&#13;")
        return b"<%bauthor>%b</%bauthor>" % (prefix, text.encode(), prefix)

    def _new(self, place: Place, note: Note) -> bytes:
        prefix = self.root.prefix.encode()
        return b'<%bcomment ref="%b" authorId="%d" shapeId="0">%b</%bcomment>' % (
            prefix,
            format_cell(*place).encode(),
            self._author_number(note.author),
            text_xml(note.text, prefix),
            prefix,
        )

    def _append(self, local: str, xml: bytes, before: Element | None = None) -> None:
        """Put it at the end of that child of the root, which is made where there is none."""
        if not xml:
            return
        name = (self.root.prefix + local).encode()
        holder = self.root.find(local)
        if holder is None:
            at = before.start if before else self.root.closed
            self.splices.append(Splice(at, at, b"<%b>%b</%b>" % (name, xml, name)))
        elif holder.is_empty:
            tag = opened_tag(self.data[holder.start : holder.opened])
            self.splices.append(Splice(holder.start, holder.end, tag + xml + b"</%b>" % name))
        else:
            self.splices.append(Splice(holder.closed, holder.closed, xml))


def _texts(text: Element) -> list[str]:
    """What openpyxl reads of it: its own text, then that of its runs; no phonetic hints."""
    plain = [each.text for each in text.find_all("t")]
    return plain + [each.text for run in text.find_all("r") for each in run.find_all("t")]
