"""Marops, the open marketing-operations platform."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("marops")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0.0.0"
