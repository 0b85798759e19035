"""What our Observations must look like, as a table: path, how often, what it must be.

Sources: HL7 PHD 2.0.0 (PhdBaseObservation, PhdNumericObservation, PhdCompoundNumericObservation,
PhdCoincidentTimeStampObservation), HL7 FHIR R4 profiles vitalsigns, bp, bodyweight, heartrate, oxygensat, bodytemp. The
base structure is checked by the real server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

ANY: Final = re.compile(r".+", re.DOTALL)
PHD: Final = "http://hl7.org/fhir/uv/phd/StructureDefinition/"
GATEWAY: Final = "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice"
STAMP: Final = PHD + "CoincidentTimeStampReference"
MANY: Final = 10**6
INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`path` is dotted, lists are walked; `[key=value]` keeps the elements that hold this below them."""

    path: str
    least: int = 1
    most: int = MANY
    like: re.Pattern[str] = ANY


def _one(path: str, like: str | re.Pattern[str] = ANY) -> Rule:
    return Rule(path=path, least=1, most=1, like=re.compile(re.escape(like)) if isinstance(like, str) else like)


def _none(path: str) -> Rule:
    return Rule(path=path, least=0, most=0)


def _coded(system: str, code: str) -> str:
    return f"coding[system={system}][code={code}]"


_LOINC: Final = "http://loinc.org"
_MDC: Final = "urn:iso:std:iso:11073:10101"
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_PHD_CATEGORY: Final = "http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories"

BASE: Final = (
    _one("resourceType", "Observation"),
    _one(f"extension[url={GATEWAY}].valueReference.reference", re.compile(r"Device/.+")),
    _one("identifier[system=urn:ietf:rfc:3986].value", UUID),
    _one("status", re.compile("final|preliminary|entered-in-error")),
    _one(f"category.{_coded(_PHD_CATEGORY, 'phd')}"),
    _one(f"category.coding[system={_CATEGORY}].code", re.compile("vital-signs|laboratory")),
    Rule(path=f"code.coding[system={_LOINC}].code", least=1, most=2),
    _one(f"code.coding[system={_MDC}].code", re.compile(r"\d+")),
    _one("subject.reference", re.compile(r"Patient/.+")),
    _one("device.reference", re.compile(r"Device/.+")),
    _one("issued", INSTANT),
    Rule(path="effectiveDateTime", least=0, most=1, like=INSTANT),
    _none("performer"),
    _none("bodySite"),
    _none("method"),
    _none("referenceRange"),
)
_NUMERIC: Final = (
    _one("meta.profile", PHD + "PhdNumericObservation"),
    _one("valueQuantity.value"),
    _one("valueQuantity.system", "http://unitsofmeasure.org"),
    _none("dataAbsentReason"),
)


def _pressure(loinc: str, mdc: str, least: int = 1) -> tuple[Rule, ...]:
    part = f"component[loinc={loinc}]"
    return (
        Rule(path=part, least=least, most=1),
        Rule(path=f"{part}.code.{_coded(_MDC, mdc)}", least=least, most=1),
        Rule(path=f"{part}.valueQuantity.code", least=0, most=1, like=re.compile(r"mm\[Hg\]")),
    )


def _numeric(loinc: str, mdc: str, unit: str) -> tuple[Rule, ...]:
    return (
        *BASE,
        *_NUMERIC,
        _one(f"code.{_coded(_LOINC, loinc)}"),
        _one(f"code.{_coded(_MDC, mdc)}"),
        _one("valueQuantity.code", unit),
    )


