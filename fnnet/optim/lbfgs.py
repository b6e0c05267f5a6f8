"""L-BFGS.

As in the base class, states and groups hold `Any`; so do vectors of all parameters, which are Tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fnnet._core.errors import OptionError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad, set_grad
from fnnet.functional.creation import zeros
from fnnet.functional.joining import cat
from fnnet.optim.line_search import Point, strong_wolfe
from fnnet.optim.optimizer import Optimizer, Params
from fnnet.optim.rules import as_real, check, scalar

CURVED = 1e-10
"""A change whose product with that of the gradient is no larger says nothing of the curvature."""
STATE = ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss")


def direction(grad: Any, ys: Sequence[Any], ss: Sequence[Any], ro: Sequence[Any], al: list[Any], diagonal: Any) -> Any:
    """-H grad, where H approximates the inverse of the Hessian: the two-loop recursion.

    Args:
        grad: `(N,)`.
        ys: Changes of the gradient, oldest first.
        ss: Changes of the parameters that belong to them.
        ro: `1 / (y . s)` of each.
        al: Room for as many numbers, overwritten.
        diagonal: The factor of the identity from which H is built.

    Returns:
        `(N,)`, new.

    Source: Nocedal, Wright 2006, Numerical Optimization, algorithm 7.4.
    """
    q = grad.neg()
    for i in range(len(ys) - 1, -1, -1):
        al[i] = ss[i].dot(q) * ro[i]
        q = q - ys[i] * al[i]
    r = q * diagonal
    for i in range(len(ys)):
        r = r + ss[i] * (al[i] - ys[i].dot(r) * ro[i])
    return r


def flat(x: Any) -> Any:
    """As a vector of real numbers."""
    return as_real(x).reshape(-1)


class LBFGS(Optimizer):
    """L-BFGS: Newton's steps by a curvature that the last gradients tell.

    One `step` takes up to `max_iter` of them and calls the closure for each, or more often with a line search. It takes
    `history_size + 1` times the parameters' memory, and one group of parameters only. State, kept with the first
    parameter: func_evals, n_iter, the direction d, its length t, the changes old_dirs (of the gradient) and old_stps,
    ro, al, H_diag, prev_flat_grad, prev_loss.

    Args:
        params: Parameters.
        lr: Learning rate: the length of a step, or the first that the line search tries, >= 0. Default: 1.
        max_iter: Most iterations per step. Default: 20.
        max_eval: Most calls of the closure per step; None: max_iter * 5 // 4. Default: None.
        tolerance_grad: Ends where no gradient is larger. Default: 1e-7.
        tolerance_change: Ends where neither the loss nor a parameter changes by more. Default: 1e-9.
        history_size: How many changes are remembered. Default: 100.
        line_search_fn: "strong_wolfe" or None. Default: None.

    Raises:
        OptionError: An option out of its range, more than one group; in `step`: another line search.

    Source: Nocedal, Wright 2006, Numerical Optimization, chapter 7; in the form of Schmidt's minFunc.

    Example:
        >>> import fnnet
        >>> w = fnnet.nn.Parameter(fnnet.tensor([1.0, -2.0]))
        >>> optimizer = fnnet.optim.LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((w - 3) ** 2).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item()
        29.0
        >>> w.detach().round(decimals=3)
        tensor([3., 3.])
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check(scalar("lr", lr) >= 0.0, f"Invalid learning rate: {lr}")
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        })  # fmt: skip
        check(
            len(self.param_groups) == 1,
            f"LBFGS doesn't support per-parameter options (parameter groups), got {len(self.param_groups)} groups",
        )

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]  # what the closure returns
        """Iterate until it converges or is long enough.

        Args:
            closure: Clears the gradients, computes the loss with gradients and returns it.

        Returns:
            The first loss.

        Raises:
            OptionError: A line search other than "strong_wolfe".
        """
        search = self.param_groups[0]["line_search_fn"]
        if search not in (None, "strong_wolfe"):
            raise OptionError(f"only 'strong_wolfe' is supported, got {search!r}")
        with no_grad():
            return _Run(self, closure).run()


