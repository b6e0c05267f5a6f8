"""An interpreter for the pickles in checkpoints, which can build plain data and nothing else.

A pickle is a program. Python's own unpickler runs it; this one knows the few instructions that checkpoints are made
of, and calls nothing: a GLOBAL is looked up in an exact table of (module, name), and what stands in the table are
fnnet's own builders, which check their arguments. Instructions that a checkpoint has no use for (INST, OBJ, EXT,
NEWOBJ_EX, PERSID, the text forms of protocol 0 ...) are refused.

What a pickle holds is `Any`.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from types import MemberDescriptorType
from typing import Any, Final

import numpy as np

from fnnet.serialization import pickle_numpy
from fnnet.serialization.pickle_instructions import STEPS, STOP, instruction_name
from fnnet.serialization.plain_data import Intermediate, Keys, check_plain, is_namespace
from fnnet.serialization.refusal import Refusal, show

COPIES: Final = 4
"""Builders may copy this many times as many bytes and elements as the pickle is long. An honest pickle hands each of
its strings and lists to one builder; a hostile one hands a long one to many."""

METADATA: Final = "_metadata"
"""The only attribute that checkpoints set on an OrderedDict: the modules' versions."""

RECENT_PUTS: Final = 8
"""A dtype is remembered when it is made and replaced when its state follows: few puts lie between."""

ARGUMENT_BYTES: Final = 8
"""The longest argument of fixed size."""

_U4: Final = struct.Struct("<I").unpack_from
_U8: Final = struct.Struct("<Q").unpack_from

_SIZED: Final = frozenset({str, bytes, bytearray, list, tuple, dict})
_DICTS: Final = frozenset({dict, OrderedDict, defaultdict, Counter})


class Builder(Intermediate):
    """What a GLOBAL of the table leaves on the stack: REDUCE hands the arguments of the file to `build`.

    It can be called, so that Python's own unpickler can use the same builders where the caller asked for that one.
    """

    __slots__ = ("build", "is_class", "name")

    def __init__(self, name: str, build: Callable[..., object], *, is_class: bool = False) -> None:
        """Name a builder.

        Args:
            name: `module.name` in the file.
            build: Raises Refusal (or what Python raises on nonsense) where the arguments don't fit.
            is_class: Whether NEWOBJ may use it, too.
        """
        self.name, self.build, self.is_class = name, build, is_class

    def __call__(self, *args: object) -> object:
        return self.build(*args)

    @property
    def label(self) -> str:
        """What errors call it."""
        return self.name


