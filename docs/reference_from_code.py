"""Sphinx directives that write the reference from the code: public names, the op table, the hooks.

`public-names:: fnnet.nn` documents everything that is public in a namespace, under the name that users type and below
the family it comes from; `op-table::` and `hook-reference::` are what their names say. Nothing of it is kept in a file,
so it can't fall behind.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from types import ModuleType
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger

import fnnet
from fnnet import plugins
from fnnet._core.op import OPS, Kind, Op
from fnnet.plugins import hookspecs, manager, specs
from fnnet.testing.conformance.cases import load_every_op

Lines = Iterable[str]
logger = getLogger(__name__)

APART = frozenset(("fnnet.Tensor",))
"""Classes that have a page of their own."""

KINDS = {
    Kind.SAME: "promoted to one",
    Kind.FLOAT: "promoted to one, whole numbers to float",
    Kind.BOOL: "promoted to one; gives bool",
    Kind.MOVE: "any",
}


def public(namespace: str) -> list[tuple[str, Any]]:
    """The public names of a namespace that are its own: classes, functions, constants of classes of fnnet."""
    module = importlib.import_module(namespace)
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    found = ((name, getattr(module, name)) for name in names)
    return [(name, thing) for name, thing in found if is_documented(thing)]


def is_documented(thing: Any) -> bool:
    """Whether an object is a class or function of fnnet's."""
    ours = str(getattr(thing, "__module__", "")).startswith("fnnet")
    return ours and not inspect.ismodule(thing) and (inspect.isclass(thing) or callable(thing))


def entry(namespace: str, name: str, thing: Any, home: dict[int, str]) -> Iterator[str]:
    """The directives that document one name: in full where it is met first, else a line that points there."""
    path = f"{namespace}.{name}"
    if path in APART:
        yield from (f":py:class:`{path}` has a page of its own.", "")
        return
    if id(thing) in home:
        kind = "class" if inspect.isclass(thing) else "func"
        yield from (f"``{path}``", f"   The same as :py:{kind}:`{home[id(thing)]}`.", "")
        return
    home[id(thing)] = path
    if inspect.isclass(thing):
        yield from (f".. autoclass:: {path}", *members(thing), "")
    else:
        yield from (f".. autofunction:: {path}", "")


def members(thing: type) -> Lines:
    """The options that say which members of a class are shown: its own, or of a tree's root those of its mixins too."""
    if issubclass(thing, BaseException):
        return ()
    return ("   :members:", "   :inherited-members: object") if thing is fnnet.nn.Module else ("   :members:",)


def family_of(thing: Any) -> str:
    """The module that an object comes from."""
    return str(thing.__module__)


def heading(module: str) -> str:
    """The name of a family, for people."""
    last = [part for part in module.split(".")[1:] if not part.startswith("_")][-1:] or ["tensor"]
    return last[0].replace("_", " ").capitalize()


def summary(module: ModuleType) -> Lines:
    """The first sentence of a module's docstring: what lives there."""
    return ((module.__doc__ or "").strip().partition("\n")[0], "")


class FromCode(SphinxDirective):
    """A directive whose content is written by Python."""

    def sections(self) -> Iterator[tuple[str, Lines]]:
        """(title, reStructuredText) of each section."""
        yield from ()

    def run(self) -> list[nodes.Node]:
        """Parse the sections where the directive stands."""
        found: list[nodes.Node] = []
        for title, lines in self.sections():
            name = nodes.make_id(f"{self.name} {' '.join(self.arguments)} {title}")
            section = nodes.section("", nodes.title("", "", *self.parse_inline(title)[0]), ids=[name])
            section += self.parse_text_to_nodes("\n".join(lines))
            found.append(section)
        return found


class PublicNames(FromCode):
    """`public-names:: namespace`: all its public names, by family."""

    required_arguments: ClassVar[int] = 1

    def sections(self) -> Iterator[tuple[str, Lines]]:
        """Names in alphabetical order within families in alphabetical order."""
        namespace = self.arguments[0]
        home = seen(self)
        self.env.domaindata["fnnet"].setdefault("namespaces", []).append(namespace)
        by_family = sorted(public(namespace), key=lambda pair: (family_of(pair[1]), pair[0].lower(), pair[0]))
        for family, members in groupby(by_family, key=lambda pair: family_of(pair[1])):
            lines = chain.from_iterable(entry(namespace, name, thing, home) for name, thing in members)
            yield heading(family), chain(summary(sys.modules[family]), lines)


class OpTable(FromCode):
    """`op-table::` every op that fnnet knows."""

    def sections(self) -> Iterator[tuple[str, Lines]]:
        """One table per family."""
        for family, ops in groupby(sorted(home_of_ops(), key=lambda pair: pair[0]), key=lambda pair: pair[0]):
            rows = table(sorted((op for _, op in ops), key=lambda op: op.name))
            yield heading(family), chain(summary(sys.modules[family]), rows)


