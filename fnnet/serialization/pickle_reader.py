"""An interpreter for the pickles in checkpoints, which can build plain data and nothing else.

A pickle is a program. Python's own unpickler runs it; this one knows the few instructions that checkpoints are made
of, and calls nothing: a GLOBAL is looked up in an exact table of (module, name), and what stands in the table are
fnnet's own builders, which check their arguments. Instructions that a checkpoint has no use for (INST, OBJ, EXT,
NEWOBJ_EX, PERSID, the text forms of protocol 0 ...) are refused.

Source of the instruction set: CPython, Lib/pickletools.py.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import MemberDescriptorType
from typing import Any, Final

import numpy as np

from fnnet.serialization import pickle_numpy
from fnnet.serialization.plain_data import Intermediate, Keys, check_plain, is_namespace
from fnnet.serialization.refusal import MALFORMED, Refusal, show

MAX_MARKS: Final = 500
"""How deep marks may nest: each level of a container needs one or two."""

MAX_INT_BYTES: Final = 255
"""The longest whole number: what the short form (LONG1) holds."""

METADATA: Final = "_metadata"
"""The only attribute that checkpoints set on an OrderedDict: the modules' versions."""

ARGUMENT_BYTES: Final = 8
"""The longest argument of fixed size."""

_U2: Final = struct.Struct("<H").unpack_from
_U4: Final = struct.Struct("<I").unpack_from
_I4: Final = struct.Struct("<i").unpack_from
_U8: Final = struct.Struct("<Q").unpack_from
_F8: Final = struct.Struct(">d").unpack_from

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
        self.at = 0
        self.position = 0
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.last_put = -1

    def result(self) -> object:
        """Carry the program out.

        Raises:
            Refusal: It does what no checkpoint does.
        """
        data, n, steps = self.data, len(self.data), _STEPS
        while self.at < n:
            self.position = self.at
            code = data[self.at]
            self.at += 1
            if code == _STOP:
                return self._finish()
            step = steps[code]
            if step is None:
                raise Refusal(f"pickle instruction {_instruction(code)} has no use in a checkpoint")
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
        self.last_put = key

    def get(self, key: int) -> None:
        """Push what was remembered."""
        if key not in self.memo:
            raise Refusal(f"nothing was remembered under {key}")
        self.stack.append(self.memo[key])

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

    def reduce(self) -> None:
        """Call a builder of the table, or what the caller named as safe."""
        args, target = self.stack.pop(), self.stack[-1]
        if type(args) is not tuple:
            raise Refusal(f"arguments must be a tuple, got {show(args)}")
        if type(target) is not Builder and not (callable(target) and self.safe(target)):
            raise Refusal(f"a call of {show(target)}, which may not be called")
        self.stack[-1] = target(*args)

    def new_object(self) -> None:
        """Make an object of a class without running its `__init__`."""
        args, target = self.stack.pop(), self.stack[-1]
        if type(args) is not tuple:
            raise Refusal(f"arguments must be a tuple, got {show(args)}")
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
        if kind is OrderedDict:
            if type(state) is not dict or any(key != METADATA for key in state):
                raise Refusal(f"an OrderedDict can have no attribute but {METADATA}")
            vars(target).update(state)
        elif is_namespace(kind) or self.safe(kind):
            set_state(target, state)
        elif kind is np.ndarray:
            pickle_numpy.set_array_state(target, state)
        elif isinstance(target, np.dtype):
            ordered = pickle_numpy.with_byte_order(target, state)
            if self.memo.get(self.last_put) is target:
                self.memo[self.last_put] = ordered
            self.stack[-1] = ordered
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


# the instructions -------------------------------------------------------------------------------------------------
def _proto(m: PickleReader) -> None:
    version = m.u1()
    if not 2 <= version <= 5:
        raise Refusal(f"pickle protocol {version}; expected 2 to 5")


