"""The kit for plugin authors: checks that every plugin of fnnet must pass.

`pytest --fnnet-plugin DISTRIBUTION` runs them; so does a loop over `checks`.
What is checked: the entry point's module is light; hooks have the names, arguments and annotations of
`fnnet.plugins.hookspecs`; descriptors load; kernels agree with the ops' definitions; an optimizer converges and
survives its state_dict; an initializer fills in place; a format gives back what it was given and refuses damaged files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from fnnet.plugins import manager
from fnnet.plugins.hookspecs import YIELDS
from fnnet.plugins.specs import AnySpec, Probed
from fnnet.testing.plugin_kit import backends, hooks, initializers, kernels, ops, optimizers, serializers
from fnnet.testing.plugin_kit.check import Check, CheckError, UnavailableError

_BY_HOOK: dict[str, Callable[[AnySpec], Iterator[Check]]] = {
    "fnnet_backends": backends.checks,
    "fnnet_kernels": kernels.checks,
    "fnnet_ops": ops.checks,
    "fnnet_optimizers": optimizers.checks,
    "fnnet_initializers": initializers.checks,
    "fnnet_serializers": serializers.checks,
}
"""What is checked of each kind beyond loading it; process groups need more processes than a kit may start."""


def checks(distribution: str) -> Iterator[Check]:
    """All checks of one installed plugin.

    Args:
        distribution: Its normalised name, as `fnnet plugins` lists it.

    Example:
        >>> from fnnet.testing.plugin_kit import checks
        >>> [check.name for check in checks("fnnet")][:2]
        ['is active and without problems', 'entry point is light: fnnet.plugins.core']
    """
    yield from hooks.checks(distribution)
    for hook, (kind, _) in YIELDS.items():
        for spec in manager().specs(hook):
            if spec.distribution == distribution:
                yield Check(f"{kind} {spec.name}: loads", partial(_loads, spec))
                if hook in _BY_HOOK:
                    for check in _BY_HOOK[hook](spec):
                        yield Check(f"{kind} {spec.name}: {check.name}", partial(_where_available, spec, check))


def _available(spec: AnySpec) -> None:
    reason = spec.unavailable() if isinstance(spec, Probed) else None
    if reason is not None:
        raise UnavailableError(f"hardware absent: {spec.name}: {reason}")


def _loads(spec: AnySpec) -> None:
    _available(spec)
    spec.load()


def _where_available(spec: AnySpec, check: Check) -> None:
    _available(spec)
    check.run()


__all__ = ["Check", "CheckError", "UnavailableError", "checks"]
