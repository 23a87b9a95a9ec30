"""The three sources of `potential_leaks`, in a real runtime."""

from __future__ import annotations

import gc
from pathlib import Path

from budgetinator import ResourceType
from budgetinator.config import ResourceOptions, Settings
from budgetinator.runtime import make_runtime
from tests.support.logs import ExpectLog


class Tab:
    """A component."""


def test_all_three_sources_are_counted(tmp_path: Path, expect_log: ExpectLog) -> None:
    """An operation that keeps more, a resource held too long, a component that died with one."""
    expect_log("was collected while it held 1 resources")
    expect_log("for more than")
    file = tmp_path / "offer.txt"
    file.touch()
    kept: list[object] = []
    settings = Settings(resources=ResourceOptions(journal=False, held_too_long_seconds=0.000_001))
    with make_runtime(settings) as runtime:
        service, monitor = runtime.service, runtime.memory_monitor
        keeper, dying = Tab(), Tab()
        for name, tab in (("keeper", keeper), ("dying", dying)):
            service.register_component(tab, name)
            service.track_resource(tab, ResourceType.FILE_HANDLE, file.open())
        del dying, tab
        gc.collect()
        service.tick()
        for _ in range(60):
            with monitor.profile_operation("keeps"):
                kept.append([len(kept)])

        stats = monitor.get_stats()

        assert stats["potential_leaks"] == 3
        assert sorted(suspect.kind for suspect in stats["leaks"]) == [
            "component",
            "operation",
            "resource",
        ]
        assert {s.name for s in stats["leaks"] if s.kind != "resource"} == {"keeps", "dying"}
