"""`fnnet.utils.data.collate` under PyTorch's name, where programs add to the table of collate functions."""

from fnnet.utils.data.collate import collate, default_collate, default_collate_fn_map, default_convert

__all__ = ["collate", "default_collate", "default_collate_fn_map", "default_convert"]
