"""Moved: the desk and delivery report health too, and import only `gateway.core`."""

from gateway.core.health import Colour, HealthBoard, PartHealth

__all__ = ["Colour", "HealthBoard", "PartHealth"]
