"""Devices that are connected to: when a call is worth it, the link, the visit, and how it ended."""
