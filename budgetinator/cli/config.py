"""`budgetinator config`: the settings in force, each with its source."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from budgetinator.cli.exits import Exit
from budgetinator.cli.options import Command
from budgetinator.cli.output import as_json as json_text
from budgetinator.cli.output import print_json, print_lines, print_table
from budgetinator.config import Loaded, load_settings
from budgetinator.errors import ConfigError

__all__ = ["command"]


@click.command("config", cls=Command)
@click.argument("key", required=False)
def command(key: str | None, as_json: bool) -> int:
    """Show every setting with its value and where it came from.

    KEY is one setting (opening.max_cells) or one section (opening). A source is
    "default", the path of a config.json, "environment NAME" or "argument". A wrong value
    ends this command with the file, the key and what was expected.

    JSON: settings (a list of key, value, source), ignored (config.json of other programs).
    """
    loaded = load_settings()
    chosen = _chosen(_values(loaded), key)
    if as_json:
        settings = [
            {"key": name, "value": value, "source": loaded.origins[name]}
            for name, value in chosen.items()
        ]
        print_json({"settings": settings, "ignored": list(loaded.ignored)})
        return Exit.DONE
    rows = [(name, json_text(value), loaded.origins[name]) for name, value in chosen.items()]
    styles = ["" if source == "default" else "bold" for _, _, source in rows]
    print_table(("setting", "value", "source"), rows, styles=styles)
    print_lines(*(f"left alone, as another program's: {path}" for path in loaded.ignored))
    return Exit.DONE


def _values(loaded: Loaded) -> dict[str, Any]:
    sections = msgspec.to_builtins(loaded.settings)
    return {
        f"{section}.{name}": value
        for section, fields in sections.items()
        for name, value in fields.items()
    }


def _chosen(values: dict[str, Any], key: str | None) -> dict[str, Any]:
    if key is None:
        return values
    chosen = {
        name: value for name, value in values.items() if name == key or name.startswith(f"{key}.")
    }
    if not chosen:
        import difflib

        near = difflib.get_close_matches(key, values, n=1, cutoff=0.5)
        expected = near[0] if near else "a key that `budgetinator config` lists"
        raise ConfigError(f"{key} is no setting; expected {expected}.", key=key, expected=expected)
    return chosen
