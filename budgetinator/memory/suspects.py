"""What may be leaking, and why it is thought so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Suspect"]


@dataclass(frozen=True, slots=True)
class Suspect:
    """One potential leak.

    `kind` is "operation" for one that keeps more with each call, "resource" for
    one held too long, "component" for one that died with live resources.
    `metric` is what grows: "blocks" (of the Python allocator), "descriptors" or
    "heap" (bytes of the C allocator); None unless it is an operation.
    `growth_per_call` is in its units, `p` the chance of it without growth.
    """

    kind: Literal["operation", "resource", "component"]
    name: str
    detail: str
    metric: str | None = None
    growth_per_call: float = 0.0
    p: float = 0.0
    calls: int = 0
