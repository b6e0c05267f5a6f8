"""Read by mypy --strict, never run: what a user's type checker sees of the package."""

from typing import assert_type

import fnnet

assert_type(fnnet.__version__, str)
