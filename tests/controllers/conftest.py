"""A registered service, which a controller finds by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from budgetinator.resources import (
    IResourceManagementService,
    ResourceManagementService,
    register_service,
)


@pytest.fixture
def service() -> Iterator[ResourceManagementService]:
    service = ResourceManagementService()
    unregister = register_service(
        IResourceManagementService,  # type: ignore[type-abstract]
        service,
    )
    yield service
    unregister()
    service.close()
