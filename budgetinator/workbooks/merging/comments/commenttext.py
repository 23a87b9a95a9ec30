"""The text of a comment changed, with the formats of what stays of it.

As in Excel, characters that stay keep their format, and what takes the place of
others looks as the longest part of them did. Words that stand in the new text too,
but in a stretch that was replaced as a whole, cannot be followed: where they looked
otherwise, their format is lost, and that is said.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import takewhile

from budgetinator.workbooks.patch.elements import Element

__all__ = ["changed_text", "text_xml"]

_WORD = re.compile(r"\w{2,}")


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one format; `look` is the whole `rPr` element, or nothing."""

    look: bytes
    text: str


def changed_text(data: bytes, old: Element | None, text: str) -> tuple[bytes, bool]:
    """The `text` element (CT_Rst, 18.4.8) with a new text, and whether a format is lost.

    `old` is the element as it stands in `data`; phonetic hints of the old text go with it.
    """
    if old is None:
        return text_xml(text, b""), False
    runs = _runs(data, old)
    whole = "".join(run.text for run in runs)
    start, end = _replaced(whole, text)
    replaced = _cut(runs, start, len(whole) - end)
    middle = text[start : len(text) - end]
    head, tail = _cut(runs, 0, start), _cut(runs, len(whole) - end, len(whole))
    look = _look(replaced, head, tail)
    words = set(_WORD.findall(middle))
    lost = any(run.look != look and words.intersection(_WORD.findall(run.text)) for run in replaced)
    return _written([*head, Run(look, middle), *tail], old.prefix.encode(), text), lost


def text_xml(text: str, prefix: bytes) -> bytes:
    """The `text` element of a comment without formats."""
    return _written([Run(b"", text)], prefix, text)


def _runs(data: bytes, old: Element) -> list[Run]:
    runs = []
    for child in old.children:
        if child.name == old.prefix + "t":
            runs.append(Run(b"", child.text))
        elif child.name == old.prefix + "r":
            look = child.find("rPr")
            texts = "".join(each.text for each in child.find_all("t"))
            runs.append(Run(data[look.start : look.end] if look else b"", texts))
    return [run for run in runs if run.text]


def _replaced(old: str, new: str) -> tuple[int, int]:
    """How many characters stay at the beginning and at the end; words stay whole."""
    start = _whole_words(_common(old, new), old, new)
    ends = old[start:][::-1], new[start:][::-1]
    return start, _whole_words(_common(*ends), *ends)


def _common(old: str, new: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _whole_words(count: int, old: str, new: str) -> int:
    if count == len(old) == len(new):
        return count
    following = old[count : count + 1] + new[count : count + 1]
    if any(map(str.isalnum, following)):
        while count and new[count - 1].isalnum():
            count -= 1
    return count


def _cut(runs: list[Run], start: int, end: int) -> list[Run]:
    found, at = [], 0
    for run in runs:
        text = run.text[max(start - at, 0) : max(end - at, 0)]
        if text:
            found.append(Run(run.look, text))
        at += len(run.text)
    return found


def _look(replaced: list[Run], head: list[Run], tail: list[Run]) -> bytes:
    if replaced:
        lengths: Counter[bytes] = Counter()
        for run in replaced:
            lengths[run.look] += len(run.text)
        return lengths.most_common(1)[0][0]
    return next((run.look for run in (*head[-1:], *tail[:1])), b"")


def _written(runs: list[Run], prefix: bytes, text: str) -> bytes:
    joined: list[Run] = []
    for run in filter(lambda each: each.text, runs):
        if joined and joined[-1].look == run.look:
            joined[-1] = Run(run.look, joined[-1].text + run.text)
        else:
            joined.append(run)
    if not any(run.look for run in joined):
        content = _t(text, prefix)
    else:
        content = b"".join(
            b"<%br>%b%b</%br>" % (prefix, run.look, _t(run.text, prefix), prefix) for run in joined
        )
    return b"<%btext>%b</%btext>" % (prefix, content, prefix)


def _t(text: str, prefix: bytes) -> bytes:
    kept = b' xml:space="preserve"' if text != text.strip() else b""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace("\r", "&#13;")
    return b"<%bt%b>%b</%bt>" % (prefix, kept, escaped.encode(), prefix)
