"""The house: which way imports run, and where a public name lives."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("budgetinator", "utils", "gui")
WIDGETS = {"PySide6", "shiboken6", "tkinter", "_tkinter", "tktooltip"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the three packages and their import contracts."""
    for package in PACKAGES:
        shutil.copytree(
            REPOSITORY / package,
            tmp_path / package,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


def _lint(tree: Path) -> tuple[int, str]:
    command = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, f"{done.stdout}{done.stderr}"


def test_the_tree_keeps_its_contracts(tree: Path) -> None:
    """Imports run down only, in the library as between the three packages."""
    code, output = _lint(tree)
    assert code == 0, output
    assert "0 broken" in output


@pytest.mark.parametrize(
    ("module", "statement", "reported"),
    [
        pytest.param(
            "budgetinator/resources/planted.py",
            "from budgetinator.workbooks.opc import package",
            "budgetinator.resources.planted -> budgetinator.workbooks.opc.package (l.2)",
            id="resources-know-no-workbooks",
        ),
        pytest.param(
            "budgetinator/resources/planted.py",
            "from budgetinator import excel_context",
            "budgetinator.resources.planted -> budgetinator (l.2)",
            id="not-even-by-the-front-door",
        ),
        pytest.param(
            "budgetinator/memory/planted.py",
            "import budgetinator.resources",
            "budgetinator.memory.planted -> budgetinator.resources (l.2)",
            id="siblings-know-nothing-of-each-other",
        ),
        pytest.param(
            "budgetinator/workbooks/planted.py",
            "import utils",
            "budgetinator.workbooks.planted -> utils (l.2)",
            id="the-library-knows-no-door",
        ),
        pytest.param(
            "gui/planted.py",
            "import utils",
            "gui.planted -> utils (l.2)",
            id="doors-know-nothing-of-each-other",
        ),
        pytest.param(
            "budgetinator/workbooks/planted.py",
            "from PySide6.QtCore import QObject",
            "budgetinator.workbooks.planted -> PySide6 (l.2)",
            id="only-the-window-knows-qt",
        ),
        pytest.param(
            "utils/planted.py",
            "import tkinter",
            "utils.planted -> tkinter (l.2)",
            id="only-the-window-knows-tk",
        ),
        pytest.param(
            "budgetinator/planted.py",
            "import os",
            "budgetinator.planted",
            id="every-module-has-its-layer",
        ),
    ],
)
def test_a_planted_import_is_reported_with_module_and_line(
    tree: Path, module: str, statement: str, reported: str
) -> None:
    """Each rule of the house is held: a violation breaks its contract and is named."""
    (tree / module).write_text(f'"""Planted."""\n{statement}\n')
    code, output = _lint(tree)
    assert code == 1, output
    assert reported in output


def _sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (REPOSITORY / folder).rglob("*.py")


def _imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, in functions as well; `from a import b` is a and a.b."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))


def test_only_the_window_imports_a_widget_library() -> None:
    """No file outside `gui` imports PySide6 or tkinter, wherever in the file it may stand."""
    files = _sources("budgetinator", "utils", "examples", "benchmarks")
    found = {
        str(file): WIDGETS.intersection(name.partition(".")[0] for name in _imported(file))
        for file in files
    }
    assert {file: names for file, names in found.items() if names} == {}


def test_the_test_plugin_is_imported_by_nobody() -> None:
    """`budgetinator.testing` is for pytest; nothing that ships to users stands on it."""
    files = [file for file in _sources(*PACKAGES) if "testing" not in file.parts]
    assert [str(file) for file in files if "budgetinator.testing" in _imported(file)] == []


def _defined(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _offered(path: Path) -> set[str]:
    """The names in a file's `__all__`, as far as they stand there in so many words."""
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            words = (word for word in ast.walk(node.value) if isinstance(word, ast.Constant))
            return {str(word.value) for word in words}
    return set()


def test_each_public_name_is_defined_in_one_place() -> None:
    """What a package's door offers is defined in one module, and nowhere again."""
    doors = [path for path in _sources("budgetinator") if path.name == "__init__.py"]
    public = set[str]().union(*map(_offered, doors)) - {"__version__"}
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for path in _sources("budgetinator"):
        for name in public.intersection(_defined(path)):
            homes[name].add(str(path.relative_to(REPOSITORY)))
    assert {name: sorted(where) for name, where in homes.items() if len(where) > 1} == {}


def test_every_folder_of_code_is_a_package() -> None:
    """A folder without `__init__.py` escapes the import contracts and half the tools."""
    folders = {path.parent for path in _sources(*PACKAGES, "tests")}
    assert [
        str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()
    ] == []


# Imported by name only where they are: the pytest plugin, and what the extra `plot` draws.
BEYOND_THE_REQUIREMENTS = {
    "budgetinator/testing": {"pytest"},
    "budgetinator/cli/mem/png.py": {"PIL"},
}


def test_the_library_loads_nothing_that_it_does_not_require() -> None:
    """A module's own imports are of the standard library and the requirements; extras come late."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    required = {re.match(r"[\w-]+", each)[0] for each in project["dependencies"]}  # type: ignore[index]
    known = required | sys.stdlib_module_names | {"budgetinator"}
    found = {}
    for path in (REPOSITORY / "budgetinator").rglob("*.py"):
        place = path.relative_to(REPOSITORY).as_posix()
        allowed = {
            name
            for start, names in BEYOND_THE_REQUIREMENTS.items()
            if place.startswith(start)
            for name in names
        }
        if unknown := _imported_at_once(path) - known - allowed:
            found[place] = unknown
    assert found == {}


def _imported_at_once(path: Path) -> set[str]:
    """The top packages that importing this module imports by its own lines."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