def table(ops: Iterable[Op]) -> Lines:
    """The table of some ops."""
    yield from (".. list-table::", "   :header-rows: 1", "   :widths: auto", "")
    yield from row("op", "arguments", "dtypes", "differentiable", "ONNX", "on the CPU")
    for op in ops:
        yield from row(f"``{op.name}``", f"``{signature(op)}``", KINDS[op.kind], order(op), op.onnx or "", kernels(op))


def row(*cells: str) -> Lines:
    """A row of a list-table."""
    for i, cell in enumerate(cells):
        yield f"   {'* -' if i == 0 else '  -'} {cell}".rstrip()


def home_of_ops() -> Iterator[tuple[str, Op]]:
    """(module that defines it, op) for each op of the table."""
    load_every_op()
    found = {
        id(value): name
        for name, module in sorted(sys.modules.items())
        if name.startswith(("fnnet.functional.", "fnnet.optim.", "fnnet.nn.", "fnnet.autograd."))
        for value in vars(module).values()
        if isinstance(value, Op) and (value.forward is None or value.forward.__module__ in (name, "builtins"))
    }
    for op in OPS.values():
        yield found.get(id(op), op.forward.__module__ if op.forward is not None else "fnnet.functional.elementwise"), op


def signature(op: Op) -> str:
    """The arguments of an op's definition without the namespace, or that it is a primitive."""
    if op.forward is None:
        return "primitive"
    try:
        return "(" + ", ".join(list(inspect.signature(op.forward).parameters)[1:]) + ")"
    except ValueError:
        return "(...)"


def order(op: Op) -> str:
    """How often an op can be differentiated."""
    if op.kind is Kind.BOOL or (op.forward is None and op.backward is None):
        return "no"
    return "any order, own rule" if op.backward is not None else "any order, through its definition"


def kernels(op: Op) -> str:
    """Who computes an op on the CPU: NumPy's primitive or own function, plugins' kernels, else the definition."""
    numpy = "NumPy" if op.forward is None or op.name in fnnet.device("cpu").backend.own else "by definition"
    others = [spec.distribution for spec in manager().kernels_for("cpu") if op.name in spec.provides]
    return ", ".join([*others, numpy])


class HookReference(FromCode):
    """`hook-reference::` every hook that a plugin may implement, and every descriptor that it may give."""

    def sections(self) -> Iterator[tuple[str, Lines]]:
        """The hooks in the order of the module that declares them; then the descriptors."""
        yield "Hooks", chain.from_iterable(map(hook, filter(HOOK.match, vars(hookspecs))))
        described = (name for name in vars(specs) if name in plugins.__all__ and name.endswith(("Spec", "Info")))
        home = seen(self)
        yield (
            "Descriptors",
            chain.from_iterable(entry("fnnet.plugins", name, getattr(specs, name), home) for name in described),
        )


HOOK = re.compile("fnnet_")


def hook(name: str) -> Lines:
    """The directives that document a hook."""
    options = getattr(hookspecs, name).fnnet_spec
    count = "The first answer that is not None counts." if options["firstresult"] else "All answers count."
    yield from (f".. autofunction:: fnnet.plugins.hookspecs.{name}", "", f"   {count}", "")


def seen(directive: SphinxDirective) -> dict[int, str]:
    """Objects that are documented in full, and under which name."""
    home: dict[int, str] = directive.env.domaindata.setdefault("fnnet", {}).setdefault("home", {})
    return home


SECTION = re.compile(r"(Differentiable|Shape|Source):(?: (\S.*))?$")


def prepare(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:  # the arguments that Sphinx gives
    """Let a method that is a public function under another roof point there; make fnnet's own sections fields."""
    function = name.removeprefix("fnnet.Tensor.")
    if name.startswith("fnnet.Tensor.") and getattr(fnnet, function, None) is thing:
        lines[:] = [lines[0], "", f":py:func:`fnnet.{function}` with this tensor as its first argument."]
        return
    for i, line in reversed(list(enumerate(lines))):
        if found := SECTION.match(line):
            below = next((k for k in range(i + 1, len(lines)) if not lines[k].strip()), len(lines))
            text = [*([found[2]] if found[2] else ()), *(more.strip() for more in lines[i + 1 : below])]
            lines[i:below] = [f":{found[1]}: {' '.join(text)}"]


def check_whole(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn, and so fail the build, where a public name of a namespace on these pages has no entry."""
    home = env.domaindata.get("fnnet", {}).get("home", {})
    entries = env.domaindata["py"]["objects"]
    for namespace in env.domaindata.get("fnnet", {}).get("namespaces", ()):
        for name, thing in public(namespace):
            path = f"{namespace}.{name}"
            if path not in entries and home.get(id(thing)) not in entries:
                logger.warning("%s is public and has no entry in the reference", path)


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directives known."""
    for name, directive in (("public-names", PublicNames), ("op-table", OpTable), ("hook-reference", HookReference)):
        app.add_directive(name, directive)
    app.connect("autodoc-process-docstring", prepare, priority=100)  # before the docstring is read as sections
    app.connect("env-check-consistency", check_whole)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
