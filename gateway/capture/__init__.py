"""Recording a device that no profile knows, as the beginning of its profile."""

from gateway.capture.recorder import Captured, Frame, Recorder
from gateway.capture.toml import profile_text

__all__ = ["Captured", "Frame", "Recorder", "profile_text"]
