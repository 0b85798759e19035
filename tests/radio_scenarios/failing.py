"""What breaks, and must mend itself or be said."""

from __future__ import annotations

import numpy as np

from device_drivers.virtual.polar_h10 import ArraySource, HeartRateStrap
from gateway.core.health import Colour
from gateway.radio import Severity
from tests.gateway.radio.room import CUFF, STRAP, successes
from tests.radio_scenarios.bench import Bench
from tests.radio_scenarios.pairing import paired_cuff

ATT, CONFIRMATION = b"\x04\x00", 0x1E


async def dropped_in_mid_indication(bench: Bench) -> None:
    """The link falls before the third record's confirmation arrives: all are heard, only that one may come twice.

    That it is stored once is the store's doing (`record_identity`), tested there.
    """
    cuff = await paired_cuff(bench)
    frames = successes(6)
    cuff.records.extend(frames)
    left = [2]

    def third_is_lost(_sender: object, receiver: object, pdu: bytes) -> bool:
        if receiver is not cuff.controller or pdu[2:4] != ATT or pdu[4] != CONFIRMATION:
            return True
        left[0] -= 1
        if left[0] >= 0:
            return True
        bench.air.link.acl_filter = None
        bench.air.link.drop(cuff.controller)
        return False

    bench.air.link.acl_filter = third_is_lost
    await cuff.call()
    async with bench.running():
        await bench.until(lambda: len(cuff.confirmed) == len(frames))
        await bench.until(lambda: len(set(bench.heard.frames())) == len(frames))
    heard = bench.heard.frames()
    assert list(dict.fromkeys(heard)) == frames
    assert heard.count(frames[2]) <= 2
    assert len(heard) <= len(frames) + 1
    assert cuff.pairings == 1


async def stack_killed_while_idle(bench: Bench) -> None:
    """Between two measurements; the bond survives, the next measurement arrives."""
    cuff = await paired_cuff(bench)
    async with bench.running():
        await bench.until(lambda: bench.listening)
        await bench.kill_stack()
        await bench.until(lambda: bench.said_lost)
        await bench.until(lambda: bench.listening)
        await cuff.record(successes(1)[0])
        await bench.until(lambda: bench.heard.readings)
    assert cuff.pairings == 1


async def stack_killed_while_connected(bench: Bench) -> None:
    """A strap streams: it is noticed within seconds that nothing will come any more, and it streams again."""
    strap = HeartRateStrap(bench.air, motion=ArraySource(np.array([[0.0, 0.0, 1.0]])))
    bench.book.assign(STRAP)
    await strap.power_on()
    await strap.wear()
    async with bench.running():
        await bench.until(lambda: bench.heard.motions)
        await bench.kill_stack()
        await bench.until(lambda: bench.said_lost, within=5.0)
        before = len(bench.heard.motions)
        await bench.until(lambda: len(bench.heard.motions) > before + 1, within=60.0)


async def adapter_power_cycled(bench: Bench) -> None:
    """As above, by somebody's finger."""
    cuff = await paired_cuff(bench)
    async with bench.running():
        await bench.until(lambda: bench.listening)
        await bench.power_cycle()
        await bench.until(lambda: bench.said_lost)
        await bench.until(lambda: bench.listening)
        await cuff.record(successes(1)[0])
        await bench.until(lambda: bench.heard.readings)
    assert cuff.pairings == 1


async def bond_lost(bench: Bench) -> None:
    """The device forgot us: said within three tries, never paired anew by itself, mended by a technician."""
    cuff = await paired_cuff(bench)
    await cuff.lose_bonds()
    pairings = cuff.pairings
    [frame] = successes(1)
    async with bench.running() as radio:
        await cuff.record(frame)
        await bench.until(lambda: any(severity is Severity.FAULT for _, _, severity in bench.heard.states), within=120)
        await bench.settle(10)
        [words] = [words for _, words, severity in bench.heard.states if severity is Severity.FAULT]
        assert "stale" in words, words
        assert "Pair it again" in words, words
        assert bench.health.parts()["radio"].colour is Colour.AMBER
        assert len([words for _, words, severity in bench.heard.states if severity is Severity.WARNING]) <= 2
        assert cuff.pairings == pairings
        assert bench.heard.readings == []

        await radio.pair_again(CUFF)
        await cuff.pairing_mode()
        await bench.until(lambda: bench.heard.readings, within=60)
    assert bench.heard.frames() == [frame]
