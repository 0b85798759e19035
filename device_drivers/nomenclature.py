"""The one table of quantities: IEEE 11073 MDC, LOINC, UCUM and the plausible range. Nothing else repeats a code.

Sources: HL7 Personal Health Device IG 2.0.0 (MDC, LOINC), HL7 FHIR R4 vital signs profiles (LOINC, UCUM), IEEE
11073-10420 (body composition) and 11073-10417 (glucose). A code is None where none is sure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Kind(StrEnum):
    """What was measured, as one act."""

    BLOOD_PRESSURE = "blood-pressure"
    CUFF_PRESSURE = "cuff-pressure"  # while the cuff deflates: never a result
    WEIGHT = "weight"
    HEART_RATE = "heart-rate"
    OXYGEN_SATURATION = "oxygen-saturation"
    BODY_TEMPERATURE = "body-temperature"
    BODY_COMPOSITION = "body-composition"
    GLUCOSE = "glucose"
    BATTERY = "battery"
    ROOM_CLIMATE = "room-climate"  # of a room, never a vital sign
    ROOM_STATE = "room-state"  # what a sensor in a room says is so (1) or not (0): motion, a door open, …


class Quantity(StrEnum):
    """One number of a measurement."""

    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    MEAN_ARTERIAL = "mean-arterial"
    CUFF_PRESSURE = "cuff-pressure"
    PULSE_RATE = "pulse-rate"  # by the cuff
    HEART_RATE = "heart-rate"
    SPO2 = "spo2"
    SPO2_FAST = "spo2-fast"
    SPO2_SLOW = "spo2-slow"
    OXIMETER_PULSE_RATE = "oximeter-pulse-rate"
    OXIMETER_PULSE_RATE_FAST = "oximeter-pulse-rate-fast"
    OXIMETER_PULSE_RATE_SLOW = "oximeter-pulse-rate-slow"
    PULSE_AMPLITUDE_INDEX = "pulse-amplitude-index"
    TEMPERATURE = "temperature"
    WEIGHT = "weight"
    BMI = "bmi"
    HEIGHT = "height"
    ENERGY_EXPENDED = "energy-expended"
    BODY_FAT = "body-fat"
    BASAL_METABOLISM = "basal-metabolism"  # of a day
    MUSCLE = "muscle"
    MUSCLE_MASS = "muscle-mass"
    FAT_FREE_MASS = "fat-free-mass"
    SOFT_LEAN_MASS = "soft-lean-mass"
    BODY_WATER_MASS = "body-water-mass"
    IMPEDANCE = "impedance"
    GLUCOSE = "glucose"
    BATTERY_LEVEL = "battery-level"
    # of a room
    ROOM_TEMPERATURE = "room-temperature"
    HUMIDITY = "humidity"
    DEW_POINT = "dew-point"
    AIR_PRESSURE = "air-pressure"
    ILLUMINANCE = "illuminance"
    CO2 = "co2"
    TVOC = "tvoc"
    PM2_5 = "pm2-5"
    PM10 = "pm10"
    ROTATION = "rotation"  # how far a window is tilted
    # of a room, 0 or 1
    MOTION_DETECTED = "motion-detected"
    PRESENCE_DETECTED = "presence-detected"
    OCCUPIED = "occupied"
    DOOR_OPEN = "door-open"
    WINDOW_OPEN = "window-open"
    GARAGE_DOOR_OPEN = "garage-door-open"
    OPENING_OPEN = "opening-open"  # of a sensor that does not say what it is mounted on
    UNLOCKED = "unlocked"
    MOISTURE_DETECTED = "moisture-detected"
    SMOKE_DETECTED = "smoke-detected"
    GAS_DETECTED = "gas-detected"
    CARBON_MONOXIDE_DETECTED = "carbon-monoxide-detected"
    VIBRATION_DETECTED = "vibration-detected"
    SOUND_DETECTED = "sound-detected"
    LIGHT_DETECTED = "light-detected"
    HEAT_DETECTED = "heat-detected"
    COLD_DETECTED = "cold-detected"
    TAMPERED = "tampered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """How the world names one quantity or kind. `plausible` is inclusive, in `ucum`; None where no range is meant."""

    mdc: int | None
    loinc: str | None
    display: str
    ucum: str | None = None
    plausible: tuple[float, float] | None = None


def _room(display: str, ucum: str, low: float, high: float) -> Code:
    """Of a room: without medical codes on purpose, so that no receiver takes it for a vital sign."""
    return Code(mdc=None, loinc=None, display=display, ucum=ucum, plausible=(low, high))


def _state(display: str) -> Code:
    return _room(display, "1", 0.0, 1.0)


# Plausible ranges are what a living adult at home can show, wide on purpose: outside them the reading is kept and
# marked doubtful, never changed. Widest adult values in the sources' own limits of their devices (A&D UA-651: 20–280
# mmHg, pulse 40–180; Polar H10: 15–240 /min; Accu-Chek Guide: 0.6–33.3 mmol/L), rounded outward. Body composition: what
# the scales of the field show (Beurer BF720: fat 3–65 %, muscle and water up to 80 %), within the plausible weights.
# Rooms: what their sensors can show (Shelly BLU H&T: -40 to 60 °C) and what the weather can be at home.
QUANTITIES: Final[Mapping[Quantity, Code]] = MappingProxyType(
    {
        Quantity.SYSTOLIC: Code(
            mdc=150021, loinc="8480-6", display="Systolic blood pressure", ucum="mm[Hg]", plausible=(40.0, 300.0)
        ),
        Quantity.DIASTOLIC: Code(
            mdc=150022, loinc="8462-4", display="Diastolic blood pressure", ucum="mm[Hg]", plausible=(20.0, 200.0)
        ),
        Quantity.MEAN_ARTERIAL: Code(
            mdc=150023, loinc="8478-0", display="Mean blood pressure", ucum="mm[Hg]", plausible=(25.0, 240.0)
        ),
        Quantity.CUFF_PRESSURE: Code(
            mdc=None, loinc=None, display="Intermediate cuff pressure", ucum="mm[Hg]", plausible=(0.0, 320.0)
        ),
        Quantity.PULSE_RATE: Code(
            mdc=149546, loinc="8867-4", display="Heart rate", ucum="/min", plausible=(20.0, 250.0)
        ),
        Quantity.HEART_RATE: Code(
            mdc=147842, loinc="8867-4", display="Heart rate", ucum="/min", plausible=(20.0, 250.0)
        ),
        Quantity.SPO2: Code(
            mdc=150456,
            loinc="2708-6",
            display="Oxygen saturation in Arterial blood",
            ucum="%",
            plausible=(50.0, 100.0),
        ),
        Quantity.SPO2_FAST: Code(
            mdc=None, loinc=None, display="Oxygen saturation, fast response", ucum="%", plausible=(50.0, 100.0)
        ),
        Quantity.SPO2_SLOW: Code(
            mdc=None, loinc=None, display="Oxygen saturation, slow response", ucum="%", plausible=(50.0, 100.0)
        ),
        Quantity.OXIMETER_PULSE_RATE: Code(
            mdc=149530, loinc="8867-4", display="Heart rate", ucum="/min", plausible=(20.0, 250.0)
        ),
        Quantity.OXIMETER_PULSE_RATE_FAST: Code(
            mdc=None, loinc=None, display="Pulse rate, fast response", ucum="/min", plausible=(20.0, 250.0)
        ),
        Quantity.OXIMETER_PULSE_RATE_SLOW: Code(
            mdc=None, loinc=None, display="Pulse rate, slow response", ucum="/min", plausible=(20.0, 250.0)
        ),
        Quantity.PULSE_AMPLITUDE_INDEX: Code(
            mdc=150488, loinc=None, display="Pulse amplitude index", ucum="%", plausible=(0.0, 20.0)
        ),
        Quantity.TEMPERATURE: Code(
            mdc=150364, loinc="8310-5", display="Body temperature", ucum="Cel", plausible=(30.0, 44.0)
        ),
        Quantity.WEIGHT: Code(mdc=188736, loinc="29463-7", display="Body weight", ucum="kg", plausible=(20.0, 350.0)),
        Quantity.BMI: Code(
            mdc=188752,
            loinc="39156-5",
            display="Body mass index (BMI) [Ratio]",
            ucum="kg/m2",
            plausible=(8.0, 100.0),
        ),
        Quantity.HEIGHT: Code(mdc=188740, loinc="8302-2", display="Body height", ucum="cm", plausible=(90.0, 230.0)),
        Quantity.ENERGY_EXPENDED: Code(mdc=None, loinc=None, display="Energy expended", ucum="kJ"),
        Quantity.BODY_FAT: Code(
            mdc=188748,
            loinc="41982-0",
            display="Percentage of body fat Measured",
            ucum="%",
            plausible=(3.0, 70.0),
        ),
        Quantity.BASAL_METABOLISM: Code(
            mdc=None, loinc=None, display="Basal metabolism", ucum="kJ", plausible=(2_000.0, 20_000.0)
        ),
        Quantity.MUSCLE: Code(
            mdc=None, loinc=None, display="Muscle percentage of body weight", ucum="%", plausible=(10.0, 85.0)
        ),
        Quantity.MUSCLE_MASS: Code(
            mdc=None, loinc="73964-9", display="Body muscle mass", ucum="kg", plausible=(5.0, 200.0)
        ),
        Quantity.FAT_FREE_MASS: Code(
            mdc=188756, loinc=None, display="Fat free body mass", ucum="kg", plausible=(15.0, 250.0)
        ),
        Quantity.SOFT_LEAN_MASS: Code(
            mdc=188760, loinc=None, display="Soft lean body mass", ucum="kg", plausible=(10.0, 250.0)
        ),
        Quantity.BODY_WATER_MASS: Code(
            mdc=188764, loinc=None, display="Body water mass", ucum="kg", plausible=(10.0, 200.0)
        ),
        Quantity.IMPEDANCE: Code(
            mdc=None, loinc=None, display="Body impedance", ucum="Ohm", plausible=(100.0, 2_000.0)
        ),
        # mmol/L, as the Nordic countries measure; MDC 160020 is glucose of a sample that is not further said, which
        # kind of blood it was is in the reading's flags.
        Quantity.GLUCOSE: Code(
            mdc=160020,
            loinc="15074-8",
            display="Glucose [Moles/volume] in Blood",
            ucum="mmol/L",
            plausible=(0.5, 34.0),
        ),
        Quantity.BATTERY_LEVEL: Code(mdc=67996, loinc=None, display="Battery level", ucum="%", plausible=(0.0, 100.0)),
        Quantity.ROOM_TEMPERATURE: _room("Room temperature", "Cel", -40.0, 60.0),
        Quantity.HUMIDITY: _room("Relative humidity of a room", "%", 0.0, 100.0),
        Quantity.DEW_POINT: _room("Dew point of a room", "Cel", -60.0, 60.0),
        Quantity.AIR_PRESSURE: _room("Air pressure", "hPa", 800.0, 1_100.0),
        Quantity.ILLUMINANCE: _room("Illuminance of a room", "lx", 0.0, 170_000.0),
        Quantity.CO2: _room("Carbon dioxide in a room", "[ppm]", 300.0, 40_000.0),
        Quantity.TVOC: _room("Volatile organic compounds in a room", "ug/m3", 0.0, 65_535.0),
        Quantity.PM2_5: _room("Particulate matter 2.5 in a room", "ug/m3", 0.0, 10_000.0),
        Quantity.PM10: _room("Particulate matter 10 in a room", "ug/m3", 0.0, 10_000.0),
        Quantity.ROTATION: _room("Tilt of a window", "deg", -360.0, 360.0),
        Quantity.MOTION_DETECTED: _state("Motion in a room"),
        Quantity.PRESENCE_DETECTED: _state("Presence in a room"),
        Quantity.OCCUPIED: _state("Room occupied"),
        Quantity.DOOR_OPEN: _state("Door open"),
        Quantity.WINDOW_OPEN: _state("Window open"),
        Quantity.GARAGE_DOOR_OPEN: _state("Garage door open"),
        Quantity.OPENING_OPEN: _state("Opening open"),
        Quantity.UNLOCKED: _state("Lock open"),
        Quantity.MOISTURE_DETECTED: _state("Water detected"),
        Quantity.SMOKE_DETECTED: _state("Smoke detected"),
        Quantity.GAS_DETECTED: _state("Gas detected"),
        Quantity.CARBON_MONOXIDE_DETECTED: _state("Carbon monoxide detected"),
        Quantity.VIBRATION_DETECTED: _state("Vibration detected"),
        Quantity.SOUND_DETECTED: _state("Sound detected"),
        Quantity.LIGHT_DETECTED: _state("Light detected"),
        Quantity.HEAT_DETECTED: _state("Heat detected"),
        Quantity.COLD_DETECTED: _state("Cold detected"),
        Quantity.TAMPERED: _state("Sensor tampered with"),
    }
)

KINDS: Final[Mapping[Kind, Code]] = MappingProxyType(
    {
        Kind.BLOOD_PRESSURE: Code(
            mdc=150020, loinc="85354-9", display="Blood pressure panel with all children optional"
        ),
        Kind.CUFF_PRESSURE: Code(mdc=None, loinc=None, display="Intermediate cuff pressure"),
        Kind.WEIGHT: Code(mdc=188736, loinc="29463-7", display="Body weight"),
        Kind.HEART_RATE: Code(mdc=147842, loinc="8867-4", display="Heart rate"),
        Kind.OXYGEN_SATURATION: Code(mdc=150456, loinc="2708-6", display="Oxygen saturation in Arterial blood"),
        Kind.BODY_TEMPERATURE: Code(mdc=150364, loinc="8310-5", display="Body temperature"),
        Kind.BODY_COMPOSITION: Code(mdc=188748, loinc="41982-0", display="Percentage of body fat Measured"),
        Kind.GLUCOSE: Code(mdc=160020, loinc="15074-8", display="Glucose [Moles/volume] in Blood"),
        Kind.BATTERY: Code(mdc=67996, loinc=None, display="Battery level"),
        Kind.ROOM_CLIMATE: Code(mdc=None, loinc=None, display="Climate of a room"),
        Kind.ROOM_STATE: Code(mdc=None, loinc=None, display="State of a room"),
    }
)

# What a reading of the kind must carry to be one at all: with any of these missing it is a failed measurement. Nothing
# where any one value is a reading.
ESSENTIAL: Final[Mapping[Kind, tuple[Quantity, ...]]] = MappingProxyType(
    {
        Kind.BLOOD_PRESSURE: (Quantity.SYSTOLIC, Quantity.DIASTOLIC),
        Kind.CUFF_PRESSURE: (Quantity.CUFF_PRESSURE,),
        Kind.WEIGHT: (Quantity.WEIGHT,),
        Kind.HEART_RATE: (Quantity.HEART_RATE,),
        Kind.OXYGEN_SATURATION: (Quantity.SPO2,),
        Kind.BODY_TEMPERATURE: (Quantity.TEMPERATURE,),
        Kind.BODY_COMPOSITION: (Quantity.BODY_FAT,),
        Kind.GLUCOSE: (Quantity.GLUCOSE,),
        Kind.BATTERY: (Quantity.BATTERY_LEVEL,),
        Kind.ROOM_CLIMATE: (),
        Kind.ROOM_STATE: (),
    }
)
