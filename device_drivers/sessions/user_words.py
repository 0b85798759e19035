"""What is remembered of the users of a device, in its memory.

"consent-own:N" is the code of the user N, who was registered from here; "consent-code:N" the code of N that a person
entered; "consent-nobody:N" that of N who was registered from here for a pairing that was taken back: the device has
him, and the next pairing takes him. "consent-code" is the code of a user that is being registered: his number is not
known yet. With "consent-index" beside it, it is the code of that user, as earlier versions kept it. "consent-wanted"
stands while a resident is being paired: see `Wanted`. "consent-slots" is not remembered but given with it: the users
of the device that residents are, so that nobody becomes one but by being paired.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from device_drivers.decode import user_control

CONSENT_INDEX: Final = "consent-index"
CONSENT_CODE: Final = "consent-code"
CONSENT_OWN: Final = "consent-own"
CONSENT_NOBODY: Final = "consent-nobody"
WANTED: Final = "consent-wanted"
SLOTS: Final = "consent-slots"
MOST_USERS: Final = 10  # of any device known here
_USERS: Final = range(MOST_USERS + 1)
# What stays when a pairing is undone: codes that people entered, and that of a user who stays on the device. Without
# it the next pairing would make another user, until every place is taken.
HELD_BY_DEVICE: Final = frozenset(
    {CONSENT_CODE, *(f"{kind}:{user}" for kind in (CONSENT_CODE, CONSENT_NOBODY) for user in _USERS)}
)


class Words(Protocol):
    """A device's memory, to be read."""

    def get(self, key: str, /) -> str | None:
        """What is remembered under this key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A user of the device and the code that opens his measurements."""

    user: int
    code: int = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which user of the device the resident is to be who is being paired.

    Attributes:
        user: this one. None: whoever is known, or nobody is being paired.
        new: one that is made for him; others are others'.
        made: `user` was made for him in this pairing.
        again: he has the device already, and is to have it whatever becomes of this pairing.
        pairing: somebody is being paired.
    """

    user: int | None = None
    new: bool = False
    made: bool = False
    again: bool = False
    pairing: bool = True

    @staticmethod
    def of(memory: Words) -> Wanted:
        """As it is remembered."""
        words = (memory.get(WANTED) or "").split()
        numbers = [int(word) for word in words if word.isascii() and word.isdigit()]
        return Wanted(
            user=numbers[0] if numbers else None, new="new" in words, made="made" in words, again="again" in words,
            pairing=bool(words),
        )  # fmt: skip

    def __str__(self) -> str:
        kind = "made" if self.made else "user" if self.user is not None else "new" if self.new else "own"
        number = [] if self.user is None else [str(self.user)]
        return " ".join([kind, *number, *(["again"] if self.again else [])])


def remembered(memory: Words) -> Sequence[Consent]:
    """Every user whose code is known and who is somebody's, a person's word before our own."""
    found = {one.user: one.code for one in _of_kind(memory, CONSENT_NOBODY) if one.user in slots(memory)}
    index, code = _number(memory, CONSENT_INDEX), _number(memory, CONSENT_CODE)
    if index is not None and code is not None and index < user_control.UNKNOWN_USER:
        found[index] = code
    for kind in (CONSENT_OWN, CONSENT_CODE):
        found |= {one.user: one.code for one in _of_kind(memory, kind)}
    return [Consent(user=user, code=code) for user, code in sorted(found.items()) if code <= user_control.LAST_CODE]


def nobodys(memory: Words) -> Sequence[Consent]:
    """Users who were registered from here and are nobody: free for whoever is paired next."""
    return [one for one in _of_kind(memory, CONSENT_NOBODY) if one.user not in slots(memory)]


def slots(memory: Words) -> Collection[int]:
    """The users of the device that residents are."""
    return [int(word) for word in (memory.get(SLOTS) or "").split()]


def with_slots(known: Mapping[str, str], taken: Iterable[int | None]) -> Mapping[str, str]:
    """What is remembered, and the users that residents are."""
    words = " ".join(str(user) for user in sorted({user for user in taken if user is not None}))
    return {**known, SLOTS: words} if words else known


def pending(memory: Words) -> int | None:
    """The code of a user that is being registered."""
    code = _number(memory, CONSENT_CODE)
    return None if code is None or code > user_control.LAST_CODE or _number(memory, CONSENT_INDEX) is not None else code


def own(user: int) -> str:
    """The key of the code of a user that was registered from here."""
    return f"{CONSENT_OWN}:{user}"


def nobody(user: int) -> str:
    """The key of the code of a user that was registered from here and is nobody."""
    return f"{CONSENT_NOBODY}:{user}"


def made_user(key: str) -> int | None:
    """The user whom a key says to have been registered from here."""
    kind, _, number = key.partition(":")
    return int(number) if kind == CONSENT_OWN and number.isascii() and number.isdigit() else None


def is_own(memory: Words, user: int) -> bool:
    """He was registered from here."""
    return bool(memory.get(own(user)) or memory.get(nobody(user))) or memory.get(CONSENT_INDEX) == str(user)


def keys_of_own(memory: Words, user: int) -> Sequence[str]:
    """What to forget of a user that was registered from here, and that the device knows no more."""
    return (own(user), nobody(user), *((CONSENT_INDEX, CONSENT_CODE) if memory.get(CONSENT_INDEX) == str(user) else ()))


def is_nobodys(key: str) -> bool:
    """The code of a user who is nobody's."""
    return key.startswith(f"{CONSENT_NOBODY}:")


def is_word(key: str) -> bool:
    """A key that belongs to users and their codes, for longer than one pairing."""
    return key in (CONSENT_INDEX, CONSENT_CODE) or key.startswith(
        (f"{CONSENT_CODE}:", f"{CONSENT_OWN}:", f"{CONSENT_NOBODY}:")
    )


def of_user(known: Mapping[str, str], user: int | None) -> Mapping[str, str]:
    """What is remembered of one user."""
    keys = [own(user), nobody(user), f"{CONSENT_CODE}:{user}"] if user is not None else []
    if user is not None and known.get(CONSENT_INDEX) == str(user):
        keys += [CONSENT_INDEX, CONSENT_CODE]
    return {key: known[key] for key in keys if key in known}


def entered(known: Mapping[str, str], user: int, code: int | None) -> Mapping[str, str]:
    """What to remember when a person enters the code of a user; None forgets it. `known`: what is remembered now."""
    kept = {f"{CONSENT_CODE}:{user}": "" if code is None else f"{code:04d}", own(user): "", nobody(user): ""}
    if known.get(CONSENT_INDEX) == str(user):  # what was registered from here holds no longer
        kept |= {CONSENT_INDEX: "", CONSENT_CODE: ""}
    return kept


def undone(known: Mapping[str, str]) -> Mapping[str, str]:
    """What to remember when a pairing is undone: a user who was made in it is nobody's, and taken by the next."""
    wanted = Wanted.of(known)
    code = known.get(own(wanted.user)) if wanted.made and wanted.user is not None else None
    return {own(wanted.user): "", nobody(wanted.user): code} if code and wanted.user is not None else {}


def _of_kind(memory: Words, kind: str) -> Sequence[Consent]:
    codes = {user: _number(memory, f"{kind}:{user}") for user in _USERS}
    return [
        Consent(user=user, code=code)
        for user, code in codes.items()
        if code is not None and code <= user_control.LAST_CODE
    ]


def _number(memory: Words, key: str) -> int | None:
    text = memory.get(key)
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
