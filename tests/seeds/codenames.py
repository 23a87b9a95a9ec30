"""The names that a code block defines, reads or logs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TypeAlias

__all__ = ["Found", "names_in"]

Found: TypeAlias = tuple[str, str]
"""A kind and a name."""

_OURS = {"core", "utils", "controllers", "ui", "plugins", "tests"}
_DICTIONARIES = {"memory_info", "stats", "profile", "comparison", "before", "after", "statistics"}
_LOGGERS = {"logger", "self.logger"}
_LABELLED = {"QPushButton", "setWindowTitle", "addTab", "setHorizontalHeaderLabels"}

# Whose method a fragment shows that stands without its class: by seed and number of the block.
_FRAGMENTS = {
    "000": {
        4: "MediaAnalysisTab",
        11: "ResourceManagementService",
        13: "BaseResourceCoordinator",
        14: "BaseResourceCoordinator",
        15: "BaseResourceCoordinator",
        17: "WorkerResourceCoordinator",
        18: "WorkerResourceCoordinator",
        20: "BaseController",
        22: "MediaAnalysisController",
        25: "ResourceManagementService",
        31: "ResourceManagementService",
        35: "MediaAnalysisController",
        36: "ResourceManagementService",
        37: "BaseResourceCoordinator",
        41: "BaseResourceCoordinator",
        42: "WorkerResourceCoordinator",
        43: "Monitor",
        45: "MediaAnalysisController",
        46: "BaseController",
        47: "BaseController",
        51: "MediaAnalysisTab",
    },
    "002": {15: "SomeTab"},
}

# What the variables of the examples are.
_RECEIVERS = {
    "self.resources": "BaseResourceCoordinator",
    "self.controller.resources": "BaseResourceCoordinator",
    "controller.resources": "BaseResourceCoordinator",
    "coordinator": "BaseResourceCoordinator",
    "service": "ResourceManagementService",
    "self._service": "ResourceManagementService",
    "self._resource_manager": "ResourceManagementService",
    "controller": "BaseController",
    "self.controller": "BaseController",
    "worker": "Worker",
    "self.current_worker": "Worker",
    "Result": "Result",
    "result": "Result",
    "unload_result": "Result",
    "registry": "ServiceRegistry",
    "excel": "ExcelManager",
    "cleanup_manager": "ResourceCleanupManager",
    "memory_monitor": "MemoryMonitor",
}
_RECEIVERS_OF = {
    "000": {"w": "Worker"},
    "003": {"resource_manager": "ResourceManagementService"},
    "004": {"resource_manager": "ResourceManager"},
}


def names_in(tree: ast.Module, seed: str, number: int) -> Iterator[Found]:
    """Kinds and names in the order of the text, repeatedly where they stand repeatedly."""
    receivers = _RECEIVERS | _RECEIVERS_OF.get(seed, {})
    yield from _defined(tree, _FRAGMENTS.get(seed, {}).get(number, ""))
    for node in ast.walk(tree):
        for find in _FINDERS:
            yield from find(node)
        yield from _used(node, receivers)


def _defined(tree: ast.Module, fragment_of: str) -> Iterator[Found]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from _class(node)
        elif isinstance(node, ast.FunctionDef):
            is_method = bool(node.args.args) and node.args.args[0].arg == "self"
            yield from _function(node, fragment_of if is_method else "")
        elif found := _signal(node):
            yield "signal", f"ResourceManagementService.{found}"


def _class(node: ast.ClassDef) -> Iterator[Found]:
    yield "class", node.name
    bases = {ast.unparse(base) for base in node.bases}
    is_enum = bool(bases & {"Enum", "ResourceType"})
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            yield from _function(statement, node.name)
        elif isinstance(statement, ast.AnnAssign):
            yield "field", f"{node.name}.{ast.unparse(statement.target)}"
        elif found := _signal(statement):
            yield "signal", f"{node.name}.{found}"
        elif isinstance(statement, ast.Assign) and is_enum:
            yield "member", f"{node.name}.{ast.unparse(statement.targets[0])}"
        elif isinstance(statement, ast.ClassDef):
            yield from _class(statement)


def _signal(node: ast.stmt) -> str | None:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="Signal"))):
            return name
    return None


def _function(node: ast.FunctionDef, owner: str) -> Iterator[Found]:
    name = f"{owner}.{node.name}" if owner else node.name
    if node.name == "__init__":
        name = owner
    else:
        yield ("method" if owner else "function"), name
    yield from (("option", f"{name}({option})") for option in _options(node.args))
    if owner:
        yield from (("attribute", f"{owner}.{each}") for each in _attributes(node))
    yield from (("key", f'{name}()["{key}"]') for key in _returned_keys(node))


def _options(arguments: ast.arguments) -> Iterator[str]:
    """Parameters that may be left out."""
    positional = [*arguments.posonlyargs, *arguments.args]
    yield from (each.arg for each in positional[len(positional) - len(arguments.defaults) :])
    yield from (each.arg for each in arguments.kwonlyargs)
    if arguments.kwarg:
        yield arguments.kwarg.arg


def _attributes(function: ast.FunctionDef) -> Iterator[str]:
    """What becomes a public attribute of `self`."""
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield from [] if name.startswith("_") else [name]


def _returned_keys(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict):
            yield from _texts(node.value.keys)


def _texts(nodes: list[ast.expr] | list[ast.expr | None]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _read_keys(node: ast.AST) -> Iterator[Found]:
    """`stats["a"]` and `stats.get("a")` of dictionaries that the seeds hand out."""
    match node:
        case ast.Subscript(value=ast.Name(id=owner), slice=key):
            pass
        case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="get"), args=[key, *_]):
            pass
        case _:
            return
    if owner in _DICTIONARIES:
        yield from (("key", f'{owner}["{text}"]') for text in _texts([key]))


def _given_keys(node: ast.AST) -> Iterator[Found]:
    """Keys of `metadata={…}`, of a plugin's metadata and of the configuration file."""
    match node:
        case ast.keyword(arg="metadata", value=ast.Dict(keys=keys)):
            yield from (("key", f'metadata["{key}"]') for key in _texts(keys))
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys)) if name.isupper():
            yield from (("key", f'{name}["{key}"]') for key in _texts(keys))
        case ast.Expr(
            value=ast.Dict(keys=[ast.Constant(value=str(name))], values=[ast.Dict(keys=keys)])
        ):
            yield from (("setting", f"{name}.{key}") for key in _texts(keys))