def _mark(m: PickleReader) -> None:
    if len(m.outer) >= MAX_MARKS:
        raise Refusal(f"marks nest more than {MAX_MARKS} deep")
    m.outer.append(m.stack)
    m.stack = []


def _binput(m: PickleReader) -> None:
    key = m.last_put = m.data[m.at]
    m.memo[key] = m.stack[-1]
    m.at += 1


def _long_binput(m: PickleReader) -> None:
    m.put(m.u4())


def _binget(m: PickleReader) -> None:
    m.get(m.u1())


def _long_binget(m: PickleReader) -> None:
    m.get(m.u4())


def _memoize(m: PickleReader) -> None:
    m.put(len(m.memo))


def _binunicode(m: PickleReader) -> None:
    m.text(m.take(m.u4()))


def _short_binunicode(m: PickleReader) -> None:
    m.text(m.take(m.u1()))


def _binunicode8(m: PickleReader) -> None:
    m.text(m.take(m.u8()))


def _short_binstring(m: PickleReader) -> None:
    m.byte_string(m.take(m.u1()))


def _binstring(m: PickleReader) -> None:
    (count,) = _I4(m.data, m.at)
    m.at += 4
    if count < 0:
        raise Refusal(f"a string of {count} bytes")
    m.byte_string(m.take(count))


def _short_binbytes(m: PickleReader) -> None:
    m.stack.append(m.take(m.u1()))


def _binbytes(m: PickleReader) -> None:
    m.stack.append(m.take(m.u4()))


def _binbytes8(m: PickleReader) -> None:
    m.stack.append(m.take(m.u8()))


def _bytearray8(m: PickleReader) -> None:
    m.stack.append(bytearray(m.take(m.u8())))


def _binint1(m: PickleReader) -> None:
    m.stack.append(m.data[m.at])
    m.at += 1


def _binint2(m: PickleReader) -> None:
    m.stack.append(_U2(m.data, m.at)[0])
    m.at += 2


def _binint(m: PickleReader) -> None:
    m.stack.append(_I4(m.data, m.at)[0])
    m.at += 4


def _binfloat(m: PickleReader) -> None:
    m.stack.append(_F8(m.data, m.at)[0])
    m.at += 8


def _long1(m: PickleReader) -> None:
    m.number(m.take(m.u1()))


def _long4(m: PickleReader) -> None:
    count = m.u4()
    if count > MAX_INT_BYTES:
        raise Refusal(f"a whole number of {count} bytes")
    m.number(m.take(count))


def _none(m: PickleReader) -> None:
    m.stack.append(None)


def _true(m: PickleReader) -> None:
    m.stack.append(True)


def _false(m: PickleReader) -> None:
    m.stack.append(False)


def _empty_tuple(m: PickleReader) -> None:
    m.stack.append(())


def _empty_list(m: PickleReader) -> None:
    m.stack.append([])


def _empty_dict(m: PickleReader) -> None:
    m.stack.append({})


def _empty_set(m: PickleReader) -> None:
    m.stack.append(set())


def _tuple(m: PickleReader) -> None:
    items = m.since_mark()
    m.stack.append(tuple(items))


def _tuple1(m: PickleReader) -> None:
    m.stack[-1] = (m.stack[-1],)


def _tuple2(m: PickleReader) -> None:
    last = m.stack.pop()
    m.stack[-1] = (m.stack[-1], last)


def _tuple3(m: PickleReader) -> None:
    last, middle = m.stack.pop(), m.stack.pop()
    m.stack[-1] = (m.stack[-1], middle, last)


def _append(m: PickleReader) -> None:
    m.extend([m.stack.pop()])


def _appends(m: PickleReader) -> None:
    m.extend(m.since_mark())


def _setitem(m: PickleReader) -> None:
    value, key = m.stack.pop(), m.stack.pop()
    m.set_items([key, value])


def _setitems(m: PickleReader) -> None:
    m.set_items(m.since_mark())


