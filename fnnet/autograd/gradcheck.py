"""Checks of derivatives: what backward computes against central differences.

The function checked returns a tensor or several: hence `Any`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fnnet._core.errors import FnnetError, OptionError
from fnnet.autograd.engine import grad
from fnnet.autograd.modes import enable_grad, no_grad
from fnnet.autograd.variable import Variable, make

Raw = np.ndarray[Any, Any]


class GradcheckError(FnnetError, RuntimeError):
    """The derivatives disagree."""


def _outputs(result: Any) -> list[Any]:
    outs = result if isinstance(result, (tuple, list)) else (result,)
    return [o for o in outs if isinstance(o, Variable) and o._device.backend.dtype_of(o._data).category >= 2]


def _host(t: Any) -> Raw:
    found: Raw = t._device.backend.to_host(t._data)
    return found


def _set(t: Any, values: Raw) -> None:
    t._device.backend.overwrite(
        t._data, t._device.backend.from_host(values.astype(_host(t).dtype), t._device.index or 0)
    )


def _numerical(fn: Callable[..., Any], args: Sequence[Any], t: Any, step: Raw, eps: float) -> list[Raw]:
    """d outputs / d t along `step`, by central differences."""
    at = _host(t).copy()
    with no_grad():
        _set(t, at + eps * step)
        up = [_host(o).astype(np.float64).copy() for o in _outputs(fn(*args))]
        _set(t, at - eps * step)
        down = [_host(o).astype(np.float64).copy() for o in _outputs(fn(*args))]
        _set(t, at)
    return [(a - b) / (2 * eps) for a, b in zip(up, down, strict=True)]


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,  # a Tensor or a tuple of arguments
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = False,
    check_grad_dtypes: bool = False,
    fast_mode: bool = False,
) -> bool:
    """Compare the gradients of `func` with central differences.

    Args:
        func: Takes the inputs, returns a tensor or a tuple of tensors.
        inputs: A tensor or a tuple; float64 tensors that require grad are checked.
        eps: Step of the differences. Default: 1e-6.
        atol: Absolute tolerance. Default: 1e-5.
        rtol: Relative tolerance. Default: 1e-3.
        raise_exception: Raise where they disagree, instead of answering False. Default: True.
        nondet_tol: How much two runs of backward may differ. Default: 0.
        check_undefined_grad: Accepted for PyTorch's signature.
        check_grad_dtypes: Also compare the dtypes of gradient and input. Default: False.
        fast_mode: Compare along one random direction instead of column by column. Default: False.

    Returns:
        Whether they agree.

    Raises:
        GradcheckError: They disagree; the message names input, output and both values.
        OptionError: No input requires a gradient.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([0.5, 2.0], dtype=fnnet.float64, requires_grad=True)
        >>> fnnet.autograd.gradcheck(lambda t: t * t, (x,))
        True
    """
    try:
        _check(
            func,
            inputs if isinstance(inputs, (tuple, list)) else (inputs,),
            eps,
            atol,
            rtol,
            nondet_tol,
            fast_mode,
            check_grad_dtypes,
        )
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _check(
    func: Callable[..., Any],
    args: Sequence[Any],
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
    fast: bool,
    dtypes: bool,
) -> None:
    checked = [(i, a) for i, a in enumerate(args) if isinstance(a, Variable) and a._edge() is not None]
    if not checked:
        raise OptionError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have "
            "requires_grad=True."
        )
    outs = _outputs(func(*args))
    rng = np.random.default_rng(0)
    tensors = [a for _, a in checked]
    for j, o in enumerate(outs):
        if o._edge() is None:
            columns: list[Any] = []
        elif fast:
            columns = [rng.normal(size=o._data.shape)]
        else:
            columns = []
            for at in np.ndindex(*o._data.shape):
                unit = np.zeros(o._data.shape)
                unit[at] = 1
                columns.append(unit)
        for v in columns:
            backend = o._device.backend
            seed = make(backend.from_host(v.astype(_host(o).dtype), o._device.index or 0), o._device)
            first = grad(o, tensors, seed, retain_graph=True, allow_unused=True)
            again = grad(o, tensors, seed, retain_graph=True, allow_unused=True)
            for (i, t), g, h in zip(checked, first, again, strict=True):
                analytic = np.zeros(t._data.shape) if g is None else _host(g).astype(np.float64)
                if dtypes and g is not None and g._data.dtype != t._data.dtype:
                    raise GradcheckError(f"gradient {i} has dtype {g._data.dtype}, its input {t._data.dtype}")
                if g is not None and np.abs(analytic - _host(h)).max(initial=0) > nondet_tol:
                    raise GradcheckError(
                        "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
                        f"times gives different values (input {i})"
                    )
                _compare(func, args, t, v, analytic, i, j, eps, atol, rtol, fast, rng)


def _compare(
    func: Callable[..., Any], args: Sequence[Any], t: Any, v: Raw, analytic: Raw, i: int, j: int, eps: float,
    atol: float, rtol: float, fast: bool, rng: np.random.Generator,
) -> None:  # fmt: skip
    """One vector-Jacobian product against differences along each axis, or along one random direction."""
    shape = t._data.shape
    if fast:
        directions = [rng.normal(size=shape)]
        got = [float((analytic * directions[0]).sum())]
    else:
        directions, got = [], []
        for at in itertools.islice(np.ndindex(*shape), None):
            unit = np.zeros(shape)
            unit[at] = 1
            directions.append(unit)
            got.append(float(analytic[at]))
    for direction, a in zip(directions, got, strict=True):
        n = float((_numerical(func, args, t, direction, eps)[j] * v).sum())
        if not np.isclose(a, n, rtol=rtol, atol=atol, equal_nan=True):
            raise GradcheckError(
                f"Jacobian mismatch for output {j} with respect to input {i}, numerical: {n}, analytical: {a}"
            )


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,  # a Tensor or a tuple of arguments
    grad_outputs: Any = None,  # a Tensor or a tuple of them
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = False,
    check_grad_dtypes: bool = False,
    fast_mode: bool = False,
) -> bool:
    """Compare the second derivatives of `func` with central differences of its first.

    Args:
        func: Takes the inputs, returns a tensor or a tuple of tensors.
        inputs: A tensor or a tuple; float64 tensors that require grad are checked.
        grad_outputs: The vectors of the first vector-Jacobian product. Default: random.
        eps: Step of the differences. Default: 1e-6.
        atol: Absolute tolerance. Default: 1e-5.
        rtol: Relative tolerance. Default: 1e-3.
        gen_non_contig_grad_outputs: Accepted for PyTorch's signature.
        raise_exception: Raise where they disagree, instead of answering False. Default: True.
        nondet_tol: How much two runs of backward may differ. Default: 0.
        check_undefined_grad: Accepted for PyTorch's signature.
        check_grad_dtypes: Also compare the dtypes of gradient and input. Default: False.
        fast_mode: Compare along one random direction instead of column by column. Default: False.

    Returns:
        Whether they agree.

    Raises:
        GradcheckError: They disagree; the message names input, output and both values.
        OptionError: No input requires a gradient.

    Example:
        >>> import fnnet
        >>> x = fnnet.tensor([0.5, 2.0], dtype=fnnet.float64, requires_grad=True)
        >>> fnnet.autograd.gradgradcheck(lambda t: t * t * t, (x,))
        True
    """
    args = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    outs = [o for o in _outputs(func(*args)) if o._edge() is not None]
    if grad_outputs is None:
        rng = np.random.default_rng(1)
        seeds = []
        for o in outs:
            raw = o._device.backend.from_host(
                rng.normal(size=o._data.shape).astype(_host(o).dtype), o._device.index or 0
            )
            seed = make(raw, o._device)
            seed._leaf_grad = True
            seeds.append(seed)
    else:
        seeds = list(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else [grad_outputs]
    checked = [a for a in args if isinstance(a, Variable) and a._edge() is not None]

    @enable_grad()
    def first(*everything: Any) -> Any:  # also where gradcheck takes differences, which records nothing
        n = len(args)
        with enable_grad():  # the differences are taken without, but this is itself a gradient
            ys = [o for o in _outputs(func(*everything[:n])) if o._edge() is not None]
            xs = [a for a in everything[:n] if isinstance(a, Variable) and a._edge() is not None]
            found = grad(ys, xs, everything[n:], create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    if not checked:
        raise OptionError("gradgradcheck expects at least one input tensor to require gradient")
    return gradcheck(
        first, (*args, *seeds), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_grad_dtypes=check_grad_dtypes, fast_mode=fast_mode,
    )  # fmt: skip


__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
