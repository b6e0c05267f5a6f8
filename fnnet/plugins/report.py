"""What the Manager tells about each plugin: for `fnnet plugins`, `fnnet doctor` and whoever asks in code."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

TAIL: Final = 8
"""Lines of a traceback that a Problem keeps: the last frames and the error, as a person reads them."""


class State(Enum):
    """What became of a plugin.

    Example:
        >>> from fnnet.plugins import State
        >>> [state.value for state in State]
        ['active', 'disabled', 'failed', 'pending']
    """

    ACTIVE = "active"
    DISABLED = "disabled"
    FAILED = "failed"
    PENDING = "pending"
    """It is being imported just now; it is asked again at the next look-up."""


class Stage(Enum):
    """Where in a plugin's life a problem arose.

    Example:
        >>> from fnnet.plugins import Stage
        >>> Stage("import").name
        'IMPORT'
    """

    SETTINGS = "settings"
    """A variable FNNET_* names something that is not installed."""
    IMPORT = "import"
    HOOKS = "hooks"
    """A hook is misspelt, unmarked or has arguments that fnnet does not pass."""
    API = "api"
    """It has no (usable) `PluginInfo`, or was written for another `API_VERSION`."""
    DESCRIPTORS = "descriptors"
    """A hook raised, or yielded what it should not."""
    SELECT = "select"
    """A deciding hook raised."""


class Problem(NamedTuple):
    """Something wrong with one plugin.

    Attributes:
        distribution: Whose.
        version: Of the distribution.
        stage: Where it arose.
        reason: What is wrong, in one line.
        traceback: The last lines of the traceback; empty where nothing was raised.

    Example:
        >>> from fnnet.plugins import Problem, Stage
        >>> print(Problem("fnnet-example", "1.0", Stage.IMPORT, "SyntaxError: invalid syntax"))
        fnnet-example 1.0: import: SyntaxError: invalid syntax
    """

    distribution: str
    version: str
    stage: Stage
    reason: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}: {self.stage.value}: {self.reason}"


class PluginReport(NamedTuple):
    """One plugin, as it stands.

    Attributes:
        distribution: Where it comes from.
        version: Of the distribution.
        module: What its entry point names.
        state: What became of it.
        name: From its PluginInfo; empty where it was not asked.
        api: From its PluginInfo.
        summary: From its PluginInfo.
        url: From its PluginInfo.
        provides: Kind and name of all that it offers: `("optimizer", "lion")`.
        problems: What is wrong with it.

    Example:
        >>> from fnnet.plugins import PluginReport, State
        >>> report = PluginReport("fnnet-example", "1.0", "fnnet_example.plugin", State.ACTIVE)
        >>> report.state.value, report.problems
        ('active', ())
    """

    distribution: str
    version: str
    module: str
    state: State
    name: str = ""
    api: int | None = None
    summary: str = ""
    url: str = ""
    provides: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()


def tail(error: BaseException) -> str:
    """The last lines of an error's traceback, as text: an exception object would keep every frame alive."""
    import traceback

    lines = "".join(traceback.format_exception(error)).rstrip().splitlines()
    return "\n".join(lines[-TAIL:])


def one_line(error: BaseException) -> str:
    """Type and message of an error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
