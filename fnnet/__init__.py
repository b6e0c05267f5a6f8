"""fnnet: a plugin-based, functional-first neural-network framework that speaks PyTorch's nn."""

from fnnet.version import __version__ as __version__
