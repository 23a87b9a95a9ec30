"""Seed 003, phase 6: the printed unit tests; a component is any object, without Qt."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from budgetinator.resources import ComponentState, ResourceManagementService, ResourceType
from tests.support.logs import ExpectLog


class TestComponent:
    """Test component for testing"""

    __test__ = False

    def __init__(self) -> None:
        super().__init__()
        self.cleanup_called = False

    def cleanup(self) -> None:
        self.cleanup_called = True


class QObject:
    """Stands for Qt's: a weak reference to it can be made."""


class TestResourceManagementService:
    @pytest.fixture
    def service(self) -> Iterator[ResourceManagementService]:
        service = ResourceManagementService()
        yield service
        service.close()

    @pytest.fixture
    def component(self) -> TestComponent:
        return TestComponent()

    def test_component_registration(
        self, service: ResourceManagementService, component: TestComponent
    ) -> None:
        """Test component registration"""
        # Register component
        service.register_component(component, "test_component", "test")

        # Check state
        assert service.get_component_state(component) == ComponentState.LOADED

        # Check in registry
        stats = service.get_statistics()
        assert stats["components_registered"] == 1

    def test_resource_tracking(
        self, service: ResourceManagementService, component: TestComponent
    ) -> None:
        """Test resource tracking"""
        # Register component
        service.register_component(component, "test_component", "test")

        # Track a resource
        test_data = b"test data"
        resource_id = service.track_resource(
            component, ResourceType.MEMORY, test_data, size_bytes=len(test_data)
        )

        assert resource_id is not None

        # Check memory usage
        usage = service.get_memory_usage()
        assert usage.get("test_component") == len(test_data)

        # Check resource count
        counts = service.get_resource_count(component)
        assert counts.get("memory") == 1

    def test_resource_release(
        self, service: ResourceManagementService, component: TestComponent
    ) -> None:
        """Test resource release"""
        # Setup
        service.register_component(component, "test_component", "test")
        test_data = b"test data"
        resource_id = service.track_resource(
            component, ResourceType.MEMORY, test_data, len(test_data)
        )

        # Release resource
        success = service.release_resource(component, resource_id)
        assert success

        # Check memory cleared
        usage = service.get_memory_usage()
        assert usage.get("test_component") == 0

        # Check resource count
        counts = service.get_resource_count(component)
        assert counts.get("memory", 0) == 0

    def test_cleanup_callbacks(
        self, service: ResourceManagementService, component: TestComponent
    ) -> None:
        """Test cleanup callback execution"""
        # Register component
        service.register_component(component, "test_component", "test")

        # Register cleanup callback
        service.register_cleanup(component, component.cleanup, priority=10)

        # Trigger cleanup
        service.cleanup_component(component)

        # Check callback was called
        assert component.cleanup_called

    def test_memory_limits(
        self,
        service: ResourceManagementService,
        component: TestComponent,
        expect_log: ExpectLog,
    ) -> None:
        """Test memory limit enforcement"""
        expect_log("test_component exceeded memory limit: 200 > 100")

        # Setup
        service.register_component(component, "test_component", "test")
        service.set_memory_limit("test_component", 100)  # 100 bytes limit

        # Track resource exceeding limit
        with patch.object(service, "memory_threshold_exceeded") as mock_signal:
            large_data = b"x" * 200
            service.track_resource(component, ResourceType.MEMORY, large_data, len(large_data))

            # Check signal emitted
            mock_signal.emit.assert_called_once()

    def test_weak_reference_cleanup(self, service: ResourceManagementService) -> None:
        """Test weak reference automatic cleanup"""
        # Create and register component
        component = TestComponent()
        service.register_component(component, "test_component", "test")

        # Track a QObject resource
        qobj = QObject()
        resource_id = service.track_resource(component, ResourceType.QOBJECT, qobj)
        assert resource_id

        # Delete the QObject
        del qobj

        # Trigger periodic cleanup
        service._periodic_cleanup()

        # Check resource was cleaned up
        counts = service.get_resource_count(component)
        assert counts.get("qobject", 0) == 0

    def test_context_manager(
        self, service: ResourceManagementService, component: TestComponent
    ) -> None:
        """Test managed resource context manager"""
        service.register_component(component, "test_component", "test")

        resource_tracked = False

        with service.managed_resource(component, ResourceType.FILE_HANDLE) as resource:
            # Simulate resource creation
            resource = "test_file_handle"  # noqa: PLW2901 - as printed

            # Would normally track here
            resource_tracked = True

        # Resource should be auto-cleaned after context
        assert resource_tracked
        assert resource
