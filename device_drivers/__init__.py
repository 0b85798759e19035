"""Bytes → readings: what a device says, in the words of the field. Knows no resident, no store, no clock."""
