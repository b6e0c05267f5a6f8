"""The instructions that the reader of pickles knows, by their byte. What is not in the table is refused.

Source: CPython, Lib/pickletools.py.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from fnnet.serialization.refusal import MALFORMED, Refusal

if TYPE_CHECKING:
    from fnnet.serialization.pickle_reader import PickleReader

MAX_MARKS: Final = 500
"""How deep marks may nest: each level of a container needs one or two."""

MAX_INT_BYTES: Final = 255
"""The longest whole number: what the short form (LONG1) holds."""

_U2: Final = struct.Struct("<H").unpack_from
_U4: Final = struct.Struct("<I").unpack_from
_I4: Final = struct.Struct("<i").unpack_from
_U8: Final = struct.Struct("<Q").unpack_from
_F8: Final = struct.Struct(">d").unpack_from


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
    m.memo[m.data[m.at]] = m.stack[-1]
    m.at += 1


def _long_binput(m: PickleReader) -> None:
    m.memo[_U4(m.data, m.at)[0]] = m.stack[-1]
    m.at += 4


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


def _reduce(m: PickleReader) -> None:
    m.reduce()


def _newobj(m: PickleReader) -> None:
    m.new_object()


def _build(m: PickleReader) -> None:
    m.build()


STOP: Final = ord(".")
STEPS: Final[list[Callable[[PickleReader], None] | None]] = [None] * 256
for _code, _step in {
    b"\x80": _proto, b"(": _mark, b"q": _binput, b"r": _long_binput, b"h": _binget, b"j": _long_binget,
    b"\x94": _memoize, b"X": _binunicode, b"\x8c": _short_binunicode, b"\x8d": _binunicode8, b"U": _short_binstring,
    b"T": _binstring, b"C": _short_binbytes, b"B": _binbytes, b"\x8e": _binbytes8, b"\x96": _bytearray8,
    b"K": _binint1, b"M": _binint2, b"J": _binint, b"G": _binfloat, b"\x8a": _long1, b"\x8b": _long4, b"N": _none,
    b"\x88": _true, b"\x89": _false, b")": _empty_tuple, b"]": _empty_list, b"}": _empty_dict, b"\x8f": _empty_set,
    b"t": _tuple, b"\x85": _tuple1, b"\x86": _tuple2, b"\x87": _tuple3, b"a": _append, b"e": _appends,
    b"s": _setitem, b"u": _setitems, b"\x90": _additems, b"\x91": _frozenset, b"c": _global, b"\x93": _stack_global,
    b"\x95": _frame, b"Q": _binpersid, b"R": _reduce, b"\x81": _newobj, b"b": _build,
}.items():  # fmt: skip
    STEPS[_code[0]] = _step


def instruction_name(code: int) -> str:
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
