"""Radar modules: bytes of a serial line → `RadarFrame`s. Sans-I/O and total; what is not a frame is counted.

`splitter` finds frames in a line's bytes; each other module is one protocol: its `FRAMING`, `decode`, and commands.
"""
