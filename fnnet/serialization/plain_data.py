"""What a checkpoint may be made of: which keys are harmless, how deep it may nest, what may not be left in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from fnnet.backends.devices import Device
from fnnet.backends.dtypes import DType
from fnnet.serialization.refusal import Refusal, show

MAX_DEPTH: Final = 500
"""How deep containers may nest: far beyond any checkpoint, below Python's recursion limit."""

MAX_KEY_BITS: Final = 64
"""Whole numbers of up to 64 bits can't be made to collide as keys (their hash is the number modulo 2**61 - 1)."""

MAX_KEY_DEPTH: Final = 4
MAX_TUPLE_KEYS: Final = 4096
"""Tuples can be made to collide as keys, and each collision costs time: few of them cost little."""

_KEYS: Final = frozenset({str, int, float, bool, type(None), bytes, DType, Device})
_LEAVES: Final = frozenset({str, int, float, bool, type(None), bytes, complex})


def is_namespace(kind: type) -> bool:
    """Whether this is argparse's Namespace (told by name: importing argparse takes 5 ms)."""
    return kind.__module__ == "argparse" and kind.__qualname__ == "Namespace"


class Intermediate:
    """What the reader puts on its stack only to build something of it; none may be left in what `load` returns."""

    __slots__ = ()

    @property
    def label(self) -> str:
        """What errors call it."""
        return type(self).__name__


class Keys:
    """The keys of one file: refuses those whose hash runs code, recurses without end, or can be made to collide."""

    def __init__(self, safe: Callable[[object], bool]) -> None:
        """Start counting.

        Args:
            safe: Whether the caller of `load` named this class as safe.
        """
        self._safe = safe
        self._tuples = 0

    def check(self, key: object, depth: int = 0) -> None:
        """Refuse a bad key, or a bad element of a set."""
        kind = type(key)
        if isinstance(key, int):
            if key.bit_length() > MAX_KEY_BITS:
                raise Refusal(f"{show(key)} as a key")
        elif kind in _KEYS or isinstance(key, np.integer | np.bool_ | np.floating) or self._safe(kind):
            return
        elif isinstance(key, tuple | frozenset):
            self._tuples += 1
            if depth >= MAX_KEY_DEPTH or self._tuples > MAX_TUPLE_KEYS:
                raise Refusal(f"tuples as keys: more than {MAX_TUPLE_KEYS}, or nested more than {MAX_KEY_DEPTH} deep")
            for item in key:
                self.check(item, depth + 1)
        else:
            raise Refusal(f"{show(key)} as a key or an element of a set")


def check_plain(root: object) -> None:
    """Refuse a result that nests too deep, or in which something of the reader's own is left.

    Args:
        root: What the pickle built. It is walked without recursion, each container once.
    """
    height: dict[int, int] = {}
    todo = [(root, False)]
    while todo:
        node, left = todo.pop()
        key = id(node)
        if left:
            tallest = max((height.get(id(child), 0) for child in _children(node)), default=0)
            if tallest >= MAX_DEPTH:
                raise Refusal(f"containers nest more than {MAX_DEPTH} deep")
            height[key] = tallest + 1
        elif isinstance(node, Intermediate):
            raise Refusal(f"{node.label} stands where data should be")
        elif key not in height:
            height[key] = 0  # while its children are walked: a container that holds itself ends there
            todo.append((node, True))
            todo.extend((child, False) for child in _children(node) if type(child) not in _LEAVES)


def _children(node: object) -> Iterable[object]:
    if isinstance(node, dict):
        attributes = getattr(node, "__dict__", None)
        return [*node.values(), *attributes.values()] if attributes else node.values()
    if isinstance(node, list | tuple | set | frozenset):
        return node
    if is_namespace(type(node)):
        return vars(node).values()
    return ()
