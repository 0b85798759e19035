"""A day at home as numbers: who was where and how long, how fast they walk. Pure functions of arrays."""
