"""A service and a component for each test of this package."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from budgetinator.resources import ResourceManagementService
from tests.resources.things import Component


@pytest.fixture
def service() -> Iterator[ResourceManagementService]:
    service = ResourceManagementService()
    yield service
    service.close()


@pytest.fixture
def register(service: ResourceManagementService) -> Callable[[str], Component]:
    """Registers a new component under an id, and keeps it alive until the test is over."""
    components: list[Component] = []

    def register(component_id: str) -> Component:
        component = Component()
        components.append(component)
        service.register_component(component, component_id)
        return component

    return register


@pytest.fixture
def component(service: ResourceManagementService) -> Component:
    component = Component()
    service.register_component(component, "component", "test")
    return component
