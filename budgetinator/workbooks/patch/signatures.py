"""A file's digital signature, which no change leaves valid (ECMA-376 part 2, section 10)."""

from __future__ import annotations

from budgetinator.errors import WouldLose
from budgetinator.workbooks.opc.package import Package
from budgetinator.workbooks.patch.edit import PackageEdit

__all__ = ["is_signed", "refuse_signature", "take_off_signature"]

_FOLDER = "_xmlsignatures/"
_ORIGIN = "digital-signature/origin"


def is_signed(package: Package) -> bool:
    """Whether the file carries a signature."""
    names = (name.replace("\\", "/").lstrip("/").lower() for name in package.names)
    return any(name.startswith(_FOLDER) for name in names)


def refuse_signature(package: Package) -> None:
    """Raise WouldLose for a file that carries one."""
    if is_signed(package):
        raise WouldLose(
            f"{package.path} carries a digital signature, which no changed file can keep; "
            "save it with allow_loss=True, which takes the signature off, or leave it as it is.",
            path=str(package.path),
            losses=("digital signature",),
        )


def take_off_signature(edit: PackageEdit) -> None:
    """Lead to the signature no more, and take its parts away."""
    for entry in edit.relationships(""):
        if entry.type.endswith(_ORIGIN):
            edit.remove_relationship("", entry.id)
    edit.remove_unreachable()
    for name in edit.package.names:
        plain = name.replace("\\", "/").lstrip("/").lower()
        if plain.startswith(_FOLDER) and not edit.is_removed(name):
            edit.remove_part(name)
