"""How a tensor prints: PyTorch's format, character for character (its own dtypes' names aside)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import define, evolve

from fnnet._core.errors import OptionError

Raw = np.ndarray[Any, Any]


@define
class PrintOptions:
    """What `set_printoptions` sets.

    Attributes:
        precision: Digits after the point.
        threshold: Number of elements above which the middle is left out.
        edgeitems: Elements shown at each end then.
        linewidth: Characters in a line.
        sci_mode: Whether numbers are written as 1.0e+00; None decides by their range.
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


class _Current:
    options = PrintOptions()


_PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print; what is left out keeps its value.

    Args:
        precision: Digits after the point. Initially 4.
        threshold: Elements above which the middle is left out. Initially 1000.
        edgeitems: Elements shown at each end then. Initially 3.
        linewidth: Characters in a line. Initially 80.
        profile: "default", "short" or "full": the others start from it.
        sci_mode: Scientific notation: True, False, or None to decide by the numbers.

    Raises:
        OptionError: There is no such profile.

    Example:
        >>> import fnnet
        >>> fnnet.set_printoptions(precision=2)
        >>> fnnet.tensor([1.12345])
        tensor([1.12])
        >>> fnnet.set_printoptions(profile="default")
    """
    if profile is not None and profile not in _PROFILES:
        raise OptionError(f"set_printoptions: profile {profile!r}, expected one of {', '.join(_PROFILES)}")
    options = _Current.options if profile is None else _PROFILES[profile]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    options = evolve(options, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]  # ints
    _Current.options = evolve(options, sci_mode=sci_mode)


class _Formatter:
    """Formats the numbers of one tensor to one width."""

    def __init__(self, x: Raw, options: PrintOptions) -> None:
        self.options, self.floating = options, x.dtype.kind == "f"
        self.whole, self.scientific, self.width = True, False, 1
        if not self.floating:
            self.width = max((len(str(v)) for v in x.reshape(-1).tolist()), default=1)
            return
        values = x.reshape(-1).astype(np.float64)
        values = np.abs(values[np.isfinite(values) & (values != 0)])
        if values.size == 0:
            return
        low, high = float(values.min()), float(values.max())
        self.whole = bool((values == np.ceil(values)).all())
        self.scientific = high / low > 1000.0 or high > 1.0e8 or (not self.whole and low < 1.0e-4)
        if options.sci_mode is not None:
            self.scientific = options.sci_mode
        signed = x.reshape(-1).astype(np.float64)
        signed = signed[np.isfinite(signed) & (signed != 0)]
        p = options.precision
        if self.scientific:
            self.width = max(len(f"{v:.{p}e}") for v in signed)
        elif self.whole:
            self.width = max(len(f"{v:.0f}") + 1 for v in signed)
        else:
            self.width = max(len(f"{v:.{p}f}") for v in signed)

    def __call__(self, value: Any) -> str:
        if not self.floating:
            return f"{value!s:>{self.width}}"
        p = self.options.precision
        if self.scientific:
            return f"{value:{self.width}.{p}e}"
        if self.whole:
            text = f"{value:.0f}" + ("" if math.isinf(value) or math.isnan(value) else ".")
        else:
            text = f"{value:.{p}f}"
        return text.rjust(self.width)


class _ComplexFormatter:
    """Formats real and imaginary parts, each to its width."""

    def __init__(self, x: Raw, options: PrintOptions) -> None:
        self.real, self.imag = _Formatter(x.real, options), _Formatter(x.imag, options)
        self.width = self.real.width + self.imag.width + 1

    def __call__(self, value: complex) -> str:
        imag = self.imag(value.imag).lstrip()
        return self.real(value.real) + (imag if imag.startswith("-") else "+" + imag) + "j"


def _summarised(x: Raw, edge: int) -> Raw:
    """The elements that are shown when the middle is left out."""
    for dim in range(x.ndim):
        if x.shape[dim] > 2 * edge:
            at = np.r_[0:edge, x.shape[dim] - edge : x.shape[dim]]
            x = np.take(x, at, dim)
    return x


def _vector(x: Raw, indent: int, summarise: bool, form: Callable[[Any], str], width: int, o: PrintOptions) -> str:
    per_line = max(1, (o.linewidth - indent) // (width + 2))
    values = x.tolist()
    if summarise and not o.edgeitems:
        return "[...]"
    if summarise and len(values) > 2 * o.edgeitems:
        parts = [*map(form, values[: o.edgeitems]), " ...", *map(form, values[-o.edgeitems :])]
    else:
        parts = list(map(form, values))
    lines = [", ".join(parts[i : i + per_line]) for i in range(0, len(parts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _nested(x: Raw, indent: int, summarise: bool, form: Callable[[Any], str], width: int, o: PrintOptions) -> str:
    if x.ndim == 0:
        return form(x.item())
    if x.ndim == 1:
        return _vector(x, indent, summarise, form, width, o)
    if summarise and len(x) > 2 * o.edgeitems:
        rows = [_nested(r, indent + 1, summarise, form, width, o) for r in x[: o.edgeitems]]
        rows += ["...", *(_nested(r, indent + 1, summarise, form, width, o) for r in x[len(x) - o.edgeitems :])]
    else:
        rows = [_nested(r, indent + 1, summarise, form, width, o) for r in x]
    return "[" + ("," + "\n" * (x.ndim - 1) + " " * (indent + 1)).join(rows) + "]"


def format_values(x: Raw, indent: int) -> str:
    """The numbers of a host array, in brackets."""
    if x.dtype.kind == "V" or x.dtype == np.float16:  # half types print their float32 values
        x = x.astype(np.float32)
    o = _Current.options
    summarise = x.size > o.threshold
    shown = _summarised(x, o.edgeitems) if summarise else x
    form = _ComplexFormatter(shown, o) if x.dtype.kind == "c" else _Formatter(shown, o)
    return _nested(x, indent, summarise, form, form.width, o)


def may_hide_all() -> bool:
    """Whether a large tensor is printed without any of its elements, so that its shape must be told."""
    return not _Current.options.edgeitems


def with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    """Append `, suffix` for each, on a new line where the line would grow too long, and the closing bracket."""
    width = _Current.options.linewidth
    used = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if used + len(suffix) + 2 > width:
            text += ",\n" + " " * indent + suffix
            used = indent + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text + ")"


def as_html(text: str, facts: str) -> str:
    """A tensor's text for a notebook, with facts below it."""
    import html

    return f"<pre>{html.escape(text)}</pre><small>{html.escape(facts)}</small>"
