"""`python -m fnnet.cli`."""

from __future__ import annotations

import sys

from fnnet.cli import main

if __name__ == "__main__":
    sys.exit(main())
