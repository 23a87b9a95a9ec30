"""Taking down: one resource, or a component with all that it holds.

Everything is tried. A clean-up that raises leaves its resource tracked and
FAILED, so that it can be tried again; what failed comes out together at the
end. Each component has a state of its own: one that is cleaned up inside the
clean-up of another one is really cleaned up, and a second thread that asks for
the same clean-up waits for it and gets the same outcome.

Nothing here calls out while the ledger's lock is held.
"""

from __future__ import annotations

import copy
import logging
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import NoReturn

from budgetinator.errors import CleanupTimeout, ResourceError
from budgetinator.resources.kinds import ComponentState, ReleaseOutcome
from budgetinator.resources.ledger import Ledger
from budgetinator.resources.owners import Cleaning, Owner
from budgetinator.resources.references import Phase, Record, RichRecord
from budgetinator.resources.sites import creation_site

__all__ = ["Closing", "raise_all"]

log = logging.getLogger("budgetinator.resources")

Released = Callable[[str, str], None]


class Closing:
    """Closes what one ledger holds.

    `released(component_id, resource_id)` is called after each resource that
    went, `begun(component_id)` when a component's clean-up starts.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        released: Released,
        begun: Callable[[str], None],
        timeout: float,
    ) -> None:
        self._ledger = ledger
        self._released = released
        self._begun = begun
        self._timeout = timeout
        self._waiting: dict[threading.Thread, Cleaning] = {}

    # One resource

    def close(self, record: Record) -> ReleaseOutcome:
        """Run its clean-up and forget it; a failure is logged and kept with it."""
        outcome, error = self._close(record)
        try:
            if error is not None and not isinstance(error, Exception):
                raise error
        finally:
            del error  # its frames lead to this one, and would stay with the resource in them
        return outcome

    def _close(self, record: Record) -> tuple[ReleaseOutcome, BaseException | None]:
        if not isinstance(record, RichRecord):
            return self._drop(record), None
        outcome = self._claim(record)
        if outcome is not None:
            return outcome, None
        try:
            self._run(record)
        # A clean-up is foreign code; whatever it raises, the resource is accounted for.
        except BaseException as error:  # noqa: BLE001 - said above
            record.failure, record.phase = remembered(error), Phase.FAILED
            log.error(  # noqa: TRY400 - the traceback travels with the outcome
                "Resource %s of %s could not be closed: %s",
                *_named(record),
                str(error),  # a log handler may keep what it is given
            )
            return ReleaseOutcome.FAILED, error
        return self._drop(record), None

    def _claim(self, record: RichRecord) -> ReleaseOutcome | None:
        with self._ledger.lock:
            if record.holding.rich.get(record.key) is not record:
                return ReleaseOutcome.UNKNOWN
            if record.phase is Phase.CLOSING:
                return ReleaseOutcome.CLOSING
            record.phase, record.failure = Phase.CLOSING, None
            return None

    def _run(self, record: RichRecord) -> None:
        target = record.target()
        if target is None and not record.stands_in:
            return  # it died; only what was tracked as None still has a handler to be told
        cleanup: Callable[..., object] | None = record.holding.kind.cleanup
        if target is None:
            cleanup = None
        if record.cleanup is not None:
            own = record.cleanup.resolve()
            if own is not None:
                cleanup = own
            else:
                log.debug("The handler of resource %s is gone with its object", record.key)
        if cleanup is not None:
            cleanup(target)

    def _drop(self, record: Record) -> ReleaseOutcome:
        owner = record.holding.owner
        if not self._ledger.forget(record):
            return ReleaseOutcome.UNKNOWN
        self._released(owner.component_id, record.key)
        return ReleaseOutcome.RELEASED

    def close_all(self, records: list[Record]) -> list[BaseException]:
        """Close them, last in, first out, the protected ones last; what failed, in order."""
        failures: list[BaseException] = []
        late = [r for r in records if isinstance(r, RichRecord) and r.protected]
        early = [r for r in records if r not in late] if late else records
        for record in (*reversed(early), *reversed(late)):
            _outcome, failure = self._close(record)
            if failure is not None and isinstance(record, RichRecord):
                failure.add_note(_describe(record))
                failures.append(failure)
        return failures

    # A component

    def cleanup(self, owner: Owner, *, force: bool) -> None:
        """Children first, then callbacks (lower priority first), then resources.

        Raises an ExceptionGroup of all that failed; with `force` it logs them.
        An interrupt is raised when everything has been tried.
        """
        cleaning, mine = self._enter(owner)
        if cleaning is None:
            return
        failures = self._run_cleanup(owner, cleaning) if mine else self._wait(owner, cleaning)
        if not failures:
            return
        if mine and force:
            for failure in failures:
                log.error("Clean-up of %s: %s", owner.component_id, failure, exc_info=failure)
        if not force or not all(isinstance(failure, Exception) for failure in failures):
            raise_all(f"Cleaning up {owner.component_id} failed", failures)

    def _enter(self, owner: Owner) -> tuple[Cleaning | None, bool]:
        """The run to wait for, or to do oneself; None where there is nothing to do."""
        place = creation_site(3)
        cleaning = Cleaning()
        with self._ledger.lock:
            running = owner.cleaning
            if running is not None:
                if self._leads_to(running, cleaning.thread):
                    return None, False
                self._waiting[cleaning.thread] = running
                return running, False
            if owner.state is ComponentState.DESTROYED and _nothing_left(owner):
                return None, False
            owner.state = ComponentState.CLEANING
            owner.cleaning = cleaning
            owner.destroyed_at = place
            self._ledger.refresh(owner)
            return cleaning, True

    def _leads_to(self, cleaning: Cleaning | None, me: threading.Thread) -> bool:
        """Whether waiting for this clean-up would be waiting for oneself."""
        seen: set[int] = set()
        while cleaning is not None and id(cleaning) not in seen:
            seen.add(id(cleaning))
            if cleaning.thread is me:
                return True
            cleaning = self._waiting.get(cleaning.thread)
        return False

    def _wait(self, owner: Owner, cleaning: Cleaning) -> tuple[BaseException, ...]:
        try:
            if not cleaning.finished.wait(self._timeout):
                raise CleanupTimeout(
                    f"{owner.component_id} is being cleaned up by thread "
                    f"{cleaning.thread.name}, which has not ended within {self._timeout:g} s.",
                    component_id=owner.component_id,
                )
        finally:
            self._waiting.pop(threading.current_thread(), None)
        return cleaning.failures

    def _run_cleanup(self, owner: Owner, cleaning: Cleaning) -> tuple[BaseException, ...]:
        log.info("Cleaning up component: %s", owner.component_id)
        failures: list[BaseException] = []
        try:
            self._begun(owner.component_id)
            failures += self._children(owner)
            failures += self._callbacks(owner)
            failures += self.close_all(owner.records())
        finally:
            cleaning.failures = tuple(failures)
            self._finish(owner)
            cleaning.finished.set()
        log.info("Component cleanup complete: %s", owner.component_id)
        return cleaning.failures

    def _finish(self, owner: Owner) -> None:
        with self._ledger.lock:
            owner.state = ComponentState.DESTROYED
            owner.cleaning = None
            self._ledger.refresh(owner)

    def _children(self, owner: Owner) -> list[BaseException]:
        failures: list[BaseException] = []
        for child in reversed(tuple(owner.children)):
            try:
                self.cleanup(child, force=False)
            # Its group of failures, a clean-up elsewhere that does not end, or an interrupt: the
            # parent is still to be cleaned up.
            except BaseException as error:  # noqa: BLE001 - said above
                failures.append(error)
        return failures

    def _callbacks(self, owner: Owner) -> list[BaseException]:
        with self._ledger.lock:
            waiting = sorted(owner.callbacks, key=lambda entry: (entry[0], -entry[1]))
            owner.callbacks = []
        failures: list[BaseException] = []
        for _priority, _order, callback in waiting:
            call = callback.resolve()
            if call is None:
                continue
            try:
                call()
            # Callbacks are foreign code: each one is run, and what they raise comes out together.
            except BaseException as error:  # noqa: BLE001 - said above
                failures.append(error)
        return failures


def raise_all(message: str, failures: Iterable[BaseException]) -> NoReturn:
    """Raise what failed as one ExceptionGroup; an interrupt or exit goes before all else."""
    errors = []
    for failure in failures:
        if not isinstance(failure, Exception):
            raise failure
        errors.append(failure)
    raise ExceptionGroup(message, errors)


def remembered(error: BaseException) -> BaseException:
    """What is kept of a failure: not its frames, which would keep all that they refer to alive."""
    kept: BaseException
    try:
        if isinstance(error, BaseExceptionGroup):
            kept = error.derive([remembered(part) for part in error.exceptions])
        else:
            kept = copy.copy(error)
        kept.__notes__ = list(getattr(error, "__notes__", ()))
    except Exception:  # noqa: BLE001 - whatever its class makes of being copied
        kept = ResourceError(f"{type(error).__name__}: {error}")
    trace = traceback.extract_tb(error.__traceback__, -1)
    if trace:
        kept.add_note(f"raised at {trace[0].filename}:{trace[0].lineno} in {trace[0].name}")
    return kept


def _nothing_left(owner: Owner) -> bool:
    return not (len(owner) or owner.callbacks or any(child.open for child in owner.children))


def _describe(record: RichRecord) -> str:
    return f"while closing {record.holding.kind.name} resource {' of '.join(_named(record))}"


def _named(record: RichRecord) -> tuple[str, str]:
    """Its id with its name, and whose it is with the place of its tracking, known at DEBUG."""
    name = f" {record.name!r}" if record.name else ""
    site = f", tracked at {record.site}" if record.site else ""
    return f"{record.key}{name}", f"{record.holding.owner.component_id}{site}"
