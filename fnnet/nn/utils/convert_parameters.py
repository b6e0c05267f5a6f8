"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from fnnet._core.errors import ArgumentError, ShapeError
from fnnet._tensor import Tensor
from fnnet.autograd.variable import Variable
from fnnet.functional import joining


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters, flattened, one after the other.

    Args:
        parameters: Tensors on one device.

    Returns:
        A vector in their common dtype, in memory of its own.

    Raises:
        ArgumentError: They are on different devices.

    Differentiable: Gradients flow back to the parameters.

    Example:
        >>> import fnnet
        >>> fnnet.nn.utils.parameters_to_vector([fnnet.zeros(2, 1), fnnet.ones(1)])
        tensor([0., 0., 1.])
    """
    given = list(parameters)
    _one_device(given)
    return joining.cat([p.reshape(-1) for p in given])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Let the parameters have the values of a vector; they become slices of its memory.

    Args:
        vec: The vector, as `parameters_to_vector` gives it.
        parameters: The parameters, in the same order.

    Raises:
        ArgumentError: `vec` is no tensor, or the parameters are on different devices.
        ShapeError: It has fewer elements than they have; nothing is changed.

    Example:
        >>> import fnnet
        >>> p = fnnet.nn.Parameter(fnnet.zeros(1, 2))
        >>> fnnet.nn.utils.vector_to_parameters(fnnet.tensor([1.0, 2.0]), [p])
        >>> p.data
        tensor([[1., 2.]])
    """
    if not isinstance(vec, Variable):
        raise ArgumentError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    given = list(parameters)
    _one_device(given)
    needed = sum(p.numel() for p in given)
    if vec.numel() < needed:
        raise ShapeError(f"vector_to_parameters: vec has {vec.numel()} elements, the parameters have {needed}")
    at = 0
    for p in given:
        p.data = vec[at : at + p.numel()].view(p.shape).data
        at += p.numel()


def _one_device(parameters: list[Tensor]) -> None:
    devices = {p.device for p in parameters}
    if len(devices) > 1:
        raise ArgumentError(
            "Found two parameters on different devices, this is currently not supported: "
            + ", ".join(sorted(map(str, devices)))
        )


__all__ = ["parameters_to_vector", "vector_to_parameters"]
