"""The profiles as a gateway uses them: those of the home's own folders are checked before they are relied on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from device_drivers.profile_check import Problem, check
from firmware_profiles.loader import Catalogue, load
from firmware_profiles.schema import Profile


def load_checked(folders: Sequence[Path] = (), *, drivers: Collection[str]) -> Catalogue:
    """As `load(folders, strict=False)`, without what would give wrong numbers.

    A profile of `folders` with a golden frame that does not decode as stated is left out, as if its file were gone:
    either its decoder or whoever wrote it is wrong, and nobody knows which. So is one with a driver that there is not:
    it would take the device from a profile that serves it. One with any other fault (a language that is missing in its
    steps) is used. `Catalogue.problems` has a sentence for each of both, with what to do.

    Args:
        folders: the home's own. What came with the program is checked before it is released, not here.
        drivers: the names of the sessions that exist.
    """
    said: list[str] = []

    def left_out(profile: Profile) -> bool:
        problems = check(profile, drivers=drivers)
        why = _unusable(profile, problems, drivers)
        if problems:
            said.append(_used(profile, problems) if why is None else _not_used(profile, why))
        return why is not None

    catalogue = load(folders, strict=False, left_out=left_out)
    return replace(catalogue, problems=(*catalogue.problems, *said))


def _unusable(profile: Profile, problems: Sequence[Problem], drivers: Collection[str]) -> str | None:
    """Why it is not used. Without the values: what a frame holds is what somebody measured; this stands in the log."""
    if profile.driver not in drivers:
        return f"there is no driver {profile.driver!r}"
    wrong = len({one.frame for one in problems if one.frame is not None})
    frames = f"{wrong} of its {len(profile.frames)} golden frames {'does' if wrong == 1 else 'do'}"
    return f"{frames} not decode as stated" if wrong else None


def _not_used(profile: Profile, why: str) -> str:
    return (
        f"{_whom(profile)} is NOT USED, because {why}: a device of this model is served by "
        f"another profile, or not at all. Correct it ({_how(profile)}), then start the gateway again."
    )


def _used(profile: Profile, problems: Sequence[Problem]) -> str:
    more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{_whom(profile)} is used, but {problems[0].text.rstrip('.')}{more}: see {_how(profile)}."


def _whom(profile: Profile) -> str:
    return f"{profile.file}: {profile.vendor} {profile.model}"


def _how(profile: Profile) -> str:
    return f"'huoma profile check {profile.file}'"
