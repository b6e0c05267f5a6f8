"""What a cold `import fnnet` costs over `import numpy`: the median of 20 interleaved pairs of fresh processes.

Cold means a fresh process; bytecode is compiled, as in an installed wheel. Run it where fnnet is installed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAIRS = 20
# Goal of step A of the roadmap: at most 60 ms over `import numpy`.
GOAL_MS = 60.0


def milliseconds(module: str, folder: str) -> float:
    """How long a fresh process takes to import a module and end."""
    start = time.perf_counter()
    # Not in the repository: the source tree must not hide the installed package. Plugins are measured on their own.
    environment = {**os.environ, "FNNET_DISABLE_PLUGINS": "*"}
    subprocess.run([sys.executable, "-c", f"import {module}"], cwd=folder, env=environment, check=True)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        where = subprocess.run(
            [sys.executable, "-c", "import fnnet; print(fnnet.__file__)"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        milliseconds("numpy", folder)
        pairs = [(milliseconds("numpy", folder), milliseconds("fnnet", folder)) for _ in range(PAIRS)]
    over = [ours - numpy for numpy, ours in pairs]
    print(f"import fnnet, from {Path(where).parent}, medians of {PAIRS} interleaved pairs:")
    print(f"  import numpy  {statistics.median(numpy for numpy, _ in pairs):7.1f} ms")
    print(f"  import fnnet  {statistics.median(ours for _, ours in pairs):7.1f} ms")
    low, _, high = statistics.quantiles(over, n=4)
    print(f"  over numpy    {statistics.median(over):7.1f} ms (quartiles {low:.1f} to {high:.1f}; goal {GOAL_MS:.0f})")


if __name__ == "__main__":
    main()
