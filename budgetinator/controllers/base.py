"""What all controllers share: workers that are tracked, cancelled and brought to an end.

Seeds 000 to 002 print this class; docs/decisions/0041 says where it differs. A
controller knows no widget. It makes workers for its operations and hands them
out unstarted; the one who shows them connects their signals and starts them.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, TypeVar

from budgetinator.controllers.ending import release_component, stop_workers
from budgetinator.controllers.operations import Mode, Operation, Operations
from budgetinator.controllers.tasks import Task
from budgetinator.controllers.turns import Line
from budgetinator.controllers.workers import TaskWorker, ThreadTask, WorkerFactory
from budgetinator.errors import BudgetinatorError
from budgetinator.resources import (
    BaseResourceCoordinator,
    ResourceManagementService,
    WorkerResourceCoordinator,
    next_component_id,
)
from budgetinator.result import Result

if TYPE_CHECKING:
    from budgetinator.config import OpeningBounds
    from budgetinator.workbooks.surroundings import Surroundings

__all__ = ["DEADLINE", "BaseController", "FilesController", "WorkerController"]

DEADLINE = 2.0
"""Seconds that all workers of a controller get together to end (seed 000: wait(2000))."""

T = TypeVar("T")
log = logging.getLogger("budgetinator.controllers")


class BaseController:
    """Runs operations in workers, tracks them, and lets go of everything in `cleanup`.

    Without a `service` it uses the registered one. Where there is none,
    `resources` is None and every operation still works. `make_worker` makes the
    workers: ThreadTask if it is not given, a QThread one in a window. `deadline`
    are the seconds that all workers together get to end in `cleanup`.

    Every method may be called from any thread.
    """

    def __init__(
        self,
        logger_name: str | None = None,
        *,
        service: ResourceManagementService | None = None,
        make_worker: WorkerFactory | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        self.logger = logging.getLogger(logger_name or type(self).__name__)
        self._service = service
        self._make_worker: WorkerFactory = make_worker or ThreadTask
        self._deadline = deadline
        self._component_id = next_component_id(type(self).__name__)
        self._operations = Operations(self._component_id)
        self._line = Line()
        self._cleaning: threading.Thread | None = None
        self._cleaned = threading.Event()
        self._lock = threading.Lock()
        self._current_worker: Any = None
        self._resources: BaseResourceCoordinator | None = None
        self._begin_resources(self._component_id)

    def _create_resource_coordinator(self, component_id: str) -> BaseResourceCoordinator:
        """Override it for a coordinator of another kind (seed 000, Factory Method Pattern)."""
        return BaseResourceCoordinator(component_id, self._service)

    def _begin_resources(self, component_id: str) -> None:
        try:
            resources = self._create_resource_coordinator(component_id)
            if resources is not None:
                resources.bind_to_component(self)
        except (ValueError, ImportError) as error:  # seeds 000 and 001: no service, as in a test
            self.logger.debug("%s tracks nothing: %s", component_id, error)
            return
        self._component_id, self._resources = component_id, resources

    def initialize_resources(self, component_id: str) -> None:
        """Begin to track late, under this id (seed 002), once there is a service.

        Nothing happens where there are resources already, or still no service.
        """
        if self._resources is None:
            self._begin_resources(component_id)

    @property
    def resources(self) -> Any:
        """The coordinator that tracks for this controller, or None without a service."""
        return self._resources

    @property
    def component_id(self) -> str:
        """`ClassName_<serial>`, or what `initialize_resources` was given."""
        return self._component_id

    # Operations

    def start_worker(
        self, task: Task[T], name: str, *, mode: Mode = "alone", line: Line | None = None
    ) -> Result[TaskWorker]:
        """A worker for the task, tracked and not yet started; for the `start_*` of subclasses.

        Its name is `name` with the time of day. `mode` says what may run beside it. An
        operation that is alone is refused with OperationRunning while another one
        runs; one that was cancelled, or was never started, makes way. After `cleanup`
        the error is ComponentDestroyed. In a `line`, which may be shared with other
        controllers, it takes its turn; one that is in turn has the controller's own if
        none is given.
        """
        name = f"{name}_{time.strftime('%H%M%S')}"
        try:
            operation, makes_way = self._operations.begin(name, mode)
        except BudgetinatorError as error:
            return Result.error(error)
        for each in makes_way:
            self._cancel(each)
        try:
            if line is None and mode == "in turn":
                line = self._line
            return Result.success(self._made(operation, task, line))
        except BudgetinatorError as error:
            return Result.error(error)
        finally:
            if operation.worker is None:  # it did not come about
                self._operations.drop(operation)

    def _made(self, operation: Operation, task: Task[Any], line: Line | None) -> Any:
        turn = line.enter(task) if line is not None else None
        resource_id: str | None = None
        try:
            worker = self._make_worker(task if turn is None else turn, operation.name)
            if turn is not None:
                turn.worker = weakref.ref(worker)
            worker.result_ready.connect(operation.listener())
            if self._resources is not None:
                resource_id = self._tracked(self._resources, worker, operation.name)
            self._operations.fill(operation, worker, resource_id)
        except BaseException:
            if turn is not None:
                turn.line.leave(turn)
            if self._resources is not None and resource_id is not None:
                self._resources.release(resource_id)
            raise
        return worker

    def _tracked(self, resources: BaseResourceCoordinator, worker: Any, name: str) -> str:
        if isinstance(resources, WorkerResourceCoordinator):
            return resources.track_worker(worker, name=name, deadline=self._deadline)
        return resources.track_worker(worker, name=name)

    @property
    def current_worker(self) -> Any:
        """The newest worker that was not cancelled and has no result yet, or None.

        A controller that makes workers by itself sets it, as in the seeds.
        """
        if self._current_worker is not None:
            return self._current_worker
        under_way = [each for each in self._operations if each.is_under_way]
        return under_way[-1].worker if under_way else None

    @current_worker.setter
    def current_worker(self, worker: Any) -> None:
        self._current_worker = worker

    @property
    def is_busy(self) -> bool:
        """Whether an operation is under way."""
        return self.current_worker is not None

    def cancel_current_operation(self) -> Result[None]:
        """Cancel whatever is under way; it ends by itself within 100 ms. Never waits."""
        for operation in self._operations:
            self._cancel(operation)
        return Result.success(None)

    def cancel_operation(self) -> Result[None]:
        """Seed 001's name for `cancel_current_operation`."""
        return self.cancel_current_operation()

    def _cancel(self, operation: Operation) -> None:
        if operation.worker is None or operation.settled:
            return
        operation.cancelled = True
        operation.worker.cancel()
        if operation.is_running or operation.worker.isFinished():
            return
        if self._resources is not None and operation.resource_id is not None:
            # It was never started, and so would never say that it has finished.
            self._resources.release(operation.resource_id)

    # The end

    def cleanup(self) -> None:
        """Cancel, wait for all workers until one shared deadline, release everything.

        A worker that is stuck is kept apart, tracked until it ends, and named with
        the line that made it. Whatever failed comes out in one ExceptionGroup, when
        everything has been let go. A second call does nothing; one in another thread
        waits until the first is done.
        """
        with self._lock:
            mine = self._cleaning is None
            if mine:
                self._cleaning = threading.current_thread()
        if not mine:
            if self._cleaning is not threading.current_thread():
                self._cleaned.wait()
            return
        try:
            failures = self._let_go()
        finally:
            self._cleaned.set()
        if failures:
            raise ExceptionGroup(f"{self._component_id} was not cleaned up completely", failures)

    def _let_go(self) -> list[Exception]:
        """End the workers, then release the rest; what failed. Subclasses add what is theirs."""
        operations = self._operations.end()
        for operation in operations:
            self._cancel(operation)
        workers = [(each.worker, each.resource_id) for each in operations if each.worker]
        failures: list[Exception] = list(
            stop_workers(workers, self._resources, self._component_id, self._deadline)
        )
        return failures + release_component(self, self._resources)

    def _left_over(self) -> list[str]:
        """What would be lost without `cleanup`, a text each."""
        return [repr(each.worker) for each in self._operations if each.is_running]

    def __del__(self) -> None:
        if getattr(self, "_operations", None) is None:
            return
        if left := self._left_over():
            log.warning(
                "Controller %s being deleted with %d active resources: %s",
                self._component_id,
                len(left),
                ", ".join(left),
            )


class WorkerController(BaseController):
    """A controller whose coordinator is that of workers; what the shipped ones are built on.

    `service` may be Surroundings, as for ExcelManager: then workbooks are opened with
    their settings, journal and locks too. Without one those are the default runtime's.
    """

    def __init__(
        self,
        logger_name: str | None = None,
        *,
        service: ResourceManagementService | Surroundings | None = None,
        **options: Any,
    ) -> None:
        self._surroundings = service
        own: Any = getattr(service, "service", service)
        super().__init__(logger_name or "budgetinator.controllers", service=own, **options)

    def _create_resource_coordinator(self, component_id: str) -> BaseResourceCoordinator:
        return WorkerResourceCoordinator(component_id, self._service)


class FilesController(WorkerController):
    """One that reads files by itself, within the `bounds` of opening that it is given."""

    def __init__(
        self,
        logger_name: str | None = None,
        *,
        bounds: OpeningBounds | None = None,
        **options: Any,
    ) -> None:
        super().__init__(logger_name, **options)
        self._bounds = bounds
