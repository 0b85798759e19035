"""The words of the installation report in three languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": {
            "title": "Installation report", "home": "Home", "gateway": "Gateway", "written": "Written",
            "adapter": "Bluetooth adapter", "simulated": "SIMULATED: no real devices, nobody's data.",
            "none": "Nothing has been paired here so far.", "device": "Device", "address": "Address",
            "resident": "Resident", "button": "user", "shared": "shared", "paired": "Paired", "by": "by",
            "firmware": "Firmware", "battery": "Battery", "bond": "Bond", "clock": "Clock",
            "first": "First measurement",
            "signal": "Signal", "verdict": "Verdict", "missing": "Still to be done", "signature": "Technician, date",
            "unknown": "not told", "bonded": "made", "as-before": "as before", "bond-none": "needs none",
            "set": "set and verified", "right": "right", "wrong": "WRONG, not set", "clock-none": "has none",
            "strong": "strong", "fair": "fair", "weak": "WEAK", "ready": "ready",
            "unproven": "NOT PROVEN: measure once", "values": "Values",
            "replaces": "Replaces", "waits": "which stays in use until this one has measured",
            "local": "local administrator",
        },
        "fi": {
            "title": "Asennusraportti", "home": "Koti", "gateway": "Keskusyksikkö", "written": "Kirjoitettu",
            "adapter": "Bluetooth-sovitin", "simulated": "SIMULOITU: ei oikeita laitteita eikä kenenkään tietoja.",
            "none": "Mitään ei ole vielä paritettu.", "device": "Laite", "address": "Osoite",
            "resident": "Asukas", "button": "käyttäjä", "shared": "yhteinen", "paired": "Paritettu", "by": "tekijä",
            "firmware": "Laiteohjelmisto", "battery": "Paristo", "bond": "Sidos", "clock": "Kello",
            "first": "Ensimmäinen mittaus", "signal": "Signaali", "verdict": "Tulos", "missing": "Vielä tehtävä",
            "signature": "Asentaja, päiväys", "unknown": "ei kerrottu", "bonded": "tehty", "as-before": "ennallaan",
            "bond-none": "ei tarvita", "set": "asetettu ja tarkistettu", "right": "oikeassa",
            "wrong": "VÄÄRÄSSÄ, ei asetettu", "clock-none": "ei kelloa", "strong": "vahva", "fair": "kohtalainen",
            "weak": "HEIKKO", "ready": "valmis", "unproven": "EI VARMISTETTU: mittaa kerran", "values": "Arvot",
            "replaces": "Korvaa", "waits": "joka pysyy käytössä, kunnes tämä on mitannut",
            "local": "paikallinen ylläpitäjä",
        },
        "sv": {
            "title": "Installationsrapport", "home": "Hem", "gateway": "Centralenhet", "written": "Skriven",
            "adapter": "Bluetooth-adapter", "simulated": "SIMULERAD: inga riktiga apparater, ingens uppgifter.",
            "none": "Ingenting har parats här än.", "device": "Apparat", "address": "Adress",
            "resident": "Boende", "button": "användare", "shared": "gemensam", "paired": "Parad", "by": "av",
            "firmware": "Programvara", "battery": "Batteri", "bond": "Bindning", "clock": "Klocka",
            "first": "Första mätningen", "signal": "Signal", "verdict": "Resultat", "missing": "Återstår att göra",
            "signature": "Tekniker, datum", "unknown": "ej uppgivet", "bonded": "gjord", "as-before": "som förut",
            "bond-none": "behövs inte", "set": "ställd och kontrollerad", "right": "rätt", "wrong": "FEL, ej ställd",
            "clock-none": "ingen klocka", "strong": "stark", "fair": "måttlig", "weak": "SVAG", "ready": "klar",
            "unproven": "INTE BEVISAD: mät en gång", "values": "Värden",
            "replaces": "Ersätter", "waits": "som används tills den här har mätt", "local": "lokal administratör",
        },
    }
)  # fmt: skip
# As they are kept, by language: places where a device is worn or stands.
PLACES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": {
            "waist": "waist", "chest": "chest", "wrist": "wrist", "ankle": "ankle", "bedroom": "bedroom",
            "living-room": "living room", "kitchen": "kitchen", "bathroom": "bathroom", "toilet": "toilet",
            "hall": "hall",
        },
        "fi": {
            "waist": "vyötärö", "chest": "rinta", "wrist": "ranne", "ankle": "nilkka", "bedroom": "makuuhuone",
            "living-room": "olohuone", "kitchen": "keittiö", "bathroom": "kylpyhuone", "toilet": "WC",
            "hall": "eteinen",
        },
        "sv": {
            "waist": "midja", "chest": "bröst", "wrist": "handled", "ankle": "fotled", "bedroom": "sovrum",
            "living-room": "vardagsrum", "kitchen": "kök", "bathroom": "badrum", "toilet": "toalett", "hall": "hall",
        },
    }
)  # fmt: skip
KINDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "fi": {
            "blood-pressure": "verenpaine", "weight": "paino", "heart-rate": "syke", "motion": "liike",
            "oxygen-saturation": "happikyllästeisyys", "body-temperature": "lämpö", "blood-glucose": "verensokeri",
            "glucose": "verensokeri", "press": "painallus", "body-composition": "kehonkoostumus",
        },
        "sv": {
            "blood-pressure": "blodtryck", "weight": "vikt", "heart-rate": "puls", "motion": "rörelse",
            "oxygen-saturation": "syremättnad", "body-temperature": "temperatur", "blood-glucose": "blodsocker",
            "glucose": "blodsocker", "press": "tryckning", "body-composition": "kroppssammansättning",
        },
    }
)  # fmt: skip
