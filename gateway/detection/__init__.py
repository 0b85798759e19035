"""Motion in, findings out: ring buffers and one tick for all streams."""

from gateway.detection.detection import Detected, Detection, StreamKey, open_detection

__all__ = ["Detected", "Detection", "StreamKey", "open_detection"]
