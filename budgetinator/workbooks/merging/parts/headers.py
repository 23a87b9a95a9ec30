"""Headers and footers merged by their three sections (ECMA-376 part 1, section 18.3.1.39)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from budgetinator.workbooks.merging.parts.drafts import escape_text
from budgetinator.workbooks.merging.parts.nodes import XmlNode

if TYPE_CHECKING:
    from budgetinator.workbooks.merging.parts.threeway import PartMerge

__all__ = ["merge_header"]

_SECTIONS = ("L", "C", "R")
_CODE = re.compile(r'&"[^"]*"|&.|[^&]+|&', re.DOTALL)


def merge_header(merge: PartMerge, original: XmlNode, before: XmlNode, now: XmlNode) -> None:
    """Put the sections that changed in the place of the original's; the others stay as they are."""
    mine, old, new = (_sections(each.text) for each in (original, before, now))
    changed = [section for section in _SECTIONS if old[section] != new[section]]
    mine.update((section, new[section]) for section in changed)
    text = "".join(f"&{section}{mine[section]}" for section in _SECTIONS if mine[section])
    if changed:
        merge.draft.set_content(original, escape_text(text))


def _sections(text: str) -> dict[str, str]:
    """The text of each section; what stands before the first code of one is in the middle."""
    found = dict.fromkeys(_SECTIONS, "")
    section = "C"
    for code in _CODE.findall(text):
        if code[1:] in found and code[0] == "&":
            section = code[1:]
        else:
            found[section] += code
    return found
