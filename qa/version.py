"""Which version of the program this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """The installed package's version, or ``0+source`` when run from a plain source tree."""
    try:
        return version("fundstelle")
    except PackageNotFoundError:
        return "0+source"
