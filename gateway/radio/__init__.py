"""Bluetooth: one scan owner, event-driven connections, sessions of the drivers; BlueZ or Bumble underneath."""

from gateway.radio.contracts import DeviceBook, RadioSink, Severity, Wanted
from gateway.radio.host import Host
from gateway.radio.manager import Radio
from gateway.radio.seen import Seen

__all__ = ["DeviceBook", "Host", "Radio", "RadioSink", "Seen", "Severity", "Wanted"]
