"""FHIR R4 health records."""
