"""`budgetinator plugins`: what there is, what may run, and whether it has changed.

No command here runs a plugin.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from budgetinator.cli.exits import Exit
from budgetinator.cli.operating import Group
from budgetinator.cli.output import print_json, print_lines, print_table

if TYPE_CHECKING:
    from budgetinator.plugins import PluginInfo, PluginManager, PluginProblem, Verification

__all__ = ["command"]

_SAID = {
    "shipped": "came with the program",
    "trusted": "is as it was trusted",
    "changed": "has changed since it was trusted",
    "not trusted": "is not trusted",
    "refused": "cannot be used",
}


@click.group("plugins", cls=Group, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Plugins: listed, trusted by the hash of their files, verified. None is run here.

    The window runs those that are trusted; with the setting plugins.loading_enabled switched
    off it runs none. Each of the commands takes --json.

    JSON: one document each; `budgetinator plugins COMMAND --help` names its keys.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@command.command("list")
def listing(as_json: bool) -> int:
    """List the plugins, and what was found and cannot be used.

    JSON: plugins (a list of id, name, version, author, description, source, path, manifest,
    requires, trusted, sha256, off, problem), problems (a list of path, plugin, reason).
    """
    manager = _manager()
    if as_json:
        print_json(
            {
                "plugins": [_plugin(info) for info in manager.plugins],
                "problems": [_problem(each) for each in manager.problems],
            }
        )
        return Exit.DONE
    _print_plugins(manager.plugins)
    _print_problems(manager.problems)
    return Exit.DONE


@command.command("trust")
@click.argument("plugin")
@click.option("--sha256", metavar="HASH", help="Trust these files, or nothing if they are others.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def trust(plugin: str, sha256: str | None, yes: bool, as_json: bool) -> int:
    """Let PLUGIN run, with its files as they are now; switches it on if it is off.

    It can do all that you can: there is no fence around a plugin. Asks first, showing path
    and hash; where nobody can be asked, --sha256 or --yes is needed.

    JSON: plugin, path, sha256.
    """
    manager = _manager()
    info = _known(manager, plugin)
    found = manager.verify(plugin)
    _refuse(found)
    if sha256 is None and not yes and not as_json:
        print_lines(f"{info.name} {info.version} by {info.author}", f"at {info.file_path}")
        print_lines(f"SHA-256 {found.digest}", "It will be able to do all that you can.")
        if not sys.stdin.isatty():
            raise click.UsageError("nobody can be asked here; give --sha256 HASH, or --yes")
        if not click.confirm("Trust it?"):
            print_lines("Nothing was trusted.")
            return Exit.FINDINGS
    elif sha256 is None and not yes:
        raise click.UsageError("nobody is asked with --json; give --sha256 HASH, or --yes")
    digest = manager.trust(plugin, sha256.lower() if sha256 is not None else found.digest)
    if as_json:
        print_json({"plugin": plugin, "path": str(info.file_path), "sha256": digest})
    else:
        print_lines(f"{plugin} is trusted: {digest}")
    return Exit.DONE


@command.command("untrust")
@click.argument("plugin")
def untrust(plugin: str, as_json: bool) -> int:
    """Let PLUGIN run no more, from the next start of the window on.

    JSON: plugin, was_trusted.
    """
    manager = _manager()
    info = _known(manager, plugin)
    if info.source == "shipped":
        raise click.UsageError(
            f"{plugin} came with the program and is trusted with it; it runs when you load it"
        )
    was = manager.untrust(plugin)
    if as_json:
        print_json({"plugin": plugin, "was_trusted": was})
    else:
        print_lines(f"{plugin} {'is not trusted any more' if was else 'was not trusted'}.")
    return Exit.DONE


@command.command("verify")
@click.argument("plugins", nargs=-1)
def verify(plugins: tuple[str, ...], as_json: bool) -> int:
    """Compare the files of PLUGINS, or of all, with those that were trusted.

    Ends with 1 where one has changed, is off or cannot be used.

    JSON: plugins (a list of plugin, status, path, sha256, trusted_sha256, reason); status is
    shipped, trusted, changed, not trusted or refused.
    """
    manager = _manager()
    wanted = plugins or tuple(info.plugin_id for info in manager.plugins)
    found = [manager.verify(_known(manager, each).plugin_id) for each in wanted]
    if as_json:
        print_json({"plugins": [_verified(each) for each in found]})
    else:
        for each in found:
            reason = f" ({each.reason})" if each.reason else ""
            print_lines(
                f"{each.plugin_id} {_SAID[each.status]}{reason}: {each.digest or 'no hash'}"
            )
        if not found:
            print_lines("There are no plugins.")
    wrong = any(each.status in ("changed", "refused") or each.reason for each in found)
    return Exit.FINDINGS if wrong else Exit.DONE


def _manager() -> PluginManager:
    from budgetinator.runtime import default_runtime

    manager = default_runtime().plugin_manager
    manager.discover_plugins()
    return manager


def _known(manager: PluginManager, plugin_id: str) -> PluginInfo:
    info = manager.find(plugin_id)
    if info is None:
        listed = ", ".join(each.plugin_id for each in manager.plugins) or "none"
        raise click.UsageError(f"there is no plugin {plugin_id}; there are: {listed}")
    return info


def _refuse(found: Verification) -> None:
    from budgetinator.errors import PluginRefused

    if found.digest is None:
        raise PluginRefused(
            f"The plugin {found.plugin_id} cannot be trusted: {found.reason}.",
            plugin_id=found.plugin_id,
            path=str(found.path),
            reason=found.reason,
        )


def _plugin(info: PluginInfo) -> dict[str, Any]:
    return {
        "id": info.plugin_id,
        "name": info.name,
        "version": info.version,
        "author": info.author,
        "description": info.description,
        "source": info.source,
        "path": str(info.file_path),
        "manifest": str(info.manifest_path),
        "requires": [str(each) for each in info.requires],
        "trusted": info.trusted,
        "sha256": info.digest,
        "off": info.off,
        "problem": info.problem,
    }


def _problem(problem: PluginProblem) -> dict[str, Any]:
    return {
        "path": str(problem.path),
        "plugin": problem.plugin_id,
        "reason": problem.reason,
    }


def _verified(found: Verification) -> dict[str, Any]:
    return {
        "plugin": found.plugin_id,
        "status": found.status,
        "path": str(found.path),
        "sha256": found.digest,
        "trusted_sha256": found.trusted_digest,
        "reason": found.reason,
    }


def _print_plugins(plugins: tuple[PluginInfo, ...]) -> None:
    if not plugins:
        print_lines("There are no plugins.")
        return
    rows = [
        (
            info.plugin_id,
            info.version,
            "off" if info.off else _trust(info),
            str(info.file_path),
            info.off or info.problem or info.description,
        )
        for info in plugins
    ]
    print_table(("plugin", "version", "trust", "path", "about"), rows)


def _trust(info: PluginInfo) -> str:
    if info.source == "shipped":
        return "shipped"
    return "trusted" if info.trusted else "not trusted"


def _print_problems(problems: tuple[PluginProblem, ...]) -> None:
    if problems:
        print_lines("", "Cannot be used:")
        print_table(("path", "reason"), [(str(each.path), each.reason) for each in problems])
