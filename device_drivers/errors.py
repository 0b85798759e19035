"""Errors of the drivers, split by what the caller does."""

from __future__ import annotations


class DeviceError(Exception):
    """Root of everything a driver raises on purpose."""


class DecodeError(DeviceError, ValueError):
    """The bytes are not a frame of this kind: count it, keep the bytes, go on. Decoders raise nothing else."""


class LinkLost(DeviceError):  # noqa: N818  # the field's own term: the link was lost
    """The radio link went away: the device will call again, try then."""


class BondLost(DeviceError):  # noqa: N818
    """The device no longer knows our key: stop retrying, tell a technician to pair it again."""


class DeviceRefused(DeviceError):  # noqa: N818
    """The device answered with an error that a retry will not change: tell a technician."""


class CodeNeeded(DeviceRefused):
    """A user's measurements are behind a consent code, and none was entered, or another: ask a technician."""


class KeyNeeded(DeviceError):  # noqa: N818
    """What it advertises is encrypted, and the key that opens it was not entered, or is another: ask a technician."""
