"""What modules say about scenes, as our decoders read it."""

from __future__ import annotations

from struct import unpack_from

import numpy as np
import pytest

from device_drivers.decode.radar import r60, tinyframe
from device_drivers.decode.radar.protocols import PROTOCOLS, recognise
from device_drivers.radar_frame import SNR, SPEED, Measure
from device_drivers.virtual.radar.ceiling import Mount
from device_drivers.virtual.radar.ld24xx_modules import Ld2410
from device_drivers.virtual.radar.modules import MODULES
from device_drivers.virtual.radar.r60_module import Mr60fda1
from device_drivers.virtual.radar.ti_module import TiPeopleTracking, WallMount
from device_drivers.virtual.radar.tinyframe_modules import Mr60fda2
from tests.device_drivers.virtual.radar.played import PROTOCOL_OF, Played, play

DAY = {1.0: "dog", 8.0: "fall", 26.0: "get-up", 31.0: "sit", 45.0: "carer", 55.0: "lie-down"}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_all_that_a_module_says_is_read_and_known_for_what_it_is(name: str) -> None:
    played = play(name, DAY, seconds=56.0)
    assert played.dropped == 0
    assert recognise(played.data[:20_000]) == PROTOCOL_OF[name]
    assert MODULES[name].make(1, True).baud == PROTOCOLS[PROTOCOL_OF[name]].baud
    if name != "mr60fda1":  # of whose facts some are none of ours
        assert not any(frame.unknown.keys() - {1011} for moment in played.moments for frame in moment.frames)


@pytest.mark.parametrize("name", MODULES)
def test_a_seed_gives_the_same_bytes_again(name: str) -> None:
    first, again, other = (play(name, {1.0: "dog", 3.0: "fall"}, seconds=8.0, seed=seed) for seed in (1, 1, 2))
    assert first.data == again.data
    assert [one.bodies for one in first.moments] == [one.bodies for one in again.moments]
    assert [one.bodies for one in first.moments] != [one.bodies for one in other.moments]


@pytest.mark.parametrize("name", ["ld6002c", "mr60fda2", "mr60fda1"])
@pytest.mark.parametrize("seed", range(5))
def test_cheap_modules_tell_a_fall_some_seconds_after_the_person_lies(name: str, seed: int) -> None:
    played = play(name, {8.0: "fall", 30.0: "get-up"}, seconds=45.0, seed=seed)
    (begin, first), (fell, second), (rose, third) = played.flags("fallen")
    assert (first, second, third) == (False, True, False)
    assert begin == 0.0
    assert 2.5 <= fell - played.impact() <= 7.0
    assert 30.0 <= rose <= 36.0


@pytest.mark.parametrize("name", ["ld6002c", "mr60fda2", "mr60fda1"])
@pytest.mark.parametrize("act", ["sit", "bend", "lie-down", "leave", "walk"])
def test_what_is_no_fall_is_told_as_none(name: str, act: str) -> None:
    for seed in range(5):
        assert [told for _, told in play(name, {8.0: act}, seconds=40.0, seed=seed).flags("fallen")] == [False]


@pytest.mark.parametrize("name", ["ld6002c", "mr60fda1"])
def test_whoever_stands_beside_hides_a_fall_from_one_height(name: str) -> None:
    played = play(name, {3.0: "carer", 20.0: "fall"}, seconds=40.0)
    assert [told for _, told in played.flags("fallen")] == [False]


@pytest.mark.parametrize("name", MODULES)
def test_presence_comes_and_goes_with_people(name: str) -> None:
    played = play(name, {5.0: "come", 12.0: "leave"}, seconds=45.0, present=False)
    told = played.flags("present")
    assert [value for _, value in told][:1] + [value for _, value in told][-2:] == [False, True, False]
    assert 5.0 <= told[1][0] <= 8.0
    assert told[-1][0] < 30.0


def _tops(played: Played) -> list[tuple[float, float, float]]:
    """(s, height told, height that was)."""
    return [
        (moment.at, frame.measures[Measure.HEIGHT], max(body.top for body in moment.bodies))
        for moment in played.moments
        for frame in moment.frames
        if Measure.HEIGHT in frame.measures
    ]


