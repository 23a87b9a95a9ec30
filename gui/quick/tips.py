"""Tool tips that say what is so at this moment, each one a tracked resource."""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tktooltip import ToolTip, ToolTipStatus  # type: ignore[import-untyped]

from budgetinator.resources import ResourceType

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService

__all__ = ["LiveTip", "track_tip"]

DELAY_SECONDS = 0.4
REFRESH_SECONDS = 0.25
SOON_MS = 30


class LiveTip(ToolTip):  # type: ignore[misc]  # the package has no types
    """A tool tip whose text is asked for again while it is shown.

    Destroying it takes back the calls that it has scheduled: Tk would complain
    of a command that is gone.
    """

    def __init__(self, widget: tk.Misc, text: Callable[[], str]) -> None:
        self._scheduled: set[str] = set()
        self.is_destroyed = False
        super().__init__(
            widget,
            msg=text,
            delay=DELAY_SECONDS,
            refresh=REFRESH_SECONDS,
            x_offset=14,
            y_offset=14,
            # Without a master it would belong to whatever window was made first.
            parent_kwargs={
                "master": widget.winfo_toplevel(),
                "bg": "#555555",
                "padx": 1,
                "pady": 1,
            },
            bg="#fffbe6",
            fg="#222222",
            padx=6,
            pady=4,
            width=480,
        )

    def after(self, ms: Any, func: Any = None, *arguments: Any) -> str:
        """As Tk's, and remembers what is due."""
        scheduled: str = super().after(ms, func, *arguments)
        self._scheduled = {*list(self._scheduled)[-8:], scheduled}
        return scheduled

    def _show(self) -> None:
        """Shows, or asks again a little later: Tk's clock may run a moment ahead of Python's."""
        if self.is_destroyed:
            return
        super()._show()
        if self.status is ToolTipStatus.INSIDE:
            self.after(SOON_MS, self._show)
        elif self.status is ToolTipStatus.VISIBLE:
            self.lift()  # it was made before its window was shown, and lies beneath it

    def destroy(self) -> None:
        """End it for good; may be called twice."""
        if self.is_destroyed:
            return
        self.is_destroyed = True
        self.status = ToolTipStatus.OUTSIDE
        for scheduled in self._scheduled:
            with contextlib.suppress(tk.TclError):
                self.after_cancel(scheduled)
        super().destroy()


def track_tip(
    service: ResourceManagementService,
    component: Any,
    widget: tk.Misc,
    name: str,
    text: Callable[[], str],
) -> LiveTip:
    """Give a widget a live tool tip; the component holds it, and destroys it with itself."""
    tip = LiveTip(widget, text)
    service.track_resource(
        component,
        ResourceType.CUSTOM,
        tip,
        hold="strong",
        name=f"tool tip of {name}",
        cleanup=LiveTip.destroy,
    )
    return tip
