"""How modules show themselves in notebooks: a tree that unfolds."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fnnet.nn.module import Module


def tree(module: Module, name: str = "") -> str:
    """A module as nested HTML `<details>`: its line, with its number of parameters, and its children below it."""
    count = sum(math.prod(p._data.shape) for p in module.parameters())
    extra = module.extra_repr()
    line = f"{type(module).__name__}({extra})"
    text = (f"<b>{html.escape(name)}</b> " if name else "") + f"<code>{html.escape(line)}</code>"
    text += f" <small>{count:,} parameters</small>" if count else ""
    below = "".join(tree(child, str(key)) for key, child in module._modules.items() if child is not None)
    if not below:
        return f'<div style="margin-left: 1.2em">{text}</div>'
    opened = " open" if not name else ""
    return f'<details style="margin-left: 1.2em"{opened}><summary>{text}</summary>{below}</details>'
