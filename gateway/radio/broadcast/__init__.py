"""Devices that only advertise: from what is heard of them to readings and presses."""
