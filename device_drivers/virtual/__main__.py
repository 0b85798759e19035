"""The virtual home in a process of its own: `python -m device_drivers.virtual --transport unix-server:PATH`.

Prints "ready" when the gateway's controller can be opened, and ends with its parent (the end of a piped standard input,
or the kernel's word that the parent died). Commands may be written to a piped standard input, one a line:

    measure | weigh | weigh KG | fall | get-up     the person does it (not in the kitchen)
    measure DEVICE     somebody measures something; DEVICE is cuff, scale or strap, in the kitchen bm57, bf720, …
    pair DEVICE | lose-bonds DEVICE | reset-clock DEVICE | type DEVICE DIGITS
    drop DEVICE | walk-away DEVICE | come-back DEVICE | power-off DEVICE
    hang | unhang                                  the gateway's controller
    record HEX                                     the cuff stores this frame and calls
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np

from device_drivers.virtual.commands import Commands, HomeCommands
from device_drivers.virtual.hci_log import HciLog
from device_drivers.virtual.hci_server import serve
from device_drivers.virtual.kitchen import TABLE, KitchenScene, address_of
from device_drivers.virtual.polar_h10 import ArraySource, MotionSource
from device_drivers.virtual.process import die_with_parent, input_lines
from device_drivers.virtual.radar.twin import RadarTwin, twin
from device_drivers.virtual.radio import GATEWAY_ADDRESS, Dongle, VirtualRadio, virtual_radio
from device_drivers.virtual.scene import (
    FALL_AFTER_S,
    MEASURE_AFTER_S,
    MEASURE_EVERY_S,
    WEIGH_AFTER_S,
    HomeScene,
    Plan,
    repeat_first_success,
)

SCENES: Final = {
    "home": frozenset({"cuff", "scale", "strap"}),
    "cuff": frozenset({"cuff"}),
    "scale": frozenset({"scale"}),
    "strap": frozenset({"strap"}),
}
KITCHEN: Final = "kitchen"
Live: TypeAlias = Callable[[], Coroutine[Any, Any, None]]  # what goes on in the scene


def main() -> None:
    """The command line."""
    options = _arguments().parse_args()
    die_with_parent()
    try:
        asyncio.run(_run(options))
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, ValueError) as error:
        sys.exit(f"virtual home: {error}")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m device_drivers.virtual", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--transport", required=True, help="unix-server:PATH or tcp-server:HOST:PORT")
    parser.add_argument("--scene", choices=sorted([*SCENES, KITCHEN]), default="home")
    parser.add_argument("--devices", nargs="+", choices=list(TABLE), default=list(TABLE), help="of the kitchen")
    parser.add_argument("--stored", type=int, default=0, help="measurements that each device of the kitchen has stored")
    parser.add_argument("--seed", type=int, help="makes the measurements repeatable")
    parser.add_argument("--address", default=GATEWAY_ADDRESS, help="of the gateway's controller")
    parser.add_argument("--measure-after", type=_seconds, default=MEASURE_AFTER_S, help="s, or never")
    parser.add_argument("--measure-every", type=_seconds, default=MEASURE_EVERY_S, help="s, or never")
    parser.add_argument("--weigh-after", type=_seconds, default=WEIGH_AFTER_S, help="s, or never")
    parser.add_argument("--fall-after", type=_seconds, default=FALL_AFTER_S, help="s of acceleration, or never")
    parser.add_argument(
        "--clock-error", type=float, help="s by which the devices' clocks are ahead; else a little wrong"
    )
    parser.add_argument("--scale-without-clock", action="store_true", help="its records carry no time stamp")
    parser.add_argument("--records", type=Path, help="file of frames in hex, one a line, that the cuff has stored")
    parser.add_argument("--between-records", type=float, default=0.0, help="s that the cuff takes behind each record")
    parser.add_argument("--repeat-first", action="store_true", help="the first record with a number is sent twice")
    parser.add_argument(
        "--motion", type=Path, help="npy file, float (n, 3) in g at the stream's rate, instead of a person"
    )
    parser.add_argument(
        "--radar", type=Path, help="a radar module that sees the person is behind this link (scene home)"
    )
    parser.add_argument("--pdu-log", type=Path, help="write what crosses the HCI here, as JSON lines")
    parser.add_argument("--time-zone", help="of the home (Europe/Helsinki); without it, this machine's")
    return parser


def _seconds(text: str) -> float | None:
    return None if text == "never" else float(text)


async def _run(options: argparse.Namespace) -> None:
    async with AsyncExitStack() as stack:
        observer = None
        if options.pdu_log is not None:
            observer = HciLog(stack.enter_context(options.pdu_log.open("a", encoding="utf-8")))
        async with virtual_radio() as radio:
            dongle = radio.dongle(address=options.address, observer=observer)
            if options.scene == KITCHEN:
                live, commands = _kitchen(options, radio, dongle)
            else:
                radar = None
                if options.radar is not None:
                    radar = await stack.enter_async_context(twin("ti", link=options.radar))
                live, commands = _home(options, radio, dongle, radar)
            async with serve(options.transport, dongle):
                radio.start(live())
                print("ready", flush=True)
                await _until_parent_ends(commands)


def _kitchen(options: argparse.Namespace, radio: VirtualRadio, dongle: Dongle) -> tuple[Live, Commands]:
    """Twenty devices, or those that were named."""
    scene = KitchenScene(radio, now=_local_time(options.time_zone), words=options.devices, stored=options.stored)
    for word in scene.devices:
        print(f"{address_of(word)} {word}", file=sys.stderr, flush=True)
    return partial(scene.run, measure_after_s=options.measure_after), Commands(radio, dongle, scene.devices)


def _home(
    options: argparse.Namespace, radio: VirtualRadio, dongle: Dongle, radar: RadarTwin | None
) -> tuple[Live, Commands]:
    """The cuff, the scale and the strap, or one of them."""
    records = _frames(options.records) if options.records is not None else []
    if options.repeat_first:
        records = repeat_first_success(records)
    measures = options.records is None  # a cuff with given records measures nothing of its own until it is told to
    plan = Plan(
        measure_after_s=options.measure_after if measures else None,
        measure_every_s=options.measure_every,
        weigh_after_s=options.weigh_after,
        fall_after_s=options.fall_after,
        clock_error_s=options.clock_error,
    )
    motion: MotionSource | None = None
    if options.motion is not None:
        motion = ArraySource(np.load(options.motion))
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), "little")
    scene = HomeScene(
        radio,
        seed=seed,
        now=_local_time(options.time_zone),
        plan=plan,
        records=records,
        motion=motion,
        scale_has_clock=not options.scale_without_clock,
    )
    scene.cuff.between_s = options.between_records
    return partial(scene.run, devices=SCENES[options.scene], radar=radar), HomeCommands(radio, dongle, scene)


async def _until_parent_ends(commands: Commands) -> None:
    async for line in input_lines():
        try:
            await commands.obey(line)
        except ValueError as mistake:
            print(f"virtual home: {mistake}", file=sys.stderr, flush=True)


def _local_time(zone: str | None) -> datetime:
    """What the devices' clocks were set by: the wall clock of the home, without its zone."""
    return datetime.now(None if zone is None else ZoneInfo(zone)).replace(tzinfo=None)


def _frames(path: Path) -> list[bytes]:
    lines = path.read_text(encoding="ascii").splitlines()
    return [bytes.fromhex(line) for line in lines if line.strip() and not line.startswith("#")]


if __name__ == "__main__":
    main()
