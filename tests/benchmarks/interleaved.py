"""Timing of two ways to do one thing, in turns, so that whatever else the machine does meets both."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable

THREADS = int(os.environ.get("OPENBLAS_NUM_THREADS") or os.cpu_count() or 1)
"""Of NumPy's products: read from the environment when it is imported, so that PyTorch is given as many."""
ROUND = 0.005
"""Seconds that one side runs before the other has its turn."""


def compare(name: str, theirs: Callable[[], object], ours: Callable[[], object], rounds: int = 40) -> float:
    """Time both in turns, print the medians and the median of the rounds' ratios, which is returned."""
    sides = (theirs, ours)
    counts = []
    for side in sides:
        for _ in range(5):
            side()
        start = time.perf_counter()
        side()
        counts.append(max(1, int(ROUND / (time.perf_counter() - start))))
    gc.collect()
    gc.disable()
    found: list[tuple[float, ...]] = []
    try:
        for _ in range(rounds):
            times = []
            for side, count in zip(sides, counts, strict=True):
                start = time.perf_counter()
                for _ in range(count):
                    side()
                times.append((time.perf_counter() - start) / count)
            found.append(tuple(times))
    finally:
        gc.enable()
    ratio = statistics.median(b / a for a, b in found)
    a, b = (statistics.median(column) * 1e6 for column in zip(*found, strict=True))
    print(f"  {name:36s} PyTorch {a:10.2f} us   fnnet {b:10.2f} us   ratio {ratio:5.2f}")
    return ratio
