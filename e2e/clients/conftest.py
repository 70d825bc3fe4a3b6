"""The gateway that foreign clients speak to."""

from conformance.conftest import stand

__all__ = ["stand"]
