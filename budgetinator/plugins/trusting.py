"""Whether a plugin may run: what the record of trust says of the files that are there now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from budgetinator.errors import PluginChanged, PluginError, PluginNotTrusted, PluginOff
from budgetinator.plugins.info import PluginInfo
from budgetinator.plugins.store import TrustRecord, TrustStore
from budgetinator.plugins.tree import Tree, read_tree

__all__ = ["TrustStatus", "Trusting", "Verification"]

TrustStatus = Literal["shipped", "trusted", "changed", "not trusted", "refused"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What a plugin's files are, compared with those that the user trusted."""

    plugin_id: str
    status: TrustStatus
    path: Path
    digest: str | None
    trusted_digest: str | None = None
    reason: str | None = None


class Trusting:
    """Answers for one store; shipped plugins are trusted with the program (decision 0042)."""

    def __init__(self, store: TrustStore) -> None:
        self.store = store

    def tree(self, info: PluginInfo) -> Tree:
        """The plugin's files as they are now; the info gets their digest."""
        info.digest = None
        tree = read_tree(info.file_path, own=info.source != "shipped")
        info.digest = tree.digest
        return tree

    def require(self, info: PluginInfo, tree: Tree) -> None:
        """Raise PluginOff, PluginNotTrusted or PluginChanged unless these very files may run."""
        record = self.store.record(info.plugin_id, info.file_path)
        self._enter(info, record)
        if info.off is not None:
            raise PluginOff(
                f"The plugin {info.plugin_id} is off: {info.off}. Trust it again to switch it on.",
                plugin_id=info.plugin_id,
                path=str(info.file_path),
                reason=info.off,
            )
        if info.trusted:
            return
        told = {"plugin_id": info.plugin_id, "path": str(info.file_path), "digest": tree.digest}
        if record is not None and record.sha256 is not None:
            raise PluginChanged(
                f"The files of the plugin {info.plugin_id} at {info.file_path} are not those that "
                "you trusted; look at them and trust it again.",
                trusted_digest=record.sha256,
                **told,
            )
        raise PluginNotTrusted(
            f"The plugin {info.plugin_id} at {info.file_path} is not trusted; it can do all that "
            "you can, so look at it and then trust it.",
            **told,
        )

    def trust(self, info: PluginInfo, digest: str | None) -> str:
        """Trust the files as they are; PluginChanged if they are not those of `digest` any more."""
        tree = self.tree(info)
        if digest is not None and digest != tree.digest:
            raise PluginChanged(
                f"The files of the plugin {info.plugin_id} have changed since you were asked; "
                "nothing was trusted.",
                plugin_id=info.plugin_id,
                path=str(info.file_path),
                digest=tree.digest,
                trusted_digest=digest,
            )
        kept = None if info.source == "shipped" else tree.digest
        self.store.trust(info.plugin_id, info.file_path, kept)
        info.trusted, info.off, info.problem = True, None, None
        return tree.digest

    def untrust(self, info: PluginInfo) -> bool:
        """Forget that it was trusted; a shipped one stays trusted with the program."""
        was = self.store.untrust(info.plugin_id, info.file_path)
        self._enter(info, self.store.record(info.plugin_id, info.file_path))
        return was

    def refresh(self, info: PluginInfo, record: TrustRecord | None) -> None:
        """Say in the info whether it is trusted; files that nobody trusts are not read."""
        info.trusted, info.off = info.source == "shipped", None
        if record is None:
            return
        try:
            if record.sha256 is not None:
                self.tree(info)
        except PluginError as error:
            info.problem = str(error)
        self._enter(info, record)

    def verify(self, info: PluginInfo) -> Verification:
        """Read the plugin's files and compare them; what cannot be read is told as refused."""
        try:
            tree = self.tree(info)
        except PluginError as error:
            reason = getattr(error, "reason", None) or str(error)
            return Verification(info.plugin_id, "refused", info.file_path, None, reason=reason)
        record = self.store.record(info.plugin_id, info.file_path)
        self._enter(info, record)
        known = record.sha256 if record is not None else None
        status: TrustStatus = "not trusted" if known is None else "changed"
        if info.trusted:
            status = "shipped" if info.source == "shipped" else "trusted"
        return Verification(
            info.plugin_id, status, info.file_path, tree.digest, known, reason=info.off
        )

    def _enter(self, info: PluginInfo, record: TrustRecord | None) -> None:
        known = record.sha256 if record is not None else None
        info.trusted = info.source == "shipped" or (known is not None and known == info.digest)
        info.off = record.off if record is not None else None
