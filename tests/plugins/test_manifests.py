"""What plugins say of themselves, read and never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from budgetinator.errors import PluginRefused
from budgetinator.plugins.literals import metadata_of
from budgetinator.plugins.manifest import Origin, read_table
from budgetinator.plugins.versions import Requirement

FILE = Origin("file", Path("/plugins/tallies.py"), Path("/plugins/tallies.py"))
FOLDER = Origin("folder", Path("/plugins/tallies"), Path("/plugins/tallies/plugin.toml"))


def test_a_table_with_all_keys_is_read() -> None:
    """Each key has its place, and the entry leads to a module and a class."""
    manifest = read_table(
        {
            "id": "tallies",
            "name": "Tallies",
            "version": "1.2",
            "author": "A. Author",
            "description": "Counts\nthings.",
            "entry": "parts.main:Tallies",
            "requires": ["currency>=1,<2"],
            "api": 1,
        },
        FOLDER,
    )
    assert (manifest.plugin_id, manifest.name, manifest.version) == ("tallies", "Tallies", "1.2")
    assert (manifest.author, manifest.description) == ("A. Author", "Counts\nthings.")
    assert manifest.requires == (Requirement("currency", ">=1,<2"),)
    assert manifest.module_name == "budgetinator_plugin_tallies.parts.main"
    assert manifest.class_name == "Tallies"


def test_what_is_not_said_is_as_in_the_seeds() -> None:
    """The file's name, version 1.0.0, an unknown author."""
    manifest = read_table({}, FILE)
    assert (manifest.plugin_id, manifest.name) == ("tallies", "tallies")
    assert (manifest.version, manifest.author, manifest.description) == ("1.0.0", "Unknown", "")
    assert manifest.module_name == "budgetinator_plugin_tallies"


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"id": "../evil"}, "is no id"),
        ({"id": "Tallies"}, "is no id"),
        ({"id": "con"}, "is no id"),
        ({"id": 7}, "is no id"),
        ({"id": "a" * 65}, "is no id"),
        ({"version": "new"}, "is no version"),
        ({"version": 1.0}, "version is no text"),
        ({"name": "x" * 101}, "name is no text of at most 100"),
        ({"author": "\x1b[2J"}, "cannot be shown"),
        ({"name": "\ud800"}, "cannot be shown"),
        ({"api": 2}, "asks for interface 2"),
        ({"entry": "../../os:system"}, "not of the form"),
        ({"entry": "os:system.x"}, "not of the form"),
        ({"entry": "a/b:C"}, "not of the form"),
        ({"entry": "main:"}, "not of the form"),
        ({"entry": ["main"]}, "not of the form"),
        ({"requires": "currency"}, "requires is no list"),
        ({"requires": ["currency=1"]}, "no range"),
        ({"requires": [1]}, "is no text"),
        ({"requires": ["a"] * 33}, "requires is no list of at most 32"),
        ({"hooks": {}}, "'hooks' is no key"),
        ({1: 2}, "'1' is no key"),
    ],
)
def test_a_wrong_key_is_refused_with_its_reason(table: dict[str, object], reason: str) -> None:
    """The error names the plugin's place and what is wrong there."""
    with pytest.raises(PluginRefused, match=reason) as raised:
        read_table(table, FOLDER)
    assert raised.value.path == "/plugins/tallies"


def test_a_single_file_has_no_other_modules() -> None:
    """Its entry names a class and nothing else."""
    with pytest.raises(PluginRefused, match="no further modules"):
        read_table({"entry": "main:Tallies"}, FILE)
    assert read_table({"entry": ":Tallies"}, FILE).class_name == "Tallies"


def test_the_literal_is_read_out_of_the_syntax_tree() -> None:
    """The rest of the file is parsed and never run."""
    source = b'import os\nos._exit(3)\nPLUGIN_METADATA: dict = {"id": "a", "requires": ("b",)}\n'
    assert metadata_of(source) == {"id": "a", "requires": ("b",)}


def test_a_file_without_the_name_has_no_metadata() -> None:
    """None says that the file is no plugin; it is not even parsed."""
    assert metadata_of(b"(((((((" * 1000) is None


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("PLUGIN_METADATA = make()", "no literal"),
        ("PLUGIN_METADATA = {'id': __import__('os')}", "no literal"),
        ("PLUGIN_METADATA = {'id': f'{1}'}", "no literal"),
        ("PLUGIN_METADATA = {'n': 'a' * 10 ** 9}", "no literal"),
        ("PLUGIN_METADATA = {[]: 1}", "no literal"),
        ("PLUGIN_METADATA = ['id']", "no dictionary"),
        ("PLUGIN_METADATA = {}\nPLUGIN_METADATA = {}", "more than once"),
        ("PLUGIN_METADATA = {}\nPLUGIN_METADATA |= {}", "more than once"),
        ("PLUGIN_METADATA = {", "no Python"),
        ("PLUGIN_METADATA = {}\0", "no Python"),
        ("PLUGIN_METADATA = " + "(" * 50_000 + ")" * 50_000, "no Python|too deeply"),
        ("PLUGIN_METADATA = " + "-" * 100_000 + "1", "too deeply"),
        ("PLUGIN_METADATA = 1" + "+1" * 100_000, "too deeply"),
        ("PLUGIN_METADATA = a" + ".b" * 100_000, "too deeply"),
        ("PLUGIN_METADATA = a" + "()" * 100_000, "too deeply"),
        ("PLUGIN_METADATA = " + "9" * 100_000, "no Python"),
        ("# coding: utf-7\nPLUGIN_METADATA = {}", "declares the coding 'utf-7'"),
        ("\n# vim: set fileencoding=evil :\nPLUGIN_METADATA = {}", "declares the coding 'evil'"),
        ("PLUGIN_METADATA = {}" + "#" * 300_000, "300020 bytes"),
    ],
    ids=lambda value: value[:30] if len(value) > 30 else value,
)
def test_what_is_no_literal_is_refused(source: str, reason: str) -> None:
    """Whatever the parser makes of a file, it comes out as one error."""
    with pytest.raises(ValueError, match=reason):
        metadata_of(source.encode())


def test_a_file_in_another_coding_is_refused() -> None:
    """The byte is named."""
    with pytest.raises(ValueError, match="not UTF-8 at byte 19"):
        metadata_of(b"PLUGIN_METADATA = '\xe4'")
