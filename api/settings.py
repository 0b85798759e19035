"""The settings of one gateway: TOML, typed, read once in `main()` and passed down.

Deployment is here (ports, radio, sinks); life (residents, devices, consents, users) is in the store. Any setting can be
given by the environment instead, which goes before the file: `HUOMA_API__PORT=8421` is `port` of `[api]`.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as EnvironmentError_

from api.mqtt_settings import MqttSettings
from api.secret_settings import Secret, Section, read_secret_file
from api.settings_report import ENV_PREFIX, sentence
from gateway.core.errors import SettingsError
from gateway.delivery.settings import AnySinkSettings


def _known_zone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        raise ValueError('should be a name of the IANA time zone database, such as "Europe/Helsinki"')
    return value


def _plain_id(value: str) -> str:
    if not value or len(value) > 64 or not all(c.isascii() and (c.isalnum() or c in "._-") for c in value):
        raise ValueError("should be 1 to 64 letters, digits, '.', '_' or '-'")
    return value


def is_loopback(host: str) -> bool:
    """True when only this machine can reach a listener on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Id = Annotated[str, AfterValidator(_plain_id)]


class ApiSettings(Section):
    """`[api]`: where the API listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8420, ge=0, le=65535, description="0: any free port, told when the gateway starts")
    tls_cert: Path | None = None
    tls_key: Path | None = None
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")  # where people reach it, for notices
    host_names: tuple[str, ...] = ()  # further names under which clients reach the API; checked against the Host header

    @model_validator(mode="after")
    def _beyond_loopback_only_with_tls(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together: give both")
        if self.tls_cert is None and not is_loopback(self.host):
            raise ValueError(
                f"host {self.host!r} can be reached from other machines: "
                "give tls_cert and tls_key, or listen on 127.0.0.1"
            )
        return self


class RadioSettings(Section):
    """`[radio]`: which Bluetooth host speaks."""

    kind: Literal["auto", "bluez", "bumble", "none"] = "auto"
    transport: str | None = Field(default=None, description='Bumble\'s name of the controller, such as "usb:0"')
    adapters: tuple[str, ...] = Field(default=(), description="several at once: as BlueZ or Bumble names them")

    @model_validator(mode="after")
    def _transport_is_bumbles(self) -> Self:
        if self.kind != "bumble" and self.transport is not None:
            raise ValueError('transport belongs to kind = "bumble" only')
        if self.transport is not None and self.adapters:
            raise ValueError("transport names one controller, adapters several: give one of the two")
        if self.kind == "bumble" and self.transport is None and not self.adapters:
            raise ValueError('kind = "bumble" needs transport, such as transport = "usb:0"')
        return self

    @model_validator(mode="after")
    def _adapters_are_some(self) -> Self:
        if len(set(self.adapters)) < len(self.adapters):
            raise ValueError("adapters names one of them twice")
        if self.adapters and self.kind == "none":
            raise ValueError('kind = "none" has no adapters: leave them out')
        transports = [name for name in self.adapters if ":" in name]
        if transports and self.kind != "bumble":
            raise ValueError(
                f'adapters: {transports[0]!r} is a controller of kind = "bumble"; BlueZ\'s are like "hci0"'
            )
        return self


class WebhookSettings(Section):
    """`[notify.webhook]`: who is called until a person acknowledges."""

    url: str
    secret: Secret | None = None
    secret_file: Path | None = None
    ca_file: Path | None = None
    repeat_s: float = Field(default=60.0, ge=5.0, le=3600.0)

    @model_validator(mode="after")
    def _url_and_one_secret(self) -> Self:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError('url should begin with "https://" (or "http://" within the home)')
        if self.secret is not None and self.secret_file is not None:
            raise ValueError("secret and secret_file exclude each other: give one")
        return self

    def signing_secret(self) -> str | None:
        """The secret, from the file when one is named.

        Raises:
            SettingsError: the file cannot be read, or holds no usable secret.
        """
        if self.secret is not None:
            return self.secret.get_secret_value()
        if self.secret_file is None:
            return None
        return read_secret_file(self.secret_file, "notify.webhook.secret_file")


class NotifySettings(Section):
    """`[notify]`: how alerts reach people beside the event stream."""

    webhook: WebhookSettings | None = None


class DetectionSettings(Section):
    """`[detection]`: what is watched."""

    falls: bool = True


class RadarSettings(Section):
    """`[radar]`: where radar modules are plugged in."""

    by_id: Path = Path("/dev/serial/by-id")
    ports: tuple[Path, ...] = Field(default=(), description="ports without a name there, such as /dev/ttyAMA0")


class ProfileSettings(Section):
    """`[profiles]`: device profiles beside the shipped ones."""

    folders: tuple[Path, ...] = ()


class LogSettings(Section):
    """`[log]`: what is said, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "pretty", "json"] = "auto"  # auto: pretty on a terminal, JSON elsewhere


