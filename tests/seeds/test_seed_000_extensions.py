"""Seed 000: what a program adds: resource types, coordinators, services made when needed."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from budgetinator.resources import (
    BaseResourceCoordinator,
    DatabaseCoordinator,
    ResourceManagementService,
    ResourceType,
)

Service = ResourceManagementService
SEED_TYPES = {
    "MEMORY": "memory",
    "FILE_HANDLE": "file_handle",
    "THREAD": "thread",
    "QOBJECT": "qobject",
    "THUMBNAIL": "thumbnail",
    "MAP": "map",
    "WORKER": "worker",
    "CUSTOM": "custom",
}


class Component:
    """Anything that owns resources."""


class Thumbnail:
    """Anything that can be referenced weakly."""


@pytest.fixture
def component(service: Service) -> Component:
    component = Component()
    service.register_component(component, "Component_1", "controller")
    return component


def test_all_eight_types_are_there() -> None:
    """The seeds' members with their values, and WORKBOOK."""
    members = {member.name: member.value for member in ResourceType}

    assert members == {**SEED_TYPES, "WORKBOOK": "workbook"}


def test_a_type_is_added_by_name_because_an_enum_cannot_be_extended(
    service: Service, component: Component
) -> None:
    """`class CustomResourceType(ResourceType)` is refused by Python; a registered name works."""
    with pytest.raises(TypeError, match="cannot extend"):

        class CustomResourceType(ResourceType):  # type: ignore[misc]
            DATABASE = "database"

    closed: list[Any] = []
    image = Thumbnail()

    undo = service.register_resource_type("database", cleanup=closed.append)
    resource_id = service.track_resource(component, "database", image)
    service.release_resource(component, resource_id)
    undo()

    assert closed == [image]


def test_a_coordinator_for_connections_is_a_subclass(service: Service, tmp_path: Path) -> None:
    """`DatabaseCoordinator.track_connection(conn)`: the extension point, over sqlite3."""
    component = Component()
    coordinator = DatabaseCoordinator("Component_2")
    coordinator.bind_to_component(component)
    connection = sqlite3.connect(tmp_path / "budget.db")

    resource_id = coordinator.track_connection(connection)
    counted = service.get_resource_count(component)
    tracked = service.get_resource(resource_id)
    coordinator.cleanup_all()

    assert issubclass(DatabaseCoordinator, BaseResourceCoordinator)
    assert counted == {"database": 1}
    assert tracked is not None
    assert tracked.name == str(tmp_path / "budget.db")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("select 1")


def test_a_lazy_service_is_made_at_first_use() -> None:
    """The property as printed: nothing before the first access, one object after it."""
    made: list[str] = []

    class IMediaAnalysisService: ...

    class Controller:
        def __init__(self) -> None:
            self._media_service: object | None = None

        def _get_service(self, interface: type) -> object:
            made.append(interface.__name__)
            return interface()

        @property
        def media_service(self) -> object:
            if self._media_service is None:
                self._media_service = self._get_service(IMediaAnalysisService)
            return self._media_service

    controller = Controller()
    before = list(made)

    assert controller.media_service is controller.media_service
    assert (before, made) == ([], ["IMediaAnalysisService"])
