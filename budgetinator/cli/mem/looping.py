"""One function of a file, called again and again in a process of its own by the leak rule.

`python -m budgetinator.cli.mem.looping FILE FUNCTION SECONDS RESULT` writes the verdict
as JSON to RESULT. What the function writes is left to go where it goes.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from budgetinator.memory import LeakReport, find_leaks

__all__ = ["WrongFunction", "as_document", "loop"]

HOLDERS = 5


class WrongFunction(Exception):
    """The file has no such function, or it cannot be called without arguments."""


def loop(file: str, name: str, seconds: str, result: str) -> None:
    """Loop the function and write what came of it."""
    try:
        report = find_leaks(_loaded(Path(file), name), seconds=float(seconds))
        document: dict[str, Any] = as_document(report)
    except WrongFunction as error:
        document = {"wrong": str(error)}
    # The function is anybody's: whatever it raises is the answer.
    except Exception as error:  # noqa: BLE001 - said above
        document = {"failed": f"{type(error).__name__}: {error}"}
    Path(result).write_text(json.dumps(document), encoding="utf-8")


def as_document(report: LeakReport) -> dict[str, Any]:
    """A report as JSON has it."""
    kept = report.kept
    return {
        "calls": report.calls,
        "seconds": report.seconds,
        "unmeasured": list(report.unmeasured),
        "findings": [
            {
                "metric": finding.metric,
                "growth_per_call": list(finding.growth_per_call),
                "interval": list(finding.interval),
                "p": finding.trend.p,
            }
            for finding in report.findings
        ],
        "lines": list(report.lines),
        "kept": [] if kept is None else kept["types"][:HOLDERS],
        "descriptors": [] if kept is None else kept["descriptors"],
        "threads": [] if kept is None else kept["threads"],
    }


def _loaded(file: Path, name: str) -> Callable[[], object]:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise WrongFunction(f"{file} is no Python file")
    sys.path.insert(0, str(file.resolve().parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        there = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise WrongFunction(
            f"{file} has no function {name!r}; it has: {', '.join(there) or 'none'}"
        )
    _check_no_arguments(function, f"{file}::{name}")

    def run() -> object:
        result: object = function()
        return asyncio.run(result) if inspect.iscoroutine(result) else result

    return run


def _check_no_arguments(function: Callable[..., object], name: str) -> None:
    needed = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if needed:
        raise WrongFunction(
            f"{name} wants {', '.join(needed)}; name a function that can be called without"
            " arguments (tests with fixtures: pytest --leaks)"
        )


if __name__ == "__main__":
    loop(*sys.argv[1:])
