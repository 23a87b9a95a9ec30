"""What openpyxl by itself loses, silently mostly, is there after every kind of change.

The files are at `$BUDGETINATOR_CORPUS` or at `../shared/corpus`, and a few are made by
hand. A few files stand for each feature; `SURVIVAL_CORPUS=all` takes all that have it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile

import pytest

from budgetinator.errors import BudgetinatorError
from budgetinator.resources import ResourceManagementService
from budgetinator.workbooks.losses.diff import Gone, missing
from budgetinator.workbooks.losses.kinds import kind_of
from budgetinator.workbooks.losses.tree import TreeReader
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.surroundings import Surroundings
from tests.workbooks.features import FEATURES, Feature, read_parts
from tests.workbooks.surviving import KINDS, Kind, change_by_openpyxl, change_by_us, is_shown
from tests.workbooks.test_corpus_editing import CORPUS, TYPED
from tests.workbooks.validity import new_violations

ALL = os.environ.get("SURVIVAL_CORPUS") == "all"
LARGEST = 400_000

each_feature = pytest.mark.parametrize("feature", FEATURES, ids=lambda each: each.name)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda each: each.name)


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[Surroundings]:
    service = ResourceManagementService()
    yield Surroundings(service, lock_dir=tmp_path / "locks")
    service.close()


@pytest.fixture(autouse=True)
def without_pillow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images are looked at as where Pillow is not installed; openpyxl then reads none."""
    if "images" in request.node.name:
        monkeypatch.setattr("openpyxl.reader.drawings.PILImage", False)


def copies(feature: Feature, folder: Path) -> Iterator[Path]:
    """A copy of each file that has the feature."""
    if feature.made is not None:
        yield feature.made(folder / f"{feature.name}.xlsx")
    found = [CORPUS / name for name in feature.files] if CORPUS.is_dir() else []
    for path in _having(feature) if ALL else found:
        copy = folder / path.name
        copy.write_bytes(path.read_bytes())
        yield copy
    if not found and feature.made is None:
        pytest.skip(f"there is no corpus at {CORPUS}")


def _having(feature: Feature) -> Iterator[Path]:
    for path in sorted(CORPUS.rglob("*.xls[xm]")):
        try:
            if path.stat().st_size < LARGEST and feature.found(path):
                with Package.open(path):
                    yield path
        except (*TYPED, BadZipFile, SyntaxError):  # not a workbook that can be opened
            continue


@each_kind
@each_feature
def test_it_survives(
    feature: Feature, kind: Kind, tmp_path: Path, surroundings: Surroundings
) -> None:
    """Its parts and elements are those of before, and the package breaks no rule that it kept."""
    found = {
        path.name: list(problems(feature, kind, path, surroundings))
        for path in copies(feature, tmp_path)
    }
    assert {name: said for name, said in found.items() if said} == {}


def problems(feature: Feature, kind: Kind, path: Path, surroundings: Surroundings) -> Iterator[str]:
    """All that is wrong with the file after the change."""
    original = path.with_name(f"original-{path.name}")
    original.write_bytes(path.read_bytes())
    before = feature.found(original)
    if not before:
        yield "it has nothing of the feature"
    try:
        change_by_us(path, kind, surroundings)
    except BudgetinatorError as error:
        yield f"not saved: {error!r}"
        return
    if not is_shown(path, kind):
        yield "the change is not in it"
    yield from (f"gone: {each}" for each in before - feature.found(path))
    yield from (f"changed as well: {name}" for name in other_changes(original, path, kind))
    yield from (f"lost: {each}" for each in sorted(lost(original, path) - kind.kinds))
    yield from new_violations(original, path)


@each_feature
def test_openpyxl_by_itself_loses_it(feature: Feature, tmp_path: Path) -> None:
    """So that the test above can fail: some of the feature is gone after a value was changed."""
    for path in copies(feature, tmp_path):
        target = path.with_name(f"saved-{path.name}")
        change_by_openpyxl(path, target, KINDS[0])
        assert feature.found(path) - feature.found(target) != {}, path.name


def other_changes(before: Path, after: Path, kind: Kind) -> list[str]:
    """The parts that differ although the change does not concern them."""
    old, new = read_parts(before), read_parts(after)
    differing = [name for name in old if old[name] != new.get(name)]
    concerned = tuple(map(str.lower, kind.parts))
    return [name for name in differing if not name.lower().startswith(concerned)]


def lost(before: Path, after: Path) -> set[str]:
    """The kinds of what the tree of the package has no more, or has otherwise."""
    with Package.open(before) as old, Package.open(after) as new:
        trees = TreeReader(old).package(), TreeReader(new).package()
    return {kind_of(gone.path, gone.node) for gone in missing(*trees) if not _is_bytes(gone)}


def _is_bytes(gone: Gone) -> bool:
    """Malformed VML is no tree; the feature itself looks at its shapes."""
    return gone.path[-1] == "binary" and gone.part.lower().endswith(".vml")
