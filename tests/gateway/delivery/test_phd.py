"""The PHD mapper: every kind, every oddity, against the profile table; and the table against bad fixtures."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.nomenclature import Kind, Quantity
from gateway.core.envelope import ReadingDocument
from gateway.delivery.fhir import devices, identifiers, phd
from tests.gateway.delivery.phd_profile import PROFILES, problems
from tests.gateway.delivery.support import OTHER, blood_pressure, missing, reading, weight, wrap

REFERENCES = phd.References(patient="Patient/1", device="Device/2", gateway="Device/3")
SIMPLE: dict[str, ReadingDocument] = {
    "blood-pressure": blood_pressure(),
    "weight": weight(),
    "heart-rate": reading(Kind.HEART_RATE, {Quantity.HEART_RATE: 72.0}),
    "oxygen-saturation": reading(
        Kind.OXYGEN_SATURATION, {Quantity.SPO2: 96.0, Quantity.OXIMETER_PULSE_RATE: 64.0, Quantity.SPO2_FAST: 95.0}
    ),
    "body-temperature": reading(Kind.BODY_TEMPERATURE, {Quantity.TEMPERATURE: 36.9}),
    "body-composition": reading(
        Kind.BODY_COMPOSITION, {Quantity.BODY_FAT: 19.4, Quantity.SOFT_LEAN_MASS: 61.18, Quantity.IMPEDANCE: 452.0}
    ),
    "glucose": reading(Kind.GLUCOSE, {Quantity.GLUCOSE: 6.4}),
}

CORRECTED = {"at": "2026-03-01T07:50:00+00:00", "source": "device-corrected", "uncertainty_s": 1.0, "offset_s": 600.5}


def mapped(document: ReadingDocument) -> dict[str, Any]:
    [observation] = phd.observations(document, REFERENCES)
    return observation


@pytest.mark.parametrize("kind", sorted(SIMPLE))
def test_each_kind_conforms(kind: str) -> None:
    assert problems(kind, mapped(SIMPLE[kind])) == []


def test_the_table_knows_all_kinds_that_are_mapped() -> None:
    assert set(SIMPLE) == set(phd.CATEGORIES)
    assert set(PROFILES) == set(phd.CATEGORIES) | {"time-stamp"}


BAD: dict[str, Any] = {
    "no gateway": lambda it: it["extension"].clear(),
    "no phd category": lambda it: it["category"].pop(0),
    "no vital-signs category": lambda it: it["category"].pop(1),
    "no mdc": lambda it: it["code"]["coding"].pop(),
    "no subject": lambda it: it.pop("subject"),
    "subject is a device": lambda it: it.update(subject={"reference": "Device/2"}),
    "no device": lambda it: it.pop("device"),
    "no time": lambda it: it.pop("effectiveDateTime"),
    "time without zone": lambda it: it.update(effectiveDateTime="2026-03-01T08:00:00"),
    "not our identifier": lambda it: it["identifier"].pop(0),
    "amended": lambda it: it.update(status="amended"),
    "no systolic": lambda it: it["component"].pop(0),
    "systolic twice": lambda it: it["component"].append(it["component"][0]),
    "kPa": lambda it: it["component"][0]["valueQuantity"].update(code="kPa"),
    "systolic without value": lambda it: it["component"][0].update(
        valueQuantity=it["component"][0].pop("valueQuantity") and None, dataAbsentReason={}
    ),
    "value and reason": lambda it: it["component"][2].update(dataAbsentReason={}),
    "neither value nor reason": lambda it: it["component"][2].pop("valueQuantity"),
    "unit without code": lambda it: it["component"][3]["valueQuantity"].pop("code"),
    "panel with a value": lambda it: it.update(valueQuantity={"value": 1}),
    "body site": lambda it: it.update(bodySite={"text": "arm"}),
    "wrong profile": lambda it: it["meta"].update(profile=["http://hl7.org/fhir/StructureDefinition/bp"]),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_the_table_refuses(name: str) -> None:
    good = mapped(SIMPLE["blood-pressure"])
    bad = copy.deepcopy(good)
    BAD[name](bad)
    assert bad != good
    assert problems("blood-pressure", bad) != []


def test_failed_measurements_are_never_mapped() -> None:
    with pytest.raises(phd.NotMapped, match="failed"):
        phd.observations(reading(Kind.BLOOD_PRESSURE, {}), REFERENCES)
    with pytest.raises(phd.NotMapped, match="failed"):
        phd.observations(blood_pressure(failed=True), REFERENCES)
    with pytest.raises(phd.NotMapped, match="without systolic"):
        phd.observations(reading(Kind.BLOOD_PRESSURE, {Quantity.PULSE_RATE: 60.0}), REFERENCES)
    with pytest.raises(phd.NotMapped, match="main value"):
        phd.observations(reading(Kind.WEIGHT, {Quantity.BMI: 24.0}), REFERENCES)
    with pytest.raises(phd.NotMapped, match="no number"):
        phd.observations(weight(float("nan")), REFERENCES)


@pytest.mark.parametrize("kind", [Kind.CUFF_PRESSURE, Kind.BATTERY])
def test_what_is_no_vital_sign_stays_at_home(kind: Kind) -> None:
    quantity = {Kind.CUFF_PRESSURE: Quantity.CUFF_PRESSURE, Kind.BATTERY: Quantity.BATTERY_LEVEL}[kind]
    with pytest.raises(phd.NotMapped, match="takes no reading"):
        phd.observations(reading(kind, {quantity: 80.0}), REFERENCES)


def test_a_missing_part_says_why() -> None:
    document = reading(
        Kind.BLOOD_PRESSURE,
        {Quantity.SYSTOLIC: 131.0, Quantity.DIASTOLIC: 82.0},
        missing=[missing(Quantity.MEAN_ARTERIAL, "not-a-number"), missing(Quantity.SPO2_FAST, "reserved")],
    )
    observation = mapped(document)
    assert problems("blood-pressure", observation) == []
    assert len(observation["component"]) == 3  # a quantity that no code names stays at home
    part = observation["component"][2]
    assert part["code"]["coding"][0]["code"] == "8478-0"
    assert part["dataAbsentReason"]["coding"][0]["code"] == "not-a-number"


def test_height_and_bmi_are_parts_of_the_weight() -> None:
    document = reading(Kind.WEIGHT, {Quantity.WEIGHT: 71.25, Quantity.BMI: 24.1, Quantity.HEIGHT: 172.0})
    observation = mapped(document)
    assert problems("weight", observation) == []
    assert observation["valueQuantity"] == {
        "value": 71.25,
        "unit": "kg",
        "system": "http://unitsofmeasure.org",
        "code": "kg",
    }
    assert [part["code"]["coding"][0]["code"] for part in observation["component"]] == ["39156-5", "8302-2"]


def test_identifiers_follow_from_reading_and_subject() -> None:
    document = blood_pressure(device_time="2026-03-01T10:00:12")
    first, again = mapped(document), mapped(copy.deepcopy(document))
    assert first == again
    moved: ReadingDocument = {**document, "subject": {"type": "resident", "id": OTHER}}
    assert mapped(moved)["identifier"][0] != first["identifier"][0]
    # 2026-03-01T10:00:12 is 825,674,412 s after 2000 by the device's own clock
    assert first["identifier"][1] == {"value": "606405FFFECFC604-1-150020-825674412"}


@pytest.mark.parametrize("told", [None, "----03-01T10:00:12", "2026-02-31T10:00:12"])
def test_without_a_full_time_there_is_no_phd_key(told: str | None) -> None:
    assert len(mapped(blood_pressure(device_time=told))["identifier"]) == 1


def test_a_corrected_clock_comes_with_a_coincident_time_stamp() -> None:
    effective = {
        "at": "2026-03-01T07:50:00+00:00",
        "source": "device-corrected",
        "uncertainty_s": 1.0,
        "offset_s": 600.5,
    }
    document = blood_pressure(effective=effective, received_at="2026-03-01T08:00:00+00:00")
    observation, stamp = phd.observations(document, REFERENCES)
    assert problems("blood-pressure", observation) == []
    assert problems("time-stamp", stamp) == []
    assert observation["effectiveDateTime"] == "2026-03-01T07:50:00+00:00"
    assert stamp["effectiveDateTime"] == "2026-03-01T08:00:00.000+00:00"
    assert stamp["valueDateTime"] == "2026-03-01T08:10:00.500+00:00"
    link = observation["extension"][1]
    assert link["url"].endswith("/CoincidentTimeStampReference")
    assert link["valueReference"]["identifier"] == stamp["identifier"][0]
    assert stamp["identifier"] != observation["identifier"]
    [alone] = phd.observations(document, REFERENCES, time_stamps=False)
    assert len(alone["extension"]) == 1


def test_an_unknown_time_is_said() -> None:
    effective = {"at": None, "source": "unknown", "uncertainty_s": None, "offset_s": None}
    observation = mapped(weight(effective=effective))
    assert problems("weight", observation) == []
    assert "effectiveDateTime" not in observation


def test_simulated_data_is_marked() -> None:
    assert "security" not in mapped(weight())["meta"]
    security = mapped(weight(simulated=True))["meta"]["security"]
    assert [(label["system"], label["code"]) for label in security] == [
        ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST")
    ]


def test_doubt_and_flags_travel_along() -> None:
    observation = mapped(blood_pressure(doubtful=["systolic"], flags=["irregular-pulse"], may_repeat=True))
    assert problems("blood-pressure", observation) == []
    assert observation["status"] == "final"
    assert [tag["code"] for tag in observation["meta"]["tag"]] == ["doubtful", "may-repeat"]
    notes = " ".join(note["text"] for note in observation["note"])
    assert "irregular-pulse" in notes
    assert "systolic" in notes


@given(
    values=st.dictionaries(
        st.sampled_from([Quantity.SYSTOLIC, Quantity.DIASTOLIC, Quantity.MEAN_ARTERIAL, Quantity.PULSE_RATE]),
        st.floats(0, 400),
    )
)
def test_whatever_parts_there_are_it_conforms_or_is_refused(values: dict[Quantity, float]) -> None:
    document = reading(Kind.BLOOD_PRESSURE, values)
    try:
        [observation] = phd.observations(document, REFERENCES)
    except phd.NotMapped:
        assert not {Quantity.SYSTOLIC, Quantity.DIASTOLIC} <= values.keys()
    else:
        assert problems("blood-pressure", observation) == []
        assert len(observation["component"]) == len(values)


def test_the_sensor_is_named_by_all_it_told() -> None:
    document = blood_pressure()
    device = devices.sensor(document["device"], "blood-pressure")
    names = {identifier["system"]: identifier["value"] for identifier in device["identifier"]}
    assert names[identifiers.EUI64] == "60-64-05-FF-FE-CF-C6-04"
    assert names[identifiers.BLUETOOTH] == "60-64-05-CF-C6-04"
    assert device["serialNumber"] == "5180400664"
    assert device["specialization"][0]["systemType"]["coding"][0]["code"] == "528391"
    bare = devices.sensor({**document["device"], "system_id": None, "address": None, "serial": None}, "weight")
    assert bare["identifier"] == [device["identifier"][0]]
    assert "serialNumber" not in bare


def test_gateways_differ() -> None:
    one, two = (devices.gateway(wrap(weight(), gateway=name)) for name in ("gateway-1", "gateway-2"))
    assert one["identifier"] != two["identifier"]
