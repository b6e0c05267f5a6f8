"""How Sphinx builds the documentation: `nox -s docs`."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import fnnet
from fnnet import __version__

sys.path.insert(0, str(Path(__file__).resolve().parent))  # for reference_from_code

# sphinx-autodoc-typehints looks a method up in the class that documents it, and types in the module of the function:
# methods that Tensor's mixins share and the type that lower floors know by name alone are put where it looks.
for name in dir(fnnet.Tensor):
    if not name.startswith("__") and name not in vars(fnnet.Tensor):
        method = inspect.getattr_static(fnnet.Tensor, name)
        setattr(fnnet.Tensor, name, method)
        if inspect.isfunction(method) and ("." in method.__qualname__ or hasattr(method, "__wrapped__")):
            method.__module__, method.__qualname__ = "fnnet", f"Tensor.{name}"
for name, module in list(sys.modules.items()):
    if name.startswith("fnnet.") and not hasattr(module, "Tensor"):
        vars(module)["Tensor"] = fnnet.Tensor

project = "fnnet"
author = "fnnet developers"
project_copyright = "fnnet developers"
version = release = __version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_autodoc_typehints",
    "reference_from_code",
]
exclude_patterns = ["examples"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

# In docstrings a backquoted word is code.
default_role = "code"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
always_document_param_types = False
typehints_defaults = None
typehints_document_rtype = True
typehints_document_rtype_none = False
typehints_use_rtype = False
typehints_use_signature = True
suppress_warnings = ["sphinx_autodoc_typehints.guarded_import", "sphinx_autodoc_typehints.forward_reference"]

html_theme = "furo"
html_title = f"fnnet {__version__}"
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
