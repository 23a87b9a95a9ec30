"""Decorators for methods of plugins and tabs, with the signatures of seed 003.

They use the `_resource_manager` of the object, and do without where it has none. They keep
neither the object nor what its methods return alive. Coroutines are refused.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ParamSpec, TypeVar

from budgetinator.resources import ResourceManagementService
from budgetinator.resources.closers import DEFAULT_CLEANUPS
from budgetinator.resources.kinds import ResourceType, TypeLike

__all__ = ["cleanup_on_error", "track_resource", "with_managed_resource"]

log = logging.getLogger("budgetinator.plugins")

P = ParamSpec("P")
T = TypeVar("T")


def track_resource(
    resource_type: TypeLike,
    size_func: Callable[[Any], int | None] | None = None,
    metadata_func: Callable[[Any], Mapping[str, Any]] | None = None,
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Track what the method returns, unless that is None; the object gets its `_resource_id`.

    `size_func` and `metadata_func` are called with what was returned. What cannot be
    tracked is closed as its type is, and the error raised: a limit that refuses stays one.
    """

    def decorator(function: Callable[P, T]) -> Callable[P, T]:
        _refuse_coroutines(function)

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            result = function(*args, **kwargs)
            service = _service_of(args[0])
            if result is None or service is None:
                return result
            try:
                size = size_func(result) if size_func is not None else None
                metadata = metadata_func(result) if metadata_func is not None else None
                resource_id = service.track_resource(args[0], resource_type, result, size, metadata)
            except BaseException:
                _close(service, resource_type, result)
                raise
            if hasattr(result, "__dict__"):
                result._resource_id = resource_id  # type: ignore[attr-defined]  # noqa: SLF001 - seed 003's name
            return result

        return wrapper

    return decorator


def cleanup_on_error(
    cleanup_func: Callable[[Any], object],
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """When the method raises, call `cleanup_func` with the object, and raise on.

    A clean-up that fails as well is logged and noted on the error, and never replaces it.
    """

    def decorator(function: Callable[P, T]) -> Callable[P, T]:
        _refuse_coroutines(function)

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return function(*args, **kwargs)
            except BaseException as error:
                try:
                    cleanup_func(args[0])
                # The method's own error is the news; a failing clean-up must not replace it.
                except Exception as failure:
                    log.exception("Clean-up after an error of %s failed", function.__qualname__)
                    error.add_note(f"and its clean-up failed: {type(failure).__name__}: {failure}")
                raise

        return wrapper

    return decorator


def with_managed_resource(
    resource_type: TypeLike,
) -> Callable[[Callable[P, Generator[Any, None, T]]], Callable[P, T]]:
    """Run a method that yields one resource: it is tracked while the rest runs, then closed.

    The call returns what the method returns. Whatever the rest raises is raised, with the
    resource closed. Without a service it is closed as its type is.
    """

    def decorator(function: Callable[P, Generator[Any, None, T]]) -> Callable[P, T]:
        if not inspect.isgeneratorfunction(function):
            raise TypeError(f"{function.__qualname__} has to yield its resource once")

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            steps = function(*args, **kwargs)
            try:
                resource = next(steps)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            try:
                with _managed(args[0], resource_type, resource):
                    del resource
                    return _finished(steps, function.__qualname__)
            finally:
                steps.close()

        return wrapper

    return decorator


def _finished(steps: Generator[Any, None, T], name: str) -> T:
    try:
        next(steps)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise RuntimeError(f"{name} has yielded a second time; it may yield one resource")


def _managed(component: Any, resource_type: TypeLike, resource: Any) -> AbstractContextManager[Any]:
    service = _service_of(component)
    if service is None:
        return _closing(resource_type, resource)
    return service.managed_resource(component, resource_type, lambda: resource)


@contextmanager
def _closing(resource_type: TypeLike, resource: Any) -> Generator[Any, None, None]:
    try:
        yield resource
    finally:
        cleanup = (
            DEFAULT_CLEANUPS.get(resource_type) if isinstance(resource_type, ResourceType) else None
        )
        if cleanup is not None:
            cleanup(resource)


def _close(service: ResourceManagementService, resource_type: TypeLike, resource: Any) -> None:
    """Close what could not be tracked, as its type is closed; what that raises is logged."""
    cleanup = None
    if service.ledger.catalog.is_type(resource_type):
        cleanup = service.ledger.catalog.kind(resource_type).cleanup
    if cleanup is None:
        return
    try:
        cleanup(resource)
    # The error of the tracking is the news.
    except Exception:
        log.exception("A resource that could not be tracked could not be closed either")


def _service_of(component: Any) -> ResourceManagementService | None:
    return getattr(component, "_resource_manager", None)


def _refuse_coroutines(function: Callable[..., Any]) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{function.__qualname__} is a coroutine; track what it awaits instead")