class PickleReader:
    """One pickle being read; `result()` runs it.

    Attributes:
        position: Offset of the instruction that is being carried out, for errors.
    """

    def __init__(
        self,
        data: bytes,
        find: Callable[[str, str], object],
        persistent: Callable[[object], object],
        safe: Callable[[object], bool],
        keys: Keys,
        encoding: str = "utf-8",
    ) -> None:
        """Prepare to read.

        Args:
            data: The pickle.
            find: Gives what the table holds for (module, name), or raises Refusal.
            persistent: Gives the storage that a persistent id names, or raises Refusal.
            safe: Whether the caller of `load` named this class or function as safe.
            keys: Checks the keys of dicts.
            encoding: Of Python 2's byte strings; "bytes" leaves them bytes.
        """
        self.data, self.find, self.persistent, self.safe, self.encoding = data, find, persistent, safe, encoding
        self.check_key = keys.check
        self.allowance = COPIES * len(data)
        self.at = 0
        self.position = 0
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def result(self) -> object:
        """Carry the program out.

        Raises:
            Refusal: It does what no checkpoint does.
        """
        data, n, steps = self.data, len(self.data), STEPS
        while self.at < n:
            self.position = self.at
            code = data[self.at]
            self.at += 1
            if code == STOP:
                return self._finish()
            step = steps[code]
            if step is None:
                raise Refusal(f"pickle instruction {instruction_name(code)} has no use in a checkpoint")
            try:
                step(self)
            except (IndexError, struct.error):
                if self.at > n - ARGUMENT_BYTES:
                    raise Refusal("the pickle ends within an instruction (truncated?)") from None
                raise Refusal("the pickle takes more from its stack than it put there") from None
        raise Refusal("the pickle ends without STOP (truncated?)")

    def _finish(self) -> object:
        if self.outer or len(self.stack) != 1:
            raise Refusal("the pickle leaves other than one object")
        result: object = self.stack.pop()
        check_plain(result)
        return result

    # what several instructions do ---------------------------------------------------------------------------------
    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        start = self.at
        if count > len(self.data) - start:
            raise Refusal(f"an argument of {count} bytes runs beyond the end of the pickle (truncated?)")
        self.at = start + count
        return self.data[start : start + count]

    def line(self) -> str:
        """The rest of the line."""
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise Refusal("a name runs beyond the end of the pickle (truncated?)")
        line = self.data[self.at : end]
        self.at = end + 1
        return line.decode("utf-8")

    def u1(self) -> int:
        """One byte as a number."""
        self.at += 1
        return self.data[self.at - 1]

    def u4(self) -> int:
        """Four bytes as a number."""
        n: int = _U4(self.data, self.at)[0]
        self.at += 4
        return n

    def u8(self) -> int:
        """Eight bytes as a number."""
        n: int = _U8(self.data, self.at)[0]
        self.at += 8
        return n

    def since_mark(self) -> list[Any]:
        """What was pushed since the last mark, taken off."""
        if not self.outer:
            raise Refusal("an instruction needs a mark, and there is none")
        items = self.stack
        self.stack = self.outer.pop()
        return items

    def put(self, key: int) -> None:
        """Remember the top of the stack."""
        self.memo[key] = self.stack[-1]

    def get(self, key: int) -> None:
        """Push what was remembered."""
        if key not in self.memo:
            raise Refusal(f"nothing was remembered under {key}")
        self.stack.append(self.memo[key])

    def replace_top(self, value: object) -> None:
        """Put `value` in the place of the top of the stack, and of what was remembered of it a few puts ago."""
        old = self.stack[-1]
        self.stack[-1] = value
        for key in islice(reversed(self.memo), RECENT_PUTS):
            if self.memo[key] is old:
                self.memo[key] = value
                break

    def text(self, raw: bytes) -> None:
        """Push a string."""
        self.stack.append(raw.decode("utf-8", "surrogatepass"))

    def byte_string(self, raw: bytes) -> None:
        """Push a `str` of Python 2."""
        self.stack.append(raw if self.encoding == "bytes" else raw.decode(self.encoding))

    def number(self, raw: bytes) -> None:
        """Push a whole number in two's complement."""
        self.stack.append(int.from_bytes(raw, "little", signed=True))

    def set_items(self, items: list[Any]) -> None:
        """Set keys and values, which follow each other, in the dict on top of the stack."""
        target = self.stack[-1]
        if type(target) not in _DICTS:
            raise Refusal(f"items can be set in a dict only, not in {show(target)}")
        if len(items) % 2:
            raise Refusal("a key without a value")
        for i in range(0, len(items), 2):
            key = items[i]
            if type(key) is not str:
                self.check_key(key)
            target[key] = items[i + 1]

    def extend(self, items: list[Any]) -> None:
        """Append to the list on top of the stack."""
        target = self.stack[-1]
        if type(target) is not list:
            raise Refusal(f"items can be appended to a list only, not to {show(target)}")
        target.extend(items)

    def make_set(self, items: Iterable[Any]) -> None:
        """Add to the set on top of the stack."""
        target = self.stack[-1]
        if type(target) is not set:
            raise Refusal(f"elements can be added to a set only, not to {show(target)}")
        for item in items:
            self.check_key(item)
            target.add(item)

    def spend(self, args: object) -> None:
        """Count what a builder may copy of its arguments, which are a tuple."""
        if type(args) is not tuple:
            raise Refusal(f"arguments must be a tuple, got {show(args)}")
        for arg in args:
            if type(arg) in _SIZED:
                self.allowance -= len(arg)
        if self.allowance < 0:
            raise Refusal(f"the pickle of {len(self.data)} bytes has more than {COPIES} times that copied")

    def reduce(self) -> None:
        """Call a builder of the table, or what the caller named as safe."""
        args, target = self.stack.pop(), self.stack[-1]
        self.spend(args)
        if type(target) is not Builder and not (callable(target) and self.safe(target)):
            raise Refusal(f"a call of {show(target)}, which may not be called")
        self.stack[-1] = target(*args)

    def new_object(self) -> None:
        """Make an object of a class without running its `__init__`."""
        args, target = self.stack.pop(), self.stack[-1]
        self.spend(args)
        if type(target) is Builder and target.is_class:
            self.stack[-1] = target.build(*args)
        elif not isinstance(target, type) or not self.safe(target):
            raise Refusal(f"{show(target)} is no class of which objects may be made")
        else:
            self.stack[-1] = target.__new__(target, *args)

    def build(self) -> None:
        """Give an object its state; none of the object's own code runs."""
        state, target = self.stack.pop(), self.stack[-1]
        kind = type(target)
        self.spend(state if type(state) is tuple else (state,))
        if kind is OrderedDict:
            if type(state) is not dict or any(key != METADATA for key in state):
                raise Refusal(f"an OrderedDict can have no attribute but {METADATA}")
            vars(target).update(state)
        elif is_namespace(kind) or self.safe(kind):
            set_state(target, state)
        elif kind is np.ndarray:
            pickle_numpy.set_array_state(target, state)
        elif isinstance(target, np.dtype):
            self.replace_top(pickle_numpy.with_byte_order(target, state))
        else:
            raise Refusal(f"the state of {show(target)} can't be set by a file")


def set_state(target: object, state: object) -> None:
    """Set attributes as the file says, without calling `__setstate__` or `__setattr__`."""
    slots: object = None
    if type(state) is tuple and len(state) == 2:
        state, slots = state
    for part in (state, slots):
        if part is not None and (type(part) is not dict or any(type(name) is not str for name in part)):
            raise Refusal(f"the state of {show(target)} must be a dict of attributes, got {show(part)}")
    if isinstance(state, dict) and state:
        vars(target).update(state)
    for name, value in (slots if isinstance(slots, dict) else {}).items():
        member = getattr(type(target), name, None)
        if type(member) is not MemberDescriptorType:
            raise Refusal(f"{type(target).__qualname__} has no slot {show(name)}")
        member.__set__(target, value)
