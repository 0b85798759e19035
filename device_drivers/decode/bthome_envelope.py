"""What a BTHome v2 advertisement is wrapped in: the device information byte, and AES-CCM where it is encrypted.

Source: bthome.io/format and bthome.io/encryption. Nonce: address, UUID D2FC, device information byte, counter as sent;
no associated data, a tag of 4 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from device_drivers.errors import DecodeError

SOURCE: Final = "fcd2"
KEY_BYTES: Final = 16

_ENCRYPTED: Final = 0x01
_WITH_ADDRESS: Final = 0x02
_TRIGGER_BASED: Final = 0x04
_VERSION_SHIFT: Final = 5
_VERSION: Final = 2
_ADDRESS_BYTES: Final = 6
_COUNTER_BYTES: Final = 4
_TAG_BYTES: Final = 4
_UUID: Final = b"\xd2\xfc"


class WrongKey(DecodeError):  # noqa: N818
    """The key does not open it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One service data element, not opened yet.

    Attributes:
        trigger_based: it speaks when something happens (a button), not in its own rhythm.
        address: "AA:BB:…", where the device writes it inside too.
        counter: of an encrypted one; grows with each message.
        body: the objects, encrypted or plain.
    """

    information: int
    encrypted: bool
    trigger_based: bool
    address: str | None
    counter: int | None
    tag: bytes
    body: bytes


def take_apart(data: bytes) -> Envelope:
    """Read what is not secret.

    Raises:
        DecodeError: another version, or too short for what its first byte says.
    """
    if not data:
        raise DecodeError(f"{SOURCE}: no bytes")
    information = data[0]
    if information >> _VERSION_SHIFT != _VERSION:
        raise DecodeError(f"{SOURCE}: BTHome version {information >> _VERSION_SHIFT}, only 2 is known")
    encrypted = bool(information & _ENCRYPTED)
    body_at = 1 + (_ADDRESS_BYTES if information & _WITH_ADDRESS else 0)
    body_end = len(data) - (_COUNTER_BYTES + _TAG_BYTES if encrypted else 0)
    if body_end <= body_at:
        raise DecodeError(f"{SOURCE}: {len(data)} bytes are too few for its first byte {information:02x}")
    return Envelope(
        information=information,
        encrypted=encrypted,
        trigger_based=bool(information & _TRIGGER_BASED),
        address=":".join(f"{octet:02X}" for octet in data[body_at - 1 : 0 : -1]) if body_at > 1 else None,
        counter=int.from_bytes(data[body_end : body_end + _COUNTER_BYTES], "little") if encrypted else None,
        tag=data[body_end + _COUNTER_BYTES :] if encrypted else b"",
        body=data[body_at:body_end],
    )


def decrypt(envelope: Envelope, *, address: str, key: bytes) -> bytes:
    """The objects of an encrypted envelope.

    Raises:
        WrongKey: the key does not open it.
        DecodeError: key or address cannot be one.
    """
    octets = _octets(address)
    if len(key) != KEY_BYTES or envelope.counter is None:
        raise DecodeError(f"{SOURCE}: a bind key has {KEY_BYTES} bytes, and only what is encrypted needs one")
    nonce = octets + _UUID + bytes([envelope.information]) + envelope.counter.to_bytes(_COUNTER_BYTES, "little")
    try:
        return AESCCM(key, tag_length=_TAG_BYTES).decrypt(nonce, envelope.body + envelope.tag, None)
    except InvalidTag:
        raise WrongKey(f"{SOURCE}: its bind key does not open it") from None


def _octets(address: str) -> bytes:
    try:
        octets = bytes.fromhex(address.replace(":", ""))
    except ValueError:
        octets = b""
    if len(octets) != _ADDRESS_BYTES:
        raise DecodeError(f"{SOURCE}: {address!r} is no Bluetooth address, without it nothing can be decrypted")
    return octets
