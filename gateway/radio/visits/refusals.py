"""Devices of somebody's that answer and refuse: known to people for as long as it stands, not only to the log."""

from __future__ import annotations

from gateway.radio.seen import Device


class Refusals:
    """What devices of ours refused on their last visit.

    Attributes:
        standing: the sentence for people, by address; at most one per device that was ours.
    """

    def __init__(self) -> None:
        self.standing: dict[str, str] = {}

    def stands(self, device: Device, words: str) -> bool:
        """A visit ended with it. True when that is news.

        Of a device that is nobody's, being paired, whoever pairs it is told.
        """
        sentence = f"{device.words()}: {words}"
        if device.wanted is None or self.standing.get(device.address) == sentence:
            return False
        self.standing[device.address] = sentence
        return True

    def over(self, address: str) -> bool:
        """A visit brought something or ended well, or the device was taken out of use. True when that is news."""
        return self.standing.pop(address, None) is not None
