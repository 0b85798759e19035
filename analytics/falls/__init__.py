"""Fall detection on acceleration: causal, orientation-free, many streams at once."""

from analytics.falls.artefact import ArtefactError, shipped
from analytics.falls.detector import FallDetector
from analytics.falls.model import Model

__all__ = ["ArtefactError", "FallDetector", "Model", "shipped"]
