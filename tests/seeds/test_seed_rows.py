"""docs/seeds.md has a row for each name of the five documents, and each row tells the truth."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

from tests.seeds.codenames import names_in
from tests.seeds.collected import exists, speaks_of
from tests.seeds.documents import SEEDS, blocks, digest, needs_the_documents
from tests.seeds.names import listed, listed_digests, read
from tests.seeds.parsing import parse
from tests.seeds.places import is_there, needs_qt
from tests.seeds.prosenames import in_drawing
from tests.seeds.rows import PAGE, references, rows

IN_ITS_TEST = "its test"
WITHOUT_WORDS = {"promise", "module", "file"}
"""What a row says of them cannot be looked for in a test: a sentence, or where code lies."""
PLACES = sorted({place for row in rows() for place in row.places} - {IN_ITS_TEST})


@needs_the_documents
@pytest.mark.parametrize("seed", SEEDS)
def test_the_list_of_names_is_the_documents(seed: str) -> None:
    """names.tsv is what `python -m tests.seeds.names` makes of the documents as they are."""
    assert listed_digests()[seed] == digest(seed)
    assert [name for name in listed() if name.seed == seed] == list(read(seed))


@needs_the_documents
def test_no_code_is_passed_over() -> None:
    """A block that is no Python even when mended is a drawing, a dialogue or a shell's lines."""
    code = re.compile(r"^\s*(def|class|from)\b", re.MULTILINE)

    odd = [
        (seed, block.number)
        for seed in SEEDS
        for block in blocks(seed)
        if parse(block.text) is None and code.search(block.text)
    ]

    assert odd == []


def test_every_name_has_its_row() -> None:
    """In the document, section and kind that it has there."""
    named = {(row.seed, row.section, row.kind, row.name) for row in rows()}

    assert [name for name in listed() if tuple(name) not in named] == []


def test_no_row_names_what_the_seeds_do_not_have() -> None:
    """A row goes when its name does, and no name has two."""
    names = {tuple(name) for name in listed()}
    keys = [(row.seed, row.section, row.kind, row.name) for row in rows()]

    assert [key for key in keys if key not in names] == []
    assert [key for key, count in Counter(keys).items() if count > 1] == []


def test_each_place_is_there() -> None:
    """Imported, looked up, and its parameter or text found."""
    assert [place for place in PLACES if not needs_qt(place) and not is_there(place)] == []


def test_each_place_of_the_window_is_there() -> None:
    """The same for what needs PySide6 and the libraries of its system."""
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

    assert [place for place in PLACES if needs_qt(place) and not is_there(place)] == []


def test_each_row_has_a_place_and_a_test_that_exists() -> None:
    """Tests are looked up in the files, without running them."""
    wrong = [
        (row.seed, row.name, test)
        for row in rows()
        for test in row.tests or ("no test",)
        if not (row.places and exists(test))
    ]

    assert wrong == []


def test_each_row_s_test_speaks_of_what_it_shows() -> None:
    """The last word of the name, or of its place, stands in the test's module."""
    silent = [
        (row.seed, row.name, row.tests)
        for row in rows()
        if row.kind not in WITHOUT_WORDS
        and not _is_private(row.name)
        and not any(speaks_of(test, word) for test in row.tests for word in _words(row.name))
        and not any(
            speaks_of(test, word)
            for test in row.tests
            for place in row.places
            for word in _words(place)
        )
    ]

    assert silent == []


def _is_private(name: str) -> bool:
    """A method that only its class calls: the row says what does the same here."""
    return name.rpartition(".")[2].startswith("_")


def _words(name: str) -> set[str]:
    """`B.track(name)` -> name; `stats["a"]` -> a; of a text its longest piece without a value."""
    if found := re.search(r'\["(.+)"\]$', name):
        return {_longest_piece(found[1])}
    if found := re.match(r"(\w+Error): ", name):
        return {found[1]}
    if " " in name:
        return {_longest_piece(name)}
    return {re.split(r"[.(/]", name.rstrip(")").removesuffix(".py"))[-1]}


def _longest_piece(text: str) -> str:
    return max(re.split(r"%\S+|\{\}", text), key=len).strip(" :()")


def test_examples_are_in_their_tests() -> None:
    """Where a row says "its test", the test's module has the name."""
    wrong = [
        (row.seed, row.name)
        for row in rows()
        if IN_ITS_TEST in row.places
        and not any(speaks_of(test, word) for test in row.tests for word in _words(row.name))
    ]

    assert wrong == []


def test_each_decision_is_a_page() -> None:
    """The numbers are links, and lead to the pages of these numbers."""
    used = {number for row in rows() for number in row.decisions}
    linked = references()

    assert sorted(linked) == sorted(used)
    assert [page for number, page in linked.items() if f"decisions/{number}-" not in page] == []
    assert [page for page in linked.values() if not (PAGE.parent / page).is_file()] == []


def test_names_are_found_in_code() -> None:
    """Each kind of name, in a class, a fragment, a call and an f-string."""
    block = """
class PluginInfo:
    name: str
    loaded = Signal(str)
    def load(self, path, force=False):
        self.path = path
        logger.info(f"Loaded {path}")
        return {'size': 1}
@deco
def helper(x, *, limit): ...
print(stats['total'], result.value)
"""

    found = set(names_in(ast.parse(block), "003", 1))

    assert found == {
        ("class", "PluginInfo"),
        ("field", "PluginInfo.name"),
        ("signal", "PluginInfo.loaded"),
        ("method", "PluginInfo.load"),
        ("option", "PluginInfo.load(force)"),
        ("attribute", "PluginInfo.path"),
        ("key", 'PluginInfo.load()["size"]'),
        ("function", "helper"),
        ("option", "helper(limit)"),
        ("use", "Result.value"),
        ("key", 'stats["total"]'),
        ("log line", "Loaded {}"),
    }


def test_fragments_are_mended() -> None:
    """A missing body, a missing colon and an argument of three points."""
    block = """
def one(self, ...):
    # nothing

class A:
    def two(self) -> dict
    def three(self)
"""

    tree = parse(block)

    assert tree is not None
    assert [name for _, name in names_in(tree, "004", 28)] == ["one", "A", "A.two", "A.three"]


def test_lines_of_a_terminal_are_names() -> None:
    """Time stamps are taken off, and comments left out."""
    text = "# Good signs:\n09:06:00,890 - Tracking worker a\nReleased resource b"

    found = [name for _, name in in_drawing(text, "Terminal Output to Verify")]

    assert found == ["Tracking worker a", "Released resource b"]
