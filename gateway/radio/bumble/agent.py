"""Who answers a pairing on a Bumble host: nobody (just works), or a technician behind a `PairingAgent`."""

from __future__ import annotations

from typing import Final

from bumble.pairing import PairingConfig, PairingDelegate

from gateway.radio.host import PairingAgent

_KEYS: Final = PairingDelegate.KeyDistribution


class Delegate(PairingDelegate):
    """The gateway's side of one pairing. It takes the device's identity and gives none of its own.

    Without an agent it says that it has neither display nor keys, so that a device that insists on a person refuses by
    itself. With one it says that it has both; the device then chooses the method.
    """

    def __init__(self, address: str, agent: PairingAgent | None) -> None:
        alone = agent is None
        super().__init__(
            self.NO_OUTPUT_NO_INPUT if alone else self.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT,
            local_initiator_key_distribution=_KEYS.DISTRIBUTE_ENCRYPTION_KEY,
            local_responder_key_distribution=_KEYS.DISTRIBUTE_ENCRYPTION_KEY | _KEYS.DISTRIBUTE_IDENTITY_KEY,
        )
        self._address = address
        self._agent = agent

    async def get_number(self) -> int | None:
        """The device displays six digits."""
        return None if self._agent is None else await self._agent.passkey(self._address)

    async def display_number(self, number: int, digits: int) -> None:
        """The device wants six digits entered."""
        del digits
        if self._agent is not None:
            await self._agent.display(self._address, number)

    async def compare_numbers(self, number: int, digits: int) -> bool:
        """Both display six digits."""
        del digits
        return self._agent is not None and await self._agent.compare(self._address, number)


def pairing_config(address: str, agent: PairingAgent | None) -> PairingConfig:
    """How the gateway pairs: secure connections where the device can, always with a bond."""
    return PairingConfig(sc=True, mitm=False, bonding=True, delegate=Delegate(address, agent))
