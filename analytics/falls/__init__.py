"""Fall detection on acceleration: causal, orientation-free, many streams at once."""

from analytics.falls.detector import FallDetector
from analytics.falls.model import ArtefactError, Model, load

__all__ = ["ArtefactError", "FallDetector", "Model", "load"]
