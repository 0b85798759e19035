"""What a secret in the settings must be, and tables that hold one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from gateway.core.errors import SettingsError

# 16 characters: the shortest a generated secret is; the words are what examples and factories ship with.
_SECRET_MIN_CHARS: Final = 16
_DEFAULT_SECRETS: Final = (
    "changeme",
    "change-me",
    "secret",
    "password",
    "example",
    "default",
    "huoma",
    "admin",
    "test",
)


def check_secret(secret: SecretStr) -> SecretStr:
    """Refuse short secrets and those that examples ship with."""
    text = secret.get_secret_value()
    if any(text.lower().strip("0123456789!-_ ") == word for word in _DEFAULT_SECRETS) or len(text) < _SECRET_MIN_CHARS:
        raise ValueError(
            f"should be a random secret of at least {_SECRET_MIN_CHARS} characters, "
            "such as one from `openssl rand -hex 24`"
        )
    return secret


Secret = Annotated[SecretStr, AfterValidator(check_secret)]


class Section(BaseModel):
    """A table of the file: closed, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_secret_file(path: Path, key: str) -> str:
    """The secret in a file, without the newline at its end.

    Raises:
        SettingsError: unreadable, readable by everybody, or no usable secret.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"setting '{key}': cannot read {path}: {error}") from error
    if mode & 0o007:
        raise SettingsError(f"setting '{key}': everybody may read {path}: run `chmod 600 {path}`")
    try:
        check_secret(SecretStr(text))
    except ValueError as error:
        raise SettingsError(f"setting '{key}': what {path} holds {error}") from error
    return text
