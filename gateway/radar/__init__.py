"""Radar modules of the home: their ports, what they say, and from there to the alert desk."""
