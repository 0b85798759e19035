"""Who a device is: one TOML file per vendor, and the schema they keep to."""

from firmware_profiles.loader import PACKAGED, Catalogue, load, profile_files, short_uuid
from firmware_profiles.payload_fields import Field, TargetFields
from firmware_profiles.reader import read_file
from firmware_profiles.schema import (
    NO_QUIRKS,
    ExpectedCall,
    ExpectedMotion,
    ExpectedRadar,
    ExpectedReading,
    GoldenFrame,
    Profile,
    ProfileError,
    Quirks,
    RecordIdentity,
)

__all__ = [
    "NO_QUIRKS",
    "PACKAGED",
    "Catalogue",
    "ExpectedCall",
    "ExpectedMotion",
    "ExpectedRadar",
    "ExpectedReading",
    "Field",
    "GoldenFrame",
    "Profile",
    "ProfileError",
    "Quirks",
    "RecordIdentity",
    "TargetFields",
    "load",
    "profile_files",
    "read_file",
    "short_uuid",
]
