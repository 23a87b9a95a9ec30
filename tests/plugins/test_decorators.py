"""The decorators of seed 003, mended where they fail as printed."""

from __future__ import annotations

import gc
import io
import weakref
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from budgetinator.errors import LimitExceeded
from budgetinator.plugins import Plugin, cleanup_on_error, track_resource, with_managed_resource
from budgetinator.resources import ResourceManagementService, ResourceType
from tests.support.logs import ExpectLog


class Image:
    """Something that can be referenced weakly and has attributes."""

    def __init__(self, data: bytes = b"1234") -> None:
        self.data = data


class Tab(Plugin):
    """A plugin whose methods are decorated."""

    def __init__(self, service: ResourceManagementService | None) -> None:
        super().__init__("tab", service=service)
        self.cancelled = 0
        self.counted: dict[str, int] = {}

    def initialize(self) -> bool:
        return True

    def _cleanup_resources(self) -> None:
        """Nothing is held besides what is tracked."""

    @track_resource(
        ResourceType.THUMBNAIL,
        size_func=lambda image: len(image.data),
        metadata_func=lambda image: {"name": f"{len(image.data)} bytes"},
    )
    def load_thumbnail(self, wanted: Any) -> Any:
        """Load it."""
        return wanted

    @track_resource(ResourceType.FILE_HANDLE)
    def opened(self, path: Path) -> io.TextIOBase:
        return path.open("w")

    @cleanup_on_error(lambda self: self.cancel_operation())
    def risky_operation(self, error: BaseException | None) -> str:
        if error is not None:
            raise error
        return "done"

    def cancel_operation(self) -> None:
        self.cancelled += 1

    @cleanup_on_error(lambda self: 1 / 0)
    def doubly_risky(self) -> None:
        raise OSError("first")

    @with_managed_resource(ResourceType.FILE_HANDLE)
    def process_file(self, path: Path, fail: bool = False) -> Generator[Any, None, tuple[Any, int]]:
        handle = path.open("rb")
        yield handle
        if self.service is not None:
            self.counted = self.service.get_resource_count(self)
        if fail:
            raise ValueError("in the midst")
        return handle, len(handle.read())

    @with_managed_resource(ResourceType.FILE_HANDLE)
    def yields_nothing(self) -> Generator[Any, None, str]:
        if self.plugin_id:
            return "nothing to open"
        yield None

    @with_managed_resource(ResourceType.FILE_HANDLE)
    def yields_twice(self, path: Path, closed: list[str]) -> Generator[Any, None, None]:
        try:
            yield path.open("rb")
            yield path.open("rb").close()
        finally:
            closed.append("generator")


@pytest.fixture
def tab(service: ResourceManagementService) -> Tab:
    return Tab(service)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(b"12345")
    return path


def test_what_a_method_returns_is_tracked(tab: Tab, service: ResourceManagementService) -> None:
    """With its size and metadata, and its id as an attribute of it."""
    image = Image(b"12345")

    returned = tab.load_thumbnail(image)

    (component,) = service.snapshot().components
    (resource,) = component.resources.values()
    assert returned is image
    assert (resource.size_bytes, resource.name) == (5, "5 bytes")
    assert returned._resource_id == resource.resource_id


def test_none_is_not_tracked(tab: Tab, service: ResourceManagementService) -> None:
    """As in the seed, a method may have nothing to give."""
    assert tab.load_thumbnail(None) is None
    assert service.get_resource_count(tab) == {}


def test_a_decorated_method_keeps_its_name(tab: Tab) -> None:
    """And its docstring, which tools show."""
    assert (tab.load_thumbnail.__name__, tab.load_thumbnail.__doc__) == (
        "load_thumbnail",
        "Load it.",
    )


def test_without_a_service_methods_work_undecorated(file: Path) -> None:
    """Nothing is tracked; the managed resource is closed all the same."""
    tab = Tab(None)
    image = Image()
    assert tab.load_thumbnail(image) is image
    assert not hasattr(image, "_resource_id")
    handle, length = tab.process_file(file)
    assert (length, handle.closed) == (5, True)