def test_heights_when_asked_fall_with_the_person() -> None:
    ask = tinyframe.encode(tinyframe.HEIGHT)
    assert not _tops(play("mr60fda2", {}, seconds=5.0))
    told = _tops(play("mr60fda2", {8.0: "fall"}, seconds=20.0, said=ask))
    assert len(told) == 200
    errors = np.array([height - top for _, height, top in told])
    assert abs(errors.mean()) < 0.02
    assert np.abs(errors).max() < 0.2
    assert max(height for at, height, _ in told if at > 10.0) < 0.5 < 1.3 < min(h for at, h, _ in told if at < 8.0)


def test_a_height_that_was_told_wrongly_makes_every_height_wrong() -> None:
    module = Mr60fda2(seed=1, mount=Mount(height=2.7), installed=False)  # thinks of 2.2
    told = _tops(play("mr60fda2", {}, seconds=10.0, module=module, said=tinyframe.encode(tinyframe.HEIGHT)))
    assert np.mean([height - top for _, height, top in told]) == pytest.approx(-0.5, abs=0.03)


def test_from_the_factory_falls_are_only_told_right_below() -> None:
    for seed in range(8):
        module = Mr60fda2(seed=seed, mount=Mount(y=1.2), installed=False)
        played = play("mr60fda2", {8.0: "fall"}, seconds=30.0, seed=seed, module=module)
        lies = played.moments[-1].bodies[0]
        below = abs(lies.x) < 0.5 and abs(lies.y - 1.2) < 0.5
        assert not played.flags("fallen")[-1][1] or below


def test_points_of_the_maker_s_log() -> None:
    log = tinyframe.encode(0x0E01, b"\x01\0\0\0")
    module = Mr60fda2(seed=1)
    assert not any(
        frame.answers for frame in [tinyframe.decode(f) for f in [module.hears(log)[:9]] if f] if not frame.raw
    )
    played = play("mr60fda2", {}, seconds=3.0, module=module)
    clouds = [frame.points for moment in played.moments for frame in moment.frames if frame.points is not None]
    assert len(clouds) == 30
    down = np.concatenate(clouds)[:, 1]
    assert -0.3 < down.min() < 1.2 < 2.0 < down.max() < 2.7, "from the head to the floor, away from the ceiling"


def test_mr60fda1_tells_falls_only_when_switched_on() -> None:
    module = Mr60fda1(seed=1, installed=False)
    assert not play("mr60fda1", {8.0: "fall"}, seconds=30.0, module=module).flags("fallen")
    module = Mr60fda1(seed=1, mount=Mount(height=2.7), installed=False)
    on = r60.encode(r60.SET_SWITCH, b"\x01") + r60.encode(r60.SET_FALL_TIME, (12).to_bytes(4, "big"))
    played = play("mr60fda1", {8.0: "fall"}, seconds=30.0, module=module, said=on)
    fell = next(at for at, fallen in played.flags("fallen") if fallen)
    assert 11.0 <= fell - played.impact() <= 13.0


def test_ld2410_distance_and_hold() -> None:
    played = play("ld2410", {20.0: "leave"}, seconds=60.0)
    for moment in played.moments:
        for frame in moment.frames:
            if moment.bodies:
                body = moment.bodies[0]
                assert frame.present
                assert frame.moving == body.moving
                assert frame.measures[Measure.DISTANCE] == pytest.approx(np.hypot(body.x, body.y), abs=0.3)
    gone = next(moment.at for moment in played.moments if not moment.bodies)
    told = next(at for at, present in played.flags("present") if not present)
    assert told - gone == pytest.approx(Ld2410(seed=1).hold_s, abs=0.3)


def test_ld2450_places_speeds_and_whom_it_loses() -> None:
    played = play("ld2450", {}, seconds=40.0)
    errors, seen = [], 0
    for moment in played.moments:
        (body,), (frame,) = moment.bodies, moment.frames
        assert frame.targets is not None
        if body.moving and len(frame.targets.ids):
            seen += 1
            errors.append(frame.targets.positions[0, :2] - (body.x, body.y))
            along = np.array([body.x, body.y]) / np.hypot(body.x, body.y)
            speed = along @ frame.targets.velocities[0, :2]
            assert speed == pytest.approx(along @ body.velocity[:2], abs=0.15)
    assert seen > 100
    assert np.abs(np.array(errors)).max() < 0.35
    lost = play("ld2450", {5.0: "fall"}, seconds=120.0)
    last = [moment.frames[0].present for moment in lost.moments if moment.at > 40.0]
    assert not all(last), "who lies still is lost"


