"""Formulas in which a sheet's name stands: under a new name, and when the sheet goes.

ECMA-376 part 1, section 18.17.2 (syntax of references). Names of sheets compare without
case, as Excel compares them. References into other files are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError

from budgetinator.budgets.layout import quoted

__all__ = ["GoneSheet", "moved_row", "renamed_sheet", "without_sheet"]

_PREFIX = re.compile(r"('(?:[^']|'')+'|[^'!]+)!(.*)", re.DOTALL)
_CELL = re.compile(r"(\$?[A-Za-z]{1,3}\$?)([1-9][0-9]*)")
_ADDING = frozenset({"SUM("})


@dataclass(frozen=True, slots=True)
class _Prefixed:
    """A reference with its sheets; `last` is the same as `first` but for a span of sheets."""

    first: str
    last: str
    rest: str

    def __str__(self) -> str:
        spanned = self.first if self.first == self.last else f"{self.first}:{self.last}"
        return f"{quoted(spanned)}!{self.rest}"


@dataclass(frozen=True, slots=True)
class GoneSheet:
    """A sheet that goes: its title, all titles as the tabs stand, and the names that go too."""

    title: str
    titles: Sequence[str]
    names: frozenset[str] = frozenset()


def renamed_sheet(formula: str, old: str, new: str) -> str:
    """The formula with a sheet under its new name; the same text where it is not named."""

    def exchanged(token: Token) -> str:
        found = _prefixed(token)
        if found is None or not (_same(found.first, old) or _same(found.last, old)):
            return str(token.value)
        first = new if _same(found.first, old) else found.first
        last = new if _same(found.last, old) else found.last
        return str(_Prefixed(first, last, found.rest))

    return _rewritten(formula, exchanged) if old.casefold() in _unquoted(formula) else formula


def moved_row(formula: str, sheet: str, own: bool, rows: tuple[int, int]) -> str:
    """The formula with references to single cells of one row of a sheet led to another row.

    `own` says that the formula stands on that sheet, and need not name it.
    """
    old, new = rows

    def exchanged(token: Token) -> str:
        found = _prefixed(token)
        if found is None and own and _is_reference(token):
            return _in_row(str(token.value), old, new)
        if found is not None and _same(found.first, sheet) and _same(found.last, sheet):
            prefix = str(token.value)[: -len(found.rest)]
            return prefix + _in_row(found.rest, old, new)
        return str(token.value)

    return _rewritten(formula, exchanged) if str(old) in formula else formula


def without_sheet(formula: str, gone: GoneSheet) -> str | None:
    """The formula when a sheet has gone; None where nothing is left that it could say.

    A term of a sum becomes 0, a span of sheets ends with the neighbour within it. Anything
    else would have become `#REF!`.
    """
    tokens = _tokens(formula)
    if tokens is None:
        return formula
    texts = [_shortened(token, gone) for token in tokens]
    hits = {place for place, text in enumerate(texts) if text is None}
    if not hits:
        return "=" + "".join(text for text in texts if text is not None)
    others = any(_is_reference(token) for place, token in enumerate(tokens) if place not in hits)
    if not others or not all(map(_adds, tokens)):
        return None
    return "=" + "".join("0" if text is None else text for text in texts)


def _shortened(token: Token, gone: GoneSheet) -> str | None:
    """The token's text when the sheet has gone; None for a reference to it alone."""
    text = str(token.value)
    if _is_reference(token) and text.casefold() in gone.names:
        return None
    found = _prefixed(token)
    if found is None or not (_same(found.first, gone.title) or _same(found.last, gone.title)):
        return text
    known = [title.casefold() for title in gone.titles]
    ends = found.first.casefold(), found.last.casefold()
    if ends[0] == ends[1] or any(end not in known for end in ends):
        return None
    here, there = known.index(ends[0]), known.index(ends[1])
    step = 1 if here < there else -1
    if _same(found.first, gone.title):
        return str(_Prefixed(gone.titles[here + step], found.last, found.rest))
    return str(_Prefixed(found.first, gone.titles[there - step], found.rest))


def _rewritten(formula: str, exchanged: Callable[[Token], str]) -> str:
    tokens = _tokens(formula)
    if tokens is None:
        return formula
    before = "".join(str(token.value) for token in tokens)
    after = "".join(map(exchanged, tokens))
    return formula if before == after else "=" + after


def _tokens(formula: str) -> list[Token] | None:
    """The tokens behind the equals sign; None for a text that is no formula."""
    try:
        return list(Tokenizer(formula).items)
    except (TokenizerError, IndexError, ValueError):
        return None


def _is_reference(token: Token) -> bool:
    return bool(token.type == Token.OPERAND and token.subtype == Token.RANGE)


def _prefixed(token: Token) -> _Prefixed | None:
    """The reference with its sheets, if it names any of this file."""
    found = _PREFIX.fullmatch(str(token.value)) if _is_reference(token) else None
    if found is None:
        return None
    sheets = found[1]
    if sheets.startswith("'"):
        sheets = sheets[1:-1].replace("''", "'")
    if "[" in sheets:
        return None
    first, _, last = sheets.partition(":")
    return _Prefixed(first, last or first, found[2])


def _adds(token: Token) -> bool:
    """Whether a 0 in place of an operand beside this token leaves the sum of the others."""
    if token.type == Token.FUNC:
        return bool(token.subtype == Token.CLOSE or token.value.upper() in _ADDING)
    if token.type == Token.OP_IN:
        return token.value in {"+", "-"}
    return token.type in {Token.OPERAND, Token.OP_PRE, Token.PAREN, Token.SEP, Token.WSPACE}


def _in_row(reference: str, old: int, new: int) -> str:
    found = _CELL.fullmatch(reference)
    return f"{found[1]}{new}" if found and int(found[2]) == old else reference


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _unquoted(formula: str) -> str:
    return formula.casefold().replace("''", "'")