def _additems(m: PickleReader) -> None:
    m.make_set(m.since_mark())


def _frozenset(m: PickleReader) -> None:
    items = m.since_mark()
    for item in items:
        m.check_key(item)
    m.stack.append(frozenset(items))


def _global(m: PickleReader) -> None:
    module = m.line()
    m.stack.append(m.find(module, m.line()))


def _stack_global(m: PickleReader) -> None:
    name, module = m.stack.pop(), m.stack.pop()
    if type(name) is not str or type(module) is not str:
        raise Refusal("the name of a class or function must be a string")
    m.stack.append(m.find(module, name))


def _frame(m: PickleReader) -> None:
    m.u8()  # a hint for readers of streams: the instructions follow all the same


def _binpersid(m: PickleReader) -> None:
    m.stack[-1] = m.persistent(m.stack[-1])


_STOP: Final = ord(".")
_STEPS: Final[list[Callable[[PickleReader], None] | None]] = [None] * 256
for _code, _step in {
    b"\x80": _proto, b"(": _mark, b"q": _binput, b"r": _long_binput, b"h": _binget, b"j": _long_binget,
    b"\x94": _memoize, b"X": _binunicode, b"\x8c": _short_binunicode, b"\x8d": _binunicode8, b"U": _short_binstring,
    b"T": _binstring, b"C": _short_binbytes, b"B": _binbytes, b"\x8e": _binbytes8, b"\x96": _bytearray8,
    b"K": _binint1, b"M": _binint2, b"J": _binint, b"G": _binfloat, b"\x8a": _long1, b"\x8b": _long4, b"N": _none,
    b"\x88": _true, b"\x89": _false, b")": _empty_tuple, b"]": _empty_list, b"}": _empty_dict, b"\x8f": _empty_set,
    b"t": _tuple, b"\x85": _tuple1, b"\x86": _tuple2, b"\x87": _tuple3, b"a": _append, b"e": _appends,
    b"s": _setitem, b"u": _setitems, b"\x90": _additems, b"\x91": _frozenset, b"c": _global, b"\x93": _stack_global,
    b"\x95": _frame, b"Q": _binpersid, b"R": PickleReader.reduce, b"\x81": PickleReader.new_object,
    b"b": PickleReader.build,
}.items():  # fmt: skip
    _STEPS[_code[0]] = _step


def _instruction(code: int) -> str:
    """The name of an instruction, for errors only: the table of all of them takes milliseconds to import."""
    import pickletools

    names = [op.name for op in pickletools.opcodes if op.code == chr(code)]
    return f"{names[0]} (0x{code:02x})" if names else f"0x{code:02x}"


def names_in(data: bytes) -> list[tuple[str, str]]:
    """The (module, name) of every class and function that a pickle refers to, in order; nothing is run.

    Args:
        data: The pickle. Where it is malformed, the names up to there.
    """
    import pickletools

    found: dict[tuple[str, str], None] = {}
    memo: dict[int, str] = {}
    recent = ["", ""]  # the last two things pushed, where they were strings
    last = ""
    with suppress(*MALFORMED):  # the reader has said what is wrong: the list ends there
        argument: Any  # of whatever type the instruction has
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name in ("GLOBAL", "INST"):
                module, _, name = str(argument).partition(" ")
                found[module, name] = None
                last = ""
            elif opcode.name == "STACK_GLOBAL":
                found[recent[-2], recent[-1]] = None
                last = ""
            elif opcode.name in ("BINPUT", "LONG_BINPUT"):
                memo[argument] = last
                continue
            elif opcode.name == "MEMOIZE":
                memo[len(memo)] = last
                continue
            elif opcode.name in ("BINGET", "LONG_BINGET"):
                last = memo.get(argument, "")
            else:
                last = argument if isinstance(argument, str) else ""
            recent = [recent[-1], last]
    return list(found)
