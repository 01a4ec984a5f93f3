"""Decide where the files of a wheel go in a virtualenv."""

from collections.abc import Mapping
from dataclasses import dataclass

from bootstrapper.ve.wheel import script
from bootstrapper.ve.wheel.script import EntryPoint
from bootstrapper.ve.wheel.wheel import Member, WheelFile

Source = Member | EntryPoint
"""The origin of a file in a virtualenv: a member of a wheel, or one of its entry points."""

# The files that an installer writes even if the wheel has them (PEP 376, PEP 627).
GENERATED = ("RECORD", "INSTALLER", "REQUESTED")


@dataclass(frozen=True, kw_only=True)
class InstallLayout:
    """The directories of a virtualenv, relative to it.

    `site` is the directory of packages, such as `lib/python3.12/site-packages`; `version` is
    Python's, such as (3, 12).
    """

    site: str
    version: tuple[int, int]

    def directories(self, distribution: str) -> Mapping[str, str]:
        """Return the directory for each scheme key of a wheel, as pip has them in a virtualenv."""
        python = self.site.split("/")[1]
        return {
            "purelib": self.site,
            "platlib": self.site,
            "scripts": "bin",
            "data": "",
            "headers": f"include/site/{python}/{distribution}",
        }

    def places(self, wheel: WheelFile) -> dict[str, Source]:
        """Return the origin of each file that a wheel installs, by its path in the virtualenv.

        GENERATED files are left out. If two origins have the same path, the last of these wins: the
        root of the wheel, .data, scripts, entry points.
        """
        directories = self.directories(wheel.name.name)
        entry_points = script.versioned(wheel.entry_points, self.version)
        generated = {f"{wheel.dist_info}/{name}" for name in GENERATED}
        members = [
            member
            for member in wheel.members
            if member.name not in generated
            and not (
                member.key == "scripts" and script.wraps_entry_point(member.path, entry_points)
            )
        ]
        members.sort(key=lambda member: (member.key == "scripts", member.name != member.path))
        places: dict[str, Source] = {
            f"{directories[member.key]}/{member.path}".lstrip("/"): member for member in members
        }
        places.update({f"bin/{each.name}": each for each in entry_points})
        return places