def test_a_limit_that_refuses_is_not_swallowed(
    tab: Tab, service: ResourceManagementService, tmp_path: Path
) -> None:
    """The seed logs a warning and returns what was refused; here it is closed and raised."""
    service.set_resource_limit("tab", ResourceType.FILE_HANDLE, 1)
    first = tab.opened(tmp_path / "one.txt")
    opened: list[Any] = []
    original = Path.open

    def noting(self: Path, mode: str = "r") -> Any:
        opened.append(original(self, mode))
        return opened[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", noting)
        with pytest.raises(LimitExceeded):
            tab.opened(tmp_path / "two.txt")
    tab.cleanup()

    assert (first.closed, opened[0].closed) == (True, True)


def test_an_error_in_the_size_is_raised(tab: Tab) -> None:
    """A wrong `size_func` is a fault of the plugin, and is not hidden."""
    with pytest.raises(TypeError, match="object of type 'int' has no len"):
        tab.load_thumbnail(Image(5))  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [OSError("a"), KeyboardInterrupt()])
def test_cleanup_runs_when_a_method_raises(tab: Tab, error: BaseException) -> None:
    """Whatever it raises, and that is what comes out."""
    with pytest.raises(type(error)) as raised:
        tab.risky_operation(error)
    assert raised.value is error
    assert tab.cancelled == 1


def test_cleanup_does_not_run_when_all_is_well(tab: Tab) -> None:
    """And the value comes back."""
    assert (tab.risky_operation(None), tab.cancelled) == ("done", 0)


def test_a_failing_cleanup_does_not_replace_the_error(tab: Tab, expect_log: ExpectLog) -> None:
    """It is logged, and noted on the error."""
    expect_log("Clean-up after an error of Tab.doubly_risky failed")
    with pytest.raises(OSError, match="first") as raised:
        tab.doubly_risky()
    assert raised.value.__notes__ == [
        "and its clean-up failed: ZeroDivisionError: division by zero"
    ]


def test_a_managed_resource_is_tracked_while_the_method_runs(tab: Tab, file: Path) -> None:
    """The value comes back, where the seed loses it; then the file is closed."""
    handle, length = tab.process_file(file)
    assert (length, handle.closed) == (5, True)
    assert tab.counted == {"file_handle": 1}
    assert tab.service is not None
    assert tab.service.get_resource_count(tab) == {}


def test_a_managed_resource_is_closed_when_the_method_raises(tab: Tab, file: Path) -> None:
    """The error comes out, and nothing stays tracked."""
    with pytest.raises(ValueError, match="in the midst"):
        tab.process_file(file, fail=True)
    assert tab.service is not None
    assert tab.service.get_resource_count(tab) == {}


def test_a_method_that_yields_nothing_returns_its_value(tab: Tab) -> None:
    """The seed lets a StopIteration out."""
    assert tab.yields_nothing() == "nothing to open"


def test_a_second_yield_is_an_error_and_the_generator_is_closed(tab: Tab, file: Path) -> None:
    """The seed leaves the generator hanging."""
    closed: list[str] = []
    with pytest.raises(RuntimeError, match="yielded a second time"):
        tab.yields_twice(file, closed)
    assert closed == ["generator"]


def test_what_the_decorators_cannot_do_is_refused_at_once() -> None:
    """Coroutines, and a method that yields nothing at all."""
    with pytest.raises(TypeError, match="is a coroutine"):

        @track_resource(ResourceType.MEMORY)
        async def load(self: Any) -> None: ...

    with pytest.raises(TypeError, match="is a coroutine"):

        @cleanup_on_error(lambda self: None)
        async def run(self: Any) -> None: ...

    with pytest.raises(TypeError, match="has to yield"):

        @with_managed_resource(ResourceType.FILE_HANDLE)  # type: ignore[arg-type]
        def process(self: Any) -> None: ...


def test_no_decorator_keeps_the_tab_alive(service: ResourceManagementService, file: Path) -> None:
    """Not while its resources live, and not after an error."""
    tab: Any = Tab(service)
    image = tab.load_thumbnail(Image())
    tab.process_file(file)
    with pytest.raises(OSError, match="x"):
        tab.risky_operation(OSError("x"))
    reference = weakref.ref(tab)
    tab.cleanup()
    del tab
    gc.collect()
    assert reference() is None
    assert image.data == b"1234"
