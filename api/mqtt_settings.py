"""`[[mqtt]]`: brokers that sensors of the home speak to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from api.secret_settings import Secret, Section, read_secret_file
from gateway.delivery.settings import is_loopback
from gateway.mqtt.contracts import Broker, HomeAssistant, Topics, Zigbee2Mqtt

PLAIN_PORT: Final = 1883
TLS_PORT: Final = 8883
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_PROFILE: Final = re.compile(r"[^/\s]+/[^/\s]+")


def _broker_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("should be 1 to 31 small letters, digits and '-', a letter first")
    return name


def _host(host: str) -> str:
    if not _HOST.fullmatch(host):
        raise ValueError('should be a name or an address alone, such as "broker.home"')
    return host


def _topic(topic: str) -> str:
    if not topic.strip("/") or set(topic) & set("+#\0") or topic.endswith("/") or len(topic) > 200:
        raise ValueError('should be a topic without + and #, such as "zigbee2mqtt"')
    return topic


def _filter(text: str) -> str:
    levels = text.split("/")
    if levels.count("+") != 1 or any(("+" in one and one != "+") or "#" in one for one in levels) or len(text) > 200:
        raise ValueError('should have one + as a level of its own, for the device, such as "/devices/+/events"')
    return text


def _profile_id(text: str) -> str:
    if not _PROFILE.fullmatch(text):
        raise ValueError('should be the id of a profile, such as "vayyar/care"')
    return text


Topic = Annotated[str, AfterValidator(_topic)]
ProfileId = Annotated[str, AfterValidator(_profile_id)]


class TopicSettings(Section):
    """`[[mqtt.topic]]`: JSON that a profile reads."""

    filter: Annotated[str, AfterValidator(_filter)]
    profile: ProfileId


class MqttSettings(Section):
    """One `[[mqtt]]` table.

    Attributes:
        plain_text: what sensors say, and the password, may go through the home's network in plain text.
        zigbee2mqtt: base topic of a zigbee2mqtt.
        home_assistant: base topic of Home Assistant's MQTT Statestream.
        home_assistant_devices: how the names of a device's entities begin → the id of its profile.
    """

    name: Annotated[str, AfterValidator(_broker_name)] = "broker"
    host: Annotated[str, AfterValidator(_host)] = "127.0.0.1"
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: bool = False
    ca_file: Path | None = None
    plain_text: bool = False
    username: str | None = Field(default=None, min_length=1, max_length=200)
    password: Secret | None = None
    password_file: Path | None = None
    zigbee2mqtt: Topic | None = None
    home_assistant: Topic | None = None
    home_assistant_devices: dict[str, ProfileId] = Field(default_factory=dict)
    topic: tuple[TopicSettings, ...] = ()

    @model_validator(mode="after")
    def _not_in_plain_text(self) -> Self:
        if not self.tls and not self.plain_text and not is_loopback(self.host):
            raise ValueError(
                f"host {self.host!r} is another machine, and what sensors say would go there in plain text: give tls = "
                "true, or plain_text = true for a network that only this home's devices are in"
            )
        if self.tls and self.plain_text:
            raise ValueError("tls and plain_text exclude each other: give one")
        if self.ca_file is not None and not self.tls:
            raise ValueError("ca_file belongs to tls = true")
        return self

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("password and password_file exclude each other: give one")
        if self.username is None and (self.password is not None or self.password_file is not None):
            raise ValueError("a password needs a username")
        return self

    @model_validator(mode="after")
    def _something_to_hear(self) -> Self:
        if self.zigbee2mqtt is None and self.home_assistant is None and not self.topic:
            raise ValueError(
                'listens to nothing: give zigbee2mqtt = "zigbee2mqtt", home_assistant, or a [[mqtt.topic]]'
            )
        if self.home_assistant_devices and self.home_assistant is None:
            raise ValueError("home_assistant_devices belongs to home_assistant")
        if self.home_assistant is not None and not self.home_assistant_devices:
            raise ValueError('home_assistant needs home_assistant_devices, such as { bathroom_fp2 = "aqara/fp2" }')
        return self

    def broker(self, gateway_id: str) -> Broker:
        """For the part that listens.

        Raises:
            SettingsError: the password's file cannot be read, or holds no usable secret.
        """
        password = None if self.password is None else self.password.get_secret_value()
        if self.password_file is not None:
            password = read_secret_file(self.password_file, "mqtt.password_file")
        return Broker(
            name=self.name,
            host=self.host,
            port=self.port or (TLS_PORT if self.tls else PLAIN_PORT),
            client_id=f"huoma-{gateway_id}-{self.name}",
            tls=self.tls,
            ca_file=self.ca_file,
            username=self.username,
            password=password,
            zigbee2mqtt=None if self.zigbee2mqtt is None else Zigbee2Mqtt(base=self.zigbee2mqtt),
            home_assistant=None
            if self.home_assistant is None
            else HomeAssistant(prefix=self.home_assistant, devices=dict(self.home_assistant_devices)),
            topics=tuple(Topics(filter=one.filter, profile=one.profile) for one in self.topic),
        )
