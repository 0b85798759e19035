"""Bluetooth: one scan owner per adapter, sessions when a device calls; BlueZ or a Bumble host underneath."""
