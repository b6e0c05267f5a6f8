"""Ordinary unpickling, for `load(..., weights_only=False)`: it runs whatever code the file asks for."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

from fnnet._core.errors import FnnetError
from fnnet.serialization.pickle_table import TABLE
from fnnet.serialization.protocol import LoadOptions
from fnnet.serialization.refusal import MALFORMED, PickleRefusedError, Refusal, refusals_in
from fnnet.serialization.zip_format import check_foreign


def unpickle(data: bytes, storage: Callable[[object], object], options: LoadOptions) -> object:
    """Unpickle with the pickle module that the caller named; PyTorch's names mean fnnet's builders.

    Args:
        data: The pickle, which is trusted to run code.
        storage: Gives the storage that a persistent id names.
        options: What the caller of `load` asked for.

    Raises:
        PickleRefusedError: It can't be unpickled; the cause is chained.
    """
    base: Any = options.pickle_module.Unpickler  # any module with pickle's interface, as in PyTorch

    class Unpickler(base):  # type: ignore[misc]  # its base is the caller's
        def find_class(self, module: str, name: str) -> object:
            known = TABLE.get((module, name)) if module.startswith("torch") else None
            if known is not None:
                return known
            check_foreign(module, name)
            return super().find_class(module, name)

        def persistent_load(self, pid: object) -> object:
            with refusals_in(f"load: {options.name}"):
                return storage(pid)

    arguments = {"encoding": "utf-8", **options.pickle_load_args}
    try:
        result: object = Unpickler(io.BytesIO(data), **arguments).load()
    except FnnetError:
        raise
    except (Refusal, pickle.UnpicklingError, EOFError, ImportError, *MALFORMED) as error:
        raise PickleRefusedError(f"load: {options.name}: can't be unpickled: {error}") from error
    return result
