"""Loaders of published recordings, which are no part of this project: the original layouts and packed copies."""

from analytics.datasets.trials import DatasetError, Trial

__all__ = ["DatasetError", "Trial"]
