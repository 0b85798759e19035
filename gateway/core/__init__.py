"""Shared words of the home and the hub: clock, subject, ids, envelope, errors, crash points."""
