"""Every way in which a device may want to be paired."""

from __future__ import annotations

from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.pairing_io import Io
from tests.gateway.radio.room import CUFF, successes
from tests.radio_scenarios.bench import Bench, Person, Watch


async def paired_cuff(bench: Bench) -> BloodPressureCuff:
    """A cuff of ours that this gateway has bonded with; the gateway is switched off again."""
    cuff = await wanting_to_pair(bench)
    bench.book.assign(CUFF)
    async with bench.running():
        await bench.until(cuff.pairing_finished.is_set)
    return cuff


async def wanting_to_pair(bench: Bench, io: Io = Io.NOTHING) -> BloodPressureCuff:
    """A cuff in pairing mode."""
    cuff = BloodPressureCuff(bench.air, io=io)
    await cuff.power_on()
    await cuff.pairing_mode()
    return cuff


async def just_works(bench: Bench) -> None:
    """The cuff's own pairing: bond, clock, and it takes that for done."""
    cuff = await paired_cuff(bench)
    assert cuff.pairings == 1
    assert bench.heard.said("paired.")


async def passkey_of_the_device(bench: Bench) -> None:
    """It shows six digits, the technician types them at the gateway."""
    cuff = await wanting_to_pair(bench, Io.DISPLAY)
    person = Person(cuff.panel)
    await by_person(bench, cuff, person)
    assert person.asked == [CUFF]
    assert person.shown == []


async def passkey_typed_on_the_device(bench: Bench) -> None:
    """The gateway shows six digits, the technician types them on the device."""
    cuff = await wanting_to_pair(bench, Io.KEYBOARD)
    person = Person(cuff.panel)
    await by_person(bench, cuff, person)
    assert len(person.shown) == 1
    assert person.asked == []


async def numeric_comparison(bench: Bench) -> None:
    """Both show six digits, the technician says that they are the same."""
    cuff = await wanting_to_pair(bench, Io.COMPARE)
    person = Person(cuff.panel)
    await by_person(bench, cuff, person)
    assert person.shown == [cuff.panel.shown]


async def by_person(bench: Bench, cuff: BloodPressureCuff, person: Person) -> None:
    """Paired with somebody's help, and the bond is good: a record comes over it."""
    watch = Watch()
    async with bench.running() as radio:
        async with radio.pairing(CUFF, agent=person, watch=watch):
            await bench.until(lambda: cuff.pairing_finished.is_set() or "BondLost" in watch.told)
            assert "bonded" in watch.told, watch.told
        bench.book.assign(CUFF)
        await cuff.record(successes(1)[0])
        await bench.until(lambda: bench.heard.readings)
    assert cuff.pairings == 1


async def different_numbers(bench: Bench) -> None:
    """The technician says that the numbers differ: no bond."""
    cuff = await wanting_to_pair(bench, Io.COMPARE)
    await in_vain(bench, cuff, Person(cuff.panel, equal=False))


async def nobody_to_answer(bench: Bench) -> None:
    """A device that insists on a person is refused when there is none."""
    cuff = await wanting_to_pair(bench, Io.DISPLAY)
    await in_vain(bench, cuff, None)


async def in_vain(bench: Bench, cuff: BloodPressureCuff, person: Person | None) -> None:
    """It is tried, ends with an error, and leaves no bond behind."""
    watch = Watch()
    async with bench.running() as radio:
        async with radio.pairing(CUFF, agent=person, watch=watch):
            await bench.until(lambda: watch.errors)
        assert "bonded" not in watch.told, watch.told
    assert not cuff.pairing_finished.is_set()
    assert await cuff.bonds.get_all() == []
    async with bench.host().open() as adapter:
        assert not await adapter.bonded(CUFF)
