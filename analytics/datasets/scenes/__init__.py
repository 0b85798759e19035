"""Rooms that nobody lives in: people, pets and falls as a radar module with targets and heights would tell of them.

Written from published kinematics. What is drawn for each room and act lies in `ranges.toml`, which no detector reads.
`acts` makes the way of a body, `days` a day of a room, `sensing` what a module tells of it.
"""