def default_data_dir() -> Path:
    """/var/lib/huoma for root, the user's own data folder otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib/huoma")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "huoma"


def default_config_file() -> Path:
    """Where the settings are looked for when no file is named."""
    if os.geteuid() == 0:
        return Path("/etc/huoma/huoma.toml")
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "huoma/huoma.toml"


class Settings(BaseSettings):
    """Everything a gateway is told from outside."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    data_dir: Path = Field(default_factory=default_data_dir)
    organisation_id: Id | None = None
    home_id: Id | None = None
    gateway_id: Id | None = None
    time_zone: Annotated[str, AfterValidator(_known_zone)] | None = None
    api: ApiSettings = ApiSettings()
    radio: RadioSettings = RadioSettings()
    notify: NotifySettings = NotifySettings()
    detection: DetectionSettings = DetectionSettings()
    radar: RadarSettings = RadarSettings()
    profiles: ProfileSettings = ProfileSettings()
    log: LogSettings = LogSettings()
    mqtt: tuple[MqttSettings, ...] = ()
    sink: tuple[AnySinkSettings, ...] = ()

    @model_validator(mode="after")
    def _sinks_have_names_of_their_own(self) -> Self:
        names = [sink.name for sink in self.sink]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two [[sink]] tables are called {twice[0]!r}: give each a name of its own")
        return self

    @model_validator(mode="after")
    def _brokers_have_names_of_their_own(self) -> Self:
        names = [broker.name for broker in self.mqtt]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two [[mqtt]] tables are called {twice[0]!r}: give each a name of its own")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file; nothing else is read."""
        return env_settings, init_settings

    @property
    def control_socket(self) -> Path:
        """Where a running gateway takes commands from its own machine."""
        return self.data_dir / "control.sock"

    @property
    def store_file(self) -> Path:
        """The SQLite store."""
        return self.data_dir / "huoma.db"

    def zone(self) -> zoneinfo.ZoneInfo:
        """The home's time zone.

        Raises:
            SettingsError: it was not given; there is no safe guess, because device clocks are read by it.
        """
        if self.time_zone is None:
            raise SettingsError(
                "the setting 'time_zone' is missing: give the home's zone, such as time_zone = \"Europe/Helsinki\""
            )
        return zoneinfo.ZoneInfo(self.time_zone)


def load(path: Path | None = None) -> Settings:
    """Read the settings: of the file named, else of the usual place if one is there, else the defaults.

    Relative paths in a file are relative to its folder.

    Raises:
        SettingsError: one sentence with file, key and what is allowed.
    """
    file = path if path is not None else default_config_file()
    table: dict[str, Any] = {}
    if path is not None or file.is_file():
        table = _read(file)
    try:
        settings = Settings(**table)
    except ValidationError as error:
        raise SettingsError(sentence(error, Settings, table, file)) from error
    except EnvironmentError_ as error:
        raise SettingsError(f"environment: {error}: lists and tables are given as JSON") from error
    anchored: Settings = _anchored(settings, file.parent.absolute())
    return anchored


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{file}: no such file: name another with --config, or leave it out for the defaults"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from error


def _anchored(model: Any, folder: Path) -> Any:
    """The same settings with every path that was given absolute; what was not given stays so (`model_fields_set`)."""
    if isinstance(model, Path):
        return folder / model.expanduser()
    if isinstance(model, tuple):
        return tuple(_anchored(item, folder) for item in model)
    if isinstance(model, BaseModel):
        changed = {name: _anchored(getattr(model, name), folder) for name in model.model_fields_set}
        return model.model_copy(update=changed)
    return model
