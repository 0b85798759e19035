"""The flow alone: what it says and wants done, whatever it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from device_drivers.broadcasts import BROADCASTS
from device_drivers.errors import BondLost, DeviceRefused, KeyNeeded, LinkLost
from device_drivers.readings import DeviceInformation, Pattern, Press
from device_drivers.sessions.base import End
from firmware_profiles import load
from gateway.ingest.received import ClockMeasurement, KnownDevice
from gateway.pairing.flow import Flow
from gateway.pairing.log import KEPT, PairingLog
from gateway.pairing.measured import Measured
from gateway.pairing.model import Act, AskKind, Candidate, Outcome, PairingRequest, Phase
from gateway.pairing.watcher import Watcher
from tests.gateway.pairing.home import CUFF, CUFF_PROFILE, HELSINKI, OTHER_CUFF
from tests.virtual_time import EPOCH, VirtualClock

CATALOGUE = load()
CANDIDATE = Candidate(
    address=CUFF, name="A&D_UA-651BLE_5D3F1A", model="A&D UA-651BLE", profile_id=CUFF_PROFILE, rssi=-60, pairing=True,
    owner=None, seconds_ago=0.1,
)  # fmt: skip
DEVICE = KnownDevice(
    address=CUFF, identity="serial:A&D:1", name=None, vendor="A&D", model="UA-651BLE", profile_id=CUFF_PROFILE,
    record_identity="device-time", information=DeviceInformation(model="UA-651BLE"), adapter="hci0",
)  # fmt: skip
RIGHT = ClockMeasurement(offset_s=0.4, uncertainty_s=0.5, measured_at=EPOCH, was_set=False)
PRESSURE = Measured(kind="blood-pressure", received_at=EPOCH, at=EPOCH, uncertainty_s=1.0)


class Told:
    """A flow and what it has said."""

    def __init__(self, **asked: Any) -> None:
        self.log = PairingLog(VirtualClock())
        request = PairingRequest(**{"resident_id": "aino", "actor": "t", "address": CUFF, **asked})
        self.flow = Flow(request, catalogue=CATALOGUE, broadcast=BROADCASTS.keys(), log=self.log)
        self.flow.begin()
        self.flow.heard((CANDIDATE,), 1.0)

    def assigned(self) -> None:
        self.flow.connecting()
        self.flow.known(DEVICE)
        self.flow.bond_made()
        self.flow.clock(RIGHT, synchronised=True)
        assert self.flow.acts.pop() is Act.ASSIGN
        self.flow.assigned(EPOCH, "Given.")

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self.log.after(0)]


@pytest.fixture
async def told() -> Told:
    return Told()


async def test_the_way_that_goes_well(told: Told) -> None:
    assert told.flow.acts == [Act.LISTEN]
    told.flow.acts.clear()
    told.assigned()
    assert (told.flow.phase, told.flow.acts) == (Phase.MEASURING, [])
    told.flow.measured(PRESSURE)
    assert (told.flow.outcome, told.flow.acts) == (Outcome.READY, [Act.KEEP])
    told.flow.measured(PRESSURE)
    told.flow.cancel()
    told.flow.broke_off(LinkLost("gone"))
    assert told.flow.outcome is Outcome.READY, "what has ended stays as it ended"


async def test_what_came_before_the_assignment_counts_when_it_is_of_after_it(told: Told) -> None:
    told.flow.known(DEVICE)
    told.flow.measured(PRESSURE)
    assert told.flow.outcome is None
    told.flow.assigned(EPOCH, "Given.")
    assert told.flow.outcome is Outcome.READY


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"at": EPOCH - timedelta(hours=3)}, "older-record"),
        ({"failed": True, "why": ("cuff-loose",)}, "measurement-failed"),
    ],
)
async def test_measurements_that_prove_nothing(told: Told, change: dict[str, Any], code: str) -> None:
    told.assigned()
    told.flow.measured(replace(PRESSURE, **change))
    assert told.flow.outcome is None
    assert told.codes[-1] == code
    told.flow.measured(replace(PRESSURE, kind="battery"))
    assert told.flow.outcome is None


@pytest.mark.parametrize(("slot", "code"), [(1, "other-user"), (None, "no-user-slot"), (2, None)])
async def test_user_slots(slot: int | None, code: str | None) -> None:
    told = Told(user_slot=2)
    told.assigned()
    told.flow.measured(replace(PRESSURE, user_slot=slot))
    assert (told.flow.outcome is Outcome.READY) is (code is None)
    assert code is None or code in told.codes


async def test_a_refusal_ends_it_with_the_devices_own_sentence(told: Told) -> None:
    told.flow.connecting()
    told.flow.broke_off(DeviceRefused("its users are all taken: delete one on the scale"))
    assert (told.flow.outcome, told.flow.acts) == (Outcome.FAILED, [Act.UNDO])
    assert "Its users are all taken: delete one on the scale." in str(told.flow.verdict)


async def test_an_old_key_is_renewed_once(told: Told) -> None:
    told.flow.acts.clear()
    told.flow.broke_off(BondLost("the device does not know our key"))
    assert (told.flow.phase, told.flow.acts) == (Phase.CALLING, [Act.RENEW_BOND])
    told.flow.broke_off(BondLost("it takes no new gateway"))
    assert (told.flow.outcome, told.flow.acts) == (Outcome.FAILED, [Act.UNDO])
    assert "no place for a second" in str(told.flow.verdict)


async def test_another_model_answers(told: Told) -> None:
    told.flow.known(replace(DEVICE, information=DeviceInformation(model="UA-656BLE")))
    assert told.flow.outcome is Outcome.FAILED
    assert "It calls itself UA-656BLE" in str(told.flow.verdict)


async def test_a_device_that_measures_nothing_we_know(told: Told) -> None:
    told.flow.known(DEVICE)
    told.flow.session_ended(End.NOT_MEASURING)
    assert "huoma capture" in str(told.flow.verdict)


async def test_one_that_no_profile_knows() -> None:
    stranger = replace(CANDIDATE, profile_id=None, model="unknown")
    request = PairingRequest(resident_id="aino", actor="t", address=CUFF)
    flow = Flow(request, catalogue=CATALOGUE, broadcast=(), log=PairingLog(VirtualClock()))
    flow.begin()
    flow.heard((stranger,), 1.0)
    flow.heard((stranger,), 3.0)
    assert flow.outcome is None, "its name may follow"
    flow.heard((stranger,), 7.0)
    assert f"huoma capture {CUFF} -o FILE" in str(flow.verdict)


async def test_the_key_of_encrypted_advertisements_is_asked_for_once(told: Told) -> None:
    for _ in range(3):
        told.flow.broke_off(KeyNeeded("needs-key"))
    assert told.codes.count("ask") == 1
    assert told.flow.ask is not None
    assert told.flow.ask.kind is AskKind.BIND_KEY
    told.flow.answered()
    told.flow.broke_off(KeyNeeded("wrong-key"))
    assert told.flow.ask.words.startswith("The bind key does not open it.")


async def test_the_single_one_in_pairing_mode_is_chosen_after_a_while() -> None:
    told = Told(address=None, profile_id=CUFF_PROFILE)
    assert told.flow.address is None
    told.flow.heard((CANDIDATE,), 2.0)
    assert told.flow.address is None, "another may be heard yet"
    told.flow.heard((CANDIDATE,), 3.5)
    assert told.flow.address == CUFF


async def test_one_that_does_not_tell_or_has_a_twin_is_asked_about() -> None:
    told = Told(address=None, profile_id=CUFF_PROFILE)
    silent = replace(CANDIDATE, pairing=None)
    other = replace(CANDIDATE, address=OTHER_CUFF, rssi=-50)
    for now in (2.0, 10.0, 20.0):
        told.flow.heard((silent,), now)
    assert "Is this the device?" in asked(told)
    told.flow.heard((CANDIDATE, other), 21.0)
    assert asked(told).startswith("2 devices call")
    told.flow.heard((replace(CANDIDATE, owner="eino", owner_name="Eino Salo"), replace(other, pairing=False)), 22.0)
    assert asked(told) == "", "neither can be meant"
    assert any("already belongs to Eino Salo" in one.words for one in told.log.after(0))
    assert any("not in pairing mode" in one.words for one in told.log.after(0))
    assert "already belongs" in str(told.flow.select(CUFF))


def asked(told: Told) -> str:
    return "" if told.flow.ask is None else told.flow.ask.words


def outcome(told: Told) -> Outcome | None:
    return told.flow.outcome


async def test_another_model_in_pairing_mode_is_said_and_waited_past() -> None:
    told = Told(address=None, profile_id="a-and-d/uc-352ble")
    told.flow.heard((CANDIDATE,), 2.0)
    assert told.codes.count("wrong-model") == 1
    assert told.flow.outcome is None


async def test_a_log_that_flaps_is_bounded(told: Told) -> None:
    for _ in range(KEPT):
        told.flow.connecting()
        told.flow.broke_off(LinkLost("gone"))
    assert len(told.log.after(0)) == KEPT
    assert told.log.after(told.log.number) == []


async def test_what_is_heard_without_its_name_is_not_judged_yet() -> None:
    told = Told(profile_id="a-and-d/uc-352ble", address=OTHER_CUFF)
    nameless = replace(
        CANDIDATE, address=OTHER_CUFF, name=None, model="generic", profile_id="generic/sig", pairing=None
    )
    told.flow.heard((nameless,), 2.0)
    assert told.flow.outcome is None
    told.flow.heard((replace(CANDIDATE, address=OTHER_CUFF),), 3.0)
    assert "is an A&D UA-651BLE, not the A&D UC-352BLE" in str(told.flow.verdict)


async def test_one_that_speaks_before_it_is_looked_for_is_named_all_the_same() -> None:
    told = Told(address=OTHER_CUFF)
    told.flow.known(replace(DEVICE, address=OTHER_CUFF))
    assert told.flow.model == "A&D UA-651BLE"
    assert "steps" in told.codes


PENDANT = replace(
    DEVICE, address="C4:64:E3:00:02:02", identity="address:C4:64:E3:00:02:02", vendor="Shelly", model="BLU Button1",
    profile_id="shelly/blu-button1",
)  # fmt: skip


async def test_a_press_that_is_not_believed_proves_nothing() -> None:
    told = Told(address=PENDANT.address)
    clock = VirtualClock()
    watcher = Watcher(told.flow, clock, HELSINKI, lambda: None)
    press = Press(pattern=Pattern.PRESS, raw=b"", source="fcd2")
    watcher.press(PENDANT, replace(press, doubt="it was not encrypted as it should be"))
    told.flow.assigned(clock.wall(), "Given.")
    told.flow.session_ended(End.NOTHING_MORE)
    assert outcome(told) is None
    assert asked(told).startswith("The press could not be believed: it was not encrypted as it should be. Enter the")
    watcher.press(PENDANT, replace(press, doubt="its number is lower"))
    assert told.codes.count("ask") == 1
    assert outcome(told) is None
    told.flow.answered()
    watcher.press(PENDANT, press)
    assert outcome(told) is Outcome.READY
    assert str(told.flow.verdict).startswith("Ready: Shelly BLU Button1. Press arrived")
