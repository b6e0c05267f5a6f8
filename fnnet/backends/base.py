"""`Backend`: a namespace over raw arrays, and its kernel table with the fall-through from provider to definition.

A backend supplies the primitives of `fnnet._core.namespace.Namespace` as methods or attributes, and a few methods that
tell what an array is. It then serves every op. Its attributes *are* the kernel table: one look-up by op name.

Arrays and dtypes are `Any`: their classes are the backend's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from fnnet._core.errors import DTypeError
from fnnet._core.namespace import Shape
from fnnet._core.op import OPS, Op
from fnnet.backends.dtypes import DType
from fnnet.backends.kernels import ArrayMeta, Fused, Kernel, Meta, Provider


class Backend:
    """Base of all backends; one instance serves all devices of its type, or each has its own (`on`).

    Subclasses set `device_type` and `array_type` and supply the primitives and the methods below that raise.
    """

    device_type: ClassVar[str]
    gaps: ClassVar[Mapping[str, str]] = {}
    """What it can't do, and why: an op, `"op:dtype"` or `"*:dtype"`. The conformance kit holds it to that."""
    own: ClassVar[Mapping[str, Callable[..., Any]]] = {}
    """By the name of a composite: what this backend runs in place of its definition. The arguments are the same."""
    own_backward: ClassVar[Mapping[str, Callable[..., Any]]] = {}
    """The same for backward rules, of composites and primitives."""
    array_type: type
    """The type of raw arrays; whatever else a primitive returns goes through `asarray`."""

    def __init__(self) -> None:
        self.providers: dict[str, tuple[Provider, ...]] = {}
        self._family: list[Backend] = [self]

    # devices --------------------------------------------------------------------------------------------------
    def on(self, index: int) -> Backend:
        """The backend of device number `index`.

        Itself, unless what it makes without an operand (`full`, `arange`, `random`) must lie on that device: then a
        `sibling`, one for each.
        """
        return self

    def sibling(self) -> Self:
        """Another backend of this type, with the same providers."""
        other = type(self)()
        other.providers, other._family = self.providers, self._family
        self._family.append(other)
        for name in self.providers:
            op = OPS.get(name)
            if op is not None and op.forward is None:
                other._serve_primitive(op)
        return other

    # what an array is -----------------------------------------------------------------------------------------
    def device_count(self) -> int:
        """How many devices of this type there are."""
        return 1

    def asarray(self, x: Any) -> Any:
        """`x` (an array, or the scalar that a primitive returned for a 0-d result) as a raw array."""
        return x

    def from_host(self, x: np.ndarray[Any, Any], index: int) -> Any:
        """A copy of a host array on device number `index`."""
        raise DTypeError(f"{self.device_type}: no copy from the host")

    def to_host(self, x: Any) -> np.ndarray[Any, Any]:
        """The values as a host array; it may share memory where the backend's memory is the host's."""
        raise DTypeError(f"{self.device_type}: no copy to the host")

    def dtype_of(self, x: Any) -> DType:
        """The DType of a raw array."""
        raise DTypeError(f"{self.device_type}: unknown dtype {x.dtype}")

    def native(self, dtype: Any) -> Any:
        """The backend's own dtype for a DType (one of its own passes through)."""
        return dtype

    def strides(self, x: Any) -> Shape | None:
        """Strides in bytes; None where the backend has none (arrays are then dense in C order)."""
        return None

    def shares(self, r: Any, x: Any) -> bool:
        """Whether the result `r` of a view op on `x` lies in the memory of `x` (a reshape may have copied)."""
        return True

    def overlap(self, a: Any, b: Any) -> bool:
        """Whether two arrays are known to have elements in the same memory."""
        return False

    def partly_overlap(self, a: Any, b: Any, *, or_same: bool = False) -> bool:
        """Whether two dense arrays share memory without being the same elements in the same order (or being them)."""
        return False

    def overwrite(self, dst: Any, value: Any) -> None:
        """dst[...] = value, with broadcasting and a cast: how memory is written."""
        raise DTypeError(f"{self.device_type}: arrays can't be written")

    def empty(self, meta: ArrayMeta, like: Any) -> Any:
        """An uninitialised array of that shape, dtype and strides on the device of `like`."""
        raise DTypeError(f"{self.device_type}: no allocation")

    def dense_like(self, g: Any, like: Any) -> Any:
        """A copy of `g` that owns its memory, laid out as `like`."""
        out = self.empty(ArrayMeta(like.shape, g.dtype, self.strides(like)), like)
        self.overwrite(out, g)
        return out

    def random(
        self, kind: str, shape: Shape, dtype: Any, generator: Any, /, **parameters: Any
    ) -> Any:  # a raw array; parameters are numbers and raw arrays, a generator is the backend's own
        """Random numbers: the one entry through which all are drawn.

        Args:
            kind: What to draw: "uniform" (low, high), "normal" (mean, std, contiguous), "log_normal" (mean, std),
                "exponential" (lambd), "cauchy" (median, sigma), "geometric" (p), "bernoulli" (p: a number or an array),
                "dropout" (p: 0 with probability p, else 1 / (1 - p)), "integers" (low, high), "random" (all numbers of
                the dtype), "permutation" (of shape[0]), "multinomial" (probabilities, num_samples, replacement),
                "rrelu" (x, lower, upper: slopes for the elements that are not positive, 1 for the others).
            shape: Shape of the result.
            dtype: DType of the result.
            generator: Where from; None: the device's default generator.
            parameters: As named after the kind.
        """
        raise DTypeError(f"{self.device_type}: no random numbers ({kind})")

    def synchronize(self) -> None:
        """Wait until all that was started has been computed."""

    # providers ------------------------------------------------------------------------------------------------
    def install(self, owner: str, kernels: Mapping[str, Kernel]) -> None:
        """Put a provider's kernels behind those installed before it (discovery installs in order of priority)."""
        for name, kernel in kernels.items():
            self.providers[name] = (*self.providers.get(name, ()), Provider(owner, kernel))
            op = OPS.get(name)
            if op is not None and op.forward is None:
                for backend in self._family:
                    backend._serve_primitive(op)

    def uninstall(self, owner: str) -> None:
        """Take a provider's kernels out again."""
        for name, providers in list(self.providers.items()):
            left = tuple(p for p in providers if p.owner != owner)
            if left:
                self.providers[name] = left
            else:
                del self.providers[name]
                op = OPS.get(name)
                if op is not None and op.forward is None:
                    for backend in self._family:
                        backend._generic(name)

    def _serve_primitive(self, op: Op) -> None:
        """Let the providers be asked before the backend's own primitive, which stays the last resort."""
        generic = self.__dict__.get("_generic_" + op.name)
        if generic is None:
            generic = getattr(self, op.name)
            self.__dict__["_generic_" + op.name] = generic

        def kernel(*args: Any, **static: Any) -> Any:
            found = self._ask(op, args, static, (False,) * len(args))
            return generic(*args, **static) if found is None else found.out

        setattr(self, op.name, kernel)

    def _generic(self, name: str) -> None:
        generic = self.__dict__.pop("_generic_" + name, None)
        if generic is not None:
            setattr(self, name, generic)

    def meta(self, x: Any) -> Any:
        """The ArrayMeta of a raw array; numbers and None stand for themselves."""
        if isinstance(x, self.array_type):
            return ArrayMeta(x.shape, x.dtype, self.strides(x))  # type: ignore[attr-defined]  # array_type's attributes
        return x

    def _ask(self, op: Op, args: Sequence[Any], static: dict[str, Any], needs: tuple[bool, ...]) -> Fused | None:
        meta = Meta(tuple(map(self.meta, args)), static, needs)
        for provider in self.providers.get(op.name, ()):
            plan = provider.kernel.accepts(meta)
            if plan is not None:
                like = next(a for a in args if isinstance(a, self.array_type))
                outs = tuple(None if m is None else self.empty(m, like) for m in plan.outputs)
                plan.prepare(args, outs)()
                return Fused(outs[0] if op.n_out == 1 else outs[: op.n_out], provider.owner, outs[op.n_out :])
        return None

    # running --------------------------------------------------------------------------------------------------
    def __getattr__(self, name: str) -> Callable[..., Any]:  # reached once per composite: then it is an attribute
        op = OPS.get(name)
        if op is None or op.forward is None:
            raise AttributeError(f"{type(self).__name__} has no primitive {name!r}")

        def kernel(*args: Any, **static: Any) -> Any:
            r = self.run(op, args, static)
            return r.out if type(r) is Fused else r

        setattr(self, name, kernel)
        return kernel

    def run(self, op: Op, args: Sequence[Any], static: dict[str, Any], needs: tuple[bool, ...] = ()) -> Any:
        """A provider's kernel (as `Fused`), the next where it declines, the backend's own, the definition last."""
        if op.forward is None:
            return getattr(self, op.name)(*args, **static)
        if op.name in self.providers:
            found = self._ask(op, args, static, needs)
            if found is not None:
                return found
        return self.own.get(op.name, op.forward)(self, *args, **static)

    def run_backward(self, op: Op, call: Any, grad: Any, owner: str | None) -> Sequence[Any]:
        """The gradients: from the provider that ran the forward, from another, by the backend's rule or the op's."""
        providers = self.providers and self.providers.get(op.name + ".backward", ())
        if providers:
            grads = grad if op.n_out > 1 else (grad,)
            outs = call.out if op.n_out > 1 and call.out is not None else (call.out,)
            for provider in providers:
                private = call.private if provider.owner == owner else ()
                args = (*call.inputs, *outs, *private, *grads)
                n, m = len(call.inputs), len(outs)
                metas = tuple(map(self.meta, args))
                plan = provider.kernel.accepts(
                    Meta(metas[:n], call.static, call.needs, metas[n : n + m], metas[n + m : len(args) - len(grads)],
                         metas[len(args) - len(grads) :])
                )  # fmt: skip
                if plan is not None:
                    like = next(g for g in grads if g is not None)
                    results = tuple(None if r is None else self.empty(r, like) for r in plan.outputs)
                    plan.prepare(args, results)()
                    return results
        rule = self.own_backward.get(op.name, op.backward)
        if rule is None:
            raise DTypeError(f"{op.name}: no backward rule")
        found: Sequence[Any] = rule(self, call, grad)
        return found

    def write(self, dst: Any, op: Op, args: Sequence[Any], static: dict[str, Any]) -> None:
        """dst[...] = op(*args): every in-place op ends here. Backends override it where an op can write directly."""
        r = self.run(op, args, static)
        self.overwrite(dst, r.out if type(r) is Fused else r)

    def write_many(self, dsts: Sequence[Any], op: Op, args: Sequence[Any], static: dict[str, Any]) -> None:
        """Each dst[...] = the op's output in its place: how an optimizer's update is written."""
        r = self.run(op, args, static)
        outs = r.out if type(r) is Fused else r
        for dst, out in zip(dsts, outs if op.n_out > 1 else (outs,), strict=True):
            self.overwrite(dst, out)

    def view(self, x: Any, steps: Sequence[tuple[str, dict[str, Any]]]) -> Any:
        """`x` seen through a chain of view ops."""
        for name, static in steps:
            x = getattr(self, name)(x, **static)
        return x
