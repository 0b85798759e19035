"""Motion in, findings out: ring buffers and one tick for all streams."""

from gateway.detection.detection import Detected, Detection, open_detection
from gateway.detection.stream import StreamKey

__all__ = ["Detected", "Detection", "StreamKey", "open_detection"]
