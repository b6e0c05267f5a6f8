"""Where programs written for PyTorch look for what extends the loading of data."""

from fnnet.utils.data._utils import collate

__all__ = ["collate"]
