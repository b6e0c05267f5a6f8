"""Utilities beside the network: data."""

from fnnet.utils import data

__all__ = ["data"]
