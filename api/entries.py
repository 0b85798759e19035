"""What people enter of a device: the key of its advertisements, the consent codes of its users. Never shown again."""

from __future__ import annotations

import re
from secrets import token_hex
from typing import Final

from device_drivers.sessions import user_words
from gateway.core.errors import Conflict, Invalid
from gateway.store.device_memory import DeviceMemory
from gateway.store.registry import Registry

_ADDRESS: Final = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}", re.IGNORECASE)
_BIND_KEY: Final = re.compile(r"[0-9a-f]{32}")
_CODE: Final = re.compile(r"[0-9]{4}")


async def enter_bind_key(memory: DeviceMemory, address: str, bind_key: str | None, *, actor: str) -> None:
    """The key of a device's encrypted advertisements; None forgets it. Messages are counted anew from now on.

    Raises:
        Invalid: no address, or no key. The text never repeats the key.
    """
    _check(address)
    key = re.sub(r"[\s:-]", "", bind_key or "").lower().removeprefix("0x")
    if bind_key is not None and not _BIND_KEY.fullmatch(key):
        raise Invalid(
            "A bind key has 32 hexadecimal digits: the app of the device's maker shows it where encryption is switched "
            "on."
        )
    kept = {"bind-key": key, "replay-counter": "", "key-entered": token_hex(8)}
    action = "device.forget-key" if bind_key is None else "device.key"
    await memory.enter(address, kept, actor=actor, action=action)


async def enter_consent_code(memory: DeviceMemory, address: str, user: int, code: str | None, *, actor: str) -> None:
    """The consent code of a user of a scale or cuff; None forgets it.

    Raises:
        Invalid: no address, no user that a device has, or no code. The text never repeats the code.
    """
    _check(address)
    if not 0 <= user <= user_words.MOST_USERS:
        raise Invalid(
            f"User {user} is on no device: give the user's number as the device displays it, 1 to "
            f"{user_words.MOST_USERS}."
        )
    digits = (code or "").strip()
    if code is not None and not _CODE.fullmatch(digits):
        raise Invalid(
            "A consent code has four digits: the device shows it in the settings of the user, or the app of its maker "
            "does."
        )
    kept = user_words.entered(await memory.of(address), user, None if code is None else int(digits))
    action = "device.forget-code" if code is None else "device.code"
    await memory.enter(address, kept, actor=actor, action=action)


async def must_be_told_apart(registry: Registry, memory: DeviceMemory, address: str, user: int) -> None:
    """A second user of a device that is one resident's as a whole would give this resident another's measurements.

    Raises:
        Conflict: so it is; in words that say what to do.
    """
    known = {one.user for one in user_words.remembered(await memory.of(address))} | {user}
    whole = [one for one in await registry.assigned(address) if one.user_slot is None and not one.shared]
    if len(known) > 1 and whole:
        raise Conflict(
            f"{address} belongs to one resident with all its users, who would get the measurements of user {user} too: "
            "pair it anew for each resident, or say with 'huoma device assign … --slot' which user each is; then enter "
            "the code."
        )


async def must_be_one_user(registry: Registry, memory: DeviceMemory, device: str) -> None:
    """A device with several users of its own, given to one resident as a whole, would give them everybody's.

    Raises:
        Conflict: so it is; in words that say what to do.
    """
    addresses = {row.address for row in await registry.devices() if row.identity == device} | {device}
    known: set[int | None] = set()
    for address in addresses:
        known |= {one.user for one in user_words.remembered(await memory.of(address.removeprefix("address:")))}
    if known:
        known |= {one.user_slot for one in await registry.assigned(device)} - {None}
    if len(known) > 1:
        users = ", ".join(str(one) for one in sorted(one for one in known if one is not None))
        raise Conflict(
            f"{device} has users of its own ({users}), and as a whole it would give the resident everybody's "
            "measurements: say with '--slot' which user the resident is; 'huoma devices' lists whose each is."
        )


def _check(address: str) -> None:
    if not _ADDRESS.fullmatch(address):
        raise Invalid(f"'{address}' is no address: give one such as AA:BB:CC:DD:EE:FF; 'huoma devices' lists them.")