def _logged(node: ast.AST) -> Iterator[Found]:
    match node:
        case ast.Call(func=ast.Attribute(value=logger), args=[text]) if ast.unparse(
            logger
        ) in _LOGGERS and not isinstance(text, ast.Name):
            yield "log line", _wording(text)
        case ast.Assign(targets=[ast.Name(id="error_msg")], value=text):
            yield "log line", _wording(text)


def _wording(text: ast.expr) -> str:
    """A text with {} where a value stands."""
    if isinstance(text, ast.JoinedStr):
        return "".join(_wording(part) for part in text.values)
    return str(text.value) if isinstance(text, ast.Constant) else "{}"


def _labels(node: ast.AST) -> Iterator[Found]:
    """What the windows of the seeds show on buttons, tabs and columns."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in _LABELLED:
        for argument in node.args:
            several = argument.elts if isinstance(argument, ast.List) else [argument]
            yield from (("label", text) for text in _texts(several))


def _imported(node: ast.AST) -> Iterator[Found]:
    match node:
        case ast.ImportFrom(module=str(module), names=names, level=level) if (
            level or module.split(".")[0] in _OURS
        ):
            yield "module", module
            yield from (("import", alias.name) for alias in names)


def _failures(node: ast.AST) -> Iterator[Found]:
    """Errors that are raised or come in a `Result`."""
    match node:
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name), args=[text])):
            yield "error", f"{name}: {_wording(text)}"
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="Result"), attr="error"),
            args=[ast.JoinedStr() as text],
        ):
            yield "error", f"Result: {_wording(text)}"


def _used(node: ast.AST, receivers: dict[str, str]) -> Iterator[Found]:
    """`worker.cancel()`: what belongs to something of which the seeds say what it is."""
    if isinstance(node, ast.Attribute):
        owner = receivers.get(ast.unparse(node.value))
        if owner and not node.attr.startswith("_"):
            yield "use", f"{owner}.{node.attr}"
    if isinstance(node, ast.Call) and ast.unparse(node.func) in {"ExcelManager", "excel_context"}:
        yield from (("option", f"{ast.unparse(node.func)}({each.arg})") for each in node.keywords)


_FINDERS: tuple[Callable[[ast.AST], Iterator[Found]], ...] = (
    _read_keys,
    _given_keys,
    _logged,
    _labels,
    _imported,
    _failures,
)
