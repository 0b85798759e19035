"""Bluetooth: one scan owner per adapter, connections when devices call, pairing; BlueZ or Bumble underneath.

`manager` is the front. `contracts` says what the radio asks of the gateway, `host` what it asks of the host underneath;
`advert`, `seen` and `rest` are about who was heard and when they are tried again, `pairing` is a technician's permit.
`adapters` listen; `visits` are paid to devices that call, `broadcast` is for those that only advertise; `bluez` and
`bumble` are the hosts, and only the one that the settings name is imported.
"""

from gateway.radio.adapters.station import AdapterState
from gateway.radio.contracts import DeviceBook, PairingWatch, RadioSink, Severity, Wanted
from gateway.radio.host import Host, PairingAgent
from gateway.radio.manager import Radio
from gateway.radio.seen import Seen
from gateway.radio.visits.capture import Attribute, Capture

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