PROFILES: Final[Mapping[str, Sequence[Rule]]] = {
    "blood-pressure": (
        *BASE,
        _one("meta.profile", PHD + "PhdCompoundNumericObservation"),
        _one(f"code.{_coded(_LOINC, '85354-9')}"),
        _one(f"code.{_coded(_MDC, '150020')}"),
        _none("valueQuantity"),
        *_pressure("8480-6", "150021"),
        *_pressure("8462-4", "150022"),
        *_pressure("8478-0", "150023", least=0),
        Rule(path="component[loinc=8480-6].valueQuantity.value", most=1),
        Rule(path="component[loinc=8462-4].valueQuantity.value", most=1),
        Rule(path=f"component[loinc=8867-4].code.{_coded(_MDC, '149546')}", least=0, most=1),
    ),
    "weight": _numeric("29463-7", "188736", "kg"),
    "heart-rate": _numeric("8867-4", "147842", "/min"),
    "oxygen-saturation": (*_numeric("2708-6", "150456", "%"), _one(f"code.{_coded(_LOINC, '59408-5')}")),
    "body-temperature": _numeric("8310-5", "150364", "Cel"),
    "body-composition": _numeric("41982-0", "188748", "%"),
    "glucose": (
        *_numeric("15074-8", "160020", "mmol/L"),
        _one(f"category.{_coded(_CATEGORY, 'laboratory')}"),
    ),
    "time-stamp": (
        _one("resourceType", "Observation"),
        _one("meta.profile", PHD + "PhdCoincidentTimeStampObservation"),
        _one("status", "final"),
        _one(f"code.{_coded(_MDC, '67975')}"),
        _one("subject.reference", re.compile(r"Device/.+")),
        _one("device.reference", re.compile(r"Device/.+")),
        _one("effectiveDateTime", INSTANT),
        _one("valueDateTime", INSTANT),
        _none("performer"),
        _none("valueQuantity"),
    ),
}


def problems(profile: str, resource: Mapping[str, Any]) -> list[str]:
    """What is wrong, one line each; empty when it conforms."""
    found: list[str] = []
    for rule in PROFILES[profile]:
        values = _walk(resource, _steps(rule.path))
        if not rule.least <= len(values) <= rule.most:
            found.append(f"{rule.path}: {len(values)} times, not {rule.least}..{rule.most}")
        leaves = [value for value in values if not isinstance(value, dict | list)]
        found += [f"{rule.path}: {leaf!r}" for leaf in leaves if not rule.like.fullmatch(str(leaf))]
    if profile != "time-stamp":
        found += _effective(resource) + _components(resource)
    return found


def _effective(resource: Mapping[str, Any]) -> list[str]:
    absent = _walk(resource, _steps("_effectiveDateTime.extension.valueCode"))
    return [] if ("effectiveDateTime" in resource) != (absent == ["unknown"]) else ["effectiveDateTime or its absence"]


def _components(resource: Mapping[str, Any]) -> list[str]:
    wrong = []
    for index, part in enumerate(resource.get("component", [])):
        if ("valueQuantity" in part) == ("dataAbsentReason" in part):
            wrong.append(f"component {index}: a value or a reason, one of them")
        quantity = part.get("valueQuantity")
        if quantity is not None and {*quantity} != {"value", "unit", "system", "code"}:
            wrong.append(f"component {index}: quantity without unit, system or code")
    return wrong


def _steps(path: str) -> list[tuple[str, list[tuple[str, str]]]]:
    steps = []
    for step in re.findall(r"(?:[^.\[]|\[[^\]]*\])+", path):
        name = step.split("[", 1)[0]
        steps.append((name, re.findall(r"\[([^=\]]+)=([^\]]*)\]", step)))
    return steps


def _walk(value: Any, steps: Sequence[tuple[str, list[tuple[str, str]]]]) -> list[Any]:
    if not steps:
        return [value]
    (name, wanted), *rest = steps
    if not isinstance(value, Mapping) or name not in value:
        return []
    children = value[name] if isinstance(value[name], list) else [value[name]]
    kept = [child for child in children if all(_holds(child, key, text) for key, text in wanted)]
    return [leaf for child in kept for leaf in _walk(child, rest)]


def _holds(value: Any, key: str, text: str) -> bool:
    if key == "loinc":
        codings = value.get("code", {}).get("coding", [])
        return any(coding.get("system") == _LOINC and coding.get("code") == text for coding in codings)
    return isinstance(value, Mapping) and value.get(key) == text
