"""Why there is no connection to a broker, in a sentence with what to do. The libraries give texts, not types."""

from __future__ import annotations

from typing import Final

from gateway.mqtt.contracts import Broker

_REFUSED: Final = "it refuses the user or the password: look at mqtt.username and mqtt.password_file"
_UNREACHABLE: Final = "its machine cannot be reached: is it switched on, and in the same network?"
# In this order: what a part of the text says → what a person is told.
_SENTENCES: Final = (
    ("hostname mismatch", "its certificate bears another name: write that name into mqtt.host"),
    ("ip address mismatch", "its certificate bears another name: write that name into mqtt.host"),
    ("certificate_verify_failed", "its certificate is not trusted: name that of its authority in mqtt.ca_file"),
    ("ssl", "it does not speak TLS here, or not ours: look at its port and at mqtt.tls"),
    ("user name or password", _REFUSED),
    ("not authorized", _REFUSED),
    ("connection refused", "nobody listens there: is the broker running? Look at mqtt.host and mqtt.port"),
    ("name or service not known", "its name is not known: look at mqtt.host"),
    ("name resolution", "its name cannot be looked up: look at mqtt.host and at the network of the home"),
    ("no route to host", _UNREACHABLE),
    ("network is unreachable", _UNREACHABLE),
    ("timed out", "it does not answer: is its machine switched on? Look at mqtt.host, mqtt.port and mqtt.tls"),
)
_OTHER: Final = "the connection was lost: is the broker running?"


def sentence(broker: Broker, why: str) -> str:
    """For people; without anything secret."""
    said = why.lower()
    words = next((words for part, words in _SENTENCES if part in said), _OTHER)
    return (
        f"No connection to the broker at {broker.host}:{broker.port}, so what its sensors say is not heard: "
        f"{words.removesuffix('.')}{'' if words.endswith('?') else '.'} It is tried again all the time."
    )
