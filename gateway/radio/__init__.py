"""Bluetooth: one scan owner per adapter, connections when devices call, pairing; BlueZ or Bumble underneath."""

from gateway.radio.adapters.station import AdapterState
from gateway.radio.capture import Attribute, Capture
from gateway.radio.contracts import DeviceBook, PairingWatch, RadioSink, Severity, Wanted
from gateway.radio.host import Host, PairingAgent
from gateway.radio.manager import Radio
from gateway.radio.seen import Seen

__all__ = [
    "AdapterState",
    "Attribute",
    "Capture",
    "DeviceBook",
    "Host",
    "PairingAgent",
    "PairingWatch",
    "Radio",
    "RadioSink",
    "Seen",
    "Severity",
    "Wanted",
]
