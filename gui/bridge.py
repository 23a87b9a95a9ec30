"""The library's signals, carried to the GUI thread.

The library emits in whatever thread something happens, outside of all locks.
Here the arguments are put into a mailbox as they are - a number of bytes beyond
2**31 stays one - and handed out on the GUI thread, in the order in which they
were emitted. What nobody on the Qt side is connected to is not put in at all.

Most listeners only need to know that something changed. `changed` tells them,
a few times a second at most, however much happens; it costs the emitting thread
one list operation a burst.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMetaMethod, QObject, Qt, QTimer, Signal
from shiboken6 import isValid

from gui.mailbox import Mailbox, require_gui_thread
from gui.slots import WeakSlot

if TYPE_CHECKING:
    from budgetinator.resources import ResourceManagementService

__all__ = ["SignalBridge"]

CHANGED_EVERY_MS = 250

_CARRIED = (
    "resource_tracked",
    "resource_released",
    "component_registered",
    "component_cleanup",
    "memory_threshold_exceeded",
)


class SignalBridge(QObject):
    """One object that stands on the GUI thread for the signals of a service.

    Neither side keeps it alive, and it keeps alive neither service nor slots.
    Whoever makes it closes it.
    """

    resource_tracked = Signal(str, str, str)
    """Component id, resource id, type."""
    resource_released = Signal(str, str)
    """Component id, resource id."""
    component_registered = Signal(str)
    component_cleanup = Signal(str)
    memory_threshold_exceeded = Signal(str, object)
    """Component id (empty for all together) and bytes as a Python int."""
    changed = Signal()
    """Something of the above happened; at most once in `interval_ms`."""

    def __init__(
        self,
        service: ResourceManagementService,
        parent: QObject | None = None,
        *,
        interval_ms: int = CHANGED_EVERY_MS,
    ) -> None:
        require_gui_thread("A SignalBridge is made")
        super().__init__(parent)
        self._mailbox = Mailbox(self)
        self.calm = [True]
        """Empty while a change is to be told."""
        self._carriers: dict[_Carrier, Callable[[], None]] = {}
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(interval_ms)
        self._pause.setTimerType(Qt.TimerType.CoarseTimer)
        self._pause.timeout.connect(self._tell_changed)
        self.destroyed.connect(partial(_disconnect_all, self._carriers))
        for name in _CARRIED:
            self._add(getattr(service, name), _ServiceCarrier(self, name))

    def carry(self, signal: Any, slot: Callable[..., object]) -> Callable[[], None]:
        """Call `slot` on the GUI thread at each emit of a library signal; returns the undo.

        A bound method is held weakly. Order is kept with everything else that
        this bridge carries.
        """
        return self._add(signal, _Carrier(self, WeakSlot(slot)))

    def close(self) -> None:
        """Disconnect from the library; what waits is not delivered. May be called twice."""
        _disconnect_all(self._carriers)
        if isValid(self):
            self._pause.stop()
            self._mailbox.close()

    def note_change(self) -> None:
        """Have `changed` emitted soon; from any thread."""
        try:
            self.calm.pop()
        except IndexError:  # it is under way
            return
        self._mailbox.post(self._pause.start)

    def put(self, call: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        """Have `call` run on the GUI thread after all that was put before."""
        self._mailbox.post(call, *arguments)

    def _add(self, signal: Any, carrier: _Carrier) -> Callable[[], None]:
        self._carriers[carrier] = signal.connect(carrier.hear)  # held weakly there
        return partial(_drop_of, weakref.ref(self), weakref.ref(carrier))

    def _drop(self, carrier: _Carrier) -> None:
        disconnect = self._carriers.pop(carrier, None)
        if disconnect is not None:
            disconnect()

    def _tell_changed(self) -> None:
        self.calm.append(True)  # before telling: what happens from now on is news
        self.changed.emit()


class _Carrier:
    """What the library's signal knows of a bridge; the bridge owns it and takes it along."""

    __slots__ = ("__weakref__", "_bridge", "_call")

    def __init__(self, bridge: SignalBridge, call: Callable[..., object]) -> None:
        self._bridge = weakref.ref(bridge)
        self._call = call

    def hear(self, *arguments: Any) -> None:
        bridge = self._living()
        if bridge is not None:
            bridge.put(self._call, arguments)

    def _living(self) -> SignalBridge | None:
        """The bridge, unless Qt has deleted it, with a parent for instance."""
        bridge = self._bridge()
        return bridge if bridge is not None and isValid(bridge) else None


class _ServiceCarrier(_Carrier):
    """One of the service's own signals; it is carried only where somebody listens.

    Asked anew at each emit, in 0.2 microseconds. Overriding connectNotify would
    save that, but Qt calls it with a mutex held, and a Python override then
    waits for the interpreter's lock.
    """

    __slots__ = ("_calm", "_method")

    def __init__(self, bridge: SignalBridge, name: str) -> None:
        self._method = _signal_named(bridge, name)
        self._calm = bridge.calm
        super().__init__(bridge, partial(_emit, weakref.ref(bridge), name))

    def hear(self, *arguments: Any) -> None:
        bridge = self._bridge()
        if bridge is None or not isValid(bridge):
            return
        if bridge.isSignalConnected(self._method):
            bridge.put(self._call, arguments)
        if self._calm:
            bridge.note_change()


def _disconnect_all(carriers: dict[_Carrier, Callable[[], None]], *_arguments: object) -> None:
    while carriers:
        _carrier, disconnect = carriers.popitem()
        disconnect()


def _signal_named(bridge: SignalBridge, name: str) -> QMetaMethod:
    """Looked up: QMetaMethod.fromSignal would hold the bridge for ever."""
    meta = bridge.metaObject()
    methods = (meta.method(index) for index in range(meta.methodCount()))
    return next(method for method in methods if bytes(method.name().data()) == name.encode())


def _emit(ref: weakref.ref[SignalBridge], name: str, *arguments: Any) -> None:
    bridge = ref()
    if bridge is not None:
        getattr(bridge, name).emit(*arguments)


def _drop_of(ref: weakref.ref[SignalBridge], carrier: weakref.ref[_Carrier]) -> None:
    bridge, one = ref(), carrier()
    if bridge is not None and one is not None:
        bridge._drop(one)  # noqa: SLF001 - its undo
