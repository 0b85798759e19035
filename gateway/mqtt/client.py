"""The connection to a broker: aiomqtt, with our own word for each message. Imported only where it is needed."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import aiomqtt
import certifi

from gateway.core.errors import SettingsError
from gateway.mqtt.contracts import Arrived, Broker

# A broker that was switched off and on again answers our next ping with a refusal; so this bounds how long its absence
# goes unnoticed. It costs four bytes each way.
KEEPALIVE_S: Final = 4
CONNECT_S: Final = 2.0  # a broker in the home answers in milliseconds
_REFUSED: Final = 0x80  # of the codes of SUBACK, this one and those above it
ANSWER_S: Final = 3.0  # to CONNECT and SUBSCRIBE

# Its lines name topics, which people name after rooms and persons. What matters of them is said by us.
_silent = logging.getLogger("huoma.mqtt.client")
_silent.setLevel(logging.CRITICAL)

MqttError = aiomqtt.MqttError


class BrokerClient(aiomqtt.Client):
    """One connection. A message of QoS 1 is the broker's until `acknowledge`: it keeps it over a restart of either.

    Args:
        broker: where it is.
        arrived: takes each message, on the event loop; never raises.

    Raises:
        SettingsError: the file with the authority's certificate cannot be used.
    """

    def __init__(self, broker: Broker, arrived: Callable[[str, bytes, int, bool, bool, int], None]) -> None:
        super().__init__(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=broker.client_id,
            clean_session=False,
            keepalive=KEEPALIVE_S,
            timeout=ANSWER_S,
            logger=_silent,
            tls_context=_tls(broker) if broker.tls else None,
        )
        self._arrived = arrived
        self._client.manual_ack_set(True)
        self._client.connect_timeout = CONNECT_S

    async def listen(self, topics: str, qos: int) -> bool:
        """Subscribe. False: the broker does not let us. Raises MqttError."""
        (granted,) = await self.subscribe(topics, qos=qos)
        return (granted if isinstance(granted, int) else granted.value) < _REFUSED

    def acknowledge(self, arrived: Arrived) -> None:
        """The broker may forget it. After the connection was lost this does nothing: it is sent again."""
        if arrived.qos and not self._disconnected.done():
            self._client.ack(arrived.number, arrived.qos)

    async def lost(self) -> None:
        """Waits until the connection is lost. Raises MqttError: why."""
        await asyncio.wait((self._disconnected,))
        why = self._disconnected.exception()
        raise MqttError(str(why) if why is not None else "the broker closed the connection")

    def abandon(self) -> None:
        """Close what is left of a connection that came to nothing."""
        with suppress(OSError, ValueError):
            self._client.disconnect()

    # aiomqtt connects in a thread and has the loop watch the socket by its number a moment later. If the broker is
    # killed just then, the number may be another socket's by now: that of the API, say. So ours look once more.
    def _on_socket_open(self, client: Any, userdata: Any, sock: Any) -> None:
        del client, userdata
        self._loop.call_soon_threadsafe(self._watch, sock)

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:
        del client, userdata
        self._loop.call_soon_threadsafe(self._watch_writing, sock)

    def _watch(self, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._loop.add_reader(sock.fileno(), self._read)
            self._misc_task = self._loop.create_task(self._misc_loop())

    def _watch_writing(self, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._loop.add_writer(sock.fileno(), self._work, self._client.loop_write)

    def _read(self) -> None:
        while True:
            self._work(self._client.loop_read)
            sock = self._client.socket()
            if not isinstance(sock, ssl.SSLSocket) or not sock.pending():  # TLS may hold more than was read
                return

    def _work(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as broken:  # noqa: BLE001  # whatever the library makes of what came: the connection is over
            if not self._disconnected.done():
                self._disconnected.set_exception(MqttError(f"{type(broken).__name__}: {broken}"))

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        """As aiomqtt has it, without its queue: whether a message is sent again would be lost in it."""
        del client, userdata
        try:
            topic = str(message.topic)
        except UnicodeDecodeError:  # no topic of ours
            topic = ""
        self._arrived(
            topic, bytes(message.payload), int(message.qos), bool(message.retain), bool(message.dup), int(message.mid)
        )


def _tls(broker: Broker) -> ssl.SSLContext:
    if broker.ca_file is None:
        context = ssl.create_default_context()
        context.load_verify_locations(cafile=certifi.where())  # a small system may have no bundle of its own
        return context
    try:
        return ssl.create_default_context(cafile=str(broker.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"mqtt.ca_file {broker.ca_file} cannot be used: {error}.") from error
