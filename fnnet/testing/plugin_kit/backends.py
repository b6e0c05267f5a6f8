"""Checks of backends: what an array is, copies, and every op of the table by the conformance kit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import cast

import numpy as np

from fnnet.backends.base import Backend
from fnnet.plugins import BackendSpec
from fnnet.plugins.specs import AnySpec
from fnnet.testing.plugin_kit.check import Check, require


def checks(spec: AnySpec) -> Iterator[Check]:
    """The checks of one backend."""
    spec = cast("BackendSpec", spec)
    yield Check("is a Backend for its device type", partial(_is_backend, spec))
    yield Check("copies to the device and back", partial(_copies, spec))
    if spec.unavailable() is None:
        from fnnet.testing import conformance  # here: it stands on this package's `check`

        yield from conformance.checks(spec.device_type)


def _backend(spec: BackendSpec) -> Backend:
    found = spec.load()
    require(isinstance(found, Backend), f"load() gives {found!r}, which is no fnnet.backends.base.Backend")
    return cast("Backend", found)


def _is_backend(spec: BackendSpec) -> None:
    backend = _backend(spec)
    said = f"the backend is for {backend.device_type!r}, its descriptor says {spec.device_type!r}"
    require(backend.device_type == spec.device_type, said)
    require(backend.device_count() >= 1, "it can serve here, as its probe says, but has no device")


def _copies(spec: BackendSpec) -> None:
    backend = _backend(spec)
    for host in (np.arange(6, dtype=np.float32).reshape(2, 3), np.array(2, np.int64), np.zeros((0, 2), np.bool_)):
        array = backend.from_host(host, 0)
        require(isinstance(array, backend.array_type), f"from_host gives {type(array).__name__}, not array_type")
        back = backend.to_host(array)
        same = back.dtype == host.dtype and back.shape == host.shape and np.array_equal(back, host)
        require(same, f"{host!r} came back as {back!r}")
