"""Questions at a terminal, asked while other things happen."""

from __future__ import annotations

import asyncio
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from gateway.core.errors import Invalid

_ADDRESS: Final = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}", re.IGNORECASE)


def need_terminal(option: str) -> None:
    if not sys.stdin.isatty():
        raise Invalid(f"Give {option}: there is no terminal to ask at.")


# In the three languages that people pair in. "Do they match?" guards a bonding: what is neither is asked again.
_YES: Final = frozenset({"y", "yes", "k", "kyllä", "kylla", "joo", "jo", "j", "ja"})
_NO: Final = frozenset({"n", "no", "ei", "e", "nej"})


async def choice(question: str, among: list[Any]) -> Any:
    while True:
        said = await prompt(f"{question} [1–{len(among)}] ")
        if said.isdigit() and 1 <= int(said) <= len(among):
            return among[int(said) - 1]


async def which(addresses: Sequence[str], asking: Callable[[str], None]) -> str:
    """One of a numbered list by its number, any device by its address; Enter takes the only one of the list.

    `asking` gets the question before it is put, so that it can be printed again.
    """
    if len(addresses) == 1:
        question = "Is it this one? [Enter, or another address] "
    else:
        question = f"Which one? [1–{len(addresses)}, or its address] " if addresses else "Its address: "
    while True:
        asking(question)
        said = await prompt(question)
        if not said and len(addresses) == 1:
            return addresses[0]
        if said.isascii() and said.isdigit() and 1 <= int(said) <= len(addresses):
            return addresses[int(said) - 1]
        if _ADDRESS.fullmatch(said):
            return said.upper()


async def whether(question: str) -> bool:
    """Yes or no, in Finnish, Swedish or English; asked until it is one of them."""
    while True:
        answer = yes_or_no(await prompt(question))
        if answer is not None:
            return answer
        print("Answer yes or no (kyllä, ei; ja, nej).")


def yes_or_no(said: str) -> bool | None:
    """None: it is neither."""
    word = unicodedata.normalize("NFC", said.strip().casefold())
    return True if word in _YES else False if word in _NO else None


async def prompt(question: str, *, hidden: bool = False) -> str:
    print(question, end="", flush=True)
    return (await line(hidden=hidden)).strip()


async def line(*, hidden: bool = False) -> str:
    """A line of the terminal, without holding up what happens meanwhile; Ctrl-C breaks it off.

    Raises:
        Invalid: there is nobody at it.
    """
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except OSError as error:  # /dev/null, or a file: it cannot be waited for
        raise Invalid(
            "Nobody can be asked here: run the command at a terminal, or give --address (or --yes, to take the only "
            "device of the model that calls)."
        ) from error
    try:
        with _echo_off(descriptor, hidden):
            await ready.wait()
            line = sys.stdin.readline()
    finally:
        loop.remove_reader(descriptor)
    if not line:
        raise Invalid("Nobody answers: run the command at a terminal, or give what it asks for as options.")
    return line


class _echo_off:  # noqa: N801  # reads as what it does
    """The terminal shows nothing meanwhile."""

    def __init__(self, descriptor: int, hidden: bool) -> None:
        self._descriptor = descriptor
        self._before: list[Any] | None = None
        self._hidden = hidden

    def __enter__(self) -> None:
        import termios

        if self._hidden and sys.stdin.isatty():
            self._before = termios.tcgetattr(self._descriptor)
            changed = list(self._before)
            changed[3] &= ~termios.ECHO
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, changed)

    def __exit__(self, *_error: object) -> None:
        import termios

        if self._before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
            print()
