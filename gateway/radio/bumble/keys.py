"""The file that holds the bonds of a Bumble host: durable, private, and damaged only loudly.

One JSON object: version, a checksum over the rest, and per adapter address the keys of its peers. Written whole to a
new file, synced, renamed, and the folder synced: a power cut leaves the old file or the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bumble import hci
from bumble.keys import KeyStore, PairingKeys

from gateway.core.errors import HuomaError

VERSION: Final = 1
_PRIVATE: Final = 0o600

Keys = dict[str, dict[str, dict[str, Any]]]  # adapter address → peer address → Bumble's own dictionary of keys


class KeysDamaged(HuomaError):  # noqa: N818
    """The file of bonds cannot be trusted; it was kept aside. The text says where and what to do."""


class KeysNotWritable(HuomaError):  # noqa: N818
    """A new bond could not be saved: the pairing must be done again once there is room."""

    exit_status = 3


class KeyFile:
    """All bonds of this gateway. One process owns the file; each of its adapters may have a `KeyFile` of its own on it.

    Attributes:
        damage: the sentence about a damaged file, until `accept_damage`; it survives restarts. While it stands nobody
            is paired without being told to: a bond that was lost here must not be replaced unnoticed.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now
        self._keys: Keys = {}
        self._static_addresses: dict[str, str] = {}  # the first controller's by ""
        self.damage: str | None = None
        self._known: tuple[int, int, int] | None = None  # which state of the file was read last
        try:
            self._keys, self._static_addresses, self.damage = _parse(path.read_bytes())
        except FileNotFoundError:
            return
        except ValueError as reason:
            self._set_aside(str(reason))

    def peers(self, adapter: str) -> Mapping[str, dict[str, Any]]:
        """The keys held by one adapter."""
        return self._keys.get(adapter, {})

    def static_address(self, controller: str = "") -> str:
        """The random static address of a controller that has none of its own; minted once, bonds depend on it.

        Args:
            controller: which of several, so that two of them do not share one.

        Raises:
            KeysNotWritable: it was minted and cannot be saved.
        """
        self._refresh()
        if controller not in self._static_addresses:
            minted = hci.Address.generate_static_address().to_string(False)
            self._static_addresses = {**self._static_addresses, controller: minted}
            self._save(self._keys, self.damage)
        return self._static_addresses[controller]

    def put(self, adapter: str, peer: str, keys: dict[str, Any]) -> None:
        """Save a bond.

        Raises:
            KeysNotWritable: the bond is not saved.
        """
        self._refresh()
        held = self._keys.get(adapter, {})
        self._save({**self._keys, adapter: {**held, peer: keys}}, self.damage)

    def remove(self, adapter: str, peer: str) -> None:
        """Forget a bond; nothing when there is none."""
        self._refresh()
        held = {address: keys for address, keys in self.peers(adapter).items() if address != peer}
        self._save({**self._keys, adapter: held}, self.damage)

    def forget(self, peer: str) -> None:
        """Forget the bonds with a device on every adapter."""
        self._refresh()
        left = {
            adapter: {address: keys for address, keys in held.items() if address != peer}
            for adapter, held in self._keys.items()
        }
        if left != self._keys:
            self._save(left, self.damage)

    def holder(self, peer: str, *, besides: str) -> str | None:
        """The address of another adapter that holds a bond with a device."""
        self._refresh()
        return next((adapter for adapter, held in self._keys.items() if adapter != besides and peer in held), None)

    def accept_damage(self) -> None:
        """A technician has read the sentence and pairs the devices again."""
        self._refresh()
        self._save(self._keys, None)

    def _refresh(self) -> None:
        """Take in what the adapters of this process besides this one have saved; a file gone bad changes nothing."""
        try:
            found = self._path.stat()
            version = (found.st_ino, found.st_mtime_ns, found.st_size)
            if version == self._known:
                return
            self._keys, self._static_addresses, self.damage = _parse(self._path.read_bytes())
        except (OSError, ValueError):
            return
        self._known = version

    def _set_aside(self, reason: str) -> None:
        kept = self._path.with_name(f"{self._path.name}.damaged-{self._now():%Y%m%dT%H%M%SZ}")
        try:
            self._path.rename(kept)
        except OSError as refusal:
            raise KeysDamaged(
                f"The file of Bluetooth bonds {self._path} is damaged ({reason}) and cannot be moved aside "
                f"({refusal.strerror}): restore it from a backup, or move it away and pair every device again."
            ) from refusal
        self._save(
            {},
            f"The file of Bluetooth bonds was damaged ({reason}) and is kept as {kept}: restore it from a backup and "
            f"restart, or pair every device again.",
        )

    def _save(self, keys: Keys, damage: str | None) -> None:
        body = {
            "version": VERSION,
            "static_addresses": self._static_addresses,
            "adapters": keys,
            "damage": damage,
        }
        text = json.dumps({"checksum": _checksum(body), **body}, indent=1, sort_keys=True)
        draft = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, _PRIVATE)  # a draft left by an older run may have been wider
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            draft.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as refusal:
            raise KeysNotWritable(
                f"The Bluetooth bond could not be saved to {self._path} ({refusal.strerror}): make room or correct the "
                f"folder's owner, then pair the device again."
            ) from refusal
        self._keys = keys
        self.damage = damage


class BumbleKeyStore(KeyStore):
    """One adapter's part of a `KeyFile`, as Bumble asks for it.

    Bumble logs and swallows what `update` raises, so the failure is kept in `failure` for whoever pairs.
    """

    def __init__(self, file: KeyFile, adapter: str) -> None:
        self._file = file
        self._adapter = adapter
        self.failure: KeysNotWritable | None = None

    async def get(self, name: str) -> PairingKeys | None:
        keys = self._file.peers(self._adapter).get(_plain(name))
        return None if keys is None else PairingKeys.from_dict(keys)

    async def get_all(self) -> list[tuple[str, PairingKeys]]:
        return [(name, PairingKeys.from_dict(keys)) for name, keys in self._file.peers(self._adapter).items()]

    async def update(self, name: str, keys: PairingKeys) -> None:
        try:
            self._file.put(self._adapter, _plain(name), keys.to_dict())
        except KeysNotWritable as failure:
            self.failure = failure
            raise
        self.failure = None

    async def delete(self, name: str) -> None:
        self._file.remove(self._adapter, _plain(name))


def _plain(address: str) -> str:
    """Without Bumble's mark of a public address: "AA:BB:CC:DD:EE:FF/P" → "AA:BB:CC:DD:EE:FF"."""
    return address.partition("/")[0]


def _parse(raw: bytes) -> tuple[Keys, dict[str, str], str | None]:
    """Raises ValueError with the reason in a few words."""
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise ValueError("it is not readable as JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get("adapters"), dict):
        raise ValueError("it is not a file of bonds")  # noqa: TRY004  # of its content
    checksum = found.pop("checksum", None)
    if found.get("version") != VERSION:
        raise ValueError(f"its version is {found.get('version')!r}, this gateway knows {VERSION}")
    if checksum != _checksum(found):
        raise ValueError("its checksum does not fit its content")
    for peers in found["adapters"].values():
        for keys in peers.values():
            PairingKeys.from_dict(keys)
    addresses = found.get("static_addresses", {})
    if not isinstance(addresses, dict):
        raise ValueError("it is not a file of bonds")  # noqa: TRY004  # of its content
    first = found.get("static_address")  # written when there was one controller
    return found["adapters"], {**({"": first} if first else {}), **addresses}, found.get("damage")


def _checksum(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
