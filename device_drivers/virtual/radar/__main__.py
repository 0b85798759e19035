"""A radar module in a process of its own: `python -m device_drivers.virtual.radar --module ti --link PATH`.

Prints "ready" when the link can be opened, and ends with the end of its standard input. Commands, one a line:

    come | walk | stand | sit | bend | lie-down | fall | get-up | leave     the resident does it
    carer | carer-leaves | dog | dog-leaves | cushion | cushion-gone        somebody or something else
    unplug | replug | reset                                                 the module
    garbage | half | flood | wrong-baud | right-baud | silent | speak       its line
    wait SECONDS                                                            before the next command
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from typing import Final

from device_drivers.virtual.process import die_with_parent, input_lines
from device_drivers.virtual.radar.modules import MODULES
from device_drivers.virtual.radar.twin import RadarTwin, twin

_ABOUT: Final = "A virtual radar module behind a pseudo terminal; commands on standard input."


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m device_drivers.virtual.radar", description=__doc__.split("\n", 1)[0]
    )
    parser.add_argument("--module", required=True, choices=list(MODULES))
    parser.add_argument("--link", required=True, type=Path, help="where its terminal is to be found")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--factory", action="store_true", help="nobody has set it up")
    parser.add_argument("--empty", action="store_true", help="nobody is in the room")
    parser.add_argument("--commands", action="store_true", help="name them first, on standard error")
    options = parser.parse_args()
    if options.commands:
        print((__doc__ or "").split("line:\n\n", 1)[-1].rstrip(), file=sys.stderr, flush=True)
    die_with_parent()
    try:
        asyncio.run(_run(options))
    except KeyboardInterrupt:
        sys.exit(130)
    except asyncio.CancelledError:
        sys.exit(128 + signal.SIGTERM)
    except OSError as error:
        sys.exit(f"virtual radar: {error}")


async def _run(options: argparse.Namespace) -> None:
    task = asyncio.current_task()
    if task is not None:  # the link is not left behind
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with twin(
        options.module, link=options.link, seed=options.seed, installed=not options.factory, present=not options.empty
    ) as one:
        print("ready", flush=True)
        await _obey(one)


async def _obey(one: RadarTwin) -> None:
    async for line in input_lines():
        try:
            match line.split():
                case []:
                    continue
                case ["wait", seconds]:
                    await asyncio.sleep(float(seconds))
                case words:
                    one.act(" ".join(words))
        except ValueError as mistake:
            print(f"virtual radar: {mistake}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
