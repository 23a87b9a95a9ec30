"""`budgetinator plugins list|trust|untrust|verify`: no plugin is run by any of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from budgetinator.plugins import default_plugin_folder
from budgetinator.plugins.tree import read_tree
from tests.cli.running import Ended, call, run
from tests.plugins.building import plugin

RAN = "ran"
SHIPPED = ["currency", "example_plugin", "partner_csv"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The user's own folder of plugins, with one that would leave a trace if it ran."""
    path = default_plugin_folder()
    path.mkdir(parents=True, mode=0o700)
    trace = tmp_path / RAN
    plugin(path, "tallies", version="1.4", first=f"open({str(trace)!r}, 'w').close()")
    yield path
    assert not trace.exists()


@pytest.fixture
def digest(folder: Path) -> str:
    return read_tree(folder / "tallies.py").digest


def _listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    document = call(capsys, "plugins", "list", "--json").document
    return {each["id"]: each for each in document["plugins"]}


def test_the_plugins_are_listed_with_what_cannot_be_used(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """Shipped ones first, then the user's; each problem with its path."""
    (folder / "notes.py").write_text("x = 1\n")

    ended = call(capsys, "plugins", "list")

    lines = ended.out.splitlines()
    assert ended.code == 0
    assert [line.split()[0] for line in lines[1:5]] == [*SHIPPED, "tallies"]
    assert lines[4].split()[1:4] == ["1.4", "not", "trusted"]
    assert lines[-1].split(maxsplit=1) == [str(folder / "notes.py"), "it has no PLUGIN_METADATA"]


def test_the_list_as_json(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Each plugin has all keys; nothing is hashed before somebody trusts it."""
    (folder / "notes.py").write_text("x = 1\n")

    document = call(capsys, "plugins", "list", "--json").document

    assert document["plugins"][3] == {
        "id": "tallies",
        "name": "tallies",
        "version": "1.4",
        "author": "Unknown",
        "description": "",
        "source": "file",
        "path": str(folder / "tallies.py"),
        "manifest": str(folder / "tallies.py"),
        "requires": [],
        "trusted": False,
        "sha256": None,
        "off": None,
        "problem": None,
    }
    assert document["problems"] == [
        {"path": str(folder / "notes.py"), "plugin": None, "reason": "it has no PLUGIN_METADATA"}
    ]


def test_trust_is_given_to_a_hash(
    capsys: pytest.CaptureFixture[str], folder: Path, digest: str
) -> None:
    """`--sha256` trusts those files or nothing."""
    wrong = call(capsys, "plugins", "trust", "tallies", "--sha256", "0" * 64)
    before = _listed(capsys)["tallies"]["trusted"]
    right = call(capsys, "plugins", "trust", "tallies", "--sha256", digest.upper(), "--json")

    assert wrong.code == 4
    assert "nothing was trusted" in wrong.line
    assert before is False
    assert right.document == {
        "plugin": "tallies",
        "path": str(folder / "tallies.py"),
        "sha256": digest,
    }
    assert _listed(capsys)["tallies"]["trusted"] is True


def test_where_nobody_can_be_asked_nothing_is_trusted(folder: Path, digest: str) -> None:
    """Path and hash are shown, and the call is a wrong one without `--yes`."""
    asked = run("plugins", "trust", "tallies")
    as_json = run("plugins", "trust", "tallies", "--json")
    told = run("plugins", "trust", "tallies", "--yes")

    assert (asked.code, as_json.code, told.code) == (2, 2, 0)
    assert str(folder / "tallies.py") in asked.out
    assert digest in asked.out
    assert "nobody can be asked here" in asked.line
    assert digest in told.out


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_a_terminal_is_asked(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    answer: str,
    code: int,
) -> None:
    """The answer decides."""
    import io
    import sys

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(answer))

    ended = call(capsys, "plugins", "trust", "tallies")

    assert folder.is_dir()
    assert ended.code == code
    assert _listed(capsys)["tallies"]["trusted"] is (code == 0)


def test_untrust_says_whether_there_was_trust(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """It can be said twice."""
    call(capsys, "plugins", "trust", "tallies", "--yes")
    answers = [call(capsys, "plugins", "untrust", "tallies", "--json").document for _ in range(2)]
    assert folder.is_dir()
    assert [each["was_trusted"] for each in answers] == [True, False]
    assert _listed(capsys)["tallies"]["trusted"] is False


def test_verify_finds_what_has_changed(
    capsys: pytest.CaptureFixture[str], folder: Path, digest: str
) -> None:
    """0 while all is as it was trusted, 1 when something is not."""
    call(capsys, "plugins", "trust", "tallies", "--yes")
    before = call(capsys, "plugins", "verify", "tallies")
    path = folder / "tallies.py"
    path.write_text(path.read_text() + "\n")

    after = call(capsys, "plugins", "verify", "--json")

    found = {each["plugin"]: each for each in after.document["plugins"]}
    assert (before.code, before.out) == (0, f"tallies is as it was trusted: {digest}\n")
    assert after.code == 1
    assert [found[name]["status"] for name in SHIPPED] == ["shipped"] * 3
    assert found["tallies"] == {
        "plugin": "tallies",
        "status": "changed",
        "path": str(path),
        "sha256": read_tree(path).digest,
        "trusted_sha256": digest,
        "reason": None,
    }


def test_verify_names_what_cannot_be_used(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """With the file and the reason."""
    os.chmod(folder / "tallies.py", 0o666)
    ended = call(capsys, "plugins", "verify", "tallies")
    trusting = call(capsys, "plugins", "trust", "tallies", "--yes")
    assert ended.code == 1
    assert "cannot be used (every user of this machine may write it" in ended.out
    assert trusting.code == 4


@pytest.mark.parametrize("word", ["trust", "untrust", "verify"])
def test_an_unknown_plugin_is_a_wrong_call(capsys: pytest.CaptureFixture[str], word: str) -> None:
    """Those that there are, are named."""
    ended: Ended = call(capsys, "plugins", word, "nothing")
    assert ended.code == 2
    assert "there is no plugin nothing; there are: currency, example_plugin" in ended.line


def test_what_is_shipped_cannot_be_untrusted(capsys: pytest.CaptureFixture[str]) -> None:
    """It is trusted with the program."""
    ended = call(capsys, "plugins", "untrust", "currency")
    assert ended.code == 2
    assert "came with the program" in ended.line


def test_a_folder_that_others_may_write_is_told(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """And nothing in it is a plugin."""
    os.chmod(folder, 0o777)
    document = call(capsys, "plugins", "list", "--json").document
    assert [each["id"] for each in document["plugins"]] == SHIPPED
    assert "every user of this machine may write it" in document["problems"][0]["reason"]
    os.chmod(folder, 0o700)
