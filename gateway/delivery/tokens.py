"""A sink's token: held, read again, never shown."""

from __future__ import annotations

from pathlib import Path

from gateway.core.errors import SettingsError
from gateway.delivery.settings import SinkSettings


class Token:
    """The bearer token of one sink."""

    def __init__(self, settings: SinkSettings) -> None:
        self._file: Path | None = settings.token_file
        self._value: str | None = settings.token.get_secret_value() if settings.token is not None else None
        if self._file is not None:
            self._value = self._read()

    def __repr__(self) -> str:
        return "Token(…)"

    @property
    def value(self) -> str | None:
        """The token, or None where the receiver wants none."""
        return self._value

    def refresh(self) -> None:
        """Read the file again; an unreadable one leaves the old token."""
        if self._file is not None:
            try:
                self._value = self._read()
            except SettingsError:
                return

    def _read(self) -> str:
        if self._file is None:
            return ""
        try:
            return self._file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise SettingsError(f"token_file {self._file} cannot be read: {reason}.") from error
