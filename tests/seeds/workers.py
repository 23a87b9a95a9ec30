"""The seeds' workers and controllers on workbooks, with threads where the seeds have QThreads."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from budgetinator.controllers import BaseController
from budgetinator.resources import (
    BaseResourceCoordinator,
    Signal,
    ThreadWorker,
    WorkerResourceCoordinator,
)
from budgetinator.result import Result

SECONDS = 10
MILLISECONDS = 1000 * SECONDS


class MediaAnalysisWorker(ThreadWorker):
    """Adds up the bytes of files; with `until_cancelled` it waits for that at the end."""

    def __init__(self, files: Iterable[Path] = (), *, until_cancelled: bool = False) -> None:
        self.result_ready: Signal[Result[int]] = Signal("result_ready")
        self.progress_update: Signal[int, str] = Signal("progress_update")
        self.cancelled = threading.Event()
        self._files = tuple(files)
        self._until_cancelled = until_cancelled
        thread = threading.Thread(target=self.run, name="media_analysis", daemon=True)
        super().__init__(thread, self.cancelled)

    def run(self) -> None:
        self.result_ready.emit(self.process())

    def process(self) -> Result[int]:
        total = 0
        for number, path in enumerate(self._files, 1):
            total += path.stat().st_size
            self.progress_update.emit(100 * number // len(self._files), path.name)
        if self._until_cancelled and not self.cancelled.wait(SECONDS):
            return Result.error("nobody cancelled")
        return Result.success(total)


class DeafWorker(ThreadWorker):
    """Hears no request to stop; `let_end` is the test's own way to end it."""

    def __init__(self, name: str) -> None:
        self.let_end = threading.Event()
        self.terminated = False
        super().__init__(threading.Thread(target=self.let_end.wait, name=name, daemon=True))

    def terminate(self) -> None:
        self.terminated = True


class MediaAnalysisController(BaseController):
    """Patterns 1 and 2 of seed 000, as printed, over the library's BaseController."""

    def __init__(self) -> None:
        super().__init__("MediaAnalysisController")
        self.current_worker: MediaAnalysisWorker | None = None
        self._current_worker_id: str | None = None

    def _create_resource_coordinator(self, component_id: str) -> BaseResourceCoordinator:
        return WorkerResourceCoordinator(component_id)

    def start_analysis_workflow(self, files: Iterable[Path]) -> Result[MediaAnalysisWorker]:
        worker = MediaAnalysisWorker(files, until_cancelled=True)
        self.current_worker = worker
        if self.resources:  # Always check availability
            self._current_worker_id = self.resources.track_worker(
                worker, name=f"analysis_{datetime.now():%H%M%S}"
            )
        return Result.success(worker)

    def cancel_current_operation(self) -> Result[None]:
        if self.current_worker and self.current_worker.isRunning():
            self.current_worker.cancel()
        # Clear references - coordinator handles cleanup
        self.current_worker = None
        self._current_worker_id = None
        return Result.success(None)

    def cleanup(self) -> None:
        if self.current_worker and self.current_worker.isRunning():
            self.cancel_current_operation()
        if self.resources:
            self.resources.cleanup_all()
        self.current_worker = None
        self._current_worker_id = None
