"""The plugin's options and fixtures, with other plugins and without itself."""

from __future__ import annotations

import sys

import pytest

from tests.testing.conftest import Run

pytest_plugins = ["pytester"]

QUICK = "--leaks=24"
LEAKING = """
        def test_clean():
            pass
        def test_leaking():
            kept.append([1])
        """


def test_option_loops_any_test(run: Run) -> None:
    """Tests without a mark are called as often as asked for, and fail if they leak."""
    result = run(LEAKING, "--leaks=120")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*rounds of 120, 180, *"])


def test_without_the_option_unmarked_tests_are_called_once(run: Run) -> None:
    """The plugin does nothing that was not asked for."""
    run(LEAKING).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--leaks=5", "a trend needs 12 calls at least, not 5"),
        ("--leaks=all", "no number of calls"),
    ],
)
def test_option_with_a_wrong_number_is_refused(run: Run, option: str, said: str) -> None:
    """What cannot be a number of calls ends the run before it begins."""
    result = run(LEAKING, option)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{said}*"])


def test_workers_of_xdist_measure_and_report(run: Run) -> None:
    """With two processes leaks are found, and the lines for the summary arrive."""
    result = run(
        LEAKING
        + """
        @pytest.mark.quarantine(reason="ticket 12")
        def test_known():
            kept.append([1])
        """,
        "-n2",
        QUICK,
    )

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["*test_leaking leaks: *", "QUARANTINED test_it.py::test_known: *(known: ticket 12)"]
    )


def test_switched_off_it_is_gone(run: Run) -> None:
    """With -p no:budgetinator the marks are any marks, and nothing is measured."""
    result = run(
        """
        @pytest.mark.no_leaks
        def test_leaking(pytestconfig):
            kept.append([1])
            assert len(kept) == 1
            assert not pytestconfig.pluginmanager.has_plugin("budgetinator")
        """,
        "-p",
        "no:budgetinator",
    )

    result.assert_outcomes(passed=1, warnings=1)


def test_run_that_uses_nothing_of_it_loads_nothing_of_it(run: Run) -> None:
    """Collecting and running unmarked tests imports the outer half, and no memory package."""
    result = run(
        """
        import sys
        def test_modules():
            ours = {name for name in sys.modules if name.startswith("budgetinator")}
            assert ours == {"budgetinator", "budgetinator.testing", "budgetinator.testing.plugin"}
            assert not {"psutil", "openpyxl", "PySide6", "msgspec"} & set(sys.modules)
        """
    )

    result.assert_outcomes(passed=1)


def test_measuring_loads_neither_qt_nor_openpyxl(run: Run) -> None:
    """Not even the working half, with a service, needs more than psutil."""
    result = run(
        """
        import sys
        def test_modules(leak_check, resource_service):
            leak_check(int, runs=12)
            assert not {"openpyxl", "PySide6", "tkinter"} & set(sys.modules)
            assert "psutil" in sys.modules
        """
    )

    result.assert_outcomes(passed=1)


def test_import_of_the_outer_half_imports_pytest_alone(pytester: pytest.Pytester) -> None:
    """By the interpreter's own record of imports, beyond what pytest has loaded already."""
    result = pytester.run(
        sys.executable, "-X", "importtime", "-c", "import pytest, budgetinator.testing.plugin"
    )

    imported = [line.rsplit("|", 1)[1].strip() for line in result.errlines if "|" in line]
    after = imported[imported.index("pytest") + 1 :]
    assert after == ["budgetinator", "budgetinator.testing", "budgetinator.testing.plugin"]


def test_subtests_are_not_measured_and_it_is_said(run: Run) -> None:
    """A test that reports while it runs would report again with each call."""
    result = run(
        """
        import unittest
        class TestIt(unittest.TestCase):
            def test_parts(self):
                for n in range(2):
                    with self.subTest(n=n):
                        pass
        def test_raises_later():
            kept.append(None)
            assert len(kept) < 5
        """,
        QUICK,
    )

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines_random(
        [
            "NOT MEASURED test_it.py::TestIt::test_parts: it reports subtests*",
            "NOT MEASURED test_it.py::test_raises_later: called again, it raises Assertion*",
        ]
    )


def test_missing_counter_is_named_in_the_summary(run: Run, pytester: pytest.Pytester) -> None:
    """Where the C allocator does not tell, a clean run says so once."""
    pytester.makeconftest(
        "from budgetinator.memory import counting\ncounting.heap_bytes = lambda: None\n"
    )

    result = run("def test_one(): pass\ndef test_two(): pass\n", QUICK)

    result.assert_outcomes(passed=2)
    lines = [line for line in result.outlines if line.startswith("not measured")]
    assert lines == ["not measured, because this system does not tell: bytes of the C allocator"]


def test_output_of_the_first_call_is_kept_and_no_other(run: Run) -> None:
    """A failure for a leak shows what one call printed and logged."""
    result = run(
        """
        import logging
        def test_leaking():
            kept.append([1])
            print("printed", len(kept))
            logging.getLogger("it").warning("logged %d", len(kept))
        """,
        QUICK,
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["printed 1", "*logged 1"])
    result.stdout.no_fnmatch_line("printed 2")
    result.stdout.no_fnmatch_line("*logged 2")


def test_leak_check_fixture(run: Run) -> None:
    """It fails the test at the call, or gives the report."""
    result = run(
        """
        def test_leaking(leak_check):
            leak_check(kept.append, None, runs=24)
            leak_check(lambda: kept.append([1]), runs=24)
        def test_clean(leak_check):
            assert leak_check(sorted, [2, 1]).findings == ()
        """
    )

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([">*leak_check(lambda: kept.append(?1?), runs=24)"])


SERVICE = """
        from budgetinator.resources import ResourceType
        class Panel:
            pass
        def track(service, thing, name):
            panel = Panel()
            kept.append((panel, thing))
            service.register_component(panel, "Panel")
            service.track_resource(panel, ResourceType.CUSTOM, thing, name=name)
            return panel
        """


def test_what_outlives_the_service_fixture_fails_the_test(run: Run) -> None:
    """Survivors fail with the place that tracked them; the next test has a fresh service."""
    result = run(
        SERVICE
        + """
        def test_forgets(resource_service):
            inner = {1}
            track(resource_service, [inner], "outer")
            track(resource_service, inner, "inner")
        def test_cleans_up(resource_service):
            assert resource_service.get_statistics()["active_resources"] == 0
            resource_service.cleanup_component(track(resource_service, {1}, "done"))
        def test_fails(resource_service):
            track(resource_service, {1}, "kept by a failure")
            raise OSError
        @pytest.mark.quarantine(reason="ticket 12")
        def test_known(resource_service):
            track(resource_service, {1}, "known")
        @pytest.mark.no_leaks
        def test_service_does_not_leak(resource_service):
            resource_service.cleanup_component(track(resource_service, {1}, "done"))
            kept.clear()
        """
    )

    result.assert_outcomes(passed=4, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "tracked resources outlived test_forgets:",
            "  *test_it.py:11 in track: 1 custom (outer) of Panel",
            "  held by these: 1 more",
        ]
    )
    result.stdout.fnmatch_lines(["QUARANTINED *::test_known: tracked resources outlived *12)"])
    result.stdout.no_fnmatch_line("*kept by a failure*of Panel*")
