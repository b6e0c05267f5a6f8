"""How Sphinx builds the documentation: `nox -s docs`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fnnet.version import __version__

project = "fnnet"
author = "fnnet developers"
project_copyright = "fnnet developers"
version = release = __version__
extensions = ["myst_parser"]
exclude_patterns = ["examples"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"fnnet {__version__}"
