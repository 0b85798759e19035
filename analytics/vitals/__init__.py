"""Rules about vital signs: what guidelines say of measurements at home, as functions of arrays."""
