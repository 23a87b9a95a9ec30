"""`@pytest.mark.no_leaks` in runs of pytest on projects of others."""

from __future__ import annotations

import pytest

from tests.testing.conftest import Run

pytest_plugins = ["pytester"]

QUICK = "--leaks=24"  # marked tests take as many calls: less than the second that is usual


def test_leak_fails_the_test_and_is_told_with_all_that_is_known(run: Run) -> None:
    """Metric, growth, confidence, rounds, line and holder stand in the failure."""
    result = run(
        """
        @pytest.mark.no_leaks
        def test_loads():
            kept.append([1])
        """
    )

    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"test_loads leaks: .*\+1\.00 tracked objects a call",
            r"  tracked objects: \+1\.00 a call, 95 % sure of \+1\.00 to \+1\.00; by chance .*p = ",
            r"    by rounds: \+1\.00 in \d+ calls, \+1\.00 in \d+ calls, \+1\.00 in \d+ calls",
            r"    test_it\.py:6: \+[12]\.\d+ allocations, .* bytes a call    kept\.append\(\[1\]\)",
            r"    list \(\+1\.00 a call\)",
            r"      module test_it\['kept'\]\[\d+\] → list",
        ]
    )


def test_leak_of_a_package_is_found_for_the_parameter_that_leaks(
    run: Run, pytester: pytest.Pytester
) -> None:
    """The project under test is any; parametrized tests are measured one by one."""
    pytester.mkpydir("shop").joinpath("basket.py").write_text(
        "import os\nseen = {}\n"
        "def put(thing):\n"
        "    if thing == 'pear':\n"
        "        seen[len(seen)] = os.open(os.devnull, os.O_RDONLY)\n"
        "    return [thing]\n"
    )

    result = run(
        """
        from shop.basket import put
        @pytest.mark.no_leaks
        @pytest.mark.parametrize("thing", ["apple", "pear"])
        def test_puts(thing):
            assert put(thing) == [thing]
        """,
        QUICK,
    )

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*test_puts?pear? leaks: *+1.00 open descriptors a call*",
            "*basket.py:5: *seen?len(seen)? = os.open*",
            "*descriptor * of /dev/null*",
            "PASSED test_it.py::test_puts?apple?",
        ]
    )


def test_each_call_has_fixtures_of_its_own_and_wider_ones_stay(run: Run) -> None:
    """Fresh lists, folders, instances and captures with each call; one module fixture for all."""
    result = run(
        """
        import logging, sys, warnings
        made = []
        @pytest.fixture(scope="module")
        def wide():
            made.append(1)
            yield {}
            assert made == [1]
        @pytest.fixture(params=["a", "b"])
        def narrow(wide, request, tmp_path):
            yield [request.param]
        @pytest.mark.no_leaks
        class TestIt:
            def setup_method(self):
                self.filled = []
            def test_fixtures(self, narrow, tmp_path, tmp_path_factory, monkeypatch, wide):
                self.filled.append(1)
                narrow.append(1)
                assert len(self.filled) == 1 and len(narrow) == 2 and made == [1]
                (tmp_path / "new").mkdir()
            def test_output(self, capsys, caplog, recwarn):
                print("x" * 500)
                logging.getLogger("it").warning("y" * 500)
                warnings.warn("z", stacklevel=1)
                assert len(capsys.readouterr().out) == 501
                assert len(caplog.records) == len(recwarn) == 1
            def test_output_that_nobody_takes(self):
                print("x" * 500)
                print("x" * 500, file=sys.stderr)
                logging.getLogger("it").warning("y" * 500)
                warnings.warn("z", DeprecationWarning, stacklevel=1)
        """,
        "--capture=sys",
    )

    result.assert_outcomes(passed=4, warnings=1)


def test_leak_into_a_wider_fixture_is_a_leak(run: Run) -> None:
    """What a test leaves in a fixture of the module stays, and counts."""
    result = run(
        """
        @pytest.fixture(scope="module")
        def registry():
            return []
        @pytest.mark.no_leaks
        def test_registers(registry):
            registry.append([1])
        """,
        QUICK,
    )

    result.assert_outcomes(failed=1)