class _Run:
    """One step of an LBFGS: its iterations share what stands here."""

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any]) -> None:
        self.closure, self.group = closure, optimizer.param_groups[0]
        self.params: list[Any] = self.group["params"]
        self.state: dict[str, Any] = optimizer.state[self.params[0]]

    def run(self) -> Any:
        """All iterations; the first loss."""
        group, state, max_iter = self.group, self.state, self.group["max_iter"]
        change, search = group["tolerance_change"], group["line_search_fn"]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first = self.evaluate()
        loss, grad = float(first), self.gradient()
        lr = group["lr"].reshape(()) if isinstance(group["lr"], Tensor) else group["lr"]
        evaluations = 1
        state["func_evals"] += 1
        if self.converged(grad):
            return first
        past: list[Any] = [state.get(name) for name in STATE]
        d, t, ys, ss, ro, diagonal, before, loss_before = past
        for iteration in range(1, max_iter + 1):
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                d, ys, ss, ro, diagonal = grad.neg(), [], [], [], 1
            else:
                diagonal = self.remember(grad - before, d * t, ys, ss, ro, diagonal)
                al = state.setdefault("al", [None] * group["history_size"])
                d = direction(grad, ys, ss, ro, al, diagonal)
            before, loss_before = grad.clone(), loss
            t = min(1.0, 1.0 / grad.abs().sum()) * lr if state["n_iter"] == 1 else lr
            slope = grad.dot(d)
            if slope > -change:
                break
            calls, ended = 0, False
            if search:
                start = Point(0, loss, grad, slope)
                most = group["max_eval"] - evaluations
                found, calls = strong_wolfe(self.along(d), t, d, start, tolerance_change=1e-9, most=most)
                t, loss, grad = found.length, found.value, found.grad
                self.move(t, d)
                ended = self.converged(grad)
            else:
                self.move(t, d)
                if iteration != max_iter:
                    loss, grad, calls = float(self.evaluate()), self.gradient(), 1
                    ended = self.converged(grad)
            evaluations += calls
            state["func_evals"] += calls
            if (
                iteration == max_iter
                or evaluations >= group["max_eval"]
                or ended
                or (d * t).abs().max() <= change
                or abs(loss - loss_before) < change
            ):
                break
        state.update(zip(STATE, (d, t, ys, ss, ro, diagonal, before, loss_before), strict=True))
        return first

    def remember(self, y: Any, s: Any, ys: list[Any], ss: list[Any], ro: list[Any], diagonal: Any) -> Any:
        """Append a pair of changes, if it tells of curvature; the diagonal that goes with it."""
        product = y.dot(s)
        if not product > CURVED:
            return diagonal
        if len(ys) == self.group["history_size"]:
            for past in (ys, ss, ro):
                past.pop(0)
        ys.append(y)
        ss.append(s)
        ro.append(1.0 / product)
        return product / y.dot(y)

    def evaluate(self) -> Any:
        """The loss, with gradients."""
        with set_grad(True):
            return self.closure()

    def gradient(self) -> Any:
        """All gradients as one new vector; a missing one is 0, a complex number is two numbers."""
        parts = []
        for p in self.params:
            real = as_real(p)
            absent = p.grad is None
            parts.append(zeros(real.numel(), dtype=real.dtype, device=real.device) if absent else flat(p.grad))
        return cat(parts, 0)

    def converged(self, grad: Any) -> bool:
        """Whether no gradient is larger than the tolerance."""
        return bool(grad.abs().max() <= self.group["tolerance_grad"])

    def move(self, length: Any, d: Any) -> None:
        """Add `length * d` to the parameters."""
        offset = 0
        for p in self.params:
            real = as_real(p)
            n = real.numel()
            real.add_(d[offset : offset + n].view_as(real) * length)
            offset += n

    def along(self, d: Any) -> Callable[[Any], tuple[float, Any]]:
        """The loss and its gradient as functions of the length of a step along `d`; the parameters stay."""
        here = [p.clone() for p in self.params]

        def evaluate(length: Any) -> tuple[float, Any]:
            self.move(length, d)
            loss = float(self.evaluate())
            grad = self.gradient()
            for p, value in zip(self.params, here, strict=True):
                p.copy_(value)
            return loss, grad

        return evaluate


__all__ = ["LBFGS"]
