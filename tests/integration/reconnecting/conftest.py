"""Worlds whose connection loses access and is connected anew: those in which software is changed have all it takes."""

from tests.integration.changing.conftest import changings

__all__ = ["changings"]
