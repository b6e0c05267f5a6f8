"""`summary`: the layers of a model as a table, with shapes, parameters and multiply-adds."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import Factory, define, field

from fnnet._core.errors import ArgumentError, OptionError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.backends.devices import Device
from fnnet.backends.dtypes import DType
from fnnet.functional.random import rand
from fnnet.nn.module import Module
from fnnet.random import fork_rng
from fnnet.training.multiply_adds import counting

Shape = tuple[int, ...]
Shapes = Shape | list[Any] | dict[str, Any] | None
"""The shape of a tensor, shapes of several as they are nested, or None for what is no tensor."""

HEADER = ("layer", "class", "input", "output", "parameters", "multiply-adds")


@define
class Row:
    """One call of one module.

    Attributes:
        name: Its path in the model; empty for the model itself.
        kind: Its class.
        depth: 0 for the model, 1 for its children ...
        input: Shapes of what it was called with.
        output: Shapes of what it returned.
        parameters: Elements of its own parameters, without those of its children; 0 when it is called again.
        trainable: Those of them that require a gradient.
        multiply_adds: In its own forward, without those of its children.

    Example:
        >>> import fnnet
        >>> rows = fnnet.training.summary(fnnet.nn.Linear(3, 2), input_size=(5, 3)).rows
        >>> rows[0].kind, rows[0].output, rows[0].parameters, rows[0].multiply_adds
        ('Linear', (5, 2), 8, 30)
    """

    name: str
    kind: str
    depth: int
    input: Shapes = None
    output: Shapes = None
    parameters: int = 0
    trainable: int = 0
    multiply_adds: int = 0

    def cells(self) -> tuple[str, ...]:
        """What stands in the table."""
        numbers = (f"{n:,}" if n else "" for n in (self.parameters, self.multiply_adds))
        name = "  " * self.depth + (self.name.rpartition(".")[2] or "(model)")
        return (name, self.kind, written(self.input), written(self.output), *numbers)


@define
class Summary:
    """What `summary` found: prints as a table, in notebooks as an HTML one.

    Attributes:
        rows: One per call of a module, in the order of the calls, the outer before the inner.
        parameter_bytes: Of all parameters.

    Example:
        >>> import fnnet
        >>> found = fnnet.training.summary(fnnet.nn.Linear(3, 2), input_size=(5, 3))
        >>> found.parameters, found.trainable, found.multiply_adds, found.parameter_bytes
        (8, 8, 30, 32)
    """

    rows: list[Row] = Factory(list)
    parameter_bytes: int = field(default=0, kw_only=True)

    @property
    def parameters(self) -> int:
        """Elements of all parameters, each counted once."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable(self) -> int:
        """Elements of all parameters that require a gradient."""
        return sum(row.trainable for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Of one forward."""
        return sum(row.multiply_adds for row in self.rows)

    def totals(self) -> Iterator[str]:
        """The lines below the table."""
        yield f"parameters {self.parameters:,} ({self.trainable:,} trainable), {self.parameter_bytes / 2**20:.2f} MiB"
        yield f"multiply-adds {self.multiply_adds:,}"

    def __str__(self) -> str:
        lines = [HEADER, *(row.cells() for row in self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
        table = ["  ".join(_padded(cell, i, widths[i]) for i, cell in enumerate(line)).rstrip() for line in lines]
        return "\n".join([table[0], "-" * max(map(len, table)), *table[1:], *self.totals()])

    def __repr__(self) -> str:
        return str(self)

    def __rich__(self) -> Any:  # rich's Table: an optional package's class
        """What rich prints: `rich.print(summary(...))`."""
        from rich.table import Table

        table = Table(*HEADER, caption="\n".join(self.totals()), caption_justify="left")
        for column in table.columns[4:]:
            column.justify = "right"
        for row in self.rows:
            table.add_row(*row.cells())
        return table

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{cell}</th>" for cell in HEADER)
        body = "".join("<tr>" + "".join(map(_html_cell, enumerate(row.cells()))) + "</tr>" for row in self.rows)
        return f"<table><tr>{head}</tr>{body}</table><p>{'<br>'.join(self.totals())}</p>"


def _padded(cell: str, column: int, width: int) -> str:
    return cell.rjust(width) if column >= 4 else cell.ljust(width)


def _html_cell(numbered: tuple[int, str]) -> str:
    column, cell = numbered
    side = "right" if column >= 4 else "left"
    return f'<td style="text-align: {side}; white-space: pre">{html.escape(cell)}</td>'


def shapes_of(value: Any) -> Shapes:  # anything that a forward takes or returns
    """The shapes of the tensors in a value, nested as they are."""
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {str(key): shapes_of(v) for key, v in value.items()}
    if isinstance(value, (tuple, list)):
        found = [shapes_of(v) for v in value]
        return found[0] if len(found) == 1 else found
    return None


def written(shapes: Shapes) -> str:
    """Shapes as they stand in a table."""
    if shapes is None:
        return "-"
    if isinstance(shapes, tuple):
        return "(" + ", ".join(map(str, shapes)) + ")"
    if isinstance(shapes, dict):
        return ", ".join(f"{key}: {written(shape)}" for key, shape in shapes.items())
    return ", ".join(written(shape) for shape in shapes if shape is not None) or "-"


def summary(
    model: Module,
    input_data: Any = None,  # what the model is called with
    *,
    input_size: Sequence[int] | Sequence[Sequence[int]] | None = None,
    dtype: DType | None = None,
    device: Device | str | None = None,
) -> Summary:
    """Run a model once and tell, layer by layer, shapes, parameters and multiply-adds.

    The model runs in evaluation mode, without recording; its mode, its buffers and the random generator are left as
    they were. Multiply-adds are those of matrix products, of which convolutions, attention and recurrent layers are
    made; elementwise work is not counted.

    Args:
        model: Any module.
        input_data: What to call it with: a tensor, a tuple of arguments, or a dict of named ones.
        input_size: In place of that: the shape of one tensor of random numbers, or a sequence of shapes.
        dtype: Of those tensors. Default: the default dtype.
        device: Where to make them. Default: where the model's first parameter is.

    Returns:
        A Summary: print it, or read its `rows`.

    Raises:
        ArgumentError: `model` is no module, or neither or both of `input_data` and `input_size` are given.
        OptionError: `input_size` is empty.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 10))
        >>> fnnet.training.summary(net, input_size=(1, 1, 8, 8))
        layer    class       input         output        parameters  multiply-adds
        --------------------------------------------------------------------------
        (model)  Sequential  (1, 1, 8, 8)  (1, 10)
          0      Conv2d      (1, 1, 8, 8)  (1, 4, 6, 6)          40          1,296
          1      ReLU        (1, 4, 6, 6)  (1, 4, 6, 6)
          2      Flatten     (1, 4, 6, 6)  (1, 144)
          3      Linear      (1, 144)      (1, 10)            1,450          1,440
        parameters 1,490 (1,490 trainable), 0.01 MiB
        multiply-adds 2,736
    """
    if not isinstance(model, Module):
        raise ArgumentError(f"summary: model must be a Module, got {type(model).__name__}")
    if (input_data is None) == (input_size is None):
        raise ArgumentError("summary: expected either input_data or input_size")
    sizes = [] if input_size is None else _sizes(input_size)
    parameters = list(model.parameters())
    watch = _Watch(model)
    modes = {module: module.training for module in model.modules()}
    try:
        model.eval()
        with no_grad(), fork_rng():
            if input_size is not None:
                where = device if device is not None else parameters[0].device if parameters else None
                input_data = tuple(rand(*size, dtype=dtype, device=where) for size in sizes)
            with counting(watch.count):
                watch.call(input_data)
    finally:
        watch.remove()
        for module, training in modes.items():
            module.training = training
    return Summary(watch.rows, parameter_bytes=sum(p.numel() * p.element_size() for p in parameters))


def _sizes(given: Sequence[Any]) -> list[Sequence[int]]:
    if not given:
        raise OptionError("summary: input_size is empty, expected a shape such as (1, 3, 224, 224)")
    return [given] if isinstance(given[0], int) else list(given)


class _Watch:
    """Hooks on every module of a model that note its calls."""

    def __init__(self, model: Module) -> None:
        self.rows: list[Row] = []
        self._model = model
        self._open: list[Row] = []
        self._counted: set[int] = set()
        self._handles = []
        for name, module in model.named_modules():
            self._handles.append(module.register_forward_pre_hook(self._entering(name), with_kwargs=True))
            self._handles.append(module.register_forward_hook(self._leaving))

    def call(self, data: Any) -> None:
        """Call the model with the data."""
        if isinstance(data, dict):
            self._model(**data)
        elif isinstance(data, (tuple, list)):
            self._model(*data)
        else:
            self._model(data)

    def count(self, n: int) -> None:
        """Note multiply-adds of the module that is running."""
        if self._open:
            self._open[-1].multiply_adds += n

    def remove(self) -> None:
        """Take the hooks out."""
        for handle in self._handles:
            handle.remove()

    def _entering(self, name: str) -> Any:
        def hook(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            row = Row(name, type(module).__name__, len(self._open), shapes_of([*args, *kwargs.values()]))
            for p in module.parameters(recurse=False):
                if id(p) not in self._counted:
                    self._counted.add(id(p))
                    row.parameters += math.prod(p.shape)
                    row.trainable += math.prod(p.shape) * p.requires_grad
            self.rows.append(row)
            self._open.append(row)

        return hook

    def _leaving(self, module: Module, args: tuple[Any, ...], output: Any) -> None:
        self._open.pop().output = shapes_of(output)


__all__ = ["Row", "Summary", "summary"]
