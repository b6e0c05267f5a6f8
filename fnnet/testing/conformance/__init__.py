"""The conformance kit: every op of the table, run on a backend and compared with its definition.

A backend that supplies the primitives has every op; this is the suite that says whether it has them right. Each op runs
on its own samples, in every dtype that it is defined for, forward and backward, and once more for second derivatives;
what comes out is compared with the op's definition in float64 on NumPy.

What a backend can't do it declares in `Backend.gaps`: `{"op": why}`, `{"op:dtype": why}` or `{"*:dtype": why}`.
A case that fails without such a gap fails the check; so does one that passes in spite of it.

A plugin's author gets these checks from `pytest --fnnet-plugin DISTRIBUTION`. They can also be run one by one:

    >>> from fnnet.testing import conformance
    >>> every = {check.name: check for check in conformance.checks("cpu")}
    >>> every["gelu in float32"].run()
"""

from __future__ import annotations

from fnnet.testing.conformance.cases import DTYPES, Case, cases
from fnnet.testing.conformance.run import TOLERANCES, checks, deviation, hold

__all__ = ["Case", "DTYPES", "TOLERANCES", "cases", "checks", "deviation", "hold"]
