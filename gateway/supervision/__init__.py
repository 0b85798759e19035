"""Keeping the parts alive and saying how they are."""