def test_leak_of_a_fixture_is_found(run: Run) -> None:
    """What setting up a fixture keeps is found, as each call sets it up."""
    result = run(
        """
        @pytest.fixture
        def connection():
            kept.append([1])
        @pytest.mark.no_leaks
        def test_connects(connection):
            pass
        """,
        QUICK,
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*test_it.py:6: *kept.append(?1?)*"])


def test_coroutines_are_measured(run: Run) -> None:
    """With pytest-asyncio, leaks of coroutines are found, and clean ones with fixtures pass."""
    result = run(
        """
        import asyncio
        import pytest_asyncio
        pytestmark = [pytest.mark.asyncio, pytest.mark.no_leaks]
        @pytest_asyncio.fixture
        async def queue():
            yield asyncio.Queue()
        async def test_clean(queue, tmp_path):
            await queue.put(1)
            assert await asyncio.create_task(queue.get()) == 1 and queue.empty()
        async def test_leaking(queue):
            await queue.put(1)
            kept.append(queue)
        """,
        QUICK,
    )

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*test_leaking leaks: *", "*module test_it?'kept'?*"])


def test_unittest_is_measured(run: Run) -> None:
    """Methods of a TestCase: clean, leaking, failing and skipped."""
    result = run(
        """
        import unittest
        @pytest.mark.no_leaks
        class TestIt(unittest.TestCase):
            def setUp(self):
                self.made = []
            def test_clean(self):
                self.made.append(1)
                self.assertEqual(self.made, [1])
            def test_leaking(self):
                kept.append(self)
            def test_failing(self):
                kept.append(self)
                self.fail("as ever")
            def test_skipped(self):
                self.skipTest("not here")
        """,
        QUICK,
    )

    result.assert_outcomes(passed=1, failed=2, skipped=1)
    result.stdout.fnmatch_lines(["*AssertionError: as ever", "*test_leaking leaks: *"])
    result.stdout.no_fnmatch_line("*test_failing leaks*")


def test_test_that_does_not_pass_is_no_leak(run: Run) -> None:
    """Failing, skipped and expectedly failing tests stay what they are, though they leak too."""
    result = run(
        """
        pytestmark = pytest.mark.no_leaks
        def test_fails():
            kept.append([1])
            assert len(kept) == 0
        def test_skips():
            kept.append([1])
            pytest.skip("not here")
        @pytest.mark.xfail
        def test_fails_as_expected():
            kept.append([1])
            raise OSError
        """
    )

    result.assert_outcomes(failed=1, skipped=1, xfailed=1)
    result.stdout.no_fnmatch_line("*leaks:*")
    result.stdout.fnmatch_lines(["E*assert 1 == 0"])


def test_error_of_a_later_call_is_the_marked_tests_own(run: Run) -> None:
    """A test that passes once and fails when it is repeated fails with what it raises."""
    result = run(
        """
        import unittest
        pytestmark = pytest.mark.no_leaks
        def test_counts():
            kept.append(None)
            assert len(kept) < 5
        def test_skips_later():
            kept.append(None)
            if len(kept) > 12:
                pytest.skip("enough")
        class TestIt(unittest.TestCase):
            calls = []
            def test_counts_too(self):
                self.calls.append(None)
                self.assertLess(len(self.calls), 5)
        """
    )

    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            ">*assert len(kept) < 5",
            "E*test_counts cannot be measured: it passed once, and this came later",
            "test_skips_later cannot be measured: called again, it raises Skipped: enough",
            "E*AssertionError: 5 not less than 5",
        ]
    )


def test_error_at_teardown_is_a_failure_of_its_own(run: Run) -> None:
    """The first teardown's error comes out, marked or only looped."""
    text = """
        @pytest.fixture
        def broken():
            yield
            raise OSError("at the end")
        def test_it(broken):
            pass
        """

    result = run(text, "--leaks")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*OSError: at the end"])


def test_allowed_growth_passes(run: Run) -> None:
    """The mark's numbers are growth a call, and say what is let pass."""
    result = run(
        """
        @pytest.mark.no_leaks(objects=1)
        def test_one():
            kept.append([1])
        @pytest.mark.no_leaks(objects=1, bytes=5_000)
        def test_one_of_six_kilobytes():
            kept.append([bytes(6_000)])
        @pytest.mark.no_leaks(objcts=1)
        def test_misspelt():
            pass
        """,
        QUICK,
    )

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["*allowed a call: objects=1, bytes=5000", "*test_misspelt cannot be read: *objcts*"]
    )


def test_quarantine_measures_and_reports_and_does_not_fail(run: Run) -> None:
    """A known leak passes with a line in the summary, and so does one that is gone."""
    result = run(
        """
        @pytest.mark.quarantine(reason="ticket 12")
        @pytest.mark.no_leaks
        def test_leaks():
            kept.append([1])
        @pytest.mark.quarantine(reason="ticket 13")
        def test_is_mended():
            pass
        @pytest.mark.quarantine(reason="ticket 14")
        def test_keeps_failing():
            raise OSError
        @pytest.mark.quarantine(reason="ticket 15")
        def test_with_the_fixture(leak_check):
            leak_check(lambda: kept.append([1]), runs=24)
        @pytest.mark.quarantine
        def test_without_reason():
            pass
        """,
        QUICK,
    )

    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines_random(
        [
            "QUARANTINED test_it.py::test_leaks: *+1.00 tracked objects a call (known: ticket 12)",
            "NO LONGER LEAKS test_it.py::test_is_mended: clean in * calls; *(was: ticket 13)",
            "QUARANTINED test_it.py::test_with_the_fixture: *(known: ticket 15)",
            "*quarantine needs a reason*",
        ]
    )
