"""The monitor's tables: rows of a survey, read in steps, sorted and filtered by themselves."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from budgetinator.resources import ResourceManagementService, ResourceType
from gui.application import Application
from gui.models.resources import ComponentTableModel, ResourceTableModel, TypeTableModel
from gui.models.survey import Survey
from tests.support.logs import ExpectLog


class Component:
    """Anything that owns resources."""


class Held:
    """Anything that can be referenced weakly."""


@pytest.fixture
def owner(service):
    made = Component()
    service.register_component(made, "Tab_1", "tab")
    service.set_global_memory_limit(None)
    yield made
    service.unregister_component(made)


def _texts(model, column):
    return [model.index(row, column).data() for row in range(model.rowCount())]


def _survey(service):
    survey = Survey(service)
    assert survey.step(10)
    return survey


def test_a_survey_sees_everything(service: ResourceManagementService, owner: Component) -> None:
    """Components, types and resources are those that the service's own snapshot has."""
    held = [Held(), Held(), Held()]
    service.track_resource(owner, ResourceType.MEMORY, held[0], 2**40)
    service.track_resource(owner, ResourceType.CUSTOM, held[1], name="a table")
    service.track_resource(owner, ResourceType.CUSTOM, held[2], 500, {"cleanup_func": len})
    snapshot = service.snapshot()
    survey = _survey(service)

    assert {row.key for row in survey.resources} == {r.resource_id for r in snapshot.resources()}
    assert {(row.name, row.size) for row in survey.resources} == {
        (r.name or "", r.size_bytes) for r in snapshot.resources()
    }
    (component,) = survey.components
    assert (component.memory, component.resources, component.state) == (2**40 + 500, 3, "loaded")
    assert [tuple(row) for row in survey.types] == [("custom", 2, 500), ("memory", 1, 2**40)]


def test_states_are_told(
    service: ResourceManagementService, owner: Component, expect_log: ExpectLog
) -> None:
    """Protected and failed resources say so, with the reason of the failure."""
    expect_log("could not be closed")

    def fail(resource):
        raise OSError("the disk is gone")

    held = [Held(), Held()]
    service.protect(service.track_resource(owner, ResourceType.CUSTOM, held[0], name="a"))
    failed = service.track_resource(owner, ResourceType.CUSTOM, held[1], name="b", cleanup=fail)
    service.release_resource(owner, failed)
    rows = _survey(service).resources
    service.ledger.forget(service.ledger.find(failed))

    assert sorted((row.name, row.state) for row in rows) == [
        ("a", "protected"),
        ("b", "failed: the disk is gone"),
    ]


def test_a_survey_of_many_ends_its_steps_on_time(
    application: Application, service: ResourceManagementService, owner: Component
) -> None:
    """With 100,000 resources a step of 4 ms takes no more than 20 ms of the processor."""
    held = [Held() for _ in range(100_000)]
    for one in held:
        service.track_resource(owner, ResourceType.MEMORY, one)
    survey, steps = Survey(service), []
    while not survey.is_done:
        began = time.thread_time()
        survey.step(0.004)
        steps.append(time.thread_time() - began)

    assert len(survey.resources) == 100_000
    assert sorted(steps)[int(len(steps) * 0.9)] < 0.02


def test_a_survey_keeps_nothing_alive(service: ResourceManagementService, owner: Component) -> None:
    """A resource that is held weakly goes although a survey has seen it."""
    held = Held()
    service.track_resource(owner, ResourceType.MEMORY, held)
    survey = _survey(service)
    del held

    assert len(survey.resources) == 1
    assert service.get_resource_count() == {}


def test_the_models_fit_what_qt_asks_of_them(
    service: ResourceManagementService, owner: Component, qtmodeltester: ModelTester
) -> None:
    """The three tables hold to the rules of Qt's models; a cell has no rows below it."""
    held = [Held() for _ in range(5)]
    for one in held:
        service.track_resource(owner, ResourceType.MEMORY, one, 7)
    survey = _survey(service)
    models = ComponentTableModel(), TypeTableModel(), ResourceTableModel(time.monotonic)
    for model, rows in zip(
        models, (survey.components, survey.types, survey.resources), strict=True
    ):
        model.replace(rows)
        qtmodeltester.check(model)
        assert model.rowCount(model.index(0, 0)) == 0

    assert [model.rowCount(QModelIndex()) for model in models] == [1, 1, 5]


def test_sorting_goes_by_value(
    service: ResourceManagementService, owner: Component, qapp: QApplication
) -> None:
    """Sizes are sorted as numbers, and new rows come into the same order."""
    held = [Held() for _ in range(4)]
    for one, size in zip(held, (3, 2000, 1), strict=False):
        service.track_resource(owner, ResourceType.MEMORY, one, size)
    model = ResourceTableModel(time.monotonic)
    model.replace(_survey(service).resources)
    model.sort(3, Qt.SortOrder.DescendingOrder)
    first = _texts(model, 3)
    service.track_resource(owner, ResourceType.MEMORY, held[3], 10**9)
    model.replace(_survey(service).resources)

    assert (first, _texts(model, 3)) == (
        ["2.0 KB", "3 B", "1 B"],
        ["954 MB", "2.0 KB", "3 B", "1 B"],
    )


def test_filtering_looks_into_every_column(
    service: ResourceManagementService, owner: Component, qapp: QApplication
) -> None:
    """A text in any column keeps a row, whatever its case; none of them hides it."""
    held = [Held(), Held()]
    service.track_resource(owner, ResourceType.MEMORY, held[0], name="rows of Budget")
    service.track_resource(owner, ResourceType.CUSTOM, held[1], name="rates")
    model = ResourceTableModel(time.monotonic)
    model.replace(_survey(service).resources)
    found = {}
    for text in ("BUDGET", "custom", "tab_1", "nothing of it", ""):
        model.set_filter(text)
        found[text] = sorted(_texts(model, 0))

    assert found == {
        "BUDGET": ["rows of Budget"],
        "custom": ["rates"],
        "tab_1": ["rates", "rows of Budget"],
        "nothing of it": [],
        "": ["rates", "rows of Budget"],
    }


def test_the_same_rows_are_no_reset(
    service: ResourceManagementService, owner: Component, qtbot: QtBot
) -> None:
    """Where only cells have changed the table keeps selection and place: no reset is announced."""
    held = Held()
    key = service.track_resource(owner, ResourceType.CUSTOM, held, 5, name="grows")
    model = ResourceTableModel(time.monotonic)
    model.replace(_survey(service).resources)
    resets = []
    model.modelReset.connect(lambda: resets.append(1))
    service.resize_resource(key, 50)
    with qtbot.waitSignal(model.dataChanged):
        model.replace(_survey(service).resources)

    assert (resets, _texts(model, 3)) == ([], ["50 B"])
