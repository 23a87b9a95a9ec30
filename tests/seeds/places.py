"""Whether a place of docs/seeds.md is there: a dotted name, a parameter, a text, a link.

`budgetinator.resources.Scope.add` is a module, class, function, attribute or field,
`…track_resource(size_bytes)` a parameter, and `budgetinator.config["AUTO_CLEANUP"]` a text that
stands in the module, as a key, the text of a button or a line of the log does.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import textwrap
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.seeds.rows import PAGE

__all__ = ["is_there", "needs_qt"]

_LINK = re.compile(r"^\[[^\]]+\]\(([^)]+)\)$")
_PARAMETER = re.compile(r"^(.+)\((\w+)\)$")
_TEXT = re.compile(r'^([\w.]+)\["(.+)"\]$')


def needs_qt(place: str) -> bool:
    """Whether it cannot be imported where there is no PySide6."""
    return place.startswith("gui.")


def is_there(place: str) -> bool:
    """Raises ImportError where a module that exists cannot be imported."""
    if found := _LINK.match(place):
        return (PAGE.parent / found[1]).exists()
    if found := _TEXT.match(place):
        return found[2] in _texts_of(found[1])
    if found := _PARAMETER.match(place):
        return _has_parameter(_resolve(found[1]), found[2])
    return _resolve(place) is not None


def _module_of(name: str) -> tuple[ModuleType | None, list[str]]:
    """The innermost module of a dotted name, and the attributes after it."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ".".join(parts[:length])
        try:
            if importlib.util.find_spec(path) is None:
                continue
        except (ModuleNotFoundError, ValueError):
            continue
        return importlib.import_module(path), parts[length:]
    return None, parts


def _resolve(name: str) -> Any:
    """The object of that name; True for what only instances have; None if it is not there."""
    found, attributes = _module_of(name)
    value: Any = found
    for attribute in attributes:
        if value is None:
            return None
        value = _attribute(value, attribute)
    return value


def _attribute(owner: Any, name: str) -> Any:
    missing = object()
    value = getattr(owner, name, missing)
    if value is not missing:
        return value if value is not None else True
    return True if inspect.isclass(owner) and name in _of_instances(owner) else None


def _of_instances(owner: type) -> set[str]:
    """What the instances of a class have: annotated, or assigned to `self` in a method."""
    names: set[str] = set()
    for each in owner.__mro__:
        names |= set(vars(each).get("__annotations__", ()))
        if each.__module__.split(".")[0] in {"budgetinator", "gui", "tests", "utils"}:
            names |= _assigned(ast.parse(textwrap.dedent(inspect.getsource(each))))
    return names


def _assigned(tree: ast.Module) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


def _has_parameter(function: Any, name: str) -> bool:
    if function is None or not callable(function):
        return False
    return name in inspect.signature(function).parameters


@cache
def _texts_of(module: str) -> str:
    """Every text that stands in a module, as it reads; a name that is no module has none."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    tree = ast.parse(Path(spec.origin).read_text("utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    fields = [
        ast.unparse(node.target) for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)
    ]
    found = "\n".join([*(text for text in texts if isinstance(text, str)), *names, *fields])
    return found.replace("&", "")  # the key that a label is reached by
