"""Describes the machine and looks at processes and folders. Linux only. Knows no server."""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_ARRAY_BYTES = 512 * 2**20
"""Far more than any cache holds."""


def describe() -> dict[str, object]:
    """What the figures depend on; ``load_before`` is how much else the machine did (1 minute)."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 1),
        "bandwidth_gb_s": bandwidth(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def bandwidth() -> dict[str, float]:
    """GB/s of main memory: read by one and by all cores (sum), and copied (read and written)."""
    array = np.ones(_ARRAY_BYTES // 8, dtype=np.int64)
    other = np.zeros_like(array)
    cores = os.cpu_count() or 1

    def copy() -> None:
        np.copyto(other, array)

    with ThreadPoolExecutor(cores) as pool:
        parts = np.array_split(array, cores)
        return {
            "read_one_core": _best(lambda: _read(array), _ARRAY_BYTES),
            "read_all_cores": _best(lambda: list(pool.map(_read, parts)), _ARRAY_BYTES),
            "copy_one_core": _best(copy, 2 * _ARRAY_BYTES),
        }


def _read(array: NDArray[np.int64]) -> None:
    # One thread, no GIL, one instruction a register: numpy's sum of floats is held up by the
    # additions, and BLAS would share its product among threads.
    np.bitwise_or.reduce(array)


def _best(work: Callable[[], object], size: int) -> float:
    times = []
    for _ in range(12):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return round(size / min(times) / 1e9, 2)


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory(pid: int) -> dict[str, float]:
    """MB of a process and all its children now, and the most each ever had (VmHWM), summed.

    ``pss`` shares out what several processes map; ``anonymous`` is what only swapping could free;
    ``file`` is mapped files in memory, which the system can drop and read again. VmHWM and not
    ``ru_maxrss``, which a new process inherits from the one that started it.
    """
    total = Counter[str]()
    for each in _tree(pid):
        rollup = _fields(Path(f"/proc/{each}/smaps_rollup"))
        ever = _fields(Path(f"/proc/{each}/status"))
        if not rollup or not ever:
            continue
        rss, anonymous = rollup["Rss"], rollup["Anonymous"]
        total.update(rss=rss, pss=rollup["Pss"], anonymous=anonymous, file=rss - anonymous)
        total.update(shared=rollup["Shared_Clean"] + rollup["Shared_Dirty"])
        total.update(peak=ever["VmHWM"], processes=1)
    processes = total.pop("processes")
    return {"processes": processes, **{k: round(v / 1024, 1) for k, v in total.items()}}


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and its children have used, those that have ended included.

    Other programs that run at the same time hardly change it.
    """
    ticks = 0
    for each in _tree(pid):
        # The name, in brackets, may hold spaces. Fields 14 and 15 are user and system time, 16 and
        # 17 those of children that have ended.
        after = _text(Path(f"/proc/{each}/stat")).rpartition(")")[2].split()
        ticks += sum(map(int, after[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _fields(path: Path) -> dict[str, int]:
    """The lines "name: number kB"."""
    found = {}
    for line in _text(path).splitlines():
        name, _, rest = line.partition(":")
        if rest.endswith(" kB"):
            found[name] = int(rest.split()[0])
    return found


def _text(path: Path) -> str:
    """What a file about a process says; nothing when that has just ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _tree(pid: int) -> list[int]:
    found = [pid]
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _text(tasks).split():
            found += _tree(int(child))
    return found


def disk(folder: Path) -> dict[str, int]:
    """Bytes by kind of file: its name in the folder, or the folder below that it lies in.

    What is allocated is counted, not what a sparse file pretends to.
    """
    sizes = Counter[str]()
    for path in folder.rglob("*"):
        if path.is_file():
            sizes[path.relative_to(folder).parts[0]] += path.stat().st_blocks * 512
    return dict(sorted(sizes.items()))
