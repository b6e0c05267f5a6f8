"""`Registry`: what all plugins together provide of one kind, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from fnnet._core.errors import LookupNameError, PluginError
from fnnet.plugins.specs import AnySpec

S = TypeVar("S", bound=AnySpec)


class Registry(Generic[S]):
    """The descriptors of one kind, in the order (FNNET_PREFER, priority, distribution, name).

    Names are compared without regard to case and listed sorted. A name that two distributions claim is an error when
    somebody asks for it, and not before; FNNET_PREFER decides between them.

    Args:
        kind: What a name stands for, in messages: `optimizer`.
        specs: Gives the descriptors in order (the Manager may still be finding them).
        preferred: Says whether FNNET_PREFER names a distribution.
        lost: Gives a sentence about plugins that failed, for the message about a missing name.

    Example:
        >>> from fnnet.plugins import manager
        >>> {"adam", "adamw", "sgd"} <= set(manager().optimizers)
        True
    """

    __slots__ = ("_lost", "_preferred", "_specs", "kind")

    def __init__(
        self,
        kind: str,
        specs: Callable[[], Sequence[S]],
        preferred: Callable[[str], bool],
        lost: Callable[[], str],
    ) -> None:
        self.kind, self._specs, self._preferred, self._lost = kind, specs, preferred, lost

    def get(self, name: str) -> S:
        """The descriptor of that name.

        Raises:
            LookupNameError: Nobody provides it; the message lists what there is.
            PluginError: Two distributions provide it; the message names them.

        Example:
            >>> from fnnet.plugins import manager
            >>> manager().optimizers.get("SGD").name
            'sgd'
        """
        found = [spec for spec in self._specs() if spec.name.lower() == name.lower()]
        if len(found) == 1:
            return found[0]
        if not found:
            raise LookupNameError(self._missing(name))
        if self._preferred(found[0].distribution) and found[1].distribution != found[0].distribution:
            return found[0]
        owners = " and ".join(spec.distribution for spec in found)
        raise PluginError(
            f"{self.kind} {name!r} is provided by {owners}: name one of them in FNNET_PREFER, or the others in "
            "FNNET_DISABLE_PLUGINS"
        )

    def names(self) -> tuple[str, ...]:
        """All names, in lower case, sorted."""
        return tuple(sorted({spec.name.lower() for spec in self._specs()}))

    def all(self) -> tuple[S, ...]:
        """All descriptors, in order."""
        return tuple(self._specs())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    def __repr__(self) -> str:
        return f"<{self.kind}s: {', '.join(self.names()) or 'none'}>"

    def _missing(self, name: str) -> str:
        from difflib import get_close_matches

        names = self.names()
        close = get_close_matches(name.lower(), names, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        known = f"known: {', '.join(names)}" if names else f"no plugin provides any {self.kind}"
        return f"no {self.kind} is called {name!r}{hint} ({known}){self._lost()}"
