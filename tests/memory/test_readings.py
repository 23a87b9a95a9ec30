from __future__ import annotations

import gc
import os
import threading
from pathlib import Path

import psutil
import pytest

from budgetinator.memory import get_system_memory_info, process_reading, system_reading
from budgetinator.memory.containers import container_limit
from tests.memory.touching import MEBIBYTE, touched

GROUP_V2 = {"memory.max": "268435456\n", "memory.current": "104857600\n"}


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def put_in_group(root: Path, line: str) -> None:
    write(root / "proc/self", {"cgroup": line})


def test_process_reading_agrees_with_psutil_and_sees_a_buffer() -> None:
    """A buffer of 64 MB raises rss, uss and vms by as much, and the peak stays when it is gone."""
    before = process_reading()
    buffer = touched(64)
    during = process_reading()
    del buffer
    after = process_reading(brief=True)

    assert abs(during.rss - before.rss - 64 * MEBIBYTE) < 4 * MEBIBYTE
    assert during.vms - before.vms >= 64 * MEBIBYTE
    assert before.uss is not None
    assert during.uss is not None
    assert during.uss - before.uss >= 62 * MEBIBYTE
    assert after.peak >= during.rss - MEBIBYTE
    assert abs(after.rss - psutil.Process().memory_info().rss) < 4 * MEBIBYTE
    assert (after.uss, after.objects) == (None, None)
    assert before.at <= during.at <= after.at


def test_process_reading_counts_descriptors_threads_and_objects() -> None:
    """One more open file, one more thread and a thousand more lists are counted."""
    leave = threading.Event()
    gc.collect()
    before = process_reading()
    thread = threading.Thread(target=leave.wait)
    thread.start()
    descriptor = os.open(os.devnull, os.O_RDONLY)
    lists = [[] for _ in range(1_000)]  # type: list[list[int]]
    after = process_reading()
    leave.set()
    thread.join()
    os.close(descriptor)

    assert after.open_descriptors - before.open_descriptors == 1
    assert after.threads - before.threads == 1
    assert before.objects is not None
    assert after.objects is not None
    assert after.objects - before.objects >= len(lists)


def test_system_memory_info_has_the_seeds_names_and_adds_up() -> None:
    """Total is used and available together, in GB of 1024**3 bytes."""
    info = get_system_memory_info()
    reading = system_reading()

    assert info["total_memory_gb"] == pytest.approx(reading.total / 1024**3)
    assert info["used_memory_gb"] + info["available_memory_gb"] == pytest.approx(
        info["total_memory_gb"]
    )
    assert info["memory_percent"] == pytest.approx(
        100 * info["used_memory_gb"] / info["total_memory_gb"]
    )
    assert 0 <= info["swap_percent"] <= 100
    assert 0 <= info["swap_used_gb"] <= info["swap_total_gb"] or info["swap_total_gb"] == 0


def test_container_of_version_two(tmp_path: Path) -> None:
    """memory.max is the limit, and file cache that can be dropped is not used."""
    put_in_group(tmp_path, "0::/work/job\n")
    stat = "anon 10\ninactive_file 20971520\nactive_file 5\n"
    swap = {"memory.swap.max": "1048576\n", "memory.swap.current": "4096\n"}
    write(tmp_path / "sys/fs/cgroup/work/job", {**GROUP_V2, **swap, "memory.stat": stat})

    limit = container_limit(tmp_path)

    assert limit is not None
    assert limit.limit == 268435456
    assert limit.available == 268435456 - 104857600 + 20971520
    assert (limit.swap_limit, limit.swap_used) == (1048576, 4096)


def test_every_group_above_counts(tmp_path: Path) -> None:
    """The total is the smallest limit, and what is available the least room of any group."""
    put_in_group(tmp_path, "0::/work/team/job\n")
    write(tmp_path / "sys/fs/cgroup/work/team/job", {"memory.max": "max", "memory.current": "5"})
    write(tmp_path / "sys/fs/cgroup/work/team", GROUP_V2)
    parent = {"memory.max": "536870912\n", "memory.current": "530000000\n"}
    write(tmp_path / "sys/fs/cgroup/work", parent)

    limit = container_limit(tmp_path)

    assert limit is not None
    assert limit.limit == 268435456
    assert limit.available == 536870912 - 530000000


