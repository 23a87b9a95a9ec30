"""Versions of plugins, and the ranges that others ask for."""

from __future__ import annotations

import pytest

from budgetinator.plugins.versions import PluginVersion, Requirement


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1.2", "1.10"),
        ("1.0.0rc1", "1.0.0"),
        ("1.0.dev3", "1.0a1"),
        ("1.0b2", "1.0rc1"),
        ("0.9.9", "1"),
    ],
)
def test_versions_are_ordered_by_their_numbers(lower: str, higher: str) -> None:
    """Numbers count as numbers, and what comes before a release is below it."""
    assert PluginVersion.parse(lower) < PluginVersion.parse(higher)


def test_trailing_zeros_make_no_difference() -> None:
    """1.2 and 1.2.0 are one version."""
    assert PluginVersion.parse("1.2.0") == PluginVersion.parse("1.2")


@pytest.mark.parametrize("text", ["", "one", "1..2", "1.2.", "v1", "1.2+local", "1" * 40])
def test_other_texts_are_no_versions(text: str) -> None:
    """A text that is no version is refused, and not guessed at."""
    with pytest.raises(ValueError, match="is no version"):
        PluginVersion.parse(text)


@pytest.mark.parametrize(
    ("requirement", "version", "accepted"),
    [
        ("currency", "0.1", True),
        ("currency>=1.0,<2", "1.0", True),
        ("currency>=1.0,<2", "2.0", False),
        ("currency >= 1.0, < 2", "1.9.9", True),
        ("currency==1.2", "1.2.0", True),
        ("currency!=1.2", "1.2", False),
        ("currency>1.2", "1.2", False),
        ("currency<=1.2", "1.2", True),
    ],
)
def test_a_range_accepts_what_lies_in_it(requirement: str, version: str, accepted: bool) -> None:
    """All bounds of a range have to hold."""
    assert Requirement.parse(requirement).accepts(version) is accepted


@pytest.mark.parametrize("text", ["", "Currency", "a-b", "currency~=1", "currency>=", "a>=1,,<2"])
def test_other_texts_are_no_requirements(text: str) -> None:
    """A requirement is an id and bounds, and nothing else."""
    with pytest.raises(ValueError, match=r"is no|names no"):
        Requirement.parse(text)
