"""The one table of quantities: IEEE 11073 MDC, LOINC, UCUM and the plausible range. Nothing else repeats a code.

Sources: HL7 Personal Health Device IG 2.0.0 (MDC, LOINC), HL7 FHIR R4 vital signs profiles (LOINC, UCUM).
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
    BATTERY = "battery"


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
    BATTERY_LEVEL = "battery-level"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """How the world names one quantity or kind. `plausible` is inclusive, in `ucum`; None where no range is meant."""

    mdc: int | None
    loinc: str | None
    display: str
    ucum: str | None = None
    plausible: tuple[float, float] | None = None


# Plausible ranges are what a living adult at home can show, wide on purpose: outside them the reading is kept and
# marked doubtful, never changed. Widest adult values in the sources' own limits of their devices (A&D UA-651: 20–280
# mmHg, pulse 40–180; Polar H10: 15–240 /min), rounded outward.
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
        Quantity.BATTERY_LEVEL: Code(mdc=67996, loinc=None, display="Battery level", ucum="%", plausible=(0.0, 100.0)),
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
        Kind.BATTERY: Code(mdc=67996, loinc=None, display="Battery level"),
    }
)

# What a reading of the kind must carry to be one at all: with any of these missing it is a failed measurement.
ESSENTIAL: Final[Mapping[Kind, tuple[Quantity, ...]]] = MappingProxyType(
    {
        Kind.BLOOD_PRESSURE: (Quantity.SYSTOLIC, Quantity.DIASTOLIC),
        Kind.CUFF_PRESSURE: (Quantity.CUFF_PRESSURE,),
        Kind.WEIGHT: (Quantity.WEIGHT,),
        Kind.HEART_RATE: (Quantity.HEART_RATE,),
        Kind.OXYGEN_SATURATION: (Quantity.SPO2,),
        Kind.BODY_TEMPERATURE: (Quantity.TEMPERATURE,),
        Kind.BATTERY: (Quantity.BATTERY_LEVEL,),
    }
)