def test_limits_that_a_container_cannot_see_are_the_kernels_word(tmp_path: Path) -> None:
    """In version one the statistics hold the smallest limit of all groups above."""
    put_in_group(tmp_path, "4:memory:/docker/abc\n")
    stat = "total_inactive_file 0\nhierarchical_memory_limit 67108864\n"
    own = {
        "memory.limit_in_bytes": "9223372036854771712\n",
        "memory.usage_in_bytes": "50000000\n",
        "memory.stat": stat + "hierarchical_memsw_limit 77108864\n",
    }
    write(tmp_path / "sys/fs/cgroup/memory", own)

    limit = container_limit(tmp_path)

    assert limit is not None
    assert (limit.limit, limit.available) == (67108864, 17108864)
    assert limit.swap_limit == 10000000


def test_groups_are_found_where_they_are_mounted(tmp_path: Path) -> None:
    """A subgroup of the group that a container sees as its top is found below the mount."""
    put_in_group(tmp_path, "4:memory:/docker/abc/job\n")
    (tmp_path / "proc/self/mountinfo").write_text(
        "31 23 0:28 / /groups rw - tmpfs tmpfs rw\n"
        "34 31 0:31 /docker/abc /groups/cpuset rw - cgroup cgroup rw,cpuset\n"
        "35 31 0:32 /docker/abc /groups/memory rw shared:9 - cgroup cgroup rw,memory\n"
    )
    sub = {"memory.limit_in_bytes": "134217728\n", "memory.usage_in_bytes": "34217728\n"}
    write(tmp_path / "groups/memory/job", sub)

    limit = container_limit(tmp_path)

    assert limit is not None
    assert (limit.limit, limit.available) == (134217728, 100000000)


def test_container_of_version_one_whose_path_is_the_hosts(tmp_path: Path) -> None:
    """Inside a container the group's own path does not exist: the mount is the group."""
    put_in_group(tmp_path, "9:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n")
    write(
        tmp_path / "sys/fs/cgroup/memory",
        {
            "memory.limit_in_bytes": "134217728\n",
            "memory.usage_in_bytes": "50000000\n",
            "memory.stat": "total_inactive_file 10000000\n",
            "memory.memsw.limit_in_bytes": "234217728\n",
            "memory.memsw.usage_in_bytes": "50001000\n",
        },
    )

    limit = container_limit(tmp_path)

    assert limit is not None
    assert (limit.limit, limit.available) == (134217728, 94217728)
    assert (limit.swap_limit, limit.swap_used) == (100000000, 1000)


@pytest.mark.parametrize(
    ("line", "folder", "files"),
    [
        ("0::/\n", "sys/fs/cgroup", {"memory.max": "max\n", "memory.current": "5\n"}),
        (
            "4:memory:/\n",
            "sys/fs/cgroup/memory",
            {"memory.limit_in_bytes": "9223372036854771712\n", "memory.usage_in_bytes": "5\n"},
        ),
        ("0::/../../outside\n", "sys/fs/cgroup/empty", {}),
        ("", "sys/fs/cgroup", GROUP_V2),
    ],
)
def test_no_limit_is_none(tmp_path: Path, line: str, folder: str, files: dict[str, str]) -> None:
    """The word max, the largest number of version one and a missing group are no limit."""
    put_in_group(tmp_path, line)
    write(tmp_path / folder, files)

    assert container_limit(tmp_path) is None


def test_container_bounds_what_the_system_reading_calls_available(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container total, used and available are the container's."""
    put_in_group(tmp_path, "0::/\n")
    write(tmp_path / "sys/fs/cgroup", GROUP_V2)
    monkeypatch.setattr(
        "budgetinator.memory.readings.container_limit", lambda: container_limit(tmp_path)
    )
    monkeypatch.setattr("sys.platform", "linux")

    reading = system_reading()

    assert reading.container_limit == reading.total == 268435456
    assert reading.available == 268435456 - 104857600
    assert reading.used == 104857600
