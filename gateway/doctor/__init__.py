"""Is everything there that a home needs? Each line OK, WARN or FAIL, with what to do."""

from gateway.doctor.doctor import Doctor
from gateway.doctor.findings import Finding, Grade, worst
from gateway.doctor.machine import Machine

__all__ = ["Doctor", "Finding", "Grade", "Machine", "worst"]