@pytest.mark.parametrize("tilt", [0.0, 15.0, 30.0])
def test_ti_targets_and_heights_in_the_axes_of_a_tilted_sensor(tilt: float) -> None:
    mount = WallMount(height=2.1, tilt_deg=tilt)
    played = play("ti", {12.0: "fall"}, seconds=30.0, module=TiPeopleTracking(seed=1, mount=mount))
    turn = np.deg2rad(tilt)
    to_room = np.array([[1, 0, 0], [0, np.cos(turn), np.sin(turn)], [0, -np.sin(turn), np.cos(turn)]])
    places, tops = [], []
    for moment in played.moments[20:]:
        (body,), (frame,) = moment.bodies, moment.frames
        targets = frame.targets
        assert targets is not None
        assert len(targets.ids) == 1
        place = to_room @ targets.positions[0] + (0, 0, mount.height)
        top = (targets.heights[0, 1] - np.sin(turn) * body.y) / np.cos(turn) + mount.height
        places.append(place - (body.x, body.y, (body.bottom + body.top) / 2))
        tops.append((moment.at, top, body.top))
        if body.posture == "falling" and body.velocity[2] < -1.0:
            assert (to_room @ targets.velocities[0])[2] < 0.0
    still = np.array([told - was for at, told, was in tops if not 12.0 < at < 14.5])
    assert np.abs(np.array(places)).mean() < 3 * TiPeopleTracking.noise_m
    assert np.std(still) == pytest.approx(TiPeopleTracking.noise_m, rel=0.4)
    assert max(told for at, told, _ in tops if at > 14.5) < 0.6 < 1.3 < min(told for at, told, _ in tops if at < 12.0)


@pytest.mark.parametrize("name", ["ti", "ti-18", "ti-old"])
def test_ti_points_lie_on_bodies_and_the_index_says_on_whose(name: str) -> None:
    played = play(name, {2.0: "carer"}, seconds=15.0)
    near = count = 0
    before = 0
    for number, moment in enumerate(played.moments, 1):
        (frame,) = moment.frames
        assert frame.number == number
        assert frame.points is not None
        if frame.targets is not None and len(frame.targets.ids):
            assert _index_length(frame.raw) == before
            for place in frame.targets.positions[:, :2]:
                near += int((np.hypot(*(frame.points[:, :2] - place).T) < 1.0).sum())
            count += len(frame.points)
            assert np.abs(frame.points[:, SPEED]).max(initial=0.0) < 6.0
            assert (frame.points[:, SNR] > 0.0).all()
        before = len(frame.points)
    assert near / count > 0.9
    assert len({one for moment in played.moments for one in moment.frames[0].targets.ids.tolist()}) == 2  # type: ignore[union-attr]


def _index_length(frame: bytes) -> int:
    """How many bytes the part of indices has; found without our decoder, which does not read it."""
    at = next(at for at in range(40, len(frame)) if unpack_from("<I", frame, at)[0] == 1011)
    length: int = unpack_from("<I", frame, at + 4)[0]
    old = frame[at + 8 + length - 8 : at + 8 + length - 4] == (1012).to_bytes(4, "little")
    return length - 8 * old


def test_a_thrown_cushion_comes_down_and_is_a_fall_to_a_module_that_sees_nobody_else() -> None:
    played = play("mr60fda2", {2.0: "cushion", 20.0: "cushion-gone"}, seconds=25.0, present=False)
    assert [told for _, told in played.flags("fallen")] == [False, True, False]
    played = play("ti", {2.0: "cushion"}, seconds=6.0, present=False)
    told = [frame.targets for one in played.moments for frame in one.frames if frame.targets is not None]
    tops = [float(targets.heights[0, 1]) for targets in told if len(targets.ids)]
    assert tops[0] - tops[-1] == pytest.approx(1.2, abs=0.3)
