"""What activations with the option `inplace` share."""

from __future__ import annotations

from fnnet.nn.module import Module


class InPlace(Module):
    """An activation whose only option is `inplace`: write into the input."""

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


def and_inplace(inplace: bool) -> str:
    """How a module prints the option after others."""
    return ", inplace=True" if inplace else ""


__all__ = []
