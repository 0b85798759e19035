"""Errors of the gateway, split by what the caller does. The text of each says what to do."""

from __future__ import annotations


class HuomaError(Exception):
    """Root: a clear sentence for a person. `exit_status` is what the command line returns."""

    exit_status = 1


class SettingsError(HuomaError):
    """The configuration file is wrong: a person must mend it."""

    exit_status = 2


class StoreError(HuomaError):
    """The store cannot be used: wrong version, not writable, damaged. A person must act."""

    exit_status = 3


class PortInUse(HuomaError):  # noqa: N818
    """Somebody else listens on the port."""

    exit_status = 4


class RadioUnavailable(HuomaError):  # noqa: N818
    """No radio that works: the supervisor tries again, a person is told."""

    exit_status = 5


class NotFound(HuomaError):  # noqa: N818
    """No such resident, device or alert."""


class Conflict(HuomaError):  # noqa: N818
    """The thing is already in another state (somebody else was first)."""


class Invalid(HuomaError):  # noqa: N818
    """What was given cannot be meant so."""

    exit_status = 2
